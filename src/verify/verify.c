/* SPDX-License-Identifier: MIT */
/* A pass over all tables: schema first, then workers that take one table after the other. */
#include "verify/verify.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/compare.h"
#include "verify/schema.h"

#define WORKERS_DEFAULT 2
#define WORKERS_CAP 64
#define CHUNK_BYTES (1U << 20)
#define CHUNK_ROWS_MIN 200
#define CHUNK_ROWS_MAX 20000
#define ROW_OVERHEAD_BYTES                                                                         \
    32 /* of the wire and of us, so that narrow rows do not make endless chunks */
#define PROGRESS_MS 500
#define SCHEMA_TRIES 3

enum task_state { TASK_WAITING, TASK_RUNNING, TASK_DONE, TASK_TOLD };

struct task {
    const struct table_shape *table;
    enum task_state state;
    uint64_t rows, chunks;
    struct row_hash hash;
    size_t differences;
};

struct pass {
    const struct verify_options *options;
    struct table_catalog source, replica;
    struct task *tasks; /* biggest first */
    size_t task_count;
    int64_t started_ms;

    pthread_mutex_t mutex; /* guards all below */
    pthread_cond_t changed;
    struct verify_report report;
    unsigned running, done;
    uint64_t rows_done;
    char current[160];
    bool is_failed;
    struct err first_err;
};

static void unlock(pthread_mutex_t **mutex)
{
    (void)pthread_mutex_unlock(*mutex);
}
#define HOLD(pass)                                                                                 \
    CLEANUP(unlock) pthread_mutex_t *held_mutex = &(pass)->mutex;                                  \
    (void)pthread_mutex_lock(held_mutex)

/* --- what workers tell --- */

struct worker {
    struct pass *pass;
    struct task *task;
};

/* Keep a difference in the report; the mutex is held, or no worker runs yet. */
static void keep_difference(struct pass *pass, const struct difference *difference, size_t count)
{
    struct verify_report *report = &pass->report;
    report->difference_count += count;
    if (!difference || report->difference_kept == VERIFY_DIFFERENCE_CAP)
        return;
    if (!report->differences)
        report->differences = calloc(VERIFY_DIFFERENCE_CAP, sizeof(*report->differences));
    if (report->differences)
        report->differences[report->difference_kept++] = *difference;
}

static void on_difference(void *context, const struct difference *difference, size_t count)
{
    struct worker *worker = context;
    HOLD(worker->pass);
    worker->task->differences += count;
    keep_difference(worker->pass, difference, count);
}

static void on_chunk(void *context, const struct comparison_chunk *chunk)
{
    struct worker *worker = context;
    HOLD(worker->pass);
    worker->pass->rows_done += chunk->sum.rows;
    worker->pass->report.chunks++;
    worker->pass->report.rechecked += chunk->is_rechecked;
    (void)snprintf(worker->pass->current, sizeof(worker->pass->current), "%s",
                   worker->task->table->label);
}

static bool is_stopping(void *context)
{
    struct worker *worker = context;
    HOLD(worker->pass);
    return worker->pass->is_failed;
}

static void warn(struct pass *pass, const char *what, const char *table)
{
    struct verify_report *report = &pass->report;
    if (report->warning_count == ARRAY_LEN(report->warnings))
        return;
    char *line = report->warnings[report->warning_count++];
    (void)snprintf(line, sizeof(report->warnings[0]), "%s %s", table, what);
}

/* --- a worker --- */

/* About CHUNK_BYTES a chunk, by the server's estimate of the table's size. */
static uint64_t choose_chunk_rows(const struct verify_options *options,
                                  const struct table_shape *table)
{
    if (options->chunk_rows)
        return options->chunk_rows;
    uint64_t row_bytes = table->rows_estimate ? table->bytes_estimate / table->rows_estimate : 0;
    uint64_t rows = CHUNK_BYTES / (row_bytes + ROW_OVERHEAD_BYTES);
    return rows < CHUNK_ROWS_MIN ? CHUNK_ROWS_MIN : rows > CHUNK_ROWS_MAX ? CHUNK_ROWS_MAX : rows;
}

