/* SPDX-License-Identifier: MIT */
/* The table of parts, and those of the servers: lag, writes, nodes and links. */
#include "ctl/screen_panels.h"

#include <stdio.h>
#include <string.h>

static void draw_lag(const struct panel_call *call, struct sheet *sheet);
static void draw_nodes(const struct panel_call *call, struct sheet *sheet);

const struct panel *panel_table(void)
{
    static const struct panel rows[SCREEN_PANEL_COUNT] = {
        {"Lag", draw_lag, 3, 13, 1, 0, 0},      {"Nodes", draw_nodes, 2, 8, 3, 0, 0},
        {"Run", panel_run, 5, 16, 2, 1, 1},     {"Data", panel_proof, 1, 4, 4, 0, 2},
        {"Names", panel_names, 1, 6, 5, 0, 2},  {"Back", panel_back, 0, 6, 7, 0, 2},
        {"Events", panel_events, 2, 8, 6, 1, 1}};

    return rows;
}

/* --- lag -------------------------------------------------------------------------------------- */

static const char *link_trouble(const json_t *link)
{
    const json_t *exists = json_object_get(link, "exists");

    if (json_is_false(exists))
        return "no link";
    if (!json_is_true(exists))
        return "unknown";
    return json_is_true(json_object_get(link, "is_running")) ? NULL : "stopped";
}

static enum cell_style lag_style(const json_t *ms)
{
    return !json_is_number(ms)              ? STYLE_BAD
           : json_number_value(ms) >= 10000 ? STYLE_BAD
           : json_number_value(ms) >= 1000  ? STYLE_WARN
                                            : STYLE_GOOD;
}

/* Columns: the link, what is applied, what is received, the bars, the worst of them. */
#define LAG_AT 10
#define RECEIVED_AT 21
#define BARS_AT 39
#define WORST_COLUMNS 18

static void draw_link(const struct panel_call *call, struct sheet *sheet, const char *name,
                      const char *title)
{
    const json_t *link = words_at(call->facts->lag, "links", name);
    const json_t *ms = json_object_get(link, "lag_ms");
    const char *trouble = link_trouble(link);
    char text[32], worst_text[48];
    struct lag_chart chart = {.trail = call->facts->trail,
                              .link = name,
                              .until_us = call->facts->now_us,
                              .span_us = call->view->span_us,
                              .rows = 1};

    if (sheet->width > BARS_AT + WORST_COLUMNS)
        chart.columns = sheet->width - BARS_AT - WORST_COLUMNS - 1;
    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "%s", title);
    sheet_at(sheet, LAG_AT);
    if (trouble)
        sheet_put(sheet, strcmp(trouble, "no link") == 0 ? STYLE_FAINT : STYLE_BAD, "%s", trouble);
    else
        sheet_put(sheet, lag_style(ms), "%10s", words_ms(ms, text));
    if (trouble && strcmp(trouble, "no link") == 0)
        return;
    sheet_at(sheet, RECEIVED_AT);
    sheet_put(sheet, STYLE_FAINT, "received %s",
              words_ms(json_object_get(link, "receive_ms"), text));
    sheet_at(sheet, BARS_AT);
    lag_chart_draw(&chart, sheet);
    bool has_gap;
    double worst = lag_chart_worst(&chart, &has_gap);
    (void)snprintf(worst_text, sizeof worst_text, "worst %s%s", worst >= 0 && has_gap ? "≥ " : "",
                   worst < 0 ? "unknown" : words_ms_of(worst, text));
    sheet_right(sheet, STYLE_FAINT, worst_text);
    const char *error = json_text_or(link, "error", "");
    if (*error) {
        sheet_row(sheet);
        sheet->column = LAG_AT;
        sheet_wrap(sheet, STYLE_BAD, LAG_AT, 3, error);
    }
}

