/* SPDX-License-Identifier: MIT */
/* What goes where: the sentence on top, the parts below it by rank, the keys in the last row. */
#include "ctl/screen.h"

#include <stdio.h>
#include <string.h>

#include "ctl/screen_panels.h"

#define COLUMN_CAP 3
#define GUTTER 2
#define LABEL_COLUMNS 9

static const struct {
    const char *name, *sign;
    enum cell_style style;
} tones[] = {{"calm", "", STYLE_STRONG},
             {"note", "", STYLE_STRONG},
             {"warn", "! ", STYLE_WARN},
             {"alarm", "!! ", STYLE_ALARM}};

/* --- the top ---------------------------------------------------------------------------------- */

static bool is_older(int64_t at_us, int64_t than_us, const struct screen_facts *facts)
{
    return facts->now_us - at_us > than_us;
}

/* Whether what stands below can be believed. */
static enum cell_style trust(const struct screen_facts *facts, char *out, size_t out_size)
{
    json_int_t facts_us = json_int_or(facts->state, "at_us", 0);
    char age[32];

    if (facts->trouble[0]) {
        (void)snprintf(out, out_size, "STALE: %s", facts->trouble);
    } else if (facts->heard_us == 0) {
        (void)snprintf(out, out_size, "connecting");
        return STYLE_WARN;
    } else if (is_older(facts->heard_us, SCREEN_SILENT_US, facts)) {
        (void)snprintf(out, out_size, "STALE: nothing heard for %s",
                       words_ms_of((double)(facts->now_us - facts->heard_us) / 1000, age));
    } else if (facts_us && is_older(facts_us, SCREEN_OLD_FACTS_US, facts)) {
        (void)snprintf(out, out_size, "STALE by %s: a server is slow to answer",
                       words_ms_of((double)(facts->now_us - facts_us) / 1000, age));
    } else {
        (void)snprintf(out, out_size, "live");
        return STYLE_GOOD;
    }
    return STYLE_BAD;
}

static void draw_title(const struct screen_facts *facts, struct sheet *sheet)
{
    char about[300], clock[32], shown[48];
    enum cell_style style = trust(facts, about, sizeof about);

    (void)snprintf(shown, sizeof shown, "%s UTC", words_clock(facts->now_us, clock));
    sheet_row(sheet);
    sheet_put(sheet, STYLE_STRONG, "%s", json_text_or(facts->state, "service", "cutover"));
    sheet_put(sheet, STYLE_PLAIN, ": %s  ", json_text_or(facts->state, "situation", "asking ..."));
    sheet_wrap(sheet, style, 2, 2, about);
    sheet_right(sheet, STYLE_FAINT, shown);
}

static size_t tone_of(const json_t *headline)
{
    const char *name = json_text_or(headline, "tone", "note");

    for (size_t i = 0; i < ARRAY_LEN(tones); i++)
        if (strcmp(tones[i].name, name) == 0)
            return i;
    return 1;
}

static void draw_pause(const struct screen_facts *facts, struct sheet *sheet)
{
    char time[32];

    if (facts->closed_us == 0)
        return;
    sheet_row(sheet);
    sheet_put(sheet, STYLE_ALARM, "!! Nobody can write for %s%s",
              facts->is_closed_longer ? "at least " : "",
              words_ms_of((double)(facts->now_us - facts->closed_us) / 1000, time));
}

static void draw_who(const struct screen_facts *facts, struct sheet *sheet)
{
    const json_t *back = json_object_get(facts->state, "going_back");
    const json_t *is_possible = json_object_get(back, "is_possible");
    const json_t *headline = json_object_get(facts->state, "headline");
    char text[400];

    (void)snprintf(text, sizeof text, "%s",
                   json_is_true(is_possible)    ? json_text_or(back, "command", "yes")
                   : json_is_false(is_possible) ? json_text_or(back, "why", "")
                                                : "unknown");
    sheet_row(sheet);
    sheet_put(sheet, STYLE_PLAIN, "Writes go to ");
    sheet_put(sheet, STYLE_STRONG, "%s", json_text_or(headline, "writers", "unknown"));
    if (sheet->column + sheet_columns(sheet, text) + 23 > sheet->width)
        sheet_row(sheet);
    else
        sheet_put(sheet, STYLE_PLAIN, "   ");
    sheet_put(sheet, STYLE_PLAIN, "Back now? ");
    sheet_put(sheet, json_is_true(is_possible) ? STYLE_GOOD : STYLE_WARN, "%s%s",
              json_is_true(is_possible)    ? "yes: "
              : json_is_false(is_possible) ? "no: "
                                           : "",
              text);
}

