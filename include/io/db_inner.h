/* SPDX-License-Identifier: MIT */
/*
 * io/db_inner.h - a connection as the files that implement it see it.
 * Owns:    the client library's header; only src/io/db*.c and src/io/binlog.c include this.
 * Threads: as io/db.h.
 */
#ifndef CUTOVER_IO_DB_INNER_H
#define CUTOVER_IO_DB_INNER_H

#include <mysql.h>

#include <errmsg.h> /* wants mysql.h before it */
#ifdef LIBMARIADB
#include <ma_pvio.h>
#endif

#include "io/db.h"

/* Rows. Beyond it the rest of an answer that nobody wants costs the connection. */
#define DB_READ_AWAY_CAP 100000

struct db_packets;

struct db {
    MYSQL *mysql;
    MYSQL_RES *stream; /* rows of db_stream_open() still to be read */
    char *stream_sql;
    enum err_effect stream_if_lost;
    struct db_packets *packets; /* of db_packets_open(), still to be read */
    char *polled_sql;           /* of db_poll_send(), its answer still to be read */
    int64_t polled_ms;          /* when that was */
    char where[300];
    char cipher[64];
    unsigned long thread_id;
    uint64_t affected;
    int64_t read_timeout_ms;
    bool is_dead;
};

/* One statement on its way: what an error needs to know about it. */
struct db_statement {
    const char *sql;
    enum err_effect if_lost;
    int64_t started_ms;
};

/* The statement's beginning, now; a read that is lost had no effect. */
struct db_statement db_statement_of(const char *sql);

/* The clock of clock_mono_ms(), to some milliseconds but in a few nanoseconds: it is read for each
 * row, for the one that fails. */
int64_t db_roughly_now_ms(void);

/* The library's error of this statement as ours; gives the connection up unless it was a refusal.
 */
MUST_CHECK int db_fail(struct db *db, const struct db_statement *statement, struct err *err);

/* 0 when a statement may be sent now. */
MUST_CHECK int db_check_usable(const struct db *db, const char *sql, struct err *err);

/* Send, and do not wait. */
MUST_CHECK int db_send(struct db *db, const struct db_statement *statement, struct err *err);

/* The answer to what was sent, which has begun to arrive: all of it, in memory. */
MUST_CHECK int db_read_answer(struct db *db, const struct db_statement *statement,
                              struct db_result *out, struct err *err);

/* Wait for the first byte of an answer, of which nothing can be buffered yet. Errors: as a lost
 * statement; the connection is given up. */
MUST_CHECK int db_await_answer(struct db *db, const struct db_statement *statement,
                               struct err *err);

/* The connection is dead from here on; the peer sees the end at once. */
void db_give_up(struct db *db);

/* Of the stream that is open; its connection may be alive or not. */
void db_drop_stream(struct db *db);

/* The same for db_packets_open(); nothing is read or sent. */
void db_drop_packets(struct db *db);

int db_socket(const struct db *db);

#ifdef LIBMARIADB
/* --- one packet of an answer, without what the library makes of it; not with Oracle's --- */

struct db_packet {
    const unsigned char *bytes; /* lives until the next is read */
    size_t len;                 /* at least 1 */
};

/* Errors: what the server refused, with the connection alive; or as a lost statement. */
MUST_CHECK int db_packet_read(struct db *db, const struct db_statement *statement,
                              struct db_packet *out, struct err *err);

/* Is there no mark between columns and rows? */
bool db_has_short_end(const struct db *db);

bool db_packet_is_end(const struct db_packet *packet);

/* Of the end of the rows: has no other result been announced behind it? None may be. */
bool db_packet_is_last(const struct db *db, const struct db_packet *end);

/* ERR_PROTOCOL; the connection is given up, as nobody knows where the next answer would begin. */
int db_garbled(struct db *db, const struct db_statement *statement, struct err *err);
#endif

#endif
