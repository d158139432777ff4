/* SPDX-License-Identifier: MIT */
/* What is true now, asked of the servers, the DNS and the journal. Changes nothing. */
#include "ctl/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "cluster/lease.h"
#include "cluster/link.h"
#include "cluster/session.h"
#include "domain/lag.h"
#include "engine/journal_request.h"
#include "engine/observe.h"
#include "engine/way_back_look.h"

#define MEASURE_TIMEOUT_MS 3000

const char *status_answer_leads(const struct status *status,
                                const struct propagation_answer *answer)
{
    const struct service_dns *dns = &status->service->dns;

    if (!answer->content[0])
        return "no answer";
    for (size_t i = 0; i < status->facts.record_count; i++)
        if (status->facts.records[i].is_proxied &&
            strcasecmp(status->facts.records[i].record->name, answer->name) == 0)
            return "edge";
    for (size_t i = 0; i < dns->record_count; i++) {
        if (strcasecmp(dns->records[i].name, answer->name) != 0)
            continue;
        if (strcmp(dns->records[i].content[SIDE_OLD], answer->content) == 0)
            return "OLD";
        if (strcmp(dns->records[i].content[SIDE_NEW], answer->content) == 0)
            return "NEW";
    }
    return "elsewhere";
}

static const struct node_facts *facts_of(const struct status *status, const struct node *node)
{
    for (size_t i = 0; i < status->facts.node_count; i++)
        if (status->facts.nodes[i].node == node)
            return &status->facts.nodes[i];
    return NULL;
}

/* A replica's own channel, the one that is not a link of ours. */
static const struct channel_facts *own_channel(const struct node_facts *facts)
{
    for (unsigned i = 0; facts && i < facts->channel_count; i++)
        if (strcmp(facts->channels[i].name, link_channel(SIDE_OLD)) != 0 &&
            strcmp(facts->channels[i].name, link_channel(SIDE_NEW)) != 0)
            return &facts->channels[i];
    return NULL;
}

static enum tri replica_runs(const struct node_facts *facts, const struct channel_facts *channel)
{
    if (!facts || facts->is_reached != TRI_YES)
        return TRI_UNKNOWN;
    return channel ? channel_runs(channel) : TRI_NO;
}

static void list_channels(struct status *status)
{
    const struct service *service = status->service;

    for (int side = SIDE_NEW; side >= SIDE_OLD; side--) {
        struct status_channel *link = &status->channels[status->channel_count++];
        (void)snprintf(link->name, sizeof link->name, "%s", link_name((enum side)side));
        link->source = service_primary(service, side_other((enum side)side));
        link->replica = service_primary(service, (enum side)side);
        link->facts = facts_link(&status->facts, (enum side)side);
        link->is_running = facts_link_runs(&status->facts, (enum side)side);
    }
    for (size_t i = 0; i < service->node_count; i++) {
        const struct node *node = &service->nodes[i];
        if (node->is_primary)
            continue;
        struct status_channel *channel = &status->channels[status->channel_count++];
        (void)snprintf(channel->name, sizeof channel->name, "replica");
        channel->source = service_primary(service, node->side);
        channel->replica = node;
        channel->facts = own_channel(facts_of(status, node));
        channel->is_running = replica_runs(facts_of(status, node), channel->facts);
    }
}

static int measure(const struct service *service, struct status_channel *channel, struct err *err)
{
    CLEANUP(session_release) struct session source = {0};
    CLEANUP(session_release) struct session replica = {0};

    int rc = session_open(service, channel->source, SESSION_CONTROLLER, &source, err);
    if (rc)
        return rc;
    rc = session_open(service, channel->replica, SESSION_CONTROLLER, &replica, err);
    if (rc)
        return rc;
    return link_measure(&source, &replica, MEASURE_TIMEOUT_MS, &channel->lag_us, err);
}

/* A channel that is not known to run is not asked: its lag is unknown. */
static void measure_channels(struct status *status)
{
    for (size_t i = 0; i < status->channel_count; i++) {
        struct status_channel *channel = &status->channels[i];
        struct err why = {0};
        channel->lag_us = LAG_INFINITE;
        if (channel->is_running != TRI_YES)
            continue;
        if (measure(status->service, channel, &why)) {
            channel->lag_us = LAG_INFINITE;
            (void)snprintf(channel->lag_error, sizeof channel->lag_error, "%.199s", why.msg);
        }
    }
}

/* The zone names the servers to ask when the configuration does not; without it the configured ones
 * remain. */
static void read_zone(const struct service *service, struct status *status, struct dns_zone *out)
{
    CLEANUP(dns_freep) struct dns *dns = NULL;
    struct err why = {0};
    int rc = dns_open(service, &dns, &why);

    if (!rc)
        rc = dns_zone(dns, out, &why);
    if (rc)
        (void)snprintf(status->answers_error, sizeof status->answers_error, "%.399s", why.msg);
}

