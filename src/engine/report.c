/* SPDX-License-Identifier: MIT */
/* From the journal to one JSON document, which the forms for people are made from. */
#include "engine/report.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/drill_history.h"

#define LAG_NODE_CAP SERVICE_NODE_CAP

struct collecting {
    json_t *report, *notes;
};

static json_t *time_json(int64_t wall_us)
{
    char text[32];

    return wall_us ? json_string(clock_iso8601(wall_us, text)) : json_null();
}

/* The outcome of the last time the run ended: a resumed run ends more than once. */
static void take_end(json_t *report, const json_t *detail)
{
    static const char *const keys[] = {"outcome", "situation", "because"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        (void)json_object_set_new(report, keys[i], json_string(json_text_or(detail, keys[i], "")));
    const json_t *pause_ms = json_object_get(detail, "write_pause_ms");
    if (json_is_number(pause_ms) && json_number_value(pause_ms) >= 0)
        (void)json_object_set_new(report, "write_pause_ms", json_real(json_number_value(pause_ms)));
}

/* The lag that counts is the last one measured before a record was flipped. */
static void take_figure(json_t *report, const char *name, const json_t *detail)
{
    const json_t *ms = json_object_get(detail, "ms");

    if (strcmp(name, "dns.flipped") == 0)
        (void)json_object_set_new(report, "flipped", json_true());
    if (!json_is_number(ms))
        return;
    if (strcmp(name, "link.lag") == 0 && !json_object_get(report, "flipped"))
        (void)json_object_set_new(report, "lag_before_flip_ms", json_real(json_number_value(ms)));
    if (strcmp(name, "dns.converged") == 0)
        (void)json_object_set_new(report, "dns_convergence_ms", json_real(json_number_value(ms)));
}

static json_t *pause_part(const char *part, const json_t *ms)
{
    return json_pack("{s:s,s:f}", "part", part, "ms", json_number_value(ms));
}

/* What writers waited for, in the order of the plan; what is no part of it comes last. */
static json_t *pause_parts(const json_t *report, json_t *split)
{
    json_t *parts = json_array(), *step;
    const char *name;
    json_t *ms;
    size_t i;
    void *next;

    json_array_foreach(json_object_get(report, "steps"), i, step)
    {
        name = json_text_or(step, "part", "");
        ms = json_object_get(split, name);
        if (!json_is_number(ms))
            continue;
        (void)json_array_append_new(parts, pause_part(name, ms));
        (void)json_object_del(split, name);
    }
    json_object_foreach_safe(split, next, name, ms)(void)
        json_array_append_new(parts, pause_part(name, ms));
    return parts;
}

/* The last one, when a run had two: it is the one of "write_pause_ms". */
static void take_pause(json_t *report, json_t *detail)
{
    json_t *split = json_object_get(detail, "parts");
    const json_t *forecast_ms = json_object_get(detail, "forecast_ms");
    bool has_forecast = json_is_number(forecast_ms) && json_number_value(forecast_ms) >= 0;

    if (!json_is_object(split))
        return; /* opened without having been closed by this run */
    (void)json_object_set_new(
        report, "pause",
        json_pack("{s:f,s:o,s:o}", "ms", json_number_value(json_object_get(detail, "ms")),
                  "forecast_ms",
                  has_forecast ? json_real(json_number_value(forecast_ms)) : json_null(), "parts",
                  pause_parts(report, split)));
}

static int take_event(void *context, int64_t at_us, const char *run_id, const char *name,
                      const char *detail_text)
{
    struct collecting *collecting = context;
    CLEANUP(json_release) json_t *detail = NULL;

    (void)run_id;
    int rc = json_parse(detail_text, strlen(detail_text), &detail, NULL);
    if (rc)
        return rc;
    if (strcmp(name, "run.end") == 0)
        take_end(collecting->report, detail);
    take_figure(collecting->report, name, detail);
    if (strcmp(name, "side.opened") == 0)
        take_pause(collecting->report, detail);
    if (strcmp(name, "certificate") == 0) /* the last one: inside the fence, if there was one */
        (void)json_object_set(collecting->report, "certificate",
                              json_object_get(detail, "certificate"));
    if (!json_object_get(detail, "text"))
        return 0;
    json_t *note =
        json_pack("{s:o,s:s,s:s,s:s}", "at", time_json(at_us), "name", name, "step",
                  json_text_or(detail, "step", ""), "text", json_text_or(detail, "text", ""));
    if (json_is_number(json_object_get(detail, "ms")) && note)
        (void)json_object_set(note, "ms", json_object_get(detail, "ms"));
    return json_array_append_new(collecting->notes, note) == 0 ? 0 : ERR_MEMORY;
}

static json_t *step_json(const struct plan_step *step, const struct step_record *record)
{
    int64_t took_us = record->ended_us ? record->ended_us - record->started_us : 0;

    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:o,s:f,s:s,s:b}", "id", step->id, "step", step->name,
                     "part", step->what, "title", step->title, "state",
                     step_state_name(record->state), "started", time_json(record->started_us),
                     "duration_ms", (double)(took_us / 100) / 10.0, "error", record->error,
                     "commits", (int)step->commits);
}

