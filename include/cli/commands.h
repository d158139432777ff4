/* SPDX-License-Identifier: MIT */
/*
 * cli/commands.h - the commands as one table; dispatch, --help, man page and completion are made
 *                  from it.
 * Threads: static const data; a handler runs in the main thread.
 */
#ifndef CUTOVER_CLI_COMMANDS_H
#define CUTOVER_CLI_COMMANDS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"

struct cli_options;

enum cli_command_id {
    CLI_CHECK,
    CLI_STATUS,
    CLI_PLAN,
    CLI_RUN,
    CLI_VERIFY,
    CLI_ROLLBACK,
    CLI_ABORT,
    CLI_REPORT,
    CLI_DRILL,
    CLI_INVENTORY,
    CLI_SERVE,
    CLI_WATCH,
    CLI_ASK,
    CLI_ACTIONS,
    CLI_VERSION,
    CLI_HELP,
    CLI_GENERATE,
    CLI_DRILL_LEG,
};
#define CLI_COMMAND_COUNT 18
#define CLI_COMMAND_BIT(id) (1U << (id))
#define CLI_EVERY_COMMAND ((1U << CLI_COMMAND_COUNT) - 1U)

/*
 * Do the command. Returns an exit code (cli/exit_code.h), or a negative err_code with `err` filled:
 * main logs it and maps it with exit_code_of(). A handler that fills `err` and returns an exit code
 * has both: the failure is logged, the code is used as it is.
 */
typedef int cli_handler(const struct cli_options *options, struct err *err);

struct cli_command {
    enum cli_command_id id;
    const char *name;
    const char *args; /* "PLAYBOOK", "[RUN]", "" */
    size_t min_args, max_args;
    const char *summary; /* one line, no full stop */
    const char *about;   /* paragraphs; an empty line between two, two blanks before a line that is
                            kept as it is */
    const char *example;
    cli_handler *handler;
    bool is_hidden; /* not in the overview */
};

/* The rows, in the order of enum cli_command_id. */
const struct cli_command *cli_command_table(size_t *out_count);
const struct cli_command *cli_command_find(const char *name); /* NULL when unknown */
/* The name of a visible command that `word` may have meant, or NULL. */
const char *cli_command_suggest(const char *word);

cli_handler cmd_check;
cli_handler cmd_status;
cli_handler cmd_plan;
cli_handler cmd_run;
cli_handler cmd_verify;
cli_handler cmd_rollback;
cli_handler cmd_abort;
cli_handler cmd_report;
cli_handler cmd_drill;
cli_handler cmd_inventory;
cli_handler cmd_serve;
cli_handler cmd_watch;
cli_handler cmd_ask;
cli_handler cmd_actions;
cli_handler cmd_version;
cli_handler cmd_help;
cli_handler cmd_generate;
cli_handler cmd_drill_leg;

#endif
