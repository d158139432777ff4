/* SPDX-License-Identifier: MIT */
/* A worker of a pass: takes spans, compares them, and gets up again when a server falls. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/found.h"
#include "verify/key_text.h"
#include "verify/pass.h"
#include "verify/snapshot.h"

#define CHUNK_BYTES (1U << 20)
#define CHUNK_ROWS_MAX 20000 /* of the first chunk; later ones follow the clock */
#define ROW_OVERHEAD_BYTES                                                                         \
    32 /* of the wire and of us, so that narrow rows do not make endless chunks */
#define RECONNECT_MS 1000
#define REPEAT_MS 200

struct worker {
    struct pass *pass;
    struct pair pair;
    struct task *task;
    struct span *span;
    struct snapshot snapshot;
    struct comparison *comparison; /* of the span */
    /* Differences of the chunk under way: it may be repeated, and then they would be told twice. */
    struct found found;
    int64_t trouble_ms; /* since when nothing was finished because of trouble; 0 all is well */
};

/* --- what a comparison tells --- */

static void on_difference(void *context, const struct difference *difference, size_t count)
{
    struct worker *worker = context;
    found_add(&worker->found, difference, count);
}

static void keep_found(struct worker *worker)
{
    struct found *found = &worker->found;

    for (size_t i = 0; i < found->kept; i++)
        pass_keep_difference(worker->pass, &found->items[i], 1);
    pass_keep_difference(worker->pass, NULL, found->count - found->kept);
    worker->span->differences += found->count;
    found_clear(found);
}

/* What a journal may know: not further than it can write down. */
static void note_span(struct span *span)
{
    struct verify_span *told = &span->told;
    char done[SPAN_KEY_SIZE];

    if (!verify_key_text(&span->done, done, sizeof(done)) && span->state != SPAN_DONE)
        return;
    (void)snprintf(told->done_until, sizeof(told->done_until), "%s", done);
    told->is_done = span->state == SPAN_DONE;
    told->rows = span->rows;
    told->chunks = span->chunks;
    told->bytes = span->bytes;
    told->differences = span->differences;
    told->mode = span->mode;
    told->at_us = clock_wall_us();
    row_hash_text(span->hash, told->hash);
    span->is_changed = true;
}

/* The mutex is held. */
static void take_results(struct worker *worker, const struct comparison_chunk *chunk)
{
    struct span *span = worker->span;
    struct err err = {0};

    span->rows = worker->comparison->rows;
    span->chunks = worker->comparison->chunks;
    span->bytes = worker->comparison->bytes;
    span->hash = worker->comparison->hash;
    if (chunk->until && key_point_copy(&span->done, chunk->until, &err))
        span->done.is_set = false; /* out of memory: begun again when it is repeated */
    keep_found(worker);
    span->mode = worker->comparison->used;
    /* The last chunk is told with the span's end: it has no key to be gone on from. */
    if (chunk->until && span->done.is_set)
        note_span(span);
}

/* About CHUNK_BYTES a chunk, by the server's estimate of the table's size. */
static uint64_t first_chunk_rows(const struct verify_options *options,
                                 const struct table_shape *table)
{
    if (options->chunk_rows)
        return options->chunk_rows;
    uint64_t row_bytes = table->rows_estimate ? table->bytes_estimate / table->rows_estimate : 0;
    uint64_t rows = CHUNK_BYTES / (row_bytes + ROW_OVERHEAD_BYTES);
    return rows < PACE_ROWS_MIN ? PACE_ROWS_MIN : rows > CHUNK_ROWS_MAX ? CHUNK_ROWS_MAX : rows;
}

/*
 * While the last chunk of a span is read on the replica, nothing is read on the source. So chunks
 * become smaller towards the end, as far as that can be told: one is half of what is left.
 */
