/* SPDX-License-Identifier: MIT */
/* The texts a seed changes before it repeats them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "cluster/seed_job.h"

static void check_event(const char *create, const char *expected)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    bool is_changed = seed_event_waiting(create, &out);
    assert_int_equal(is_changed, expected != NULL);
    if (expected)
        assert_string_equal(buf_text(&out), expected);
}

static void test_an_event_that_is_on_waits_on_the_copy(void **state)
{
    (void)state;
    check_event("CREATE DEFINER=`a`@`%` EVENT `tick` ON SCHEDULE EVERY 1 SECOND ON COMPLETION NOT "
                "PRESERVE ENABLE DO SELECT 1",
                "CREATE DEFINER=`a`@`%` EVENT `tick` ON SCHEDULE EVERY 1 SECOND ON COMPLETION NOT "
                "PRESERVE DISABLE ON SLAVE "
                "DO SELECT 1");
}

static void test_an_event_that_is_off_stays_as_it_is(void **state)
{
    (void)state;
    check_event("CREATE DEFINER=`a`@`%` EVENT `t` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE "
                "DISABLE DO SELECT ' ON COMPLETION "
                "PRESERVE ENABLE'",
                NULL);
    check_event("CREATE DEFINER=`a`@`%` EVENT `t` ON SCHEDULE EVERY 1 DAY ON COMPLETION PRESERVE "
                "DISABLE ON SLAVE DO SELECT 1",
                NULL);
}

static void test_names_that_look_like_clauses_are_names(void **state)
{
    (void)state;
    check_event("CREATE DEFINER=`x EVENT `@`%` EVENT `n`` ON COMPLETION PRESERVE ENABLE DO` ON "
                "SCHEDULE EVERY 1 DAY ON COMPLETION "
                "PRESERVE ENABLE DO SELECT 1",
                "CREATE DEFINER=`x EVENT `@`%` EVENT `n`` ON COMPLETION PRESERVE ENABLE DO` ON "
                "SCHEDULE EVERY 1 DAY ON COMPLETION "
                "PRESERVE DISABLE ON SLAVE DO SELECT 1");
}

static void check_grant(const char *grant, const char *expected)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    bool grants = seed_grant_alone(grant, &out);
    assert_int_equal(grants, expected != NULL);
    if (expected)
        assert_string_equal(buf_text(&out), expected);
}

static void test_a_grant_loses_its_password_and_nothing_else(void **state)
{
    (void)state;
    check_grant("GRANT SELECT ON `blog`.* TO `a`@`%`", "GRANT SELECT ON `blog`.* TO `a`@`%`");
    check_grant("GRANT PROCESS ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*HASH' WITH GRANT OPTION",
                "GRANT PROCESS ON *.* TO `a`@`%` WITH GRANT OPTION");
    check_grant("GRANT PROCESS ON *.* TO `a IDENTIFIED `@`%` REQUIRE SSL",
                "GRANT PROCESS ON *.* TO `a IDENTIFIED `@`%`");
    check_grant("GRANT USAGE ON *.* TO `a`@`%` IDENTIFIED BY PASSWORD '*HASH'", NULL);
}

static void test_tables_a_snapshot_does_not_hold_are_refused_by_name(void **state)
{
    (void)state;
    char plain[] = "BASE TABLE", sequence[] = "SEQUENCE", innodb[] = "InnoDB", aria[] = "Aria";
    struct table_shape tables[] = {{.label = "b.good", .kind = plain, .engine = innodb},
                                   {.label = "b.old", .kind = plain, .engine = aria},
                                   {.label = "b.numbers", .kind = sequence, .engine = innodb}};
    struct err err = {0};
    assert_int_equal(seed_check_tables(&(struct table_catalog){.tables = tables, .count = 1}, &err),
                     0);
    assert_int_equal(seed_check_tables(&(struct table_catalog){.tables = tables, .count = 3}, &err),
                     ERR_REFUSED);
    assert_string_equal(
        err.msg,
        "a snapshot of one moment does not hold these tables: b.old (Aria), b.numbers (SEQUENCE)");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_an_event_that_is_on_waits_on_the_copy),
        cmocka_unit_test(test_an_event_that_is_off_stays_as_it_is),
        cmocka_unit_test(test_names_that_look_like_clauses_are_names),
        cmocka_unit_test(test_a_grant_loses_its_password_and_nothing_else),
        cmocka_unit_test(test_tables_a_snapshot_does_not_hold_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
