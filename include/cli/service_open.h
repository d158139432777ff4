/* SPDX-License-Identifier: MIT */
/*
 * cli/service_open.h - the service as a command needs it that is going to talk to its servers.
 * Threads: the command's own.
 */
#ifndef CUTOVER_CLI_SERVICE_OPEN_H
#define CUTOVER_CLI_SERVICE_OPEN_H

#include "base/attr.h"
#include "base/err.h"
#include "domain/service.h"

/*
 * Read the configuration, and make the sockets of its tunnels, which end with service_release().
 * out is filled as far as it came, also on failure.
 * Errors of service_read() and tunnels_start()
 */
MUST_CHECK int service_open(const char *path, struct service *out, struct err *err);

#endif
