/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "domain/version.h"

static struct server_version parse(const char *text)
{
    struct server_version version = {0};
    assert_int_equal(version_parse(text, &version, NULL), 0);
    return version;
}

static void test_a_mariadb_version_with_a_suffix_is_read(void **state UNUSED)
{
    struct server_version version = parse("10.11.19-MariaDB-log");
    assert_int_equal(version.flavour, FLAVOUR_MARIADB);
    assert_int_equal(version_number(&version), 101119);
}

static void test_the_prefix_for_old_replicas_is_skipped(void **state UNUSED)
{
    struct server_version version = parse("5.5.5-10.6.12-MariaDB");
    assert_int_equal(version.flavour, FLAVOUR_MARIADB);
    assert_int_equal(version_number(&version), 100612);
}

static void test_a_version_without_mariadb_in_it_is_mysql(void **state UNUSED)
{
    struct server_version version = parse("8.4.3");
    assert_int_equal(version.flavour, FLAVOUR_MYSQL);
    assert_int_equal(version_number(&version), 80403);
    assert_string_equal(flavour_name(version.flavour), "MySQL");
    version = parse("5.5.5-debug");
    assert_int_equal(version.flavour, FLAVOUR_MYSQL);
    assert_int_equal(version_number(&version), 50505);
}

static void test_anything_else_is_refused_and_out_is_left_alone(void **state UNUSED)
{
    const char *const wrong[] = {"",      "10",     "10.11",  "MariaDB", "10..1",
                                 "a.b.c", "10.11.", "-1.2.3", "10.100.1"};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct server_version version = {FLAVOUR_MYSQL, 1, 2, 3};
        struct err err = {0};
        assert_int_equal(version_parse(wrong[i], &version, &err), ERR_PROTOCOL);
        assert_int_equal(err.effect, EFFECT_NONE);
        assert_int_equal(version_number(&version), 10203);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_mariadb_version_with_a_suffix_is_read),
        cmocka_unit_test(test_the_prefix_for_old_replicas_is_skipped),
        cmocka_unit_test(test_a_version_without_mariadb_in_it_is_mysql),
        cmocka_unit_test(test_anything_else_is_refused_and_out_is_left_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
