/* SPDX-License-Identifier: MIT */
/*
 * Cloudflare's API v4: which request does what, and which failed request may be sent again.
 * The API knows no compare-and-set and no idempotency key. Therefore records are only ever PATCHed
 * by id to a whole value (the same request twice does the same as once), and a PATCH whose fate is
 * unknown is not repeated here: the caller looks.
 */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "dns/cloudflare_answer.h"
#include "dns/provider.h"

#define REQUEST_TIMEOUT_MS 10000
#define REQUEST_TIMEOUT_LEAST_MS 200
#define PAGE_SIZE 100
#define PAGE_CAP 50
#define URL_CAP 2048
#define BODY_CAP 16384
#define BACKOFF_FIRST_MS 250
#define BACKOFF_MOST_MS 2000
#define SHY_REFUSAL_PAUSE_MS 500
#define UNNAMED_RATE_PAUSE_S 5
#define RATE_PAUSE_MOST_S INT64_C(86400)

#define HTTP_FORBIDDEN 403
#define HTTP_TOO_MANY 429
#define CODE_AUTHENTICATION 10000
#define CODE_INVALID_TOKEN 1000

struct call {
    const char *method;
    const char *url;
    const char *body;
    bool is_write;
    int64_t deadline_ms; /* of the call with all its repetitions */
};

/* What is known about the attempts of one call so far. */
struct attempts {
    int64_t backoff_ms;
    bool was_forbidden;
    long status; /* of the last attempt; 0 when no answer came */
    int64_t retry_after_s;
};

/*
 * A write may use half of the time that is left: when its answer does not come, the other half is
 * for looking up what became of it.
 */
static int64_t request_timeout_ms(const struct call *call)
{
    int64_t left_ms = call->deadline_ms - clock_mono_ms();
    int64_t share_ms = call->is_write ? left_ms / 2 : left_ms;
    int64_t timeout_ms = share_ms < REQUEST_TIMEOUT_MS ? share_ms : REQUEST_TIMEOUT_MS;
    return timeout_ms > REQUEST_TIMEOUT_LEAST_MS ? timeout_ms : REQUEST_TIMEOUT_LEAST_MS;
}

/* What a drill does to this attempt; it is done once. */
static enum dns_injection take_injection(struct dns *dns, const struct call *call)
{
    enum dns_injection injected = call->is_write ? dns->injection : DNS_INJECT_NOTHING;
    if (call->is_write) {
        dns->injection = DNS_INJECT_NOTHING;
    }
    return injected;
}

static int send_once(struct dns *dns, const struct call *call, struct attempts *attempts,
                     json_t **out_envelope, struct err *err)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    struct http_request request = {
        .method = call->method,
        .url = call->url,
        .content_type = call->body != NULL ? "application/json" : NULL,
        .body = call->body,
        .bearer = &dns->service->dns.token,
        .timeout_ms = request_timeout_ms(call),
    };
    attempts->status = 0;
    enum dns_injection injected = take_injection(dns, call);
    if (injected == DNS_INJECT_TOO_MANY) {
        attempts->status = HTTP_TOO_MANY;
        attempts->retry_after_s = 1;
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "a drill answers 429 for Cloudflare");
    }
    int rc = http_send(dns->http, &request, &response, err);
    if (rc != 0) {
        return rc;
    }
    if (injected == DNS_INJECT_LOST_ANSWER) {
        return err_set(err, ERR_LOST, EFFECT_UNKNOWN, "a drill has dropped Cloudflare's answer");
    }
    attempts->status = response.status;
    attempts->retry_after_s = response.retry_after_s;
    return cloudflare_read_answer(&response, call->is_write, out_envelope, err);
}

/* Never at once, even when it says so, and never a time that no deadline can hold. */
static int64_t rate_pause_ms(int64_t retry_after_s)
{
    if (retry_after_s < 0) {
        return 1000 * UNNAMED_RATE_PAUSE_S;
    }
    if (retry_after_s > RATE_PAUSE_MOST_S) {
        return 1000 * RATE_PAUSE_MOST_S;
    }
    return retry_after_s == 0 ? BACKOFF_FIRST_MS : 1000 * retry_after_s;
}

/*
 * How long to wait before the failed request is sent again; -1 when it must not be.
 * A refusal by the rate limit is sure to have changed nothing. So is 403/10000, which fresh zones
 * answer now and then for no reason: once is forgiven. What a write may have done, only its caller
 * can find out.
 */
static int64_t pause_before_retry(const struct call *call, struct attempts *attempts,
                                  const struct err *failure)
{
    if (attempts->status == HTTP_TOO_MANY) {
        return rate_pause_ms(attempts->retry_after_s);
    }
    if (attempts->status == HTTP_FORBIDDEN && failure->native == CODE_AUTHENTICATION) {
        bool is_second = attempts->was_forbidden;
        attempts->was_forbidden = true;
        return is_second ? -1 : SHY_REFUSAL_PAUSE_MS;
    }
    bool may_pass = failure->code == ERR_LOST || failure->code == ERR_TIMEOUT ||
                    failure->code == ERR_SERVER || failure->code == ERR_PROTOCOL;
    if (!may_pass || (call->is_write && failure->effect != EFFECT_NONE)) {
        return -1;
    }
    int64_t pause_ms = attempts->backoff_ms;
    int64_t doubled_ms = 2 * pause_ms;
    attempts->backoff_ms = doubled_ms < BACKOFF_MOST_MS ? doubled_ms : BACKOFF_MOST_MS;
    return pause_ms;
}