static uint64_t most_rows(const struct worker *worker)
{
    const struct comparison *comparison = worker->comparison;
    const struct span_plan *plan = &worker->task->plan;
    const struct span *span = worker->span;
    uint64_t first = first_chunk_rows(worker->pass->options, worker->task->table);
    uint64_t read = comparison->rows + comparison->chunk_rows; /* one is under way */
    unsigned number = span->told.number;
    bool is_rest = !span->until.is_set && number < plan->expected;
    uint64_t all = plan->rows * (is_rest ? plan->expected - number : 1);

    if (all <= read) /* more than the server said: how many more is not known */
        return PACE_ROWS_MAX;
    uint64_t half = (all - read) / 2;
    return half < first ? first : half;
}

static void on_chunk(void *context, const struct comparison_chunk *chunk)
{
    struct worker *worker = context;
    struct pass *pass = worker->pass;
    struct comparison *comparison = worker->comparison;
    {
        PASS_HOLD(pass);
        pass->rows_done += chunk->sum.rows;
        pass->bytes_done += chunk->sum.bytes;
        pass->report.chunks++;
        pass->report.rechecked += chunk->is_rechecked;
        (void)snprintf(pass->current, sizeof(pass->current), "%s", worker->task->result.table);
        pass->trouble[0] = '\0';
        take_results(worker, chunk);
    }
    worker->trouble_ms = 0;
    if (!pass->pace || pass->options->chunk_rows)
        return;
    uint64_t most = most_rows(worker);
    const struct pace_chunk done = {.rows = chunk->sum.rows,
                                    .bytes = chunk->sum.bytes,
                                    .rows_wanted = comparison->chunk_rows,
                                    .took_ms = chunk->took_ms};
    uint64_t next = pace_chunk_done(pass->pace, &worker->task->history, &done);
    /* where writes are in the way, smaller chunks are looked at again more cheaply */
    if (chunk->is_rechecked && comparison->chunk_rows > CHUNK_ROWS_MAX)
        next = CHUNK_ROWS_MAX;
    comparison->chunk_rows = next < most ? next : most;
}

static bool is_stopping(void *context)
{
    struct worker *worker = context;
    PASS_HOLD(worker->pass);
    return worker->pass->is_failed;
}

static int before_chunk(void *context, struct err *err)
{
    struct worker *worker = context;
    if (!worker->pass->pace)
        return 0;
    return pace_wait(worker->pass->pace, &worker->pair, is_stopping, worker, err);
}

/* --- trouble --- */

enum native_error {
    NATIVE_SHUTDOWN = 1053,
    NATIVE_NO_DATABASE = 1049,
    NATIVE_NO_COLUMN = 1054,
    NATIVE_NO_TABLE = 1146,
    NATIVE_NO_INDEX = 1176,
    NATIVE_INTERRUPTED = 1317,
    NATIVE_DEFINITION_CHANGED = 1412,
    NATIVE_ACCESS_DENIED = 1045,
    NATIVE_NO_INDEX_READ = 1072,
};

enum pass_trouble pass_trouble_of(int rc, const struct err *err, bool is_dead)
{
    if (rc == ERR_STOPPED)
        return PASS_FATAL;
    if (err->native == NATIVE_ACCESS_DENIED)
        return PASS_FATAL;
    if (rc == ERR_LOST || is_dead || err->native == NATIVE_SHUTDOWN)
        return PASS_LOST;
    if (rc == ERR_PROTOCOL)
        return PASS_SHAPE_CHANGED; /* another number of columns than there were */
    switch ((enum native_error)err->native) {
    case NATIVE_NO_DATABASE:
    case NATIVE_NO_COLUMN:
    case NATIVE_NO_TABLE:
    case NATIVE_NO_INDEX:
    case NATIVE_NO_INDEX_READ:
    case NATIVE_DEFINITION_CHANGED:
        return PASS_SHAPE_CHANGED;
    case NATIVE_INTERRUPTED:
        return PASS_INTERRUPTED;
    case NATIVE_SHUTDOWN:
    case NATIVE_ACCESS_DENIED:
        break;
    }
    /* a statement that changes a table holds it for itself while it works */
    return is_lock_conflict(rc, err) ? PASS_INTERRUPTED : PASS_FATAL;
}

