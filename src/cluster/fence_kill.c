/* SPDX-License-Identifier: MIT */
/*
 * Who still holds changes on a primary that has just been closed, and ending them: no transaction
 * of an ordinary account can commit any more, but its row locks would stop the link that carries
 * changes back.
 */
#include "cluster/fence_inner.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "cluster/ending.h"
#include "cluster/watchdog.h"

#define VIEW_TRIES 5 /* FENCE_STALE_VIEW_MS apart */
#define PROOF_MIN_MS 1000

static bool is_committing(const struct db_result *rows, size_t row)
{
    const char *state = result_text(rows, row, "state");
    return strncasecmp(result_text(rows, row, "info"), "commit", strlen("commit")) == 0 ||
           strcasestr(state, "commit") != NULL || strcasestr(state, "binlog") != NULL ||
           strcasestr(state, "semi-sync") != NULL;
}

static void note_killed(const struct db_result *rows, size_t row, struct fence_report *report)
{
    size_t used = strlen(report->killed_text);
    report->killed++;
    (void)snprintf(report->killed_text + used, sizeof(report->killed_text) - used,
                   "%sid %s %s@%s %s %s s", used > 0 ? "; " : "", result_text(rows, row, "id"),
                   result_text(rows, row, "user"), result_text(rows, row, "host"),
                   result_text(rows, row, "command"), result_text(rows, row, "age_s"));
}

/* Is the view newer than our question? Reading it again too soon would keep it old. */
static bool is_fresh(const struct db_result *rows)
{
    for (size_t i = 0; i < rows->row_count; i++)
        if (result_number(rows, i, "is_self") != 0)
            return true;
    return false;
}

int fence_transactions_once(const struct service *service, struct session *session,
                            struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf ours;
    buf_init(&ours, 4096);
    session_our_accounts(service, &ours);
    int rc = session_exec(session, SQL_SNAPSHOT_BEGIN, NULL, 0, err);
    if (rc != 0)
        return rc;
    return session_query(session, SQL_FENCE_TRANSACTIONS,
                         &(struct sql_arg){"ours", buf_text(&ours)}, 1, out, err);
}

int fence_view_end(struct session *session, struct err *err)
{
    return session_exec(session, SQL_SNAPSHOT_END, NULL, 0, err);
}

int fence_transactions(const struct service *service, struct session *session,
                       struct db_result *out, struct err *err)
{
    for (unsigned tries = 1; tries <= VIEW_TRIES; tries++) {
        int rc = fence_transactions_once(service, session, out, err);
        if (rc != 0 || is_fresh(out))
            return rc;
        db_result_release(out);
        if (tries < VIEW_TRIES && !clock_sleep_ms(FENCE_STALE_VIEW_MS))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while proving a fence");
    }
    return err_set(
        err, ERR_REFUSED, EFFECT_NONE,
        "open transactions cannot be seen: MariaDB: something else reads INNODB_TRX all the time; "
        "MySQL: performance_schema is off, or has lost threads");
}

/*
 * As a rule nobody holds anything any more, and to know that is cheap. Whoever does is looked for
 * in the same view, which is not renewed while it is read.
 */
static int holds_nobody(struct session *session, bool *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    if (sql_is_nothing(SQL_FENCE_HOLDERS, &session->version))
        return 0;
    int rc = session_exec(session, SQL_SNAPSHOT_BEGIN, NULL, 0, err);
    if (rc == 0)
        rc = session_query_row(session, SQL_FENCE_HOLDERS, NULL, 0, &row, err);
    if (rc == 0)
        *out = is_fresh(&row) && result_number(&row, 0, "holders") == 0;
    return rc;
}

int fence_bypass(const struct service *service, struct session *second, struct db_result *out,
                 struct err *err)
{
    CLEANUP(buf_release) struct buf ours;
    buf_init(&ours, 4096);
    session_our_accounts(service, &ours);
    return session_query(second, SQL_SURVEY_BYPASS, &(struct sql_arg){"ours", buf_text(&ours)}, 1,
                         out, err);
}

