/* SPDX-License-Identifier: MIT */
/*
 * cluster/seed.h - copy the service's databases from OLD's primary to every node of NEW, exact at
 * one position.
 * How:       one barrier on the source for an instant (BACKUP STAGE BLOCK_COMMIT; MySQL: FLUSH
 *            TABLES WITH READ LOCK, bounded by lock_wait) gives W snapshots of one position; W
 *            workers stream tables, big ones in key ranges, and write each row to all targets with
 *            sql_log_bin = 0; then routines, views, triggers, events (ENABLED becomes DISABLE ON
 *            SLAVE); AUTO_INCREMENT counters come with the tables. Accounts that are definers or
 *            granted on the databases are made where they are missing; where that is refused, so is
 *            the seed.
 * Refuses:   tables a snapshot does not hold (other engines, sequences, history); a source that
 *            throws its binary logs away before the copy can be done, as computed; DDL during the
 *            seed is ERR_CONFLICT at its end.
 * Invariant: targets hold none of the databases when it starts (ERR_REFUSED otherwise); the source
 *            is only read. Nothing is changed without the lease: who stood still while another
 *            controller took the run gets ERR_BUSY from the permit, on every thread.
 * Threads:   its own workers; progress is called from the calling thread about twice a second.
 */
#ifndef CUTOVER_CLUSTER_SEED_H
#define CUTOVER_CLUSTER_SEED_H

#include "cluster/session.h"

struct seed_progress {
    uint64_t rows_done, rows_total; /* total is an estimate */
    uint64_t bytes_done, bytes_total;
    unsigned tables_done, tables_total;
    int64_t elapsed_ms, eta_ms; /* -1 unknown */
    char current[160];
};

struct seed_options {
    const struct service *service;
    /* the lease, asked before each change; NULL: nobody has to be. Borrowed, for all threads */
    const struct session_permit *permit;
    enum side from;   /* the source side; all nodes of the other side are targets */
    unsigned workers; /* 0 = 4 */
    uint64_t rate;    /* at most so many bytes of values a second, once for all targets; 0: any */
    void (*progress)(void *context, const struct seed_progress *progress);
    void *context;
};

struct seed_report {
    /* of the source at the snapshot: what the targets must be told that they hold */
    struct position position;
    uint64_t rows, bytes;
    unsigned tables;
    int64_t duration_ms;
    int64_t barrier_ms; /* how long commits were held on the source */
};

/* Folders of databases that are gone, which a clone that was cut short has left. */
struct seed_left {
    unsigned count;
    const struct node *node; /* this and below: of the first */
    const char *database;    /* of the service */
};

/*
 * Drop the service's databases on every node of a side, unlogged. Refuses (ERR_REFUSED) when that
 * side is not closed or has a link running towards it, or when the other side is not the open one.
 * out_left  such folders are passed over and told here; NULL: the first of them is an error
 */
MUST_CHECK int seed_wipe(const struct service *service, enum side side,
                         const struct session_permit *permit, struct seed_left *out_left,
                         struct err *err);

/*
 * Can the other side be filled by a copy, at `rate` bytes a second (0: any)? Nothing is changed.
 * out_roomless the first node whose disk could not be asked for; NULL: all could
 * Errors       ERR_REFUSED/NONE: another flavour, tables that no snapshot holds, a log that would
 *              be gone, a disk that is too small; ERR_LOST, ERR_SERVER, those of cluster/host.h
 */
MUST_CHECK int seed_copy_check(const struct service *service, enum side from, uint64_t rate,
                               const struct node **out_roomless, struct err *err);

/* Stops on signals: ERR_STOPPED/APPLIED, targets are partly filled (seed_wipe cleans). */
MUST_CHECK int seed_copy(const struct seed_options *options, struct seed_report *out,
                         struct err *err);

#endif
