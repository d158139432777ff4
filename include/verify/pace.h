/* SPDX-License-Identifier: MIT */
/*
 * verify/pace.h - how hard a comparison may work: it is a guest on a server that has users.
 * How:     a chunk aims at target_ms; before each one the lag of the replica, Threads_running of
 *          both
 *          sides and the time of our own recent chunks are looked at (at most every 200 ms), and it
 *          waits while one is over its limit. A row in cutover.verify_pause on either side, or
 *          pace_pause_set(), pauses everything until it is gone.
 * Threads: one pace for all workers of a comparison; any of them may call.
 */
#ifndef CUTOVER_VERIFY_PACE_H
#define CUTOVER_VERIFY_PACE_H

#include "verify/pair.h"

struct pace_limits {
    int64_t chunk_ms;         /* 0 = 500 */
    int64_t lag_ms;           /* replica lag above which it waits; 0 = 1000 */
    unsigned threads_running; /* 0 = twice what was seen at the beginning, at least 25 */
    unsigned duty_percent;    /* share of the time in which a worker may read; 0 = 100 */
};

struct pace;

enum pace_reason { PACE_FREE, PACE_LAG, PACE_THREADS, PACE_SLOW, PACE_PAUSED };
const char *pace_reason_text(enum pace_reason reason); /* "the replica lags", ... */

MUST_CHECK int pace_new(const struct pace_limits *limits, struct pace **out, struct err *err);
void pace_free(struct pace *pace);

/*
 * Before a chunk: wait as long as it has to be. ERR_STOPPED; ERR_LOST. `pair` is the caller's,
 * idle.
 */
MUST_CHECK int pace_wait(struct pace *pace, struct pair *pair, struct err *err);

/* After a chunk, with what it took on the slower side: how many rows the next one should have. */
uint64_t pace_chunk_done(struct pace *pace, uint64_t rows, uint64_t bytes, int64_t took_ms,
                         uint64_t rows_before);

/* What holds it now, and for how long in all. */
enum pace_reason pace_held(struct pace *pace, int64_t *out_held_ms);

#endif
