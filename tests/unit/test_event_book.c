/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/event_book.h"

static struct event_book *book;

static int setup(void **state)
{
    struct err err = {0};

    (void)state;
    return event_book_new(&book, &err);
}

static int teardown(void **state)
{
    (void)state;
    event_book_free(book);
    return 0;
}

static void add(int64_t number, const char *text)
{
    event_book_add(book, number, strdup(text));
}

static void test_a_reader_is_told_what_came_after_what_it_has_seen(void **state)
{
    CLEANUP(buf_release) struct buf out = {0};
    int64_t last = 0;

    (void)state;
    buf_init(&out, 4096);
    add(5, "{\"a\":1}");
    add(9, "{\"b\":2}");
    assert_int_equal(event_book_tell(book, 5, &out, &last), 1);
    assert_string_equal(buf_text(&out), "id: 9\nevent: journal\ndata: {\"b\":2}\n\n");
    assert_int_equal(last, 9);
    assert_int_equal(event_book_tell(book, 9, &out, &last), 0);
}

static void test_an_event_is_kept_once(void **state)
{
    CLEANUP(buf_release) struct buf out = {0};
    int64_t last = 0;

    (void)state;
    buf_init(&out, 4096);
    add(5, "{}");
    add(5, "{}");
    add(4, "{}");
    assert_int_equal(event_book_tell(book, 0, &out, &last), 1);
    assert_int_equal(event_book_last(book), 5);
}

static void test_the_oldest_are_forgotten_and_the_newest_told_in_order(void **state)
{
    CLEANUP(buf_release) struct buf out = {0};
    int64_t last = 0;

    (void)state;
    buf_init(&out, 1 << 20);
    for (int64_t number = 1; number <= EVENT_BOOK_CAP + 10; number++)
        add(number, "{}");
    assert_int_equal(event_book_tell(book, 0, &out, &last), EVENT_BOOK_CAP);
    assert_int_equal(strncmp(buf_text(&out), "id: 11\n", 7), 0);
    assert_int_equal(last, EVENT_BOOK_CAP + 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_a_reader_is_told_what_came_after_what_it_has_seen,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_an_event_is_kept_once, setup, teardown),
        cmocka_unit_test_setup_teardown(test_the_oldest_are_forgotten_and_the_newest_told_in_order,
                                        setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
