/* SPDX-License-Identifier: MIT */
/*
 * dns/records.h - read and change records at a provider, compare before and after.
 * Invariant: a record is only ever changed by id (PATCH), after its present content was read and
 *            found to be what the caller expects, and is read back afterwards. Never deleted and
 *            created.
 * Form:      names are in lower case without trailing dot, IPv6 in its shortest form.
 * Provider:  one row a provider in a table (cloudflare today).
 * Threads:   a struct dns belongs to one thread.
 */
#ifndef CUTOVER_DNS_RECORDS_H
#define CUTOVER_DNS_RECORDS_H

#include "base/buf.h"
#include "domain/facts.h"
#include "domain/service.h"
#include "domain/survey_topic.h"

struct dns;

struct dns_record {
    char id[64], name[256], type[16], content[256];
    char comment[2048]; /* whole, or reading fails: it is somebody's, and is put back */
    unsigned ttl_s;     /* 1 = automatic */
    bool is_proxied;
    char modified_on[64];
    char tags[256]; /* "a:b, c", shown only; may be cut */
};

struct dns_zone {
    char id[64], name[256], plan[32];
    char name_servers[8][256];
    size_t name_server_count;
};

MUST_CHECK int dns_open(const struct service *service, struct dns **out, struct err *err);
void dns_free(struct dns *dns);
void dns_freep(struct dns **dns);

/*
 * For drills: what the next request that changes a record meets, once. Too many: it is not sent and
 * answered 429. Lost: it is made, and its answer is dropped.
 */
enum dns_injection { DNS_INJECT_NOTHING, DNS_INJECT_TOO_MANY, DNS_INJECT_LOST_ANSWER };
void dns_inject(struct dns *dns, enum dns_injection injection);

/* The token is alive. ERR_REFUSED/NONE says what is wrong with it and what it needs. */
MUST_CHECK int dns_check_token(struct dns *dns, struct err *err);
MUST_CHECK int dns_zone(struct dns *dns, struct dns_zone *out, struct err *err);

/*
 * Find by name and type: exactly one. Reads are repeated for at most 30 s until they are answered.
 * Errors  ERR_REFUSED/NONE missing, or more than one; names the other types found at the name
 */
MUST_CHECK int dns_find(struct dns *dns, const char *name, const char *type, struct dns_record *out,
                        struct err *err);
MUST_CHECK int dns_get(struct dns *dns, const char *id, struct dns_record *out, struct err *err);

/*
 * Change content, ttl, proxied or comment of one record: compare, PATCH by id, read back.
 * Already as wanted: success, nothing is sent.
 *
 * before      what the record must be now: content, ttl_s and is_proxied are compared (the ttl of
 *             a proxied record is not: it has none of its own). Names the record: id, name, type.
 * after       what it shall be. The comment is a field as any other: keep the person's own one in
 *             `before` and put it back on the way back. Compared only when nothing else changes.
 * timeout_ms  bounds everything. Answers that are lost (dropped, truncated, 5xx, HTML) are looked
 *             up by GET until known, and the PATCH is repeated when it was not applied; 429 waits
 *             retry-after. Up to 10 s more when an earlier change of the record to another value
 *             lost its answer and could still arrive.
 * out_now     the record as read back; may be NULL
 *
 * Errors  ERR_CONFLICT     somebody else changed it; shows expected, found and when. NONE before
 *                          anything was sent, UNKNOWN afterwards
 *         ERR_REFUSED/NONE the API said no: its own code and text, the inner one of a chain first
 *         ERR_TIMEOUT      NONE when surely nothing was applied, else UNKNOWN; ERR_STOPPED likewise
 *         ERR_LOST, ERR_SERVER, ERR_PROTOCOL/NONE  it could not be read, and nothing was sent
 */
MUST_CHECK int dns_change(struct dns *dns, const struct dns_record *before,
                          const struct dns_record *after, int64_t timeout_ms,
                          struct dns_record *out_now, struct err *err);

/*
 * Is the token allowed to change records? Sends the record its own value until the answer is clear;
 * nothing changes.
 * now     as just read
 * Errors  ERR_REFUSED/NONE the API said no, in its own words; others: it is not known
 */
MUST_CHECK int dns_prove_write(struct dns *dns, const struct dns_record *now, int64_t timeout_ms,
                               struct err *err);

/* "PATCH /zones/{zone}/dns_records/{id} {...}" as dns_change() will send it: for the plan. */
MUST_CHECK int dns_describe_change(struct dns *dns, const struct dns_record *before,
                                   const struct dns_record *after, struct buf *out,
                                   struct err *err);

/*
 * Who says that it keeps one of the configured records: by its comment or tags, or by a TXT record
 * where external-dns and octoDNS put theirs. Items: the record's name, who, what was found. What
 * cannot be read leaves the list unread, with the reason in it. ERR_MEMORY/NONE.
 */
MUST_CHECK int dns_keepers(struct dns *dns, struct survey_list *out, struct err *err);

/*
 * Fill the DNS part of facts: each configured record's id, content, ttl, proxied, and where all of
 * them point. A failure is a fact (dns_error, DNS_UNKNOWN), not an error. Takes at most about 10 s.
 * facts->records is replaced (and freed): hand in facts of your own, zeroed or from a former probe.
 * Errors  ERR_MEMORY/NONE only
 */
MUST_CHECK int dns_probe(const struct service *service, struct facts *facts, struct err *err);

#endif
