/* SPDX-License-Identifier: MIT */
/* Checks of what replication rests on: binary logs, GTID domains, channels, and no stray writes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain/preflight_rows.h"
#include "domain/situation.h"

/* --- settings that must have one value -------------------------------------------------------- */

struct demand {
    const char *setting, *found, *wanted; /* found "": could not be read */
    const char *fix;
};

static const char *on_off(enum tri value)
{
    return value == TRI_YES ? "ON" : value == TRI_NO ? "OFF" : "";
}

static void require(const struct check_row *row, const struct node_facts *node,
                    enum severity severity, const struct demand *demand, struct findings *out)
{
    if (strcasecmp(demand->found, demand->wanted) == 0)
        return;
    finding_fix(finding_add(out, row, severity, node->node->name, "%s is %s, must be %s",
                            demand->setting, demand->found[0] == '\0' ? "not known" : demand->found,
                            demand->wanted),
                "%s", demand->fix);
}

typedef struct demand demand_of(const struct node_facts *node);

static void require_on_primaries(const struct facts *facts, const struct check_row *row,
                                 demand_of *demand_of_node, struct findings *out)
{
    size_t before = out->count;
    struct demand demand = {0};
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        if (primary == NULL) {
            finding_add(out, row, SEVERITY_WARN, side_title(side), "not known: no primary");
            continue;
        }
        if (finding_unreached(out, row, primary))
            continue;
        demand = demand_of_node(primary);
        require(row, primary, SEVERITY_BLOCK, &demand, out);
    }
    finding_well(out, row, before, "%s is %s on both primaries", demand.setting, demand.wanted);
}

static struct demand demand_binlog(const struct node_facts *node)
{
    return (struct demand){"log_bin", on_off(node->has_binlog), "ON",
                           "log_bin in its configuration, then restart it"};
}

static struct demand demand_format(const struct node_facts *node)
{
    return (struct demand){"binlog_format", node->binlog_format, "ROW",
                           "SET GLOBAL binlog_format = ROW, the same in its configuration, and let "
                           "applications reconnect"};
}

static struct demand demand_row_image(const struct node_facts *node)
{
    return (struct demand){"binlog_row_image", node->binlog_row_image, "FULL",
                           "SET GLOBAL binlog_row_image = FULL, the same in its configuration, and "
                           "let applications reconnect"};
}

static struct demand demand_log_updates(const struct node_facts *node)
{
    bool is_mysql = node->version.flavour == FLAVOUR_MYSQL;
    return (struct demand){is_mysql ? "log_replica_updates (before 8.0.26: log_slave_updates)"
                                    : "log_slave_updates",
                           on_off(node->logs_replica_updates), "ON",
                           is_mysql ? "log_replica_updates = ON in its configuration (before "
                                      "8.0.26: log_slave_updates), then restart it"
                                    : "log_slave_updates = ON in its configuration, then restart "
                                      "it"};
}

LOOK(look_binlog_enabled)
{
    require_on_primaries(facts, row, demand_binlog, out);
}

LOOK(look_binlog_format)
{
    require_on_primaries(facts, row, demand_format, out);
}

LOOK(look_row_image)
{
    require_on_primaries(facts, row, demand_row_image, out);
}

LOOK(look_log_updates)
{
    require_on_primaries(facts, row, demand_log_updates, out);
}

/* MySQL has two settings for what MariaDB does with one; the facts have them as one. */
static struct demand demand_strict(const struct node_facts *node)
{
    if (node->version.flavour == FLAVOUR_MYSQL)
        return (struct demand){"gtid_mode with enforce_gtid_consistency",
                               on_off(node->is_gtid_strict), "ON",
                               "SET GLOBAL enforce_gtid_consistency = WARN, then ON; gtid_mode = "
                               "OFF_PERMISSIVE, ON_PERMISSIVE, then ON; on every node step by "
                               "step, and in the configurations"};
    return (struct demand){"gtid_strict_mode", on_off(node->is_gtid_strict), "ON",
                           "SET GLOBAL gtid_strict_mode = ON, and in its configuration"};
}

LOOK(look_gtid_strict)
{
    size_t before = out->count;
    struct demand demand = {.setting = "gtid_strict_mode"};
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node))
            continue;
        demand = demand_strict(node);
        require(row, node, node->node->is_primary ? SEVERITY_BLOCK : SEVERITY_WARN, &demand, out);
    }
    finding_well(out, row, before, "%s is ON everywhere", demand.setting);
}

/* --- GTID domains and stray transactions ------------------------------------------------------ */

