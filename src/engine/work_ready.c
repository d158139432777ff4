/* SPDX-License-Identifier: MIT */
/* What can be done before a side is closed, so that nobody has to wait for it; and the forecast. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/gate.h"
#include "cluster/link.h"
#include "domain/forecast.h"
#include "engine/drill_history.h"
#include "engine/journal_follow.h"
#include "engine/let_in.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"

#define FORECAST_SAMPLES 5
#define SETTLE_LOOK_MS 12
#define NEAR_MIN_US 5000
#define TRAVEL_OWN_US 10000 /* of a row, beside the network: two commits and an applier */
#define NEAR_MARGIN_US 3000 /* above what the network needs anyway */
#define GATE_WAIT_MS 1000
#define GATE_ALONE_MS 3000 /* where writers cannot be held back: nobody waits at the gate */
#define ROUND_MS 3000      /* of pulses, and how old a probe row may be at its beginning */
#define GATE_AGAIN_MS 50   /* it did not come by itself a moment ago, and goes away meanwhile */
#define PULSES_MS 15000 /* to get near, and as long again for the proof; before a side is closed */
#define LAST_MS 500     /* for a short pulse behind whole ones */
#define TICK_PULSES 8   /* the rests between them are too short for samples */
#define YOUNG_MS 100    /* a proof is hardly younger while rows are written */
#define LAST_LOOK_MS 5  /* after pulses nothing is left of it but round trips */
#define LATE_MS 250     /* one that nobody is slowed down for */
#define LATE_SHARE 4    /* of the budget: what may be drained without ever having been near */
#define CATCH_UP_MS 5000
#define REHEARSAL_MS 250 /* where pulses bring it near if it does not come */

static int open_pair(struct run *run, enum side from, struct session **source,
                     struct session **replica, struct err *err)
{
    int rc = run_primary(run, from, source, err);
    return rc ? rc : run_primary(run, side_other(from), replica, err);
}

/* A round trip to a side, as a question that is due anyway. */
static int measure_trip(struct run *run, enum side side, int64_t *out_us, struct err *err)
{
    int64_t began_us = clock_mono_us();
    int rc = lease_confirm(run->lease, side, err);

    *out_us = clock_mono_us() - began_us;
    return rc;
}

/* --- the gate --------------------------------------------------------------------------------- */

/* As far behind as a link that has nothing to do: the other one, which is idle, tells. */
static int64_t near_us(const struct run *run, enum side from)
{
    enum side to = side_other(from);
    int64_t most_us = run->trip_us[to] + TRAVEL_OWN_US; /* more is the load, not the way */
    int64_t travel_us = run->travel_us[to] < most_us ? run->travel_us[to] : most_us;
    int64_t network_us = run->trip_us[to] + travel_us + NEAR_MARGIN_US;

    return network_us > NEAR_MIN_US ? network_us : NEAR_MIN_US;
}

static int note_pulses(struct run *run, const struct gate_report *report, struct err *err)
{
    if (report->pulses == 0)
        return 0;
    run->has_pulsed = true;
    double longest_ms = (double)report->longest_us / 1000.0;
    double held_ms = (double)report->held_us / 1000.0;
    return run_note_figures(
        run, "pulse",
        json_pack("{s:f,s:f,s:i}", "ms", longest_ms, "held_ms", held_ms, "count",
                  (int)report->pulses),
        err,
        "commits were held %u time(s), at most %.1f ms each and %.1f ms in all, for the other "
        "side to catch up",
        report->pulses, longest_ms, held_ms);
}

static int note_gate(struct run *run, const struct gate *gate, const struct gate_report *report,
                     int64_t took_ms, struct err *err)
{
    char lag[32] = "not within reach";

    if (report->lag_us != LAG_INFINITE)
        (void)snprintf(lag, sizeof lag, "%.1f ms behind", (double)report->lag_us / 1000.0);
    int rc = note_pulses(run, report, err);
    return rc ? rc
              : run_note(run, "gate.passed", err,
                         "%s, measured %u time(s) in %lld ms; %.1f ms was asked for%s", lag,
                         report->measured, (long long)took_ms, (double)gate->near_us / 1000.0,
                         report->is_near ? "" : " and did not come");
}

static int refuse_backlog(const struct gate *gate, int64_t budget_ms, struct err *err)
{
    err_set(err, ERR_TIMEOUT, EFFECT_NONE,
            "the other side did not come within %.1f ms of what was being written, nor within a "
            "quarter of the budget of %lld ms",
            (double)gate->near_us / 1000.0, (long long)budget_ms);
    return err_hint(err, "nothing was closed; find out what lags (\"cutover check "
                         "replica.appliers\"), come back when less is written, or raise "
                         "\"budget\"");
}

