/* SPDX-License-Identifier: MIT */
/* Of the journal: the runbook with the part that is under way, and what happened. */
#include <stdio.h>
#include <string.h>

#include "ctl/screen_panels.h"

#define ID_AT 2
#define BRIEF_STATEMENTS 3
#define BRIEF_HOSTS 3
#define BLOCKER_CAP_BYTES 8192

static const struct {
    const char *state, *sign, *words; /* words: where the sign is not enough */
    enum cell_style style;
} step_states[] = {
    {"pending", "·", "", STYLE_FAINT},
    {"intent", "▶", "under way", STYLE_NOTE},
    {"done", "✓", "", STYLE_PLAIN},
    {"failed", "✗", "FAILED", STYLE_BAD},
    {"undo", "↶", "being undone", STYLE_WARN},
    {"undone", "↶", "undone", STYLE_FAINT},
};

static size_t state_index(const json_t *step)
{
    const char *state = json_text_or(step, "state", "");

    for (size_t i = 0; i < ARRAY_LEN(step_states); i++)
        if (strcmp(step_states[i].state, state) == 0)
            return i;
    return 0;
}

/* How long it takes or took, and how long in the last drill. */
static void took_text(const struct panel_call *call, const json_t *step, char *out, size_t out_size)
{
    const json_t *now = json_object_get(call->facts->run, "now");
    const json_t *drill = json_object_get(step, "last_drill_ms");
    const char *state = json_text_or(step, "state", "");
    json_int_t started_us = json_int_or(now, "started_us", 0);
    char time[32] = "", before[32] = "";

    if (strcmp(state, "intent") == 0) {
        if (started_us > 0 && call->facts->now_us > started_us)
            (void)words_ms_of((double)(call->facts->now_us - started_us) / 1000, time);
    } else if (strcmp(state, "pending") != 0) {
        (void)words_ms(json_object_get(step, "duration_ms"), time);
    }
    (void)snprintf(out, out_size, "%s%s%s%s", time, json_is_number(drill) ? " (drill " : "",
                   json_is_number(drill) ? words_ms(drill, before) : "",
                   json_is_number(drill) ? ")" : "");
}

static void draw_statements(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *now = json_object_get(call->facts->run, "now");
    const json_t *list = json_object_get(now, "statements");
    size_t shown = 0;

    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *statement = json_array_get(list, i);
        const char *node = json_text_or(statement, "node", "");
        bool is_undo = json_bool_or(statement, "is_undo", 0);
        if (call->rows == 0 && (is_undo || shown == BRIEF_STATEMENTS))
            continue;
        sheet_row(sheet);
        sheet->column = 4;
        sheet_put(sheet, STYLE_NOTE, "%s%s%s", is_undo ? "to undo it  " : "", node,
                  *node ? ": " : "");
        sheet_wrap(sheet, STYLE_NOTE, 6, call->rows ? 20 : 2, json_text_or(statement, "text", ""));
        shown++;
    }
}

/* --- what people are waited for, and what they asked ------------------------------------------ */

static const json_t *people_of(const struct panel_call *call, const char *key)
{
    return words_at(call->facts->run, "people", key);
}

static void draw_waits(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *waits = people_of(call, "waits"), *held = people_of(call, "held");
    const json_t *approved = json_object_get(waits, "approved");

    if (json_is_object(waits)) {
        sheet_row(sheet);
        sheet_put(sheet, STYLE_WARN, "WAITS FOR A PERSON (%zu of %" JSON_INTEGER_FORMAT " said yes",
                  json_array_size(approved), json_int_or(waits, "people", 1));
        for (size_t i = 0; i < json_array_size(approved); i++)
            sheet_put(sheet, STYLE_WARN, "%s %s", i ? "," : ":",
                      json_text_or(json_array_get(approved, i), "who", ""));
        sheet_put(sheet, STYLE_WARN, "): ");
        sheet_wrap(sheet, STYLE_STRONG, 2, 3, json_text_or(waits, "question", ""));
    }
    if (json_is_object(held)) {
        sheet_row(sheet);
        sheet_put(sheet, STYLE_WARN, "HELD before %s by %s, until somebody lets it go on",
                  json_text_or(held, "step", ""), json_text_or(held, "who", ""));
    }
}

