/* SPDX-License-Identifier: MIT */
/*
 * From a playbook to a plan: check that it may start here, then expand its steps one after the
 * other.
 */
#include "engine/compile.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight.h"
#include "engine/compile_step.h"

/*
 * Where a wrong setting bars a plan. From the others on users may be on NEW already, and the way
 * back is not barred by what was accepted before.
 */
#define BARRED                                                                                     \
    (SITUATION_BIT(SITUATION_APART) | SITUATION_BIT(SITUATION_FOLLOWING) |                         \
     SITUATION_BIT(SITUATION_MIRRORED))

typedef void (*expand_fn)(struct compile *c);

static const expand_fn expansions[ACTION_COUNT] = {
    [ACTION_SEED] = expand_seed,
    [ACTION_FOLLOW] = expand_follow,
    [ACTION_REHEARSE] = expand_rehearse,
    [ACTION_RESET] = expand_reset,
    [ACTION_STAGGER] = expand_stagger,
    [ACTION_MIRROR] = expand_mirror,
    [ACTION_VERIFY] = expand_verify,
    [ACTION_GATE] = expand_gate,
    [ACTION_APPROVE] = expand_approve,
    [ACTION_LOWER_TTL] = expand_lower_ttl,
    [ACTION_FLIP] = expand_flip,
    [ACTION_CUTOVER] = expand_cutover,
    [ACTION_WATCH] = expand_watch,
    [ACTION_SETTLE] = expand_settle,
    [ACTION_RETIRE] = expand_retire,
    [ACTION_ABANDON] = expand_abandon,
    [ACTION_UNMIRROR] = expand_unmirror,
    [ACTION_STOP_SERVICES] = expand_stop_services,
    [ACTION_START_SERVICES] = expand_start_services,
};

/* --- the vocabulary --------------------------------------------------------------------------- */

void compile_fail(struct compile *c, enum err_code code, const char *fmt, ...)
{
    char text[sizeof c->err->msg];
    va_list args;

    if (c->rc)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    c->rc = err_set(c->err, code, EFFECT_NONE, "%s", text);
    (void)err_where(c->err, "%s:%u", c->input->playbook->path, c->step ? c->step->line : 0U);
}

void plan_warn(struct compile *c, const char *fmt, ...)
{
    va_list args;

    if (c->plan->warning_count == ARRAY_LEN(c->plan->warnings))
        return;
    va_start(args, fmt);
    char *warning = c->plan->warnings[c->plan->warning_count++];
    (void)vsnprintf(warning, sizeof c->plan->warnings[0], fmt, args);
    va_end(args);
}

/* What is added after a failure goes here; it belongs to no plan. */
static struct plan_step scratch_step;
static struct op scratch_op;

struct plan_step *part(struct compile *c, const char *what, const char *title_fmt, ...)
{
    if (c->rc)
        return &scratch_step;

    struct plan_step *step = plan_step_add(c->plan);
    if (!step) {
        compile_fail(c, ERR_MEMORY, "no memory for the plan");
        return &scratch_step;
    }
    (void)snprintf(step->id, sizeof step->id, "%u.%u", c->step_number, ++c->part_number);
    (void)snprintf(step->name, sizeof step->name, "%s", c->step->name);
    (void)snprintf(step->what, sizeof step->what, "%s", what);
    step->action = c->step->action;

    va_list args;
    va_start(args, title_fmt);
    (void)vsnprintf(step->title, sizeof step->title, title_fmt, args);
    va_end(args);
    return step;
}

static struct op *add_op(struct compile *c, struct plan_step *step, enum op_list list,
                         enum op_kind kind, const char *node, const char *text)
{
    if (c->rc)
        return &scratch_op;

    struct op *op = list == LIST_DO ? plan_op_add(step, kind, node, text)
                                    : plan_undo_add(step, kind, node, text);
    if (!op) {
        compile_fail(c, ERR_MEMORY, "no memory for the plan");
        return &scratch_op;
    }
    return op;
}

static const struct node_facts *facts_of(struct compile *c, const struct node *node)
{
    for (size_t i = 0; i < c->facts->node_count; i++)
        if (c->facts->nodes[i].node == node && c->facts->nodes[i].is_reached == TRI_YES)
            return &c->facts->nodes[i];
    compile_fail(c, ERR_REFUSED, "%s (%s) does not answer, so its statements cannot be planned",
                 node->name, side_title(node->side));
    return NULL;
}

