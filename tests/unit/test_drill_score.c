/* SPDX-License-Identifier: MIT */
/* Rounds in, score out: medians, best and worst, what is different, and the sentence. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "domain/drill_score.h"

#define TEST(function) cmocka_unit_test(function)

static void begin(struct drill_record *drill, const char *id)
{
    *drill = (struct drill_record){.state = DRILL_PASSED, .home = SITUATION_MIRRORED};
    (void)snprintf(drill->id, sizeof drill->id, "%s", id);
    (void)snprintf(drill->playbook, sizeof drill->playbook, "day");
    (void)snprintf(drill->playbook_hash, sizeof drill->playbook_hash, "aaaa");
    (void)snprintf(drill->config_hash, sizeof drill->config_hash, "cccc");
    (void)snprintf(drill->environment, sizeof drill->environment, "lab");
    (void)snprintf(drill->version, sizeof drill->version, "1");
}

/* A good round: the cut-over took `step_ms` in two parts, writes were refused for `pause_ms`. */
static struct drill_round *add(struct drill_record *drill, double step_ms, double pause_ms)
{
    struct drill_round *round = drill_round_add(drill);

    assert_non_null(round);
    round->is_good = true;
    round->pause_ms = pause_ms;
    round->client_pause_ms = pause_ms + 5;
    round->written = 100;
    assert_true(drill_part_add(round, DRILL_THERE, "cut-over", "close-from", 1000));
    assert_true(drill_part_add(round, DRILL_THERE, "cut-over", "open-to",
                               (int64_t)(step_ms * 1000) - 1000));
    assert_true(drill_part_add(round, DRILL_BACK, "cut-back", "open-to", 2000));
    return round;
}

static void fault(struct drill_round *round, const char *name, int64_t recovery_ms)
{
    (void)snprintf(round->fault, sizeof round->fault, "%s", name);
    round->is_struck = true;
    round->recovery_ms = recovery_ms;
}

static void score_of(const struct drill_record *now, const struct drill_record *earlier,
                     size_t count, struct drill_score *out)
{
    struct err err = {0};

    assert_int_equal(drill_score(now, earlier, count, out, &err), 0);
}

static bool differs(const struct drill_score *score, const char *part)
{
    for (size_t i = 0; i < score->difference_count; i++)
        if (strstr(score->differences[i], part))
            return true;
    return false;
}

static void test_a_step_is_the_sum_of_its_parts_and_now_is_the_median(void **state UNUSED)
{
    CLEANUP(drill_record_release) struct drill_record now;
    CLEANUP(drill_score_release) struct drill_score score = {0};

    begin(&now, "n");
    add(&now, 30, 7);
    add(&now, 10, 6);
    add(&now, 20, 9);
    score_of(&now, NULL, 0, &score);
    assert_int_equal(score.row_count, 2);
    assert_string_equal(score.rows[0].step, "cut-over");
    assert_true(score.rows[0].ms.now == 20 && score.rows[0].ms.best == 10 &&
                score.rows[0].ms.worst == 30);
    assert_true(score.rows[0].ms.last < 0);
    assert_int_equal(score.rows[1].leg, DRILL_BACK);
    assert_true(score.pause_ms.now == 7 && score.pause_ms.best == 6 && score.pause_ms.worst == 9);
    assert_int_equal(score.written, 300);
}

static void test_last_is_the_drill_before_and_best_and_worst_are_of_all(void **state UNUSED)
{
    struct drill_record all[3];
    CLEANUP(drill_score_release) struct drill_score score = {0};

    begin(&all[0], "a");
    add(&all[0], 500, 3);
    begin(&all[1], "b");
    add(&all[1], 40, 12);
    begin(&all[2], "n");
    add(&all[2], 50, 8);
    score_of(&all[2], all, 3, &score); /* itself among the earlier ones, as the journal has it */
    assert_true(score.rows[0].ms.now == 50 && score.rows[0].ms.last == 40);
    assert_true(score.rows[0].ms.best == 40 && score.rows[0].ms.worst == 500);
    assert_true(score.pause_ms.last == 12 && score.pause_ms.best == 3);
    assert_int_equal(score.difference_count, 0);
    for (int i = 0; i < 3; i++)
        drill_record_release(&all[i]);
}