static int compare_task(struct worker *worker, struct pair *pair, struct err *err)
{
    CLEANUP(walk_release) struct walk walk = {0};
    const struct verify_options *options = worker->pass->options;
    int rc = walk_init(&walk, worker->task->table, err);
    if (rc)
        return rc;
    struct comparison comparison = {
        .pair = pair,
        .walk = &walk,
        .chunk_rows = choose_chunk_rows(options, worker->task->table),
        .tail_rows = options->tail_rows,
        .on_chunk = on_chunk,
        .on_difference = on_difference,
        .is_stopping = is_stopping,
        .context = worker,
    };
    rc = walk.key ? table_compare(&comparison, err) : table_compare_whole(&comparison, err);
    if (rc)
        return err_wrap(err, "comparing %s", worker->task->table->label);
    worker->task->rows = comparison.rows;
    worker->task->chunks = comparison.chunks;
    worker->task->hash = comparison.hash;
    return 0;
}

static struct task *take_task(struct pass *pass)
{
    HOLD(pass);
    for (size_t i = 0; !pass->is_failed && i < pass->task_count; i++)
        if (pass->tasks[i].state == TASK_WAITING) {
            pass->tasks[i].state = TASK_RUNNING;
            return &pass->tasks[i];
        }
    return NULL;
}

static void finish_task(struct pass *pass, struct task *task)
{
    HOLD(pass);
    task->state = TASK_DONE;
    pass->done++;
    (void)pthread_cond_signal(&pass->changed);
}

static void worker_ends(struct pass *pass, int rc, const struct err *err)
{
    HOLD(pass);
    if (rc && !pass->is_failed) {
        pass->is_failed = true;
        pass->first_err = *err;
    }
    pass->running--;
    (void)pthread_cond_signal(&pass->changed);
}

static void *work(void *context)
{
    struct worker worker = {.pass = context};
    CLEANUP(pair_release) struct pair pair = {0};
    struct err err = {0};
    const struct verify_options *options = worker.pass->options;

    int rc = pair_open(options->service, options->source, options->is_still, &pair, &err);
    while (!rc && (worker.task = take_task(worker.pass))) {
        rc = compare_task(&worker, &pair, &err);
        if (!rc)
            finish_task(worker.pass, worker.task);
    }
    worker_ends(worker.pass, rc, &err);
    return NULL;
}

/* --- the pass --- */

static bool is_chosen(const struct verify_options *options, const char *label)
{
    if (!options->tables)
        return true;
    for (size_t i = 0; i < options->table_count; i++)
        if (!strcmp(options->tables[i], label))
            return true;
    return false;
}

static int check_chosen(const struct pass *pass, struct err *err)
{
    const struct verify_options *options = pass->options;
    for (size_t i = 0; options->tables && i < options->table_count; i++) {
        bool is_found = false;
        for (size_t k = 0; k < pass->source.count; k++)
            is_found |= !strcmp(pass->source.tables[k].label, options->tables[i]);
        for (size_t k = 0; k < pass->replica.count; k++)
            is_found |= !strcmp(pass->replica.tables[k].label, options->tables[i]);
        if (!is_found)
            return err_set(err, ERR_REFUSED, EFFECT_NONE, "there is no table %s on either side",
                           options->tables[i]);
    }
    return 0;
}

static void add_task(struct pass *pass, const struct table_shape *table)
{
    bool is_tail = pass->options->tail_rows != 0;
    bool has_key = table_shape_key(table) != NULL;
    if (!strcmp(table->kind, "SEQUENCE")) {
        warn(pass, "is a sequence: its value is not compared", table->label);
        return;
    }
    if (!has_key && is_tail && table->rows_estimate > pass->options->tail_rows) {
        warn(pass, "has no key, so it has no last rows: left out here", table->label);
        return;
    }
    if (!has_key)
        warn(pass, "has no usable key: compared as a whole, slowly; give it a primary key",
             table->label);
    pass->tasks[pass->task_count++] = (struct task){.table = table};
    pass->report.tables++;
}

static int by_size(const void *a, const void *b)
{
    const struct task *left = a, *right = b;
    uint64_t x = left->table->bytes_estimate, y = right->table->bytes_estimate;
    return x < y ? 1 : x > y ? -1 : strcmp(left->table->label, right->table->label);
}

static int by_name(const void *a, const void *b)
{
    const struct task *left = a, *right = b;
    return strcmp(left->table->label, right->table->label);
}

