/* SPDX-License-Identifier: MIT */
/* Beginning, ending, and the last look. */
#include "verify/proof.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/proof_inner.h"

#define CAP_BYTES_DEFAULT (16ULL << 20)
#define ROW_US_DEFAULT 100.0
#define TRIP_MS 1.0 /* of a batch that has next to no rows */
#define RANGE_ROWS 1024

void proof_unlock(pthread_mutex_t **mutex)
{
    (void)pthread_mutex_unlock(*mutex);
}

void proof_break(struct proof *proof, const char *what, const struct err *err)
{
    proof->is_broken = true;
    proof->broken_by = *err;
    (void)snprintf(proof->problem, sizeof(proof->problem), "%s: %.180s", what, err->msg);
    (void)pthread_cond_broadcast(&proof->changed);
}

void proof_wait(struct proof *proof, int64_t ms)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += ms / 1000;
    until.tv_nsec += ms % 1000 * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    (void)pthread_cond_timedwait(&proof->changed, &proof->mutex,
                                 &until); /* early or late, we look */
}

/* --- beginning and end ------------------------------------------------------------------------ */

static void init_threads(struct proof *proof)
{
    pthread_condattr_t attributes;

    (void)pthread_mutex_init(&proof->mutex, NULL); /* cannot fail on Linux */
    (void)pthread_mutex_init(&proof->still_mutex, NULL);
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&proof->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

static int init(struct proof *proof, const struct proof_options *options, struct err *err)
{
    proof->service = options->service;
    proof->source = options->source;
    proof->background = (struct proof_worker){.proof = proof};
    proof->still = (struct proof_worker){.proof = proof, .is_still = true};
    for (size_t i = 0; i < 2; i++)
        proof->logs[i] = (struct proof_log){
            .proof = proof,
            .is_of_source = i == 0,
            .side = i == 0 ? options->source : side_other(options->source),
            .behind_ms = -1,
        };
    init_threads(proof);
    uint64_t cap_bytes = options->cap_bytes ? options->cap_bytes : CAP_BYTES_DEFAULT;
    int rc = touched_new(cap_bytes, &proof->set, err);
    if (!rc)
        rc = touched_new(cap_bytes, &proof->suspects, err);
    return rc ? rc : pace_new(options->pace, &proof->pace, err);
}

/* Both logs from the floor, or from now; the shapes are read after that, so a definition that
 * changes in between is told by the log. */
static int begin(struct proof *proof, const struct proof_floor *from, struct err *err)
{
    const struct position *given[2] = {from ? &from->source : NULL, from ? &from->replica : NULL};
    const struct binlog_place *at[2] = {from ? &from->source_at : NULL,
                                        from ? &from->replica_at : NULL};
    int rc = proof_worker_open(&proof->background, err);
    if (!rc)
        rc = proof_worker_open(&proof->still, err);
    if (!rc)
        rc = end_position(&proof->background.pair.source, &proof->logs[0].position, err);
    if (!rc)
        rc = end_position(&proof->background.pair.replica, &proof->logs[1].position, err);
    if (!rc)
        rc = proof_shapes_load(proof, &proof->background.pair, &proof->shapes, err);
    if (!rc)
        proof->first_shapes = proof_shapes_use(proof);
    for (size_t i = 0; i < 2 && !rc; i++) {
        struct proof_log *log = &proof->logs[i];
        if (given[i] && !position_is_empty(given[i])) {
            log->position = *given[i];
            log->place = *at[i];
        }
        log->shapes = proof_shapes_use(proof);
        log->marks[log->mark_count++] =
            (struct proof_mark){.position = log->position, .place = log->place};
        rc = proof_log_open(log, err);
    }
    proof->floor = (struct proof_floor){.source = proof->logs[0].position,
                                        .replica = proof->logs[1].position,
                                        .source_at = proof->logs[0].place,
                                        .replica_at = proof->logs[1].place};
    return rc;
}

static int start_threads(struct proof *proof, struct err *err)
{
    for (size_t i = 0; i < 2; i++) {
        struct proof_log *log = &proof->logs[i];
        log->is_started = !pthread_create(&log->thread, NULL, proof_log_run, log);
        if (!log->is_started)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "cannot start a thread");
    }
    proof->is_prover_started = !pthread_create(&proof->prover, NULL, proof_prover_run, proof);
    return proof->is_prover_started
               ? 0
               : err_set(err, ERR_MEMORY, EFFECT_NONE, "cannot start a thread");
}

int proof_start(const struct proof_options *options, struct proof **out, struct err *err)
{
    CLEANUP(proof_freep) struct proof *proof = calloc(1, sizeof(*proof));
    if (!proof)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a proof");
    int rc = init(proof, options, err);
    if (!rc)
        rc = begin(proof, options->from, err);
    if (!rc)
        rc = start_threads(proof, err);
    if (rc)
        return rc;
    *out = proof;
    proof = NULL;
    return 0;
}

