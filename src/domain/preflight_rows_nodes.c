/* SPDX-License-Identifier: MIT */
/* Checks of single nodes: reachable, whose clock, open or closed, replicating. */
#include <inttypes.h>
#include <string.h>

#include "domain/preflight_rows.h"
#include "domain/situation.h"

#define SKEW_WARN_US 1000000
#define SKEW_BLOCK_US 30000000

LOOK(look_node_reachable)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (node->is_reached == TRI_YES)
            continue;
        struct finding *finding =
            finding_add(out, row, node->node->is_primary ? SEVERITY_BLOCK : SEVERITY_WARN,
                        node->node->name, "%s %s not reached: %s", side_title(node->node->side),
                        node->node->is_primary ? "primary" : "replica",
                        node->error[0] == '\0' ? "not asked" : node->error);
        finding_fix(finding, "make it answer to the controller's account, or take it out of the "
                             "configuration");
    }
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (facts_primary(facts, side) == NULL)
            finding_add(out, row, SEVERITY_BLOCK, side_title(side), "no primary is configured");
    finding_well(out, row, before, "all %zu nodes answer", facts->node_count);
}

LOOK(look_server_id)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node))
            continue;
        if (node->server_id == 0)
            finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                    "server_id is 0 or could not be read"),
                        "give it a server_id of its own in its configuration");
        for (size_t j = 0; j < i; j++)
            if (node->server_id != 0 && facts->nodes[j].server_id == node->server_id)
                finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                        "has server_id %" PRIu32 ", and so has %s", node->server_id,
                                        facts->nodes[j].node->name),
                            "SET GLOBAL server_id = <another> on one of them, and in its "
                            "configuration");
    }
    finding_well(out, row, before, "%zu nodes, %zu different server ids", facts->node_count,
                 facts->node_count);
}

LOOK(look_clock_skew)
{
    size_t before = out->count;
    int64_t worst_us = 0;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node))
            continue;
        int64_t skew_us = node->skew_us < 0 ? -node->skew_us : node->skew_us;
        worst_us = skew_us > worst_us ? skew_us : worst_us;
        if (skew_us <= SKEW_WARN_US)
            continue;
        finding_fix(finding_add(out, row, skew_us > SKEW_BLOCK_US ? SEVERITY_BLOCK : SEVERITY_WARN,
                                node->node->name, "its clock is %.1f s %s ours",
                                (double)skew_us / 1e6, node->skew_us > 0 ? "ahead of" : "behind"),
                    "let chrony or systemd-timesyncd run there and here");
    }
    finding_well(out, row, before, "every clock is within %.0f ms of ours", (double)worst_us / 1e3);
}

LOOK(look_tls_used)
{
    size_t before = out->count;
    bool is_demanded = service->tls.mode != TLS_OFF;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node) || node->tls_cipher[0] != '\0')
            continue;
        finding_fix(finding_add(out, row, is_demanded ? SEVERITY_BLOCK : SEVERITY_WARN,
                                node->node->name, "the connection is plaintext%s",
                                is_demanded ? " although the configuration demands TLS" : ""),
                    "set ssl_cert and ssl_key on the server, and tls.mode = \"verify-ca\"");
    }
    finding_well(out, row, before, "every connection is encrypted");
}

/* NEW may be open where the users are on it already, or while it is being rehearsed upon. */
static bool may_be_open(enum situation situation)
{
    return situation == SITUATION_SHARED || situation == SITUATION_SWITCHED ||
           situation == SITUATION_RETIRED || situation == SITUATION_REHEARSING;
}

LOOK(look_new_closed)
{
    size_t before = out->count;
    const struct node_facts *primary = facts_primary(facts, SIDE_NEW);
    if (primary == NULL || finding_unreached(out, row, primary)) {
        finding_well(out, row, before, "no NEW primary is configured");
        return;
    }
    struct verdict verdict;
    situation_judge(facts, &verdict);
    if (primary->is_read_only == TRI_UNKNOWN)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, primary->node->name,
                                "read_only could not be read"),
                    "see account.controller_grants");
    else if (primary->is_read_only == TRI_NO && !may_be_open(verdict.situation))
        finding_fix(
            finding_add(out, row,
                        verdict.situation == SITUATION_APART ? SEVERITY_WARN : SEVERITY_BLOCK,
                        primary->node->name, "NEW is open (read_only = 0) while %s",
                        situation_name(verdict.situation)),
            "SET GLOBAL read_only = 1 on it, and read_only = 1 in its configuration so that "
            "a restart keeps it");
    finding_well(out, row, before, "NEW is %s, as it should be while %s",
                 primary->is_read_only == TRI_YES ? "closed" : "open",
                 situation_name(verdict.situation));
}

LOOK(look_replicas_read_only)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (node->node->is_primary || finding_unreached(out, row, node))
            continue;
        if (node->is_read_only != TRI_YES)
            finding_fix(finding_add(out, row, SEVERITY_WARN, node->node->name, "%s",
                                    node->is_read_only == TRI_NO ? "this replica takes writes"
                                                                 : "read_only could not be read"),
                        "SET GLOBAL read_only = 1 on it, and in its configuration");
    }
    finding_well(out, row, before, "every replica refuses writes");
}

/* The node of the same cluster that the channel reads from; NULL when it comes from elsewhere. */
static const struct node *source_in_cluster(const struct facts *facts,
                                            const struct node_facts *replica,
                                            const struct channel_facts *channel)
{
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node *node = facts->nodes[i].node;
        if (node->side == replica->node->side && channel_comes_from(channel, node))
            return node;
    }
    return NULL;
}

