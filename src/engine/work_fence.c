/* SPDX-License-Identifier: MIT */
/* Closing, draining, opening: the seconds that count. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/door.h"
#include "cluster/events.h"
#include "cluster/fence.h"
#include "cluster/link.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"

static int open_side(struct run *run, const json_t *args, enum side *out_side,
                     struct session **out_session, struct err *err)
{
    int rc = side_of(args, "side", out_side, err);
    return rc ? rc : run_primary(run, *out_side, out_session, err);
}

static int note_closed(struct run *run, enum side side, const struct fence_report *report,
                       struct err *err)
{
    int rc =
        run_note(run, "side.closed", err,
                 "%s is closed: read_only took %.1f ms, the proof %.1f ms, %u session(s) ended",
                 side_title(side), (double)report->close_us / 1000.0,
                 (double)report->prove_us / 1000.0, report->killed);
    if (!rc && report->killed)
        rc = run_note(run, "side.killed", err, "ended on %s: %s", side_title(side),
                      report->killed_text);
    return rc;
}

/*
 * How a side was before this run closed it, so that undoing gives that back: "<run> open". A part
 * that is repeated finds its own work, which is not remembered.
 */
static void found_name(enum side side, char out[64])
{
    (void)snprintf(out, 64, "found.%s", side_name(side));
}

static int recall_found(struct run *run, enum side side, char *out, size_t out_size,
                        struct err *err)
{
    char name[64], value[128];
    size_t id_len = strlen(run->id);

    if (run->found[side][0]) {
        (void)snprintf(out, out_size, "%s", run->found[side]);
        return 0;
    }
    found_name(side, name);
    int rc = journal_memory_get(run->journal, run->service->name, name, value, sizeof value, err);
    if (rc)
        return rc;
    bool is_ours = strncmp(value, run->id, id_len) == 0 && value[id_len] == ' ';
    (void)snprintf(out, out_size, "%s", is_ours ? value + id_len + 1 : "");
    return 0;
}

static int remember_found(struct run *run, enum side side, const struct door *found,
                          struct err *err)
{
    char name[64], value[128], known[16];

    int rc = recall_found(run, side, known, sizeof known, err);
    if (rc || (found->is_closed && known[0]))
        return rc;
    found_name(side, name);
    (void)snprintf(value, sizeof value, "%s %s", run->id, door_name(found));
    rc = journal_memory_put(run->journal, run->service->name, name, value, err);
    if (!rc)
        (void)snprintf(run->found[side], sizeof run->found[side], "%s", door_name(found));
    return rc;
}

int work_make_fence(struct run *run, enum side side, struct session *session, struct err *err)
{
    if (fence_is_ready(run->fence, session))
        return 0;
    fence_freep(&run->fence);
    int rc = fence_new(run->service, session, &run->fence, err);
    return rc ? rc : remember_found(run, side, fence_found(run->fence), err);
}

/* Given way: writes go on as they did before. When that is not known, the undo opens the side. */
static void gave_way(struct run *run, enum side side, const struct err *err)
{
    if (!run->fence_began_ms || err->effect != EFFECT_NONE)
        return;
    heartbeat_set(run->heartbeat, side, true);
    run_pause_end(run);
}

WORK(work_fence_close)
{
    enum side side;
    struct session *session;
    struct fence_report report = {0};

    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = work_make_fence(run, side, session, err);
    if (rc)
        return rc;
    /* Done again after the commit step: users are on the other side, and wait for nothing. */
    bool is_again = step->is_breath && !run->breath.is_on;
    bool was_open = !fence_found(run->fence)->is_closed;
    if (was_open)
        rc = fence_let_age(err);
    if (!rc && was_open && !is_again && json_bool_or(args, "gate", 0)) /* nothing in between */
        rc = work_pass_gate(run, side, args, err);
    if (rc)
        return rc;
    heartbeat_set(run->heartbeat, side, false);
    if (was_open && !is_again)
        run_pause_begin(run);
    rc = fence_close(run->fence, &report, err);
    fence_freep(&run->fence);
    if (rc) {
        gave_way(run, side, err);
        return rc;
    }
    run->is_verified = run->breath.is_on; /* and asked once more in work_fence_still() */
    proof_keeper_fenced(run);
    rc = run_position_put(run, side_name(side), &report.position, err);
    if (!rc && json_bool_or(args, "admit", 0))
        rc = door_admit(session, &(struct door){.is_sealed = true}, err);
    return rc ? rc : note_closed(run, side, &report, err);
}

