/* SPDX-License-Identifier: MIT */
/* verify/repair and verify/author: literals that store the same bytes, what is said of writes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "verify/author.h"
#include "verify/repair_inner.h"

static void literal(enum column_class class, const char *value, const char *expected)
{
    CLEANUP(buf_release) struct buf out;
    char charset[] = "utf16";
    const struct column_shape column = {.class = class, .charset = charset};

    buf_init(&out, 1024);
    repair_literal_sql(&column, value, strlen(value), &out);
    assert_string_equal(buf_text(&out), expected);
}

static void test_text_is_written_as_the_bytes_of_its_character_set(void **state)
{
    (void)state;
    literal(COLUMN_TEXT, "a'", "_utf16 X'6127'");
    literal(COLUMN_TEXT, "", "_utf16 X''");
    literal(COLUMN_OTHER, "{}", "_utf8mb4 X'7B7D'");
    literal(COLUMN_BINARY, "\\", "_binary X'5C'");
    literal(COLUMN_GEOMETRY, "\x01", "_binary X'01'");
}

static void test_a_double_is_never_a_decimal(void **state)
{
    (void)state;
    literal(COLUMN_DOUBLE, "0.1", "0.1e0");
    literal(COLUMN_DOUBLE, "-0", "-0e0");
    literal(COLUMN_FLOAT, "1e-38", "1e-38");
    literal(COLUMN_DECIMAL, "0.10", "0.10");
}

static void test_members_of_a_list_are_written_by_number(void **state)
{
    (void)state;
    literal(COLUMN_LISTED, "0", "0");
    literal(COLUMN_BIT, "1023", "1023");
    literal(COLUMN_TIME, "2020-02-31", "'2020-02-31'");
}

static const struct author_write by_hand = {.is_known = true,
                                            .is_row = true,
                                            .is_own = true,
                                            .server_id = 201,
                                            .transaction = "0-201-17",
                                            .at_ms = 1000};

static void said(struct author_write old, struct author_write new, const char *expected)
{
    struct author author = {.last = {[SIDE_OLD] = old, [SIDE_NEW] = new}};
    const struct author_report report = {.source = SIDE_OLD, .authors = &author, .count = 1};
    char text[512];

    author_text(&report, 0, text, sizeof text);
    assert_non_null(strstr(text, expected));
}

static void test_a_write_on_the_closed_side_is_named_before_all_others(void **state)
{
    (void)state;
    said((struct author_write){0}, by_hand,
         "written on NEW itself (server 201, 0-201-17, 1970-01-01T00:00:01.000Z)");
    said(by_hand, by_hand, "written on NEW itself");
}

static void test_what_both_have_was_changed_past_the_logs(void **state)
{
    (void)state;
    struct author_write brought = by_hand;
    brought.is_own = false;
    said(by_hand, brought, "sql_log_bin = 0");
    said(by_hand, (struct author_write){0}, "which the log of NEW does not have");
    said((struct author_write){0}, (struct author_write){0}, "not in the logs of either side");
}

static void test_a_definition_on_the_source_explains_no_row(void **state)
{
    (void)state;
    struct author_write table = by_hand;
    table.is_row = false;
    said(table, (struct author_write){0}, "not in the logs of either side");
    said((struct author_write){0}, table, "a statement on its table was executed on NEW itself");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_text_is_written_as_the_bytes_of_its_character_set),
        cmocka_unit_test(test_a_double_is_never_a_decimal),
        cmocka_unit_test(test_members_of_a_list_are_written_by_number),
        cmocka_unit_test(test_a_write_on_the_closed_side_is_named_before_all_others),
        cmocka_unit_test(test_a_definition_on_the_source_explains_no_row),
        cmocka_unit_test(test_what_both_have_was_changed_past_the_logs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
