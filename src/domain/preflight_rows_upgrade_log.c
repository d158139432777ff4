/* SPDX-License-Identifier: MIT */
/* Traps of an upgrade in what a primary writes into its binary log, and the other has to read. */
#include <string.h>

#include "domain/pairs.h"
#include "domain/preflight_settings.h"

#define MYSQL_COMPRESSION 80020
#define MYSQL_PARTIAL_JSON 80003
#define MYSQL_SQL_LAYER_CASCADES 90600
#define MYSQL_TAGS 80300

static bool is_older_than(const struct server_version *version, unsigned number)
{
    return version->flavour == FLAVOUR_MYSQL && version_number(version) < number;
}

LOOK(look_binlog_compression)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct server_version *other = version_of(facts, side_other(side), row, out);
        if (other == NULL)
            continue;
        bool is_mysql = setting_is_on(survey, side, "binlog_transaction_compression");
        if (is_mysql && is_older_than(other, MYSQL_COMPRESSION))
            finding_fix(finding_add(out, row, severity_from(side), side_title(side),
                                    "binlog_transaction_compression is ON, and %s cannot read that",
                                    side_title(side_other(side))),
                        "SET GLOBAL binlog_transaction_compression = OFF on %s, and in its "
                        "configuration, until `retire`",
                        side_title(side));
        else if (is_mysql || setting_is_on(survey, side, "log_bin_compress"))
            finding_add(out, row, SEVERITY_NOTE, side_title(side),
                        "compresses its binary log: %s can read that, older readers and tools "
                        "cannot",
                        side_title(side_other(side)));
    }
    finding_well(out, row, before, "neither side compresses its binary log");
}

LOOK(look_partial_json)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct server_version *other = version_of(facts, side_other(side), row, out);
        const char *value = setting_of(survey, side, "binlog_row_value_options");
        if (other == NULL || strcasestr(value, "PARTIAL_JSON") == NULL)
            continue;
        bool is_fatal = is_older_than(other, MYSQL_PARTIAL_JSON);
        finding_fix(finding_add(out, row, is_fatal ? severity_from(side) : SEVERITY_WARN,
                                side_title(side),
                                "binlog_row_value_options is PARTIAL_JSON: rows travel as "
                                "patches%s, and a difference goes unnoticed",
                                is_fatal ? ", which the other side cannot read" : ""),
                    "SET GLOBAL binlog_row_value_options = '' on %s, and in its configuration",
                    side_title(side));
    }
    finding_well(out, row, before, "JSON columns are logged whole");
}

LOOK(look_row_metadata)
{
    if (settings_untold(out, row, survey))
        return;
    const char *old_value = setting_of(survey, SIDE_OLD, "binlog_row_metadata");
    const char *new_value = setting_of(survey, SIDE_NEW, "binlog_row_metadata");
    bool is_full = strcasecmp(old_value, "FULL") == 0;
    if (is_full && strcasecmp(new_value, "FULL") != 0)
        finding_fix(finding_add(out, row, SEVERITY_WARN, "binlog_row_metadata",
                                "OLD has FULL, NEW has %s: whoever reads column names from the "
                                "binary log finds none after the move",
                                new_value[0] == '\0' ? "no such setting" : new_value),
                    "SET GLOBAL binlog_row_metadata = FULL on NEW, and in its configuration");
    else
        finding_add(out, row, SEVERITY_OK, "", "OLD has %s, NEW has %s",
                    old_value[0] == '\0' ? "none" : old_value,
                    new_value[0] == '\0' ? "none" : new_value);
}

static bool has_tag(const struct node_facts *node)
{
    const struct position *position = &node->binlog_state;
    if (position->flavour != FLAVOUR_MYSQL)
        return false;
    for (size_t i = 0; i < position->set.source_count; i++)
        if (position->set.sources[i].tag[0] != '\0')
            return true;
    return false;
}

LOOK(look_tagged_gtids)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct server_version *here = version_of(facts, side, row, out);
        const struct server_version *other = version_of(facts, side_other(side), row, NULL);
        if (here == NULL || other == NULL || !has_tag(facts_primary(facts, side)))
            continue;
        if (is_older_than(other, MYSQL_TAGS))
            finding_fix(
                finding_add(out, row, severity_from(side), side_title(side),
                            "has tagged GTIDs, which %s does not know",
                            side_title(side_other(side))),
                "let nobody set gtid_next = 'AUTOMATIC:tag', and seed the older side again");
        else
            finding_add(out, row, SEVERITY_NOTE, side_title(side), "has tagged GTIDs");
    }
    finding_well(out, row, before, "no GTID has a tag");
}

/* Since 10.8 a long ALTER may be logged when it begins and once more when it ends. */
LOOK(look_two_phase_alter)
{
    size_t before = out->count;
    const char *name = "binlog_alter_two_phase";
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (setting_is_on(survey, side, name) && !setting_exists(survey, side_other(side), name) &&
            version_of(facts, side_other(side), row, out) != NULL)
            finding_fix(finding_add(out, row, severity_from(side), side_title(side),
                                    "%s is ON: its ALTER TABLE is logged in two parts, and %s "
                                    "knows only whole ones",
                                    name, side_title(side_other(side))),
                        "SET GLOBAL %s = OFF on %s, and in its configuration, until `retire`", name,
                        side_title(side));
    finding_well(out, row, before,
                 "ALTER TABLE is logged as one statement, or both know the two parts");
}

