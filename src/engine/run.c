/* SPDX-License-Identifier: MIT */
/*
 * The driver: begin or adopt a run, walk its parts, and on failure undo the playbook step that
 *             failed.
 * One thread changes things: this one.
 */
#include "engine/run.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "base/signals.h"
#include "cluster/fence.h"
#include "cluster/own_schema.h"
#include "engine/conflict_keeper.h"
#include "engine/driver.h"
#include "engine/hold_keeper.h"
#include "engine/let_in.h"
#include "engine/observe.h"
#include "engine/proof_keeper.h"
#include "engine/recover.h"
#include "engine/request_keeper.h"

typedef int (*lease_fn)(const struct service *service, const char *holder, const char *run_id,
                        struct lease **out, struct err *err);

/* --- open and close --------------------------------------------------------------------------- */

static void run_release(struct run *run)
{
    breath_release(run);
    fence_free(run->fence);
    proof_keeper_drop(run);
    conflict_keeper_drop(run);
    hold_keeper_drop(run);
    let_in_drop(run);
    drift_keeper_release(run);
    sampler_free(run->sampler);
    heartbeat_free(run->heartbeat);
    for (size_t i = 0; i < SERVICE_NODE_CAP; i++)
        session_release(&run->sessions[i]);
    dns_free(run->dns);
    lease_free(run->lease);
    journal_free(run->journal);
    plan_release(&run->plan);
    free(run->steps);
    *run = (struct run){0};
}

static int run_init(struct run *run, const struct run_options *options, struct err *err)
{
    *run = (struct run){
        .options = options, .service = options->service, .write_pause_ms = -1, .forecast_ms = -1};
    return journal_open(options->service->journal_path, &run->journal, err);
}

static bool plan_clones(const struct plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        for (size_t k = 0; k < plan->steps[i].op_count; k++)
            if (plan->steps[i].ops[k].kind == OP_WORK &&
                strcmp(plan->steps[i].ops[k].work, "seed.clone") == 0)
                return true;
    return false;
}

/*
 * Our own tables must be on every node before the first heartbeat, or a replica without them would
 * stop. Where the way back is open they have been for long: a replica that is down does not bar it.
 */
static int prepare_nodes(struct run *run, struct err *err)
{
    for (size_t i = 0; i < run->service->node_count; i++) {
        const struct node *node = &run->service->nodes[i];
        int rc = own_schema_prepare(run->service, node, err);
        if (!rc)
            continue;
        if (node->side == SIDE_NEW && own_schema_is_barred(err) && plan_clones(&run->plan)) {
            log_warn("%s: %s, continuing: it is cloned again", node->name, err->msg);
            *err = (struct err){0};
            continue;
        }
        bool is_needed = node->is_primary && !(node->side == SIDE_NEW && run_is_without_new(run));
        if (is_needed || !run->options->is_superseding || rc == ERR_STOPPED)
            return rc;
        log_warn("%s of %s does not answer: %s, continuing", node->name, side_title(node->side),
                 err->msg);
        *err = (struct err){0};
    }
    return 0;
}

static int take_lease(struct run *run, struct err *err)
{
    int rc = prepare_nodes(run, err);

    /* Such as one into which a clone of before still comes. IF NOT EXISTS may be said again. */
    if (rc == ERR_SERVER || (rc == ERR_LOST && err->effect == EFFECT_UNKNOWN)) {
        err->code = ERR_REFUSED;
        err->effect = EFFECT_NONE;
        return err_hint(err,
                        "nothing was begun; \"cutover status\" says where an earlier run stands");
    }
    if (rc)
        return rc;
    lease_fn take = run_is_without_new(run) ? lease_take_any : lease_take;
    return take(run->service, run->options->holder, run->id, &run->lease, err);
}

static int allocate_steps(struct run *run, struct err *err)
{
    run->steps = calloc(run->plan.step_count + 1, sizeof *run->steps);
    if (!run->steps)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu steps",
                       run->plan.step_count);
    return 0;
}

/*
 * --- when a part fails
 * ----------------------------------------------------------------------------
 */

/* A part that can simply be done again has changed something where there is something to undo. */
static bool has_changed_something(const struct run *run, size_t first, size_t last,
                                  const struct err *why)
{
    for (size_t i = first; i <= last; i++) {
        const struct plan_step *step = &run->plan.steps[i];
        bool is_whole = i < last || why->effect != EFFECT_NONE;
        if (run->steps[i].state != STEP_PENDING &&
            (!step->is_repeatable || (step->undo_count > 0 && is_whole)))
            return true;
    }
    return false;
}

