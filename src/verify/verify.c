/* SPDX-License-Identifier: MIT */
/* A pass over all tables: rounds of workers, what is told meanwhile, and the report. */
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/pass.h"

#define WORKERS_DEFAULT 2
#define WORKERS_CAP 64
#define PROGRESS_MS 500
#define TELL_MS 100
#define TOLD_CAP 32
#define ROUNDS 4

const char *difference_kind_name(enum difference_kind kind)
{
    static const char *const names[] = {[DIFFERENCE_MISSING] = "missing",
                                        [DIFFERENCE_EXTRA] = "extra",
                                        [DIFFERENCE_CHANGED] = "changed",
                                        [DIFFERENCE_SCHEMA] = "schema"};
    return names[kind];
}

void pass_unlock(pthread_mutex_t **mutex)
{
    (void)pthread_mutex_unlock(*mutex);
}

/* --- telling --- */

static uint64_t rows_expected(const struct pass *pass)
{
    uint64_t rows = 0;
    for (size_t i = 0; i < pass->task_count; i++) {
        uint64_t estimate = pass->tasks[i].table->rows_estimate;
        rows += pass->options->tail_rows && pass->options->tail_rows < estimate
                    ? pass->options->tail_rows
                    : estimate;
    }
    return rows;
}

static void count_spans(const struct pass *pass, struct verify_progress *out)
{
    for (size_t i = 0; i < pass->task_count; i++) {
        const struct task *task = &pass->tasks[i];
        out->tables_done += task->state == TASK_DONE || task->state == TASK_TOLD;
        out->spans_total += task_spans_expected(task);
        for (size_t k = 0; k < task->span_count; k++)
            out->spans_done += task->spans[k]->state == SPAN_DONE;
    }
}

/* The mutex is held. */
static void count(struct pass *pass, struct verify_progress *out)
{
    *out = (struct verify_progress){.rows_done = pass->rows_done,
                                    .bytes_done = pass->bytes_done,
                                    .rows_total = rows_expected(pass),
                                    .tables_total = (unsigned)pass->task_count,
                                    .chunks = pass->report.chunks,
                                    .rechecked = pass->report.rechecked,
                                    .differences = pass->report.difference_count,
                                    .elapsed_ms = clock_mono_ms() - pass->started_ms,
                                    .eta_ms = -1};
    count_spans(pass, out);
    (void)snprintf(out->current, sizeof(out->current), "%s", pass->current);
    (void)snprintf(out->held, sizeof(out->held), "%.*s", (int)sizeof(out->held) - 1, pass->trouble);
}

static void tell_progress(struct pass *pass)
{
    struct verify_progress now;

    if (!pass->options->progress)
        return;
    {
        PASS_HOLD(pass);
        count(pass, &now);
    }
    if (pass->pace && !now.held[0])
        (void)snprintf(now.held, sizeof(now.held), "%s",
                       pace_reason_text(pace_held(pass->pace, NULL)));
    if (now.rows_total < now.rows_done)
        now.rows_total = now.rows_done;
    uint64_t rows = now.rows_done - pass->rows_resumed;
    if (rows && now.elapsed_ms > 0) {
        now.rows_per_s = rows * 1000 / (uint64_t)now.elapsed_ms;
        now.eta_ms = (int64_t)((double)now.elapsed_ms / (double)rows *
                               (double)(now.rows_total - now.rows_done));
    }
    pass->options->progress(pass->options->context, &now);
}

/* Copies of spans that were not told yet; the mutex is held. */
static size_t take_changed(struct pass *pass, struct verify_span *out, size_t cap)
{
    size_t taken = 0;
    for (size_t i = 0; i < pass->task_count; i++) {
        struct task *task = &pass->tasks[i];
        for (size_t k = 0; k < task->span_count; k++) {
            if (!task->spans[k]->is_changed)
                continue;
            if (taken == cap)
                return taken;
            task->spans[k]->is_changed = false;
            out[taken++] = task->spans[k]->told;
        }
    }
    return taken;
}