static void draw_writes(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *writes = json_object_get(call->facts->lag, "writes_per_s");
    const json_t *conflicts = json_object_get(call->facts->lag, "conflicts");
    char old[32], new[32];

    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "writes");
    sheet_at(sheet, LAG_AT);
    sheet_put(sheet, STYLE_PLAIN, "OLD %s, NEW %s", words_rate(json_object_get(writes, "old"), old),
              words_rate(json_object_get(writes, "new"), new));
    if (json_integer_value(conflicts) > 0)
        sheet_put(sheet, STYLE_BAD, "; %d CONFLICT(S) STOP A LINK",
                  (int)json_integer_value(conflicts));
    else
        sheet_put(sheet, STYLE_FAINT, "; conflicts: %s", conflicts ? "none" : "unknown");
}

static void draw_large(const struct panel_call *call, struct sheet *sheet, const char *name,
                       const char *title, size_t rows)
{
    struct lag_chart chart = {.trail = call->facts->trail,
                              .link = name,
                              .until_us = call->facts->now_us,
                              .span_us = call->view->span_us,
                              .columns = sheet->width > 8 ? sheet->width - 8 : 0,
                              .rows = rows};

    sheet_row(sheet);
    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "%s", title);
    sheet_put(sheet, STYLE_FAINT, "  the last %d min; a gap was not known",
              (int)(call->view->span_us / SCREEN_USUAL_SPAN_US));
    lag_chart_draw(&chart, sheet);
}

static void draw_lag(const struct panel_call *call, struct sheet *sheet)
{
    bool is_wide = sheet->width < call->view->width && call->view->width >= 110;
    size_t rows = call->rows > 12                       ? (call->rows - 8) / 2
                  : is_wide && call->view->height >= 50 ? 6
                  : is_wide                             ? 3
                                                        : 0;

    draw_link(call, sheet, "forward", "OLD → NEW");
    draw_link(call, sheet, "reverse", "NEW → OLD");
    draw_writes(call, sheet);
    if (rows == 0)
        return;
    draw_large(call, sheet, "forward", "OLD → NEW", rows);
    draw_large(call, sheet, "reverse", "NEW → OLD", rows);
}

/* --- nodes and links -------------------------------------------------------------------------- */

static const json_t *by_name(const json_t *list, const char *key, const char *name)
{
    for (size_t i = 0; i < json_array_size(list); i++)
        if (strcmp(json_text_or(json_array_get(list, i), key, ""), name) == 0)
            return json_array_get(list, i);
    return NULL;
}

/* What is asked ten times a second says who is open; what is asked once a second knows more. */
static void draw_node(const struct panel_call *call, struct sheet *sheet, const json_t *node)
{
    const char *name = json_text_or(node, "node", "");
    const json_t *more = by_name(json_object_get(call->facts->state, "nodes"), "node", name);
    bool is_reached = json_bool_or(node, "is_reached", 0);
    bool is_primary = json_bool_or(node, "is_primary", 0);
    bool is_open = json_is_true(json_object_get(node, "is_open"));
    bool is_held = is_open && json_is_true(json_object_get(more, "is_held"));
    const json_t *link = by_name(json_object_get(call->facts->state, "links"), "to", name);
    const json_t *ms = json_object_get(node, "apply_ms");
    char lag[32];

    if (!json_is_number(ms)) /* no heartbeat of its primary: then by positions, once a second */
        ms = json_object_get(link, "lag_ms");

    sheet_row(sheet);
    sheet_put(sheet, is_primary ? STYLE_STRONG : STYLE_PLAIN, "%s %s",
              words_side(json_text_or(node, "side", "")), is_primary ? "primary" : "replica");
    sheet_at(sheet, 12);
    sheet_put(sheet, STYLE_PLAIN, "%s", name);
    sheet_at(sheet, sheet->width < 66 ? 30 : 36);
    if (!is_reached) {
        sheet_put(sheet, STYLE_BAD, "does not answer");
        const char *error = json_text_or(more, "error", "");
        if (*error) {
            sheet_put(sheet, STYLE_BAD, ": ");
            sheet_wrap(sheet, STYLE_BAD, 12, 2, error);
        }
        return;
    }
    sheet_put(sheet, is_open ? STYLE_GOOD : STYLE_PLAIN, "%s",
              is_held ? "held" : words_writes(json_object_get(node, "is_open")));
    const char *version = json_text_or(more, "version", "");
    sheet_at(sheet, sheet->width < 66 ? 38 : 44);
    sheet_put(sheet, STYLE_FAINT, "%.*s", (int)strcspn(version, "-+"), version);
    if (is_primary)
        return;
    sheet_at(sheet, sheet->width < 66 ? 47 : 54);
    sheet_put(sheet, lag_style(ms), "%s behind", words_ms(ms, lag));
}

