/* SPDX-License-Identifier: MIT */
/* What is told about the pause before anybody has to wait. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "domain/forecast.h"

static void test_without_earlier_pauses_only_the_measurement_counts(void **state UNUSED)
{
    assert_float_equal(forecast_blend(14.0, -1), 14.0, 1e-9);
    assert_float_equal(forecast_blend(14.0, 0), 14.0, 1e-9);
    assert_float_equal(forecast_middle(NULL, 0), -1.0, 1e-9);
}

static void test_a_busy_moment_does_not_make_it_more_than_twice_as_long(void **state UNUSED)
{
    double blended = forecast_blend(30.0, 10.0); /* three times what it is as a rule */
    assert_true(blended > 10.0 && blended < 20.0);
    blended = forecast_blend(10.0, 30.0); /* the other way round */
    assert_true(blended > 10.0 && blended < 20.0);
}

static void test_one_earlier_pause_that_went_wrong_does_not_count(void **state UNUSED)
{
    double values[] = {900.0, 11.0, 9.0, 12.0, 10.0};
    assert_float_equal(forecast_middle(values, 5), 11.0, 1e-9);
    double even[] = {12.0, 10.0};
    assert_float_equal(forecast_middle(even, 2), 11.0, 1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_earlier_pauses_only_the_measurement_counts),
        cmocka_unit_test(test_a_busy_moment_does_not_make_it_more_than_twice_as_long),
        cmocka_unit_test(test_one_earlier_pause_that_went_wrong_does_not_count),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
