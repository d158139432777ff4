/* SPDX-License-Identifier: MIT */
/*
 * cli/status.h - the status for a person.
 * Threads: the main thread.
 */
#ifndef CUTOVER_CLI_STATUS_H
#define CUTOVER_CLI_STATUS_H

#include "cli/render.h"
#include "ctl/status.h"

void status_print(const struct render *render, const struct status *status);
/* status_held_text.c */
void status_print_held(const struct status *status);
void status_print_services(const struct status *status);

/* "0.4 ms", "2.3 s", "unknown" into out[32]. Returns out. */
char *status_lag_text(int64_t lag_us, char out[32]);
/* How a primary stands: "open", "closed", "unknown". Static. */
const char *status_open_text(enum tri is_open);

#endif
