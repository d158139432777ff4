/* SPDX-License-Identifier: MIT */
/* verify/key_text: what is written is read back, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "verify/key_text.h"

static void read_back(const char *text, const char *const *values, const unsigned long *lengths,
                      size_t count)
{
    CLEANUP(key_point_release) struct key_point point = {0};
    struct err err = {0};

    assert_int_equal(verify_key_parse(text, &point, &err), 0);
    assert_true(point.is_set);
    assert_int_equal(point.count, count);
    for (size_t i = 0; i < count; i++) {
        assert_int_equal(point.parts[i].len, lengths[i]);
        assert_memory_equal(buf_text(&point.parts[i]), values[i], lengths[i]);
    }
}

static void test_a_key_is_read_back_as_it_was(void **state)
{
    (void)state;
    const char *const values[] = {"17", "de,%\xff", "", "a\0b"};
    const unsigned long lengths[] = {2, 5, 0, 3};
    char text[64];

    assert_true(verify_key_text_of(values, lengths, 4, text, sizeof text));
    assert_string_equal(text, "17,de%2C%25%FF,%_,a%00b");
    read_back(text, values, lengths, 4);
}

static void test_every_byte_survives(void **state)
{
    (void)state;
    char bytes[256], text[1024];
    const char *const values[] = {bytes};
    const unsigned long lengths[] = {sizeof bytes};

    for (int i = 0; i < 256; i++)
        bytes[i] = (char)i;
    assert_true(verify_key_text_of(values, lengths, 1, text, sizeof text));
    for (size_t i = 0; text[i]; i++)
        assert_in_range(text[i], '!', '~');
    read_back(text, values, lengths, 1);
}

static void test_one_empty_part_is_not_no_key(void **state)
{
    (void)state;
    CLEANUP(key_point_release) struct key_point point = {0};
    const char *const values[] = {""};
    const unsigned long lengths[] = {0};
    char text[8] = "x";
    struct err err = {0};

    assert_true(verify_key_text(&point, text, sizeof text));
    assert_string_equal(text, "");
    assert_int_equal(verify_key_parse("", &point, &err), 0);
    assert_false(point.is_set);
    assert_true(verify_key_text_of(values, lengths, 1, text, sizeof text));
    read_back(text, values, lengths, 1);
}

static void test_what_does_not_fit_is_not_cut(void **state)
{
    (void)state;
    const char *const values[] = {"abcdefgh", "ijklmnop"};
    const unsigned long lengths[] = {8, 8};

    for (size_t size = 1; size < 18; size++) {
        char text[32];
        memset(text, '#', sizeof text);
        assert_false(verify_key_text_of(values, lengths, 2, text, size));
        assert_string_equal(text, "");
        assert_int_equal(text[size], '#');
    }
}

static void test_what_is_no_key_is_refused(void **state)
{
    (void)state;
    const char *const bad[] = {"%", "%4", "%ZZ", "a,", ",a", "a,,b", "%_x"};

    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        CLEANUP(key_point_release) struct key_point point = {0};
        struct err err = {0};
        assert_int_equal(verify_key_parse(bad[i], &point, &err), ERR_PROTOCOL);
        assert_false(point.is_set);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_key_is_read_back_as_it_was),
        cmocka_unit_test(test_every_byte_survives),
        cmocka_unit_test(test_one_empty_part_is_not_no_key),
        cmocka_unit_test(test_what_does_not_fit_is_not_cut),
        cmocka_unit_test(test_what_is_no_key_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
