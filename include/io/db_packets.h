/* SPDX-License-Identifier: MIT */
/*
 * io/db_packets.h - the rows of a SELECT as the server sent them: one packet of the binary protocol
 *                   each, neither copied nor converted.
 * What for:  comparing. Such a row costs the server less than one in text, and the client next to
 *            nothing; a FLOAT is its four bytes and not six digits.
 * Contract:  that of db_stream_open() and its companions: errors of the server at any row, time
 *            limits, lost connections, rows that nobody reads any more. Between the first row and
 *            the end, or db_packets_close(), any other statement is refused.
 * Library:   MariaDB Connector/C, which lets one read packets. Oracle's does not: there
 *            db_packets_is_able() says false, and opening is ERR_BUG.
 * Threads:   as io/db.h.
 */
#ifndef CUTOVER_IO_DB_PACKETS_H
#define CUTOVER_IO_DB_PACKETS_H

#include "io/db.h"
#include "io/db_wire.h"

bool db_packets_is_able(void);

/* Prepare a SELECT and execute it. Errors  as db_stream_open(); 1461 the server has as many
 * prepared statements as it allows. */
MUST_CHECK int db_packets_open(struct db *db, const char *sql, struct err *err);

/* The columns of the rows that are coming; they live until the end or db_packets_close(). */
const struct wire_column *db_packets_columns(const struct db *db, size_t *out_count);

/* 1 a row, 0 the end, negative an error. The bytes live until the next call; see io/db_wire.h. */
MUST_CHECK int db_packets_next(struct db *db, const unsigned char **out_bytes, size_t *out_len,
                               struct err *err);
void db_packets_close(struct db *db);

/*
 * What the rows of a SELECT would look like: it is prepared, and not executed.
 * out  the caller frees it
 */
MUST_CHECK int db_packets_describe(struct db *db, const char *sql, struct wire_column **out,
                                   size_t *out_count, struct err *err);

#endif
