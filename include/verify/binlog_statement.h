/* SPDX-License-Identifier: MIT */
/*
 * verify/binlog_statement.h - what a statement in the binary log may have changed.
 * How:     a few words are looked at; where they do not tell for sure, the answer is larger: the
 *          database, or everything. Data changed by a statement is told by databases (MySQL lists
 *          them, triggers and functions included) or as everything (MariaDB does not).
 * Not told: accounts, and maintenance that changes no row (ANALYZE, FLUSH); temporary tables.
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_BINLOG_STATEMENT_H
#define CUTOVER_VERIFY_BINLOG_STATEMENT_H

#include "verify/binlog_event.h"
#include "verify/told.h"

enum statement_role {
    STATEMENT_CHANGE, /* or nothing of interest */
    STATEMENT_BEGIN,
    STATEMENT_COMMIT,
    STATEMENT_ROLLBACK,
    STATEMENT_XA_START,
    STATEMENT_XA_END,
    STATEMENT_XA_COMMIT,
    STATEMENT_XA_ROLLBACK,
    STATEMENT_SAVEPOINT, /* and back to it: what was undone is told, too */
};

/* out_xid: of the XA statements, as binlog_xa_prepare_read() has it. ERR_MEMORY/NONE. */
MUST_CHECK int statement_read(const struct binlog_query *query, struct told_list *told,
                              enum statement_role *out_role, char out_xid[BINLOG_XID_SIZE],
                              struct err *err);

#endif
