/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "domain/drift.h"

static struct drift_node was, now;
static struct drift drift;

/* A closed node that follows; what a test changes of `now` is all that differs. */
static void well(void)
{
    was = (struct drift_node){.is_seen = true,
                              .started_ms = 100000,
                              .has_link = true,
                              .link = "db1:3306 as repl, GTID Slave_Pos, TLS Yes, delay 0"};
    now = was;
}

static void test_what_is_the_same_is_no_drift(void **state UNUSED)
{
    well();
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_NONE);
    now.started_ms += 1000; /* as exact as an uptime in seconds is */
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_NONE);
    assert_false(drift.is_restarted);
}

static void test_what_was_not_seen_is_not_compared(void **state UNUSED)
{
    well();
    now = (struct drift_node){.is_open = true};
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_NONE);
    well();
    was = (struct drift_node){0};
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_NONE);
}

static void test_doors_are_told_by_what_they_were_and_are(void **state UNUSED)
{
    well();
    now.is_open = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_OPENED);
    assert_string_equal(drift.was, "on");
    assert_string_equal(drift.is, "off: it takes writes");
    well();
    was.is_open = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_CLOSED);
    well();
    was.is_sealed = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_UNSEALED);
    assert_string_equal(drift.what, "super_read_only");
}

static void test_links_that_are_stopped_changed_or_dropped_are_drift(void **state UNUSED)
{
    well();
    now.is_halted = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_LINK_HALTED);
    well();
    snprintf(now.link, sizeof(now.link), "db9:3306");
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_LINK_CHANGED);
    assert_string_equal(drift.is, "db9:3306");
    well();
    now.has_link = false;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_LINK_GONE);
    well();
    was.has_link = false;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_LINK_MADE);
    well();
    snprintf(now.others, sizeof(now.others), "\"theirs\"");
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_CHANNELS);
    assert_string_equal(drift.was, "none");
}

static void test_a_link_that_runs_again_is_no_drift(void **state UNUSED)
{
    well();
    was.is_halted = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_NONE);
}

static void test_a_restart_is_named_and_harms_only_what_it_opens(void **state UNUSED)
{
    well();
    now.started_ms += 60000;
    now.is_halted = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_NONE);
    assert_true(drift.is_restarted);
    was.is_open = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_NONE);
    was.is_open = false;
    now.is_open = true;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_OPENED);
    assert_true(drift.is_restarted);
    now.is_open = false;
    now.has_link = false;
    assert_int_equal(drift_of_node(&was, &now, &drift), DRIFT_LINK_GONE);
}

static void test_records_differ_by_content_ttl_and_proxy(void **state UNUSED)
{
    const struct drift_record before = {"192.0.2.1", 60, false};
    struct drift_record after = before;
    assert_int_equal(drift_of_record(&before, &after, &drift), DRIFT_NONE);
    after.ttl_s = 300;
    assert_int_equal(drift_of_record(&before, &after, &drift), DRIFT_RECORD);
    assert_string_equal(drift.is, "192.0.2.1, TTL 300");
    after = (struct drift_record){"192.0.2.9", 60, false};
    assert_int_equal(drift_of_record(&before, &after, &drift), DRIFT_RECORD);
    after = (struct drift_record){"192.0.2.1", 60, true};
    assert_int_equal(drift_of_record(&before, &after, &drift), DRIFT_RECORD);
    assert_string_equal(drift.is, "192.0.2.1, proxied");
}

static void test_a_proxied_record_has_no_ttl_and_an_unread_one_no_drift(void **state UNUSED)
{
    const struct drift_record before = {"192.0.2.1", 1, true}, after = {"192.0.2.1", 300, true},
                              unread = {0};
    assert_int_equal(drift_of_record(&before, &after, &drift), DRIFT_NONE);
    assert_int_equal(drift_of_record(&before, &unread, &drift), DRIFT_NONE);
    assert_int_equal(drift_of_record(&unread, &after, &drift), DRIFT_NONE);
}

static void test_every_kind_has_a_name_of_its_own(void **state UNUSED)
{
    for (enum drift_kind a = DRIFT_OPENED; a <= DRIFT_RECORD; a++)
        for (enum drift_kind b = DRIFT_NONE; b < a; b++)
            assert_string_not_equal(drift_name(a), drift_name(b));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_what_is_the_same_is_no_drift),
        cmocka_unit_test(test_what_was_not_seen_is_not_compared),
        cmocka_unit_test(test_doors_are_told_by_what_they_were_and_are),
        cmocka_unit_test(test_links_that_are_stopped_changed_or_dropped_are_drift),
        cmocka_unit_test(test_a_link_that_runs_again_is_no_drift),
        cmocka_unit_test(test_a_restart_is_named_and_harms_only_what_it_opens),
        cmocka_unit_test(test_records_differ_by_content_ttl_and_proxy),
        cmocka_unit_test(test_a_proxied_record_has_no_ttl_and_an_unread_one_no_drift),
        cmocka_unit_test(test_every_kind_has_a_name_of_its_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
