/* SPDX-License-Identifier: MIT */
/*
 * Records at a provider. No provider offers compare-and-set, so a change is three steps: read and
 * compare, send, read back. Nothing is believed because it was sent, and nothing is believed
 * because an answer did not come: the record itself is asked until it says what is true.
 */
#include "dns/records.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "dns/provider.h"

#define PROVE_PAUSE_MS 500
#define READ_TIMEOUT_MS 30000
#define PROBE_TIMEOUT_MS 10000
#define LATE_ARRIVAL_MS                                                                            \
    10000 /* how long a request that was given up may still reach the provider */
#define RESEND_PAUSE_MS 500

static const struct dns_provider *const providers[] = {&dns_cloudflare};

/* --- opening ---------------------------------------------------------------------------------- */

static const struct dns_provider *provider_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(providers); i++) {
        if (strcmp(providers[i]->name, name) == 0) {
            return providers[i];
        }
    }
    return NULL;
}

/* A stray space or line end in a token earns an error that nobody understands; say it here. */
static bool is_clean_token(const struct secret *token)
{
    const char *bytes = secret_bytes(token);
    for (const char *c = bytes; *c != '\0'; c++) {
        if (!isgraph((unsigned char)*c)) {
            return false;
        }
    }
    return bytes[0] != '\0' && strlen(bytes) == secret_len(token);
}

int dns_open(const struct service *service, struct dns **out, struct err *err)
{
    if (!service->dns.is_configured) {
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "service %s has no dns group", service->name);
    }
    const struct dns_provider *provider = provider_find(service->dns.provider);
    if (provider == NULL) {
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "dns provider \"%s\" is not known",
                       service->dns.provider);
    }
    if (!is_clean_token(&service->dns.token)) {
        err_set(err, ERR_CONFIG, EFFECT_NONE,
                "the DNS token is empty or holds a space or line end");
        return err_hint(err, "Write the token, and nothing else, into its file.");
    }
    CLEANUP(dns_freep) struct dns *dns = calloc(1, sizeof(*dns));
    if (dns == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for the DNS client");
    }
    dns->service = service;
    dns->provider = provider;
    int rc = http_client_new(&dns->http, err);
    if (rc != 0) {
        return rc;
    }
    *out = dns;
    dns = NULL;
    return 0;
}

void dns_free(struct dns *dns)
{
    if (dns != NULL) {
        http_client_free(dns->http);
        free(dns);
    }
}

void dns_inject(struct dns *dns, enum dns_injection injection)
{
    dns->injection = injection;
}

void dns_freep(struct dns **dns)
{
    dns_free(*dns);
    *dns = NULL;
}

/* --- reading ---------------------------------------------------------------------------------- */

static int64_t deadline_in(int64_t timeout_ms)
{
    return clock_mono_ms() + timeout_ms;
}

/* The zone's id is looked up once; it does not change while a client lives. */
static int need_zone(struct dns *dns, int64_t deadline_ms, struct err *err)
{
    if (dns->zone.id[0] != '\0') {
        return 0;
    }
    return dns->provider->find_zone(dns, deadline_ms, &dns->zone, err);
}

int dns_check_token(struct dns *dns, struct err *err)
{
    return dns->provider->check_token(dns, deadline_in(READ_TIMEOUT_MS), err);
}

int dns_zone(struct dns *dns, struct dns_zone *out, struct err *err)
{
    int rc = need_zone(dns, deadline_in(READ_TIMEOUT_MS), err);
    if (rc == 0) {
        *out = dns->zone;
    }
    return rc;
}

/* "AAAA, TXT", or "nothing". */
static void types_text(const struct dns_records *records, char *out, size_t out_size)
{
    size_t len = 0;
    snprintf(out, out_size, "nothing");
    for (size_t i = 0; i < records->count && len < out_size; i++) {
        int written =
            snprintf(out + len, out_size - len, "%s%s", i > 0 ? ", " : "", records->items[i].type);
        len += written > 0 ? (size_t)written : 0;
    }
}

static int pick_one(const struct dns_records *records, const char *name, const char *type,
                    struct dns_record *out, struct err *err)
{
    const struct dns_record *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < records->count; i++) {
        if (strcmp(records->items[i].type, type) == 0) {
            found = &records->items[i];
            count++;
        }
    }
    if (count == 1) {
        *out = *found;
        return 0;
    }
    if (count > 1) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "%s has %zu %s records; expected one, since they cannot be flipped as one", name,
                count, type);
        return err_hint(err, "Leave one of them before the migration.");
    }
    char types[128];
    types_text(records, types, sizeof(types));
    err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has no %s record at the provider; found %s there",
            name, type, types);
    return err_hint(err, "Create it beforehand: records are changed here, never created.");
}

