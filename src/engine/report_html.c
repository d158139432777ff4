/* SPDX-License-Identifier: MIT */
/*
 * The report as one file that shows the same for years: no script, nothing fetched. Charts are SVG;
 * what was not known is a gap.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine/report.h"

#define CHART_WIDTH 900.0
#define CHART_HEIGHT 160.0
#define CHART_LEFT 60.0

/* --- text ------------------------------------------------------------------------------------- */

static void put(struct buf *out, const char *text)
{
    for (; *text; text++)
        switch (*text) {
        case '&':
            buf_puts(out, "&amp;");
            break;
        case '<':
            buf_puts(out, "&lt;");
            break;
        case '>':
            buf_puts(out, "&gt;");
            break;
        case '"':
            buf_puts(out, "&quot;");
            break;
        default:
            buf_putc(out, *text);
        }
}

static void put_ms(struct buf *out, const json_t *ms, const char *when_absent)
{
    double value = json_is_number(ms) ? json_number_value(ms) : -1;
    char text[32];

    if (value < 0)
        put(out, when_absent);
    else if (value < 100)
        buf_printf(out, "%.1f ms", value);
    else
        buf_puts(out, clock_human_ms((int64_t)value, text));
}

static void put_fact(struct buf *out, const char *name, const char *value)
{
    buf_puts(out, "<tr><th>");
    put(out, name);
    buf_puts(out, "</th><td>");
    put(out, *value ? value : "-");
    buf_puts(out, "</td></tr>\n");
}

static void put_ms_fact(struct buf *out, const char *name, const json_t *ms,
                        const char *when_absent)
{
    buf_puts(out, "<tr><th>");
    put(out, name);
    buf_puts(out, "</th><td>");
    put_ms(out, ms, when_absent);
    buf_puts(out, "</td></tr>\n");
}

static const char style[] =
    ":root{color-scheme:light dark;--line:#8888;--soft:#8882;--a:#1f5fbf;--b:#b34700;--bad:#b3261e}"
    "@media(prefers-color-scheme:dark){:root{--a:#7fb2ff;--b:#ffa366;--bad:#ff9a92}}"
    "body{font:16px/1.45 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem}"
    "h1{line-height:1.2}h2{margin-top:2rem;border-bottom:1px solid var(--line)}"
    "table{border-collapse:collapse;width:100%}th{text-align:left;font-weight:600}"
    "td,th{padding:.15rem .6rem .15rem "
    "0;vertical-align:top}tr:nth-child(even){background:var(--soft)}"
    "td.n{text-align:right;white-space:nowrap;font-variant-numeric:tabular-nums}"
    ".bad{color:var(--bad)}pre{white-space:pre-wrap;overflow-wrap:anywhere;margin:.2rem 0}"
    "svg{width:100%;height:auto}svg text{fill:currentColor;font:12px system-ui,sans-serif}"
    ".axis{stroke:var(--line)}.l0{stroke:var(--a)}.l1{stroke:var(--b)}.l2{stroke:#6a8f3a}"
    ".l3{stroke:#8a5bb0}polyline{fill:none;stroke-width:1.5}.bar{fill:var(--a)}.was{fill:var(--"
    "line)}";

/* --- what it came to -------------------------------------------------------------------------- */

