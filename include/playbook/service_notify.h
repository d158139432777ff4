/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_notify.h - the `notify` list of a service's configuration.
 * Caller:  the reader of the service file, nobody else.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_NOTIFY_H
#define CUTOVER_PLAYBOOK_SERVICE_NOTIFY_H

#include "domain/service.h"
#include "io/conffile.h"

/*
 * root    the file; without `notify` nobody is told
 * folder  relative paths are below it
 * out     also on failure; service_release() frees it
 * Errors  ERR_CONFIG/NONE at file:line. ERR_MEMORY/NONE.
 */
MUST_CHECK int service_notify_read(const struct conf_node *root, const char *folder,
                                   struct service *out, struct err *err);

#endif
