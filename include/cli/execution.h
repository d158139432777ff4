/* SPDX-License-Identifier: MIT */
/*
 * cli/execution.h - what run, rollback and abort have in common while they change things.
 * Threads: the main thread.
 */
#ifndef CUTOVER_CLI_EXECUTION_H
#define CUTOVER_CLI_EXECUTION_H

#include "cli/run_ui.h"
#include "ctl/notifier.h"
#include "ctl/server.h"

/* One command's belongings. */
struct execution {
    const struct cli_options *options;
    struct service service;
    struct render render;
    struct plan plan;
    struct run_options run;
    struct run_result result;
    char holder[160], person[64];
    bool is_answered;          /* somebody was told elsewhere what will happen, and wants it */
    struct notifier *notifier; /* NULL: nobody is told of events */
    struct server *server;     /* of --listen; NULL: no page */
};

MUST_CHECK int execution_init(struct execution *x, const struct cli_options *options,
                              struct err *err);
void execution_release(struct execution *x);

/* Show the plan, ask, run it. */
MUST_CHECK int execution_run(struct execution *x, struct err *err);

/*
 * The run was stopped because somebody asked for an abort or a rollback: do that, and tell who
 * asked what came of it. rc and *err are those of the run, and of what followed.
 */
int execution_follow(struct execution *x, int rc, struct err *err);

/* Go back by the playbook that fits where the service is now, or by the one that was asked for. */
MUST_CHECK int execution_roll_back(struct execution *x, struct err *err);

#endif
