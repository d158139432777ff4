/* SPDX-License-Identifier: MIT */
/* Faults and where they strike, a playbook on production, and rounds in the journal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "domain/plan.h"
#include "engine/journal_drill.h"

#define TEST(function) cmocka_unit_test(function)

/* --- faults ----------------------------------------------------------------------------------- */

static void test_a_fault_may_name_a_step_and_a_part_of_it(void **state UNUSED)
{
    struct drill_fault fault;
    struct err err = {0};

    assert_int_equal(drill_fault_parse("cut-link", &fault, &err), 0);
    assert_int_equal(fault.kind, DRILL_CUT_LINK);
    assert_string_equal(fault.step, "");
    assert_int_equal(drill_fault_parse("kill-controller@cut-over", &fault, &err), 0);
    assert_int_equal(fault.kind, DRILL_KILL_CONTROLLER);
    assert_string_equal(fault.step, "cut-over");
    assert_string_equal(fault.part, "");
    assert_int_equal(drill_fault_parse("lost-answer@cut-over/flip", &fault, &err), 0);
    assert_string_equal(fault.part, "flip");
    assert_string_equal(fault.text, "lost-answer@cut-over/flip");
}

static void test_what_is_no_fault_is_refused_and_the_known_ones_are_named(void **state UNUSED)
{
    static const char *const wrong[] = {"",          "meteor",         "cut",
                                        "cut-link@", "cut-link@/part", "cut-link@step/"};
    struct drill_fault fault = {.kind = DRILL_DNS_429};

    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct err err = {0};
        assert_int_equal(drill_fault_parse(wrong[i], &fault, &err), ERR_USAGE);
        assert_non_null(strstr(err.hint, "kill-controller, cut-link, stall-apply, dns-429, lost-"));
        assert_int_equal(fault.kind, DRILL_DNS_429);
    }
}

static void add_part(struct plan *plan, const char *step, const char *part, const char *traits)
{
    struct plan_step *added = plan_step_add(plan);

    assert_non_null(added);
    (void)snprintf(added->name, sizeof added->name, "%s", step);
    (void)snprintf(added->what, sizeof added->what, "%s", part);
    added->is_repeatable = strchr(traits, 'r') != NULL;
    added->commits = strchr(traits, 'c') != NULL;
    if (strchr(traits, 'd'))
        assert_non_null(plan_op_add(added, OP_DNS, "", "PATCH"));
}

/* As a fenced playbook is compiled: r looks only, c commits, d changes a record. */
static void fill(struct plan *plan)
{
    *plan = (struct plan){0};
    add_part(plan, "lower-ttl", "lower-ttl", "d");
    add_part(plan, "go", "gate", "r");
    add_part(plan, "cut-over", "check-links", "r");
    add_part(plan, "cut-over", "close-from", "");
    add_part(plan, "cut-over", "open-to", "c");
    add_part(plan, "cut-over", "flip", "d");
    add_part(plan, "cut-over", "flip", "d");
    add_part(plan, "cut-over", "converge", "r");
}

static int place_of(const char *text, const struct plan *plan)
{
    struct drill_fault fault;
    struct err err = {0};
    size_t index;

    assert_int_equal(drill_fault_parse(text, &fault, &err), 0);
    return drill_fault_place(&fault, plan, &index) ? (int)index : -1;
}

static void test_a_fault_strikes_where_most_is_at_stake_unless_it_is_told_where(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;

    fill(&plan);
    assert_int_equal(place_of("kill-controller", &plan), 3); /* writes are refused */
    assert_int_equal(place_of("kill-controller@cut-over", &plan), 3);
    assert_int_equal(place_of("kill-controller@cut-over/open-to", &plan), 4);
    assert_int_equal(place_of("kill-controller@cut-over/converge", &plan), 7);
    assert_int_equal(place_of("kill-controller@go", &plan), 1);
    assert_int_equal(place_of("dns-429", &plan), 5);
    assert_int_equal(place_of("lost-answer@lower-ttl", &plan), 0);
}

static void test_a_fault_without_a_place_in_the_plan_is_told(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;

    fill(&plan);
    assert_int_equal(place_of("kill-controller@nowhere", &plan), -1);
    assert_int_equal(place_of("kill-controller@cut-over/nothing", &plan), -1);
    assert_int_equal(place_of("dns-429@go", &plan), -1);
    assert_int_equal(place_of("lost-answer@cut-over/open-to", &plan), -1);
}

