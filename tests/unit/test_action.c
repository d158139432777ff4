/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/action.h"

#define BIT(name) SITUATION_BIT(SITUATION_##name)

static void test_every_action_has_one_row_and_can_be_found_both_ways(void **state UNUSED)
{
    size_t count = 0;
    const struct action *actions = action_table(&count);
    assert_int_equal(count, ACTION_COUNT);
    for (size_t i = 0; i < count; i++) {
        assert_ptr_equal(action_by_id((enum action_id)i),
                         action_find(action_by_id((enum action_id)i)->name));
        assert_true(actions[i].does[0] != '\0' && actions[i].undo[0] != '\0');
    }
    assert_null(action_find("Seed"));
    assert_null(action_find(""));
}

static void test_only_cutover_flip_and_abandon_commit(void **state UNUSED)
{
    for (unsigned i = 0; i < ACTION_COUNT; i++)
        assert_int_equal(action_by_id((enum action_id)i)->commits,
                         i == ACTION_CUTOVER || i == ACTION_FLIP || i == ACTION_ABANDON);
}

static void test_params_have_help_and_a_required_one_has_no_default(void **state UNUSED)
{
    size_t count = 0;
    const struct action *actions = action_table(&count);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < ACTION_PARAM_CAP && actions[i].params[j].name != NULL; j++) {
            const struct action_param *param = &actions[i].params[j];
            assert_true(param->help != NULL && param->help[0] != '\0');
            assert_false(param->is_required && param->fallback != NULL);
            assert_ptr_equal(action_param_find(&actions[i], param->name), param);
        }
    const struct action *cutover = action_find("cutover");
    assert_string_equal(action_param_find(cutover, "budget")->fallback, "2s");
    assert_null(action_param_find(cutover, "bugdet"));
}

static void test_a_cutover_from_a_side_to_itself_may_start_nowhere(void **state UNUSED)
{
    const struct action_join join = {.from = SIDE_NEW, .to = SIDE_NEW, .is_shared = true};
    assert_int_equal(action_starts_from(ACTION_CUTOVER, &join), 0);
    assert_int_equal(action_ends_in(ACTION_CUTOVER, &join, SITUATION_SHARED), SITUATION_UNSAFE);
}

static void test_cutovers_join_by_direction_and_mode(void **state UNUSED)
{
    const struct {
        struct action_join join;
        situation_mask starts;
        enum situation ends;
    } rows[] = {
        {{SIDE_OLD, SIDE_NEW, true}, BIT(MIRRORED) | BIT(SHARED), SITUATION_SHARED},
        {{SIDE_NEW, SIDE_OLD, true}, BIT(SWITCHED) | BIT(SHARED), SITUATION_SHARED},
        {{SIDE_OLD, SIDE_NEW, false},
         BIT(MIRRORED) | BIT(FENCED) | BIT(FLIPPING),
         SITUATION_SWITCHED},
        {{SIDE_NEW, SIDE_OLD, false},
         BIT(SWITCHED) | BIT(FENCED) | BIT(FLIPPING),
         SITUATION_MIRRORED},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        assert_int_equal(action_starts_from(ACTION_CUTOVER, &rows[i].join), rows[i].starts);
        for (unsigned start = 0; start < SITUATION_COUNT; start++) {
            bool may = (rows[i].starts & SITUATION_BIT(start)) != 0;
            assert_int_equal(action_ends_in(ACTION_CUTOVER, &rows[i].join, (enum situation)start),
                             may ? rows[i].ends : SITUATION_UNSAFE);
        }
    }
}

static void test_only_fenced_cutovers_pass_through_fenced(void **state UNUSED)
{
    for (unsigned id = 0; id < ACTION_COUNT; id++) {
        struct action_join joins[ACTION_JOIN_CAP];
        size_t count = action_joins((enum action_id)id, joins);
        for (size_t j = 0; j < count; j++) {
            bool is_fenced = id == ACTION_CUTOVER && !joins[j].is_shared;
            assert_int_equal(action_passes((enum action_id)id, &joins[j]),
                             is_fenced ? BIT(FENCED) | BIT(FLIPPING) : 0);
        }
    }
}

