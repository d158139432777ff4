/* SPDX-License-Identifier: MIT */
/*
 * verify/repair.h - rows that differ are made the same again, by way of replication.
 * How:       the source is right. Each row is read there under a lock and written again with the
 *            values it has (REPLACE, every value as an exact literal), or, where the source has no
 *            such row, deleted by its key once more; both in a session that logs statements
 *            (binlog_format = STATEMENT). On the source nothing changes: the row is read again
 *            before the commit, and rolled back when a byte of it moved. The replica side executes
 *            the statement whatever it had: a row, another row, none.
 * Why so:    row events would stop the link where the replica side lacks the row (1032) or has one
 *            too many (1062), and an UPDATE that changes nothing is not logged as rows at all.
 *            Measured on MariaDB 10.11 and MySQL 9.7: a REPLACE that changes nothing and a DELETE
 *            that finds nothing are both logged as statements, and a replica with binlog_format =
 *            ROW logs what they changed there as rows.
 * Downstream: that is what the replicas of the replica side get. They apply it when they have
 *            (or lack) the row just as their source does; where they do not agree about that, a
 *            repair would stop them (1062, 1032), so such a row is refused.
 * Never:     writes on the replica side; repairs definitions; touches a table with triggers (they
 *            would fire), with system versions (its history would grow), without a key, or with
 *            another definition over there; does anything where statements cannot pass (Galera,
 *            group replication, a channel with REQUIRE_ROW_FORMAT).
 * Crash:     each row is a transaction of its own that changes nothing on the source: whenever it
 *            ends, every row is either repaired or as it was, and a repair may be repeated.
 * Threads:   a repair belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_REPAIR_H
#define CUTOVER_VERIFY_REPAIR_H

#include "base/buf.h"
#include "verify/verify.h"

#define REPAIR_LIMIT 1000     /* differences; with more, seeding again is the better way */
#define REPAIR_BATCH_ROWS 50U /* between two looks at what has become of them */

enum repair_state {
    REPAIR_PLANNED,
    REPAIR_REFUSED,   /* nothing was sent for this row */
    REPAIR_SENT,      /* written again on the source, not compared since */
    REPAIR_EQUAL,     /* compared since: the same on all nodes */
    REPAIR_DIFFERENT, /* compared since: still not the same */
};
const char *repair_state_name(enum repair_state state);

struct repair_row {
    const struct difference *difference; /* borrowed from who asked */
    enum repair_state state;
    char why[320]; /* it was refused, or differs */
};

struct repair;

struct repair_options {
    const struct service *service;
    enum side source;
    bool is_shared_allowed; /* somebody said which side is right: the other may take writes, too */
    /* Around each batch, rows first to first + count - 1; a negative answer ends the repair. */
    int (*before_batch)(void *context, const struct repair *repair, size_t first, size_t count,
                        struct err *err);
    int (*after_batch)(void *context, const struct repair *repair, size_t first, size_t count,
                       struct err *err);
    void (*progress)(void *context, size_t done, size_t total); /* may be NULL */
    void *context;
};

/*
 * Connect, look at both sides, and decide what cannot be repaired; writes nothing. The differences
 * are borrowed.
 * Errors  ERR_REFUSED/NONE statements cannot pass, or both sides take writes; ERR_SERVER/NONE with
 *         a hint for the privilege that is missing; ERR_LOST/NONE any of their nodes
 */
MUST_CHECK int repair_open(const struct repair_options *options,
                           const struct difference *differences, size_t count, struct repair **out,
                           struct err *err);
void repair_free(struct repair *repair);
void repair_freep(struct repair **repair);

size_t repair_count(const struct repair *repair);
const struct repair_row *repair_at(const struct repair *repair, size_t number);
size_t repair_count_of(const struct repair *repair, enum repair_state state);

/*
 * What would be sent now for a planned row, appended: the statement with its values, cut to some
 * hundred bytes each, or with their length and hash instead.
 * Errors  ERR_LOST, ERR_SERVER; ERR_REFUSED/NONE this row cannot be repaired: says why
 */
MUST_CHECK int repair_statement(struct repair *repair, size_t number, bool has_values,
                                struct buf *out, struct err *err);

/*
 * Do it, batch by batch; after an error or a stop the rows say how far it came.
 * Errors  ERR_STOPPED between two rows; ERR_LOST, ERR_SERVER, ERR_TIMEOUT the link is too late
 */
MUST_CHECK int repair_run(struct repair *repair, struct err *err);

#endif
