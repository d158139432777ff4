/* SPDX-License-Identifier: MIT */
/*
 * Closing a primary.
 *
 * While SET GLOBAL read_only waits for a running write, every other writer stalls behind it, so the
 * wait is short and ends in giving way. FLUSH TABLES WITH READ LOCK is never used: on a primary
 * that is a parallel replica it can hang for good. Once read_only is on, no transaction of an
 * ordinary account can commit any more (1290, rolled back); what is open is killed all the same,
 * because its row locks would stop the link that carries changes back. Only then is the position
 * worth reading, and only if nothing moves it.
 */
#include "cluster/fence.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/app_sessions.h"
#include "cluster/door.h"
#include "cluster/ending.h"
#include "cluster/fence_inner.h"
#include "cluster/watchdog.h"

#define ERROR_LOCK_WAIT_TIMEOUT 1205
#define ERROR_INTERRUPTED 1317
#define GIVE_WAY_GRACE_MS 100 /* the server's own timeout may come first; it says more */
#define PROOF_POLL_MS 20
#define BYPASS_STILL_MS 500 /* by then a privileged job that writes all the time has shown itself */
#define GONE_MS 2000

struct fence {
    const struct service *service;
    struct session *session;
    struct session second;   /* for KILL, and for what is asked while the first one waits */
    struct db_result bypass; /* accounts that read_only does not stop */
    struct door found;
};

/* --- close --- */

/*
 * The owner of a prepared transaction may commit it from any session, at any time, and read_only
 * may not stop it.
 */
static int check_prepared(struct session *session, struct err *err)
{
    CLEANUP(db_result_release) struct db_result prepared = {0};
    int rc = session_query(session, SQL_XA_RECOVER, NULL, 0, &prepared, err);
    if (rc != 0 || prepared.row_count == 0)
        return rc;
    rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                 "%zu transactions prepared by XA could still commit", prepared.row_count);
    (void)err_where(err, "%s", db_where(session->db));
    (void)err_hint(err,
                   "see XA RECOVER FORMAT='SQL'; their owner must XA COMMIT or XA ROLLBACK them");
    return rc;
}

static int gave_way(const struct service *service, struct session *second, struct err *err)
{
    char blockers[256], waited[32];
    int rc = err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                     "running writes did not end within %s (limits.lock_wait)",
                     clock_human_ms(service->limits.lock_wait_ms, waited));
    app_sessions_blockers(service, second, blockers, sizeof(blockers));
    (void)err_where(err, "%s", db_where(second->db));
    (void)err_hint(err, "it waited for: %s", blockers);
    return rc;
}

static int close_bounded(const struct service *service, struct session *session,
                         struct session *second, struct err *err)
{
    struct watchdog dog;
    struct err cause = {0};
    int64_t deadline_ms = clock_mono_ms() + service->limits.lock_wait_ms + GIVE_WAY_GRACE_MS;
    int rc =
        watchdog_begin(&dog, second, SQL_KILL_QUERY, db_thread_id(session->db), deadline_ms, err);
    if (rc != 0)
        return rc;
    rc = session_exec(session, SQL_READ_ONLY_SET, NULL, 0, &cause);
    (void)watchdog_end(&dog); /* whether it gave way shows in the statement's own error */
    if (rc != 0 && (cause.native == ERROR_LOCK_WAIT_TIMEOUT || cause.native == ERROR_INTERRUPTED))
        return gave_way(service, second, err);
    if (rc != 0) {
        if (err != NULL)
            *err = cause;
        return rc;
    }
    return 0;
}

/* --- prove --- */

/* A KILL QUERY of the watchdog may come too late for its statement, and meets this one. */
static int ask_standing(struct session *session, struct db_result *out, struct err *err)
{
    struct err cause = {0};
    int rc = session_query_row(session, SQL_GTID_STATE, NULL, 0, out, &cause);
    if (rc != 0 && cause.native == ERROR_INTERRUPTED)
        return session_query_row(session, SQL_GTID_STATE, NULL, 0, out, err);
    if (rc != 0 && err != NULL)
        *err = cause;
    return rc;
}

int fence_look(struct session *session, struct fence_look *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct fence_look look = {0};
    struct position state;
    int rc = ask_standing(session, &row, err);
    if (rc == 0)
        rc = session_position(session, &row, "position", &look.position, err);
    if (rc == 0)
        rc = session_position(session, &row, "state", &state, err);
    if (rc == 0)
        rc = session_origin(session, &row, "origin", &look.origin, err);
    if (rc != 0)
        return rc;
    position_of_server(&state, &look.origin, (uint32_t)result_number(&row, 0, "server_id"),
                       &look.own);
    look.door = (struct door){.is_closed = result_number(&row, 0, "read_only") != 0,
                              .is_sealed = result_number(&row, 0, "is_super") != 0,
                              .is_whole = result_number(&row, 0, "is_whole") != 0};
    *out = look;
    return 0;
}

