/* SPDX-License-Identifier: MIT */
/*
 * What a run does about its past: undo parts, find out whether a commit step happened, go on after
 * a crash, and not begin while an earlier run is half done.
 */
#include "engine/recover.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "cluster/link.h"

/* --- is an earlier run in the way? ------------------------------------------------------------ */

static bool has_effects(const struct plan *plan, const struct step_record *steps)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (steps[i].state != STEP_PENDING && steps[i].state != STEP_UNDONE &&
            (plan->steps[i].undo_count || plan->steps[i].commits))
            return true;
    return false;
}

static int refuse_unfinished(const struct run_record *last, struct err *err)
{
    err_set(err, ERR_REFUSED, EFFECT_NONE, "run %s of playbook %s is not finished (%s)", last->id,
            last->playbook, run_state_name(last->state));
    return last->is_committed
               ? err_hint(err,
                          "\"cutover run --resume\" goes on with it; \"cutover rollback\" goes "
                          "back")
               : err_hint(err, "\"cutover run --resume\" goes on with it; \"cutover abort\" undoes "
                               "it");
}

int run_check_earlier(struct run *run, struct err *err)
{
    struct run_record last;
    struct err absent = {0};
    struct plan plan = {0};

    int rc = journal_run_find(run->journal, run->service->name, NULL, &last, &absent);
    if (rc == ERR_REFUSED)
        return 0;
    if (rc) {
        *err = absent;
        return rc;
    }
    if (last.state == RUN_DONE || last.state == RUN_ABORTED)
        return 0;
    if (run->options->is_superseding)
        return journal_run_supersede(run->journal, last.id, run->options->holder,
                                     lease_epoch(run->lease), err);

    rc = journal_run_plan(run->journal, last.id, &plan, err);
    if (rc)
        return rc;
    struct step_record *steps = calloc(plan.step_count + 1, sizeof *steps);
    if (!steps)
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the steps of run %s", last.id);
    if (!rc)
        rc = journal_steps(run->journal, last.id, steps, plan.step_count, err);
    if (!rc && (has_effects(&plan, steps) || last.is_committed))
        rc = refuse_unfinished(&last, err);
    free(steps);
    plan_release(&plan);
    return rc;
}

/* --- undo ------------------------------------------------------------------------------------- */

static bool is_undoable(const struct run *run, size_t index)
{
    enum step_state state = run->steps[index].state;

    return run->plan.steps[index].undo_count > 0 && state != STEP_PENDING && state != STEP_UNDONE;
}

/*
 * Undo parts first..last, newest first. The undo of a stopped run must be able to finish, so the
 * wish to stop, however often it is repeated, is set aside until then.
 */
int run_undo(struct run *run, size_t first, size_t last, struct err *err)
{
    int rc = 0;

    signals_defer(true);
    for (size_t i = last + 1; i-- > first && !rc;)
        if (is_undoable(run, i))
            rc = step_undo(run, i, err);
    signals_defer(false);
    if (!rc)
        run_pause_end(run);
    return rc;
}

size_t run_first_part(const struct run *run, size_t index)
{
    while (index > 0 && strcmp(run->plan.steps[index - 1].name, run->plan.steps[index].name) == 0)
        index--;
    return index;
}

size_t run_last_part(const struct run *run, size_t index)
{
    while (index + 1 < run->plan.step_count &&
           strcmp(run->plan.steps[index + 1].name, run->plan.steps[index].name) == 0)
        index++;
    return index;
}

bool run_has_committed(const struct run *run, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++)
        if (run->plan.steps[i].commits && run->steps[i].state != STEP_PENDING &&
            run->steps[i].state != STEP_UNDONE)
            return true;
    return false;
}

/*
 * A side that is closed now may have been open, and closed by its restart. What it acknowledged
 * then must be on the other side before that one opens.
 */
