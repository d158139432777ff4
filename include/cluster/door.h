/* SPDX-License-Identifier: MIT */
/*
 * cluster/door.h - how a node is closed, and everything that opens it, a little or wide.
 * Strengths: closed      the application is kept out (read_only), administrators are not
 *            sealed      administrators are kept out, too (MySQL: super_read_only); only what
 *                        replication brings or a prepared XA transaction holds still lands
 *            whole       as a fence closes a node of this flavour: MariaDB closed, MySQL sealed
 *            kept        a restart closes it again (MySQL 8.0 and later: SET PERSIST)
 * Order:     opening switches off first and forgets afterwards. What a crash in between leaves is
 *            an open node that its next start closes, never a node that a restart opens although
 *            it is meant to be closed; whoever finds that state calls door_forget().
 * Threads:   the caller's.
 */
#ifndef CUTOVER_CLUSTER_DOOR_H
#define CUTOVER_CLUSTER_DOOR_H

#include "cluster/session.h"

struct door {
    bool is_closed, is_sealed, is_whole, is_kept;
};

MUST_CHECK int door_read(struct session *session, struct door *out, struct err *err);

/* Was a statement of ours refused because the node is sealed, which is no mistake of anybody's? */
bool door_refuses(struct session *session, const struct err *refusal);

/*
 * For everybody, now and after a restart. Verified by reading it back.
 * Errors  ERR_CONFLICT/UNKNOWN somebody else closes it. EFFECT_APPLIED: it is open, but a restart
 *         would close it (the hint says what to type).
 */
MUST_CHECK int door_open(struct session *session, struct err *err);
/*
 * The same in two: once the first has succeeded users can write; the second reads it back and makes
 * it last. Errors as above; of the second, EFFECT_APPLIED as above.
 * A session with a permit opens only while the lease's lock on this node is held, which the server
 * looks at as it opens: ERR_LOST/NONE when it is not.
 */
MUST_CHECK int door_switch_open(struct session *session, struct err *err);
MUST_CHECK int door_confirm_open(struct session *session, struct err *err);

/* A restart no longer closes the node. Nothing to do where none ever would. */
MUST_CHECK int door_forget(struct session *session, struct err *err);

/*
 * Let administrators write into a sealed node, and nobody else: for rows of our own and for ALTER
 * EVENT. A restart in between seals it again when the seal is kept. Does nothing when `found` was
 * not sealed.
 */
MUST_CHECK int door_admit(struct session *session, const struct door *found, struct err *err);
/*
 * Undo that. While it waits for what replication is applying nothing else is applied, so each
 * attempt gives way after the session's lock_wait_timeout, and others follow for
 * DOOR_SEAL_PATIENCE_MS.
 * Errors  the hint says what to type
 */
#define DOOR_SEAL_PATIENCE_MS 10000
MUST_CHECK int door_seal(struct session *session, const struct door *found, struct err *err);

typedef int door_act_fn(struct session *session, const void *context, struct err *err);
/*
 * Act with administrators let in, and seal the node again whatever became of it. A crash in between
 * leaves it closed for the application.
 * Errors  of `act`, first; that it could not be sealed again is added to it
 */
MUST_CHECK int door_while_admitted(struct session *session, door_act_fn *act, const void *context,
                                   struct err *err);

/* Make the node as it was found. */
MUST_CHECK int door_put_back(struct session *session, const struct door *found, struct err *err);

/* What a person would type to open a node of this kind: "SET GLOBAL read_only = 0". */
void door_open_text(const struct server_version *version, char *out, size_t out_size);

/* "open", "closed", "sealed": for the journal and for messages. */
const char *door_name(const struct door *door);

#endif
