/* SPDX-License-Identifier: MIT */
/* Shapes of tables, the choice of a key, predicates between two keys, and quoting. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "domain/table_shape.h"
#include "row_by_hand.h"
#include "sql/key_range.h"
#include "sql/quote.h"

static void add_table(struct table_catalog *catalog, const char *name)
{
    struct err err = {0};
    assert_int_equal(
        table_catalog_add_table(catalog,
                                ROW_BY_HAND("TABLE_SCHEMA", "blog", "TABLE_NAME", name,
                                            "TABLE_TYPE", "BASE TABLE", "ENGINE", "InnoDB",
                                            "TABLE_ROWS", "1000", "DATA_LENGTH", "64000"),
                                &err),
        0);
}

static void add_column(struct table_catalog *catalog, const char *table, const char *name,
                       const char *data_type, const char *charset, const char *is_nullable)
{
    struct err err = {0};
    assert_int_equal(
        table_catalog_add_column(
            catalog,
            ROW_BY_HAND("TABLE_SCHEMA", "blog", "TABLE_NAME", table, "COLUMN_NAME", name,
                        "DATA_TYPE", data_type, "COLUMN_TYPE", data_type, "CHARACTER_SET_NAME",
                        charset, "COLLATION_NAME", charset ? "utf8mb4_general_ci" : NULL,
                        "IS_NULLABLE", is_nullable),
            &err),
        0);
}

static void add_part(struct table_catalog *catalog, const char *table, const char *index,
                     const char *column, const char *prefix)
{
    struct err err = {0};
    assert_int_equal(table_catalog_add_index_part(
                         catalog,
                         ROW_BY_HAND("TABLE_SCHEMA", "blog", "TABLE_NAME", table, "INDEX_NAME",
                                     index, "NON_UNIQUE", "0", "INDEX_TYPE", "BTREE", "COLUMN_NAME",
                                     column, "SUB_PART", prefix),
                         &err),
                     0);
}

/* a INT, b VARCHAR, c ENUM, f FLOAT, n INT NULL */
static struct table_shape *make_table(struct table_catalog *catalog, const char *name)
{
    add_table(catalog, name);
    add_column(catalog, name, "a", "int", NULL, "NO");
    add_column(catalog, name, "b", "varchar", "utf8mb4", "NO");
    add_column(catalog, name, "c", "enum", "utf8mb4", "NO");
    add_column(catalog, name, "f", "float", NULL, "NO");
    add_column(catalog, name, "n", "int", NULL, "YES");
    return table_catalog_find(catalog, "blog", name);
}

static void test_the_primary_key_is_walked_when_there_is_one(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    const struct table_shape *table = make_table(&catalog, "t");
    add_part(&catalog, "t", "one", "a", NULL);
    add_part(&catalog, "t", "PRIMARY", "a", NULL);
    add_part(&catalog, "t", "PRIMARY", "b", NULL);
    assert_string_equal(table_shape_key(table)->name, "PRIMARY");
    assert_int_equal(table_shape_key(table)->column_count, 2);
}

static void test_keys_with_null_prefix_float_or_a_leading_enum_cannot_be_walked(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    const struct table_shape *table = make_table(&catalog, "t");
    add_part(&catalog, "t", "with_null", "n", NULL);
    add_part(&catalog, "t", "with_prefix", "b", "10");
    add_part(&catalog, "t", "with_float", "f", NULL);
    add_part(&catalog, "t", "PRIMARY", "b", "10");
    assert_null(table_shape_key(table));
    add_part(&catalog, "t", "wide", "a", NULL);
    add_part(&catalog, "t", "wide", "b", NULL);
    add_part(&catalog, "t", "listed", "c", NULL);
    add_part(&catalog, "t", "narrow", "a", NULL);
    assert_string_equal(table_shape_key(table)->name, "narrow");
}

static void test_schema_differences_are_named_from_both_sides(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog one = {0};
    CLEANUP(table_catalog_release) struct table_catalog two = {0};
    struct shape_difference difference;
    const struct table_shape *a = make_table(&one, "t");
    const struct table_shape *b = make_table(&two, "t");
    assert_false(table_shape_differ(a, b, &difference));
    add_part(&two, "t", "extra", "a", NULL);
    assert_true(table_shape_differ(a, b, &difference));
    assert_string_equal(difference.what, "index extra");
    assert_string_equal(difference.a, "absent");
    assert_string_equal(difference.b, "UNIQUE BTREE (a)");
    assert_false(difference.is_in_rows);
    add_column(&one, "t", "late", "int", NULL, "NO");
    assert_true(table_shape_differ(a, b, &difference));
    assert_string_equal(difference.what, "column late");
    assert_true(difference.is_in_rows);
}