static int refuse_late_proof(struct err *err)
{
    err_set(err, ERR_TIMEOUT, EFFECT_NONE,
            "rows are written faster than they can be compared, even with commits held in pulses");
    return err_hint(err, "nothing was closed; come back when less is written, or run \"cutover "
                         "verify --restart\" then, so that less is left to compare");
}

static int make_gate(struct run *run, enum side from, const json_t *args, struct gate *out,
                     struct err *err)
{
    *out = (struct gate){
        .service = run->service, .near_us = near_us(run, from), .pulses_ms = PULSES_MS};
    int rc = open_pair(run, from, &out->source, &out->replica, err);
    if (!rc)
        rc = work_make_fence(run, from, out->source, err);
    if (!rc && json_bool_or(args, "pulses", 0) && gate_can_pulse(out->source))
        out->second = fence_second(run->fence);
    out->wait_ms = !out->second ? GATE_ALONE_MS : run->has_pulsed ? GATE_AGAIN_MS : GATE_WAIT_MS;
    return rc;
}

static bool is_proof_late(struct run *run, enum side from, int64_t late_ms)
{
    struct proof_status proof;
    char problem[256];

    return proof_keeper_look(run, from, &proof, problem) && proof.is_covering &&
           proof.age_ms > late_ms;
}

static void add_report(struct gate_report *sum, const struct gate_report *report)
{
    sum->is_near = report->is_near;
    sum->lag_us = report->lag_us;
    sum->measured += report->measured;
    sum->held_us += report->held_us;
    if (report->longest_us > sum->longest_us)
        sum->longest_us = report->longest_us;
    if (report->pulses == 0)
        return;
    sum->pulses += report->pulses;
    sum->held = report->held;
    sum->held_at = report->held_at;
}

/* One pulse after the other, until what was written is compared, too. The last one is followed by
 * nothing. Adds to what was held before. */
static int slow_down(struct run *run, enum side from, const struct gate *gate,
                     struct gate_report *sum, struct err *err)
{
    struct gate slow = *gate;
    int64_t deadline_ms = clock_mono_ms() + PULSES_MS;
    int rc = 0;

    slow.is_slow = true;
    slow.wait_ms = 0;
    slow.pulses_ms = GATE_PULSE_MS;
    while (!rc && is_proof_late(run, from, YOUNG_MS) && clock_mono_ms() < deadline_ms) {
        struct gate_report report;
        if (sum->pulses % TICK_PULSES == 0)
            rc = run_pause(run, 0, err);
        if (!rc && run->probed_ms[side_other(from)])
            rc = work_keep_probe(run, side_other(from), ROUND_MS, err);
        if (!rc)
            rc = gate_rest(gate, sum, err);
        if (!rc)
            rc = gate_wait(&slow, &report, err);
        if (rc)
            break;
        add_report(sum, &report);
    }
    return rc;
}

/* The last of those was a whole one, and whom it held the closing would hold as well. */
static int end_short(const struct gate *gate, struct gate_report *sum, struct err *err)
{
    struct gate last = *gate;
    struct gate_report report;

    last.wait_ms = 0;
    last.pulses_ms = LAST_MS;
    int rc = gate_rest(gate, sum, err);
    if (!rc)
        rc = gate_wait(&last, &report, err);
    if (!rc)
        add_report(sum, &report);
    return rc;
}

/*
 * Pulses may last longer than the word of the last probe row: a new one is sent while nobody is
 * refused, in rounds that are short beside that.
 */
static int wait_at_gate(struct run *run, enum side from, const struct gate *gate,
                        struct gate_report *sum, struct err *err)
{
    struct gate round = *gate;
    int64_t deadline_ms = clock_mono_ms() + gate->wait_ms + gate->pulses_ms;
    int rc = 0;

    round.pulses_ms = ROUND_MS;
    *sum = (struct gate_report){0};
    do {
        struct gate_report report;
        rc = work_keep_probe(run, side_other(from), ROUND_MS, err);
        if (!rc)
            rc = gate_wait(&round, &report, err);
        if (!rc)
            add_report(sum, &report);
        round.wait_ms = GATE_AGAIN_MS;
    } while (!rc && gate->second && !sum->is_near && clock_mono_ms() < deadline_ms);
    return rc;
}

