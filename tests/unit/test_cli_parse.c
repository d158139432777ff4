/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/options.h"
#include "domain/drill.h"

#define WORD_CAP 200

/* parse(&options, &err, "run", "--yes", NULL): as if typed after "cutover". */
static int parse(struct cli_options *options, struct err *err, ...)
{
    char *argv[WORD_CAP] = {(char *)"cutover"};
    int argc = 1;
    va_list words;

    va_start(words, err);
    for (char *word; (word = va_arg(words, char *)) && argc < WORD_CAP;)
        argv[argc++] = word;
    va_end(words);
    *err = (struct err){0};
    return cli_parse(argc, argv, options, err);
}

static int forget_environment(void **state UNUSED)
{
    return unsetenv("CUTOVER_CONFIG") || unsetenv("CUTOVER_LOG_LEVEL") || unsetenv("NO_COLOR");
}

static void test_every_option_has_a_name_a_help_and_its_own_letter(void **state UNUSED)
{
    size_t count = 0;
    const struct cli_option *rows = cli_option_table(&count);
    bool has_letter[128] = {false};

    assert_true(count <= CLI_OPTION_CAP);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].name[0] && rows[i].help[0] && rows[i].commands);
        assert_true((rows[i].argument == NULL) == (rows[i].type == CLI_FLAG));
        assert_true((rows[i].choices != NULL) == (rows[i].type == CLI_CHOICE));
        assert_true(rows[i].offset < sizeof(struct cli_options));
        if (rows[i].letter) {
            assert_false(has_letter[(unsigned char)rows[i].letter]);
            has_letter[(unsigned char)rows[i].letter] = true;
        }
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(rows[i].name, rows[j].name);
    }
}

static void test_no_option_takes_a_secret(void **state UNUSED)
{
    static const char *const secrets[] = {"password", "token", "secret", "key"};
    size_t count = 0;
    const struct cli_option *rows = cli_option_table(&count);

    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < ARRAY_LEN(secrets); j++)
            assert_null(strstr(rows[i].name, secrets[j]));
}

static void test_every_command_has_a_handler_and_says_what_it_does(void **state UNUSED)
{
    size_t count = 0;
    const struct cli_command *rows = cli_command_table(&count);

    for (size_t i = 0; i < count; i++) {
        assert_int_equal(rows[i].id, i);
        assert_non_null(rows[i].handler);
        assert_true(rows[i].summary[0] && rows[i].about[0]);
        assert_true(strncmp(rows[i].example, "cutover ", 8) == 0);
        assert_true(rows[i].min_args <= rows[i].max_args && rows[i].max_args <= CLI_ARG_CAP);
        assert_true((rows[i].args[0] != '\0') == (rows[i].max_args > 0));
        assert_ptr_equal(cli_command_find(rows[i].name), &rows[i]);
    }
}

static void test_the_help_of_drill_tells_every_fault_as_the_table_has_it(void **state UNUSED)
{
    const char *about = cli_command_find("drill")->about;
    size_t count = 0;
    const struct drill_fault_row *rows = drill_fault_table(&count);

    for (size_t i = 1; i < count; i++) {
        const char *name = strstr(about, rows[i].name);
        assert_non_null(name);
        assert_non_null(strstr(name, rows[i].does));
    }
}

static void test_options_may_stand_on_either_side_of_the_command(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(
        parse(&options, &err, "-c", "a.cfg", "run", "-y", "1-follow", "--from=verify", NULL), 0);
    assert_int_equal(options.command->id, CLI_RUN);
    assert_string_equal(options.config_path, "a.cfg");
    assert_string_equal(options.args[0], "1-follow");
    assert_string_equal(options.from_step, "verify");
    assert_true(options.is_yes);
    assert_false(options.is_resume);
}

static void test_letters_may_be_joined_and_carry_a_value(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "run", "-qyca.cfg", "x", NULL), 0);
    assert_true(options.is_quiet && options.is_yes);
    assert_string_equal(options.config_path, "a.cfg");
}

static void test_two_dashes_end_the_options(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "run", "--", "--yes", NULL), 0);
    assert_string_equal(options.args[0], "--yes");
    assert_false(options.is_yes);
}

static void test_a_dangerous_option_cannot_be_abbreviated(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "run", "x", "--skip-ttl", NULL), ERR_USAGE);
    assert_non_null(strstr(err.msg, "\"--skip-ttl\""));
    assert_int_equal(parse(&options, &err, "run", "x", "--skip-ttl-wait", NULL), 0);
    assert_true(options.is_ttl_wait_skipped);
}

static void test_the_configuration_is_the_option_then_the_environment_then_the_default(
    void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "status", NULL), 0);
    assert_string_equal(options.config_path, CLI_DEFAULT_CONFIG);
    assert_int_equal(setenv("CUTOVER_CONFIG", "env.cfg", 1), 0);
    assert_int_equal(parse(&options, &err, "status", NULL), 0);
    assert_string_equal(options.config_path, "env.cfg");
    assert_int_equal(parse(&options, &err, "status", "-c", "given.cfg", NULL), 0);
    assert_string_equal(options.config_path, "given.cfg");
    assert_int_equal(setenv("CUTOVER_CONFIG", "", 1), 0);
    assert_int_equal(parse(&options, &err, "status", NULL), 0);
    assert_string_equal(options.config_path, CLI_DEFAULT_CONFIG);
}

