/* SPDX-License-Identifier: MIT */
/*
 * A plan as JSON and back. Reading is strict: what was read is written again and must be the same
 * value, so that nothing a reviewer saw in the file can be lost on the way to execution.
 */
#include "domain/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PLAN_FORMAT 1

static const char *const kind_names[] = {[OP_SQL] = "sql", [OP_DNS] = "dns", [OP_WORK] = "work"};

/* --- writing ---------------------------------------------------------------------------------- */

/* The step's verify stays at zero when the ops are the proof. */
static bool op_is_absent(const struct op *op)
{
    return op->text == NULL && op->work[0] == '\0' && op->node[0] == '\0' && op->args == NULL;
}

/* NULL: out of memory, or a text that is not UTF-8. All json_ makers below share this, and each
 * takes what it is given. */
static json_t *op_to_json(const struct op *op)
{
    if (op_is_absent(op))
        return json_null();
    json_t *tolerate = json_array();
    for (size_t i = 0; i < OP_TOLERATE_CAP && op->tolerate[i] != 0; i++)
        if (json_array_append_new(tolerate, json_integer(op->tolerate[i])) != 0)
            break;
    json_t *text = op->text == NULL ? json_null() : json_string(op->text);
    json_t *args = op->args == NULL ? json_null() : json_deep_copy(op->args);
    return json_pack("{s:s, s:s, s:o, s:s, s:o, s:o, s:b}", "kind", kind_names[op->kind], "node",
                     op->node, "text", text, "work", op->work, "args", args, "tolerate", tolerate,
                     "unlogged", (int)op->is_unlogged);
}

static json_t *ops_to_json(const struct op *ops, size_t count)
{
    CLEANUP(json_release) json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        if (json_array_append_new(list, op_to_json(&ops[i])) != 0)
            return NULL;
    return json_incref(list);
}

static json_t *mask_to_json(situation_mask mask)
{
    CLEANUP(json_release) json_t *list = json_array();
    for (unsigned i = 0; i < SITUATION_COUNT; i++)
        if ((mask & SITUATION_BIT(i)) != 0 &&
            json_array_append_new(list, json_string(situation_name((enum situation)i))) != 0)
            return NULL;
    return json_incref(list);
}

static json_t *step_to_json(const struct plan_step *step)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:o, s:b, s:b, s:b, s:I, s:o, s:s}", "id",
                     step->id, "name", step->name, "what", step->what, "action", step->action->name,
                     "title", step->title, "ops", ops_to_json(step->ops, step->op_count), "undo",
                     ops_to_json(step->undo, step->undo_count), "verify", op_to_json(&step->verify),
                     "commits", (int)step->commits, "repeatable", (int)step->is_repeatable,
                     "breath", (int)step->is_breath, "limit_ms", (json_int_t)step->limit_ms,
                     "starts_from", mask_to_json(step->starts_from), "ends_in",
                     situation_name(step->ends_in));
}

static json_t *steps_to_json(const struct plan *plan)
{
    CLEANUP(json_release) json_t *list = json_array();
    for (size_t i = 0; i < plan->step_count; i++)
        if (json_array_append_new(list, step_to_json(&plan->steps[i])) != 0)
            return NULL;
    return json_incref(list);
}

static json_t *warnings_to_json(const struct plan *plan)
{
    CLEANUP(json_release) json_t *list = json_array();
    for (size_t i = 0; i < plan->warning_count; i++)
        if (json_array_append_new(list, json_string(plan->warnings[i])) != 0)
            return NULL;
    return json_incref(list);
}

int plan_to_json(const struct plan *plan, json_t **out, struct err *err)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].action == NULL)
            return err_set(err, ERR_BUG, EFFECT_NONE, "part %s of plan \"%s\" has no action",
                           plan->steps[i].id, plan->name);
    json_t *json =
        json_pack("{s:i, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I}", "format", PLAN_FORMAT, "name",
                  plan->name, "playbook", plan->playbook_path, "service", plan->service,
                  "starts_in", situation_name(plan->starts_in), "ends_in",
                  situation_name(plan->ends_in), "steps", steps_to_json(plan), "warnings",
                  warnings_to_json(plan), "forecast_pause_ms", (json_int_t)plan->forecast_pause_ms);
    if (json == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE,
                       "plan \"%s\" cannot be written: no memory, or a text that is not UTF-8",
                       plan->name);
    *out = json;
    return 0;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int refuse(struct err *err, const char *what)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "not a plan of this program: %s", what);
}

