/* SPDX-License-Identifier: MIT */
/*
 * Who gives the new answer already? One thread a server, so that a dead one costs its own time-out
 * and nobody else's. While waiting, resolvers are left alone until every authoritative server
 * agrees: a resolver that is asked too early fetches the old answer afresh and keeps it for another
 * TTL.
 */
#include "dns/propagation.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/clock.h"
#include "io/resolver.h"

#define ASK_TIMEOUT_MS 2000
#define POLL_FIRST_MS 250
#define POLL_MOST_MS 2000
#define SERVER_CAP 64
#define LAGGARDS_CAP_BYTES 360
#define RCODE_NXDOMAIN 3

struct server {
    char name[256];
    bool is_authoritative;
};

struct servers {
    struct server item[SERVER_CAP];
    size_t count;
};

/* One server, asked for each record in turn by its own thread. */
struct inquiry {
    const struct server *server;
    const struct propagation_want *wants;
    size_t want_count;
    struct propagation_answer *answers; /* want_count of them; nobody else writes there */
    pthread_t thread;
    bool has_thread;
};

void propagation_release(struct propagation *propagation)
{
    free(propagation->answers);
    *propagation = (struct propagation){0};
}

/* --- whom to ask ------------------------------------------------------------------------------ */

static int add_server(struct servers *servers, const char *name, const char *port,
                      bool is_authoritative, struct err *err)
{
    if (servers->count == SERVER_CAP) {
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "more than %d DNS servers to ask", SERVER_CAP);
    }
    struct server *server = &servers->item[servers->count++];
    server->is_authoritative = is_authoritative;
    int len = snprintf(server->name, sizeof(server->name), "%s%s", name, port);
    if (len < 0 || (size_t)len >= sizeof(server->name)) {
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "the name of DNS server %.100s... is too long",
                       name);
    }
    return 0;
}

/* What is configured, else what the provider says serves the zone. */
static int add_authoritative(const struct service *service, const struct dns_zone *zone,
                             struct servers *servers, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < service->dns.authoritative_count; i++) {
        rc = add_server(servers, service->dns.authoritative[i], "", true, err);
    }
    bool is_configured = service->dns.authoritative_count > 0;
    for (size_t i = 0; rc == 0 && !is_configured && i < zone->name_server_count; i++) {
        rc = add_server(servers, zone->name_servers[i], ":53", true, err);
    }
    if (rc == 0 && servers->count == 0) {
        err_set(err, ERR_REFUSED, EFFECT_NONE, "no authoritative server of %s is known",
                service->dns.zone);
        return err_hint(err, "List them in dns.authoritative.");
    }
    return rc;
}

static int add_resolvers(const struct service *service, struct servers *servers, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < service->dns.resolver_count; i++) {
        rc = add_server(servers, service->dns.resolvers[i], "", false, err);
    }
    return rc;
}

/* --- one question ----------------------------------------------------------------------------- */

static const char *rcode_text(int rcode)
{
    static const char *const names[] = {"NOERROR",  "FORMERR", "SERVFAIL",
                                        "NXDOMAIN", "NOTIMP",  "REFUSED"};
    bool is_known = rcode >= 0 && (size_t)rcode < ARRAY_LEN(names);
    return is_known ? names[rcode] : "an unknown error";
}

/* New only when nothing else is answered beside it: two addresses send half of the users back. */
static void judge_items(const struct resolver_answer *reply, const struct propagation_want *want,
                        struct propagation_answer *answer)
{
    answer->is_new = TRI_YES;
    for (size_t i = 0; i < reply->count; i++) {
        bool is_wanted = strcasecmp(reply->item[i].content, want->content) == 0;
        if (i == 0 || (!is_wanted && answer->is_new == TRI_YES)) {
            memcpy(answer->content, reply->item[i].content, sizeof(answer->content));
        }
        answer->is_new = is_wanted ? answer->is_new : TRI_NO;
        answer->ttl_s = reply->item[i].ttl_s > answer->ttl_s ? reply->item[i].ttl_s : answer->ttl_s;
    }
    if (want->is_proxied) {
        answer->is_new = TRI_UNKNOWN; /* the edge's address: the same before and after */
    }
}

