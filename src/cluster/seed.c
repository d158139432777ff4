/* SPDX-License-Identifier: MIT */
/*
 * A seed from its first check to its last object: one barrier, then workers, then what belongs to
 * the tables.
 */
#include "cluster/seed.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/signals.h"
#include "cluster/link.h"
#include "cluster/log_need.h"
#include "cluster/own_schema.h"
#include "cluster/seed_job.h"
#include "cluster/seed_room.h"

#define WORKERS_DEFAULT 4
#define WORKERS_CAP 32
#define PROGRESS_MS 500
#define BARRIER_TRIES 5
#define BARRIER_PAUSE_MS 1000
#define NATIVE_LOCK_WAIT_TIMEOUT 1205

struct seed_job {
    const struct seed_options *options;
    struct session source; /* for everything but rows */
    struct seed_targets targets;
    struct table_catalog tables;
    struct seed_worker *workers;
    unsigned worker_count;
    struct seed_flow flow;
    struct seed_report report;
    int64_t started_ms;
};

static void seed_job_release(struct seed_job *job)
{
    for (unsigned i = 0; job->workers && i < job->worker_count; i++)
        seed_worker_release(&job->workers[i]);
    free(job->workers);
    session_release(&job->source);
    seed_targets_release(&job->targets);
    table_catalog_release(&job->tables);
    seed_flow_release(&job->flow);
}

/* --- before anything is touched --- */

static int check_targets_empty(struct seed_job *job, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;
    buf_init(&databases, 65536);
    session_databases(job->options->service, &databases);
    const struct sql_arg args[] = {{"databases", buf_text(&databases)}};
    for (size_t i = 0; i < job->targets.count; i++) {
        CLEANUP(db_result_release) struct db_result found = {0};
        struct session *target = &job->targets.sessions[i];
        int rc = session_query(target, SQL_DATABASE_LIST, args, ARRAY_LEN(args), &found, err);
        if (rc)
            return rc;
        if (found.row_count) {
            (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s holds the database \"%s\" already",
                          target->node->name, result_text(&found, 0, "name"));
            return err_hint(err, "a seed never writes into what is there: reset that side first, "
                                 "which throws it away");
        }
    }
    return 0;
}

/* A character set without a collation means the same on both ends. */
static int agree_on_collation(struct seed_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(&job->source, SQL_SEED_SOURCE_COLLATION, NULL, 0, &row, err);
    if (rc)
        return rc;
    const struct sql_arg args[] = {{"collation", result_text(&row, 0, "collation")}};
    return seed_targets_exec(&job->targets, SQL_SEED_TARGET_COLLATION, args, ARRAY_LEN(args), err);
}

static int check_flavours(const struct seed_job *job, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; !rc && i < job->targets.count; i++)
        rc = seed_check_flavour(&job->source, &job->targets.sessions[i], err);
    return rc;
}

static int prepare(struct seed_job *job, struct err *err)
{
    const struct service *service = job->options->service;
    const struct session_limits limits = {.statement_ms = SEED_STATEMENT_MS};
    enum side from = job->options->from;

    int rc = session_open_within(service, service_primary(service, from), SESSION_CONTROLLER,
                                 &limits, &job->source, err);
    if (!rc)
        rc = session_exec(&job->source, SQL_SEED_SHAPES_SESSION, NULL, 0, err);
    if (!rc)
        rc = seed_targets_open(service, side_other(from), job->options->permit, &job->targets, err);
    if (!rc)
        rc = check_flavours(job, err);
    if (!rc)
        rc = agree_on_collation(job, err);
    if (!rc)
        rc = check_targets_empty(job, err);
    /*
     * Read before the snapshot and compared again at the end: whatever DDL comes in between shows.
     */
    if (!rc)
        rc = seed_load_tables(service, &job->source, &job->tables, err);
    if (!rc)
        rc = seed_check_source(&job->source, &job->tables, job->options->rate, err);
    if (!rc)
        rc = seed_create_accounts(service, &job->source, &job->targets, err);
    return rc;
}