static int find_until(struct dns *dns, const char *name, const char *type, int64_t deadline_ms,
                      struct dns_record *out, struct err *err)
{
    CLEANUP(dns_records_release) struct dns_records records = {0};
    int rc = need_zone(dns, deadline_ms, err);
    rc = rc != 0 ? rc : dns->provider->list(dns, name, deadline_ms, &records, err);
    return rc != 0 ? rc : pick_one(&records, name, type, out, err);
}

int dns_find(struct dns *dns, const char *name, const char *type, struct dns_record *out,
             struct err *err)
{
    return find_until(dns, name, type, deadline_in(READ_TIMEOUT_MS), out, err);
}

static int get_until(struct dns *dns, const char *id, int64_t deadline_ms, struct dns_record *out,
                     struct err *err)
{
    /* An empty id would ask for the list, and a PATCH of that is an error that blames the token. */
    if (id[0] == '\0' || id[strspn(id, "0123456789abcdefABCDEF")] != '\0') {
        return err_set(err, ERR_BUG, EFFECT_NONE, "\"%.64s\" is not the id of a record", id);
    }
    int rc = need_zone(dns, deadline_ms, err);
    return rc != 0 ? rc : dns->provider->get(dns, id, deadline_ms, out, err);
}

int dns_get(struct dns *dns, const char *id, struct dns_record *out, struct err *err)
{
    return get_until(dns, id, deadline_in(READ_TIMEOUT_MS), out, err);
}

/* --- changing --------------------------------------------------------------------------------- */

/* A proxied record's TTL is the provider's own; it says nothing. */
static bool is_same_value(const struct dns_record *a, const struct dns_record *b)
{
    return strcasecmp(a->content, b->content) == 0 && a->is_proxied == b->is_proxied &&
           (a->is_proxied || a->ttl_s == b->ttl_s);
}

enum standing { AS_WANTED, AS_BEFORE, AS_NEITHER };

/*
 * The comment decides only when nothing else is to change. When a person edits the comment of a
 * record that already has its new value, the record is as wanted, and the person's comment stays.
 */
static enum standing judge(const struct dns_record *now, const struct dns_record *before,
                           const struct dns_record *after)
{
    bool is_comment_change = is_same_value(before, after);
    bool has_comment = strcmp(now->comment, after->comment) == 0;
    if (is_same_value(now, after) && (has_comment || !is_comment_change)) {
        return AS_WANTED;
    }
    return is_same_value(now, before) ? AS_BEFORE : AS_NEITHER;
}

static void value_text(const struct dns_record *record, char *out, size_t out_size)
{
    if (record->is_proxied) {
        snprintf(out, out_size, "%s proxied", record->content);
    } else {
        snprintf(out, out_size, "%s ttl %u", record->content, record->ttl_s);
    }
}

static int conflict(const struct dns_record *now, const struct dns_record *before, bool is_sent,
                    struct err *err)
{
    char expected[300], found[300];
    value_text(before, expected, sizeof(expected));
    value_text(now, found, sizeof(found));
    err_set(err, ERR_CONFLICT, is_sent ? EFFECT_UNKNOWN : EFFECT_NONE,
            "%.100s %s was changed by somebody else: expected %.120s, found %.120s, modified %s",
            before->name, before->type, expected, found,
            now->modified_on[0] != '\0' ? now->modified_on : "at an unknown time");
    return err_hint(err, "Find out who else changes this zone (external-dns, octoDNS, Terraform, a "
                         "colleague), stop it, and plan again.");
}

/* One change on its way: what it must find, what it shall leave, and until when. */
struct dns_move {
    const struct dns_record *before;
    struct dns_record after;
    int64_t deadline_ms;
    bool is_sent;     /* at least one request may have reached the provider */
    struct err doubt; /* why the last request's fate had to be looked up */
};

/* What the provider holds now. When it cannot be read, the effect is as unknown as it was before
 * asking. */
static int look(struct dns *dns, struct dns_move *move, struct dns_record *out, struct err *err)
{
    int rc = get_until(dns, move->after.id, move->deadline_ms, out, err);
    if (rc == 0 || err == NULL) {
        return rc;
    }
    err_wrap(err, "%s %s cannot be read", move->after.name, move->after.type);
    if (move->is_sent) {
        err->effect = EFFECT_UNKNOWN;
    }
    if (move->is_sent && (rc == ERR_LOST || rc == ERR_SERVER || rc == ERR_PROTOCOL)) {
        err->code = ERR_TIMEOUT; /* reads are repeated for as long as there is time */
    }
    return err->code;
}

static void note_late(struct dns *dns, const struct dns_move *move)
{
    dns->late.wanted = move->after;
    dns->late.until_ms = deadline_in(LATE_ARRIVAL_MS);
}

