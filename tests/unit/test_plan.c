/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/plan.h"

static void name_step(struct plan_step *step, const char *id, const char *what, const char *title)
{
    snprintf(step->id, sizeof(step->id), "%s", id);
    snprintf(step->name, sizeof(step->name), "cut-over");
    snprintf(step->what, sizeof(step->what), "%s", what);
    snprintf(step->title, sizeof(step->title), "%s", title);
    step->action = action_by_id(ACTION_CUTOVER);
}

static void add_close(struct plan *plan)
{
    struct plan_step *step = plan_step_add(plan);
    name_step(step, "1.1", "close-old", "Close OLD");
    step->starts_from = SITUATION_BIT(SITUATION_MIRRORED) | SITUATION_BIT(SITUATION_FENCED);
    step->limit_ms = 5000;
    struct op *op = plan_op_add(step, OP_SQL, "db1:3306", "SET GLOBAL read_only = 1");
    op->tolerate[0] = 1290;
    op->tolerate[1] = 1192;
    plan_undo_add(step, OP_SQL, "db1:3306", "SET GLOBAL read_only = 0");
    step->verify.kind = OP_WORK;
    step->verify.text = strdup("read_only is 1 on db1:3306");
    snprintf(step->verify.work, sizeof(step->verify.work), "verify_closed");
    step->verify.args = json_pack("{s:s, s:[i,i], s:f}", "side", "old", "list", 1, 2, "share", 0.1);
}

static void add_open(struct plan *plan)
{
    struct plan_step *step = plan_step_add(plan);
    name_step(step, "1.2", "open-new", "Open NEW \xc3\xa9t\xc3\xa9 \"now\"");
    plan_op_add(step, OP_SQL, "db3:3306", "SET GLOBAL\n  read_only = 0")->is_unlogged = true;
    step->commits = step->is_repeatable = true;
    step->ends_in = SITUATION_SWITCHED;
}

static void add_flip(struct plan *plan)
{
    struct plan_step *step = plan_step_add(plan);
    name_step(step, "1.3", "flip", "Point the records to NEW");
    plan_op_add(step, OP_DNS, NULL, "PATCH /zones/z/dns_records/r {\"content\":\"198.51.100.10\"}");
}

static void fill(struct plan *plan)
{
    memset(plan, 0, sizeof(*plan));
    snprintf(plan->name, sizeof(plan->name), "migration-day");
    snprintf(plan->playbook_path, sizeof(plan->playbook_path), "playbooks/4-migration-day.cfg");
    snprintf(plan->service, sizeof(plan->service), "blog");
    plan->starts_in = SITUATION_MIRRORED;
    plan->ends_in = SITUATION_SWITCHED;
    plan->forecast_pause_ms = 1500;
    snprintf(plan->warnings[0], sizeof(plan->warnings[0]), "OLD keeps serving DNS-only names");
    plan->warning_count = 1;
    add_close(plan);
    add_open(plan);
    add_flip(plan);
}

static char *canonical(const struct plan *plan)
{
    CLEANUP(json_release) json_t *json = NULL;
    assert_int_equal(plan_to_json(plan, &json, NULL), 0);
    return json_canonical(json);
}

static void test_a_plan_survives_the_round_trip_to_the_byte(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan, back = {0};
    fill(&plan);
    char *text = canonical(&plan);
    CLEANUP(json_release) json_t *parsed = NULL;
    assert_int_equal(json_parse(text, strlen(text), &parsed, NULL), 0);
    struct err err = {0};
    if (plan_from_json(parsed, &back, &err) != 0)
        fail_msg("%s", err.msg);
    char *again = canonical(&back);
    assert_string_equal(text, again);

    assert_int_equal(back.step_count, 3);
    const struct plan_step *close = &back.steps[0], *open = &back.steps[1], *flip = &back.steps[2];
    assert_ptr_equal(close->action, action_by_id(ACTION_CUTOVER));
    assert_string_equal(close->ops[0].text, "SET GLOBAL read_only = 1");
    assert_int_equal(close->ops[0].tolerate[1], 1192);
    assert_int_equal(close->ops[0].tolerate[2], 0);
    assert_string_equal(close->undo[0].node, "db1:3306");
    assert_string_equal(close->verify.work, "verify_closed");
    assert_string_equal(json_text_or(close->verify.args, "side", ""), "old");
    assert_int_equal(close->limit_ms, 5000);
    assert_int_equal(close->starts_from, plan.steps[0].starts_from);
    assert_true(open->commits && open->is_repeatable && open->ops[0].is_unlogged);
    assert_int_equal(open->ends_in, SITUATION_SWITCHED);
    assert_int_equal(flip->ops[0].kind, OP_DNS);
    assert_null(flip->verify.text);
    free(text);
    free(again);
}

