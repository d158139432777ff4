/* SPDX-License-Identifier: MIT */
/*
 * cluster/mark.h - how who takes over finds and ends the sessions of who was in charge before.
 * How:       a session that may change something holds one of MARK_COUNT numbered locks of its
 *            server (GET_LOCK), which it loses only with its end. A controller that stood still
 *            between asking for its lease and sending a statement sends it when it wakes up, an
 *            hour later perhaps: by then its session must be gone.
 * Source:    the fencing of a lock's former holder, done at the storage: M. Kleppmann, "How to do
 *            distributed locking" (2016).
 * Threads:   the caller's, with its session.
 */
#ifndef CUTOVER_CLUSTER_MARK_H
#define CUTOVER_CLUSTER_MARK_H

#include "cluster/session.h"

#define MARK_COUNT 128
#define LOCK_NAME_SIZE (64 + 1) /* the most that MySQL takes */

/*
 * The name of a lock of this service: `prefix` and the service, or what fits of its digest, the
 * same for everybody.
 */
MUST_CHECK int mark_lock_name(const struct service *service, const char *prefix,
                              char out[LOCK_NAME_SIZE], struct err *err);

/* Mark this session. ERR_BUSY/NONE: MARK_COUNT sessions are marked there. */
MUST_CHECK int mark_take(const struct service *service, struct session *session, struct err *err);

/*
 * End all sessions on this server that are marked for the service, and wait until they have gone,
 * with what they had begun. `session` is not marked itself.
 * Errors   ERR_TIMEOUT/NONE one does not end; ERR_LOST
 */
MUST_CHECK int mark_end_all(const struct service *service, struct session *session,
                            unsigned *out_ended, struct err *err);

#endif