static void test_every_fault_has_a_name_and_says_what_it_does(void **state UNUSED)
{
    size_t count;
    const struct drill_fault_row *rows = drill_fault_table(&count);

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].kind, i);
        assert_true(rows[i].does[0] && (i == 0 || rows[i].name[0]));
    }
}

/* --- a playbook for production ---------------------------------------------------------------- */

static void add_step(struct playbook *playbook, const char *name, enum action_id action,
                     struct action_join join)
{
    struct playbook_step *grown =
        reallocarray(playbook->steps, playbook->step_count + 1, sizeof *grown);

    assert_non_null(grown);
    playbook->steps = grown;
    grown += playbook->step_count++;
    *grown = (struct playbook_step){.action = action_by_id(action), .join = join};
    (void)snprintf(grown->name, sizeof grown->name, "%s", name);
}

static void add_records(struct playbook_step *step, const char *first, const char *second)
{
    struct playbook_value *value = &step->values[step->value_count++];

    *value = (struct playbook_value){.param = action_param_find(step->action, "records"),
                                     .items = calloc(2, sizeof(char *)),
                                     .item_count = 2};
    assert_non_null(value->param);
    value->items[0] = strdup(first);
    value->items[1] = strdup(second);
}

static void test_on_production_the_side_of_the_users_is_never_closed_for_good(void **state UNUSED)
{
    struct playbook playbook = {0};
    struct action_join to_new = {.from = SIDE_OLD, .to = SIDE_NEW, .is_shared = true};
    struct action_join to_old = {.from = SIDE_NEW, .to = SIDE_OLD};
    char left_out[64];

    add_step(&playbook, "cut-over", ACTION_CUTOVER, to_new);
    add_step(&playbook, "settle-there", ACTION_SETTLE, to_new);
    add_step(&playbook, "settle-back", ACTION_SETTLE, to_old);
    add_step(&playbook, "give-up", ACTION_RETIRE, to_new);
    add_records(&playbook.steps[0], "ghost.org", "api.ghost.org");
    drill_turn(&playbook, left_out, sizeof left_out);
    assert_string_equal(left_out, "settle-there, give-up");
    assert_int_equal(playbook.step_count, 2);
    assert_string_equal(playbook.steps[1].name, "settle-back");
    assert_int_equal(playbook.steps[0].values[0].item_count, 1);
    assert_string_equal(playbook.steps[0].values[0].items[0], "all"); /* of those that are left */
    playbook_release(&playbook);
}

static void test_a_playbook_that_moves_nobody_has_no_crossing(void **state UNUSED)
{
    struct playbook playbook = {0};

    add_step(&playbook, "go", ACTION_GATE, (struct action_join){0});
    assert_null(drill_crossing(&playbook));
    add_step(&playbook, "cut-over", ACTION_CUTOVER, (struct action_join){.to = SIDE_NEW});
    assert_string_equal(drill_crossing(&playbook)->name, "cut-over");
    playbook_release(&playbook);
}

/* --- the journal ------------------------------------------------------------------------------ */

static void fill_drill(struct drill_record *drill, const char *id, const char *playbook,
                       int64_t started_us)
{
    *drill = (struct drill_record){.home = SITUATION_MIRRORED, .started_us = started_us};
    (void)snprintf(drill->id, sizeof drill->id, "%s", id);
    (void)snprintf(drill->service, sizeof drill->service, "blog");
    (void)snprintf(drill->playbook, sizeof drill->playbook, "%s", playbook);
}