static void test_settle_keeps_the_side_that_it_names(void **state UNUSED)
{
    const struct action_join to_new = {.from = SIDE_OLD, .to = SIDE_NEW};
    const struct action_join to_old = {.from = SIDE_OLD, .to = SIDE_OLD}; /* only `to` is written */
    assert_int_equal(action_ends_in(ACTION_SETTLE, &to_new, SITUATION_SHARED), SITUATION_SWITCHED);
    assert_int_equal(action_ends_in(ACTION_SETTLE, &to_old, SITUATION_SHARED), SITUATION_MIRRORED);
    assert_int_equal(action_ends_in(ACTION_SETTLE, &to_new, SITUATION_MIRRORED), SITUATION_UNSAFE);
    assert_int_equal(action_ends_in(ACTION_SETTLE, &to_old, SITUATION_SWITCHED), SITUATION_UNSAFE);
}

static void test_looking_actions_change_no_situation(void **state UNUSED)
{
    const struct action_join join = {0};
    for (unsigned id = 0; id < ACTION_COUNT; id++)
        for (unsigned start = 1; start < SITUATION_COUNT; start++) {
            bool may = (action_starts_from((enum action_id)id, &join) & SITUATION_BIT(start)) != 0;
            if (may && action_by_id((enum action_id)id)->is_observing)
                assert_int_equal(action_ends_in((enum action_id)id, &join, (enum situation)start),
                                 start);
        }
}

static void test_nothing_but_abandon_starts_from_unsafe_and_nothing_ends_there(void **state UNUSED)
{
    for (unsigned id = 0; id < ACTION_COUNT; id++) {
        struct action_join joins[ACTION_JOIN_CAP];
        size_t count = action_joins((enum action_id)id, joins);
        assert_in_range(count, 1, ACTION_JOIN_CAP);
        for (size_t j = 0; j < count; j++) {
            situation_mask starts = action_starts_from((enum action_id)id, &joins[j]);
            assert_true(starts != 0);
            if (id == ACTION_ABANDON) {
                assert_int_equal(starts, BIT(UNSAFE));
                continue;
            }
            assert_true((starts & BIT(UNSAFE)) == 0);
            for (unsigned s = 1; s < SITUATION_COUNT; s++)
                if ((starts & SITUATION_BIT(s)) != 0)
                    assert_true(action_ends_in((enum action_id)id, &joins[j], (enum situation)s) !=
                                SITUATION_UNSAFE);
        }
    }
}

/* One step further from every situation in `from`, over every action and join. */
static situation_mask one_step(situation_mask from)
{
    situation_mask reached = from;
    for (unsigned id = 0; id < ACTION_COUNT; id++) {
        struct action_join joins[ACTION_JOIN_CAP];
        size_t count = action_joins((enum action_id)id, joins);
        for (size_t j = 0; j < count; j++)
            for (unsigned s = 1; s < SITUATION_COUNT; s++) {
                situation_mask starts = action_starts_from((enum action_id)id, &joins[j]);
                if ((from & starts & SITUATION_BIT(s)) == 0)
                    continue;
                reached |= action_passes((enum action_id)id, &joins[j]);
                reached |=
                    SITUATION_BIT(action_ends_in((enum action_id)id, &joins[j], (enum situation)s));
            }
    }
    return reached;
}

static situation_mask reachable(situation_mask from)
{
    for (unsigned i = 0; i < SITUATION_COUNT; i++)
        from = one_step(from);
    return from;
}

static void test_every_situation_can_be_reached_from_apart(void **state UNUSED)
{
    assert_int_equal(reachable(BIT(APART)), SITUATION_ANY & ~BIT(UNSAFE));
}

static void test_there_is_a_way_back_from_everywhere_but_retired(void **state UNUSED)
{
    for (unsigned s = 1; s < SITUATION_COUNT; s++) {
        bool can_go_back = (reachable(SITUATION_BIT(s)) & (BIT(MIRRORED) | BIT(APART))) != 0;
        assert_int_equal(can_go_back, s != SITUATION_RETIRED);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_action_has_one_row_and_can_be_found_both_ways),
        cmocka_unit_test(test_only_cutover_flip_and_abandon_commit),
        cmocka_unit_test(test_params_have_help_and_a_required_one_has_no_default),
        cmocka_unit_test(test_a_cutover_from_a_side_to_itself_may_start_nowhere),
        cmocka_unit_test(test_cutovers_join_by_direction_and_mode),
        cmocka_unit_test(test_only_fenced_cutovers_pass_through_fenced),
        cmocka_unit_test(test_settle_keeps_the_side_that_it_names),
        cmocka_unit_test(test_looking_actions_change_no_situation),
        cmocka_unit_test(test_nothing_but_abandon_starts_from_unsafe_and_nothing_ends_there),
        cmocka_unit_test(test_every_situation_can_be_reached_from_apart),
        cmocka_unit_test(test_there_is_a_way_back_from_everywhere_but_retired),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
