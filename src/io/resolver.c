/* SPDX-License-Identifier: MIT */
/*
 * One question to one DNS server. c-ares sends, retries and falls back to TCP; the answer is read
 * here, because a migration wants what the helpers of that library drop: rcode, authority bit, and
 * the TTL of each alias.
 */
#include "io/resolver.h"

#include <ares.h>
#include <ares_dns.h>
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>

#include "base/clock.h"

#define ALIAS_CAP 16 /* links of one alias chain within an answer */
#define DNS_MESSAGE_MAX 65535
#define SOCKET_CAP 4 /* one server has one UDP and one TCP socket */

int resolver_library_init(struct err *err)
{
    int status = ares_library_init(ARES_LIB_INIT_ALL);

    if (status != ARES_SUCCESS)
        return err_set(err, ERR_BUG, EFFECT_NONE, "the DNS library does not start: %s",
                       ares_strerror(status));
    return 0;
}

void resolver_library_end(void)
{
    ares_library_cleanup();
}

static const struct {
    const char *name;
    int number;
} types[] = {{"A", T_A}, {"AAAA", T_AAAA}, {"CNAME", T_CNAME}, {"TXT", T_TXT}};

static int type_number(const char *type)
{
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (strcmp(types[i].name, type) == 0)
            return types[i].number;
    return 0;
}

/* --- the server ------------------------------------------------------------------------------- */

static void free_addressesp(struct addrinfo **list)
{
    if (*list)
        freeaddrinfo(*list);
}

static int bad_server(const char *server, const char *problem, struct err *err)
{
    int rc = err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot ask the DNS server \"%s\": %s", server,
                     problem);

    (void)err_where(err, "%s", server);
    return rc;
}

/* "host:port", "[v6]:port" or a bare host, which means port 53. */
static int split_server(const char *server, char host[256], char port[8], struct err *err)
{
    bool is_bracketed = server[0] == '[';
    const char *start = server + is_bracketed;
    const char *end = is_bracketed ? strchr(start, ']') : strrchr(start, ':');

    if (!end && is_bracketed)
        return bad_server(server, "the bracket is not closed", err);
    if (!end || (!is_bracketed && strchr(start, ':') != end))
        end = start + strlen(start); /* no port, or a bare IPv6 address */
    const char *colon = end + (is_bracketed && *end);
    if (end == start || end - start >= 256 || (*colon && *colon != ':') || strlen(colon) > 6)
        return bad_server(server, "expected host:port", err);
    if (*colon && (strspn(colon + 1, "0123456789") != strlen(colon + 1) ||
                   strtoul(colon + 1, NULL, 10) - 1 >= 65535))
        return bad_server(server, "the port must be a number from 1 to 65535", err);
    (void)snprintf(host, 256, "%.*s", (int)(end - start), start);
    (void)snprintf(port, 8, "%s", *colon ? colon + 1 : "53");
    return 0;
}

/* The server as the numbers c-ares wants: "127.0.0.1:5353", "[::1]:53". */
static int numeric_server(const char *server, char out[80], struct err *err)
{
    static const struct addrinfo wanted = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICSERV};
    CLEANUP(free_addressesp) struct addrinfo *list = NULL;
    char host[256], port[8], number[64];
    int rc = split_server(server, host, port, err);
    if (rc != 0)
        return rc;

    int problem = getaddrinfo(host, port, &wanted, &list);
    if (problem == EAI_AGAIN) {
        rc = err_set(err, ERR_LOST, EFFECT_NONE, "cannot look up the DNS server \"%s\": %s", server,
                     gai_strerror(problem));
        (void)err_where(err, "%s", server);
        return rc;
    }
    if (problem != 0 || getnameinfo(list->ai_addr, list->ai_addrlen, number, sizeof number, NULL, 0,
                                    NI_NUMERICHOST) != 0)
        return bad_server(server, problem ? gai_strerror(problem) : "no usable address", err);
    (void)snprintf(out, 80, list->ai_family == AF_INET6 ? "[%s]:%s" : "%s:%s", number, port);
    return 0;
}

