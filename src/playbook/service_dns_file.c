/* SPDX-License-Identifier: MIT */
/*
 * The `dns` group: which names move, at which provider, and who is asked whether they have moved.
 * Names and addresses are brought to one form here (lower case, no trailing dot, shortest IPv6), so
 * that everyone after this may compare them as text.
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "playbook/member.h"
#include "playbook/service_dns.h"

#define DEFAULT_API "https://api.cloudflare.com/client/v4"
#define DEFAULT_MIN_TTL_S 60
#define DEFAULT_WATCH_MS 30000
#define MAX_TTL_S 86400
#define LABEL_CAP 63

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

/* Letters, digits, - and _ in labels of 1 to 63; a wildcard may be the first label. */
static bool is_host_name(const char *name)
{
    const char *c = strncmp(name, "*.", 2) == 0 ? name + 2 : name;
    size_t label = 0;
    for (; *c != '\0'; c++) {
        if (*c == '.') {
            if (label == 0) {
                return false;
            }
            label = 0;
        } else if (!isalnum((unsigned char)*c) && *c != '-' && *c != '_') {
            return false;
        } else if (++label > LABEL_CAP) {
            return false;
        }
    }
    return label > 0;
}

static bool is_inside_zone(const char *name, const char *zone)
{
    size_t name_len = strlen(name);
    size_t zone_len = strlen(zone);
    if (name_len == zone_len) {
        return strcmp(name, zone) == 0;
    }
    return name_len > zone_len && name[name_len - zone_len - 1] == '.' &&
           strcmp(name + name_len - zone_len, zone) == 0;
}

static int read_name(const struct conf_node *group, const char *key, char out[256], struct err *err)
{
    int rc = member_text(group, key, out, 256, err);
    if (rc != 0) {
        return rc;
    }
    fold_name(out);
    if (!is_host_name(out)) {
        return conf_error(conf_child(group, key), err, "%s \"%s\" is not a domain name", key, out);
    }
    return 0;
}

/* --- servers to ask --------------------------------------------------------------------------- */

static bool is_port_text(const char *text)
{
    char *end = NULL;
    unsigned long port = strtoul(text, &end, 10);
    return isdigit((unsigned char)text[0]) && *end == '\0' && port >= 1 && port <= 65535;
}

/* "host:port" or "[v6]:port"; an IPv6 address without brackets cannot be told from its port. */
static bool is_endpoint(const char *text)
{
    const char *colon = strrchr(text, ':');
    if (colon == NULL || !is_port_text(colon + 1)) {
        return false;
    }
    char host[256];
    size_t len = (size_t)(colon - text);
    if (len == 0 || len >= sizeof(host)) {
        return false;
    }
    memcpy(host, text, len);
    host[len] = '\0';
    if (host[0] != '[') {
        return is_host_name(host);
    }
    struct in6_addr address;
    bool is_closed = host[len - 1] == ']';
    host[len - 1] = '\0';
    return is_closed && inet_pton(AF_INET6, host + 1, &address) == 1;
}

static int read_servers(const struct conf_node *group, const char *key, char ***out,
                        size_t *out_count, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(group, key, &list, err);
    if (rc != 0 || list == NULL) {
        return rc;
    }
    rc = node_texts(list, key, out, out_count, err);
    for (size_t i = 0; rc == 0 && i < *out_count; i++) {
        if (!is_endpoint((*out)[i])) {
            rc = conf_error(conf_at(list, i), err,
                            "%s: \"%s\" is not a server; expected \"address:port\", such as "
                            "\"1.1.1.1:53\" or \"[2606:4700:4700::1111]:53\"",
                            key, (*out)[i]);
        }
    }
    return rc;
}

/* --- the provider ----------------------------------------------------------------------------- */

static int read_provider(const struct conf_node *group, struct service_dns *out, struct err *err)
{
    int rc = member_text(group, "provider", out->provider, sizeof(out->provider), err);
    if (rc == 0 && strcmp(out->provider, "cloudflare") != 0) {
        return conf_error(conf_child(group, "provider"), err,
                          "provider \"%s\" is not known; expected cloudflare", out->provider);
    }
    return rc;
}

