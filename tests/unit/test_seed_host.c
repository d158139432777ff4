/* SPDX-License-Identifier: MIT */
/* What a host prints about itself, read line by line. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/attr.h"
#include "cluster/seed_host.h"

static struct ssh_result result;

static void say(const char *text)
{
    ssh_result_release(&result);
    buf_init(&result.out, 4096);
    buf_puts(&result.out, text);
}

static int forget(void **state UNUSED)
{
    ssh_result_release(&result);
    result = (struct ssh_result){0};
    return 0;
}

static void test_a_value_is_what_follows_its_own_key_and_nothing_else(void **state UNUSED)
{
    char value[32];

    say("used=10\nused_more=11\nempty=\nlast=a=b");
    seed_host_value(&result, "used", value, sizeof value);
    assert_string_equal(value, "10");
    assert_int_equal(seed_host_number(&result, "used_more"), 11);
    seed_host_value(&result, "empty", value, sizeof value);
    assert_string_equal(value, "");
    seed_host_value(&result, "last", value, sizeof value);
    assert_string_equal(value, "a=b");
    seed_host_value(&result, "more", value, sizeof value);
    assert_string_equal(value, "");
    assert_int_equal(seed_host_number(&result, "absent"), 0);
}

static void test_every_line_of_a_key_is_seen_once_and_cut_to_fit(void **state UNUSED)
{
    const char *at = NULL;
    char value[5];

    say("folder=blog\nother=x\nfolder=shop\nfolder=much too long\n");
    assert_true(seed_host_next(&result, "folder", &at, value, sizeof value));
    assert_string_equal(value, "blog");
    assert_true(seed_host_next(&result, "folder", &at, value, sizeof value));
    assert_string_equal(value, "shop");
    assert_true(seed_host_next(&result, "folder", &at, value, sizeof value));
    assert_string_equal(value, "much");
    assert_false(seed_host_next(&result, "folder", &at, value, sizeof value));
    assert_false(seed_host_next(&result, "folder", &at, value, sizeof value));
}

static void test_an_end_that_never_began_ends_well(void **state UNUSED)
{
    struct seed_end end = {0};
    struct err err = {0};

    seed_end_stop(&end);
    assert_int_equal(seed_end_join(&end, &err), 0);
    seed_end_release(&end);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_a_value_is_what_follows_its_own_key_and_nothing_else,
                                  forget),
        cmocka_unit_test_teardown(test_every_line_of_a_key_is_seen_once_and_cut_to_fit, forget),
        cmocka_unit_test(test_an_end_that_never_began_ends_well),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
