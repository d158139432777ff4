/* SPDX-License-Identifier: MIT */
/* The application's sessions on a node, and which of them are in the way. */
#include "cluster/app_sessions.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCKERS_NAMED 3

static int read_sessions(const struct service *service, struct session *session,
                         struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf ours;
    buf_init(&ours, 4096);
    session_our_accounts(service, &ours);
    return session_query(session, SQL_APP_SESSIONS, &(struct sql_arg){"ours", buf_text(&ours)}, 1,
                         out, err);
}

static void take_session(const struct db_result *rows, size_t row, struct app_session *out)
{
    *out = (struct app_session){
        .id = (unsigned long)result_number(rows, row, "id"),
        .age_s = result_number(rows, row, "age_s"),
        .transaction_s = result_number(rows, row, "transaction_s"),
        .is_writing = result_number(rows, row, "rows_modified") > 0 ||
                      result_number(rows, row, "is_write") != 0,
    };
    result_copy(rows, row, "user", out->user, sizeof(out->user));
    result_copy(rows, row, "host", out->host, sizeof(out->host));
    result_copy(rows, row, "command", out->command, sizeof(out->command));
    result_copy(rows, row, "state", out->state, sizeof(out->state));
    result_copy(rows, row, "info", out->info, sizeof(out->info));
}

int fence_app_sessions(const struct service *service, struct session *session,
                       struct app_session **out, size_t *out_count, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = read_sessions(service, session, &rows, err);
    if (rc != 0)
        return rc;
    struct app_session *sessions =
        calloc(rows.row_count + 1, sizeof(*sessions)); /* never NULL for none */
    if (sessions == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu sessions", rows.row_count);
    for (size_t i = 0; i < rows.row_count; i++)
        take_session(&rows, i, &sessions[i]);
    *out = sessions;
    *out_count = rows.row_count;
    return 0;
}

/* A commit that no replica acknowledges goes on waiting even after a KILL. */
static const char *what_it_does(const struct db_result *rows, size_t row)
{
    bool is_waiting = strcasestr(result_text(rows, row, "state"), "semi-sync") != NULL;
    return is_waiting ? "waits for semi-sync acknowledgement" : "running";
}

static void name_writers(const struct db_result *rows, struct buf *text)
{
    int named = 0;
    for (size_t i = 0; i < rows->row_count && named < BLOCKERS_NAMED; i++) {
        if (result_number(rows, i, "is_write") == 0)
            continue;
        buf_printf(text, "%sthread %s %s@%s, %s for %s s: %.80s", named > 0 ? "; " : "",
                   result_text(rows, i, "id"), result_text(rows, i, "user"),
                   result_text(rows, i, "host"), what_it_does(rows, i),
                   result_text(rows, i, "age_s"), result_text(rows, i, "info"));
        named++;
    }
}

static void name_locked(struct session *session, struct buf *text)
{
    CLEANUP(db_result_release) struct db_result tables = {0};
    if (session_query(session, SQL_FENCE_OPEN_TABLES, NULL, 0, &tables, NULL) != 0)
        return;
    for (size_t i = 0; i < tables.row_count && i < BLOCKERS_NAMED; i++)
        buf_printf(text, "%s%s.%s", i == 0 ? "LOCK TABLES on " : ", ",
                   result_text(&tables, i, "Database"), result_text(&tables, i, "Table"));
}

static void name_idle(const struct db_result *rows, struct buf *text)
{
    int named = 0;
    for (size_t i = 0; i < rows->row_count && named < BLOCKERS_NAMED; i++) {
        if (strcmp(result_text(rows, i, "command"), "Sleep") != 0)
            continue;
        buf_printf(text, "%sthread %s %s@%s, idle for %s s",
                   named > 0       ? "; "
                   : text->len > 0 ? " by one of: "
                                   : "a lock held by one of: ",
                   result_text(rows, i, "id"), result_text(rows, i, "user"),
                   result_text(rows, i, "host"), result_text(rows, i, "age_s"));
        named++;
    }
}

void app_sessions_blockers(const struct service *service, struct session *session, char *out,
                           size_t out_size)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    CLEANUP(buf_release) struct buf text;
    struct err err = {0};
    buf_init(&text, 4096);
    if (read_sessions(service, session, &rows, &err) != 0) {
        (void)snprintf(out, out_size, "unknown, the process list cannot be read: %s", err.msg);
        return;
    }
    name_writers(&rows, &text);
    if (text.len == 0) {
        name_locked(session, &text);
        name_idle(&rows, &text);
    }
    (void)snprintf(out, out_size, "%s",
                   text.len > 0 ? buf_text(&text) : "writes that have ended since");
}
