/* SPDX-License-Identifier: MIT */
/*
 * cluster/hold.h - lock the accounts that could write on a side that is closed, and let them in
 * again.
 * Why:       where a server cannot be told to stay closed, a restart opens it. Locked accounts stay
 *            locked, so that nobody is there to write.
 * Invariant: an account is written down in cutover.held of that node before it is locked, and
 *            struck out after it was unlocked. Only what stands there is ever unlocked.
 *            None of it reaches the binary log.
 * Not here:  whom to lock (domain/hold.h), the journal (engine/hold_keeper.h).
 * Threads:   the caller's; each call opens a connection of its own unless it is given one.
 */
#ifndef CUTOVER_CLUSTER_HOLD_H
#define CUTOVER_CLUSTER_HOLD_H

#include "cluster/session.h"
#include "domain/hold.h"

struct hold_list {
    struct hold_account *accounts;
    size_t count;
};
void hold_list_release(struct hold_list *list); /* zeroed memory allowed */

/* Everybody who can log in, but our own accounts and the server's. */
MUST_CHECK int hold_accounts(const struct service *service, struct session *session,
                             struct hold_list *out, struct err *err);

/* What is written down on a node: cutover.held. */
struct held {
    char user[129], host[256], run[65], since[32];
    bool is_there; /* it has not been dropped since */
    bool is_locked;
    bool was_let_in; /* by us, a moment ago: it is not locked for that reason */
};
struct held_list {
    struct held *accounts;
    size_t count;
};
void held_list_release(struct held_list *list);
/* None where that table was never made. */
MUST_CHECK int hold_read(struct session *session, struct held_list *out, struct err *err);

/* A connection whose effects stay on its node. */
MUST_CHECK int hold_session(const struct service *service, const struct node *node,
                            struct session *out, struct err *err);

/* `unlogged` is one of hold_session(). Repeat: safe. */
MUST_CHECK int hold_record(struct session *unlogged, const struct held_list *list, const char *run,
                           struct err *err);

/*
 * Lock all of them by one statement, then read back that they are.
 * Errors  ERR_CONFLICT/UNKNOWN one is not; ERR_SERVER as the server says it
 */
MUST_CHECK int hold_lock(struct session *unlogged, const struct held_list *list, struct err *err);

/* Is everybody who is written down, and still there, locked? ERR_REFUSED/NONE when not. */
MUST_CHECK int hold_is_true(struct session *session, struct err *err);

struct hold_release {
    unsigned unlocked;
    char others[400]; /* "app@% was dropped meanwhile; ..." */
};
/*
 * Unlock what is written down and locked, and read it back. Accounts that were dropped or unlocked
 * meanwhile are named. hold_strike() then strikes out what this call was about.
 */
MUST_CHECK int hold_unlock(struct session *unlogged, const struct held_list *list,
                           struct hold_release *out, struct err *err);
/*
 * Unlock those of `list` that were locked when it was read, by one statement and without a look:
 * for the moment in which a side was opened. hold_unlock() has to follow.
 */
MUST_CHECK int hold_unlock_blindly(struct session *unlogged, const struct held_list *list,
                                   struct err *err);
MUST_CHECK int hold_strike(struct session *unlogged, const struct held_list *list, struct err *err);

/* "'app'@'10.%', 'shop'@'%'" */
void hold_quote(const struct held_list *list, bool only_locked, struct buf *out);
/* "app@10.%, shop@%", cut to fit */
void hold_show(const struct held_list *list, char *out, size_t out_size);

/*
 * Where read_only comes from.
 * Errors  ERR_REFUSED/NONE it contradicts an operator who says that my.cnf has it on
 */
MUST_CHECK int hold_check_config(struct session *session, struct err *err);

#endif
