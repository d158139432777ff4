/* SPDX-License-Identifier: MIT */
/*
 * cluster/session.h - open a connection to a node the way this program wants every connection to be.
 * Invariant: time_zone '+00:00', sql_mode pinned, utf8mb4, lock_wait_timeout bounded, autocommit on, wait_timeout set.
 * Threads:   a session belongs to one thread.
 */
#ifndef CUTOVER_CLUSTER_SESSION_H
#define CUTOVER_CLUSTER_SESSION_H

#include "domain/service.h"
#include "domain/version.h"
#include "io/db.h"
#include "sql/catalog.h"

enum session_account { SESSION_CONTROLLER, SESSION_MONITOR, SESSION_REPLICATION };

struct session {
    struct db *db;
    struct server_version version;
    const struct node *node;
};

MUST_CHECK int session_open(const struct service *service, const struct node *node, enum session_account account,
                            struct session *out, struct err *err);
void session_release(struct session *session); /* zeroed memory allowed */

/* Render a catalog statement for this server and run it. */
MUST_CHECK int session_exec(struct session *session, enum sql_id id, const struct sql_arg *args, size_t arg_count,
                            struct err *err);
MUST_CHECK int session_query(struct session *session, enum sql_id id, const struct sql_arg *args, size_t arg_count,
                             struct db_result *out, struct err *err);

/* Kill a session of ours (or a stuck statement) from a fresh connection. 1094 "no such thread" is success. */
MUST_CHECK int session_kill(const struct service *service, const struct node *node, unsigned long thread_id, struct err *err);

#endif
