/* SPDX-License-Identifier: MIT */
/*
 * cluster/session.h - open a connection to a node the way this program wants every connection to
 * be.
 * Invariant: time_zone '+00:00', sql_mode pinned, utf8mb4, lock_wait_timeout bounded, autocommit
 *            on, wait_timeout set.
 * Threads:   a session belongs to one thread.
 */
#ifndef CUTOVER_CLUSTER_SESSION_H
#define CUTOVER_CLUSTER_SESSION_H

#include "domain/position.h"
#include "domain/service.h"
#include "domain/version.h"
#include "io/db.h"
#include "sql/catalog.h"

enum session_account { SESSION_CONTROLLER, SESSION_MONITOR, SESSION_REPLICATION };

/*
 * What lets a session change something on its node: a lease that is still held (cluster/lease.h,
 * which fills it in).
 */
struct session;
struct session_permit {
    /* ERR_BUSY when it is not, ERR_LOST when that cannot be asked. Costs nothing as a rule. */
    int (*check)(const struct session_permit *permit, struct err *err);
    /* Once a session: make it one that the next holder of the lease will find and end. */
    int (*admit)(const struct session_permit *permit, struct session *session, struct err *err);
    struct lease *lease;
    char lock[64 + 1]; /* the name of the lock on this node, and the thread that has it; 0: none */
    unsigned long thread_id;
};

struct session {
    struct db *db;
    struct server_version version;
    const struct node *node;
    const struct session_permit *permit; /* NULL: nobody has to be asked. Borrowed. */
};

/*
 * With the limits of the service: connecting and every statement within limits.statement, a lock
 * within limits.lock_wait.
 */
MUST_CHECK int session_open(const struct service *service, const struct node *node,
                            enum session_account account, struct session *out, struct err *err);

/*
 * The same with limits of its own, for those who must not wait that long. A field that is 0 means
 * as above.
 */
struct session_limits {
    int64_t connect_ms, statement_ms;
    /* the server ends a session that is silent for so long: what a vanished host leaves behind */
    unsigned idle_s;
};
MUST_CHECK int session_open_within(const struct service *service, const struct node *node,
                                   enum session_account account,
                                   const struct session_limits *limits, struct session *out,
                                   struct err *err);

/* As an account that is none of ours: it only proves that it can log in, and ask. */
MUST_CHECK int session_open_as(const struct service *service, const struct node *node,
                               const struct account *account, const struct session_limits *limits,
                               struct session *out, struct err *err);
void session_release(struct session *session); /* zeroed memory allowed */

/*
 * From here on it may change something while `permit` says so. NULL: whoever opened it needs none.
 * Errors  those of mark_take() and mark_end_all(); the session then has no business going on
 */
MUST_CHECK int session_admit(struct session *session, const struct session_permit *permit,
                             struct err *err);

/* May it change something now? Asked before every session_exec(). */
MUST_CHECK int session_may_change(const struct session *session, struct err *err);

/* Render a catalog statement for this server and run it. */
MUST_CHECK int session_exec(struct session *session, enum sql_id id, const struct sql_arg *args,
                            size_t arg_count, struct err *err);
MUST_CHECK int session_query(struct session *session, enum sql_id id, const struct sql_arg *args,
                             size_t arg_count, struct db_result *out, struct err *err);

/* For a statement that answers one row: ERR_PROTOCOL/NONE when it does not. */
MUST_CHECK int session_query_row(struct session *session, enum sql_id id,
                                 const struct sql_arg *args, size_t arg_count,
                                 struct db_result *out, struct err *err);

/* A column of a result as a whole number; 0 when it is NULL, absent or none. */
int64_t result_number(const struct db_result *result, size_t row, const char *column);
/* A column of a result as text, never NULL: "" instead. Lives as long as the result. */
const char *result_text(const struct db_result *result, size_t row, const char *column);
/* Copy it, cut to fit. */
void result_copy(const struct db_result *result, size_t row, const char *column, char *out,
                 size_t out_size);

/* A column as the position, or the origin, of a server of this flavour. ERR_PROTOCOL/NONE. */
MUST_CHECK int session_position(const struct session *session, const struct db_result *result,
                                const char *column, struct position *out, struct err *err);
MUST_CHECK int session_origin(const struct session *session, const struct db_result *result,
                              const char *column, struct origin *out, struct err *err);

/* What this server calls a column of a statement's answer; see sql_column(). */
const char *session_column(const struct session *session, enum sql_id id, const char *key);

/* Lists of literals for :{ours!} and :{databases!}. */
void session_our_accounts(const struct service *service, struct buf *out);
void session_databases(const struct service *service, struct buf *out);

/*
 * Kill a session of ours (or a stuck statement) from a fresh connection. 1094 "no such thread" is
 * success.
 */
MUST_CHECK int session_kill(const struct service *service, const struct node *node,
                            unsigned long thread_id, struct err *err);

#endif
