/* SPDX-License-Identifier: MIT */
/*
 * Every connection of the program, set up alike: nothing a server's defaults say about time zones,
 * modes or waiting may change what our statements mean or how long they take.
 */
#include "cluster/session.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SESSION_CONNECT_MS 5000
#define SESSION_IDLE_S 28800 /* a person may think for hours before an approval */
#define SESSION_ANSWER_MARGIN_MS                                                                   \
    2000 /* a server that gives way after a lock wait must have time to say so */
#define SESSION_STATEMENT_CAP (16U << 20)
#define ERROR_NO_SUCH_THREAD 1094

static int64_t at_most(int64_t value, int64_t limit)
{
    return value < limit ? value : limit;
}

static int64_t at_least(int64_t value, int64_t floor)
{
    return value > floor ? value : floor;
}

static const struct account *account_of(const struct service *service, enum session_account account)
{
    switch (account) {
    case SESSION_CONTROLLER:
        return &service->controller;
    case SESSION_MONITOR:
        return &service->monitor;
    case SESSION_REPLICATION:
        return &service->replication;
    }
    return &service->monitor; /* the one with the least rights */
}

/* Lock waits are whole seconds in the server; our limit is rounded up. */
static int64_t lock_wait_s(const struct service *service)
{
    return at_least((service->limits.lock_wait_ms + 999) / 1000, 1);
}

static int read_version(struct session *session, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = session_query_row(session, SQL_VERSION, NULL, 0, &result, err);
    if (rc != 0)
        return rc;
    return version_parse(result_text(&result, 0, "version"), &session->version, err);
}

static int set_up(const struct service *service, const struct session_limits *limits,
                  struct session *session, struct err *err)
{
    char lock_wait[24], idle[24];
    (void)snprintf(lock_wait, sizeof(lock_wait), "%lld", (long long)lock_wait_s(service));
    (void)snprintf(idle, sizeof(idle), "%u", limits->idle_s != 0 ? limits->idle_s : SESSION_IDLE_S);
    const struct sql_arg args[] = {{"lock_wait", lock_wait}, {"wait", idle}};
    return session_exec(session, SQL_SESSION_SETUP, args, ARRAY_LEN(args), err);
}

int session_open_as(const struct service *service, const struct node *node,
                    const struct account *account, const struct session_limits *limits,
                    struct session *out, struct err *err)
{
    int64_t shortest_ms = lock_wait_s(service) * 1000 + SESSION_ANSWER_MARGIN_MS;
    struct db_target target = {
        .host = node->host,
        .port = node->port,
        .socket = node->socket,
        .user = account->user,
        .password = &account->password,
        .tls = &service->tls,
        .connect_timeout_ms = limits->connect_ms != 0
                                  ? limits->connect_ms
                                  : at_most(service->limits.statement_ms, SESSION_CONNECT_MS),
        .read_timeout_ms = limits->statement_ms != 0
                               ? limits->statement_ms
                               : at_least(service->limits.statement_ms, shortest_ms),
        .program = "cutover",
    };
    CLEANUP(session_release) struct session session = {.node = node};
    int rc = db_connect(&target, &session.db, err);
    if (rc != 0)
        return rc;
    rc = read_version(&session, err);
    if (rc != 0)
        return rc;
    *out = session;
    session = (struct session){0};
    return 0;
}

int session_open_within(const struct service *service, const struct node *node,
                        enum session_account account, const struct session_limits *limits,
                        struct session *out, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    int rc = session_open_as(service, node, account_of(service, account), limits, &session, err);
    if (rc == 0 && account != SESSION_REPLICATION) /* that one only proves that it can log in */
        rc = set_up(service, limits, &session, err);
    if (rc != 0)
        return rc;
    *out = session;
    session = (struct session){0};
    return 0;
}

int session_open(const struct service *service, const struct node *node,
                 enum session_account account, struct session *out, struct err *err)
{
    return session_open_within(service, node, account, &(struct session_limits){0}, out, err);
}

