/* SPDX-License-Identifier: MIT */
/* Checks of what is between the sides: may anybody on the way read along? */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/address.h"
#include "base/clock.h"
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

/* --- what it is worth, when somebody wanted it measured --------------------------------------- */

#define TRIP_WARN_US 100000
#define BYTES_PER_S_WARN 5e6
#define LOSS_WARN_PERCENT 1.0

/* False, and said so, when there is nothing to judge. */
static bool is_measured(const struct survey *survey, const struct check_row *row,
                        struct findings *out)
{
    bool is_unread = finding_unread(out, row, survey, SIDE_OLD);
    if (finding_unread(out, row, survey, SIDE_NEW) || is_unread)
        return false;
    if (survey->paths == NULL)
        finding_fix(finding_add(out, row, SEVERITY_NOTE, "", "not measured"),
                    "cutover check --measure-paths");
    return survey->paths != NULL;
}

static const char *path_name(const struct survey_path *path, char out[300])
{
    (void)snprintf(out, 300, "%.140s to %.140s", path->from->name, path->to->name);
    return out;
}

static void add_unknown(const struct check_row *row, const struct survey_path *path,
                        const char *problem, struct findings *out)
{
    char name[300];
    finding_fix(
        finding_add(out, row, SEVERITY_WARN, path_name(path, name), "not known: %s", problem), "%s",
        row->how);
}

LOOK(look_trips)
{
    char name[300];
    if (!is_measured(survey, row, out))
        return;
    for (size_t i = 0; i < survey->path_count; i++) {
        const struct survey_path *path = &survey->paths[i];
        if (path->trips == 0) {
            add_unknown(row, path, path->trip_problem, out);
            continue;
        }
        bool is_slow = path->middle_us > TRIP_WARN_US;
        struct finding *finding =
            finding_add(out, row, is_slow ? SEVERITY_WARN : SEVERITY_OK, path_name(path, name),
                        "a connection takes %.2f ms, at worst %.2f, of %u",
                        (double)path->middle_us / 1e3, (double)path->worst_us / 1e3, path->trips);
        if (is_slow)
            finding_fix(finding, "%s", row->how);
    }
}

LOOK(look_bulk)
{
    uint64_t bytes = 0;
    char name[300], takes[32];
    if (!is_measured(survey, row, out))
        return;
    for (size_t i = 0; i < survey->table_count; i++)
        bytes += survey->tables[i].bytes;
    for (size_t i = 0; i < survey->path_count; i++) {
        const struct survey_path *path = &survey->paths[i];
        if (path->bytes_per_s <= 0) {
            add_unknown(row, path, path->bulk_problem, out);
            continue;
        }
        bool is_slow = path->bytes_per_s < BYTES_PER_S_WARN;
        (void)clock_human_ms((int64_t)((double)bytes * 1e3 / path->bytes_per_s), takes);
        struct finding *finding =
            finding_add(out, row, is_slow ? SEVERITY_WARN : SEVERITY_OK, path_name(path, name),
                        "%.1f MB/s over one connection: %.0f MB of rows take %s at least",
                        path->bytes_per_s / 1e6, (double)bytes / 1e6, takes);
        if (is_slow)
            finding_fix(finding, "%s", row->how);
    }
}

LOOK(look_loss)
{
    char name[300];
    if (!is_measured(survey, row, out))
        return;
    for (size_t i = 0; i < survey->path_count; i++) {
        const struct survey_path *path = &survey->paths[i];
        if (path->sent == 0) {
            add_unknown(row, path,
                        path->bulk_problem[0] != '\0' ? path->bulk_problem : path->loss_problem,
                        out);
            continue;
        }
        double percent = 100.0 * (double)path->sent_again / (double)path->sent;
        struct finding *finding = finding_add(
            out, row, percent > LOSS_WARN_PERCENT ? SEVERITY_WARN : SEVERITY_OK,
            path_name(path, name),
            "%.2f %% was sent again (%" PRIu64 " of %" PRIu64 " segments of that host meanwhile)",
            percent, path->sent_again, path->sent);
        if (percent > LOSS_WARN_PERCENT)
            finding_fix(finding, "%s", row->how);
    }
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
    {.id = "network.round_trip",
     .why = "the pause is a few round trips, and the link's lag is one at least",
     .how = "a shorter way; or expect a longer pause: cutover plan tells it",
     .source = "docs/hosts.md, docs/pause.md",
     .worst = SEVERITY_WARN,
     .look = look_trips},
    {.id = "network.throughput",
     .why = "what the seed needs, and what the link can carry, is found out now or in the night",
     .how = "a faster way; a seed that compresses (method = \"physical\"); more time",
     .source = "docs/hosts.md",
     .worst = SEVERITY_WARN,
     .look = look_bulk},
    {.id = "network.loss",
     .why = "a connection over a lossy way is slow however wide it is, and stalls",
     .how = "have the way looked at (MTU, duplex, a full link) before the day",
     .source = "docs/hosts.md; RFC 5681, TCP Congestion Control",
     .worst = SEVERITY_WARN,
     .look = look_loss},
};

const struct check_section preflight_network = {"The network between the sides", rows,
                                                ARRAY_LEN(rows)};
