/* SPDX-License-Identifier: MIT */
/* The commands that only print: help, version, generate. They read neither configuration nor
 * servers. */
#include <stdio.h>
#include <string.h>

#include "cli/exit_code.h"
#include "cli/help.h"
#include "cli/render.h"
#include "ctl/metrics.h"
#include "domain/pairs.h"
#include "domain/situation.h"
#include "io/db.h"

static int print(const struct buf *text, struct err *err)
{
    int rc = buf_check(text, err);
    if (rc)
        return rc;
    (void)fwrite(text->data, 1, text->len,
                 stdout); /* main asks the stream whether all of it arrived */
    return EXIT_DONE;
}

static int unknown_command(const char *name, struct err *err)
{
    int rc = err_set(err, ERR_USAGE, EFFECT_NONE, "there is no command \"%s\"", name);
    const char *nearest = cli_command_suggest(name);

    (void)err_hint(err, "%s%s%s\"cutover --help\" lists what there is.",
                   nearest ? "Did you mean \"" : "", nearest ? nearest : "", nearest ? "\"? " : "");
    return rc;
}

int cmd_help(const struct cli_options *options, struct err *err)
{
    CLEANUP(buf_release) struct buf text;
    const struct cli_command *command = options->command;

    buf_init(&text, HELP_CAP_BYTES);
    if (options->arg_count > 0) {
        command = cli_command_find(options->args[0]);
        if (!command)
            return unknown_command(options->args[0], err);
    } else if (command && command->id == CLI_HELP && !options->is_help_wanted) {
        command = NULL;
    }
    if (command)
        help_command(command, &text);
    else
        help_overview(&text);
    return print(&text, err);
}

int cmd_version(const struct cli_options *options, struct err *err)
{
    char library[DB_LIBRARY_TEXT_SIZE];

    (void)db_library_text(library);
    if (!options->is_json) {
        (void)printf("cutover " CUTOVER_VERSION ", with %s\n", library);
        return EXIT_DONE;
    }
    CLEANUP(json_release)
    json_t *facts = json_pack("{s:s, s:s}", "version", CUTOVER_VERSION, "client_library", library);
    int rc = render_json(facts, err);
    return rc ? rc : EXIT_DONE;
}

static int generate_man(const char *name, struct buf *out, struct err *err)
{
    (void)name;
    (void)err;
    man_page(out);
    return 0;
}

static int generate_completion(const char *name, struct buf *out, struct err *err)
{
    (void)name;
    (void)err;
    completion_bash(out);
    return 0;
}

static int generate_mermaid(const char *name, struct buf *out, struct err *err)
{
    (void)name;
    (void)err;
    situation_mermaid(out);
    return 0;
}

static int generate_playbook_reference(const char *name, struct buf *out, struct err *err)
{
    (void)name;
    (void)err;
    reference_actions(out);
    return 0;
}

static int generate_metrics(const char *name, struct buf *out, struct err *err)
{
    (void)name;
    (void)err;
    metrics_document(out);
    return 0;
}

static int generate_servers(const char *name, struct buf *out, struct err *err)
{
    (void)name;
    (void)err;
    pair_document(out);
    return 0;
}

static int generate_checks(const char *name, struct buf *out, struct err *err)
{
    (void)name;
    (void)err;
    reference_checks(out);
    return 0;
}

/* One command's page, or without a name the list of commands that have one. */
static int generate_reference(const char *name, struct buf *out, struct err *err)
{
    size_t count;
    const struct cli_command *rows = cli_command_table(&count);

    if (name) {
        const struct cli_command *command = cli_command_find(name);
        if (!command)
            return unknown_command(name, err);
        reference_command(command, out);
        return 0;
    }
    for (size_t i = 0; i < count; i++)
        if (!rows[i].is_hidden)
            buf_printf(out, "%s\n", rows[i].name);
    return 0;
}

static const struct {
    const char *what;
    int (*generate)(const char *name, struct buf *out, struct err *err);
} generators[] = {
    {"checks", generate_checks},         {"man", generate_man},
    {"completion", generate_completion}, {"mermaid", generate_mermaid},
    {"metrics", generate_metrics},       {"playbook-reference", generate_playbook_reference},
    {"reference", generate_reference},   {"servers", generate_servers},
};

int cmd_generate(const struct cli_options *options, struct err *err)
{
    CLEANUP(buf_release) struct buf text;

    buf_init(&text, HELP_CAP_BYTES);
    for (size_t i = 0; i < ARRAY_LEN(generators); i++) {
        if (strcmp(options->args[0], generators[i].what) != 0)
            continue;
        int rc = generators[i].generate(options->args[1], &text, err);
        return rc ? rc : print(&text, err);
    }
    return err_set(err, ERR_USAGE, EFFECT_NONE,
                   "generate \"%s\": expected checks, man, completion, mermaid, metrics, "
                   "playbook-reference, reference or servers",
                   options->args[0]);
}