static int load_schemas(struct pass *pass, struct pair *pair, struct err *err)
{
    int rc = schema_load(pass->options->service, &pair->source, &pass->source, err);
    if (!rc)
        rc = pair_wait(pair, &pair->source, &pair->replica, COMPARE_PATIENCE_MS, true, err);
    if (!rc)
        rc = schema_load(pass->options->service, &pair->replica, &pass->replica, err);
    return rc ? rc : check_chosen(pass, err);
}

/* Compare the shapes of all chosen tables; with is_final, report what differs and make the tasks.
 */
static size_t compare_schemas(struct pass *pass, bool is_final)
{
    struct difference difference;
    bool is_comparable;
    size_t different = 0;

    for (size_t i = 0; i < pass->source.count; i++) {
        const struct table_shape *table = &pass->source.tables[i];
        const struct table_shape *other =
            table_catalog_find(&pass->replica, table->database, table->name);
        if (!is_chosen(pass->options, table->label))
            continue;
        bool is_different = schema_difference(table, other, &difference, &is_comparable);
        different += is_different;
        if (is_different && is_final)
            keep_difference(pass, &difference, 1);
        if (is_comparable && is_final)
            add_task(pass, table);
    }
    for (size_t i = 0; i < pass->replica.count; i++) {
        const struct table_shape *table = &pass->replica.tables[i];
        if (!is_chosen(pass->options, table->label) ||
            table_catalog_find(&pass->source, table->database, table->name))
            continue;
        different++;
        if (is_final && schema_difference(NULL, table, &difference, &is_comparable))
            keep_difference(pass, &difference, 1);
    }
    return different;
}

/* A statement that changes a table may arrive between the two reads, so a difference is looked at
 * again. */
static int prepare(struct pass *pass, struct err *err)
{
    CLEANUP(pair_release) struct pair pair = {0};
    const struct verify_options *options = pass->options;

    int rc = pair_open(options->service, options->source, options->is_still, &pair, err);
    for (int tries = 1; !rc; tries++) {
        rc = load_schemas(pass, &pair, err);
        if (rc || options->is_still || tries == SCHEMA_TRIES || !compare_schemas(pass, false))
            break;
        (void)clock_sleep_ms(200LL * tries); /* cut short by a stop, which the workers see */
    }
    if (rc)
        return rc;
    pass->tasks = calloc(pass->source.count + 1, sizeof(*pass->tasks));
    if (!pass->tasks)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu tables",
                       pass->source.count);
    (void)compare_schemas(pass, true); /* what it counts is in the report now */
    qsort(pass->tasks, pass->task_count, sizeof(*pass->tasks), by_size);
    return 0;
}

static void tell_progress(const struct pass *pass, uint64_t rows_total,
                          const struct verify_progress *counted)
{
    struct verify_progress progress = *counted;
    if (!pass->options->progress)
        return;
    progress.rows_total = rows_total > progress.rows_done ? rows_total : progress.rows_done;
    progress.tables_total = (unsigned)pass->task_count;
    progress.elapsed_ms = clock_mono_ms() - pass->started_ms;
    progress.eta_ms = progress.rows_done
                          ? (int64_t)((double)progress.elapsed_ms / (double)progress.rows_done *
                                      (double)(progress.rows_total - progress.rows_done))
                          : -1;
    pass->options->progress(pass->options->context, &progress);
}

/* Tables that were finished since the last call; the mutex is not held, so a slow journal stops no
 * worker. */
static void tell_tables(struct pass *pass)
{
    for (size_t i = 0; i < pass->task_count; i++) {
        struct task *task = &pass->tasks[i];
        (void)pthread_mutex_lock(&pass->mutex);
        bool is_new = task->state == TASK_DONE;
        if (is_new)
            task->state = TASK_TOLD;
        (void)pthread_mutex_unlock(&pass->mutex);
        if (!is_new || !pass->options->table_done)
            continue;
        char hash[33];
        row_hash_text(task->hash, hash);
        pass->options->table_done(pass->options->context, task->table->label, task->rows, hash,
                                  task->differences);
    }
}