static void ask_resolvers(struct status *status)
{
    const struct service *service = status->service;
    struct dns_zone zone = {0};
    size_t count = status->facts.record_count;
    struct err why = {0};

    if (!service->dns.is_configured || count == 0)
        return;
    read_zone(service, status, &zone);
    struct propagation_want *wants = calloc(count, sizeof *wants);
    for (size_t i = 0; wants && i < count; i++) {
        const struct record_facts *record = &status->facts.records[i];
        wants[i] = (struct propagation_want){.name = record->record->name,
                                             .type = record->record->type,
                                             .content = record->record->content[SIDE_NEW],
                                             .is_proxied = record->is_proxied};
    }
    int rc = wants ? propagation_ask(service, &zone, wants, count, &status->answers, &why)
                   : err_set(&why, ERR_MEMORY, EFFECT_NONE, "out of memory");
    if (rc)
        (void)snprintf(status->answers_error, sizeof status->answers_error, "%.399s", why.msg);
    free(wants);
}

static void read_lease(struct status *status)
{
    struct err why = {0};

    if (lease_holder(status->service, status->lease_holder, sizeof status->lease_holder, &why))
        (void)snprintf(status->lease_error, sizeof status->lease_error, "%.399s", why.msg);
}

/* Who is waited for is what comes next, more than the name of the run is. */
static int read_waits(struct status *status, struct journal *journal, struct err *err)
{
    CLEANUP(json_release) json_t *waits = NULL;
    CLEANUP(json_release) json_t *held = NULL;
    const char *id = status->run.id;

    int rc = journal_run_word_get(journal, id, RUN_WAITS, &waits, err);
    if (!rc)
        rc = journal_run_word_get(journal, id, RUN_IS_HELD, &held, err);
    if (!rc && held)
        (void)snprintf(status->waits_for, sizeof status->waits_for,
                       "is held by %s before step %s: `cutover ask go-on` ends that",
                       json_text_or(held, "who", ""), json_text_or(held, "step", ""));
    else if (!rc && waits)
        (void)snprintf(status->waits_for, sizeof status->waits_for,
                       "waits for a yes (%zu of %" JSON_INTEGER_FORMAT "): %s",
                       json_array_size(json_object_get(waits, "approved")),
                       json_int_or(waits, "people", 1), json_text_or(waits, "question", ""));
    return rc;
}

/* No journal is no failure: nothing was ever run from here. */
static void read_journal(struct status *status)
{
    const struct service *service = status->service;
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct err why = {0};

    int rc = journal_open_reader(service->journal_path, &journal, &why);
    if (!rc) {
        rc = journal_verified_sum(journal, service->name, &status->verification, &why);
        status->has_verification = rc == 0;
    }
    if (!rc)
        rc = journal_pass_get(journal, &(struct pass_id){service->name, ""}, &status->pass, &why);
    if (!rc)
        rc = proof_memory_latest(journal, service->name, &status->proof, &why);
    if (!rc)
        rc = status_read_services(status, journal, &why);
    if (!rc) {
        rc = journal_run_find(journal, service->name, NULL, &status->run, &why);
        status->has_run = rc == 0;
        if (status->has_run && status->run.state == RUN_RUNNING)
            rc = read_waits(status, journal, &why);
    }
    if (rc && rc != ERR_REFUSED)
        (void)snprintf(status->journal_error, sizeof status->journal_error, "%.399s", why.msg);
}

/* The link that ends on OLD is the way back. */
static int64_t reverse_lag_us(const struct status *status)
{
    for (size_t i = 0; i < status->channel_count; i++)
        if (status->channels[i].replica == service_primary(status->service, SIDE_OLD))
            return status->channels[i].lag_us;
    return LAG_INFINITE;
}

static void look_back(struct status *status)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct way_back_look look;
    struct err none = {0};

    if (journal_open_reader(status->service->journal_path, &journal, &none))
        journal = NULL; /* told by read_journal() */
    way_back_look(status->service, journal, &status->facts, reverse_lag_us(status), &look);
    way_back_judge(&status->facts, &status->verdict, &look, &status->way_back);
}

static void tell(const struct status_options *options, const char *text)
{
    if (options->progress)
        options->progress(options->context, text);
}

int status_gather(const struct service *service, const struct status_options *options,
                  struct status *out, struct err *err)
{
    char asking[64];

    *out = (struct status){.service = service};
    (void)snprintf(asking, sizeof asking, "asking %zu nodes", service->node_count);
    tell(options, asking);
    int rc = observe(service, &out->facts, &out->verdict, err);
    if (rc)
        return rc;
    tell(options, "measuring lag");
    list_channels(out);
    measure_channels(out);
    read_lease(out);
    read_journal(out);
    look_back(out);
    status_read_held(out);
    if (!options->without_files && status_has_files(service)) {
        tell(options, "asking the primaries' hosts for a file of ours");
        for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
            status_look_at_file(service, side, &out->files[side]);
    }
    if (service->dns.is_configured && !options->without_dns) {
        tell(options, "asking name servers and resolvers");
        ask_resolvers(out);
    }
    return 0;
}

void status_release(struct status *status)
{
    facts_release(&status->facts);
    propagation_release(&status->answers);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        held_list_release(&status->held[side]);
}
