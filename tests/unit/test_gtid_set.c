/* SPDX-License-Identifier: MIT */
/* Sets of MySQL transactions, as servers print them, and what is missing where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/attr.h"
#include "domain/gtid_set.h"

#define A "3e11fa47-71ca-11e1-9e33-c80aa9429562"
#define B "4f22fa47-71ca-11e1-9e33-c80aa9429562"

static struct gtid_set set_of(const char *text)
{
    struct gtid_set set;
    struct err err = {0};
    if (gtid_set_parse(text, &set, &err) != 0)
        fail_msg("%s: %s", text, err.msg);
    return set;
}

static void assert_text(const struct gtid_set *set, const char *want)
{
    char text[4096];
    struct err err = {0};
    assert_int_equal(gtid_set_text(set, text, sizeof(text), &err), 0);
    assert_string_equal(text, want);
}

static void assert_reads_as(const char *text, const char *want)
{
    struct gtid_set set = set_of(text);
    assert_text(&set, want);
}

static void test_a_set_is_read_as_servers_write_it(void **state UNUSED)
{
    assert_reads_as("", "");
    assert_reads_as(" \n", "");
    assert_reads_as(A ":1", A ":1");
    assert_reads_as(A ":1-5:7:9-12", A ":1-5:7:9-12");
    assert_reads_as(B ":2,\n" A ":1-3", A ":1-3," B ":2");
    assert_reads_as("3E11FA47-71CA-11E1-9E33-C80AA9429562:1-2", A ":1-2");
}

static void test_a_tag_holds_for_the_ranges_behind_it(void **state UNUSED)
{
    assert_reads_as(A ":1-8:cutover:1", A ":1-8:cutover:1");
    assert_reads_as(A ":cutover:1-3:5:other:2", A ":cutover:1-3:5:other:2");
    assert_reads_as(A ":Cutover:1," A ":1-8", A ":1-8:cutover:1");
    struct gtid_set tagged = set_of(A ":cutover:1"), plain = set_of(A ":1");
    assert_false(gtid_set_equal(&tagged, &plain));
    assert_int_equal(gtid_set_missing(&plain, &tagged), 1);
}

static void test_ranges_that_touch_or_overlap_are_one(void **state UNUSED)
{
    assert_reads_as(A ":5-7:1-4", A ":1-7");
    assert_reads_as(A ":1-3:2-9:20:10", A ":1-10:20");
    assert_reads_as(A ":1," A ":2," A ":4", A ":1-2:4");
    assert_reads_as(A ":1:3:5:7:2-6", A ":1-7");
}

static void test_what_is_no_set_is_refused(void **state UNUSED)
{
    static const char *const wrong[] = {
        "0-1-5",
        A,
        A ":",
        A ":0",
        A ":5-3",
        A ":1,",
        A ":1 " B ":1",
        "," A ":1",
        A ":tag",
        A ":1-",
        A ":-3",
        "3e11fa47-71ca-11e1-9e33-c80aa942956:1",
        A ":tag:tag2:1x",
        A ":99999999999999999999",
        A ":a_tag_that_is_longer_than_thirty_two_characters:1",
    };
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct gtid_set set;
        struct err err = {0};
        if (gtid_set_parse(wrong[i], &set, &err) != ERR_PROTOCOL)
            fail_msg("\"%s\" was taken for a set", wrong[i]);
        assert_int_equal(err.effect, EFFECT_NONE);
    }
}

static void test_a_set_with_too_many_gaps_is_refused_and_not_cut_short(void **state UNUSED)
{
    char text[8192];
    size_t len = (size_t)snprintf(text, sizeof(text), "%s", A);
    for (int i = 0; i < GTID_RANGE_CAP; i++)
        len += (size_t)snprintf(text + len, sizeof(text) - len, ":%d", 2 * i + 1);
    struct gtid_set set = set_of(text);
    assert_int_equal(set.range_count, GTID_RANGE_CAP);
    (void)snprintf(text + len, sizeof(text) - len, ":%d", 4 * GTID_RANGE_CAP);
    struct err err = {0};
    assert_int_equal(gtid_set_parse(text, &set, &err), ERR_PROTOCOL);
    assert_non_null(strstr(err.msg, "more than"));
}

static void test_a_text_without_room_is_an_error(void **state UNUSED)
{
    char text[40];
    struct gtid_set set = set_of(A ":1-5");
    struct err err = {0};
    assert_int_equal(gtid_set_text(&set, text, sizeof(text), &err), ERR_MEMORY);
}

static void assert_subtract(const char *from, const char *taken, const char *want)
{
    struct gtid_set a = set_of(from), b = set_of(taken), rest;
    struct err err = {0};
    assert_int_equal(gtid_set_subtract(&a, &b, &rest, &err), 0);
    assert_text(&rest, want);
    struct gtid_set expected = set_of(want);
    assert_int_equal(gtid_set_missing(&b, &a), gtid_set_count(&expected));
    assert_int_equal(gtid_set_contains(&b, &a), want[0] == '\0');
}

static void test_what_one_set_has_and_another_lacks(void **state UNUSED)
{
    assert_subtract(A ":1-10", "", A ":1-10");
    assert_subtract("", A ":1-10", "");
    assert_subtract(A ":1-10", A ":1-10", "");
    assert_subtract(A ":1-10", A ":3-5", A ":1-2:6-10");
    assert_subtract(A ":1-10", A ":1:5:10", A ":2-4:6-9");
    assert_subtract(A ":1-3:7-9", A ":2-8", A ":1:9");
    assert_subtract(A ":1-10," B ":1-2", A ":1-20", B ":1-2");
    assert_subtract(A ":1-10:tag:1-2", A ":1-9:tag:2", A ":10:tag:1");
    assert_subtract(A ":5", A ":1-3:7-9", A ":5");
}

static void test_two_sets_are_joined(void **state UNUSED)
{
    struct gtid_set a = set_of(A ":1-3"), b = set_of(A ":4:9," B ":1"), all;
    struct err err = {0};
    assert_int_equal(gtid_set_join(&a, &b, &all, &err), 0);
    assert_text(&all, A ":1-4:9," B ":1");
    assert_int_equal(gtid_set_join(&a, &b, &a, &err), 0);
    assert_true(gtid_set_equal(&a, &all));
    assert_true(gtid_set_contains(&all, &b));
    assert_false(gtid_set_contains(&b, &all));
}

static void test_a_servers_own_transactions_are_told_from_others(void **state UNUSED)
{
    uint8_t uuid[GTID_UUID_SIZE];
    struct gtid_set set = set_of(A ":1-3:5:tag:7," B ":1-2"), part;
    assert_true(gtid_uuid_parse(A, uuid));
    gtid_set_of_uuid(&set, uuid, &part);
    assert_text(&part, A ":1-3:5:tag:7");
    gtid_set_without_uuid(&set, uuid, &part);
    assert_text(&part, B ":1-2");
    assert_true(gtid_uuid_parse(B, uuid));
    gtid_set_of_uuid(&set, uuid, &part);
    assert_text(&part, B ":1-2");
}

static void test_a_uuid_is_read_and_written(void **state UNUSED)
{
    uint8_t uuid[GTID_UUID_SIZE];
    char text[GTID_UUID_TEXT_SIZE];
    assert_true(gtid_uuid_parse("3E11FA47-71CA-11E1-9E33-C80AA9429562", uuid));
    gtid_uuid_text(uuid, text);
    assert_string_equal(text, A);
    assert_false(gtid_uuid_parse(A "0", uuid));
    assert_false(gtid_uuid_parse("", uuid));
    assert_false(gtid_uuid_parse("3e11fa4771ca11e19e33c80aa9429562", uuid));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_set_is_read_as_servers_write_it),
        cmocka_unit_test(test_a_tag_holds_for_the_ranges_behind_it),
        cmocka_unit_test(test_ranges_that_touch_or_overlap_are_one),
        cmocka_unit_test(test_what_is_no_set_is_refused),
        cmocka_unit_test(test_a_set_with_too_many_gaps_is_refused_and_not_cut_short),
        cmocka_unit_test(test_a_text_without_room_is_an_error),
        cmocka_unit_test(test_what_one_set_has_and_another_lacks),
        cmocka_unit_test(test_two_sets_are_joined),
        cmocka_unit_test(test_a_servers_own_transactions_are_told_from_others),
        cmocka_unit_test(test_a_uuid_is_read_and_written),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
