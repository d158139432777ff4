/* SPDX-License-Identifier: MIT */
/* Rows of the binary protocol: made by hand, as real servers sent them, and as nobody should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "io/db_wire.h"

#define VAR_STRING 253
#define NEWDECIMAL 246
#define BYTES(...)                                                                                 \
    ((const unsigned char[]){__VA_ARGS__}), sizeof((const unsigned char[]){__VA_ARGS__})

/* A copy of exactly these bytes on the heap, so that AddressSanitizer sees a read beyond them. */
static int read_all(const struct wire_column *columns, size_t count, const unsigned char *bytes,
                    size_t len, size_t *out_values)
{
    unsigned char *copy = malloc(len ? len : 1);
    struct wire_row row;
    struct wire_value value;
    struct err err = {0};

    assert_non_null(copy);
    memcpy(copy, bytes, len);
    *out_values = 0;
    int rc = wire_row_start(&row, columns, count, copy, len, &err);
    if (rc == 0)
        while ((rc = wire_row_next(&row, &value, &err)) == 1)
            *out_values += 1;
    free(copy);
    assert_true(rc == 0 || (rc == ERR_PROTOCOL && err.effect == EFFECT_NONE));
    return rc;
}

static const char *text_of(struct wire_column column, const unsigned char *bytes, size_t len)
{
    static char scratch[WIRE_TEXT_SIZE], text[WIRE_TEXT_SIZE + 1];
    const struct wire_value value = {.bytes = bytes, .len = len};
    const char *out;
    size_t out_len;
    struct err err = {0};

    assert_int_equal(wire_value_text(&column, &value, scratch, &out, &out_len, &err), 0);
    memcpy(text, out, out_len);
    text[out_len] = '\0';
    return text;
}

static void test_values_are_found_behind_the_bitmap(void **state)
{
    (void)state;
    const struct wire_column columns[] = {
        {.type = WIRE_LONG}, {.type = WIRE_LONG}, {.type = VAR_STRING}, {.type = WIRE_TINY}};
    /* 7, NULL, "ab", -1; the bitmap begins with two bits of nothing */
    const unsigned char bytes[] = {0, 1 << 3, 7, 0, 0, 0, 2, 'a', 'b', 0xFF};
    struct wire_row row;
    struct wire_value value;
    struct err err = {0};

    assert_int_equal(wire_row_start(&row, columns, 4, bytes, sizeof(bytes), &err), 0);
    assert_int_equal(wire_row_next(&row, &value, &err), 1);
    assert_true(value.len == 4 && value.bytes == bytes + 2);
    assert_int_equal(wire_row_next(&row, &value, &err), 1);
    assert_null(value.bytes);
    assert_int_equal(wire_row_next(&row, &value, &err), 1);
    assert_true(value.len == 2 && memcmp(value.bytes, "ab", 2) == 0);
    assert_int_equal(wire_row_next(&row, &value, &err), 1);
    assert_string_equal(text_of(columns[3], value.bytes, value.len), "-1");
    assert_int_equal(wire_row_next(&row, &value, &err), 0);
}

/* INT, BIGINT UNSIGNED, VARCHAR, INT, DECIMAL(5,2), DATETIME(3), FLOAT: MariaDB 10.11 and MySQL 9.7
 * sent the same bytes for the same row. */
