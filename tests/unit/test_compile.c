/* SPDX-License-Identifier: MIT */
/* Every shipped playbook compiled against facts that fit it: what must be true of any plan. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/compile.h"
#include "engine/work.h"
#include "facts_fixture.h"
#include "playbook/read.h"

static struct service service;

static void make_facts(enum situation situation, struct facts *facts)
{
    fixture_facts(&service, facts);
    bool has_forward = situation != SITUATION_APART && situation != SITUATION_RETIRED;
    bool has_reverse = has_forward && situation != SITUATION_FOLLOWING;

    bool is_on_new = situation == SITUATION_SWITCHED || situation == SITUATION_FLIPPING ||
                     situation == SITUATION_UNSAFE;

    if (has_forward)
        fixture_link(facts, SIDE_NEW);
    if (has_reverse)
        fixture_link(facts, SIDE_OLD);
    if (has_reverse)
        fixture_stagger(facts, 2, 1, 2);
    fixture_open(facts, SIDE_OLD, !is_on_new);
    fixture_open(facts, SIDE_NEW, is_on_new || situation == SITUATION_SHARED);
    facts->nodes[NEW_PRIMARY].has_data = tri_of(has_forward);
    if (situation == SITUATION_FLIPPING)
        facts->dns = DNS_MIXED;
    if (situation == SITUATION_UNSAFE) { /* OLD cannot apply what NEW sends */
        facts->nodes[OLD_PRIMARY].channels[0].is_applying = TRI_NO;
        facts->nodes[OLD_PRIMARY].channels[0].apply_errno = 1062;
    }
}

static unsigned old_held_count;

static bool does_work(const struct plan *plan, const char *work)
{
    for (size_t k = 0; k < plan->step_count; k++)
        for (size_t n = 0; n < plan->steps[k].op_count; n++)
            if (plan->steps[k].ops[n].kind == OP_WORK &&
                strcmp(plan->steps[k].ops[n].work, work) == 0)
                return true;
    return false;
}

static void compile_path(const char *name, const char *path, enum situation situation,
                         struct plan *out)
{
    struct playbook playbook = {0};
    struct facts facts;
    struct err err = {0};

    if (playbook_read(path, &service, &playbook, &err))
        fail_msg("%s: %s: %s", name, err.where, err.msg);
    make_facts(situation, &facts);
    facts.nodes[OLD_PRIMARY].held_count = old_held_count;
    struct compile_input input = {.service = &service, .playbook = &playbook, .facts = &facts};
    if (compile_plan(&input, out, &err))
        fail_msg("%s: %s", name, err.msg);
    playbook_release(&playbook);
}

static void compile_file(const char *name, enum situation situation, struct plan *out)
{
    char path[128];

    snprintf(path, sizeof path, "playbooks/%s.cfg", name);
    compile_path(name, path, situation, out);
}

static const struct {
    const char *name;
    enum situation from, to;
    int commits;
} shipped[] = {
    {"1-follow", SITUATION_APART, SITUATION_FOLLOWING, 0},
    {"2-rehearse-and-reset", SITUATION_FOLLOWING, SITUATION_APART, 0},
    {"3-mirror", SITUATION_FOLLOWING, SITUATION_MIRRORED, 0},
    {"4-migration-day", SITUATION_MIRRORED, SITUATION_SWITCHED, 1},
    {"4-migration-day-fenced", SITUATION_MIRRORED, SITUATION_SWITCHED, 1},
    {"rollback", SITUATION_SWITCHED, SITUATION_MIRRORED, 1},
    {"rollback", SITUATION_SHARED, SITUATION_MIRRORED, 1},
    {"rollback-fenced", SITUATION_SWITCHED, SITUATION_MIRRORED, 1},
    {"rollback-fenced", SITUATION_FLIPPING, SITUATION_MIRRORED, 1},
    {"rollback-lossy", SITUATION_UNSAFE, SITUATION_APART, 1},
    {"unmirror", SITUATION_MIRRORED, SITUATION_FOLLOWING, 0},
    {"5-retire", SITUATION_SWITCHED, SITUATION_RETIRED, 1},
};

