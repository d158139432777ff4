/* SPDX-License-Identifier: MIT */
/*
 * A controller under supervision. The place of a fault is a failpoint at which the controller stops
 * itself; what happens then is done to it from here, as it would be by a machine that dies.
 */
#include "engine/drill_leg.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "engine/drill_fault.h"
#include "engine/report.h"

#define ARGUMENT_CAP 32
#define WATCH_MS 2
#define FAULT_LASTS_MS 3000
#define RESUME_CAP 5
#define BUSY_PAUSE_MS 250
#define BUSY_MS 70000 /* a lease outlives a controller that vanished by 60 s at most */

/* --- the process ------------------------------------------------------------------------------ */

static int start(const struct drill_way *way, const char *what, bool is_armed, struct child *child,
                 struct err *err)
{
    static const char *const deeds[] = {
        [DRILL_KILL_CONTROLLER] = "pause", [DRILL_CUT_LINK] = "pause",
        [DRILL_STALL_APPLY] = "pause",     [DRILL_DNS_429] = "error",
        [DRILL_LOST_ANSWER] = "error",
    };
    const char *argv[ARGUMENT_CAP + 4] = {0};
    char failpoint[320] = "CUTOVER_FAILPOINT=";
    size_t count = 0;

    for (; count < way->options->program_count && count < ARGUMENT_CAP; count++)
        argv[count] = way->options->program[count];
    argv[count++] = "drill-leg";
    argv[count++] = what;
    argv[count] = way->path;
    if (is_armed) {
        size_t kinds;
        const struct drill_fault_row *row = &drill_fault_table(&kinds)[way->fault->kind];
        const char *place = row->is_dns                ? row->name
                            : way->is_fault_repeatable ? "before-act"
                                                       : "after-act";
        (void)snprintf(failpoint, sizeof failpoint, "CUTOVER_FAILPOINT=%s@%s.%s.%s",
                       deeds[way->fault->kind], way->fault_step, way->fault_part, place);
    }
    return child_start(child, "/proc/self/exe", argv, failpoint, err);
}

/* --- the fault -------------------------------------------------------------------------------- */

struct watch {
    struct child child;
    bool is_armed;      /* a fault is still to come */
    int64_t mend_at_ms; /* 0: nothing is broken */
};

static void mend(struct drill_way *way, struct watch *watch)
{
    struct err err = {0};

    watch->mend_at_ms = 0;
    if (!drill_mend(way->service, way->journal, NULL, &err))
        return;
    log_failure(&err);
    way->failure = err;
}

static void strike(struct drill_way *way, struct watch *watch)
{
    enum side to = way->leg == DRILL_THERE ? SIDE_NEW : SIDE_OLD;
    struct err err = {0};

    watch->is_armed = false;
    way->is_struck = true;
    way->struck_us = clock_wall_us();
    if (way->fault->kind == DRILL_KILL_CONTROLLER) {
        log_info("drill: kill -9 the controller at %s/%s", way->fault_step, way->fault_part);
        child_signal(&watch->child, SIGKILL);
        return;
    }
    watch->mend_at_ms = clock_mono_ms() + FAULT_LASTS_MS;
    if (drill_break(way->service, way->journal, way->fault->kind, to, &err)) {
        log_failure(&err);
        way->failure = err;
    }
    child_signal(&watch->child, SIGCONT);
}

/* A person who stops the drill stops the controller that works for it. */
static void pass_on_stop(struct drill_way *way, struct watch *watch)
{
    if (!signals_stop_wanted())
        return;
    way->is_stopped = true;
    child_signal(&watch->child, SIGTERM);
    signals_defer(true); /* from here on everything is put back, and nothing stops that */
}

static bool is_over(const struct watch *watch)
{
    return watch->child.state == CHILD_ENDED || watch->child.state == CHILD_KILLED;
}

static int watch_over(struct drill_way *way, struct watch *watch)
{
    while (child_look(&watch->child), !is_over(watch)) {
        if (watch->is_armed && watch->child.state == CHILD_PAUSED &&
            watch->child.signal_number == SIGSTOP)
            strike(way, watch);
        if (watch->mend_at_ms && clock_mono_ms() >= watch->mend_at_ms)
            mend(way, watch);
        pass_on_stop(way, watch);
        (void)clock_sleep_ms(WATCH_MS);
    }
    if (watch->mend_at_ms)
        mend(way, watch);
    return watch->child.state == CHILD_ENDED ? watch->child.exit_code : LEG_KILLED;
}

static bool is_paused_by_fault(const struct drill_way *way)
{
    return way->fault->kind == DRILL_KILL_CONTROLLER || way->fault->kind == DRILL_CUT_LINK ||
           way->fault->kind == DRILL_STALL_APPLY;
}

static int perform(struct drill_way *way, const char *what, bool is_armed)
{
    struct watch watch = {.is_armed = is_armed && is_paused_by_fault(way)};

    if (start(way, what, is_armed, &watch.child, &way->failure))
        return LEG_PERSON;
    int code = watch_over(way, &watch);
    child_release(&watch.child);
    return code;
}

/* --- the way ---------------------------------------------------------------------------------- */

