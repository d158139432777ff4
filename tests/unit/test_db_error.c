/* SPDX-License-Identifier: MIT */
/* What an error number means, and what of a statement may be shown. No server needed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/db.h"
#include "io/db_error.h"
#include "io/db_rows.h"

static void test_every_way_to_lose_a_connection_is_known(void **state UNUSED)
{
    static const unsigned gone[] = {1053, 1152, 1159, 1927, 2002, 2003, 2006,
                                    2013, 2026, 2055, 3032, 3169, 4031};
    static const unsigned refused[] = {1045, 1062, 1064, 1205, 1213, 1227,
                                       1290, 1317, 1969, 2068, 3024};

    for (size_t i = 0; i < ARRAY_LEN(gone); i++)
        assert_int_equal(db_error_kind(gone[i]), DB_GONE);
    for (size_t i = 0; i < ARRAY_LEN(refused); i++)
        assert_int_equal(db_error_kind(refused[i]), DB_REFUSED);
    assert_int_equal(db_error_kind(2014), DB_GARBLED);
    assert_int_equal(db_error_kind(2027), DB_GARBLED);
    assert_int_equal(db_error_kind(2008), DB_EXHAUSTED);
}

static void test_a_refused_statement_has_no_effect_whatever_it_was(void **state UNUSED)
{
    struct err err;

    assert_int_equal(db_error_set(&err, "INSERT INTO t VALUES (1)", 1062, "Duplicate entry",
                                  EFFECT_UNKNOWN, false),
                     ERR_SERVER);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_int_equal(err.native, 1062);
    assert_string_equal(err.msg, "INSERT INTO failed: Duplicate entry (error 1062)");
}

static void test_a_lost_connection_carries_the_effect_it_was_given(void **state UNUSED)
{
    struct err err;

    assert_int_equal(db_error_set(&err, "COMMIT", 2013, "Lost", EFFECT_UNKNOWN, false), ERR_LOST);
    assert_int_equal(err.effect, EFFECT_UNKNOWN);
    assert_string_equal(err.msg, "connection lost during COMMIT; it may have happened: Lost");
    assert_int_equal(db_error_set(&err, "SHOW GRANTS", 2013, "Lost", EFFECT_NONE, true),
                     ERR_TIMEOUT);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_string_equal(err.msg, "no answer to SHOW GRANTS within the time limit (Lost)");
}

static void test_a_password_of_a_statement_is_never_shown(void **state UNUSED)
{
    static const char *const statements[] = {
        "CHANGE MASTER 'c' TO MASTER_HOST='h', MASTER_PASSWORD='hunter2'",
        "change replication source to source_password='hunter2'",
        "CREATE USER a@b IDENTIFIED BY 'hunter2'",
        "SET PASSWORD FOR a@b = PASSWORD('hunter2')",
    };
    static const unsigned quoting[] = {1064, 1149, 1231, 1372, 1827};
    struct err err;

    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        for (size_t j = 0; j < ARRAY_LEN(quoting); j++) {
            (void)db_error_set(&err, statements[i], quoting[j], "error near 'hunter2'",
                               EFFECT_UNKNOWN, false);
            assert_null(strstr(err.msg, "hunter2"));
            assert_null(strstr(err.hint, "hunter2"));
        }
        (void)db_error_set(&err, statements[i], 1227, "you need SUPER", EFFECT_UNKNOWN, false);
        assert_non_null(strstr(err.msg, "you need SUPER"));
    }
    (void)db_error_set(&err, "SELECT x", 1064, "error near 'x'", EFFECT_NONE, false);
    assert_non_null(strstr(err.msg, "near 'x'"));
}

static void test_a_statement_is_named_by_its_first_two_words(void **state UNUSED)
{
    static const struct {
        const char *sql, *name;
    } cases[] = {
        {"SELECT @@hostname", "SELECT"},
        {"set global read_only = 1", "set global"},
        {"CHANGE MASTER 'x' TO MASTER_PASSWORD='p'", "CHANGE MASTER"},
        {"-- purpose: x\n# more\n/* and */ SHOW ALL SLAVES STATUS", "SHOW ALL"},
        {"(SELECT 1)", "SELECT"},
        {"COMMIT", "COMMIT"},
        {"", "statement"},
        {"'secret'", "statement"},
        {"/* never closed", "statement"},
        {"SELECT 'secret'", "SELECT"},
    };
    char name[DB_STATEMENT_NAME_SIZE], longest[200];

    for (size_t i = 0; i < ARRAY_LEN(cases); i++)
        assert_string_equal(db_statement_name(cases[i].sql, name), cases[i].name);
    memset(longest, 'a', sizeof longest - 1);
    longest[sizeof longest - 1] = '\0';
    assert_string_equal(db_statement_name(longest, name), "statement");
}