LOOK(look_higher_source)
{
    size_t before = out->count;
    const char *name = "replica_allow_higher_version_source";
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct server_version *source = version_of(facts, side_other(side), row, out);
        const struct server_version *replica = version_of(facts, side, row, NULL);
        if (source == NULL || replica == NULL || source->flavour != replica->flavour ||
            version_number(source) / 100 <= version_number(replica) / 100)
            continue;
        if (setting_exists(survey, side, name) && !setting_is_on(survey, side, name))
            finding_fix(finding_add(out, row, severity_from(side_other(side)), side_title(side),
                                    "%s is OFF: its link from the newer %s would not start", name,
                                    side_title(side_other(side))),
                        "SET GLOBAL %s = ON on %s, and in its configuration, until `retire`", name,
                        side_title(side));
    }
    finding_well(out, row, before, "neither side refuses a newer source");
}

/* Does this server write the rows that a cascade changes, or leave them to the replica's InnoDB? */
static bool logs_cascades(const struct survey *survey, enum side side)
{
    return setting_exists(survey, side, "innodb_native_foreign_keys") &&
           !setting_is_on(survey, side, "innodb_native_foreign_keys");
}

LOOK(look_fk_cascades)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct server_version *other = version_of(facts, side_other(side), row, out);
        if (other == NULL || !logs_cascades(survey, side) ||
            !is_older_than(other, MYSQL_SQL_LAYER_CASCADES))
            continue;
        const struct survey_item *cascades =
            survey_list_find(&survey->side[side].topics[SURVEY_FEATURES], "foreign key cascade");
        if (cascades == NULL && !finding_untold(out, row, survey, side, SURVEY_FEATURES))
            continue;
        finding_fix(finding_add(out, row, cascades != NULL ? severity_from(side) : SEVERITY_WARN,
                                cascades != NULL ? cascades->example : side_title(side),
                                "%s logs the rows that a foreign key changes, and %s would change "
                                "them once more: error 1032 (%llu such keys)",
                                side_title(side), side_title(side_other(side)),
                                cascades != NULL ? (unsigned long long)cascades->uses : 0ULL),
                    "innodb_native_foreign_keys = ON in the configuration of %s, and restart it, "
                    "until `retire`",
                    side_title(side));
    }
    finding_well(out, row, before,
                 "cascades are done the same way on both sides, or there are none");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "upgrade.fk_cascades",
     .why = "from 9.6 on the rows of a cascade are in the binary log, before not",
     .how = "innodb_native_foreign_keys = ON on the newer side, until `retire`",
     .source = "MySQL 9.7 Reference Manual, Replication and Foreign Keys",
     .worst = SEVERITY_BLOCK,
     .look = look_fk_cascades},
    {.id = "upgrade.binlog_compression",
     .why = "a reader that does not know the event stops",
     .how = "SET GLOBAL binlog_transaction_compression = OFF, and in the configuration, until "
            "`retire`",
     .source = "MySQL 8.0 Reference Manual, Binary Log Transaction Compression",
     .worst = SEVERITY_BLOCK,
     .look = look_binlog_compression},
    {.id = "upgrade.partial_json",
     .why = "a patch of a document applies to whatever is there",
     .how = "SET GLOBAL binlog_row_value_options = '', and in the configuration",
     .source = "MySQL 8.0 Reference Manual, binlog_row_value_options",
     .worst = SEVERITY_BLOCK,
     .look = look_partial_json},
    {.id = "upgrade.row_metadata",
     .why = "readers of the binary log need the names of columns",
     .how = "SET GLOBAL binlog_row_metadata = FULL on NEW, and in its configuration",
     .source = "MySQL Reference Manual, binlog_row_metadata",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_row_metadata},
    {.id = "upgrade.tagged_gtids",
     .why = "a server before 8.3 does not know a GTID with a tag",
     .how = "let nobody set gtid_next = 'AUTOMATIC:tag', and seed the older side again",
     .source = "MySQL 8.3 Reference Manual, GTID Format and Storage",
     .worst = SEVERITY_BLOCK,
     .look = look_tagged_gtids},
    {.id = "upgrade.two_phase_alter",
     .why = "a MariaDB before 10.8 does not know half an ALTER TABLE",
     .how = "SET GLOBAL binlog_alter_two_phase = OFF, and in the configuration, until `retire`",
     .source = "MariaDB documentation, binlog_alter_two_phase",
     .worst = SEVERITY_BLOCK,
     .look = look_two_phase_alter},
    {.id = "upgrade.higher_source",
     .why = "a 9.7 replica may be told to refuse a newer source",
     .how = "SET GLOBAL replica_allow_higher_version_source = ON, and in the configuration, until "
            "`retire`",
     .source = "MySQL worklog 17202",
     .worst = SEVERITY_BLOCK,
     .look = look_higher_source},
};

const struct check_section preflight_upgrade_log = {"Another version: the binary log", rows,
                                                    ARRAY_LEN(rows)};
