/* SPDX-License-Identifier: MIT */
/*
 * dns/provider.h - one provider as a row of functions, and the state of one client.
 * Caller:  src/dns/ only; everyone else uses dns/records.h.
 * Threads: as struct dns: one thread.
 */
#ifndef CUTOVER_DNS_PROVIDER_H
#define CUTOVER_DNS_PROVIDER_H

#include "dns/records.h"
#include "io/http_client.h"

struct dns_records {
    struct dns_record *items;
    size_t count;
};
void dns_records_release(struct dns_records *records);

/*
 * Deadlines are absolute and monotonic. Reads are repeated until they are answered or the deadline
 * has passed; their errors are NONE. change() repeats only what surely was not applied; its error
 * is UNKNOWN whenever the record may have changed, and then the caller looks.
 * Errors  ERR_REFUSED the API said no; ERR_LOST, ERR_SERVER, ERR_PROTOCOL no usable answer;
 *         ERR_TIMEOUT; ERR_STOPPED
 */
struct dns_provider {
    const char *name; /* as in the configuration */
    int (*check_token)(struct dns *dns, int64_t deadline_ms, struct err *err);
    int (*find_zone)(struct dns *dns, int64_t deadline_ms, struct dns_zone *out, struct err *err);
    int (*list)(struct dns *dns, const char *name, int64_t deadline_ms, struct dns_records *out,
                struct err *err); /* every type at the name */
    int (*get)(struct dns *dns, const char *id, int64_t deadline_ms, struct dns_record *out,
               struct err *err);
    int (*change)(struct dns *dns, const struct dns_record *after, int64_t deadline_ms,
                  struct err *err);
    int (*describe)(struct dns *dns, const struct dns_record *after, struct buf *out,
                    struct err *err);
};

extern const struct dns_provider dns_cloudflare;

/*
 * A change whose answer was lost may still arrive. Until then no later value of that record can be
 * trusted to stay.
 */
struct dns_late_change {
    struct dns_record wanted;
    int64_t until_ms; /* monotonic; 0 = none */
};

struct dns {
    const struct service *service; /* borrowed */
    const struct dns_provider *provider;
    struct http_client *http;
    struct dns_zone zone; /* id "" until it was looked up */
    struct dns_late_change late;
    enum dns_injection injection; /* for the next change */
};

#endif