static void test_a_recorded_row_reads_as_its_server_printed_it(void **state)
{
    (void)state;
    static const struct wire_column columns[] = {
        {.type = WIRE_LONG},
        {.type = WIRE_LONGLONG, .is_unsigned = true},
        {.type = VAR_STRING},
        {.type = WIRE_LONG},
        {.type = NEWDECIMAL, .decimals = 2},
        {.type = WIRE_DATETIME, .decimals = 3},
        {.type = WIRE_FLOAT, .decimals = 31},
    };
    static const unsigned char bytes[] = {0x00, 0x20, 0x00, 0xEF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF,
                                          0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x01, 0x78, 0x04,
                                          0x31, 0x2E, 0x35, 0x30, 0x07, 0xE8, 0x07, 0x02, 0x1D,
                                          0x01, 0x02, 0x03, 0x00, 0x00, 0x80, 0x3F};
    static const char *const texts[] = {"-17",  "18446744073709551615",   "x", NULL,
                                        "1.50", "2024-02-29 01:02:03.000"};
    struct wire_row row;
    struct wire_value value;
    struct err err = {0};

    assert_int_equal(wire_row_start(&row, columns, 7, bytes, sizeof(bytes), &err), 0);
    for (size_t i = 0; i < 6; i++) {
        assert_int_equal(wire_row_next(&row, &value, &err), 1);
        if (!texts[i])
            assert_null(value.bytes);
        else
            assert_string_equal(text_of(columns[i], value.bytes, value.len), texts[i]);
    }
    assert_int_equal(wire_row_next(&row, &value, &err), 1);
    assert_int_equal(value.len, 4);
    assert_int_equal(wire_row_next(&row, &value, &err), 0);
}

static void test_every_shorter_and_every_longer_row_is_an_error(void **state)
{
    (void)state;
    const struct wire_column columns[] = {{.type = WIRE_LONGLONG},
                                          {.type = VAR_STRING},
                                          {.type = WIRE_DATETIME},
                                          {.type = WIRE_SHORT}};
    unsigned char bytes[64] = {0,   0,   1,   2, 3,    4, 5, 6, 7, 8, 3,
                               'a', 'b', 'c', 4, 0xE8, 7, 1, 1, 9, 0};
    size_t values;

    assert_int_equal(read_all(columns, 4, bytes, 21, &values), 0);
    assert_int_equal(values, 4);
    for (size_t len = 0; len < sizeof(bytes); len++)
        if (len != 21)
            assert_int_equal(read_all(columns, 4, bytes, len, &values), ERR_PROTOCOL);
}

static void test_a_length_beyond_the_row_is_an_error(void **state)
{
    (void)state;
    const struct wire_column text = {.type = VAR_STRING};
    size_t values;

    assert_int_equal(read_all(&text, 1, BYTES(0, 0, 2, 'a'), &values), ERR_PROTOCOL);
    assert_int_equal(read_all(&text, 1, BYTES(0, 0, 0xFC, 2, 0, 'a'), &values), ERR_PROTOCOL);
    assert_int_equal(read_all(&text, 1, BYTES(0, 0, 0xFC, 2), &values), ERR_PROTOCOL);
    assert_int_equal(read_all(&text, 1, BYTES(0, 0, 0xFD, 0, 0, 1, 'a'), &values), ERR_PROTOCOL);
    assert_int_equal(
        read_all(&text, 1, BYTES(0, 0, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 'a'),
                 &values),
        ERR_PROTOCOL); /* the sum of place and length wraps round */
    assert_int_equal(read_all(&text, 1, BYTES(0, 0, 0xFB), &values), ERR_PROTOCOL);
    assert_int_equal(read_all(&text, 1, BYTES(0, 0, 0xFF, 1), &values), ERR_PROTOCOL);
    assert_int_equal(read_all(&text, 1, BYTES(0, 0, 0xFC, 1, 0, 'a'), &values), 0);
}

static void test_what_is_no_row_is_an_error(void **state)
{
    (void)state;
    const struct wire_column number = {.type = WIRE_TINY}, unknown = {.type = 99};
    size_t values;

    assert_int_equal(read_all(&number, 1, BYTES(0xFE, 0, 0), &values), ERR_PROTOCOL);
    assert_int_equal(read_all(&unknown, 1, BYTES(0, 0, 0), &values), ERR_PROTOCOL);
    assert_int_equal(read_all(&number, 1, BYTES(0, 4), &values), 0); /* NULL needs no bytes */
    assert_int_equal(read_all(NULL, 0, BYTES(0, 0), &values), 0);
}