static void judge_reply(const struct resolver_answer *reply, const struct propagation_want *want,
                        struct propagation_answer *answer)
{
    if (reply->rcode != 0 && reply->rcode != RCODE_NXDOMAIN) {
        snprintf(answer->error, sizeof(answer->error), "answers %s", rcode_text(reply->rcode));
        return;
    }
    if (answer->is_authoritative_server && !reply->is_authoritative) {
        snprintf(answer->error, sizeof(answer->error), "is not authoritative for the name");
        return;
    }
    if (reply->rcode == RCODE_NXDOMAIN || reply->count == 0) {
        answer->is_new = want->is_proxied ? TRI_UNKNOWN : TRI_NO;
        snprintf(answer->error, sizeof(answer->error), "has no %s record", want->type);
        return;
    }
    judge_items(reply, want, answer);
}

/* A server that did not answer one question is not asked the others: silence costs one time-out,
 * not one a record. */
static void run_inquiry(struct inquiry *inquiry)
{
    struct err failure = {0};
    int rc = 0;
    for (size_t i = 0; i < inquiry->want_count; i++) {
        const struct propagation_want *want = &inquiry->wants[i];
        struct propagation_answer *answer = &inquiry->answers[i];
        struct resolver_answer reply = {0};
        if (rc == 0) {
            rc = resolver_ask(inquiry->server->name, want->name, want->type,
                              !inquiry->server->is_authoritative, ASK_TIMEOUT_MS, &reply, &failure);
        }
        if (rc == 0) {
            judge_reply(&reply, want, answer);
        } else {
            snprintf(answer->error, sizeof(answer->error), "%.*s", (int)sizeof(answer->error) - 1,
                     failure.msg);
        }
    }
}

static void *inquiry_thread(void *inquiry)
{
    run_inquiry(inquiry);
    return NULL;
}

/* --- all questions ---------------------------------------------------------------------------- */

static bool is_settled(const struct propagation_answer *answer, const struct propagation_want *want)
{
    return want->is_proxied ? answer->error[0] == '\0' : answer->is_new == TRI_YES;
}

static void name_answers(struct inquiry *inquiry)
{
    for (size_t i = 0; i < inquiry->want_count; i++) {
        struct propagation_answer *answer = &inquiry->answers[i];
        snprintf(answer->server, sizeof(answer->server), "%s", inquiry->server->name);
        snprintf(answer->name, sizeof(answer->name), "%s", inquiry->wants[i].name);
        answer->is_authoritative_server = inquiry->server->is_authoritative;
    }
}

static void ask_at_once(struct inquiry *inquiries, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct inquiry *inquiry = &inquiries[i];
        name_answers(inquiry);
        inquiry->has_thread = pthread_create(&inquiry->thread, NULL, inquiry_thread, inquiry) == 0;
    }
    for (size_t i = 0; i < count; i++) {
        if (inquiries[i].has_thread) {
            (void)pthread_join(inquiries[i].thread, NULL); /* ours, joinable: cannot fail */
        } else {
            run_inquiry(&inquiries[i]); /* no thread to be had: slower, not wrong */
        }
    }
}

static int ask_servers(const struct servers *servers, const struct propagation_want *wants,
                       size_t want_count, struct propagation *out, struct err *err)
{
    struct inquiry inquiries[SERVER_CAP];
    size_t count = servers->count * want_count;
    struct propagation_answer *answers = calloc(count + 1, sizeof(*answers));
    if (answers == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu DNS answers", count);
    }
    for (size_t i = 0; i < servers->count; i++) {
        inquiries[i] = (struct inquiry){
            .server = &servers->item[i],
            .wants = wants,
            .want_count = want_count,
            .answers = &answers[i * want_count],
        };
    }
    ask_at_once(inquiries, servers->count);
    *out = (struct propagation){.answers = answers, .count = count, .is_converged = true};
    for (size_t i = 0; i < count; i++) {
        out->is_converged = out->is_converged && is_settled(&answers[i], &wants[i % want_count]);
    }
    return 0;
}

int propagation_ask(const struct service *service, const struct dns_zone *zone,
                    const struct propagation_want *wants, size_t want_count,
                    struct propagation *out, struct err *err)
{
    struct servers servers = {.count = 0};
    int rc = add_authoritative(service, zone, &servers, err);
    rc = rc != 0 ? rc : add_resolvers(service, &servers, err);
    return rc != 0 ? rc : ask_servers(&servers, wants, want_count, out, err);
}

