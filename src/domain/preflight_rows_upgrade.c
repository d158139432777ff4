/* SPDX-License-Identifier: MIT */
/* Traps of an upgrade in the settings of the two primaries. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight_settings.h"
#include "domain/server_words.h"

/* --- what a survey says of a variable --------------------------------------------------------- */

bool setting_exists(const struct survey *survey, enum side side, const char *name)
{
    return survey_list_find(&survey->side[side].topics[SURVEY_VARIABLES], name) != NULL;
}

const char *setting_of(const struct survey *survey, enum side side, const char *name)
{
    const struct survey_item *item =
        survey_list_find(&survey->side[side].topics[SURVEY_VARIABLES], name);
    return item == NULL ? "" : item->value;
}

bool setting_is_on(const struct survey *survey, enum side side, const char *name)
{
    const char *value = setting_of(survey, side, name);
    return strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0;
}

bool settings_untold(struct findings *out, const struct check_row *row, const struct survey *survey)
{
    bool is_untold = finding_untold(out, row, survey, SIDE_OLD, SURVEY_VARIABLES);
    return finding_untold(out, row, survey, SIDE_NEW, SURVEY_VARIABLES) || is_untold;
}

const struct server_version *version_of(const struct facts *facts, enum side side,
                                        const struct check_row *row, struct findings *out)
{
    const struct node_facts *primary = facts_primary(facts, side);
    if (primary != NULL && primary->is_reached == TRI_YES)
        return &primary->version;
    if (out != NULL)
        finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                "not known: the version of %s", side_title(side)),
                    "see node.reachable");
    return NULL;
}

enum severity severity_from(enum side source)
{
    return source == SIDE_OLD ? SEVERITY_BLOCK : SEVERITY_WARN;
}

/* --- words that the other side does not know -------------------------------------------------- */

static void check_modes(const struct check_row *row, const struct survey *survey, enum side side,
                        const struct server_version *other, struct findings *out)
{
    char mode[64];
    const char *cursor = setting_of(survey, side, "sql_mode");
    while (*cursor != '\0') {
        size_t len = strcspn(cursor, ",");
        if (len > 0 && len < sizeof(mode)) {
            memcpy(mode, cursor, len);
            mode[len] = '\0';
            if (sql_mode_is_known(mode, other) == TRI_NO)
                finding_fix(finding_add(out, row, SEVERITY_WARN, mode,
                                        "is set on %s and unknown to %s: routines, triggers and "
                                        "events made with it are refused there",
                                        side_title(side), side_title(side_other(side))),
                            "take it out of sql_mode on %s, and make programs that were made with "
                            "it again",
                            side_title(side));
        }
        cursor += len + (cursor[len] == ',' ? 1 : 0);
    }
}

LOOK(look_sql_modes)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct server_version *other = version_of(facts, side_other(side), row, out);
        if (other != NULL)
            check_modes(row, survey, side, other, out);
    }
    finding_well(out, row, before, "each side knows every word of the other's sql_mode");
}

/* A plugin's variable is not gone, its plugin is not there: nothing is known of it, a note. */
static void check_gone(const struct check_row *row, const struct survey *survey, enum side side,
                       const struct server_version *other, struct findings *out)
{
    const struct survey_list *set = &survey->side[side].topics[SURVEY_EXPLICIT];
    for (size_t i = 0; i < set->count; i++) {
        const char *name = set->items[i].name;
        if (!setting_exists(survey, side, name) || setting_exists(survey, side_other(side), name))
            continue;
        const char *instead = variable_instead(name, other);
        finding_fix(finding_add(out, row,
                                instead != NULL && side == SIDE_OLD ? SEVERITY_WARN : SEVERITY_NOTE,
                                name, "is set on %s (\"%.100s\", %s), and %s has no such variable",
                                side_title(side), setting_of(survey, side, name),
                                set->items[i].value, side_title(side_other(side))),
                    "%s", instead != NULL ? instead : "see whether it still has a meaning there");
    }
}

