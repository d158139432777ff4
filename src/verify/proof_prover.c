/* SPDX-License-Identifier: MIT */
/* The thread that compares what was touched, all the time and gently. */
#include "verify/proof_inner.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/signals.h"

#define LOOK_INTERVAL_MS 150
#define SUSPECT_INTERVAL_MS 2000
#define SCHEMA_INTERVAL_MS 1000
#define SEE_INTERVAL_MS 1000
#define ERROR_PAUSE_MS 500
#define HURRIED_MS 5

/*
 * Before the full pass has ended nothing is lost by leaving rows in the set, but it should not have
 * to give up keys for ranges.
 */
static bool is_work_due(const struct proof *proof)
{
    struct touched_count count;

    touched_count(proof->set, &count);
    if (proof->is_settling || count.oldest_ms < 0)
        return false;
    return proof->is_resting || count.bytes > count.cap_bytes / 4;
}

int proof_suspect_again(struct proof *proof, struct err *err)
{
    struct touched_batch *batch;
    int rc = 0;

    for (;;) {
        rc = touched_take(proof->suspects, UINT64_MAX, PROOF_BATCH_ROWS, &batch, err);
        if (rc || !batch)
            break;
        rc = touched_add_batch(proof->set, batch, clock_mono_ms(), err);
        if (batch->kind == TOUCHED_TABLE)
            proof->is_schema_stale = true;
        touched_give_back(proof->suspects, batch, !rc);
        if (rc)
            break;
    }
    for (size_t i = 0; i < proof->difference_kept; i++)
        proof->differences[i].is_stale = true;
    proof->differences_beyond = 0;
    proof->suspected_ms = clock_mono_ms();
    proof->suspected_until = touched_sequence(proof->set);
    return rc;
}

/* What was looked at again and not found again is the same now. */
static void forget_stale(struct proof *proof)
{
    size_t kept = 0;

    if (!proof->suspected_until || touched_has(proof->set, proof->suspected_until))
        return;
    for (size_t i = 0; i < proof->difference_kept; i++)
        if (!proof->differences[i].is_stale)
            proof->differences[kept++] = proof->differences[i];
    proof->difference_kept = kept;
    proof->suspected_until = 0;
}

static bool has_suspects(const struct proof *proof)
{
    struct touched_count count;
    touched_count(proof->suspects, &count);
    return count.oldest_ms >= 0;
}

/* --- connections ------------------------------------------------------------------------------ */

static bool is_dead(const struct proof_worker *worker)
{
    return !worker->is_open || db_is_dead(worker->pair.source.db) ||
           db_is_dead(worker->pair.replica.db);
}

int proof_worker_open(struct proof_worker *worker, struct err *err)
{
    if (!is_dead(worker))
        return 0;
    if (worker->is_open)
        pair_release(&worker->pair);
    worker->is_open = false;
    int rc = pair_open(worker->proof->service, worker->proof->source, worker->is_still,
                       &worker->pair, err);
    worker->is_open = !rc;
    return rc;
}

/* Where both servers are now: how far the readers are behind; and the connections stay warm. */
static int see(struct proof *proof, struct err *err)
{
    struct position seen[2];
    int64_t now_ms;

    if (pthread_mutex_trylock(&proof->still_mutex))
        return 0;
    int rc = proof_worker_open(&proof->still, err);
    now_ms = clock_mono_ms();
    if (!rc)
        rc = end_position(&proof->still.pair.source, &seen[0], err);
    if (!rc)
        rc = end_position(&proof->still.pair.replica, &seen[1], err);
    (void)pthread_mutex_unlock(&proof->still_mutex);
    PROOF_HOLD(proof);
    for (size_t i = 0; i < 2 && !rc; i++) {
        struct proof_log *log = &proof->logs[i];
        if (log->seen_ms && !log->is_seen_reached)
            continue; /* the older question is still open */
        log->seen = seen[i];
        log->seen_ms = now_ms;
        log->is_seen_reached = position_covers(&log->position, &log->seen);
        if (log->is_seen_reached)
            log->behind_ms = 0;
    }
    return rc;
}

