/* SPDX-License-Identifier: MIT */
/*
 * cli/options.h - the options as one table; parser, --help, man page and completion are made from
 * it.
 * Invariant: an option is a row. It is given by its whole name: no abbreviations, so that nothing
 *            dangerous is switched on by a slip. No option takes a secret: argv is readable by
 *            everybody on the machine.
 * Threads:   the table is static const; struct cli_options is filled once by main, then read only.
 */
#ifndef CUTOVER_CLI_OPTIONS_H
#define CUTOVER_CLI_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/log.h"
#include "cli/commands.h"

#define CLI_TABLE_CAP 64
#define CLI_OPTION_CAP 48 /* rows of the table */
#define CLI_ARG_CAP 2
#define CLI_DEFAULT_CONFIG "/etc/cutover/cutover.cfg"

enum cli_format { CLI_TEXT, CLI_MARKDOWN, CLI_JSON, CLI_HTML };
/* Which side is right where both take writes. */
enum cli_right { CLI_RIGHT_UNSAID, CLI_RIGHT_OLD, CLI_RIGHT_NEW };
/* Of a rollback, and of a comparison: one option, each command takes its own. */
enum cli_mode {
    CLI_MODE_UNSAID,
    CLI_MODE_SHARED,
    CLI_MODE_FENCED,
    CLI_MODE_STREAM,
    CLI_MODE_REMOTE,
    CLI_MODE_FAST
};

/* What was asked for. Strings are borrowed from argv, the environment or the table: they live as
 * long as the process. */
struct cli_options {
    const struct cli_command *command;
    const char *args[CLI_ARG_CAP]; /* NULL when not given */
    size_t arg_count;

    const char *config_path;
    const char *from_step;     /* NULL = from the beginning */
    const char *plan_path;     /* NULL = compile the playbook */
    const char *out_path;      /* NULL = standard output only */
    const char *playbook_path; /* NULL = the shipped one */
    const char *listen;        /* serve: NULL = as configured */
    const char *url;           /* watch: of a `cutover serve`; NULL = look ourselves */
    const char *token_path;    /* watch: NULL = CUTOVER_TOKEN, or none */
    const char *ca_path;       /* watch: NULL = whom this machine trusts */
    const char *lose;          /* rollback: how many transactions, or "unknown"; NULL */
    const char *tables[CLI_TABLE_CAP];
    size_t table_count;
    const char *faults[CLI_TABLE_CAP];
    size_t fault_count;
    unsigned times;           /* 0 = not said */
    unsigned workers;         /* 0 = what suits the work */
    int64_t chunk_ms, lag_ms; /* 0 = as configured */
    unsigned limit;           /* of differences to repair; 0 = REPAIR_LIMIT */
    enum cli_right right;
    enum cli_mode mode;
    enum cli_format format; /* CLI_JSON when --json was given */
    bool is_json, is_html, is_yes, is_resume, is_ttl_wait_skipped, is_restart;
    bool is_list, is_put_back; /* drill */
    /* verify: make it right, say who wrote it; values shown in a plan, or hidden everywhere */
    bool is_repair, is_who, has_values, is_redacted;
    bool is_explain, measures_paths; /* check */
    bool is_diff;                    /* inventory */
    bool is_once;                    /* watch */
    bool is_losing;                  /* rollback: without what OLD lacks */

    enum log_level log_level;
    enum log_form log_form;
    bool is_log_json, is_quiet, has_no_color;
    bool is_help_wanted, is_version_wanted;
};

enum cli_option_type {
    CLI_FLAG,      /* bool */
    CLI_TEXT_ARG,  /* const char *; not empty */
    CLI_TEXT_LIST, /* const char *[CLI_TABLE_CAP]; may be repeated; the count is at count_offset */
    CLI_COUNT,     /* unsigned, 1 to 64 unless `largest` says otherwise */
    CLI_DURATION,  /* int64_t, milliseconds: "500ms", "10s" */
    CLI_CHOICE,    /* enum; the index in choices */
};

struct cli_option {
    const char *name;     /* without the dashes */
    char letter;          /* 0 = none */
    const char *argument; /* "FILE"; NULL for a flag */
    enum cli_option_type type;
    size_t offset, count_offset; /* the field in struct cli_options */
    const char *const *choices;  /* NULL-terminated; CLI_CHOICE only */
    unsigned largest;            /* CLI_COUNT only; 0 = 64 */
    const char *fallback;        /* as if it had been given; NULL = zero */
    const char *env;             /* asked when the option is not given; NULL = none */
    unsigned commands;           /* CLI_COMMAND_BIT()s; CLI_EVERY_COMMAND */
    const char *help;
};

const struct cli_option *cli_option_table(size_t *out_count);

/*
 * Read argv and the environment. Options may stand before or after the command; "--" ends them.
 * out->command is NULL when only --help or --version was asked for.
 * Errors  ERR_USAGE/NONE: one sentence, the hint has the nearest name and where to read more
 */
MUST_CHECK int cli_parse(int argc, char *const *argv, struct cli_options *out, struct err *err);

#endif
