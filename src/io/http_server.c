/* SPDX-License-Identifier: MIT */
/*
 * A connection whose stream has nothing to send is suspended, so that it costs nothing. Whether a
 * stream sleeps is decided under the same lock that http_server_wake() takes: what is published in
 * between is either seen by `next` or wakes it.
 */
#include "io/http_server.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/secret.h"

#define CONNECTION_MEMORY_BYTES 32768
#define STREAM_CAP_BYTES (16U << 20) /* the page of a long run has thousands of notes */
#define STREAM_BLOCK_BYTES 16384
#define PEM_CAP_BYTES 65536

struct live_stream {
    struct http_server *server;
    struct MHD_Connection *connection;
    struct http_stream stream;
    struct buf pending;
    size_t sent;    /* bytes of pending */
    bool is_asleep; /* suspended; guarded by the server's lock */
    struct live_stream *previous, *following;
};

/* A request whose body is being read. */
struct reading {
    struct buf body;
    bool is_too_long;
};

struct http_server {
    struct http_server_options options;
    struct MHD_Daemon *daemon;
    struct buf certificate, key;
    uint16_t port;
    pthread_mutex_t lock;
    struct live_stream *streams;
    unsigned stream_count;
    bool is_ending;
};

/* --- asking a request ------------------------------------------------------------------------- */

const char *http_call_field(const struct http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->opaque_connection, MHD_HEADER_KIND, name);
}

const char *http_call_query(const struct http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->opaque_connection, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_call_cookie(const struct http_call *call, const char *name)
{
    return MHD_lookup_connection_value(call->opaque_connection, MHD_COOKIE_KIND, name);
}

static void peer_text(struct MHD_Connection *connection, char out[INET6_ADDRSTRLEN])
{
    const union MHD_ConnectionInfo *info =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;

    out[0] = '\0';
    if (address && address->sa_family == AF_INET)
        (void)inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr,
                        out, INET6_ADDRSTRLEN);
    else if (address && address->sa_family == AF_INET6)
        (void)inet_ntop(AF_INET6, &((const struct sockaddr_in6 *)(const void *)address)->sin6_addr,
                        out, INET6_ADDRSTRLEN);
}

/* --- streams ---------------------------------------------------------------------------------- */

static void enlist(struct live_stream *live)
{
    struct http_server *server = live->server;

    live->following = server->streams;
    if (server->streams)
        server->streams->previous = live;
    server->streams = live;
    server->stream_count++;
}

static void delist(struct live_stream *live)
{
    struct http_server *server = live->server;

    if (live->previous)
        live->previous->following = live->following;
    else
        server->streams = live->following;
    if (live->following)
        live->following->previous = live->previous;
    server->stream_count--;
}

static void end_stream(void *context)
{
    struct live_stream *live = context;

    (void)pthread_mutex_lock(&live->server->lock);
    delist(live);
    (void)pthread_mutex_unlock(&live->server->lock);
    live->stream.release(live->stream.context);
    buf_release(&live->pending);
    free(live);
}

/* More into `pending`: 1; 0 when the stream sleeps now, negative at its end. */
static int refill(struct live_stream *live)
{
    struct http_server *server = live->server;

    buf_reset(&live->pending);
    live->sent = 0;
    (void)pthread_mutex_lock(&server->lock);
    int rc = server->is_ending ? -1 : live->stream.next(live->stream.context, &live->pending);
    if (rc > 0 && live->pending.is_failed)
        rc = -1; /* cut off, and the client asks again where it was */
    if (rc == 0) {
        live->is_asleep = true;
        MHD_suspend_connection(live->connection);
    }
    (void)pthread_mutex_unlock(&server->lock);
    return rc;
}

static ssize_t read_stream(void *context, uint64_t position, char *out, size_t room)
{
    struct live_stream *live = context;

    (void)position;
    if (live->sent == live->pending.len) {
        int rc = refill(live);
        if (rc < 0)
            return MHD_CONTENT_READER_END_OF_STREAM;
        if (rc == 0)
            return 0;
    }
    size_t len = live->pending.len - live->sent;
    if (len > room)
        len = room;
    memcpy(out, live->pending.data + live->sent, len);
    live->sent += len;
    return (ssize_t)len;
}

void http_server_wake(struct http_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    for (struct live_stream *live = server->streams; live; live = live->following)
        if (live->is_asleep) {
            live->is_asleep = false;
            MHD_resume_connection(live->connection);
        }
    (void)pthread_mutex_unlock(&server->lock);
}

