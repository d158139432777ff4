/* SPDX-License-Identifier: MIT */
/* Taking the same moment on both ends. */
#include "verify/snapshot.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/signals.h"

#define TRIES 5
#define PAUSE_MS 100
#define LAG_BUDGET_MS 50 /* how long the replica may take to catch up before commits are held */
#define HELD_MS 200      /* how long it may take while they are held */
#define PATIENCE_MS 5000
#define STATEMENT_MS 3000 /* of the barrier: lock_wait_timeout is 1 s */

enum native_error { NATIVE_LOCK_WAIT_TIMEOUT = 1205, NATIVE_ACCESS_DENIED = 1227 };

int64_t snapshot_limit_ms(const struct snapshot *snapshot)
{
    return snapshot->limit_ms ? snapshot->limit_ms : SNAPSHOT_MS_DEFAULT;
}

static void refuse(struct snapshot *snapshot, const char *why)
{
    (void)snprintf(snapshot->refused, sizeof(snapshot->refused), "%.*s",
                   (int)sizeof(snapshot->refused) - 1, why);
}

static bool is_of(const struct snapshot *snapshot, const struct pair *pair)
{
    return snapshot->source_id && snapshot->source_id == db_thread_id(pair->source.db) &&
           snapshot->replica_id == db_thread_id(pair->replica.db);
}

bool snapshot_is_fresh(const struct snapshot *snapshot, const struct pair *pair)
{
    return is_of(snapshot, pair) &&
           clock_mono_ms() - snapshot->taken_ms < snapshot_limit_ms(snapshot) / 2;
}

int snapshot_end(struct snapshot *snapshot, struct pair *pair, struct err *err)
{
    bool is_held = is_of(snapshot, pair);
    snapshot->source_id = snapshot->replica_id = 0;
    if (!is_held)
        return 0;
    int rc = end_exec(&pair->source, SQL_VERIFY_END, err);
    return rc ? rc : end_exec(&pair->replica, SQL_VERIFY_END, err);
}

/* Is an error one of the pair's own connections, or of a stop? Then there is no going on. */
static bool is_fatal(int rc, const struct pair *pair)
{
    return rc == ERR_STOPPED || rc == ERR_MEMORY || db_is_dead(pair->source.db) ||
           db_is_dead(pair->replica.db);
}

/* While commits are held: both transactions begin, the replica's at just the source's position. */
static int begin_both(struct pair *pair, struct verify_end *barrier, struct err *err)
{
    struct position want;
    int rc = end_exec(&pair->source, SQL_SEED_SNAPSHOT, err);
    if (!rc)
        rc = pair_want(pair, barrier, &pair->replica, &want, err);
    if (!rc)
        rc = pair_wait_for(pair, &pair->replica, &want, HELD_MS, false, err);
    return rc ? rc : end_exec(&pair->replica, SQL_SEED_SNAPSHOT, err);
}

/* Commits are held from the one statement to the other, or to the end of the connection. */
static int hold_commits(struct snapshot *snapshot, struct pair *pair, struct verify_end *barrier,
                        struct err *err)
{
    int64_t since_us = clock_mono_us();
    int rc = end_exec(barrier, SQL_SEED_STAGE_BLOCK, err);
    bool is_blocked = !rc;
    if (!rc)
        rc = begin_both(pair, barrier, err);
    struct err end_err = {0};
    int end_rc = is_blocked ? end_exec(barrier, SQL_SEED_STAGE_END, &end_err) : 0;
    if (end_rc)
        db_freep(&barrier->db);
    int64_t held_us = clock_mono_us() - since_us;
    if (held_us > snapshot->longest_us)
        snapshot->longest_us = held_us;
    return rc;
}

static void end_release(struct verify_end *end)
{
    db_freep(&end->db);
}

