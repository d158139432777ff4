/* SPDX-License-Identifier: MIT */
/*
 * One part of a plan: intent on disk, act, ask the servers whether it is true, outcome on disk.
 * Acting and undoing are idempotent, so a part whose outcome is unknown can be looked up and, when
 * it is not true, done again.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/log.h"
#include "engine/driver.h"
#include "engine/observe.h"

#define LATE_CALL_MS 10000      /* the time limit of one call to the DNS provider */
#define RECONNECT_WAIT_MS 5000  /* links look for a server that restarted about once a second */
#define SITUATION_WAIT_MS 15000 /* a link may say "Connecting" for a moment after it was made */

/* --- ${...} ----------------------------------------------------------------------------------- */

static int add_secret(struct run *run, const char *name, struct buf *out, struct err *err)
{
    CLEANUP(buf_release) struct buf quoted = {0};

    if (strcmp(name, "replication") != 0)
        return err_set(err, ERR_BUG, EFFECT_NONE, "the plan names an unknown secret \"%s\"", name);
    const struct secret *secret = &run->service->replication.password;
    buf_init(&quoted, 16384);
    sql_quote_literal(secret_bytes(secret), secret_len(secret), &quoted);
    if (quoted.len >= 2)
        buf_add(out, quoted.data + 1, quoted.len - 2); /* the template has the quotes */
    if (quoted.data)
        secret_wipe(quoted.data, quoted.len);
    return buf_check(&quoted, err);
}

static int add_reference(struct run *run, const char *kind_and_name, struct buf *out,
                         struct err *err)
{
    char value[4096];

    if (strncmp(kind_and_name, "secret:", 7) == 0)
        return add_secret(run, kind_and_name + 7, out, err);
    if (strncmp(kind_and_name, "position:", 9) != 0)
        return err_set(err, ERR_BUG, EFFECT_NONE, "the plan names an unknown value ${%s}",
                       kind_and_name);
    int rc = journal_variable_get(run->journal, run->id, kind_and_name, value, sizeof value, err);
    if (!rc && !value[0])
        rc = err_set(err, ERR_CONFLICT, EFFECT_NONE, "${%s} has not been read in this run",
                     kind_and_name);
    if (!rc)
        buf_puts(out, value);
    return rc;
}

static int expand_references(struct run *run, const char *text, struct buf *out, struct err *err)
{
    const char *open;

    while ((open = strstr(text, "${")) != NULL) {
        const char *close = strchr(open, '}');
        char name[64];
        if (!close || close - open - 2 >= (ptrdiff_t)sizeof name)
            return err_set(err, ERR_BUG, EFFECT_NONE, "a reference in the plan does not end");
        buf_add(out, text, (size_t)(open - text));
        (void)snprintf(name, sizeof name, "%.*s", (int)(close - open - 2), open + 2);
        int rc = add_reference(run, name, out, err);
        if (rc)
            return rc;
        text = close + 1;
    }
    buf_puts(out, text);
    return buf_check(out, err);
}

/* --- one op ----------------------------------------------------------------------------------- */

static bool is_tolerated(const struct op *op, const struct err *err)
{
    for (size_t i = 0; i < OP_TOLERATE_CAP; i++)
        if (err->code == ERR_SERVER && op->tolerate[i] && op->tolerate[i] == err->native)
            return true;
    return false;
}

static int run_sql_op(struct run *run, const struct op *op, struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    struct session *session;
    const struct node *node = service_node(run->service, op->node);

    if (!node)
        return err_set(err, ERR_CONFLICT, EFFECT_NONE,
                       "the plan names %s, which the configuration does not", op->node);
    int rc = run_session(run, node, &session, err);
    if (rc)
        return rc;
    buf_init(&text, 64 * 1024);
    rc = expand_references(run, op->text, &text, err);
    if (!rc)
        rc = session_may_change(session, err);
    if (!rc)
        rc = db_exec(session->db, buf_text(&text), err);
    if (text.data)
        secret_wipe(text.data, text.len);
    if (rc && is_tolerated(op, err)) {
        log_debug("%s: %s (already so)", op->node, err->msg);
        *err = (struct err){0};
        return 0;
    }
    return rc;
}

static int run_op(struct run *run, const struct plan_step *step, const struct op *op,
                  struct err *err)
{
    switch (op->kind) {
    case OP_SQL:
        return run_sql_op(run, op, err);
    case OP_DNS:
        return work_dns_change(run, op->args, err);
    case OP_WORK:
        break;
    }
    const struct work_row *work = work_find(op->work);
    if (!work)
        return err_set(err, ERR_BUG, EFFECT_NONE, "the plan names an unknown procedure \"%s\"",
                       op->work);
    return work->act(run, step, op->args, err);
}

static int failpoint(const struct plan_step *step, const char *when, struct err *err)
{
    char name[160];

    (void)snprintf(name, sizeof name, "%s.%s.%s", step->name, step->what, when);
    return failpoint_hit(name, err);
}

