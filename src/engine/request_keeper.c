/* SPDX-License-Identifier: MIT */
/*
 * One request after the other, each with its answer. To abort and to roll back begin as Ctrl-C
 * does: the same flag, looked at by the same waits, deferred at the same places.
 */
#include "engine/request_keeper.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "engine/driver.h"
#include "engine/journal_follow.h"

#define LOOK_EVERY_MS 200

/* --- answers ---------------------------------------------------------------------------------- */

static int settle(struct run *run, const struct request *request, enum request_state state,
                  struct err *err, const char *fmt, ...) PRINTF_LIKE(5, 6);
static int settle(struct run *run, const struct request *request, enum request_state state,
                  struct err *err, const char *fmt, ...)
{
    char answer[300];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(answer, sizeof answer, fmt, args);
    va_end(args);
    log_info("run %s: %s (%s) asked: %s%s%s - %s%s%s", run->id, request->who, request->via,
             request_what_name(request->what), request->step[0] ? " " : "", request->step,
             request_state_name(state), answer[0] ? ": " : "", answer);
    return journal_request_settle(run->journal, request, state, answer, err);
}

static bool has_next_step(const struct run *run)
{
    for (size_t i = run->current + 1; i < run->plan.step_count; i++)
        if (strcmp(run->plan.steps[i].name, run->plan.steps[run->current].name) != 0)
            return true;
    return false;
}

static int take_hold(struct run *run, const struct request *request, struct err *err)
{
    struct request_desk *desk = &run->desk;

    if (desk->is_hold_wanted)
        return settle(run, request, REQUEST_REFUSED, err, "%s has asked for that before",
                      desk->hold.who);
    if (!has_next_step(run))
        return settle(run, request, REQUEST_REFUSED, err, "no step comes after this one");
    desk->hold = *request;
    desk->is_hold_wanted = true;
    return settle(run, request, REQUEST_TAKEN, err, "the run will wait before its next step");
}

static int take_go_on(struct run *run, const struct request *request, struct err *err)
{
    struct request_desk *desk = &run->desk;

    if (!desk->is_hold_wanted)
        return settle(run, request, REQUEST_REFUSED, err, "nobody holds it");
    desk->is_hold_wanted = false;
    int rc = settle(run, &desk->hold, REQUEST_DONE, err, "ended by %s", request->who);
    return rc ? rc : settle(run, request, REQUEST_DONE, err, "the run goes on");
}

static int take_stop(struct run *run, const struct request *request, struct err *err)
{
    struct request_desk *desk = &run->desk;
    bool is_rollback = request->what == REQUEST_ROLLBACK;

    if (desk->is_stop_wanted)
        return settle(run, request, REQUEST_REFUSED, err, "the run stops already, for %s",
                      desk->stop.who);
    if (is_rollback != run->is_committed)
        return settle(run, request, REQUEST_REFUSED, err,
                      is_rollback ? "the users have not been moved: an abort undoes it"
                                  : "the users have been moved meanwhile: a rollback goes back");
    desk->stop = *request;
    desk->is_stop_wanted = true;
    signals_request_stop(SIGNALS_STOP_ASKED);
    return settle(run, request, REQUEST_TAKEN, err, "the run stops at the next safe place");
}

static int take_approve(struct run *run, const struct request *request, struct err *err)
{
    struct approval *approval = run->desk.approval;
    struct err why = {0};

    if (!approval || strcmp(approval->step, request->step) != 0)
        return settle(run, request, REQUEST_REFUSED, err,
                      "the run does not wait for that any more");
    int rc = approval_add(run, approval, request->who, request->via, &why);
    if (rc == ERR_REFUSED)
        return settle(run, request, REQUEST_REFUSED, err, "%s", why.msg);
    if (rc) {
        *err = why;
        return rc;
    }
    return settle(run, request, REQUEST_DONE, err, "%u of %u", approval->count, approval->people);
}

