/* SPDX-License-Identifier: MIT */
/*
 * io/db_poll.h - statements whose answers nobody waits for: one thread asks many servers at once.
 * Invariant: sending waits for nobody (a statement of a few hundred bytes, one at a time), and
 *            reading does not either, once db_poll_is_answered() says so: an answer is read when
 *            all of it has arrived. Not so when it is longer than DB_POLL_PEEK_BYTES, or when under
 *            TLS, where nobody sees what a record holds, it comes in several records and stops
 *            between two: then reading lasts up to the connection's time limit, and costs it.
 * Library:   both. Neither's own way is used: Connector/C's is not Oracle's, and blocks under TLS.
 * Threads:   as io/db.h; opening a connection blocks, so that is for another thread to do.
 */
#ifndef CUTOVER_IO_DB_POLL_H
#define CUTOVER_IO_DB_POLL_H

#include "io/db.h"

#define DB_POLL_PEEK_BYTES 16384

/* The socket, for epoll: it can be read when more of an answer, or the end, has arrived. */
int db_poll_socket(const struct db *db);

/*
 * Send a statement. Any other is refused with ERR_BUG/NONE until the answer has been read.
 * Errors  as db_query()
 */
MUST_CHECK int db_poll_send(struct db *db, const char *sql, struct err *err);

/* Can the answer, or the end of the connection, be read without waiting? */
bool db_poll_is_answered(const struct db *db);

/*
 * Contract as that of db_query(), for a statement that has rows and one result.
 * Errors  ERR_BUG/NONE nothing was sent; ERR_PROTOCOL another kind of statement, with Connector/C:
 *         the connection is given up
 */
MUST_CHECK int db_poll_read(struct db *db, struct db_result *out, struct err *err);

#endif
