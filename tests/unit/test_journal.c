/* SPDX-License-Identifier: MIT */
/* The journal on a real file: what it keeps, and that a changed event shows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "domain/inventory.h"
#include "domain/lag.h"
#include "engine/journal_drill.h"
#include "engine/journal_follow.h"
#include "engine/journal_inventory.h"
#include "engine/pass_keeper.h"
#include "engine/report.h"
#include "io/store.h"
#include "sql/catalog.h"

static char path[64];

static void fill_plan(struct plan *plan)
{
    *plan = (struct plan){.starts_in = SITUATION_APART, .ends_in = SITUATION_FOLLOWING};
    snprintf(plan->name, sizeof plan->name, "follow");
    snprintf(plan->service, sizeof plan->service, "blog");
    snprintf(plan->warnings[plan->warning_count++], sizeof plan->warnings[0],
             "upgrade.packet is waived by Jane Doe");
    for (int i = 0; i < 3; i++) {
        struct plan_step *step = plan_step_add(plan);
        snprintf(step->id, sizeof step->id, "1.%d", i + 1);
        snprintf(step->name, sizeof step->name, "seed");
        snprintf(step->what, sizeof step->what, "part%d", i + 1);
        step->action = action_by_id(ACTION_SEED);
    }
}

static struct journal *open_journal(void)
{
    struct journal *journal = NULL;
    struct err err = {0};

    if (journal_open(path, &journal, &err))
        fail_msg("%s", err.msg);
    return journal;
}

static struct journal *begin_run(struct plan *plan)
{
    struct journal *journal = open_journal();
    struct err err = {0};

    fill_plan(plan);
    assert_int_equal(journal_run_begin(journal, plan, "7f3a0001", "me@here pid 1", 4, &err), 0);
    return journal;
}

static void test_a_run_and_its_plan_come_back_as_they_were(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan, back = {0};
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    struct run_record run;
    struct err err = {0};
    char hash[DIGEST_HEX_LEN + 1];

    assert_int_equal(journal_run_find(journal, "blog", NULL, &run, &err), 0);
    assert_string_equal(run.id, "7f3a0001");
    assert_string_equal(run.holder, "me@here pid 1");
    assert_int_equal(run.epoch, 4);
    assert_int_equal(run.state, RUN_RUNNING);
    assert_false(run.is_committed);
    assert_int_equal(journal_run_plan(journal, run.id, &back, &err), 0);
    assert_int_equal(plan_hash(&back, hash, &err), 0);
    assert_string_equal(hash, run.plan_hash);
}

static void test_a_run_is_found_by_the_beginning_of_its_id(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    struct run_record run;
    struct err err = {0};

    assert_int_equal(journal_run_find(journal, "blog", "7f3", &run, &err), 0);
    assert_string_equal(run.id, "7f3a0001");
    assert_int_equal(journal_run_find(journal, "blog", "aaaa", &run, &err), ERR_REFUSED);
}

static void test_steps_keep_their_state_and_the_text_of_their_failure(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    struct step_record steps[3];
    struct err err = {0}, failure = {.code = ERR_SERVER};

    snprintf(failure.msg, sizeof failure.msg, "it broke");
    const char *id = "7f3a0001";
    assert_int_equal(journal_step(journal, id, 0, &plan.steps[0], STEP_INTENT, NULL, &err), 0);
    assert_int_equal(journal_step(journal, id, 0, &plan.steps[0], STEP_DONE, NULL, &err), 0);
    assert_int_equal(journal_step(journal, id, 1, &plan.steps[1], STEP_INTENT, NULL, &err), 0);
    assert_int_equal(journal_step(journal, id, 1, &plan.steps[1], STEP_FAILED, &failure, &err), 0);
    assert_int_equal(journal_steps(journal, id, steps, 3, &err), 0);
    assert_int_equal(steps[0].state, STEP_DONE);
    assert_true(steps[0].ended_us >= steps[0].started_us);
    assert_int_equal(steps[1].state, STEP_FAILED);
    assert_string_equal(steps[1].error, "it broke");
    assert_int_equal(steps[2].state, STEP_PENDING);
}

static void test_the_commit_mark_survives_and_can_be_taken_back(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    struct journal *journal = begin_run(&plan);
    struct run_record run;
    struct err err = {0};

    plan.steps[1].commits = true;
    assert_int_equal(journal_intents(journal, "7f3a0001", &plan, 0, 1, &err), 0);
    journal_free(journal);
    journal = open_journal();
    assert_int_equal(journal_run_find(journal, "blog", NULL, &run, &err), 0);
    assert_true(run.is_committed);
    assert_int_equal(journal_run_uncommit(journal, "7f3a0001", &err), 0);
    assert_int_equal(journal_run_find(journal, "blog", NULL, &run, &err), 0);
    assert_false(run.is_committed);
    journal_free(journal);
}

/* --- another takes the run --- */