/* --- waiting ---------------------------------------------------------------------------------- */

struct watcher {
    const struct propagation_want *wants;
    size_t want_count;
    int64_t deadline_ms;
    void (*progress)(void *context, const struct propagation *now);
    void *context;
};

static void laggard_text(const struct propagation_answer *answer, struct buf *out)
{
    const char *kind = answer->is_authoritative_server ? "name server" : "resolver";
    buf_printf(out, "%s%s %s ", out->len > 0 ? "; " : "", kind, answer->server);
    if (answer->error[0] != '\0') {
        buf_printf(out, "%.80s (%s)", answer->error, answer->name);
    } else {
        buf_printf(out, "still gives %s for %s", answer->content, answer->name);
    }
    if (answer->error[0] == '\0' && !answer->is_authoritative_server) {
        buf_printf(out, ", for %u s more", answer->ttl_s);
    }
}

static int say_who_lags(const struct watcher *watcher, const struct propagation *now,
                        struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    buf_init(&text, LAGGARDS_CAP_BYTES); /* who does not fit is not named; the first ones are */
    size_t count = 0;
    for (size_t i = 0; i < now->count; i++) {
        if (!is_settled(&now->answers[i], &watcher->wants[i % watcher->want_count])) {
            laggard_text(&now->answers[i], &text);
            count++;
        }
    }
    return err_set(err, ERR_TIMEOUT, EFFECT_NONE, "%zu of %zu DNS answers are not the new one: %s",
                   count, now->count, buf_text(&text));
}

static int wait_for(const struct watcher *watcher, const struct servers *servers,
                    struct propagation *out, struct err *err)
{
    int64_t pause_ms = POLL_FIRST_MS;
    for (;;) {
        CLEANUP(propagation_release) struct propagation now = {0};
        int rc = ask_servers(servers, watcher->wants, watcher->want_count, &now, err);
        if (rc != 0) {
            return rc;
        }
        if (watcher->progress != NULL) {
            watcher->progress(watcher->context, &now);
        }
        if (now.is_converged) {
            *out = now;
            now = (struct propagation){0};
            return 0;
        }
        if (clock_mono_ms() + pause_ms >= watcher->deadline_ms) {
            return say_who_lags(watcher, &now, err);
        }
        if (!clock_sleep_ms(pause_ms)) {
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while waiting for the DNS");
        }
        pause_ms = 2 * pause_ms < POLL_MOST_MS ? 2 * pause_ms : POLL_MOST_MS;
    }
}

/* The answers of both phases as one. */
static int append_answers(struct propagation *all, const struct propagation *more, struct err *err)
{
    size_t count = all->count + more->count;
    struct propagation_answer *grown = realloc(all->answers, (count + 1) * sizeof(*grown));
    if (grown == NULL) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu DNS answers", count);
    }
    memcpy(grown + all->count, more->answers, more->count * sizeof(*grown));
    all->answers = grown;
    all->count = count;
    return 0;
}

int propagation_wait(const struct service *service, const struct dns_zone *zone,
                     const struct propagation_want *wants, size_t want_count, int64_t deadline_ms,
                     void (*progress)(void *context, const struct propagation *now), void *context,
                     struct propagation *out, struct err *err)
{
    struct watcher watcher = {
        .wants = wants,
        .want_count = want_count,
        .deadline_ms = deadline_ms,
        .progress = progress,
        .context = context,
    };
    struct servers authoritative = {.count = 0}, resolvers = {.count = 0};
    CLEANUP(propagation_release) struct propagation all = {0};
    CLEANUP(propagation_release) struct propagation late = {0};
    int rc = add_authoritative(service, zone, &authoritative, err);
    rc = rc != 0 ? rc : add_resolvers(service, &resolvers, err);
    rc = rc != 0 ? rc : wait_for(&watcher, &authoritative, &all, err);
    if (rc == 0 && resolvers.count > 0) {
        rc = wait_for(&watcher, &resolvers, &late, err);
        rc = rc != 0 ? rc : append_answers(&all, &late, err);
    }
    if (rc == 0) {
        *out = all;
        all = (struct propagation){0};
    }
    return rc;
}
