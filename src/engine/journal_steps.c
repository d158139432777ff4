/* SPDX-License-Identifier: MIT */
/* The parts of a run in the journal: what was intended, what came of it. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/journal_file.h"

static const char *const step_states[] = {
    [STEP_PENDING] = "pending", [STEP_INTENT] = "intent", [STEP_DONE] = "done",
    [STEP_FAILED] = "failed",   [STEP_UNDO] = "undo",     [STEP_UNDONE] = "undone"};

const char *step_state_name(enum step_state state)
{
    return step_states[state];
}

/* What is not going to be done after all leaves no row: the events tell that it was intended. */
static int drop_step(struct journal *journal, const char *run_id, size_t number, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *drop = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_STEP_DROP, &drop, err);

    if (rc)
        return rc;
    store_bind_text(drop, 1, run_id);
    store_bind_int(drop, 2, (int64_t)number);
    return journal_run(drop, err);
}

static int put_step(struct journal *journal, const char *run_id, const struct step_change *change,
                    struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;
    bool is_open = change->state == STEP_INTENT || change->state == STEP_UNDO;
    int rc = journal_prepare(journal, SQL_JOURNAL_STEP_PUT, &put, err);

    if (rc)
        return rc;
    store_bind_text(put, 1, run_id);
    store_bind_int(put, 2, (int64_t)change->number);
    store_bind_text(put, 3, step_state_name(change->state));
    store_bind_int(put, 4, change->began_us ? change->began_us : change->at_us);
    if (!is_open)
        store_bind_int(put, 5, change->at_us);
    store_bind_text(put, 6, change->error);
    store_bind_int(put, 7, change->began_us != 0);
    return journal_run(put, err);
}

int journal_add_step(struct journal *journal, const char *run_id, const struct step_change *change,
                     struct err *err)
{
    int rc = change->state == STEP_PENDING ? drop_step(journal, run_id, change->number, err)
                                           : put_step(journal, run_id, change, err);

    return rc ? rc
              : journal_add_event(journal, run_id, change->at_us, change->event, change->detail,
                                  err);
}

/* What the event says. NULL when out of memory: then the event has no detail. */
static json_t *step_detail(const struct plan_step *step, const struct step_time *time,
                           const struct err *failure)
{
    json_t *detail =
        json_pack("{s:s,s:s,s:s}", "id", step->id, "step", step->name, "part", step->what);

    if (failure && detail) {
        (void)json_object_set_new(detail, "error", json_string(failure->msg));
        (void)json_object_set_new(detail, "code", json_string(err_code_name(failure->code)));
        (void)json_object_set_new(detail, "effect", json_string(err_effect_name(failure->effect)));
    }
    if (time && detail)
        (void)json_object_set_new(detail, "took_ms", json_real(time->took_ms));
    return detail;
}

int journal_step_timed(struct journal *journal, const char *run_id, size_t number,
                       const struct plan_step *step, enum step_state state,
                       const struct step_time *time, const struct err *failure, struct err *err)
{
    CLEANUP(json_release) json_t *detail = step_detail(step, time, failure);
    struct step_change change = {.number = number,
                                 .state = state,
                                 .at_us = clock_wall_us(),
                                 .began_us = time ? time->began_us : 0,
                                 .error = failure ? failure->msg : NULL,
                                 .detail = detail};

    (void)snprintf(change.event, sizeof change.event, "step.%s", step_state_name(state));
    if (journal->is_held)
        return journal_keep_step(journal, run_id, &change, err);
    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, journal_add_step(journal, run_id, &change, err), err);
}

int journal_step(struct journal *journal, const char *run_id, size_t number,
                 const struct plan_step *step, enum step_state state, const struct err *failure,
                 struct err *err)
{
    return journal_step_timed(journal, run_id, number, step, state, NULL, failure, err);
}

static int add_intents(struct journal *journal, const char *run_id, const struct plan *plan,
                       size_t first, size_t last, struct err *err)
{
    int rc = 0;

    for (size_t i = first; i <= last && !rc; i++) {
        CLEANUP(json_release) json_t *detail = step_detail(&plan->steps[i], NULL, NULL);
        struct step_change change = {.number = i,
                                     .state = STEP_INTENT,
                                     .at_us = clock_wall_us(),
                                     .event = "step.intent",
                                     .detail = detail};
        rc = journal_add_step(journal, run_id, &change, err);
        if (rc || !plan->steps[i].commits)
            continue;
        rc = journal_add_committed(journal, run_id, change.at_us, true, err);
        if (!rc)
            rc = failpoint_hit("journal.commit", err);
    }
    return rc;
}

int journal_intents(struct journal *journal, const char *run_id, const struct plan *plan,
                    size_t first, size_t last, struct err *err)
{
    int rc = journal_begin(journal, err);

    return rc ? rc
              : journal_end(journal, add_intents(journal, run_id, plan, first, last, err), err);
}

static enum step_state step_state_parse(const char *text)
{
    for (size_t i = 0; i < ARRAY_LEN(step_states); i++)
        if (strcmp(step_states[i], text) == 0)
            return (enum step_state)i;
    return STEP_FAILED;
}

int journal_steps(struct journal *journal, const char *run_id, struct step_record *out,
                  size_t count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_STEP_LIST, &list, err);

    if (rc)
        return rc;
    memset(out, 0, count * sizeof *out);
    store_bind_text(list, 1, run_id);
    while ((rc = store_step(list, err)) == 1) {
        int64_t number = store_column_int(list, 0);
        if (number < 0 || (uint64_t)number >= count)
            return err_set(err, ERR_DATA, EFFECT_NONE, "run %s has a step %lld that its plan lacks",
                           run_id, (long long)number);
        struct step_record *step = &out[number];
        step->state = step_state_parse(store_column_text(list, 1));
        step->started_us = store_column_int(list, 2);
        step->ended_us = store_column_int(list, 3);
        (void)snprintf(step->error, sizeof step->error, "%s", store_column_text(list, 4));
    }
    return rc;
}
