/* SPDX-License-Identifier: MIT */
/* Has all of an answer arrived? Every beginning of one is looked at: only the whole is whole. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "io/db_frame.h"

#define BYTES(...)                                                                                 \
    ((const unsigned char[]){__VA_ARGS__}), sizeof((const unsigned char[]){__VA_ARGS__})

#define ONE_COLUMN 1, 0, 0, 1, 1, 3, 0, 0, 2, 'd', 'e', 'f'
#define ONE_ROW 2, 0, 0, 4, 1, '7'
#define MARK 5, 0, 0, 5, 0xFE, 0, 0, 2, 0
#define OK_MARK 7, 0, 0, 5, 0xFE, 0, 0, 2, 0, 0, 0

/* How many of these bytes it takes; more than len: all of them do not. The copy is of exactly as
 * many bytes as are told of, so that AddressSanitizer sees a look beyond them. */
static size_t needed(const unsigned char *bytes, size_t len, unsigned marks)
{
    for (size_t part = 0; part <= len; part++) {
        unsigned char *copy = malloc(part ? part : 1);
        assert_non_null(copy);
        memcpy(copy, bytes, part);
        bool is_whole =
            marks > 0 ? db_frame_is_whole(copy, part, marks) : db_frame_is_whole_tls(copy, part);
        free(copy);
        if (is_whole)
            return part;
    }
    return len + 1;
}

static void assert_needs_all(const unsigned char *bytes, size_t len, unsigned marks)
{
    assert_int_equal(needed(bytes, len, marks), len);
}

static void assert_needs_more(const unsigned char *bytes, size_t len, unsigned marks)
{
    assert_int_equal(needed(bytes, len, marks), len + 1);
}

static void rows_are_whole_with_the_mark_behind_them(void **state)
{
    (void)state;
    assert_needs_all(BYTES(ONE_COLUMN, ONE_ROW, ONE_ROW, OK_MARK), 1);
    assert_needs_all(BYTES(ONE_COLUMN, OK_MARK), 1);
    assert_needs_all(BYTES(ONE_COLUMN, MARK, ONE_ROW, MARK), 2);
    assert_needs_more(BYTES(ONE_COLUMN, MARK, ONE_ROW), 2);
    assert_needs_more(BYTES(ONE_COLUMN, ONE_ROW), 1);
}

static void an_error_ends_an_answer_wherever_it_comes(void **state)
{
    (void)state;
    assert_needs_all(BYTES(3, 0, 0, 1, 0xFF, 0x7A, 4), 2);
    assert_needs_all(BYTES(ONE_COLUMN, MARK, ONE_ROW, 3, 0, 0, 6, 0xFF, 0x25, 5), 2);
}

static void an_answer_without_rows_is_one_packet(void **state)
{
    (void)state;
    assert_needs_all(BYTES(7, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0), 2);
}

static void a_value_that_looks_like_the_mark_is_none(void **state)
{
    (void)state;
    /* a column whose definition begins with the mark's byte; a row with it as its second */
    assert_needs_all(BYTES(1, 0, 0, 1, 1, 2, 0, 0, 2, 0xFE, 0, OK_MARK), 1);
    assert_needs_all(BYTES(ONE_COLUMN, 2, 0, 0, 4, 1, 0xFE, OK_MARK), 1);
}

static void nonsense_is_left_to_the_reader(void **state)
{
    (void)state;
    assert_needs_all(BYTES(0, 0, 0, 1), 2);
    assert_needs_all(BYTES(1, 0, 0, 1, 0xFE), 2);
    assert_needs_all(BYTES(ONE_COLUMN, 0, 0, 0, 3), 2);
}

static void more_columns_than_any_answer_has_are_waited_for(void **state)
{
    (void)state;
    assert_needs_more(BYTES(9, 0, 0, 1, 0xFE, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF), 2);
}

static void records_are_whole_when_none_is_cut_short(void **state)
{
    (void)state;
    const unsigned char two[] = {23, 3, 3, 0, 3, 1, 2, 3, 23, 3, 3, 0, 1, 9};
    assert_int_equal(needed(two, sizeof(two), 0), 8);
    assert_true(db_frame_is_whole_tls(two, 8));
    for (size_t part = 9; part < sizeof(two); part++)
        assert_false(db_frame_is_whole_tls(two, part));
    assert_true(db_frame_is_whole_tls(two, sizeof(two)));
    assert_false(db_frame_is_whole_tls(two, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_are_whole_with_the_mark_behind_them),
        cmocka_unit_test(an_error_ends_an_answer_wherever_it_comes),
        cmocka_unit_test(an_answer_without_rows_is_one_packet),
        cmocka_unit_test(a_value_that_looks_like_the_mark_is_none),
        cmocka_unit_test(nonsense_is_left_to_the_reader),
        cmocka_unit_test(more_columns_than_any_answer_has_are_waited_for),
        cmocka_unit_test(records_are_whole_when_none_is_cut_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
