/* SPDX-License-Identifier: MIT */
/* The plan as a person reviews it: what each step does, then every statement and call word for
 * word. */
#include "domain/plan.h"

#include <string.h>

#include "base/clock.h"

#define TEXT_INDENT "          "

/* Long statements keep their line breaks and stand below the node, so that they can be copied. */
static void add_text(struct buf *out, const char *text)
{
    bool is_one_line = strchr(text, '\n') == NULL;
    if (is_one_line) {
        buf_printf(out, "  %s\n", text);
        return;
    }
    buf_putc(out, '\n');
    for (const char *line = text; *line != '\0';) {
        size_t len = strcspn(line, "\n");
        buf_puts(out, TEXT_INDENT);
        buf_add(out, line, len);
        buf_putc(out, '\n');
        line += len + (line[len] == '\n' ? 1 : 0);
    }
}

static void add_op(struct buf *out, const char *role, const struct op *op)
{
    const char *text = op->text == NULL ? "" : op->text;
    buf_printf(out, "        %-5s ", role);
    switch (op->kind) {
    case OP_SQL:
        buf_printf(out, "%s%s", op->node, op->is_unlogged ? " (sql_log_bin = 0)" : "");
        break;
    case OP_DNS:
        buf_puts(out, "DNS");
        break;
    case OP_WORK:
        buf_printf(out, "%s", op->work);
        break;
    }
    add_text(out, text);
}

static void add_part(struct buf *out, const struct plan_step *step)
{
    buf_printf(out, "    %s %s: %s\n", step->id, step->what, step->title);
    for (size_t i = 0; i < step->op_count; i++)
        add_op(out, "do", &step->ops[i]);
    if (step->verify.work[0] != '\0')
        add_op(out, "check", &step->verify);
    for (size_t i = 0; i < step->undo_count; i++)
        add_op(out, "undo", &step->undo[i]);
    if (step->limit_ms > 0) {
        char limit[32];
        buf_printf(out, "        limit %s\n", clock_human_ms(step->limit_ms, limit));
    }
    if (step->commits)
        buf_puts(out, "    >>> after this step the way back is `rollback`\n");
}

/* A playbook step becomes several parts; its heading is printed before the first. */
static void add_heading(struct buf *out, const struct plan_step *step)
{
    buf_printf(out, "\n%s (%s)", step->name, step->action == NULL ? "?" : step->action->name);
    if (step->starts_from != 0) {
        char starts[160];
        situation_mask_text(step->starts_from, starts, sizeof(starts));
        buf_printf(out, ", from %s", starts);
    }
    buf_putc(out, '\n');
}

static void add_forecast(struct buf *out, const struct plan *plan)
{
    char pause[32];
    if (plan->forecast_pause_ms > 0)
        buf_printf(out,
                   "Forecast write pause: both sides closed for at most %s; what DNS adds to it is "
                   "said below\n",
                   clock_human_ms(plan->forecast_pause_ms, pause));
    else
        buf_puts(out, "Forecast write pause: none\n");
}

int plan_print(const struct plan *plan, struct buf *out, struct err *err)
{
    char hash[DIGEST_HEX_LEN + 1];
    int rc = plan_hash(plan, hash, err);
    if (rc != 0)
        return rc;
    buf_printf(out, "Plan \"%s\" for service %s\n", plan->name, plan->service);
    buf_printf(out, "Playbook: %s\n", plan->playbook_path);
    buf_printf(out, "Starts in %s, ends in %s\n", situation_name(plan->starts_in),
               situation_name(plan->ends_in));
    add_forecast(out, plan);
    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *step = &plan->steps[i];
        if (i == 0 || strcmp(step->name, plan->steps[i - 1].name) != 0)
            add_heading(out, step);
        if (step->is_breath && (i == 0 || !plan->steps[i - 1].is_breath))
            buf_puts(out, "    --- nobody can write from here on: in one breath up to the commit "
                          "step\n");
        add_part(out, step);
    }
    if (plan->warning_count > 0)
        buf_puts(out, "\nBefore you say yes:\n");
    for (size_t i = 0; i < plan->warning_count; i++)
        buf_printf(out, "  - %s\n", plan->warnings[i]);
    buf_printf(out, "\nPlan hash: %s\n", hash);
    return buf_check(out, err);
}
