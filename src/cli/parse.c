/* SPDX-License-Identifier: MIT */
/*
 * argv and the environment, by the table of options. Three passes: the words, then for what they
 * left open the environment and the defaults, then whether the command takes what was given.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/options.h"
#include "io/conffile.h"

#define WORKER_CAP 64

struct parse {
    int argc, next;
    char *const *argv;
    struct cli_options *options;
    bool is_given[CLI_OPTION_CAP]; /* by index of the option's row */
    struct err *err;
};

static void *field_of(struct cli_options *options, size_t offset)
{
    return (char *)options + offset;
}

static void hint_at_help(struct err *err, const struct cli_command *command)
{
    (void)err_hint(err, "\"cutover %s%s--help\" lists what there is.", command ? command->name : "",
                   command ? " " : "");
}

static const struct cli_option *find_option(const char *name, size_t len)
{
    size_t count;
    const struct cli_option *rows = cli_option_table(&count);

    for (size_t i = 0; i < count; i++)
        if (strlen(rows[i].name) == len && strncmp(rows[i].name, name, len) == 0)
            return &rows[i];
    return NULL;
}

static const struct cli_option *find_letter(char letter)
{
    size_t count;
    const struct cli_option *rows = cli_option_table(&count);

    for (size_t i = 0; i < count; i++)
        if (rows[i].letter && rows[i].letter == letter)
            return &rows[i];
    return NULL;
}

static int unknown_option(struct parse *parse, const char *word)
{
    const char *known[CLI_OPTION_CAP + 1] = {0};
    char name[64] = "";
    size_t count;
    const struct cli_option *rows = cli_option_table(&count);

    for (size_t i = 0; i < count && i < CLI_OPTION_CAP; i++)
        known[i] = rows[i].name;
    size_t len = strcspn(word, "=");
    if (len > 2 && len - 2 < sizeof name && strncmp(word, "--", 2) == 0)
        memcpy(name, word + 2, len - 2);

    int rc =
        err_set(parse->err, ERR_USAGE, EFFECT_NONE, "there is no option \"%.*s\"", (int)len, word);
    const char *nearest = name[0] ? conf_suggest(name, known) : NULL;
    if (nearest)
        (void)err_hint(parse->err, "Did you mean \"--%s\"? \"cutover --help\" lists what there is.",
                       nearest);
    return rc;
}

static int set_choice(const struct cli_option *option, const char *value,
                      struct cli_options *options, struct err *err)
{
    char known[160] = "";

    for (size_t i = 0; option->choices[i]; i++) {
        const char *choice = option->choices[i];
        if (!choice[0])
            continue;
        if (strcmp(choice, value) == 0) {
            *(unsigned *)field_of(options, option->offset) = (unsigned)i;
            return 0;
        }
        size_t len = strlen(known);
        (void)snprintf(known + len, sizeof known - len, "%s%s", len ? ", " : "", choice);
    }
    return err_set(err, ERR_USAGE, EFFECT_NONE, "--%s \"%s\": expected one of %s", option->name,
                   value, known);
}

static int set_count(const struct cli_option *option, const char *value,
                     struct cli_options *options, struct err *err)
{
    char *end = NULL;
    unsigned long number = strtoul(value, &end, 10);
    unsigned largest = option->largest ? option->largest : WORKER_CAP;

    if (value[0] < '0' || value[0] > '9' || *end || number < 1 || number > largest)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--%s \"%s\": expected a number from 1 to %u",
                       option->name, value, largest);
    *(unsigned *)field_of(options, option->offset) = (unsigned)number;
    return 0;
}

static int set_duration(const struct cli_option *option, const char *value,
                        struct cli_options *options, struct err *err)
{
    struct err cause = {0};
    int64_t duration_ms = 0;

    if (clock_parse_ms(value, &duration_ms, &cause) || duration_ms <= 0)
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "--%s \"%s\": expected a duration such as 500ms or 10s", option->name,
                       value);
    *(int64_t *)field_of(options, option->offset) = duration_ms;
    return 0;
}

static int append_text(const struct cli_option *option, const char *value,
                       struct cli_options *options, struct err *err)
{
    const char **list = field_of(options, option->offset);
    size_t *count = field_of(options, option->count_offset);

    if (*count == CLI_TABLE_CAP)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--%s: given more than %d times", option->name,
                       CLI_TABLE_CAP);
    list[(*count)++] = value;
    return 0;
}

static int set_option(const struct cli_option *option, const char *value,
                      struct cli_options *options, struct err *err)
{
    switch (option->type) {
    case CLI_FLAG:
        *(bool *)field_of(options, option->offset) = true;
        return 0;
    case CLI_CHOICE:
        return set_choice(option, value, options, err);
    case CLI_COUNT:
        return set_count(option, value, options, err);
    case CLI_DURATION:
        return set_duration(option, value, options, err);
    case CLI_TEXT_ARG:
    case CLI_TEXT_LIST:
        break;
    }
    if (!value[0])
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--%s: expected %s, found an empty word",
                       option->name, option->argument);
    if (option->type == CLI_TEXT_LIST)
        return append_text(option, value, options, err);
    *(const char **)field_of(options, option->offset) = value;
    return 0;
}

