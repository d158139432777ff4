/* SPDX-License-Identifier: MIT */
/*
 * cluster/inventory_host.h - the sections of an inventory that come from the host of a primary.
 *                            Nobody but cluster/inventory.c needs it.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_INVENTORY_HOST_H
#define CUTOVER_CLUSTER_INVENTORY_HOST_H

#include "base/json.h"
#include "domain/service.h"

/*
 * Ask the host, and put what it says into the side of a document that has its "variables" already.
 * What it does not tell is unread there. ERR_MEMORY/NONE; ERR_PROTOCOL/NONE: it is no text.
 */
MUST_CHECK int inventory_take_host(const struct node *node, json_t *side, struct err *err);

#endif
