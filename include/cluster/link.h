/* SPDX-License-Identifier: MIT */
/*
 * cluster/link.h - what the driver waits for and asks about a link; creating one is plain
 * statements in the plan.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_LINK_H
#define CUTOVER_CLUSTER_LINK_H

#include "cluster/session.h"
#include "domain/facts.h"

/* The position of a primary: everything it has logged, whoever wrote it first. */
MUST_CHECK int link_position(struct session *source, struct position *out, struct err *err);

/* Who numbers what is written on this node, and of its position what was written there. */
MUST_CHECK int link_origin(struct session *session, struct origin *out, struct err *err);
MUST_CHECK int link_own_position(struct session *session, struct position *out, struct err *err);

/*
 * Wait until `replica` has applied every transaction in `want` (only domains the link carries).
 * deadline_ms  absolute, clock_mono_ms(). Polls the channel's health too: a stopped link fails at
 *              once, it does not wait.
 * Errors  ERR_TIMEOUT/NONE says how many transactions are missing; ERR_SERVER/NONE the link
 *         stopped, with its error; ERR_STOPPED a signal. Repeat: safe.
 */
MUST_CHECK int link_wait_applied(struct session *replica, const char *channel,
                                 const struct position *want, int64_t deadline_ms, struct err *err);

/* Wait until the channel receives and applies. Errors as above. */
MUST_CHECK int link_wait_healthy(struct session *replica, const char *channel, int64_t deadline_ms,
                                 struct err *err);

/*
 * How long the replica needs now to reach the source's position of now, in microseconds (a GTID
 * wait); LAG_INFINITE ms on timeout.
 */
MUST_CHECK int link_measure(struct session *source, struct session *replica, int64_t timeout_ms,
                            int64_t *out_lag_us, struct err *err);

/*
 * Write a probe row on `source` and see it arrive on `replica` (cutover.probe; token random). The
 * source must be open or the account privileged; a sealed source (MySQL) admits administrators for
 * that moment. The row is deleted again. out_us: time from commit to visible.
 */
MUST_CHECK int link_probe_row(struct session *source, struct session *replica, int64_t deadline_ms,
                              int64_t *out_us, struct err *err);

/*
 * Transactions on `replica` (own server ids of that cluster) that `source` does not have. Empty =
 * clean. Heartbeat and probe rows are transactions like any other: they count.
 */
MUST_CHECK int link_errant(struct session *replica, struct session *source, struct position *out,
                           struct err *err);

#endif
