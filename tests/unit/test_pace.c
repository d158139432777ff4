/* SPDX-License-Identifier: MIT */
/* How a comparison gives way: the parts that decide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "verify/pace.h"

static const struct pace_limits limits = {
    .chunk_ms = 500, .lag_ms = 1000, .threads_running = 25, .duty_percent = 100};

static void test_a_quiet_pair_of_servers_holds_nothing(void **state UNUSED)
{
    const struct pace_load load = {.lag_ms = 1000, .threads_source = 25, .threads_replica = 25};
    assert_int_equal(pace_judge(&load, &limits), PACE_FREE);
}

static void test_lag_holds(void **state UNUSED)
{
    const struct pace_load load = {.lag_ms = 1001};
    assert_int_equal(pace_judge(&load, &limits), PACE_LAG);
}

static void test_sessions_at_work_on_either_side_hold(void **state UNUSED)
{
    const struct pace_load source = {.threads_source = 26}, replica = {.threads_replica = 26};
    assert_int_equal(pace_judge(&source, &limits), PACE_THREADS);
    assert_int_equal(pace_judge(&replica, &limits), PACE_THREADS);
}

static void test_a_pause_is_told_before_anything_else(void **state UNUSED)
{
    const struct pace_load load = {.lag_ms = 5000, .threads_source = 99, .is_paused = true};
    assert_int_equal(pace_judge(&load, &limits), PACE_PAUSED);
}

static void test_chunks_follow_the_clock_by_at_most_a_factor_of_two(void **state UNUSED)
{
    assert_int_equal(pace_next_rows(10000, 500, 500), 10000);
    assert_int_equal(pace_next_rows(10000, 400, 500), 12500);
    assert_int_equal(pace_next_rows(10000, 1, 500), 20000);
    assert_int_equal(pace_next_rows(10000, 0, 500), 20000);
    assert_int_equal(pace_next_rows(10000, 60000, 500), 5000);
}

static void test_chunks_stay_within_bounds(void **state UNUSED)
{
    uint64_t rows = 1000;
    for (int i = 0; i < 40; i++)
        rows = pace_next_rows(rows, 1, 500);
    assert_int_equal(rows, PACE_ROWS_MAX);
    for (int i = 0; i < 40; i++)
        rows = pace_next_rows(rows, 100000, 500);
    assert_int_equal(rows, PACE_ROWS_MIN);
}

static bool add(struct pace_history *history, uint64_t rows, uint64_t bytes, int64_t took_ms)
{
    return pace_history_add(history,
                            &(struct pace_chunk){.rows = rows, .bytes = bytes, .took_ms = took_ms});
}

static void test_a_chunk_that_takes_three_times_as_long_as_its_like_is_slow(void **state UNUSED)
{
    struct pace_history history = {0};
    for (int i = 0; i < 10; i++)
        assert_false(add(&history, 10000, 1 << 20, 200));
    assert_false(add(&history, 10000, 1 << 20, 400));
    assert_true(add(&history, 10000, 1 << 20, 1200));
    assert_false(add(&history, 30000, 3 << 20, 900)); /* larger, not slower */
}

static void test_a_server_that_stays_slow_becomes_what_is_usual(void **state UNUSED)
{
    struct pace_history history = {0};
    unsigned slow = 0;
    for (int i = 0; i < 10; i++)
        (void)add(&history, 10000, 1 << 20, 200);
    for (int i = 0; i < 20; i++)
        slow += add(&history, 10000, 1 << 20, 1000);
    assert_in_range(slow, 1, 8);
}

static void test_short_chunks_say_nothing_about_slowness(void **state UNUSED)
{
    struct pace_history history = {0};
    assert_false(add(&history, 100, 1000, 1));
    assert_false(add(&history, 100, 1000, 90));
}

static void test_rows_of_another_table_may_cost_more(void **state UNUSED)
{
    struct pace *pace = NULL;
    struct pace_history wide = {0}, narrow = {0};
    const struct pace_chunk bytes = {
        .rows = 1000, .bytes = 64 << 20, .rows_wanted = 1000, .took_ms = 250};
    const struct pace_chunk rows = {
        .rows = 50000, .bytes = 1 << 20, .rows_wanted = 50000, .took_ms = 250};

    assert_int_equal(pace_new(NULL, &pace, NULL), 0);
    for (int i = 0; i < 10; i++)
        assert_int_equal(pace_chunk_done(pace, &wide, &bytes), 2000);
    assert_int_equal(pace_chunk_done(pace, &narrow, &rows), 100000); /* slow would be 25000 */
    assert_int_equal(pace_chunk_done(pace, &wide, &rows), 25000);
    pace_free(pace);
}

static void test_every_reason_but_freedom_has_words(void **state UNUSED)
{
    assert_string_equal(pace_reason_text(PACE_FREE), "");
    for (int reason = PACE_LAG; reason <= PACE_PAUSED; reason++)
        assert_true(pace_reason_text((enum pace_reason)reason)[0]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_quiet_pair_of_servers_holds_nothing),
        cmocka_unit_test(test_lag_holds),
        cmocka_unit_test(test_sessions_at_work_on_either_side_hold),
        cmocka_unit_test(test_a_pause_is_told_before_anything_else),
        cmocka_unit_test(test_chunks_follow_the_clock_by_at_most_a_factor_of_two),
        cmocka_unit_test(test_chunks_stay_within_bounds),
        cmocka_unit_test(test_a_chunk_that_takes_three_times_as_long_as_its_like_is_slow),
        cmocka_unit_test(test_a_server_that_stays_slow_becomes_what_is_usual),
        cmocka_unit_test(test_short_chunks_say_nothing_about_slowness),
        cmocka_unit_test(test_rows_of_another_table_may_cost_more),
        cmocka_unit_test(test_every_reason_but_freedom_has_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
