/* SPDX-License-Identifier: MIT */
/* The texts a seed changes before it repeats them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

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

static void check_here(const char *create, const char *expected)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    seed_table_here(create, &out);
    assert_string_equal(buf_text(&out), expected);
}

static void test_where_the_files_of_a_table_lie_is_left_out(void **state)
{
    (void)state;
    check_here("CREATE TABLE `t` (\n  `a` int) ENGINE=InnoDB DATA DIRECTORY='/a/' COMMENT='x'",
               "CREATE TABLE `t` (\n  `a` int) ENGINE=InnoDB COMMENT='x'");
    check_here("CREATE TABLE `t` (`a` int)\n/*!50100 PARTITION BY RANGE (a)\n(PARTITION p VALUES "
               "LESS THAN (1) DATA DIRECTORY = '/it''s \\' x' INDEX DIRECTORY = '/b' ENGINE = "
               "InnoDB) */",
               "CREATE TABLE `t` (`a` int)\n/*!50100 PARTITION BY RANGE (a)\n(PARTITION p VALUES "
               "LESS THAN (1) ENGINE = InnoDB) */");
    check_here("CREATE TABLE `t` (`a` int) DATA DIRECTORY='/a'", "CREATE TABLE `t` (`a` int)");
}

static void test_what_only_reads_like_a_folder_stays(void **state)
{
    (void)state;
    const char *const same[] = {
        "",
        "CREATE TABLE ` DATA DIRECTORY='x'` (`a`` DATA DIRECTORY='/b'` int)",
        "CREATE TABLE `t` (`a` text DEFAULT 'it''s \\' DATA DIRECTORY=''/x''')",
        "CREATE TABLE `t` (`a` int) COMMENT=' DATA DIRECTORY = ''/y'''",
        "CREATE TABLE `t` (`a` int) COMMENT='ends in \\\\'",
        "CREATE TABLE `t` (`a` int) COMMENT='no end",
        "CREATE TABLE `t` (`a` int) DATA DIRECTORY",
    };
    for (size_t i = 0; i < ARRAY_LEN(same); i++)
        check_here(same[i], same[i]);
}

static void test_the_plugin_of_an_account_is_named(void **state)
{
    (void)state;
    char plugin[PLUGIN_NAME_SIZE];
    seed_plugin_of(
        "CREATE USER `a`@`%` IDENTIFIED WITH 'caching_sha2_password' AS 0x24 REQUIRE NONE", plugin);
    assert_string_equal(plugin, "caching_sha2_password");
    seed_plugin_of("CREATE USER `a`@`%` IDENTIFIED VIA ed25519 USING 'x'", plugin);
    assert_string_equal(plugin, "ed25519");
    seed_plugin_of("CREATE USER `a`@`%` IDENTIFIED BY PASSWORD '*AB'", plugin);
    assert_string_equal(plugin, "");
}

static void check_json(const char *document, const char *expected)
{
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    seed_json_value(document, strlen(document), &out);
    assert_false(out.is_failed);
    assert_string_equal(buf_text(&out), expected);
}

static void test_a_document_without_decimals_is_its_text(void **state)
{
    (void)state;
    check_json("null", "_utf8mb4 'null'");
    check_json("{}", "_utf8mb4 '{}'");
    check_json("[1, -2.5, 0.1, -0.0, 100000000000000.0, 1e20, 5e-324, 18446744073709551615]",
               "_utf8mb4 '[1, -2.5, 0.1, -0.0, 100000000000000.0, 1e20, 5e-324, "
               "18446744073709551615]'");
    check_json("{\"a\": \"it's 1.0000, [2.00]\"}",
               "_utf8mb4 '{\\\"a\\\": \\\"it\\'s 1.0000, [2.00]\\\"}'");
    check_json("0.0000000000000000000000000000000000000000000000123",
               "_utf8mb4 '0.0000000000000000000000000000000000000000000000123'");
}

static void test_a_decimal_keeps_its_digits(void **state)
{
    (void)state;
    check_json("1.50", "JSON_REPLACE(_utf8mb4 '1.50', _utf8mb4 '$', 1.50)");
    check_json("[0, [1.00, -0.10]]",
               "JSON_REPLACE(_utf8mb4 '[0, [1.00, -0.10]]', _utf8mb4 '$[1][0]', 1.00, _utf8mb4 "
               "'$[1][1]', -0.10)");
    check_json("[123456789012345678901234567890]",
               "JSON_REPLACE(_utf8mb4 '[123456789012345678901234567890]', _utf8mb4 '$[0]', "
               "123456789012345678901234567890)");
    check_json("[1234567890123456.5]", "JSON_REPLACE(_utf8mb4 '[1234567890123456.5]', _utf8mb4 "
                                       "'$[0]', 1234567890123456.5)");
    check_json("[0.1234567890123456789]",
               "JSON_REPLACE(_utf8mb4 '[0.1234567890123456789]', _utf8mb4 '$[0]', "
               "0.1234567890123456789)");
}

static void test_a_decimal_is_found_by_the_keys_around_it(void **state)
{
    (void)state;
    check_json("{\"a\": 1, \"\": [{}, {\"k\\\"e y\": 2.0, \"l\": 3.10}], \"z\": 4.00}",
               "JSON_REPLACE(_utf8mb4 '{\\\"a\\\": 1, \\\"\\\": [{}, {\\\"k\\\\\\\"e y\\\": 2.0, "
               "\\\"l\\\": 3.10}], \\\"z\\\": 4.00}', _utf8mb4 '$.\\\"\\\"[1].\\\"l\\\"', 3.10, "
               "_utf8mb4 '$.\\\"z\\\"', 4.00)");
}

static void test_what_is_no_document_does_no_harm(void **state)
{
    (void)state;
    check_json("", "_utf8mb4 ''");
    check_json("\"", "_utf8mb4 '\\\"'");
    check_json("}],:-\"\\", "_utf8mb4 '}],:-\\\"\\\\'");
    char deep[400];
    memset(deep, '[', sizeof(deep));
    deep[sizeof(deep) - 1] = '\0';
    CLEANUP(buf_release) struct buf out;
    buf_init(&out, 4096);
    seed_json_value(deep, strlen(deep), &out);
    assert_int_equal(out.len, strlen("_utf8mb4 ''") + strlen(deep));
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
        cmocka_unit_test(test_where_the_files_of_a_table_lie_is_left_out),
        cmocka_unit_test(test_what_only_reads_like_a_folder_stays),
        cmocka_unit_test(test_the_plugin_of_an_account_is_named),
        cmocka_unit_test(test_a_document_without_decimals_is_its_text),
        cmocka_unit_test(test_a_decimal_keeps_its_digits),
        cmocka_unit_test(test_a_decimal_is_found_by_the_keys_around_it),
        cmocka_unit_test(test_what_is_no_document_does_no_harm),
        cmocka_unit_test(test_an_event_that_is_on_waits_on_the_copy),
        cmocka_unit_test(test_an_event_that_is_off_stays_as_it_is),
        cmocka_unit_test(test_names_that_look_like_clauses_are_names),
        cmocka_unit_test(test_a_grant_loses_its_password_and_nothing_else),
        cmocka_unit_test(test_tables_a_snapshot_does_not_hold_are_refused_by_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