void session_release(struct session *session)
{
    db_free(session->db);
    *session = (struct session){0};
}

static const struct server_version *known_version(const struct session *session)
{
    return session->version.flavour == FLAVOUR_UNKNOWN ? NULL : &session->version;
}

int session_admit(struct session *session, const struct session_permit *permit, struct err *err)
{
    session->permit = permit;
    return permit == NULL ? 0 : permit->admit(permit, session, err);
}

int session_may_change(const struct session *session, struct err *err)
{
    return session->permit == NULL ? 0 : session->permit->check(session->permit, err);
}

int session_exec(struct session *session, enum sql_id id, const struct sql_arg *args,
                 size_t arg_count, struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, SESSION_STATEMENT_CAP);
    int rc = session_may_change(session, err);
    if (rc != 0)
        return rc;
    rc = sql_render(id, known_version(session), args, arg_count, &sql, err);
    if (rc != 0)
        return rc;
    return db_exec(session->db, buf_text(&sql), err);
}

int session_query(struct session *session, enum sql_id id, const struct sql_arg *args,
                  size_t arg_count, struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, SESSION_STATEMENT_CAP);
    int rc = sql_render(id, known_version(session), args, arg_count, &sql, err);
    if (rc != 0)
        return rc;
    return db_query(session->db, buf_text(&sql), out, err);
}

int session_query_row(struct session *session, enum sql_id id, const struct sql_arg *args,
                      size_t arg_count, struct db_result *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = session_query(session, id, args, arg_count, &result, err);
    if (rc != 0)
        return rc;
    if (result.row_count != 1) {
        (void)err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s should answer one row, but answered %zu",
                      sql_id_name(id), result.row_count);
        (void)err_where(err, "%s", db_where(session->db));
        return ERR_PROTOCOL;
    }
    *out = result;
    result = (struct db_result){0};
    return 0;
}

int64_t result_number(const struct db_result *result, size_t row, const char *column)
{
    const char *text = db_result_get(result, row, column);
    return text == NULL ? 0 : strtoll(text, NULL, 10);
}

const char *result_text(const struct db_result *result, size_t row, const char *column)
{
    const char *text = db_result_get(result, row, column);
    return text == NULL ? "" : text;
}

void result_copy(const struct db_result *result, size_t row, const char *column, char *out,
                 size_t out_size)
{
    (void)snprintf(out, out_size, "%s", result_text(result, row, column));
}

int session_position(const struct session *session, const struct db_result *result,
                     const char *column, struct position *out, struct err *err)
{
    int rc = position_parse(session->version.flavour, result_text(result, 0, column), out, err);
    if (rc != 0)
        (void)err_where(err, "%s", db_where(session->db));
    return rc;
}

int session_origin(const struct session *session, const struct db_result *result,
                   const char *column, struct origin *out, struct err *err)
{
    int rc = origin_parse(session->version.flavour, result_text(result, 0, column), out, err);
    if (rc != 0)
        (void)err_where(err, "%s", db_where(session->db));
    return rc;
}

const char *session_column(const struct session *session, enum sql_id id, const char *key)
{
    return sql_column(id, &session->version, key);
}

void session_our_accounts(const struct service *service, struct buf *out)
{
    const char *const names[] = {service->controller.user, service->monitor.user,
                                 service->replication.user};
    sql_quote_list(names, ARRAY_LEN(names), out);
}

void session_databases(const struct service *service, struct buf *out)
{
    sql_quote_list((const char *const *)service->databases, service->database_count, out);
}

int session_kill(const struct service *service, const struct node *node, unsigned long thread_id,
                 struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (rc != 0)
        return rc;
    char id[24];
    (void)snprintf(id, sizeof(id), "%lu", thread_id);
    struct err cause = {0};
    rc = session_exec(&session, SQL_KILL, &(struct sql_arg){"id", id}, 1, &cause);
    if (rc != 0 && cause.native == ERROR_NO_SUCH_THREAD)
        return 0;
    if (rc != 0 && err != NULL)
        *err = cause;
    return rc;
}
