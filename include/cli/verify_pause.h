/* SPDX-License-Identifier: MIT */
/*
 * cli/verify_pause.h - `cutover verify pause` and `cutover verify resume`: for all comparisons of
 *                      this service, wherever they run.
 * Threads: the main thread.
 */
#ifndef CUTOVER_CLI_VERIFY_PAUSE_H
#define CUTOVER_CLI_VERIFY_PAUSE_H

#include "domain/service.h"

/*
 * Writes (or deletes) the row that they look at, on an open side; replication brings it to the
 * other one.
 * Errors  ERR_REFUSED/NONE no side is open; ERR_LOST, ERR_SERVER
 */
MUST_CHECK int verify_pause(const struct service *service, bool is_pause, struct err *err);

#endif
