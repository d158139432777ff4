/* SPDX-License-Identifier: MIT */
/* --help: the overview and one text a command. */
#include "cli/help.h"

#include <stdio.h>

#define HEAD_WIDTH 25

void help_option_head(const struct cli_option *option, char *out, size_t out_size)
{
    char letter[8] = "    ";

    if (option->letter)
        (void)snprintf(letter, sizeof letter, "-%c, ", option->letter);
    (void)snprintf(out, out_size, "%s--%s%s%s", letter, option->name, option->argument ? " " : "",
                   option->argument ? option->argument : "");
}

static void add_option(const struct cli_option *option, struct buf *out)
{
    char head[64];

    help_option_head(option, head, sizeof head);
    buf_printf(out, "  %-*s %s\n", HEAD_WIDTH, head, option->help);
    if (option->env)
        buf_printf(out, "  %-*s [%s%s%s]\n", HEAD_WIDTH, "", option->env,
                   option->fallback ? ", else " : "", option->fallback ? option->fallback : "");
}

/* The command's own options, or those that every command takes. */
static void add_options(const struct cli_command *command, const char *title, struct buf *out)
{
    size_t count;
    const struct cli_option *rows = cli_option_table(&count);
    bool has_title = false;

    for (size_t i = 0; i < count; i++) {
        bool is_global = rows[i].commands == CLI_EVERY_COMMAND;
        if (command ? is_global || !(rows[i].commands & CLI_COMMAND_BIT(command->id)) : !is_global)
            continue;
        if (!has_title)
            buf_printf(out, "\n%s\n", title);
        has_title = true;
        add_option(&rows[i], out);
    }
}

void help_overview(struct buf *out)
{
    size_t count;
    const struct cli_command *rows = cli_command_table(&count);

    buf_puts(
        out,
        "cutover moves a live MySQL or MariaDB service from an OLD cluster to a NEW one, with\n"
        "proof that nothing was lost and a way back.\n\n"
        "usage: cutover [-c FILE] COMMAND [OPTION...]\n\n"
        "Commands:\n");
    for (size_t i = 0; i < count; i++)
        if (!rows[i].is_hidden)
            buf_printf(out, "  %-9s %-11s  %s\n", rows[i].name, rows[i].args, rows[i].summary);
    add_options(NULL, "Options of every command:", out);
    buf_puts(out, "\n\"cutover COMMAND --help\" tells more. Secrets are never given as arguments: "
                  "the configuration\n"
                  "refers to files or to the environment.\n");
}

void help_command(const struct cli_command *command, struct buf *out)
{
    buf_printf(out, "usage: cutover [-c FILE] %s%s%s [OPTION...]\n\n", command->name,
               command->args[0] ? " " : "", command->args);
    buf_printf(out, "%s\n", command->about);
    add_options(command, "Options:", out);
    add_options(NULL, "Options of every command:", out);
    buf_printf(out, "\nExample:\n  %s\n", command->example);
}
