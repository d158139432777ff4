/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/inventory.h"
#include "domain/preflight.h"

#define HOUR_US 3600000000LL

static void put(json_t *document, enum side side, const char *section, const char *name,
                const char *value)
{
    assert_int_equal(inventory_put(inventory_side(document, side), section, name, value, NULL), 0);
}

/* Both sides read, and alike in all but what is each server's own. */
static json_t *well(int64_t taken_us)
{
    json_t *document = inventory_new("blog", taken_us);
    assert_non_null(document);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        put(document, side, "nodes", side == SIDE_OLD ? "db0:3306" : "db1:3306", "primary");
        put(document, side, "variables", "hostname", side == SIDE_OLD ? "db0" : "db1");
        put(document, side, "variables", "gtid_binlog_pos", side == SIDE_OLD ? "1-1-5" : "2-2-7");
        put(document, side, "variables", "max_connections", "500");
        put(document, side, "tables", "blog.t", "InnoDB, abcd");
        assert_int_equal(inventory_put_number(inventory_side(document, side), "sizes", "blog.t",
                                              1000 * (side + 1), NULL),
                         0);
        assert_int_equal(inventory_end_side(inventory_side(document, side), NULL, NULL), 0);
    }
    return document;
}

static const json_t *change(const json_t *diff, size_t index)
{
    return json_array_get(json_object_get(diff, "changes"), index);
}

static size_t changes(const json_t *diff)
{
    return json_array_size(json_object_get(diff, "changes"));
}

static void test_secrets_are_not_recorded(void **state UNUSED)
{
    static const char *const secrets[][2] = {
        {"report_password", "1234"},
        {"wsrep_sst_auth", "sst:pw"},
        {"wsrep_provider_options", "socket.ssl = YES"},
        {"my_plugin_token", "abcd"},
        {"init_connect", "SET PASSWORD = 'x'"},
        {"init_connect", "CREATE USER u IDENTIFIED BY 'x'"},
        {"VAULT_SECRET_ID", "s.1f"},
    };
    static const char *const plain[][2] = {
        {"old_passwords", "0"},      {"validate_password_length", "8"},
        {"report_password", ""},     {"default_password_lifetime", "-1"},
        {"password_history", "OFF"}, {"sql_mode", "STRICT_TRANS_TABLES"},
    };
    CLEANUP(json_release) json_t *document = well(0);
    for (size_t i = 0; i < ARRAY_LEN(secrets); i++) {
        assert_true(inventory_is_secret(secrets[i][0], secrets[i][1]));
        put(document, SIDE_OLD, "variables", secrets[i][0], secrets[i][1]);
        assert_string_equal(
            json_text_or(inventory_section_of(document, SIDE_OLD, "variables"), secrets[i][0], ""),
            INVENTORY_HIDDEN);
    }
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        assert_false(inventory_is_secret(plain[i][0], plain[i][1]));
}

static void test_what_belongs_to_a_server_is_no_difference_between_sides(void **state UNUSED)
{
    CLEANUP(json_release) json_t *document = well(0);
    CLEANUP(json_release) json_t *diff = NULL;
    put(document, SIDE_NEW, "variables", "ssl_cert", "/etc/new.pem");
    put(document, SIDE_NEW, "variables", "caching_sha2_password_private_key_path", "new.pem");
    assert_int_equal(inventory_diff_sides(document, &diff, NULL), 0);
    assert_int_equal(changes(diff), 0);
}

static void test_a_difference_between_sides_has_both_values(void **state UNUSED)
{
    CLEANUP(json_release) json_t *document = well(0);
    CLEANUP(json_release) json_t *diff = NULL;
    put(document, SIDE_NEW, "variables", "max_connections", "100");
    put(document, SIDE_NEW, "accounts", "'app'@'%'", "caching_sha2_password, 1f");
    assert_int_equal(inventory_diff_sides(document, &diff, NULL), 0);
    assert_int_equal(changes(diff), 2);
    assert_string_equal(json_text_or(change(diff, 0), "name", ""), "max_connections");
    assert_string_equal(json_text_or(change(diff, 0), "before", ""), "500");
    assert_string_equal(json_text_or(change(diff, 0), "after", ""), "100");
    assert_string_equal(json_text_or(change(diff, 1), "section", ""), "accounts");
    assert_true(json_is_null(json_object_get(change(diff, 1), "before")));
}

