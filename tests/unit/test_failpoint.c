/* SPDX-License-Identifier: MIT */
/* What a test arms, and nothing else, fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/failpoint.h"

static int arm(const char *text)
{
    struct err err = {0};

    assert_int_equal(setenv("CUTOVER_FAILPOINT", text, 1), 0);
    return failpoint_arm_from_env(&err);
}

static void test_each_point_of_several_fails_at_its_own_hit(void **state UNUSED)
{
    struct err err = {0};

    assert_int_equal(arm("error@first,error@second#2"), 0);
    assert_int_equal(failpoint_hit("third", &err), 0);
    assert_int_equal(failpoint_hit("second", &err), 0);
    assert_int_equal(failpoint_hit("first", &err), ERR_SERVER);
    assert_string_equal(err.msg, "failpoint first");
    assert_int_equal(failpoint_hit("first", &err), 0); /* once */
    assert_int_equal(failpoint_hit("second", &err), ERR_SERVER);
    assert_string_equal(err.msg, "failpoint second");
}

static void test_what_cannot_be_understood_arms_nothing(void **state UNUSED)
{
    static const char *const wrong[] = {"explode@here", "kill@", "error@here#0", "error@here,then",
                                        "error@a,error@b,error@c,error@d,error@e"};
    struct err err = {0};

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(arm(wrong[i]), ERR_USAGE);
    assert_int_equal(failpoint_hit("here", &err), 0);
    assert_int_equal(failpoint_hit("a", &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_cannot_be_understood_arms_nothing),
        cmocka_unit_test(test_each_point_of_several_fails_at_its_own_hit),
    };
    return cmocka_run_group_tests_name("base/failpoint", tests, NULL, NULL);
}
