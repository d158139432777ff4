/* SPDX-License-Identifier: MIT */
/*
 * Reading Cloudflare's answers. The published schema is wrong in places (comment is null, members
 * are missing), error pages are HTML, and the telling code hides inside error_chain: so nothing
 * here trusts a member to be there.
 */
#include "dns/cloudflare_answer.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* Codes that a person can do something about. There is no official list; these are seen. */
static const struct {
    json_int_t code;
    const char *hint;
} hints[] = {
    {1000, "The token is not known to Cloudflare. Create one with Zone:Read and DNS:Edit."},
    {6003, "The token holds characters that no token has; copy it again, without spaces."},
    {6111, "The token holds characters that no token has; copy it again, without spaces."},
    {9005, "The record's content is not an address of its type."},
    {9021, "The zone's plan does not allow this TTL; see dns.min_ttl."},
    {9106, "The request carried no token."},
    {9109, "The token is wrong, or not for this zone. It needs Zone:Read and DNS:Edit."},
    {9310, "The record's comment is longer than the zone's plan allows."},
    {10000, "The token may not do this. It needs Zone:Read and DNS:Edit for the zone."},
    {81044, "The record was deleted by somebody else. Run `cutover plan` again."},
};

static void hint_by_code(json_int_t code, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++) {
        if (hints[i].code == code) {
            err_hint(err, "%s", hints[i].hint);
        }
    }
}

/* A remote text goes to a terminal and a log: one line, nothing that moves a cursor. */
static void copy_printable(char *out, size_t out_size, const char *text)
{
    size_t len = 0;
    for (const unsigned char *c = (const unsigned char *)text; *c && len + 1 < out_size; c++) {
        out[len++] = iscntrl(*c) ? ' ' : (char)*c;
    }
    out[len] = '\0';
}

struct api_error {
    json_int_t code;
    char message[160];
};

static struct api_error api_error_of(const json_t *json)
{
    struct api_error error = {.code = json_int_or(json, "code", 0)};
    copy_printable(error.message, sizeof(error.message), json_text_or(json, "message", "no text"));
    return error;
}

/* The first error; the inner one first, because the outer one only says "validation error". */
static json_int_t describe_errors(const json_t *envelope, char *out, size_t out_size)
{
    const json_t *outer_json = json_array_get(json_object_get(envelope, "errors"), 0);
    if (outer_json == NULL) {
        snprintf(out, out_size, "no reason given");
        return 0;
    }
    struct api_error outer = api_error_of(outer_json);
    const json_t *inner_json = json_array_get(json_object_get(outer_json, "error_chain"), 0);
    if (inner_json == NULL) {
        snprintf(out, out_size, "%lld %s", (long long)outer.code, outer.message);
        return outer.code;
    }
    struct api_error inner = api_error_of(inner_json);
    snprintf(out, out_size, "%lld %s (%lld %s)", (long long)inner.code, inner.message,
             (long long)outer.code, outer.message);
    return inner.code;
}

static int refuse_by_envelope(const json_t *envelope, long status, bool is_write, struct err *err)
{
    char reason[400];
    json_int_t code = describe_errors(envelope, reason, sizeof(reason));
    bool is_ours = status >= 500 || status == 408;
    bool is_clear = !is_ours && status >= 400;
    enum err_code kind = is_ours ? ERR_SERVER : is_clear ? ERR_REFUSED : ERR_PROTOCOL;
    err_set(err, kind, is_write && !is_clear ? EFFECT_UNKNOWN : EFFECT_NONE,
            "Cloudflare answers %s [HTTP %ld]", reason, status);
    hint_by_code(code, err);
    if (err != NULL) {
        err->native = code != 0 ? (unsigned)code : (unsigned)status;
    }
    return kind;
}

int cloudflare_read_answer(const struct http_response *response, bool is_write,
                           json_t **out_envelope, struct err *err)
{
    enum err_effect effect = is_write ? EFFECT_UNKNOWN : EFFECT_NONE;
    CLEANUP(json_release) json_t *envelope = NULL;
    bool is_json = strcmp(response->content_type, "application/json") == 0;
    if (!is_json ||
        json_parse(buf_text(&response->body), response->body.len, &envelope, NULL) != 0 ||
        !json_is_object(envelope)) {
        int rc =
            err_set(err, response->status >= 500 ? ERR_SERVER : ERR_PROTOCOL, effect,
                    "Cloudflare answers HTTP %ld with %zu bytes of %s instead of its API's JSON",
                    response->status, response->body.len,
                    response->content_type[0] != '\0' ? response->content_type : "no type");
        if (err != NULL) {
            err->native = (unsigned)response->status;
        }
        return rc;
    }
    bool is_success = json_bool_or(envelope, "success", 0) && response->status / 100 == 2;
    if (!is_success) {
        return refuse_by_envelope(envelope, response->status, is_write, err);
    }
    *out_envelope = envelope;
    envelope = NULL;
    return 0;
}

int64_t cloudflare_last_page(const json_t *envelope)
{
    int64_t pages = json_int_or(json_object_get(envelope, "result_info"), "total_pages", 1);
    return pages < 1 ? 1 : pages;
}

/* --- records and zones ------------------------------------------------------------------------ */