static bool has_begun(const struct run *run, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++)
        if (run->steps[i].state != STEP_PENDING)
            return true;
    return false;
}

/* What a person types after a failure that needs nobody, when its cause has nothing to say. */
static void say_resumable(struct err *err, const struct run *run)
{
    if (!err->hint[0] && !run->is_rollback_wanted)
        (void)err_hint(err,
                       "\"cutover run --resume\" tries that step again; \"cutover abort\" ends "
                       "the run and undoes what can be undone of its earlier steps");
}

static enum run_outcome outcome_of(const struct run *run, const struct err *err, bool has_changed)
{
    if (run->is_rollback_wanted)
        return OUTCOME_ROLLBACK;
    if (err->code == ERR_STOPPED)
        return OUTCOME_STOPPED;
    if (run->is_committed && (has_changed || err->code != ERR_REFUSED))
        return OUTCOME_STUCK; /* a later step was undone, but users have moved: not as it began */
    return has_changed ? OUTCOME_UNDONE : OUTCOME_REFUSED;
}

static void say_stuck(struct err *err, const struct run *run)
{
    if (!err->hint[0])
        (void)err_hint(err,
                       "run %s is past its commit step: \"cutover status\" says what is true; "
                       "\"cutover run --resume\" goes on; \"cutover rollback\" goes back",
                       run->id);
}

/*
 * A part failed, or the walk ended between two parts: undo the playbook step when that is still
 * possible, and say which of the two it was.
 */
static enum run_outcome settle_failure(struct run *run, struct err *err)
{
    size_t first = run_first_part(run, run->current);
    struct err undo = {0};

    if (run->plan.step_count == 0 || !has_begun(run, first, run->current)) {
        say_resumable(err, run);
        return outcome_of(run, err, false);
    }
    if (run_take_back_commit(run, run->current, &undo))
        log_failure(&undo); /* then it counts as committed, and a person decides */
    undo = (struct err){0};
    /* Later parts count: what a crash in the middle of the step has left of them may be true. */
    if (run_has_committed(run, first, run_last_part(run, run->current))) {
        say_stuck(err, run);
        return err->code == ERR_STOPPED ? OUTCOME_STOPPED : OUTCOME_STUCK;
    }
    bool has_changed = has_changed_something(run, first, run->current, err);
    if (!run_undo(run, first, run->current, &undo)) {
        enum run_outcome outcome = outcome_of(run, err, has_changed);
        if (outcome == OUTCOME_STUCK)
            say_stuck(err, run);
        say_resumable(err, run);
        return outcome;
    }

    log_failure(err);
    *err = undo;
    (void)err_hint(err, "mend the cause, then type \"cutover abort\"; \"cutover status\" says what "
                        "is true now");
    return OUTCOME_STUCK;
}

/* --- the walk --------------------------------------------------------------------------------- */

/*
 * May a wish to stop be followed before this part? Not between the commit step and the end of the
 * flip: users would be left with names that point at the closed side.
 */
static bool may_stop_before(const struct run *run, size_t index)
{
    size_t first = run_first_part(run, index);

    return run->plan.steps[index].is_repeatable ||
           !run_has_committed(run, first, index > first ? index - 1 : first);
}

static int keep_samples(struct run *run, const struct plan_step *done, struct err *err)
{
    char name[160];

    (void)snprintf(name, sizeof name, "%s.%s.between-parts", done->name, done->what);
    int rc = failpoint_hit(name, err);
    return rc || run->fence_began_ms ? rc : run_tick(run, err, "%s", "");
}

