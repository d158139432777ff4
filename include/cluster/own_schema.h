/* SPDX-License-Identifier: MIT */
/*
 * cluster/own_schema.h - the schema `cutover` of a node: heartbeats, the lease's rows, probes,
 *                        pauses of a comparison. What it is for each of them knows.
 * Threads:   none of its own.
 */
#ifndef CUTOVER_CLUSTER_OWN_SCHEMA_H
#define CUTOVER_CLUSTER_OWN_SCHEMA_H

#include "base/attr.h"
#include "base/err.h"
#include "domain/service.h"

/*
 * Create it on one node, unlogged, if it is not there. Idempotent. A sealed node is left as it is.
 * Errors  as cluster/session.h
 */
MUST_CHECK int own_schema_prepare(const struct service *service, const struct node *node,
                                  struct err *err);

/*
 * MySQL: a clone that was killed after it had thrown the databases away leaves their folders, which
 * the server then neither makes a database of nor removes. Of such an error: say so. Returns
 * err->code.
 */
int own_schema_tell_leftover(struct err *err);
/* Is it such an error? */
bool own_schema_is_barred(const struct err *err);

#endif