static int take(struct run *run, const struct request *request, struct err *err)
{
    int64_t age_ms = (clock_wall_us() - request->asked_us) / 1000;
    char age[32];

    if (age_ms > REQUEST_FRESH_MS)
        return settle(run, request, REQUEST_REFUSED, err,
                      "the run could look at it only after %s: ask again if it is still wanted",
                      clock_human_ms(age_ms, age));
    switch (request->what) {
    case REQUEST_APPROVE:
        return take_approve(run, request, err);
    case REQUEST_HOLD:
        return take_hold(run, request, err);
    case REQUEST_GO_ON:
        return take_go_on(run, request, err);
    case REQUEST_ABORT:
    case REQUEST_ROLLBACK:
        return take_stop(run, request, err);
    }
    return 0;
}

/* The oldest first. */
static int look(struct run *run, struct err *err)
{
    struct request open[REQUEST_LIST_CAP];
    size_t count;
    int rc = journal_request_list(run->journal, run->id, true, open, &count, err);

    for (size_t i = count; i-- > 0 && !rc;)
        if (open[i].state == REQUEST_ASKED)
            rc = take(run, &open[i], err);
    return rc;
}

int request_keeper_tick(struct run *run, struct err *err)
{
    struct request_desk *desk = &run->desk;
    int64_t now_ms = clock_mono_ms(), version;

    if (!desk->is_open || now_ms - desk->looked_ms < LOOK_EVERY_MS)
        return 0;
    desk->looked_ms = now_ms;
    int rc = journal_version(run->journal, &version, err);
    if (rc || version == desk->version)
        return rc;
    desk->version = version;
    return look(run, err);
}

/* --- beginning and end ------------------------------------------------------------------------ */

static int refuse_open(struct run *run, const char *answer, bool is_stop_kept, struct err *err)
{
    struct request open[REQUEST_LIST_CAP];
    size_t count;
    int rc = journal_request_list(run->journal, run->id, true, open, &count, err);

    for (size_t i = count; i-- > 0 && !rc;) {
        bool is_stop = open[i].what == REQUEST_ABORT || open[i].what == REQUEST_ROLLBACK;
        if (!is_stop_kept || !is_stop || open[i].state != REQUEST_TAKEN)
            rc = settle(run, &open[i], REQUEST_REFUSED, err, "%s", answer);
    }
    return rc;
}

int request_keeper_drop(struct run *run, struct err *err)
{
    return refuse_open(run, "the controller that it was asked of has ended", true, err);
}

int request_keeper_begin(struct run *run, struct err *err)
{
    CLEANUP(json_release) json_t *takes = json_object();
    int rc = refuse_open(run, "the controller that it was asked of has ended", false, err);

    if (rc || !run->options->is_taking_requests)
        return rc;
    for (int word = RUN_WAITS; word < RUN_WORD_COUNT && !rc; word++)
        rc = journal_run_word_put(run->journal, run->id, (enum run_word)word, NULL, err);
    if (!rc)
        rc = journal_run_word_put(run->journal, run->id, RUN_TAKES, takes, err);
    run->desk = (struct request_desk){.is_open = rc == 0, .version = -1};
    return rc;
}

void request_keeper_end(struct run *run, struct run_result *out)
{
    struct request_desk *desk = &run->desk;
    struct err err = {0};

    if (!desk->is_open)
        return;
    desk->is_open = false;
    out->is_asked = desk->is_stop_wanted && out->outcome == OUTCOME_STOPPED;
    out->asked = desk->stop;
    if (journal_run_word_put(run->journal, run->id, RUN_TAKES, NULL, &err) ||
        refuse_open(
            run, out->outcome == OUTCOME_DONE ? "the run has come to its end" : "the run has ended",
            out->is_asked, &err))
        run_log_also(run, &err);
}

void request_followed(const struct service *service, const struct request *request, int rc,
                      const struct err *why)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct err err = {0};

    if (journal_open(service->journal_path, &journal, &err) ||
        journal_request_settle(journal, request, rc ? REQUEST_REFUSED : REQUEST_DONE,
                               rc                               ? why->msg
                               : request->what == REQUEST_ABORT ? "aborted: all is undone"
                                                                : "the service went back",
                               &err))
        log_failure(&err);
}

/* --- hold ------------------------------------------------------------------------------------- */