static int walk(struct run *run, struct err *err)
{
    for (size_t i = 0; i < run->plan.step_count; i++) {
        if (run->steps[i].state == STEP_DONE)
            continue;
        run->current = i;
        bool may_stop = may_stop_before(run, i);
        int rc = may_stop ? request_keeper_before(run, i, err) : 0;
        if (rc)
            return rc;
        if (signals_stop_wanted() && may_stop)
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped before step %s %s/%s",
                           run->plan.steps[i].id, run->plan.steps[i].name, run->plan.steps[i].what);
        signals_defer(!may_stop);
        drift_keeper_allow(run, may_stop);
        rc = step_perform(run, i, err);
        bool is_last = i + 1 == run->plan.step_count;
        /* What lies between two parts takes its time as well, and belongs to the next one. */
        signals_defer(!rc && !is_last && !may_stop_before(run, i + 1));
        drift_keeper_allow(run, !rc && !is_last && may_stop_before(run, i + 1));
        if (rc || is_last)
            return rc;
        run->current = i + 1; /* a playbook step that is whole is not undone for what fails here */
        if (!signals_stop_wanted())
            rc = keep_samples(run, &run->plan.steps[i], err);
        if (rc) {
            signals_defer(false);
            drift_keeper_allow(run, false);
            return rc;
        }
    }
    signals_defer(false);
    return 0;
}

static void describe_now(struct run *run, struct run_result *out)
{
    struct facts facts = {0};
    struct err err = {0};

    if (observe(run->service, &facts, &out->verdict, &err))
        (void)snprintf(out->verdict.because, sizeof out->verdict.because, "%s", err.msg);
    facts_release(&facts);
    out->is_committed = run->is_committed;
    out->write_pause_ms = run->write_pause_ms;
}

static enum run_state state_after(enum run_outcome outcome)
{
    switch (outcome) {
    case OUTCOME_DONE:
        return RUN_DONE;
    case OUTCOME_STOPPED:
        return RUN_STOPPED;
    case OUTCOME_REFUSED:
    case OUTCOME_UNDONE:
    case OUTCOME_STUCK:
    case OUTCOME_ROLLBACK:
    case OUTCOME_TAKEN:
        break;
    }
    return RUN_FAILED;
}

static const char *const outcome_words[] = {
    [OUTCOME_DONE] = "done",
    [OUTCOME_REFUSED] = "refused: nothing of that step was changed",
    [OUTCOME_UNDONE] = "failed, and the step was undone",
    [OUTCOME_STUCK] = "failed: a person must decide",
    [OUTCOME_STOPPED] = "stopped by a person",
    [OUTCOME_ROLLBACK] = "a watch says: go back",
    [OUTCOME_TAKEN] = "another controller has the lease",
};

static int record_end(struct run *run, const struct run_result *result, struct err *err)
{
    CLEANUP(json_release)
    json_t *detail = json_pack("{s:s,s:s,s:s,s:f}", "outcome", outcome_words[result->outcome],
                               "situation", situation_name(result->verdict.situation), "because",
                               result->verdict.because, "write_pause_ms", result->write_pause_ms);
    int rc = journal_event(run->journal, run->id, "run.end", detail, err);

    return rc ? rc : journal_run_state(run->journal, run->id, state_after(result->outcome), err);
}

/*
 * Has another controller taken the run, or the lease, while this one stood still or was cut off?
 * Then nothing is this one's business any more: neither undoing nor the journal.
 */
static bool is_taken(struct run *run, struct err *err)
{
    struct err cause = {0};

    if (journal_check_owner(run->journal, &cause) != ERR_BUSY &&
        lease_check_any(run->lease, &cause) != ERR_BUSY)
        return false;
    *err = cause;
    return true;
}

static int end_taken(struct run *run, struct run_result *out, struct err *err)
{
    struct err also = {0};

    out->outcome = OUTCOME_TAKEN;
    (void)snprintf(out->run_id, sizeof out->run_id, "%s", run->id);
    describe_now(run, out);
    /* When nobody has adopted the run yet its end belongs there; else the journal refuses it. */
    int rc = breath_end(run, &also);
    if (!rc)
        rc = record_end(run, out, &also);
    if (rc && rc != ERR_BUSY)
        log_failure(&also);
    if (run->options->ui.progress)
        run->options->ui.progress(run->options->ui.context, NULL);
    return err->code;
}

