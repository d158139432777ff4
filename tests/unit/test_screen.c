/* SPDX-License-Identifier: MIT */
/*
 * What stands on the terminal's screen. The situations are screens/situations.json, what they look
 * like are the files beside it, to be looked at by a person; CUTOVER_GOLDEN_UPDATE=1 accepts them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/screen.h"
#include "ctl/screen_panels.h"

#define TEXT_CAP_BYTES ((size_t)1 << 20)

static json_t *situations;

static const char *folder(char out[256])
{
    const char *slash = strrchr(__FILE__, '/');

    (void)snprintf(out, 256, "%.*s/screens", (int)(slash - __FILE__), __FILE__);
    return out;
}

static int setup(void **state)
{
    char path[300], place[256];

    (void)state;
    (void)snprintf(path, sizeof path, "%s/situations.json", folder(place));
    situations = json_load_file(path, 0, NULL);
    return situations ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    json_decref(situations);
    return 0;
}

static struct screen_facts facts_of(const char *name)
{
    const json_t *all = json_object_get(situations, name);

    assert_non_null(all);
    return (struct screen_facts){.lag = json_object_get(all, "lag"),
                                 .state = json_object_get(all, "state"),
                                 .names = json_object_get(all, "names"),
                                 .run = json_object_get(all, "run"),
                                 .trail = json_object_get(all, "trail"),
                                 .events = json_object_get(all, "events"),
                                 .source = json_text_or(all, "source", ""),
                                 .trouble = json_text_or(all, "trouble", ""),
                                 .now_us = json_int_or(all, "now_us", 0),
                                 .heard_us = json_int_or(all, "heard_us", 0),
                                 .closed_us = json_int_or(all, "closed_us", 0),
                                 .is_closed_longer = json_bool_or(all, "is_closed_longer", 0)};
}

static void draw(const char *name, const struct screen_view *view, struct sheet *out)
{
    struct screen_facts facts = facts_of(name);
    struct screen_view whole = *view;

    if (whole.span_us == 0)
        whole.span_us = SCREEN_USUAL_SPAN_US;
    screen_draw(&facts, &whole, out);
    assert_false(out->is_failed);
}

static void add_styles(const struct sheet *sheet, struct buf *out)
{
    for (size_t row = 0; row < sheet->height; row++) {
        for (size_t i = 0; i < sheet->width; i++)
            buf_putc(out, "  slgnwba"[sheet->cells[row * sheet->width + i].style]);
        while (out->len > 0 && out->data[out->len - 1] == ' ')
            out->data[--out->len] = '\0';
        buf_putc(out, '\n');
    }
}

static char *read_whole(const char *path)
{
    CLEANUP(buf_release) struct buf text;
    FILE *file = fopen(path, "r");
    int byte;

    buf_init(&text, TEXT_CAP_BYTES);
    while (file && (byte = fgetc(file)) != EOF)
        buf_putc(&text, (char)byte);
    if (file)
        (void)fclose(file);
    buf_puts(&text, "");
    return buf_take(&text);
}

static void assert_golden(const char *name, const char *text)
{
    char path[400], place[256];

    (void)snprintf(path, sizeof path, "%s/%s.txt", folder(place), name);
    if (getenv("CUTOVER_GOLDEN_UPDATE")) {
        FILE *file = fopen(path, "w");
        assert_non_null(file);
        (void)fputs(text, file);
        (void)fclose(file);
    }
    char *expected = read_whole(path);
    if (!expected || strcmp(expected, text) != 0)
        print_message("%s differs:\n%s", path, text);
    assert_string_equal(expected ? expected : "", text);
    free(expected);
}

/* --- as a person sees it ---------------------------------------------------------------------- */