/* What was known beforehand, what somebody waived among it: every form of the report has it. */
static int add_warnings(const struct plan *plan, json_t *report, struct err *err)
{
    json_t *warnings = json_array();
    int failed = json_object_set_new(report, "warnings", warnings);

    for (size_t i = 0; i < plan->warning_count && !failed; i++)
        failed = json_array_append_new(warnings, json_string(plan->warnings[i]));
    return failed ? err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the warnings") : 0;
}

static int add_steps(struct journal *journal, const char *run_id, json_t *report, struct err *err)
{
    struct plan plan = {0};
    int rc = journal_run_plan(journal, run_id, &plan, err);

    if (rc)
        return rc;
    json_t *steps = json_array();
    struct step_record *records = calloc(plan.step_count + 1, sizeof *records);
    if (!records)
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu steps", plan.step_count);
    if (!rc)
        rc = journal_steps(journal, run_id, records, plan.step_count, err);
    for (size_t i = 0; i < plan.step_count && !rc; i++)
        (void)json_array_append_new(steps, step_json(&plan.steps[i], &records[i]));
    if (!rc)
        rc = add_warnings(&plan, report, err);
    free(records);
    plan_release(&plan);
    (void)json_object_set_new(report, "steps", steps);
    return rc;
}

static int add_lag(struct journal *journal, const char *run_id, json_t *report, struct err *err)
{
    struct journal_lag lag[LAG_NODE_CAP];
    size_t count = 0;
    json_t *list = json_array();
    int rc = journal_lag_stats(journal, run_id, lag, LAG_NODE_CAP, &count, err);

    for (size_t i = 0; i < count && !rc; i++)
        (void)json_array_append_new(list, json_pack("{s:s,s:I,s:I,s:I,s:I}", "node", lag[i].node,
                                                    "samples", (json_int_t)lag[i].samples, "known",
                                                    (json_int_t)lag[i].known, "worst_ms",
                                                    (json_int_t)lag[i].worst_ms, "median_ms",
                                                    (json_int_t)lag[i].median_ms));
    (void)json_object_set_new(report, "lag", list);
    return rc;
}

static int add_verified(struct journal *journal, const char *service, json_t *report,
                        struct err *err)
{
    struct verified_sum sum;
    int rc = journal_verified_sum(journal, service, &sum, err);

    if (rc)
        return rc;
    (void)json_object_set_new(report, "rows_verified", json_integer((json_int_t)sum.rows));
    (void)json_object_set_new(report, "tables_verified", json_integer(sum.tables));
    (void)json_object_set_new(report, "differences", json_integer((json_int_t)sum.differences));
    return 0;
}

static json_t *run_json(const struct run_record *run)
{
    int64_t took_ms = run->ended_us ? (run->ended_us - run->started_us) / 1000 : -1;

    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:b,s:o,s:o,s:I,s:s,s:s,s:s,s:f,s:n,s:n,s:n,s:n}", "run", run->id,
        "service", run->service, "playbook", run->playbook, "plan_hash", run->plan_hash, "holder",
        run->holder, "state", run_state_name(run->state), "committed", (int)run->is_committed,
        "started", time_json(run->started_us), "ended", time_json(run->ended_us), "duration_ms",
        (json_int_t)took_ms, "outcome", "", "situation", "", "because", "", "write_pause_ms", -1.0,
        "pause", "lag_before_flip_ms", "dns_convergence_ms", "certificate");
}

int report_build_brief(struct journal *journal, const char *service, const char *run_id,
                       json_t **out, struct err *err)
{
    struct run_record run;
    int rc = journal_run_find(journal, service, run_id, &run, err);

    if (rc)
        return rc;
    CLEANUP(json_release) json_t *report = run_json(&run);
    if (!report)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the report");
    struct collecting collecting = {.report = report, .notes = json_array()};
    (void)json_object_set_new(report, "notes", collecting.notes);
    rc = add_steps(journal, run.id, report, err);
    if (!rc)
        rc = journal_events(journal, run.id, take_event, &collecting, err);
    if (!rc)
        rc = add_verified(journal, run.service, report, err);
    if (!rc)
        rc = drill_history_report(journal, &run, report, err);
    (void)json_object_del(report, "flipped"); /* absent when nothing was flipped */
    if (rc)
        return rc;
    *out = report;
    report = NULL;
    return 0;
}

int report_build(struct journal *journal, const char *service, const char *run_id, json_t **out,
                 struct err *err)
{
    CLEANUP(json_release) json_t *report = NULL;
    int rc = report_build_brief(journal, service, run_id, &report, err);

    if (!rc)
        rc = add_lag(journal, json_text_or(report, "run", ""), report, err);
    if (rc)
        return rc;
    *out = report;
    report = NULL;
    return 0;
}