static void check_replica(const struct facts *facts, const struct check_row *row,
                          const struct node_facts *replica, struct findings *out)
{
    unsigned running = 0;
    for (unsigned i = 0; i < replica->channel_count; i++) {
        const struct channel_facts *channel = &replica->channels[i];
        if (source_in_cluster(facts, replica, channel) == NULL)
            continue;
        if (channel_runs(channel) == TRI_YES) {
            running++;
            continue;
        }
        bool is_apply = channel->is_applying != TRI_YES;
        finding_fix(finding_add(out, row, SEVERITY_WARN, replica->node->name,
                                "channel \"%s\" does not run: receiving %s, applying %s: %s",
                                channel->name, tri_text(channel->is_receiving),
                                tri_text(channel->is_applying),
                                is_apply ? channel->apply_error : channel->receive_error),
                    "mend the cause, then START SLAVE '%s'", channel->name);
        return;
    }
    if (running == 0)
        finding_fix(finding_add(out, row, SEVERITY_WARN, replica->node->name,
                                "follows no node of the %s cluster",
                                side_title(replica->node->side)),
                    "make it a replica of its primary, or take it out of the configuration");
}

LOOK(look_node_group)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (!finding_unreached(out, row, node) && node->group[0] != '\0')
            finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                    "is a member of %s, which decides by itself who may write",
                                    node->group),
                        "let a server outside of the group replicate from it, and migrate with "
                        "that one as OLD's primary once nobody writes to the group");
    }
    finding_well(out, row, before, "no node is a member of a group");
}

static bool is_node_of_ours(const struct facts *facts, uint32_t server_id)
{
    for (size_t i = 0; i < facts->node_count; i++)
        if (facts->nodes[i].is_reached == TRI_YES && facts->nodes[i].server_id == server_id)
            return true;
    return false;
}

LOOK(look_replica_unlisted)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node))
            continue;
        for (unsigned r = 0; r < node->replica_count; r++)
            if (!is_node_of_ours(facts, node->replicas[r].server_id))
                finding_fix(finding_add(out, row, SEVERITY_WARN, node->node->name,
                                        "feeds %s (server_id %" PRIu32
                                        "), which the configuration does not name",
                                        node->replicas[r].address, node->replicas[r].server_id),
                            "add it to the cluster's replicas, or know where it will read from "
                            "after the move");
    }
    finding_well(out, row, before, "all connected replicas are in the configuration");
}

LOOK(look_replica_health)
{
    size_t before = out->count, replicas = 0;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (node->node->is_primary)
            continue;
        replicas++;
        if (!finding_unreached(out, row, node))
            check_replica(facts, row, node, out);
    }
    finding_well(out, row, before, "%zu replicas follow their clusters", replicas);
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "node.reachable",
     .why = "a node that does not answer can be neither checked nor fenced",
     .how = "make the node answer to the account of the controller, or take it out of the "
            "configuration",
     .source = "openark/orchestrator#854: split brain after a takeover half way",
     .worst = SEVERITY_BLOCK,
     .look = look_node_reachable,
     .is_final = true},
    {.id = "node.group",
     .why = "closing one primary closes nothing when others of its group may write",
     .how = "let a server outside of the group replicate from it, and migrate with that one",
     .source = "docs/servers.md",
     .worst = SEVERITY_BLOCK,
     .look = look_node_group,
     .is_bar = true,
     .is_final = true},
    {.id = "server_id.unique",
     .why = "a server drops transactions that carry its own server_id",
     .how = "give each server a server_id of its own in its configuration",
     .source = "MariaDB Knowledge Base, Setting Up Replication: server_id; MySQL Reference Manual, "
               "server_id",
     .worst = SEVERITY_BLOCK,
     .look = look_server_id,
     .is_bar = true,
     .is_final = true},
    {.id = "replica.health",
     .why = "a cluster is only as good as the replicas that follow its primary",
     .how = "mend what stopped the replica, or take it out of the configuration",
     .source = "openark/orchestrator#1342: promoted while 12 hours behind",
     .worst = SEVERITY_WARN,
     .look = look_replica_health},
    {.id = "replica.unlisted",
     .why = "a replica that nobody listed stays behind with OLD, or is cut off",
     .how = "add it to the cluster's replicas, or know where it will read from after the move",
     .source = "MySQL Reference Manual, SHOW REPLICAS; MariaDB documentation, SHOW REPLICA HOSTS",
     .worst = SEVERITY_WARN,
     .look = look_replica_unlisted},
    {.id = "read_only.new_closed",
     .why = "a write on NEW before its time is lost or in conflict later",
     .how = "SET GLOBAL read_only = 1 on NEW, and read_only = 1 in its configuration",
     .source = "GitHub incident of October 2018: writes on both sides",
     .worst = SEVERITY_BLOCK,
     .look = look_new_closed},
    {.id = "read_only.replicas",
     .why = "a write on a replica never reaches the others",
     .how = "SET GLOBAL read_only = 1 on the replica, and in its configuration",
     .source = "MariaDB Knowledge Base and MySQL Reference Manual, read_only",
     .worst = SEVERITY_WARN,
     .look = look_replicas_read_only},
    {.id = "clock.skew",
     .why = "times written by both sides are compared by people and by applications",
     .how = "let chrony or systemd-timesyncd run on the node and here",
     .source = "openark/orchestrator#1072: skew shown as lag",
     .worst = SEVERITY_BLOCK,
     .look = look_clock_skew},
    {.id = "tls.used",
     .why = "passwords and rows travel between two sites",
     .how = "set ssl_cert and ssl_key on the server, and tls.mode in the configuration",
     .source = "MariaDB Connector/C: TLS falls back to plaintext unless verified",
     .worst = SEVERITY_BLOCK,
     .look = look_tls_used},
};

const struct check_section preflight_nodes = {"Nodes", rows, ARRAY_LEN(rows)};
