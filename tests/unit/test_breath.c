/* SPDX-License-Identifier: MIT */
/* What the journal on disk says when a run ends within the breath of a cutover, and after it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "engine/driver.h"

#define ID "7f3a0001"

enum { READY, CLOSE, DRAIN, OPEN, FLIP, PARTS };

static char path[64];
static struct run run;
static struct step_record states[PARTS];
static struct service service;

static void fill_plan(struct plan *plan, bool has_commit)
{
    static const char *const parts[PARTS] = {"ready", "close-from", "drain", "open-to", "flip"};

    *plan = (struct plan){.starts_in = SITUATION_MIRRORED, .ends_in = SITUATION_SWITCHED};
    (void)snprintf(plan->name, sizeof plan->name, "fenced");
    (void)snprintf(plan->service, sizeof plan->service, "blog");
    for (int i = 0; i < PARTS; i++) {
        struct plan_step *step = plan_step_add(plan);
        (void)snprintf(step->id, sizeof step->id, "1.%d", i + 1);
        (void)snprintf(step->name, sizeof step->name, "cut-over");
        (void)snprintf(step->what, sizeof step->what, "%s", parts[i]);
        step->action = action_by_id(ACTION_CUTOVER);
        step->is_breath = i >= CLOSE && i <= OPEN;
        step->commits = has_commit && i == OPEN;
    }
}

static void begin(bool has_commit)
{
    struct err err = {0};

    memset(states, 0, sizeof states);
    run = (struct run){.service = &service, .steps = states};
    (void)snprintf(run.id, sizeof run.id, ID);
    fill_plan(&run.plan, has_commit);
    if (journal_open(path, &run.journal, &err) ||
        journal_run_begin(run.journal, &run.plan, ID, "me@here pid 1", 1, &err))
        fail_msg("%s", err.msg);
}

/* As by kill -9: what is in memory only is lost. */
static void die(void)
{
    breath_release(&run);
    journal_freep(&run.journal);
    plan_release(&run.plan);
}

static void perform(size_t index)
{
    struct err err = {0};

    if (breath_part(&run, index, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(
        journal_step(run.journal, ID, index, &run.plan.steps[index], STEP_DONE, NULL, &err), 0);
    states[index].state = STEP_DONE;
}

static void arm(const char *failpoints)
{
    struct err err = {0};

    assert_int_equal(setenv("CUTOVER_FAILPOINT", failpoints, 1), 0);
    assert_int_equal(failpoint_arm_from_env(&err), 0);
}

static void expect_on_disk(enum step_state closing, enum step_state draining,
                           enum step_state opening, bool is_committed)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct step_record found[PARTS];
    struct run_record record;
    struct err err = {0};

    if (journal_open(path, &journal, &err) || journal_steps(journal, ID, found, PARTS, &err) ||
        journal_run_find(journal, "blog", NULL, &record, &err))
        fail_msg("%s", err.msg);
    assert_int_equal(found[CLOSE].state, closing);
    assert_int_equal(found[DRAIN].state, draining);
    assert_int_equal(found[OPEN].state, opening);
    assert_int_equal(found[READY].state, STEP_PENDING);
    assert_int_equal(found[FLIP].state, STEP_PENDING);
    assert_int_equal(record.is_committed, is_committed);
}

static void test_a_breath_is_the_parts_between_which_nobody_can_write(void **state UNUSED)
{
    begin(true);
    for (size_t i = CLOSE; i <= OPEN; i++) {
        assert_int_equal(breath_first(&run, i), CLOSE);
        assert_int_equal(breath_last(&run, i), OPEN);
    }
    die();
}

static void test_all_intents_but_that_of_the_commit_step_are_there_before_the_first_part_acts(
    void **state UNUSED)
{
    struct err err = {0};

    begin(true);
    assert_int_equal(breath_part(&run, CLOSE, &err), 0);
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_PENDING, false);
    die();
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_PENDING, false);
}

static void test_the_intent_to_commit_is_on_disk_before_the_commit_step_acts(void **state UNUSED)
{
    struct err err = {0};

    begin(true);
    perform(CLOSE);
    perform(DRAIN);
    assert_int_equal(breath_part(&run, OPEN, &err), 0);
    assert_true(run.is_committed);
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_INTENT, true);
    die();
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_INTENT, true);
}

static void test_the_intent_to_commit_may_be_there_before_its_turn(void **state UNUSED)
{
    struct err err = {0};

    begin(true);
    perform(CLOSE);
    breath_commit_early(&run);
    assert_int_equal(breath_part(&run, OPEN, &err), 0);
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_INTENT, true);
    die();
}