/*
 * Send once. An unclear outcome is no failure yet: the caller looks at the record next. Only what
 * certainly changed nothing is an error here.
 */
static int send_change(struct dns *dns, struct dns_move *move, struct err *err)
{
    struct err failure = {0};
    int rc = dns->provider->change(dns, &move->after, move->deadline_ms, &failure);
    if (rc == 0) {
        move->is_sent = true;
        move->doubt = (struct err){0};
        return 0;
    }
    if (failure.effect != EFFECT_NONE) {
        move->is_sent = true;
        move->doubt = failure;
        note_late(dns, move);
        return 0;
    }
    if (err != NULL) {
        *err = failure;
        err->effect = move->is_sent ? EFFECT_UNKNOWN : EFFECT_NONE;
    }
    err_wrap(err, "%s %s", move->after.name, move->after.type);
    return rc;
}

static int out_of_time(const struct dns_move *move, struct err *err)
{
    err_set(err, ERR_TIMEOUT, EFFECT_UNKNOWN,
            "%.100s %s still has its former value; requests to change it were sent and may yet "
            "arrive%s%.200s",
            move->after.name, move->after.type, move->doubt.msg[0] != '\0' ? ": " : "",
            move->doubt.msg);
    return err_hint(err, "Look at the record before anything else is done to it.");
}

/* Send until the record is as wanted. The same request twice does the same as once, so a lost one
 * is simply repeated. */
static int settle_move(struct dns *dns, struct dns_move *move, struct dns_record *now,
                       struct err *err)
{
    for (;;) {
        int rc = look(dns, move, now, err);
        if (rc != 0) {
            return rc;
        }
        enum standing standing = judge(now, move->before, &move->after);
        if (standing == AS_WANTED) {
            return 0;
        }
        if (standing == AS_NEITHER) {
            return conflict(now, move->before, move->is_sent, err);
        }
        if (move->is_sent && clock_mono_ms() + RESEND_PAUSE_MS >= move->deadline_ms) {
            return out_of_time(move, err);
        }
        if (move->is_sent && !clock_sleep_ms(RESEND_PAUSE_MS)) {
            return err_set(err, ERR_STOPPED, EFFECT_UNKNOWN, "stopped while changing %s %s",
                           move->after.name, move->after.type);
        }
        rc = send_change(dns, move, err);
        if (rc != 0) {
            return rc;
        }
    }
}

/*
 * An earlier change of this record whose answer was lost could still arrive and overwrite the
 * present one. Wait until that is no longer possible, then look once more.
 */
static int outlast_late_change(struct dns *dns, struct dns_move *move, struct dns_record *now,
                               const struct dns_late_change *late, struct err *err)
{
    int64_t left_ms = late->until_ms - clock_mono_ms();
    if (left_ms <= 0 || strcmp(late->wanted.id, move->after.id) != 0 ||
        is_same_value(&late->wanted, &move->after)) {
        return 0;
    }
    if (!clock_sleep_ms(left_ms)) {
        return err_set(err, ERR_STOPPED, EFFECT_UNKNOWN,
                       "stopped while an earlier change of %s could still arrive", now->name);
    }
    struct dns_move again = {
        .before = &late->wanted,
        .after = move->after,
        .deadline_ms = deadline_in(LATE_ARRIVAL_MS),
        .is_sent = true,
    };
    return settle_move(dns, &again, now, err);
}

/* What `after` shall be is of the record that `before` names. */
static struct dns_record wanted_record(const struct dns_record *before,
                                       const struct dns_record *after)
{
    struct dns_record wanted = *after;
    memcpy(wanted.id, before->id, sizeof(wanted.id));
    memcpy(wanted.name, before->name, sizeof(wanted.name));
    memcpy(wanted.type, before->type, sizeof(wanted.type));
    return wanted;
}

int dns_change(struct dns *dns, const struct dns_record *before, const struct dns_record *after,
               int64_t timeout_ms, struct dns_record *out_now, struct err *err)
{
    struct dns_late_change late = dns->late;
    struct dns_move move = {
        .before = before,
        .after = wanted_record(before, after),
        .deadline_ms = deadline_in(timeout_ms),
    };
    struct dns_record now;
    int rc = settle_move(dns, &move, &now, err);
    rc = rc != 0 ? rc : outlast_late_change(dns, &move, &now, &late, err);
    if (rc == 0 && out_now != NULL) {
        *out_now = now;
    }
    return rc;
}