/* A token may travel in clear to this machine only. */
static bool is_loopback_url(const char *url)
{
    static const char *const hosts[] = {"http://127.", "http://localhost:", "http://localhost/",
                                        "http://[::1]"};
    for (size_t i = 0; i < ARRAY_LEN(hosts); i++) {
        if (strncmp(url, hosts[i], strlen(hosts[i])) == 0) {
            return strchr(url, '@') == NULL;
        }
    }
    return false;
}

static int read_api(const struct conf_node *group, struct service_dns *out, struct err *err)
{
    const struct conf_node *node = conf_child(group, "api");
    if (node == NULL) {
        snprintf(out->api, sizeof(out->api), "%s", DEFAULT_API);
        return 0;
    }
    int rc = node_text(node, "api", out->api, sizeof(out->api), err);
    if (rc != 0) {
        return rc;
    }
    if (strncmp(out->api, "https://", 8) != 0 && !is_loopback_url(out->api)) {
        return conf_error(node, err, "api must begin with https://; the token goes there");
    }
    size_t len = strlen(out->api);
    if (out->api[len - 1] == '/') {
        out->api[len - 1] = '\0';
    }
    return 0;
}

static int read_min_ttl(const struct conf_node *group, struct service_dns *out, struct err *err)
{
    out->min_ttl_s = DEFAULT_MIN_TTL_S;
    const struct conf_node *node = conf_child(group, "min_ttl");
    if (node == NULL) {
        return 0;
    }
    int64_t ttl_s = 0;
    int rc = conf_int(group, "min_ttl", &ttl_s, err);
    if (rc != 0) {
        return rc;
    }
    if (ttl_s < 2 || ttl_s > MAX_TTL_S) {
        return conf_error(node, err, "min_ttl is %lld; expected seconds between 2 and %d",
                          (long long)ttl_s, MAX_TTL_S);
    }
    out->min_ttl_s = (unsigned)ttl_s;
    return 0;
}

/* --- records ---------------------------------------------------------------------------------- */

/* Bring an address to the form that inet_ntop() writes; false when it is none of that family. */
static bool fold_address(int family, char content[256])
{
    unsigned char bytes[sizeof(struct in6_addr)];
    return inet_pton(family, content, bytes) == 1 &&
           inet_ntop(family, bytes, content, INET6_ADDRSTRLEN) != NULL;
}

static int read_content(const struct conf_node *group, enum side side,
                        struct service_record *record, struct err *err)
{
    char *content = record->content[side];
    int rc = member_text(group, side_name(side), content, sizeof(record->content[side]), err);
    if (rc != 0) {
        return rc;
    }
    const struct conf_node *node = conf_child(group, side_name(side));
    if (strcmp(record->type, "CNAME") == 0) {
        fold_name(content);
        struct in_addr address;
        bool is_name = is_host_name(content) && inet_pton(AF_INET, content, &address) != 1;
        return is_name ? 0 : conf_error(node, err, "\"%s\" is not a host name (CNAME)", content);
    }
    int family = strcmp(record->type, "A") == 0 ? AF_INET : AF_INET6;
    if (!fold_address(family, content)) {
        return conf_error(node, err, "\"%s\" is not an %s address (%s)", content,
                          family == AF_INET ? "IPv4" : "IPv6", record->type);
    }
    return 0;
}

static int read_type(const struct conf_node *group, struct service_record *record, struct err *err)
{
    static const char *const types[] = {"A", "AAAA", "CNAME"};
    char type[32];
    int rc = member_text(group, "type", type, sizeof(type), err);
    if (rc != 0) {
        return rc;
    }
    for (size_t i = 0; i < ARRAY_LEN(types); i++) {
        if (strcmp(type, types[i]) == 0) {
            snprintf(record->type, sizeof(record->type), "%s", types[i]);
            return 0;
        }
    }
    return conf_error(conf_child(group, "type"), err,
                      "type \"%s\" cannot be moved; expected A, "
                      "AAAA or CNAME",
                      type);
}

/* The same name and type twice, or an alias beside anything else at its name: the DNS has no such
 * thing. */
