/* SPDX-License-Identifier: MIT */
/* The set of touched rows: nothing is forgotten or put off, and it stays within its cap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "verify/touched.h"

#define NO_LIMIT UINT64_MAX
#define BIG_CAP (64U << 20)

static struct touched *new_set(uint64_t cap_bytes)
{
    struct touched *set;
    struct err err = {0};
    assert_int_equal(touched_new(cap_bytes, &set, &err), 0);
    return set;
}

static void touch_text(struct touched *set, const char *table, const char *id, bool is_integer)
{
    struct err err = {0};
    struct key_point point = {0};
    const char *const values[] = {id};
    const unsigned long lengths[] = {strlen(id)};
    assert_int_equal(key_point_set(&point, values, lengths, 1, &err), 0);
    const struct touched_key key = {
        .database = "blog", .name = table, .index = "", .point = &point, .is_integer = is_integer};
    assert_int_equal(touched_add(set, &key, 1000, &err), 0);
    key_point_release(&point);
}

static void touch(struct touched *set, const char *table, long long id)
{
    char text[32];
    (void)snprintf(text, sizeof(text), "%lld", id);
    touch_text(set, table, text, true);
}

static struct touched_batch *take(struct touched *set, uint64_t until, size_t limit)
{
    struct touched_batch *batch;
    struct err err = {0};
    assert_int_equal(touched_take(set, until, limit, &batch, &err), 0);
    return batch;
}

static struct touched_count count_of(const struct touched *set)
{
    struct touched_count count;
    touched_count(set, &count);
    return count;
}

static const char *text_of(const struct touched_batch *batch, size_t i)
{
    return buf_text(&batch->points[i].parts[0]);
}

static void test_a_row_that_was_touched_twice_is_there_once(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP);
    touch(set, "posts", 7);
    touch(set, "posts", 7);
    touch(set, "posts", 8);
    assert_int_equal(count_of(set).rows, 2);
    struct touched_batch *batch = take(set, NO_LIMIT, 10);
    assert_int_equal(batch->kind, TOUCHED_ROWS);
    assert_int_equal(batch->count, 2);
    assert_string_equal(batch->name, "posts");
    assert_string_equal(text_of(batch, 0), "7");
    assert_string_equal(text_of(batch, 1), "8");
    touched_give_back(set, batch, true);
    assert_false(touched_has(set, NO_LIMIT - 1));
    touched_free(set);
}

static void test_a_row_touched_while_it_is_compared_is_compared_again(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP);
    touch(set, "posts", 1);
    touch(set, "posts", 2);
    struct touched_batch *batch = take(set, NO_LIMIT, 10);
    touch(set, "posts", 2);
    touched_give_back(set, batch, true);
    assert_int_equal(count_of(set).rows, 1);
    batch = take(set, NO_LIMIT, 10);
    assert_int_equal(batch->count, 1);
    assert_string_equal(text_of(batch, 0), "2");
    touched_give_back(set, batch, true);
    touched_free(set);
}

static void test_what_could_not_be_compared_is_as_old_as_before(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP);
    for (int i = 1; i <= 5; i++)
        touch(set, "posts", i);
    struct touched_batch *batch = take(set, NO_LIMIT, 2);
    touch(set, "posts", 1);
    touched_give_back(set, batch, false);
    assert_int_equal(count_of(set).rows, 5);
    assert_int_equal(count_of(set).first, 1);
    batch = take(set, NO_LIMIT, 2);
    assert_string_equal(text_of(batch, 0), "1");
    assert_string_equal(text_of(batch, 1), "2");
    touched_give_back(set, batch, true);
    touched_free(set);
}

static void test_a_last_look_takes_no_row_that_was_touched_after_it_began(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP);
    touch(set, "posts", 1);
    uint64_t until = touched_sequence(set);
    touch(set, "posts", 2);
    touch(set, "comments", 3);
    struct touched_batch *batch = take(set, until, 10);
    assert_int_equal(batch->count, 1);
    assert_true(touched_has(set, until));
    touched_give_back(set, batch, true);
    assert_false(touched_has(set, until));
    assert_null(take(set, until, 10));
    assert_int_equal(count_of(set).rows, 2);
    touched_free(set);
}

static void test_tables_take_turns(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP);
    for (int i = 0; i < 10; i++)
        touch(set, "hot", i);
    touch(set, "calm", 1);
    struct touched_batch *batch = take(set, NO_LIMIT, 2);
    assert_string_equal(batch->name, "hot");
    touched_give_back(set, batch, true);
    batch = take(set, NO_LIMIT, 2);
    assert_string_equal(batch->name, "calm");
    touched_give_back(set, batch, true);
    touched_free(set);
}

static void test_keys_of_two_indexes_are_not_compared_together(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP);
    struct err err = {0};
    struct key_point point = {0};
    const char *const values[] = {"a", "b"};
    const unsigned long lengths[] = {1, 1};
    assert_int_equal(key_point_set(&point, values, lengths, 2, &err), 0);
    touch(set, "posts", 1);
    const struct touched_key key = {.database = "blog",
                                    .name = "posts",
                                    .index = "fk_author",
                                    .point = &point,
                                    .is_doubtful = true};
    assert_int_equal(touched_add(set, &key, 1000, &err), 0);
    key_point_release(&point);
    touch(set, "posts", 2);
    struct touched_batch *batch = take(set, NO_LIMIT, 10);
    assert_int_equal(batch->count, 2);
    assert_string_equal(batch->index, "");
    assert_false(batch->is_doubtful);
    struct touched_batch *other = take(set, NO_LIMIT, 10);
    assert_string_equal(other->index, "fk_author");
    assert_true(other->is_doubtful);
    assert_int_equal(other->points[0].count, 2);
    assert_string_equal(buf_text(&other->points[0].parts[1]), "b");
    touched_give_back(set, other, true);
    touched_give_back(set, batch, true);
    assert_false(touched_has(set, NO_LIMIT - 1));
    touched_free(set);
}

static void test_beyond_the_cap_integers_become_ranges(void **state)
{
    (void)state;
    struct touched *set = new_set(64 << 10);
    for (int i = -3000; i < 3000; i++)
        touch(set, "posts", i);
    struct touched_count count = count_of(set);
    assert_true(count.bytes <= count.cap_bytes);
    assert_int_equal(count.rows, 0);
    assert_int_equal(count.tables, 0);
    assert_true(count.ranges >= 6);
    struct touched_batch *batch = take(set, NO_LIMIT, 10);
    assert_int_equal(batch->kind, TOUCHED_RANGE);
    assert_string_equal(text_of(batch, 0), "-3073"); /* after this one */
    assert_string_equal(text_of(batch, 1), "-2049"); /* until this one */
    touched_give_back(set, batch, true);
    while ((batch = take(set, NO_LIMIT, 10)))
        touched_give_back(set, batch, true);
    touch(set, "posts", 1); /* and then rows again */
    assert_int_equal(count_of(set).rows, 1);
    touched_free(set);
}

