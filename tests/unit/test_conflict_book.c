/* SPDX-License-Identifier: MIT */
/* Two logs, read in any order: which writes of the same row are conflicts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "verify/conflict_book.h"

struct told {
    size_t count;
    struct conflict last;
};

static void on_conflict(void *context, const struct conflict *conflict)
{
    struct told *told = context;
    told->count++;
    told->last = *conflict;
}

static struct conflict_book *book;
static struct told told;

static int open_book(void **state UNUSED)
{
    told = (struct told){0};
    return conflict_book_new(&book, NULL);
}

static int close_book(void **state UNUSED)
{
    conflict_book_free(book);
    return 0;
}

/* The log of `side` tells that this transaction wrote this row. */
static void row(enum side side, bool is_own, const char *transaction, const char *id)
{
    struct key_point key = {0};
    const unsigned long len = strlen(id);

    assert_int_equal(key_point_set(&key, &id, &len, 1, NULL), 0);
    const struct change change = {.kind = CHANGE_ROW,
                                  .database = "blog",
                                  .name = "posts",
                                  .key = &key,
                                  .is_own = is_own,
                                  .transaction = transaction,
                                  .at_ms = 7};
    assert_int_equal(conflict_book_add(book, side, &change, on_conflict, &told, NULL), 0);
    key_point_release(&key);
}

/* A transaction of one row. */
static void one(enum side side, bool is_own, const char *transaction, const char *id)
{
    row(side, is_own, transaction, id);
    conflict_book_commit(book, side);
}

static void own(enum side side, const char *transaction, const char *id)
{
    one(side, true, transaction, id);
}

static void brought(enum side side, const char *transaction, const char *id)
{
    one(side, false, transaction, id);
}

static void two_writes_on_their_way_to_each_other_are_a_conflict(void **state UNUSED)
{
    own(SIDE_OLD, "1-101-5", "17");
    own(SIDE_NEW, "2-201-9", "17");
    assert_int_equal(told.count, 1);
    assert_string_equal(told.last.table, "blog.posts");
    assert_string_equal(told.last.key, "17");
    assert_string_equal(told.last.transaction[SIDE_OLD], "1-101-5");
    assert_string_equal(told.last.transaction[SIDE_NEW], "2-201-9");
    brought(SIDE_OLD, "2-201-9", "17");
    brought(SIDE_NEW, "1-101-5", "17");
    assert_int_equal(told.count, 1);
    assert_int_equal(conflict_book_on_the_way(book), 0);
}

static void a_write_that_had_seen_the_other_is_none(void **state UNUSED)
{
    own(SIDE_OLD, "1-101-5", "17");
    brought(SIDE_NEW, "1-101-5", "17");
    own(SIDE_NEW, "2-201-9", "17");
    brought(SIDE_OLD, "2-201-9", "17");
    own(SIDE_OLD, "1-101-6", "17");
    brought(SIDE_NEW, "1-101-6", "17");
    assert_int_equal(told.count, 0);
    assert_int_equal(conflict_book_on_the_way(book), 0);
}

static void it_makes_no_difference_which_log_is_read_ahead(void **state UNUSED)
{
    /* NEW wrote after it had OLD's; NEW's log is read long before OLD's */
    brought(SIDE_NEW, "1-101-5", "17");
    own(SIDE_NEW, "2-201-9", "17");
    own(SIDE_OLD, "1-101-5", "17");
    brought(SIDE_OLD, "2-201-9", "17");
    assert_int_equal(told.count, 0);
    assert_int_equal(conflict_book_on_the_way(book), 0);
    /* NEW wrote before it had OLD's */
    own(SIDE_NEW, "2-201-10", "18");
    brought(SIDE_NEW, "1-101-6", "18");
    own(SIDE_OLD, "1-101-6", "18");
    brought(SIDE_OLD, "2-201-10", "18");
    assert_int_equal(told.count, 1);
    assert_int_equal(conflict_book_on_the_way(book), 0);
    /* OLD had NEW's before it wrote, NEW's log says so much later */
    brought(SIDE_OLD, "2-201-11", "19");
    own(SIDE_OLD, "1-101-7", "19");
    own(SIDE_NEW, "2-201-11", "19");
    brought(SIDE_NEW, "1-101-7", "19");
    assert_int_equal(told.count, 1);
    assert_int_equal(conflict_book_on_the_way(book), 0);
}

