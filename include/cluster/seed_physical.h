/* SPDX-License-Identifier: MIT */
/*
 * cluster/seed_physical.h - make a node of NEW a copy of another MariaDB server: mariadb-backup
 *                           from host to host, prepared beside the recipient's data, and put in
 *                           their place.
 * Takes:     everything the donor holds: databases, accounts, plugins. Of the recipient's own only
 *            its option files and what is no data in its data directory remain.
 * Invariant: until a copy is whole and prepared the recipient is as it was. Half in place it cannot
 *            start (src/remote/seed.sh). It comes back closed and with no event that could fire.
 * Threads:   one for each host while data flow; `progress` is called from the calling thread.
 */
#ifndef CUTOVER_CLUSTER_SEED_PHYSICAL_H
#define CUTOVER_CLUSTER_SEED_PHYSICAL_H

#include "cluster/session.h"

struct physical_progress {
    const char *stage;
    uint64_t bytes_done, bytes_total;
    int64_t elapsed_ms, eta_ms; /* -1 unknown */
};

struct physical_options {
    const struct service *service;
    const struct node *donor, *recipient;
    const char *run; /* whose copy it is */
    const struct session_permit *permit;
    unsigned workers;
    uint64_t rate; /* bytes a second, 0: no limit */
    /* Not 0 ends it. */
    int (*progress)(void *context, const struct physical_progress *progress, struct err *err);
    void *context;
};

/*
 * Can NEW be seeded so? Looks at every host of NEW and at OLD's primary's, and changes nothing.
 * ERR_REFUSED/NONE says what is in the way, ERR_CONFIG/NONE what the configuration lacks.
 */
MUST_CHECK int physical_check(const struct service *service, uint64_t rate, struct err *err);

/*
 * Stream and prepare; what an earlier copy left is thrown away first. Stops on signals.
 * out     the donor's position at which the copy was taken
 * Errors  ERR_STOPPED/APPLIED, and others with APPLIED: something may lie in the stage
 */
MUST_CHECK int physical_copy(const struct physical_options *options, struct position *out,
                             struct err *err);

/*
 * Stop the recipient, put the prepared copy of this run in place, start it closed, keep its events
 * from firing. Repeat: safe, goes on where it was. The donor is not looked at.
 * Errors  with APPLIED: NEW's server may be down; the same again, or physical_settle(), mends it
 */
MUST_CHECK int physical_place(const struct physical_options *options, struct err *err);

/* Throw away what the copy has replaced. */
MUST_CHECK int physical_clean(const struct physical_options *options, struct err *err);

/* Undo: what is half in place is put in place, the server runs and is closed, no stage is left. */
MUST_CHECK int physical_settle(const struct physical_options *options, struct err *err);

#endif
