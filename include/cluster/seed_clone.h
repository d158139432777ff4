/* SPDX-License-Identifier: MIT */
/*
 * cluster/seed_clone.h - make a node of NEW a copy of another server with MySQL's clone plugin.
 * Takes:     everything the donor holds: databases, accounts, GTIDs; what the recipient held is
 *            gone. Its server_uuid and its settings, the persisted ones too, stay its own.
 * Invariant: the recipient stays closed, and comes back sealed, so that no event of the copy writes
 *            before all of them are disabled, which they are when this returns.
 * Threads:   one of its own for the statement; progress is called from the calling thread.
 */
#ifndef CUTOVER_CLUSTER_SEED_CLONE_H
#define CUTOVER_CLUSTER_SEED_CLONE_H

#include "cluster/session.h"

struct clone_progress {
    char stage[32];
    uint64_t bytes_done, bytes_total;
    int64_t elapsed_ms, eta_ms; /* -1 unknown */
    bool is_waiting_for_start;  /* it stopped, and nothing starts it: a person has to */
};

struct clone_options {
    const struct service *service;
    const struct node *donor, *recipient;
    const struct session_permit *permit; /* the lease: see cluster/seed.h */
    void (*progress)(void *context, const struct clone_progress *progress);
    void *context;
};

struct clone_check_report {
    const struct node *roomless; /* the first whose disk could not be asked for; NULL: all could */
};

/*
 * Can NEW be cloned from OLD, at `rate` bytes a second (0: any)? ERR_REFUSED/NONE when the rate is
 * one that no server can keep, when a server is not of the same kind, has no plugin
 * (the hint says what to type), or holds something that a clone would take along or throw away;
 * when OLD's binary log would be gone before the last clone ends, or a disk is too small.
 */
MUST_CHECK int clone_check(const struct service *service, uint64_t rate,
                           struct clone_check_report *out, struct err *err);

/* How fast a recipient may take a clone, in MiB a second; 0: no limit. */
struct clone_limits {
    uint64_t data, network;
};
/* `rate` in bytes a second, as the server counts: rounded down, so never faster. */
struct clone_limits clone_limits_of(uint64_t rate);
MUST_CHECK int clone_limits_read(const struct service *service, const struct node *node,
                                 struct clone_limits *out, struct err *err);
/*
 * Until somebody sets them again, or the recipient restarts. A clone that runs heeds them, too.
 * Repeat: safe.
 */
MUST_CHECK int clone_limits_set(const struct service *service, const struct node *node,
                                const struct session_permit *permit,
                                const struct clone_limits *limits, struct err *err);

/*
 * From where a recipient may be cloned; "" when from nowhere. A clone says there from where it
 * comes: what was said before is the caller's to put back. Repeat: safe.
 */
MUST_CHECK int clone_donors_read(const struct service *service, const struct node *node,
                                 struct buf *out, struct err *err);
MUST_CHECK int clone_donors_set(const struct service *service, const struct node *node,
                                const struct session_permit *permit, const char *donors,
                                struct err *err);

/*
 * Stops on signals: ERR_STOPPED/APPLIED, then the recipient holds nothing that is of use; so does
 * it after any other error with APPLIED. Repeat: safe, begins again.
 * out  what the copy holds, in GTIDs
 */
MUST_CHECK int clone_run(const struct clone_options *options, struct position *out,
                         struct err *err);

/*
 * Whoever sent it may be gone: does a node still receive a clone, or is about to restart into one?
 * ERR_LOST and ERR_TIMEOUT: it does not answer, perhaps because it restarts.
 */
MUST_CHECK int clone_is_over(const struct service *service, const struct node *node, bool *out,
                             struct err *err);

#endif