/* The mutex is not held while somebody listens, so a slow journal stops no worker. */
static void tell_spans(struct pass *pass)
{
    static _Thread_local struct verify_span spans[TOLD_CAP];
    size_t taken;

    do {
        {
            PASS_HOLD(pass);
            taken = take_changed(pass, spans, ARRAY_LEN(spans));
        }
        if (taken && pass->options->spans_changed)
            pass->options->spans_changed(pass->options->context, spans, taken);
    } while (taken == ARRAY_LEN(spans));
}

static void tell_tables(struct pass *pass)
{
    const struct verify_options *options = pass->options;
    for (size_t i = 0; i < pass->task_count; i++) {
        struct task *task = &pass->tasks[i];
        bool is_new;
        {
            PASS_HOLD(pass);
            is_new = task->state == TASK_DONE;
            if (is_new)
                task->state = TASK_TOLD;
        }
        const struct verify_span *result = &task->result;
        if (is_new && options->table_done)
            options->table_done(options->context, result->table, result->rows, result->hash,
                                result->differences);
    }
}

/* --- the calling thread --- */

/*
 * What happens within TELL_MS is told together: many small tables are one transaction of a journal.
 * False as soon as the last worker has ended.
 */
static bool wait_to_tell(struct pass *pass)
{
    struct timespec until;

    (void)clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += TELL_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    PASS_HOLD(pass);
    while (pass->running)
        if (pthread_cond_timedwait(&pass->ended, &pass->mutex, &until) != 0)
            return true;
    return false;
}

static void wait_for_workers(struct pass *pass)
{
    int64_t shown_ms = 0;
    bool is_going_on = true;

    while (is_going_on) {
        is_going_on = wait_to_tell(pass);
        tell_spans(pass);
        tell_tables(pass);
        int64_t now_ms = clock_mono_ms();
        if (!is_going_on || now_ms - shown_ms >= PROGRESS_MS) {
            tell_progress(pass);
            shown_ms = now_ms;
        }
    }
}

static size_t count_open(const struct pass *pass)
{
    size_t spans = 0;
    for (size_t i = 0; i < pass->task_count; i++) {
        const struct task *task = &pass->tasks[i];
        spans += task->state == TASK_OPEN ? task->plan.expected : 0;
    }
    return spans;
}

int pass_run_workers(struct pass *pass, struct err *err)
{
    pthread_t threads[WORKERS_CAP];
    unsigned wanted = pass->options->workers ? pass->options->workers : WORKERS_DEFAULT,
             started = 0;
    size_t spans = count_open(pass);

    wanted = wanted > WORKERS_CAP ? WORKERS_CAP : wanted;
    wanted = wanted > spans ? (unsigned)spans : wanted;
    pass->running = wanted;
    while (started < wanted && !pthread_create(&threads[started], NULL, pass_work, pass))
        started++;
    if (started < wanted) {
        PASS_HOLD(pass);
        pass->running -= wanted - started;
        pass->is_failed = true;
        (void)err_set(&pass->first_err, ERR_MEMORY, EFFECT_NONE, "cannot start a thread");
    }
    wait_for_workers(pass);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL); /* fails for threads that are not ours only */
    tell_spans(pass);
    if (pass->is_failed) {
        *err = pass->first_err;
        return err->code;
    }
    return 0;
}

/* --- the pass --- */

static int read_tables(struct pass *pass, bool is_first, size_t *out_new, struct err *err)
{
    CLEANUP(pair_release) struct pair pair = {0};
    const struct verify_options *options = pass->options;
    int rc = is_first ? pair_open(options->service, options->source, options->is_still, &pair, err)
                      : pass_open_pair(pass, &pair, err);
    return rc ? rc : pass_read_tables(pass, &pair, out_new, err);
}

