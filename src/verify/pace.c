/* SPDX-License-Identifier: MIT */
/* Waiting for the servers' users, and choosing the size of chunks. */
#include "verify/pace.h"

#include <pthread.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/signals.h"

#define LOOK_MS 200
#define SLOW_FACTOR 3
#define SLOW_MS_MIN 100 /* of less nothing can be told */
#define SLOW_REST_MS_MAX 5000
#define THREADS_FLOOR 25
#define CHUNK_MS_DEFAULT 500
#define LAG_MS_DEFAULT 1000
#define ROW_UNITS 64        /* what a row costs besides its bytes */
#define HISTORY_SHARE 0.125 /* of a new chunk in what is known */

enum native_error { NATIVE_NO_DATABASE = 1049, NATIVE_NO_TABLE = 1146 };

struct pace {
    struct pace_limits limits; /* complete: what was 0 is filled in */

    pthread_mutex_t mutex; /* guards all below */
    bool is_looking;       /* one worker asks for all */
    int64_t looked_ms;
    enum pace_reason reason;
    int64_t held_since_ms, held_ms;
    int64_t slow_until_ms;

    /* of the worker that looks */
    struct position pending; /* of the source; not applied by the replica when last seen */
    int64_t pending_ms;      /* when that was read; 0: there is none */
    int64_t missing_ms;      /* when it was last seen not to be applied, or read */
};

static void unlock(pthread_mutex_t **mutex)
{
    (void)pthread_mutex_unlock(*mutex);
}
#define HOLD(pace)                                                                                 \
    CLEANUP(unlock) pthread_mutex_t *held_mutex = &(pace)->mutex;                                  \
    (void)pthread_mutex_lock(held_mutex)

const char *pace_reason_text(enum pace_reason reason)
{
    static const char *const texts[] = {[PACE_FREE] = "",
                                        [PACE_LAG] = "the replica lags",
                                        [PACE_THREADS] = "a server is busy",
                                        [PACE_SLOW] = "reading has become slow",
                                        [PACE_PAUSED] = "paused"};
    return texts[reason];
}

/* --- decisions --- */

uint64_t pace_next_rows(uint64_t rows_before, int64_t took_ms, int64_t target_ms)
{
    uint64_t most = rows_before > PACE_ROWS_MAX / 2 ? PACE_ROWS_MAX : rows_before * 2;
    uint64_t rows = took_ms > 0 ? rows_before * (uint64_t)target_ms / (uint64_t)took_ms : most;

    if (rows > most)
        rows = most;
    if (rows < rows_before / 2)
        rows = rows_before / 2;
    return rows < PACE_ROWS_MIN ? PACE_ROWS_MIN : rows;
}

bool pace_history_add(struct pace_history *history, const struct pace_chunk *chunk)
{
    double units =
        (double)chunk->bytes + (double)ROW_UNITS * (double)(chunk->rows ? chunk->rows : 1);
    double us_per_unit = (double)chunk->took_ms * 1000.0 / units;
    double known = history->us_per_unit;

    if (known <= 0) {
        history->us_per_unit = us_per_unit;
        return false;
    }
    history->us_per_unit = known + HISTORY_SHARE * (us_per_unit - known);
    return chunk->took_ms >= SLOW_MS_MIN && us_per_unit > SLOW_FACTOR * known;
}

enum pace_reason pace_judge(const struct pace_load *load, const struct pace_limits *limits)
{
    if (load->is_paused)
        return PACE_PAUSED;
    if (load->lag_ms > limits->lag_ms)
        return PACE_LAG;
    if (load->threads_source > limits->threads_running ||
        load->threads_replica > limits->threads_running)
        return PACE_THREADS;
    return PACE_FREE;
}

/* --- asking --- */

/* A row on one end is enough. A table that is not there holds no row. */
static int ask_pause(struct verify_end *end, bool *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    struct err cause = {0};
    int rc = end_query(end, SQL_VERIFY_PAUSE_READ, NULL, 0, &result, &cause);

    if (rc == ERR_SERVER && (cause.native == NATIVE_NO_TABLE || cause.native == NATIVE_NO_DATABASE))
        return 0;
    if (rc) {
        *err = cause;
        return rc;
    }
    *out = *out || result.row_count > 0;
    return 0;
}

static int ask_threads(struct verify_end *end, unsigned *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = end_query(end, SQL_VERIFY_THREADS, NULL, 0, &result, err);
    if (rc)
        return rc;
    const char *value = db_result_get(&result, 0, "Value");
    *out = value ? (unsigned)strtoul(value, NULL, 10) : 0;
    return 0;
}

static int ask_lag(struct pace *pace, struct pair *pair, int64_t *out_ms, struct err *err)
{
    struct position applied;
    int64_t now_ms = clock_mono_ms();
    int rc = 0;

    if (pace->pending_ms) {
        rc = end_applied(&pair->replica, &applied, err);
        if (rc)
            return rc;
        bool is_there = position_covers(&applied, &pace->pending);
        if (!is_there)
            pace->missing_ms = now_ms;
        /* of one that came between two looks only this much is certain */
        *out_ms = pace->missing_ms - pace->pending_ms;
        if (!is_there)
            return 0;
    }
    rc = end_position(&pair->source, &pace->pending, err);
    if (rc)
        return rc;
    /* a link does not carry back what was written where it ends */
    position_without(&pace->pending, &pair->replica.origin, &pace->pending);
    pace->pending_ms = position_is_empty(&pace->pending) ? 0 : now_ms;
    pace->missing_ms = now_ms;
    return 0;
}

