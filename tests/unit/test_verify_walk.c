/* SPDX-License-Identifier: MIT */
/* What a walk selects, and by which key it goes, when the two sides are not quite alike. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "row_by_hand.h"
#include "verify/walk.h"

#define ROW(...) ROW_BY_HAND("TABLE_SCHEMA", "blog", "TABLE_NAME", "t", __VA_ARGS__)

static void add_column(struct table_catalog *catalog, const char *name, const char *data_type,
                       const char *type, const char *charset, const char *collation)
{
    struct err err = {0};
    assert_int_equal(
        table_catalog_add_column(catalog,
                                 ROW("COLUMN_NAME", name, "DATA_TYPE", data_type, "COLUMN_TYPE",
                                     type, "CHARACTER_SET_NAME", charset, "COLLATION_NAME",
                                     collation, "IS_NULLABLE", "NO"),
                                 &err),
        0);
}

static void add_part(struct table_catalog *catalog, const char *index, const char *column)
{
    struct err err = {0};
    assert_int_equal(
        table_catalog_add_index_part(catalog,
                                     ROW("INDEX_NAME", index, "NON_UNIQUE", "0", "INDEX_TYPE",
                                         "BTREE", "COLUMN_NAME", column, "SUB_PART", NULL),
                                     &err),
        0);
}

/* name VARCHAR PRIMARY KEY, id INT UNIQUE, f FLOAT, d DOUBLE(9,2): the text as the caller says. */
static const struct table_shape *make_table(struct table_catalog *catalog, const char *charset,
                                            const char *collation)
{
    struct err err = {0};
    assert_int_equal(
        table_catalog_add_table(catalog, ROW("TABLE_TYPE", "BASE TABLE", "ENGINE", "InnoDB"), &err),
        0);
    add_column(catalog, "name", "varchar", "varchar(20)", charset, collation);
    add_column(catalog, "id", "int", "int(11)", NULL, NULL);
    add_column(catalog, "f", "float", "float", NULL, NULL);
    add_column(catalog, "d", "double", "double(9,2)", NULL, NULL);
    add_part(catalog, "PRIMARY", "name");
    return table_catalog_find(catalog, "blog", "t");
}

static void test_a_float_is_whole_in_both_forms(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(walk_release) struct walk walk = {0};
    struct err err = {0};
    const struct table_shape *table = make_table(&catalog, "latin1", "latin1_swedish_ci");

    assert_int_equal(walk_init(&walk, table, NULL, &err), 0);
    assert_string_equal(buf_text(&walk.columns), "`name`,`id`,`f` * 1e0,`d` * 1e0,`name`");
    assert_string_equal(buf_text(&walk.packet_columns), "`name`,`id`,`f`,`d`");
    assert_false(walk.is_converted);
}

static void test_another_character_set_is_read_as_utf8_and_not_walked_by(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog here = {0};
    CLEANUP(table_catalog_release) struct table_catalog there = {0};
    CLEANUP(walk_release) struct walk walk = {0};
    struct err err = {0};
    const struct table_shape *table = make_table(&here, "latin1", "latin1_swedish_ci");
    const struct table_shape *other = make_table(&there, "utf8mb4", "utf8mb4_general_ci");

    assert_int_equal(walk_init(&walk, table, other, &err), 0);
    assert_true(walk.is_converted);
    assert_null(walk.key);
    assert_string_equal(buf_text(&walk.columns),
                        "CONVERT(`name` USING utf8mb4),`id`,`f` * 1e0,`d` * 1e0");
}

static void test_another_collation_orders_otherwise_so_another_key_is_taken(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog here = {0};
    CLEANUP(table_catalog_release) struct table_catalog there = {0};
    const struct table_shape *table = make_table(&here, "utf8mb4", "utf8mb4_general_ci");
    const struct table_shape *other = make_table(&there, "utf8mb4", "utf8mb4_0900_ai_ci");

    assert_null(walk_key(table, other));
    add_part(&here, "by_id", "id");
    assert_null(walk_key(table, other)); /* the other side has no such index */
    add_part(&there, "by_id", "id");
    assert_string_equal(walk_key(table, other)->name, "by_id");
    assert_string_equal(walk_key(table, NULL)->name, "PRIMARY");
}

static void test_two_names_of_the_first_utf8_are_one_character_set(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog here = {0};
    CLEANUP(table_catalog_release) struct table_catalog there = {0};
    CLEANUP(walk_release) struct walk walk = {0};
    struct err err = {0};
    const struct table_shape *table = make_table(&here, "utf8", "utf8_general_ci");
    const struct table_shape *other = make_table(&there, "utf8mb3", "utf8mb3_general_ci");

    assert_int_equal(walk_init(&walk, table, other, &err), 0);
    assert_false(walk.is_converted);
    assert_string_equal(walk.key->name, "PRIMARY");
}