static void test_rounds_with_a_fault_do_not_spoil_the_times_of_those_without(void **state UNUSED)
{
    CLEANUP(drill_record_release) struct drill_record now;
    CLEANUP(drill_score_release) struct drill_score score = {0};

    begin(&now, "n");
    add(&now, 20, 7);
    fault(add(&now, 9000, 800), "kill-controller", 1200);
    score_of(&now, NULL, 0, &score);
    assert_false(score.is_faulty);
    assert_true(score.rows[0].ms.worst == 20 && score.pause_ms.worst == 7);
    assert_true(score.recovery_ms.now == 1200);
    assert_non_null(strstr(score.verdict, "800 ms at most"));
    assert_non_null(strstr(score.verdict, "back to good 1.2 s after a fault"));
}

static void test_a_drill_of_faults_only_is_compared_with_faults_only(void **state UNUSED)
{
    struct drill_record clean, now;
    CLEANUP(drill_score_release) struct drill_score score = {0};

    begin(&clean, "a");
    add(&clean, 20, 7);
    begin(&now, "n");
    fault(add(&now, 900, 300), "cut-link", 700);
    score_of(&now, &clean, 1, &score);
    assert_true(score.is_faulty);
    assert_true(score.rows[0].ms.now == 900 && score.rows[0].ms.last < 0 &&
                score.rows[0].ms.best == 900);
    assert_true(differs(&score, "the fault cut-link is new"));
    drill_record_release(&clean);
    drill_record_release(&now);
}

static void test_what_is_different_from_the_last_drill_is_told(void **state UNUSED)
{
    struct drill_record last, now;
    CLEANUP(drill_score_release) struct drill_score score = {0};

    begin(&last, "a");
    add(&last, 200, 7);
    last.state = DRILL_FAILED;
    begin(&now, "n");
    add(&now, 650, 15);
    (void)snprintf(now.playbook_hash, sizeof now.playbook_hash, "bbbb");
    (void)snprintf(now.config_hash, sizeof now.config_hash, "dddd");
    (void)snprintf(now.version, sizeof now.version, "2");
    (void)snprintf(now.environment, sizeof now.environment, "staging");
    score_of(&now, &last, 1, &score);
    assert_true(differs(&score, "the playbook was changed (was aaaa, is bbbb)"));
    assert_true(differs(&score, "the service's file was changed"));
    assert_true(differs(&score, "last time it was lab, now it is staging"));
    assert_true(differs(&score, "cutover 2, last time 1"));
    assert_true(differs(&score, "the last drill failed"));
    assert_true(differs(
        &score, "cut-over (there) took 650 ms, last time 200 ms: longer by a factor of 3.2"));
    assert_true(differs(&score, "the write pause took 15.0 ms, last time 7.0 ms"));
    assert_int_equal(score.difference_count, 7);
    drill_record_release(&last);
    drill_record_release(&now);
}

static void test_what_takes_a_few_milliseconds_longer_is_no_news(void **state UNUSED)
{
    struct drill_record last, now;
    CLEANUP(drill_score_release) struct drill_score score = {0};

    begin(&last, "a");
    add(&last, 20, 1);
    begin(&now, "n");
    add(&now, 90, 5);
    score_of(&now, &last, 1, &score);
    assert_int_equal(score.difference_count, 0);
    drill_record_release(&last);
    drill_record_release(&now);
}