struct op *add_sql(struct compile *c, struct plan_step *step, enum op_list list,
                   const struct node *node, enum sql_id id, const struct sql_arg *args,
                   size_t arg_count)
{
    CLEANUP(buf_release) struct buf text = {0};
    const struct node_facts *facts = c->rc ? NULL : facts_of(c, node);

    buf_init(&text, 64 * 1024);
    /* what a server does not need is not in its plan */
    if (c->rc || sql_is_nothing(id, &facts->version))
        return &scratch_op;
    c->rc = sql_render(id, &facts->version, args, arg_count, &text, c->err);
    return add_op(c, step, list, OP_SQL, node->name, buf_text(&text));
}

static void fill_work(struct compile *c, struct op *op, const char *work, json_t *args)
{
    if (c->rc) {
        json_decref(args);
        return;
    }
    (void)snprintf(op->work, sizeof op->work, "%s", work);
    op->args = args;
}

struct op *add_work(struct compile *c, struct plan_step *step, enum op_list list, const char *work,
                    json_t *args, const char *text_fmt, ...)
{
    char text[400];
    va_list list_args;

    va_start(list_args, text_fmt);
    (void)vsnprintf(text, sizeof text, text_fmt, list_args);
    va_end(list_args);
    struct op *op = add_op(c, step, list, OP_WORK, "", text);
    fill_work(c, op, work, args);
    return op;
}

void set_verify(struct compile *c, struct plan_step *step, const char *work, json_t *args,
                const char *text_fmt, ...)
{
    char text[400];
    va_list list_args;

    va_start(list_args, text_fmt);
    (void)vsnprintf(text, sizeof text, text_fmt, list_args);
    va_end(list_args);
    if (!c->rc) {
        step->verify.kind = OP_WORK;
        step->verify.text = strdup(text);
        if (!step->verify.text)
            compile_fail(c, ERR_MEMORY, "no memory for the plan");
    }
    fill_work(c, &step->verify, work, args);
}

json_t *record_json(const struct dns_record *record)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:I,s:b}", "id", record->id, "name", record->name,
                     "type", record->type, "content", record->content, "comment", record->comment,
                     "ttl", (json_int_t)record->ttl_s, "proxied", (int)record->is_proxied);
}

void add_dns(struct compile *c, struct plan_step *step, enum op_list list,
             struct planned_record *record, const struct dns_record *after)
{
    CLEANUP(buf_release) struct buf text = {0};

    if (c->rc)
        return;
    buf_init(&text, 16 * 1024);
    c->rc = dns_describe_change(c->input->dns, &record->now, after, &text, c->err);
    struct op *op = add_op(c, step, list, OP_DNS, "", buf_text(&text));
    if (c->rc)
        return;
    op->args =
        json_pack("{s:o,s:o}", "before", record_json(&record->now), "after", record_json(after));
    if (!op->args)
        compile_fail(c, ERR_MEMORY, "no memory for the plan");
    if (list == LIST_DO)
        record->now = *after;
}

const struct node *primary_of(const struct compile *c, enum side side)
{
    return service_primary(c->service, side);
}

static bool is_wanted(const struct playbook_value *wanted, const char *name)
{
    if (!wanted)
        return true;
    for (size_t i = 0; i < wanted->item_count; i++)
        if (strcmp(wanted->items[i], "all") == 0 || strcmp(wanted->items[i], name) == 0)
            return true;
    return false;
}

void each_record(struct compile *c,
                 void (*each)(struct compile *c, struct planned_record *record, void *context),
                 void *context)
{
    const struct playbook_value *wanted = playbook_step_value(c->step, "records");

    for (size_t i = 0; i < c->record_count && !c->rc; i++) {
        struct planned_record *record = &c->records[i];
        if (!is_wanted(wanted, record->facts->record->name))
            continue;
        if (record->facts->is_found != TRI_YES)
            compile_fail(c, ERR_REFUSED, "record %s %s could not be read: %s",
                         record->facts->record->name, record->facts->record->type,
                         c->facts->dns_error[0] ? c->facts->dns_error : "it was not found");
        else
            each(c, record, context);
    }
}

/* --- the plan --------------------------------------------------------------------------------- */

/*
 * The TTL a record had before an earlier run lowered it; 0 when no run did. Stored as "ttl
 * lowered_at_us".
 */
static void recall_ttl(struct compile *c, struct planned_record *record)
{
    char name[300], value[64];

    record->original_ttl_s = record->now.ttl_s;
    if (!c->input->journal || c->rc)
        return;
    (void)snprintf(name, sizeof name, "ttl.%s", record->now.id);
    c->rc =
        journal_memory_get(c->input->journal, c->service->name, name, value, sizeof value, c->err);
    if (!c->rc && value[0])
        record->original_ttl_s = (unsigned)strtoul(value, NULL, 10);
}

/*
 * Records as the provider has them now. One that was not found is refused only when a step needs
 * it.
 */