static int look(struct pace *pace, struct pair *pair, struct pace_load *out, struct err *err)
{
    *out = (struct pace_load){0};
    int rc = ask_pause(&pair->source, &out->is_paused, err);
    if (!rc)
        rc = ask_pause(&pair->replica, &out->is_paused, err);
    if (!rc)
        rc = ask_threads(&pair->source, &out->threads_source, err);
    if (!rc)
        rc = ask_threads(&pair->replica, &out->threads_replica, err);
    if (!rc)
        rc = ask_lag(pace, pair, &out->lag_ms, err);
    return rc;
}

/* --- waiting --- */

static void set_reason(struct pace *pace, enum pace_reason reason)
{
    int64_t now_ms = clock_mono_ms();

    if (pace->reason != PACE_FREE)
        pace->held_ms += now_ms - pace->held_since_ms;
    pace->held_since_ms = now_ms;
    pace->reason = reason;
}

/* The busiest side of the beginning is what is normal here. */
static void learn_threads(struct pace *pace, const struct pace_load *load)
{
    if (pace->limits.threads_running)
        return;
    unsigned seen =
        load->threads_source > load->threads_replica ? load->threads_source : load->threads_replica;
    pace->limits.threads_running = seen * 2 > THREADS_FLOOR ? seen * 2 : THREADS_FLOOR;
}

/* Is it this worker's turn to ask? Otherwise *out_reason is what the others know. */
static bool begin_look(struct pace *pace, enum pace_reason *out_reason)
{
    HOLD(pace);
    *out_reason = pace->reason;
    if (pace->is_looking || (pace->looked_ms && clock_mono_ms() - pace->looked_ms < LOOK_MS))
        return false;
    pace->is_looking = true;
    return true;
}

static enum pace_reason end_look(struct pace *pace, int rc, const struct pace_load *load)
{
    HOLD(pace);
    pace->is_looking = false;
    if (rc) {
        pace->pending_ms = 0; /* another server may answer next time */
        return pace->reason;
    }
    learn_threads(pace, load);
    pace->looked_ms = clock_mono_ms();
    enum pace_reason reason = pace_judge(load, &pace->limits);
    if (reason == PACE_FREE && pace->looked_ms < pace->slow_until_ms)
        reason = PACE_SLOW;
    set_reason(pace, reason);
    return reason;
}

int pace_wait(struct pace *pace, struct pair *pair, bool (*is_ended)(void *context), void *context,
              struct err *err)
{
    while (!pair->is_still) {
        enum pace_reason reason;
        if (begin_look(pace, &reason)) {
            struct pace_load load;
            int rc = look(pace, pair, &load, err);
            reason = end_look(pace, rc, &load);
            if (rc)
                return rc;
        }
        if (reason == PACE_FREE)
            return 0;
        (void)clock_sleep_ms(LOOK_MS / 2); /* cut short by a stop, which is seen now */
        if (signals_stop_wanted() || (is_ended && is_ended(context)))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while waiting (%s)",
                           pace_reason_text(reason));
    }
    return 0;
}

uint64_t pace_chunk_done(struct pace *pace, struct pace_history *history,
                         const struct pace_chunk *chunk)
{
    const struct pace_limits *limits = &pace->limits;
    int64_t took_ms = chunk->took_ms;
    bool is_slow;
    {
        HOLD(pace);
        is_slow = pace_history_add(history, chunk);
        if (is_slow) {
            int64_t rest_ms = took_ms < SLOW_REST_MS_MAX ? took_ms : SLOW_REST_MS_MAX;
            pace->slow_until_ms = clock_mono_ms() + rest_ms;
            pace->looked_ms = 0; /* the next one looks */
        }
    }
    if (limits->duty_percent < 100)
        (void)clock_sleep_ms(took_ms * (100 - (int64_t)limits->duty_percent) /
                             (int64_t)limits->duty_percent); /* a stop is seen by the next chunk */
    if (chunk->rows < chunk->rows_wanted)
        return chunk->rows_wanted; /* a range's end: its time says little about a whole chunk */
    return pace_next_rows(chunk->rows_wanted, is_slow ? 2 * limits->chunk_ms : took_ms,
                          limits->chunk_ms);
}

enum pace_reason pace_held(struct pace *pace, int64_t *out_held_ms)
{
    HOLD(pace);
    if (out_held_ms)
        *out_held_ms =
            pace->held_ms + (pace->reason == PACE_FREE ? 0 : clock_mono_ms() - pace->held_since_ms);
    return pace->reason;
}

int pace_new(const struct pace_limits *limits, struct pace **out, struct err *err)
{
    struct pace *pace = calloc(1, sizeof(*pace));

    if (!pace)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the pace of a comparison");
    if (limits)
        pace->limits = *limits;
    if (!pace->limits.chunk_ms)
        pace->limits.chunk_ms = CHUNK_MS_DEFAULT;
    if (!pace->limits.lag_ms)
        pace->limits.lag_ms = LAG_MS_DEFAULT;
    if (!pace->limits.duty_percent || pace->limits.duty_percent > 100)
        pace->limits.duty_percent = 100;
    (void)pthread_mutex_init(&pace->mutex, NULL); /* cannot fail on Linux */
    *out = pace;
    return 0;
}

void pace_free(struct pace *pace)
{
    if (!pace)
        return;
    (void)pthread_mutex_destroy(&pace->mutex);
    free(pace);
}