static int open_workers(struct seed_job *job, struct err *err)
{
    unsigned wanted = job->options->workers ? job->options->workers : WORKERS_DEFAULT;
    wanted = wanted > WORKERS_CAP ? WORKERS_CAP : wanted;
    job->workers = calloc(wanted, sizeof(*job->workers));
    if (!job->workers)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %u workers", wanted);
    while (job->worker_count < wanted) {
        struct seed_worker *worker = &job->workers[job->worker_count++];
        worker->flow = &job->flow;
        int rc = seed_worker_open(job->options, worker, err);
        if (rc)
            return rc;
    }
    return 0;
}

/* --- the barrier --- */

/*
 * All workers see the same moment, and `position` names it, because nothing can commit in between.
 */
static int take_snapshots(struct seed_job *job, struct session *barrier, struct err *err)
{
    int rc = 0;
    for (unsigned i = 0; !rc && i < job->worker_count; i++)
        rc = session_exec(&job->workers[i].source, SQL_SEED_SNAPSHOT, NULL, 0, err);
    return rc ? rc : link_position(barrier, &job->report.position, err);
}

/*
 * Commits are held from BLOCK_COMMIT until the session ends, which it does on every way out of
 * here.
 */
static int hold_commits(struct seed_job *job, struct err *err)
{
    CLEANUP(session_release) struct session barrier = {0};
    const struct service *service = job->options->service;

    int rc = session_open(service, service_primary(service, job->options->from), SESSION_CONTROLLER,
                          &barrier, err);
    if (!rc)
        rc = session_admit(&barrier, job->options->permit, err);
    if (!rc)
        rc = session_exec(&barrier, SQL_SEED_STAGE_START, NULL, 0, err);
    int64_t since_ms = clock_mono_ms();
    if (!rc)
        rc = session_exec(&barrier, SQL_SEED_STAGE_BLOCK, NULL, 0, err);
    if (!rc)
        rc = take_snapshots(job, &barrier, err);
    if (!rc)
        rc = session_exec(&barrier, SQL_SEED_STAGE_END, NULL, 0, err);
    job->report.barrier_ms = clock_mono_ms() - since_ms;
    return rc;
}

static int take_barrier(struct seed_job *job, struct err *err)
{
    for (int tries = 1;; tries++) {
        int rc = hold_commits(job, err);
        if (!rc)
            return 0;
        bool is_late = rc == ERR_SERVER && err->native == NATIVE_LOCK_WAIT_TIMEOUT;
        if (is_late)
            (void)err_hint(err,
                           "a long statement, a DDL or LOCK TABLES is in the way on %s: wait for "
                           "it or end it, or raise limits.lock_wait",
                           job->source.node->name);
        if (!is_late || tries == BARRIER_TRIES)
            return err_wrap(err, "holding commits for the snapshot");
        (void)clock_sleep_ms(BARRIER_PAUSE_MS);
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while waiting for the snapshot");
    }
}

/* --- the copy --- */

static void tell_progress(struct seed_job *job)
{
    struct seed_progress progress = {.tables_total = (unsigned)job->tables.count, .eta_ms = -1};
    size_t pieces, pieces_done;

    (void)pthread_mutex_lock(&job->flow.mutex);
    progress.rows_done = job->flow.rows;
    progress.bytes_done = job->flow.bytes;
    pieces = job->flow.pieces.count;
    pieces_done = job->flow.pieces_done;
    (void)snprintf(progress.current, sizeof(progress.current), "%s", job->flow.current);
    (void)pthread_mutex_unlock(&job->flow.mutex);

    if (!job->options->progress)
        return;
    for (size_t i = 0; i < job->tables.count; i++) {
        progress.rows_total += job->tables.tables[i].rows_estimate;
        progress.bytes_total += job->tables.tables[i].bytes_estimate;
    }
    progress.tables_done = pieces ? (unsigned)(pieces_done * job->tables.count / pieces) : 0;
    /* Estimates: too small ones grow, and at the end what was copied is what there was. */
    bool is_done = pieces && pieces_done == pieces;
    if (is_done || progress.rows_total < progress.rows_done)
        progress.rows_total = progress.rows_done;
    if (is_done || progress.bytes_total < progress.bytes_done)
        progress.bytes_total = progress.bytes_done;
    progress.elapsed_ms = clock_mono_ms() - job->started_ms;
    if (progress.bytes_done)
        progress.eta_ms = (int64_t)((double)progress.elapsed_ms / (double)progress.bytes_done *
                                    (double)(progress.bytes_total - progress.bytes_done));
    job->options->progress(job->options->context, &progress);
}

