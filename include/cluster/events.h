/* SPDX-License-Identifier: MIT */
/*
 * cluster/events.h - scheduled events fire on exactly one side.
 * How:     ALTER DEFINER=<as it was> EVENT ... ENABLE / DISABLE ON SLAVE, unlogged, on each node,
 *          so that the definer is kept.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_EVENTS_H
#define CUTOVER_CLUSTER_EVENTS_H

#include "cluster/session.h"

/*
 * Make every event of the service's databases that was meant to run (ENABLED or SLAVESIDE_DISABLED;
 * DISABLED is left alone) enabled on `session`'s node, or disabled there. Verified by reading the
 * status back.
 */
MUST_CHECK int events_set(const struct service *service, struct session *session, bool is_enabled,
                          unsigned *out_changed, struct err *err);
/* How many are enabled / not enabled (SLAVESIDE_DISABLED) on this node. */
MUST_CHECK int events_count(const struct service *service, struct session *session,
                            unsigned *out_enabled, unsigned *out_waiting, struct err *err);

#endif
