/* SPDX-License-Identifier: MIT */
/*
 * engine/journal_follow.h - see what another process writes into the journal, as it goes on.
 * Invariant: reads only; the chain of hashes is not checked here (journal_events() does).
 * Threads:   as engine/journal.h: a reader has the file open for itself.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_FOLLOW_H
#define CUTOVER_ENGINE_JOURNAL_FOLLOW_H

#include "engine/journal.h"

/* A number that is another one when somebody else has written since. Cheap: no page is read. */
MUST_CHECK int journal_version(struct journal *journal, int64_t *out, struct err *err);

/* Is another journal, or none, in the place of the one that is open? */
bool journal_has_moved(struct journal *journal);

/* One event; the texts are borrowed for the call. */
struct journal_news {
    int64_t seq, at_us;
    const char *name;
    const char *detail; /* a JSON object */
};
typedef int (*journal_news_fn)(void *context, const struct journal_news *news);

/* Events of a run that are newer than `after`: the newest `cap` of them, the newest first. */
MUST_CHECK int journal_news(struct journal *journal, const char *run_id, int64_t after, size_t cap,
                            journal_news_fn each, void *context, struct err *err);

/*
 * Events of all runs behind a number, in their order, at most `cap`; run_id "" is of no run.
 */
typedef int (*journal_next_fn)(void *context, const char *run_id, const struct journal_news *news);
MUST_CHECK int journal_next(struct journal *journal, int64_t after, size_t cap,
                            journal_next_fn each, void *context, struct err *err);
/* The number of the newest event of all; 0 when there is none. */
MUST_CHECK int journal_newest(struct journal *journal, int64_t *out, struct err *err);

/* How long the latest `cap` pauses of a service were, the newest first, in `out_ms`. */
MUST_CHECK int journal_pauses(struct journal *journal, const char *service, double *out_ms,
                              size_t cap, size_t *out_count, struct err *err);

#endif