static int finish(struct run *run, int rc, struct run_result *out, struct err *err)
{
    struct err also = {0};

    if (rc && is_taken(run, err))
        return end_taken(run, out, err);
    out->outcome = rc ? settle_failure(run, err) : OUTCOME_DONE;
    if (breath_end(run, &also)) /* what was undone may be done again: the journal says "intent" */
        log_failure(&also);
    also = (struct err){0};
    (void)snprintf(out->run_id, sizeof out->run_id, "%s", run->id);
    describe_now(run, out);
    request_keeper_end(run, out);
    if (record_end(run, out, &also)) {
        if (!rc) { /* the journal says that it goes on, and every later run would be refused */
            out->outcome = OUTCOME_STUCK;
            *err = also;
            (void)err_hint(err, "all parts are done, but the journal does not have the end of the "
                                "run: mend the cause, then \"cutover run --resume\" writes it");
            rc = also.code;
        } else {
            log_failure(&also);
        }
    }
    if (run->options->ui.progress)
        run->options->ui.progress(run->options->ui.context, NULL);
    return rc;
}

/* --- begin, resume, abort --------------------------------------------------------------------- */

static int copy_plan(const struct plan *plan, struct plan *out, struct err *err)
{
    CLEANUP(json_release) json_t *json = NULL;
    int rc = plan_to_json(plan, &json, err);

    return rc ? rc : plan_from_json(json, out, err);
}

/* The side that takes writes, or did last. */
static enum side source_side(const struct facts *facts)
{
    bool is_new =
        facts_is_open(facts, SIDE_OLD) != TRI_YES && facts_is_open(facts, SIDE_NEW) == TRI_YES;
    return is_new ? SIDE_NEW : SIDE_OLD;
}

static int observe_and_monitor(struct run *run, struct err *err)
{
    struct facts facts = {0};
    int rc = observe(run->service, &facts, NULL, err);

    if (!rc)
        rc = run_start_monitors(run, &facts, err);
    if (!rc)
        run->proof_source = source_side(&facts);
    if (!rc)
        rc = drift_keeper_begin(run, &facts, err);
    facts_release(&facts);
    return rc;
}

static int begin_run(struct run *run, const struct plan *plan, struct err *err)
{
    int rc = digest_random_hex(run->id, 8, err);

    if (!rc)
        rc = copy_plan(plan, &run->plan, err);
    if (!rc)
        rc = allocate_steps(run, err);
    if (!rc)
        rc = take_lease(run, err);
    if (!rc) /* only now: without the lease an unfinished run may be one that is going on */
        rc = run_check_earlier(run, err);
    if (!rc)
        rc = observe_and_monitor(run, err);
    if (!rc)
        rc = journal_run_begin(run->journal, &run->plan, run->id, run->options->holder,
                               lease_epoch(run->lease), err);
    return rc;
}

int run_plan(const struct run_options *options, const struct plan *plan, struct run_result *out,
             struct err *err)
{
    struct run run;

    *out = (struct run_result){.outcome = OUTCOME_REFUSED, .write_pause_ms = -1};
    int rc = run_init(&run, options, err);
    if (!rc)
        rc = begin_run(&run, plan, err);
    if (!rc) {
        log_about(run.id, "", "run.start");
        log_info("run %s of playbook %s: %zu parts, from %s to %s", run.id, plan->name,
                 plan->step_count, situation_name(plan->starts_in), situation_name(plan->ends_in));
        proof_keeper_revive(&run, run.proof_source);
        rc = request_keeper_begin(&run, err);
        rc = finish(&run, rc ? rc : walk(&run, err), out, err);
    }
    run_release(&run);
    return rc;
}

static int find_run(struct run *run, const char *run_id, struct err *err)
{
    struct run_record found;
    int rc = journal_run_find(run->journal, run->service->name, run_id, &found, err);

    if (rc)
        return rc;
    if (strcmp(found.service, run->service->name) != 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "run %s belongs to service \"%s\"", found.id,
                       found.service);
    if (found.state == RUN_DONE || found.state == RUN_ABORTED)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "run %s of playbook %s is %s already",
                       found.id, found.playbook, run_state_name(found.state));
    (void)snprintf(run->id, sizeof run->id, "%s", found.id);
    return 0;
}

static int load_run(struct run *run, struct err *err)
{
    struct run_record record;
    int rc = journal_run_find(run->journal, NULL, run->id, &record, err);

    if (rc)
        return rc;
    run->is_committed = record.is_committed;
    rc = journal_run_plan(run->journal, run->id, &run->plan, err);
    if (!rc)
        rc = allocate_steps(run, err);
    if (!rc)
        rc = journal_steps(run->journal, run->id, run->steps, run->plan.step_count, err);
    return rc;
}