/* Until the last worker ended. */
static void watch_workers(struct seed_job *job)
{
    struct seed_flow *flow = &job->flow;
    bool is_running = true;

    while (is_running) {
        struct timespec until;
        (void)clock_gettime(CLOCK_MONOTONIC, &until);
        until.tv_nsec += PROGRESS_MS * 1000000L;
        until.tv_sec += until.tv_nsec / 1000000000L;
        until.tv_nsec %= 1000000000L;
        (void)pthread_mutex_lock(&flow->mutex);
        if (flow->running)
            (void)pthread_cond_timedwait(&flow->changed, &flow->mutex,
                                         &until); /* late or early, we look */
        is_running = flow->running > 0;
        (void)pthread_mutex_unlock(&flow->mutex);
        tell_progress(job);
    }
}

static int copy_all(struct seed_job *job, struct err *err)
{
    struct seed_flow *flow = &job->flow;
    unsigned started = 0;

    int rc = seed_cut(&job->workers[0].source, &job->tables, &flow->pieces, err);
    if (rc)
        return rc;
    flow->running = job->worker_count;
    while (started < job->worker_count && !pthread_create(&job->workers[started].thread, NULL,
                                                          seed_worker_run, &job->workers[started]))
        started++;
    if (started < job->worker_count) {
        (void)pthread_mutex_lock(&flow->mutex);
        flow->running -= job->worker_count - started;
        flow->is_failed = true;
        (void)err_set(&flow->first_err, ERR_MEMORY, EFFECT_APPLIED, "cannot start a thread");
        (void)pthread_mutex_unlock(&flow->mutex);
    }
    watch_workers(job);
    for (unsigned i = 0; i < started; i++)
        (void)pthread_join(job->workers[i].thread,
                           NULL); /* fails for threads that are not ours only */
    if (flow->is_failed) {
        *err = flow->first_err;
        return err->code;
    }
    if (flow->pieces_done != flow->pieces.count)
        return err_set(err, ERR_BUG, EFFECT_APPLIED, "%zu of %zu pieces were copied",
                       flow->pieces_done, flow->pieces.count);
    return 0;
}

/*
 * What the source writes into our own schema is replicated like everything else. The lease made it
 * on the primaries, if they were not closed for it, too, then.
 */
static int prepare_own_schema(struct seed_job *job, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < job->targets.count; i++)
        rc = own_schema_prepare(job->options->service, job->targets.sessions[i].node, err);
    return rc;
}

/* From the first CREATE on the targets are no longer as they were, and a failure must say so. */
static int fill_targets(struct seed_job *job, struct err *err)
{
    const struct service *service = job->options->service;
    int rc = seed_create_tables(service, &job->source, &job->targets, &job->tables, err);
    if (!rc)
        rc = prepare_own_schema(job, err);
    if (!rc)
        rc = seed_copy_heartbeats(&job->workers[0].source, &job->targets, err);
    if (!rc)
        rc = copy_all(job, err);
    if (!rc)
        rc = seed_check_unchanged(service, &job->source, &job->tables, err);
    if (!rc)
        rc = seed_create_programs(service, &job->source, &job->targets, err);
    if (rc)
        err->effect = EFFECT_APPLIED;
    if (rc && !err->hint[0])
        (void)err_hint(err, "the targets are partly filled: reset that side before the next seed");
    return rc;
}

int seed_copy(const struct seed_options *options, struct seed_report *out, struct err *err)
{
    CLEANUP(seed_job_release)
    struct seed_job job = {.options = options, .started_ms = clock_mono_ms()};
    struct err ignored = {0};

    err = err ? err : &ignored;
    seed_flow_init(&job.flow);
    job.flow.rate = options->rate;
    int rc = prepare(&job, err);
    if (!rc)
        rc = open_workers(&job, err);
    if (!rc)
        rc = take_barrier(&job, err);
    if (!rc)
        rc = fill_targets(&job, err);
    if (rc)
        return rc;
    job.report.rows = job.flow.rows;
    job.report.bytes = job.flow.bytes;
    job.report.tables = (unsigned)job.tables.count;
    job.report.duration_ms = clock_mono_ms() - job.started_ms;
    *out = job.report;
    return 0;
}