static unsigned count_rows(const char *table)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    struct store *store = NULL;
    struct err err = {0};
    char sql[64];

    (void)snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", table);
    if (store_open(path, STORE_READ, &store, &err) || store_prepare(store, sql, &ask, &err) ||
        store_step(ask, &err) != 1)
        fail_msg("%s", err.msg);
    unsigned count = (unsigned)store_column_int(ask, 0);
    store_statement_freep(&ask);
    store_free(store);
    return count;
}

static void expect_taken(int rc, const struct err *err)
{
    assert_int_equal(rc, ERR_BUSY);
    assert_int_equal(err->effect, EFFECT_NONE);
    assert_non_null(strstr(err->msg, "run 7f3a0001 is not ours any more: you@there pid 2 took it"));
}

static void test_who_lost_his_run_to_another_writes_nothing_of_any_kind(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *first = begin_run(&plan);
    CLEANUP(journal_freep) struct journal *second = open_journal();
    struct journal_sample sample = {"old1", 1, 1};
    struct pass_id pass = {.service = "blog", .scope = "all"};
    const char *id = "7f3a0001";
    struct err err = {0};

    assert_int_equal(journal_step(first, id, 0, &plan.steps[0], STEP_INTENT, NULL, &err), 0);
    assert_int_equal(journal_run_adopt(second, id, "you@there pid 2", 5, &err), 0);
    unsigned events = count_rows("event");

    expect_taken(journal_check_owner(first, &err), &err);
    expect_taken(journal_step(first, id, 0, &plan.steps[0], STEP_DONE, NULL, &err), &err);
    expect_taken(journal_intents(first, id, &plan, 0, 1, &err), &err);
    expect_taken(journal_run_uncommit(first, id, &err), &err);
    expect_taken(journal_run_state(first, id, RUN_FAILED, &err), &err);
    expect_taken(journal_event(first, id, "note", NULL, &err), &err);
    expect_taken(journal_variable_put(first, id, "position:old", "1-1-1", &err), &err);
    expect_taken(journal_memory_put(first, "blog", "held.old", "[]", &err), &err);
    expect_taken(journal_samples(first, id, &sample, 1, &err), &err);
    expect_taken(journal_verified_begin(first, "blog", &err), &err);
    expect_taken(journal_verified_table(first, "blog", id, "t", 1, "h", 0, &err), &err);
    expect_taken(journal_verified_end(first, "blog", &err), &err);
    expect_taken(journal_pass_begin(first, &pass, id, "old", "stream", &err), &err);
    expect_taken(journal_pass_end(first, &pass, &err), &err);
    assert_int_equal(count_rows("event"), events);
    assert_int_equal(count_rows("variable") + count_rows("memory") + count_rows("sample"), 0);

    assert_int_equal(journal_step(second, id, 0, &plan.steps[0], STEP_DONE, NULL, &err), 0);
    assert_int_equal(count_rows("event"), events + 1);
}

static void test_what_was_held_in_memory_is_not_written_into_a_run_that_was_taken(
    void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *first = begin_run(&plan);
    CLEANUP(journal_freep) struct journal *second = open_journal();
    const char *id = "7f3a0001";
    struct err err = {0};

    journal_hold(first);
    assert_int_equal(journal_step(first, id, 0, &plan.steps[0], STEP_DONE, NULL, &err), 0);
    assert_int_equal(journal_run_adopt(second, id, "you@there pid 2", 5, &err), 0);
    expect_taken(journal_let_go(first, &err), &err);
    assert_int_equal(count_rows("step"), 0);
}

/* Where both nodes are sealed no lease is signed, and two of them may have the same number. */
static void test_a_run_that_was_taken_under_the_same_epoch_and_name_is_another_s_all_the_same(
    void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *first = begin_run(&plan);
    CLEANUP(journal_freep) struct journal *second = open_journal();
    struct err err = {0};

    assert_int_equal(journal_run_adopt(second, "7f3a0001", "me@here pid 1", 4, &err), 0);
    assert_int_equal(journal_check_owner(first, &err), ERR_BUSY);
    assert_int_equal(journal_check_owner(second, &err), 0);
}

static void test_a_run_that_a_rollback_closed_is_not_written_by_who_was_in_it(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *first = begin_run(&plan);
    CLEANUP(journal_freep) struct journal *second = open_journal();
    struct run_record run;
    struct err err = {0};

    assert_int_equal(journal_run_supersede(second, "7f3a0001", "you@there pid 2", 5, &err), 0);
    expect_taken(journal_event(first, "7f3a0001", "note", NULL, &err), &err);
    assert_int_equal(journal_run_find(second, "blog", NULL, &run, &err), 0);
    assert_int_equal(run.state, RUN_ABORTED);
}