static int try_once(struct snapshot *snapshot, struct pair *pair, struct err *err)
{
    CLEANUP(end_release) struct verify_end barrier = {0};
    const struct service *service = snapshot->service;

    int rc = end_open(service, service_primary(service, pair->source.side), &barrier, err);
    if (!rc)
        rc = db_set_timeout(barrier.db, STATEMENT_MS, err);
    if (!rc)
        rc = end_exec(&barrier, SQL_FAST_BARRIER_SESSION, err);
    if (!rc)
        rc = end_exec(&barrier, SQL_FAST_BARRIER_START, err);
    if (!rc)
        rc = hold_commits(snapshot, pair, &barrier, err);
    if (rc && (!barrier.db || db_is_dead(barrier.db)))
        refuse(snapshot, err->msg); /* not to be tried again: a server that hangs in it */
    return rc;
}

/* Is the replica close enough that nobody is made to wait for long? */
static int check_lag(struct pair *pair, bool *out_is_close, struct err *err)
{
    int64_t since_ms = clock_mono_ms();
    int rc = pair_wait(pair, &pair->source, &pair->replica, PATIENCE_MS, true, err);
    *out_is_close = !rc && clock_mono_ms() - since_ms <= LAG_BUDGET_MS;
    return rc;
}

/* Neither end is left in half a snapshot. */
static int undo(struct pair *pair, struct err *err)
{
    int rc = end_exec(&pair->source, SQL_VERIFY_END, err);
    return rc ? rc : end_exec(&pair->replica, SQL_VERIFY_END, err);
}

/*
 * The answer to a try that failed: 0 when another one is worth it, or `refused` says why not. One
 * that waited for a lock is not: writers waited behind it.
 */
static int consider(struct snapshot *snapshot, struct pair *pair, int rc, struct err *err)
{
    if (is_fatal(rc, pair))
        return rc;
    if (rc == ERR_SERVER && err->native == NATIVE_ACCESS_DENIED)
        refuse(snapshot, "the account lacks RELOAD, which holding commits for an instant needs");
    else if (rc == ERR_SERVER && err->native == NATIVE_LOCK_WAIT_TIMEOUT)
        refuse(snapshot, "a long statement is in the way of holding commits for an instant");
    else if (rc != ERR_TIMEOUT)
        refuse(snapshot, err->msg);
    return undo(pair, err);
}

static int take(struct snapshot *snapshot, struct pair *pair, struct err *err)
{
    for (int tries = 1; tries <= TRIES && !snapshot->refused[0]; tries++) {
        bool is_close;
        int rc = check_lag(pair, &is_close, err);
        if (!rc && is_close)
            rc = try_once(snapshot, pair, err);
        if (!rc && is_close) {
            snapshot->source_id = db_thread_id(pair->source.db);
            snapshot->replica_id = db_thread_id(pair->replica.db);
            snapshot->taken_ms = clock_mono_ms();
            snapshot->count++;
            return 0;
        }
        if (rc)
            rc = consider(snapshot, pair, rc, err);
        if (!rc && signals_stop_wanted())
            rc = err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while taking a snapshot");
        if (rc)
            return rc;
        (void)clock_sleep_ms(PAUSE_MS); /* cut short by a stop, which the next round sees */
    }
    if (!snapshot->refused[0])
        refuse(snapshot, "the replica was never close enough to hold commits for it");
    return 0;
}

int snapshot_hold(struct snapshot *snapshot, struct pair *pair, bool *out_is_held, struct err *err)
{
    *out_is_held = pair->is_still;
    if (pair->is_still)
        return 0;
    if (pair->is_shared)
        refuse(snapshot, "both sides take writes, so there is no common moment");
    int rc = 0;
    if (!snapshot_is_fresh(snapshot, pair)) {
        rc = snapshot_end(snapshot, pair, err);
        if (!rc && !snapshot->refused[0])
            rc = take(snapshot, pair, err);
    }
    *out_is_held = !rc && is_of(snapshot, pair);
    return rc;
}