/* A server that does not answer, a disk: it is as far as it was, and a person has to know. */
static int stays_where_it_is(const struct run *run, struct err *err)
{
    if (err->code == ERR_LOST || err->code == ERR_TIMEOUT)
        (void)err_hint(err, "when it answers: \"cutover run --resume\" goes on, \"cutover abort\" "
                            "undoes what can be undone");
    return err_wrap(err, "run %s stays where it stopped", run->id);
}

/*
 * Every node was prepared when the run began: what exists must not depend on a replica that is down
 * now.
 */
static int adopt_run(struct run *run, const char *run_id, lease_fn take, struct err *err)
{
    int rc = find_run(run, run_id, err);

    if (rc)
        return rc;
    if (run_is_without_new(run))
        take = lease_take_any;
    rc = take(run->service, run->options->holder, run->id, &run->lease, err);
    if (!rc)
        rc = journal_run_adopt(run->journal, run->id, run->options->holder, lease_epoch(run->lease),
                               err);
    /* Only now: until then whoever went on with that run, or stood still in it, wrote there. */
    if (!rc)
        rc = load_run(run, err);
    if (!rc)
        rc = failpoint_hit("run.adopted", err);
    if (!rc)
        rc = observe_and_monitor(run, err);
    return rc && err->code != ERR_BUSY ? stays_where_it_is(run, err) : rc;
}

int run_resume(const struct run_options *options, const char *run_id, struct run_result *out,
               struct err *err)
{
    struct run run;

    *out = (struct run_result){.outcome = OUTCOME_REFUSED, .write_pause_ms = -1};
    int rc = run_init(&run, options, err);
    if (!rc)
        rc = adopt_run(&run, run_id, lease_take, err);
    if (!rc) {
        log_about(run.id, "", "run.adopt");
        log_info("run %s of playbook %s: goes on", run.id, run.plan.name);
        run.is_resumed = true;
        rc = run_prepare_resume(&run, err);
        if (!rc) {
            proof_keeper_revive(&run, run.proof_source); /* nobody is kept waiting any more */
            rc = request_keeper_begin(&run, err);
        }
        if (!rc) {
            rc = walk(&run, err);
        }
        rc = finish(&run, rc, out, err);
    }
    run_release(&run);
    return rc;
}

static int abort_all(struct run *run, struct run_result *out, struct err *err)
{
    int rc = run_undo(run, 0, run->plan.step_count ? run->plan.step_count - 1 : 0, err);

    if (rc && is_taken(run, err))
        return end_taken(run, out, err);
    (void)snprintf(out->run_id, sizeof out->run_id, "%s", run->id);
    describe_now(run, out);
    out->outcome = rc ? OUTCOME_STUCK : OUTCOME_DONE;
    if (rc)
        return err_hint(err, "mend the cause and type \"cutover abort\" again");
    rc = journal_run_state(run->journal, run->id, RUN_ABORTED, err);
    if (!rc)
        return 0;
    out->outcome = OUTCOME_STUCK;
    return err_hint(err, "all is undone, but the journal does not have it: mend the cause, then "
                         "type \"cutover abort\" again");
}

static int refuse_to_abort(struct run *run, struct err *err)
{
    struct err also = {0};
    int rc = run_check_sure(run, run_last_begun(run), err);

    if (rc) {
        err->code = ERR_REFUSED; /* an abort that has changed nothing has not failed */
    } else {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "run %s has passed its commit step: abort no longer suffices", run->id);
        (void)err_hint(err, "\"cutover rollback\" goes back without losing a write; \"cutover run "
                            "--resume\" goes on");
    }
    if (journal_run_state(run->journal, run->id, RUN_FAILED, &also))
        log_failure(&also);
    return ERR_REFUSED;
}

int run_abort(const struct run_options *options, const char *run_id, struct run_result *out,
              struct err *err)
{
    struct run run;

    *out = (struct run_result){.outcome = OUTCOME_REFUSED, .write_pause_ms = -1};
    int rc = run_init(&run, options, err);
    if (!rc)
        rc = adopt_run(&run, run_id, lease_take_any, err);
    if (!rc)
        rc = request_keeper_drop(&run, err);
    if (!rc)
        rc = run_take_back_commit(&run, run_last_begun(&run), err);
    if (!rc)
        rc = run.is_committed ? refuse_to_abort(&run, err) : abort_all(&run, out, err);
    run_release(&run);
    return rc;
}