static void assert_hash_differs(struct plan *plan, const char hash[DIGEST_HEX_LEN + 1])
{
    char other[DIGEST_HEX_LEN + 1];
    assert_int_equal(plan_hash(plan, other, NULL), 0);
    assert_string_not_equal(hash, other);
}

static void test_the_hash_covers_what_execution_depends_on(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    char hash[DIGEST_HEX_LEN + 1], same[DIGEST_HEX_LEN + 1];
    fill(&plan);
    struct plan_step *step = &plan.steps[0];
    assert_int_equal(plan_hash(&plan, hash, NULL), 0);
    assert_int_equal(strlen(hash), DIGEST_HEX_LEN);
    assert_int_equal(plan_hash(&plan, same, NULL), 0);
    assert_string_equal(hash, same);

    step->ops[0].text[0] = 's';
    assert_hash_differs(&plan, hash);
    step->ops[0].text[0] = 'S';
    step->ops[0].tolerate[1] = 0;
    assert_hash_differs(&plan, hash);
    step->ops[0].tolerate[1] = 1192;
    step->ops[0].is_unlogged = true;
    assert_hash_differs(&plan, hash);
    step->ops[0].is_unlogged = false;
    step->ops[0].node[2] = '2';
    assert_hash_differs(&plan, hash);
    step->ops[0].node[2] = '1';
    step->undo[0].kind = OP_WORK;
    assert_hash_differs(&plan, hash);
    step->undo[0].kind = OP_SQL;
    step->commits = true;
    assert_hash_differs(&plan, hash);
    step->commits = false;
    step->limit_ms++;
    assert_hash_differs(&plan, hash);
    step->limit_ms--;
    step->starts_from = 0;
    assert_hash_differs(&plan, hash);
    step->starts_from = SITUATION_BIT(SITUATION_MIRRORED) | SITUATION_BIT(SITUATION_FENCED);
    json_object_set_new(step->verify.args, "side", json_string("new"));
    assert_hash_differs(&plan, hash);
    json_object_set_new(step->verify.args, "side", json_string("old"));
    assert_int_equal(plan_hash(&plan, same, NULL), 0);
    assert_string_equal(hash, same);
}

static void refuse_after(void (*spoil)(json_t *json, json_t *step, json_t *op))
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(json_release) json_t *json = NULL;
    struct plan back = {.step_count = 0};
    struct err err = {0};
    fill(&plan);
    assert_int_equal(plan_to_json(&plan, &json, NULL), 0);
    json_t *step = json_array_get(json_object_get(json, "steps"), 0);
    spoil(json, step, json_array_get(json_object_get(step, "ops"), 0));
    assert_int_equal(plan_from_json(json, &back, &err), ERR_PROTOCOL);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_null(back.steps);
}

static void spoil_format(json_t *json, json_t *step UNUSED, json_t *op UNUSED)
{
    json_object_set_new(json, "format", json_integer(2));
}
static void spoil_steps(json_t *json, json_t *step UNUSED, json_t *op UNUSED)
{
    json_object_set_new(json, "steps", json_string("none"));
}
static void spoil_extra(json_t *json, json_t *step UNUSED, json_t *op UNUSED)
{
    json_object_set_new(json, "also", json_true());
}
static void spoil_step_extra(json_t *json UNUSED, json_t *step, json_t *op UNUSED)
{
    json_object_set_new(step, "sudo", json_true());
}
static void spoil_action(json_t *json UNUSED, json_t *step, json_t *op UNUSED)
{
    json_object_set_new(step, "action", json_string("cutoverr"));
}
static void spoil_situation(json_t *json UNUSED, json_t *step, json_t *op UNUSED)
{
    json_object_set_new(step, "starts_from", json_pack("[s]", "somewhere"));
}
static void spoil_commits(json_t *json UNUSED, json_t *step, json_t *op UNUSED)
{
    json_object_set_new(step, "commits", json_integer(1));
}
static void spoil_undo(json_t *json UNUSED, json_t *step, json_t *op UNUSED)
{
    json_object_del(step, "undo");
}
static void spoil_kind(json_t *json UNUSED, json_t *step UNUSED, json_t *op)
{
    json_object_set_new(op, "kind", json_string("shell"));
}
static void spoil_node(json_t *json UNUSED, json_t *step UNUSED, json_t *op)
{
    char name[NODE_NAME_SIZE + 1];
    memset(name, 'n', sizeof(name));
    name[NODE_NAME_SIZE] = '\0';
    json_object_set_new(op, "node", json_string(name));
}
static void spoil_tolerate(json_t *json UNUSED, json_t *step UNUSED, json_t *op)
{
    json_object_set_new(op, "tolerate", json_pack("[i,i,i,i,i]", 1, 2, 3, 4, 5));
}
static void spoil_tolerate_value(json_t *json UNUSED, json_t *step UNUSED, json_t *op)
{
    json_object_set_new(op, "tolerate", json_pack("[i]", -1));
}

