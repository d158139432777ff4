/* SPDX-License-Identifier: MIT */
/* The appliers' own words. */
#include "cluster/link_error.h"

#include <stdio.h>
#include <string.h>

/*
 * "Worker 1 failed executing transaction '...' at source log bin.000001, end_log_pos 523; Could not
 * execute ...": what comes before the reason is cut off, for there is little room.
 */
static const char *reason_of(const char *message)
{
    const char *position = strstr(message, "end_log_pos ");
    const char *reason = position == NULL ? NULL : strstr(position, "; ");
    return reason == NULL ? message : reason + 2;
}

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
    char after[120] = "";
    const char *transaction = result_text(workers, row, "applying");
    if (transaction[0] != '\0')
        (void)snprintf(after, sizeof(after), " (transaction %.90s)", transaction);
    size_t left = out_size > strlen(after) ? out_size - strlen(after) : 1;
    (void)snprintf(out, out_size, "%.*s%s", (int)left - 1,
                   reason_of(result_text(workers, row, "error_message")), after);
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
