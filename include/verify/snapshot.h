/* SPDX-License-Identifier: MIT */
/*
 * verify/snapshot.h - both ends of a pair in transactions that see the same moment.
 * How:     commits on the source are held for some milliseconds (MariaDB: BACKUP STAGE
 *          BLOCK_COMMIT, MySQL: FLUSH TABLES WITH READ LOCK) while the source begins its
 *          transaction, its position is read, the replica applies just that and begins its own.
 * Barrier: only once the replica was found close behind; every step within it is bounded, and so is
 *          the number of tries. It is on a connection of its own, whose end gives it back, whatever
 *          became of us. Not taken while the replica side is open: its own writes would be in one
 *          snapshot only, and a source that applies them in parallel can block itself for ever.
 * Threads: belongs to the thread of its pair.
 */
#ifndef CUTOVER_VERIFY_SNAPSHOT_H
#define CUTOVER_VERIFY_SNAPSHOT_H

#include "verify/pair.h"

#define SNAPSHOT_MS_DEFAULT 60000

struct snapshot {
    const struct service *service;
    int64_t limit_ms; /* how old it may become; 0 = SNAPSHOT_MS_DEFAULT */
    /* Of the pair's connections; 0: none is taken. Other connections make it void. */
    unsigned long source_id, replica_id;
    int64_t taken_ms;
    char refused[160]; /* why there will be none; "" = there may be */
    unsigned count;
    int64_t longest_us; /* of all the times that commits were held */
};

/*
 * Have one that is young enough; false, with the reason in `refused`, when it is not to be had.
 * Nothing is lost then but time. When both are still there is nothing to do.
 * Errors  of the pair's own connections only: ERR_LOST, ERR_STOPPED
 */
MUST_CHECK int snapshot_hold(struct snapshot *snapshot, struct pair *pair, bool *out_is_held,
                             struct err *err);

/* Is one held that may still be used? Otherwise it may be ended, and what takes time be done. */
bool snapshot_is_fresh(const struct snapshot *snapshot, const struct pair *pair);

/* Before rows are read as they are now. */
MUST_CHECK int snapshot_end(struct snapshot *snapshot, struct pair *pair, struct err *err);

int64_t snapshot_limit_ms(const struct snapshot *snapshot);

#endif
