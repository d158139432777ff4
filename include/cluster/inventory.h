/* SPDX-License-Identifier: MIT */
/*
 * cluster/inventory.h - asks both primaries what they are made of. Reads only.
 * Threads: the caller's; a connection to each primary.
 * Not here: what is asked of the hosts over SSH; a section of its own has room for it.
 */
#ifndef CUTOVER_CLUSTER_INVENTORY_H
#define CUTOVER_CLUSTER_INVENTORY_H

#include "base/attr.h"
#include "base/err.h"
#include "base/json.h"
#include "domain/facts.h"

/*
 * A document (domain/inventory.h) of both sides; the caller releases it. A side that cannot be read
 * says so in it, and has no sections.
 * Errors  ERR_MEMORY/NONE, ERR_BUG/NONE
 */
MUST_CHECK int inventory_take(const struct service *service, const struct facts *facts,
                              json_t **out, struct err *err);

#endif
