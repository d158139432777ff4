/* SPDX-License-Identifier: MIT */
/* Playbooks: the shipped ones are good, and each mistake is refused at its line with a word that
 * helps. */
#include <fcntl.h>
#include <glob.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "playbook/read.h"

#define HEAD "playbook = { name = \"p\"; needs = \"mirrored\"; steps = (\n"
#define TAIL "\n); };\n"
#define FOLLOW "{ name = \"follow\"; action = \"follow\"; }"

static char folder[64];
static char path[128];

static struct service_record records[] = {
    {.name = "ghost.org", .type = "A", .content = {"192.0.2.1", "192.0.2.2"}},
    {.name = "api.ghost.org", .type = "A", .content = {"192.0.2.1", "192.0.2.2"}},
};
static char *databases[] = {(char[]){"blog"}};
static const struct service service = {
    .path = "/etc/cutover.cfg",
    .databases = databases,
    .database_count = 1,
    .dns = {.is_configured = true, .records = records, .record_count = 2, .min_ttl_s = 60},
};

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/cutover-playbook-XXXXXX");
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof(path), "%s/book.cfg", folder);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    (void)unlink(path); /* it may never have been written */
    return rmdir(folder);
}

static int read_text(const char *text, struct playbook *out, struct err *err)
{
    FILE *file = fopen(path, "w");
    assert_non_null(file);
    assert_true(fputs(text, file) >= 0);
    assert_int_equal(fclose(file), 0);
    memset(err, 0, sizeof(*err));
    return playbook_read(path, &service, out, err);
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
    }
}

static void assert_refused(const char *text, unsigned line, const char *part)
{
    struct playbook playbook;
    struct err err;
    char where[32];
    snprintf(where, sizeof(where), "book.cfg:%u", line);
    memset(&playbook, 0x5a, sizeof(playbook));
    assert_int_equal(read_text(text, &playbook, &err), ERR_CONFIG);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_contains(err.msg, part);
    assert_contains(err.where, where);
    assert_int_equal(playbook.step_count, 0x5a5a5a5a5a5a5a5a); /* out: on success only */
}

static void read_good(const char *text, struct playbook *out)
{
    struct err err;
    if (read_text(text, out, &err) != 0) {
        fail_msg("%s: %s", err.where, err.msg);
    }
}

/* A step of one action, in a playbook that starts mirrored; the step is at line 2. */
static void assert_step_refused(const char *step, const char *part)
{
    char text[2048];
    snprintf(text, sizeof(text), HEAD "%s" TAIL, step);
    assert_refused(text, 2, part);
}

#define CUTOVER                                                                                    \
    "{ name = \"go\"; action = \"cutover\"; from = \"old\"; to = \"new\"; mode = \"shared\"; "

static void test_every_shipped_playbook_is_good_and_explains_itself(void **state)
{
    (void)state;
    glob_t found;
    assert_int_equal(glob("playbooks/*.cfg", 0, NULL, &found), 0);
    assert_int_equal(found.gl_pathc, 10);
    for (size_t i = 0; i < found.gl_pathc; i++) {
        struct playbook playbook = {0};
        struct err err = {0};
        if (playbook_read(found.gl_pathv[i], &service, &playbook, &err) != 0) {
            fail_msg("%s: %s", err.where, err.msg);
        }
        assert_true(strlen(playbook.about) > 20);
        playbook_release(&playbook);
    }
    globfree(&found);
}

static enum situation end_of(const char *file)
{
    struct playbook playbook = {0};
    struct err err = {0};
    if (playbook_read(file, &service, &playbook, &err) != 0) {
        fail_msg("%s: %s", err.where, err.msg);
    }
    enum situation end = playbook.ends;
    playbook_release(&playbook);
    return end;
}

static void test_the_shipped_playbooks_lead_there_and_back(void **state)
{
    (void)state;
    assert_int_equal(end_of("playbooks/1-follow.cfg"), SITUATION_FOLLOWING);
    assert_int_equal(end_of("playbooks/2-rehearse-and-reset.cfg"), SITUATION_APART);
    assert_int_equal(end_of("playbooks/3-mirror.cfg"), SITUATION_MIRRORED);
    assert_int_equal(end_of("playbooks/4-migration-day.cfg"), SITUATION_SWITCHED);
    assert_int_equal(end_of("playbooks/4-migration-day-fenced.cfg"), SITUATION_SWITCHED);
    assert_int_equal(end_of("playbooks/rollback.cfg"), SITUATION_MIRRORED);
    assert_int_equal(end_of("playbooks/rollback-fenced.cfg"), SITUATION_MIRRORED);
    assert_int_equal(end_of("playbooks/5-retire.cfg"), SITUATION_RETIRED);
}

