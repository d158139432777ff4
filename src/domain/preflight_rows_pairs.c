/* SPDX-License-Identifier: MIT */
/*
 * Checks of which server meets which: what each node is, whether OLD may replicate to NEW and NEW
 * back to OLD, and what may not be used meanwhile.
 */
#include <stdio.h>
#include <string.h>

#include "domain/pairs.h"
#include "domain/preflight_rows.h"
#include "domain/support.h"

/* --- single nodes ----------------------------------------------------------------------------- */

static void check_support(const struct check_row *row, const struct node_facts *node,
                          struct findings *out)
{
    const struct support_row *support = support_of(&node->version);
    const struct support_kind *kind = support_kind_of("version", node->version_text);
    if (kind != NULL && kind->support == SUPPORT_REFUSED)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name, "is %s (\"%s\"): %s",
                                kind->name, node->version_text, kind->why),
                    "there is no way to move it with this program");
    else if (support == NULL)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                "speaks %s (\"%s\"): neither MariaDB nor MySQL",
                                flavour_name(node->version.flavour), node->version_text),
                    "use a version of cutover that knows this server");
    else if (support->support == SUPPORT_REFUSED)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name, "runs %s (%s): %s",
                                node->version_text, support->name, support->why),
                    "upgrade it first, see docs/servers.md");
    else if (support->support == SUPPORT_UNTRIED)
        finding_add(out, row, SEVERITY_NOTE, node->node->name, "runs %s (%s): %s",
                    node->version_text, support->name, support->why);
}

/* The replicas of a cluster follow their primary by the same rules as one cluster the other. */
static void check_replica_pair(const struct check_row *row, const struct node_facts *primary,
                               const struct node_facts *replica, struct findings *out)
{
    const struct pair_row *pair = pair_of(&primary->version, &replica->version);
    if (pair == NULL || pair->verdict == PAIR_FINE)
        return;
    finding_fix(finding_add(out, row,
                            pair->verdict == PAIR_REFUSED ? SEVERITY_BLOCK : SEVERITY_WARN,
                            replica->node->name, "runs %s and follows %s with %s: %s: %s",
                            replica->version_text, primary->node->name, primary->version_text,
                            pair->name, pair->reason),
                "give it the version of its primary");
}

LOOK(look_node_version)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        const struct node_facts *primary = facts_primary(facts, node->node->side);
        if (finding_unreached(out, row, node))
            continue;
        check_support(row, node, out);
        if (!node->node->is_primary && primary != NULL && primary->is_reached == TRI_YES)
            check_replica_pair(row, primary, node, out);
    }
    const struct node_facts *old_primary = facts_primary(facts, SIDE_OLD);
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    finding_well(out, row, before, "OLD runs %s, NEW runs %s",
                 old_primary == NULL ? "nothing" : old_primary->version_text,
                 new_primary == NULL ? "nothing" : new_primary->version_text);
}

LOOK(look_server_uuid)
{
    size_t before = out->count;
    size_t checked = 0;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node) || node->version.flavour != FLAVOUR_MYSQL)
            continue;
        checked++;
        if (node->origin.flavour == FLAVOUR_UNKNOWN)
            finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                    "server_uuid could not be read"),
                        "see account.controller_grants");
        for (size_t j = 0; j < i; j++)
            if (origin_equal(&node->origin, &facts->nodes[j].origin))
                finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                        "has the server_uuid of %s: one is a copy of the other",
                                        facts->nodes[j].node->name),
                            "stop it, remove auto.cnf from its data directory, start it");
    }
    if (checked == 0)
        finding_well(out, row, before, "no MySQL among the nodes");
    finding_well(out, row, before, "%zu nodes, %zu different values of server_uuid", checked,
                 checked);
}

/* --- the two primaries ------------------------------------------------------------------------ */

struct meeting {
    const struct node_facts *old_primary, *new_primary;
};

/* False, and a warning added, when one of the two was not reached. */
static bool meet(const struct facts *facts, const struct check_row *row, struct meeting *meeting,
                 struct findings *out)
{
    meeting->old_primary = facts_primary(facts, SIDE_OLD);
    meeting->new_primary = facts_primary(facts, SIDE_NEW);
    if (meeting->old_primary == NULL || meeting->new_primary == NULL) {
        finding_fix(finding_add(out, row, SEVERITY_WARN, "", "not known: a primary is missing"),
                    "see node.reachable");
        return false;
    }
    bool is_unreached = finding_unreached(out, row, meeting->old_primary);
    return !finding_unreached(out, row, meeting->new_primary) && !is_unreached;
}

LOOK(look_node_flavour)
{
    size_t before = out->count;
    struct meeting meeting;
    if (!meet(facts, row, &meeting, out))
        return;
    const char *old_name = flavour_name(meeting.old_primary->version.flavour);
    const char *new_name = flavour_name(meeting.new_primary->version.flavour);
    if (meeting.old_primary->version.flavour != meeting.new_primary->version.flavour)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, meeting.new_primary->node->name,
                                "OLD is %s, NEW is %s: no link between them can be made or proven, "
                                "in either direction",
                                old_name, new_name),
                    "move to a server of the same flavour; %s to %s is a dump and a load, with "
                    "the application stopped and without a way back",
                    old_name, new_name);
    finding_well(out, row, before, "both sides are %s", old_name);
}