static struct index_shape key_of(size_t count, const size_t *columns)
{
    struct index_shape key = {.column_count = count};
    memcpy(key.columns, columns, count * sizeof(*columns));
    return key;
}

static void test_a_composite_range_is_spelled_out_part_by_part(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(key_point_release) struct key_point after = {0};
    CLEANUP(key_point_release) struct key_point until = {0};
    CLEANUP(buf_release) struct buf sql;
    struct err err = {0};
    const struct table_shape *table = make_table(&catalog, "t");
    const struct index_shape key = key_of(3, (const size_t[]){0, 1, 2});
    buf_init(&sql, 4096);

    assert_int_equal(key_point_set(&after, (const char *const[]){"7", "x'", "2"},
                                   (const unsigned long[]){1, 2, 1}, 3, &err),
                     0);
    assert_int_equal(key_point_set(&until, (const char *const[]){"9", "", "1"},
                                   (const unsigned long[]){1, 0, 1}, 3, &err),
                     0);
    key_range_sql(table, &key, &(struct key_range){.after = &after, .until = &until}, &sql);
    assert_string_equal(
        buf_text(&sql),
        "(`a` > 7 OR (`a` = 7 AND (`b` > _utf8mb4 X'7827' COLLATE utf8mb4_general_ci OR (`b` = "
        "_utf8mb4 X'7827' COLLATE utf8mb4_general_ci AND (`c` > 2))))) AND "
        "(`a` < 9 OR (`a` = 9 AND (`b` < _utf8mb4 X'' COLLATE utf8mb4_general_ci OR (`b` = "
        "_utf8mb4 X'' COLLATE utf8mb4_general_ci AND (`c` <= 1)))))");
}

static void test_a_part_that_most_rows_share_is_asked_for_first(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(key_point_release) struct key_point after = {0};
    CLEANUP(key_point_release) struct key_point before = {0};
    CLEANUP(key_point_release) struct key_point unset = {0};
    CLEANUP(buf_release) struct buf sql;
    struct err err = {0};
    const struct table_shape *table = make_table(&catalog, "t");
    const struct index_shape key = key_of(3, (const size_t[]){0, 2, 2});
    buf_init(&sql, 4096);

    assert_int_equal(key_point_set(&after, (const char *const[]){"7", "3", "2"},
                                   (const unsigned long[]){1, 1, 1}, 3, &err),
                     0);
    assert_int_equal(key_point_set(&before, (const char *const[]){"7", "31", "2"},
                                   (const unsigned long[]){1, 2, 1}, 3, &err),
                     0);
    assert_int_equal(key_point_shared_parts(&after, &before), 1);
    assert_int_equal(key_point_shared_parts(&after, &after), 3);
    assert_int_equal(key_point_shared_parts(&after, &unset), 0);
    key_range_sql(table, &key, &(struct key_range){.after = &after, .shared_parts = 1}, &sql);
    buf_puts(&sql, " | ");
    key_range_sql(table, &key, &(struct key_range){.after = &after, .shared_parts = 3}, &sql);
    assert_string_equal(buf_text(&sql),
                        "((`a` = 7 AND (`c` > 3 OR (`c` = 3 AND (`c` > 2)))) OR `a` > 7) | "
                        "((`a` = 7 AND ((`c` = 3 AND (`c` > 2)) OR `c` > 3)) OR `a` > 7)");
}

static void test_chunks_neither_overlap_nor_leave_a_gap(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(key_point_release) struct key_point border = {0};
    CLEANUP(buf_release) struct buf sql;
    struct err err = {0};
    const struct table_shape *table = make_table(&catalog, "t");
    const struct index_shape key = key_of(1, (const size_t[]){0});
    buf_init(&sql, 4096);

    assert_int_equal(
        key_point_set(&border, (const char *const[]){"5"}, (const unsigned long[]){1}, 1, &err), 0);
    key_range_sql(table, &key, &(struct key_range){.until = &border}, &sql);
    buf_puts(&sql, " | ");
    key_range_sql(table, &key, &(struct key_range){.after = &border}, &sql);
    buf_puts(&sql, " | ");
    key_range_sql(table, &key, &(struct key_range){.after = &border, .is_from_included = true},
                  &sql);
    buf_puts(&sql, " | ");
    key_range_sql(table, &key, &(struct key_range){0}, &sql);
    assert_string_equal(buf_text(&sql), "(`a` <= 5) | (`a` > 5) | (`a` >= 5) | TRUE");
}