static void test_integers_are_printed_with_their_sign_and_their_zeros(void **state)
{
    (void)state;
    struct wire_column column = {.type = WIRE_SHORT};

    assert_string_equal(text_of(column, BYTES(0xFF, 0xFF)), "-1");
    assert_string_equal(text_of(column, BYTES(0x00, 0x80)), "-32768");
    column.is_unsigned = true;
    assert_string_equal(text_of(column, BYTES(0xFF, 0xFF)), "65535");
    column.is_zerofill = true;
    column.display_len = 7;
    assert_string_equal(text_of(column, BYTES(0x05, 0x00)), "0000005");
    column = (struct wire_column){.type = WIRE_LONGLONG};
    assert_string_equal(text_of(column, BYTES(0, 0, 0, 0, 0, 0, 0, 0x80)), "-9223372036854775808");
    column.is_unsigned = true;
    assert_string_equal(text_of(column, BYTES(0, 0, 0, 0, 0, 0, 0, 0x80)), "9223372036854775808");
    /* a MEDIUMINT comes in four bytes */
    assert_string_equal(
        text_of((struct wire_column){.type = WIRE_INT24}, BYTES(0xFE, 0xFF, 0xFF, 0xFF)), "-2");
}

static void test_times_are_printed_with_what_was_left_out(void **state)
{
    (void)state;
    const struct wire_column date = {.type = WIRE_DATE},
                             moment = {.type = WIRE_DATETIME, .decimals = 6},
                             second = {.type = WIRE_TIMESTAMP},
                             time = {.type = WIRE_TIME, .decimals = 2};

    assert_string_equal(text_of(date, BYTES(0xE8, 7, 2, 29)), "2024-02-29");
    assert_string_equal(text_of(date, (const unsigned char *)"", 0), "0000-00-00");
    assert_string_equal(text_of(moment, BYTES(0xE8, 7, 2, 29)), "2024-02-29 00:00:00.000000");
    assert_string_equal(text_of(moment, BYTES(0xE8, 7, 2, 29, 23, 5, 9, 1, 0, 0, 0)),
                        "2024-02-29 23:05:09.000001");
    assert_string_equal(text_of(second, (const unsigned char *)"", 0), "0000-00-00 00:00:00");
    assert_string_equal(text_of(time, BYTES(1, 34, 0, 0, 0, 22, 59, 58, 0xB0, 0x1B, 0x0F, 0)),
                        "-838:59:58.99");
    assert_string_equal(text_of(time, (const unsigned char *)"", 0), "00:00:00.00");
}

static void test_a_value_that_does_not_fit_its_type_is_an_error(void **state)
{
    (void)state;
    static const struct wire_column columns[] = {
        {.type = WIRE_DATE}, {.type = WIRE_DATETIME}, {.type = WIRE_TIME}};
    char scratch[WIRE_TEXT_SIZE];
    const unsigned char bytes[16] = {0};
    const char *text;
    size_t len;
    struct err err = {0};

    for (size_t i = 0; i < 3; i++) {
        const struct wire_value odd = {.bytes = bytes, .len = 5}, long_one = {bytes, 16};
        assert_int_equal(wire_value_text(&columns[i], &odd, scratch, &text, &len, &err),
                         ERR_PROTOCOL);
        assert_int_equal(wire_value_text(&columns[i], &long_one, scratch, &text, &len, &err),
                         ERR_PROTOCOL);
    }
    const struct wire_column real = {.type = WIRE_FLOAT};
    const struct wire_value four = {.bytes = bytes, .len = 4};
    assert_int_equal(wire_value_text(&real, &four, scratch, &text, &len, &err), ERR_BUG);
}

static void test_a_column_is_read_from_the_end_of_its_description(void **state)
{
    (void)state;
    /* "def", four names, MariaDB's extra words, then: 12, charset, length 7, LONG, UNSIGNED and
     * ZEROFILL, no decimals, 0, 0 */
    static const unsigned char bytes[] = {3,   'd', 'e', 'f', 0,    1,  't', 0, 1,
                                          'a', 0,   2,   'x', 'y',  12, 63,  0, 7,
                                          0,   0,   0,   3,   0x60, 0,  0,   0, 0};
    struct wire_column column;
    struct err err = {0};

    assert_int_equal(wire_column_read(bytes, sizeof(bytes), &column, &err), 0);
    assert_int_equal(column.type, WIRE_LONG);
    assert_true(column.is_unsigned && column.is_zerofill && column.display_len == 7);
    for (size_t len = 0; len < 13; len++)
        assert_int_equal(wire_column_read(bytes, len, &column, &err), ERR_PROTOCOL);
    assert_int_equal(wire_column_read(bytes, sizeof(bytes) - 1, &column, &err), ERR_PROTOCOL);
}

