/* SPDX-License-Identifier: MIT */
/* Requests on a real file: who may ask for what, when, and what is told to the person. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "engine/journal_follow.h"
#include "engine/request_offer.h"

#define RUN "7f3a0001"

static char path[64];
static struct plan plan;
static struct journal *owner; /* of the run */

static void add_part(const char *name, const char *what, enum action_id action, bool has_undo)
{
    struct plan_step *step = plan_step_add(&plan);

    snprintf(step->id, sizeof step->id, "%zu.1", plan.step_count);
    snprintf(step->name, sizeof step->name, "%s", name);
    snprintf(step->what, sizeof step->what, "%s", what);
    step->action = action_by_id(action);
    step->commits = action == ACTION_CUTOVER;
    if (has_undo)
        (void)plan_undo_add(step, OP_WORK, "", "put it back");
}

static void allow(enum run_word word, const char *text)
{
    struct err err = {0};
    json_t *value = NULL;

    if (text)
        assert_int_equal(json_parse(text, strlen(text), &value, &err), 0);
    assert_int_equal(journal_run_word_put(owner, RUN, word, value, &err), 0);
    json_decref(value);
}

static int set_up(void **state UNUSED)
{
    struct err err = {0};

    snprintf(path, sizeof path, "/tmp/cutover-request-%ld", (long)getpid());
    unlink(path);
    plan = (struct plan){.starts_in = SITUATION_MIRRORED, .ends_in = SITUATION_SHARED};
    snprintf(plan.name, sizeof plan.name, "day");
    snprintf(plan.service, sizeof plan.service, "blog");
    add_part("mirror", "link", ACTION_MIRROR, true);
    add_part("go", "approve", ACTION_APPROVE, false);
    add_part("cut-over", "open-new", ACTION_CUTOVER, false);
    assert_int_equal(journal_open(path, &owner, &err), 0);
    assert_int_equal(journal_run_begin(owner, &plan, RUN, "me@here pid 1", 4, &err), 0);
    allow(RUN_TAKES, "{}");
    assert_int_equal(journal_step(owner, RUN, 0, &plan.steps[0], STEP_INTENT, NULL, &err), 0);
    assert_int_equal(journal_step(owner, RUN, 0, &plan.steps[0], STEP_DONE, NULL, &err), 0);
    assert_int_equal(journal_step(owner, RUN, 1, &plan.steps[1], STEP_INTENT, NULL, &err), 0);
    return 0;
}

static int tear_down(void **state UNUSED)
{
    char name[80];

    journal_free(owner);
    plan_release(&plan);
    for (size_t i = 0; i < 3; i++) {
        snprintf(name, sizeof name, "%s%s", path, (const char *[]){"", "-wal", "-shm"}[i]);
        unlink(name);
    }
    return 0;
}

/* As another process does: it opens the file for itself. */
static int ask_of(const char *run, enum request_what what, const char *step, const char *who,
                  int64_t *id, struct err *err)
{
    struct service service = {.name = "blog"};
    const struct request_ask ask = {
        .run_id = run, .step = step, .what = what, .who = who, .via = "page"};

    *err = (struct err){0};
    snprintf(service.journal_path, sizeof service.journal_path, "%s", path);
    return request_ask(&service, &ask, id, err);
}

static int ask(enum request_what what, const char *step, const char *who, struct err *err)
{
    int64_t id;

    return ask_of(NULL, what, step, who, &id, err);
}

static void wait_for_two(void)
{
    allow(RUN_WAITS, "{\"step\":\"go\",\"id\":\"2.1\",\"question\":\"Move?\",\"people\":2,"
                     "\"approved\":[{\"who\":\"anna\",\"via\":\"page\",\"at_us\":1}]}");
}

static void test_a_request_is_there_for_the_run_until_it_says_what_became_of_it(void **state UNUSED)
{
    struct request found[REQUEST_LIST_CAP];
    struct err err;
    int64_t id;
    size_t count;

    assert_int_equal(ask_of(RUN, REQUEST_HOLD, "", "anna", &id, &err), 0);
    assert_int_equal(journal_request_list(owner, RUN, true, found, &count, &err), 0);
    assert_int_equal(count, 1);
    assert_int_equal(found[0].id, id);
    assert_string_equal(found[0].who, "anna");
    assert_int_equal(found[0].state, REQUEST_ASKED);
    assert_int_equal(journal_request_settle(owner, &found[0], REQUEST_TAKEN, "soon", &err), 0);
    assert_int_equal(journal_request_get(owner, id, &found[0], &err), 0);
    assert_int_equal(found[0].state, REQUEST_TAKEN);
    assert_int_equal(found[0].ended_us, 0);
    assert_int_equal(journal_request_settle(owner, &found[0], REQUEST_DONE, "held", &err), 0);
    assert_int_equal(journal_request_settle(owner, &found[0], REQUEST_REFUSED, "no", &err), 0);
    assert_int_equal(journal_request_get(owner, id, &found[0], &err), 0);
    assert_int_equal(found[0].state, REQUEST_DONE); /* an end is an end */
    assert_string_equal(found[0].answer, "held");
    assert_true(found[0].ended_us >= found[0].asked_us);
    assert_int_equal(journal_request_list(owner, RUN, true, found, &count, &err), 0);
    assert_int_equal(count, 0);
}