static void draw_top(const struct screen_facts *facts, struct sheet *sheet)
{
    const json_t *headline = json_object_get(facts->state, "headline");
    size_t tone = tone_of(headline);
    const char *next = json_text_or(headline, "next", "");

    draw_title(facts, sheet);
    sheet_row(sheet);
    sheet_put(sheet, tones[tone].style, "%s", tones[tone].sign);
    sheet_wrap(sheet, tones[tone].style, 0, 3,
               json_text_or(headline, "now", "Asking the servers ..."));
    draw_pause(facts, sheet);
    if (*next) {
        sheet_row(sheet);
        sheet_put(sheet, STYLE_PLAIN, "Next: ");
        sheet_wrap(sheet, STYLE_PLAIN, 6, 2, next);
    }
    draw_who(facts, sheet);
}

/* --- the parts -------------------------------------------------------------------------------- */

struct place {
    struct sheet drawn;
    size_t rows; /* of it that are shown */
};

struct layout {
    const struct screen_facts *facts;
    const struct screen_view *view;
    size_t columns, column_width;
    bool has_titles; /* a row over each part; otherwise its name is on the left */
    struct place places[SCREEN_PANEL_COUNT];
};

static size_t column_of(const struct layout *layout, size_t panel)
{
    const struct panel *row = &panel_table()[panel];

    return layout->columns == 3 ? row->of_three : layout->columns == 2 ? row->of_two : 0;
}

static void draw_parts(struct layout *layout)
{
    size_t width = layout->column_width - (layout->has_titles ? 0 : LABEL_COLUMNS);

    for (size_t i = 0; i < SCREEN_PANEL_COUNT; i++) {
        struct panel_call call = {.facts = layout->facts, .view = layout->view};
        sheet_init(&layout->places[i].drawn, width, layout->view->is_ascii);
        panel_table()[i].draw(&call, &layout->places[i].drawn);
    }
}

static size_t limit_of(const struct panel *panel, const struct sheet *drawn, unsigned level)
{
    size_t limit = level == 0 ? panel->least : level == 1 ? panel->usual : drawn->height;

    return limit < drawn->height ? limit : drawn->height;
}

/* First everybody gets the least, by rank; then what it wants; then all there is. */
static void share_rows(struct layout *layout, size_t column, size_t room)
{
    for (unsigned level = 0; level < 3; level++)
        for (unsigned rank = 1; rank <= SCREEN_PANEL_COUNT; rank++)
            for (size_t i = 0; i < SCREEN_PANEL_COUNT; i++) {
                struct place *place = &layout->places[i];
                if (panel_table()[i].rank != rank || column_of(layout, i) != column)
                    continue;
                size_t limit = limit_of(&panel_table()[i], &place->drawn, level);
                size_t title = layout->has_titles && place->rows == 0 ? 1 : 0;
                if (limit <= place->rows || room <= title)
                    continue;
                room -= title;
                size_t more = limit - place->rows < room ? limit - place->rows : room;
                place->rows += more;
                room -= more;
            }
}

/* The head stays; the rest is a window around the row that matters. */
static void lay_part(struct sheet *out, const struct place *place, size_t row, size_t column)
{
    const struct sheet *drawn = &place->drawn;
    size_t head = drawn->head < place->rows ? drawn->head : place->rows;
    size_t shown = place->rows - head, first = head;
    size_t spare = shown > drawn->tail ? shown - 1 - drawn->tail : 0;
    size_t above = spare < shown / 3 ? spare : shown / 3; /* of the rows that come before it */

    if (drawn->focus > head + above)
        first = drawn->focus - above;
    if (first + shown > drawn->height)
        first = drawn->height - shown;
    sheet_lay(out, row, column, drawn, 0, head);
    sheet_lay(out, row + head, column, drawn, first, shown);
}

static void lay_words(struct sheet *out, size_t row, size_t column, size_t width,
                      enum cell_style style, const char *text)
{
    struct sheet words;

    sheet_init(&words, width, out->is_ascii);
    sheet_row(&words);
    sheet_put(&words, style, "%s", text);
    sheet_lay(out, row, column, &words, 0, 1);
    sheet_release(&words);
}

