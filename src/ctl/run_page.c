/* SPDX-License-Identifier: MIT */
#include "ctl/run_page.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "engine/report.h"
#include "engine/request_offer.h"

static void add_ops(json_t *list, const struct op *ops, size_t count, int is_undo)
{
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s,s:s,s:b}", "node", ops[i].kind == OP_SQL ? ops[i].node : "",
                            "text", ops[i].text ? ops[i].text : "", "is_undo", is_undo));
}

static json_t *step_now(const struct plan_step *step, const struct step_record *record)
{
    json_t *statements = json_array();

    add_ops(statements, step->ops, step->op_count, 0);
    add_ops(statements, step->undo, step->undo_count, 1);
    return json_pack("{s:s,s:s,s:s,s:s,s:o,s:b,s:I,s:I}", "id", step->id, "step", step->name,
                     "part", step->what, "title", step->title, "statements", statements,
                     "is_commit", (int)step->commits, "limit_ms", (json_int_t)step->limit_ms,
                     "started_us",
                     (json_int_t)(record->state == STEP_PENDING ? 0 : record->started_us));
}

/* The first part that is not done: under way, or what comes next. */
static const struct plan_step *part_now(const struct plan *plan, const struct step_record *records)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (records[i].state != STEP_DONE)
            return &plan->steps[i];
    return NULL;
}

static json_t *emergency(const struct run_record *run, const char *config_path)
{
    char command[PATH_MAX + 64];

    if (run->state == RUN_DONE || run->state == RUN_ABORTED)
        return json_null();
    (void)snprintf(command, sizeof command, "cutover -c %s %s", config_path,
                   run->is_committed ? "run --resume" : "abort");
    return json_pack("{s:s,s:s}", "command", command, "why",
                     run->is_committed ? "users may be on NEW already: what is left is finished; "
                                         "`cutover rollback` goes back"
                                       : "what was begun is undone, and users stay where they are");
}

static int add_now(struct journal *journal, const struct run_record *run, json_t *page,
                   struct err *err)
{
    struct plan plan = {0};
    const struct plan_step *part = NULL;
    int rc = journal_run_plan(journal, run->id, &plan, err);

    if (rc)
        return rc;
    struct step_record *records = calloc(plan.step_count + 1, sizeof *records);
    if (!records)
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    if (!rc)
        rc = journal_steps(journal, run->id, records, plan.step_count, err);
    if (!rc && run->state != RUN_DONE && run->state != RUN_ABORTED)
        part = part_now(&plan, records);
    (void)json_object_set_new(page, "now",
                              part ? step_now(part, &records[part - plan.steps]) : json_null());
    free(records);
    plan_release(&plan);
    return rc;
}

static int add_people(struct journal *journal, const char *service, const char *config_path,
                      json_t *page, struct err *err)
{
    json_t *people = NULL;
    int rc = request_offers(journal, service, config_path, &people, err);

    (void)json_object_set_new(page, "people", people);
    return rc;
}

int run_page(struct journal *journal, const char *service, const char *config_path, json_t **out,
             struct err *err)
{
    CLEANUP(json_release) json_t *page = NULL;
    struct run_record run;

    int rc = journal_run_find(journal, service, NULL, &run, err);
    if (rc == ERR_REFUSED) {
        *err = (struct err){0};
        *out = json_pack("{s:n}", "run");
        return *out ? 0 : err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    }
    if (!rc)
        rc = report_build_brief(journal, service, run.id, &page, err);
    if (!rc)
        rc = add_now(journal, &run, page, err);
    if (!rc)
        rc = add_people(journal, service, config_path, page, err);
    if (rc)
        return rc;
    (void)json_object_set_new(page, "emergency", emergency(&run, config_path));
    *out = page;
    page = NULL;
    return 0;
}