LOOK(look_variables_gone)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct server_version *other = version_of(facts, side_other(side), row, out);
        if (other != NULL && !finding_untold(out, row, survey, side, SURVEY_EXPLICIT))
            check_gone(row, survey, side, other, out);
    }
    finding_well(out, row, before, "each side has every variable that somebody set on the other");
}

/*
 * utf8 became utf8mb3 in MySQL 8.0.30 and MariaDB 10.6; MariaDB shows a collation that fits several
 * character sets without one.
 */
bool collation_is_known(const struct survey *survey, enum side side, const char *collation)
{
    const struct survey_list *known = &survey->side[side].topics[SURVEY_COLLATIONS_KNOWN];
    char other_name[128];
    const char *tail = strchr(collation, '_');
    if (survey_list_find(known, collation) != NULL)
        return true;
    if (tail == NULL)
        return false;
    bool is_utf8 = strncmp(collation, "utf8_", 5) == 0;
    bool is_utf8mb3 = strncmp(collation, "utf8mb3_", 8) == 0;
    (void)snprintf(other_name, sizeof(other_name), "%s%s", is_utf8 ? "utf8mb3" : "utf8", tail);
    if ((is_utf8 || is_utf8mb3) && survey_list_find(known, other_name) != NULL)
        return true;
    return strncmp(tail + 1, "uca1400", strlen("uca1400")) == 0 &&
           survey_list_find(known, tail + 1) != NULL;
}

/* What a table gets that names no collation; MariaDB has a list of them by character set. */
static void default_collation(const struct survey *survey, enum side side, const char *name,
                              char *out, size_t out_size)
{
    const char *value = setting_of(survey, side, name);
    if (strcmp(name, "character_set_collations") == 0) {
        const char *entry = strstr(value, "utf8mb4=");
        value = entry == NULL ? "" : entry + strlen("utf8mb4=");
    }
    (void)snprintf(out, out_size, "%.*s", (int)strcspn(value, ","), value);
}

LOOK(look_default_collations)
{
    static const char *const names[] = {"collation_server", "character_set_collations",
                                        "default_collation_for_utf8mb4"};
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (finding_untold(out, row, survey, side_other(side), SURVEY_COLLATIONS_KNOWN))
            continue;
        for (size_t i = 0; i < ARRAY_LEN(names); i++) {
            char value[128];
            default_collation(survey, side, names[i], value, sizeof(value));
            if (value[0] == '\0' || collation_is_known(survey, side_other(side), value))
                continue;
            finding_fix(finding_add(out, row, SEVERITY_WARN, names[i],
                                    "makes %s the default on %s, unknown to %s: a table made "
                                    "without a collation stops the link",
                                    value, side_title(side), side_title(side_other(side))),
                        "SET GLOBAL %s on %s to what both sides know, and in its configuration, "
                        "until `retire`",
                        names[i], side_title(side));
        }
    }
    finding_well(out, row, before, "each side knows the default collations of the other");
}

/* --- others ----------------------------------------------------------------------------------- */

LOOK(look_packet)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    const char *old_text = setting_of(survey, SIDE_OLD, "max_allowed_packet");
    const char *new_text = setting_of(survey, SIDE_NEW, "max_allowed_packet");
    unsigned long long old_bytes = strtoull(old_text, NULL, 10);
    unsigned long long new_bytes = strtoull(new_text, NULL, 10);
    if (new_bytes != old_bytes)
        finding_fix(finding_add(out, row, new_bytes < old_bytes ? SEVERITY_WARN : SEVERITY_NOTE,
                                "max_allowed_packet", "OLD takes %llu bytes, NEW takes %llu",
                                old_bytes, new_bytes),
                    "SET GLOBAL max_allowed_packet = %llu on both, and in the configurations",
                    new_bytes < old_bytes ? old_bytes : new_bytes);
    finding_well(out, row, before, "max_allowed_packet is %llu on both sides", old_bytes);
}