static void test_a_drill_comes_back_from_the_journal_as_it_was(void **state)
{
    struct journal *journal = *state;
    struct drill_record drill, *list;
    struct drill_part_of of;
    size_t count;
    struct err err = {0};

    fill_drill(&drill, "d1", "day", 5);
    assert_int_equal(journal_drill_put(journal, &drill, &err), 0);
    struct drill_round *round = drill_round_add(&drill);
    (void)snprintf(round->fault, sizeof round->fault, "cut-link@cut-over");
    (void)snprintf(round->run[DRILL_BACK], sizeof round->run[DRILL_BACK], "r2");
    round->is_good = round->is_struck = true;
    round->pause_ms = 6.5;
    round->recovery_ms = 1234;
    round->written = 77;
    round->ambiguous = 1;
    assert_true(drill_part_add(round, DRILL_BACK, "cut-back", "open-to", 2500));
    drill.state = DRILL_PASSED;
    drill.ended_us = 9;
    assert_int_equal(journal_drill_put(journal, &drill, &err), 0);
    assert_int_equal(journal_drill_run(journal, &drill, 1, DRILL_BACK, "r2", &err), 0);

    assert_int_equal(journal_drill_list(journal, "blog", "day", &list, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(list[0].state, DRILL_PASSED);
    assert_int_equal(list[0].home, SITUATION_MIRRORED);
    assert_int_equal(list[0].ended_us, 9);
    const struct drill_round *back = &list[0].rounds[0];
    assert_string_equal(back->fault, "cut-link@cut-over");
    assert_string_equal(back->run[DRILL_BACK], "r2");
    assert_true(back->is_good && back->is_struck && !back->needs_person);
    assert_true(back->pause_ms == 6.5 && back->client_pause_ms == -1);
    assert_int_equal(back->recovery_ms, 1234);
    assert_int_equal(back->written, 77);
    assert_int_equal(back->ambiguous, 1);
    assert_int_equal(back->parts[0].leg, DRILL_BACK);
    assert_int_equal(back->parts[0].took_us, 2500);
    drill_list_free(list, count);

    assert_int_equal(journal_drill_of(journal, "r2", &of, &err), 0);
    assert_string_equal(of.id, "d1");
    assert_int_equal(of.leg, DRILL_BACK);
    assert_int_equal(journal_drill_of(journal, "r1", &of, &err), 0);
    assert_string_equal(of.id, "");
    drill_record_release(&drill);
}

static void test_drills_are_listed_by_service_and_playbook_oldest_first(void **state)
{
    struct journal *journal = *state;
    struct drill_record drill, *list;
    size_t count;
    struct err err = {0};

    fill_drill(&drill, "later", "day", 20);
    assert_int_equal(journal_drill_put(journal, &drill, &err), 0);
    fill_drill(&drill, "other", "night", 15);
    assert_int_equal(journal_drill_put(journal, &drill, &err), 0);
    fill_drill(&drill, "first", "day", 10);
    assert_int_equal(journal_drill_put(journal, &drill, &err), 0);
    assert_int_equal(journal_drill_list(journal, "blog", "day", &list, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].id, "first");
    drill_list_free(list, count);
    assert_int_equal(journal_drill_list(journal, "blog", NULL, &list, &count, &err), 0);
    assert_int_equal(count, 3);
    drill_list_free(list, count);
    assert_int_equal(journal_drill_list(journal, "shop", NULL, &list, &count, &err), 0);
    assert_int_equal(count, 0);
}

static char path[64];

static int open_journal(void **state)
{
    struct journal *journal;
    struct err err = {0};

    (void)snprintf(path, sizeof path, "/tmp/cutover-drill-%d.db", (int)getpid());
    (void)unlink(path); /* of an earlier test */
    if (journal_open(path, &journal, &err))
        return -1;
    *state = journal;
    return 0;
}

static int close_journal(void **state)
{
    char beside[80];

    journal_free(*state);
    (void)unlink(path);
    (void)snprintf(beside, sizeof beside, "%s-wal", path);
    (void)unlink(beside);
    (void)snprintf(beside, sizeof beside, "%s-shm", path);
    (void)unlink(beside);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_fault_may_name_a_step_and_a_part_of_it),
        TEST(test_what_is_no_fault_is_refused_and_the_known_ones_are_named),
        TEST(test_a_fault_strikes_where_most_is_at_stake_unless_it_is_told_where),
        TEST(test_a_fault_without_a_place_in_the_plan_is_told),
        TEST(test_every_fault_has_a_name_and_says_what_it_does),
        TEST(test_on_production_the_side_of_the_users_is_never_closed_for_good),
        TEST(test_a_playbook_that_moves_nobody_has_no_crossing),
        cmocka_unit_test_setup_teardown(test_a_drill_comes_back_from_the_journal_as_it_was,
                                        open_journal, close_journal),
        cmocka_unit_test_setup_teardown(test_drills_are_listed_by_service_and_playbook_oldest_first,
                                        open_journal, close_journal),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