static void test_values_are_read_by_type_and_defaults_are_filled_in(void **state)
{
    (void)state;
    struct playbook playbook = {0};
    read_good(HEAD CUTOVER "budget = \"1500ms\"; },\n"
                           "{ name = \"watch\"; action = \"watch\"; for = \"15m\";\n"
                           "  rollback_if = [ \"lag > 10s\", \"conflicts > 0\" ]; }" TAIL,
              &playbook);
    const struct playbook_step *go = &playbook.steps[0];
    const struct playbook_step *watch = &playbook.steps[1];
    assert_int_equal(playbook.needs, SITUATION_BIT(SITUATION_MIRRORED));
    assert_int_equal(playbook.ends, SITUATION_SHARED);
    assert_int_equal(go->line, 2);
    assert_int_equal(playbook_step_number(go, "budget", -1), 1500);
    assert_string_equal(playbook_step_value(go, "budget")->text, "1500ms");
    assert_int_equal(playbook_step_number(go, "mode", -1), 1);
    assert_int_equal(playbook_step_value(go, "records")->item_count, 1);
    assert_string_equal(playbook_step_value(go, "records")->items[0], "all");
    assert_int_equal(go->join.from, SIDE_OLD);
    assert_int_equal(go->join.to, SIDE_NEW);
    assert_true(go->join.is_shared);
    assert_int_equal(playbook_step_value(watch, "rollback_if")->item_count, 2);
    assert_int_equal(playbook_step_number(watch, "for", -1), 15 * 60 * 1000);
    playbook_release(&playbook);
}

static void test_a_side_that_is_gone_to_is_come_to_from_the_other(void **state)
{
    (void)state;
    struct playbook playbook = {0};
    read_good("playbook = { name = \"p\"; needs = \"shared\"; steps = (\n"
              "{ name = \"s\"; action = \"settle\"; to = \"old\"; }" TAIL,
              &playbook);
    assert_int_equal(playbook.steps[0].join.from, SIDE_NEW);
    assert_int_equal(playbook.steps[0].join.to, SIDE_OLD);
    assert_null(playbook_step_value(&playbook.steps[0], "timeout"));
    playbook_release(&playbook);
}

static void test_needs_may_be_a_list_and_its_first_decides_the_end(void **state)
{
    (void)state;
    struct playbook playbook = {0};
    read_good("playbook = { name = \"p\"; needs = [ \"switched\", \"mirrored\" ]; steps = (\n"
              "{ name = \"v\"; action = \"verify\"; }" TAIL,
              &playbook);
    assert_int_equal(playbook.needs,
                     SITUATION_BIT(SITUATION_SWITCHED) | SITUATION_BIT(SITUATION_MIRRORED));
    assert_int_equal(playbook.ends, SITUATION_SWITCHED);
    playbook_release(&playbook);
}

static void test_steps_must_join_from_every_situation_it_may_start_in(void **state)
{
    (void)state;
    assert_refused("playbook = { name = \"p\"; needs = \"apart\"; steps = (\n" FOLLOW ",\n"
                   "{ name = \"f2\"; action = \"follow\"; }" TAIL,
                   3, "f2");
    assert_refused(
        "playbook = { name = \"p\"; needs = [ \"apart\", \"mirrored\" ]; steps = (\n" FOLLOW TAIL,
        2, "mirrored");
}

static void test_a_situation_must_exist_and_be_safe(void **state)
{
    (void)state;
    assert_refused("playbook = { name = \"p\"; needs = \"miror\"; steps = (" FOLLOW "); };", 1,
                   "miror");
    assert_refused("playbook = { name = \"p\"; needs = \"unsafe\"; steps = (" FOLLOW "); };", 1,
                   "unsafe");
    assert_refused("playbook = { name = \"p\"; needs = [ ]; steps = (" FOLLOW "); };", 1, "needs");
    assert_refused("playbook = { name = \"p\"; steps = (" FOLLOW "); };", 1, "needs");
}

static void test_an_unknown_action_is_refused_with_a_suggestion(void **state)
{
    (void)state;
    assert_step_refused("{ name = \"a\"; action = \"cutoverr\"; }", "did you mean \"cutover\"?");
    assert_step_refused("{ name = \"a\"; action = \"make-coffee\"; }", "make-coffee");
    assert_step_refused("{ name = \"a\"; }", "action");
}

static void test_an_unknown_parameter_is_refused_with_a_suggestion(void **state)
{
    (void)state;
    assert_step_refused(CUTOVER "bugdet = \"2s\"; }", "budget");
    assert_refused("playbook = { name = \"p\";\n need = \"apart\"; };", 2, "needs");
    assert_refused("book = { };\n", 1, "playbook");
}

static void test_a_missing_parameter_is_asked_for_by_name(void **state)
{
    (void)state;
    assert_step_refused("{ name = \"go\"; action = \"cutover\"; from = \"old\"; to = \"new\"; }",
                        "needs mode");
    assert_step_refused("{ name = \"ask\"; action = \"approve\"; }", "needs ask");
}