static void test_beyond_the_cap_other_keys_become_the_table(void **state)
{
    (void)state;
    struct touched *set = new_set(16 << 10);
    char text[32];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof(text), "slug %d", i);
        touch_text(set, "pages", text, false);
    }
    struct touched_count count = count_of(set);
    assert_int_equal(count.tables, 1);
    assert_int_equal(count.rows, 0);
    assert_int_equal(count.first, 1);
    struct touched_batch *batch = take(set, NO_LIMIT, 10);
    assert_int_equal(batch->kind, TOUCHED_TABLE);
    touch_text(set, "pages", "while it is compared", false);
    touched_give_back(set, batch, true);
    count = count_of(set);
    assert_int_equal(count.tables, 0);
    assert_int_equal(count.rows, 1);
    touched_free(set);
}

static void test_numbers_beyond_64_bits_become_the_table(void **state)
{
    (void)state;
    struct touched *set = new_set(8 << 10);
    char text[32];
    for (int i = 0; i < 1000; i++) {
        (void)snprintf(text, sizeof(text), "1844674407370955%04d", i);
        touch_text(set, "wide", text, true);
    }
    assert_int_equal(count_of(set).tables, 1);
    touched_free(set);
}

static void test_ids_far_apart_become_the_table_when_no_range_helps(void **state)
{
    (void)state;
    struct touched *set = new_set(4 << 10);
    for (long long i = 0; i < 2000; i++)
        touch(set, "sparse", i * 4000000000000000LL);
    struct touched_count count = count_of(set);
    assert_true(count.bytes <= count.cap_bytes);
    assert_int_equal(count.tables, 1);
    touched_free(set);
}

static void test_a_table_as_a_whole_needs_no_rows(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP);
    struct err err = {0};
    touch(set, "posts", 1);
    assert_int_equal(touched_add_table(set, "blog", "posts", 5, &err), 0);
    touch(set, "posts", 2);
    struct touched_count count = count_of(set);
    assert_int_equal(count.rows, 0);
    assert_int_equal(count.tables, 1);
    assert_int_equal(count.first, 1);
    struct touched_batch *batch = take(set, NO_LIMIT, 10);
    assert_int_equal(batch->kind, TOUCHED_TABLE);
    touch(set, "posts", 3);
    touched_give_back(set, batch, false);
    count = count_of(set);
    assert_int_equal(count.rows, 0);
    assert_int_equal(count.tables, 1);
    assert_int_equal(count.first, 1);
    touched_free(set);
}

static void test_a_batch_can_be_put_under_suspicion(void **state)
{
    (void)state;
    struct touched *set = new_set(BIG_CAP), *suspects = new_set(BIG_CAP);
    struct err err = {0};
    for (int i = 0; i < 3; i++)
        touch(set, "posts", i);
    struct touched_batch *batch = take(set, NO_LIMIT, 10);
    assert_int_equal(touched_add_batch(suspects, batch, 9, &err), 0);
    touched_give_back(set, batch, true);
    assert_int_equal(count_of(suspects).rows, 3);
    assert_int_equal(count_of(set).rows, 0);
    touched_free(set);
    touched_free(suspects);
}

/* --- against a model that is too simple to be wrong ------------------------------------------- */