static int read_text(const json_t *object, const char *key, char *out, size_t out_size,
                     struct err *err)
{
    const char *text = json_text_or(object, key, NULL);
    if (text == NULL || strlen(text) >= out_size) {
        char what[96];
        (void)snprintf(what, sizeof(what), "\"%s\" is missing, not a text, or too long", key);
        return refuse(err, what);
    }
    memcpy(out, text, strlen(text) + 1);
    return 0;
}

static int read_situation(const json_t *object, const char *key, enum situation *out,
                          struct err *err)
{
    char name[32];
    int rc = read_text(object, key, name, sizeof(name), err);
    if (rc != 0)
        return rc;
    return situation_parse(name, out, NULL) == 0 ? 0 : refuse(err, "an unknown situation");
}

static int read_mask(const json_t *list, situation_mask *out, struct err *err)
{
    *out = 0;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *name = json_string_value(json_array_get(list, i));
        enum situation situation = SITUATION_UNSAFE;
        if (name == NULL || situation_parse(name, &situation, NULL) != 0)
            return refuse(err, "an unknown situation");
        *out |= SITUATION_BIT(situation);
    }
    return 0;
}

static int read_kind(const json_t *object, enum op_kind *out, struct err *err)
{
    const char *name = json_text_or(object, "kind", "");
    for (size_t i = 0; i < ARRAY_LEN(kind_names); i++) {
        if (strcmp(kind_names[i], name) == 0) {
            *out = (enum op_kind)i;
            return 0;
        }
    }
    return refuse(err, "an op whose \"kind\" is not sql, dns or work");
}

/* Fills `out` in place, so that what was allocated before a failure is released with its step. */
static int op_from_json(const json_t *json, struct op *out, struct err *err)
{
    if (json_is_null(json))
        return 0;
    int rc = read_kind(json, &out->kind, err);
    if (rc == 0)
        rc = read_text(json, "node", out->node, sizeof(out->node), err);
    if (rc == 0)
        rc = read_text(json, "work", out->work, sizeof(out->work), err);
    if (rc != 0)
        return rc;

    const json_t *tolerate = json_object_get(json, "tolerate");
    for (size_t i = 0; i < json_array_size(tolerate) && i < OP_TOLERATE_CAP; i++)
        out->tolerate[i] = (unsigned)json_integer_value(json_array_get(tolerate, i));
    out->is_unlogged = json_bool_or(json, "unlogged", 0) != 0;

    const char *text = json_text_or(json, "text", NULL);
    const json_t *args = json_object_get(json, "args");
    bool has_args = args != NULL && !json_is_null(args);
    out->text = text == NULL ? NULL : strdup(text);
    out->args = has_args ? json_deep_copy(args) : NULL;
    if ((text != NULL && out->text == NULL) || (has_args && out->args == NULL))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory to read a plan");
    return 0;
}

typedef struct op *op_adder(struct plan_step *step, enum op_kind kind, const char *node,
                            const char *text);

