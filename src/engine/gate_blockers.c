/* SPDX-License-Identifier: MIT */
#include "engine/gate_blockers.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "cluster/fence.h"

#define NAMED 8

static void add(json_t *list, const char *node, const struct app_session *session, const char *what)
{
    (void)json_array_append_new(
        list, json_pack("{s:s,s:I,s:s,s:s,s:I,s:s}", "node", node, "thread",
                        (json_int_t)(session ? session->id : 0), "user",
                        session ? session->user : "", "host", session ? session->host : "", "age_s",
                        (json_int_t)(session ? session->transaction_s : 0), "query", what));
}

static void add_sessions(json_t *list, const char *node, const struct app_session *sessions,
                         size_t count)
{
    size_t named = 0;

    for (size_t i = 0; i < count && named < NAMED; i++) {
        if (sessions[i].transaction_s <= GATE_LONG_TRANSACTION_S)
            continue;
        add(list, node, &sessions[i],
            sessions[i].info[0] ? sessions[i].info : "(idle in its transaction)");
        named++;
    }
}

static void add_side(json_t *list, struct run *run, enum side side, unsigned prepared_xa)
{
    const char *node = service_primary(run->service, side)->name;
    struct app_session *sessions = NULL;
    struct session *session;
    struct err why = {0};
    size_t count = 0;
    char text[200];

    int rc = run_primary(run, side, &session, &why);
    if (!rc)
        rc = fence_app_sessions(run->service, session, &sessions, &count, &why);
    if (rc)
        add(list, node, NULL, why.msg);
    else
        add_sessions(list, node, sessions, count);
    free(sessions);
    if (prepared_xa == 0)
        return;
    (void)snprintf(text, sizeof text,
                   "%u transaction(s) prepared by XA: XA RECOVER on that server lists them",
                   prepared_xa);
    add(list, node, NULL, text);
}

json_t *gate_blockers(struct run *run, const unsigned prepared_xa[SIDE_COUNT])
{
    json_t *list = json_array();

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        add_side(list, run, side, prepared_xa[side]);
    return list;
}