static void test_the_verdict_of_a_bad_round_is_its_problem(void **state UNUSED)
{
    CLEANUP(drill_record_release) struct drill_record now;
    CLEANUP(drill_score_release) struct drill_score score = {0};

    begin(&now, "n");
    now.state = DRILL_FAILED;
    add(&now, 20, 7);
    struct drill_round *bad = add(&now, 20, 7);
    bad->is_good = false;
    bad->needs_person = true;
    bad->lost = 2;
    (void)snprintf(bad->problem, sizeof bad->problem, "2 writes are missing");
    score_of(&now, NULL, 0, &score);
    assert_string_equal(score.verdict,
                        "failed in round 2: 2 writes are missing; a person was needed");
    assert_int_equal(score.good_rounds, 1);
    assert_int_equal(score.lost, 2);
    assert_true(score.needs_person);
}

static void test_times_of_rounds_that_failed_count_for_nothing(void **state UNUSED)
{
    CLEANUP(drill_record_release) struct drill_record now;
    CLEANUP(drill_score_release) struct drill_score score = {0};
    struct drill_pauses pauses;

    begin(&now, "n");
    now.state = DRILL_FAILED;
    add(&now, 1, 0.1)->is_good = false;
    score_of(&now, NULL, 0, &score);
    assert_int_equal(score.row_count, 0);
    assert_true(score.pause_ms.best < 0);
    drill_pauses(&now, 1, &pauses);
    assert_int_equal(pauses.count, 0);
    assert_true(pauses.median_ms < 0);
}

static void test_pauses_of_all_drills_are_best_median_and_worst(void **state UNUSED)
{
    struct drill_record drills[2];
    struct drill_pauses pauses;

    begin(&drills[0], "a");
    add(&drills[0], 20, 12);
    add(&drills[0], 20, 6.1);
    begin(&drills[1], "b");
    add(&drills[1], 20, 7);
    fault(add(&drills[1], 20, 900), "cut-link", 5);
    add(&drills[1], 20, -1); /* shared: nobody was refused */
    drill_pauses(drills, 2, &pauses);
    assert_int_equal(pauses.count, 3);
    assert_true(pauses.best_ms == 6.1 && pauses.median_ms == 7 && pauses.worst_ms == 12);
    drill_record_release(&drills[0]);
    drill_record_release(&drills[1]);
}

static void test_what_is_not_known_is_null_in_json_and_a_dash_in_text(void **state UNUSED)
{
    CLEANUP(drill_record_release) struct drill_record now;
    CLEANUP(drill_score_release) struct drill_score score = {0};
    char text[32];

    begin(&now, "n");
    add(&now, 20, -1);
    score_of(&now, NULL, 0, &score);
    CLEANUP(json_release) json_t *json = drill_score_json(&score);
    assert_true(json_is_null(json_object_get(json_object_get(json, "pause_ms"), "now")));
    assert_true(json_is_null(json_object_get(json_object_get(json, "recovery_ms"), "best")));
    assert_string_equal(drill_ms_text(-1, text), "-");
    assert_string_equal(drill_ms_text(7.25, text), "7.2 ms");
    assert_string_equal(drill_ms_text(1250, text), "1.2 s");
    assert_non_null(strstr(score.verdict, "no write was refused"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_step_is_the_sum_of_its_parts_and_now_is_the_median),
        TEST(test_last_is_the_drill_before_and_best_and_worst_are_of_all),
        TEST(test_rounds_with_a_fault_do_not_spoil_the_times_of_those_without),
        TEST(test_a_drill_of_faults_only_is_compared_with_faults_only),
        TEST(test_what_is_different_from_the_last_drill_is_told),
        TEST(test_what_takes_a_few_milliseconds_longer_is_no_news),
        TEST(test_the_verdict_of_a_bad_round_is_its_problem),
        TEST(test_times_of_rounds_that_failed_count_for_nothing),
        TEST(test_pauses_of_all_drills_are_best_median_and_worst),
        TEST(test_what_is_not_known_is_null_in_json_and_a_dash_in_text),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
