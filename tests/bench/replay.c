/* SPDX-License-Identifier: MIT */
/*
 * Servers that answer faster than servers do: replay FROM_PORT TO_PORT ADDRESS... < pipe
 *
 * Two processors that run real servers as well cannot answer 10,000 looks a second. This program
 * listens at FROM_PORT of each address and passes connections on to the real server at TO_PORT of
 * it, logins and all. An answer of that server to a look (a SELECT or SHOW) is kept, and whoever
 * asks for the same, byte by byte, within RENEW_MS is given it without the server. So the watching
 * process reads real answers, of the age of a second; nothing else is made up. No TLS.
 *
 * Ends with its standard input, and prints how many answers were replayed and how many passed on.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"

#define RENEW_MS 1000
#define SERVERS_CAP 16
#define ANSWERS_CAP 16
#define CONNECTIONS_CAP 4096
#define EVENTS_AT_ONCE 64
#define BUFFER_CAP ((size_t)16 << 20)
#define HEAD_BYTES 4 /* of a packet: its length in three, its number */
#define COM_QUERY 3

struct answer {
    struct buf question, bytes;
    int64_t asked_ms; /* when it was asked for last, by whoever that was */
};

struct server {
    int listener;
    struct sockaddr_in real;
    struct answer answers[ANSWERS_CAP];
    size_t count;
};

struct connection;

struct end {
    struct connection *connection; /* NULL: a listener, or the standard input */
    struct server *server;
    int socket;
};

struct connection {
    struct end client, server;
    struct buf asked;      /* by the client, not yet a whole packet */
    struct buf answered;   /* by the server, since it was asked */
    struct answer *wanted; /* what that is the answer to; NULL: nothing that is kept */
};

static struct server servers[SERVERS_CAP];
static int events;
static uint64_t replayed, passed;