static int count_requests(void *context, int64_t at_us UNUSED, const char *run_id UNUSED,
                          const char *name, const char *detail)
{
    unsigned *count = context;

    if (strncmp(name, "request.", 8) == 0) {
        assert_non_null(strstr(detail, "anna"));
        (*count)++;
    }
    return 0;
}

static void test_what_was_asked_is_in_the_chain_of_events(void **state UNUSED)
{
    struct err err;
    int64_t id;
    unsigned count = 0;

    assert_int_equal(ask_of(RUN, REQUEST_HOLD, "", "anna", &id, &err), 0);
    assert_int_equal(journal_request_withdraw(owner, id, "anna", &err), 0);
    assert_int_equal(journal_events(owner, RUN, count_requests, &count, &err), 0);
    assert_int_equal(count, 2);
}

static void test_only_the_step_that_waits_can_be_approved(void **state UNUSED)
{
    struct err err;

    assert_int_equal(ask(REQUEST_APPROVE, "go", "ben", &err), ERR_REFUSED);
    assert_string_equal(err.msg, "the run does not wait for an approval");
    wait_for_two();
    assert_int_equal(ask(REQUEST_APPROVE, "mirror", "ben", &err), ERR_REFUSED);
    assert_int_equal(ask(REQUEST_APPROVE, NULL, "ben", &err), ERR_REFUSED);
    assert_int_equal(ask(REQUEST_APPROVE, "go", "ben", &err), 0);
}

static void test_the_same_name_twice_is_one_person(void **state UNUSED)
{
    struct err err;

    wait_for_two();
    assert_int_equal(ask(REQUEST_APPROVE, "go", "anna", &err), ERR_REFUSED);
    assert_string_equal(err.msg, "anna has approved already: somebody else has to");
    assert_int_equal(ask(REQUEST_APPROVE, "go", "ben", &err), 0);
    assert_int_equal(ask(REQUEST_APPROVE, "go", "ben", &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "asked for that already"));
}

static void test_a_run_that_does_not_go_on_is_asked_nothing(void **state UNUSED)
{
    struct err err;
    int64_t id;

    assert_int_equal(ask_of("00000000", REQUEST_HOLD, "", "anna", &id, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, RUN));
    assert_int_equal(journal_run_state(owner, RUN, RUN_STOPPED, &err), 0);
    assert_int_equal(ask(REQUEST_ABORT, "", "anna", &err), ERR_REFUSED);
    assert_non_null(strstr(err.hint, "cutover abort"));
}

static void test_a_run_that_looks_at_no_requests_is_asked_nothing(void **state UNUSED)
{
    struct err err;

    allow(RUN_TAKES, NULL);
    assert_int_equal(ask(REQUEST_HOLD, "", "anna", &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "takes no requests"));
}

static void test_a_step_that_is_over_is_not_the_current_one(void **state UNUSED)
{
    struct err err;

    assert_int_equal(ask(REQUEST_HOLD, "mirror", "anna", &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "it is at \"go\""));
    assert_int_equal(ask(REQUEST_HOLD, "go", "anna", &err), 0);
}

static void test_the_commit_step_divides_abort_from_rollback(void **state UNUSED)
{
    struct err err;

    assert_int_equal(ask(REQUEST_ROLLBACK, "", "anna", &err), ERR_REFUSED);
    assert_non_null(strstr(err.hint, "abort"));
    assert_int_equal(ask(REQUEST_ABORT, "", "anna", &err), 0);
    assert_int_equal(journal_intents(owner, RUN, &plan, 2, 2, &err), 0);
    assert_int_equal(ask(REQUEST_ABORT, "", "ben", &err), ERR_REFUSED);
    assert_non_null(strstr(err.hint, "rollback"));
    assert_int_equal(ask(REQUEST_ROLLBACK, "", "ben", &err), 0);
}

static void test_go_on_needs_somebody_who_holds(void **state UNUSED)
{
    struct err err;

    assert_int_equal(ask(REQUEST_GO_ON, "", "anna", &err), ERR_REFUSED);
    assert_int_equal(ask(REQUEST_HOLD, "", "ben", &err), 0);
    assert_int_equal(ask(REQUEST_GO_ON, "", "anna", &err), 0);
    allow(RUN_IS_HELD, "{\"step\":\"cut-over\",\"who\":\"ben\"}");
    assert_int_equal(ask(REQUEST_HOLD, "", "anna", &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "by ben"));
}

