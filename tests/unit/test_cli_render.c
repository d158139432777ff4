/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pty.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/help.h"
#include "cli/render.h"

/* What was written to a stream that is no terminal. */
static char *text_of(FILE *stream, char *out, size_t out_size)
{
    rewind(stream);
    size_t len = fread(out, 1, out_size - 1, stream);
    out[len] = '\0';
    (void)fclose(stream);
    return out;
}

static void test_columns_are_aligned_and_nothing_is_cut_in_a_pipe(void **state UNUSED)
{
    static const char *const titles[] = {"NAME", "WHAT"};
    static const char *const rows[][2] = {{"a", "first"},
                                          {"größer", "a long text that stays whole"},
                                          {NULL, "two\nlines"},
                                          {"b", NULL}};
    CLEANUP(table_release) struct table table;
    char text[512];
    FILE *stream = tmpfile();

    assert_non_null(stream);
    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        table_row(&table, rows[i]);
    table_print(&table, stream);
    assert_string_equal(text_of(stream, text, sizeof text), "NAME    WHAT\n"
                                                            "a       first\n"
                                                            "größer  a long text that stays whole\n"
                                                            "        two lines\n"
                                                            "b\n");
}

static void test_a_table_without_rows_prints_nothing(void **state UNUSED)
{
    static const char *const titles[] = {"NAME"};
    CLEANUP(table_release) struct table table;
    char text[64];
    FILE *stream = tmpfile();

    assert_non_null(stream);
    table_init(&table, titles, ARRAY_LEN(titles));
    table_print(&table, stream);
    assert_string_equal(text_of(stream, text, sizeof text), "");
}

static void test_a_text_is_cut_between_characters_never_within_one(void **state UNUSED)
{
    assert_int_equal(render_width("größer", strlen("größer")), 6);
    assert_int_equal(render_fit("größer", 3), strlen("grö"));
    assert_int_equal(render_fit("größer", 4), strlen("größ"));
    assert_int_equal(render_fit("abc", 9), 3);
    assert_int_equal(render_fit("", 3), 0);
}

/* A terminal of 40 columns: what is written to the stream can be read from *out_master. */
static FILE *terminal(int *out_master)
{
    struct winsize size = {.ws_row = 24, .ws_col = 40};
    int slave = -1;

    assert_int_equal(openpty(out_master, &slave, NULL, NULL, &size), 0);
    FILE *stream = fdopen(slave, "w");
    assert_non_null(stream);
    return stream;
}

static char *shown_on(int master, FILE *stream, char *out, size_t out_size)
{
    size_t used = 0;
    ssize_t len = 0;
    assert_int_equal(fflush(stream), 0);
    int slave = dup(fileno(stream)); /* what is not read yet is lost with the last slave */
    (void)fclose(stream);
    /* The kernel hands lines over one by one: until the last byte that was written has arrived. */
    assert_int_equal(write(slave, "\a", 1), 1);
    while (used == 0 || out[used - 1] != '\a') {
        len = read(master, out + used, out_size - 1 - used);
        assert_true(len > 0);
        used += (size_t)len;
    }
    out[used - 1] = '\0';
    (void)close(slave);
    (void)close(master);
    return out;
}

static void test_on_a_terminal_text_is_wrapped_at_words_below_its_beginning(void **state UNUSED)
{
    char text[512];
    int master = -1;
    FILE *stream = terminal(&master);

    render_labelled(stream, 2, "fix: ", "one two three four five six seven eight nine ten");
    assert_string_equal(shown_on(master, stream, text, sizeof text),
                        "  fix: one two three four five six seven\r\n"
                        "       eight nine ten\r\n");
}

static void test_in_a_pipe_text_is_one_line(void **state UNUSED)
{
    char words[300] = "", text[512];
    FILE *stream = tmpfile();

    assert_non_null(stream);
    for (size_t i = 0; i < 30; i++)
        memcpy(words + i * 9, "abcdefgh ", 10);
    render_labelled(stream, 2, "x ", words);
    (void)text_of(stream, text, sizeof text);
    assert_memory_equal(text, "  x abcdefgh abcdefgh", 21);
    assert_int_equal(strcspn(text, "\n"), strlen(text) - 1);
}

static void test_on_a_terminal_the_last_column_is_cut(void **state UNUSED)
{
    static const char *const titles[] = {"NAME", "WHAT"};
    static const char *const row[] = {"a", "a text that is too long for a terminal of forty"};
    CLEANUP(table_release) struct table table;
    char text[512];
    int master = -1;
    FILE *stream = terminal(&master);

    table_init(&table, titles, ARRAY_LEN(titles));
    table_row(&table, row);
    table_print(&table, stream);
    assert_string_equal(shown_on(master, stream, text, sizeof text),
                        "NAME  WHAT\r\n"
                        "a     a text that is too long for a ter…\r\n");
}

/* Run `act` with standard error in a file, and give what it wrote. */
static char *stderr_of(void (*act)(struct render *render), bool is_quiet, char *out,
                       size_t out_size)
{
    struct cli_options options = {.is_quiet = is_quiet};
    struct render render;
    FILE *stream = tmpfile();
    int kept = dup(STDERR_FILENO);

    assert_true(stream && kept >= 0 && dup2(fileno(stream), STDERR_FILENO) >= 0);
    render_init(&render, &options);
    act(&render);
    render_release(&render);
    assert_true(dup2(kept, STDERR_FILENO) >= 0 && close(kept) == 0);
    return text_of(stream, out, out_size);
}

static void show_often(struct render *render)
{
    for (int i = 0; i < 1000; i++)
        progress_show(render, "row %d", i);
    progress_finish(render, "1000 rows");
}

