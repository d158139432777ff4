/* SPDX-License-Identifier: MIT */
/*
 * cli/verify_repair.h - `cutover verify --repair` and `--who`: what follows when rows differ.
 * Threads: the main thread.
 */
#ifndef CUTOVER_CLI_VERIFY_REPAIR_H
#define CUTOVER_CLI_VERIFY_REPAIR_H

#include "cli/render.h"
#include "verify/verify.h"

struct verified {
    const struct cli_options *options;
    const struct service *service;
    struct render *render;
    enum side source;
    const struct verify_report *report;
};

/*
 * Show what would be written, or, with --yes or a yes on the terminal, do it: under the lease, with
 * the intent in the journal before each batch and its outcome after it. Prints all of the output.
 * Returns an exit code, or a negative err_code with `err` filled.
 */
int verify_repair(const struct verified *verified, struct err *err);

/*
 * Append to `out`, for each difference in order, who wrote that row: {"text", "old", "new"}.
 * Errors  those of author_search()
 */
MUST_CHECK int verify_who(const struct verified *verified, json_t *out, struct err *err);

#endif
