/* SPDX-License-Identifier: MIT */
/* The situations and the actions between them as a picture, made from the two tables. */
#include "domain/action.h"
#include "domain/situation.h"

static void add_label(struct buf *out, const struct action *action, const struct action_join *join)
{
    buf_puts(out, action->name);
    if (action->id == ACTION_CUTOVER)
        buf_puts(out, join->is_shared ? " shared" : " fenced");
    if (action->id == ACTION_CUTOVER || action->id == ACTION_SETTLE)
        buf_printf(out, " to %s", side_name(join->to));
}

/* Where the first stretch leads: a cutover that passes through `fenced` is drawn in two stretches.
 */
static enum situation leads_to(enum action_id id, const struct action_join *join,
                               enum situation start)
{
    enum situation end = action_ends_in(id, join, start);
    if (end == SITUATION_UNSAFE)
        return end;
    situation_mask passes = action_passes(id, join);
    if ((passes & SITUATION_BIT(start)) != 0)
        return end;
    for (unsigned i = 0; i < SITUATION_COUNT; i++)
        if ((passes & SITUATION_BIT(i)) != 0)
            return (enum situation)i;
    return end;
}

/* One edge, with everything that leads along it as its label; nothing when nothing does. */
static void add_edge(struct buf *out, enum situation start, enum situation end)
{
    size_t action_count = 0, labels = 0;
    const struct action *actions = action_table(&action_count);
    for (size_t i = 0; i < action_count; i++) {
        struct action_join joins[ACTION_JOIN_CAP];
        size_t join_count = actions[i].is_observing ? 0 : action_joins(actions[i].id, joins);
        for (size_t j = 0; j < join_count; j++) {
            if (leads_to(actions[i].id, &joins[j], start) != end)
                continue;
            if (labels++ == 0)
                buf_printf(out, "    %s --> %s : ", situation_name(start), situation_name(end));
            else
                buf_puts(out, ", ");
            add_label(out, &actions[i], &joins[j]);
        }
    }
    if (labels > 0)
        buf_putc(out, '\n');
}

void situation_mermaid(struct buf *out)
{
    buf_puts(out, "stateDiagram-v2\n");
    for (unsigned i = SITUATION_UNSAFE + 1; i < SITUATION_COUNT; i++) {
        char when[128];
        situation_when((enum situation)i, when, sizeof(when));
        buf_printf(out, "    %s : %s\n    %s : %s\n", situation_name((enum situation)i),
                   situation_name((enum situation)i), situation_name((enum situation)i), when);
    }
    buf_printf(out, "    [*] --> %s\n", situation_name(SITUATION_APART));
    for (unsigned start = SITUATION_UNSAFE + 1; start < SITUATION_COUNT; start++)
        for (unsigned end = SITUATION_UNSAFE + 1; end < SITUATION_COUNT; end++)
            add_edge(out, (enum situation)start, (enum situation)end);
    buf_printf(out, "    %s --> [*]\n", situation_name(SITUATION_RETIRED));
}
