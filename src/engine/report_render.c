/* SPDX-License-Identifier: MIT */
/*
 * The report for people: plain text for the terminal, Markdown for the post-mortem. One walk, two
 * sets of marks.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine/report.h"

struct marks {
    const char *title, *title_end, *section, *section_end, *item, *table_open;
    const char *row, *cell, *row_end;
};

static const struct marks text_marks = {.title = "",
                                        .title_end = "\n",
                                        .section = "\n",
                                        .section_end = "\n",
                                        .item = "  ",
                                        .table_open = "",
                                        .row = "  ",
                                        .cell = "  ",
                                        .row_end = "\n"};
static const struct marks markdown_marks = {.title = "# ",
                                            .title_end = "\n\n",
                                            .section = "\n## ",
                                            .section_end = "\n\n",
                                            .item = "- ",
                                            .table_open = "|---|---|---|---|",
                                            .row = "| ",
                                            .cell = " | ",
                                            .row_end = " |\n"};

static void add_fact(const struct marks *m, struct buf *out, const char *name, const char *value)
{
    buf_printf(out, "%s%-22s %s\n", m->item, name, value);
}

static void add_ms_fact(const struct marks *m, struct buf *out, const char *name,
                        const json_t *value, const char *when_absent)
{
    char text[64];

    if (!json_is_number(value) || json_number_value(value) < 0)
        (void)snprintf(text, sizeof text, "%s", when_absent);
    else
        (void)snprintf(text, sizeof text, "%.1f ms", json_number_value(value));
    add_fact(m, out, name, text);
}

static void add_drill(const struct marks *m, const json_t *report, struct buf *out)
{
    const json_t *drill = json_object_get(report, "drill");
    const json_t *last = json_object_get(report, "last_drill");
    const json_t *pause = json_object_get(last, "write_pause_ms");
    char text[300], paused[64] = "no write was refused";

    if (drill) {
        (void)snprintf(text, sizeof text, "%s, round %" JSON_INTEGER_FORMAT ", the way %s",
                       json_text_or(drill, "drill", ""), json_int_or(drill, "round", 0),
                       json_text_or(drill, "leg", ""));
        add_fact(m, out, "part of drill", text);
    }
    if (!last)
        return;
    if (json_is_number(pause))
        (void)snprintf(paused, sizeof paused, "writes refused for %.1f ms",
                       json_number_value(pause));
    (void)snprintf(text, sizeof text, "%s (drill %s of %s%s%s)", paused,
                   json_text_or(last, "drill", ""), json_text_or(last, "started", ""),
                   *json_text_or(last, "fault", "") ? ", with " : "",
                   json_text_or(last, "fault", ""));
    add_fact(m, out, "in the last drill", text);
}

static void add_head(const struct marks *m, const json_t *report, struct buf *out)
{
    char text[300], took[32];

    buf_printf(out, "%sRun %s of playbook %s%s", m->title, json_text_or(report, "run", ""),
               json_text_or(report, "playbook", ""), m->title_end);
    add_fact(m, out, "service", json_text_or(report, "service", ""));
    (void)snprintf(text, sizeof text, "%s%s", json_text_or(report, "state", ""),
                   json_bool_or(report, "committed", 0) ? ", past its commit step" : "");
    add_fact(m, out, "state", text);
    add_fact(m, out, "outcome", json_text_or(report, "outcome", ""));
    (void)snprintf(text, sizeof text, "%s: %s", json_text_or(report, "situation", "unknown"),
                   json_text_or(report, "because", ""));
    add_fact(m, out, "situation at the end", text);
    add_fact(m, out, "started", json_text_or(report, "started", ""));
    json_int_t took_ms = json_int_or(report, "duration_ms", -1);
    add_fact(m, out, "took", took_ms < 0 ? "not ended" : clock_human_ms(took_ms, took));
    add_fact(m, out, "by", json_text_or(report, "holder", ""));
    add_fact(m, out, "plan", json_text_or(report, "plan_hash", ""));
    add_ms_fact(m, out, "writes refused for", json_object_get(report, "write_pause_ms"),
                "never by this run");
    add_drill(m, report, out);
    add_ms_fact(m, out, "lag before the flip", json_object_get(report, "lag_before_flip_ms"),
                "not measured");
    add_ms_fact(m, out, "DNS converged after", json_object_get(report, "dns_convergence_ms"),
                "no flip");
    (void)snprintf(text, sizeof text,
                   "%" JSON_INTEGER_FORMAT " rows of %" JSON_INTEGER_FORMAT
                   " tables, %" JSON_INTEGER_FORMAT " difference(s)",
                   json_int_or(report, "rows_verified", 0),
                   json_int_or(report, "tables_verified", 0),
                   json_int_or(report, "differences", 0));
    add_fact(m, out, "verified, latest pass", text);
    add_fact(m, out, "certificate",
             json_text_or(json_object_get(report, "certificate"), "text", "none by this run"));
}

/* Of what is quick, tenths count. */
static const char *took_text(double ms, char out[32])
{
    if (ms >= 100)
        return clock_human_ms((int64_t)ms, out);
    (void)snprintf(out, 32, "%.1f ms", ms);
    return out;
}

/* What the same part took in the last drill; nothing when there was none. */
static void add_drill_cell(const struct marks *m, const json_t *ms, const char *when_absent,
                           struct buf *out)
{
    char took[32];

    buf_printf(out, "%s%17s", m->cell,
               json_is_number(ms) ? took_text(json_number_value(ms), took) : when_absent);
}

