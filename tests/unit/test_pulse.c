/* SPDX-License-Identifier: MIT */
/* Between two pulses whoever was held gets his commit done. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "domain/pulse.h"

static bool is_rested(unsigned held, uint64_t done, int64_t rested_ms)
{
    const struct pulse_rest rest = {.held = held, .done = done, .rested_ms = rested_ms};
    return pulse_is_rested(&rest);
}

static void test_nobody_is_held_twice_for_one_commit(void **state UNUSED)
{
    assert_false(is_rested(64, 63, PULSE_REST_MIN_MS));
    assert_false(is_rested(64, 63, PULSE_REST_MAX_MS - 1));
    assert_true(is_rested(64, 64, PULSE_REST_MIN_MS));
}

static void test_a_rest_is_no_longer_than_their_commits_need(void **state UNUSED)
{
    assert_true(is_rested(8, 8, PULSE_REST_MIN_MS));
    assert_true(is_rested(8, 800, PULSE_REST_MIN_MS));
}

static void test_whoever_was_let_go_has_a_moment_even_if_nobody_was_held(void **state UNUSED)
{
    assert_false(is_rested(0, 0, 0));
    assert_false(is_rested(0, 100, PULSE_REST_MIN_MS - 1));
    assert_true(is_rested(0, 0, PULSE_REST_MIN_MS));
}

static void test_a_commit_that_never_comes_is_not_waited_for_for_ever(void **state UNUSED)
{
    assert_true(is_rested(8, 0, PULSE_REST_MAX_MS));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nobody_is_held_twice_for_one_commit),
        cmocka_unit_test(test_a_rest_is_no_longer_than_their_commits_need),
        cmocka_unit_test(test_whoever_was_let_go_has_a_moment_even_if_nobody_was_held),
        cmocka_unit_test(test_a_commit_that_never_comes_is_not_waited_for_for_ever),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