int work_pass_gate(struct run *run, enum side from, const json_t *args, struct err *err)
{
    struct gate gate;
    struct gate_report report;
    int64_t budget_ms = json_int_or(args, "budget_ms", run->service->limits.drain_ms);
    int64_t began_ms = clock_mono_ms();

    int rc = make_gate(run, from, args, &gate, err);
    if (!rc)
        rc = wait_at_gate(run, from, &gate, &report, err);
    if (!rc && !report.is_near && !gate.second) /* how far is it, then? */
        rc = link_measure(gate.source, gate.replica, budget_ms / LATE_SHARE, &report.lag_us, err);
    bool is_late =
        !rc && gate.second && is_proof_late(run, from, report.pulses ? YOUNG_MS : LATE_MS);
    if (is_late) {
        rc = slow_down(run, from, &gate, &report, err);
        if (!rc && report.pulses)
            rc = end_short(&gate, &report, err);
        is_late = is_proof_late(run, from, LATE_MS);
    }
    if (rc)
        return rc;
    bool is_bearable =
        !is_late && report.lag_us != LAG_INFINITE && report.lag_us / 1000 <= budget_ms / LATE_SHARE;
    if ((report.is_near && !is_late) || is_bearable)
        return note_gate(run, &gate, &report, clock_mono_ms() - began_ms, err);
    rc = note_pulses(run, &report, err);
    if (rc)
        return rc;
    /* rows that have not arrived are not compared: the way there is the cause */
    bool is_far = report.lag_us == LAG_INFINITE;
    return is_late && !is_far ? refuse_late_proof(err) : refuse_backlog(&gate, budget_ms, err);
}

/* --- ready ------------------------------------------------------------------------------------ */

/*
 * Prove what was written up to now, so that the last look has little left: rows can be compared
 * once the other side has them, so it has to come near first. That it cannot be done is told there.
 */
static int draw_near(struct run *run, enum side from, const json_t *args, struct err *err)
{
    struct gate gate;
    struct gate_report report = {.is_near = true};
    int64_t deadline_ms = clock_mono_ms() + CATCH_UP_MS;

    int rc = make_gate(run, from, args, &gate, err);
    if (!rc && gate.second)
        rc = gate_wait(&gate, &report, err);
    proof_keeper_hurry(run);
    while (!rc && is_proof_late(run, from, YOUNG_MS) && !report.pulses &&
           clock_mono_ms() < deadline_ms)
        rc = run_pause(run, 20, err);
    if (!rc && gate.second && is_proof_late(run, from, LATE_MS))
        rc = slow_down(run, from, &gate, &report, err);
    return rc ? rc : note_pulses(run, &report, err);
}

WORK(work_fence_ready)
{
    enum side from;
    struct session *source;

    (void)step;
    int rc = side_of(args, "from", &from, err);
    if (!rc)
        rc = run_primary(run, from, &source, err);
    if (!rc)
        rc = work_make_fence(run, from, source, err);
    if (!rc)
        rc = measure_trip(run, SIDE_OLD, &run->trip_us[SIDE_OLD], err);
    if (!rc)
        rc = measure_trip(run, SIDE_NEW, &run->trip_us[SIDE_NEW], err);
    if (!rc)
        rc = let_in_prepare(run, side_other(from), err);
    return rc ? rc : draw_near(run, from, args, err);
}

/* --- forecast --------------------------------------------------------------------------------- */

struct forecast {
    double lag_ms, commits_ms, trips_ms, proof_ms, journal_ms;
    double earlier_ms; /* below 0: no pause of this service is known */
};

static double measured_ms(const struct forecast *f)
{
    return f->lag_ms + f->commits_ms + f->trips_ms + f->proof_ms + f->journal_ms;
}

static int by_size(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a, right = *(const int64_t *)b;

    return (left > right) - (left < right);
}

/* One slow answer of a busy machine says little about the next. */
static int64_t median(int64_t *values, size_t count)
{
    qsort(values, count, sizeof *values, by_size);
    return values[count / 2];
}

/* Some GTID waits, in the middle. */
static int measure_lag(struct run *run, enum side from, int64_t limit_ms, double *out_ms,
                       struct err *err)
{
    struct session *source, *replica;
    int64_t lag_us[FORECAST_SAMPLES];

    int rc = open_pair(run, from, &source, &replica, err);
    for (int i = 0; i < FORECAST_SAMPLES && !rc; i++) {
        rc = link_measure(source, replica, limit_ms, &lag_us[i], err);
        if (!rc && lag_us[i] == LAG_INFINITE)
            rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                         "%s did not reach the position of %s within %lld ms",
                         side_title(side_other(from)), side_title(from), (long long)limit_ms);
    }
    if (!rc)
        *out_ms = (double)median(lag_us, FORECAST_SAMPLES) / 1000.0;
    return rc;
}

