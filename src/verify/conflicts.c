/* SPDX-License-Identifier: MIT */
/* The thread that reads both logs, a transaction of each in turn. */
#include "verify/conflicts.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "verify/pair.h"
#include "verify/schema.h"

#define READ_WAIT_MS 50
#define RETRY_MS 1000
#define KEPT 64 /* conflicts that wait to be taken */

struct log_end {
    struct change_log *log;
    struct table_catalog catalog;
    struct position begun;   /* both logs are judged from here */
    struct position reached; /* complete transactions that were read */
    char transaction[CONFLICT_TRANSACTION_SIZE];
    bool is_earlier; /* that transaction was written, or had arrived, before reading began */
    bool is_stale;   /* a definition changed */
};

struct conflicts {
    const struct service *service;
    pthread_t thread;
    struct conflict_book *book; /* this and the ends: the thread's */
    struct log_end ends[SIDE_COUNT];
    bool has_begun;
    pthread_mutex_t lock; /* of what follows */
    pthread_cond_t closing;
    bool is_closing;
    struct conflict kept[KEPT];
    size_t kept_count;
    struct conflicts_status status;
};

/* --- the logs --------------------------------------------------------------------------------- */

static void close_logs(struct conflicts *conflicts)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        change_log_freep(&conflicts->ends[side].log);
}

/* Where a side stands, and what its tables look like. out_position may be NULL. */
static int ask_side(struct conflicts *conflicts, enum side side, struct position *out_position,
                    struct err *err)
{
    struct verify_end end = {0};
    struct table_catalog catalog = {0};
    struct log_end *log_end = &conflicts->ends[side];

    int rc = end_open(conflicts->service, service_primary(conflicts->service, side), &end, err);
    if (!rc && out_position)
        rc = end_position(&end, out_position, err);
    if (!rc)
        rc = schema_load(conflicts->service, &end, &catalog, err);
    db_freep(&end.db);
    if (rc) {
        table_catalog_release(&catalog);
        return rc;
    }
    struct table_catalog before = log_end->catalog;
    log_end->catalog = catalog;
    log_end->is_stale = false;
    if (log_end->log)
        change_log_use(log_end->log, &log_end->catalog);
    table_catalog_release(&before);
    return 0;
}

static int open_log(struct conflicts *conflicts, enum side side, struct err *err)
{
    struct log_end *end = &conflicts->ends[side];
    const struct change_log_options options = {.service = conflicts->service,
                                               .side = side,
                                               .from = &end->reached,
                                               .catalog = &end->catalog};
    return change_log_open(&options, &end->log, err);
}

/* From the present, or where it was left. */
static int open_logs(struct conflicts *conflicts, struct err *err)
{
    int rc = 0;

    if (!conflicts->has_begun)
        conflict_book_clear(conflicts->book);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW && !rc; side++) {
        struct log_end *end = &conflicts->ends[side];
        rc = ask_side(conflicts, side, conflicts->has_begun ? NULL : &end->begun, err);
        if (!rc && !conflicts->has_begun)
            end->reached = end->begun;
    }
    for (enum side side = SIDE_OLD; side <= SIDE_NEW && !rc; side++)
        rc = open_log(conflicts, side, err);
    if (rc)
        close_logs(conflicts);
    conflicts->has_begun = rc == 0 || (conflicts->has_begun && rc != ERR_REFUSED);
    return rc;
}

/* --- reading ---------------------------------------------------------------------------------- */

static void keep(void *context, const struct conflict *conflict)
{
    struct conflicts *conflicts = context;

    (void)pthread_mutex_lock(&conflicts->lock);
    conflicts->status.found++;
    if (conflicts->kept_count < KEPT)
        conflicts->kept[conflicts->kept_count++] = *conflict;
    (void)pthread_mutex_unlock(&conflicts->lock);
}

/* Written before its own log was read, or arrived before the other's was: nobody can judge it. */
static int begin_transaction(struct conflicts *conflicts, struct log_end *end,
                             const struct change *change, struct err *err)
{
    struct position one;

    if (!strcmp(end->transaction, change->transaction))
        return 0;
    (void)snprintf(end->transaction, sizeof(end->transaction), "%s", change->transaction);
    int rc = position_parse_any(change->transaction, &one, err);
    end->is_earlier = !rc && (position_covers(&conflicts->ends[SIDE_OLD].begun, &one) ||
                              position_covers(&conflicts->ends[SIDE_NEW].begun, &one));
    return rc;
}

static int take_change(struct conflicts *conflicts, enum side side, const struct change *change,
                       struct err *err)
{
    struct log_end *end = &conflicts->ends[side];

    switch (change->kind) {
    case CHANGE_ROW: {
        int rc = begin_transaction(conflicts, end, change, err);
        return rc || end->is_earlier
                   ? rc
                   : conflict_book_add(conflicts->book, side, change, keep, conflicts, err);
    }
    case CHANGE_SCHEMA:
        end->is_stale = true;
        return 0;
    case CHANGE_COMMIT:
        conflict_book_commit(conflicts->book, side);
        end->reached = *change_log_position(end->log);
        return end->is_stale ? ask_side(conflicts, side, NULL, err) : 0;
    case CHANGE_TABLE:
        break; /* no row is named */
    }
    return 0;
}