/* As MariaDB describes SELECT 1 AS one, up to the numbers. */
static void test_a_column_is_called_what_the_statement_calls_it(void **state UNUSED)
{
    static const unsigned char bytes[] = {3, 'd', 'e', 'f', 1,   's', 1, 't',
                                          1, 'o', 3,   'o', 'n', 'e', 0, 12};
    const char *name = NULL;
    size_t name_len = 0;

    assert_true(wire_column_name(bytes, sizeof(bytes), &name, &name_len));
    assert_int_equal(name_len, 3);
    assert_memory_equal(name, "one", 3);
    for (size_t len = 0; len < 14; len++) {
        unsigned char *copy = malloc(len ? len : 1); /* for AddressSanitizer */
        assert_non_null(copy);
        memcpy(copy, bytes, len);
        assert_false(wire_column_name(copy, len, &name, &name_len));
        free(copy);
    }
}

static int read_texts(const unsigned char *bytes, size_t len, const char **values,
                      unsigned long *lengths)
{
    struct err err = {0};

    return wire_text_row(bytes, len, 3, values, lengths, &err);
}

static void test_a_row_of_texts_keeps_null_and_empty_apart(void **state UNUSED)
{
    const char *values[3];
    unsigned long lengths[3];

    assert_int_equal(read_texts(BYTES(2, 'a', 0, 0xFB, 0), values, lengths), 0);
    assert_int_equal(lengths[0], 2);
    assert_memory_equal(values[0], "a\0", 2);
    assert_null(values[1]);
    assert_int_equal(lengths[1], 0);
    assert_non_null(values[2]);
    assert_int_equal(lengths[2], 0);
}

static void test_a_row_of_texts_that_is_cut_short_or_too_long_is_an_error(void **state UNUSED)
{
    const char *values[3];
    unsigned long lengths[3];

    assert_int_equal(read_texts(BYTES(2, 'a', 0, 0xFB), values, lengths), ERR_PROTOCOL);
    assert_int_equal(read_texts(BYTES(1, 'a', 0xFB, 1), values, lengths), ERR_PROTOCOL);
    assert_int_equal(read_texts(BYTES(1, 'a', 0xFB, 0, 0), values, lengths), ERR_PROTOCOL);
    assert_int_equal(read_texts(BYTES(0xFC, 2), values, lengths), ERR_PROTOCOL);
    assert_int_equal(read_texts(BYTES(0xFF, 0, 0), values, lengths), ERR_PROTOCOL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values_are_found_behind_the_bitmap),
        cmocka_unit_test(test_a_recorded_row_reads_as_its_server_printed_it),
        cmocka_unit_test(test_every_shorter_and_every_longer_row_is_an_error),
        cmocka_unit_test(test_a_length_beyond_the_row_is_an_error),
        cmocka_unit_test(test_what_is_no_row_is_an_error),
        cmocka_unit_test(test_integers_are_printed_with_their_sign_and_their_zeros),
        cmocka_unit_test(test_times_are_printed_with_what_was_left_out),
        cmocka_unit_test(test_a_value_that_does_not_fit_its_type_is_an_error),
        cmocka_unit_test(test_a_column_is_read_from_the_end_of_its_description),
        cmocka_unit_test(test_a_column_is_called_what_the_statement_calls_it),
        cmocka_unit_test(test_a_row_of_texts_keeps_null_and_empty_apart),
        cmocka_unit_test(test_a_row_of_texts_that_is_cut_short_or_too_long_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