/* --- asking ----------------------------------------------------------------------------------- */

struct question {
    ares_channel channel;
    bool is_done;
    int status;
    unsigned char *answer;
    int answer_len;
};

static void release_question(struct question *question)
{
    if (question->channel)
        ares_destroy(question->channel);
    free(question->answer);
}

static void take_answer(void *arg, int status, int timeouts UNUSED, unsigned char *bytes, int len)
{
    struct question *question = arg;

    question->is_done = true;
    question->status = status;
    if (!bytes || len <= 0)
        return;
    question->answer = malloc((size_t)len);
    if (!question->answer) {
        question->status = ARES_ENOMEM;
        return;
    }
    memcpy(question->answer, bytes, (size_t)len);
    question->answer_len = len;
}

/* Wait for the sockets of the channel, at most until its next retry or the deadline, and let it
 * work. */
static void work_once(ares_channel channel, int64_t left_ms)
{
    ares_socket_t sockets[SOCKET_CAP];
    struct pollfd waits[SOCKET_CAP];
    int mask = ares_getsock(channel, sockets, SOCKET_CAP);
    struct timeval most = {.tv_sec = left_ms / 1000, .tv_usec = (left_ms % 1000) * 1000}, next;
    const struct timeval *wait = ares_timeout(channel, &most, &next);
    nfds_t count = 0;

    for (int i = 0; i < SOCKET_CAP; i++) {
        short events = (short)((ARES_GETSOCK_READABLE(mask, i) ? POLLIN : 0) |
                               (ARES_GETSOCK_WRITABLE(mask, i) ? POLLOUT : 0));
        if (events)
            waits[count++] = (struct pollfd){.fd = sockets[i], .events = events};
    }
    int ready = poll(waits, count, (int)(wait->tv_sec * 1000 + wait->tv_usec / 1000 + 1));
    if (ready <= 0)
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD); /* only its timers */
    for (nfds_t i = 0; ready > 0 && i < count; i++)
        ares_process_fd(channel,
                        waits[i].revents & (POLLIN | POLLERR | POLLHUP) ? waits[i].fd
                                                                        : ARES_SOCKET_BAD,
                        waits[i].revents & POLLOUT ? waits[i].fd : ARES_SOCKET_BAD);
}

static int open_channel(struct question *question, const char *server, bool is_recursion_wanted,
                        int64_t timeout_ms, struct err *err)
{
    char address[80], lookups[] = "b"; /* never /etc/hosts */
    int64_t try_ms = timeout_ms / 3 > 1000 ? 1000 : timeout_ms / 3;
    struct ares_options options = {
        /* NOCHECKRESP: SERVFAIL and REFUSED are answers, not reasons to ask somebody else. */
        .flags = ARES_FLAG_NOSEARCH | ARES_FLAG_NOALIASES | ARES_FLAG_NOCHECKRESP |
                 (is_recursion_wanted ? 0 : ARES_FLAG_NORECURSE),
        .timeout = try_ms < 50 ? 50 : (int)try_ms,
        .tries = 8, /* waits double each time: the deadline ends it first */
        .lookups = lookups,
    };
    int rc = numeric_server(server, address, err);
    if (rc != 0)
        return rc;

    int status = ares_init_options(&question->channel, &options,
                                   ARES_OPT_FLAGS | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES |
                                       ARES_OPT_LOOKUPS | ARES_OPT_NDOTS | ARES_OPT_DOMAINS);
    if (status != ARES_SUCCESS)
        question->channel = NULL;
    if (status == ARES_SUCCESS)
        status = ares_set_servers_ports_csv(question->channel, address);
    if (status != ARES_SUCCESS)
        return bad_server(server, ares_strerror(status), err);
    return 0;
}

static int no_answer(const struct question *question, const char *server, const char *name,
                     struct err *err)
{
    int rc;