static void draw_requests(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *requests = people_of(call, "requests");
    size_t shown = 0;

    for (size_t i = 0; i < json_array_size(requests) && shown < (call->rows ? 20 : 2); i++) {
        const json_t *request = json_array_get(requests, i);
        bool is_open = !json_is_integer(json_object_get(request, "ended_us"));
        if (!is_open && call->rows == 0)
            continue;
        char clock[32];
        sheet_row(sheet);
        sheet_put(sheet, is_open ? STYLE_NOTE : STYLE_FAINT, "%s %s asked for %s: %s",
                  words_clock(json_int_or(request, "asked_us", 0), clock),
                  json_text_or(request, "who", ""), json_text_or(request, "what", ""),
                  json_text_or(request, "state", ""));
        const char *answer = json_text_or(request, "answer", "");
        sheet_put(sheet, STYLE_FAINT, "%s", *answer ? "; " : "");
        sheet_wrap(sheet, STYLE_FAINT, 9, 2, answer);
        shown++;
    }
}

/* Who, then where: what comes last is cut first. Thread 0: no session stands behind it. */
static void draw_blocker(const struct panel_call *call, struct sheet *sheet, const json_t *blocker)
{
    json_int_t thread = json_int_or(blocker, "thread", 0);
    const char *node = json_text_or(blocker, "node", "");
    char age[32];

    sheet_row(sheet);
    sheet->column = 4;
    sheet_put(sheet, STYLE_BAD, "in the way: ");
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, BLOCKER_CAP_BYTES);
    if (thread)
        buf_printf(&text, "%s@%s for %s, thread %" JSON_INTEGER_FORMAT " on ",
                   json_text_or(blocker, "user", ""), json_text_or(blocker, "host", ""),
                   words_ms_of((double)json_int_or(blocker, "age_s", 0) * 1000, age), thread);
    buf_printf(&text, "%s: %s", node, json_text_or(blocker, "query", ""));
    sheet_wrap(sheet, STYLE_PLAIN, 6, call->rows ? 4 : 2, buf_text(&text));
}

static void draw_requirements(struct sheet *sheet, const json_t *list, bool is_met)
{
    const json_t *row;
    size_t i;

    json_array_foreach(list, i, row)
    {
        if (json_bool_or(row, "is_met", 0) != is_met)
            continue;
        sheet_row(sheet);
        sheet->column = 4;
        sheet_put(sheet, is_met ? STYLE_GOOD : STYLE_WARN, "%s ", is_met ? "✓" : "✗ not yet:");
        sheet_put(sheet, STYLE_PLAIN, "%s", json_text_or(row, "text", ""));
        sheet_put(sheet, STYLE_STRONG, "  %s", json_text_or(row, "live", ""));
    }
}

/* What is not met comes first, and who is in the way: in a small window it is what is left. */
static void draw_gate(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *gate = people_of(call, "gate");
    const json_t *wanted = json_object_get(gate, "requirements");
    const json_t *blockers = json_object_get(gate, "blockers");

    if (json_bool_or(gate, "is_over", 0))
        return;
    draw_requirements(sheet, wanted, false);
    for (size_t i = 0; i < json_array_size(blockers); i++)
        draw_blocker(call, sheet, json_array_get(blockers, i));
    draw_requirements(sheet, wanted, true);
}

/* --- who still comes -------------------------------------------------------------------------- */