/*
 * What the drain will have to wait for: as far behind as the gate finds the other side at the
 * moment at which it opens. What comes after is measured from there. Where that moment does not
 * come by itself, pulses make it, or the backlog is drained.
 */
static int rehearse_gate(struct run *run, enum side from, int64_t limit_ms, const struct gate *gate,
                         double *out_ms, struct err *err)
{
    struct gate rehearsal = *gate;
    struct gate_report report;

    rehearsal.second = NULL;
    if (gate->second)
        rehearsal.wait_ms = REHEARSAL_MS;
    int rc = gate_wait(&rehearsal, &report, err);
    if (!rc && !report.is_near && !gate->second)
        return measure_lag(run, from, limit_ms, out_ms, err);
    if (!rc)
        *out_ms = (double)(report.is_near ? report.lag_us : gate->near_us) / 1000.0;
    return rc;
}

/* Closing waits for the commits that are under way: as long as one of ours, and half done. */
static double commits_ms(const struct run *run, enum side from)
{
    double write_ms = heartbeat_write_ms(run->heartbeat, from);

    return write_ms > 0 ? write_ms / 2 : 0;
}

static int measure_journal(struct run *run, double *out_ms, struct err *err)
{
    int64_t began_us = clock_mono_us();
    int rc = journal_event(run->journal, run->id, "forecast.measure", NULL, err);

    *out_ms = (double)(clock_mono_us() - began_us) / 1000.0;
    return rc;
}

/* What would be left of it now: nothing moves then, so it waits for nothing. The least of some
 * looks: a side is closed when the prover has caught up, and nobody adds to its work any more. */
static int measure_settling(struct run *run, enum side from, double *out_ms, struct err *err)
{
    int64_t least_ms = INT64_MAX;
    struct proof_status proof;
    char problem[256];

    for (int i = 0; i < FORECAST_SAMPLES; i++) {
        int rc = run_pause(run, SETTLE_LOOK_MS, err);
        if (rc)
            return rc;
        bool is_kept = proof_keeper_look(run, from, &proof, problem) && proof.is_covering;
        if (!is_kept)
            return 0; /* what the last look took stands */
        if (proof.settle_ms < least_ms)
            least_ms = proof.settle_ms;
    }
    *out_ms = (double)least_ms;
    return 0;
}

/* The last look, done harmlessly, and timed. */
static int measure_proof(struct run *run, const struct plan_step *step, const json_t *args,
                         enum side from, bool may_pulse, double *out_ms, struct err *err)
{
    struct proof_status proof;
    char problem[256];
    int64_t began_us = clock_mono_us();
    int rc = work_verify_tail(run, step, args, err);
    bool is_kept = !rc && proof_keeper_look(run, from, &proof, problem) && proof.is_covering;

    if (rc == ERR_TIMEOUT && may_pulse) /* the gate does not let it through like that */
        rc = 0;
    *out_ms = (double)(clock_mono_us() - began_us) / 1000.0;
    if (!rc && is_kept)
        rc = measure_settling(run, from, out_ms, err);
    bool is_brought = run->has_pulsed || is_proof_late(run, from, LATE_MS);
    if (may_pulse && is_brought && *out_ms > LAST_LOOK_MS)
        *out_ms = LAST_LOOK_MS;
    return rc;
}

static int measure_trips(struct run *run, enum side from, double *out_ms, struct err *err)
{
    struct session *source;
    int64_t fence_us[FORECAST_SAMPLES], trip_us[SIDE_COUNT][FORECAST_SAMPLES];

    int rc = run_primary(run, from, &source, err);
    if (!rc)
        rc = work_make_fence(run, from, source, err);
    for (int i = 0; i < FORECAST_SAMPLES && !rc; i++) {
        rc = fence_rehearse(run->fence, &fence_us[i], err);
        if (!rc)
            rc = measure_trip(run, SIDE_OLD, &trip_us[SIDE_OLD][i], err);
        if (!rc)
            rc = measure_trip(run, SIDE_NEW, &trip_us[SIDE_NEW][i], err);
    }
    if (rc)
        return rc;
    /* Closing, twice whether it is closed, what was under way, the way back, the position, and a
     * lease; opening, the other lease, and whether the link is well before it is waited for. */
    *out_ms =
        (double)(median(fence_us, FORECAST_SAMPLES) + 8 * median(trip_us[from], FORECAST_SAMPLES) +
                 3 * median(trip_us[side_other(from)], FORECAST_SAMPLES)) /
        1000.0;
    return 0;
}