static void test_who_did_not_ask_cannot_withdraw_nor_can_it_be_after_the_run_looked(
    void **state UNUSED)
{
    struct request request;
    struct err err;
    int64_t id;

    assert_int_equal(ask_of(RUN, REQUEST_HOLD, "", "anna", &id, &err), 0);
    assert_int_equal(journal_request_withdraw(owner, id, "ben", &err), ERR_REFUSED);
    assert_int_equal(journal_request_get(owner, id, &request, &err), 0);
    assert_int_equal(journal_request_settle(owner, &request, REQUEST_TAKEN, "", &err), 0);
    assert_int_equal(journal_request_withdraw(owner, id, "anna", &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "taken"));
}

static void test_somebody_without_a_name_asks_nothing(void **state UNUSED)
{
    struct err err;
    char long_name[100];

    memset(long_name, 'x', sizeof long_name - 1);
    long_name[sizeof long_name - 1] = '\0';
    assert_int_equal(ask(REQUEST_HOLD, "", "", &err), ERR_USAGE);
    assert_int_equal(ask(REQUEST_HOLD, "", long_name, &err), ERR_USAGE);
    assert_int_equal(ask(REQUEST_HOLD, "", "\xff\xfe", &err), ERR_USAGE);
    assert_int_equal(ask(REQUEST_HOLD, "", "anna", &err), 0); /* nothing of those was written */
}

static json_t *find_offer(const json_t *page, const char *what)
{
    json_t *offer;
    size_t i;

    json_array_foreach(json_object_get(page, "offers"), i, offer)
    {
        if (strcmp(json_text_or(offer, "what", ""), what) == 0)
            return offer;
    }
    fail_msg("no offer %s", what);
    return NULL;
}

static json_t *offers(void)
{
    json_t *page = NULL;
    struct err err = {0};

    assert_int_equal(request_offers(owner, "blog", "c.cfg", &page, &err), 0);
    return page;
}

static void assert_says(const json_t *page, const char *what, const char *words)
{
    const char *follows = json_text_or(find_offer(page, what), "follows", "");

    if (!strstr(follows, words))
        fail_msg("%s: \"%s\" is not in \"%s\"", what, words, follows);
}

static void test_an_offer_says_beforehand_what_will_follow(void **state UNUSED)
{
    wait_for_two();
    CLEANUP(json_release) json_t *page = offers();

    assert_says(page, "approve", "Move?");
    assert_says(page, "approve", "It takes 2 people; so far: anna");
    assert_says(page, "approve", "step \"cut-over\"");
    assert_says(page, "approve", "only a rollback");
    assert_string_equal(json_text_or(find_offer(page, "approve"), "step", ""), "go");
    assert_says(page, "hold", "finishes step \"go\"");
    assert_says(page, "abort", "undone, the newest first: mirror.");
    assert_false(json_bool_or(find_offer(page, "rollback"), "is_possible", 1));
    assert_false(json_bool_or(find_offer(page, "go-on"), "is_possible", 1));
    assert_string_equal(json_text_or(find_offer(page, "hold"), "command", ""),
                        "cutover -c c.cfg ask hold");
}

static void test_when_no_run_goes_on_the_offers_are_what_to_type(void **state UNUSED)
{
    struct err err = {0};

    assert_int_equal(journal_run_state(owner, RUN, RUN_STOPPED, &err), 0);
    CLEANUP(json_release) json_t *page = offers();
    assert_false(json_bool_or(find_offer(page, "abort"), "is_possible", 1));
    assert_string_equal(json_text_or(find_offer(page, "abort"), "command", ""),
                        "cutover -c c.cfg abort");
    assert_string_equal(json_text_or(find_offer(page, "go-on"), "command", ""),
                        "cutover -c c.cfg run --resume");
    assert_string_equal(json_text_or(find_offer(page, "rollback"), "command", "x"), "");
    assert_string_equal(json_text_or(find_offer(page, "hold"), "command", "x"), "");
}

static void test_a_request_does_not_bar_the_owner_nor_become_one(void **state UNUSED)
{
    struct err err;

    assert_int_equal(ask(REQUEST_HOLD, "", "anna", &err), 0);
    assert_int_equal(journal_check_owner(owner, &err), 0);
    assert_int_equal(journal_step(owner, RUN, 1, &plan.steps[1], STEP_DONE, NULL, &err), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(
            test_a_request_is_there_for_the_run_until_it_says_what_became_of_it, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_what_was_asked_is_in_the_chain_of_events, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_only_the_step_that_waits_can_be_approved, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_same_name_twice_is_one_person, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_that_does_not_go_on_is_asked_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_a_run_that_looks_at_no_requests_is_asked_nothing,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_step_that_is_over_is_not_the_current_one, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_the_commit_step_divides_abort_from_rollback, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_go_on_needs_somebody_who_holds, set_up, tear_down),
        cmocka_unit_test_setup_teardown(
            test_who_did_not_ask_cannot_withdraw_nor_can_it_be_after_the_run_looked, set_up,
            tear_down),
        cmocka_unit_test_setup_teardown(test_somebody_without_a_name_asks_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_an_offer_says_beforehand_what_will_follow, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(test_when_no_run_goes_on_the_offers_are_what_to_type,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_request_does_not_bar_the_owner_nor_become_one,
                                        set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