static void test_each_type_of_value_says_what_it_expected(void **state)
{
    (void)state;
    assert_step_refused(CUTOVER "budget = 2; }", "quotes");
    assert_step_refused(CUTOVER "budget = \"2 seconds\"; }", "duration");
    assert_step_refused("{ name = \"a\"; action = \"dns.lower_ttl\"; ttl = \"60\"; }", "number");
    assert_step_refused("{ name = \"a\"; action = \"dns.lower_ttl\"; ttl = -60; }", "0 or more");
    assert_step_refused("{ name = \"a\"; action = \"settle\"; to = \"left\"; }",
                        "\"old\" or \"new\"");
    assert_step_refused("{ name = \"a\"; action = \"settle\"; to = [ \"old\" ]; }", "string");
    assert_step_refused("{ name = \"a\"; action = \"cutover\"; from = \"old\"; to = \"new\"; "
                        "mode = \"both\"; }",
                        "\"fenced\" or \"shared\"");
    assert_step_refused("{ name = \"a\"; action = \"gate\"; require = \"lag < 1s\"; }", "list");
    assert_step_refused("{ name = \"a\"; action = \"gate\"; require = [ ]; }", "empty");
    assert_step_refused("{ name = \"a\"; action = \"gate\"; require = [ \"leg < 1s\" ]; }", "leg");
}

static void test_records_must_be_configured(void **state)
{
    (void)state;
    assert_step_refused(CUTOVER "records = [ \"api.gost.org\" ]; }",
                        "did you mean \"api.ghost.org\"?");
    assert_step_refused(CUTOVER "records = [ \"all\", \"ghost.org\" ]; }", "alone");
    assert_step_refused(CUTOVER "records = [ \"ghost.org\", \"ghost.org\" ]; }", "twice");
    struct playbook playbook = {0};
    read_good(HEAD CUTOVER "records = [ \"ghost.org\" ]; }" TAIL, &playbook);
    assert_string_equal(playbook_step_value(&playbook.steps[0], "records")->items[0], "ghost.org");
    playbook_release(&playbook);
}

static void test_tables_belong_to_a_database_that_moves(void **state)
{
    (void)state;
    assert_step_refused("{ name = \"v\"; action = \"verify\"; tables = [ \"posts\" ]; }",
                        "database.table");
    assert_step_refused("{ name = \"v\"; action = \"verify\"; tables = [ \"shop.posts\" ]; }",
                        "shop.posts");
    assert_step_refused("{ name = \"v\"; action = \"verify\"; tables = [ \"blo.posts\" ]; }",
                        "blo.posts");
}

static void test_a_ttl_below_the_plan_is_refused_before_the_day(void **state)
{
    (void)state;
    assert_step_refused("{ name = \"t\"; action = \"dns.lower_ttl\"; ttl = 30; }", "60");
}

static void test_a_cutover_goes_somewhere(void **state)
{
    (void)state;
    assert_step_refused("{ name = \"go\"; action = \"cutover\"; from = \"old\"; to = \"old\"; "
                        "mode = \"shared\"; }",
                        "both old");
}

static void test_step_names_are_plain_and_unique(void **state)
{
    (void)state;
    assert_step_refused("{ name = \"Go!\"; action = \"verify\"; }", "Go!");
    assert_refused(HEAD "{ name = \"v\"; action = \"verify\"; },\n"
                        "{ name = \"v\"; action = \"verify\"; }" TAIL,
                   3, "twice");
    assert_refused("playbook = { name = \"A b\"; needs = \"apart\"; steps = ( ); };", 1, "A b");
    assert_refused("playbook = { name = \"p\"; needs = \"apart\"; steps = ( ); };", 1, "one step");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_shipped_playbook_is_good_and_explains_itself),
        cmocka_unit_test(test_the_shipped_playbooks_lead_there_and_back),
        cmocka_unit_test(test_values_are_read_by_type_and_defaults_are_filled_in),
        cmocka_unit_test(test_a_side_that_is_gone_to_is_come_to_from_the_other),
        cmocka_unit_test(test_needs_may_be_a_list_and_its_first_decides_the_end),
        cmocka_unit_test(test_steps_must_join_from_every_situation_it_may_start_in),
        cmocka_unit_test(test_a_situation_must_exist_and_be_safe),
        cmocka_unit_test(test_an_unknown_action_is_refused_with_a_suggestion),
        cmocka_unit_test(test_an_unknown_parameter_is_refused_with_a_suggestion),
        cmocka_unit_test(test_a_missing_parameter_is_asked_for_by_name),
        cmocka_unit_test(test_each_type_of_value_says_what_it_expected),
        cmocka_unit_test(test_records_must_be_configured),
        cmocka_unit_test(test_tables_belong_to_a_database_that_moves),
        cmocka_unit_test(test_a_ttl_below_the_plan_is_refused_before_the_day),
        cmocka_unit_test(test_a_cutover_goes_somewhere),
        cmocka_unit_test(test_step_names_are_plain_and_unique),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