/* The thread naps for three seconds with its transaction open. */
static void test_while_the_intent_to_commit_is_written_the_run_sees_what_is_on_disk(
    void **state UNUSED)
{
    struct step_record seen[PARTS] = {0};
    struct err err = {0};

    begin(true);
    perform(CLOSE);
    arm("nap@journal.commit");
    breath_commit_early(&run);
    int64_t began_ms = clock_mono_ms();
    while (seen[OPEN].state != STEP_INTENT && clock_mono_ms() - began_ms < 30000) {
        assert_int_equal(journal_check_owner(run.journal, &err), 0);
        assert_int_equal(journal_steps(run.journal, ID, seen, PARTS, &err), 0);
    }
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_INTENT, true);
    assert_int_equal(breath_end(&run, &err), 0); /* it was not begun: withdrawn */
    expect_on_disk(STEP_DONE, STEP_PENDING, STEP_PENDING, false);
    die();
}

static void test_an_intent_to_commit_that_failed_is_told_by_the_part_that_needs_it(
    void **state UNUSED)
{
    struct err err = {0};

    begin(true);
    perform(CLOSE);
    perform(DRAIN);
    arm("error@journal.commit");
    breath_commit_early(&run);
    assert_int_equal(breath_part(&run, OPEN, &err), ERR_SERVER);
    assert_string_equal(err.msg, "failpoint journal.commit");
    assert_false(run.is_committed);
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_PENDING, false);
    die();
}

static void test_outcomes_are_on_disk_when_the_breath_is_over(void **state UNUSED)
{
    struct err err = {0};

    begin(true);
    for (size_t i = CLOSE; i <= OPEN; i++)
        perform(i);
    expect_on_disk(STEP_INTENT, STEP_INTENT, STEP_INTENT, true);
    assert_int_equal(breath_end(&run, &err), 0);
    expect_on_disk(STEP_DONE, STEP_DONE, STEP_DONE, true);
    die();
}

static void test_what_was_intended_and_not_begun_is_withdrawn(void **state UNUSED)
{
    struct err err = {0};

    begin(true);
    perform(CLOSE);
    breath_commit_early(&run);
    assert_int_equal(breath_end(&run, &err), 0);
    expect_on_disk(STEP_DONE, STEP_PENDING, STEP_PENDING, false);
    assert_false(run.is_committed);
    die();
}

static void test_a_part_that_is_done_again_after_the_commit_step_takes_no_breath(
    void **state UNUSED)
{
    begin(true);
    for (size_t i = CLOSE; i <= OPEN; i++)
        states[i].state = STEP_DONE;
    states[CLOSE].state = STEP_PENDING; /* found done, and then found not to be true any more */
    assert_false(breath_is_due(&run, CLOSE));
    states[OPEN].state = STEP_PENDING;
    assert_true(breath_is_due(&run, CLOSE));
    assert_false(breath_is_due(&run, FLIP));
    die();
}

static void test_a_part_that_was_found_done_is_not_intended_again(void **state UNUSED)
{
    struct err err = {0};

    begin(true);
    assert_int_equal(
        journal_step(run.journal, ID, DRAIN, &run.plan.steps[DRAIN], STEP_DONE, NULL, &err), 0);
    states[DRAIN].state = STEP_DONE;
    assert_int_equal(breath_part(&run, CLOSE, &err), 0);
    expect_on_disk(STEP_INTENT, STEP_DONE, STEP_PENDING, false);
    die();
}

static void test_parts_that_do_not_end_in_a_commit_step_are_no_breath(void **state UNUSED)
{
    struct err err = {0};

    begin(false);
    assert_int_equal(breath_part(&run, CLOSE, &err), ERR_BUG);
    assert_int_equal(states[CLOSE].state, STEP_PENDING);
    die();
}

static int fresh(void **state UNUSED)
{
    (void)snprintf(path, sizeof path, "/tmp/cutover-test-breath-%ld.db", (long)getpid());
    (void)unlink(path);
    return 0;
}

static int gone(void **state UNUSED)
{
    char beside[80];

    (void)unlink(path);
    (void)snprintf(beside, sizeof beside, "%s-wal", path);
    (void)unlink(beside);
    (void)snprintf(beside, sizeof beside, "%s-shm", path);
    (void)unlink(beside);
    return 0;
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, fresh, gone)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_breath_is_the_parts_between_which_nobody_can_write),
        TEST(test_all_intents_but_that_of_the_commit_step_are_there_before_the_first_part_acts),
        TEST(test_the_intent_to_commit_is_on_disk_before_the_commit_step_acts),
        TEST(test_the_intent_to_commit_may_be_there_before_its_turn),
        TEST(test_while_the_intent_to_commit_is_written_the_run_sees_what_is_on_disk),
        TEST(test_an_intent_to_commit_that_failed_is_told_by_the_part_that_needs_it),
        TEST(test_outcomes_are_on_disk_when_the_breath_is_over),
        TEST(test_what_was_intended_and_not_begun_is_withdrawn),
        TEST(test_a_part_that_is_done_again_after_the_commit_step_takes_no_breath),
        TEST(test_a_part_that_was_found_done_is_not_intended_again),
        TEST(test_parts_that_do_not_end_in_a_commit_step_are_no_breath),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
