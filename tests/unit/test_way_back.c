/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/way_back.h"
#include "facts_fixture.h"

static struct service service;
static struct facts facts;
static struct verdict verdict;
static struct way_back_look look;
static struct way_back way;

static struct position at(const char *text)
{
    struct position position;
    assert_int_equal(position_parse(FLAVOUR_MARIADB, text, &position, NULL), 0);
    return position;
}

/* OLD has applied everything that NEW wrote; NEW's log begins at its first transaction. */
static void positions(const char *applied, const char *written)
{
    facts.nodes[OLD_PRIMARY].slave_pos = at(applied);
    facts.nodes[NEW_PRIMARY].binlog_pos = at(written);
}

static void mirrored(void)
{
    fixture_service(&service);
    fixture_facts(&service, &facts);
    fixture_link(&facts, SIDE_NEW);
    fixture_link(&facts, SIDE_OLD);
    fixture_stagger(&facts, 2, 1, 2);
    facts.wall_us = 1000 * 1000000LL;
    positions("2-201-40", "1-101-900,2-201-40");
    look = (struct way_back_look){.has_lag = true,
                                  .lag_us = 3000,
                                  .has_pause = true,
                                  .pause_ms = 12,
                                  .was_fenced = TRI_NO,
                                  .may_share = TRI_YES,
                                  .has_log = TRI_YES,
                                  .has_expiry = TRI_YES,
                                  .expire_s = 864000,
                                  .is_schema_same = TRI_YES};
    look.log_begins = at("1-101-100,2-201-1");
}

static void switched(void)
{
    mirrored();
    fixture_open(&facts, SIDE_OLD, false);
    fixture_open(&facts, SIDE_NEW, true);
}

static void shared(void)
{
    mirrored();
    fixture_open(&facts, SIDE_NEW, true);
}

static void judge(void)
{
    situation_judge(&facts, &verdict);
    way_back_judge(&facts, &verdict, &look, &way);
}

static void break_link(void)
{
    struct channel_facts *link = &facts.nodes[OLD_PRIMARY].channels[0];
    link->is_applying = TRI_NO;
    link->apply_errno = 1062;
    snprintf(link->apply_error, sizeof(link->apply_error), "Duplicate entry '7'");
}

static const struct way_back_end *end_of(enum way_back_end_kind kind)
{
    for (size_t i = 0; i < way.end_count; i++)
        if (way.ends[i].kind == kind)
            return &way.ends[i];
    fail_msg("no end by %s", way_back_end_name(kind));
    return NULL;
}

/* --- which way -------------------------------------------------------------------------------- */

static void arrange_switched_fenced(void)
{
    switched();
    look.was_fenced = TRI_YES;
}

static void arrange_switched_restarted(void)
{
    switched();
    look.may_share = TRI_NO;
    snprintf(look.may_share_why, sizeof(look.may_share_why), "OLD has restarted");
}

static void arrange_shared_restarted(void)
{
    shared();
    look.may_share = TRI_NO;
    snprintf(look.may_share_why, sizeof(look.may_share_why), "OLD has restarted");
}

static void arrange_fenced_run(void)
{
    mirrored();
    fixture_open(&facts, SIDE_OLD, false);
    look.has_open_run = true;
}

static void arrange_fenced_committed(void)
{
    arrange_fenced_run();
    look.is_committed = true;
}

static void arrange_flipping(void)
{
    switched();
    facts.dns = DNS_MIXED;
}

static void arrange_flipping_back(void)
{
    mirrored();
    facts.dns = DNS_MIXED;
}

static void arrange_broken(void)
{
    switched();
    break_link();
}

static void arrange_new_gone(void)
{
    switched();
    facts.nodes[NEW_PRIMARY].is_reached = TRI_NO;
}

static void arrange_new_gone_before(void)
{
    mirrored();
    facts.nodes[NEW_PRIMARY].is_reached = TRI_NO;
}

static void arrange_old_gone(void)
{
    switched();
    facts.nodes[OLD_PRIMARY].is_reached = TRI_NO;
}

static void arrange_only_stopped(void)
{
    switched();
    facts.nodes[OLD_PRIMARY].channels[0].is_applying = TRI_NO;
}

static void arrange_unknown_link(void)
{
    switched();
    facts.nodes[OLD_PRIMARY].channels[0].uses_gtid = TRI_UNKNOWN;
}

static void arrange_retired(void)
{
    fixture_service(&service);
    fixture_facts(&service, &facts);
    fixture_open(&facts, SIDE_OLD, false);
    fixture_open(&facts, SIDE_NEW, true);
}

