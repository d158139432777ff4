/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "engine/report.h"

#define CAP_BYTES (1U << 20)

static struct buf out;

static int setup(void **state)
{
    (void)state;
    buf_init(&out, CAP_BYTES);
    return 0;
}

static int teardown(void **state)
{
    (void)state;
    buf_release(&out);
    return 0;
}

/* Takes report. */
static const char *html(json_t *report)
{
    struct err err = {0};

    assert_non_null(report);
    assert_int_equal(report_html(report, &out, &err), 0);
    json_decref(report);
    return buf_text(&out);
}

static size_t count(const char *text, const char *what)
{
    size_t found = 0;

    for (const char *at = strstr(text, what); at; at = strstr(at + 1, what))
        found++;
    return found;
}

static void test_what_a_server_says_never_becomes_markup(void **state)
{
    (void)state;
    const char *text = html(json_pack(
        "{s:s,s:[{s:s,s:s,s:s,s:s,s:s,s:[{s:s,s:s}]}],s:[{s:s,s:s}],s:[s]}", "because",
        "<script>alert(1)</script>", "steps", "id", "1", "state", "failed", "error",
        "\"><img src=x>", "title", "a < b & c", "part", "<b>", "statements", "node", "<n>", "text",
        "SELECT '<i>'", "notes", "name", "approve.yes", "text", "<u>yes</u>", "warnings", "<s>"));
    static const char *const tags[] = {"<script", "<img", "<n>", "<i>", "<u>", "<s>"};
    for (size_t i = 0; i < ARRAY_LEN(tags); i++)
        assert_null(strstr(text, tags[i]));
    assert_non_null(strstr(text, "a &lt; b &amp; c"));
    assert_non_null(strstr(text, "Who said yes"));
}

static void test_nothing_is_fetched(void **state)
{
    (void)state;
    const char *text = html(json_pack("{s:s}", "run", "r"));
    assert_null(strstr(text, "http:"));
    assert_null(strstr(text, "https:"));
    assert_null(strstr(text, "src="));
    assert_null(strstr(text, "url("));
}

static void test_lag_that_was_not_known_is_a_gap(void **state)
{
    (void)state;
    const char *text =
        html(json_pack("{s:[{s:s,s:[[i,i],[i,n],[i,i],[i,i]]}]}", "lag_series", "node", "new:1",
                       "points", 1000000, 5, 2000000, 3000000, 0, 4000000, 7));
    assert_int_equal(count(text, "<polyline"), 2);
    assert_non_null(strstr(text, "7 ms"));
}

static void test_the_pause_is_split_and_beside_its_forecast(void **state)
{
    (void)state;
    const char *text = html(json_pack("{s:f,s:{s:f,s:f,s:[{s:s,s:f},{s:s,s:f}]}}", "write_pause_ms",
                                      8.5, "pause", "ms", 8.5, "forecast_ms", 12.0, "parts", "part",
                                      "drain", "ms", 6.0, "part", "open-to", "ms", 2.5));
    assert_int_equal(count(text, "class=\"bar\""), 2);
    assert_non_null(strstr(text, "forecast 12.0 ms"));
    assert_non_null(strstr(text, "<th>open-to</th><td>2.5 ms</td>"));
}

static void test_what_did_not_happen_is_said_in_words(void **state)
{
    (void)state;
    const char *text = html(json_pack("{s:f,s:n}", "write_pause_ms", -1.0, "pause"));
    assert_non_null(strstr(text, "no time by this run"));
    assert_non_null(strstr(text, "none by this run"));
    assert_null(strstr(text, "The pause</h2>"));
    assert_null(strstr(text, "-1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_a_server_says_never_becomes_markup, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_nothing_is_fetched, setup, teardown),
        cmocka_unit_test_setup_teardown(test_lag_that_was_not_known_is_a_gap, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_pause_is_split_and_beside_its_forecast, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_what_did_not_happen_is_said_in_words, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