static void test_each_shipped_playbook_ends_where_it_says(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
        CLEANUP(plan_release) struct plan plan = {0};
        compile_file(shipped[i].name, shipped[i].from, &plan);
        assert_int_equal(plan.starts_in, shipped[i].from);
        assert_int_equal(plan.ends_in, shipped[i].to);
    }
}

static void test_a_plan_has_one_commit_step_or_none(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
        CLEANUP(plan_release) struct plan plan = {0};
        int commits = 0;
        compile_file(shipped[i].name, shipped[i].from, &plan);
        for (size_t k = 0; k < plan.step_count; k++)
            commits += plan.steps[k].commits;
        assert_int_equal(commits, shipped[i].commits);
    }
}

static void assert_known(const struct op *op)
{
    if (op->kind == OP_WORK && !work_find(op->work))
        fail_msg("the engine has no procedure \"%s\"", op->work);
    if (op->kind == OP_SQL && !service_node(&service, op->node))
        fail_msg("no node \"%s\"", op->node);
}

static void test_every_operation_of_every_plan_can_be_executed(void **state UNUSED)
{
    for (size_t i = 0; i < ARRAY_LEN(shipped); i++) {
        CLEANUP(plan_release) struct plan plan = {0};
        compile_file(shipped[i].name, shipped[i].from, &plan);
        for (size_t k = 0; k < plan.step_count; k++) {
            const struct plan_step *step = &plan.steps[k];
            assert_true(step->op_count > 0);
            if (step->verify.work[0])
                assert_known(&step->verify);
            for (size_t n = 0; n < step->op_count; n++)
                assert_known(&step->ops[n]);
            for (size_t n = 0; n < step->undo_count; n++)
                assert_known(&step->undo[n]);
        }
    }
}

/* Read the lossy playbook and compile it for these facts. */
static int compile_lossy(const struct facts *facts, struct plan *out, struct err *err)
{
    struct playbook playbook = {0};
    int rc = playbook_read("playbooks/rollback-lossy.cfg", &service, &playbook, err);
    struct compile_input input = {.service = &service, .playbook = &playbook, .facts = facts};
    if (!rc)
        rc = compile_plan(&input, out, err);
    playbook_release(&playbook);
    return rc;
}

static void test_what_is_lost_is_kept_before_old_opens_and_nothing_is_asked_of_a_new_that_is_gone(
    void **state UNUSED)
{
    for (int is_gone = 0; is_gone < 2; is_gone++) {
        CLEANUP(plan_release) struct plan plan = {0};
        struct facts facts;
        struct err err = {0};
        bool has_list = false, has_closed = false;
        make_facts(SITUATION_UNSAFE, &facts);
        if (is_gone)
            facts.nodes[NEW_PRIMARY].is_reached = TRI_NO;
        assert_int_equal(compile_lossy(&facts, &plan, &err), 0);
        for (size_t k = 0; k < plan.step_count; k++) {
            const struct plan_step *step = &plan.steps[k];
            const char *wanted = is_gone ? "absent-new" : "close-new";
            has_closed = has_closed || strcmp(step->what, wanted) == 0;
            has_list = has_list || strcmp(step->what, "list-lost") == 0;
            if (step->commits)
                assert_true(has_closed && has_list);
            for (size_t n = 0; is_gone && n < step->op_count; n++)
                assert_string_not_equal(step->ops[n].node, service.nodes[NEW_PRIMARY].name);
        }
        enum situation end = plan.steps[plan.step_count - 1].ends_in;
        assert_int_equal(end, is_gone ? SITUATION_UNSAFE : SITUATION_APART);
    }
}

static void test_nothing_is_given_up_while_the_links_run(void **state UNUSED)
{
    struct plan plan = {0};
    struct facts facts;
    struct err err = {0};
    make_facts(SITUATION_SWITCHED, &facts);
    assert_int_equal(compile_lossy(&facts, &plan, &err), ERR_REFUSED);
    make_facts(SITUATION_UNSAFE, &facts);
    facts.nodes[OLD_PRIMARY].channels[0].apply_errno = 0; /* stopped by hand */
    err = (struct err){0};
    assert_int_equal(compile_lossy(&facts, &plan, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "START SLAVE 'cutover_reverse'"));
}