    switch (question->status) {
    case ARES_ETIMEOUT:
    case ARES_ECANCELLED:
        rc = err_set(err, ERR_TIMEOUT, EFFECT_NONE, "no answer about %s from %s in time", name,
                     server);
        break;
    case ARES_EBADNAME:
        rc = err_set(err, ERR_CONFIG, EFFECT_NONE, "\"%s\" is not a DNS name", name);
        break;
    case ARES_ENOMEM:
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for an answer about %s", name);
        break;
    case ARES_ECONNREFUSED:
        rc = err_set(err, ERR_LOST, EFFECT_NONE, "nothing answers at %s: connection refused",
                     server);
        (void)err_hint(err, "check the address and port of this DNS server");
        break;
    default:
        rc = err_set(err, ERR_PROTOCOL, EFFECT_NONE, "no usable answer about %s from %s: %s", name,
                     server, ares_strerror(question->status));
        break;
    }
    if (err)
        err->native = (unsigned)question->status;
    (void)err_where(err, "%s", server);
    return rc;
}

/* --- reading the answer ----------------------------------------------------------------------- */

struct record {
    char owner[256];
    int type;
    unsigned ttl_s;
    const unsigned char *data;
    int len;
};

/* What is left of an answer; `at` is NULL once it made no sense. */
struct cursor {
    const unsigned char *message, *at;
    int len;
};

static bool read_name(struct cursor *cursor, char out[256])
{
    char *name = NULL;
    long used = 0;

    if (!cursor->at ||
        ares_expand_name(cursor->at, cursor->message, cursor->len, &name, &used) != ARES_SUCCESS) {
        cursor->at = NULL;
        return false;
    }
    (void)snprintf(out, 256, "%s", name);
    ares_free_string(name);
    cursor->at += used;
    return true;
}

static bool has_room(const struct cursor *cursor, int bytes)
{
    return cursor->message + cursor->len - cursor->at >= bytes;
}

static bool read_record(struct cursor *cursor, struct record *out)
{
    if (!read_name(cursor, out->owner))
        return false;
    if (!has_room(cursor, RRFIXEDSZ) || !has_room(cursor, RRFIXEDSZ + DNS_RR_LEN(cursor->at))) {
        cursor->at = NULL;
        return false;
    }
    out->type = DNS_RR_TYPE(cursor->at);
    out->ttl_s = DNS_RR_TTL(cursor->at);
    out->len = DNS_RR_LEN(cursor->at);
    out->data = cursor->at + RRFIXEDSZ;
    cursor->at += RRFIXEDSZ + out->len;
    return true;
}

/* Past the header and the questions. */
static struct cursor first_record(const unsigned char *message, int len)
{
    struct cursor cursor = {.message = message, .at = message + HFIXEDSZ, .len = len};
    char name[256];

    for (int i = 0; cursor.at && i < DNS_HEADER_QDCOUNT(message); i++) {
        if (!read_name(&cursor, name) || !has_room(&cursor, QFIXEDSZ))
            cursor.at = NULL;
        else
            cursor.at += QFIXEDSZ;
    }
    return cursor;
}

static bool text_of_strings(const struct record *record, char out[256])
{
    size_t length = 0;

    for (int at = 0; at < record->len; at += record->data[at] + 1) {
        int part = record->data[at];
        if (at + 1 + part > record->len)
            return false;
        for (int i = 0; i < part && length < 255; i++)
            out[length++] = (char)record->data[at + 1 + i];
    }
    out[length] = '\0';
    return true;
}

static bool text_of_target(const struct record *record, const struct cursor *cursor, char out[256])
{
    struct cursor inside = {.message = cursor->message, .at = record->data, .len = cursor->len};

    return read_name(&inside, out);
}

static bool text_of(const struct record *record, const struct cursor *cursor, char out[256])
{
    switch (record->type) {
    case T_A:
        return record->len == 4 && inet_ntop(AF_INET, record->data, out, 256);
    case T_AAAA:
        return record->len == 16 && inet_ntop(AF_INET6, record->data, out, 256);
    case T_TXT:
        return text_of_strings(record, out);
    default:
        return text_of_target(record, cursor, out);
    }
}

