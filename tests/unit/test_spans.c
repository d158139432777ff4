/* SPDX-License-Identifier: MIT */
/* Where a table is cut, and what has to be the same for a span to be gone on with. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "verify/pass.h"

static char label[] = "blog.t", kind[] = "BASE TABLE", id_name[] = "id", v_name[] = "v",
            int_type[] = "int", bigint_type[] = "bigint", key_name[] = "PRIMARY";

static struct table_shape table_of(uint64_t rows, uint64_t bytes)
{
    struct table_shape table = {.kind = kind, .rows_estimate = rows, .bytes_estimate = bytes};
    memcpy(table.label, label, sizeof(label));
    return table;
}

static size_t count_cuts(struct span_plan *plan, char *last, size_t last_size)
{
    size_t cuts = 0;
    while (span_plan_next(plan, last, last_size))
        cuts++;
    return cuts;
}

static void test_a_small_table_stays_whole(void **state UNUSED)
{
    struct span_plan plan;
    const struct table_shape table = table_of(SPAN_ROWS - 1, SPAN_BYTES - 1);

    span_plan_init(&plan, &table, true, 0);
    assert_true(plan.is_whole);
    assert_int_equal(plan.expected, 1);
}

static void test_a_table_without_a_key_stays_whole_however_large(void **state UNUSED)
{
    struct span_plan plan;
    const struct table_shape table = table_of(100 * SPAN_ROWS, 100ULL * SPAN_BYTES);

    span_plan_init(&plan, &table, false, 0);
    assert_true(plan.is_whole);
}

static void test_few_but_long_rows_are_cut_by_their_bytes(void **state UNUSED)
{
    struct span_plan plan;
    const struct table_shape table = table_of(1000, 10ULL * SPAN_BYTES);

    span_plan_init(&plan, &table, true, 0);
    assert_false(plan.is_whole);
    assert_int_equal(plan.expected, 11);
    assert_int_equal(plan.rows, 1000 / 11 + 1);
}

static void test_dense_numbers_are_divided_and_the_last_span_has_no_end(void **state UNUSED)
{
    struct span_plan plan;
    char bound[48];
    const struct table_shape table = table_of(1000, 0);

    span_plan_init(&plan, &table, true, 100);
    assert_true(span_plan_divide(&plan, "1", "1000", 1000));
    assert_true(span_plan_next(&plan, bound, sizeof(bound)));
    assert_string_equal(bound, "92");
    assert_int_equal(count_cuts(&plan, bound, sizeof(bound)), 9);
    assert_string_equal(bound, "911");
}

static void test_sparse_numbers_are_not_divided(void **state UNUSED)
{
    struct span_plan plan;
    const struct table_shape table = table_of(1000, 0);

    span_plan_init(&plan, &table, true, 100);
    assert_false(span_plan_divide(&plan, "1", "1000000", 1000));
    assert_false(plan.is_divided);
}

static void test_numbers_from_below_zero_to_the_largest_do_not_overflow(void **state UNUSED)
{
    struct span_plan plan;
    char bound[48];
    const struct table_shape table = table_of(UINT64_MAX, 0);

    span_plan_init(&plan, &table, true, 0);
    assert_int_equal(plan.expected, SPAN_CAP);
    assert_true(
        span_plan_divide(&plan, "-9223372036854775808", "18446744073709551615", UINT64_MAX));
    assert_true(span_plan_next(&plan, bound, sizeof(bound)));
    assert_int_equal(bound[0], '-');
    assert_int_equal(count_cuts(&plan, bound, sizeof(bound)), SPAN_CAP - 2);
    assert_true(strlen(bound) == 20 && !strncmp(bound, "18", 2));
}

static void test_what_is_no_number_is_not_divided(void **state UNUSED)
{
    struct span_plan plan;
    const struct table_shape table = table_of(1000, 0);

    span_plan_init(&plan, &table, true, 100);
    assert_false(span_plan_divide(&plan, "1", "1000.5", 1000));
    assert_false(span_plan_divide(&plan, "", "10", 1000));
    assert_false(span_plan_divide(&plan, "10", "1", 1000));
}

static void test_cutting_goes_on_behind_a_bound_that_is_there_already(void **state UNUSED)
{
    struct span_plan plan;
    char bound[48];
    const struct table_shape table = table_of(1000, 0);

    span_plan_init(&plan, &table, true, 100);
    assert_true(span_plan_divide(&plan, "1", "1000", 1000));
    span_plan_skip(&plan, "500");
    assert_true(span_plan_next(&plan, bound, sizeof(bound)));
    assert_string_equal(bound, "591");
}

static void test_another_type_is_another_shape(void **state UNUSED)
{
    struct column_shape columns[] = {{.name = id_name, .type = int_type},
                                     {.name = v_name, .type = int_type}};
    struct table_shape table = table_of(1, 1);
    const struct index_shape key = {.name = key_name, .column_count = 1};
    char before[33], after[33];

    table.columns = columns;
    table.column_count = ARRAY_LEN(columns);
    span_shape_text(&table, &key, before);
    table.rows_estimate = 77;
    span_shape_text(&table, &key, after);
    assert_string_equal(before, after);
    columns[1].type = bigint_type;
    span_shape_text(&table, &key, after);
    assert_string_not_equal(before, after);
    columns[1].type = int_type;
    span_shape_text(&table, NULL, after);
    assert_string_not_equal(before, after);
}

static int number_key(struct key_point *key, const char *number)
{
    struct err err = {0};
    const unsigned long len = strlen(number);
    return key_point_set(key, &number, &len, 1, &err);
}

static void test_spans_join_and_a_task_is_complete_with_the_last_of_them(void **state UNUSED)
{
    struct pass pass = {.tasks = calloc(1, sizeof(struct task)), .task_count = 1};
    struct task *task = &pass.tasks[0];
    CLEANUP(key_point_release) struct key_point until = {0};

    assert_int_equal(number_key(&until, "10"), 0);
    struct span *first = task_add_span(task, &until);
    until.is_set = false;
    struct span *second = task_add_span(task, &until);
    assert_string_equal(first->told.from, "");
    assert_string_equal(first->told.until, "10");
    assert_string_equal(second->told.from, "10");
    assert_true(task->is_cut);
    first->state = SPAN_DONE;
    assert_false(task_is_complete(task));
    second->state = SPAN_DONE;
    assert_true(task_is_complete(task));
    pass_release_tasks(&pass);
}

static void test_the_hash_of_a_table_depends_on_the_order_of_its_spans_only(void **state UNUSED)
{
    struct pass pass = {.tasks = calloc(1, sizeof(struct task)), .task_count = 1};
    struct task *task = &pass.tasks[0];
    CLEANUP(key_point_release) struct key_point until = {0};
    char before[33];

    assert_int_equal(number_key(&until, "10"), 0);
    struct span *first = task_add_span(task, &until);
    until.is_set = false;
    struct span *second = task_add_span(task, &until);
    first->hash.low = 1, first->rows = 3;
    second->hash.low = 2, second->rows = 4;
    task_sum_up(task);
    assert_int_equal(task->result.rows, 7);
    memcpy(before, task->result.hash, sizeof(before));
    task_sum_up(task);
    assert_string_equal(before, task->result.hash);
    first->hash.low = 2, second->hash.low = 1;
    task_sum_up(task);
    assert_string_not_equal(before, task->result.hash);
    pass_release_tasks(&pass);
}

static void test_trouble_is_told_apart(void **state UNUSED)
{
    struct err err = {0};

    assert_int_equal(pass_trouble_of(ERR_STOPPED, &err, true), PASS_FATAL);
    assert_int_equal(pass_trouble_of(ERR_LOST, &err, false), PASS_LOST);
    assert_int_equal(pass_trouble_of(ERR_TIMEOUT, &err, true), PASS_LOST);
    assert_int_equal(pass_trouble_of(ERR_TIMEOUT, &err, false), PASS_FATAL);
    err.native = 1045; /* a password does not become right by waiting */
    assert_int_equal(pass_trouble_of(ERR_LOST, &err, true), PASS_FATAL);
    err.native = 1317;
    assert_int_equal(pass_trouble_of(ERR_SERVER, &err, false), PASS_INTERRUPTED);
    err.native = 1205;
    assert_int_equal(pass_trouble_of(ERR_SERVER, &err, false), PASS_INTERRUPTED);
    err.native = 1412;
    assert_int_equal(pass_trouble_of(ERR_SERVER, &err, false), PASS_SHAPE_CHANGED);
    err.native = 1142; /* no privilege */
    assert_int_equal(pass_trouble_of(ERR_SERVER, &err, false), PASS_FATAL);
}