static void test_columns_in_another_order_are_still_found(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog here = {0};
    CLEANUP(table_catalog_release) struct table_catalog there = {0};
    CLEANUP(walk_release) struct walk walk = {0};
    struct err err = {0};
    const struct table_shape *table = make_table(&here, "latin1", "latin1_swedish_ci");
    assert_int_equal(
        table_catalog_add_table(&there, ROW("TABLE_TYPE", "BASE TABLE", "ENGINE", "InnoDB"), &err),
        0);
    add_column(&there, "id", "int", "int(11)", NULL, NULL);
    add_column(&there, "name", "varchar", "varchar(20)", "latin1", "latin1_swedish_ci");
    add_part(&there, "PRIMARY", "name");

    assert_int_equal(walk_init(&walk, table, table_catalog_find(&there, "blog", "t"), &err), 0);
    assert_false(walk.is_converted);
    assert_string_equal(walk.key->name, "PRIMARY");
}

/* As a number of the column the 64th member of a SET is a sign, and rows behind it are lost. */
static void test_a_set_in_a_key_is_compared_with_all_of_its_bits(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(walk_release) struct walk walk = {0};
    CLEANUP(key_point_release) struct key_point after = {0};
    CLEANUP(buf_release) struct buf sql;
    struct err err = {0};
    const char *values[] = {"1", "9223372036854775809"};
    const unsigned long lengths[] = {1, 19};
    const struct key_range range = {.after = &after};

    assert_int_equal(table_catalog_add_table(
                         &catalog, ROW("TABLE_TYPE", "BASE TABLE", "ENGINE", "InnoDB"), &err),
                     0);
    add_column(&catalog, "a", "int", "int(11)", NULL, NULL);
    add_column(&catalog, "s", "set", "set('x','y')", "latin1", "latin1_bin");
    add_part(&catalog, "PRIMARY", "a");
    add_part(&catalog, "PRIMARY", "s");
    assert_int_equal(walk_init(&walk, table_catalog_find(&catalog, "blog", "t"), NULL, &err), 0);
    assert_string_equal(buf_text(&walk.packet_columns), "`a`,`s`,`a`,CAST(`s` AS UNSIGNED)");
    assert_int_equal(key_point_set(&after, values, lengths, 2, &err), 0);
    buf_init(&sql, 1000);
    key_range_sql(walk.table, walk.key, &range, &sql);
    assert_non_null(strstr(buf_text(&sql), "CAST(`s` AS UNSIGNED) > 9223372036854775809"));
}

/* --- how much a statement reads --- */

/* So many statements, each as fast as told, one after the other. */
static void learn(struct slice *slice, unsigned count, double us_per_row)
{
    for (unsigned i = 0; i < count; i++)
        walk_slice_learn(slice, (int64_t)((double)slice->rows * us_per_row));
}

static void test_a_statement_grows_until_it_takes_its_time(void **state)
{
    struct slice slice = {.rows = 500};
    (void)state;

    learn(&slice, 1, 1);
    assert_int_equal(slice.rows, 1000);
    learn(&slice, 10, 1);
    assert_int_equal(slice.rows, WALK_SLICE_MS * 1000);
}

static void test_one_slow_statement_in_eight_keeps_all_of_them_short(void **state)
{
    struct slice slice = {.rows = WALK_SLICE_MS * 250, .us_per_row = 4};
    (void)state;

    for (unsigned round = 0; round < 20; round++) {
        learn(&slice, 7, 1);
        assert_in_range((uint64_t)((double)slice.rows * 4), 1, 2 * WALK_SLICE_MS * 1000);
        learn(&slice, 1, 4);
    }
}

static void test_a_server_that_is_quiet_again_gets_long_statements_again(void **state)
{
    struct slice slice = {.rows = WALK_SLICE_MS * 1000, .us_per_row = 1};
    (void)state;

    learn(&slice, 1, 4);
    assert_int_equal(slice.rows, WALK_SLICE_MS * 250);
    learn(&slice, 30, 1);
    assert_int_equal(slice.rows, WALK_SLICE_MS * 1000);
}

static void test_a_stall_is_not_taken_for_the_pace(void **state)
{
    struct slice slice = {.rows = WALK_SLICE_MS * 1000, .us_per_row = 1};
    (void)state;

    walk_slice_learn(&slice, 5000000);
    assert_int_equal(slice.rows, WALK_SLICE_MS * 250);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_float_is_whole_in_both_forms),
        cmocka_unit_test(test_another_character_set_is_read_as_utf8_and_not_walked_by),
        cmocka_unit_test(test_another_collation_orders_otherwise_so_another_key_is_taken),
        cmocka_unit_test(test_two_names_of_the_first_utf8_are_one_character_set),
        cmocka_unit_test(test_columns_in_another_order_are_still_found),
        cmocka_unit_test(test_a_set_in_a_key_is_compared_with_all_of_its_bits),
        cmocka_unit_test(test_a_statement_grows_until_it_takes_its_time),
        cmocka_unit_test(test_one_slow_statement_in_eight_keeps_all_of_them_short),
        cmocka_unit_test(test_a_server_that_is_quiet_again_gets_long_statements_again),
        cmocka_unit_test(test_a_stall_is_not_taken_for_the_pace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
