/* SPDX-License-Identifier: MIT */
/*
 * ctl/routes.h - what can be asked over HTTP, one row each; dispatch and the check of the role are
 *                made from the rows. What each takes and answers: etc/schema/openapi.json.
 * Threads: static const data; a handler runs in the server's thread and must not block.
 */
#ifndef CUTOVER_CTL_ROUTES_H
#define CUTOVER_CTL_ROUTES_H

#include "ctl/access.h"
#include "ctl/server.h"

struct route_call {
    struct server *server;
    const struct http_call *http;
    const struct identity *who;
    const char *rest; /* of the path, behind the row's */
};

struct route {
    const char *method;
    const char *path;
    bool is_prefix; /* the path goes on: "/assets/" */
    enum role role; /* who may at least */
    void (*handle)(const struct route_call *call, struct http_answer *answer);
};

const struct route *route_table(size_t *out_count);

/* The whole of it: host, route, role, handler, and the fields that every answer has. */
void route_dispatch(struct server *server, const struct http_call *call,
                    struct http_answer *answer);

/* An answer that says what is wrong: {"error": ...}. */
void route_refuse(struct http_answer *answer, unsigned status, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

#endif