/* The next attempt would come too late. Only the rate limit says so in words of its own. */
static int give_up(const struct attempts *attempts, int64_t pause_ms, int64_t left_ms,
                   struct err *err)
{
    char pause[32], left[32];
    if (attempts->status != HTTP_TOO_MANY) {
        return err_wrap(err, "no usable answer in time");
    }
    err_set(err, ERR_TIMEOUT, EFFECT_NONE,
            "Cloudflare's rate limit asks to wait %s, and only %s are left",
            clock_human_ms(pause_ms, pause), clock_human_ms(left_ms > 0 ? left_ms : 0, left));
    return err_hint(err, "Other programs may be using up the same account's limit. Wait, then try "
                         "again.");
}

static int run_call(struct dns *dns, const struct call *call, json_t **out_envelope,
                    struct err *err)
{
    struct attempts attempts = {.backoff_ms = BACKOFF_FIRST_MS};
    for (;;) {
        struct err failure = {0};
        int rc = send_once(dns, call, &attempts, out_envelope, &failure);
        if (rc == 0) {
            return 0;
        }
        int64_t pause_ms = pause_before_retry(call, &attempts, &failure);
        int64_t left_ms = call->deadline_ms - clock_mono_ms();
        if (err != NULL) {
            *err = failure;
        }
        if (pause_ms < 0) {
            return rc;
        }
        if (pause_ms >= left_ms) {
            return give_up(&attempts, pause_ms, left_ms, err);
        }
        if (!clock_sleep_ms(pause_ms)) {
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while waiting for Cloudflare");
        }
    }
}

/* GET api + path; the path is relative to the API's base. */
static int read_path(struct dns *dns, const struct buf *path, int64_t deadline_ms,
                     json_t **out_envelope, struct err *err)
{
    CLEANUP(buf_release) struct buf url = {0};
    buf_init(&url, URL_CAP);
    buf_printf(&url, "%s%s", dns->service->dns.api, buf_text(path));
    if (path->is_failed || buf_check(&url, err) != 0) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "an address of the API is too long");
    }
    struct call call = {.method = "GET", .url = buf_text(&url), .deadline_ms = deadline_ms};
    return run_call(dns, &call, out_envelope, err);
}

/* --- records ---------------------------------------------------------------------------------- */

void dns_records_release(struct dns_records *records)
{
    free(records->items);
    *records = (struct dns_records){0};
}

static int append_page(const json_t *envelope, struct dns_records *records, struct err *err)
{
    const json_t *page = json_object_get(envelope, "result");
    if (!json_is_array(page)) {
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "Cloudflare's list of records is no list");
    }
    size_t total = records->count + json_array_size(page);
    struct dns_record *grown = realloc(records->items, (total + 1) * sizeof(*grown));
    if (grown == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu records", total);
    }
    records->items = grown;
    for (size_t i = 0; i < json_array_size(page); i++) {
        int rc = cloudflare_read_record(json_array_get(page, i), &grown[records->count], err);
        if (rc != 0) {
            return rc;
        }
        records->count++;
    }
    return 0;
}

static int list(struct dns *dns, const char *name, int64_t deadline_ms, struct dns_records *out,
                struct err *err)
{
    CLEANUP(dns_records_release) struct dns_records records = {0};
    int64_t last_page = 1;
    for (int64_t page = 1; page <= last_page; page++) {
        CLEANUP(buf_release) struct buf path = {0};
        CLEANUP(json_release) json_t *envelope = NULL;
        buf_init(&path, URL_CAP);
        buf_printf(&path, "/zones/%s/dns_records?name=", dns->zone.id);
        http_escape(name, &path);
        buf_printf(&path, "&per_page=%d&page=%lld", PAGE_SIZE, (long long)page);
        int rc = read_path(dns, &path, deadline_ms, &envelope, err);
        rc = rc != 0 ? rc : append_page(envelope, &records, err);
        if (rc != 0) {
            return rc;
        }
        last_page = cloudflare_last_page(envelope);
        if (last_page > PAGE_CAP) {
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "Cloudflare has %lld pages of %s",
                           (long long)last_page, name);
        }
    }
    *out = records;
    records = (struct dns_records){0};
    return 0;
}

static int get(struct dns *dns, const char *id, int64_t deadline_ms, struct dns_record *out,
               struct err *err)
{
    CLEANUP(buf_release) struct buf path = {0};
    CLEANUP(json_release) json_t *envelope = NULL;
    buf_init(&path, URL_CAP);
    buf_printf(&path, "/zones/%s/dns_records/%s", dns->zone.id, id);
    int rc = read_path(dns, &path, deadline_ms, &envelope, err);
    return rc != 0 ? rc : cloudflare_read_record(json_object_get(envelope, "result"), out, err);
}

