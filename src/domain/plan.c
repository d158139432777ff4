/* SPDX-License-Identifier: MIT */
/* Building a plan, naming it by its hash, and freeing it. */
#include "domain/plan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void op_release(struct op *op)
{
    free(op->text);
    json_decref(op->args);
}

static void ops_release(struct op *ops, size_t count)
{
    for (size_t i = 0; i < count; i++)
        op_release(&ops[i]);
    free(ops);
}

void plan_release(struct plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++) {
        struct plan_step *step = &plan->steps[i];
        ops_release(step->ops, step->op_count);
        ops_release(step->undo, step->undo_count);
        op_release(&step->verify);
    }
    free(plan->steps);
    memset(plan, 0, sizeof(*plan));
}

struct plan_step *plan_step_add(struct plan *plan)
{
    if (plan->step_count == plan->step_room) {
        size_t room = plan->step_room == 0 ? 16 : plan->step_room * 2;
        struct plan_step *steps = reallocarray(plan->steps, room, sizeof(*steps));
        if (steps == NULL)
            return NULL;
        plan->steps = steps;
        plan->step_room = room;
    }
    struct plan_step *step = &plan->steps[plan->step_count++];
    memset(step, 0, sizeof(*step));
    return step;
}

static struct op *append(struct op **ops, size_t *count, enum op_kind kind, const char *node,
                         const char *text)
{
    struct op op = {.kind = kind};
    if (node != NULL && strlen(node) >= sizeof(op.node))
        return NULL;
    if (node != NULL)
        memcpy(op.node, node, strlen(node) + 1);
    op.text = text == NULL ? NULL : strdup(text);
    if (text != NULL && op.text == NULL)
        return NULL;
    struct op *grown = reallocarray(*ops, *count + 1, sizeof(**ops));
    if (grown == NULL) {
        free(op.text);
        return NULL;
    }
    *ops = grown;
    grown[*count] = op;
    return &grown[(*count)++];
}

struct op *plan_op_add(struct plan_step *step, enum op_kind kind, const char *node,
                       const char *text)
{
    return append(&step->ops, &step->op_count, kind, node, text);
}

struct op *plan_undo_add(struct plan_step *step, enum op_kind kind, const char *node,
                         const char *text)
{
    return append(&step->undo, &step->undo_count, kind, node, text);
}

int plan_hash(const struct plan *plan, char out[DIGEST_HEX_LEN + 1], struct err *err)
{
    CLEANUP(json_release) json_t *json = NULL;
    int rc = plan_to_json(plan, &json, err);
    if (rc != 0)
        return rc;
    char *canonical = json_canonical(json);
    if (canonical == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the text of plan \"%s\"",
                       plan->name);
    rc = digest_sha256_hex(canonical, strlen(canonical), out, err);
    free(canonical);
    return rc;
}