/* The conditions of this pair, and where they are looked at. */
static void list_features(const struct node_facts *source, const struct node_facts *replica,
                          char *out, size_t out_size)
{
    size_t count = 0, used = 0, shown = 0, all = 0;
    const struct pair_feature *features = pair_features(&count);
    out[0] = '\0';
    for (size_t i = 0; i < count; i++) {
        if (!pair_feature_breaks(&features[i], &source->version, &replica->version))
            continue;
        all++;
        size_t len = strlen(features[i].name) + 2;
        if (used + len + 24 >= out_size) /* room for "and 12 more" */
            continue;
        used += (size_t)snprintf(out + used, out_size - used, "%s%s", shown > 0 ? ", " : "",
                                 features[i].name);
        shown++;
    }
    if (all > shown)
        (void)snprintf(out + used, out_size - used, " and %zu more", all - shown);
    if (all == 0)
        (void)snprintf(out, out_size, "new syntax of any kind");
}

static void check_pair(const struct check_row *row, const struct node_facts *source,
                       const struct node_facts *replica, struct findings *out)
{
    bool is_back = source->node->side == SIDE_NEW;
    const char *from = side_title(source->node->side);
    const char *to = side_title(replica->node->side);
    const struct pair_row *pair = pair_of(&source->version, &replica->version);
    char conditions[240];
    if (pair == NULL) {
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, replica->node->name,
                                "no rule for %s to %s", source->version_text,
                                replica->version_text),
                    "see node.version");
        return;
    }
    switch (pair->verdict) {
    case PAIR_REFUSED:
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, replica->node->name,
                                "%s (%s) to %s (%s): %s: %s", from, source->version_text, to,
                                replica->version_text, pair->name, pair->reason),
                    !pair->has_link ? "see node.flavour: no waiver makes this link"
                    : is_back       ? "give OLD or NEW another version; or somebody waives "
                                      "pair.way_back by name, and the way back may break"
                                    : "go by the series between; or somebody waives pair.forward "
                                      "by name, and the link may break");
        return;
    case PAIR_CONDITIONAL:
        list_features(source, replica, conditions, sizeof(conditions));
        finding_fix(finding_add(out, row, is_back ? SEVERITY_WARN : SEVERITY_BLOCK,
                                replica->node->name, "%s (%s) to %s (%s) works without: %s", from,
                                source->version_text, to, replica->version_text, conditions),
                    is_back ? "use none of it on NEW until `retire`; docs/servers.md has the list "
                              "and which check looks for what"
                            : "move to the same or a newer version, or have pair.forward waived by "
                              "name once nothing of it is used");
        return;
    case PAIR_FINE:
        finding_add(out, row, SEVERITY_OK, "", "%s (%s) to %s (%s): %s", from, source->version_text,
                    to, replica->version_text, pair->reason);
        return;
    }
}

LOOK(look_pair_forward)
{
    struct meeting meeting;
    if (meet(facts, row, &meeting, out))
        check_pair(row, meeting.old_primary, meeting.new_primary, out);
}

LOOK(look_pair_way_back)
{
    struct meeting meeting;
    if (meet(facts, row, &meeting, out))
        check_pair(row, meeting.new_primary, meeting.old_primary, out);
}

/* How many different versions of MySQL the reached nodes run. */
static size_t count_versions(const struct facts *facts)
{
    size_t count = 0;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct server_version *version = &facts->nodes[i].version;
        bool is_counted =
            facts->nodes[i].is_reached != TRI_YES || version->flavour != FLAVOUR_MYSQL;
        for (size_t j = 0; j < i && !is_counted; j++)
            is_counted = facts->nodes[j].is_reached == TRI_YES &&
                         facts->nodes[j].version.flavour == FLAVOUR_MYSQL &&
                         version_number(&facts->nodes[j].version) == version_number(version);
        count += !is_counted;
    }
    return count;
}

LOOK(look_pair_versions)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++)
        (void)finding_unreached(out, row, &facts->nodes[i]); /* the others are counted */
    size_t count = count_versions(facts);
    if (count > 2)
        finding_fix(
            finding_add(out, row, SEVERITY_WARN, "", "the nodes run %zu versions of MySQL", count),
            "give each cluster one version");
    finding_well(out, row, before, "the nodes do not mix more than two versions of MySQL");
}

/* --- what the survey adds --------------------------------------------------------------------- */

LOOK(look_node_kind)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *variables = &survey->side[side].topics[SURVEY_VARIABLES];
        if (finding_untold(out, row, survey, side, SURVEY_VARIABLES))
            continue;
        for (size_t i = 0; i < variables->count; i++) {
            const struct support_kind *kind =
                support_kind_of(variables->items[i].name, variables->items[i].value);
            if (kind != NULL && kind->support == SUPPORT_REFUSED)
                finding_fix(finding_add(out, row, SEVERITY_BLOCK, side_title(side),
                                        "is a %s (%s is \"%.80s\"): %s", kind->name, kind->variable,
                                        variables->items[i].value, kind->why),
                            "move to or from a primary with plain replicas");
            else if (kind != NULL)
                finding_add(out, row, SEVERITY_NOTE, side_title(side), "is a %s: %s", kind->name,
                            kind->why);
        }
    }
    finding_well(out, row, before, "both primaries are servers of their own, in no group");
}

