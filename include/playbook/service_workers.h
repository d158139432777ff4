/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_workers.h - the list `services` of a cluster: what works beside the database, on
 *                              which host, and how it is stopped and started.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_WORKERS_H
#define CUTOVER_PLAYBOOK_SERVICE_WORKERS_H

#include "base/attr.h"
#include "domain/service.h"
#include "io/conffile.h"

/*
 * Add to service->workers; the cluster's nodes have been read. Each has an ssh group: its own, or
 * that of the node on whose host it is; words that this one lacks are the cluster's.
 *
 * Errors  ERR_CONFIG/NONE with where = "file:line"
 */
MUST_CHECK int service_workers_read(const struct conf_node *cluster, enum side side,
                                    const char *folder, struct service *service, struct err *err);

#endif