/* A pass of two workers over two tables; is the rest of the first one a share? begun: its spans. */
static bool is_one_share(uint64_t rows, uint64_t other_rows, size_t begun, bool is_other_done)
{
    const struct key_point bound = {0};
    const struct table_shape tables[] = {table_of(rows, rows), table_of(other_rows, other_rows)};
    struct task tasks[2] = {{.table = &tables[0]}, {.table = &tables[1]}};
    struct pass pass = {.tasks = tasks, .task_count = ARRAY_LEN(tasks), .running = 2};

    for (size_t i = 0; i < ARRAY_LEN(tasks); i++)
        span_plan_init(&tasks[i].plan, &tables[i], true, 0);
    tasks[1].state = is_other_done ? TASK_DONE : TASK_OPEN;
    for (size_t i = 0; i < begun; i++) {
        assert_non_null(task_add_span(&tasks[0], &bound));
        tasks[0].spans[i]->state = SPAN_RUNNING;
    }
    tasks[0].is_cut = false;
    bool is_it = task_is_one_share(&pass, &tasks[0]);
    for (size_t i = 0; i < tasks[0].span_count; i++)
        free(tasks[0].spans[i]);
    free(tasks[0].spans);
    return is_it;
}

static void test_a_table_is_not_cut_while_others_keep_the_other_workers_busy(void **state UNUSED)
{
    assert_true(is_one_share(4 * SPAN_ROWS, 5 * SPAN_ROWS, 0, false));
    assert_false(is_one_share(4 * SPAN_ROWS, 3 * SPAN_ROWS, 0, false));
    assert_false(is_one_share(4 * SPAN_ROWS, 5 * SPAN_ROWS, 0, true));
    /* what is left of it counts: two of five spans have been taken */
    assert_true(is_one_share(4 * SPAN_ROWS, 3 * SPAN_ROWS, 2, false));
}