static int measure(struct run *run, const struct plan_step *step, const json_t *args,
                   enum side from, bool may_pulse, struct forecast *out, struct err *err)
{
    int rc = measure_journal(run, &out->journal_ms, err);

    if (!rc)
        rc = measure_proof(run, step, args, from, may_pulse, &out->proof_ms, err);
    if (!rc)
        rc = measure_trips(run, from, &out->trips_ms, err);
    if (rc)
        return rc;
    /* It is written beside the last look. */
    out->journal_ms = out->journal_ms > out->proof_ms ? out->journal_ms - out->proof_ms : 0;
    return 0;
}

static int note_forecast(struct run *run, const struct forecast *f, int64_t budget_ms,
                         int64_t ttl_ms, struct err *err)
{
    json_t *figures =
        json_pack("{s:f,s:f,s:f,s:f,s:f,s:f,s:f}", "ms", run->forecast_ms, "lag_ms", f->lag_ms,
                  "commits_ms", f->commits_ms, "trips_ms", f->trips_ms, "proof_ms", f->proof_ms,
                  "journal_ms", f->journal_ms, "earlier_ms", f->earlier_ms);
    char earlier[80] = "";

    if (f->earlier_ms > 0)
        (void)snprintf(earlier, sizeof earlier,
                       "; the last ones took %.1f in the middle, which counts half", f->earlier_ms);
    return run_note_figures(
        run, "forecast", figures, err,
        "forecast: OLD and NEW both refuse writes for about %.1f ms (%.1f for commits under way, "
        "%.1f to apply them, %.1f for round trips, %.1f for the last look at the rows, %.1f for "
        "the journal%s), "
        "budget %.1f s; users of DNS-only names wait up to %.0f s more, until their resolver asks "
        "again",
        run->forecast_ms, f->commits_ms, f->lag_ms, f->trips_ms, f->proof_ms, f->journal_ms,
        earlier, (double)budget_ms / 1000.0, (double)ttl_ms / 1000.0);
}

/* Earlier ones know what cannot be measured beforehand: commits under way, disks. */
static int recall_pauses(struct run *run, struct forecast *f, struct err *err)
{
    double earlier_ms[FORECAST_EARLIER_CAP];
    size_t count = 0;
    int rc = journal_pauses(run->journal, run->service->name, earlier_ms, FORECAST_EARLIER_CAP,
                            &count, err);

    if (!rc)
        f->earlier_ms = forecast_middle(earlier_ms, count);
    return rc;
}

WORK(work_forecast)
{
    enum side from;
    bool is_shared = json_bool_or(args, "shared", 0);
    int64_t budget_ms = json_int_or(args, "budget_ms", 0), ttl_ms = json_int_or(args, "ttl_ms", 0);
    struct forecast f = {0};
    struct gate gate;

    int rc = side_of(args, "from", &from, err);
    if (!rc && !is_shared)
        rc = make_gate(run, from, args, &gate, err);
    int64_t limit_ms = budget_ms > 0 ? budget_ms : run->service->limits.drain_ms;
    if (!rc)
        rc = is_shared ? measure_lag(run, from, limit_ms, &f.lag_ms, err)
                       : rehearse_gate(run, from, limit_ms, &gate, &f.lag_ms, err);
    if (rc)
        return rc;
    if (is_shared)
        return run_note(run, "forecast", err,
                        "forecast: no write is refused (both sides stay open); a row needs %.1f ms "
                        "to the other side",
                        f.lag_ms);
    rc = measure(run, step, args, from, gate.second != NULL, &f, err);
    if (rc)
        return rc;
    f.commits_ms = commits_ms(run, from);
    rc = recall_pauses(run, &f, err);
    if (rc)
        return rc;
    run->forecast_ms = forecast_blend(measured_ms(&f), f.earlier_ms);
    double worst_ms = fmax(run->forecast_ms, measured_ms(&f));
    rc = note_forecast(run, &f, budget_ms, ttl_ms, err);
    if (!rc)
        rc = drill_history_note(run, err);
    if (!rc && worst_ms > (double)budget_ms) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "writes would be refused for about %.0f ms, which is over the budget of %lld ms",
                worst_ms, (long long)budget_ms);
        rc = err_hint(err, "nothing was touched; find out what lags, raise \"budget\", or use mode "
                           "= \"shared\"");
    }
    return rc;
}
