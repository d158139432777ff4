/* SPDX-License-Identifier: MIT */
/*
 * dns/propagation.h - do all authoritative servers, and then the resolvers, give the new answer?
 * A proxied record's answer does not change with its content: for those only "answers at all" is
 * asked here, and said.
 * Threads: the caller's, and one a server while asking; none is left when a call returns.
 */
#ifndef CUTOVER_DNS_PROPAGATION_H
#define CUTOVER_DNS_PROPAGATION_H

#include "dns/records.h"

struct propagation_answer {
    char server[256];
    bool is_authoritative_server;
    char name[256];
    char content[256]; /* "" when none */
    unsigned ttl_s;    /* remaining */
    enum tri is_new;   /* UNKNOWN: no answer (error says why) or proxied */
    char error[160];
};

struct propagation {
    struct propagation_answer *answers; /* servers x records */
    size_t count;
    bool is_converged; /* every server gives the new answer for each record that can show it */
};
void propagation_release(struct propagation *propagation);

struct propagation_want {
    const char *name, *type, *content;
    bool is_proxied;
};

/*
 * Ask each server for each record, all servers at once; one that is dead costs one time-out of 2 s.
 * The servers: dns.authoritative, else the zone's name servers at port 53; then dns.resolvers.
 * out     one answer a server and record, server after server
 * Errors  ERR_REFUSED/NONE nobody to ask; ERR_CONFIG/NONE too many; ERR_MEMORY/NONE
 *         What goes wrong with one server is in its answers.
 */
MUST_CHECK int propagation_ask(const struct service *service, const struct dns_zone *zone,
                               const struct propagation_want *wants, size_t want_count,
                               struct propagation *out, struct err *err);

/*
 * Ask again and again until converged: the authoritative servers first, and only then the
 * resolvers, because a resolver that is asked too early keeps the old answer for another TTL.
 * progress  may be NULL; sees the answers of the servers that are being waited for
 * Errors    ERR_TIMEOUT/NONE names who still gives the old answer, resolvers with the seconds left;
 *           ERR_STOPPED/NONE; and those of propagation_ask()
 */
MUST_CHECK int propagation_wait(const struct service *service, const struct dns_zone *zone,
                                const struct propagation_want *wants, size_t want_count,
                                int64_t deadline_ms,
                                void (*progress)(void *context, const struct propagation *now),
                                void *context, struct propagation *out, struct err *err);

#endif
