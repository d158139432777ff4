/* SPDX-License-Identifier: MIT */
/*
 * dns/records.h - read and change records at a provider, compare before and after.
 * Invariant: a record is only ever changed by id (PATCH), after its present content was read and found to be what the caller expects, and is
 *            read back afterwards. Never delete and create.
 * Provider:  one row a provider in a table (cloudflare today).
 * Threads:   a struct dns belongs to one thread.
 */
#ifndef CUTOVER_DNS_RECORDS_H
#define CUTOVER_DNS_RECORDS_H

#include "base/buf.h"
#include "domain/facts.h"
#include "domain/service.h"

struct dns;

struct dns_record {
    char id[64], name[256], type[8], content[256], comment[512];
    unsigned ttl_s; /* 1 = automatic */
    bool is_proxied;
    char modified_on[64];
};

struct dns_zone {
    char id[64], name[256], plan[32];
    char name_servers[8][256];
    size_t name_server_count;
};

MUST_CHECK int dns_open(const struct service *service, struct dns **out, struct err *err);
void dns_free(struct dns *dns);
void dns_freep(struct dns **dns);

/* The token is valid and active. ERR_REFUSED/NONE says what is wrong with it, and what permissions it needs. */
MUST_CHECK int dns_check_token(struct dns *dns, struct err *err);
MUST_CHECK int dns_zone(struct dns *dns, struct dns_zone *out, struct err *err);

/* Find by name and type: exactly one. ERR_REFUSED/NONE when missing, or more than one; names the other types found at the name. */
MUST_CHECK int dns_find(struct dns *dns, const char *name, const char *type, struct dns_record *out, struct err *err);
MUST_CHECK int dns_get(struct dns *dns, const char *id, struct dns_record *out, struct err *err);

/*
 * Change content, ttl or comment of one record: compare, PATCH, read back. Already as wanted: success, nothing sent.
 * before  what the record must be now (content, ttl_s, is_proxied compared)     after  what it shall be
 * Ambiguous answers (dropped, truncated, 5xx, HTML) are looked up by GET until known, for at most timeout_ms; 429 waits retry-after.
 * Errors  ERR_CONFLICT/NONE somebody else changed it (shows expected and found); ERR_TIMEOUT/UNKNOWN; ERR_REFUSED/NONE with the
 *         API's own code and text (inner error_chain first).
 * out_now the record as read back; may be NULL.
 */
MUST_CHECK int dns_change(struct dns *dns, const struct dns_record *before, const struct dns_record *after, int64_t timeout_ms,
                          struct dns_record *out_now, struct err *err);

/* "PATCH /zones/{zone}/dns_records/{id} {...}" as dns_change() will send it: for the plan. */
MUST_CHECK int dns_describe_change(struct dns *dns, const struct dns_record *before, const struct dns_record *after,
                                   struct buf *out, struct err *err);

/* Fill the DNS part of facts: each configured record's id, content, ttl, proxied, and where all of them point. A failure is a fact
 * (dns_error, DNS_UNKNOWN), not an error. ERR_MEMORY/NONE only. */
MUST_CHECK int dns_probe(const struct service *service, struct facts *facts, struct err *err);

#endif
