/* SPDX-License-Identifier: MIT */
/*
 * cli/drill_playbook.h - a playbook as a drill performs it, for the supervisor, which shows it, and
 * for the controller, which does it; and the drill's words on the terminal.
 * Threads: the main thread.
 */
#ifndef CUTOVER_CLI_DRILL_PLAYBOOK_H
#define CUTOVER_CLI_DRILL_PLAYBOOK_H

#include "cli/options.h"
#include "cli/render.h"
#include "domain/drill_score.h"
#include "domain/plan.h"

/* The service with the records that a drill may flip: on production the canary only. */
MUST_CHECK int drill_service_read(const struct cli_options *options, struct service *out,
                                  struct err *err);

struct drill_playbook {
    struct playbook playbook;
    char left_out[200]; /* steps that are not done here; "" */
};

/* Read it; on production without what would harm users there. */
MUST_CHECK int drill_playbook_read(const struct cli_options *options, const char *path,
                                   struct drill_playbook *out, struct err *err);
/* The same, compiled against the situation of now; what is left out is a warning of the plan. */
MUST_CHECK int drill_playbook_compile(const struct cli_options *options, const char *path,
                                      struct plan *out, struct err *err);

/* What a team reads out after a rehearsal. */
void drill_print(const struct render *render, const struct drill_record *drill,
                 const struct drill_score *score);
/* `scores` by drill. The newest is the last line. */
void drill_print_list(const struct drill_record *drills, const struct drill_score *scores,
                      size_t count);
/* As docs/drill.md has it; NULL: no memory. */
json_t *drill_json(const struct drill_record *drill, const struct drill_score *score);

#endif