static void tell_trouble(struct pass *pass, const struct err *err)
{
    PASS_HOLD(pass);
    (void)snprintf(pass->trouble, sizeof(pass->trouble), "%.*s does not answer, trying again", 100,
                   err->where[0] ? err->where : "a server");
}

static bool is_wanted(struct pass *pass)
{
    PASS_HOLD(pass);
    return !pass->is_failed && !signals_stop_wanted();
}

/* Connect, until deadline_ms. */
static int open_pair_until(struct pass *pass, int64_t deadline_ms, struct pair *out,
                           struct err *err)
{
    const struct verify_options *options = pass->options;
    for (;;) {
        int rc = pair_open(options->service, options->source, options->is_still, out, err);
        if (!rc || pass_trouble_of(rc, err, false) != PASS_LOST || clock_mono_ms() >= deadline_ms)
            return rc;
        tell_trouble(pass, err);
        (void)clock_sleep_ms(RECONNECT_MS); /* a stop is seen now */
        if (!is_wanted(pass))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while connecting");
    }
}

int pass_open_pair(struct pass *pass, struct pair *out, struct err *err)
{
    return open_pair_until(pass, clock_mono_ms() + PASS_PATIENCE_MS, out, err);
}

static bool is_dead(const struct pair *pair)
{
    return !pair->source.db || !pair->replica.db || db_is_dead(pair->source.db) ||
           db_is_dead(pair->replica.db);
}

/* After a server was away its link needs a moment, too. */
static bool is_link_starting(const struct worker *worker, int rc, const struct err *err)
{
    return worker->trouble_ms && rc == ERR_SERVER && !err->native;
}

/*
 * A comparison failed. 0: it may be repeated, *out_is_stale says that the table has changed
 * instead. Otherwise the error is the end of the pass.
 */
static int get_up(struct worker *worker, int rc, bool *out_is_stale, struct err *err)
{
    struct pass *pass = worker->pass;
    enum pass_trouble trouble = pass_trouble_of(rc, err, is_dead(&worker->pair));

    *out_is_stale = trouble == PASS_SHAPE_CHANGED && !pass->options->is_still;
    if (*out_is_stale)
        return 0;
    if (trouble == PASS_FATAL && is_link_starting(worker, rc, err))
        trouble = PASS_INTERRUPTED;
    if (trouble != PASS_LOST && trouble != PASS_INTERRUPTED)
        return rc;
    int64_t now_ms = clock_mono_ms();
    if (!worker->trouble_ms)
        worker->trouble_ms = now_ms;
    if (now_ms - worker->trouble_ms > PASS_PATIENCE_MS)
        return rc;
    tell_trouble(pass, err);
    (void)clock_sleep_ms(REPEAT_MS); /* a stop is seen now */
    if (!is_wanted(pass))
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while repeating a chunk");
    if (trouble != PASS_LOST)
        return 0;
    pair_release(&worker->pair);
    worker->pair = (struct pair){0};
    return open_pair_until(pass, worker->trouble_ms + PASS_PATIENCE_MS, &worker->pair, err);
}

/* --- a span --- */

/* The task's table as the replica side has it. */
static const struct table_shape *other_shape(const struct worker *worker)
{
    const struct table_shape *table = worker->task->table;
    return table_catalog_find(&worker->pass->replica, table->database, table->name);
}

/* The report names the weakest way that was used, and why it was not the one asked for. */
static void tell_how(struct pass *pass, const char *label, const struct comparison *comparison)
{
    struct verify_report *report = &pass->report;
    PASS_HOLD(pass);
    if (comparison->used >= pass->weakest)
        (void)snprintf(report->algorithm, sizeof(report->algorithm), "%s", comparison->algorithm);
    pass->weakest = comparison->used > pass->weakest ? comparison->used : pass->weakest;
    if (comparison->warning[0])
        pass_warn(pass, label, comparison->warning);
}