/* A transaction, when there is one; all that is there of it. */
static int read_log(struct conflicts *conflicts, enum side side, struct err *err)
{
    struct change change = {0};

    do {
        int rc = change_log_next(conflicts->ends[side].log, READ_WAIT_MS, &change, err);
        if (rc > 0)
            rc = take_change(conflicts, side, &change, err);
        else if (rc == 0)
            return 0;
        if (rc)
            return rc;
    } while (change.kind != CHANGE_COMMIT);
    return 0;
}

static int read_both(struct conflicts *conflicts, struct err *err)
{
    int rc = read_log(conflicts, SIDE_OLD, err);

    rc = rc ? rc : read_log(conflicts, SIDE_NEW, err);
    if (!rc && conflict_book_is_overrun(conflicts->book)) {
        conflicts->has_begun = false;
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE,
                     "more than %d writes are on their way: conflicts are looked for from now on",
                     CONFLICT_CAP);
    }
    return rc;
}

static void tell_status(struct conflicts *conflicts, bool is_reading, const char *problem)
{
    (void)pthread_mutex_lock(&conflicts->lock);
    conflicts->status.is_reading = is_reading;
    (void)snprintf(conflicts->status.problem, sizeof(conflicts->status.problem), "%s", problem);
    conflicts->status.unjudged = conflict_book_forgotten(conflicts->book);
    conflicts->status.on_the_way = conflict_book_on_the_way(conflicts->book);
    (void)pthread_mutex_unlock(&conflicts->lock);
}

static bool is_closing(struct conflicts *conflicts, int64_t wait_ms)
{
    int64_t end_ms = clock_mono_ms() + wait_ms;
    struct timespec end = {.tv_sec = (time_t)(end_ms / 1000),
                           .tv_nsec = (long)(end_ms % 1000) * 1000000};

    (void)pthread_mutex_lock(&conflicts->lock);
    while (!conflicts->is_closing && clock_mono_ms() < end_ms)
        (void)pthread_cond_timedwait(&conflicts->closing, &conflicts->lock, &end);
    bool is_over = conflicts->is_closing;
    (void)pthread_mutex_unlock(&conflicts->lock);
    return is_over;
}

static void *watch(void *context)
{
    struct conflicts *conflicts = context;
    bool is_open = false;

    while (!is_closing(conflicts, 0)) {
        struct err err = {0};
        int rc = is_open ? read_both(conflicts, &err) : open_logs(conflicts, &err);
        is_open = rc == 0;
        tell_status(conflicts, is_open, err.msg);
        if (rc == 0)
            continue;
        close_logs(conflicts);
        (void)is_closing(conflicts, RETRY_MS);
    }
    close_logs(conflicts);
    return NULL;
}

/* --- the outside ------------------------------------------------------------------------------ */

static void release(struct conflicts *conflicts)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        table_catalog_release(&conflicts->ends[side].catalog);
    conflict_book_free(conflicts->book);
    (void)pthread_cond_destroy(&conflicts->closing);
    (void)pthread_mutex_destroy(&conflicts->lock);
    free(conflicts);
}

int conflicts_start(const struct service *service, struct conflicts **out, struct err *err)
{
    struct conflicts *conflicts = calloc(1, sizeof(*conflicts));
    pthread_condattr_t monotonic;

    if (!conflicts)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for conflicts");
    conflicts->service = service;
    (void)pthread_condattr_init(&monotonic); /* these cannot fail on Linux */
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&conflicts->closing, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    (void)pthread_mutex_init(&conflicts->lock, NULL);
    int rc = conflict_book_new(&conflicts->book, err);
    if (!rc && pthread_create(&conflicts->thread, NULL, watch, conflicts) != 0)
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for finding conflicts");
    if (rc) {
        release(conflicts);
        return rc;
    }
    *out = conflicts;
    return 0;
}

void conflicts_free(struct conflicts *conflicts)
{
    if (!conflicts)
        return;
    (void)pthread_mutex_lock(&conflicts->lock);
    conflicts->is_closing = true;
    (void)pthread_cond_signal(&conflicts->closing);
    (void)pthread_mutex_unlock(&conflicts->lock);
    (void)pthread_join(conflicts->thread, NULL);
    release(conflicts);
}

bool conflicts_take(struct conflicts *conflicts, struct conflict *out)
{
    (void)pthread_mutex_lock(&conflicts->lock);
    bool is_there = conflicts->kept_count > 0;
    if (is_there) {
        *out = conflicts->kept[0];
        conflicts->kept_count--;
        memmove(&conflicts->kept[0], &conflicts->kept[1],
                conflicts->kept_count * sizeof(conflicts->kept[0]));
    }
    (void)pthread_mutex_unlock(&conflicts->lock);
    return is_there;
}

void conflicts_look(struct conflicts *conflicts, struct conflicts_status *out)
{
    (void)pthread_mutex_lock(&conflicts->lock);
    *out = conflicts->status;
    (void)pthread_mutex_unlock(&conflicts->lock);
}