unsigned http_server_streams(struct http_server *server)
{
    (void)pthread_mutex_lock(&server->lock);
    unsigned count = server->stream_count;
    (void)pthread_mutex_unlock(&server->lock);
    return count;
}

/* --- answering -------------------------------------------------------------------------------- */

void http_answer_field(struct http_answer *answer, const char *name, const char *fmt, ...)
{
    va_list args;

    if (answer->field_count == HTTP_FIELD_CAP) {
        answer->status = 0;
        return;
    }
    char *value = answer->fields[answer->field_count].value;
    va_start(args, fmt);
    int len = vsnprintf(value, HTTP_VALUE_SIZE, fmt, args);
    va_end(args);
    if (len < 0 || len >= HTTP_VALUE_SIZE || strpbrk(value, "\r\n")) {
        answer->status = 0;
        return;
    }
    answer->fields[answer->field_count++].name = name;
}

static struct MHD_Response *stream_response(struct http_server *server,
                                            struct MHD_Connection *connection,
                                            const struct http_stream *stream)
{
    struct live_stream *live = calloc(1, sizeof *live);
    if (!live) {
        stream->release(stream->context);
        return NULL;
    }
    *live = (struct live_stream){.server = server, .connection = connection, .stream = *stream};
    buf_init(&live->pending, STREAM_CAP_BYTES);
    (void)pthread_mutex_lock(&server->lock);
    enlist(live);
    (void)pthread_mutex_unlock(&server->lock);
    struct MHD_Response *response = MHD_create_response_from_callback(
        MHD_SIZE_UNKNOWN, STREAM_BLOCK_BYTES, read_stream, live, end_stream);
    if (!response)
        end_stream(live);
    return response;
}

static struct MHD_Response *response_of(struct http_server *server,
                                        struct MHD_Connection *connection,
                                        struct http_answer *answer)
{
    if (answer->stream.next)
        return stream_response(server, connection, &answer->stream);
    if (answer->fixed)
        /* the library takes it as not constant, and leaves it alone */
        return MHD_create_response_from_buffer(answer->fixed_len, (void *)(uintptr_t)answer->fixed,
                                               MHD_RESPMEM_PERSISTENT);
    size_t len = answer->body.is_failed ? 0 : answer->body.len;
    char *text = buf_take(&answer->body);
    if (!text)
        return MHD_create_response_from_buffer(0, (void *)(uintptr_t) "", MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_buffer(len, text, MHD_RESPMEM_MUST_FREE);
}

static enum MHD_Result send_answer(struct http_server *server, struct MHD_Connection *connection,
                                   struct http_answer *answer)
{
    bool is_bad = answer->status == 0 || answer->body.is_failed;
    struct MHD_Response *response = response_of(server, connection, answer);

