/* SPDX-License-Identifier: MIT */
/*
 * verify/pace.h - how hard a comparison may work: it is a guest on a server that has users.
 * How:       a chunk aims at chunk_ms, and its size follows what chunks took. Before each one the
 *            lag of the replica, Threads_running of both sides and the time of our own chunks are
 *            looked at (at most every 200 ms, by one worker for all), and it waits while one is
 *            over its limit. A chunk's like are those of its table: a row of another one may cost
 *            any number of times as much. A row in cutover.verify_pause on either side pauses
 *            everything until it is gone.
 * Lag:       how old the oldest position of the source is that the replica has not applied. It
 *            needs neither clocks that agree nor a heartbeat that somebody writes.
 * Threads:   one pace for all workers of a comparison; any of them may call.
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
const char *pace_reason_text(enum pace_reason reason); /* "the replica lags", ...; "" = free */

MUST_CHECK int pace_new(const struct pace_limits *limits, struct pace **out, struct err *err);
void pace_free(struct pace *pace);

#define PACE_ROWS_MIN 200
#define PACE_ROWS_MAX 100000

/*
 * Before a chunk: wait as long as it has to be. `pair` is the caller's, idle. Does nothing when the
 * pair is still. is_ended (may be NULL) tells that nobody wants the chunk any more.
 * Errors  ERR_STOPPED; ERR_LOST, ERR_SERVER
 */
MUST_CHECK int pace_wait(struct pace *pace, struct pair *pair, bool (*is_ended)(void *context),
                         void *context, struct err *err);

/* What chunks of one table took so far, by what they cost to read. The pace's lock guards it. */
struct pace_history {
    double us_per_unit; /* 0: nothing is known yet */
};

struct pace_chunk {
    uint64_t rows, bytes;
    uint64_t rows_wanted;
    int64_t took_ms; /* on the slower side */
};

/* After a chunk: how many rows the next one should have. Rests as long as duty_percent wants. */
uint64_t pace_chunk_done(struct pace *pace, struct pace_history *history,
                         const struct pace_chunk *chunk);

/* What holds it now, and for how long in all; out_held_ms may be NULL. */
enum pace_reason pace_held(struct pace *pace, int64_t *out_held_ms);

/* --- the parts that decide; pure --- */

/* Rows of the next chunk: by time, at most twice or half as many, within the bounds above. */
uint64_t pace_next_rows(uint64_t rows_before, int64_t took_ms, int64_t target_ms);

/* True: this chunk took three times as long as its like. */
bool pace_history_add(struct pace_history *history, const struct pace_chunk *chunk);

struct pace_load {
    int64_t lag_ms;
    unsigned threads_source, threads_replica;
    bool is_paused;
};
enum pace_reason pace_judge(const struct pace_load *load, const struct pace_limits *limits);

#endif