/* From where it stands to its end. */
static int compare_once(struct worker *worker, struct err *err)
{
    CLEANUP(walk_release) struct walk walk = {0};
    const struct verify_options *options = worker->pass->options;
    struct span *span = worker->span;
    int rc = walk_init(&walk, worker->task->table, other_shape(worker), err);
    if (!rc)
        rc = walk_choose_form(&walk, &worker->pair, err);
    if (rc)
        return rc;
    CLEANUP(key_point_release) struct key_point after = {0};
    rc = key_point_copy(&after, span->done.is_set ? &span->done : &span->from, err);
    if (rc)
        return rc;
    struct comparison comparison = {
        .pair = &worker->pair,
        .walk = &walk,
        .mode = options->mode,
        .snapshot = &worker->snapshot,
        .after = &after,
        .until = &span->until,
        .chunk_rows = first_chunk_rows(options, worker->task->table),
        .tail_rows = options->tail_rows,
        .is_unhurried = options->pace && options->pace->duty_percent % 100,
        .before_chunk = before_chunk,
        .on_chunk = on_chunk,
        .on_difference = on_difference,
        .is_stopping = is_stopping,
        .context = worker,
        .rows = span->rows,
        .chunks = span->chunks,
        .bytes = span->bytes,
        .hash = span->hash,
    };
    worker->comparison = &comparison;
    found_clear(&worker->found);
    rc = walk.key ? table_compare(&comparison, err) : table_compare_whole(&comparison, err);
    worker->comparison = NULL;
    if (rc)
        return err_wrap(err, "comparing %s", worker->task->table->label);
    tell_how(worker->pass, worker->task->table->label, &comparison);
    return 0;
}

static int compare_span(struct worker *worker, bool *out_is_stale, struct err *err)
{
    for (;;) {
        *out_is_stale = false;
        int rc = compare_once(worker, err);
        if (rc)
            rc = get_up(worker, rc, out_is_stale, err);
        else
            return 0;
        if (rc || *out_is_stale)
            return rc;
    }
}

/* --- taking the next one --- */

static struct span *take_waiting(struct task *task)
{
    for (size_t i = 0; i < task->span_count; i++)
        if (task->spans[i]->state == SPAN_WAITING)
            return task->spans[i];
    return NULL;
}

/* The first task that has a span, or room for one. The mutex is held. */
static bool choose(struct worker *worker, bool *out_is_other_cutting)
{
    struct pass *pass = worker->pass;

    *out_is_other_cutting = false;
    for (size_t i = 0; i < pass->task_count; i++) {
        struct task *task = &pass->tasks[i];
        if (task->state != TASK_OPEN)
            continue;
        worker->task = task;
        worker->span = take_waiting(task);
        if (worker->span || (!task->is_cut && !task->is_being_cut))
            return true;
        *out_is_other_cutting |= task->is_being_cut;
    }
    return false;
}

/* False: nothing is left. Otherwise a span is the worker's, or (span NULL) a task that it cuts. */
static bool take(struct worker *worker)
{
    struct pass *pass = worker->pass;
    bool is_other_cutting;
    PASS_HOLD(pass);

    while (!pass->is_failed && !choose(worker, &is_other_cutting)) {
        if (!is_other_cutting)
            return false;
        (void)pthread_cond_wait(&pass->cut, &pass->mutex); /* what comes out is looked at */
    }
    if (pass->is_failed)
        return false;
    worker->task->running++;
    if (worker->span)
        worker->span->state = SPAN_RUNNING;
    else
        worker->task->is_being_cut = true;
    return true;
}

/* Where the next span ends. A key that a journal could not hold is no place for a cut. */
static int find_bound(struct worker *worker, const struct key_point *after, struct key_point *out,
                      struct err *err)
{
    CLEANUP(walk_release) struct walk walk = {0};
    char text[SPAN_KEY_SIZE];
    int rc = walk_init(&walk, worker->task->table, other_shape(worker), err);