static int refuse_known_record(const struct conf_node *group, const struct service_dns *dns,
                               const struct service_record *record, struct err *err)
{
    for (size_t i = 0; i < dns->record_count; i++) {
        const struct service_record *known = &dns->records[i];
        if (strcmp(known->name, record->name) != 0) {
            continue;
        }
        if (strcmp(known->type, record->type) == 0) {
            return conf_error(group, err, "record %s %s is listed twice", record->name,
                              record->type);
        }
        if (strcmp(known->type, "CNAME") == 0 || strcmp(record->type, "CNAME") == 0) {
            return conf_error(group, err, "%s cannot be a CNAME and have another record",
                              record->name);
        }
    }
    return 0;
}

static int read_record(const struct conf_node *group, struct service_dns *dns, struct err *err)
{
    static const char *const known[] = {"name", "type", "old", "new", NULL};
    if (conf_kind(group) != CONF_GROUP) {
        return conf_error(group, err,
                          "a record is written { name = \"...\"; type = \"A\"; old = "
                          "\"192.0.2.10\"; new = \"198.51.100.10\"; }");
    }
    struct service_record record = {0};
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : read_name(group, "name", record.name, err);
    rc = rc != 0 ? rc : read_type(group, &record, err);
    rc = rc != 0 ? rc : read_content(group, SIDE_OLD, &record, err);
    rc = rc != 0 ? rc : read_content(group, SIDE_NEW, &record, err);
    rc = rc != 0 ? rc : refuse_known_record(group, dns, &record, err);
    if (rc != 0) {
        return rc;
    }
    if (!is_inside_zone(record.name, dns->zone)) {
        return conf_error(conf_child(group, "name"), err, "%s is not inside the zone %s",
                          record.name, dns->zone);
    }
    if (strcmp(record.content[SIDE_OLD], record.content[SIDE_NEW]) == 0) {
        return conf_error(group, err, "%s %s points to %s on both sides: nothing would move",
                          record.name, record.type, record.content[SIDE_OLD]);
    }
    dns->records[dns->record_count++] = record;
    return 0;
}

static int read_records(const struct conf_node *group, struct service_dns *dns, struct err *err)
{
    const struct conf_node *list = NULL;
    int rc = member_list(group, "records", &list, err);
    if (rc != 0) {
        return rc;
    }
    if (list == NULL || conf_count(list) == 0) {
        conf_error(list != NULL ? list : group, err, "records must list the names that move");
        return err_hint(err, "A service without names to move has no dns group at all.");
    }
    dns->records = calloc(conf_count(list), sizeof(*dns->records));
    if (dns->records == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory reading records");
    }
    for (size_t i = 0; rc == 0 && i < conf_count(list); i++) {
        rc = read_record(conf_at(list, i), dns, err);
    }
    return rc;
}

int service_dns_read(const struct conf_node *group, const char *folder, struct service_dns *out,
                     struct err *err)
{
    static const char *const known[] = {"provider",  "zone",    "token", "api",     "authoritative",
                                        "resolvers", "min_ttl", "watch", "records", NULL};
    int rc = conf_only(group, known, err);
    rc = rc != 0 ? rc : read_provider(group, out, err);
    rc = rc != 0 ? rc : read_name(group, "zone", out->zone, err);
    rc = rc != 0 ? rc : member_secret(group, "token", folder, &out->token, err);
    rc = rc != 0 ? rc : read_api(group, out, err);
    rc = rc != 0 ? rc : read_min_ttl(group, out, err);
    out->watch_ms = DEFAULT_WATCH_MS;
    rc = rc != 0 ? rc : member_duration(group, "watch", &out->watch_ms, err);
    rc = rc != 0 ? rc
                 : read_servers(group, "authoritative", &out->authoritative,
                                &out->authoritative_count, err);
    rc =
        rc != 0 ? rc : read_servers(group, "resolvers", &out->resolvers, &out->resolver_count, err);
    rc = rc != 0 ? rc : read_records(group, out, err);
    if (rc == 0) {
        out->is_configured = true;
    }
    return rc;
}
