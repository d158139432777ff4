/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "domain/gtid.h"

static struct gtid_list parse(const char *text)
{
    struct gtid_list list;
    struct err err = {0};
    if (gtid_list_parse(text, &list, &err) != 0)
        fail_msg("%s", err.msg);
    return list;
}

static void assert_text(const struct gtid_list *list, const char *expected)
{
    char text[256];
    assert_int_equal(gtid_list_text(list, text, sizeof(text), NULL), 0);
    assert_string_equal(text, expected);
}

static void test_a_list_is_sorted_by_domain_and_server(void **state UNUSED)
{
    struct gtid_list list = parse(" 2-201-7,\n1-102-3 , 1-101-36\n");
    assert_text(&list, "1-101-36,1-102-3,2-201-7");
}

static void test_an_empty_text_is_the_empty_list(void **state UNUSED)
{
    struct gtid_list list = parse(" \n");
    assert_int_equal(list.count, 0);
    assert_text(&list, "");
}

static void test_the_largest_numbers_survive(void **state UNUSED)
{
    struct gtid_list list = parse("4294967295-4294967295-18446744073709551615");
    assert_text(&list, "4294967295-4294967295-18446744073709551615");
}

static void test_broken_lists_are_refused(void **state UNUSED)
{
    const char *const wrong[] = {"1",
                                 "1-2",
                                 "1-2-",
                                 "1-2-3,",
                                 "1-2-3 4-5-6",
                                 ",1-2-3",
                                 "1-2--3",
                                 "-1-2-3",
                                 "1-2-3,,4-5-6",
                                 "1-2-3x",
                                 "4294967296-1-1",
                                 "1-4294967296-1",
                                 "1-1-18446744073709551616",
                                 "1-2-3,1-2-4",
                                 "3e11fa47:1-5"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct gtid_list list = {.count = 7};
        if (gtid_list_parse(wrong[i], &list, NULL) != ERR_PROTOCOL)
            fail_msg("accepted: %s", wrong[i]);
        assert_int_equal(list.count, 7);
    }
}

static void test_more_items_than_fit_are_refused(void **state UNUSED)
{
    char text[2048] = "";
    size_t used = 0;
    for (int i = 0; i <= GTID_ITEM_CAP; i++)
        used +=
            (size_t)snprintf(text + used, sizeof(text) - used, "%s%d-1-1", i == 0 ? "" : ",", i);
    struct gtid_list list;
    assert_int_equal(gtid_list_parse(text, &list, NULL), ERR_PROTOCOL);
    *strrchr(text, ',') = '\0';
    assert_int_equal(gtid_list_parse(text, &list, NULL), 0);
    assert_int_equal(list.count, GTID_ITEM_CAP);
}

static void test_a_text_that_does_not_fit_is_an_error_and_never_cut_silently(void **state UNUSED)
{
    struct gtid_list list = parse("1-101-36,2-201-7");
    char text[17];
    assert_int_equal(gtid_list_text(&list, text, 16, NULL), ERR_MEMORY);
    assert_int_equal(gtid_list_text(&list, text, 17, NULL), 0);
    assert_int_equal(gtid_list_text(&list, text, 0, NULL), ERR_MEMORY);
}

static void test_covering_compares_sequences_within_each_domain(void **state UNUSED)
{
    struct gtid_list applied = parse("1-101-36,2-201-7");
    struct gtid_list less = parse("1-999-36"), more = parse("1-101-37"), other = parse("3-1-1");
    struct gtid_list none = parse("");
    assert_true(gtid_list_covers(&applied, &less));
    assert_true(gtid_list_covers(&applied, &none));
    assert_false(gtid_list_covers(&applied, &more));
    assert_false(gtid_list_covers(&applied, &other));
    assert_false(gtid_list_covers(&none, &less));
}

static void test_equality_needs_every_item(void **state UNUSED)
{
    struct gtid_list a = parse("1-101-36,2-201-7"), same = parse("2-201-7,1-101-36");
    struct gtid_list server = parse("1-102-36,2-201-7"), shorter = parse("1-101-36");
    struct gtid_list later = parse("1-101-36,2-201-8");
    assert_true(gtid_list_equal(&a, &same));
    assert_false(gtid_list_equal(&a, &server));
    assert_false(gtid_list_equal(&a, &shorter));
    assert_false(gtid_list_equal(&a, &later));
}

static void test_distance_counts_each_domain_once(void **state UNUSED)
{
    struct gtid_list applied = parse("1-101-30,2-201-9");
    struct gtid_list wanted = parse("1-101-36,1-102-34,2-201-7,3-1-5");
    assert_int_equal(gtid_list_distance(&applied, &wanted), 6 + 5);
    assert_int_equal(gtid_list_distance(&wanted, &applied), 2);
    assert_int_equal(gtid_list_sequence(&wanted, 1), 36);
    assert_int_equal(gtid_list_sequence(&wanted, 9), 0);
}

static void test_filter_keeps_one_domain(void **state UNUSED)
{
    struct gtid_list list = parse("1-101-36,1-102-3,2-201-7"), kept;
    gtid_list_filter(&list, 1, &kept);
    assert_text(&kept, "1-101-36,1-102-3");
    gtid_list_filter(&list, 2, &list);
    assert_text(&list, "2-201-7");
}

static void test_errant_is_what_the_source_lacks_by_domain_and_server(void **state UNUSED)
{
    struct gtid_list source = parse("1-101-100,1-102-5"), errant;
    struct gtid_list clean = parse("1-101-90,1-102-5");
    gtid_list_errant(&clean, &source, &errant);
    assert_int_equal(errant.count, 0);

    /* a stray write with a lower sequence than the domain's highest is a stray write all the same
     */
    struct gtid_list stray = parse("1-101-90,1-103-6,2-201-1");
    gtid_list_errant(&stray, &source, &errant);
    assert_text(&errant, "1-103-6,2-201-1");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_list_is_sorted_by_domain_and_server),
        cmocka_unit_test(test_an_empty_text_is_the_empty_list),
        cmocka_unit_test(test_the_largest_numbers_survive),
        cmocka_unit_test(test_broken_lists_are_refused),
        cmocka_unit_test(test_more_items_than_fit_are_refused),
        cmocka_unit_test(test_a_text_that_does_not_fit_is_an_error_and_never_cut_silently),
        cmocka_unit_test(test_covering_compares_sequences_within_each_domain),
        cmocka_unit_test(test_equality_needs_every_item),
        cmocka_unit_test(test_distance_counts_each_domain_once),
        cmocka_unit_test(test_filter_keeps_one_domain),
        cmocka_unit_test(test_errant_is_what_the_source_lacks_by_domain_and_server),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