static void test_a_run_that_has_ended_is_not_taken(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *first = begin_run(&plan);
    CLEANUP(journal_freep) struct journal *second = open_journal();
    struct run_record run;
    struct err err = {0};

    assert_int_equal(journal_run_state(first, "7f3a0001", RUN_DONE, &err), 0);
    assert_int_equal(journal_run_adopt(second, "7f3a0001", "you@there pid 2", 5, &err),
                     ERR_REFUSED);
    assert_int_equal(journal_run_find(second, "blog", NULL, &run, &err), 0);
    assert_int_equal(run.state, RUN_DONE);
    assert_string_equal(run.holder, "me@here pid 1");
}

static int count_event(void *context, int64_t at_us, const char *run_id, const char *name,
                       const char *detail)
{
    (void)at_us, (void)run_id, (void)name, (void)detail;
    ++*(int *)context;
    return 0;
}

static void test_a_changed_event_is_noticed(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    struct store *store = NULL;
    struct err err = {0};
    int count = 0;

    assert_int_equal(journal_event(journal, "7f3a0001", "side.closed", NULL, &err), 0);
    assert_int_equal(journal_event(journal, "7f3a0001", "side.opened", NULL, &err), 0);
    assert_int_equal(journal_events(journal, "", count_event, &count, &err), 0);
    assert_int_equal(count, 3);

    assert_int_equal(store_open(path, STORE_CREATE, &store, &err), 0);
    assert_int_equal(
        store_exec(store, "UPDATE event SET name = 'side.opened' WHERE name = 'side.closed'", &err),
        0);
    store_free(store);
    assert_int_equal(journal_events(journal, "", count_event, &count, &err), ERR_DATA);
    assert_non_null(strstr(err.msg, "changed"));
}

static void test_a_removed_event_is_noticed(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    struct store *store = NULL;
    struct err err = {0};
    int count = 0;

    assert_int_equal(journal_event(journal, "7f3a0001", "a", NULL, &err), 0);
    assert_int_equal(journal_event(journal, "7f3a0001", "b", NULL, &err), 0);
    assert_int_equal(store_open(path, STORE_CREATE, &store, &err), 0);
    assert_int_equal(store_exec(store, "DELETE FROM event WHERE name = 'a'", &err), 0);
    store_free(store);
    assert_int_equal(journal_events(journal, "", count_event, &count, &err), ERR_DATA);
}

static void test_variables_belong_to_a_run_and_memory_to_the_service(void **state UNUSED)
{
    CLEANUP(journal_freep) struct journal *journal = open_journal();
    struct err err = {0};
    char value[64];

    assert_int_equal(journal_variable_put(journal, "r1", "position:old", "1-101-5", &err), 0);
    assert_int_equal(journal_variable_put(journal, "r1", "position:old", "1-101-9", &err), 0);
    assert_int_equal(journal_variable_get(journal, "r1", "position:old", value, 64, &err), 0);
    assert_string_equal(value, "1-101-9");
    assert_int_equal(journal_variable_get(journal, "r2", "position:old", value, 64, &err), 0);
    assert_string_equal(value, "");

    assert_int_equal(journal_memory_put(journal, "blog", "ttl.x", "3600 1", &err), 0);
    assert_int_equal(journal_memory_get(journal, "blog", "ttl.x", value, 64, &err), 0);
    assert_string_equal(value, "3600 1");
    assert_int_equal(journal_memory_put(journal, "blog", "ttl.x", NULL, &err), 0);
    assert_int_equal(journal_memory_get(journal, "blog", "ttl.x", value, 64, &err), 0);
    assert_string_equal(value, "");
}

static void test_half_a_comparison_is_not_a_proof(void **state UNUSED)
{
    CLEANUP(journal_freep) struct journal *journal = open_journal();
    struct verified_sum sum;
    struct err err = {0};

    assert_int_equal(journal_verified_begin(journal, "blog", &err), 0);
    assert_int_equal(journal_verified_table(journal, "blog", "r", "blog.a", 10, "h", 0, &err), 0);
    assert_int_equal(journal_verified_sum(journal, "blog", &sum, &err), 0);
    assert_false(sum.is_complete);
    assert_int_equal(journal_verified_table(journal, "blog", "r", "blog.b", 5, "h", 2, &err), 0);
    assert_int_equal(journal_verified_end(journal, "blog", &err), 0);
    assert_int_equal(journal_verified_sum(journal, "blog", &sum, &err), 0);
    assert_true(sum.is_complete);
    assert_int_equal(sum.tables, 2);
    assert_int_equal(sum.tables_equal, 1);
    assert_int_equal(sum.rows, 15);
    assert_int_equal(journal_verified_begin(journal, "blog", &err), 0);
    assert_int_equal(journal_verified_sum(journal, "blog", &sum, &err), 0);
    assert_false(sum.is_complete);
    assert_int_equal(sum.tables, 0);
}

