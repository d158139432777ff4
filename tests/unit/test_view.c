/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/view.h"

static struct view *view;

static int setup(void **state)
{
    struct err err = {0};

    (void)state;
    return view_new(&view, &err);
}

static int teardown(void **state)
{
    (void)state;
    view_free(view);
    return 0;
}

static void publish(enum view_topic topic, const char *text)
{
    struct err err = {0};

    assert_int_equal(view_publish(view, topic, json_pack("[s]", text), &err), 0);
}

static void test_nothing_is_taken_before_something_was_published(void **state)
{
    (void)state;
    assert_null(view_take(view, VIEW_LAG, 0));
}

static void test_a_page_is_taken_once_by_who_says_what_it_has_seen(void **state)
{
    (void)state;
    publish(VIEW_LAG, "one");
    CLEANUP(view_dropp) struct view_page *page = view_take(view, VIEW_LAG, 0);
    assert_non_null(page);
    assert_string_equal(page->text, "[\"one\"]");
    assert_null(view_take(view, VIEW_LAG, page->number));
    assert_null(view_take(view, VIEW_STATE, 0));
}

static void test_who_holds_a_page_keeps_it_as_it_was(void **state)
{
    (void)state;
    publish(VIEW_RUN, "one");
    CLEANUP(view_dropp) struct view_page *page = view_take(view, VIEW_RUN, 0);
    publish(VIEW_RUN, "two");
    publish(VIEW_RUN, "three");
    assert_string_equal(page->text, "[\"one\"]");
    CLEANUP(view_dropp) struct view_page *newest = view_take(view, VIEW_RUN, page->number);
    assert_string_equal(newest->text, "[\"three\"]");
    assert_true(newest->number == page->number + 2);
}

static void test_what_cannot_be_published_leaves_the_page_before(void **state)
{
    struct err err = {0};

    (void)state;
    publish(VIEW_STATE, "one");
    assert_int_equal(view_publish(view, VIEW_STATE, NULL, &err), ERR_MEMORY);
    CLEANUP(view_dropp) struct view_page *page = view_take(view, VIEW_STATE, 0);
    assert_string_equal(page->text, "[\"one\"]");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_nothing_is_taken_before_something_was_published, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(test_a_page_is_taken_once_by_who_says_what_it_has_seen,
                                        setup, teardown),
        cmocka_unit_test_setup_teardown(test_who_holds_a_page_keeps_it_as_it_was, setup, teardown),
        cmocka_unit_test_setup_teardown(test_what_cannot_be_published_leaves_the_page_before, setup,
                                        teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