static void show_slowly(struct render *render)
{
    for (int i = 0; i < 5; i++) {
        render->printed_ms -= 1000; /* as if a second had passed */
        progress_show(render, "row %d", i / 2);
    }
    progress_show(render, "too soon");
    progress_finish(render, "3 rows");
}

static void show_and_log(struct render *render)
{
    render->printed_ms -= 1000;
    progress_show(render, "row 1");
    log_warn("something else");
    progress_finish(render, "done");
}

static void test_in_a_pipe_short_work_says_only_its_last_word(void **state UNUSED)
{
    char text[4096];

    assert_string_equal(stderr_of(show_often, false, text, sizeof text), "1000 rows\n");
}

static void test_in_a_pipe_progress_is_a_line_a_second_when_it_changed(void **state UNUSED)
{
    char text[4096];

    assert_string_equal(stderr_of(show_slowly, false, text, sizeof text),
                        "row 0\nrow 1\nrow 2\n3 rows\n");
}

static void test_quiet_progress_says_nothing(void **state UNUSED)
{
    char text[4096];

    assert_string_equal(stderr_of(show_often, true, text, sizeof text), "");
}

static void test_a_log_line_never_shares_its_line_with_progress(void **state UNUSED)
{
    char text[4096];

    (void)stderr_of(show_and_log, false, text, sizeof text);
    assert_memory_equal(text, "row 1\n", 6);
    assert_non_null(strstr(text, "something else\ndone\n"));
}

static void test_there_is_no_colour_in_a_pipe(void **state UNUSED)
{
    struct cli_options options = {0};
    struct render render;

    render_init(&render, &options);
    render.has_color = false; /* the test itself may run on a terminal */
    assert_string_equal(render_color(&render, COLOR_BAD), "");
    render.has_color = true;
    assert_string_not_equal(render_color(&render, COLOR_BAD), "");
    render_release(&render);
}

static void assert_narrow(const char *text)
{
    for (const char *line = text; *line;) {
        size_t len = strcspn(line, "\n");
        assert_true(len <= 100);
        line += len + (line[len] == '\n');
    }
}

/* "--list" is not named by a line about "--listen". */
static bool names(const char *text, const char *head)
{
    for (const char *at = strstr(text, head); at; at = strstr(at + 1, head))
        if (at[strlen(head)] == ' ' || at[strlen(head)] == '\n')
            return true;
    return false;
}

static void test_every_help_fits_a_terminal_and_names_its_options(void **state UNUSED)
{
    size_t commands = 0, options = 0;
    const struct cli_command *command = cli_command_table(&commands);
    const struct cli_option *option = cli_option_table(&options);

    for (size_t i = 0; i < commands; i++) {
        CLEANUP(buf_release) struct buf text;
        buf_init(&text, HELP_CAP_BYTES);
        help_command(&command[i], &text);
        assert_int_equal(buf_check(&text, NULL), 0);
        assert_narrow(buf_text(&text));
        for (size_t j = 0; j < options; j++) {
            char head[64];
            help_option_head(&option[j], head, sizeof head);
            bool is_named = names(buf_text(&text), head);
            assert_int_equal(is_named, (option[j].commands & CLI_COMMAND_BIT(command[i].id)) != 0);
        }
    }
}

static void test_the_overview_lists_what_is_not_hidden(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf text;
    size_t count = 0;
    const struct cli_command *rows = cli_command_table(&count);

    buf_init(&text, HELP_CAP_BYTES);
    help_overview(&text);
    assert_narrow(buf_text(&text));
    for (size_t i = 0; i < count; i++)
        assert_int_equal(strstr(buf_text(&text), rows[i].summary) == NULL, rows[i].is_hidden);
}

static void test_no_text_of_the_manual_is_taken_for_a_request(void **state UNUSED)
{
    static const char *const requests[] = {".TH", ".SH", ".SS", ".PP", ".TP", ".B",
                                           ".BR", ".RS", ".RE", ".nf", ".fi", ".\\\""};
    CLEANUP(buf_release) struct buf text;

    buf_init(&text, HELP_CAP_BYTES);
    man_page(&text);
    assert_int_equal(buf_check(&text, NULL), 0);
    for (const char *line = buf_text(&text); *line;) {
        size_t len = strcspn(line, "\n"), word = strcspn(line, " \n");
        bool is_known = line[0] != '.' && line[0] != '\'';
        for (size_t i = 0; i < ARRAY_LEN(requests); i++)
            if (strlen(requests[i]) == word && strncmp(line, requests[i], word) == 0)
                is_known = true;
        if (!is_known)
            print_error("%.*s\n", (int)len, line);
        assert_true(is_known);
        line += len + (line[len] == '\n');
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_columns_are_aligned_and_nothing_is_cut_in_a_pipe),
        cmocka_unit_test(test_a_table_without_rows_prints_nothing),
        cmocka_unit_test(test_a_text_is_cut_between_characters_never_within_one),
        cmocka_unit_test(test_on_a_terminal_text_is_wrapped_at_words_below_its_beginning),
        cmocka_unit_test(test_in_a_pipe_text_is_one_line),
        cmocka_unit_test(test_on_a_terminal_the_last_column_is_cut),
        cmocka_unit_test(test_in_a_pipe_short_work_says_only_its_last_word),
        cmocka_unit_test(test_in_a_pipe_progress_is_a_line_a_second_when_it_changed),
        cmocka_unit_test(test_quiet_progress_says_nothing),
        cmocka_unit_test(test_a_log_line_never_shares_its_line_with_progress),
        cmocka_unit_test(test_there_is_no_colour_in_a_pipe),
        cmocka_unit_test(test_every_help_fits_a_terminal_and_names_its_options),
        cmocka_unit_test(test_the_overview_lists_what_is_not_hidden),
        cmocka_unit_test(test_no_text_of_the_manual_is_taken_for_a_request),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
