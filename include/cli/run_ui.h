/* SPDX-License-Identifier: MIT */
/*
 * cli/run_ui.h - what the commands that execute have in common: finding and compiling a playbook,
 * asking, and telling how it ended.
 * Threads: the main thread.
 */
#ifndef CUTOVER_CLI_RUN_UI_H
#define CUTOVER_CLI_RUN_UI_H

#include "cli/options.h"
#include "cli/render.h"
#include "domain/plan.h"
#include "domain/playbook.h"
#include "engine/run.h"

/*
 * PLAYBOOK as typed: a path, or the name of a shipped one, looked for in ./playbooks and
 * PREFIX/share/cutover/playbooks. ERR_USAGE/NONE when there is none; the hint lists what there is.
 */
MUST_CHECK int playbook_locate(const char *word, char *out, size_t out_size, struct err *err);

/* Read the playbook, look at the servers, compile. from_step may be NULL. */
MUST_CHECK int compile_playbook(const struct service *service, const char *path,
                                const char *from_step, struct plan *out, struct err *err);

/* The same with a playbook that was read. */
MUST_CHECK int compile_read_playbook(const struct service *service, const struct playbook *playbook,
                                     const char *from_step, struct plan *out, struct err *err);

/* Options for the engine; render must outlive them. holder is filled with who we are. */
void run_options_init(struct run_options *out, const struct service *service,
                      const struct cli_options *options, struct render *render, char holder[160]);

/* What the process tells its caller about a run that ended so. */
int run_exit_code(enum run_outcome outcome);

/* y or n on the terminal. */
MUST_CHECK int ask_yes(void *context, const char *question, struct err *err);

/* The same, for at most wait_ms: RUN_UI_OPEN when nothing was typed. */
MUST_CHECK int ask_look(void *context, const char *question, int64_t wait_ms, struct err *err);

/* The unix user at this terminal, also behind sudo. */
void person_here(char out[64]);

/*
 * A word on the terminal, for what must not be answered by a slip. ERR_REFUSED/NONE when there is
 * none.
 */
MUST_CHECK int ask_word(struct render *render, const char *question, char *out, size_t out_size,
                        struct err *err);

/*
 * Say on standard output how the run ended (text or JSON) and return the exit code; rc is what the
 * engine returned.
 */
int conclude(const struct cli_options *options, const struct run_result *result, int rc,
             struct err *err);

#endif