static void test_a_plan_that_is_not_whole_or_not_ours_is_refused(void **state UNUSED)
{
    void (*const spoils[])(json_t *, json_t *, json_t *) = {
        spoil_format, spoil_steps,     spoil_extra,    spoil_step_extra,
        spoil_action, spoil_situation, spoil_commits,  spoil_undo,
        spoil_kind,   spoil_node,      spoil_tolerate, spoil_tolerate_value,
    };
    for (size_t i = 0; i < ARRAY_LEN(spoils); i++)
        refuse_after(spoils[i]);
}

static void test_json_of_another_kind_is_refused(void **state UNUSED)
{
    json_t *const wrong[] = {json_null(), json_array(), json_object(), json_integer(7)};
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
        struct plan back = {.step_count = 0};
        assert_int_equal(plan_from_json(wrong[i], &back, NULL), ERR_PROTOCOL);
        json_decref(wrong[i]);
    }
}

static void test_a_text_that_is_not_utf8_cannot_become_a_plan(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    json_t *json = NULL;
    fill(&plan);
    plan.steps[0].ops[0].text[0] = (char)0xff;
    assert_int_equal(plan_to_json(&plan, &json, NULL), ERR_MEMORY);
    assert_null(json);
}

static void test_a_node_name_that_does_not_fit_is_refused(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    char name[NODE_NAME_SIZE + 1];
    fill(&plan);
    memset(name, 'n', sizeof(name));
    name[NODE_NAME_SIZE] = '\0';
    size_t before = plan.steps[0].op_count;
    assert_null(plan_op_add(&plan.steps[0], OP_SQL, name, "SELECT 1"));
    assert_int_equal(plan.steps[0].op_count, before);
}

static void test_many_steps_keep_their_order(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan = {0};
    for (int i = 0; i < 100; i++)
        plan_step_add(&plan)->limit_ms = i;
    assert_int_equal(plan.step_count, 100);
    for (int i = 0; i < 100; i++)
        assert_int_equal(plan.steps[i].limit_ms, i);
}

static const char expected_print[] =
    "Plan \"migration-day\" for service blog\n"
    "Playbook: playbooks/4-migration-day.cfg\n"
    "Starts in mirrored, ends in switched\n"
    "Forecast write pause: both sides closed for at most 1.5 s; what DNS adds to it is said below\n"
    "\n"
    "cut-over (cutover), from mirrored or fenced\n"
    "    1.1 close-old: Close OLD\n"
    "        do    db1:3306  SET GLOBAL read_only = 1\n"
    "        check verify_closed  read_only is 1 on db1:3306\n"
    "        undo  db1:3306  SET GLOBAL read_only = 0\n"
    "        limit 5.0 s\n"
    "    1.2 open-new: Open NEW \xc3\xa9t\xc3\xa9 \"now\"\n"
    "        do    db3:3306 (sql_log_bin = 0)\n"
    "          SET GLOBAL\n"
    "            read_only = 0\n"
    "    >>> after this step the way back is `rollback`\n"
    "    1.3 flip: Point the records to NEW\n"
    "        do    DNS  PATCH /zones/z/dns_records/r {\"content\":\"198.51.100.10\"}\n"
    "\n"
    "Before you say yes:\n"
    "  - OLD keeps serving DNS-only names\n"
    "\n"
    "Plan hash: ";

static void test_a_person_reads_every_statement_and_the_hash(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan;
    CLEANUP(buf_release) struct buf out = {0};
    char hash[DIGEST_HEX_LEN + 1];
    fill(&plan);
    buf_init(&out, 65536);
    assert_int_equal(plan_print(&plan, &out, NULL), 0);
    assert_int_equal(plan_hash(&plan, hash, NULL), 0);
    const char *text = buf_text(&out);
    size_t len = strlen(expected_print);
    if (strncmp(text, expected_print, len) != 0)
        fail_msg("printed:\n%s", text);
    assert_memory_equal(text + len, hash, DIGEST_HEX_LEN);
    assert_string_equal(text + len + DIGEST_HEX_LEN, "\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_plan_survives_the_round_trip_to_the_byte),
        cmocka_unit_test(test_the_hash_covers_what_execution_depends_on),
        cmocka_unit_test(test_a_plan_that_is_not_whole_or_not_ours_is_refused),
        cmocka_unit_test(test_json_of_another_kind_is_refused),
        cmocka_unit_test(test_a_text_that_is_not_utf8_cannot_become_a_plan),
        cmocka_unit_test(test_a_node_name_that_does_not_fit_is_refused),
        cmocka_unit_test(test_many_steps_keep_their_order),
        cmocka_unit_test(test_a_person_reads_every_statement_and_the_hash),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
