/* SPDX-License-Identifier: MIT */
/*
 * dns/propagation.h - do all authoritative servers, and then the resolvers, give the new answer?
 * A proxied record's answer does not change with its content: for those only "answers at all" is asked here, and said.
 * Threads: the caller's.
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
    bool is_converged; /* every server asked gives the new answer for every record that can show it */
};
void propagation_release(struct propagation *propagation);

struct propagation_want {
    const char *name, *type, *content;
    bool is_proxied;
};

/* The servers to ask: configured ones, else the zone's name servers. Fills `out` with one answer a server and record. */
MUST_CHECK int propagation_ask(const struct service *service, const struct dns_zone *zone, const struct propagation_want *wants,
                               size_t want_count, struct propagation *out, struct err *err);

/*
 * Ask again and again until converged. Authoritative servers first, then resolvers (bounded by remaining TTL; the message names who
 * still gives the old answer and for how long). progress may be NULL. ERR_TIMEOUT/NONE names the laggards; ERR_STOPPED.
 */
MUST_CHECK int propagation_wait(const struct service *service, const struct dns_zone *zone, const struct propagation_want *wants,
                                size_t want_count, int64_t deadline_ms,
                                void (*progress)(void *context, const struct propagation *now), void *context,
                                struct propagation *out, struct err *err);

#endif