#define MODEL_TABLES 3
#define MODEL_IDS 400
struct model {
    /* numbers of the touch that is not proven; 0: proven, or never touched */
    uint64_t unproven[MODEL_TABLES][MODEL_IDS];
};

static unsigned model_table(const char *name)
{
    return (unsigned)(name[1] - '0');
}

static bool batch_has(const struct touched_batch *batch, int id)
{
    if (batch->kind == TOUCHED_TABLE)
        return true;
    if (batch->kind == TOUCHED_RANGE)
        return id > atoll(text_of(batch, 0)) && id <= atoll(text_of(batch, 1));
    for (size_t i = 0; i < batch->count; i++)
        if (atoll(text_of(batch, i)) == id)
            return true;
    return false;
}

/* What is proven is forgotten by the model, unless it was touched after the batch was taken. */
static void model_prove(struct model *model, const struct touched_batch *batch, uint64_t taken)
{
    unsigned table = model_table(batch->name);
    for (int id = 0; id < MODEL_IDS; id++)
        if (model->unproven[table][id] && model->unproven[table][id] <= taken &&
            batch_has(batch, id))
            model->unproven[table][id] = 0;
}

/* Every row that the model thinks unproven must come out of the set. */
static void check_nothing_is_lost(struct touched *set, struct model *model)
{
    struct touched_batch *batch;
    while ((batch = take(set, NO_LIMIT, 7))) {
        model_prove(model, batch, touched_sequence(set));
        touched_give_back(set, batch, true);
    }
    for (unsigned table = 0; table < MODEL_TABLES; table++)
        for (int id = 0; id < MODEL_IDS; id++)
            assert_int_equal(model->unproven[table][id], 0);
    assert_int_equal(count_of(set).bytes, 0);
    assert_int_equal(count_of(set).rows, 0);
    assert_int_equal(count_of(set).ranges, 0);
    assert_int_equal(count_of(set).tables, 0);
}

static void play(unsigned seed, uint64_t cap_bytes)
{
    struct touched *set = new_set(cap_bytes);
    struct model *model = calloc(1, sizeof(*model));
    struct touched_batch *out[4] = {NULL};
    uint64_t taken[4] = {0};
    struct err err = {0};
    static const char *const names[] = {"t0", "t1", "t2"};

    assert_non_null(model);
    srand(seed);
    for (int step = 0; step < 4000; step++) {
        unsigned table = (unsigned)rand() % MODEL_TABLES, slot = (unsigned)rand() % 4;
        int dice = rand() % 100, id = rand() % MODEL_IDS;
        if (dice < 80) {
            touch(set, names[table], id);
            if (!model->unproven[table][id])
                model->unproven[table][id] = touched_sequence(set);
            for (unsigned i = 0; i < 4; i++) /* what is out does not prove this touch */
                if (out[i] && model->unproven[table][id] <= taken[i])
                    model->unproven[table][id] = touched_sequence(set);
        } else if (dice < 81) {
            assert_int_equal(touched_add_table(set, "blog", names[table], 1, &err), 0);
        } else if (!out[slot]) {
            taken[slot] = touched_sequence(set);
            out[slot] = take(set, NO_LIMIT, (size_t)(1 + rand() % 20));
        } else {
            bool is_proven = rand() % 4 != 0;
            if (is_proven)
                model_prove(model, out[slot], taken[slot]);
            touched_give_back(set, out[slot], is_proven);
            out[slot] = NULL;
        }
        bool is_any_out = out[0] || out[1] || out[2] || out[3];
        assert_true(is_any_out || count_of(set).bytes <= cap_bytes);
    }
    for (unsigned i = 0; i < 4; i++)
        if (out[i])
            touched_give_back(set, out[i], false);
    check_nothing_is_lost(set, model);
    touched_free(set);
    free(model);
}

static void test_nothing_is_ever_lost(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 12; seed++) {
        play(seed, BIG_CAP);
        play(seed, 20000);
        play(seed, 2000);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_row_that_was_touched_twice_is_there_once),
        cmocka_unit_test(test_a_row_touched_while_it_is_compared_is_compared_again),
        cmocka_unit_test(test_what_could_not_be_compared_is_as_old_as_before),
        cmocka_unit_test(test_a_last_look_takes_no_row_that_was_touched_after_it_began),
        cmocka_unit_test(test_tables_take_turns),
        cmocka_unit_test(test_keys_of_two_indexes_are_not_compared_together),
        cmocka_unit_test(test_beyond_the_cap_integers_become_ranges),
        cmocka_unit_test(test_beyond_the_cap_other_keys_become_the_table),
        cmocka_unit_test(test_numbers_beyond_64_bits_become_the_table),
        cmocka_unit_test(test_ids_far_apart_become_the_table_when_no_range_helps),
        cmocka_unit_test(test_a_table_as_a_whole_needs_no_rows),
        cmocka_unit_test(test_a_batch_can_be_put_under_suspicion),
        cmocka_unit_test(test_nothing_is_ever_lost),
    };
    return cmocka_run_group_tests_name("touched", tests, NULL, NULL);
}