/* Workers, then a look whether the tables are still what they were. */
static int run_rounds(struct pass *pass, struct err *err)
{
    const struct verify_options *options = pass->options;

    for (unsigned round = 1;; round++) {
        size_t new_count = 0;
        int rc = pass->task_count ? pass_run_workers(pass, err) : 0;
        if (rc || options->is_still || options->tail_rows)
            return rc;
        rc = read_tables(pass, false, &new_count, err);
        if (rc || !new_count)
            return rc;
        if (round == ROUNDS) {
            if (pass->stale_err.code)
                *err = pass->stale_err;
            else
                (void)err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                              "the definitions of tables changed again and again while they were "
                              "compared");
            return err_hint(err, "verify again when no ALTER TABLE runs");
        }
    }
}

static int by_name(const void *a, const void *b)
{
    const struct task *left = a, *right = b;
    return strcmp(left->result.table, right->result.table);
}

static void add_up(struct pass *pass)
{
    struct verify_report *report = &pass->report;
    struct row_hash all = {0};

    qsort(pass->tasks, pass->task_count, sizeof(*pass->tasks), by_name);
    for (size_t i = 0; i < pass->task_count; i++) {
        const struct verify_span *result = &pass->tasks[i].result;
        struct {
            struct row_hash before;
            char table[33];
        } parts = {.before = all};
        memcpy(parts.table, result->hash, sizeof(parts.table));
        XXH128_hash_t hash = XXH3_128bits(&parts, sizeof(parts.before) + sizeof(parts.table));
        all = (struct row_hash){.low = hash.low64, .high = hash.high64};
        report->rows += result->rows;
        report->bytes += result->bytes;
        report->remote_tables += result->mode == VERIFY_REMOTE;
        report->fast_tables += result->mode == VERIFY_FAST;
    }
    row_hash_text(all, report->hash);
    report->stream_tables =
        (unsigned)pass->task_count - report->remote_tables - report->fast_tables;
}

static int finish(struct pass *pass, struct err *err)
{
    CLEANUP(pair_release) struct pair pair = {0};
    const struct verify_options *options = pass->options;
    struct verify_report *report = &pass->report;

    add_up(pass);
    int rc = pair_open(options->service, options->source, true, &pair, err);
    if (!rc)
        rc = end_position(&pair.source, &report->position, err);
    report->ended_us = clock_wall_us();
    report->duration_ms = clock_mono_ms() - pass->started_ms;
    return rc;
}

static void pass_release(struct pass *pass)
{
    pass_release_tasks(pass);
    table_catalog_release(&pass->source);
    table_catalog_release(&pass->replica);
    verify_report_release(&pass->report);
    pace_free(pass->pace);
    (void)pthread_mutex_destroy(&pass->mutex);
    (void)pthread_cond_destroy(&pass->ended);
    (void)pthread_cond_destroy(&pass->cut);
}

static int pass_init(struct pass *pass, const struct verify_options *options, struct err *err)
{
    pthread_condattr_t attributes;

    *pass = (struct pass){.options = options, .started_ms = clock_mono_ms()};
    pass->report.began_us = options->resume_count ? options->resume_began_us : clock_wall_us();
    (void)pthread_mutex_init(&pass->mutex, NULL); /* cannot fail on Linux */
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&pass->ended, &attributes);
    (void)pthread_cond_init(&pass->cut, NULL);
    (void)pthread_condattr_destroy(&attributes);
    /* inside a fence everybody waits for us: nothing is waited for there */
    return options->is_still || options->tail_rows ? 0 : pace_new(options->pace, &pass->pace, err);
}

int verify_run(const struct verify_options *options, struct verify_report *out, struct err *err)
{
    CLEANUP(pass_release) struct pass pass;
    size_t new_count;

    int rc = pass_init(&pass, options, err);
    if (!rc)
        rc = read_tables(&pass, true, &new_count, err);
    if (!rc)
        rc = pass_resume(&pass, err);
    if (!rc)
        rc = run_rounds(&pass, err);
    if (!rc)
        rc = pass_compare_objects(&pass, err);
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
