/* SPDX-License-Identifier: MIT */
/*
 * cluster/ending.h - what others have begun on a node comes to its end.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_ENDING_H
#define CUTOVER_CLUSTER_ENDING_H

#include "cluster/session.h"

/*
 * Give statements that may write and began before this call, ours as well, a few milliseconds to
 * end. For a node that has just been closed: what was let in before finds out at its commit and
 * rolls back. Ended in the middle of that its client would be told of a lost connection, and the
 * list of transactions would still show a writer. That some did not end is no error, and where
 * statements have no numbers (MySQL) nothing is waited for.
 * Errors   ERR_STOPPED/NONE; ERR_LOST
 */
MUST_CHECK int ending_let(struct session *session, struct err *err);

/*
 * Wait until a session that was killed has gone, and with it its transaction: a server rolls back
 * before it takes a session off its list.
 * deadline_ms  absolute, clock_mono_ms(); a stop request does not end the wait
 * out_is_gone  false: not within that time
 */
MUST_CHECK int ending_wait_gone(struct session *session, unsigned long thread_id,
                                int64_t deadline_ms, bool *out_is_gone, struct err *err);

#endif
