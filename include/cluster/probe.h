/* SPDX-License-Identifier: MIT */
/*
 * cluster/probe.h - ask all nodes at once what is true now and put it into one struct of facts.
 * Invariant: an unreachable or half-answering node never fails the probe: its facts say is_reached
 *            NO and why. GTID states are read replica side first, so that an errant transaction is
 *            never a false alarm.
 * Threads:   starts one thread a node, joins them all before it returns.
 */
#ifndef CUTOVER_CLUSTER_PROBE_H
#define CUTOVER_CLUSTER_PROBE_H

#include "domain/facts.h"

/*
 * Fills out->nodes (all of the service's nodes, in order), wall_us, mono_ms; leaves the DNS part
 * alone.
 * Errors  ERR_MEMORY/NONE only. Repeat: safe, reads only.
 */
MUST_CHECK int probe_nodes(const struct service *service, int64_t timeout_ms, struct facts *out,
                           struct err *err);

#endif
