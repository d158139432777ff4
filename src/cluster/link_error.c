/* SPDX-License-Identifier: MIT */
/* The appliers' own words. */
#include "cluster/link_error.h"

#include <string.h>

#include "domain/apply_error.h"

int64_t link_error_row(const struct db_result *workers, const char *channel)
{
    for (size_t i = 0; i < workers->row_count; i++)
        if (result_number(workers, i, "error_number") != 0 &&
            strcmp(result_text(workers, i, "channel"), channel) == 0)
            return (int64_t)i;
    return -1;
}

void link_error_take(const struct db_result *workers, size_t row, unsigned *native, char *out,
                     size_t out_size)
{
    apply_error_text(result_text(workers, row, "error_message"),
                     result_text(workers, row, "applying"), out, out_size);
    *native = (unsigned)result_number(workers, row, "error_number");
}

void link_error_of_workers(struct session *replica, const char *channel, unsigned *native,
                           char *out, size_t out_size)
{
    CLEANUP(db_result_release) struct db_result workers = {0};
    if (session_query(replica, SQL_LINK_WORKERS, NULL, 0, &workers, NULL) != 0)
        return;
    int64_t row = link_error_row(&workers, channel);
    if (row >= 0)
        link_error_take(&workers, (size_t)row, native, out, out_size);
}
