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
#include "engine/drill_history.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"

#define FORECAST_SAMPLES 5

static int open_side(struct run *run, const json_t *args, enum side *out_side,
                     struct session **out_session, struct err *err)
{
    int rc = side_of(args, "side", out_side, err);
    return rc ? rc : run_primary(run, *out_side, out_session, err);
}

static int note_closed(struct run *run, enum side side, const struct fence_report *report,
                       struct err *err)
{
    int rc = run_note(
        run, "side.closed", err,
        "%s is closed: read_only took %lld ms, the proof %lld ms, %u session(s) ended",
        side_title(side), (long long)report->close_ms, (long long)report->prove_ms, report->killed);
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
    return journal_memory_put(run->journal, run->service->name, name, value, err);
}

WORK(work_fence_close)
{
    enum side side;
    struct session *session;
    struct fence_report report = {0};
    struct door found;

    (void)step;
    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = door_read(session, &found, err);
    if (!rc)
        rc = remember_found(run, side, &found, err);
    if (rc)
        return rc;
    heartbeat_set(run->heartbeat, side, false);
    if (!found.is_closed)
        run->fence_began_ms = clock_mono_ms();
    rc = fence_close(run->service, session, &report, err);
    if (rc) {
        /* Given way: writes go on as they did before. Not known: the undo opens it. */
        if (!found.is_closed && err->effect == EFFECT_NONE) {
            heartbeat_set(run->heartbeat, side, true);
            run->fence_began_ms = 0;
        }
        return rc;
    }
    rc = run_position_put(run, side_name(side), &report.position, err);
    if (!rc && json_bool_or(args, "admit", 0))
        rc = door_admit(session, &(struct door){.is_sealed = true}, err);
    return rc ? rc : note_closed(run, side, &report, err);
}

WORK(work_fence_still)
{
    enum side side;
    struct session *session;
    struct origin origin;
    struct position now, then, own_now, own_then;

    int rc = work_side_is_closed(run, step, args, err);
    if (!rc)
        rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = run_position_get(run, side_name(side), &then, err);
    if (!rc)
        rc = link_position(session, &now, err);
    if (!rc)
        rc = link_origin(session, &origin, err);
    if (rc)
        return rc;
    position_of(&then, &origin, &own_then); /* the rest moves by what arrives over a link */
    position_of(&now, &origin, &own_now);
    if (position_equal(&own_now, &own_then))
        return 0;
    err_set(
        err, ERR_REFUSED, EFFECT_NONE,
        "%s has committed transactions since it was closed: an account writes through read_only",
        side_title(side));
    return err_hint(err, "\"cutover check\" names the accounts that read_only does not stop");
}

/*
 * Users can write again, which is what counts: a journal that is full must not make a failure of
 * it.
 */
static void note_opened(struct run *run, enum side side, int64_t pause_ms)
{
    struct err err = {0};
    int rc = pause_ms < 0 ? run_note(run, "side.opened", &err, "%s is open", side_title(side))
                          : run_note_ms(run, "side.opened", (double)pause_ms, &err,
                                        "%s is open; writes were refused for %lld ms",
                                        side_title(side), (long long)pause_ms);

    if (rc)
        log_warn("that %s is open is not in the journal: %s, continuing", side_title(side),
                 err.msg);
}

WORK(work_side_open)
{
    enum side side;
    struct session *session;
    int64_t pause_ms = -1;

    struct err later = {0};

    (void)step;
    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = door_open(session, &later);
    if (rc && later.effect != EFFECT_APPLIED) {
        if (later.code)
            *err = later;
        return rc;
    }
    if (rc) /* users can write: nothing that a restart may do later is worth going back now */
        log_warn("%s is open, but %s (%s), continuing", side_title(side), later.msg, later.hint);
    heartbeat_set(run->heartbeat, side, true);
    run->is_side_opened = true;
    if (run->fence_began_ms) {
        pause_ms = run->write_pause_ms = clock_mono_ms() - run->fence_began_ms;
        run->fence_began_ms = 0;
    }
    note_opened(run, side, pause_ms);
    return 0;
}

/* Undo of closing: open, or what else it was before this run. */
WORK(work_side_put_back)
{
    enum side side;
    struct session *session;
    char found[16];

    int rc = open_side(run, args, &side, &session, err);
    if (!rc)
        rc = recall_found(run, side, found, sizeof found, err);
    if (rc)
        return rc;
    if (strcmp(found, "closed") == 0)
        return door_put_back(session, &(struct door){.is_closed = true}, err);
    if (strcmp(found, "sealed") == 0) /* nothing was done to it */
        return 0;
    return work_side_open(run, step, args, err);
}