/* 0, 1, ...: which part that is; after the last when the plan has none. */
static size_t part_number(const struct plan *plan, const char *what)
{
    size_t k = 0;
    while (k < plan->step_count && strcmp(plan->steps[k].what, what) != 0)
        k++;
    return k;
}

static void test_a_physical_seed_looks_first_and_touches_no_node_before_its_copy_is_whole(
    void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan = {0};
    char path[] = "/tmp/cutover-test-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    dprintf(fd, "playbook = { name = \"p\"; about = \"a\"; needs = \"apart\"; steps = ( "
                "{ name = \"seed\"; action = \"seed\"; method = \"physical\"; rate = 5; } ); };");
    compile_path("physical", path, SITUATION_APART, &plan);
    close(fd);
    unlink(path);
    const size_t copy = part_number(&plan, "copy"), copy_2 = part_number(&plan, "copy-replica-1");
    assert_int_equal(part_number(&plan, "check-physical"), 0);
    assert_int_equal(part_number(&plan, "place"), copy + 1);
    assert_int_equal(part_number(&plan, "position"), copy + 2);
    assert_int_equal(copy_2, copy + 3);
    assert_int_equal(part_number(&plan, "position-replica-1"), copy_2 + 2);
    for (size_t k = 0; k < plan.step_count; k++)
        for (size_t n = 0; n < plan.steps[k].op_count; n++)
            assert_known(&plan.steps[k].ops[n]);
    assert_int_equal(plan.steps[copy].op_count, 1);
    assert_string_equal(plan.steps[copy].ops[0].work, "seed.physical_copy");
    assert_int_equal(json_integer_value(json_object_get(plan.steps[copy].ops[0].args, "rate")), 5);
    assert_string_equal(plan.steps[copy].undo[0].work, "seed.physical_settle");
    assert_string_equal(plan.steps[copy + 1].undo[0].work, "seed.physical_settle");
}

static void test_closing_a_side_for_a_cutover_can_be_undone(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan = {0};
    int closing = 0;

    compile_file("4-migration-day-fenced", SITUATION_MIRRORED, &plan);
    for (size_t k = 0; k < plan.step_count && !plan.steps[k].commits; k++)
        if (strcmp(plan.steps[k].what, "close-from") == 0) {
            closing++;
            assert_int_equal(plan.steps[k].undo_count, 2);
            assert_string_equal(plan.steps[k].undo[0].work, "side.put_back");
            assert_string_equal(plan.steps[k].undo[1].work, "fence.let_in"); /* at once */
            assert_string_equal(plan.steps[k].verify.work, "side.is_closed");
        }
    assert_int_equal(closing, 1);
}

/*
 * The fence, the drain and both proofs come before the other side opens; in shared mode nothing is
 * closed before that.
 */
static void test_fenced_closes_before_it_opens_and_shared_does_not(void **state UNUSED)
{
    static const char *const fenced[] = {
        "note-schema", "check-links",  "check-replicas", "probe", "ready",
        "forecast",    "hold-from",    "close-from",     "drain", "compare-tail",
        "probe-back",  "still-closed", "open-to"};
    CLEANUP(plan_release) struct plan plan = {0};
    size_t next = 0;

    compile_file("4-migration-day-fenced", SITUATION_MIRRORED, &plan);
    for (size_t k = 0; k < plan.step_count && next < ARRAY_LEN(fenced); k++)
        if (strcmp(plan.steps[k].name, "cut-over") == 0)
            assert_string_equal(plan.steps[k].what, fenced[next++]);
    assert_int_equal(next, ARRAY_LEN(fenced));
    plan_release(&plan);
    plan = (struct plan){0};

    compile_file("4-migration-day", SITUATION_MIRRORED, &plan);
    for (size_t k = 0; k < plan.step_count && !plan.steps[k].commits; k++)
        assert_string_not_equal(plan.steps[k].what, "close-from");
}