static void test_a_wrong_environment_is_named(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(setenv("CUTOVER_LOG_LEVEL", "loud", 1), 0);
    assert_int_equal(parse(&options, &err, "status", NULL), ERR_USAGE);
    assert_non_null(strstr(err.msg, "CUTOVER_LOG_LEVEL"));
    assert_non_null(strstr(err.msg, "debug, info, warn, error"));
}

static void test_a_misspelt_word_is_answered_with_the_nearest(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "statsu", NULL), ERR_USAGE);
    assert_non_null(strstr(err.hint, "\"status\""));
    assert_int_equal(parse(&options, &err, "run", "--resum", NULL), ERR_USAGE);
    assert_non_null(strstr(err.hint, "\"--resume\""));
    assert_int_equal(parse(&options, &err, "verify", "--tabel=a.b", NULL), ERR_USAGE);
    assert_non_null(strstr(err.hint, "\"--table\""));
    assert_int_equal(parse(&options, &err, "bicycle", NULL), ERR_USAGE);
    assert_non_null(strstr(err.hint, "\"cutover --help\""));
}

static void test_a_hidden_command_is_never_suggested(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "generat", "man", NULL), ERR_USAGE);
    assert_null(strstr(err.hint, "generate"));
    assert_int_equal(parse(&options, &err, "generate", "man", NULL), 0);
}

static void test_an_option_of_another_command_is_refused(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "status", "--yes", NULL), ERR_USAGE);
    assert_string_equal(err.msg, "status does not take --yes");
    assert_non_null(strstr(err.hint, "\"cutover status --help\""));
}

static void test_a_value_that_is_missing_empty_or_superfluous_is_refused(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "run", "x", "--from", NULL), ERR_USAGE);
    assert_int_equal(parse(&options, &err, "run", "x", "--from=", NULL), ERR_USAGE);
    assert_int_equal(parse(&options, &err, "run", "x", "--yes=no", NULL), ERR_USAGE);
    assert_int_equal(parse(&options, &err, "run", "x", "--from", "a", "--from", "b", NULL),
                     ERR_USAGE);
}

static void test_a_table_may_be_given_again_and_again_up_to_the_cap(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "verify", "--table", "a.b", "--table=c.d", NULL), 0);
    assert_int_equal(options.table_count, 2);
    assert_string_equal(options.tables[1], "c.d");

    char *argv[2 + CLI_TABLE_CAP + 1] = {(char *)"cutover", (char *)"verify"};
    for (size_t i = 0; i <= CLI_TABLE_CAP; i++)
        argv[2 + i] = (char *)"--table=a.b";
    assert_int_equal(cli_parse(2 + CLI_TABLE_CAP, argv, &options, &err), 0);
    assert_int_equal(cli_parse(2 + CLI_TABLE_CAP + 1, argv, &options, &err), ERR_USAGE);
}

static void test_workers_are_a_number_from_one_to_sixty_four(void **state UNUSED)
{
    static const char *const wrong[] = {"0",  "65", "-1", "+1",
                                        " 2", "2x", "",   "99999999999999999999"};
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "verify", "--workers", "64", NULL), 0);
    assert_int_equal(options.workers, 64);
    for (size_t i = 0; i < ARRAY_LEN(wrong); i++)
        assert_int_equal(parse(&options, &err, "verify", "--workers", wrong[i], NULL), ERR_USAGE);
}

static void test_a_choice_is_one_of_its_words(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "rollback", NULL), 0);
    assert_int_equal(options.mode, CLI_MODE_UNSAID);
    assert_int_equal(parse(&options, &err, "rollback", "--mode", "fenced", NULL), 0);
    assert_int_equal(options.mode, CLI_MODE_FENCED);
    assert_int_equal(parse(&options, &err, "rollback", "--mode", "", NULL), ERR_USAGE);
    assert_int_equal(parse(&options, &err, "rollback", "--mode", "share", NULL), ERR_USAGE);
    assert_non_null(strstr(err.msg, "shared, fenced"));
}

static void test_json_and_html_are_formats_too(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "report", "--json", NULL), 0);
    assert_int_equal(options.format, CLI_JSON);
    assert_int_equal(parse(&options, &err, "report", "--html", NULL), 0);
    assert_int_equal(options.format, CLI_HTML);
    assert_int_equal(parse(&options, &err, "report", NULL), 0);
    assert_int_equal(options.format, CLI_TEXT);
}

static void test_too_few_and_too_many_words_are_refused(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, NULL), ERR_USAGE);
    assert_int_equal(parse(&options, &err, "plan", NULL), ERR_USAGE);
    assert_int_equal(parse(&options, &err, "run", "a", "b", NULL), ERR_USAGE);
    assert_int_equal(parse(&options, &err, "status", "now", NULL), ERR_USAGE);
}