static void lay_title(const struct layout *layout, struct sheet *out, size_t panel, size_t row,
                      size_t column)
{
    const struct place *place = &layout->places[panel];
    size_t left = place->drawn.height - place->rows;
    struct sheet rule;

    sheet_init(&rule, layout->column_width, out->is_ascii);
    sheet_row(&rule);
    sheet_put(&rule, STYLE_LABEL, "%zu %s ", panel + 1, panel_table()[panel].name);
    if (left)
        sheet_put(&rule, STYLE_FAINT, "(%zu more) ", left);
    while (rule.column < rule.width && !rule.is_failed)
        sheet_glyph(&rule, STYLE_FAINT, 0x2500);
    sheet_lay(out, row, column, &rule, 0, 1);
    sheet_release(&rule);
}

static void lay_label(const struct layout *layout, struct sheet *out, size_t panel, size_t row)
{
    const struct place *place = &layout->places[panel];
    size_t left = place->drawn.height - place->rows;
    char text[48];

    (void)snprintf(text, sizeof text, "%zu %s", panel + 1, panel_table()[panel].name);
    lay_words(out, row, 0, LABEL_COLUMNS - 1, STYLE_LABEL, text);
    (void)snprintf(text, sizeof text, "  +%zu", left);
    if (left && place->rows > 1)
        lay_words(out, row + 1, 0, LABEL_COLUMNS - 1, STYLE_FAINT, text);
}

/* Rows between the parts, when all of them are shown anyway. */
static size_t spare_rows(const struct layout *layout, size_t column, size_t room)
{
    size_t used = 0, parts = 0;

    for (size_t i = 0; i < SCREEN_PANEL_COUNT; i++) {
        const struct place *place = &layout->places[i];
        if (column_of(layout, i) != column || place->rows == 0)
            continue;
        if (place->rows < place->drawn.height)
            return 0;
        used += place->rows + (layout->has_titles ? 1 : 0);
        parts++;
    }
    return room >= used + parts ? 1 : 0;
}

static void lay_column(struct layout *layout, struct sheet *out, size_t column, size_t row,
                       size_t room)
{
    size_t at = column * (layout->column_width + GUTTER);

    share_rows(layout, column, room);
    size_t spare = spare_rows(layout, column, room);
    for (size_t i = 0; i < SCREEN_PANEL_COUNT; i++) {
        const struct place *place = &layout->places[i];
        if (column_of(layout, i) != column || place->rows == 0)
            continue;
        if (layout->has_titles)
            lay_title(layout, out, i, row++, at);
        else
            lay_label(layout, out, i, row);
        lay_part(out, place, row, at + (layout->has_titles ? 0 : LABEL_COLUMNS));
        row += place->rows + spare;
    }
}

static size_t whole_height(const struct layout *layout, size_t column)
{
    size_t rows = 0;

    for (size_t i = 0; i < SCREEN_PANEL_COUNT; i++)
        if (column_of(layout, i) == column)
            rows += layout->places[i].drawn.height + 2;
    return rows;
}

static void draw_all(const struct screen_facts *facts, const struct screen_view *view,
                     struct sheet *out)
{
    struct layout layout = {.facts = facts, .view = view};
    size_t top = out->height, room;

    layout.columns = view->width >= 180 ? 3 : view->width >= 110 ? 2 : 1;
    layout.column_width = (view->width - GUTTER * (layout.columns - 1)) / layout.columns;
    layout.has_titles = layout.columns > 1;
    draw_parts(&layout);
    if (layout.has_titles)
        sheet_grow(out, ++top);
    if (view->height == 0) {
        room = 0;
        for (size_t column = 0; column < layout.columns; column++)
            room = whole_height(&layout, column) > room ? whole_height(&layout, column) : room;
    } else {
        room = view->height > top + 1 ? view->height - top - 1 : 0;
    }
    sheet_grow(out, top + room);
    for (size_t column = 0; column < layout.columns; column++)
        lay_column(&layout, out, column, top, room);
    for (size_t i = 0; i < SCREEN_PANEL_COUNT; i++)
        sheet_release(&layout.places[i].drawn);
}

/* --- one part alone --------------------------------------------------------------------------- */

static void draw_one(const struct screen_facts *facts, const struct screen_view *view,
                     struct sheet *out)
{
    const struct panel *panel = &panel_table()[view->panel - 1];
    struct sheet drawn;
    char title[96];

    size_t top = out->height + 1, room = view->height > top + 1 ? view->height - top - 1 : 0;
    struct panel_call call = {.facts = facts, .view = view, .rows = room ? room : 1};
    sheet_init(&drawn, view->width, view->is_ascii);
    panel->draw(&call, &drawn);
    size_t last = drawn.height > room ? drawn.height - room : 0;
    size_t first = view->scroll < last ? view->scroll : last;
    (void)snprintf(title, sizeof title, "%zu %s ", view->panel, panel->name);
    sheet_row(out);
    sheet_put(out, STYLE_LABEL, "%s", title);
    if (last)
        sheet_put(out, STYLE_FAINT, "(rows %zu to %zu of %zu) ", first + 1, first + room,
                  drawn.height);
    while (out->column < out->width && !out->is_failed)
        sheet_glyph(out, STYLE_FAINT, 0x2500);
    sheet_grow(out, top + room);
    sheet_lay(out, top, 0, &drawn, first, room);
    sheet_release(&drawn);
}