static void wait_for_workers(struct pass *pass)
{
    uint64_t rows_total = 0;
    for (size_t i = 0; i < pass->task_count; i++)
        rows_total += pass->options->tail_rows &&
                              pass->options->tail_rows < pass->tasks[i].table->rows_estimate
                          ? pass->options->tail_rows
                          : pass->tasks[i].table->rows_estimate;
    int64_t next_ms = 0;
    bool is_running = true;

    while (is_running) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += PROGRESS_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;

        (void)pthread_mutex_lock(&pass->mutex);
        if (pass->running)
            (void)pthread_cond_timedwait(&pass->changed, &pass->mutex,
                                         &until); /* late or early, we look */
        is_running = pass->running > 0;
        struct verify_progress counted = {.rows_done = pass->rows_done,
                                          .tables_done = pass->done,
                                          .chunks = pass->report.chunks,
                                          .rechecked = pass->report.rechecked,
                                          .differences = pass->report.difference_count};
        (void)snprintf(counted.current, sizeof(counted.current), "%s", pass->current);
        (void)pthread_mutex_unlock(&pass->mutex);

        tell_tables(pass);
        if (!is_running || clock_mono_ms() >= next_ms) {
            tell_progress(pass, rows_total, &counted);
            next_ms = clock_mono_ms() + PROGRESS_MS;
        }
    }
}

static int run_workers(struct pass *pass, struct err *err)
{
    pthread_t threads[WORKERS_CAP];
    unsigned wanted = pass->options->workers ? pass->options->workers : WORKERS_DEFAULT,
             started = 0;

    wanted = wanted > WORKERS_CAP ? WORKERS_CAP : wanted;
    wanted = wanted > pass->task_count ? (unsigned)pass->task_count : wanted;
    pass->running = wanted;
    while (started < wanted && !pthread_create(&threads[started], NULL, work, pass))
        started++;
    if (started < wanted) {
        HOLD(pass);
        pass->running -= wanted - started;
        pass->is_failed = true;
        (void)err_set(&pass->first_err, ERR_MEMORY, EFFECT_NONE, "cannot start a thread");
    }
    wait_for_workers(pass);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL); /* fails for threads that are not ours only */
    if (pass->is_failed) {
        *err = pass->first_err;
        return err->code;
    }
    return 0;
}

static int finish(struct pass *pass, struct err *err)
{
    CLEANUP(pair_release) struct pair pair = {0};
    const struct verify_options *options = pass->options;
    struct verify_report *report = &pass->report;
    struct row_hash all = {0};

    qsort(pass->tasks, pass->task_count, sizeof(*pass->tasks), by_name);
    for (size_t i = 0; i < pass->task_count; i++) {
        const struct row_hash parts[2] = {all, pass->tasks[i].hash};
        XXH128_hash_t hash = XXH3_128bits(parts, sizeof(parts));
        all = (struct row_hash){.low = hash.low64, .high = hash.high64};
        report->rows += pass->tasks[i].rows;
    }
    row_hash_text(all, report->hash);
    int rc = pair_open(options->service, options->source, true, &pair, err);
    if (!rc)
        rc = end_position(&pair.source, &report->position, err);
    report->duration_ms = clock_mono_ms() - pass->started_ms;
    return rc;
}

static void pass_release(struct pass *pass)
{
    table_catalog_release(&pass->source);
    table_catalog_release(&pass->replica);
    verify_report_release(&pass->report);
    free(pass->tasks);
    (void)pthread_mutex_destroy(&pass->mutex);
    (void)pthread_cond_destroy(&pass->changed);
}

static void pass_init(struct pass *pass, const struct verify_options *options)
{
    pthread_condattr_t attributes;

    *pass = (struct pass){.options = options, .started_ms = clock_mono_ms()};
    (void)pthread_mutex_init(&pass->mutex, NULL); /* cannot fail on Linux */
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pass->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

int verify_run(const struct verify_options *options, struct verify_report *out, struct err *err)
{
    CLEANUP(pass_release) struct pass pass;

    pass_init(&pass, options);
    int rc = prepare(&pass, err);
    if (!rc && pass.task_count)
        rc = run_workers(&pass, err);
    if (!rc)
        rc = finish(&pass, err);
    if (rc)
        return rc;
    *out = pass.report;
    pass.report = (struct verify_report){0};
    return 0;
}

void verify_report_release(struct verify_report *report)
{
    free(report->differences);
    *report = (struct verify_report){0};
}