static void add_step(const struct marks *m, const json_t *step, bool has_drill, struct buf *out)
{
    char took[32], name[160];
    const char *error = json_text_or(step, "error", "");
    bool is_pending = strcmp(json_text_or(step, "state", ""), "pending") == 0;

    (void)snprintf(name, sizeof name, "%s %s/%s", json_text_or(step, "id", ""),
                   json_text_or(step, "step", ""), json_text_or(step, "part", ""));
    buf_printf(
        out, "%s%-34s%s%-8s%s%9s", m->row, name, m->cell, json_text_or(step, "state", ""), m->cell,
        is_pending ? "-"
                   : took_text(json_number_value(json_object_get(step, "duration_ms")), took));
    if (has_drill)
        add_drill_cell(m, json_object_get(step, "last_drill_ms"), "-", out);
    buf_printf(out, "%s%s%s%s", m->cell, json_text_or(step, "title", ""),
               json_bool_or(step, "commits", 0) ? " (commit step)" : "", m->row_end);
    if (!*error)
        return;
    buf_printf(out, "%s%-34s%s%-8s%s%9s", m->row, "", m->cell, "", m->cell, "");
    if (has_drill)
        add_drill_cell(m, NULL, "", out);
    buf_printf(out, "%s%s%s", m->cell, error, m->row_end);
}

static void add_steps(const struct marks *m, const json_t *report, struct buf *out)
{
    bool has_drill = json_object_get(report, "last_drill") != NULL;
    size_t i;
    json_t *step;

    buf_printf(out, "%sTimeline%s", m->section, m->section_end);
    if (*m->table_open)
        buf_printf(out, "| step | state | took |%s what |\n%s%s\n",
                   has_drill ? " in the last drill |" : "", m->table_open, has_drill ? "---|" : "");
    else if (has_drill)
        buf_printf(out, "  %-34s  %-8s  %9s  %17s\n", "", "", "took", "in the last drill");
    json_array_foreach(json_object_get(report, "steps"), i, step) add_step(m, step, has_drill, out);
}

/* What somebody asks who was refused a write. */
static void add_pause(const struct marks *m, const json_t *report, struct buf *out)
{
    const json_t *pause = json_object_get(report, "pause");
    size_t i;
    json_t *part;

    if (!json_is_object(pause))
        return;
    buf_printf(out, "%sWrites were refused%s", m->section, m->section_end);
    add_ms_fact(m, out, "forecast", json_object_get(pause, "forecast_ms"), "none was made");
    add_ms_fact(m, out, "it was", json_object_get(pause, "ms"), "not known");
    json_array_foreach(json_object_get(pause, "parts"), i, part)
    {
        char name[80];
        (void)snprintf(name, sizeof name, "  of that %s", json_text_or(part, "part", ""));
        add_ms_fact(m, out, name, json_object_get(part, "ms"), "not known");
    }
}

static void add_notes(const struct marks *m, const json_t *report, struct buf *out)
{
    size_t i;
    json_t *note;

    buf_printf(out, "%sWhat it saw%s", m->section, m->section_end);
    json_array_foreach(json_object_get(report, "notes"), i, note)
    {
        const char *at = json_text_or(note, "at", "");
        /* the time of day is enough: the date stands above */
        buf_printf(out, "%s%.12s  %s  %s\n", m->item, strlen(at) > 11 ? at + 11 : at,
                   json_text_or(note, "step", ""), json_text_or(note, "text", ""));
    }
}

static void add_warnings(const struct marks *m, const json_t *report, struct buf *out)
{
    const json_t *warnings = json_object_get(report, "warnings");
    size_t i;
    json_t *warning;

    if (json_array_size(warnings) == 0)
        return;
    buf_printf(out, "%sWhat was known beforehand%s", m->section, m->section_end);
    json_array_foreach((json_t *)warnings, i, warning) /* reads only */
        buf_printf(out, "%s%s\n", m->item, json_string_value(warning));
}

static void add_lag(const struct marks *m, const json_t *report, struct buf *out)
{
    size_t i;
    json_t *lag;

    buf_printf(out, "%sLag behind the other side%s", m->section, m->section_end);
    json_array_foreach(json_object_get(report, "lag"), i, lag)
    {
        json_int_t samples = json_int_or(lag, "samples", 0), known = json_int_or(lag, "known", 0);
        buf_printf(out, "%s%s: ", m->item, json_text_or(lag, "node", ""));
        if (known == 0)
            buf_printf(out, "unknown in all %" JSON_INTEGER_FORMAT " samples\n", samples);
        else
            buf_printf(out,
                       "median %" JSON_INTEGER_FORMAT " ms, worst %" JSON_INTEGER_FORMAT
                       " ms; unknown in %" JSON_INTEGER_FORMAT " of %" JSON_INTEGER_FORMAT
                       " samples\n",
                       json_int_or(lag, "median_ms", 0), json_int_or(lag, "worst_ms", 0),
                       samples - known, samples);
    }
}

int report_render(const json_t *report, enum report_form form, struct buf *out, struct err *err)
{
    const struct marks *m = form == REPORT_MARKDOWN ? &markdown_marks : &text_marks;

    add_head(m, report, out);
    add_warnings(m, report, out);
    add_steps(m, report, out);
    add_pause(m, report, out);
    add_notes(m, report, out);
    add_lag(m, report, out);
    return buf_check(out, err);
}
