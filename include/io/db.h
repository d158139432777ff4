/* SPDX-License-Identifier: MIT */
/*
 * io/db.h - one connection to a MySQL or MariaDB server, blocking, with a read timeout on every
 *           statement.
 * Owns:      the client library; nobody else includes <mysql.h>. Builds with MariaDB Connector/C or
 *            Oracle's library.
 * Invariant: there is no silent reconnect. After ERR_LOST or ERR_TIMEOUT the connection is dead and
 *            every call answers ERR_LOST/NONE; the failed statement itself is EFFECT_UNKNOWN unless
 *            it is a read. When TLS is asked for, a connection without a cipher is refused (the
 *            library may fall back silently).
 * Threads:   a struct db belongs to one thread at a time. Call db_library_init() once in main, and
 *            db_thread_enter() in a thread that uses connections which others opened; a thread that
 *            used the library tells it so by ending.
 */
#ifndef CUTOVER_IO_DB_H
#define CUTOVER_IO_DB_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "base/secret.h"
#include "base/tls.h"

struct db;

struct db_target {
    const char *host;
    unsigned port;
    const char *socket; /* a unix socket of this host that leads there; NULL or "" = by TCP */
    const char *user;
    const struct secret *password;
    const struct tls_options *tls;
    int64_t connect_timeout_ms; /* to the end of the login; the libraries may take a second more */
    int64_t read_timeout_ms;    /* for every statement; must exceed any SQL-level wait; see
                                db_set_timeout() */
    const char *program;        /* connection attribute program_name, shown in the process list */
    bool is_one_of_many;        /* idle most of the time: gives its buffers back meanwhile */
};

MUST_CHECK int db_library_init(struct err *err);
void db_library_end(void);
MUST_CHECK int db_thread_enter(struct err *err);

/* "MariaDB Connector/C 3.3.20", or "MySQL client library 9.7.4 (built with 9.7.2)"; the only thing
 * that tells one from the other. Returns out. */
#define DB_LIBRARY_TEXT_SIZE 96
const char *db_library_text(char out[DB_LIBRARY_TEXT_SIZE]);

/* Errors: ERR_LOST/NONE with native 1045 (access denied), 2002/2003 (unreachable), 2026 (TLS), and
 * a hint for each. */
MUST_CHECK int db_connect(const struct db_target *target, struct db **out, struct err *err);
void db_free(struct db *db);
void db_freep(struct db **db); /* for CLEANUP */

const char *db_where(const struct db *db); /* "host:port", lives as long as db */
unsigned long db_thread_id(const struct db *db);
const char *db_tls_cipher(const struct db *db); /* "" = plaintext */
/* The number that the host's name led to: "192.0.2.7"; "" of a socket file, or when it is gone. */
void db_peer(const struct db *db, char *out, size_t out_size);
bool db_is_dead(const struct db *db);

/*
 * From another thread than the one that waits: the server has stopped answering, nobody needs its
 * answer any more. The statement under way ends as ERR_LOST/UNKNOWN at once, the connection is
 * dead.
 */
void db_abandon(const struct db *db);

/*
 * Change the time limit of the following statements, kept to the millisecond up to the first byte
 * of the answer. Within an answer it is whole seconds for each read (with Oracle's library: those
 * given at connect).
 */
MUST_CHECK int db_set_timeout(struct db *db, int64_t read_timeout_ms, struct err *err);

/*
 * Run one statement that changes something; result rows, if any, are dropped.
 * Errors  ERR_SERVER/NONE with native = error number (statement refused: no effect for a single
 * statement); ERR_LOST or ERR_TIMEOUT/UNKNOWN: it may have happened.
 */
MUST_CHECK int db_exec(struct db *db, const char *sql, struct err *err);
uint64_t db_affected(const struct db *db);

/*
 * A whole result in memory, at most 100,000 rows and 256 MiB (ERR_MEMORY/NONE; a much larger answer
 * also costs the connection). Values are bytes with a length; NULL is NULL. A lost SELECT or SHOW
 * is EFFECT_NONE.
 */
struct db_result {
    void *opaque;
    size_t row_count, column_count;
};
MUST_CHECK int db_query(struct db *db, const char *sql, struct db_result *out, struct err *err);
void db_result_release(struct db_result *result);
int db_result_column(const struct db_result *result,
                     const char *name); /* index, case-insensitive, or -1; NULL: no such column */
const char *db_result_column_name(const struct db_result *result, size_t column);
/* NULL when SQL NULL, row or column out of range (-1 included). Lives as long as the result. */
const char *db_result_text(const struct db_result *result, size_t row, int column);
size_t db_result_len(const struct db_result *result, size_t row, int column);
const char *db_result_get(const struct db_result *result, size_t row, const char *column_name);

/* One row, one column, as text into out. is_null (may be NULL) says SQL NULL. ERR_PROTOCOL when the
 * shape differs. */
MUST_CHECK int db_query_text(struct db *db, const char *sql, char *out, size_t out_size,
                             bool *out_is_null, struct err *err);
MUST_CHECK int db_query_int(struct db *db, const char *sql, int64_t *out, struct err *err);

/*
 * Rows one by one without storing them (mysql_use_result). Errors may surface at db_stream_next
 * (1213, 1205). Until the end is reached, or db_stream_close(), any other statement is refused with
 * ERR_BUG/NONE. Closing early reads the rest away; when that is more than 100,000 rows the
 * connection is given up instead (db_is_dead).
 */
struct db_row {
    size_t column_count;
    const char *const *values; /* NULL entry = SQL NULL */
    const unsigned long *lengths;
};
MUST_CHECK int db_stream_open(struct db *db, const char *sql, struct err *err);
/* 1 a row, 0 the end, negative an error. The row lives until the next call. */
MUST_CHECK int db_stream_next(struct db *db, struct db_row *out, struct err *err);
void db_stream_close(struct db *db);

#endif
