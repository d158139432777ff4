/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/pairs.h"
#include "domain/preflight.h"
#include "domain/support.h"

static struct server_version mysql(unsigned major, unsigned minor, unsigned patch)
{
    return (struct server_version){FLAVOUR_MYSQL, major, minor, patch};
}

static struct server_version mariadb(unsigned major, unsigned minor)
{
    return (struct server_version){FLAVOUR_MARIADB, major, minor, 1};
}

static void assert_pair(struct server_version source, struct server_version replica,
                        enum pair_verdict verdict)
{
    const struct pair_row *row = pair_of(&source, &replica);
    assert_non_null(row);
    if (row->verdict != verdict)
        fail_msg("%u -> %u is %s: %s", version_number(&source), version_number(&replica),
                 pair_verdict_name(row->verdict), row->name);
}

static void test_rows_have_a_reason_a_source_and_no_double(void **state UNUSED)
{
    size_t count = 0;
    const struct pair_row *rows = pair_table(&count);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].name[0] != '\0' && rows[i].reason[0] != '\0' &&
                    rows[i].source_text[0] != '\0');
        assert_int_equal(rows[i].has_link, rows[i].source == rows[i].replica);
        for (size_t j = 0; j < i; j++)
            assert_false(rows[i].source == rows[j].source && rows[i].replica == rows[j].replica &&
                         rows[i].step == rows[j].step);
    }
}

static void test_every_two_supported_series_have_a_rule(void **state UNUSED)
{
    size_t count = 0;
    const struct support_row *series = support_table(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            const struct server_version source = {series[i].flavour, series[i].from / 10000,
                                                  series[i].from / 100 % 100, series[i].from % 100};
            const struct server_version replica = {series[j].flavour, series[j].from / 10000,
                                                   series[j].from / 100 % 100,
                                                   series[j].from % 100};
            if (pair_of(&source, &replica) == NULL)
                fail_msg("%s to %s has no rule", series[i].name, series[j].name);
        }
}

static void test_mysql_goes_on_by_one_series_and_never_past_one(void **state UNUSED)
{
    assert_pair(mysql(9, 7, 4), mysql(9, 7, 4), PAIR_FINE);
    assert_pair(mysql(8, 4, 9), mysql(8, 4, 1), PAIR_FINE);
    assert_pair(mysql(5, 7, 44), mysql(8, 0, 36), PAIR_FINE);
    assert_pair(mysql(8, 0, 36), mysql(8, 4, 3), PAIR_FINE);
    assert_pair(mysql(8, 0, 36), mysql(8, 2, 0), PAIR_FINE);
    assert_pair(mysql(8, 2, 0), mysql(8, 3, 0), PAIR_FINE);
    assert_pair(mysql(8, 3, 0), mysql(8, 4, 3), PAIR_FINE);
    assert_pair(mysql(8, 4, 3), mysql(9, 7, 4), PAIR_FINE);
    assert_pair(mysql(8, 4, 3), mysql(9, 2, 0), PAIR_FINE);
    assert_pair(mysql(5, 7, 44), mysql(8, 4, 3), PAIR_REFUSED);
    assert_pair(mysql(5, 7, 44), mysql(9, 7, 4), PAIR_REFUSED);
    assert_pair(mysql(8, 0, 36), mysql(9, 0, 1), PAIR_REFUSED);
    assert_pair(mysql(8, 0, 36), mysql(9, 7, 4), PAIR_REFUSED);
    assert_pair(mysql(8, 3, 0), mysql(9, 0, 1), PAIR_REFUSED);
}

static void test_mysql_comes_back_by_one_series_on_conditions(void **state UNUSED)
{
    assert_pair(mysql(9, 7, 4), mysql(8, 4, 3), PAIR_CONDITIONAL);
    assert_pair(mysql(9, 7, 4), mysql(9, 6, 0), PAIR_CONDITIONAL);
    assert_pair(mysql(9, 1, 0), mysql(9, 0, 0), PAIR_CONDITIONAL);
    assert_pair(mysql(8, 4, 3), mysql(8, 0, 36), PAIR_CONDITIONAL);
    assert_pair(mysql(8, 0, 36), mysql(8, 0, 20), PAIR_CONDITIONAL);
    assert_pair(mysql(8, 0, 36), mysql(8, 0, 35), PAIR_FINE);
    assert_pair(mysql(8, 0, 36), mysql(5, 7, 44), PAIR_REFUSED);
    assert_pair(mysql(9, 7, 4), mysql(8, 0, 36), PAIR_REFUSED);
    assert_pair(mysql(9, 1, 0), mysql(8, 4, 3), PAIR_REFUSED); /* not among the downgrade paths */
}

