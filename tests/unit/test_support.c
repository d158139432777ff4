/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdbool.h>

#include "base/attr.h"
#include "domain/support.h"

#define WALK_END 300000

static enum support support(enum flavour flavour, unsigned major, unsigned minor, unsigned patch)
{
    const struct server_version version = {flavour, major, minor, patch};
    const struct support_row *row = support_of(&version);
    assert_non_null(row);
    return row->support;
}

static size_t rows_of(enum flavour flavour, unsigned number)
{
    size_t count = 0;
    size_t hits = 0;
    const struct support_row *rows = support_table(&count);
    for (size_t i = 0; i < count; i++)
        hits += rows[i].flavour == flavour && number >= rows[i].from && number < rows[i].below;
    return hits;
}

static void test_every_version_number_is_in_exactly_one_row(void **state UNUSED)
{
    for (unsigned number = 0; number < WALK_END; number++) {
        assert_int_equal(rows_of(FLAVOUR_MYSQL, number), 1);
        assert_int_equal(rows_of(FLAVOUR_MARIADB, number), 1);
    }
}

static void test_rows_join_without_a_gap_and_say_why(void **state UNUSED)
{
    size_t count = 0;
    const struct support_row *rows = support_table(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].from < rows[i].below);
        assert_true(rows[i].name[0] != '\0' && rows[i].why[0] != '\0' && rows[i].source[0] != '\0');
        bool is_first = i == 0 || rows[i - 1].flavour != rows[i].flavour;
        bool is_last = i + 1 == count || rows[i + 1].flavour != rows[i].flavour;
        assert_int_equal(rows[i].from, is_first ? 0 : rows[i - 1].below);
        assert_true(!is_last || rows[i].below == UINT_MAX);
    }
}

static void test_what_is_tested_for_real_is_what_the_lab_has(void **state UNUSED)
{
    assert_int_equal(support(FLAVOUR_MYSQL, 9, 7, 4), SUPPORT_REAL);
    assert_int_equal(support(FLAVOUR_MARIADB, 10, 5, 23), SUPPORT_REAL);
    assert_int_equal(support(FLAVOUR_MARIADB, 10, 11, 19), SUPPORT_REAL);
    assert_int_equal(support(FLAVOUR_MARIADB, 11, 8, 6), SUPPORT_REAL);
    assert_int_equal(support(FLAVOUR_MYSQL, 5, 7, 44), SUPPORT_TEXT);
    assert_int_equal(support(FLAVOUR_MYSQL, 8, 0, 21), SUPPORT_TEXT);
    assert_int_equal(support(FLAVOUR_MYSQL, 8, 4, 3), SUPPORT_TEXT);
    assert_int_equal(support(FLAVOUR_MARIADB, 11, 4, 5), SUPPORT_TEXT);
}

static void test_old_and_unreleased_servers_are_refused_and_newer_ones_are_not(void **state UNUSED)
{
    assert_int_equal(support(FLAVOUR_MYSQL, 5, 6, 51), SUPPORT_REFUSED);
    assert_int_equal(support(FLAVOUR_MYSQL, 5, 7, 8), SUPPORT_REFUSED);
    assert_int_equal(support(FLAVOUR_MYSQL, 8, 0, 4), SUPPORT_REFUSED);
    assert_int_equal(support(FLAVOUR_MARIADB, 10, 4, 34), SUPPORT_REFUSED);
    assert_int_equal(support(FLAVOUR_MYSQL, 26, 7, 0), SUPPORT_UNTRIED);
    assert_int_equal(support(FLAVOUR_MARIADB, 12, 3, 1), SUPPORT_UNTRIED);
    const struct server_version unknown = {FLAVOUR_UNKNOWN, 8, 4, 3};
    assert_null(support_of(&unknown));
}

static void test_the_8_0_series_is_split_where_its_statements_changed(void **state UNUSED)
{
    const struct server_version v21 = {FLAVOUR_MYSQL, 8, 0, 21};
    const struct server_version v22 = {FLAVOUR_MYSQL, 8, 0, 22};
    const struct server_version v23 = {FLAVOUR_MYSQL, 8, 0, 23};
    assert_ptr_not_equal(support_of(&v21), support_of(&v22));
    assert_ptr_not_equal(support_of(&v22), support_of(&v23));
}

static void test_relatives_are_recognised_by_their_own_words(void **state UNUSED)
{
    const struct support_kind *kind =
        support_kind_of("version_comment", "Percona Server (GPL), Release 28, Revision 47601f19");
    assert_non_null(kind);
    assert_int_equal(kind->support, SUPPORT_TEXT);
    kind = support_kind_of("version_comment", "Percona XtraDB Cluster (GPL), Release rel28");
    assert_non_null(kind);
    assert_int_equal(kind->support, SUPPORT_REFUSED);
    assert_non_null(support_kind_of("version", "8.0.11-TiDB-v7.5.0"));
    assert_non_null(support_kind_of("wsrep_on", "ON"));
    assert_non_null(support_kind_of("group_replication_group_name", "aaaaaaaa-bbbb"));
    assert_null(support_kind_of("wsrep_on", "OFF"));
    assert_null(support_kind_of("group_replication_group_name", ""));
    assert_null(support_kind_of("version", "9.7.4-2")); /* Debian's own MySQL */
    assert_null(support_kind_of("version_comment", "MySQL Community Server - GPL"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_version_number_is_in_exactly_one_row),
        cmocka_unit_test(test_rows_join_without_a_gap_and_say_why),
        cmocka_unit_test(test_what_is_tested_for_real_is_what_the_lab_has),
        cmocka_unit_test(test_old_and_unreleased_servers_are_refused_and_newer_ones_are_not),
        cmocka_unit_test(test_the_8_0_series_is_split_where_its_statements_changed),
        cmocka_unit_test(test_relatives_are_recognised_by_their_own_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