static void test_a_very_large_table_is_cut_whatever_else_there_is(void **state UNUSED)
{
    assert_false(is_one_share(400 * SPAN_ROWS, 500 * SPAN_ROWS, 0, false));
}

static void test_a_cut_that_has_to_be_looked_for_is_left_out_of_the_last_span(void **state UNUSED)
{
    CLEANUP(key_point_release) struct key_point out = {.is_set = true};
    const struct key_point after = {0};
    struct span_plan plan = {.is_asked = true, .is_last = true, .rows = 1000, .expected = 4};
    struct err err;

    /* neither a table nor a server: nothing may be asked */
    assert_int_equal(span_next_bound(&plan, NULL, NULL, &after, &out, &err), 0);
    assert_false(out.is_set);
}

static void test_numbers_are_divided_to_the_end_because_that_costs_nothing(void **state UNUSED)
{
    CLEANUP(key_point_release) struct key_point out = {0};
    const struct key_point after = {0};
    struct span_plan plan;
    struct err err;
    const struct table_shape table = table_of(1000, 0);

    span_plan_init(&plan, &table, true, 100);
    assert_true(span_plan_divide(&plan, "1", "1000", 1000));
    plan.is_asked = plan.is_last = true;
    assert_int_equal(span_next_bound(&plan, NULL, NULL, &after, &out, &err), 0);
    assert_true(out.is_set);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_small_table_stays_whole),
        cmocka_unit_test(test_a_table_without_a_key_stays_whole_however_large),
        cmocka_unit_test(test_few_but_long_rows_are_cut_by_their_bytes),
        cmocka_unit_test(test_dense_numbers_are_divided_and_the_last_span_has_no_end),
        cmocka_unit_test(test_sparse_numbers_are_not_divided),
        cmocka_unit_test(test_numbers_from_below_zero_to_the_largest_do_not_overflow),
        cmocka_unit_test(test_what_is_no_number_is_not_divided),
        cmocka_unit_test(test_cutting_goes_on_behind_a_bound_that_is_there_already),
        cmocka_unit_test(test_another_type_is_another_shape),
        cmocka_unit_test(test_spans_join_and_a_task_is_complete_with_the_last_of_them),
        cmocka_unit_test(test_the_hash_of_a_table_depends_on_the_order_of_its_spans_only),
        cmocka_unit_test(test_trouble_is_told_apart),
        cmocka_unit_test(test_a_table_is_not_cut_while_others_keep_the_other_workers_busy),
        cmocka_unit_test(test_a_very_large_table_is_cut_whatever_else_there_is),
        cmocka_unit_test(test_a_cut_that_has_to_be_looked_for_is_left_out_of_the_last_span),
        cmocka_unit_test(test_numbers_are_divided_to_the_end_because_that_costs_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