/* As strong as before any other part, but one question a side: see lease_confirm(). */
static int confirm_lease(struct run *run, struct err *err)
{
    int rc = lease_confirm(run->lease, SIDE_OLD, err);
    return rc ? rc : lease_confirm(run->lease, SIDE_NEW, err);
}

static int refuse_state(enum side side, const struct session *session, const struct door *door,
                        struct err *err)
{
    return err_set(
        err, ERR_REFUSED, EFFECT_NONE, "%s (%s) is %s", side_title(side), session->node->name,
        door->is_closed && !door->is_whole ? "closed for the application only" : door_name(door));
}

WORK(work_fence_still)
{
    enum side side;
    struct session *session;
    struct fence_look look;
    struct position now, then, own_then;

    (void)step;
    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = run_position_get(run, side_name(side), &then, err);
    if (!rc)
        rc = fence_look(session, &look, err);
    if (!rc && !look.door.is_whole)
        rc = refuse_state(side, session, &look.door, err);
    if (!rc)
        rc = confirm_lease(run, err);
    if (rc)
        return rc;
    position_of(&look.position, &look.origin, &now); /* the rest moves by what comes over a link */
    position_of(&then, &look.origin, &own_then);
    if (position_equal(&now, &own_then))
        return 0;
    char was[200], is[200];
    position_show(&own_then, was, sizeof was);
    position_show(&now, is, sizeof is);
    err_set(err, ERR_REFUSED, EFFECT_NONE,
            "%s has committed transactions since it was closed (%s became %s): an account writes "
            "through read_only",
            side_title(side), was, is);
    return err_hint(err, "\"cutover check\" names the accounts that read_only does not stop");
}

/*
 * Users can write again, which is what counts: a journal that is full must not make a failure of
 * it.
 */
static void note_opened(struct run *run, enum side side, bool has_pause)
{
    struct err err = {0};
    char split[600] = "";
    json_t *figures = has_pause ? breath_split(run, split, sizeof split) : NULL;
    int rc = 0;

    if (!figures)
        rc = run_note(run, "side.opened", &err, "%s is open", side_title(side));
    else
        rc = run_note_figures(run, "side.opened", figures, &err,
                              "%s is open; writes were refused for %.1f ms%s", side_title(side),
                              run->write_pause_ms, split);
    if (rc)
        log_warn("that %s is open is not in the journal: %s, continuing", side_title(side),
                 err.msg);
}

/*
 * The server opens only for whoever has the lease's lock there. A lock that went with its
 * connection is taken again, but not by what goes forward inside a breath: see work_fence_still().
 */
static int switch_open(struct run *run, enum side side, struct session *session, bool may_retake,
                       struct err *err)
{
    struct err refusal = {0};
    int rc = door_switch_open(session, &refusal);

    if (rc == ERR_LOST && refusal.effect == EFFECT_NONE && !db_is_dead(session->db) && may_retake) {
        rc = lease_hold_side(run->lease, side, err);
        return rc ? rc : door_switch_open(session, err);
    }
    if (rc)
        *err = refusal;
    return rc;
}

/* The pause ends with the statement that ends it, not with the proof that it did. */
static int open_for_all(struct run *run, enum side side, struct session *session, bool may_retake,
                        struct err *err)
{
    int64_t began_ms = run->fence_began_ms;
    int rc = switch_open(run, side, session, may_retake, err);

    if (rc)
        return rc;
    run_pause_end(run);
    rc = door_confirm_open(session, err);
    if (rc && err->effect != EFFECT_APPLIED)
        run->fence_began_ms = began_ms;
    return rc;
}

static int let_write(struct run *run, enum side side, struct session *session, bool may_retake,
                     struct err *err)
{
    struct err later = {0};
    bool ends_pause = run->fence_began_ms != 0;
    int rc = open_for_all(run, side, session, may_retake, &later);

    if (rc && later.effect != EFFECT_APPLIED) {
        *err = later;
        return rc;
    }
    if (rc) /* users can write: nothing that a restart may do later is worth going back now */
        log_warn("%s is open, but %s (%s), continuing", side_title(side), later.msg, later.hint);
    heartbeat_set(run->heartbeat, side, true);
    run->is_side_opened = true;
    note_opened(run, side, ends_pause);
    return 0;
}