/* Sessions over time: the points lie evenly; a column is the most of its own. */
static void draw_curve(struct sheet *sheet, const json_t *curve)
{
    size_t count = json_array_size(curve), i;
    size_t room = sheet->width > sheet->column + 1 ? sheet->width - sheet->column - 1 : 0;
    size_t columns = count < room ? count : room;
    json_int_t most = 1;
    const json_t *point;

    json_array_foreach(curve, i, point)
    {
        json_int_t sessions = json_integer_value(json_array_get(point, 1));
        most = sessions > most ? sessions : most;
    }
    for (size_t column = 0; column < columns; column++) {
        json_int_t worst = 0;
        for (i = column * count / columns; i < (column + 1) * count / columns; i++) {
            json_int_t sessions = json_integer_value(json_array_get(json_array_get(curve, i), 1));
            worst = sessions > worst ? sessions : worst;
        }
        sheet_glyph(sheet, STYLE_NOTE,
                    worst == 0 ? ' ' : LOWEST_BAR + (uint32_t)((worst * 8 + most - 1) / most) - 1);
    }
}

static void draw_chases(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *chases = people_of(call, "chases");
    const json_t *hosts = json_object_get(chases, "hosts");
    size_t shown = call->rows ? 20 : BRIEF_HOSTS, count = json_array_size(hosts);
    char quiet[32];

    if (!chases || json_is_null(chases))
        return;
    sheet_row(sheet);
    sheet->column = 4;
    sheet_put(sheet, STYLE_NOTE, "still on %s: %" JSON_INTEGER_FORMAT " session(s), ",
              strcmp(json_text_or(chases, "side", ""), "old") == 0 ? "OLD" : "NEW",
              json_int_or(chases, "sessions", 0));
    sheet_put(sheet, STYLE_PLAIN, "last write %s ago  ",
              words_ms_of((double)json_int_or(chases, "quiet_ms", 0), quiet));
    draw_curve(sheet, json_object_get(chases, "curve"));
    for (size_t i = 0; i < count && i < shown; i++) {
        const json_t *row = json_array_get(hosts, i);
        sheet_row(sheet);
        sheet->column = 6;
        sheet_put(sheet, STYLE_PLAIN, "%s@%s: %" JSON_INTEGER_FORMAT, json_text_or(row, "user", ""),
                  json_text_or(row, "host", ""), json_int_or(row, "sessions", 0));
    }
    if (count > shown) {
        sheet_row(sheet);
        sheet->column = 6;
        sheet_put(sheet, STYLE_FAINT, "and %zu more", count - shown);
    }
}

/* --- the steps -------------------------------------------------------------------------------- */

static void draw_step(const struct panel_call *call, struct sheet *sheet, const json_t *step)
{
    size_t state = state_index(step);
    const char *error = json_text_or(step, "error", "");
    const char *now_id = json_text_or(json_object_get(call->facts->run, "now"), "id", "");
    bool is_now = strcmp(json_text_or(step, "id", "-"), now_id) == 0;
    enum cell_style style = is_now ? STYLE_NOTE : step_states[state].style;
    char took[96];

    took_text(call, step, took, sizeof took);
    size_t columns = sheet_columns(sheet, took);
    sheet_row(sheet);
    if (is_now)
        sheet->focus = sheet->height - 1;
    sheet_put(sheet, style, "%s", step_states[state].sign);
    sheet_at(sheet, ID_AT);
    sheet->edge = columns && columns + 20 < sheet->width ? sheet->width - columns - 1 : 0;
    if (*step_states[state].words)
        sheet_put(sheet, style, "%s: ", step_states[state].words);
    sheet_put(sheet, style, "%s %s: %s%s", json_text_or(step, "id", ""),
              json_text_or(step, "step", ""), json_bool_or(step, "commits", 0) ? "[COMMIT] " : "",
              json_text_or(step, "title", ""));
    if (sheet->edge && sheet->column > sheet->edge)
        sheet->column = sheet->edge;
    sheet->edge = 0;
    sheet_right(sheet, STYLE_PLAIN, took);
    if (*error) {
        sheet_row(sheet);
        sheet->column = 4;
        sheet_wrap(sheet, STYLE_BAD, 4, 4, error);
    }
    if (is_now) {
        draw_gate(call, sheet);
        draw_chases(call, sheet);
        draw_statements(call, sheet);
        sheet->tail = sheet->height - 1 - sheet->focus;
    }
}

