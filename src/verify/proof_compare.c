/* SPDX-License-Identifier: MIT */
/* A batch of touched rows, a range or a table, compared. */
#include "verify/proof_inner.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/signals.h"

#define CHUNK_ROWS 5000
#define VISIBLE_PATIENCE_MS 30000
#define VISIBLE_POLL_MS 2
#define AVERAGE_WEIGHT 0.2
#define AVERAGE_ROWS_MIN 20 /* fewer tell of round trips only */

struct job {
    struct proof_worker *worker;
    const struct proof_shapes *shapes;
    const struct touched_batch *batch;
    const struct table_shape *source, *replica;
};

/* --- what is found ---------------------------------------------------------------------------- */

static bool is_same(const struct difference *a, const struct difference *b)
{
    return a->kind == b->kind && !strcmp(a->table, b->table) && !strcmp(a->key, b->key) &&
           !strcmp(a->column, b->column);
}

static void keep_difference(struct proof *proof, const struct difference *difference, size_t count)
{
    for (size_t i = 0; difference && i < proof->difference_kept; i++)
        if (is_same(&proof->differences[i].difference, difference)) {
            proof->differences[i] = (struct proof_difference){.difference = *difference};
            return;
        }
    if (difference && !proof->differences)
        proof->differences = calloc(VERIFY_DIFFERENCE_CAP, sizeof(*proof->differences));
    if (!difference || !proof->differences || proof->difference_kept == VERIFY_DIFFERENCE_CAP) {
        proof->differences_beyond += count;
        return;
    }
    proof->differences[proof->difference_kept++] =
        (struct proof_difference){.difference = *difference};
}

static void on_difference(void *context, const struct difference *difference, size_t count)
{
    struct proof_worker *worker = context;
    found_add(&worker->found, difference, count);
}

static void chain(struct proof_worker *worker, const struct chunk_sum *sum)
{
    const struct row_hash parts[2] = {worker->hash, sum->hash};
    XXH128_hash_t hash = XXH3_128bits(parts, sizeof(parts));
    worker->hash = (struct row_hash){.low = hash.low64, .high = hash.high64};
    worker->rows += sum->rows;
}

static void on_chunk(void *context, const struct comparison_chunk *chunk)
{
    chain(context, &chunk->sum);
}

/* A last look has no time for what a background one has under way. */
static bool is_stopping(void *context)
{
    const struct proof_worker *worker = context;
    if (worker->deadline_ms && clock_mono_ms() > worker->deadline_ms)
        return true;
    PROOF_HOLD(worker->proof);
    return worker->proof->is_ending || (worker->proof->is_settling && !worker->is_still);
}

static bool is_hurried(struct proof *proof)
{
    PROOF_HOLD(proof);
    return proof->is_hurried;
}

/* Somebody who waits for a last look is not to be kept waiting by manners. */
static int before_chunk(void *context, struct err *err)
{
    struct proof_worker *worker = context;
    return worker->is_still || is_hurried(worker->proof)
               ? 0
               : pace_wait(worker->proof->pace, &worker->pair, is_stopping, worker, err);
}

/* --- visibility ------------------------------------------------------------------------------- */

/*
 * A log tells a transaction a moment before it is visible. So the source has to have reached what
 * its log had told when the batch was taken: a comparison that begins now either sees it, or waits
 * for a position on the replica side that has it.
 */
int proof_wait_visible(struct proof_worker *worker, const struct position *told, struct err *err)
{
    struct verify_end *source = &worker->pair.source;
    int64_t deadline_ms = clock_mono_ms() + VISIBLE_PATIENCE_MS;
    struct position now;

    for (;;) {
        int rc = end_position(source, &now, err);
        if (rc || position_covers(&now, told))
            return rc;
        if (is_stopping(worker) || !clock_sleep_ms(VISIBLE_POLL_MS))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while proving rows again");
        if (clock_mono_ms() > deadline_ms)
            return err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                           "%s does not show what its log has told for %d s", db_where(source->db),
                           VISIBLE_PATIENCE_MS / 1000);
    }
}

