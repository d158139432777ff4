/* SPDX-License-Identifier: MIT */
/* What servers are asked for when they make the sums themselves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/attr.h"
#include "verify/certificate.h"
#include "verify/fast.h"
#include "verify/remote.h"

static struct column_shape columns[] = {
    {.name = (char *)"t", .type = (char *)"text", .class = COLUMN_TEXT, .is_nullable = true},
    {.name = (char *)"id", .type = (char *)"int", .class = COLUMN_INTEGER},
    {.name = (char *)"f", .type = (char *)"float", .class = COLUMN_FLOAT, .is_nullable = true},
    {.name = (char *)"b", .type = (char *)"bit(9)", .class = COLUMN_BIT},
    {.name = (char *)"e", .type = (char *)"enum('a#')", .class = COLUMN_LISTED},
    {.name = (char *)"v", .type = (char *)"vector(3)", .class = COLUMN_BINARY},
};

static const char *text_of(const struct table_shape *table,
                           void (*make)(const struct table_shape *, struct buf *))
{
    static struct buf out;
    buf_release(&out);
    buf_init(&out, 4096);
    make(table, &out);
    return buf_text(&out);
}

static void test_a_row_can_be_taken_apart_from_its_end(void **state)
{
    (void)state;
    const struct table_shape table = {.columns = columns, .column_count = 6};
    assert_string_equal(
        text_of(&table, remote_row_sql),
        "CONCAT_WS('#',CAST('' AS BINARY),`id`,`f`*1e0,`b`+0,HEX(`v`),`t`,`e`,LENGTH(`t`),"
        "LENGTH(`e`),CONCAT(`t` IS NULL,`f` IS NULL))");
}

static void test_a_table_of_numbers_alone_needs_neither_lengths_nor_flags(void **state)
{
    (void)state;
    const struct table_shape table = {.columns = &columns[1], .column_count = 1};
    assert_string_equal(text_of(&table, remote_row_sql), "CONCAT_WS('#',CAST('' AS BINARY),`id`)");
    assert_string_equal(text_of(&table, remote_bytes_sql), "8");
}

static void test_bytes_are_those_of_texts_and_eight_for_a_number(void **state)
{
    (void)state;
    const struct table_shape table = {.columns = columns, .column_count = 6};
    assert_string_equal(text_of(&table, remote_bytes_sql),
                        "IFNULL(LENGTH(`t`),0)+IFNULL(LENGTH(`e`),0)+32");
}

static const struct server_version versions[] = {
    {.flavour = FLAVOUR_MARIADB, .major = 10, .minor = 5, .patch = 9},
    {.flavour = FLAVOUR_MARIADB, .major = 10, .minor = 8, .patch = 0},
    {.flavour = FLAVOUR_MARIADB, .major = 11, .minor = 8, .patch = 6},
    {.flavour = FLAVOUR_MYSQL, .major = 5, .minor = 7, .patch = 44},
    {.flavour = FLAVOUR_MYSQL, .major = 9, .minor = 7, .patch = 4},
};

static void test_the_older_server_decides_how_strong_the_sums_are(void **state)
{
    (void)state;
    struct pair pair = {.source.version = versions[0], .replica.version = versions[2]};
    assert_non_null(strstr(remote_algorithm(&pair), "SHA-1"));
    pair.source.version = versions[1];
    assert_non_null(strstr(remote_algorithm(&pair), "CRC-32 x CRC-32C"));
    pair = (struct pair){.source.version = versions[4], .replica.version = versions[3]};
    assert_non_null(strstr(remote_algorithm(&pair), "64 bits"));
    pair.replica.version = versions[4];
    assert_non_null(strstr(remote_algorithm(&pair), "128 bits"));
}

static void test_a_certificate_has_room_for_every_algorithm(void **state)
{
    (void)state;
    const struct certificate *certificate = NULL;
    for (size_t i = 0; i < ARRAY_LEN(versions); i++) {
        const struct pair pair = {.source.version = versions[i], .replica.version = versions[i]};
        assert_true(strlen(remote_algorithm(&pair)) < sizeof(certificate->algorithm));
    }
    assert_true(strlen(FAST_ALGORITHM) < sizeof(certificate->algorithm));
}

static void test_sums_that_cannot_be_compared_are_not_asked_for(void **state)
{
    (void)state;
    const struct index_shape key = {.name = (char *)"PRIMARY"};
    struct walk walk = {.key = &key};
    struct pair pair = {.source.version = versions[0], .replica.version = versions[2]};

    assert_null(remote_obstacle(&pair, &walk));
    walk.is_converted = true;
    assert_non_null(remote_obstacle(&pair, &walk));
    walk.is_converted = false;
    walk.key = NULL;
    assert_non_null(remote_obstacle(&pair, &walk));
    walk.key = &key;
    pair.replica.version = versions[4];
    assert_non_null(remote_obstacle(&pair, &walk));
}

static void test_every_mode_has_a_name(void **state)
{
    (void)state;
    assert_string_equal(verify_mode_name(VERIFY_AUTO), "auto");
    assert_string_equal(verify_mode_name(VERIFY_STREAM), "stream");
    assert_string_equal(verify_mode_name(VERIFY_REMOTE), "remote");
    assert_string_equal(verify_mode_name(VERIFY_FAST), "fast");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_can_be_taken_apart_from_its_end),
        cmocka_unit_test(test_a_table_of_numbers_alone_needs_neither_lengths_nor_flags),
        cmocka_unit_test(test_bytes_are_those_of_texts_and_eight_for_a_number),
        cmocka_unit_test(test_the_older_server_decides_how_strong_the_sums_are),
        cmocka_unit_test(test_a_certificate_has_room_for_every_algorithm),
        cmocka_unit_test(test_sums_that_cannot_be_compared_are_not_asked_for),
        cmocka_unit_test(test_every_mode_has_a_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
