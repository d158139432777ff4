/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "facts_fixture.h"

static struct service service;
static struct facts facts;

static void apart(void)
{
    fixture_service(&service);
    fixture_facts(&service, &facts);
}

static void test_nothing_read_means_nothing_known(void **state UNUSED)
{
    struct facts empty = {0};
    assert_null(facts_primary(&empty, SIDE_OLD));
    assert_null(facts_link(&empty, SIDE_NEW));
    assert_int_equal(facts_link_exists(&empty, SIDE_NEW), TRI_UNKNOWN);
    assert_int_equal(facts_link_runs(&empty, SIDE_NEW), TRI_UNKNOWN);
    assert_int_equal(facts_is_open(&empty, SIDE_OLD), TRI_UNKNOWN);
}

static void test_an_unreached_primary_is_neither_open_nor_closed(void **state UNUSED)
{
    apart();
    assert_int_equal(facts_is_open(&facts, SIDE_OLD), TRI_YES);
    assert_int_equal(facts_is_open(&facts, SIDE_NEW), TRI_NO);
    facts.nodes[OLD_PRIMARY].is_reached = TRI_NO;
    facts.nodes[NEW_PRIMARY].is_read_only = TRI_UNKNOWN;
    assert_int_equal(facts_is_open(&facts, SIDE_OLD), TRI_UNKNOWN);
    assert_int_equal(facts_is_open(&facts, SIDE_NEW), TRI_UNKNOWN);
}

static void test_an_absent_link_does_not_run(void **state UNUSED)
{
    apart();
    assert_int_equal(facts_link_exists(&facts, SIDE_NEW), TRI_NO);
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_NO);
}

static void test_a_link_runs_only_when_both_threads_run_without_error(void **state UNUSED)
{
    apart();
    struct channel_facts *link = fixture_link(&facts, SIDE_NEW);
    assert_ptr_equal(facts_link(&facts, SIDE_NEW), link);
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_YES);
    link->is_applying = TRI_UNKNOWN;
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_UNKNOWN);
    link->is_receiving = TRI_NO;
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_NO);
    link->is_receiving = link->is_applying = TRI_YES;
    link->apply_errno = 1062;
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_NO);
    link->apply_errno = 0;
    link->receive_errno = 1236;
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_NO);
}

static void test_a_link_to_somewhere_else_does_not_run(void **state UNUSED)
{
    apart();
    struct channel_facts *link = fixture_link(&facts, SIDE_NEW);
    link->source_port++;
    assert_int_equal(facts_link_exists(&facts, SIDE_NEW), TRI_YES);
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_NO);
    link->source_port--;
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_YES);
    link->source_host[0] = 'D'; /* host names have no case */
    assert_int_equal(facts_link_runs(&facts, SIDE_NEW), TRI_YES);
}

static void test_a_channel_of_another_name_is_not_the_link(void **state UNUSED)
{
    apart();
    fixture_channel(&facts.nodes[NEW_PRIMARY], "cutover_reverse", &service.nodes[OLD_PRIMARY]);
    assert_int_equal(facts_link_exists(&facts, SIDE_NEW), TRI_NO);
}

static void test_release_of_zeroed_facts_does_nothing(void **state UNUSED)
{
    struct facts empty = {0};
    facts_release(&empty);
    apart();
    facts.records = calloc(2, sizeof(*facts.records));
    facts.record_count = 2;
    facts_release(&facts);
    assert_null(facts.records);
    assert_int_equal(facts.record_count, 0);
}

static void test_what_to_type_is_in_the_words_of_the_server(void **state UNUSED)
{
    static const struct {
        struct server_version version;
        const char *want;
    } rows[] = {
        {{FLAVOUR_MARIADB, 10, 11, 19}, "START SLAVE 'x'"},
        {{FLAVOUR_MYSQL, 5, 7, 44}, "START SLAVE FOR CHANNEL 'x'"},
        {{FLAVOUR_MYSQL, 8, 0, 21}, "START SLAVE FOR CHANNEL 'x'"},
        {{FLAVOUR_MYSQL, 8, 0, 22}, "START REPLICA FOR CHANNEL 'x'"},
        {{FLAVOUR_MYSQL, 9, 7, 4}, "START REPLICA FOR CHANNEL 'x'"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        const struct node_facts node = {.version = rows[i].version};
        char text[160];
        channel_command(&node, "START", "x", text, sizeof(text));
        assert_string_equal(text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_nothing_read_means_nothing_known),
        cmocka_unit_test(test_an_unreached_primary_is_neither_open_nor_closed),
        cmocka_unit_test(test_an_absent_link_does_not_run),
        cmocka_unit_test(test_a_link_runs_only_when_both_threads_run_without_error),
        cmocka_unit_test(test_a_link_to_somewhere_else_does_not_run),
        cmocka_unit_test(test_a_channel_of_another_name_is_not_the_link),
        cmocka_unit_test(test_what_to_type_is_in_the_words_of_the_server),
        cmocka_unit_test(test_release_of_zeroed_facts_does_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
