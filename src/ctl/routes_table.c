/* SPDX-License-Identifier: MIT */
/*
 * Every route, one row each, and the only place that asks whether somebody may. What each takes and
 * answers is in etc/schema/openapi.json.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/api_act.h"
#include "ctl/api_read.h"
#include "ctl/routes.h"

static const struct route rows[] = {
    {.method = "GET", .path = "/", .role = ROLE_ANYBODY, .handle = api_page},
    {.method = "GET",
     .path = "/assets/",
     .is_prefix = true,
     .role = ROLE_ANYBODY,
     .handle = api_asset},
    {.method = "GET", .path = "/healthz", .role = ROLE_ANYBODY, .handle = api_health},
    {.method = "GET", .path = "/api/whoami", .role = ROLE_ANYBODY, .handle = api_whoami},
    {.method = "POST", .path = "/api/login", .role = ROLE_ANYBODY, .handle = api_login},
    {.method = "POST", .path = "/api/logout", .role = ROLE_ANYBODY, .handle = api_logout},
    {.method = "GET", .path = "/api/state", .role = ROLE_WATCH, .handle = api_state},
    {.method = "GET", .path = "/api/lag", .role = ROLE_WATCH, .handle = api_lag},
    {.method = "GET", .path = "/api/lag/history", .role = ROLE_WATCH, .handle = api_lag_history},
    {.method = "GET", .path = "/api/run/lag", .role = ROLE_WATCH, .handle = api_run_lag},
    {.method = "GET", .path = "/api/names", .role = ROLE_WATCH, .handle = api_names},
    {.method = "GET", .path = "/api/run", .role = ROLE_WATCH, .handle = api_run},
    {.method = "GET", .path = "/api/events", .role = ROLE_WATCH, .handle = api_events},
    {.method = "POST", .path = "/api/requests", .role = ROLE_OPERATE, .handle = api_ask},
    {.method = "POST",
     .path = "/api/requests/withdraw",
     .role = ROLE_OPERATE,
     .handle = api_withdraw},
    {.method = "GET", .path = "/api/openapi.json", .role = ROLE_ANYBODY, .handle = api_description},
    {.method = "GET", .path = "/metrics", .role = ROLE_WATCH, .handle = api_metrics},
};

const struct route *route_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(rows);
    return rows;
}

void route_refuse(struct http_answer *answer, unsigned status, const char *fmt, ...)
{
    char text[512];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    CLEANUP(json_release) json_t *value = json_pack("{s:s}", "error", text);
    char *line = value ? json_dumps(value, JSON_COMPACT) : NULL;
    answer->status = status;
    http_answer_field(answer, "Content-Type", "application/json");
    buf_init(&answer->body, HTTP_BODY_CAP_BYTES);
    buf_puts(&answer->body, line ? line : "{}");
    free(line);
}

/* Every answer, whatever it is: nothing is cached, framed, sniffed, or sent on. */
static void add_fields(struct server *server, struct http_answer *answer)
{
    http_answer_field(answer, "Cache-Control", "no-store");
    http_answer_field(answer, "X-Content-Type-Options", "nosniff");
    http_answer_field(answer, "Referrer-Policy", "no-referrer");
    http_answer_field(answer, "Content-Security-Policy",
                      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
                      "connect-src 'self'; base-uri 'none'; form-action 'self'; "
                      "frame-ancestors 'none'");
    if (server_has_tls(server))
        http_answer_field(answer, "Strict-Transport-Security", "max-age=31536000");
}

static bool fits_path(const struct route *route, const char *path)
{
    return route->is_prefix ? strncmp(path, route->path, strlen(route->path)) == 0
                            : strcmp(path, route->path) == 0;
}

static const struct route *find(const struct http_call *call, bool *out_has_path)
{
    /* a HEAD is answered as the GET, and the server leaves the body out */
    const char *method = strcmp(call->method, "HEAD") == 0 ? "GET" : call->method;

    *out_has_path = false;
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (fits_path(&rows[i], call->path)) {
            *out_has_path = true;
            if (strcmp(rows[i].method, method) == 0)
                return &rows[i];
        }
    return NULL;
}

static void refuse_role(struct server *server, const struct identity *who,
                        struct http_answer *answer)
{
    if (who->role == ROLE_ANYBODY)
        route_refuse(answer, 401, "a token is needed for this");
    else if (!server_service(server)->serve.has_tokens)
        route_refuse(answer, 403,
                     "nobody may act here: without a file of tokens (serve.tokens) it is not known "
                     "who asks");
    else
        route_refuse(answer, 403, "%s may %s, which is not enough for this", who->name,
                     role_name(who->role));
}

static void answer_route(struct server *server, const struct http_call *call,
                         struct http_answer *answer)
{
    struct identity who;
    bool has_path;

    if (!access_knows_host(server_access(server), http_call_field(call, "Host"))) {
        route_refuse(answer, 421,
                     "this is not the name of this dashboard; \"serve.hosts\" in the "
                     "configuration lists others");
        return;
    }
    const struct route *route = find(call, &has_path);
    if (!route) {
        route_refuse(answer, has_path ? 405 : 404,
                     has_path ? "not with this method" : "there is no such path");
        return;
    }
    if (strcmp(route->method, "GET") != 0 && !access_is_same_origin(call)) {
        route_refuse(answer, 403, "this came from a page of another site");
        return;
    }
    access_identify(server_access(server), call, &who);
    if (who.role < route->role) {
        refuse_role(server, &who, answer);
        return;
    }
    if (strcmp(route->method, "GET") != 0 && route->role == ROLE_OPERATE && who.is_cookie &&
        !http_call_field(call, ACCESS_SIGN)) {
        route_refuse(answer, 403, "a session acts with the field " ACCESS_SIGN " only");
        return;
    }
    if (call->is_too_long) {
        route_refuse(answer, 413, "more than %u bytes", (unsigned)HTTP_BODY_CAP_BYTES);
        return;
    }
    const struct route_call asked = {
        .server = server, .http = call, .who = &who, .rest = call->path + strlen(route->path)};
    route->handle(&asked, answer);
}

void route_dispatch(struct server *server, const struct http_call *call, struct http_answer *answer)
{
    answer_route(server, call, answer);
    add_fields(server, answer);
}