static void test_each_situation_has_its_way(void **state UNUSED)
{
    static const struct {
        void (*arrange)(void);
        enum way_back_how how;
        enum tri is_possible;
        const char *why;
    } cases[] = {
        {mirrored, WAY_BACK_NOTHING, TRI_NO, "users are on OLD"},
        {shared, WAY_BACK_SHARED, TRI_YES, "both sides are open"},
        {arrange_shared_restarted, WAY_BACK_NONE, TRI_NO, "settle"},
        {switched, WAY_BACK_SHARED, TRI_YES, "shared, as the move was"},
        {arrange_switched_fenced, WAY_BACK_FENCED, TRI_YES, "fenced, as the move was"},
        {arrange_switched_restarted, WAY_BACK_FENCED, TRI_YES, "because OLD has restarted"},
        {arrange_fenced_run, WAY_BACK_ABORT, TRI_YES, "has not committed"},
        {arrange_fenced_committed, WAY_BACK_FENCED, TRI_YES, "closed already"},
        {arrange_flipping, WAY_BACK_FENCED, TRI_YES, "closed already"},
        {arrange_flipping_back, WAY_BACK_NOTHING, TRI_NO, "OLD takes the writes"},
        {arrange_broken, WAY_BACK_LOSSY, TRI_NO, "mend the cause"},
        {arrange_new_gone, WAY_BACK_LOSSY, TRI_NO, "bring NEW back"},
        {arrange_new_gone_before, WAY_BACK_NOTHING, TRI_NO, "OLD takes the writes"},
        {arrange_old_gone, WAY_BACK_NONE, TRI_UNKNOWN, "OLD does not answer"},
        {arrange_only_stopped, WAY_BACK_NONE, TRI_NO, "START SLAVE 'cutover_reverse'"},
        {arrange_unknown_link, WAY_BACK_NONE, TRI_NO, "does not use GTID"},
        {arrange_retired, WAY_BACK_NONE, TRI_NO, "the links are gone"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        char text[800];
        cases[i].arrange();
        judge();
        if (way.how != cases[i].how || way.is_possible != cases[i].is_possible)
            fail_msg("case %zu is %s, possible %s: %s", i, way_back_how_name(way.how),
                     tri_text(way.is_possible), way.why);
        if (strstr(way.why, cases[i].why) == NULL)
            fail_msg("case %zu: \"%s\" is not in \"%s\"", i, cases[i].why, way.why);
        bool has_command = way.is_possible == TRI_YES || way.how == WAY_BACK_LOSSY;
        assert_int_equal(has_command, way.command[0] != '\0');
        way_back_text(&way, text, sizeof(text));
        assert_int_equal(strncmp(text, "yes", 3) == 0, way.is_possible == TRI_YES);
    }
}

static void test_no_facts_are_no_way_back(void **state UNUSED)
{
    memset(&facts, 0, sizeof(facts));
    look = (struct way_back_look){0};
    judge();
    assert_int_equal(way.is_possible, TRI_UNKNOWN);
    assert_false(way.is_distance_known);
    assert_false(way.is_pause_known);
    for (size_t i = 0; i < way.end_count; i++)
        assert_int_equal(way.ends[i].has_happened, TRI_UNKNOWN);
}

/* --- the cost --------------------------------------------------------------------------------- */

static void test_what_old_lacks_is_counted_without_what_it_wrote_itself(void **state UNUSED)
{
    switched();
    positions("2-201-40", "1-101-900,2-201-57");
    judge();
    assert_true(way.is_distance_known);
    assert_int_equal(way.distance, 17);
    positions("2-201-57", "1-101-900,2-201-57");
    judge();
    assert_int_equal(way.distance, 0);
}

static void test_a_distance_that_cannot_be_told_is_not_zero(void **state UNUSED)
{
    switched();
    facts.nodes[NEW_PRIMARY].binlog_pos = (struct position){0};
    judge();
    assert_false(way.is_distance_known);
    switched();
    facts.nodes[OLD_PRIMARY].origin = (struct origin){0};
    judge();
    assert_false(way.is_distance_known);
    char text[800];
    way_back_text(&way, text, sizeof(text));
    assert_non_null(strstr(text, "how much OLD lacks is not known"));
}

static void test_a_fenced_way_costs_the_last_pause_the_lag_and_the_names(void **state UNUSED)
{
    struct record_facts records[] = {{.is_found = TRI_YES, .ttl_s = 300, .is_proxied = true},
                                     {.is_found = TRI_YES, .ttl_s = 60},
                                     {.is_found = TRI_YES, .ttl_s = 1}};
    arrange_switched_fenced();
    facts.records = records;
    facts.record_count = ARRAY_LEN(records);
    judge();
    assert_true(way.is_pause_known);
    assert_int_equal(way.pause_ms, 15);
    assert_int_equal(way.ttl_s, 300); /* 1 is automatic */
    assert_int_equal(way.proxied, 1);
    look.has_lag = false;
    judge();
    assert_false(way.is_pause_known);
    look.has_lag = true;
    look.has_pause = false;
    judge();
    assert_false(way.is_pause_known);
}

static void test_a_shared_way_refuses_nobody_a_write(void **state UNUSED)
{
    switched();
    look.has_pause = look.has_lag = false;
    judge();
    assert_true(way.is_pause_known);
    assert_int_equal(way.pause_ms, 0);
}

/* --- what would end it ------------------------------------------------------------------------ */

static void test_a_purge_of_what_old_needs_has_ended_it(void **state UNUSED)
{
    switched();
    positions("2-201-40", "1-101-900,2-201-57");
    look.log_begins = at("1-101-100,2-201-50");
    judge();
    const struct way_back_end *purge = end_of(WAY_BACK_END_PURGE);
    assert_int_equal(purge->has_happened, TRI_YES);
    assert_non_null(strstr(purge->text, "10 transaction(s)"));
    look.log_begins = at("1-101-100,2-201-40");
    judge();
    assert_int_equal(end_of(WAY_BACK_END_PURGE)->has_happened, TRI_NO);
    look.has_log = TRI_UNKNOWN;
    judge();
    assert_int_equal(end_of(WAY_BACK_END_PURGE)->has_happened, TRI_UNKNOWN);
}

static void test_a_purge_that_is_hours_away_is_near(void **state UNUSED)
{
    arrange_broken();
    positions("2-201-40", "1-101-900,2-201-57");
    facts.wall_us = 2000000LL * 1000000;
    look.first_missing_us = facts.wall_us - (864000LL - 3 * 3600) * 1000000;
    judge();
    assert_true(end_of(WAY_BACK_END_PURGE)->is_near);
    assert_non_null(strstr(end_of(WAY_BACK_END_PURGE)->text, "in about 3"));
    look.first_missing_us = facts.wall_us;
    judge();
    assert_false(end_of(WAY_BACK_END_PURGE)->is_near);
    look.first_missing_us = facts.wall_us - 864001LL * 1000000;
    judge();
    assert_non_null(strstr(end_of(WAY_BACK_END_PURGE)->text, "at any moment"));
    look.expire_s = 0;
    judge();
    assert_non_null(strstr(end_of(WAY_BACK_END_PURGE)->text, "deletes no log by itself"));
}

static void test_a_schema_change_is_near_and_unknown_is_said(void **state UNUSED)
{
    switched();
    judge();
    assert_int_equal(end_of(WAY_BACK_END_DDL)->has_happened, TRI_NO);
    assert_false(end_of(WAY_BACK_END_DDL)->is_near);
    look.is_schema_same = TRI_NO;
    snprintf(look.schema_text, sizeof(look.schema_text), "1 table(s): blog.posts");
    judge();
    assert_true(end_of(WAY_BACK_END_DDL)->is_near);
    assert_non_null(strstr(end_of(WAY_BACK_END_DDL)->text, "blog.posts"));
    assert_non_null(strstr(end_of(WAY_BACK_END_DDL)->text, "OLD has followed so far"));
    break_link();
    judge();
    assert_non_null(strstr(end_of(WAY_BACK_END_DDL)->text, "what has stopped the link"));
    look.is_schema_same = TRI_UNKNOWN;
    judge();
    assert_int_equal(end_of(WAY_BACK_END_DDL)->has_happened, TRI_UNKNOWN);
}

static void test_a_broken_link_has_ended_it_with_the_servers_error(void **state UNUSED)
{
    switched();
    judge();
    assert_int_equal(end_of(WAY_BACK_END_LINK)->has_happened, TRI_NO);
    break_link();
    judge();
    assert_int_equal(end_of(WAY_BACK_END_LINK)->has_happened, TRI_YES);
    assert_non_null(strstr(end_of(WAY_BACK_END_LINK)->text, "Duplicate entry '7'"));
}

static void test_nothing_is_given_up_where_something_better_leads_back(void **state UNUSED)
{
    char why[320];
    void (*const better[])(void) = {switched,         shared,
                                    mirrored,         arrange_flipping,
                                    arrange_retired,  arrange_only_stopped,
                                    arrange_old_gone, arrange_fenced_run};
    for (size_t i = 0; i < ARRAY_LEN(better); i++) {
        better[i]();
        situation_judge(&facts, &verdict);
        assert_false(way_back_is_only_lossy(&facts, &verdict, why));
        assert_true(why[0] != '\0');
    }
    void (*const last[])(void) = {arrange_broken, arrange_new_gone};
    for (size_t i = 0; i < ARRAY_LEN(last); i++) {
        last[i]();
        situation_judge(&facts, &verdict);
        assert_true(way_back_is_only_lossy(&facts, &verdict, why));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_situation_has_its_way),
        cmocka_unit_test(test_no_facts_are_no_way_back),
        cmocka_unit_test(test_what_old_lacks_is_counted_without_what_it_wrote_itself),
        cmocka_unit_test(test_a_distance_that_cannot_be_told_is_not_zero),
        cmocka_unit_test(test_a_fenced_way_costs_the_last_pause_the_lag_and_the_names),
        cmocka_unit_test(test_a_shared_way_refuses_nobody_a_write),
        cmocka_unit_test(test_a_purge_of_what_old_needs_has_ended_it),
        cmocka_unit_test(test_a_purge_that_is_hours_away_is_near),
        cmocka_unit_test(test_a_schema_change_is_near_and_unknown_is_said),
        cmocka_unit_test(test_a_broken_link_has_ended_it_with_the_servers_error),
        cmocka_unit_test(test_nothing_is_given_up_where_something_better_leads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