/*
 * What was written on the replica side itself waits for no position: a locking read waits for its
 * row's transaction to end.
 */
static int settle_doubtful(struct job *job, const struct walk *walk, const struct key_range *range,
                           struct err *err)
{
    struct chunk_sum sum;
    const struct walk_read read = {.range = *range, .limit = WALK_NO_LIMIT, .is_locked = true};

    if (!job->batch->is_doubtful || job->worker->is_still)
        return 0;
    return walk_run(walk, &job->worker->pair.replica, &read, &sum, NULL, err);
}

/* --- comparing -------------------------------------------------------------------------------- */

static const struct index_shape *find_index(const struct table_shape *table, const char *name)
{
    for (size_t i = 0; i < table->foreign_key_count; i++)
        if (!strcmp(table->foreign_keys[i].name, name))
            return &table->foreign_keys[i].child;
    return NULL;
}

static bool is_fitting(const struct touched_batch *batch, const struct index_shape *index)
{
    return index && batch->count && batch->points[0].count == index->column_count;
}

static int compare_rows(struct job *job, struct comparison *comparison, struct err *err)
{
    const struct touched_batch *batch = job->batch;
    const struct index_shape *by =
        batch->index[0] ? find_index(job->source, batch->index) : comparison->walk->key;
    struct chunk_sum sum;
    struct key_range range = {.points = batch->points, .point_count = batch->count, .by = by};

    if (!is_fitting(batch, by)) /* the table was made anew meanwhile */
        return table_compare(comparison, err);
    int rc = settle_doubtful(job, comparison->walk, &range, err);
    if (!rc)
        rc = table_compare_points(comparison, batch->index[0] ? by : NULL, batch->points,
                                  batch->count, &sum, err);
    if (!rc)
        chain(job->worker, &sum);
    return rc;
}

static int compare_data(struct job *job, struct err *err)
{
    CLEANUP(walk_release) struct walk walk = {0};
    const struct touched_batch *batch = job->batch;
    struct comparison comparison = {
        .pair = &job->worker->pair,
        .walk = &walk,
        .chunk_rows = CHUNK_ROWS,
        .before_chunk = before_chunk,
        .on_chunk = on_chunk,
        .on_difference = on_difference,
        .is_stopping = is_stopping,
        .context = job->worker,
    };
    int rc = walk_init(&walk, job->source, job->replica, err);

    if (!rc)
        rc = walk_choose_form(&walk, &job->worker->pair, err);
    if (rc)
        return rc;
    if (!walk.key)
        return table_compare_whole(&comparison, err);
    if (walk.key != table_shape_key(job->source)) /* what the logs' keys are of cannot be walked */
        return table_compare(&comparison, err);
    if (batch->kind == TOUCHED_ROWS)
        return compare_rows(job, &comparison, err);
    if (batch->kind == TOUCHED_RANGE) {
        comparison.after = &batch->points[0];
        comparison.until = &batch->points[1];
    }
    return table_compare(&comparison, err);
}

/* What differed when the proof began is the full comparison's business, which may accept it. */
static bool was_different(struct job *job, const struct difference *now)
{
    const struct proof_shapes *first = job->worker->proof->first_shapes;
    struct difference then;
    bool is_comparable;

    return schema_difference(
               table_catalog_find(&first->source, job->batch->database, job->batch->name),
               table_catalog_find(&first->replica, job->batch->database, job->batch->name), &then,
               &is_comparable) &&
           !strcmp(then.column, now->column);
}

/* Definitions first: rows of tables that are made differently are not looked at. */
static int compare_job(struct job *job, struct err *err)
{
    struct difference difference;
    bool is_comparable = true;

    if (!job->source && !job->replica) /* dropped on both sides */
        return 0;
    bool is_different = schema_difference(job->source, job->replica, &difference, &is_comparable) &&
                        (!is_comparable || !was_different(job, &difference));
    if (is_different)
        on_difference(job->worker, &difference, 1);
    if (!is_comparable || !strcmp(job->source->kind, "SEQUENCE"))
        return 0;
    return compare_data(job, err);
}

