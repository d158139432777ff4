/* SPDX-License-Identifier: MIT */
#include "ctl/server.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/routes.h"

#define CONNECTIONS 512
#define CONNECTIONS_OF_ONE 300 /* a proxy in front of us is one address */
#define IDLE_S 60

struct server {
    const struct service *service;
    struct access *access;
    struct collector *collector;
    struct http_server *http;
    char url[128];
    pthread_mutex_t lock;
    bool is_up; /* guarded by the lock: `http` is there */
};

struct view *server_view(struct server *server)
{
    return collector_view(server->collector);
}

struct collector *server_collector(struct server *server)
{
    return server->collector;
}

struct access *server_access(struct server *server)
{
    return server->access;
}

bool server_has_tls(const struct server *server)
{
    return server->service->serve.certificate_path[0] != '\0';
}

const struct service *server_service(const struct server *server)
{
    return server->service;
}

unsigned server_watchers(struct server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    unsigned count = server->is_up ? http_server_streams(server->http) : 0;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

const char *server_url(const struct server *server)
{
    return server->url;
}

static void on_news(void *context)
{
    struct server *server = context;

    (void)pthread_mutex_lock(&server->lock);
    if (server->is_up)
        http_server_wake(server->http);
    (void)pthread_mutex_unlock(&server->lock);
}

static void on_call(void *context, const struct http_call *call, struct http_answer *answer)
{
    route_dispatch(context, call, answer);
}

/* --- where ------------------------------------------------------------------------------------ */

struct place {
    char address[64];
    uint16_t port;
};

static int parse_place(const char *listen, struct place *out, struct err *err)
{
    const char *colon = strrchr(listen, ':');
    char *end = NULL;
    unsigned long port = colon ? strtoul(colon + 1, &end, 10) : 0;
    size_t len = colon ? (size_t)(colon - listen) : 0;
    bool has_brackets = len > 2 && listen[0] == '[' && listen[len - 1] == ']';

    if (!colon || !colon[1] || *end || port > UINT16_MAX || len == 0 ||
        len >= sizeof out->address) {
        err_set(err, ERR_CONFIG, EFFECT_NONE, "\"%s\" is no place to listen", listen);
        return err_hint(err,
                        "an address and a port, such as " SERVE_LISTEN_DEFAULT " or [::1]:8306");
    }
    (void)snprintf(out->address, sizeof out->address, "%.*s", (int)(has_brackets ? len - 2 : len),
                   listen + (has_brackets ? 1 : 0));
    out->port = (uint16_t)port;
    return 0;
}

static int check_place(const struct service_serve *serve, const struct place *place,
                       struct err *err)
{
    if (strncmp(place->address, "127.", 4) == 0 || strcmp(place->address, "::1") == 0)
        return 0;
    if (serve->has_tokens && serve->certificate_path[0])
        return 0;
    err_set(err, ERR_CONFIG, EFFECT_NONE, "%s is reached from other hosts, and %s", place->address,
            serve->has_tokens ? "tokens would travel in the clear" : "anybody could look");
    return err_hint(err,
                    "serve = { tokens = \"file:...\"; certificate = \"...\"; key = \"...\"; }, "
                    "or listen on 127.0.0.1 and reach it through ssh -L");
}

/* --- starting and ending ---------------------------------------------------------------------- */

static int start_http(struct server *server, const struct place *place, struct err *err)
{
    const struct service_serve *serve = &server->service->serve;
    bool has_tls = server_has_tls(server);
    const struct http_server_options options = {
        .address = place->address,
        .port = place->port,
        .certificate_path = has_tls ? serve->certificate_path : NULL,
        .key_path = has_tls ? serve->key_path : NULL,
        .connections = CONNECTIONS,
        .connections_of_one = CONNECTIONS_OF_ONE,
        .idle_s = IDLE_S,
        .handler = on_call,
        .context = server,
    };
    int rc = http_server_start(&options, &server->http, err);
    if (rc)
        return rc;
    bool is_v6 = strchr(place->address, ':') != NULL;
    (void)snprintf(server->url, sizeof server->url, "%s://%s%s%s:%u/", has_tls ? "https" : "http",
                   is_v6 ? "[" : "", place->address, is_v6 ? "]" : "",
                   (unsigned)http_server_port(server->http));
    return 0;
}

static int start(struct server *server, const char *listen, struct err *err)
{
    const struct service_serve *serve = &server->service->serve;
    const struct collector_options collecting = {
        .service = server->service, .on_news = on_news, .context = server};
    struct place place;

    int rc = parse_place(listen             ? listen
                         : serve->listen[0] ? serve->listen
                                            : SERVE_LISTEN_DEFAULT,
                         &place, err);
    if (!rc)
        rc = check_place(serve, &place, err);
    if (!rc)
        rc = access_new(server->service, &server->access, err);
    if (!rc)
        rc = collector_start(&collecting, &server->collector, err);
    if (!rc)
        rc = start_http(server, &place, err);
    if (rc)
        return rc;
    (void)pthread_mutex_lock(&server->lock);
    server->is_up = true;
    (void)pthread_mutex_unlock(&server->lock);
    return 0;
}

int server_start(const struct service *service, const char *listen, struct server **out,
                 struct err *err)
{
    struct server *server = calloc(1, sizeof *server);
    if (!server)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    server->service = service;
    (void)pthread_mutex_init(&server->lock, NULL);
    int rc = start(server, listen, err);
    if (rc) {
        server_free(server);
        return rc;
    }
    *out = server;
    return 0;
}

void server_free(struct server *server)
{
    if (!server)
        return;
    (void)pthread_mutex_lock(&server->lock);
    server->is_up = false;
    (void)pthread_mutex_unlock(&server->lock);
    http_server_free(server->http); /* its streams read what the collector owns */
    collector_free(server->collector);
    access_free(server->access);
    (void)pthread_mutex_destroy(&server->lock);
    free(server);
}