int dns_prove_write(struct dns *dns, const struct dns_record *now, int64_t timeout_ms,
                    struct err *err)
{
    struct dns_move move = {.before = now, .after = *now, .deadline_ms = deadline_in(timeout_ms)};
    for (;;) {
        int rc = send_change(dns, &move, err);
        if (rc != 0 || move.doubt.code == 0) {
            return rc;
        }
        if (clock_mono_ms() + PROVE_PAUSE_MS >= move.deadline_ms ||
            !clock_sleep_ms(PROVE_PAUSE_MS)) {
            break;
        }
    }
    if (err != NULL) {
        *err = move.doubt;
        err->effect = EFFECT_NONE; /* its own value again, whether it arrived or not */
    }
    return err_wrap(err, "%s %s: the right to change it is not proven", now->name, now->type);
}

int dns_describe_change(struct dns *dns, const struct dns_record *before,
                        const struct dns_record *after, struct buf *out, struct err *err)
{
    struct dns_record wanted = wanted_record(before, after);
    int rc = need_zone(dns, deadline_in(READ_TIMEOUT_MS), err);
    return rc != 0 ? rc : dns->provider->describe(dns, &wanted, out, err);
}

/* --- facts ------------------------------------------------------------------------------------ */

/* The first thing that is wrong is kept; the rest usually follows from it. */
static void PRINTF_LIKE(2, 3) note_dns_error(struct facts *facts, const char *fmt, ...)
{
    if (facts->dns_error[0] == '\0') {
        va_list args;
        va_start(args, fmt);
        (void)vsnprintf(facts->dns_error, sizeof(facts->dns_error), fmt, args); /* may be cut */
        va_end(args);
    }
}

static enum dns_points points_of(const struct service_record *record, const char *content)
{
    for (int side = 0; side < SIDE_COUNT; side++) {
        if (strcasecmp(record->content[side], content) == 0) {
            return side == SIDE_OLD ? DNS_OLD : DNS_NEW;
        }
    }
    return DNS_UNKNOWN;
}

static void fill_record(const struct dns_record *found, struct record_facts *out,
                        struct facts *facts)
{
    out->is_found = TRI_YES;
    out->ttl_s = found->ttl_s;
    out->is_proxied = found->is_proxied;
    out->points = points_of(out->record, found->content);
    snprintf(out->id, sizeof(out->id), "%s", found->id);
    snprintf(out->content, sizeof(out->content), "%s", found->content);
    snprintf(out->comment, sizeof(out->comment), "%.*s", (int)sizeof(out->comment) - 1,
             found->comment);
    if (out->points == DNS_UNKNOWN) {
        note_dns_error(facts, "%s %s is %s, which is neither OLD (%s) nor NEW (%s)", found->name,
                       found->type, found->content, out->record->content[SIDE_OLD],
                       out->record->content[SIDE_NEW]);
    }
}

/* False when the provider is out of reach: the other records need not be asked for. */
static bool probe_record(struct dns *dns, struct record_facts *out, int64_t deadline_ms,
                         struct facts *facts)
{
    struct dns_record found;
    struct err failure = {0};
    int rc = find_until(dns, out->record->name, out->record->type, deadline_ms, &found, &failure);
    if (rc == 0) {
        fill_record(&found, out, facts);
        return true;
    }
    bool is_apis_own_no = failure.native != 0;
    out->is_found = rc == ERR_REFUSED && !is_apis_own_no ? TRI_NO : TRI_UNKNOWN;
    note_dns_error(facts, "%s", failure.msg);
    return rc == ERR_REFUSED && dns->zone.id[0] != '\0';
}

/* Where all of them point. One that is unknown makes the whole unknown. */
static enum dns_points join_points(const struct facts *facts)
{
    enum dns_points all = facts->records[0].points;
    for (size_t i = 0; i < facts->record_count; i++) {
        enum dns_points one = facts->records[i].points;
        if (one == DNS_UNKNOWN) {
            return DNS_UNKNOWN;
        }
        all = one == all ? all : DNS_MIXED;
    }
    return all;
}

int dns_probe(const struct service *service, struct facts *facts, struct err *err)
{
    size_t count = service->dns.record_count;
    facts->dns_error[0] = '\0';
    if (!service->dns.is_configured || count == 0) {
        facts->dns = DNS_NONE;
        return 0;
    }
    struct record_facts *records = calloc(count, sizeof(*records));
    if (records == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu records", count);
    }
    free(facts->records);
    facts->records = records;
    facts->record_count = count;
    CLEANUP(dns_freep) struct dns *dns = NULL;
    struct err failure = {0};
    bool is_answering = dns_open(service, &dns, &failure) == 0;
    if (!is_answering) {
        note_dns_error(facts, "%s", failure.msg);
    }
    int64_t deadline_ms = deadline_in(PROBE_TIMEOUT_MS);
    for (size_t i = 0; i < count; i++) {
        records[i].record = &service->dns.records[i];
        is_answering = is_answering && probe_record(dns, &records[i], deadline_ms, facts);
    }
    facts->dns = join_points(facts);
    return 0;
}
