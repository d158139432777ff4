/* SPDX-License-Identifier: MIT */
/*
 * ctl/lag_page.h - the lag of now for the screen, and what it was.
 * Invariant: what is not known is null, and a gap in the history; it is never drawn as zero.
 * Threads:   one thread notes; lag_history_json() may be called from any.
 */
#ifndef CUTOVER_CTL_LAG_PAGE_H
#define CUTOVER_CTL_LAG_PAGE_H

#include "base/json.h"
#include "monitor/sampler.h"

#define LAG_HISTORY_CAP 36000 /* an hour at ten a second */

struct lag_history;

MUST_CHECK int lag_history_new(struct lag_history **out, struct err *err);
void lag_history_free(struct lag_history *history);

/* Keep a sample; at_us is the wall clock. */
void lag_history_note(struct lag_history *history, const struct lag_snapshot *snapshot,
                      int64_t at_us);

/* The same for one that was told as JSON: a number of ms, or null. */
void lag_history_add(struct lag_history *history, int64_t at_us, const json_t *forward,
                     const json_t *reverse);
/* The moment of the newest, 0 when there is none. */
int64_t lag_history_last(struct lag_history *history);

/*
 * {"at_us": [..], "forward": [ms or null ..], "reverse": [..]} of what is newer than `since_us`, in
 * at most `points` points: each is the worst of its span, and unknown when any of it was. NULL when
 * out of memory.
 */
json_t *lag_history_json(struct lag_history *history, int64_t since_us, size_t points);

/* Transactions that a primary wrote itself in a second, over about the last one; -1 unknown. */
double lag_history_writes(struct lag_history *history, enum side side);

/* The page of now. Caller json_decref()s; NULL when out of memory. */
json_t *lag_page(struct lag_history *history, const struct lag_snapshot *snapshot, int64_t at_us);

#endif