/* The run that this way is: the last one that has begun since. */
static void find_run(struct drill_way *way, int64_t since_us)
{
    struct run_record last;
    struct err none = {0};

    if (way->run_id[0] || journal_run_find(way->journal, way->service->name, NULL, &last, &none) ||
        last.started_us < since_us)
        return;
    (void)snprintf(way->run_id, sizeof way->run_id, "%s", last.id);
}

/* The servers give the dead controller's lease back when they see its connections gone. */
static int resume(struct drill_way *way)
{
    int64_t deadline_ms = clock_mono_ms() + BUSY_MS;
    int code;

    while ((code = perform(way, "resume", false)) == LEG_BUSY && clock_mono_ms() < deadline_ms)
        (void)clock_sleep_ms(BUSY_PAUSE_MS);
    return code;
}

void drill_way_perform(struct drill_way *way)
{
    int64_t began_us = clock_wall_us();

    way->code = perform(way, drill_leg_name(way->leg), way->fault != NULL);
    find_run(way, began_us);
    if (way->code == LEG_STOPPED)
        way->is_stopped = true;
    bool is_hit = way->is_struck || (way->fault && !is_paused_by_fault(way));
    for (int i = 0;
         i < RESUME_CAP && is_hit && way->code != LEG_DONE && !way->is_stopped && way->run_id[0];
         i++)
        way->code = resume(way);
}

int drill_way_abort(struct drill_way *way)
{
    return perform(way, "abort", false);
}

/* --- measuring -------------------------------------------------------------------------------- */

struct measured {
    struct plan plan;
    struct step_record *steps;
};

static void measured_release(struct measured *measured)
{
    plan_release(&measured->plan);
    free(measured->steps);
}

static int load(struct drill_way *way, struct measured *out, struct err *err)
{
    int rc = journal_run_plan(way->journal, way->run_id, &out->plan, err);

    if (rc)
        return rc;
    out->steps = calloc(out->plan.step_count + 1, sizeof *out->steps);
    if (!out->steps)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu steps",
                       out->plan.step_count);
    return journal_steps(way->journal, way->run_id, out->steps, out->plan.step_count, err);
}

static void keep_error(struct drill_way *way, const char *detail_text)
{
    CLEANUP(json_release) json_t *detail = NULL;

    if (json_parse(detail_text, strlen(detail_text), &detail, NULL))
        return;
    (void)snprintf(way->error, sizeof way->error, "%.60s/%.60s: %.120s",
                   json_text_or(detail, "step", ""), json_text_or(detail, "part", ""),
                   json_text_or(detail, "error", ""));
}

static int look_at_event(void *context, int64_t at_us, const char *run_id UNUSED, const char *name,
                         const char *detail)
{
    struct drill_way *way = context;

    if (strcmp(name, "step.failed") == 0)
        keep_error(way, detail);
    if (strcmp(name, "drill.fault") == 0) {
        way->is_struck = true;
        way->struck_us = at_us;
    }
    return 0;
}

/* Good again: what was hit is done. For a fault of the DNS that is the change, else its step. */
static void measure_recovery(const struct drill_way *way, const struct measured *measured,
                             struct drill_round *round)
{
    int64_t done_us = 0;

    for (size_t i = 0; i < measured->plan.step_count; i++) {
        const struct plan_step *step = &measured->plan.steps[i];
        bool is_part = is_paused_by_fault(way) || strcmp(step->what, way->fault_part) == 0;
        if (strcmp(step->name, way->fault_step) != 0 || !is_part)
            continue;
        if (measured->steps[i].state != STEP_DONE)
            return;
        if (measured->steps[i].ended_us > done_us)
            done_us = measured->steps[i].ended_us;
    }
    if (done_us >= way->struck_us)
        round->recovery_ms = (done_us - way->struck_us) / 1000;
}

static int measure_pause(struct drill_way *way, struct drill_round *round, struct err *err)
{
    CLEANUP(json_release) json_t *report = NULL;

    int rc = report_build(way->journal, way->service->name, way->run_id, &report, err);
    if (rc)
        return rc;
    const json_t *pause = json_object_get(report, "write_pause_ms");
    double ms = json_is_number(pause) ? json_number_value(pause) : -1;
    if (ms > round->pause_ms)
        round->pause_ms = ms;
    return 0;
}

int drill_way_measure(struct drill_way *way, struct drill_round *round, struct err *err)
{
    CLEANUP(measured_release) struct measured measured = {0};

    if (!way->run_id[0])
        return 0;
    (void)snprintf(round->run[way->leg], sizeof round->run[way->leg], "%s", way->run_id);
    int rc = load(way, &measured, err);
    for (size_t i = 0; i < measured.plan.step_count && !rc; i++) {
        const struct step_record *step = &measured.steps[i];
        if (step->state == STEP_DONE &&
            !drill_part_add(round, way->leg, measured.plan.steps[i].name,
                            measured.plan.steps[i].what, step->ended_us - step->started_us))
            rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the parts of a drill");
    }
    if (!rc)
        rc = measure_pause(way, round, err);
    bool is_dns_fault = way->fault && !is_paused_by_fault(way);
    if (!rc && (is_dns_fault || way->code != LEG_DONE))
        rc = journal_events(way->journal, way->run_id, look_at_event, way, err);
    if (!rc && way->fault && way->is_struck)
        measure_recovery(way, &measured, round);
    return rc;
}