static void other_rows_and_the_same_side_are_no_conflict(void **state UNUSED)
{
    own(SIDE_OLD, "1-101-5", "17");
    own(SIDE_NEW, "2-201-9", "18");
    own(SIDE_OLD, "1-101-6", "17");
    assert_int_equal(told.count, 0);
    assert_int_equal(conflict_book_on_the_way(book), 3);
}

static void a_row_written_twice_in_a_transaction_counts_once(void **state UNUSED)
{
    row(SIDE_OLD, true, "1-101-5", "17");
    row(SIDE_NEW, false, "1-101-5", "17"); /* the other log is ahead, in the middle of it */
    row(SIDE_OLD, true, "1-101-5", "17");
    conflict_book_commit(book, SIDE_OLD);
    row(SIDE_NEW, false, "1-101-5", "17");
    conflict_book_commit(book, SIDE_NEW);
    assert_int_equal(conflict_book_on_the_way(book), 0);
    own(SIDE_NEW, "2-201-9", "17");
    own(SIDE_OLD, "1-101-6", "17");
    assert_int_equal(told.count, 1); /* with the later one, of which it had not heard */
    assert_string_equal(told.last.transaction[SIDE_OLD], "1-101-6");
}

static void several_on_their_way_are_each_told(void **state UNUSED)
{
    own(SIDE_OLD, "1-101-5", "17");
    own(SIDE_OLD, "1-101-6", "17");
    own(SIDE_NEW, "2-201-9", "17");
    assert_int_equal(told.count, 2);
}

static void too_many_on_their_way_are_forgotten_and_counted_and_none_is_made_up(void **state UNUSED)
{
    char id[16], transaction[32];

    for (unsigned i = 0; i < CONFLICT_CAP + 10; i++) {
        (void)snprintf(id, sizeof(id), "%u", i);
        (void)snprintf(transaction, sizeof(transaction), "1-101-%u", i + 1);
        own(SIDE_OLD, transaction, id);
    }
    assert_int_equal(conflict_book_on_the_way(book), CONFLICT_CAP);
    assert_int_equal(conflict_book_forgotten(book), 10);
    assert_false(conflict_book_is_overrun(book));
    conflict_book_clear(book);
    brought(SIDE_NEW, "1-101-1", "x"); /* an arrival must not be forgotten */
    for (unsigned i = 0; i < CONFLICT_CAP; i++) {
        (void)snprintf(id, sizeof(id), "%u", i);
        (void)snprintf(transaction, sizeof(transaction), "2-201-%u", i + 1);
        own(SIDE_NEW, transaction, id);
    }
    assert_true(conflict_book_is_overrun(book));
    own(SIDE_OLD, "1-101-1", "0");
    assert_int_equal(told.count, 0);
    conflict_book_clear(book);
    assert_false(conflict_book_is_overrun(book));
    assert_int_equal(conflict_book_on_the_way(book), 0);
}

#define SCENE(function) cmocka_unit_test_setup_teardown(function, open_book, close_book)

int main(void)
{
    const struct CMUnitTest tests[] = {
        SCENE(two_writes_on_their_way_to_each_other_are_a_conflict),
        SCENE(a_write_that_had_seen_the_other_is_none),
        SCENE(it_makes_no_difference_which_log_is_read_ahead),
        SCENE(other_rows_and_the_same_side_are_no_conflict),
        SCENE(a_row_written_twice_in_a_transaction_counts_once),
        SCENE(several_on_their_way_are_each_told),
        SCENE(too_many_on_their_way_are_forgotten_and_counted_and_none_is_made_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