LOOK(look_skipped_errors)
{
    static const struct {
        const char *name, *well;
    } settings[] = {{"slave_skip_errors", "OFF"},
                    {"replica_skip_errors", "OFF"},
                    {"slave_exec_mode", "STRICT"},
                    {"replica_exec_mode", "STRICT"}};
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        for (size_t i = 0; i < ARRAY_LEN(settings); i++) {
            const char *value = setting_of(survey, side, settings[i].name);
            if (value[0] != '\0' && strcasecmp(value, settings[i].well) != 0)
                finding_fix(finding_add(out, row, SEVERITY_BLOCK, side_title(side),
                                        "%s is %.100s: differences would be passed over in silence",
                                        settings[i].name, value),
                            "set %s to %s", settings[i].name, settings[i].well);
        }
    finding_well(out, row, before, "neither side passes over errors of replication");
}

LOOK(look_time_zone_tables)
{
    uint64_t counts[SIDE_COUNT] = {0};
    bool is_untold = false;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *list = &survey->side[side].topics[SURVEY_TIME_ZONES];
        is_untold = finding_untold(out, row, survey, side, SURVEY_TIME_ZONES) || is_untold;
        counts[side] = list->count > 0 ? list->items[0].uses : 0;
    }
    if (is_untold)
        return;
    unsigned long long old_count = counts[SIDE_OLD];
    unsigned long long new_count = counts[SIDE_NEW];
    if ((old_count == 0) == (new_count == 0))
        finding_add(out, row, SEVERITY_OK, "", "OLD knows %llu named time zones, NEW %llu",
                    old_count, new_count);
    else
        finding_fix(finding_add(out, row, SEVERITY_WARN, "mysql.time_zone_name",
                                "OLD knows %llu named time zones, NEW %llu: CONVERT_TZ answers "
                                "NULL where there are none",
                                old_count, new_count),
                    "load them where they are missing: mariadb-tzinfo-to-sql or "
                    "mysql_tzinfo_to_sql /usr/share/zoneinfo, into the database mysql, with "
                    "sql_log_bin = 0");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "upgrade.default_collations",
     .why = "CREATE TABLE without a collation is logged with the default",
     .how = "set the default to what both sides know, until `retire`",
     .source = "MariaDB documentation, character_set_collations; MySQL Reference Manual, "
               "default_collation_for_utf8mb4",
     .worst = SEVERITY_WARN,
     .look = look_default_collations},
    {.id = "upgrade.sql_mode_words",
     .why = "a program keeps the sql_mode that it was made with",
     .how = "take the word out of sql_mode, and make the programs that were made with it again",
     .source = "MySQL 8.0 Reference Manual, Features Removed in MySQL 8.0: NO_AUTO_CREATE_USER",
     .worst = SEVERITY_WARN,
     .look = look_sql_modes},
    {.id = "upgrade.variables",
     .why = "a server does not start with a variable that it does not know",
     .how = "take it out of the configuration that NEW will have, or use what replaces it",
     .source = "MySQL Reference Manual, Server Variables Added, Deprecated, or Removed; MariaDB "
               "documentation, Upgrading: Options That Have Been Removed",
     .worst = SEVERITY_WARN,
     .look = look_variables_gone},
    {.id = "upgrade.skipped_errors",
     .why = "an error that is skipped is a difference that nobody sees",
     .how = "set it back, and compare the data with `cutover verify`",
     .source = "MySQL Reference Manual, replica_skip_errors, replica_exec_mode",
     .worst = SEVERITY_BLOCK,
     .look = look_skipped_errors},
    {.id = "upgrade.packet",
     .why = "a row that is longer than the other side accepts stops the link",
     .how = "SET GLOBAL max_allowed_packet to the larger one on both, and in the configurations",
     .source = "MySQL Reference Manual, Replication and max_allowed_packet",
     .worst = SEVERITY_WARN,
     .look = look_packet},
    {.id = "upgrade.time_zone_tables",
     .why = "CONVERT_TZ answers NULL where names are not loaded",
     .how = "load the time zones where they are missing, with sql_log_bin = 0",
     .source = "MySQL Reference Manual, MySQL Server Time Zone Support",
     .worst = SEVERITY_WARN,
     .look = look_time_zone_tables},
};

const struct check_section preflight_upgrade = {"Another version: settings", rows, ARRAY_LEN(rows)};