static int run_ops(struct run *run, const struct plan_step *step, const struct op *ops,
                   size_t count, const char *between, struct err *err)
{
    for (size_t i = 0; i < count; i++) {
        int rc = i > 0 ? failpoint(step, between, err) : 0;
        if (rc)
            return rc;
        drift_keeper_op_begins(run, &ops[i]);
        rc = run_op(run, step, &ops[i], err);
        drift_keeper_op_ended(run, &ops[i]);
        if (rc)
            return rc;
    }
    return 0;
}

/* --- situations at the seams ------------------------------------------------------------------ */

/*
 * may_be_held  a side that is only held will do: a step may start there, and close it
 */
static int check_situation(struct run *run, situation_mask wanted, bool may_be_held,
                           int64_t wait_ms, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + wait_ms;
    char needed[128];

    for (;;) {
        struct facts facts = {0};
        struct verdict verdict;
        int rc = observe(run->service, &facts, &verdict, err);
        facts_release(&facts);
        if (rc)
            return rc;
        bool is_wanted = (wanted & SITUATION_BIT(verdict.situation)) != 0;
        if (is_wanted && (may_be_held || !verdict.is_only_held))
            return 0;
        if (is_wanted || clock_mono_ms() >= deadline_ms) { /* nobody closes what is only held */
            situation_mask_text(wanted, needed, sizeof needed);
            err_set(err, ERR_CONFLICT, EFFECT_NONE, "the situation should be %s but is %s: %s",
                    needed, situation_name(verdict.situation), verdict.because);
            return err_hint(err, "%s", verdict.next);
        }
        rc = run_pause(run, 100, err);
        if (rc)
            return rc;
    }
}

/*
 * Where a step may end. Of two open sides one may have died and come back closed, as its my.cnf
 * says. When users and records are on the other one, that is where settle leads in any case: going
 * on is right, and insisting on a second open side would keep the run from ever ending.
 */
static situation_mask good_ends(const struct run *run, const struct plan_step *step)
{
    situation_mask wanted = SITUATION_BIT(step->ends_in);

    if (step->ends_in == SITUATION_SHARED && run->is_committed)
        wanted |= SITUATION_BIT(SITUATION_SWITCHED) | SITUATION_BIT(SITUATION_MIRRORED);
    return wanted;
}

/* Having closed a side it does not end with one that is only held. */
static bool closes_a_side(const struct plan_step *step)
{
    return step->action != NULL &&
           (step->action->id == ACTION_CUTOVER || step->action->id == ACTION_SETTLE);
}

/* --- perform ---------------------------------------------------------------------------------- */

static int mark_timed(struct run *run, size_t index, enum step_state state,
                      const struct step_time *time, const struct err *failure, struct err *err)
{
    int rc = journal_step_timed(run->journal, run->id, index, &run->plan.steps[index], state, time,
                                failure, err);

    if (!rc)
        run->steps[index].state = state;
    return rc;
}

static int mark(struct run *run, size_t index, enum step_state state, const struct err *failure,
                struct err *err)
{
    return mark_timed(run, index, state, NULL, failure, err);
}

static int act_and_verify(struct run *run, size_t index, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];
    int rc = failpoint(step, "before-act", err);

    run->is_verified = false;
    if (!rc)
        rc = run_ops(run, step, step->ops, step->op_count, "between-acts", err);
    if (!rc)
        rc = failpoint(step, "after-act", err);
    if (!rc && step->verify.work[0] && !run->is_verified)
        rc = run_op(run, step, &step->verify, err);
    if (!rc)
        rc = failpoint(step, "after-verify", err);
    return rc;
}

/* Inside a breath the lease is confirmed by the parts themselves: see work_fence_still(). */
static int begin_step(struct run *run, size_t index, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];
    int rc = 0;

    if (!run->breath.is_on)
        rc = run_is_without_new(run) ? lease_check_any(run->lease, err)
                                     : lease_renew(run->lease, err);

    if (!rc && step->starts_from && run->steps[index].state == STEP_PENDING)
        rc = check_situation(run, step->starts_from, true, run->is_resumed ? RECONNECT_WAIT_MS : 0,
                             err);
    if (rc)
        return rc;
    if (breath_is_due(run, index))
        return breath_part(run, index, err);
    rc = journal_intents(run->journal, run->id, &run->plan, index, index, err);
    if (rc)
        return rc;
    run->steps[index].state = STEP_INTENT;
    if (step->commits)
        run->is_committed = true;
    return 0;
}

static void say_done(struct run *run, const struct plan_step *step, int64_t took_us)
{
    char text[300], took[32];

    if (run->breath.is_on)
        (void)snprintf(took, sizeof took, "%.1f ms", (double)took_us / 1000.0);
    else
        (void)clock_human_ms(took_us / 1000, took);
    log_about(NULL, NULL, "step.done");
    (void)snprintf(text, sizeof text, "run %s step %s %s/%s: done in %s", run->id, step->id,
                   step->name, step->what, took);
    breath_say(run, text);
}