static void test_what_changed_between_two_days_names_its_side(void **state UNUSED)
{
    CLEANUP(json_release) json_t *before = well(0);
    CLEANUP(json_release) json_t *after = well(24 * HOUR_US);
    CLEANUP(json_release) json_t *diff = NULL;
    put(after, SIDE_OLD, "variables", "gtid_binlog_pos", "1-1-99"); /* it always moves */
    put(after, SIDE_NEW, "variables", "hostname", "db9");           /* this is news */
    assert_int_equal(
        json_object_del((json_t *)inventory_section_of(after, SIDE_NEW, "tables"), "blog.t"), 0);
    assert_int_equal(
        inventory_put_number(inventory_side(after, SIDE_OLD), "sizes", "blog.t", 4000, NULL), 0);
    assert_int_equal(inventory_diff_days(before, after, &diff, NULL), 0);
    assert_int_equal(changes(diff), 2);
    assert_string_equal(json_text_or(change(diff, 0), "side", ""), "new");
    assert_string_equal(json_text_or(change(diff, 0), "after", ""), "db9");
    assert_true(json_is_null(json_object_get(change(diff, 1), "after")));
    const json_t *growth = json_object_get(json_object_get(diff, "growth"), "old");
    assert_int_equal(json_int_or(growth, "before", 0), 1000);
    assert_int_equal(json_int_or(growth, "after", 0), 4000);
    assert_int_equal(json_int_or(growth, "bytes_per_day", 0), 3000);
}

static const json_t *disk_of(const json_t *diff, const char *side, const char *name)
{
    const json_t *growth = json_object_get(json_object_get(diff, "growth"), side);
    return json_object_get(json_object_get(growth, "disks"), name);
}

static void put_free(json_t *document, enum side side, const char *name, int64_t bytes)
{
    json_t *of_side = inventory_side(document, side);
    assert_int_equal(inventory_put_number(of_side, "host room", name, bytes, NULL), 0);
}

static void test_a_disk_that_fills_is_told_with_the_days_that_are_left(void **state UNUSED)
{
    CLEANUP(json_release) json_t *before = well(0);
    CLEANUP(json_release) json_t *after = well(48 * HOUR_US);
    CLEANUP(json_release) json_t *diff = NULL;
    put_free(before, SIDE_OLD, "binary logs: free bytes", 10000);
    put_free(after, SIDE_OLD, "binary logs: free bytes", 7000);
    put_free(after, SIDE_OLD, "data directory: free bytes", 7000); /* one day only */
    put_free(before, SIDE_NEW, "data directory: free bytes", 10000);
    put_free(after, SIDE_NEW, "data directory: free bytes", 12000);
    put_free(before, SIDE_NEW, "clock: us before ours", 10);
    put_free(after, SIDE_NEW, "clock: us before ours", 20);
    assert_int_equal(inventory_diff_days(before, after, &diff, NULL), 0);
    const json_t *disk = disk_of(diff, "old", "binary logs");
    assert_int_equal(json_int_or(disk, "free_before", 0), 10000);
    assert_int_equal(json_int_or(disk, "free_after", 0), 7000);
    assert_int_equal(json_int_or(disk, "lost_per_day", 0), 1500);
    assert_int_equal(json_int_or(disk, "full_in_days", 0), 4); /* 4.7: never more than there are */
    assert_null(disk_of(diff, "old", "data directory"));
    disk = disk_of(diff, "new", "data directory");
    assert_int_equal(json_int_or(disk, "lost_per_day", 0), -1000);
    assert_true(json_is_null(json_object_get(disk, "full_in_days")));
    const json_t *growth = json_object_get(json_object_get(diff, "growth"), "new");
    assert_int_equal(json_object_size(json_object_get(growth, "disks")), 1);
}

static const json_t *way_of(const json_t *paths, const char *side, const char *name)
{
    return json_object_get(json_object_get(paths, side), name);
}

static void test_the_ways_of_two_days_are_held_beside_each_other(void **state UNUSED)
{
    CLEANUP(json_release) json_t *before = well(0);
    CLEANUP(json_release) json_t *after = well(48 * HOUR_US);
    CLEANUP(json_release) json_t *diff = NULL;
    struct node nodes[] = {{.name = "a", .side = SIDE_OLD}, {.name = "b", .side = SIDE_NEW}};
    struct survey_path there = {.from = &nodes[0],
                                .to = &nodes[1],
                                .trips = 9,
                                .middle_us = 1200,
                                .worst_us = 3000,
                                .bytes_per_s = 5e6,
                                .sent = 4000,
                                .sent_again = 1};
    const struct survey survey = {.paths = &there, .path_count = 1};
    assert_int_equal(inventory_put_paths(before, &survey, NULL), 0);
    there.middle_us = 80000;
    there.bytes_per_s = 0;
    (void)strcpy(there.bulk_problem, "its port is closed");
    assert_int_equal(inventory_put_paths(after, &survey, NULL), 0);
    const json_t *kept = inventory_section_of(before, SIDE_OLD, "paths");
    assert_int_equal(json_int_or(kept, "a to b: sent again, of a million", 0), 250);
    assert_int_equal(json_int_or(kept, "a to b: us of the slowest connection", 0), 3000);
    assert_null(inventory_section_of(before, SIDE_NEW, "paths"));

    assert_int_equal(inventory_diff_days(before, after, &diff, NULL), 0);
    const json_t *paths = json_object_get(diff, "paths");
    const json_t *trip = way_of(paths, "old", "a to b: us of a connection");
    assert_int_equal(json_int_or(trip, "before", 0), 1200);
    assert_int_equal(json_int_or(trip, "after", 0), 80000);
    const json_t *bulk = way_of(paths, "old", "a to b: bytes a second");
    assert_int_equal(json_int_or(bulk, "before", 0), 5000000);
    assert_string_equal(json_text_or(bulk, "after", ""), "not measured: its port is closed");
    assert_null(way_of(paths, "old", "a to b: sent again, of a million")); /* one day only */
    assert_int_equal(changes(diff), 0);
}