static const struct {
    const char *situation;
    struct screen_view view;
    bool with_styles;
} screens[] = {
    {"asking", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"mirrored", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"gate", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"approval", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"fenced", {80, 24, false, 0, 0, 0, NULL, NULL}, true},
    {"found-closed", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"switched", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"unsafe", {80, 24, false, 0, 0, 0, NULL, NULL}, true},
    {"silent", {80, 24, false, 0, 0, 0, NULL, NULL}, true},
    {"slow", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"fenced", {60, 15, false, 0, 0, 0, NULL, NULL}, false},
    {"fenced", {40, 10, false, 0, 0, 0, NULL, NULL}, false},
    {"fenced", {120, 40, false, 0, 0, 0, NULL, NULL}, false},
    {"unsafe", {120, 40, false, 0, 0, 0, NULL, NULL}, false},
    {"gate", {200, 60, false, 0, 0, 0, NULL, NULL}, false},
    {"switched", {200, 60, false, 0, 0, 0, NULL, NULL}, false},
    {"gate", {80, 24, true, 0, 0, 0, NULL, NULL}, false},
    {"unsafe", {120, 40, true, 0, 0, 0, NULL, NULL}, false},
    {"gate", {80, 24, false, 1, 0, 0, NULL, NULL}, false},
    {"gate", {80, 24, false, 3, 0, 0, NULL, NULL}, false},
    {"approval", {80, 24, false, 3, 100, 0, NULL, NULL}, false},
    {"approval", {160, 50, false, 0, 0, 0, NULL, NULL}, false},
    {"chase", {80, 24, false, 0, 0, 0, NULL, NULL}, false},
    {"chase", {80, 24, true, 3, 0, 0, NULL, NULL}, false},
    {"chase", {160, 50, false, 0, 0, 0, NULL, NULL}, false},
    {"switched", {100, 0, false, 0, 0, 0, NULL, ""}, false},
};

static void test_each_situation_looks_as_it_was_looked_at(void **state)
{
    (void)state;
    for (size_t i = 0; i < ARRAY_LEN(screens); i++) {
        CLEANUP(sheet_release) struct sheet sheet = {0};
        CLEANUP(buf_release) struct buf text;
        const struct screen_view *view = &screens[i].view;
        char name[128], part[32] = "";

        draw(screens[i].situation, view, &sheet);
        buf_init(&text, TEXT_CAP_BYTES);
        sheet_text(&sheet, &text);
        if (screens[i].with_styles)
            add_styles(&sheet, &text);
        if (view->panel)
            (void)snprintf(part, sizeof part, "-part-%zu", view->panel);
        (void)snprintf(name, sizeof name, "%s-%zux%zu%s%s", screens[i].situation, view->width,
                       view->height, view->is_ascii ? "-ascii" : "", part);
        assert_golden(name, buf_text(&text));
    }
}

/* --- asking the run for something ------------------------------------------------------------ */

static void assert_asking(const char *name, struct screen_ask *ask)
{
    CLEANUP(sheet_release) struct sheet sheet = {0};
    CLEANUP(buf_release) struct buf text;
    const struct screen_view view = {.width = 80, .height = 24, .ask = ask};
    const json_t *run = json_object_get(json_object_get(situations, "approval"), "run");

    ask->people = json_object_get(run, "people");
    draw("approval", &view, &sheet);
    buf_init(&text, TEXT_CAP_BYTES);
    sheet_text(&sheet, &text);
    assert_golden(name, buf_text(&text));
}

static void test_who_asks_is_told_beforehand_what_will_follow(void **state)
{
    (void)state;
    assert_asking("ask-what", &(struct screen_ask){.state = SCREEN_ASK_WHAT});
    assert_asking("ask-word", &(struct screen_ask){.state = SCREEN_ASK_WORD, .typed = "appr"});
    assert_asking("ask-told", &(struct screen_ask){.state = SCREEN_ASK_TOLD,
                                                   .is_refused = true,
                                                   .answer = "the step is another one now"});
}

/* --- whatever the size ------------------------------------------------------------------------ */

