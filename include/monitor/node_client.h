/* SPDX-License-Identifier: MIT */
/*
 * monitor/node_client.h - the connection of a thread that watches one node for as long as a run
 * lasts: short time limits,
 *                         and after a failure it connects again, waiting a little longer each time.
 * Threads: a node_client belongs to the thread that uses it, but for node_client_stop(), which any
 *          thread may call.
 */
#ifndef CUTOVER_MONITOR_NODE_CLIENT_H
#define CUTOVER_MONITOR_NODE_CLIENT_H

#include <pthread.h>
#include <stdbool.h>

#include "domain/service.h"
#include "domain/version.h"
#include "io/db.h"
#include "sql/catalog.h"

#define NODE_CLIENT_TIMEOUT_MS                                                                     \
    1000 /* for connecting and for every statement: how long a frozen server may hold a thread */

struct node_client {
    const struct service *service;
    const struct node *node;
    const struct account *account;
    struct db *db; /* NULL while there is no connection */
    struct server_version version;
    int64_t retry_at_ms, retry_delay_ms;
    pthread_mutex_t mutex; /* guards is_stopping */
    pthread_cond_t wake;
    bool is_stopping;
};

void node_client_init(struct node_client *client, const struct service *service,
                      const struct node *node, const struct account *account);
void node_client_release(struct node_client *client); /* after its thread has ended */

/* Connect if there is no connection. ERR_LOST/NONE at once while it is too early to try again. */
MUST_CHECK int node_client_connect(struct node_client *client, struct err *err);
void node_client_disconnect(struct node_client *client);

/*
 * Run a catalog statement. A lost connection is closed here; the next node_client_connect() opens
 * another.
 */
MUST_CHECK int node_client_exec(struct node_client *client, enum sql_id id,
                                const struct sql_arg *args, size_t arg_count, struct err *err);
MUST_CHECK int node_client_query(struct node_client *client, enum sql_id id, struct db_result *out,
                                 struct err *err);
MUST_CHECK int node_client_query_with(struct node_client *client, enum sql_id id,
                                      const struct sql_arg *args, size_t arg_count,
                                      struct db_result *out, struct err *err);

/*
 * The two halves of node_client_query(), for one thread that asks many nodes: between them the
 * answer arrives at client->db (io/db_poll.h).
 */
MUST_CHECK int node_client_ask(struct node_client *client, enum sql_id id, struct err *err);
MUST_CHECK int node_client_take(struct node_client *client, struct db_result *out, struct err *err);

/*
 * Wait until due_ms (clock_mono_ms()) or until somebody wants the thread to end: then false.
 * Signals do not cut it short.
 */
bool node_client_wait(struct node_client *client, int64_t due_ms);
void node_client_stop(struct node_client *client);

#endif