static int check_writers(const struct service *service, struct session *session, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = fence_transactions(service, session, &rows, err);
    if (rc == 0)
        rc = fence_view_end(session, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        if (!fence_is_writer(&rows, i))
            continue;
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "a writing transaction is open: thread %s %s@%s, %s s, %s %s",
                     result_text(&rows, i, "id"), result_text(&rows, i, "user"),
                     result_text(&rows, i, "host"), result_text(&rows, i, "transaction_s"),
                     result_text(&rows, i, "command"), result_text(&rows, i, "state"));
        (void)err_where(err, "%s", db_where(session->db));
    }
    return rc;
}

static int check_still(const struct session *session, const struct fence_look *before,
                       const struct fence_look *after, struct err *err)
{
    char was[200], is[200];
    if (position_equal(&before->own, &after->own))
        return 0;
    position_show(&before->own, was, sizeof(was));
    position_show(&after->own, is, sizeof(is));
    int rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "writes still land although read_only is on: %s became %s", was, is);
    (void)err_where(err, "%s", db_where(session->db));
    (void)err_hint(err, "some account writes all the same: `cutover check` names those that can; "
                        "lock it, or take that privilege away. FLUSH, ANALYZE and OPTIMIZE are "
                        "logged, too");
    return rc;
}

static int check_closed(const struct session *session, const struct fence_look *look,
                        struct err *err)
{
    if (look->door.is_whole)
        return 0;
    int rc = err_set(err, ERR_REFUSED, EFFECT_NONE, "%s",
                     look->door.is_closed ? "the node is closed for the application only"
                                          : "the node is open");
    (void)err_where(err, "%s", db_where(session->db));
    return rc;
}

static int wait_for_writers(const struct service *service, struct session *session, struct err *err)
{
    int64_t deadline_ms = fence_end_deadline(service);
    for (;;) {
        int rc = check_writers(service, session, err);
        if (rc != ERR_REFUSED || clock_mono_ms() >= deadline_ms)
            return rc;
        if (!clock_sleep_ms(PROOF_POLL_MS))
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while proving a fence");
    }
}

/*
 * A position that moved is a disproof, not something to wait out: another moment might just miss
 * the next write.
 */
static int prove(const struct service *service, struct session *session,
                 const struct fence_look *since, bool is_clear, int64_t still_until_ms,
                 struct fence_report *report, struct err *err)
{
    struct fence_look now;
    int rc = is_clear ? 0 : wait_for_writers(service, session, err);
    if (rc == 0)
        rc = check_prepared(session, err);
    if (rc != 0)
        return rc;
    if (still_until_ms > clock_mono_ms() && !clock_sleep_ms(still_until_ms - clock_mono_ms()))
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while proving a fence");
    rc = fence_look(session, &now, err);
    if (rc == 0)
        rc = check_closed(session, &now, err); /* so all of the above was true while it was */
    if (rc == 0)
        rc = check_still(session, since, &now, err);
    if (rc != 0)
        return rc;
    report->position = now.position;
    return 0;
}

int fence_prove(const struct service *service, struct session *session, struct fence_report *out,
                struct err *err)
{
    struct fence_look since;
    int64_t began_us = clock_mono_us();
    int rc = fence_look(session, &since, err);
    if (rc == 0)
        rc = check_closed(session, &since, err);
    if (rc == 0)
        rc = prove(service, session, &since, false, 0, out, err);
    if (rc == 0)
        out->prove_us = clock_mono_us() - began_us;
    return rc;
}

/* --- put back --- */

/* A SET GLOBAL whose answer never came may still be waiting on the server, and would close the node
 * after we opened it. */
static int end_first_session(struct session *session, struct session *second, struct err *err)
{
    unsigned long id = db_thread_id(session->db);
    bool is_gone = false;
    int rc = watchdog_kill(second, SQL_KILL, id, err);
    if (rc == 0)
        rc = ending_wait_gone(second, id, clock_mono_ms() + GONE_MS, &is_gone, err);
    if (rc != 0 || is_gone)
        return rc;
    return err_set(err, ERR_TIMEOUT, EFFECT_UNKNOWN,
                   "thread %lu, which closes the node, cannot be ended", id);
}

static int put_back(const struct service *service, struct session *session, struct session *second,
                    const struct door *found, struct err *err)
{
    CLEANUP(session_release) struct session fresh = {0};
    if (!db_is_dead(session->db))
        return door_put_back(session, found, err);
    int rc = 0;
    if (db_is_dead(second->db)) {
        rc = session_open(service, session->node, SESSION_CONTROLLER, &fresh, err);
        second = &fresh;
    }
    if (rc == 0)
        rc = end_first_session(session, second, err);
    if (rc == 0) /* not before: KILL must work whatever became of the lease */
        rc = session_admit(second, session->permit, err);
    return rc == 0 ? door_put_back(second, found, err) : rc;
}