/*
 * Ending such a session proves nothing: it comes back and goes on writing. Names are compared
 * without hosts, to be safe.
 */
static int check_bypass(const struct db_result *bypass, const struct db_result *rows, size_t row,
                        struct err *err)
{
    for (size_t i = 0; i < bypass->row_count; i++) {
        if (result_number(bypass, i, "is_stopped") != 0 ||
            strcmp(result_text(bypass, i, "user"), result_text(rows, row, "user")) != 0)
            continue;
        int rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                         "thread %s %s@%s writes, and read_only does not stop it: %s",
                         result_text(rows, row, "id"), result_text(rows, row, "user"),
                         result_text(rows, row, "host"), result_text(bypass, i, "reason"));
        (void)err_hint(err, "let its owner stop it, or take READ ONLY ADMIN away from the account "
                            "and end its sessions");
        return rc;
    }
    return 0;
}

bool fence_is_writer(const struct db_result *rows, size_t row)
{
    bool is_gone = result_number(rows, row, "is_alive") == 0 && result_number(rows, row, "id") != 0;
    return result_number(rows, row, "rows_modified") != 0 &&
           result_number(rows, row, "is_replication") == 0 && !is_gone;
}

int64_t fence_end_deadline(const struct service *service)
{
    int64_t wait_ms = service->limits.lock_wait_ms;
    return clock_mono_ms() + (wait_ms > PROOF_MIN_MS ? wait_ms : PROOF_MIN_MS);
}

/* Those of the view that were ended, and with them their transactions? */
static int are_gone(const struct service *service, struct session *second,
                    const struct db_result *rows, const bool *is_killed, bool *out, struct err *err)
{
    int64_t deadline_ms = fence_end_deadline(service);
    bool is_gone = true;
    int rc = 0;
    for (size_t i = 0; i < rows->row_count && rc == 0 && is_gone; i++)
        if (is_killed[i])
            rc = ending_wait_gone(second, (unsigned long)result_number(rows, i, "id"), deadline_ms,
                                  &is_gone, err);
    *out = is_gone;
    return rc;
}

/*
 * A commit under way is let finish: it is refused or lands before the position is read, and its
 * client is told which.
 * is_killed     by row; all false to begin with
 * out_has_left  somebody held changes and was not ended
 */
static int kill_each(struct session *second, const struct db_result *bypass,
                     const struct db_result *rows, struct fence_report *report, bool *is_killed,
                     bool *out_has_left, struct err *err)
{
    for (size_t i = 0; i < rows->row_count; i++) {
        bool is_app = result_number(rows, i, "is_app") != 0;
        int rc = is_app ? check_bypass(bypass, rows, i, err) : 0;
        if (rc != 0)
            return rc;
        if (!is_app || is_committing(rows, i)) {
            *out_has_left = *out_has_left || fence_is_writer(rows, i);
            continue;
        }
        rc = watchdog_kill(second, SQL_KILL, (unsigned long)result_number(rows, i, "id"), err);
        if (rc != 0)
            return err_wrap(err, "ending session %s", result_text(rows, i, "id"));
        is_killed[i] = true;
        note_killed(rows, i, report);
    }
    return 0;
}

int fence_kill_open(const struct service *service, struct session *second,
                    const struct db_result *bypass, struct fence_report *report, bool *out_is_clear,
                    struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    bool has_left = false, is_gone = false;
    int rc = ending_let(second, err);
    if (rc == 0)
        rc = holds_nobody(second, out_is_clear, err);
    if (rc == 0 && !*out_is_clear)
        rc = fence_transactions(service, second, &rows, err);
    if (rc != 0 || *out_is_clear)
        return rc;
    bool *is_killed = calloc(rows.row_count + 1, sizeof(*is_killed));
    if (is_killed == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu sessions", rows.row_count);
    rc = kill_each(second, bypass, &rows, report, is_killed, &has_left, err);
    if (rc == 0 && !has_left)
        rc = are_gone(service, second, &rows, is_killed, &is_gone, err);
    free(is_killed);
    if (rc == 0)
        *out_is_clear = is_gone;
    return rc;
}
