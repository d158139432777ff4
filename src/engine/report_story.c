/* SPDX-License-Identifier: MIT */
/* What only the long form of a report tells: each sample of lag, each statement. */
#include <string.h>

#include "domain/lag.h"
#include "engine/report.h"

#define POINTS_CAP 1200 /* of a node; more of them are joined to the worst of each span */

/* --- lag -------------------------------------------------------------------------------------- */

static json_t *points_of(json_t *series, const char *node)
{
    size_t i;
    json_t *row;

    json_array_foreach(series, i, row)
    {
        if (strcmp(json_text_or(row, "node", ""), node) == 0)
            return json_object_get(row, "points");
    }
    json_t *points = json_array();
    (void)json_array_append_new(series, json_pack("{s:s,s:o}", "node", node, "points", points));
    return points;
}

static int take_sample(void *context, int64_t at_us, const struct journal_sample *sample)
{
    json_t *points = points_of(context, sample->node);
    json_t *ms =
        sample->apply_ms == LAG_INFINITE ? json_null() : json_integer((json_int_t)sample->apply_ms);

    return json_array_append_new(points, json_pack("[I,o]", (json_int_t)at_us, ms)) == 0
               ? 0
               : ERR_MEMORY;
}

/* The worst of a span; unknown when any of it was. */
static json_t *join(const json_t *points, size_t from, size_t until)
{
    json_t *worst = json_array_get(points, from);

    for (size_t i = from; i < until; i++) {
        json_t *point = json_array_get(points, i);
        const json_t *ms = json_array_get(point, 1);
        if (!json_is_number(ms))
            return point;
        if (json_number_value(ms) > json_number_value(json_array_get(worst, 1)))
            worst = point;
    }
    return worst;
}

static void thin_out(json_t *row)
{
    json_t *points = json_object_get(row, "points"), *fewer = json_array();
    size_t count = json_array_size(points), span = (count + POINTS_CAP - 1) / POINTS_CAP;

    for (size_t i = 0; i < count; i += span)
        (void)json_array_append(fewer, join(points, i, i + span < count ? i + span : count));
    (void)json_object_set_new(row, "points", fewer);
}

static int add_lag(struct journal *journal, const char *run_id, json_t *report, struct err *err)
{
    CLEANUP(json_release) json_t *series = json_array();
    size_t i;
    json_t *row;

    int rc = journal_sample_list(journal, run_id, 0, take_sample, series, err);
    if (rc)
        return rc;
    json_array_foreach(series, i, row) thin_out(row);
    (void)json_object_set(report, "lag_series", series);
    return 0;
}

/* --- the plan --------------------------------------------------------------------------------- */

static json_t *statements_of(const struct plan_step *step)
{
    json_t *list = json_array();

    for (size_t i = 0; i < step->op_count; i++)
        (void)json_array_append_new(list,
                                    json_pack("{s:s,s:s}", "node",
                                              step->ops[i].kind == OP_SQL ? step->ops[i].node : "",
                                              "text", step->ops[i].text ? step->ops[i].text : ""));
    return list;
}

static int add_plan(struct journal *journal, const char *run_id, json_t *report, struct err *err)
{
    json_t *steps = json_object_get(report, "steps");
    struct plan plan = {0};

    int rc = journal_run_plan(journal, run_id, &plan, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < plan.step_count && i < json_array_size(steps); i++)
        (void)json_object_set_new(json_array_get(steps, i), "statements",
                                  statements_of(&plan.steps[i]));
    plan_release(&plan);
    return 0;
}

int report_add_story(struct journal *journal, json_t *report, struct err *err)
{
    const char *run_id = json_text_or(report, "run", "");
    int rc = add_plan(journal, run_id, report, err);

    return rc ? rc : add_lag(journal, run_id, report, err);
}