static void test_a_side_that_was_not_read_has_no_ways(void **state UNUSED)
{
    CLEANUP(json_release) json_t *document = inventory_new("blog", 0);
    struct node nodes[] = {{.name = "a", .side = SIDE_OLD}, {.name = "b", .side = SIDE_NEW}};
    struct survey_path there = {.from = &nodes[0], .to = &nodes[1], .trips = 1};
    const struct survey survey = {.paths = &there, .path_count = 1};
    assert_int_equal(inventory_put_paths(document, &survey, NULL), 0);
    assert_null(inventory_section_of(document, SIDE_OLD, "paths"));
}

static void test_a_rate_of_minutes_is_not_known(void **state UNUSED)
{
    CLEANUP(json_release) json_t *before = well(0);
    CLEANUP(json_release) json_t *after = well(HOUR_US - 1);
    CLEANUP(json_release) json_t *diff = NULL;
    assert_int_equal(inventory_diff_days(before, after, &diff, NULL), 0);
    assert_true(json_is_null(
        json_object_get(json_object_get(json_object_get(diff, "growth"), "old"), "bytes_per_day")));
}

static void test_a_side_that_was_not_read_is_not_equal_to_anything(void **state UNUSED)
{
    CLEANUP(json_release) json_t *before = well(0);
    CLEANUP(json_release) json_t *after = well(HOUR_US);
    CLEANUP(json_release) json_t *diff = NULL;
    struct err err = {0}, why = {0};
    (void)err_set(&why, ERR_LOST, EFFECT_NONE, "connection refused");
    assert_int_equal(inventory_end_side(inventory_side(after, SIDE_NEW), &why, NULL), 0);
    assert_false(inventory_is_read(after, SIDE_NEW));
    assert_null(inventory_section_of(after, SIDE_NEW, "variables")); /* half of it is none */
    assert_int_equal(inventory_diff_sides(after, &diff, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "NEW was not read"));
    assert_non_null(strstr(err.msg, "connection refused"));
    assert_int_equal(inventory_diff_days(before, after, &diff, &err), ERR_REFUSED);
    assert_int_equal(inventory_diff_days(after, before, &diff, &err), ERR_REFUSED);
    assert_int_equal(inventory_end_side(inventory_side(before, SIDE_NEW), &why, NULL), 0);
    assert_int_equal(inventory_diff_days(before, after, &diff, &err), 0); /* there was no NEW */
    assert_null(json_object_get(json_object_get(diff, "growth"), "new"));
}

static void test_a_name_that_is_no_text_is_an_error(void **state UNUSED)
{
    CLEANUP(json_release) json_t *document = well(0);
    struct err err = {0};
    json_t *side = inventory_side(document, SIDE_OLD);
    assert_int_equal(inventory_put(side, "tables", "t", "\xff\xfe", &err), ERR_PROTOCOL);
}

static void test_sections_have_names_of_their_own(void **state UNUSED)
{
    size_t count = 0;
    const struct inventory_section *sections = inventory_sections(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(sections[i].title[0] != '\0');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(sections[i].name, sections[j].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_secrets_are_not_recorded),
        cmocka_unit_test(test_what_belongs_to_a_server_is_no_difference_between_sides),
        cmocka_unit_test(test_a_difference_between_sides_has_both_values),
        cmocka_unit_test(test_what_changed_between_two_days_names_its_side),
        cmocka_unit_test(test_a_disk_that_fills_is_told_with_the_days_that_are_left),
        cmocka_unit_test(test_the_ways_of_two_days_are_held_beside_each_other),
        cmocka_unit_test(test_a_side_that_was_not_read_has_no_ways),
        cmocka_unit_test(test_a_rate_of_minutes_is_not_known),
        cmocka_unit_test(test_a_side_that_was_not_read_is_not_equal_to_anything),
        cmocka_unit_test(test_a_name_that_is_no_text_is_an_error),
        cmocka_unit_test(test_sections_have_names_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