    if (!response)
        return MHD_NO;
    enum MHD_Result result = MHD_YES;
    for (size_t i = 0; i < answer->field_count && result == MHD_YES; i++)
        result = MHD_add_response_header(response, answer->fields[i].name, answer->fields[i].value);
    if (result == MHD_YES)
        result = MHD_queue_response(
            connection, is_bad ? MHD_HTTP_INTERNAL_SERVER_ERROR : answer->status, response);
    MHD_destroy_response(response);
    return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *upload,
                                  size_t *upload_len, void **state)
{
    struct http_server *server = context;
    struct reading *reading = *state;
    char peer[INET6_ADDRSTRLEN];

    (void)version;
    if (!reading) {
        reading = calloc(1, sizeof *reading);
        if (!reading)
            return MHD_NO;
        buf_init(&reading->body, HTTP_BODY_CAP_BYTES);
        *state = reading;
        return MHD_YES;
    }
    if (*upload_len > 0) {
        reading->is_too_long |= reading->body.len + *upload_len > HTTP_BODY_CAP_BYTES;
        if (!reading->is_too_long)
            buf_add(&reading->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    peer_text(connection, peer);
    const struct http_call call = {.method = method,
                                   .path = url,
                                   .peer = peer,
                                   .body = buf_text(&reading->body),
                                   .body_len = reading->body.len,
                                   .is_too_long = reading->is_too_long || reading->body.is_failed,
                                   .opaque_connection = connection};
    struct http_answer answer = {0};
    server->options.handler(server->options.context, &call, &answer);
    enum MHD_Result result = send_answer(server, connection, &answer);
    buf_release(&answer.body);
    return result;
}

static void on_completed(void *context, struct MHD_Connection *connection, void **state,
                         enum MHD_RequestTerminationCode why)
{
    struct reading *reading = *state;

    (void)context;
    (void)connection;
    (void)why;
    if (reading)
        buf_release(&reading->body);
    free(reading);
    *state = NULL;
}

/* --- starting and ending ---------------------------------------------------------------------- */

static int read_pem(const char *path, struct buf *out, struct err *err)
{
    char block[4096];
    size_t len;

    buf_init(out, PEM_CAP_BYTES);
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "%s: %s", path, strerror(errno));
    while ((len = fread(block, 1, sizeof block, file)) > 0)
        buf_add(out, block, len);
    bool is_bad = ferror(file) != 0;
    (void)fclose(file);
    if (is_bad || out->is_failed || out->len == 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "%s is no PEM file that can be read", path);
    return 0;
}

static int parse_address(const struct http_server_options *options, struct sockaddr_storage *out,
                         struct err *err)
{
    struct sockaddr_in *v4 = (struct sockaddr_in *)(void *)out;
    struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)(void *)out;

    memset(out, 0, sizeof *out);
    if (inet_pton(AF_INET, options->address, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(options->port);
        return 0;
    }
    if (inet_pton(AF_INET6, options->address, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(options->port);
        return 0;
    }
    return err_set(err, ERR_CONFIG, EFFECT_NONE, "\"%s\" is no numeric address to listen on",
                   options->address);
}

static int start_daemon(struct http_server *server, struct err *err)
{
    const struct http_server_options *options = &server->options;
    struct sockaddr_storage address;
    bool has_tls = options->certificate_path != NULL;
    unsigned flags =
        MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | (has_tls ? MHD_USE_TLS : 0);

    int rc = parse_address(options, &address, err);
    if (!rc && has_tls)
        rc = read_pem(options->certificate_path, &server->certificate, err);
    if (!rc && has_tls)
        rc = read_pem(options->key_path, &server->key, err);
    if (rc)
        return rc;
    if (address.ss_family == AF_INET6)
        flags |= MHD_USE_IPv6;
    const struct MHD_OptionItem tls[] = {
        {MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)buf_text(&server->certificate)},
        {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)buf_text(&server->key)},
        {MHD_OPTION_END, 0, NULL}};
    const struct MHD_OptionItem none[] = {{MHD_OPTION_END, 0, NULL}};

    errno = 0;
    server->daemon = MHD_start_daemon(
        flags, options->port, NULL, NULL, on_request, server, MHD_OPTION_SOCK_ADDR, &address,
        MHD_OPTION_CONNECTION_LIMIT, options->connections, MHD_OPTION_PER_IP_CONNECTION_LIMIT,
        options->connections_of_one, MHD_OPTION_CONNECTION_TIMEOUT, options->idle_s,
        MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY_BYTES,
        MHD_OPTION_NOTIFY_COMPLETED, on_completed, NULL, MHD_OPTION_ARRAY, has_tls ? tls : none,
        MHD_OPTION_END);
    if (server->daemon)
        return 0;
    err_set(err, ERR_IO, EFFECT_NONE, "cannot listen on %s port %u: %s", options->address,
            (unsigned)options->port,
            errno     ? strerror(errno)
            : has_tls ? "the certificate and the key do not go together"
                      : "unknown cause");
    return err_hint(err, "another program may listen there (ss -ltnp); choose another port");
}

int http_server_start(const struct http_server_options *options, struct http_server **out,
                      struct err *err)
{
    struct http_server *server = calloc(1, sizeof *server);
    if (!server)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    server->options = *options;
    (void)pthread_mutex_init(&server->lock, NULL);
    int rc = start_daemon(server, err);
    if (rc) {
        http_server_free(server);
        return rc;
    }
    const union MHD_DaemonInfo *info =
        MHD_get_daemon_info(server->daemon, MHD_DAEMON_INFO_BIND_PORT);
    server->port = info ? info->port : options->port;
    *out = server;
    return 0;
}

uint16_t http_server_port(const struct http_server *server)
{
    return server->port;
}

void http_server_free(struct http_server *server)
{
    if (!server)
        return;
    (void)pthread_mutex_lock(&server->lock);
    server->is_ending = true;
    (void)pthread_mutex_unlock(&server->lock);
    http_server_wake(server); /* a suspended connection would never end */
    if (server->daemon)
        MHD_stop_daemon(server->daemon);
    (void)pthread_mutex_destroy(&server->lock);
    buf_release(&server->certificate);
    if (server->key.data)
        secret_wipe(server->key.data, server->key.len);
    buf_release(&server->key);
    free(server);
}
