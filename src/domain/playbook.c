/* SPDX-License-Identifier: MIT */
/* Do the steps of a playbook join? And who frees it. */
#include "domain/playbook.h"

#include <stdlib.h>
#include <string.h>

static void value_release(struct playbook_value *value)
{
    free(value->text);
    for (size_t i = 0; i < value->item_count; i++)
        free(value->items[i]);
    free(value->items);
}

void playbook_release(struct playbook *playbook)
{
    for (size_t i = 0; i < playbook->step_count; i++)
        for (size_t j = 0; j < playbook->steps[i].value_count; j++)
            value_release(&playbook->steps[i].values[j]);
    free(playbook->steps);
    memset(playbook, 0, sizeof(*playbook));
}

void playbook_drop_step(struct playbook *playbook, size_t index)
{
    struct playbook_step *step = &playbook->steps[index];
    size_t after = playbook->step_count - index - 1;

    for (size_t i = 0; i < step->value_count; i++)
        value_release(&step->values[i]);
    memmove(step, step + 1, after * sizeof(*step));
    playbook->step_count--;
}

const struct playbook_value *playbook_step_value(const struct playbook_step *step,
                                                 const char *param)
{
    for (size_t i = 0; i < step->value_count; i++)
        if (strcmp(step->values[i].param->name, param) == 0)
            return &step->values[i];
    return NULL;
}

int64_t playbook_step_number(const struct playbook_step *step, const char *param, int64_t fallback)
{
    const struct playbook_value *value = playbook_step_value(step, param);
    return value == NULL ? fallback : value->number;
}

/* An action that leads from `start` into one of `wanted` in a single step; NULL when there is none.
 */
static const struct action *find_bridge(enum situation start, situation_mask wanted)
{
    size_t count = 0;
    const struct action *actions = action_table(&count);
    for (size_t i = 0; i < count; i++) {
        struct action_join joins[ACTION_JOIN_CAP];
        size_t join_count = action_joins(actions[i].id, joins);
        for (size_t j = 0; j < join_count; j++) {
            enum situation end = action_ends_in(actions[i].id, &joins[j], start);
            if (end != SITUATION_UNSAFE && (wanted & SITUATION_BIT(end)) != 0)
                return &actions[i];
        }
    }
    return NULL;
}

static int refuse_step(const struct playbook *playbook, const struct playbook_step *step,
                       enum situation here, struct err *err)
{
    situation_mask starts = action_starts_from(step->action->id, &step->join);
    char wanted[160];
    situation_mask_text(starts, wanted, sizeof(wanted));
    if (starts == 0)
        (void)err_set(
            err, ERR_CONFIG, EFFECT_NONE,
            "step \"%s\": %s from %s to %s makes no sense; expected old to new or new to old",
            step->name, step->action->name, side_name(step->join.from), side_name(step->join.to));
    else
        (void)err_set(err, ERR_CONFIG, EFFECT_NONE, "step \"%s\" needs %s, but is in %s here",
                      step->name, wanted, situation_name(here));
    const struct action *bridge = find_bridge(here, starts);
    if (bridge != NULL)
        (void)err_hint(err,
                       "a step with action \"%s\" before it leads from %s to where it can start",
                       bridge->name, situation_name(here));
    return err_where(err, "%s:%u", playbook->path, step->line);
}

int playbook_join(const struct playbook *playbook, enum situation start, enum situation *out_end,
                  struct err *err)
{
    enum situation here = start;
    for (size_t i = 0; i < playbook->step_count; i++) {
        const struct playbook_step *step = &playbook->steps[i];
        enum situation end = action_ends_in(step->action->id, &step->join, here);
        if (end == SITUATION_UNSAFE)
            return refuse_step(playbook, step, here, err);
        here = end;
    }
    *out_end = here;
    return 0;
}
