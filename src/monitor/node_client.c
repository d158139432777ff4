/* SPDX-License-Identifier: MIT */
/* A connection that may break and comes back, for threads that must neither hang nor hammer. */
#include "monitor/node_client.h"

#include <time.h>

#include "base/clock.h"
#include "io/db_poll.h"

#define RETRY_FIRST_MS 100
#define RETRY_MOST_MS 2000
#define STATEMENT_CAP 65536
#define LOCK_WAIT_S "1"
#define IDLE_S "60"

void node_client_init(struct node_client *client, const struct service *service,
                      const struct node *node, const struct account *account)
{
    pthread_condattr_t monotonic;
    *client = (struct node_client){
        .service = service, .node = node, .account = account, .retry_delay_ms = RETRY_FIRST_MS};
    (void)pthread_mutex_init(&client->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&client->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

void node_client_release(struct node_client *client)
{
    db_freep(&client->db);
    (void)pthread_cond_destroy(&client->wake);
    (void)pthread_mutex_destroy(&client->mutex);
}

void node_client_disconnect(struct node_client *client)
{
    db_freep(&client->db);
    client->version = (struct server_version){0};
}

static int set_up(struct node_client *client, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    const struct sql_arg limits[] = {{"lock_wait", LOCK_WAIT_S}, {"wait", IDLE_S}};
    int rc = node_client_query(client, SQL_VERSION, &row, err);
    if (rc != 0)
        return rc;
    const char *version = db_result_get(&row, 0, "version");
    rc = version_parse(version != NULL ? version : "", &client->version, err);
    if (rc != 0)
        return rc;
    return node_client_exec(client, SQL_SESSION_SETUP, limits, ARRAY_LEN(limits), err);
}

int node_client_connect(struct node_client *client, struct err *err)
{
    if (client->db != NULL)
        return 0;
    if (clock_mono_ms() < client->retry_at_ms)
        return err_set(err, ERR_LOST, EFFECT_NONE, "%s: no connection", client->node->name);
    const struct db_target target = {
        .host = client->node->host,
        .port = client->node->port,
        .socket = client->node->socket,
        .user = client->account->user,
        .password = &client->account->password,
        .tls = &client->service->tls,
        .connect_timeout_ms = NODE_CLIENT_TIMEOUT_MS,
        .read_timeout_ms = NODE_CLIENT_TIMEOUT_MS,
        .program = "cutover",
        .is_one_of_many = true,
    };
    int rc = db_connect(&target, &client->db, err);
    if (rc == 0)
        rc = set_up(client, err);
    if (rc == 0) {
        client->retry_delay_ms = RETRY_FIRST_MS;
        return 0;
    }
    node_client_disconnect(client);
    client->retry_at_ms = clock_mono_ms() + client->retry_delay_ms;
    client->retry_delay_ms =
        client->retry_delay_ms * 2 < RETRY_MOST_MS ? client->retry_delay_ms * 2 : RETRY_MOST_MS;
    return rc;
}

static const struct server_version *known_version(const struct node_client *client)
{
    return client->version.flavour == FLAVOUR_UNKNOWN ? NULL : &client->version;
}

int node_client_exec(struct node_client *client, enum sql_id id, const struct sql_arg *args,
                     size_t arg_count, struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, STATEMENT_CAP);
    int rc = sql_render(id, known_version(client), args, arg_count, &sql, err);
    if (rc != 0)
        return rc;
    rc = db_exec(client->db, buf_text(&sql), err);
    if (db_is_dead(client->db))
        node_client_disconnect(client);
    return rc;
}

int node_client_query(struct node_client *client, enum sql_id id, struct db_result *out,
                      struct err *err)
{
    return node_client_query_with(client, id, NULL, 0, out, err);
}

int node_client_query_with(struct node_client *client, enum sql_id id, const struct sql_arg *args,
                           size_t arg_count, struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, STATEMENT_CAP);
    int rc = sql_render(id, known_version(client), args, arg_count, &sql, err);
    if (rc != 0)
        return rc;
    rc = db_query(client->db, buf_text(&sql), out, err);
    if (db_is_dead(client->db))
        node_client_disconnect(client);
    return rc;
}

int node_client_ask(struct node_client *client, enum sql_id id, struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, STATEMENT_CAP);
    int rc = sql_render(id, known_version(client), NULL, 0, &sql, err);
    if (rc != 0)
        return rc;
    rc = db_poll_send(client->db, buf_text(&sql), err);
    if (db_is_dead(client->db))
        node_client_disconnect(client);
    return rc;
}

int node_client_take(struct node_client *client, struct db_result *out, struct err *err)
{
    int rc = db_poll_read(client->db, out, err);
    if (db_is_dead(client->db))
        node_client_disconnect(client);
    return rc;
}

bool node_client_wait(struct node_client *client, int64_t due_ms)
{
    struct timespec due = {.tv_sec = (time_t)(due_ms / 1000),
                           .tv_nsec = (long)(due_ms % 1000) * 1000000};
    (void)pthread_mutex_lock(&client->mutex);
    while (!client->is_stopping && clock_mono_ms() < due_ms)
        (void)pthread_cond_timedwait(&client->wake, &client->mutex, &due);
    bool is_stopping = client->is_stopping;
    (void)pthread_mutex_unlock(&client->mutex);
    return !is_stopping;
}

void node_client_stop(struct node_client *client)
{
    (void)pthread_mutex_lock(&client->mutex);
    client->is_stopping = true;
    (void)pthread_cond_broadcast(&client->wake);
    (void)pthread_mutex_unlock(&client->mutex);
}
