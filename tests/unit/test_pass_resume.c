/* SPDX-License-Identifier: MIT */
/* What of an interrupted pass is gone on with: only what leaves no row out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/pass.h"

#define LABEL "blog.t"
#define SHAPE "0123456789abcdef0123456789abcdef"
#define HASH "00000000000000010000000000000002"

/* A pass over one table that has no spans yet. */
struct setting {
    struct table_shape table;
    struct verify_options options;
    struct pass pass;
};

static void setting_init(struct setting *setting, const struct verify_span *kept, size_t count)
{
    *setting = (struct setting){.table = {.label = LABEL}};
    struct task *task = calloc(1, sizeof(*task));

    assert_non_null(task);
    task->table = &setting->table;
    memcpy(task->shape, SHAPE, sizeof(task->shape));
    (void)snprintf(task->result.table, sizeof(task->result.table), "%s", LABEL);
    setting->options = (struct verify_options){.resume = kept, .resume_count = count};
    setting->pass.options = &setting->options;
    setting->pass.tasks = task;
    setting->pass.task_count = 1;
}

static void setting_release(struct setting *setting)
{
    pass_release_tasks(&setting->pass);
}

static struct verify_span done_span(unsigned number, const char *from, const char *until)
{
    struct verify_span span = {.table = LABEL,
                               .shape = SHAPE,
                               .hash = HASH,
                               .number = number,
                               .is_done = true,
                               .rows = 10};
    (void)snprintf(span.from, sizeof(span.from), "%s", from);
    (void)snprintf(span.until, sizeof(span.until), "%s", until);
    (void)snprintf(span.done_until, sizeof(span.done_until), "%s", until);
    return span;
}

static void test_spans_that_join_and_reach_the_end_are_a_table_that_is_done(void **state UNUSED)
{
    const struct verify_span kept[] = {done_span(0, "", "100"), done_span(1, "100", "")};
    CLEANUP(setting_release) struct setting setting;
    struct err err = {0};

    setting_init(&setting, kept, ARRAY_LEN(kept));
    assert_int_equal(pass_resume(&setting.pass, &err), 0);
    assert_int_equal(setting.pass.tasks[0].state, TASK_DONE);
    assert_int_equal(setting.pass.rows_resumed, 20);
}

/* It was kept by an earlier interruption, after which the table was cut elsewhere. */
static void test_a_span_that_does_not_begin_where_the_one_before_ends_is_cut_again(
    void **state UNUSED)
{
    const struct verify_span kept[] = {done_span(0, "", "100"), done_span(1, "150", "")};
    CLEANUP(setting_release) struct setting setting;
    struct err err = {0};

    setting_init(&setting, kept, ARRAY_LEN(kept));
    assert_int_equal(pass_resume(&setting.pass, &err), 0);
    assert_int_equal(setting.pass.tasks[0].state, TASK_OPEN);
    assert_int_equal(setting.pass.tasks[0].span_count, 1);
    assert_false(setting.pass.tasks[0].is_cut);
}

static void test_a_span_behind_one_that_is_not_known_is_cut_again(void **state UNUSED)
{
    const struct verify_span kept[] = {done_span(1, "100", "200"), done_span(2, "200", "")};
    CLEANUP(setting_release) struct setting setting;
    struct err err = {0};

    setting_init(&setting, kept, ARRAY_LEN(kept));
    assert_int_equal(pass_resume(&setting.pass, &err), 0);
    assert_int_equal(setting.pass.tasks[0].span_count, 0);
}

static void test_a_span_with_differences_is_compared_again_from_its_beginning(void **state UNUSED)
{
    struct verify_span kept[] = {done_span(0, "", "100"), done_span(1, "100", "")};
    CLEANUP(setting_release) struct setting setting;
    struct err err = {0};

    kept[1].differences = 1;
    setting_init(&setting, kept, ARRAY_LEN(kept));
    assert_int_equal(pass_resume(&setting.pass, &err), 0);

    const struct task *task = &setting.pass.tasks[0];
    assert_int_equal(task->state, TASK_OPEN);
    assert_int_equal(task->spans[0]->state, SPAN_DONE);
    assert_int_equal(task->spans[1]->state, SPAN_WAITING);
    assert_int_equal(task->spans[1]->rows, 0);
    assert_false(task->spans[1]->done.is_set);
}

static void test_a_span_under_way_goes_on_behind_its_last_chunk(void **state UNUSED)
{
    struct verify_span kept[] = {done_span(0, "", "100")};
    CLEANUP(setting_release) struct setting setting;
    struct err err = {0};

    kept[0].is_done = false;
    memcpy(kept[0].done_until, "50", sizeof("50"));
    setting_init(&setting, kept, ARRAY_LEN(kept));
    assert_int_equal(pass_resume(&setting.pass, &err), 0);

    const struct span *span = setting.pass.tasks[0].spans[0];
    assert_int_equal(span->state, SPAN_WAITING);
    assert_string_equal(buf_text(&span->done.parts[0]), "50");
    assert_int_equal(span->rows, 10);
}

static void test_spans_of_another_definition_are_of_no_use(void **state UNUSED)
{
    struct verify_span kept[] = {done_span(0, "", "")};
    CLEANUP(setting_release) struct setting setting;
    struct err err = {0};

    kept[0].shape[0] = 'f';
    setting_init(&setting, kept, ARRAY_LEN(kept));
    assert_int_equal(pass_resume(&setting.pass, &err), 0);
    assert_int_equal(setting.pass.tasks[0].span_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_spans_that_join_and_reach_the_end_are_a_table_that_is_done),
        cmocka_unit_test(test_a_span_that_does_not_begin_where_the_one_before_ends_is_cut_again),
        cmocka_unit_test(test_a_span_behind_one_that_is_not_known_is_cut_again),
        cmocka_unit_test(test_a_span_with_differences_is_compared_again_from_its_beginning),
        cmocka_unit_test(test_a_span_under_way_goes_on_behind_its_last_chunk),
        cmocka_unit_test(test_spans_of_another_definition_are_of_no_use),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
