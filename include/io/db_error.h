/* SPDX-License-Identifier: MIT */
/*
 * io/db_error.h - what an error number of a server or client library means for the one who sent the
 *                 statement.
 * Invariant: no literal of a statement ever reaches an error text; a statement is named by its
 *            first two words.
 * Not here:  talking to a server (io/db.h).
 * Threads:   stateless.
 */
#ifndef CUTOVER_IO_DB_ERROR_H
#define CUTOVER_IO_DB_ERROR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

#define DB_STATEMENT_NAME_SIZE 48

/*
 * DB_REFUSED   the server answered with an error; the connection goes on
 * DB_GONE      the connection is over, whoever ended it
 * DB_GARBLED   the library cannot follow the server any more; the connection is over as well
 * DB_EXHAUSTED the client ran out of memory in the middle of an answer; the connection is over as
 * well
 */
enum db_error_kind { DB_REFUSED, DB_GONE, DB_GARBLED, DB_EXHAUSTED };

enum db_error_kind db_error_kind(unsigned native);

/* What to do about it, "" when there is nothing better than the message. Static string. */
const char *db_error_hint(unsigned native);

/* "CHANGE MASTER", "SELECT", "SET GLOBAL": at most two plain words after leading comments. Returns
 * out. */
char *db_statement_name(const char *sql, char out[DB_STATEMENT_NAME_SIZE]);

/* True for SELECT, SHOW, EXPLAIN, DESCRIBE and WITH ... : repeating it is harmless. */
bool db_statement_is_read(const char *sql);

/*
 * May the server's own text of this error be shown? A statement with a password in it comes back in
 * parts in "syntax error near '...'" and the like, so only errors that are known to name no literal
 * are let through.
 */
bool db_error_text_is_safe(const char *sql, unsigned native);

/*
 * Fill err for a failed statement.
 *
 * text         what the server or library said
 * if_lost      the effect when the connection went away in between
 * is_timeout   the wait for the answer had reached its limit
 */
int db_error_set(struct err *err, const char *sql, unsigned native, const char *text,
                 enum err_effect if_lost, bool is_timeout);

#endif
