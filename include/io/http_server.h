/* SPDX-License-Identifier: MIT */
/*
 * io/http_server.h - answers HTTP requests, and keeps streams of events open.
 * Owns:      libmicrohttpd.
 * Invariant: nobody can make it hold more than its limits: connections in all and by address, bytes
 *            of a request, time without progress. A client that reads slowly is sent less, never
 *            waited for.
 * Threads:   one of its own, which calls the handler and the streams; http_server_wake() may be
 *            called from any.
 */
#ifndef CUTOVER_IO_HTTP_SERVER_H
#define CUTOVER_IO_HTTP_SERVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

#define HTTP_BODY_CAP_BYTES 65536
#define HTTP_FIELD_CAP 12
#define HTTP_VALUE_SIZE 512

/* One request; all of it is borrowed until the handler returns. */
struct http_call {
    const char *method; /* "GET" */
    const char *path;   /* without the query, percent signs decoded */
    const char *peer;   /* "127.0.0.1", "::1" */
    const char *body;   /* NUL-terminated, "" when there is none */
    size_t body_len;
    bool is_too_long; /* the body was beyond HTTP_BODY_CAP_BYTES, and is not here */
    void *opaque_connection;
};

/* NULL when absent. Borrowed. */
const char *http_call_field(const struct http_call *call, const char *name);
const char *http_call_query(const struct http_call *call, const char *name);
const char *http_call_cookie(const struct http_call *call, const char *name);

/*
 * An answer that goes on. `next` appends what there is to send: 1 something, 0 nothing until the
 * server is woken, negative: the stream has ended. Called under the server's lock: it must not
 * block, nor call the server.
 */
struct http_stream {
    void *context;
    int (*next)(void *context, struct buf *out);
    void (*release)(void *context);
};

struct http_answer {
    unsigned status;
    struct {
        const char *name; /* static */
        char value[HTTP_VALUE_SIZE];
    } fields[HTTP_FIELD_CAP];
    size_t field_count;
    const void *fixed; /* bytes that outlive the server; or */
    size_t fixed_len;
    struct buf body;           /* taken; or */
    struct http_stream stream; /* taken when `next` is set */
};

/* A value that does not fit, or holds a line break, makes the whole answer a 500. */
void http_answer_field(struct http_answer *answer, const char *name, const char *fmt, ...)
    PRINTF_LIKE(3, 4);

/* `answer` comes zeroed; status 0 becomes 500. */
typedef void (*http_handler)(void *context, const struct http_call *call,
                             struct http_answer *answer);

struct http_server_options {
    const char *address;                     /* a numeric one */
    uint16_t port;                           /* 0: any that is free */
    const char *certificate_path, *key_path; /* PEM; both NULL: no TLS */
    unsigned connections, connections_of_one;
    unsigned idle_s; /* without any progress */
    http_handler handler;
    void *context;
};

struct http_server;

/* ERR_CONFIG/NONE: an address or a certificate that cannot be used; ERR_IO/NONE: a taken port. */
MUST_CHECK int http_server_start(const struct http_server_options *options,
                                 struct http_server **out, struct err *err);
uint16_t http_server_port(const struct http_server *server);
/* Ask every stream that had nothing to send again. */
void http_server_wake(struct http_server *server);
/* Streams that are open now. */
unsigned http_server_streams(struct http_server *server);
/* Ends streams and connections, joins; NULL allowed. */
void http_server_free(struct http_server *server);

#endif