static int ops_from_json(const json_t *list, struct plan_step *step, op_adder *add, struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct op *op = add(step, OP_SQL, NULL, NULL);
        if (op == NULL)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory to read a plan");
        int rc = op_from_json(json_array_get(list, i), op, err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int step_texts_from_json(const json_t *json, struct plan_step *step, struct err *err)
{
    const struct {
        const char *key;
        char *field;
        size_t size;
    } texts[] = {
        {"id", step->id, sizeof(step->id)},
        {"name", step->name, sizeof(step->name)},
        {"what", step->what, sizeof(step->what)},
        {"title", step->title, sizeof(step->title)},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        int rc = read_text(json, texts[i].key, texts[i].field, texts[i].size, err);
        if (rc != 0)
            return rc;
    }
    step->action = action_find(json_text_or(json, "action", ""));
    return step->action == NULL ? refuse(err, "a step with an unknown action") : 0;
}

static int step_from_json(const json_t *json, struct plan_step *step, struct err *err)
{
    int rc = step_texts_from_json(json, step, err);
    if (rc == 0)
        rc = ops_from_json(json_object_get(json, "ops"), step, plan_op_add, err);
    if (rc == 0)
        rc = ops_from_json(json_object_get(json, "undo"), step, plan_undo_add, err);
    if (rc == 0)
        rc = op_from_json(json_object_get(json, "verify"), &step->verify, err);
    if (rc == 0)
        rc = read_mask(json_object_get(json, "starts_from"), &step->starts_from, err);
    if (rc == 0)
        rc = read_situation(json, "ends_in", &step->ends_in, err);
    step->commits = json_bool_or(json, "commits", 0) != 0;
    step->is_repeatable = json_bool_or(json, "repeatable", 0) != 0;
    step->is_breath = json_bool_or(json, "breath", 0) != 0;
    step->limit_ms = json_int_or(json, "limit_ms", 0);
    return rc;
}

static int steps_from_json(const json_t *list, struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        struct plan_step *step = plan_step_add(plan);
        if (step == NULL)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory to read a plan");
        int rc = step_from_json(json_array_get(list, i), step, err);
        if (rc != 0)
            return err_wrap(err, "step %zu of the plan", i + 1);
    }
    return 0;
}

static int warnings_from_json(const json_t *list, struct plan *plan, struct err *err)
{
    for (size_t i = 0; i < json_array_size(list); i++) {
        const char *text = json_string_value(json_array_get(list, i));
        if (text == NULL || i == ARRAY_LEN(plan->warnings) ||
            strlen(text) >= sizeof(plan->warnings[i]))
            return refuse(err, "a warning that is no text, too long, or one too many");
        memcpy(plan->warnings[i], text, strlen(text) + 1);
        plan->warning_count = i + 1;
    }
    return 0;
}

static int fill(const json_t *json, struct plan *plan, struct err *err)
{
    if (json_int_or(json, "format", 0) != PLAN_FORMAT)
        return refuse(err, "\"format\" is not 1");
    int rc = read_text(json, "name", plan->name, sizeof(plan->name), err);
    if (rc == 0)
        rc = read_text(json, "playbook", plan->playbook_path, sizeof(plan->playbook_path), err);
    if (rc == 0)
        rc = read_text(json, "service", plan->service, sizeof(plan->service), err);
    if (rc == 0)
        rc = read_situation(json, "starts_in", &plan->starts_in, err);
    if (rc == 0)
        rc = read_situation(json, "ends_in", &plan->ends_in, err);
    if (rc == 0)
        rc = steps_from_json(json_object_get(json, "steps"), plan, err);
    if (rc == 0)
        rc = warnings_from_json(json_object_get(json, "warnings"), plan, err);
    plan->forecast_pause_ms = json_int_or(json, "forecast_pause_ms", 0);
    return rc;
}

/* Anything lost, defaulted or added while reading makes the second writing differ from the first.
 */
static int check_same(const json_t *json, const struct plan *plan, struct err *err)
{
    CLEANUP(json_release) json_t *again = NULL;
    int rc = plan_to_json(plan, &again, err);
    if (rc != 0)
        return rc;
    if (!json_equal(json, again))
        return refuse(err, "it has fields that are missing, unknown or of another type");
    return 0;
}

int plan_from_json(const json_t *json, struct plan *out, struct err *err)
{
    CLEANUP(plan_release) struct plan plan = {0};
    int rc = fill(json, &plan, err);
    if (rc == 0)
        rc = check_same(json, &plan, err);
    if (rc != 0)
        return rc;
    *out = plan;
    plan = (struct plan){0}; /* handed over */
    return 0;
}