static void load_records(struct compile *c)
{
    if (c->facts->record_count == 0)
        return;
    c->records = calloc(c->facts->record_count, sizeof *c->records);
    if (!c->records) {
        compile_fail(c, ERR_MEMORY, "no memory for %zu records", c->facts->record_count);
        return;
    }
    for (size_t i = 0; i < c->facts->record_count; i++) {
        const struct record_facts *facts = &c->facts->records[i];
        struct planned_record *record = &c->records[c->record_count++];
        record->facts = facts;
        /*
         * Read whole: a PATCH carries the person's comment too, and facts hold only its beginning.
         */
        if (facts->is_found == TRI_YES && c->input->dns && !c->rc)
            c->rc = dns_get(c->input->dns, facts->id, &record->now, c->err);
        recall_ttl(c, record);
    }
}

static void expand_step(struct compile *c, const struct playbook_step *step)
{
    size_t first = c->plan->step_count;

    c->step = step;
    c->step_number++;
    c->part_number = 0;
    c->is_end_unknown = false;
    expansions[step->action->id](c);
    if (!c->rc && c->plan->step_count == first)
        c->step_number--; /* nothing to do here: it is in no plan */
    if (c->rc || c->plan->step_count == first)
        return;
    c->plan->steps[first].starts_from = action_starts_from(step->action->id, &step->join);
    c->situation = action_ends_in(step->action->id, &step->join, c->situation);
    c->plan->steps[c->plan->step_count - 1].ends_in =
        c->is_end_unknown ? SITUATION_UNSAFE : c->situation;
}

static void expand_all(struct compile *c, size_t first_step)
{
    const struct playbook *playbook = c->input->playbook;

    c->step_number = (unsigned)first_step;
    for (size_t i = first_step; i < playbook->step_count && !c->rc; i++)
        expand_step(c, &playbook->steps[i]);
}

static int find_first(const struct compile_input *input, size_t *out, struct err *err)
{
    *out = 0;
    if (!input->from_step)
        return 0;
    for (size_t i = 0; i < input->playbook->step_count; i++)
        if (strcmp(input->playbook->steps[i].name, input->from_step) == 0) {
            *out = i;
            return 0;
        }
    return err_set(err, ERR_USAGE, EFFECT_NONE, "playbook %s has no step \"%s\"",
                   input->playbook->name, input->from_step);
}

/* May this playbook begin here? With --from the step's own table row decides instead of `needs`. */
static int check_start(const struct compile_input *input, size_t first,
                       const struct verdict *verdict, struct err *err)
{
    const struct playbook *playbook = input->playbook;
    const struct playbook_step *step = &playbook->steps[first];
    situation_mask needs =
        first == 0 ? playbook->needs : action_starts_from(step->action->id, &step->join);
    char needed[128];

    if (needs & SITUATION_BIT(verdict->situation))
        return 0;
    situation_mask_text(needs, needed, sizeof needed);
    err_set(err, ERR_REFUSED, EFFECT_NONE,
            "playbook %s needs the situation %s, but the service is in %s: %s", playbook->name,
            needed, situation_name(verdict->situation), verdict->because);
    return err_hint(err, "nothing was changed; %s", verdict->next);
}

int compile_plan(const struct compile_input *input, struct plan *out, struct err *err)
{
    CLEANUP(findings_release) struct findings waived = {0};
    struct verdict verdict;
    struct plan plan = {0};
    size_t first;
    enum situation end = SITUATION_UNSAFE;

    situation_judge(input->facts, &verdict);
    int rc = find_first(input, &first, err);
    if (!rc)
        rc = check_start(input, first, &verdict, err);
    if (!rc && (SITUATION_BIT(verdict.situation) & BARRED))
        rc = preflight_bars(input->service, input->facts, &waived, err);
    if (!rc && first == 0)
        rc = playbook_join(input->playbook, verdict.situation, &end, err);
    if (rc)
        return rc;

    struct compile c = {.input = input,
                        .service = input->service,
                        .facts = input->facts,
                        .plan = &plan,
                        .situation = verdict.situation,
                        .err = err};
    (void)snprintf(plan.name, sizeof plan.name, "%s", input->playbook->name);
    (void)snprintf(plan.playbook_path, sizeof plan.playbook_path, "%s", input->playbook->path);
    (void)snprintf(plan.service, sizeof plan.service, "%s", input->service->name);
    plan.starts_in = verdict.situation;
    for (size_t i = 0; i < waived.count; i++)
        plan_warn(&c, "%s is %.200s (\"cutover check\" says what it found)", waived.items[i].check,
                  waived.items[i].waived);
    load_records(&c);
    expand_all(&c, first);
    plan.ends_in = c.situation;
    free(c.records);
    if (c.rc) {
        plan_release(&plan);
        return c.rc;
    }
    *out = plan;
    return 0;
}