static void end_threads(struct proof *proof)
{
    (void)pthread_mutex_lock(&proof->mutex);
    proof->is_ending = true;
    (void)pthread_cond_broadcast(&proof->changed);
    (void)pthread_mutex_unlock(&proof->mutex);
    for (size_t i = 0; i < 2; i++)
        if (proof->logs[i].is_started)
            (void)pthread_join(proof->logs[i].thread, NULL);
    if (proof->is_prover_started)
        (void)pthread_join(proof->prover, NULL);
}

void proof_free(struct proof *proof)
{
    if (!proof)
        return;
    end_threads(proof);
    for (size_t i = 0; i < 2; i++) {
        change_log_freep(&proof->logs[i].log);
        proof_shapes_drop(&proof->logs[i].shapes);
    }
    proof_shapes_drop(&proof->shapes);
    proof_shapes_drop(&proof->first_shapes);
    pair_release(&proof->background.pair);
    pair_release(&proof->still.pair);
    found_release(&proof->background.found);
    found_release(&proof->still.found);
    touched_free(proof->set);
    touched_free(proof->suspects);
    pace_free(proof->pace);
    free(proof->differences);
    (void)pthread_mutex_destroy(&proof->mutex);
    (void)pthread_mutex_destroy(&proof->still_mutex);
    (void)pthread_cond_destroy(&proof->changed);
    free(proof);
}

void proof_freep(struct proof **proof)
{
    proof_free(*proof);
    *proof = NULL;
}

void proof_rests_on(struct proof *proof, const struct verify_report *pass)
{
    PROOF_HOLD(proof);
    proof->pass = *pass;
    proof->pass.differences = NULL;
    proof->pass.difference_kept = 0;
    proof->is_resting = true;
    (void)pthread_cond_broadcast(&proof->changed);
}

void proof_brace(struct proof *proof, enum proof_mood mood)
{
    PROOF_HOLD(proof);
    proof->mood = mood;
    proof->is_hurried = mood == PROOF_HURRIED;
    proof->is_settling = mood == PROOF_HELD;
    (void)pthread_cond_broadcast(&proof->changed);
}

/* --- how it stands ---------------------------------------------------------------------------- */

static uint64_t table_rows(const struct proof *proof)
{
    uint64_t most =
        0; /* which tables they are does not matter for a forecast: the largest counts */
    for (size_t i = 0; i < proof->shapes->source.count; i++)
        if (proof->shapes->source.tables[i].rows_estimate > most)
            most = proof->shapes->source.tables[i].rows_estimate;
    return most;
}

static int64_t forecast_ms(const struct proof *proof, const struct touched_count *count)
{
    double row_us = proof->row_us > 0 ? proof->row_us : ROW_US_DEFAULT;
    double rows = (double)count->rows + (double)count->ranges * RANGE_ROWS;
    double batches = (double)count->rows / PROOF_BATCH_ROWS + (double)count->ranges + 1;

    if (count->tables)
        rows += (double)count->tables * (double)table_rows(proof);
    return (int64_t)(rows * row_us / 1000.0 + batches * TRIP_MS) + 1;
}

static int64_t behind_ms(const struct proof *proof, int64_t now_ms)
{
    int64_t worst_ms = 0;
    for (size_t i = 0; i < 2; i++) {
        const struct proof_log *log = &proof->logs[i];
        if (!log->seen_ms)
            return -1;
        int64_t behind = log->is_seen_reached ? log->behind_ms : now_ms - log->seen_ms;
        worst_ms = behind > worst_ms ? behind : worst_ms;
    }
    return worst_ms;
}

void proof_look(struct proof *proof, struct proof_status *out)
{
    struct touched_count count;
    int64_t now_ms = clock_mono_ms();
    PROOF_HOLD(proof);

    touched_count(proof->set, &count);
    proof_move_floor(proof);
    *out = (struct proof_status){
        .is_covering = proof->is_resting && !proof->is_broken && proof->pass.difference_count == 0,
        .is_broken = proof->is_broken,
        .rows_touched = count.rows,
        .ranges_touched = count.ranges,
        .tables_touched = count.tables,
        .set_bytes = count.bytes,
        .cap_bytes = count.cap_bytes,
        .rows_reproven = proof->rows_reproven,
        .differences = proof->difference_kept + proof->differences_beyond,
        .age_ms = count.oldest_ms < 0 ? 0 : now_ms - count.oldest_ms,
        .behind_ms = behind_ms(proof, now_ms),
        .settle_ms = proof->is_broken ? -1 : forecast_ms(proof, &count),
        .floor = proof->floor,
    };
    (void)snprintf(out->problem, sizeof(out->problem), "%s",
                   proof->is_broken ? proof->problem : proof->trouble);
}
