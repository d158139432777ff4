/* SPDX-License-Identifier: MIT */
#include "engine/journal_follow.h"

#include <string.h>

#include "base/json.h"
#include "engine/journal_file.h"

#define OPENINGS_A_PAUSE                                                                           \
    4 /* some openings end no pause: those of shared cutovers, and undone ones */

/* The one number that a question answers; without a row it is 0. */
static int ask_number(struct journal *journal, enum sql_id id, int64_t *out, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    int rc = journal_prepare(journal, id, &ask, err);

    if (rc)
        return rc;
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    *out = rc == 1 ? store_column_int(ask, 0) : 0;
    return 0;
}

int journal_version(struct journal *journal, int64_t *out, struct err *err)
{
    return ask_number(journal, SQL_JOURNAL_VERSION, out, err);
}

bool journal_has_moved(struct journal *journal)
{
    return store_has_moved(journal->store);
}

int journal_news(struct journal *journal, const char *run_id, int64_t after, size_t cap,
                 journal_news_fn each, void *context, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_EVENT_AFTER, &list, err);

    if (rc)
        return rc;
    store_bind_text(list, 1, run_id);
    store_bind_int(list, 2, after);
    store_bind_int(list, 3, (int64_t)cap);
    while ((rc = store_step(list, err)) == 1) {
        const struct journal_news news = {.seq = store_column_int(list, 0),
                                          .at_us = store_column_int(list, 1),
                                          .name = store_column_text(list, 2),
                                          .detail = store_column_text(list, 3)};
        rc = each(context, &news);
        if (rc)
            return rc;
    }
    return rc;
}

int journal_next(struct journal *journal, int64_t after, size_t cap, journal_next_fn each,
                 void *context, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_EVENT_NEXT, &list, err);

    if (rc)
        return rc;
    store_bind_int(list, 1, after);
    store_bind_int(list, 2, (int64_t)cap);
    while ((rc = store_step(list, err)) == 1) {
        const struct journal_news news = {.seq = store_column_int(list, 0),
                                          .at_us = store_column_int(list, 2),
                                          .name = store_column_text(list, 3),
                                          .detail = store_column_text(list, 4)};
        rc = each(context, store_column_text(list, 1), &news);
        if (rc)
            return rc;
    }
    return rc;
}

int journal_newest(struct journal *journal, int64_t *out, struct err *err)
{
    return ask_number(journal, SQL_JOURNAL_EVENT_NEWEST, out, err);
}

/* An opening that ended no pause has no figure. */
static double pause_of(const char *detail)
{
    struct err ignored = {0};
    CLEANUP(json_release) json_t *figures = NULL;

    if (json_parse(detail, strlen(detail), &figures, &ignored))
        return -1;
    const json_t *ms = json_object_get(figures, "ms");
    return json_is_number(ms) ? json_number_value(ms) : -1;
}

int journal_pauses(struct journal *journal, const char *service, double *out_ms, size_t cap,
                   size_t *out_count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    size_t count = 0;
    int rc = journal_prepare(journal, SQL_JOURNAL_PAUSE_LIST, &list, err);

    if (rc)
        return rc;
    store_bind_text(list, 1, service);
    store_bind_int(list, 2, (int64_t)cap * OPENINGS_A_PAUSE);
    while (count < cap && (rc = store_step(list, err)) == 1) {
        double ms = pause_of(store_column_text(list, 0));
        if (ms >= 0)
            out_ms[count++] = ms;
    }
    if (rc < 0)
        return rc;
    *out_count = count;
    return 0;
}