static void test_infinite_lag_is_counted_as_unknown_not_as_a_number(void **state UNUSED)
{
    CLEANUP(journal_freep) struct journal *journal = open_journal();
    struct journal_sample samples[] = {{"n:1", 0, 30},
                                       {"n:1", 0, 10},
                                       {"n:1", 0, 20},
                                       {"n:1", 0, LAG_INFINITE},
                                       {"n:2", LAG_INFINITE, LAG_INFINITE}};
    struct journal_lag lag[4];
    struct err err = {0};
    size_t count;

    assert_int_equal(journal_samples(journal, "r", samples, ARRAY_LEN(samples), &err), 0);
    assert_int_equal(journal_lag_stats(journal, "r", lag, 4, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_int_equal(lag[0].samples, 4);
    assert_int_equal(lag[0].known, 3);
    assert_int_equal(lag[0].worst_ms, 30);
    assert_int_equal(lag[0].median_ms, 20);
    assert_int_equal(lag[1].known, 0);
}

static void test_a_journal_of_a_newer_version_is_left_alone(void **state UNUSED)
{
    struct journal *journal = open_journal();
    struct store *store = NULL;
    struct err err = {0};

    journal_free(journal);
    assert_int_equal(store_open(path, STORE_CREATE, &store, &err), 0);
    assert_int_equal(store_exec(store, "PRAGMA user_version = 99", &err), 0);
    store_free(store);
    assert_int_equal(journal_open(path, &journal, &err), ERR_PROTOCOL);
    assert_non_null(strstr(err.msg, path));
}

static const struct pass_id all_tables = {.service = "blog", .scope = ""};

static void test_a_journal_of_version_1_is_migrated_and_can_be_read_before(void **state UNUSED)
{
    struct journal *journal = NULL;
    struct store *store = NULL;
    struct pass_record pass;
    struct err err = {0};

    assert_int_equal(store_open(path, STORE_CREATE, &store, &err), 0);
    assert_int_equal(store_exec(store, sql_journal(SQL_JOURNAL_001_SCHEMA), &err), 0);
    store_free(store);
    assert_int_equal(journal_open_reader(path, &journal, &err), 0);
    assert_int_equal(journal_pass_get(journal, &all_tables, &pass, &err), 0);
    assert_false(pass.is_there);
    journal_free(journal);
    journal = open_journal();
    assert_int_equal(journal_pass_begin(journal, &all_tables, "", "old", "auto", &err), 0);
    assert_int_equal(journal_pass_get(journal, &all_tables, &pass, &err), 0);
    assert_true(pass.is_there);
    journal_free(journal);
}

static void test_an_inventory_is_found_under_its_number_and_service(void **state UNUSED)
{
    struct journal *journal = open_journal();
    CLEANUP(json_release) json_t *document = inventory_new("blog", 1000);
    CLEANUP(json_release) json_t *found = NULL;
    CLEANUP(json_release) json_t *list = NULL;
    json_t *old = inventory_side(document, SIDE_OLD);
    struct err err = {0};
    int64_t id = 0, other_id = 0;

    assert_int_equal(inventory_put_number(old, "sizes", "blog.t", 77, &err), 0);
    assert_int_equal(inventory_end_side(old, NULL, &err), 0);
    assert_int_equal(journal_inventory_add(journal, document, &id, &err), 0);
    assert_int_equal(journal_inventory_add(journal, document, &other_id, &err), 0);
    assert_true(other_id > id);
    assert_int_equal(journal_inventory_get(journal, "blog", id, &found, &err), 0);
    assert_true(json_equal(found, document));
    assert_int_equal(journal_inventory_get(journal, "shop", id, &found, &err), ERR_REFUSED);
    assert_int_equal(journal_inventory_get(journal, "blog", 99, &found, &err), ERR_REFUSED);
    assert_int_equal(journal_inventory_list(journal, "blog", &list, &err), 0);
    assert_int_equal(json_array_size(list), 2);
    assert_int_equal(json_int_or(json_array_get(list, 0), "old_bytes", 0), 77);
    assert_true(json_is_null(json_object_get(json_array_get(list, 0), "new_bytes")));
    journal_free(journal);
}

static void test_a_journal_of_version_4_has_no_inventories(void **state UNUSED)
{
    static const enum sql_id schemas[] = {SQL_JOURNAL_001_SCHEMA, SQL_JOURNAL_002_SPANS,
                                          SQL_JOURNAL_003_DRILLS, SQL_JOURNAL_004_REQUESTS};
    CLEANUP(json_release) json_t *list = NULL;
    struct journal *journal = NULL;
    struct store *store = NULL;
    struct err err = {0};

    assert_int_equal(store_open(path, STORE_CREATE, &store, &err), 0);
    for (size_t i = 0; i < ARRAY_LEN(schemas); i++)
        assert_int_equal(store_exec(store, sql_journal(schemas[i]), &err), 0);
    store_free(store);
    assert_int_equal(journal_open_reader(path, &journal, &err), 0);
    assert_int_equal(journal_inventory_list(journal, "blog", &list, &err), 0);
    assert_int_equal(json_array_size(list), 0);
    assert_int_equal(journal_inventory_get(journal, "blog", 1, &list, &err), ERR_REFUSED);
    journal_free(journal);
}

static void test_a_journal_of_version_2_has_no_drills_until_it_is_migrated(void **state UNUSED)
{
    struct journal *journal = NULL;
    struct store *store = NULL;
    struct drill_record drill = {.id = "d1", .service = "blog", .home = SITUATION_MIRRORED}, *list;
    struct drill_part_of of;
    size_t count = 7;
    struct err err = {0};

    assert_int_equal(store_open(path, STORE_CREATE, &store, &err), 0);
    assert_int_equal(store_exec(store, sql_journal(SQL_JOURNAL_001_SCHEMA), &err), 0);
    assert_int_equal(store_exec(store, sql_journal(SQL_JOURNAL_002_SPANS), &err), 0);
    store_free(store);
    assert_int_equal(journal_open_reader(path, &journal, &err), 0);
    assert_int_equal(journal_drill_list(journal, "blog", NULL, &list, &count, &err), 0);
    assert_int_equal(count, 0);
    assert_int_equal(journal_drill_of(journal, "r1", &of, &err), 0);
    journal_free(journal);
    journal = open_journal();
    assert_int_equal(journal_drill_put(journal, &drill, &err), 0);
    assert_int_equal(journal_drill_list(journal, "blog", NULL, &list, &count, &err), 0);
    assert_int_equal(count, 1);
    drill_list_free(list, count);
    journal_free(journal);
}

static void test_spans_come_back_in_the_order_of_tables_and_keys(void **state UNUSED)
{
    CLEANUP(journal_freep) struct journal *journal = open_journal();
    struct pass_record pass;
    struct verify_span *back = NULL;
    size_t count = 0;
    struct err err = {0};
    const struct verify_span spans[] = {
        {.table = "blog.b", .number = 1, .from = "10", .rows = 5, .hash = "77"},
        {.table = "blog.b", .number = 0, .until = "10", .is_done = true, .rows = 10},
        {.table = "blog.a", .done_until = "3,x%00", .bytes = 7, .differences = 2, .mode = 2}};

    assert_int_equal(journal_pass_begin(journal, &all_tables, "r1", "new", "stream", &err), 0);
    assert_int_equal(journal_spans_put(journal, &all_tables, spans, ARRAY_LEN(spans), &err), 0);
    assert_int_equal(journal_spans_put(journal, &all_tables, spans, 1, &err), 0); /* again */
    assert_int_equal(journal_spans_get(journal, &all_tables, &back, &count, &err), 0);
    assert_int_equal(count, 3);
    assert_string_equal(back[0].table, "blog.a");
    assert_string_equal(back[0].done_until, "3,x%00");
    assert_int_equal(back[0].differences, 2);
    assert_true(back[1].is_done && back[1].number == 0);
    assert_string_equal(back[2].hash, "77");
    free(back);
    assert_int_equal(journal_pass_get(journal, &all_tables, &pass, &err), 0);
    assert_int_equal(pass.spans, 3);
    assert_int_equal(pass.spans_done, 1);
    assert_int_equal(pass.rows, 15);
    assert_int_equal(pass.ended_us, 0);
    assert_int_equal(journal_pass_end(journal, &all_tables, &err), 0);
    assert_int_equal(journal_pass_get(journal, &all_tables, &pass, &err), 0);
    assert_true(pass.ended_us > 0);
}

static void test_a_pass_that_begins_anew_forgets_the_spans_of_the_last_one(void **state UNUSED)
{
    CLEANUP(journal_freep) struct journal *journal = open_journal();
    const struct pass_id one_table = {.service = "blog", .scope = "blog.a"};
    const struct verify_span span = {.table = "blog.a"};
    struct pass_record pass;
    struct err err = {0};

    assert_int_equal(journal_pass_begin(journal, &all_tables, "", "old", "auto", &err), 0);
    assert_int_equal(journal_pass_begin(journal, &one_table, "", "old", "auto", &err), 0);
    assert_int_equal(journal_spans_put(journal, &all_tables, &span, 1, &err), 0);
    assert_int_equal(journal_spans_put(journal, &one_table, &span, 1, &err), 0);
    assert_int_equal(journal_pass_begin(journal, &all_tables, "", "old", "auto", &err), 0);
    assert_int_equal(journal_pass_get(journal, &all_tables, &pass, &err), 0);
    assert_int_equal(pass.spans, 0);
    assert_int_equal(journal_pass_get(journal, &one_table, &pass, &err), 0);
    assert_int_equal(pass.spans, 1);
    assert_int_equal(journal_verified_begin(journal, "blog", &err), 0); /* the data was replaced */
    assert_int_equal(journal_pass_get(journal, &one_table, &pass, &err), 0);
    assert_false(pass.is_there);
}

static void pass_of(struct service *service, const char *const *tables, size_t count,
                    enum side source, struct verify_options *out)
{
    snprintf(service->journal_path, sizeof service->journal_path, "%s", path);
    *out = (struct verify_options){
        .service = service, .tables = tables, .table_count = count, .source = source};
}

static void test_an_interrupted_pass_is_gone_on_with_for_the_same_tables_and_side(
    void **state UNUSED)
{
    CLEANUP(journal_freep) struct journal *journal = open_journal();
    static struct service service = {.name = "blog"};
    const char *const tables[] = {"blog.b", "blog.a"}, *const turned[] = {"blog.a", "blog.b"};
    const struct verify_span span = {.table = "blog.a", .at_us = clock_wall_us()};
    struct pass_keeper keeper = {0};
    struct verify_options options;
    struct err err = {0};

    pass_of(&service, tables, 2, SIDE_OLD, &options);
    assert_int_equal(pass_keeper_begin(&keeper, journal, "", false, &options, &err), 0);
    assert_false(keeper.is_resumed);
    assert_int_equal(pass_keeper_spans(&keeper, &span, 1, &err), 0);
    pass_keeper_release(&keeper);

    pass_of(&service, turned, 2, SIDE_OLD, &options);
    assert_int_equal(pass_keeper_begin(&keeper, journal, "", false, &options, &err), 0);
    assert_true(keeper.is_resumed && options.resume_count == 1);
    pass_keeper_release(&keeper);

    pass_of(&service, tables, 2, SIDE_NEW, &options);
    assert_int_equal(pass_keeper_begin(&keeper, journal, "", false, &options, &err), 0);
    assert_false(keeper.is_resumed);
    assert_non_null(strstr(keeper.note, "the other way round"));
    pass_keeper_release(&keeper);
}

static void test_a_pass_is_begun_anew_when_asked_or_when_it_is_too_old(void **state UNUSED)
{
    CLEANUP(journal_freep) struct journal *journal = open_journal();
    static struct service service = {.name = "blog"};
    const struct verify_span span = {.table = "blog.a",
                                     .at_us = clock_wall_us() - 25LL * 3600 * 1000000};
    struct pass_keeper keeper = {0};
    struct verify_options options;
    struct err err = {0};

    pass_of(&service, NULL, 0, SIDE_OLD, &options);
    assert_int_equal(pass_keeper_begin(&keeper, journal, "", false, &options, &err), 0);
    assert_int_equal(pass_keeper_spans(&keeper, &span, 1, &err), 0);
    pass_keeper_release(&keeper);
    assert_int_equal(pass_keeper_begin(&keeper, journal, "", true, &options, &err), 0);
    assert_non_null(strstr(keeper.note, "asked for"));
    assert_int_equal(pass_keeper_spans(&keeper, &span, 1, &err), 0);
    pass_keeper_release(&keeper);
    assert_int_equal(pass_keeper_begin(&keeper, journal, "", false, &options, &err), 0);
    assert_false(keeper.is_resumed);
    assert_non_null(strstr(keeper.note, "too old"));
    pass_keeper_release(&keeper);
}

static void test_reading_where_there_is_no_journal_is_refused_with_what_to_do(void **state UNUSED)
{
    struct journal *journal = NULL;
    struct err err = {0};

    assert_int_equal(journal_open_reader("/tmp/cutover-no-such-journal.db", &journal, &err),
                     ERR_REFUSED);
    assert_true(err.hint[0]);
}

struct seen_events {
    char names[16][32];
    size_t count;
};

static int note_name(void *context, int64_t at_us UNUSED, const char *run_id UNUSED,
                     const char *name, const char *detail UNUSED)
{
    struct seen_events *seen = context;

    snprintf(seen->names[seen->count++], 32, "%s", name);
    return 0;
}

/* What another process would read now. */
static size_t events_on_disk(struct seen_events *seen)
{
    CLEANUP(journal_freep) struct journal *reader = NULL;
    struct err err = {0};

    *seen = (struct seen_events){0};
    assert_int_equal(journal_open_reader(path, &reader, &err), 0);
    assert_int_equal(journal_events(reader, "7f3a0001", note_name, seen, &err), 0);
    return seen->count;
}

static void test_what_is_held_reaches_the_disk_in_its_order_when_it_is_let_go(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    const char *id = "7f3a0001";
    const struct step_time time = {.began_us = 1000, .took_ms = 1.5};
    struct step_record steps[3];
    struct seen_events seen;
    char value[32];
    struct err err = {0};

    assert_int_equal(journal_intents(journal, id, &plan, 0, 1, &err), 0);
    size_t before = events_on_disk(&seen);
    journal_hold(journal);
    assert_int_equal(journal_variable_put(journal, id, "position:old", "0-1-7", &err), 0);
    assert_int_equal(journal_event(journal, id, "side.closed", NULL, &err), 0);
    assert_int_equal(
        journal_step_timed(journal, id, 0, &plan.steps[0], STEP_DONE, &time, NULL, &err), 0);
    assert_int_equal(journal_step(journal, id, 1, &plan.steps[1], STEP_PENDING, NULL, &err), 0);
    assert_int_equal(events_on_disk(&seen), before);
    assert_int_equal(journal_variable_get(journal, id, "position:old", value, sizeof value, &err),
                     0);
    assert_string_equal(value, "0-1-7");

    assert_int_equal(journal_let_go(journal, &err), 0);
    assert_int_equal(events_on_disk(&seen), before + 3);
    assert_string_equal(seen.names[before], "side.closed");
    assert_string_equal(seen.names[before + 1], "step.done");
    assert_string_equal(seen.names[before + 2], "step.pending");
    assert_int_equal(journal_steps(journal, id, steps, 3, &err), 0);
    assert_int_equal(steps[0].state, STEP_DONE);
    assert_int_equal(steps[0].started_us, 1000);
    assert_int_equal(steps[1].state, STEP_PENDING);
    assert_int_equal(steps[1].started_us, 0);
    assert_int_equal(journal_variable_get(journal, id, "position:old", value, sizeof value, &err),
                     0);
    assert_string_equal(value, "0-1-7");
}

static void test_intents_are_on_disk_at_once_even_while_the_rest_is_held(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    struct seen_events seen;
    struct err err = {0};

    plan.steps[2].commits = true;
    journal_hold(journal);
    assert_int_equal(journal_event(journal, "7f3a0001", "side.closed", NULL, &err), 0);
    assert_int_equal(journal_intents(journal, "7f3a0001", &plan, 2, 2, &err), 0);
    assert_int_equal(events_on_disk(&seen), 3);
    assert_string_equal(seen.names[1], "step.intent");
    assert_string_equal(seen.names[2], "run.commit");
}

static void test_a_report_tells_the_steps_the_notes_and_the_end(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    CLEANUP(json_release) json_t *report = NULL;
    CLEANUP(buf_release) struct buf text;
    struct err err = {0};

    json_t *note =
        json_pack("{s:s,s:s,s:f}", "step", "1.1", "text", "the link is 1.5 ms behind", "ms", 1.5);
    json_t *end = json_pack("{s:s,s:s,s:s,s:f}", "outcome", "done", "situation", "following",
                            "because", "it is", "write_pause_ms", 12.5);
    const char *id = "7f3a0001";
    assert_int_equal(journal_step(journal, id, 0, &plan.steps[0], STEP_INTENT, NULL, &err), 0);
    assert_int_equal(journal_event(journal, id, "link.lag", note, &err), 0);
    assert_int_equal(journal_step(journal, id, 0, &plan.steps[0], STEP_DONE, NULL, &err), 0);
    assert_int_equal(journal_event(journal, id, "run.end", end, &err), 0);
    assert_int_equal(report_build(journal, "blog", NULL, &report, &err), 0);
    assert_true(json_number_value(json_object_get(report, "write_pause_ms")) == 12.5);
    assert_string_equal(json_text_or(report, "situation", ""), "following");
    assert_int_equal(json_array_size(json_object_get(report, "steps")), 3);
    assert_int_equal(json_array_size(json_object_get(report, "notes")), 1);
    buf_init(&text, 1 << 20);
    assert_int_equal(report_render(report, REPORT_MARKDOWN, &text, &err), 0);
    assert_non_null(strstr(buf_text(&text), "the link is 1.5 ms behind"));
    assert_non_null(strstr(buf_text(&text), "# Run 7f3a0001"));
    assert_non_null(strstr(buf_text(&text), "known beforehand"));
    assert_non_null(strstr(buf_text(&text), "waived by Jane Doe"));
    json_decref(note);
    json_decref(end);
}

static void test_a_report_splits_the_pause_in_the_order_of_the_plan(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    CLEANUP(json_release) json_t *report = NULL;
    CLEANUP(buf_release) struct buf text = {0};
    struct err err = {0};
    json_t *figures =
        json_pack("{s:s,s:f,s:f,s:{s:f,s:f,s:f}}", "text", "NEW is open", "ms", 9.5, "forecast_ms",
                  8.0, "parts", "disk", 0.5, plan.steps[1].what, 2.0, plan.steps[0].what, 7.0);

    assert_int_equal(report_build(journal, "blog", NULL, &report, &err), 0);
    assert_true(json_is_null(json_object_get(report, "pause")));
    json_decref(report);
    report = NULL;
    assert_int_equal(journal_event(journal, "7f3a0001", "side.opened", figures, &err), 0);
    assert_int_equal(report_build(journal, "blog", NULL, &report, &err), 0);
    const json_t *pause = json_object_get(report, "pause");
    const json_t *parts = json_object_get(pause, "parts");
    const char *const names[] = {plan.steps[0].what, plan.steps[1].what, "disk"};
    const double took[] = {7.0, 2.0, 0.5};
    assert_true(json_number_value(json_object_get(pause, "ms")) == 9.5);
    assert_true(json_number_value(json_object_get(pause, "forecast_ms")) == 8.0);
    assert_int_equal(json_array_size(parts), 3);
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const json_t *part = json_array_get(parts, i);
        assert_string_equal(json_text_or(part, "part", ""), names[i]);
        assert_true(json_number_value(json_object_get(part, "ms")) == took[i]);
    }
    buf_init(&text, 1 << 20);
    assert_int_equal(report_render(report, REPORT_TEXT, &text, &err), 0);
    assert_non_null(strstr(buf_text(&text), "Writes were refused\n"));
    assert_non_null(strstr(buf_text(&text), "  of that disk         0.5 ms\n"));
    json_decref(figures);
}

static void open_side(struct journal *journal, double pause_ms)
{
    struct err err = {0};
    CLEANUP(json_release)
    json_t *figures = pause_ms < 0 ? json_pack("{s:s}", "text", "NEW is open")
                                   : json_pack("{s:s,s:f}", "text", "NEW is open", "ms", pause_ms);

    assert_int_equal(journal_event(journal, "7f3a0001", "side.opened", figures, &err), 0);
}

static void test_the_latest_pauses_of_a_service_are_told_and_openings_without_one_are_not(
    void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(journal_freep) struct journal *journal = begin_run(&plan);
    struct err err = {0};
    double ms[2] = {0};
    size_t count = 9;

    assert_int_equal(journal_pauses(journal, "blog", ms, 2, &count, &err), 0);
    assert_int_equal(count, 0);
    open_side(journal, 30.5);
    open_side(journal, 12.5);
    open_side(journal, -1);
    open_side(journal, 9.5);
    assert_int_equal(journal_pauses(journal, "blog", ms, 2, &count, &err), 0);
    assert_int_equal(count, 2);
    assert_true(ms[0] == 9.5 && ms[1] == 12.5);
    assert_int_equal(journal_pauses(journal, "shop", ms, 2, &count, &err), 0);
    assert_int_equal(count, 0);
}

static int set_up(void **state UNUSED)
{
    snprintf(path, sizeof path, "/tmp/cutover-journal-XXXXXX");
    int fd = mkstemp(path);
    if (fd < 0)
        return -1;
    close(fd);
    return unlink(path);
}

static int tear_down(void **state UNUSED)
{
    static const char *const endings[] = {"", "-wal", "-shm", ".verify"};
    char name[80];

    for (size_t i = 0; i < ARRAY_LEN(endings); i++) {
        snprintf(name, sizeof name, "%s%s", path, endings[i]);
        unlink(name);
    }
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(test_a_run_and_its_plan_come_back_as_they_were),
        TEST(test_a_run_is_found_by_the_beginning_of_its_id),
        TEST(test_steps_keep_their_state_and_the_text_of_their_failure),
        TEST(test_the_commit_mark_survives_and_can_be_taken_back),
        TEST(test_who_lost_his_run_to_another_writes_nothing_of_any_kind),
        TEST(test_what_was_held_in_memory_is_not_written_into_a_run_that_was_taken),
        TEST(test_a_run_that_was_taken_under_the_same_epoch_and_name_is_another_s_all_the_same),
        TEST(test_a_run_that_a_rollback_closed_is_not_written_by_who_was_in_it),
        TEST(test_a_run_that_has_ended_is_not_taken),
        TEST(test_a_changed_event_is_noticed),
        TEST(test_a_removed_event_is_noticed),
        TEST(test_variables_belong_to_a_run_and_memory_to_the_service),
        TEST(test_half_a_comparison_is_not_a_proof),
        TEST(test_infinite_lag_is_counted_as_unknown_not_as_a_number),
        TEST(test_a_journal_of_a_newer_version_is_left_alone),
        TEST(test_a_journal_of_version_1_is_migrated_and_can_be_read_before),
        TEST(test_a_journal_of_version_2_has_no_drills_until_it_is_migrated),
        TEST(test_a_journal_of_version_4_has_no_inventories),
        TEST(test_an_inventory_is_found_under_its_number_and_service),
        TEST(test_spans_come_back_in_the_order_of_tables_and_keys),
        TEST(test_a_pass_that_begins_anew_forgets_the_spans_of_the_last_one),
        TEST(test_an_interrupted_pass_is_gone_on_with_for_the_same_tables_and_side),
        TEST(test_a_pass_is_begun_anew_when_asked_or_when_it_is_too_old),
        TEST(test_reading_where_there_is_no_journal_is_refused_with_what_to_do),
        TEST(test_what_is_held_reaches_the_disk_in_its_order_when_it_is_let_go),
        TEST(test_intents_are_on_disk_at_once_even_while_the_rest_is_held),
        TEST(test_a_report_tells_the_steps_the_notes_and_the_end),
        TEST(test_a_report_splits_the_pause_in_the_order_of_the_plan),
        TEST(test_the_latest_pauses_of_a_service_are_told_and_openings_without_one_are_not),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