/* A crash between the two leaves accounts that only the undo of the first lets in again. */
static void test_whom_to_lock_is_written_down_before_and_proven_before_the_other_side_opens(
    void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan = {0};
    const char *const order[] = {"fence.hold", "fence.close", "fence.lock", "fence.held",
                                 "side.open"};
    size_t next = 0;

    compile_file("4-migration-day-fenced", SITUATION_MIRRORED, &plan);
    for (size_t k = 0; k < plan.step_count; k++) {
        if (strcmp(plan.steps[k].name, "cut-over") != 0)
            continue;
        for (size_t n = 0; n < plan.steps[k].op_count && next < ARRAY_LEN(order); n++)
            next += strcmp(plan.steps[k].ops[n].work, order[next]) == 0;
        if (strcmp(plan.steps[k].what, "hold-from") == 0)
            assert_string_equal(plan.steps[k].undo[0].work, "fence.release");
    }
    assert_int_equal(next, ARRAY_LEN(order));
}

/* Whoever has no connection there yet would wait for the journal otherwise. */
static void test_a_held_side_lets_accounts_in_right_after_it_was_opened_and_not_before(
    void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan = {0};
    unsigned opened = 0, let_in = 0;

    compile_file("rollback-fenced", SITUATION_SWITCHED, &plan);
    assert_false(does_work(&plan, "fence.let_in")); /* nobody is locked out there */
    plan_release(&plan);
    plan = (struct plan){0};
    old_held_count = 2;
    compile_file("rollback-fenced", SITUATION_SWITCHED, &plan);
    old_held_count = 0;
    for (size_t k = 0; k < plan.step_count; k++)
        for (size_t n = 0; n < plan.steps[k].op_count; n++) {
            if (plan.steps[k].ops[n].kind != OP_WORK)
                continue;
            opened += strcmp(plan.steps[k].ops[n].work, "side.open") == 0;
            if (strcmp(plan.steps[k].ops[n].work, "fence.let_in") == 0) {
                assert_true(plan.steps[k].commits);
                assert_int_equal(opened, 1);
                let_in++;
            }
        }
    assert_int_equal(let_in, 1);
    assert_true(does_work(&plan, "fence.release")); /* with a look, and struck out */
}

static void test_a_plan_never_holds_a_secret(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan = {0};
    CLEANUP(json_release) json_t *json = NULL;
    struct err err = {0};

    compile_file("1-follow", SITUATION_APART, &plan);
    assert_int_equal(plan_to_json(&plan, &json, &err), 0);
    char *text = json_canonical(json);
    assert_non_null(strstr(text, "${secret:replication}"));
    assert_null(strstr(text, "swordfish"));
    free(text);
}

static void test_the_same_facts_give_the_same_plan(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan a = {0}, b = {0};
    char hash_a[DIGEST_HEX_LEN + 1], hash_b[DIGEST_HEX_LEN + 1];
    struct err err = {0};

    compile_file("3-mirror", SITUATION_FOLLOWING, &a);
    compile_file("3-mirror", SITUATION_FOLLOWING, &b);
    assert_int_equal(plan_hash(&a, hash_a, &err), 0);
    assert_int_equal(plan_hash(&b, hash_b, &err), 0);
    assert_string_equal(hash_a, hash_b);
}

static int compile_error(const char *name, struct facts *facts, const char *from_step,
                         struct err *err)
{
    struct playbook playbook = {0};
    struct plan plan = {0};
    char path[128];

    snprintf(path, sizeof path, "playbooks/%s.cfg", name);
    assert_int_equal(playbook_read(path, &service, &playbook, err), 0);
    struct compile_input input = {
        .service = &service, .playbook = &playbook, .facts = facts, .from_step = from_step};
    int rc = compile_plan(&input, &plan, err);
    plan_release(&plan);
    playbook_release(&playbook);
    return rc;
}

static void test_a_playbook_for_another_situation_is_refused_with_both_named(void **state UNUSED)
{
    struct facts facts;
    struct err err = {0};

    make_facts(SITUATION_FOLLOWING, &facts);
    assert_int_equal(compile_error("4-migration-day", &facts, NULL, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "mirrored"));
    assert_non_null(strstr(err.msg, "following"));
    assert_true(err.hint[0]);
}