static void test_mariadb_goes_to_any_newer_series_and_comes_back_on_conditions(void **state UNUSED)
{
    assert_pair(mariadb(10, 11), mariadb(10, 11), PAIR_FINE);
    assert_pair(mariadb(10, 5), mariadb(11, 8), PAIR_FINE);
    assert_pair(mariadb(10, 11), mariadb(11, 8), PAIR_FINE);
    assert_pair(mariadb(11, 8), mariadb(10, 11), PAIR_CONDITIONAL);
    assert_pair(mariadb(10, 11), mariadb(10, 5), PAIR_CONDITIONAL);
}

static void test_flavours_do_not_mix_and_no_link_can_be_made(void **state UNUSED)
{
    const struct server_version my = mysql(5, 7, 44);
    const struct server_version maria = mariadb(10, 11);
    const struct server_version unknown = {0};
    assert_pair(my, maria, PAIR_REFUSED);
    assert_pair(maria, my, PAIR_REFUSED);
    assert_false(pair_of(&my, &maria)->has_link);
    assert_false(pair_of(&maria, &my)->has_link);
    assert_null(pair_of(&unknown, &my));
}

static void test_features_name_a_check_that_exists(void **state UNUSED)
{
    size_t count = 0;
    const struct pair_feature *features = pair_features(&count);
    for (size_t i = 0; i < count; i++) {
        if (preflight_find(features[i].check) == NULL)
            fail_msg("%s: there is no check %s", features[i].name, features[i].check);
        assert_true(features[i].effect[0] != '\0' && features[i].source[0] != '\0');
        assert_true(features[i].mark == NULL ||
                    pair_feature_of(features[i].flavour, features[i].mark) == &features[i]);
    }
}

static void test_a_feature_breaks_only_a_replica_that_is_too_old_for_it(void **state UNUSED)
{
    const struct pair_feature *vector = pair_feature_of(FLAVOUR_MARIADB, "type vector");
    assert_non_null(vector);
    const struct server_version v118 = mariadb(11, 8);
    const struct server_version v1011 = mariadb(10, 11);
    const struct server_version my = mysql(8, 0, 36);
    assert_true(pair_feature_breaks(vector, &v118, &v1011));
    assert_false(pair_feature_breaks(vector, &v1011, &v118));
    assert_false(pair_feature_breaks(vector, &v118, &v118));
    assert_false(pair_feature_breaks(vector, &v118, &my));
    assert_null(pair_feature_of(FLAVOUR_MARIADB, "type int"));
}

static void test_the_document_has_every_series_pair_and_feature(void **state UNUSED)
{
    CLEANUP(buf_release) struct buf text;
    size_t count = 0;
    buf_init(&text, 1U << 20);
    pair_document(&text);
    const struct support_row *series = support_table(&count);
    for (size_t i = 0; i < count; i++)
        assert_non_null(strstr(buf_text(&text), series[i].name));
    const struct pair_row *pairs = pair_table(&count);
    for (size_t i = 0; i < count; i++)
        assert_non_null(strstr(buf_text(&text), pairs[i].name));
    const struct pair_feature *features = pair_features(&count);
    for (size_t i = 0; i < count; i++)
        assert_non_null(strstr(buf_text(&text), features[i].name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_have_a_reason_a_source_and_no_double),
        cmocka_unit_test(test_every_two_supported_series_have_a_rule),
        cmocka_unit_test(test_mysql_goes_on_by_one_series_and_never_past_one),
        cmocka_unit_test(test_mysql_comes_back_by_one_series_on_conditions),
        cmocka_unit_test(test_mariadb_goes_to_any_newer_series_and_comes_back_on_conditions),
        cmocka_unit_test(test_flavours_do_not_mix_and_no_link_can_be_made),
        cmocka_unit_test(test_features_name_a_check_that_exists),
        cmocka_unit_test(test_the_document_has_every_series_pair_and_feature),
        cmocka_unit_test(test_a_feature_breaks_only_a_replica_that_is_too_old_for_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