static int copy_member(const json_t *json, const char *key, char *out, size_t out_size,
                       struct err *err)
{
    const char *text = json_text_or(json, key, NULL);
    if (text == NULL || text[0] == '\0') {
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "Cloudflare's answer lacks \"%s\"", key);
    }
    if (strlen(text) >= out_size) {
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "Cloudflare's \"%s\" is longer than %zu bytes", key, out_size - 1);
    }
    snprintf(out, out_size, "%s", text);
    return 0;
}

/* An id goes into a URL: nothing but letters and digits may. */
static int copy_id(const json_t *json, char out[64], struct err *err)
{
    int rc = copy_member(json, "id", out, 64, err);
    for (const char *c = out; rc == 0 && *c != '\0'; c++) {
        if (!isalnum((unsigned char)*c)) {
            rc = err_set(err, ERR_PROTOCOL, EFFECT_NONE, "Cloudflare sent an id that is none");
        }
    }
    return rc;
}

static void fold_name(char *name)
{
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
    }
    size_t len = strlen(name);
    if (len > 1 && name[len - 1] == '.') {
        name[len - 1] = '\0';
    }
}

static void fold_content(struct dns_record *record)
{
    struct in6_addr address;
    if (strcmp(record->type, "CNAME") == 0) {
        fold_name(record->content);
    } else if (strcmp(record->type, "AAAA") == 0 &&
               inet_pton(AF_INET6, record->content, &address) == 1) {
        (void)inet_ntop(AF_INET6, &address, record->content, sizeof(record->content)); /* it fits */
    }
}

/* Cut only where cutting harms nobody: the content of types that are never changed here, such as a
 * long TXT. */
static int copy_content(const json_t *json, struct dns_record *record, struct err *err)
{
    bool is_changed_here = strcmp(record->type, "A") == 0 || strcmp(record->type, "AAAA") == 0 ||
                           strcmp(record->type, "CNAME") == 0;
    if (is_changed_here) {
        return copy_member(json, "content", record->content, sizeof(record->content), err);
    }
    snprintf(record->content, sizeof(record->content), "%s", json_text_or(json, "content", ""));
    return 0;
}

static int copy_comment(const json_t *json, struct dns_record *record, struct err *err)
{
    const char *comment = json_text_or(json, "comment", "");
    if (strlen(comment) >= sizeof(record->comment)) {
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "the comment of %s is longer than %zu bytes and could not be put back",
                       record->name, sizeof(record->comment) - 1);
    }
    snprintf(record->comment, sizeof(record->comment), "%s", comment);
    return 0;
}

static void copy_tags(const json_t *json, struct dns_record *record)
{
    const json_t *tags = json_object_get(json, "tags");
    size_t len = 0;
    for (size_t i = 0; i < json_array_size(tags) && len < sizeof(record->tags); i++) {
        const char *tag = json_string_value(json_array_get(tags, i));
        int written = snprintf(record->tags + len, sizeof(record->tags) - len, "%s%s",
                               len > 0 ? ", " : "", tag != NULL ? tag : "");
        len += written > 0 ? (size_t)written : 0;
    }
}

int cloudflare_read_record(const json_t *json, struct dns_record *out, struct err *err)
{
    struct dns_record record = {0};
    int rc = copy_id(json, record.id, err);
    rc = rc != 0 ? rc : copy_member(json, "name", record.name, sizeof(record.name), err);
    rc = rc != 0 ? rc : copy_member(json, "type", record.type, sizeof(record.type), err);
    rc = rc != 0 ? rc : copy_content(json, &record, err);
    rc = rc != 0 ? rc : copy_comment(json, &record, err);
    if (rc != 0) {
        return rc;
    }
    json_int_t ttl_s = json_int_or(json, "ttl", 0);
    if (ttl_s < 1 || ttl_s > UINT32_MAX) {
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "Cloudflare's answer lacks \"ttl\"");
    }
    record.ttl_s = (unsigned)ttl_s;
    record.is_proxied = json_bool_or(json, "proxied", 0);
    snprintf(record.modified_on, sizeof(record.modified_on), "%s",
             json_text_or(json, "modified_on", ""));
    copy_tags(json, &record);
    fold_name(record.name);
    fold_content(&record);
    *out = record;
    return 0;
}

static int copy_name_servers(const json_t *json, struct dns_zone *zone, struct err *err)
{
    const json_t *servers = json_object_get(json, "name_servers");
    for (size_t i = 0; i < json_array_size(servers); i++) {
        const char *name = json_string_value(json_array_get(servers, i));
        if (name == NULL || zone->name_server_count == ARRAY_LEN(zone->name_servers) ||
            strlen(name) >= sizeof(zone->name_servers[0])) {
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                           "Cloudflare's list of name servers makes no sense");
        }
        snprintf(zone->name_servers[zone->name_server_count++], sizeof(zone->name_servers[0]), "%s",
                 name);
    }
    return 0;
}

int cloudflare_read_zone(const json_t *json, struct dns_zone *out, struct err *err)
{
    struct dns_zone zone = {0};
    int rc = copy_id(json, zone.id, err);
    rc = rc != 0 ? rc : copy_member(json, "name", zone.name, sizeof(zone.name), err);
    rc = rc != 0 ? rc : copy_name_servers(json, &zone, err);
    if (rc != 0) {
        return rc;
    }
    snprintf(zone.plan, sizeof(zone.plan), "%s",
             json_text_or(json_object_get(json, "plan"), "legacy_id", ""));
    fold_name(zone.name);
    *out = zone;
    return 0;
}
