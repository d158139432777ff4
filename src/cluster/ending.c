/* SPDX-License-Identifier: MIT */
/* Waiting for others: as long as it takes a statement to notice, and no longer. */
#include "cluster/ending.h"

#include <stdio.h>

#include "base/clock.h"

#define LET_MS 40 /* what lasts longer does not end by itself soon */
#define LOOK_AGAIN_MS 1
#define ANY_QUERY "9223372036854775807"

int ending_let(struct session *session, struct err *err)
{
    char before[24] = ANY_QUERY;
    int64_t deadline_ms = clock_mono_ms() + LET_MS;
    if (sql_is_nothing(SQL_FENCE_UNDER_WAY, &session->version))
        return 0;
    const struct sql_arg arg = {"before", before};
    for (bool is_first = true;; is_first = false) {
        CLEANUP(db_result_release) struct db_result row = {0};
        int rc = session_query_row(session, SQL_FENCE_UNDER_WAY, &arg, 1, &row, err);
        if (rc != 0 || result_number(&row, 0, "running") == 0 || clock_mono_ms() >= deadline_ms)
            return rc;
        if (is_first) /* what begins from here on is refused before it does anything */
            result_copy(&row, 0, "query_id", before, sizeof(before));
        if (!clock_sleep_ms(LOOK_AGAIN_MS))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while closing a node");
    }
}

int ending_wait_gone(struct session *session, unsigned long thread_id, int64_t deadline_ms,
                     bool *out_is_gone, struct err *err)
{
    char id[24];
    (void)snprintf(id, sizeof(id), "%lu", thread_id);
    for (;;) {
        CLEANUP(db_result_release) struct db_result row = {0};
        int rc = session_query_row(session, SQL_SESSION_ALIVE, &(struct sql_arg){"id", id}, 1, &row,
                                   err);
        if (rc != 0)
            return rc;
        *out_is_gone = result_number(&row, 0, "alive") == 0;
        if (*out_is_gone || clock_mono_ms() >= deadline_ms)
            return 0;
        (void)clock_sleep_ms(LOOK_AGAIN_MS);
    }
}
