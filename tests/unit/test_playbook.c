/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "domain/playbook.h"

static struct playbook playbook;

static void begin(void)
{
    playbook_release(&playbook);
    memcpy(playbook.path, "night.cfg", sizeof("night.cfg"));
    playbook.steps = calloc(8, sizeof(*playbook.steps));
}

static struct playbook_step *add(const char *name, const char *action)
{
    struct playbook_step *step = &playbook.steps[playbook.step_count++];
    memcpy(step->name, name, strlen(name) + 1);
    step->action = action_find(action);
    assert_non_null(step->action);
    step->join = (struct action_join){SIDE_OLD, SIDE_NEW, true};
    step->line = (unsigned)playbook.step_count * 10;
    return step;
}

static void assert_refused(enum situation start, const char *message, const char *where)
{
    struct err err = {0};
    enum situation end = SITUATION_UNSAFE;
    assert_int_equal(playbook_join(&playbook, start, &end, &err), ERR_CONFIG);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_int_equal(end, SITUATION_UNSAFE);
    assert_string_equal(err.msg, message);
    assert_string_equal(err.where, where);
}

static void test_the_whole_story_joins(void **state UNUSED)
{
    enum situation end = SITUATION_UNSAFE;
    begin();
    add("copy", "seed");
    add("follow", "follow");
    add("stagger", "stagger");
    add("mirror", "mirror");
    add("go", "gate");
    add("cut-over", "cutover");
    add("settle", "settle");
    add("retire", "retire");
    assert_int_equal(playbook_join(&playbook, SITUATION_APART, &end, NULL), 0);
    assert_int_equal(end, SITUATION_RETIRED);
    playbook_release(&playbook);
}

static void test_a_step_that_does_not_join_is_named_with_its_line(void **state UNUSED)
{
    begin();
    add("copy", "seed");
    add("follow", "follow");
    add("flip", "dns.flip");
    assert_refused(SITUATION_APART, "step \"flip\" needs shared, but is in following here",
                   "night.cfg:30");
    playbook_release(&playbook);
}

static void test_all_situations_that_would_do_are_listed(void **state UNUSED)
{
    begin();
    add("cut-over", "cutover");
    assert_refused(SITUATION_FOLLOWING,
                   "step \"cut-over\" needs mirrored or shared, but is in following here",
                   "night.cfg:10");
    playbook_release(&playbook);
}

static void test_the_missing_step_is_suggested(void **state UNUSED)
{
    struct err err = {0};
    enum situation end = SITUATION_UNSAFE;
    begin();
    add("cut-over", "cutover");
    assert_int_equal(playbook_join(&playbook, SITUATION_FOLLOWING, &end, &err), ERR_CONFIG);
    assert_non_null(strstr(err.hint, "action \"mirror\""));
    playbook_release(&playbook);
}

static void test_a_cutover_to_where_the_users_are_is_refused(void **state UNUSED)
{
    begin();
    add("nowhere", "cutover")->join = (struct action_join){SIDE_OLD, SIDE_OLD, true};
    assert_refused(
        SITUATION_MIRRORED,
        "step \"nowhere\": cutover from old to old makes no sense; expected old to new or "
        "new to old",
        "night.cfg:10");
    playbook_release(&playbook);
}

static void test_the_direction_decides_where_a_fenced_cutover_ends(void **state UNUSED)
{
    enum situation end = SITUATION_UNSAFE;
    begin();
    add("there", "cutover")->join = (struct action_join){SIDE_OLD, SIDE_NEW, false};
    add("and-back", "cutover")->join = (struct action_join){SIDE_NEW, SIDE_OLD, false};
    assert_int_equal(playbook_join(&playbook, SITUATION_MIRRORED, &end, NULL), 0);
    assert_int_equal(end, SITUATION_MIRRORED);
    playbook_release(&playbook);
}

static void test_a_playbook_without_steps_ends_where_it_starts(void **state UNUSED)
{
    enum situation end = SITUATION_UNSAFE;
    begin();
    assert_int_equal(playbook_join(&playbook, SITUATION_SHARED, &end, NULL), 0);
    assert_int_equal(end, SITUATION_SHARED);
    playbook_release(&playbook);
}

static void test_nothing_starts_while_unsafe(void **state UNUSED)
{
    begin();
    add("go", "approve");
    assert_refused(SITUATION_UNSAFE,
                   "step \"go\" needs apart, following, rehearsing, mirrored, shared, fenced, "
                   "flipping, switched or retired, but is in unsafe here",
                   "night.cfg:10");
    playbook_release(&playbook);
}

static void test_values_are_found_by_name_and_freed(void **state UNUSED)
{
    begin();
    struct playbook_step *step = add("cut-over", "cutover");
    step->values[0].param = action_param_find(step->action, "budget");
    step->values[0].text = strdup("2s");
    step->values[0].number = 2000;
    step->values[1].param = action_param_find(step->action, "records");
    step->values[1].items = calloc(1, sizeof(char *));
    step->values[1].items[0] = strdup("ghost.org");
    step->values[1].item_count = 1;
    step->value_count = 2;
    assert_int_equal(playbook_step_number(step, "budget", 7), 2000);
    assert_int_equal(playbook_step_number(step, "mode", 7), 7);
    assert_string_equal(playbook_step_value(step, "records")->items[0], "ghost.org");
    assert_null(playbook_step_value(step, "mode"));
    playbook_release(&playbook);
    playbook_release(&playbook);
    assert_null(playbook.steps);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_whole_story_joins),
        cmocka_unit_test(test_a_step_that_does_not_join_is_named_with_its_line),
        cmocka_unit_test(test_all_situations_that_would_do_are_listed),
        cmocka_unit_test(test_the_missing_step_is_suggested),
        cmocka_unit_test(test_a_cutover_to_where_the_users_are_is_refused),
        cmocka_unit_test(test_the_direction_decides_where_a_fenced_cutover_ends),
        cmocka_unit_test(test_a_playbook_without_steps_ends_where_it_starts),
        cmocka_unit_test(test_nothing_starts_while_unsafe),
        cmocka_unit_test(test_values_are_found_by_name_and_freed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