static void test_help_is_given_even_when_arguments_are_missing(void **state UNUSED)
{
    struct cli_options options;
    struct err err;

    assert_int_equal(parse(&options, &err, "plan", "--help", NULL), 0);
    assert_true(options.is_help_wanted);
    assert_int_equal(options.command->id, CLI_PLAN);
    assert_int_equal(parse(&options, &err, "-h", NULL), 0);
    assert_null(options.command);
}

static void test_a_failure_leaves_the_options_alone(void **state UNUSED)
{
    struct cli_options options = {.workers = 7};
    struct err err;

    assert_int_equal(parse(&options, &err, "verify", "--workers", "3", "--resume", NULL),
                     ERR_USAGE);
    assert_int_equal(options.workers, 7);
}

static void test_an_exit_code_for_every_failure(void **state UNUSED)
{
    static const struct {
        enum err_code code;
        enum exit_code expected;
    } rows[] = {
        {ERR_NONE, EXIT_DONE},       {ERR_USAGE, EXIT_USAGE},     {ERR_CONFIG, EXIT_CONFIG},
        {ERR_REFUSED, EXIT_REFUSED}, {ERR_LOST, EXIT_UNDONE},     {ERR_TIMEOUT, EXIT_UNDONE},
        {ERR_SERVER, EXIT_UNDONE},   {ERR_PROTOCOL, EXIT_UNDONE}, {ERR_CONFLICT, EXIT_REFUSED},
        {ERR_BUSY, EXIT_BUSY},       {ERR_STOPPED, EXIT_ABORTED}, {ERR_IO, EXIT_UNDONE},
        {ERR_MEMORY, EXIT_UNDONE},   {ERR_DATA, EXIT_REFUSED},    {ERR_BUG, EXIT_PERSON}};

    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        struct err err = {.code = rows[i].code};
        assert_int_equal(exit_code_of(&err), rows[i].expected);
    }
}

static void test_what_may_have_changed_the_world_needs_a_person(void **state UNUSED)
{
    struct err lost = {.code = ERR_LOST, .effect = EFFECT_UNKNOWN};
    struct err refused = {.code = ERR_REFUSED, .effect = EFFECT_APPLIED};
    struct err stopped = {.code = ERR_STOPPED, .effect = EFFECT_UNKNOWN};

    assert_int_equal(exit_code_of(&lost), EXIT_PERSON);
    assert_int_equal(exit_code_of(&refused), EXIT_PERSON);
    assert_int_equal(exit_code_of(&stopped), EXIT_PERSON);
}

static void test_exit_codes_are_listed_in_order(void **state UNUSED)
{
    size_t count = 0;
    const struct exit_code_row *rows = exit_code_table(&count);

    assert_int_equal(count, EXIT_CODE_COUNT);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(rows[i].code, i);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_option_has_a_name_a_help_and_its_own_letter),
        cmocka_unit_test(test_no_option_takes_a_secret),
        cmocka_unit_test(test_every_command_has_a_handler_and_says_what_it_does),
        cmocka_unit_test(test_the_help_of_drill_tells_every_fault_as_the_table_has_it),
        cmocka_unit_test_setup(test_options_may_stand_on_either_side_of_the_command,
                               forget_environment),
        cmocka_unit_test_setup(test_letters_may_be_joined_and_carry_a_value, forget_environment),
        cmocka_unit_test_setup(test_two_dashes_end_the_options, forget_environment),
        cmocka_unit_test_setup(test_a_dangerous_option_cannot_be_abbreviated, forget_environment),
        cmocka_unit_test_setup(
            test_the_configuration_is_the_option_then_the_environment_then_the_default,
            forget_environment),
        cmocka_unit_test_setup_teardown(test_a_wrong_environment_is_named, forget_environment,
                                        forget_environment),
        cmocka_unit_test_setup(test_a_misspelt_word_is_answered_with_the_nearest,
                               forget_environment),
        cmocka_unit_test_setup(test_a_hidden_command_is_never_suggested, forget_environment),
        cmocka_unit_test_setup(test_an_option_of_another_command_is_refused, forget_environment),
        cmocka_unit_test_setup(test_a_value_that_is_missing_empty_or_superfluous_is_refused,
                               forget_environment),
        cmocka_unit_test_setup(test_a_table_may_be_given_again_and_again_up_to_the_cap,
                               forget_environment),
        cmocka_unit_test_setup(test_workers_are_a_number_from_one_to_sixty_four,
                               forget_environment),
        cmocka_unit_test_setup(test_a_choice_is_one_of_its_words, forget_environment),
        cmocka_unit_test_setup(test_json_and_html_are_formats_too, forget_environment),
        cmocka_unit_test_setup(test_too_few_and_too_many_words_are_refused, forget_environment),
        cmocka_unit_test_setup(test_help_is_given_even_when_arguments_are_missing,
                               forget_environment),
        cmocka_unit_test_setup(test_a_failure_leaves_the_options_alone, forget_environment),
        cmocka_unit_test(test_an_exit_code_for_every_failure),
        cmocka_unit_test(test_what_may_have_changed_the_world_needs_a_person),
        cmocka_unit_test(test_exit_codes_are_listed_in_order),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
