/* SPDX-License-Identifier: MIT */
/*
 * io/http_client.h - one HTTPS request at a time, bounded in time and size.
 * Owns:      libcurl. Redirects are not followed; only http and https are allowed; TLS is always
 *            verified for https. https uses the proxy of the environment, if any; http and loopback
 *            never do.
 * Effect:    a failure before anything could have been sent (resolve, connect, TLS handshake) is
 *            EFFECT_NONE; any later failure (timeout, connection dropped, truncated answer) of a
 *            method other than GET is EFFECT_UNKNOWN. Only GET and HEAD reuse a connection: libcurl
 *            repeats a request by itself when a reused one dies.
 * Threads:   a struct http_client belongs to one thread. Call http_library_init() once in main.
 */
#ifndef CUTOVER_IO_HTTP_CLIENT_H
#define CUTOVER_IO_HTTP_CLIENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/secret.h"

struct http_client;

struct http_request {
    const char *method; /* "GET", "PATCH", ... */
    const char *url;
    const char *content_type;       /* NULL when there is no body */
    const char *body;               /* NULL = none */
    const char *ca_path;            /* PEM file of whom to trust; NULL = this machine's */
    const struct secret *bearer;    /* Authorization: Bearer ...; NULL = none; never logged */
    const char *const (*fields)[2]; /* name and value of more header fields; NULL = none */
    size_t field_count;
    int64_t timeout_ms;
    /* Asked about once a second; true: nobody waits for the answer any more. NULL = never. */
    bool (*is_unwanted)(void *context);
    void *context;
};

struct http_response {
    long status;
    char content_type[128]; /* without parameters, lower case */
    int64_t retry_after_s;  /* -1 when absent */
    struct buf body;        /* at most 16 MiB */
};

MUST_CHECK int http_library_init(struct err *err);
void http_library_end(void);

MUST_CHECK int http_client_new(struct http_client **out, struct err *err);
void http_client_free(struct http_client *client);
void http_client_freep(struct http_client **client);

/*
 * Any HTTP status is a success of this function. native = CURLcode on failure.
 *
 * Errors  ERR_LOST (no connection, dropped, truncated), ERR_TIMEOUT, ERR_PROTOCOL (not HTTP),
 *         ERR_MEMORY (cap), ERR_CONFIG/NONE (a URL or header that cannot be sent); the effect as
 *         above. where names method, host and path, never the query.
 */
MUST_CHECK int http_send(struct http_client *client, const struct http_request *request,
                         struct http_response *out, struct err *err);
void http_response_release(struct http_response *response);

/* Whom the bytes of an answer are handed to, as they come. */
struct http_taker {
    void (*take)(void *context, const char *bytes, size_t len);
    void *context;
};
/*
 * A GET whose answer goes on. Returns when it has ended or is unwanted; request->timeout_ms is for
 * how long not a byte may come. An answer of another status than 200 is not handed over, but in
 * out->body.
 *
 * Errors  as http_send()
 */
MUST_CHECK int http_follow(struct http_client *client, const struct http_request *request,
                           const struct http_taker *taker, struct http_response *out,
                           struct err *err);

/* Percent-encode one query value, appended to out. */
void http_escape(const char *text, struct buf *out);

#endif