static void draw_channel(struct sheet *sheet, const json_t *link)
{
    static const char *const sides[][2] = {{"is_receiving", "receives"},
                                           {"is_applying", "applies"}};
    const char *error = json_text_or(link, "apply_error", "");

    if (!*error)
        error = json_text_or(link, "receive_error", "");
    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "%s", json_text_or(link, "link", ""));
    sheet_at(sheet, 12);
    if (!json_bool_or(link, "exists", 0)) {
        sheet_put(sheet, STYLE_FAINT, "none, or not to be asked");
        return;
    }
    for (size_t i = 0; i < ARRAY_LEN(sides); i++) {
        const json_t *is_so = json_object_get(link, sides[i][0]);
        sheet_put(sheet, json_is_true(is_so) ? STYLE_GOOD : STYLE_BAD, "%s: %s  ", sides[i][1],
                  json_is_true(is_so)    ? "yes"
                  : json_is_false(is_so) ? "NO"
                                         : "unknown");
    }
    sheet_put(sheet, STYLE_FAINT, "%s → %s", json_text_or(link, "from", ""),
              json_text_or(link, "to", ""));
    if (*error) {
        sheet_row(sheet);
        sheet->column = 12;
        sheet_wrap(sheet, STYLE_BAD, 12, 3, error);
    }
}

/* A file that closes a side whenever it starts is told of where that side is open. */
static void draw_file(const struct panel_call *call, struct sheet *sheet, const json_t *file)
{
    const char *side = json_text_or(file, "side", "");
    const char *where = json_text_or(file, "where", "");
    const json_t *nodes = json_object_get(call->facts->state, "nodes");
    char text[800];
    bool is_open = false;

    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        is_open = is_open || (strcmp(json_text_or(node, "role", ""), "primary") == 0 &&
                              strcmp(json_text_or(node, "side", ""), side) == 0 &&
                              json_bool_or(node, "is_open", 0));
    }
    if (json_is_null(json_object_get(file, "is_there")) && *json_text_or(file, "error", ""))
        (void)snprintf(text, sizeof text, "unknown whether there is %.300s: %.300s", where,
                       json_text_or(file, "error", ""));
    else if (json_bool_or(file, "is_there", 0) && is_open)
        (void)snprintf(text, sizeof text, "left behind: a restart would close %s; delete %.300s",
                       words_side(side), where);
    else
        return;
    sheet_row(sheet);
    sheet_wrap(sheet, STYLE_BAD, 0, 3, text);
}

static void draw_nodes(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *nodes = json_object_get(call->facts->lag, "nodes");
    const json_t *links = json_object_get(call->facts->state, "links");
    const json_t *files = json_object_get(call->facts->state, "held_files");

    if (json_array_size(nodes) == 0) {
        sheet_row(sheet);
        sheet_put(sheet, STYLE_FAINT, "asking ...");
    }
    /* Primaries first: in a small window they are what is left. */
    for (int replicas = 0; replicas < 2; replicas++)
        for (size_t i = 0; i < json_array_size(nodes); i++)
            if (json_bool_or(json_array_get(nodes, i), "is_primary", 0) == !replicas)
                draw_node(call, sheet, json_array_get(nodes, i));
    for (size_t i = 0; i < json_array_size(links); i++)
        if (strncmp(json_text_or(json_array_get(links, i), "link", ""), "replica", 7) != 0)
            draw_channel(sheet, json_array_get(links, i));
    for (size_t i = 0; i < json_array_size(files); i++)
        draw_file(call, sheet, json_array_get(files, i));
}