static int wait_for_what_it_took(struct run *run, const struct plan_step *step, struct err *err)
{
    struct session *closed, *other;
    struct position want;
    enum side side;

    if (strcmp(step->ops[0].work, "side.open") != 0)
        return 0;
    int rc = side_of(step->ops[0].args, "side", &side, err);
    if (!rc)
        rc = run_primary(run, side, &closed, err);
    if (!rc)
        rc = run_primary(run, side_other(side), &other, err);
    if (!rc)
        rc = link_position(closed, &want, err);
    if (!rc)
        rc = link_wait_applied(other, link_channel(side_other(side)), &want,
                               clock_mono_ms() + run->service->limits.drain_ms, err);
    return rc;
}

/* Names may point at the side that was opened: it is closed now, but it was not a moment ago. */
static bool has_begun_after(const struct run *run, size_t index)
{
    for (size_t i = index + 1; i < run->plan.step_count; i++)
        if (run->steps[i].state != STEP_PENDING && run->steps[i].state != STEP_UNDONE)
            return true;
    return false;
}

/* What follows the opening of a side lets accounts in there, and comes only when it is open. */
static bool is_one_effect(const struct plan_step *step)
{
    for (size_t i = 1; i < step->op_count; i++)
        if (step->ops[i].kind != OP_WORK || strcmp(step->ops[i].work, "fence.let_in") != 0)
            return false;
    return step->op_count > 0;
}

/*
 * The commit step has begun, but did it happen? When it is one effect and the servers say that it
 * is not true, nothing was committed: the run may be undone like any other, and writes need not
 * be refused until a person comes.
 */
int run_take_back_commit(struct run *run, size_t index, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];
    enum step_state state = run->steps[index].state;

    if (!step->commits || !is_one_effect(step) || state == STEP_PENDING || state == STEP_DONE ||
        state == STEP_UNDONE || step_is_true(run, index) != TRI_NO)
        return 0;
    if (has_begun_after(run, index))
        return 0;
    struct err missing = {0};
    if (wait_for_what_it_took(run, step, &missing)) {
        log_warn("run %s step %s %s/%s is not true, but it may have been: %s%s%s, continuing",
                 run->id, step->id, step->name, step->what, missing.where,
                 missing.where[0] ? ": " : "", missing.msg);
        return 0;
    }
    int rc = journal_run_uncommit(run->journal, run->id, err);
    if (!rc)
        rc = journal_step(run->journal, run->id, index, step, STEP_UNDONE, NULL, err);
    if (rc)
        return rc;
    run->steps[index].state = STEP_UNDONE;
    run->is_committed = false;
    for (size_t i = 0; i < index; i++)
        if (run->plan.steps[i].commits && run->steps[i].state != STEP_PENDING)
            run->is_committed = true; /* an earlier playbook step had committed for good */
    return 0;
}

/* --- resume ----------------------------------------------------------------------------------- */

size_t run_last_begun(const struct run *run)
{
    size_t last = 0;

    for (size_t i = 0; i < run->plan.step_count; i++)
        if (run->steps[i].state != STEP_PENDING)
            last = i;
    return last;
}

/* Forget the outcomes of parts first..last, so that the walk performs them again. */
static void begin_again(struct run *run, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++)
        run->steps[i].state = STEP_PENDING;
}

static bool is_in_committed_step(const struct run *run, size_t index)
{
    return run_has_committed(run, run_first_part(run, index), run_last_part(run, index));
}

/*
 * What a committed step made true may have been lost since: a server that restarts forgets SET
 * GLOBAL. What the servers deny is done again, or the walk would go on and send users to a side
 * that is closed.
 */
static void doubt_committed(struct run *run, size_t last)
{
    for (size_t i = 0; i <= last; i++) {
        const struct plan_step *step = &run->plan.steps[i];
        if (run->steps[i].state != STEP_DONE || !is_in_committed_step(run, i) ||
            step_is_true(run, i) != TRI_NO)
            continue;
        log_warn("run %s step %s %s/%s was done and is not true any more: it is done again, "
                 "continuing",
                 run->id, step->id, step->name, step->what);
        run->steps[i].state = STEP_PENDING;
    }
}

/*
 * Is a part that the journal calls done denied by the servers? Undoing goes on when the journal's
 * disk is full, and what could not be written then shows only there.
 */