/* --- schema ----------------------------------------------------------------------------------- */

static bool is_schema_due(struct proof *proof)
{
    PROOF_HOLD(proof);
    bool is_recent = clock_mono_ms() - proof->schema_read_ms < SCHEMA_INTERVAL_MS;
    if (!proof->is_schema_stale || (is_recent && !proof->is_settling))
        return false;
    proof->is_schema_stale = false; /* what comes from here on is for the next time */
    return true;
}

int proof_read_schema(struct proof_worker *worker, struct err *err)
{
    struct proof *proof = worker->proof;
    struct proof_shapes *now = NULL;
    struct position told;
    int rc = 0;

    if (!is_schema_due(proof))
        return 0;
    (void)pthread_mutex_lock(&proof->mutex);
    told = proof->logs[0].position;
    (void)pthread_mutex_unlock(&proof->mutex);
    if (!worker->is_still)
        rc = proof_wait_visible(worker, &told, err);
    if (!rc)
        rc = proof_shapes_load(proof, &worker->pair, &now, err);
    PROOF_HOLD(proof);
    proof->schema_read_ms = clock_mono_ms();
    if (rc) {
        proof->is_schema_stale = true;
        return rc;
    }
    proof_shapes_drop(&proof->shapes);
    proof->shapes = now;
    (void)pthread_cond_broadcast(&proof->changed);
    return 0;
}

/* --- the thread ------------------------------------------------------------------------------- */

/* With the mutex held: an end cuts it short, and somebody who waits. */
static void rest(struct proof *proof, int64_t ms)
{
    int64_t began_ms = clock_mono_ms();
    for (;;) {
        int64_t left_ms = began_ms + (proof->is_hurried ? HURRIED_MS : ms) - clock_mono_ms();
        if (left_ms <= 0 || proof->is_ending)
            return;
        proof_wait(proof, left_ms);
    }
}

static int work_a_little(struct proof *proof, bool *out_is_idle, struct err *err)
{
    int rc = proof_worker_open(&proof->background, err);

    if (!rc)
        rc = proof_read_schema(&proof->background, err);
    bool is_due = false;
    *out_is_idle = true;
    if (!rc) {
        PROOF_HOLD(proof);
        if (has_suspects(proof) && clock_mono_ms() - proof->suspected_ms > SUSPECT_INTERVAL_MS &&
            !proof->is_settling && !proof->is_looked_at)
            rc = proof_suspect_again(proof, err);
        is_due = is_work_due(proof);
    }
    if (!rc && is_due)
        rc = proof_compare_next(&proof->background, UINT64_MAX, out_is_idle, err);
    return rc;
}

void *proof_prover_run(void *context)
{
    struct proof *proof = context;
    int64_t seen_ms = 0;
    bool is_ending = false;

    while (!is_ending) {
        struct err err = {0};
        bool is_idle = true;
        int rc = 0;
        if (clock_mono_ms() - seen_ms >= SEE_INTERVAL_MS) {
            rc = see(proof, &err);
            seen_ms = clock_mono_ms();
        }
        if (!rc)
            rc = work_a_little(proof, &is_idle, &err);
        PROOF_HOLD(proof);
        forget_stale(proof);
        proof_move_floor(proof);
        (void)pthread_cond_broadcast(&proof->changed);
        (void)snprintf(proof->trouble, sizeof(proof->trouble), "%.255s",
                       rc && rc != ERR_STOPPED ? err.msg : "");
        if (rc == ERR_MEMORY && !proof->is_broken)
            proof_break(proof, "rows cannot be proven again", &err);
        else if (rc && rc != ERR_STOPPED) /* lost, late, locked: what was taken is in the set */
            rest(proof, ERROR_PAUSE_MS);
        else if (is_idle || rc)
            rest(proof, LOOK_INTERVAL_MS);
        is_ending = proof->is_ending || proof->is_broken;
    }
    return NULL;
}
