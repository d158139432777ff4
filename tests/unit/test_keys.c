/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cli/keys.h"

static int last_of(struct keys *keys, const char *bytes)
{
    int key = WATCH_KEY_NONE;

    for (const char *byte = bytes; *byte; byte++)
        key = keys_take(keys, (unsigned char)*byte);
    return key;
}

static void test_a_letter_is_itself(void **state)
{
    struct keys keys = {0};

    (void)state;
    assert_int_equal(keys_take(&keys, 'q'), 'q');
    assert_int_equal(keys_take(&keys, 3), WATCH_KEY_INTERRUPT);
    assert_int_equal(keys_take(&keys, '\r'), WATCH_KEY_ENTER);
    assert_int_equal(keys_take(&keys, '\n'), WATCH_KEY_ENTER);
}

static void test_arrows_come_in_both_modes(void **state)
{
    struct keys keys = {0};

    (void)state;
    assert_int_equal(last_of(&keys, "\033[A"), WATCH_KEY_UP);
    assert_int_equal(last_of(&keys, "\033OB"), WATCH_KEY_DOWN);
    assert_int_equal(last_of(&keys, "\033[5~"), WATCH_KEY_PAGE_UP);
    assert_int_equal(last_of(&keys, "\033[6~"), WATCH_KEY_PAGE_DOWN);
    assert_int_equal(last_of(&keys, "\033[Z"), WATCH_KEY_BACK_TAB);
}

static void test_no_byte_of_a_key_is_another_key(void **state)
{
    struct keys keys = {0};

    (void)state;
    assert_int_equal(keys_take(&keys, 27), WATCH_KEY_NONE);
    assert_int_equal(keys_take(&keys, '['), WATCH_KEY_NONE);
    assert_int_equal(keys_take(&keys, '1'), WATCH_KEY_NONE);
    assert_int_equal(keys_take(&keys, ';'), WATCH_KEY_NONE);
    assert_int_equal(keys_take(&keys, '5'), WATCH_KEY_NONE);
    assert_int_equal(keys_take(&keys, 'q'), WATCH_KEY_NONE);
    assert_int_equal(keys_take(&keys, 'q'), 'q');
}

static void test_escape_alone_is_known_after_a_while(void **state)
{
    struct keys keys = {0};

    (void)state;
    assert_int_equal(keys_take(&keys, 27), WATCH_KEY_NONE);
    assert_int_equal(keys_idle(&keys), WATCH_KEY_ESCAPE);
    assert_int_equal(keys_idle(&keys), WATCH_KEY_NONE);
    assert_int_equal(keys_take(&keys, 'a'), 'a');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_letter_is_itself),
        cmocka_unit_test(test_arrows_come_in_both_modes),
        cmocka_unit_test(test_no_byte_of_a_key_is_another_key),
        cmocka_unit_test(test_escape_alone_is_known_after_a_while),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