WORK(work_side_open)
{
    enum side side;
    struct session *session;

    (void)step;
    int rc = open_side(run, args, &side, &session, err);
    return rc ? rc : let_write(run, side, session, !run->breath.is_on, err);
}

/* Undo of closing: open, or what else it was before this run. */
WORK(work_side_put_back)
{
    enum side side;
    struct session *session;
    char found[16];

    (void)step;
    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = recall_found(run, side, found, sizeof found, err);
    if (rc)
        return rc;
    if (strcmp(found, "closed") == 0)
        return door_put_back(session, &(struct door){.is_closed = true}, err);
    if (strcmp(found, "sealed") == 0) /* nothing was done to it */
        return 0;
    return let_write(run, side, session, true, err);
}

WORK(work_side_is_closed)
{
    enum side side;
    struct session *session;
    struct door door;

    (void)step;
    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = door_read(session, &door, err);
    if (rc || door.is_whole || (door.is_closed && json_bool_or(args, "admit", 0)))
        return rc;
    return refuse_state(side, session, &door, err);
}

/* A crash may have come between opening and forgetting: what was left undone is made up for. */
WORK(work_side_is_open)
{
    enum side side;
    struct session *session;
    struct door door;
    struct err later = {0};

    (void)step;
    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = door_read(session, &door, err);
    if (rc)
        return rc;
    if (door.is_closed)
        return refuse_state(side, session, &door, err);
    if (door.is_kept && door_forget(session, &later))
        log_warn("%s is open, but %s (%s), continuing", side_title(side), later.msg, later.hint);
    return 0;
}

/*
 * While writes are refused the wait may last no longer than the budget or the drain limit,
 * whichever is shorter.
 */
static int64_t drain_deadline(const struct run *run, const json_t *args)
{
    int64_t limit_ms = run->service->limits.drain_ms;
    int64_t budget_ms = json_int_or(args, "budget_ms", limit_ms);

    if (!run->fence_began_ms)
        return clock_mono_ms() + run->service->limits.stragglers_ms;
    return run->fence_began_ms + (budget_ms < limit_ms ? budget_ms : limit_ms);
}

/* Inside a breath the one that was read at the end of the fence's proof; otherwise that of now. */
static int position_to_drain(struct run *run, enum side from, struct position *out, struct err *err)
{
    struct session *source;

    if (run->breath.is_on)
        return run_position_get(run, side_name(from), out, err);
    int rc = run_primary(run, from, &source, err);
    if (!rc)
        rc = link_position(source, out, err);
    return rc ? rc : run_position_put(run, side_name(from), out, err);
}

WORK(work_drain)
{
    enum side from;
    struct session *replica;
    struct position want;
    int64_t began_us = clock_mono_us();

    (void)step;
    int rc = side_of(args, "from", &from, err);
    if (!rc)
        rc = run_primary(run, side_other(from), &replica, err);
    if (!rc)
        rc = position_to_drain(run, from, &want, err);
    if (!rc)
        rc = link_wait_applied(replica, link_channel(side_other(from)), &want,
                               drain_deadline(run, args), err);
    if (rc)
        return err_wrap(err, "draining %s into %s", side_title(from), side_title(side_other(from)));
    breath_commit_early(run);
    double took_ms = (double)(clock_mono_us() - began_us) / 1000.0;
    return run_note_ms(run, "drain.done", took_ms, err,
                       "%s has applied everything of %s, after %.1f ms",
                       side_title(side_other(from)), side_title(from), took_ms);
}

WORK(work_events_move)
{
    enum side to;
    struct session *target, *other;
    unsigned disabled = 0, enabled = 0;

    (void)step;
    int rc = side_of(args, "to", &to, err);
    if (!rc)
        rc = run_primary(run, side_other(to), &other, err);
    if (!rc)
        rc = run_primary(run, to, &target, err);
    if (!rc)
        rc = events_set(run->service, other, false, &disabled,
                        err); /* first off, then on: never on both */
    if (!rc)
        rc = events_set(run->service, target, true, &enabled, err);
    return rc ? rc
              : run_note(run, "events.moved", err, "%u event(s) off on %s, %u on on %s", disabled,
                         side_title(side_other(to)), enabled, side_title(to));
}
