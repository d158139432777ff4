/* SPDX-License-Identifier: MIT */
/*
 * facts_fixture.h - a service of two clusters and facts that make it `apart`, for tests to spoil
 * one by one. Node order: OLD primary, OLD replica, NEW primary, NEW replica.
 */
#ifndef CUTOVER_TESTS_FACTS_FIXTURE_H
#define CUTOVER_TESTS_FACTS_FIXTURE_H

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "domain/facts.h"

enum { OLD_PRIMARY, OLD_REPLICA, NEW_PRIMARY, NEW_REPLICA, FIXTURE_NODES };

static inline void fixture_service(struct service *service)
{
    memset(service, 0, sizeof(*service));
    service->node_count = FIXTURE_NODES;
    for (unsigned i = 0; i < FIXTURE_NODES; i++) {
        struct node *node = &service->nodes[i];
        node->side = i < NEW_PRIMARY ? SIDE_OLD : SIDE_NEW;
        node->is_primary = i == OLD_PRIMARY || i == NEW_PRIMARY;
        node->port = 3306 + i;
        snprintf(node->host, sizeof(node->host), "db%u", i);
        snprintf(node->name, sizeof(node->name), "db%u:%u", i, node->port);
    }
    snprintf(service->controller.user, sizeof(service->controller.user), "cutover");
    snprintf(service->monitor.user, sizeof(service->monitor.user), "cutover_monitor");
    snprintf(service->replication.user, sizeof(service->replication.user), "cutover_repl");
}

static inline struct channel_facts *fixture_channel(struct node_facts *replica, const char *name,
                                                    const struct node *source)
{
    assert(replica->channel_count < FACTS_CHANNEL_CAP);
    struct channel_facts *channel = &replica->channels[replica->channel_count++];
    memset(channel, 0, sizeof(*channel));
    snprintf(channel->name, sizeof(channel->name), "%s", name);
    snprintf(channel->source_host, sizeof(channel->source_host), "%s", source->host);
    channel->source_port = source->port;
    channel->is_receiving = channel->is_applying = TRI_YES;
    channel->uses_gtid = channel->uses_tls = TRI_YES;
    return channel;
}

/* Everything known, everything well, NEW closed and empty, no links, no DNS. */
static inline void fixture_facts(const struct service *service, struct facts *facts)
{
    memset(facts, 0, sizeof(*facts));
    facts->node_count = service->node_count;
    facts->dns = DNS_NONE;
    for (unsigned i = 0; i < FIXTURE_NODES; i++) {
        struct node_facts *node = &facts->nodes[i];
        node->node = &service->nodes[i];
        node->is_reached = TRI_YES;
        node->version = (struct server_version){FLAVOUR_MARIADB, 10, 11, 19};
        snprintf(node->version_text, sizeof(node->version_text), "10.11.19-MariaDB");
        node->server_id = 101 + i;
        node->origin =
            (struct origin){FLAVOUR_MARIADB, {.domain = node->node->side == SIDE_OLD ? 1 : 2}};
        node->is_read_only = tri_of(i != OLD_PRIMARY);
        node->has_binlog = node->logs_replica_updates = node->is_gtid_strict = TRI_YES;
        snprintf(node->binlog_format, sizeof(node->binlog_format), "ROW");
        snprintf(node->binlog_row_image, sizeof(node->binlog_row_image), "FULL");
        snprintf(node->event_scheduler, sizeof(node->event_scheduler), "ON");
        snprintf(node->tls_cipher, sizeof(node->tls_cipher), "TLS_AES_256_GCM_SHA384");
        snprintf(node->address, sizeof(node->address), "10.0.0.%u", 1 + i);
        node->increment = node->offset = 1;
        node->has_data = tri_of(node->node->side == SIDE_OLD);
    }
    fixture_channel(&facts->nodes[OLD_REPLICA], "", &service->nodes[OLD_PRIMARY]);
    fixture_channel(&facts->nodes[NEW_REPLICA], "", &service->nodes[NEW_PRIMARY]);
}

/* The link that ends at `side`, as our own statements set it up. */
static inline struct channel_facts *fixture_link(struct facts *facts, enum side side)
{
    unsigned replica = side == SIDE_OLD ? OLD_PRIMARY : NEW_PRIMARY;
    unsigned source = side == SIDE_OLD ? NEW_PRIMARY : OLD_PRIMARY;
    return fixture_channel(&facts->nodes[replica], link_channel(side), facts->nodes[source].node);
}

static inline void fixture_open(struct facts *facts, enum side side, bool is_open)
{
    facts->nodes[side == SIDE_OLD ? OLD_PRIMARY : NEW_PRIMARY].is_read_only = tri_of(!is_open);
}

static inline void fixture_stagger(struct facts *facts, unsigned increment, unsigned old_offset,
                                   unsigned new_offset)
{
    facts->nodes[OLD_PRIMARY].increment = facts->nodes[NEW_PRIMARY].increment = increment;
    facts->nodes[OLD_PRIMARY].offset = old_offset;
    facts->nodes[NEW_PRIMARY].offset = new_offset;
}

#endif
