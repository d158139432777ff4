/* SPDX-License-Identifier: MIT */
/*
 * dns/ as a program, one call a run, for test_dns.py. Prints one JSON object: what was found, or the whole error.
 *
 *   dns_check CFG check                                       token and zone
 *   dns_check CFG find NAME TYPE
 *   dns_check CFG change TIMEOUT_MS NAME TYPE BEFORE AFTER    each VALUE is CONTENT,TTL,PROXIED(0|1)[,COMMENT]
 *   dns_check CFG there-and-back TIMEOUT_MS NAME TYPE BEFORE AFTER   the same and at once back, by one client
 *   dns_check CFG describe NAME TYPE BEFORE AFTER
 *   dns_check CFG probe
 *   dns_check CFG ask SIDE                                    do the DNS servers name SIDE's addresses?
 *   dns_check CFG wait SIDE TIMEOUT_MS
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/signals.h"
#include "dns/propagation.h"
#include "dns/records.h"
#include "io/http_client.h"
#include "io/resolver.h"
#include "playbook/read.h"

#define WANT_CAP 16

struct session {
    struct service service;
    struct dns *dns;
    int progress_calls;
};

static void session_release(struct session *session)
{
    dns_free(session->dns);
    service_release(&session->service);
}

static json_t *record_json(const struct dns_record *record)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:b, s:s}", "id", record->id, "name",
                     record->name, "type", record->type, "content", record->content, "comment",
                     record->comment, "ttl", (int)record->ttl_s, "proxied", (int)record->is_proxied,
                     "modified_on", record->modified_on);
}

/* "CONTENT,TTL,PROXIED[,COMMENT]" */
static struct dns_record read_value(const struct dns_record *of, const char *text)
{
    struct dns_record record = *of;
    int used = 0;
    int proxied = 0;
    if (sscanf(text, "%255[^,],%u,%d%n", record.content, &record.ttl_s, &proxied, &used) != 3) {
        fprintf(stderr, "not a value: %s\n", text);
        exit(64);
    }
    record.is_proxied = proxied != 0;
    snprintf(record.comment, sizeof(record.comment), "%s",
             text[used] == ',' ? text + used + 1 : "");
    return record;
}

static int run_check(struct session *session, char **args, json_t **out, struct err *err)
{
    (void)args;
    struct dns_zone zone;
    int rc = dns_check_token(session->dns, err);
    rc = rc != 0 ? rc : dns_zone(session->dns, &zone, err);
    if (rc == 0) {
        *out = json_pack("{s:s, s:s, s:i}", "zone", zone.name, "plan", zone.plan, "name_servers",
                         (int)zone.name_server_count);
    }
    return rc;
}

static int run_find(struct session *session, char **args, json_t **out, struct err *err)
{
    struct dns_record record;
    int rc = dns_find(session->dns, args[0], args[1], &record, err);
    if (rc == 0) {
        *out = record_json(&record);
    }
    return rc;
}

static int run_change(struct session *session, char **args, json_t **out, struct err *err)
{
    struct dns_record found, now;
    int rc = dns_find(session->dns, args[1], args[2], &found, err);
    if (rc != 0) {
        return rc;
    }
    struct dns_record before = read_value(&found, args[3]);
    struct dns_record after = read_value(&found, args[4]);
    rc = dns_change(session->dns, &before, &after, strtoll(args[0], NULL, 10), &now, err);
    if (rc == 0) {
        *out = record_json(&now);
    }
    return rc;
}

static int run_there_and_back(struct session *session, char **args, json_t **out, struct err *err)
{
    char *back[] = {args[0], args[1], args[2], args[4], args[3]};
    json_t *there = NULL;
    (void)run_change(session, args, &there, NULL); /* its answer is what the test takes away */
    json_decref(there);
    return run_change(session, back, out, err);
}

static int run_describe(struct session *session, char **args, json_t **out, struct err *err)
{
    struct dns_record found;
    CLEANUP(buf_release) struct buf text = {0};
    buf_init(&text, 65536);
    int rc = dns_find(session->dns, args[0], args[1], &found, err);
    if (rc != 0) {
        return rc;
    }
    struct dns_record before = read_value(&found, args[2]);
    struct dns_record after = read_value(&found, args[3]);
    rc = dns_describe_change(session->dns, &before, &after, &text, err);
    if (rc == 0) {
        *out = json_pack("{s:s}", "text", buf_text(&text));
    }
    return rc;
}

static int run_probe(struct session *session, char **args, json_t **out, struct err *err)
{
    (void)args;
    static const char *const points[] = {"unknown", "none", "old", "new", "mixed"};
    CLEANUP(facts_release) struct facts facts = {0};
    int rc = dns_probe(&session->service, &facts, err);
    if (rc != 0) {
        return rc;
    }
    json_t *records = json_array();
    for (size_t i = 0; i < facts.record_count; i++) {
        const struct record_facts *record = &facts.records[i];
        json_array_append_new(
            records, json_pack("{s:s, s:s, s:s, s:s, s:i, s:b}", "name", record->record->name,
                               "found", tri_text(record->is_found), "content", record->content,
                               "points", points[record->points], "ttl", (int)record->ttl_s,
                               "proxied", (int)record->is_proxied));
    }
    *out = json_pack("{s:s, s:s, s:o}", "dns", points[facts.dns], "error", facts.dns_error,
                     "records", records);
    return 0;
}