static void add_head(struct buf *out, const json_t *report)
{
    const json_t *last = json_object_get(report, "last_drill");
    char text[600];

    buf_puts(out, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
                  "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
    put(out, json_text_or(report, "playbook", ""));
    buf_puts(out, ", run ");
    put(out, json_text_or(report, "run", ""));
    buf_printf(out, "</title><style>%s</style></head><body>\n<h1>", style);
    put(out, json_text_or(report, "playbook", ""));
    buf_puts(out, " of ");
    put(out, json_text_or(report, "service", ""));
    buf_puts(out, "</h1>\n<table>");
    (void)snprintf(text, sizeof text, "%s, %s%s", json_text_or(report, "run", ""),
                   json_text_or(report, "state", ""),
                   json_bool_or(report, "committed", 0) ? ", past its commit step" : "");
    put_fact(out, "Run", text);
    put_fact(out, "Outcome", json_text_or(report, "outcome", ""));
    (void)snprintf(text, sizeof text, "%s: %s", json_text_or(report, "situation", "unknown"),
                   json_text_or(report, "because", ""));
    put_fact(out, "Situation at the end", text);
    (void)snprintf(text, sizeof text, "%s to %s", json_text_or(report, "started", ""),
                   json_text_or(report, "ended", "(not ended)"));
    put_fact(out, "When", text);
    put_fact(out, "By", json_text_or(report, "holder", ""));
    put_ms_fact(out, "Writes were refused for", json_object_get(report, "write_pause_ms"),
                "no time by this run");
    if (last)
        put_ms_fact(out, "In the last drill", json_object_get(last, "write_pause_ms"),
                    "no write was refused");
    put_ms_fact(out, "Lag before the flip", json_object_get(report, "lag_before_flip_ms"),
                "not measured");
    put_ms_fact(out, "DNS converged after", json_object_get(report, "dns_convergence_ms"),
                "no flip");
    (void)snprintf(text, sizeof text,
                   "%" JSON_INTEGER_FORMAT " rows of %" JSON_INTEGER_FORMAT
                   " tables, %" JSON_INTEGER_FORMAT " difference(s)",
                   json_int_or(report, "rows_verified", 0),
                   json_int_or(report, "tables_verified", 0),
                   json_int_or(report, "differences", 0));
    put_fact(out, "Compared, latest pass", text);
    put_fact(out, "Certificate",
             json_text_or(json_object_get(report, "certificate"), "text", "none by this run"));
    put_fact(out, "Plan", json_text_or(report, "plan_hash", ""));
    buf_puts(out, "</table>\n");
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* --- charts ----------------------------------------------------------------------------------- */

static void add_pause(struct buf *out, const json_t *report)
{
    const json_t *pause = json_object_get(report, "pause"),
                 *parts = json_object_get(pause, "parts");
    double ms = json_number_value(json_object_get(pause, "ms"));
    double forecast_ms = json_number_value(json_object_get(pause, "forecast_ms"));
    double most = larger(larger(ms, forecast_ms), 0.1), scale = (CHART_WIDTH - 2) / most, at = 1;
    size_t i;
    json_t *part;

    if (!json_is_object(pause))
        return;
    buf_puts(out, "<h2>The pause</h2>\n");
    buf_printf(out,
               "<svg viewBox=\"0 0 %.0f 60\" role=\"img\" aria-label=\"The pause by part; the "
               "table below has the numbers\">",
               CHART_WIDTH);
    json_array_foreach(parts, i, part)
    {
        double wide = json_number_value(json_object_get(part, "ms")) * scale;
        buf_printf(out,
                   "<rect x=\"%.1f\" y=\"4\" width=\"%.1f\" height=\"24\" class=\"bar\" "
                   "opacity=\"%s\"><title>",
                   at, larger(wide, 0.5), i % 2 ? ".55" : "1");
        put(out, json_text_or(part, "part", ""));
        buf_puts(out, "</title></rect>");
        at += wide;
    }
    if (forecast_ms > 0)
        buf_printf(
            out,
            "<rect x=\"1\" y=\"34\" width=\"%.1f\" height=\"8\" class=\"was\"/><text x=\"4\" "
            "y=\"57\">forecast %.1f ms</text>",
            forecast_ms * scale, forecast_ms);
    buf_puts(out, "</svg>\n<table><tr><th>Part</th><th>Took</th></tr>\n");
    json_array_foreach(parts, i, part)
        put_ms_fact(out, json_text_or(part, "part", ""), json_object_get(part, "ms"), "unknown");
    put_ms_fact(out, "together", json_object_get(pause, "ms"), "unknown");
    put_ms_fact(out, "forecast", json_object_get(pause, "forecast_ms"), "none was made");
    buf_puts(out, "</table>\n");
}

struct scale {
    double from_us, us, most_ms;
};

static struct scale scale_of(const json_t *series)
{
    struct scale scale = {.from_us = 0, .us = 1, .most_ms = 1};
    double until_us = 0;
    size_t i, k;
    json_t *node, *point;

    json_array_foreach(series, i, node)
    {
        json_array_foreach(json_object_get(node, "points"), k, point)
        {
            double at_us = json_number_value(json_array_get(point, 0));
            double ms = json_number_value(json_array_get(point, 1));
            if (scale.from_us == 0 || at_us < scale.from_us)
                scale.from_us = at_us;
            until_us = larger(until_us, at_us);
            scale.most_ms = larger(scale.most_ms, ms);
        }
    }
    if (until_us > scale.from_us)
        scale.us = until_us - scale.from_us;
    return scale;
}

/* A line for each stretch in which the lag was known. */
static void add_line(struct buf *out, const json_t *points, const struct scale *scale,
                     size_t number)
{
    bool is_open = false;
    size_t i;
    json_t *point;

    json_array_foreach(points, i, point)
    {
        const json_t *ms = json_array_get(point, 1);
        double at_us = json_number_value(json_array_get(point, 0));
        if (!json_is_number(ms)) {
            if (is_open)
                buf_puts(out, "\"/>");
            is_open = false;
            continue;
        }
        if (!is_open)
            buf_printf(out, "<polyline class=\"l%zu\" points=\"", number % 4);
        is_open = true;
        buf_printf(out, "%.1f,%.1f ",
                   CHART_LEFT + (at_us - scale->from_us) / scale->us * (CHART_WIDTH - CHART_LEFT),
                   CHART_HEIGHT - json_number_value(ms) / scale->most_ms * (CHART_HEIGHT - 10));
    }
    if (is_open)
        buf_puts(out, "\"/>");
}

static void add_lag(struct buf *out, const json_t *report)
{
    const json_t *series = json_object_get(report, "lag_series");
    struct scale scale = scale_of(series);
    char from[32], until[32];
    size_t i;
    json_t *node;

    if (json_array_size(series) == 0)
        return;
    buf_puts(out, "<h2>Lag</h2>\n");
    buf_printf(
        out,
        "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" aria-label=\"Lag of each node; a gap is "
        "time in which it was not known\"><path class=\"axis\" fill=\"none\" d=\"M%.0f "
        "10V%.0fH%.0f\"/><text x=\"0\" y=\"20\">%.0f ms</text><text x=\"0\" y=\"%.0f\">0"
        "</text>",
        CHART_WIDTH, CHART_HEIGHT + 40, CHART_LEFT, CHART_HEIGHT, CHART_WIDTH, scale.most_ms,
        CHART_HEIGHT);
    json_array_foreach(series, i, node)
    {
        add_line(out, json_object_get(node, "points"), &scale, i);
        buf_printf(out,
                   "<path class=\"l%zu\" stroke-width=\"3\" d=\"M%.0f %.0fh20\"/><text x=\"%.0f\" "
                   "y=\"%.0f\">",
                   i % 4, CHART_LEFT + (double)i * 210, CHART_HEIGHT + 32,
                   CHART_LEFT + 26 + (double)i * 210, CHART_HEIGHT + 36);
        put(out, json_text_or(node, "node", ""));
        buf_puts(out, "</text>");
    }
    clock_iso8601((int64_t)scale.from_us, from);
    clock_iso8601((int64_t)(scale.from_us + scale.us), until);
    buf_printf(out,
               "<text x=\"%.0f\" y=\"%.0f\">%.8s</text><text x=\"%.0f\" y=\"%.0f\" "
               "text-anchor=\"end\">%.8s UTC</text></svg>\n",
               CHART_LEFT, CHART_HEIGHT + 16, from + 11, CHART_WIDTH, CHART_HEIGHT + 16,
               until + 11);
}

/* --- what was done ---------------------------------------------------------------------------- */

static void add_statements(struct buf *out, const json_t *statements)
{
    size_t i;
    json_t *statement;

    if (json_array_size(statements) == 0)
        return;
    buf_puts(out, "<details><summary>statements and calls</summary>");
    json_array_foreach(statements, i, statement)
    {
        const char *node = json_text_or(statement, "node", "");
        buf_puts(out, "<pre>");
        put(out, node);
        buf_puts(out, *node ? ": " : "");
        put(out, json_text_or(statement, "text", ""));
        buf_puts(out, "</pre>");
    }
    buf_puts(out, "</details>");
}

static void add_steps(struct buf *out, const json_t *report)
{
    size_t i;
    json_t *step;

    buf_puts(out, "<h2>Timeline</h2>\n<table><tr><th>Part</th><th>State</th><th>Began</th><th>Took"
                  "</th><th>Last drill</th><th>What</th></tr>\n");
    json_array_foreach(json_object_get(report, "steps"), i, step)
    {
        const char *started = json_text_or(step, "started", ""),
                   *error = json_text_or(step, "error", "");
        bool is_done = strcmp(json_text_or(step, "state", ""), "pending") != 0;
        buf_puts(out, "<tr><td>");
        put(out, json_text_or(step, "id", ""));
        buf_putc(out, ' ');
        put(out, json_text_or(step, "step", ""));
        buf_puts(out, "/<wbr>");
        put(out, json_text_or(step, "part", ""));
        buf_printf(out, "</td><td>%s</td><td class=\"n\">%.12s</td><td class=\"n\">",
                   json_text_or(step, "state", ""), strlen(started) > 11 ? started + 11 : "-");
        put_ms(out, is_done ? json_object_get(step, "duration_ms") : NULL, "-");
        buf_puts(out, "</td><td class=\"n\">");
        put_ms(out, json_object_get(step, "last_drill_ms"), "-");
        buf_puts(out, "</td><td>");
        put(out, json_text_or(step, "title", ""));
        if (json_bool_or(step, "commits", 0))
            buf_puts(out, " <b>(commit step)</b>");
        if (*error) {
            buf_puts(out, "<div class=\"bad\">");
            put(out, error);
            buf_puts(out, "</div>");
        }
        add_statements(out, json_object_get(step, "statements"));
        buf_puts(out, "</td></tr>\n");
    }
    buf_puts(out, "</table>\n");
}

/* Notes whose name begins so; none: no section. */
static void add_notes(struct buf *out, const json_t *report, const char *title, const char *prefix)
{
    bool has_any = false;
    size_t i;
    json_t *note;

    json_array_foreach(json_object_get(report, "notes"), i, note)
    {
        const char *at = json_text_or(note, "at", "");
        if (strncmp(json_text_or(note, "name", ""), prefix, strlen(prefix)) != 0)
            continue;
        if (!has_any) {
            buf_puts(out, "<h2>");
            put(out, title);
            buf_puts(out, "</h2>\n<table>\n");
        }
        has_any = true;
        buf_printf(out, "<tr><td class=\"n\">%.12s</td><td>", strlen(at) > 11 ? at + 11 : at);
        put(out, json_text_or(note, "step", ""));
        buf_puts(out, "</td><td>");
        put(out, json_text_or(note, "text", ""));
        buf_puts(out, "</td></tr>\n");
    }
    if (has_any)
        buf_puts(out, "</table>\n");
}

static void add_warnings(struct buf *out, const json_t *report)
{
    const json_t *warnings = json_object_get(report, "warnings");
    size_t i;
    json_t *warning;

    if (json_array_size(warnings) == 0)
        return;
    buf_puts(out, "<h2>What was known beforehand, and waived</h2>\n<ul>\n");
    json_array_foreach(warnings, i, warning)
    {
        buf_puts(out, "<li>");
        put(out, json_string_value(warning) ? json_string_value(warning) : "");
        buf_puts(out, "</li>\n");
    }
    buf_puts(out, "</ul>\n");
}

int report_html(const json_t *report, struct buf *out, struct err *err)
{
    add_head(out, report);
    add_pause(out, report);
    add_lag(out, report);
    add_notes(out, report, "Who said yes", "approve.");
    add_warnings(out, report);
    add_steps(out, report);
    add_notes(out, report, "What it saw", "");
    buf_puts(out, "</body></html>\n");
    return buf_check(out, err);
}