LOOK(look_domain_distinct)
{
    size_t before = out->count;
    const struct node_facts *any = facts_primary(facts, SIDE_NEW);
    if (any != NULL && any->is_reached == TRI_YES && any->version.flavour == FLAVOUR_MYSQL) {
        finding_add(out, row, SEVERITY_OK, "",
                    "MySQL has no domains: every server numbers by its server_uuid");
        return;
    }
    const char *fix =
        "SET GLOBAL gtid_domain_id on it and in its configuration: one number for OLD, "
        "another for NEW";
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        const struct node_facts *primary = facts_primary(facts, node->node->side);
        if (finding_unreached(out, row, node) || primary == NULL || primary->is_reached != TRI_YES)
            continue;
        if (node->origin.flavour == FLAVOUR_MARIADB &&
            !origin_equal(&node->origin, &primary->origin))
            finding_fix(finding_add(out, row, SEVERITY_WARN, node->node->name,
                                    "has gtid_domain_id %" PRIu32 ", its primary %" PRIu32,
                                    node->origin.domain, primary->origin.domain),
                        "%s", fix);
    }
    const struct node_facts *old_primary = facts_primary(facts, SIDE_OLD);
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    if (old_primary == NULL || new_primary == NULL || old_primary->is_reached != TRI_YES ||
        new_primary->is_reached != TRI_YES) {
        if (out->count == before)
            finding_add(out, row, SEVERITY_WARN, "", "not known: a primary is missing");
        return;
    }
    char old_text[GTID_UUID_TEXT_SIZE], new_text[GTID_UUID_TEXT_SIZE];
    origin_text(&old_primary->origin, old_text);
    origin_text(&new_primary->origin, new_text);
    if (origin_equal(&old_primary->origin, &new_primary->origin))
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, new_primary->node->name,
                                "OLD and NEW both write as %s", new_text),
                    "%s", fix);
    finding_well(out, row, before, "OLD writes as %s, NEW as %s", old_text, new_text);
}

/* What NEW has and OLD has not, in the words of a GTID list. */
static bool stray_text(const struct node_facts *old_primary, const struct node_facts *new_primary,
                       char *out, size_t out_size)
{
    struct position stray;
    position_errant(&new_primary->binlog_state, &old_primary->binlog_state, &stray);
    if (position_is_empty(&stray))
        return false;
    position_show(&stray, out, out_size);
    return true;
}

/* Before NEW has ever been opened for users, whatever OLD lacks is a write that nobody ordered. */
static enum severity stray_severity(enum situation situation)
{
    switch (situation) {
    case SITUATION_APART:
    case SITUATION_FOLLOWING:
    case SITUATION_UNSAFE:
        return SEVERITY_BLOCK;
    case SITUATION_MIRRORED: /* the reverse link carries it to OLD: it may just be under way */
    case SITUATION_REHEARSING:
    case SITUATION_SHARED:
    case SITUATION_FENCED:
    case SITUATION_FLIPPING:
    case SITUATION_SWITCHED:
        return SEVERITY_NOTE;
    case SITUATION_RETIRED: /* OLD is out of it for good */
        return SEVERITY_OK;
    }
    return SEVERITY_BLOCK;
}

LOOK(look_errant)
{
    size_t before = out->count;
    const struct node_facts *old_primary = facts_primary(facts, SIDE_OLD);
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    if (old_primary == NULL || new_primary == NULL) {
        finding_add(out, row, SEVERITY_WARN, "", "not known: a primary is missing");
        return;
    }
    if (finding_unreached(out, row, old_primary) || finding_unreached(out, row, new_primary))
        return;

    struct verdict verdict;
    situation_judge(facts, &verdict);
    enum severity severity = stray_severity(verdict.situation);
    char stray[256];
    if (severity != SEVERITY_OK && stray_text(old_primary, new_primary, stray, sizeof(stray))) {
        struct finding *finding =
            finding_add(out, row, severity, new_primary->node->name,
                        severity == SEVERITY_BLOCK ? "NEW took writes of its own: %s"
                                                   : "written on NEW and not yet on OLD: %s",
                        stray);
        if (severity == SEVERITY_BLOCK)
            finding_fix(finding, "throw NEW's data away and seed it again: a step with action "
                                 "`reset`, then `seed`");
    }
    finding_well(out, row, before, "NEW has no write that should not be there");
}

/* --- channels --------------------------------------------------------------------------------- */

static bool comes_from_other_cluster(const struct facts *facts, enum side side,
                                     const struct channel_facts *channel)
{
    for (size_t i = 0; i < facts->node_count; i++)
        if (facts->nodes[i].node->side != side && channel_comes_from(channel, facts->nodes[i].node))
            return true;
    return false;
}

static void check_channel(const struct facts *facts, const struct check_row *row,
                          const struct node_facts *primary, const struct channel_facts *channel,
                          struct findings *out)
{
    enum side side = primary->node->side;
    const struct node_facts *source = facts_primary(facts, side_other(side));
    bool is_named_ours = strcmp(channel->name, link_channel(side)) == 0;
    if (is_named_ours && source != NULL && channel_comes_from(channel, source->node))
        return;
    bool is_between = is_named_ours || comes_from_other_cluster(facts, side, channel);
    finding_fix(finding_add(out, row, is_between ? SEVERITY_BLOCK : SEVERITY_WARN,
                            primary->node->name, "channel \"%s\" reads from %s:%u%s", channel->name,
                            channel->source_host, channel->source_port,
                            is_between ? " and gets in the way of our links" : ", not ours"),
                primary->version.flavour == FLAVOUR_MYSQL
                    ? "if nobody needs it: STOP REPLICA FOR CHANNEL '%s'; RESET REPLICA ALL FOR "
                      "CHANNEL '%s'"
                    : "if nobody needs it: STOP SLAVE '%s'; RESET SLAVE '%s' ALL",
                channel->name, channel->name);
}

