/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "ctl/lag_page.h"

#define SECOND_US INT64_C(1000000)

static struct lag_history *history;
static struct lag_snapshot snapshot;

static int setup(void **state)
{
    struct err err = {0};

    (void)state;
    snapshot = (struct lag_snapshot){.at_ms = 10000,
                                     .link_lag_ms = {LAG_INFINITE, LAG_INFINITE},
                                     .node_count = 2,
                                     .nodes = {{.name = "old:1",
                                                .side = SIDE_OLD,
                                                .is_primary = true,
                                                .is_reached = true,
                                                .is_open = TRI_YES,
                                                .sampled_ms = 10000,
                                                .receive_lag_ms = LAG_INFINITE,
                                                .apply_lag_ms = {LAG_INFINITE, LAG_INFINITE}},
                                               {.name = "new:1",
                                                .side = SIDE_NEW,
                                                .is_primary = true,
                                                .is_reached = true,
                                                .sampled_ms = 10000,
                                                .receive_lag_ms = LAG_INFINITE,
                                                .apply_lag_ms = {LAG_INFINITE, LAG_INFINITE}}}};
    return lag_history_new(&history, &err);
}

static int teardown(void **state)
{
    (void)state;
    lag_history_free(history);
    return 0;
}

static void note(int64_t at_us, int64_t forward_ms)
{
    snapshot.link_lag_ms[SIDE_NEW] = forward_ms;
    lag_history_note(history, &snapshot, at_us);
}

static void assert_history(int64_t since_us, size_t points, const char *expected)
{
    CLEANUP(json_release) json_t *value = lag_history_json(history, since_us, points);
    char *text = json_dumps(json_object_get(value, "forward"), JSON_COMPACT);

    assert_string_equal(text, expected);
    free(text);
}

static void test_what_is_not_known_is_a_gap_and_never_zero(void **state)
{
    (void)state;
    note(1, 3);
    note(2, LAG_INFINITE);
    note(3, 0);
    assert_history(0, 10, "[3,null,0]");
}

static void test_a_point_of_many_is_the_worst_of_them_and_unknown_when_one_was(void **state)
{
    (void)state;
    note(1, 3);
    note(2, 9);
    note(3, 1);
    note(4, LAG_INFINITE);
    assert_history(0, 2, "[9,null]");
}

static void test_only_what_is_newer_is_told(void **state)
{
    (void)state;
    note(1, 3);
    note(2, 9);
    note(3, 1);
    assert_history(2, 10, "[1]");
}

static void test_the_oldest_is_forgotten(void **state)
{
    CLEANUP(json_release) json_t *value = NULL;

    (void)state;
    for (int64_t i = 1; i <= LAG_HISTORY_CAP + 5; i++)
        note(i, i);
    value = lag_history_json(history, 0, LAG_HISTORY_CAP);
    assert_int_equal(json_array_size(json_object_get(value, "at_us")), LAG_HISTORY_CAP);
    assert_int_equal(json_integer_value(json_array_get(json_object_get(value, "at_us"), 0)), 6);
}

static void test_writes_are_counted_over_the_last_second(void **state)
{
    (void)state;
    for (int i = 0; i <= 20; i++) {
        snapshot.nodes[0].commits = 1000 + (uint64_t)i * 5;
        note(i * SECOND_US / 10, 0);
    }
    assert_true(lag_history_writes(history, SIDE_OLD) > 49.9);
    assert_true(lag_history_writes(history, SIDE_OLD) < 50.1);
    assert_true(lag_history_writes(history, SIDE_NEW) < 0);
}

static void test_a_log_that_begins_anew_makes_the_rate_unknown(void **state)
{
    (void)state;
    snapshot.nodes[0].commits = 1000;
    note(SECOND_US, 0);
    snapshot.nodes[0].commits = 3;
    note(SECOND_US + SECOND_US / 10, 0);
    assert_true(lag_history_writes(history, SIDE_OLD) < 0);
}

static void test_a_node_that_fell_silent_is_not_called_open(void **state)
{
    (void)state;
    snapshot.nodes[0].sampled_ms = snapshot.at_ms - SAMPLER_FRESH_MS - 1;
    CLEANUP(json_release) json_t *page = lag_page(history, &snapshot, 1);
    const json_t *node = json_array_get(json_object_get(page, "nodes"), 0);
    assert_true(json_is_null(json_object_get(node, "is_open")));
    assert_true(json_is_false(json_object_get(node, "is_reached")));
    assert_true(json_is_null(
        json_object_get(json_object_get(json_object_get(page, "links"), "forward"), "lag_ms")));
}

static json_int_t closed_since(int64_t at_us, enum tri old, enum tri new)
{
    snapshot.nodes[0].is_open = old;
    snapshot.nodes[1].is_open = new;
    note(at_us, 0);
    CLEANUP(json_release) json_t *page = lag_page(history, &snapshot, at_us);
    return json_int_or(page, "nobody_writes_since_us", -1);
}

static void test_a_pause_begins_when_both_are_closed_and_silence_does_not_end_it(void **state)
{
    (void)state;
    assert_int_equal(closed_since(1, TRI_NO, TRI_YES), 0);
    assert_int_equal(closed_since(2, TRI_NO, TRI_UNKNOWN), -1);
    assert_int_equal(closed_since(3, TRI_NO, TRI_NO), 3);
    assert_int_equal(closed_since(4, TRI_UNKNOWN, TRI_NO), -1);
    assert_int_equal(closed_since(5, TRI_NO, TRI_NO), 3);
    assert_int_equal(closed_since(6, TRI_UNKNOWN, TRI_YES), 0);
    assert_int_equal(closed_since(7, TRI_NO, TRI_NO), 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_what_is_not_known_is_a_gap_and_never_zero, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_a_point_of_many_is_the_worst_of_them_and_unknown_when_one_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_only_what_is_newer_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_oldest_is_forgotten, setup, teardown),
        cmocka_unit_test_setup_teardown(test_writes_are_counted_over_the_last_second, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_log_that_begins_anew_makes_the_rate_unknown, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_node_that_fell_silent_is_not_called_open, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(
            test_a_pause_begins_when_both_are_closed_and_silence_does_not_end_it, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
