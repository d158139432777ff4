/* SPDX-License-Identifier: MIT */
/*
 * cluster/inventory_host.h - the sections of an inventory that come from the host of a primary.
 *                            Nobody but cluster/inventory.c needs it.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_INVENTORY_HOST_H
#define CUTOVER_CLUSTER_INVENTORY_HOST_H

#include "base/json.h"
#include "cluster/host_look.h"
#include "domain/service.h"

/*
 * How to ask the host of a side of a document that has its "variables" already: host_look_task().
 * `side` is borrowed until that was done.
 */
void inventory_ask_host(const struct node *node, const json_t *side, struct host_report *report,
                        struct host_question *out);

/*
 * Put what it said into the side. What it did not tell is unread there.
 * ERR_MEMORY/NONE; ERR_PROTOCOL/NONE: it is no text.
 */
MUST_CHECK int inventory_put_host(const struct host_question *asked, json_t *side, struct err *err);

#endif