static void test_keys_one_by_one_are_a_list_or_a_chain(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(buf_release) struct buf sql;
    struct key_point points[2] = {{0}, {0}};
    struct err err = {0};
    const struct table_shape *table = make_table(&catalog, "t");
    const struct index_shape one = key_of(1, (const size_t[]){0}),
                             listed = key_of(1, (const size_t[]){2}),
                             two = key_of(2, (const size_t[]){0, 1});
    const struct key_range range = {.points = points, .point_count = 2};
    buf_init(&sql, 4096);

    for (size_t i = 0; i < 2; i++)
        assert_int_equal(key_point_set(&points[i], (const char *const[]){i ? "7" : "5"},
                                       (const unsigned long[]){1}, 1, &err),
                         0);
    key_range_sql(table, &one, &range, &sql);
    buf_puts(&sql, " | ");
    key_range_sql(table, &listed, &range, &sql);
    assert_string_equal(buf_text(&sql), "`a` IN (5,7) | (`c` = 5) OR (`c` = 7)");
    buf_reset(&sql);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(key_point_set(&points[i], (const char *const[]){i ? "7" : "5", ""},
                                       (const unsigned long[]){1, 0}, 2, &err),
                         0);
    key_range_sql(table, &two, &range, &sql);
    assert_string_equal(buf_text(&sql),
                        "(`a` = 5 AND `b` = _utf8mb4 X'' COLLATE utf8mb4_general_ci) OR "
                        "(`a` = 7 AND `b` = _utf8mb4 X'' COLLATE utf8mb4_general_ci)");
    key_point_release(&points[0]);
    key_point_release(&points[1]);
}

static void test_an_enum_is_walked_by_its_number(void **state)
{
    (void)state;
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    CLEANUP(buf_release) struct buf sql;
    const struct table_shape *table = make_table(&catalog, "t");
    const struct index_shape key = key_of(2, (const size_t[]){2, 0});
    buf_init(&sql, 4096);
    key_columns_sql(table, &key, &sql);
    buf_puts(&sql, " | ");
    key_order_sql(table, &key, true, &sql);
    assert_string_equal(buf_text(&sql), "CAST(`c` AS UNSIGNED),`a` | `c` DESC,`a` DESC");
}

static void test_a_null_in_a_key_is_refused(void **state)
{
    (void)state;
    CLEANUP(key_point_release) struct key_point point = {0};
    struct err err = {0};
    assert_int_equal(
        key_point_set(&point, (const char *const[]){NULL}, (const unsigned long[]){0}, 1, &err),
        ERR_PROTOCOL);
}

static void test_names_and_bytes_are_quoted_exactly(void **state)
{
    (void)state;
    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, 4096);
    sql_quote_table("a`b", "c.d", &sql);
    buf_putc(&sql, ' ');
    sql_quote_bytes("\0'\"\\\n\r\x1a\xff%_", 10, &sql);
    buf_putc(&sql, ' ');
    sql_quote_hex("\0\xab", 2, &sql);
    assert_string_equal(buf_text(&sql), "`a``b`.`c.d` '\\0\\'\\\"\\\\\\n\\r\\Z\xff%_' X'00AB'");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_primary_key_is_walked_when_there_is_one),
        cmocka_unit_test(test_keys_with_null_prefix_float_or_a_leading_enum_cannot_be_walked),
        cmocka_unit_test(test_schema_differences_are_named_from_both_sides),
        cmocka_unit_test(test_a_composite_range_is_spelled_out_part_by_part),
        cmocka_unit_test(test_a_part_that_most_rows_share_is_asked_for_first),
        cmocka_unit_test(test_chunks_neither_overlap_nor_leave_a_gap),
        cmocka_unit_test(test_keys_one_by_one_are_a_list_or_a_chain),
        cmocka_unit_test(test_an_enum_is_walked_by_its_number),
        cmocka_unit_test(test_a_null_in_a_key_is_refused),
        cmocka_unit_test(test_names_and_bytes_are_quoted_exactly),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