static int tell_held(struct run *run, const struct plan_step *step, struct err *err)
{
    const struct request *hold = &run->desk.hold;
    CLEANUP(json_release)
    json_t *held = json_pack("{s:s,s:s,s:s,s:s,s:I}", "step", step->name, "id", step->id, "who",
                             hold->who, "via", hold->via, "at_us", (json_int_t)clock_wall_us());

    return journal_run_word_put(run->journal, run->id, RUN_IS_HELD, held, err);
}

static int wait_held(struct run *run, const struct plan_step *step, struct err *err)
{
    const struct request_desk *desk = &run->desk;
    int rc = tell_held(run, step, err);

    if (!rc)
        rc = run_note(run, "run.held", err, "%s (%s) holds it before step %s", desk->hold.who,
                      desk->hold.via, step->name);
    while (!rc && desk->is_hold_wanted) {
        rc = run_tick(run, err, "held by %s before step %s: \"cutover ask go-on\" ends that",
                      desk->hold.who, step->name);
        if (!rc && desk->is_hold_wanted)
            rc = run_pause(run, LOOK_EVERY_MS, err);
    }
    struct err also = {0};
    if (journal_run_word_put(run->journal, run->id, RUN_IS_HELD, NULL, rc ? &also : err)) {
        if (!rc)
            return err->code;
        run_log_also(run, &also);
    }
    return rc;
}

int request_keeper_before(struct run *run, size_t index, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];
    bool is_first = index == 0 || strcmp(run->plan.steps[index - 1].name, step->name) != 0;

    if (run->fence_began_ms || run->breath.is_on)
        return 0;
    run->desk.looked_ms = 0; /* a moment later it might be too late for what was asked by now */
    int rc = request_keeper_tick(run, err);
    return rc || !is_first || !run->desk.is_hold_wanted ? rc : wait_held(run, step, err);
}

/* --- approvals -------------------------------------------------------------------------------- */

static int tell_waits(struct run *run, const struct approval *approval, struct err *err)
{
    json_t *by = json_array();

    for (unsigned i = 0; i < approval->count; i++)
        (void)json_array_append_new(by, json_pack("{s:s,s:s,s:I}", "who", approval->by[i].who,
                                                  "via", approval->by[i].via, "at_us",
                                                  (json_int_t)approval->by[i].at_us));
    CLEANUP(json_release)
    json_t *waits =
        json_pack("{s:s,s:s,s:s,s:I,s:o}", "step", approval->step, "id", approval->id, "question",
                  approval->question, "people", (json_int_t)approval->people, "approved", by);
    return journal_run_word_put(run->journal, run->id, RUN_WAITS, waits, err);
}

int request_keeper_ask(struct run *run, struct approval *approval, struct err *err)
{
    if (!run->desk.is_open)
        return 0;
    run->desk.approval = approval;
    return tell_waits(run, approval, err);
}

void request_keeper_asked(struct run *run)
{
    struct err err = {0};

    if (!run->desk.is_open)
        return;
    run->desk.approval = NULL;
    if (journal_run_word_put(run->journal, run->id, RUN_WAITS, NULL, &err))
        run_log_also(run, &err);
}

int approval_add(struct run *run, struct approval *approval, const char *who, const char *via,
                 struct err *err)
{
    for (unsigned i = 0; i < approval->count; i++)
        if (strcmp(approval->by[i].who, who) == 0)
            return err_set(err, ERR_REFUSED, EFFECT_NONE,
                           "%s has approved already: somebody else has to", who);
    if (approval->count == APPROVAL_CAP)
        return 0;
    unsigned i = approval->count++;
    (void)snprintf(approval->by[i].who, sizeof approval->by[i].who, "%s", who);
    (void)snprintf(approval->by[i].via, sizeof approval->by[i].via, "%s", via);
    approval->by[i].at_us = clock_wall_us();
    int rc = run_note(run, "approve.by", err, "%s (%s) says yes to step %s: %u of %u", who, via,
                      approval->step, approval->count, approval->people);
    return rc || !run->desk.is_open ? rc : tell_waits(run, approval, err);
}