static bool is_same_name(const char *a, const char *b)
{
    size_t a_len = strlen(a), b_len = strlen(b);

    a_len -= a_len > 0 && a[a_len - 1] == '.';
    b_len -= b_len > 0 && b[b_len - 1] == '.';
    return a_len == b_len && strncasecmp(a, b, a_len) == 0;
}

/* One link of the chain: where we are, and the lowest TTL on the way here. */
struct link {
    char name[256];
    unsigned ttl_s;
};

static bool take_item(const struct record *record, const struct cursor *cursor,
                      const struct link *link, struct resolver_answer *answer)
{
    if (answer->count == RESOLVER_ANSWER_CAP)
        return true;
    answer->item[answer->count].ttl_s = record->ttl_s < link->ttl_s ? record->ttl_s : link->ttl_s;
    return text_of(record, cursor, answer->item[answer->count++].content);
}

/*
 * Take the records of `type` that belong to the link's name, and find where its alias leads, if it
 * is one. Returns false when the answer makes no sense.
 */
static bool read_link(const unsigned char *message, int len, int type, const struct link *link,
                      struct resolver_answer *answer, struct link *out_next)
{
    struct cursor cursor = first_record(message, len);
    struct record record;

    for (int i = 0; i < DNS_HEADER_ANCOUNT(message); i++) {
        if (!read_record(&cursor, &record))
            return false;
        if (!is_same_name(record.owner, link->name))
            continue;
        if (record.type == type && !take_item(&record, &cursor, link, answer))
            return false;
        if (record.type == T_CNAME && !text_of_target(&record, &cursor, out_next->name))
            return false;
        if (record.type == T_CNAME)
            out_next->ttl_s = record.ttl_s < link->ttl_s ? record.ttl_s : link->ttl_s;
    }
    return true;
}

static bool read_answer(const unsigned char *message, int len, const char *name, int type,
                        struct resolver_answer *out)
{
    struct link link = {.ttl_s = UINT32_MAX}, next = {0};

    out->rcode = DNS_HEADER_RCODE(message);
    out->is_authoritative = DNS_HEADER_AA(message);
    (void)snprintf(link.name, sizeof link.name, "%s", name);
    for (int i = 0; i < ALIAS_CAP; i++) {
        next.name[0] = '\0';
        if (!read_link(message, len, type, &link, out, &next))
            return false;
        if (i == 0)
            (void)snprintf(out->cname, sizeof out->cname, "%s", next.name);
        if (out->count > 0 || !next.name[0])
            return true;
        link = next;
    }
    return true; /* an alias that leads in circles has no address */
}

bool resolver_read_answer(const unsigned char *message, size_t len, const char *name,
                          const char *type, struct resolver_answer *out)
{
    struct resolver_answer answer = {0};
    int number = type_number(type);

    if (number == 0 || len < HFIXEDSZ || len > DNS_MESSAGE_MAX ||
        !read_answer(message, (int)len, name, number, &answer))
        return false;
    *out = answer;
    return true;
}

int resolver_ask(const char *server, const char *name, const char *type, bool is_recursion_wanted,
                 int64_t timeout_ms, struct resolver_answer *out, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    CLEANUP(release_question) struct question question = {0};
    int number = type_number(type);

    if (number == 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "\"%s\" is not a record type this program asks for", type);
    int rc = open_channel(&question, server, is_recursion_wanted, timeout_ms, err);
    if (rc != 0)
        return rc;
    ares_query(question.channel, name, C_IN, number, take_answer, &question);
    while (!question.is_done && clock_mono_ms() < deadline_ms)
        work_once(question.channel, deadline_ms - clock_mono_ms());
    if (!question.is_done)
        ares_cancel(question.channel);
    if (question.answer_len < HFIXEDSZ)
        return no_answer(&question, server, name, err);

    if (resolver_read_answer(question.answer, (size_t)question.answer_len, name, type, out))
        return 0;
    rc = err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the answer of %s about %s makes no sense", server,
                 name);
    (void)err_where(err, "%s", server);
    return rc;
}