static void draw_about(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *run = call->facts->run, *steps = json_object_get(run, "steps");
    const json_t *emergency = json_object_get(run, "emergency");
    const json_t *pause = json_object_get(run, "write_pause_ms");
    size_t done = 0;
    char text[32], about[400];

    for (size_t i = 0; i < json_array_size(steps); i++)
        done += strcmp(json_text_or(json_array_get(steps, i), "state", ""), "done") == 0;
    (void)snprintf(about, sizeof about, "%s %s, %s: %zu of %zu parts done%s%s",
                   json_text_or(run, "playbook", ""), json_text_or(run, "run", ""),
                   json_text_or(run, "state", ""), done, json_array_size(steps),
                   json_number_value(pause) >= 0 && json_is_number(pause) ? "; writes waited " : "",
                   json_number_value(pause) >= 0 && json_is_number(pause) ? words_ms(pause, text)
                                                                          : "");
    sheet_row(sheet);
    sheet_wrap(sheet, STYLE_STRONG, 0, 2, about);
    if (call->rows) {
        sheet_row(sheet);
        sheet_put(sheet, STYLE_FAINT, "by %s", json_text_or(run, "holder", "nobody"));
    }
    if (!json_is_object(emergency))
        return;
    sheet_row(sheet);
    sheet_put(sheet, STYLE_WARN, "If the controller dies: ");
    sheet_wrap(sheet, STYLE_STRONG, 2, 2, json_text_or(emergency, "command", ""));
    if (call->rows) {
        sheet_row(sheet);
        sheet_wrap(sheet, STYLE_FAINT, 0, 3, json_text_or(emergency, "why", ""));
    }
}

/* The window is put around what is under way; what is done or still to do gives way to it. */
void panel_run(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *run = call->facts->run, *steps = json_object_get(run, "steps");

    if (!json_is_string(json_object_get(run, "run"))) {
        const char *error = json_text_or(run, "error", "");
        sheet_row(sheet);
        if (*error)
            sheet_put(sheet, STYLE_BAD, "the journal cannot be read: ");
        sheet_wrap(sheet, *error ? STYLE_BAD : STYLE_FAINT, 0, 3,
                   *error ? error
                   : run  ? "Nothing was ever run from here."
                          : "asking ...");
        return;
    }
    draw_about(call, sheet);
    draw_waits(call, sheet);
    draw_requests(call, sheet);
    sheet->head = sheet->height;
    for (size_t i = 0; i < json_array_size(steps); i++)
        draw_step(call, sheet, json_array_get(steps, i));
}

static const char *event_text(const json_t *detail)
{
    static const char *const keys[] = {"text", "error", "part"};

    for (size_t i = 0; i < ARRAY_LEN(keys); i++)
        if (json_is_string(json_object_get(detail, keys[i])))
            return json_text_or(detail, keys[i], "");
    return "";
}

void panel_events(const struct panel_call *call, struct sheet *sheet)
{
    const json_t *events = call->facts->events;
    char clock[32];

    for (size_t i = 0; i < json_array_size(events); i++) {
        const json_t *event = json_array_get(events, i);
        const char *name = json_text_or(event, "name", "");
        bool is_bad = strstr(name, "failed") != NULL;
        sheet_row(sheet);
        sheet_put(sheet, STYLE_FAINT, "%s ", words_clock(json_int_or(event, "at_us", 0), clock));
        sheet_put(sheet, is_bad ? STYLE_BAD : STYLE_STRONG, "%s ", name);
        sheet_wrap(sheet, is_bad ? STYLE_BAD : STYLE_PLAIN, 9, call->rows ? 4 : 1,
                   event_text(json_object_get(event, "detail")));
    }
    if (json_array_size(events) == 0) {
        sheet_row(sheet);
        sheet_put(sheet, STYLE_FAINT, "nothing yet");
    }
}
