/* SPDX-License-Identifier: MIT */
/* Faults by name, rounds and their parts, and what is left of a playbook on production. */
#include "domain/drill.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/plan.h"

static const struct drill_fault_row faults[] = {
    {.kind = DRILL_NO_FAULT, .name = "", .does = "nothing breaks"},
    {.kind = DRILL_KILL_CONTROLLER,
     .name = "kill-controller",
     .does = "kill -9 the controller, and go on with run --resume"},
    {.kind = DRILL_CUT_LINK,
     .name = "cut-link",
     .does = "the side that is moved to stops receiving for 3 s"},
    {.kind = DRILL_STALL_APPLY,
     .name = "stall-apply",
     .does = "the side that is moved to stops applying for 3 s"},
    {.kind = DRILL_DNS_429,
     .name = "dns-429",
     .does = "the provider answers a flip with 429, too many requests",
     .is_dns = true},
    {.kind = DRILL_LOST_ANSWER,
     .name = "lost-answer",
     .does = "a flip is made and the provider's answer is lost",
     .is_dns = true},
};

static const char *const legs[] = {[DRILL_THERE] = "there", [DRILL_BACK] = "back"};
static const char *const states[] = {[DRILL_RUNNING] = "running",
                                     [DRILL_PASSED] = "passed",
                                     [DRILL_FAILED] = "failed",
                                     [DRILL_STOPPED] = "stopped"};

const struct drill_fault_row *drill_fault_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(faults);
    return faults;
}

const char *drill_leg_name(enum drill_leg leg)
{
    return legs[leg];
}

const char *drill_state_name(enum drill_state state)
{
    return states[state];
}

/* --- faults ----------------------------------------------------------------------------------- */

static int refuse_fault(const char *text, struct err *err)
{
    err_set(err, ERR_USAGE, EFFECT_NONE, "--fault \"%.80s\" is not known", text);
    return err_hint(err, "kill-controller, cut-link, stall-apply, dns-429, lost-answer; each may "
                         "name a step: kill-controller@cut-over, or a part of one: "
                         "kill-controller@cut-over/close-from");
}

/* "cut-over/close-from" into two; both fit or it is refused. */
static bool split_place(const char *place, struct drill_fault *out)
{
    size_t len = strcspn(place, "/");
    const char *part = place[len] ? place + len + 1 : "";

    if (len == 0 || len >= sizeof out->step || strlen(part) >= sizeof out->part ||
        (place[len] && !*part))
        return false;
    (void)snprintf(out->step, sizeof out->step, "%.*s", (int)len, place);
    (void)snprintf(out->part, sizeof out->part, "%s", part);
    return true;
}

int drill_fault_parse(const char *text, struct drill_fault *out, struct err *err)
{
    struct drill_fault fault = {0};
    size_t len = strcspn(text, "@");

    for (size_t i = 1; i < ARRAY_LEN(faults); i++)
        if (strlen(faults[i].name) == len && strncmp(faults[i].name, text, len) == 0)
            fault.kind = faults[i].kind;
    if (fault.kind == DRILL_NO_FAULT || strlen(text) >= sizeof fault.text ||
        (text[len] && !split_place(text + len + 1, &fault)))
        return refuse_fault(text, err);
    (void)snprintf(fault.text, sizeof fault.text, "%s", text);
    *out = fault;
    return 0;
}

static bool is_record_change(const struct plan_step *step)
{
    return step->op_count > 0 && step->ops[0].kind == OP_DNS;
}

/* The step that counts when none is named: the first one of which a part commits. */
static const char *committing_step(const struct plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].commits)
            return plan->steps[i].name;
    return "";
}

bool drill_fault_place(const struct drill_fault *fault, const struct plan *plan, size_t *out_index)
{
    const char *step = fault->step[0] ? fault->step : committing_step(plan);
    bool is_dns = faults[fault->kind].is_dns;
    bool has_any = false;

    for (size_t i = 0; i < plan->step_count; i++) {
        const struct plan_step *part = &plan->steps[i];
        if (strcmp(part->name, step) != 0 || (is_dns && !is_record_change(part)))
            continue;
        if (fault->part[0] && strcmp(part->what, fault->part) != 0)
            continue;
        if (!has_any || !part->is_repeatable)
            *out_index = i;
        has_any = true;
        if (fault->part[0] || !part->is_repeatable)
            return true;
    }
    return has_any;
}

/* --- records ---------------------------------------------------------------------------------- */

void drill_record_release(struct drill_record *record)
{
    for (size_t i = 0; i < record->round_count; i++)
        free(record->rounds[i].parts);
    free(record->rounds);
    *record = (struct drill_record){0};
}

struct drill_round *drill_round_add(struct drill_record *record)
{
    struct drill_round *grown =
        reallocarray(record->rounds, record->round_count + 1, sizeof *grown);

    if (!grown)
        return NULL;
    record->rounds = grown;
    grown += record->round_count++;
    *grown = (struct drill_round){.number = (unsigned)record->round_count,
                                  .pause_ms = -1,
                                  .client_pause_ms = -1,
                                  .recovery_ms = -1};
    return grown;
}

bool drill_part_add(struct drill_round *round, enum drill_leg leg, const char *step,
                    const char *part, int64_t took_us)
{
    struct drill_part *grown = reallocarray(round->parts, round->part_count + 1, sizeof *grown);

    if (!grown)
        return false;
    round->parts = grown;
    grown += round->part_count++;
    *grown = (struct drill_part){.leg = leg, .took_us = took_us};
    (void)snprintf(grown->step, sizeof grown->step, "%s", step);
    (void)snprintf(grown->part, sizeof grown->part, "%s", part);
    return true;
}

void drill_record_move(struct drill_record *to, struct drill_record *from)
{
    *to = *from;
    *from = (struct drill_record){0};
}

/* --- a playbook for production ---------------------------------------------------------------- */

static bool moves_users(const struct playbook_step *step)
{
    return step->action->id == ACTION_CUTOVER || step->action->id == ACTION_FLIP;
}

const struct playbook_step *drill_crossing(const struct playbook *playbook)
{
    for (size_t i = 0; i < playbook->step_count; i++)
        if (moves_users(&playbook->steps[i]))
            return &playbook->steps[i];
    return NULL;
}

/* The users' names still point at OLD: closing it for good would leave them nowhere. */
static bool would_close_their_side(const struct playbook_step *step)
{
    return step->action->id == ACTION_RETIRE ||
           (step->action->id == ACTION_SETTLE && step->join.to == SIDE_NEW);
}

static void take_all_records(struct playbook_step *step)
{
    for (size_t i = 0; i < step->value_count; i++) {
        struct playbook_value *value = &step->values[i];
        if (value->param->type != PARAM_RECORDS || value->item_count == 0)
            continue;
        char *all = strdup("all");
        if (!all)
            continue; /* a name that is gone matches no record: fewer are flipped, never more */
        for (size_t j = 0; j < value->item_count; j++)
            free(value->items[j]);
        value->items[0] = all;
        value->item_count = 1;
    }
}

void drill_turn(struct playbook *playbook, char *out_left_out, size_t out_size)
{
    size_t len = 0;

    out_left_out[0] = '\0';
    for (size_t i = 0; i < playbook->step_count;) {
        struct playbook_step *step = &playbook->steps[i];
        take_all_records(step);
        if (!would_close_their_side(step)) {
            i++;
            continue;
        }
        if (len < out_size)
            len += (size_t)snprintf(out_left_out + len, out_size - len, "%s%s", len ? ", " : "",
                                    step->name);
        playbook_drop_step(playbook, i);
    }
}