static void test_every_size_is_filled_and_no_more(void **state)
{
    const char *name;
    json_t *value;

    (void)state;
    json_object_foreach(situations, name, value)
    {
        for (size_t width = 1; width <= 260; width += 13)
            for (size_t height = 1; height <= 70; height += 7)
                for (size_t panel = 0; panel <= SCREEN_PANEL_COUNT; panel++) {
                    CLEANUP(sheet_release) struct sheet sheet = {0};
                    struct screen_view view = {
                        .width = width, .height = height, .panel = panel, .scroll = 3};
                    draw(name, &view, &sheet);
                    assert_int_equal(sheet.width, width);
                    assert_int_equal(sheet.height, height);
                }
    }
}

static bool is_shown(const struct sheet *sheet, const char *wanted)
{
    CLEANUP(buf_release) struct buf text;

    buf_init(&text, TEXT_CAP_BYTES);
    sheet_text(sheet, &text);
    return strstr(buf_text(&text), wanted) != NULL;
}

static void test_what_a_server_says_cannot_steer_the_terminal(void **state)
{
    (void)state;
    for (size_t panel = 0; panel <= SCREEN_PANEL_COUNT; panel++) {
        CLEANUP(sheet_release) struct sheet sheet = {0};
        struct screen_view view = {.width = 200, .height = 60, .panel = panel};
        draw("gate", &view, &sheet);
        for (size_t i = 0; i < sheet.width * sheet.height; i++) {
            assert_true(sheet.cells[i].glyph >= ' ');
            assert_true(sheet.cells[i].glyph < 0x7f || sheet.cells[i].glyph > 0xa0);
        }
        if (panel == 3)
            assert_true(is_shown(&sheet, "WHERE ?[2Jtitle"));
    }
}

static void test_a_terminal_of_ascii_is_sent_nothing_else(void **state)
{
    const char *name;
    json_t *value;

    (void)state;
    json_object_foreach(situations, name, value)
    {
        CLEANUP(sheet_release) struct sheet sheet = {0};
        struct screen_view view = {.width = 160, .height = 60, .is_ascii = true};
        draw(name, &view, &sheet);
        for (size_t i = 0; i < sheet.width * sheet.height; i++)
            assert_in_range(sheet.cells[i].glyph, 0x20, 0x7e);
    }
}

static void test_the_part_under_way_is_seen_however_long_the_runbook(void **state)
{
    (void)state;
    for (size_t height = SCREEN_LEAST_HEIGHT + 3; height < 40; height++) {
        CLEANUP(sheet_release) struct sheet sheet = {0};
        struct screen_view view = {.width = 80, .height = height};
        draw("fenced", &view, &sheet);
        assert_true(is_shown(&sheet, "under way: 5.2"));
    }
}

/* --- lag -------------------------------------------------------------------------------------- */

static void test_unknown_lag_is_a_gap_and_says_so(void **state)
{
    CLEANUP(sheet_release) struct sheet sheet = {0};
    struct screen_view view = {.width = 80, .height = 24};

    (void)state;
    draw("unsafe", &view, &sheet);
    assert_true(is_shown(&sheet, "OLD → NEW stopped"));
    assert_true(is_shown(&sheet, "NEW → OLD no link"));
    assert_true(is_shown(&sheet, "NEW unknown"));
    assert_false(is_shown(&sheet, "NEW 0"));
}