static bool is_denied(struct run *run, size_t first, size_t last)
{
    for (size_t i = first; i <= last; i++)
        if (run->steps[i].state == STEP_DONE && step_is_true(run, i) == TRI_NO)
            return true;
    return false;
}

/* Records have no question of their own that tells an undo; asking them all again is cheap. */
static bool starts_over(enum action_id action, enum step_state state)
{
    return action == ACTION_CUTOVER || action == ACTION_SETTLE || action == ACTION_ABANDON ||
           action == ACTION_LOWER_TTL || state == STEP_UNDONE || state == STEP_UNDO;
}

/*
 * The commit part of a breath is true, so all parts before it were: it is not sent before. What
 * came of them was still in memory when the run ended.
 */
static int found_done(struct run *run, size_t last, struct err *err)
{
    size_t first = run->plan.steps[last].is_breath ? breath_first(run, last) : last;
    int rc = 0;

    for (size_t i = first; i <= last && !rc; i++) {
        const struct plan_step *step = &run->plan.steps[i];
        if (run->steps[i].state == STEP_DONE)
            continue;
        log_info("run %s step %s %s/%s: found done", run->id, step->id, step->name, step->what);
        run->steps[i].state = STEP_DONE;
        rc = journal_step(run->journal, run->id, i, step, STEP_DONE, NULL, err);
    }
    return rc;
}

/*
 * Is it unsure whether a side was opened? Not when that was found done or undone. Other commit
 * steps are done again, whatever became of them: that opens nothing. So is that of `abandon`: the
 * other side is given up.
 */
static bool is_unsure(struct run *run, size_t last)
{
    const struct plan_step *step = &run->plan.steps[last];
    enum step_state state = run->steps[last].state;

    return step->commits && is_one_effect(step) && strcmp(step->ops[0].work, "side.open") == 0 &&
           (!step->action || step->action->id != ACTION_ABANDON) && state != STEP_PENDING &&
           state != STEP_DONE && state != STEP_UNDONE && step_is_true(run, last) != TRI_YES;
}

int run_check_sure(struct run *run, size_t last, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[last];

    if (!is_unsure(run, last))
        return 0;
    err_set(err, ERR_LOST, EFFECT_NONE,
            "it cannot be told whether step %s %s/%s took effect before run %s ended: nothing was "
            "changed",
            step->id, step->name, step->what, run->id);
    return err_hint(err, "users may have written there: do not open the other side by hand; mend "
                         "the connection to both primaries and the links, then type \"cutover run "
                         "--resume\" or \"cutover abort\" again");
}

/*
 * The part that was under way: past the commit step it is looked up and, when it is not true yet,
 * done again. Before it, a cutover starts over from its first part, because every gate and position
 * it rested on is stale: its parts are undone first, so that writes are not refused a moment
 * longer. Other actions go on where they were.
 */
int run_prepare_resume(struct run *run, struct err *err)
{
    size_t last = run_last_begun(run), first = run_first_part(run, last);
    enum action_id action =
        run->plan.steps[last].action ? run->plan.steps[last].action->id : ACTION_GATE;
    enum step_state state = run->steps[last].state;

    if (state == STEP_PENDING)
        return 0;
    run->current = last; /* what fails here is settled there */
    int rc = run_take_back_commit(run, last, err);
    if (rc)
        return rc;
    rc = run_check_sure(run, last, err);
    if (rc)
        return rc;
    state = run->steps[last].state;
    bool is_past = run_has_committed(run, first, last);
    doubt_committed(run, last);
    bool is_whole = state == STEP_DONE &&
                    (last + 1 == run->plan.step_count || run_first_part(run, last + 1) == last + 1);
    bool is_stale = !is_past && is_denied(run, first, last);
    if (is_whole && !is_stale)
        return 0;
    if (is_stale || (!is_past && starts_over(action, state))) {
        rc = run_undo(run, first, last, err);
        if (!rc)
            begin_again(run, first, last);
        return rc;
    }
    if (state != STEP_DONE && step_is_true(run, last) == TRI_YES)
        rc = found_done(run, last, err);
    if (!rc)
        doubt_committed(run, last); /* the parts of a breath were not in it the first time */
    return rc;
}
