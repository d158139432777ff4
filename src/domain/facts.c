/* SPDX-License-Identifier: MIT */
/* Questions that everyone asks of the facts, answered once: yes, no, or not known. */
#include "domain/facts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void facts_release(struct facts *facts)
{
    free(facts->records);
    memset(facts, 0, sizeof(*facts));
}

const struct node_facts *facts_primary(const struct facts *facts, enum side side)
{
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node *node = facts->nodes[i].node;
        if (node != NULL && node->is_primary && node->side == side)
            return &facts->nodes[i];
    }
    return NULL;
}

static const struct node_facts *reached_primary(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);
    return primary != NULL && primary->is_reached == TRI_YES ? primary : NULL;
}

const struct channel_facts *facts_link(const struct facts *facts, enum side replica_side)
{
    const struct node_facts *replica = reached_primary(facts, replica_side);
    if (replica == NULL)
        return NULL;
    for (unsigned i = 0; i < replica->channel_count; i++)
        if (strcmp(replica->channels[i].name, link_channel(replica_side)) == 0)
            return &replica->channels[i];
    return NULL;
}

bool channel_comes_from(const struct channel_facts *channel, const struct node *node)
{
    return channel->source_port == node->port && strcasecmp(channel->source_host, node->host) == 0;
}

enum tri channel_runs(const struct channel_facts *channel)
{
    bool has_stopped = channel->is_receiving == TRI_NO || channel->is_applying == TRI_NO;
    if (has_stopped || channel->receive_errno != 0 || channel->apply_errno != 0)
        return TRI_NO;
    bool is_running = channel->is_receiving == TRI_YES && channel->is_applying == TRI_YES;
    return is_running ? TRI_YES : TRI_UNKNOWN;
}

enum tri facts_link_exists(const struct facts *facts, enum side replica_side)
{
    if (reached_primary(facts, replica_side) == NULL)
        return TRI_UNKNOWN;
    return tri_of(facts_link(facts, replica_side) != NULL);
}

/* The words of the manuals; the statements of plans come from the catalog. */
void channel_command(const struct node_facts *node, const char *verb, const char *channel,
                     char *out, size_t out_size)
{
    const unsigned replica_is_a_word = 80022;
    bool is_mysql = node->version.flavour == FLAVOUR_MYSQL;
    bool is_new = is_mysql && version_number(&node->version) >= replica_is_a_word;
    (void)snprintf(out, out_size, "%s %s%s '%s'", verb, is_new ? "REPLICA" : "SLAVE",
                   is_mysql ? " FOR CHANNEL" : "", channel);
}

enum tri facts_link_runs(const struct facts *facts, enum side replica_side)
{
    enum tri exists = facts_link_exists(facts, replica_side);
    if (exists != TRI_YES)
        return exists;
    const struct channel_facts *link = facts_link(facts, replica_side);
    const struct node_facts *source = facts_primary(facts, side_other(replica_side));
    if (source == NULL || !channel_comes_from(link, source->node))
        return TRI_NO;
    return channel_runs(link);
}

enum tri facts_is_open(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = reached_primary(facts, side);
    if (primary == NULL || primary->is_read_only == TRI_UNKNOWN)
        return TRI_UNKNOWN;
    return tri_of(primary->is_read_only == TRI_NO && primary->is_held != TRI_YES);
}
