/* SPDX-License-Identifier: MIT */
/*
 * verify/pair.h - a connection to each side, set so that both print the same row as the same bytes.
 * Why not cluster/session.h: these sessions differ from every other (results unconverted, short row
 * locks), and verify does not
 *          look at cluster.
 * Threads: a pair belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_PAIR_H
#define CUTOVER_VERIFY_PAIR_H

#include "domain/position.h"
#include "domain/service.h"
#include "domain/version.h"
#include "io/db.h"
#include "sql/catalog.h"

/* How many rows a statement reads, in the table that is being read. */
struct slice {
    uint64_t rows;
    double us_per_row; /* of the slowest of the last statements; 0: none was read yet */
};

struct verify_end {
    struct db *db;
    struct server_version version;
    enum side side;
    bool is_open;
    struct slice slice;
    bool is_downstream; /* a replica of its side's primary: what it gets comes by any channel */
    struct origin origin;
};

struct pair {
    struct verify_end source, replica;
    bool is_still;  /* nothing moves: waiting and locking are left out */
    bool is_shared; /* the replica side takes writes as well */
};

MUST_CHECK int pair_open(const struct service *service, enum side source, bool is_still,
                         struct pair *out, struct err *err);
void pair_release(struct pair *pair); /* zeroed memory allowed */

/*
 * A connection to any node of a side, set like those of a pair. What pair_open() asks beyond that
 * (is_open, origin) is left empty: waiting for such an end waits for everything.
 */
MUST_CHECK int end_open(const struct service *service, const struct node *node,
                        struct verify_end *out, struct err *err);

/* The statement as this end understands it. out  the caller releases it, error or not */
MUST_CHECK int end_render(const struct verify_end *end, enum sql_id id, const struct sql_arg *args,
                          size_t arg_count, struct buf *out, struct err *err);

/* Render for this end and run; the forms of io/db.h. */
MUST_CHECK int end_exec(struct verify_end *end, enum sql_id id, struct err *err);
MUST_CHECK int end_query(struct verify_end *end, enum sql_id id, const struct sql_arg *args,
                         size_t arg_count, struct db_result *out, struct err *err);
MUST_CHECK int end_stream(struct verify_end *end, enum sql_id id, const struct sql_arg *args,
                          size_t arg_count, struct err *err);

/* Where an end stands now. */
MUST_CHECK int end_position(struct verify_end *end, struct position *out, struct err *err);

/* What an end has applied of what links bring. */
MUST_CHECK int end_applied(struct verify_end *end, struct position *out, struct err *err);

/*
 * Read the position of `from` now and wait until `to` has applied it. Does nothing when both are
 * still. patience_ms  how long the applied position may stand still before it is given up; it may
 * take longer while it moves when is_patient, not otherwise Errors  ERR_TIMEOUT/NONE;
 * ERR_SERVER/NONE the link stopped or is absent: names it; ERR_STOPPED; ERR_LOST
 */
MUST_CHECK int pair_wait(struct pair *pair, struct verify_end *from, struct verify_end *to,
                         int64_t patience_ms, bool is_patient, struct err *err);

/*
 * The two halves of pair_wait(), for callers that have something else to do between: what `to` has
 * to apply of `from` as it is now, and waiting for that, which leaves `from` alone.
 */
MUST_CHECK int pair_want(const struct pair *pair, struct verify_end *from,
                         const struct verify_end *to, struct position *out, struct err *err);
MUST_CHECK int pair_wait_for(const struct pair *pair, struct verify_end *to,
                             const struct position *want, int64_t patience_ms, bool is_patient,
                             struct err *err);

/* Is this the answer to somebody else's lock: deadlock 1213, lock wait 1205? Then the transaction
 * is over, or must be ended. */
bool is_lock_conflict(int rc, const struct err *err);

#endif