LOOK(look_channels_foreign)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        if (primary == NULL || finding_unreached(out, row, primary))
            continue;
        for (unsigned i = 0; i < primary->channel_count; i++)
            check_channel(facts, row, primary, &primary->channels[i], out);
    }
    finding_well(out, row, before, "the primaries have no channels but our own");
}

LOOK(look_situation)
{
    struct verdict verdict;
    situation_judge(facts, &verdict);
    bool is_unsafe = verdict.situation == SITUATION_UNSAFE;
    finding_fix(finding_add(out, row, is_unsafe ? SEVERITY_BLOCK : SEVERITY_OK, "", "%s: %s",
                            situation_name(verdict.situation), verdict.because),
                "%s", is_unsafe ? verdict.next : "");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "situation.known",
     .why = "no plan can be made from a situation that has no name",
     .how = "do what it says; docs/situations.md explains each situation",
     .source = "docs/situations.md",
     .worst = SEVERITY_BLOCK,
     .look = look_situation,
     .is_final = true},
    {.id = "gtid.domain_distinct",
     .why = "two primaries that write into one domain make positions meaningless",
     .how = "SET GLOBAL gtid_domain_id to different numbers, and in the configurations",
     .source = "MariaDB Knowledge Base, Global Transaction ID: multiple primaries",
     .worst = SEVERITY_BLOCK,
     .look = look_domain_distinct,
     .is_bar = true,
     .is_final = true},
    {.id = "gtid.strict",
     .why =
         "without it a stray transaction is passed on instead of refused, or has no number at all",
     .how = "MariaDB: gtid_strict_mode = ON; MySQL: gtid_mode and enforce_gtid_consistency = ON",
     .source = "MariaDB Knowledge Base, gtid_strict_mode; MySQL Reference Manual, gtid_mode, "
               "enforce_gtid_consistency",
     .worst = SEVERITY_BLOCK,
     .look = look_gtid_strict,
     .is_bar = true,
     .is_final = true},
    {.id = "gtid.errant",
     .why = "writes of its own on NEW would travel to OLD, or stop the link",
     .how = "throw NEW's data away and seed it again: `reset`, then `seed`",
     .source = "openark/orchestrator#607, #885; traps of master/master",
     .worst = SEVERITY_BLOCK,
     .look = look_errant},
    {.id = "binlog.enabled",
     .why = "a primary without a binary log has nothing to replicate from",
     .how = "log_bin in the configuration of that primary, then restart it",
     .source = "MariaDB Knowledge Base, log_bin; MySQL Reference Manual, The Binary Log",
     .worst = SEVERITY_BLOCK,
     .look = look_binlog_enabled,
     .is_bar = true,
     .is_final = true},
    {.id = "binlog.format",
     .why = "statements may do something else on the other side; rows may not",
     .how = "SET GLOBAL binlog_format = ROW, the same in the configuration, and let applications "
            "reconnect",
     .source = "MariaDB Knowledge Base, Binary Log Formats; MySQL Reference Manual, Binary Logging "
               "Formats",
     .worst = SEVERITY_BLOCK,
     .look = look_binlog_format,
     .is_bar = true},
    {.id = "binlog.row_image",
     .why = "only full rows let a conflict be noticed",
     .how = "SET GLOBAL binlog_row_image = FULL, the same in the configuration, and let "
            "applications reconnect",
     .source = "MariaDB Knowledge Base and MySQL Reference Manual, binlog_row_image",
     .worst = SEVERITY_BLOCK,
     .look = look_row_image,
     .is_bar = true},
    {.id = "binlog.log_replica_updates",
     .why = "without it the replicas of NEW never see what NEW receives from OLD",
     .how = "log_replica_updates (MariaDB: log_slave_updates) = ON in the configuration, then "
            "restart it",
     .source =
         "MariaDB Knowledge Base, log_slave_updates; MySQL Reference Manual, log_replica_updates",
     .worst = SEVERITY_BLOCK,
     .look = look_log_updates,
     .is_bar = true,
     .is_final = true},
    {.id = "channels.foreign",
     .why = "a channel we did not make brings in changes that we do not expect",
     .how = "remove the channel if nobody needs it; else know what it brings, and where it goes "
            "afterwards",
     .source = "vitessio/vitess#17326; field notes on master/master",
     .worst = SEVERITY_BLOCK,
     .look = look_channels_foreign},
};

const struct check_section preflight_binlog = {"Binary logs, transaction ids and channels", rows,
                                               ARRAY_LEN(rows)};