static void draw_asking(const struct screen_view *view, struct sheet *out)
{
    struct sheet drawn;
    size_t top = out->height + 1;

    sheet_init(&drawn, view->width, view->is_ascii);
    screen_ask_draw(view->ask, &drawn);
    sheet_grow(out, top + drawn.height);
    sheet_lay(out, top, 0, &drawn, 0, drawn.height);
    sheet_release(&drawn);
}

/* --- the whole -------------------------------------------------------------------------------- */

static void draw_too_small(const struct screen_facts *facts, const struct screen_view *view,
                           struct sheet *out)
{
    const json_t *headline = json_object_get(facts->state, "headline");
    size_t tone = tone_of(headline);
    char text[160];

    (void)snprintf(text, sizeof text, "%zux%zu is too small: make it %dx%d or larger, or q",
                   view->width, view->height, SCREEN_LEAST_WIDTH, SCREEN_LEAST_HEIGHT);
    sheet_row(out);
    sheet_wrap(out, STYLE_WARN, 0, 4, text);
    draw_pause(facts, out);
    sheet_row(out);
    sheet_put(out, tones[tone].style, "%s", tones[tone].sign);
    sheet_wrap(out, tones[tone].style, 0, 20,
               json_text_or(headline, "now", "Asking the servers ..."));
}

static bool is_asking(const struct screen_view *view)
{
    return view->ask && view->ask->state != SCREEN_ASK_NOT;
}

static void draw_keys(const struct screen_view *view, struct sheet *out)
{
    struct sheet keys;

    sheet_init(&keys, view->width, view->is_ascii);
    sheet_row(&keys);
    sheet_put(
        &keys, STYLE_LABEL, "%s",
        view->keys        ? view->keys
        : is_asking(view) ? "Esc leave it"
        : view->panel
            ? "q quit  0 all  Tab next  1-7 one part  ↑↓ PgUp PgDn scroll  t time  a ask"
            : "q quit  Tab or 1-7: one part alone  t time shown  a ask the run  ^L draw again");
    sheet_lay(out, view->height - 1, 0, &keys, 0, 1);
    sheet_release(&keys);
}

void screen_draw(const struct screen_facts *facts, const struct screen_view *view,
                 struct sheet *out)
{
    bool is_small =
        view->height && (view->width < SCREEN_LEAST_WIDTH || view->height < SCREEN_LEAST_HEIGHT);

    sheet_init(out, view->width, view->is_ascii);
    if (is_small) {
        draw_too_small(facts, view, out);
    } else {
        draw_top(facts, out);
        if (is_asking(view))
            draw_asking(view, out);
        else if (view->panel)
            draw_one(facts, view, out);
        else
            draw_all(facts, view, out);
    }
    if (view->height == 0) {
        sheet_trim(out);
        return;
    }
    sheet_grow(out, view->height);
    if (out->height > view->height)
        out->height = view->height;
    if (!is_small)
        draw_keys(view, out);
}

/* Both primaries answer, and neither is open: then the clock runs. While one is silent nobody
 * knows, and a pause that is found afterwards may be older than it looks. */
void screen_note_lag(struct screen_facts *facts, const json_t *lag)
{
    const json_t *nodes = json_object_get(lag, "nodes");
    size_t open = 0, closed = 0;

    for (size_t i = 0; i < json_array_size(nodes); i++) {
        const json_t *node = json_array_get(nodes, i);
        if (!json_bool_or(node, "is_primary", 0) || !json_bool_or(node, "is_reached", 0))
            continue;
        open += json_is_true(json_object_get(node, "is_open"));
        closed += json_is_false(json_object_get(node, "is_open"));
    }
    if (closed < 2) {
        facts->closed_us = 0;
        facts->has_seen_open = open > 0;
    } else if (facts->closed_us == 0) {
        json_int_t since_us = json_int_or(lag, "closed_since_us", 0); /* who tells saw it earlier */
        facts->closed_us = since_us > 0 ? since_us : json_int_or(lag, "at_us", 0);
        facts->is_closed_longer = !facts->has_seen_open;
    }
}