static int take_option(struct parse *parse, const struct cli_option *option, const char *attached)
{
    size_t count;
    size_t row = (size_t)(option - cli_option_table(&count));
    const char *value = attached;

    if (option->argument && !value) {
        if (parse->next == parse->argc) {
            return err_set(parse->err, ERR_USAGE, EFFECT_NONE, "--%s: expected %s after it",
                           option->name, option->argument);
        }
        value = parse->argv[parse->next++];
    }
    if (!option->argument && value)
        return err_set(parse->err, ERR_USAGE, EFFECT_NONE, "--%s takes no value", option->name);
    if (parse->is_given[row] && option->argument && option->type != CLI_TEXT_LIST)
        return err_set(parse->err, ERR_USAGE, EFFECT_NONE, "--%s is given twice", option->name);

    parse->is_given[row] = true;
    return set_option(option, value, parse->options, parse->err);
}

static int take_long(struct parse *parse, const char *word)
{
    size_t len = strcspn(word + 2, "=");
    const struct cli_option *option = find_option(word + 2, len);

    if (!option)
        return unknown_option(parse, word);
    return take_option(parse, option, word[2 + len] == '=' ? word + 2 + len + 1 : NULL);
}

/* "-qy", "-cFILE", "-c FILE". */
static int take_letters(struct parse *parse, const char *word)
{
    for (const char *letter = word + 1; *letter; letter++) {
        const struct cli_option *option = find_letter(*letter);
        if (!option)
            return unknown_option(parse, word);
        if (option->argument)
            return take_option(parse, option, letter[1] ? letter + 1 : NULL);
        int rc = take_option(parse, option, NULL);
        if (rc)
            return rc;
    }
    return 0;
}

static int take_word(struct parse *parse, const char *word)
{
    struct cli_options *options = parse->options;

    if (options->command) {
        if (options->arg_count == CLI_ARG_CAP || options->arg_count == options->command->max_args) {
            return err_set(parse->err, ERR_USAGE, EFFECT_NONE, "%s: \"%s\" is one word too many",
                           options->command->name, word);
        }
        options->args[options->arg_count++] = word;
        return 0;
    }
    options->command = cli_command_find(word);
    if (options->command)
        return 0;

    int rc = err_set(parse->err, ERR_USAGE, EFFECT_NONE, "there is no command \"%s\"", word);
    const char *nearest = cli_command_suggest(word);
    if (nearest)
        (void)err_hint(parse->err, "Did you mean \"%s\"? \"cutover --help\" lists what there is.",
                       nearest);
    return rc;
}

static int take_all_words(struct parse *parse)
{
    bool has_ended = false;

    while (parse->next < parse->argc) {
        const char *word = parse->argv[parse->next++];
        int rc = 0;
        if (!has_ended && strcmp(word, "--") == 0)
            has_ended = true;
        else if (!has_ended && strncmp(word, "--", 2) == 0)
            rc = take_long(parse, word);
        else if (!has_ended && word[0] == '-' && word[1])
            rc = take_letters(parse, word);
        else
            rc = take_word(parse, word);
        if (rc)
            return rc;
    }
    return 0;
}

/* What was not given comes from the environment (when set and not empty), else from the table. */
static int fill_in(struct parse *parse)
{
    size_t count;
    const struct cli_option *rows = cli_option_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (parse->is_given[i])
            continue;
        const char *value = rows[i].env ? getenv(rows[i].env) : NULL;
        bool is_from_env = value && value[0];
        if (!is_from_env)
            value = rows[i].fallback;
        if (!value)
            continue;
        int rc = set_option(&rows[i], value, parse->options, parse->err);
        if (rc)
            return is_from_env ? err_wrap(parse->err, "environment %s", rows[i].env) : rc;
    }
    return 0;
}

static int check_command_takes(struct parse *parse)
{
    const struct cli_options *options = parse->options;
    size_t count;
    const struct cli_option *rows = cli_option_table(&count);

    for (size_t i = 0; i < count; i++) {
        if (!parse->is_given[i] || (rows[i].commands & CLI_COMMAND_BIT(options->command->id)))
            continue;
        return err_set(parse->err, ERR_USAGE, EFFECT_NONE, "%s does not take --%s",
                       options->command->name, rows[i].name);
    }
    if (options->arg_count < options->command->min_args) {
        return err_set(parse->err, ERR_USAGE, EFFECT_NONE, "%s: expected %s",
                       options->command->name, options->command->args);
    }
    return 0;
}

static int parse_all(struct parse *parse)
{
    struct cli_options *options = parse->options;

    int rc = take_all_words(parse);
    if (rc)
        return rc;
    rc = fill_in(parse);
    if (rc)
        return rc;
    if (options->is_json)
        options->format = CLI_JSON;
    if (options->is_html)
        options->format = CLI_HTML;
    if (options->is_help_wanted || options->is_version_wanted)
        return 0;
    if (!options->command)
        return err_set(parse->err, ERR_USAGE, EFFECT_NONE, "expected a command");
    return check_command_takes(parse);
}

int cli_parse(int argc, char *const *argv, struct cli_options *out, struct err *err)
{
    struct cli_options options = {0};
    struct parse parse = {.argc = argc, .next = 1, .argv = argv, .options = &options, .err = err};

    int rc = parse_all(&parse);
    if (rc) {
        if (!err->hint[0])
            hint_at_help(err, options.command);
        return rc;
    }
    *out = options;
    return 0;
}