/* Whole values always: the schema wants name, type and ttl, and what is not named would be left to
 * chance. */
static int write_body(const struct dns_record *after, char **out, struct err *err)
{
    unsigned ttl_s = after->is_proxied ? 1 : after->ttl_s; /* a proxied record has no other */
    CLEANUP(json_release)
    json_t *body = json_pack("{s:s, s:s, s:s, s:i, s:b, s:s}", "type", after->type, "name",
                             after->name, "content", after->content, "ttl", (int)ttl_s, "proxied",
                             (int)after->is_proxied, "comment", after->comment);
    char *text = body != NULL ? json_canonical(body) : NULL;
    if (text == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "cannot write the new value of %s as JSON",
                       after->name);
    }
    *out = text;
    return 0;
}

static void free_text(char **text)
{
    free(*text);
}

static int describe(struct dns *dns, const struct dns_record *after, struct buf *out,
                    struct err *err)
{
    CLEANUP(free_text) char *body = NULL;
    int rc = write_body(after, &body, err);
    if (rc != 0) {
        return rc;
    }
    buf_printf(out, "PATCH /zones/%s/dns_records/%s %s", dns->zone.id, after->id, body);
    return buf_check(out, err);
}

static int change(struct dns *dns, const struct dns_record *after, int64_t deadline_ms,
                  struct err *err)
{
    CLEANUP(free_text) char *body = NULL;
    CLEANUP(buf_release) struct buf url = {0};
    CLEANUP(json_release) json_t *envelope = NULL;
    buf_init(&url, URL_CAP);
    buf_printf(&url, "%s/zones/%s/dns_records/%s", dns->service->dns.api, dns->zone.id, after->id);
    int rc = write_body(after, &body, err);
    rc = rc != 0 ? rc : buf_check(&url, err);
    if (rc != 0) {
        return rc;
    }
    struct call call = {
        .method = "PATCH",
        .url = buf_text(&url),
        .body = body,
        .is_write = true,
        .deadline_ms = deadline_ms,
    };
    return run_call(dns, &call, &envelope, err);
}

/* --- zone and token --------------------------------------------------------------------------- */

static int find_zone(struct dns *dns, int64_t deadline_ms, struct dns_zone *out, struct err *err)
{
    const char *name = dns->service->dns.zone;
    CLEANUP(buf_release) struct buf path = {0};
    CLEANUP(json_release) json_t *envelope = NULL;
    buf_init(&path, URL_CAP);
    buf_puts(&path, "/zones?name=");
    http_escape(name, &path);
    int rc = read_path(dns, &path, deadline_ms, &envelope, err);
    if (rc != 0) {
        return rc;
    }
    const json_t *zones = json_object_get(envelope, "result");
    if (json_array_size(zones) != 1) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "the token can see %zu zones called %s; expected one", json_array_size(zones),
                name);
        return err_hint(err, "Check dns.zone, and that the token has Zone:Read for it.");
    }
    const json_t *zone = json_array_get(zones, 0);
    const char *status = json_text_or(zone, "status", "");
    if (strcmp(status, "active") != 0) {
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "zone %s is \"%s\" at Cloudflare, not active: nobody is served from it",
                       name, status);
    }
    return cloudflare_read_zone(zone, out, err);
}

/*
 * An account's token cannot be verified at the users' address, where it is unknown. That it can
 * read the zone is proof enough that it is alive.
 */
static int check_by_zone(struct dns *dns, int64_t deadline_ms, const struct err *unknown_token,
                         struct err *err)
{
    struct dns_zone zone;
    if (find_zone(dns, deadline_ms, &zone, NULL) == 0) {
        return 0;
    }
    if (err != NULL) {
        *err = *unknown_token;
    }
    return unknown_token->code;
}

static int check_token(struct dns *dns, int64_t deadline_ms, struct err *err)
{
    CLEANUP(buf_release) struct buf path = {0};
    CLEANUP(json_release) json_t *envelope = NULL;
    struct err failure = {0};
    buf_init(&path, URL_CAP);
    buf_puts(&path, "/user/tokens/verify");
    int rc = read_path(dns, &path, deadline_ms, &envelope, &failure);
    if (rc == ERR_REFUSED && failure.native == CODE_INVALID_TOKEN) {
        return check_by_zone(dns, deadline_ms, &failure, err);
    }
    if (rc != 0) {
        if (err != NULL) {
            *err = failure;
        }
        return rc;
    }
    const char *status = json_text_or(json_object_get(envelope, "result"), "status", "unknown");
    if (strcmp(status, "active") != 0) {
        err_set(err, ERR_REFUSED, EFFECT_NONE, "the Cloudflare token is \"%.40s\", not active",
                status);
        return err_hint(err, "Create or enable a token with Zone:Read and DNS:Edit for %s.",
                        dns->service->dns.zone);
    }
    return 0;
}

const struct dns_provider dns_cloudflare = {
    .name = "cloudflare",
    .check_token = check_token,
    .find_zone = find_zone,
    .list = list,
    .get = get,
    .change = change,
    .describe = describe,
};