/* Columns of three seconds: 5 and 3, unknown and 1, 0, then nothing; then more than ten minutes. */
static void test_a_column_that_is_not_wholly_known_is_empty(void **state)
{
    CLEANUP(sheet_release) struct sheet sheet;
    CLEANUP(buf_release) struct buf text;
    CLEANUP(json_release)
    json_t *trail = json_pack("{s:[i,i,i,i,i,i],s:[i,i,n,i,i,i]}", "at_us", 3000000, 4500000,
                              6000000, 7500000, 9000000, 24000000, "forward", 5, 3, 1, 0, 700000);
    const struct lag_chart chart = {.trail = trail,
                                    .link = "forward",
                                    .until_us = 24000000,
                                    .span_us = 24000000,
                                    .columns = 8,
                                    .rows = 1};
    bool has_gap;

    (void)state;
    assert_non_null(trail);
    sheet_init(&sheet, 20, false);
    sheet_row(&sheet);
    lag_chart_draw(&chart, &sheet);
    buf_init(&text, TEXT_CAP_BYTES);
    sheet_text(&sheet, &text);
    assert_string_equal(buf_text(&text), "▁ ▁    █\n");
    assert_float_equal(lag_chart_worst(&chart, &has_gap), 700000, 0.1);
    assert_true(has_gap);
}

static json_t *lag_with(int64_t at_us, const char *old, const char *new)
{
    json_t *page = json_pack("{s:I,s:[{s:b,s:b,s:o},{s:b,s:b,s:o}]}", "at_us", (json_int_t)at_us,
                             "nodes", "is_primary", 1, "is_reached", *old != '?', "is_open",
                             json_loads(*old == '?' ? "null" : old, JSON_DECODE_ANY, NULL),
                             "is_primary", 1, "is_reached", *new != '?', "is_open",
                             json_loads(*new == '?' ? "null" : new, JSON_DECODE_ANY, NULL));

    assert_non_null(page);
    return page;
}

static void note(struct screen_facts *facts, int64_t at_us, const char *old, const char *new)
{
    CLEANUP(json_release) json_t *page = lag_with(at_us, old, new);

    screen_note_lag(facts, page);
}

static void test_the_clock_runs_from_the_first_moment_in_which_nobody_could_write(void **state)
{
    struct screen_facts facts = {0};

    (void)state;
    note(&facts, 1, "true", "false");
    assert_int_equal(facts.closed_us, 0);
    note(&facts, 2, "false", "false");
    note(&facts, 3, "false", "false");
    assert_int_equal(facts.closed_us, 2);
    assert_false(facts.is_closed_longer);
    note(&facts, 4, "false", "true");
    assert_int_equal(facts.closed_us, 0);
}

static void test_a_pause_that_was_found_may_be_older(void **state)
{
    struct screen_facts facts = {0};

    (void)state;
    note(&facts, 1, "?", "?");
    note(&facts, 2, "false", "false");
    assert_int_equal(facts.closed_us, 2);
    assert_true(facts.is_closed_longer);
}

static void test_a_primary_that_does_not_answer_is_not_closed(void **state)
{
    struct screen_facts facts = {0};

    (void)state;
    note(&facts, 1, "true", "false");
    note(&facts, 2, "?", "false");
    assert_int_equal(facts.closed_us, 0);
    note(&facts, 3, "false", "false");
    assert_true(facts.is_closed_longer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_situation_looks_as_it_was_looked_at),
        cmocka_unit_test(test_who_asks_is_told_beforehand_what_will_follow),
        cmocka_unit_test(test_every_size_is_filled_and_no_more),
        cmocka_unit_test(test_what_a_server_says_cannot_steer_the_terminal),
        cmocka_unit_test(test_a_terminal_of_ascii_is_sent_nothing_else),
        cmocka_unit_test(test_the_part_under_way_is_seen_however_long_the_runbook),
        cmocka_unit_test(test_unknown_lag_is_a_gap_and_says_so),
        cmocka_unit_test(test_a_column_that_is_not_wholly_known_is_empty),
        cmocka_unit_test(test_the_clock_runs_from_the_first_moment_in_which_nobody_could_write),
        cmocka_unit_test(test_a_pause_that_was_found_may_be_older),
        cmocka_unit_test(test_a_primary_that_does_not_answer_is_not_closed),
    };

    return cmocka_run_group_tests(tests, setup, teardown);
}
