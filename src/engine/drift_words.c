/* SPDX-License-Identifier: MIT */
/* Sessions whose account may set read_only. Who has gone since cannot be seen. */
#include "engine/drift_words.h"

#include <stdio.h>
#include <string.h>

#include "engine/driver.h"

static int ask(struct run *run, const struct node *node, enum sql_id id, struct db_result *out,
               struct err *err)
{
    CLEANUP(buf_release) struct buf ours;
    struct session *session;

    buf_init(&ours, 4096);
    session_our_accounts(run->service, &ours);
    int rc = run_session(run, node, &session, err);
    return rc ? rc
              : session_query(session, id, &(struct sql_arg){"ours", buf_text(&ours)}, 1, out, err);
}

/* By the user alone: hosts of accounts are patterns, and too many is better than too few. */
static bool may(const struct db_result *accounts, const char *user)
{
    for (size_t i = 0; i < accounts->row_count; i++)
        if (strcmp(result_text(accounts, i, "user"), user) == 0)
            return true;
    return false;
}

void drift_suspects(struct run *run, const struct node *node, char *out, size_t out_size)
{
    CLEANUP(db_result_release) struct db_result accounts = {0};
    CLEANUP(db_result_release) struct db_result sessions = {0};
    struct err err = {0};
    size_t len = 0, count = 0;

    if (ask(run, node, SQL_SURVEY_BYPASS, &accounts, &err) ||
        ask(run, node, SQL_APP_SESSIONS, &sessions, &err)) {
        (void)snprintf(out, out_size, "who is connected cannot be read: %.100s", err.msg);
        return;
    }
    for (size_t i = 0; i < sessions.row_count && len < out_size; i++) {
        const char *user = result_text(&sessions, i, "user");
        if (!may(&accounts, user))
            continue;
        int written = snprintf(out + len, out_size - len, "%s%s@%s (session %s)",
                               count++ ? ", " : "connected and allowed to: ", user,
                               result_text(&sessions, i, "host"), result_text(&sessions, i, "id"));
        len += written > 0 ? (size_t)written : 0;
    }
    if (!count)
        (void)snprintf(out, out_size, "nobody who may do that is connected any more");
}
