/* SPDX-License-Identifier: MIT */
/* What OLD writes from the copy's moment on has to be in its log when NEW begins to follow. */
#include "cluster/log_need.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/log_kept.h"

#define CAUTION 2
#define BESIDE_S 10 /* of a copy beside its bytes: to begin, to prepare, to start a server */

static const char *setting_of(const void *context, const char *name)
{
    const struct db_result *rows = context;

    for (size_t i = 0; i < rows->row_count; i++)
        if (strcmp(result_text(rows, i, "Variable_name"), name) == 0)
            return result_text(rows, i, "Value");
    return "";
}

int log_need_read(struct session *session, int64_t *out_s, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = session_query(session, SQL_LOG_KEPT, NULL, 0, &rows, err);

    if (rc != 0)
        return rc;
    *out_s = log_kept_s(setting_of, &rows);
    if (*out_s == LOG_KEPT_UNKNOWN)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "%s does not say how long it keeps its binary log", session->node->name);
    return 0;
}

int log_need_check(const struct log_need *need, struct err *err)
{
    uint64_t pace =
        need->rate != 0 && need->rate < need->assumed_rate ? need->rate : need->assumed_rate;
    uint64_t sent = need->bytes * need->copies * CAUTION;
    int64_t needed_s = (int64_t)(sent / pace + need->copies * BESIDE_S);
    char needed[32], kept[32], copies[32] = "";

    if (need->kept_s == 0 || need->kept_s >= needed_s)
        return 0;
    if (need->copies > 1)
        (void)snprintf(copies, sizeof copies, "%zu times ", need->copies);
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "%s throws binary logs away after %s; %s%.0f MB at %.3f MB/s, twice over, and "
                  "what goes with that take %s",
                  need->node->name, clock_human_ms(need->kept_s * 1000, kept), copies,
                  (double)need->bytes / 1e6, (double)pace / 1e6,
                  clock_human_ms(needed_s * 1000, needed));
    return err_hint(err, "let it keep them longer until NEW follows (SET GLOBAL expire_logs_days "
                         "or binlog_expire_logs_seconds), or raise the rate");
}
