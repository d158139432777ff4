/* SPDX-License-Identifier: MIT */
/*
 * cli/check_explain.h - `cutover check --explain`: the table of checks as it is.
 * Threads: the main thread.
 */
#ifndef CUTOVER_CLI_CHECK_EXPLAIN_H
#define CUTOVER_CLI_CHECK_EXPLAIN_H

#include "base/attr.h"
#include "base/err.h"
#include "cli/options.h"

/* NULL is every check. ERR_USAGE/NONE: there is none of that name. */
MUST_CHECK int check_known(const char *id, struct err *err);

/* Print the check that the first argument names, or all. An exit code, or an error. */
MUST_CHECK int check_explain(const struct cli_options *options, struct err *err);

#endif