static void test_a_setting_that_no_plan_can_live_with_is_refused_with_its_check(void **state UNUSED)
{
    struct facts facts;
    struct err err = {0};

    make_facts(SITUATION_APART, &facts);
    facts.nodes[NEW_PRIMARY].server_id = facts.nodes[OLD_PRIMARY].server_id;
    assert_int_equal(compile_error("1-follow", &facts, NULL, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "server_id.unique"));
    assert_true(err.hint[0]);
}

static void test_such_a_setting_does_not_bar_the_way_back(void **state UNUSED)
{
    CLEANUP(plan_release) struct plan plan = {0};
    struct playbook playbook = {0};
    struct facts facts;
    struct err err = {0};

    assert_int_equal(playbook_read("playbooks/rollback.cfg", &service, &playbook, &err), 0);
    make_facts(SITUATION_SWITCHED, &facts);
    snprintf(facts.nodes[OLD_PRIMARY].binlog_format, 16, "MIXED");
    struct compile_input input = {.service = &service, .playbook = &playbook, .facts = &facts};
    assert_int_equal(compile_plan(&input, &plan, &err), 0);
    playbook_release(&playbook);
}

static void test_an_unreachable_node_is_never_planned_for(void **state UNUSED)
{
    struct facts facts;
    struct err err = {0};

    make_facts(SITUATION_APART, &facts);
    facts.nodes[NEW_REPLICA].is_reached = TRI_NO;
    assert_int_equal(compile_error("1-follow", &facts, NULL, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, service.nodes[NEW_REPLICA].name));
}

static void test_an_unknown_step_to_begin_with_is_a_usage_error(void **state UNUSED)
{
    struct facts facts;
    struct err err = {0};

    make_facts(SITUATION_APART, &facts);
    assert_int_equal(compile_error("1-follow", &facts, "nonsense", &err), ERR_USAGE);
    assert_non_null(strstr(err.msg, "nonsense"));
}

static int set_up(void **state UNUSED)
{
    fixture_service(&service);
    snprintf(service.name, sizeof service.name, "blog");
    service.limits = (struct service_limits){.statement_ms = 10000,
                                             .lock_wait_ms = 1000,
                                             .lag_ms = 500,
                                             .drain_ms = 5000,
                                             .dns_ms = 60000,
                                             .stragglers_ms = 60000};
    service.dns.min_ttl_s = 60;
    struct err err = {0};
    return secret_set(&service.replication.password, "swordfish", &err);
}

static int tear_down(void **state UNUSED)
{
    secret_release(&service.replication.password);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_shipped_playbook_ends_where_it_says),
        cmocka_unit_test(test_a_plan_has_one_commit_step_or_none),
        cmocka_unit_test(test_every_operation_of_every_plan_can_be_executed),
        cmocka_unit_test(
            test_what_is_lost_is_kept_before_old_opens_and_nothing_is_asked_of_a_new_that_is_gone),
        cmocka_unit_test(test_nothing_is_given_up_while_the_links_run),
        cmocka_unit_test(
            test_a_physical_seed_looks_first_and_touches_no_node_before_its_copy_is_whole),
        cmocka_unit_test(test_closing_a_side_for_a_cutover_can_be_undone),
        cmocka_unit_test(test_fenced_closes_before_it_opens_and_shared_does_not),
        cmocka_unit_test(
            test_whom_to_lock_is_written_down_before_and_proven_before_the_other_side_opens),
        cmocka_unit_test(
            test_a_held_side_lets_accounts_in_right_after_it_was_opened_and_not_before),
        cmocka_unit_test(test_a_plan_never_holds_a_secret),
        cmocka_unit_test(test_the_same_facts_give_the_same_plan),
        cmocka_unit_test(test_a_playbook_for_another_situation_is_refused_with_both_named),
        cmocka_unit_test(test_a_setting_that_no_plan_can_live_with_is_refused_with_its_check),
        cmocka_unit_test(test_such_a_setting_does_not_bar_the_way_back),
        cmocka_unit_test(test_an_unreachable_node_is_never_planned_for),
        cmocka_unit_test(test_an_unknown_step_to_begin_with_is_a_usage_error),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