static void test_only_reads_are_harmless_to_repeat(void **state UNUSED)
{
    static const char *const reads[] = {"SELECT 1",         " show all slaves status",
                                        "-- x\nSELECT 1",   "(SELECT 1) UNION (SELECT 2)",
                                        "EXPLAIN SELECT 1", "WITH a AS (SELECT 1) SELECT * FROM a"};
    static const char *const writes[] = {
        "INSERT INTO t SELECT 1",    "DO 1", "SET @x = 1", "CALL p()", "SELECTED", "", "COMMIT",
        "/* SELECT */ DELETE FROM t"};

    for (size_t i = 0; i < ARRAY_LEN(reads); i++)
        assert_true(db_statement_is_read(reads[i]));
    for (size_t i = 0; i < ARRAY_LEN(writes); i++)
        assert_false(db_statement_is_read(writes[i]));
}

static void test_the_errors_an_operator_meets_first_have_hints(void **state UNUSED)
{
    static const unsigned met[] = {1040, 1045, 1129, 1130, 1227, 1290,
                                   2002, 2003, 2005, 2026, 2059, 2061};

    for (size_t i = 0; i < ARRAY_LEN(met); i++) {
        assert_true(db_error_hint(met[i])[0]);
        assert_true(strlen(db_error_hint(met[i])) < sizeof((struct err *)0)->hint);
    }
    assert_string_equal(db_error_hint(1146), "");
}

static void test_rows_keep_nulls_empty_texts_and_zero_bytes_apart(void **state UNUSED)
{
    const char *const values[] = {NULL, "", "a\0b"};
    const unsigned long lengths[] = {0, 0, 3};
    struct db_rows *rows = NULL;
    struct err err = {0};

    assert_int_equal(db_rows_new(3, &rows, NULL), 0);
    for (size_t i = 0; i < 2; i++)
        assert_int_equal(db_rows_name(rows, "other", 5, NULL), 0);
    assert_int_equal(db_rows_name(rows, "Last, and what is beyond", 4, NULL), 0);
    assert_int_equal(db_rows_name(rows, "none", 4, &err), ERR_BUG);
    for (int i = 0; i < 40; i++)
        assert_int_equal(db_rows_add(rows, values, lengths, NULL), 0);

    CLEANUP(db_result_release)
    struct db_result result = {.opaque = rows, .row_count = 40, .column_count = 3};
    assert_null(db_result_text(&result, 39, 0));
    assert_string_equal(db_result_text(&result, 39, 1), "");
    assert_int_equal(db_result_len(&result, 39, 2), 3);
    assert_memory_equal(db_result_get(&result, 39, "LAST"), "a\0b", 4);
    assert_null(db_result_text(&result, 40, 0));
    assert_null(db_result_text(&result, 0, 3));
    assert_null(db_result_text(&result, 0, -1));
    assert_null(db_result_get(&result, 0, "absent"));
    assert_null(db_result_get(&result, 0, "lost"));
    assert_string_equal(db_result_column_name(&result, 2), "Last");
    assert_null(db_result_column_name(&result, 3));
}

static void test_a_result_stops_at_its_caps(void **state UNUSED)
{
    const char *value = "";
    unsigned long length = 0;
    struct db_rows *rows = NULL;
    struct err err = {0};

    assert_int_equal(db_rows_new(1, &rows, NULL), 0);
    for (int i = 0; i < DB_ROWS_CAP; i++)
        assert_int_equal(db_rows_add(rows, &value, &length, NULL), 0);
    assert_int_equal(db_rows_add(rows, &value, &length, &err), ERR_MEMORY);
    assert_non_null(strstr(err.msg, "100000 rows"));
    db_rows_freep(&rows);

    length = DB_ROWS_CAP_BYTES;
    assert_int_equal(db_rows_new(1, &rows, NULL), 0);
    assert_int_equal(db_rows_add(rows, &value, &length, &err), ERR_MEMORY);
    assert_non_null(strstr(err.msg, "256 MiB"));
    db_rows_freep(&rows);
}

int main(void)
{
    const struct CMUnitTest all[] = {
        cmocka_unit_test(test_every_way_to_lose_a_connection_is_known),
        cmocka_unit_test(test_a_refused_statement_has_no_effect_whatever_it_was),
        cmocka_unit_test(test_a_lost_connection_carries_the_effect_it_was_given),
        cmocka_unit_test(test_a_password_of_a_statement_is_never_shown),
        cmocka_unit_test(test_a_statement_is_named_by_its_first_two_words),
        cmocka_unit_test(test_only_reads_are_harmless_to_repeat),
        cmocka_unit_test(test_the_errors_an_operator_meets_first_have_hints),
        cmocka_unit_test(test_rows_keep_nulls_empty_texts_and_zero_bytes_apart),
        cmocka_unit_test(test_a_result_stops_at_its_caps),
    };

    return cmocka_run_group_tests_name("io/db_error", all, NULL, NULL);
}
