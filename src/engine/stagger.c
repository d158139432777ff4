/* SPDX-License-Identifier: MIT */
#include <inttypes.h>
#include <stdio.h>

#include "engine/stagger.h"

#define STARTED_SLACK_S 2 /* now and uptime are whole seconds that are read one after the other */

int stagger_ask(struct session *fresh, struct stagger_now *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    CLEANUP(db_result_release) struct db_result life = {0};

    int rc = session_query_row(fresh, SQL_STAGGER_READ_SESSION, NULL, 0, &row, err);
    if (!rc)
        rc = session_query_row(fresh, SQL_STAGGER_LIFE, NULL, 0, &life, err);
    if (rc)
        return rc;
    *out = (struct stagger_now){.increment = result_number(&row, 0, "increment"),
                                .offset = result_number(&row, 0, "offset"),
                                .started_s = result_number(&life, 0, "started"),
                                .is_from_start = result_number(&life, 0, "is_from_start") == 1,
                                .thread = db_thread_id(fresh->db)};
    return 0;
}

static void mark_name(enum side side, char out[64])
{
    (void)snprintf(out, 64, "stagger.%s.thread", side_name(side));
}

/* The mark is of this life of the server. */
static bool is_of_this_life(unsigned long thread, int64_t started_s, const struct stagger_now *now)
{
    int64_t apart_s = started_s - now->started_s;

    return thread <= now->thread && apart_s >= -STARTED_SLACK_S && apart_s <= STARTED_SLACK_S;
}

int stagger_since(struct journal *journal, const char *service, enum side side,
                  const struct stagger_now *now, struct stagger_since *out, struct err *err)
{
    unsigned long thread;
    int64_t started_s;
    char name[64], value[64];

    *out = (struct stagger_since){.is_known = now->is_from_start};
    if (now->is_from_start)
        return 0;
    mark_name(side, name);
    int rc = journal_memory_get(journal, service, name, value, sizeof value, err);
    if (!rc && sscanf(value, "%lu %" SCNd64, &thread, &started_s) == 2 &&
        is_of_this_life(thread, started_s, now))
        *out = (struct stagger_since){.is_known = true, .thread = thread};
    return rc;
}

int stagger_remember(struct journal *journal, const char *service, enum side side,
                     const struct stagger_now *now, struct err *err)
{
    char name[64], value[64];

    mark_name(side, name);
    (void)snprintf(value, sizeof value, "%lu %" PRId64, now->thread, now->started_s);
    return journal_memory_put(journal, service, name, value, err);
}