    if (!rc && walk.key)
        rc = span_next_bound(&worker->task->plan, &walk, &worker->pair.source, after, out, err);
    if (!rc && !verify_key_text(out, text, sizeof(text)))
        out->is_set = false;
    return rc;
}

static bool is_last_span(struct worker *worker)
{
    struct pass *pass = worker->pass;
    PASS_HOLD(pass);
    return !pass->options->span_rows && task_is_one_share(pass, worker->task);
}

static int cut(struct worker *worker, bool *out_is_stale, struct err *err)
{
    CLEANUP(key_point_release) struct key_point after = {0};
    CLEANUP(key_point_release) struct key_point until = {0};
    struct task *task = worker->task;
    int rc = 0;

    *out_is_stale = false;
    task->plan.is_last = is_last_span(worker);
    if (task->span_count) /* only who cuts adds spans */
        rc = key_point_copy(&after, &task->spans[task->span_count - 1]->until, err);
    while (!rc) {
        rc = find_bound(worker, &after, &until, err);
        if (!rc)
            break;
        rc = get_up(worker, rc, out_is_stale, err);
        if (*out_is_stale)
            break;
    }
    PASS_HOLD(worker->pass);
    task->is_being_cut = false;
    (void)pthread_cond_broadcast(&worker->pass->cut);
    if (rc || *out_is_stale)
        return rc;
    worker->span = task_add_span(task, &until);
    if (!worker->span)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a span of %s",
                       task->table->label);
    worker->span->state = SPAN_RUNNING;
    return 0;
}

static void put_back(struct worker *worker, bool is_done, bool is_stale, const struct err *err)
{
    struct pass *pass = worker->pass;
    struct task *task = worker->task;
    PASS_HOLD(pass);

    task->running--;
    if (worker->span && is_done) {
        worker->span->state = SPAN_DONE;
        note_span(worker->span);
    } else if (worker->span) {
        worker->span->state = SPAN_WAITING;
    }
    if (is_stale) {
        task->state = TASK_STALE;
        pass->stale_err = *err;
    }
    if (task->state == TASK_OPEN && task_is_complete(task)) {
        task_sum_up(task);
        task->state = TASK_DONE;
    }
}

static void worker_ends(struct worker *worker, int rc, const struct err *err)
{
    struct pass *pass = worker->pass;
    PASS_HOLD(pass);
    if (rc && !pass->is_failed) {
        pass->is_failed = true;
        pass->first_err = *err;
    }
    pass->report.snapshots += worker->snapshot.count;
    if (worker->snapshot.longest_us > pass->report.barrier_us)
        pass->report.barrier_us = worker->snapshot.longest_us;
    pass->running--;
    (void)pthread_cond_signal(&pass->ended);
    (void)pthread_cond_broadcast(&pass->cut);
}

/*
 * Rows come in pieces of 16 KiB. A reader that is woken for each pushes a server on the same
 * machine off its CPU each time; SCHED_BATCH lets them add up (sched(7)). Where it is refused the
 * comparison only takes more CPU.
 */
static void let_rows_add_up(void)
{
    const struct sched_param none = {0};
    (void)sched_setscheduler(0, SCHED_BATCH, &none);
}

void *pass_work(void *context)
{
    struct worker worker = {.pass = context};
    if (!worker.pass->options->is_still)
        let_rows_add_up();
    worker.snapshot.service = worker.pass->options->service;
    worker.snapshot.limit_ms = worker.pass->options->snapshot_ms;
    struct err err = {0};

    int rc = pass_open_pair(worker.pass, &worker.pair, &err);
    while (!rc && take(&worker)) {
        bool is_stale = false;
        if (!worker.span)
            rc = cut(&worker, &is_stale, &err);
        if (!rc && !is_stale)
            rc = compare_span(&worker, &is_stale, &err);
        put_back(&worker, !rc && !is_stale, is_stale, &err);
    }
    worker_ends(&worker, rc, &err);
    pair_release(&worker.pair);
    found_release(&worker.found);
    return NULL;
}