/* --- the DNS itself -------------------------------------------------------------------------- */

static int find_wants(struct session *session, const char *side_text,
                      struct propagation_want wants[WANT_CAP], struct err *err)
{
    enum side side = strcmp(side_text, "new") == 0 ? SIDE_NEW : SIDE_OLD;
    for (size_t i = 0; i < session->service.dns.record_count && i < WANT_CAP; i++) {
        const struct service_record *record = &session->service.dns.records[i];
        struct dns_record found;
        int rc = dns_find(session->dns, record->name, record->type, &found, err);
        if (rc != 0) {
            return rc;
        }
        wants[i] = (struct propagation_want){
            .name = record->name,
            .type = record->type,
            .content = record->content[side],
            .is_proxied = found.is_proxied,
        };
    }
    return 0;
}

static json_t *propagation_json(const struct propagation *propagation, int progress_calls)
{
    json_t *answers = json_array();
    for (size_t i = 0; i < propagation->count; i++) {
        const struct propagation_answer *answer = &propagation->answers[i];
        json_array_append_new(
            answers, json_pack("{s:s, s:b, s:s, s:s, s:i, s:s, s:s}", "server", answer->server,
                               "authoritative", (int)answer->is_authoritative_server, "name",
                               answer->name, "content", answer->content, "ttl", (int)answer->ttl_s,
                               "new", tri_text(answer->is_new), "error", answer->error));
    }
    return json_pack("{s:b, s:o, s:i}", "converged", (int)propagation->is_converged, "answers",
                     answers, "progress", progress_calls);
}

static void count_progress(void *context, const struct propagation *now)
{
    (void)now;
    ((struct session *)context)->progress_calls++;
}

static int run_ask(struct session *session, char **args, json_t **out, struct err *err)
{
    struct propagation_want wants[WANT_CAP];
    CLEANUP(propagation_release) struct propagation now = {0};
    struct dns_zone zone;
    int rc = dns_zone(session->dns, &zone, err);
    rc = rc != 0 ? rc : find_wants(session, args[0], wants, err);
    rc = rc != 0 ? rc
                 : propagation_ask(&session->service, &zone, wants,
                                   session->service.dns.record_count, &now, err);
    if (rc == 0) {
        *out = propagation_json(&now, 0);
    }
    return rc;
}

static int run_wait(struct session *session, char **args, json_t **out, struct err *err)
{
    struct propagation_want wants[WANT_CAP];
    CLEANUP(propagation_release) struct propagation now = {0};
    struct dns_zone zone;
    int rc = dns_zone(session->dns, &zone, err);
    rc = rc != 0 ? rc : find_wants(session, args[0], wants, err);
    int64_t deadline_ms = clock_mono_ms() + strtoll(args[1], NULL, 10);
    rc = rc != 0
             ? rc
             : propagation_wait(&session->service, &zone, wants, session->service.dns.record_count,
                                deadline_ms, count_progress, session, &now, err);
    if (rc == 0) {
        *out = propagation_json(&now, session->progress_calls);
    }
    return rc;
}

/* --- verbs ----------------------------------------------------------------------------------- */

static const struct verb {
    const char *name;
    int arg_count;
    int (*run)(struct session *session, char **args, json_t **out, struct err *err);
} verbs[] = {
    {"check", 0, run_check},       {"find", 2, run_find},
    {"change", 5, run_change},     {"there-and-back", 5, run_there_and_back},
    {"describe", 4, run_describe}, {"probe", 0, run_probe},
    {"ask", 1, run_ask},           {"wait", 2, run_wait},
};

static const struct verb *verb_find(const char *name, int arg_count)
{
    for (size_t i = 0; i < ARRAY_LEN(verbs); i++) {
        if (strcmp(verbs[i].name, name) == 0 && verbs[i].arg_count == arg_count) {
            return &verbs[i];
        }
    }
    return NULL;
}

static int run_verb(const char *cfg, const struct verb *verb, char **args, json_t **out,
                    struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    int rc = signals_install(err);
    rc = rc != 0 ? rc : http_library_init(err);
    rc = rc != 0 ? rc : resolver_library_init(err);
    rc = rc != 0 ? rc : service_read(cfg, &session.service, err);
    rc = rc != 0 ? rc : dns_open(&session.service, &session.dns, err);
    return rc != 0 ? rc : verb->run(&session, args, out, err);
}

int main(int argc, char **argv)
{
    const struct verb *verb = argc < 3 ? NULL : verb_find(argv[2], argc - 3);
    if (verb == NULL) {
        fprintf(stderr, "usage: see the head of the source\n");
        return 64;
    }
    struct err err = {0};
    json_t *result = NULL;
    int rc = run_verb(argv[1], verb, argv + 3, &result, &err);
    if (rc != 0) {
        result = json_pack("{s:s, s:s, s:i, s:s, s:s, s:s}", "error", err_code_name(err.code),
                           "effect", err_effect_name(err.effect), "native", (int)err.native,
                           "where", err.where, "msg", err.msg, "hint", err.hint);
    }
    char *text = result != NULL ? json_canonical(result) : NULL;
    printf("%s\n", text != NULL ? text : "{}");
    free(text);
    json_decref(result);
    http_library_end();
    resolver_library_end();
    return rc != 0;
}