static int end_step(struct run *run, size_t index, int64_t began_us, int64_t began_wall_us,
                    struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];
    int64_t took_us = clock_mono_us() - began_us;
    const struct step_time time = {began_wall_us, (double)took_us / 1000.0};

    if (run->breath.is_on)
        run->breath.ended_us[index - run->breath.first] = clock_mono_us();
    int rc = mark_timed(run, index, STEP_DONE, &time, NULL, err);
    if (rc)
        return rc;
    say_done(run, step, took_us);
    if (step->commits)
        rc = breath_end(run, err);
    return rc ? rc : failpoint(step, "after-outcome", err);
}

/* What the log's next lines tell of, for a program that reads them. */
static void about(const struct run *run, const struct plan_step *step, const char *event)
{
    char id[96];

    (void)snprintf(id, sizeof id, "%.30s/%.60s", step->name, step->what);
    log_about(run->id, id, event);
}

int step_perform(struct run *run, size_t index, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];

    run->current = index;
    about(run, step, "step.intent");
    int rc = begin_step(run, index, err);
    if (rc)
        return err_wrap(err, "step %s %s/%s", step->id, step->name, step->what);
    int64_t began_us = clock_mono_us(), began_wall_us = clock_wall_us();
    /* While writes are refused nothing is said that could wait: the terminal may be slow. */
    if (!run->breath.is_on)
        log_info("run %s step %s %s/%s: %s", run->id, step->id, step->name, step->what,
                 step->title);

    rc = act_and_verify(run, index, err);
    if (!rc && step->ends_in != SITUATION_UNSAFE)
        rc = check_situation(run, good_ends(run, step), !closes_a_side(step), SITUATION_WAIT_MS,
                             err);
    if (rc) {
        struct err also = {0};
        log_about(NULL, NULL, "step.failed");
        if (mark(run, index, STEP_FAILED, err, &also))
            run_log_also(run, &also); /* the first failure is the one to act upon */
        return err_wrap(err, "step %s %s/%s", step->id, step->name, step->what);
    }
    return end_step(run, index, began_us, began_wall_us, err);
}

/*
 * A change of a record that was under way when a controller died may still arrive at the provider
 * and would then overwrite its undoing: that can happen no later than the call's own time limit.
 */
static int wait_for_late_call(struct run *run, size_t index, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];
    const struct step_record *record = &run->steps[index];

    if (record->state != STEP_INTENT || step->op_count == 0 || step->ops[0].kind != OP_DNS)
        return 0;
    int64_t until_us = record->started_us + LATE_CALL_MS * 1000;
    int rc = 0;
    while (!rc && clock_wall_us() < until_us)
        rc = run_pause(run, 200, err);
    return rc;
}

/*
 * A journal that cannot be written (disk full) must not keep a side closed: what it has already
 * says that the part may have happened, undoing is idempotent, and an abort will do it again.
 */
static void mark_undo(struct run *run, size_t index, enum step_state state)
{
    struct err err = {0};

    if (!mark(run, index, state, NULL, &err))
        return;
    log_warn("the undo of step %s is not in the journal: %s, continuing", run->plan.steps[index].id,
             err.msg);
    run->steps[index].state = state;
}

int step_undo(struct run *run, size_t index, struct err *err)
{
    const struct plan_step *step = &run->plan.steps[index];

    if (step->undo_count == 0)
        return 0;
    int rc = lease_check_any(run->lease, err);
    if (!rc)
        rc = wait_for_late_call(run, index, err);
    if (!rc) {
        mark_undo(run, index, STEP_UNDO);
        rc = failpoint(step, "before-undo", err);
    }
    if (!rc)
        rc = run_ops(run, step, step->undo, step->undo_count, "between-undos", err);
    if (!rc)
        rc = failpoint(step, "after-undo", err);
    if (rc)
        return err_wrap(err, "undoing step %s %s/%s", step->id, step->name, step->what);
    mark_undo(run, index, STEP_UNDONE);
    about(run, step, "step.undone");
    char text[300];
    (void)snprintf(text, sizeof text, "run %s step %s %s/%s: undone", run->id, step->id, step->name,
                   step->what);
    breath_say(run, text);
    return 0;
}

enum tri step_is_true(struct run *run, size_t index)
{
    const struct plan_step *step = &run->plan.steps[index];
    struct err err = {0};

    if (!step->verify.work[0])
        return TRI_UNKNOWN;
    int rc = run_op(run, step, &step->verify, &err);
    if (rc == 0)
        return TRI_YES;
    return rc == ERR_REFUSED ? TRI_NO : TRI_UNKNOWN;
}