static int refuse_state(enum side side, const struct session *session, const struct door *door,
                        struct err *err)
{
    return err_set(
        err, ERR_REFUSED, EFFECT_NONE, "%s (%s) is %s", side_title(side), session->node->name,
        door->is_closed && !door->is_whole ? "closed for the application only" : door_name(door));
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

WORK(work_drain)
{
    enum side from;
    struct session *source, *replica;
    struct position want;
    int64_t began_ms = clock_mono_ms();

    (void)step;
    int rc = side_of(args, "from", &from, err);
    if (!rc)
        rc = run_primary(run, from, &source, err);
    if (!rc)
        rc = run_primary(run, side_other(from), &replica, err);
    if (!rc)
        rc = link_position(source, &want, err);
    if (!rc)
        rc = run_position_put(run, side_name(from), &want, err);
    if (!rc)
        rc = link_wait_applied(replica, link_channel(side_other(from)), &want,
                               drain_deadline(run, args), err);
    if (rc)
        return err_wrap(err, "draining %s into %s", side_title(from), side_title(side_other(from)));
    int64_t took_ms = clock_mono_ms() - began_ms;
    return run_note_ms(run, "drain.done", (double)took_ms, err,
                       "%s has applied everything of %s, after %lld ms",
                       side_title(side_other(from)), side_title(from), (long long)took_ms);
}

/* --- forecast --------------------------------------------------------------------------------- */

/* Worst of a few GTID waits: what the drain will have to wait for. */
static int measure_lag(struct run *run, enum side from, int64_t limit_ms, double *out_ms,
                       struct err *err)
{
    struct session *source, *replica;
    int64_t worst_us = 0, lag_us;

    int rc = run_primary(run, from, &source, err);
    if (!rc)
        rc = run_primary(run, side_other(from), &replica, err);
    for (int i = 0; i < FORECAST_SAMPLES && !rc; i++) {
        rc = link_measure(source, replica, limit_ms, &lag_us, err);
        if (!rc && lag_us == LAG_INFINITE)
            rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                         "%s did not reach the position of %s within %lld ms",
                         side_title(side_other(from)), side_title(from), (long long)limit_ms);
        if (!rc && lag_us > worst_us)
            worst_us = lag_us;
    }
    *out_ms = (double)worst_us / 1000.0;
    return rc;
}

/*
 * The fence's parts done harmlessly, and timed: a journal record, the rest of the proof (or the
 * newest rows), the lease's questions.
 */
static int measure_parts(struct run *run, const struct plan_step *step, const json_t *args,
                         double *out_ms, struct err *err)
{
    int64_t began_us = clock_mono_us();

    int rc = journal_event(run->journal, run->id, "forecast.measure", NULL, err);
    double record_ms = (double)(clock_mono_us() - began_us) / 1000.0;
    began_us = clock_mono_us();
    if (!rc)
        rc = work_verify_tail(run, step, args, err);
    double tail_ms = (double)(clock_mono_us() - began_us) / 1000.0;
    struct proof_status proof;
    char problem[256];
    enum side from = SIDE_OLD;
    if (!rc)
        rc = side_of(args, "from", &from, err);
    if (!rc && proof_keeper_look(run, from, &proof, problem) && proof.is_covering)
        tail_ms = (double)proof.settle_ms; /* nothing moves then, so it waits for nothing */
    began_us = clock_mono_us();
    if (!rc)
        rc = lease_check(run->lease, err);
    double lease_ms = (double)(clock_mono_us() - began_us) / 1000.0;
    /*
     * Five parts between the fence and the opening, each with a lease check and about four journal
     * records.
     */
    *out_ms = tail_ms + 5 * (lease_ms + 4 * record_ms);
    return rc;
}

WORK(work_forecast)
{
    enum side from;
    bool is_shared = json_bool_or(args, "shared", 0);
    int64_t budget_ms = json_int_or(args, "budget_ms", 0), ttl_ms = json_int_or(args, "ttl_ms", 0);
    double lag_ms = 0, parts_ms = 0;

    int rc = side_of(args, "from", &from, err);
    if (!rc)
        rc = measure_lag(run, from, budget_ms > 0 ? budget_ms : run->service->limits.drain_ms,
                         &lag_ms, err);
    if (rc)
        return rc;
    if (is_shared)
        return run_note(run, "forecast", err,
                        "forecast: no write is refused (both sides stay open); a row needs %.1f ms "
                        "to the other side",
                        lag_ms);
    rc = measure_parts(run, step, args, &parts_ms, err);
    if (rc)
        return rc;
    double pause_ms = lag_ms + parts_ms;
    rc = run_note_ms(
        run, "forecast", pause_ms, err,
        "forecast: OLD and NEW both refuse writes for about %.0f ms (%.1f ms to drain, "
        "%.0f ms for the proofs), budget %.1f s; users of DNS-only names wait up to "
        "%.0f s more, until their resolver asks again",
        pause_ms, lag_ms, parts_ms, (double)budget_ms / 1000.0, (double)ttl_ms / 1000.0);
    if (!rc)
        rc = drill_history_note(run, err);
    if (!rc && pause_ms > (double)budget_ms) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "writes would be refused for about %.0f ms, which is over the budget of %lld ms",
                pause_ms, (long long)budget_ms);
        rc = err_hint(err, "nothing was touched; find out what lags, raise \"budget\", or use mode "
                           "= \"shared\"");
    }
    return rc;
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