/* The failure stays the answer; what became of read_only is added to it. */
static int undo(const struct service *service, struct session *session, struct session *second,
                const struct door *found, struct err *err)
{
    struct err failure = err != NULL ? *err : (struct err){0};
    struct err undoing = {0};
    char typed[160];
    if (put_back(service, session, second, found, &undoing) != 0) {
        door_open_text(&session->version, typed, sizeof(typed));
        failure.effect = EFFECT_UNKNOWN;
        (void)err_set(err, failure.code, EFFECT_UNKNOWN,
                      "%.220s; and read_only could not be put back: %.220s", failure.msg,
                      undoing.msg);
        (void)err_where(err, "%s", session->node->name);
        (void)err_hint(err,
                       "writes may be refused there: type %s on %s, then SELECT @@global.read_only",
                       typed, session->node->name);
        return failure.code;
    }
    if (err == NULL)
        return failure.code;
    (void)err_set(err, failure.code, EFFECT_NONE, "%.420s; the node is %s again, as it was found",
                  failure.msg, door_name(found));
    err->native = failure.native;
    (void)err_where(err, "%s", failure.where);
    (void)err_hint(err, "%s", failure.hint);
    return failure.code;
}

/* Somebody who could write now is connected: silence has to last before it means something. */
static int64_t still_until_ms(const struct db_result *bypass)
{
    for (size_t i = 0; i < bypass->row_count; i++)
        if (result_number(bypass, i, "is_live") != 0 && result_number(bypass, i, "is_stopped") == 0)
            return clock_mono_ms() + BYPASS_STILL_MS;
    return 0;
}

/* --- a fence ---------------------------------------------------------------------------------- */

void fence_free(struct fence *fence)
{
    if (fence == NULL)
        return;
    db_result_release(&fence->bypass);
    session_release(&fence->second);
    free(fence);
}

void fence_freep(struct fence **fence)
{
    fence_free(*fence);
    *fence = NULL;
}

int fence_new(const struct service *service, struct session *session, struct fence **out,
              struct err *err)
{
    CLEANUP(fence_freep) struct fence *fence = calloc(1, sizeof(*fence));
    if (fence == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a fence");
    fence->service = service;
    fence->session = session;
    int rc = session_open(service, session->node, SESSION_CONTROLLER, &fence->second, err);
    if (rc != 0)
        return err_wrap(err, "opening the second connection, for KILL");
    rc = door_read(session, &fence->found, err);
    if (rc == 0) /* part of the proof: known now, nobody has to wait for it */
        rc = check_prepared(session, err);
    if (rc == 0)
        rc = fence_bypass(service, &fence->second, &fence->bypass, err);
    if (rc != 0)
        return rc;
    *out = fence;
    fence = NULL;
    return 0;
}

bool fence_is_ready(const struct fence *fence, const struct session *session)
{
    return fence != NULL && fence->session == session && !db_is_dead(session->db) &&
           !db_is_dead(fence->second.db);
}

const struct door *fence_found(const struct fence *fence)
{
    return &fence->found;
}

struct session *fence_second(struct fence *fence)
{
    return &fence->second;
}

int fence_rehearse(struct fence *fence, int64_t *out_us, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    struct fence_look look;
    int64_t began_us = clock_mono_us();
    int rc = fence_look(fence->session, &look, err);
    if (rc == 0)
        rc = fence_transactions_once(fence->service, &fence->second, &rows, err);
    if (rc == 0)
        rc = check_prepared(fence->session, err);
    if (rc == 0)
        rc = fence_look(fence->session, &look, err);
    if (rc != 0)
        return rc;
    *out_us = clock_mono_us() - began_us;
    return fence_view_end(&fence->second, err);
}

int fence_let_age(struct err *err)
{
    if (!clock_sleep_ms(FENCE_STALE_VIEW_MS))
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped before a node was closed");
    return 0;
}

static int close_and_prove(struct fence *fence, struct fence_report *report, struct err *err)
{
    struct fence_look since;
    bool is_clear = false;
    int64_t began_us = clock_mono_us();
    int rc = close_bounded(fence->service, fence->session, &fence->second, err);
    int64_t closed_us = clock_mono_us();
    if (rc == 0)
        rc = fence_look(fence->session, &since, err);
    if (rc == 0 && !since.door.is_whole)
        rc = err_set(err, ERR_CONFLICT, EFFECT_NONE,
                     "somebody opened the node again while it was being closed: it is %s",
                     door_name(&since.door));
    if (rc == 0)
        rc =
            fence_kill_open(fence->service, &fence->second, &fence->bypass, report, &is_clear, err);
    if (rc == 0)
        rc = prove(fence->service, fence->session, &since, is_clear, still_until_ms(&fence->bypass),
                   report, err);
    report->close_us = closed_us - began_us;
    report->prove_us = clock_mono_us() - closed_us;
    return rc;
}

int fence_close(struct fence *fence, struct fence_report *out, struct err *err)
{
    struct fence_report report = {0};
    struct err cause = {0};
    int rc = close_and_prove(fence, &report, &cause);
    if (rc == 0) {
        *out = report;
        return 0;
    }
    if (!fence->found.is_whole)
        rc = undo(fence->service, fence->session, &fence->second, &fence->found, &cause);
    if (err != NULL)
        *err = cause;
    return rc;
}
