/* SPDX-License-Identifier: MIT */
/*
 * io/resolver.h - ask one DNS server one question and see its whole answer.
 * Owns:    c-ares; nobody else includes its header. /etc/hosts, search lists and other servers are
 *          never used.
 * Threads: each call has its own channel; any thread. Call resolver_library_init() once in main.
 */
#ifndef CUTOVER_IO_RESOLVER_H
#define CUTOVER_IO_RESOLVER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define RESOLVER_ANSWER_CAP 16

struct resolver_answer {
    int rcode; /* 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED */
    bool is_authoritative;
    size_t count;
    struct {
        char content[256]; /* address or, for CNAME, the target without trailing dot */
        unsigned ttl_s;
    } item[RESOLVER_ANSWER_CAP]; /* only records of the asked type */
    char cname[256];             /* target when the name is an alias; "" otherwise */
};

MUST_CHECK int resolver_library_init(struct err *err);
void resolver_library_end(void);

/*
 * server      "127.0.0.1:5353", "[::1]:53"; a host name is looked up with the system's resolver
 *             first, and that look-up is bounded by the system's settings, not by timeout_ms
 * type        "A", "AAAA", "CNAME", "TXT"
 * is_recursion_wanted  false for an authoritative server
 * ttl_s       of an address behind aliases: the lowest of the chain
 * Errors      ERR_CONFIG/NONE (server, name or type), ERR_TIMEOUT/NONE, ERR_LOST/NONE (refused
 *             connection), ERR_PROTOCOL/NONE; an rcode is not an error
 */
MUST_CHECK int resolver_ask(const char *server, const char *name, const char *type,
                            bool is_recursion_wanted, int64_t timeout_ms,
                            struct resolver_answer *out, struct err *err);

/* What resolver_ask() makes of a message. False when it makes no sense; then *out is as it was. */
bool resolver_read_answer(const unsigned char *message, size_t len, const char *name,
                          const char *type, struct resolver_answer *out);

#endif
