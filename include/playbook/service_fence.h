/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_fence.h - the `fence` group of a service's configuration.
 * Caller:  the reader of the service file, nobody else.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_FENCE_H
#define CUTOVER_PLAYBOOK_SERVICE_FENCE_H

#include "domain/service.h"
#include "io/conffile.h"

/*
 * root    the file; without `fence` everything is as the servers' kind asks for
 * out     also on failure; service_release() frees it
 * Errors  ERR_CONFIG/NONE at file:line. ERR_MEMORY/NONE.
 */
MUST_CHECK int service_fence_read(const struct conf_node *root, struct service_fence *out,
                                  struct err *err);

#endif
