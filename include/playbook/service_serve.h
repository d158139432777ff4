/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_serve.h - the `serve` group of a service's configuration.
 * Caller:  the reader of the service file, nobody else.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_SERVE_H
#define CUTOVER_PLAYBOOK_SERVICE_SERVE_H

#include "domain/service.h"
#include "io/conffile.h"

/*
 * root    the file; without `serve` the dashboard is for people on this host, who may look
 * folder  relative paths are below it
 * out     also on failure; service_release() frees it
 * Errors  ERR_CONFIG/NONE at file:line. ERR_MEMORY/NONE.
 */
MUST_CHECK int service_serve_read(const struct conf_node *root, const char *folder,
                                  struct service_serve *out, struct err *err);

#endif
