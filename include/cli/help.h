/* SPDX-License-Identifier: MIT */
/*
 * cli/help.h - texts made from the tables of commands, options, exit codes and actions.
 * Threads: pure.
 */
#ifndef CUTOVER_CLI_HELP_H
#define CUTOVER_CLI_HELP_H

#include "base/buf.h"
#include "cli/commands.h"
#include "cli/options.h"

#define HELP_CAP_BYTES (256 * 1024)

void help_overview(struct buf *out);
void help_command(const struct cli_command *command, struct buf *out);
/* "-c, --config FILE", "    --json" */
void help_option_head(const struct cli_option *option, char *out, size_t out_size);

/* cutover(1) in troff. */
void man_page(struct buf *out);

/* A completion function for bash. */
void completion_bash(struct buf *out);

/* docs/ref/COMMAND.md, and the actions' part of docs/playbooks.md. */
void reference_command(const struct cli_command *command, struct buf *out);
void reference_actions(struct buf *out);
void reference_checks(struct buf *out); /* the table of docs/checks.md */

#endif
