/* SPDX-License-Identifier: MIT */
/*
 * verify/change_log.h - what a primary's binary log says was changed, one row after the other.
 * How:       the server is asked for its log as a replica would ask (io/binlog.h); row events are
 *            decoded by us as far as keys need: all column types, both flavours, compressed events
 *            and transactions, tagged GTIDs.
 * Invariant: nothing is left out silently. What cannot be told row by row (no key, a statement, a
 *            definition) is told as a change of the table, the database or of everything.
 * Threads:   a log belongs to one thread.
 * Source     MySQL 8.4 source documentation, "Binary log event"; MariaDB documentation,
 * "Replication
 *            protocol"
 */
#ifndef CUTOVER_VERIFY_CHANGE_LOG_H
#define CUTOVER_VERIFY_CHANGE_LOG_H

#include "domain/position.h"
#include "domain/service.h"
#include "domain/table_shape.h"
#include "sql/key_range.h"
#include "verify/binlog_place.h"

struct change_log;

enum change_kind {
    /* one row of `table`; an update that moves a key is two of them, a DELETE of the old key and an
       INSERT of the new one, so that whoever follows foreign keys can tell it from other updates */
    CHANGE_ROW,
    CHANGE_TABLE,  /* some rows of database.name, nobody knows which; no name: of the database; no
                      database: of anything */
    CHANGE_SCHEMA, /* definitions changed, rows may have: as CHANGE_TABLE; read shapes again */
    CHANGE_COMMIT, /* the transaction is complete: change_log_position() has moved */
};

enum change_action { CHANGE_INSERT, CHANGE_UPDATE, CHANGE_DELETE };

struct change {
    enum change_kind kind;
    enum change_action action;       /* of a row */
    const struct table_shape *table; /* of a row; otherwise NULL when the catalog has none */
    const char *database, *name;     /* "" is unknown */
    /* The bytes of the walking key as sql/key_range.h has them. Of a row. Borrowed, as all texts,
     * until the next call. */
    const struct key_point *key;
    bool is_own;             /* written on this server, not brought by a link */
    const char *transaction; /* "0-1-17", "uuid:17" or "uuid:tag:17" */
    unsigned server_id;
    int64_t at_ms; /* wall clock of the server that wrote it, at commit; whole seconds on MariaDB */
};

struct change_log_options {
    const struct service *service;
    enum side side;
    const struct position *from;         /* what is known already; its log must still be there */
    const struct binlog_place *at;       /* NULL, or noted with `from`: a hint, never believed */
    const struct table_catalog *catalog; /* borrowed: which tables matter, and their keys */
    bool is_own_only;                    /* leave out rows that a link brought */
};

/*
 * Errors  ERR_REFUSED/NONE the log after `from` is gone (1236), names it; ERR_LOST; ERR_SERVER/NONE
 *         with a hint for the privilege that is missing (REPLICATION SLAVE, MariaDB: or REPLICATION
 *         MASTER ADMIN)
 */
MUST_CHECK int change_log_open(const struct change_log_options *options, struct change_log **out,
                               struct err *err);
void change_log_free(struct change_log *log);
void change_log_freep(struct change_log **log);

/*
 * 1 a change, 0 none within wait_ms, negative an error; after an error the log is of no use.
 * Errors  ERR_LOST, ERR_PROTOCOL (an event that is not understood: never skipped), ERR_STOPPED
 */
MUST_CHECK int change_log_next(struct change_log *log, int64_t wait_ms, struct change *out,
                               struct err *err);

/* As binlog_linger(). */
void change_log_linger(struct change_log *log, int ms);

/* Everything up to here has been told: `from` and the complete transactions since. */
const struct position *change_log_position(const struct change_log *log);

/* Where the log says that; not known on MariaDB, and before the first transaction. */
const struct binlog_place *change_log_place(const struct change_log *log);

/* New shapes, from the next event on; borrowed. */
void change_log_use(struct change_log *log, const struct table_catalog *catalog);

#endif
