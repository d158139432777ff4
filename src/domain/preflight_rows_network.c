/* SPDX-License-Identifier: MIT */
/* Checks of what is between the sides: may anybody on the way read along? */
#include <string.h>

#include "base/address.h"
#include "domain/preflight_rows.h"

#define SOURCE_TLS                                                                                 \
    "MariaDB documentation, Replication with Secure Connections; MySQL Reference Manual, Setting " \
    "Up Replication to Use Encrypted Connections"

/*
 * Of the address to which a connection of ours went, and that is what a replica's will go to. A
 * tunnel leads there by itself: then only a number that was configured tells.
 */
static enum address_reach reach_of(const struct node_facts *node)
{
    enum address_reach reach = address_reach(node->address);
    return reach == ADDRESS_UNKNOWN ? address_reach(node->node->host) : reach;
}

static const char *address_of(const struct node_facts *node)
{
    return node->address[0] != '\0' ? node->address : node->node->host;
}

static bool is_among_ourselves(enum address_reach reach)
{
    return reach == ADDRESS_LOCAL || reach == ADDRESS_PRIVATE;
}

/* What will travel from a primary, with or without TLS as the configuration has it. */
static void check_planned(const struct service *service, const struct facts *facts,
                          const struct check_row *row, const char *what, struct findings *out)
{
    if (service->tls.mode != TLS_OFF)
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        if (primary == NULL || finding_unreached(out, row, primary) ||
            is_among_ourselves(reach_of(primary)))
            continue;
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, primary->node->name,
                                "%s would travel unencrypted: tls.mode is \"off\", and %s is %s",
                                what, address_of(primary), address_reach_name(reach_of(primary))),
                    "%s", row->how);
    }
}

static const struct node_facts *source_of(const struct facts *facts,
                                          const struct channel_facts *channel)
{
    for (size_t i = 0; i < facts->node_count; i++)
        if (facts->nodes[i].node != NULL && channel_comes_from(channel, facts->nodes[i].node))
            return &facts->nodes[i];
    return NULL;
}

/* A channel that is there, whoever made it. */
static void check_channel(const struct facts *facts, const struct check_row *row,
                          const struct node_facts *replica, const struct channel_facts *channel,
                          struct findings *out)
{
    const struct node_facts *source = source_of(facts, channel);
    enum address_reach reach =
        source != NULL ? reach_of(source) : address_reach(channel->source_host);
    if (channel->uses_tls == TRI_YES || is_among_ourselves(reach))
        return;
    finding_fix(
        finding_add(out, row,
                    channel->uses_tls == TRI_NO && replica->node->is_primary ? SEVERITY_BLOCK
                                                                             : SEVERITY_WARN,
                    replica->node->name, "%s from %.200s, which is %s",
                    channel->uses_tls == TRI_NO ? "replicates unencrypted"
                                                : "it is not known whether it replicates encrypted",
                    channel->source_host, address_reach_name(reach)),
        "%s", row->how);
}

LOOK(look_replication)
{
    size_t before = out->count;
    check_planned(service, facts, row, "replication", out);
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node))
            continue;
        for (unsigned j = 0; j < node->channel_count; j++)
            check_channel(facts, row, node, &node->channels[j], out);
    }
    finding_well(out, row, before, "what replicates across public addresses is encrypted");
}

LOOK(look_seed)
{
    size_t before = out->count;
    check_planned(service, facts, row, "a copy and a clone", out);
    finding_well(out, row, before, "a seed is encrypted, or stays among private addresses");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "network.replication_encrypted",
     .why = "every row, and the password of the replication account, can be read on the way",
     .how = "set tls.mode = \"required\" or better in the configuration; an existing link by "
            "CHANGE MASTER TO MASTER_SSL = 1 (SOURCE_SSL = 1)",
     .source = SOURCE_TLS,
     .worst = SEVERITY_BLOCK,
     .look = look_replication,
     .is_bar = true},
    {.id = "network.seed_encrypted",
     .why = "the whole data set, accounts included, can be read on the way",
     .how = "set tls.mode = \"required\" or better in the configuration, or seed by method = "
            "\"physical\", which goes over SSH",
     .source = "MySQL Reference Manual, CLONE INSTANCE: REQUIRE SSL; docs/hosts.md",
     .worst = SEVERITY_BLOCK,
     .look = look_seed,
     .is_bar = true},
};

const struct check_section preflight_network = {"The network between the sides", rows,
                                                ARRAY_LEN(rows)};