static void fail(const char *what)
{
    (void)fprintf(stderr, "replay: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* Answers are short beside the buffer of a socket: nobody has to be waited for. Whoever has gone is
 * noticed by reading. */
static void put(int socket, const char *bytes, size_t len)
{
    ssize_t sent = send(socket, bytes, len, MSG_NOSIGNAL);

    if (sent != (ssize_t)len && !(sent < 0 && (errno == EPIPE || errno == ECONNRESET)))
        fail("sending");
}

static void hear(struct end *end)
{
    struct epoll_event event = {.events = EPOLLIN, .data.ptr = end};

    if (epoll_ctl(events, EPOLL_CTL_ADD, end->socket, &event) != 0)
        fail("epoll");
}

/* --- answers --- */

static struct answer *find(struct server *server, const char *question, size_t len)
{
    for (size_t i = 0; i < server->count; i++) {
        struct answer *answer = &server->answers[i];
        if (answer->question.len == len && memcmp(answer->question.data, question, len) == 0)
            return answer;
    }
    if (server->count == ANSWERS_CAP)
        return NULL;
    struct answer *answer = &server->answers[server->count++];
    buf_init(&answer->question, BUFFER_CAP);
    buf_init(&answer->bytes, BUFFER_CAP);
    buf_add(&answer->question, question, len);
    return answer;
}

/* Whoever asks the next question has read the answer to the last one: it is whole. */
static void keep_answer(struct connection *c)
{
    if (!c->wanted)
        return;
    buf_reset(&c->wanted->bytes);
    buf_add(&c->wanted->bytes, c->answered.data, c->answered.len);
    c->wanted = NULL;
}

static bool is_look(const char *packet, size_t len)
{
    const char *text = packet + HEAD_BYTES + 1;

    return len > HEAD_BYTES + 7 && packet[3] == 0 && packet[HEAD_BYTES] == COM_QUERY &&
           (memcmp(text, "SELECT", 6) == 0 || memcmp(text, "SHOW ", 5) == 0);
}

static void take_question(struct connection *c, const char *packet, size_t len)
{
    struct answer *answer = NULL;

    keep_answer(c);
    if (is_look(packet, len))
        answer = find(c->client.server, packet, len);
    int64_t now_ms = clock_mono_ms();
    if (answer && answer->bytes.len && now_ms - answer->asked_ms < RENEW_MS) {
        put(c->client.socket, answer->bytes.data, answer->bytes.len);
        replayed++;
        return;
    }
    if (answer) { /* others have the old one until this one has come */
        answer->asked_ms = now_ms;
        buf_reset(&c->answered);
        c->wanted = answer;
        passed++;
    }
    put(c->server.socket, packet, len);
}

/* --- connections --- */

static void end_connection(struct connection *c)
{
    (void)close(c->client.socket);
    (void)close(c->server.socket);
    buf_release(&c->asked);
    buf_release(&c->answered);
    c->client.socket = -1; /* an event of it may still come; freed with the process */
}

static ssize_t take(struct end *end, char *out, size_t size)
{
    ssize_t len = end->connection->client.socket < 0 ? 0 : recv(end->socket, out, size, 0);

    if (len <= 0 && end->connection->client.socket >= 0)
        end_connection(end->connection);
    return len;
}

static size_t packet_len(const struct buf *bytes, size_t at)
{
    const unsigned char *head = (const unsigned char *)bytes->data + at;

    if (bytes->len - at < HEAD_BYTES)
        return 0;
    size_t len = HEAD_BYTES + (head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16);
    return bytes->len - at < len ? 0 : len;
}

static void hear_client(struct connection *c)
{
    char bytes[8192];
    size_t at = 0, len;
    ssize_t got = take(&c->client, bytes, sizeof bytes);

    if (got <= 0)
        return;
    buf_add(&c->asked, bytes, (size_t)got);
    for (; (len = packet_len(&c->asked, at)) > 0; at += len)
        take_question(c, c->asked.data + at, len);
    memmove(c->asked.data, c->asked.data + at, c->asked.len - at);
    c->asked.len -= at;
}

static void hear_server(struct connection *c)
{
    char bytes[65536];
    ssize_t got = take(&c->server, bytes, sizeof bytes);

    if (got <= 0)
        return;
    if (c->wanted)
        buf_add(&c->answered, bytes, (size_t)got);
    put(c->client.socket, bytes, (size_t)got);
}

static void set_up(int socket)
{
    int on = 1;

    if (socket < 0 || setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
        fail("a connection");
}

static void take_connection(struct server *server)
{
    struct connection *c = calloc(1, sizeof *c);

    if (!c)
        fail("memory");
    buf_init(&c->asked, BUFFER_CAP);
    buf_init(&c->answered, BUFFER_CAP);
    c->client = (struct end){c, server, accept(server->listener, NULL, NULL)};
    c->server = (struct end){c, server, socket(AF_INET, SOCK_STREAM, 0)};
    set_up(c->client.socket);
    set_up(c->server.socket);
    if (connect(c->server.socket, (struct sockaddr *)&server->real, sizeof server->real) != 0)
        fail("the real server");
    hear(&c->client);
    hear(&c->server);
}

static void listen_at(struct server *server, const char *address, int from, int to)
{
    static struct end ends[SERVERS_CAP];
    struct sockaddr_in here = {.sin_family = AF_INET, .sin_port = htons((uint16_t)from)};
    int on = 1;

    if (inet_pton(AF_INET, address, &here.sin_addr) != 1)
        fail(address);
    server->real = here;
    server->real.sin_port = htons((uint16_t)to);
    server->listener = socket(AF_INET, SOCK_STREAM, 0);
    (void)setsockopt(server->listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (bind(server->listener, (struct sockaddr *)&here, sizeof here) != 0 ||
        listen(server->listener, CONNECTIONS_CAP) != 0)
        fail(address);
    struct end *end = &ends[server - servers];
    *end = (struct end){NULL, server, server->listener};
    hear(end);
}

/* False: the standard input has ended. */
static bool hear_end(struct end *end)
{
    if (end->connection && end == &end->connection->client)
        hear_client(end->connection);
    else if (end->connection)
        hear_server(end->connection);
    else if (end->server)
        take_connection(end->server);
    else
        return false;
    return true;
}

int main(int argc, char **argv)
{
    struct end input = {.socket = STDIN_FILENO};
    struct epoll_event heard[EVENTS_AT_ONCE];
    bool goes_on = true;

    events = epoll_create1(EPOLL_CLOEXEC);
    if (argc < 4 || argc - 3 > SERVERS_CAP || events < 0)
        fail("replay FROM_PORT TO_PORT ADDRESS...");
    for (int i = 3; i < argc; i++)
        listen_at(&servers[i - 3], argv[i], atoi(argv[1]), atoi(argv[2]));
    hear(&input);
    (void)puts("ready");
    (void)fflush(stdout);
    while (goes_on) {
        int count = epoll_wait(events, heard, EVENTS_AT_ONCE, -1);
        for (int i = 0; i < count && goes_on; i++)
            goes_on = hear_end(heard[i].data.ptr);
    }
    (void)printf("{\"replayed\": %llu, \"passed\": %llu}\n", (unsigned long long)replayed,
                 (unsigned long long)passed);
    return 0;
}