/* --- a batch from the set and back ------------------------------------------------------------ */

/*
 * Rows are locked while they are compared, so few at a time; but most of that time are round trips,
 * and when somebody waits who has to be far ahead of the writers first, more at a time are over
 * sooner.
 */
static size_t batch_rows(const struct proof_worker *worker)
{
    const struct proof *proof = worker->proof;
    struct touched_count count;

    touched_count(proof->set, &count);
    bool is_far = proof->is_hurried && count.rows >= PROOF_FAR_ROWS;
    return worker->is_still || is_far ? PROOF_STILL_ROWS : PROOF_BATCH_ROWS;
}

static int take(struct proof_worker *worker, uint64_t until, struct touched_batch **out,
                struct position *out_told, struct err *err)
{
    PROOF_HOLD(worker->proof);
    *out_told = worker->proof->logs[0].position;
    return touched_take(worker->proof->set, until, batch_rows(worker), out, err);
}

static void learn(struct proof *proof, uint64_t rows, int64_t took_us)
{
    if (rows < AVERAGE_ROWS_MIN)
        return;
    double row_us = (double)took_us / (double)rows;
    proof->row_us =
        proof->row_us > 0 ? proof->row_us * (1 - AVERAGE_WEIGHT) + row_us * AVERAGE_WEIGHT : row_us;
}

/*
 * Rows that differ stay under suspicion, and are looked at again. At one moment with what was
 * found: a last look that begins in between would take the difference for one that is looked at
 * again, and the rows for proven.
 */
static int keep_found(struct proof_worker *worker, const struct touched_batch *batch,
                      struct err *err)
{
    const struct found *found = &worker->found;

    if (!found->count)
        return 0;
    for (size_t i = 0; i < found->kept; i++)
        keep_difference(worker->proof, &found->items[i], 1);
    if (found->count > found->kept)
        keep_difference(worker->proof, NULL, found->count - found->kept);
    return touched_add_batch(worker->proof->suspects, batch, clock_mono_ms(), err);
}

static void give_back(struct job *job, struct touched_batch *batch, int rc, int64_t took_us)
{
    struct proof_worker *worker = job->worker;
    struct proof *proof = worker->proof;
    PROOF_HOLD(proof);
    struct err err = {0};

    if (!rc && keep_found(worker, batch, &err) != 0)
        proof_break(proof, "what differs cannot be noted", &err);
    if (!rc && batch->kind == TOUCHED_ROWS) {
        proof->rows_reproven += batch->count;
        learn(proof, batch->count, took_us);
    }
    touched_give_back(proof->set, batch, !rc);
    proof_move_floor(proof);
    (void)pthread_cond_broadcast(&proof->changed);
}

int proof_compare_next(struct proof_worker *worker, uint64_t until, bool *out_is_idle,
                       struct err *err)
{
    struct touched_batch *batch;
    struct position told;
    int rc = before_chunk(worker, err);

    batch = NULL;
    if (!rc)
        rc = take(worker, until, &batch, &told, err);
    *out_is_idle = !rc && !batch;
    if (rc || !batch)
        return rc;
    struct proof_shapes *shapes = proof_shapes_use(worker->proof);
    int64_t began_us = clock_mono_us();
    struct job job = {
        .worker = worker,
        .shapes = shapes,
        .batch = batch,
        .source = table_catalog_find(&shapes->source, batch->database, batch->name),
        .replica = table_catalog_find(&shapes->replica, batch->database, batch->name),
    };
    found_clear(&worker->found);
    if (!worker->is_still)
        rc = proof_wait_visible(worker, &told, err);
    if (!rc)
        rc = compare_job(&job, err);
    if (!rc && worker->found.count)
        rc = failpoint_hit("proof.different", err);
    give_back(&job, batch, rc, clock_mono_us() - began_us);
    PROOF_HOLD(worker->proof);
    proof_shapes_drop(&shapes);
    return rc;
}