static void check_features(const struct check_row *row, const struct survey *survey,
                           const struct node_facts *source, const struct node_facts *replica,
                           struct findings *out)
{
    enum side side = source->node->side;
    const struct survey_list *used = &survey->side[side].topics[SURVEY_FEATURES];
    for (size_t i = 0; i < used->count; i++) {
        const struct pair_feature *feature =
            pair_feature_of(source->version.flavour, used->items[i].name);
        if (feature == NULL || !pair_feature_breaks(feature, &source->version, &replica->version))
            continue;
        finding_fix(finding_add(out, row, side == SIDE_OLD ? SEVERITY_BLOCK : SEVERITY_WARN,
                                used->items[i].example, "%s uses %s, unknown to %s with %s: %s",
                                side_title(side), feature->name, side_title(side_other(side)),
                                replica->version_text, feature->effect),
                    side == SIDE_OLD ? "move to a version that knows it, or stop using it"
                                     : "do not rely on the way back, or stop using it");
    }
}

LOOK(look_pair_features)
{
    size_t before = out->count;
    struct meeting meeting;
    if (!meet(facts, row, &meeting, out))
        return;
    if (!finding_untold(out, row, survey, SIDE_OLD, SURVEY_FEATURES))
        check_features(row, survey, meeting.old_primary, meeting.new_primary, out);
    if (!finding_untold(out, row, survey, SIDE_NEW, SURVEY_FEATURES))
        check_features(row, survey, meeting.new_primary, meeting.old_primary, out);
    finding_well(out, row, before, "neither side uses what the other does not know");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "node.version",
     .why = "a server whose statements nobody has tried does not obey ours",
     .how =
         "use a version of docs/servers.md; bring every replica to its primary's version or above",
     .source = "docs/servers.md",
     .worst = SEVERITY_BLOCK,
     .look = look_node_version,
     .is_bar = true,
     .is_final = true},
    {.id = "node.flavour",
     .why = "the two flavours number their transactions in ways that exclude each other",
     .how = "move within a flavour; between flavours load the data, and know that there is no way "
            "back",
     .source = "MariaDB documentation, Replication Compatibility Between MariaDB and MySQL",
     .worst = SEVERITY_BLOCK,
     .look = look_node_flavour,
     .is_bar = true,
     .is_final = true},
    {.id = "node.kind",
     .why = "a member of a group may be opened, closed and written by others",
     .how = "use a server that docs/servers.md names, or migrate with one that replicates from "
            "this one",
     .source = "docs/servers.md",
     .worst = SEVERITY_BLOCK,
     .look = look_node_kind},
    {.id = "pair.forward",
     .why = "a link from an older to a newer server is supported, most others are not",
     .how = "go through a version between them, or choose another for NEW; docs/servers.md has the "
            "pairs",
     .source = "MySQL Reference Manual, Replication Compatibility Between MySQL Versions; MariaDB "
               "documentation, Cross-Version Replication Compatibility",
     .worst = SEVERITY_BLOCK,
     .way = CHECK_WAY_THERE,
     .look = look_pair_forward,
     .is_bar = true},
    {.id = "pair.way_back",
     .why = "the way back is a link to an older server, and works on conditions only",
     .how = "give the way back up by a waiver, or choose a version for NEW that OLD can follow",
     .source = "MySQL Reference Manual, Downgrading MySQL; MariaDB documentation, Cross-Version "
               "Replication Compatibility",
     .worst = SEVERITY_BLOCK,
     .way = CHECK_WAY_BACK,
     .look = look_pair_way_back,
     .is_bar = true},
    {.id = "pair.versions",
     .why = "with links in both directions MySQL supports two versions, and no third",
     .how = "bring the servers to two versions before the links run in both directions",
     .source = "MySQL 8.4 Reference Manual, Replication Compatibility Between MySQL Versions",
     .worst = SEVERITY_WARN,
     .look = look_pair_versions},
    {.id = "pair.features",
     .why = "one statement that the other side does not know stops the link",
     .how = "take the feature out of the schema until `retire`, or choose a version that knows it",
     .source = "docs/servers.md",
     .worst = SEVERITY_BLOCK,
     .look = look_pair_features},
    {.id = "server_uuid.unique",
     .why = "MySQL numbers transactions by server_uuid, and a copied data directory keeps it",
     .how = "stop the copy, remove auto.cnf from its data directory, start it",
     .source = "MySQL Reference Manual, server_uuid",
     .worst = SEVERITY_BLOCK,
     .look = look_server_uuid,
     .is_bar = true,
     .is_final = true},
};

const struct check_section preflight_pairs = {"Which server meets which", rows, ARRAY_LEN(rows)};
