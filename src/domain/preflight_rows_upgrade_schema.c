/* SPDX-License-Identifier: MIT */
/* Traps of an upgrade in the schema and in the accounts. */
#include <string.h>

#include "domain/preflight_settings.h"
#include "domain/server_words.h"

/* --- collations ------------------------------------------------------------------------------- */

LOOK(look_collations_used)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *used = &survey->side[side].topics[SURVEY_COLLATIONS_USED];
        if (finding_untold(out, row, survey, side, SURVEY_COLLATIONS_USED) ||
            finding_untold(out, row, survey, side_other(side), SURVEY_COLLATIONS_KNOWN))
            continue;
        for (size_t i = 0; i < used->count; i++) {
            if (collation_is_known(survey, side_other(side), used->items[i].name))
                continue;
            finding_fix(finding_add(out, row, severity_from(side), used->items[i].name,
                                    "used %llu times on %s (%s), unknown to %s",
                                    (unsigned long long)used->items[i].uses, side_title(side),
                                    used->items[i].example, side_title(side_other(side))),
                        "give the schemas, tables and columns a collation that both sides know, "
                        "such as utf8mb4_unicode_ci, until `retire`");
        }
    }
    finding_well(out, row, before, "each side knows every collation in use on the other");
}

LOOK(look_utf8mb3)
{
    size_t before = out->count;
    const struct survey_list *used = &survey->side[SIDE_OLD].topics[SURVEY_COLLATIONS_USED];
    if (finding_untold(out, row, survey, SIDE_OLD, SURVEY_COLLATIONS_USED))
        return;
    for (size_t i = 0; i < used->count; i++)
        if (strncmp(used->items[i].name, "utf8_", 5) == 0 ||
            strncmp(used->items[i].name, "utf8mb3_", 8) == 0)
            finding_fix(finding_add(out, row, SEVERITY_NOTE, used->items[i].name,
                                    "used %llu times (%s): three bytes a character at most",
                                    (unsigned long long)used->items[i].uses,
                                    used->items[i].example),
                        "not in this move; later: CONVERT TO CHARACTER SET utf8mb4");
    finding_well(out, row, before, "nothing is stored in utf8mb3");
}

/* --- accounts --------------------------------------------------------------------------------- */

LOOK(look_account_plugins)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *used = &survey->side[side].topics[SURVEY_PLUGINS_USED];
        const struct survey_list *known =
            &survey->side[side_other(side)].topics[SURVEY_PLUGINS_KNOWN];
        const struct server_version *other = version_of(facts, side_other(side), row, out);
        if (other == NULL || finding_untold(out, row, survey, side, SURVEY_PLUGINS_USED) ||
            finding_untold(out, row, survey, side_other(side), SURVEY_PLUGINS_KNOWN))
            continue;
        for (size_t i = 0; i < used->count; i++) {
            if (survey_list_find(known, used->items[i].name) != NULL)
                continue;
            const char *instead = plugin_instead(used->items[i].name, other);
            finding_fix(finding_add(out, row, SEVERITY_WARN, used->items[i].name,
                                    "%llu accounts on %s prove themselves with it (%s), and %s "
                                    "has not loaded it: they cannot log in there",
                                    (unsigned long long)used->items[i].uses, side_title(side),
                                    used->items[i].example, side_title(side_other(side))),
                        "%s", instead != NULL ? instead : "load it there, or choose another");
        }
    }
    finding_well(out, row, before, "each side has the plugins of the other's accounts");
}

/* --- names ------------------------------------------------------------------------------------ */

LOOK(look_reserved_words)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *names = &survey->side[side].topics[SURVEY_NAMES];
        const struct server_version *here = version_of(facts, side, row, out);
        const struct server_version *there = version_of(facts, side_other(side), row, NULL);
        if (here == NULL || there == NULL || finding_untold(out, row, survey, side, SURVEY_NAMES))
            continue;
        for (size_t i = 0; i < names->count; i++) {
            const char *word = names->items[i].name;
            if (word_is_reserved(word, here) || !word_is_reserved(word, there))
                continue;
            finding_fix(finding_add(out, row, SEVERITY_WARN, names->items[i].example,
                                    "%s is reserved on %s and not on %s: statements that name "
                                    "this %s without quotes fail there (%llu such names)",
                                    word, side_title(side_other(side)), side_title(side),
                                    names->items[i].value,
                                    (unsigned long long)names->items[i].uses),
                        "quote it in views, routines, triggers, events and in the application");
        }
    }
    finding_well(out, row, before, "no name is a word that only the other side reserves");
}

/* --- tables ----------------------------------------------------------------------------------- */

LOOK(look_loose_keys)
{
    const char *name = "restrict_fk_on_non_standard_key";
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *keys = &survey->side[side].topics[SURVEY_LOOSE_KEYS];
        enum side other = side_other(side);
        if (finding_untold(out, row, survey, side, SURVEY_LOOSE_KEYS))
            continue;
        bool is_refused = setting_is_on(survey, other, name);
        for (size_t i = 0; i < keys->count; i++) {
            struct finding *finding = finding_add(
                out, row, is_refused ? severity_from(side) : SEVERITY_NOTE, keys->items[i].name,
                "a foreign key of %s to %s, which is no unique key%s", side_title(side),
                keys->items[i].value, is_refused ? ": the other side refuses to make it" : "");
            finding_fix(finding, is_refused ? "make a unique key of those columns; or SET GLOBAL "
                                              "restrict_fk_on_non_standard_key = OFF there until "
                                              "`retire`"
                                            : "not in this move; later: make a unique key of "
                                              "those columns");
        }
    }
    finding_well(out, row, before, "every foreign key refers to a unique key");
}

/* A mark of the survey that is a trap on the side that the data moves to. */
struct mark_trap {
    const char *mark; /* the whole, or how it begins */
    enum severity severity;
    const char *found, *fix;
};

static void check_marks(const struct check_row *row, const struct survey *survey, enum side side,
                        const struct mark_trap *trap, struct findings *out)
{
    const struct survey_list *features = &survey->side[side].topics[SURVEY_FEATURES];
    for (size_t i = 0; i < features->count; i++)
        if (strncmp(features->items[i].name, trap->mark, strlen(trap->mark)) == 0)
            finding_fix(finding_add(out, row, trap->severity, features->items[i].example,
                                    "%s (%s, found %llu times on %s)", trap->found,
                                    features->items[i].name,
                                    (unsigned long long)features->items[i].uses, side_title(side)),
                        "%s", trap->fix);
}

LOOK(look_row_formats)
{
    static const struct mark_trap traps[] = {
        {"row format COMPRESSED", SEVERITY_WARN,
         "KEY_BLOCK_SIZE has to fit the page size of the other side",
         "compare innodb_page_size; ROW_FORMAT=DYNAMIC is the way out"},
        {"row format REDUNDANT", SEVERITY_NOTE,
         "indexes longer than 767 bytes are refused in this format",
         "ALTER TABLE ... ROW_FORMAT = DYNAMIC, before or after the move"},
        {"row format COMPACT", SEVERITY_NOTE,
         "indexes longer than 767 bytes are refused in this format",
         "ALTER TABLE ... ROW_FORMAT = DYNAMIC, before or after the move"},
    };
    size_t before = out->count;
    if (finding_untold(out, row, survey, SIDE_OLD, SURVEY_FEATURES))
        return;
    for (size_t i = 0; i < ARRAY_LEN(traps); i++)
        check_marks(row, survey, SIDE_OLD, &traps[i], out);
    finding_well(out, row, before, "every table has the row format DYNAMIC");
}

LOOK(look_partitions)
{
    static const struct mark_trap trap = {
        "partitioned ", SEVERITY_BLOCK,
        "from MySQL 8.0 on only InnoDB partitions its tables: it cannot be made there",
        "ALTER TABLE ... ENGINE = InnoDB, or REMOVE PARTITIONING"};
    size_t before = out->count;
    const struct server_version *there = version_of(facts, SIDE_NEW, row, out);
    if (there == NULL || finding_untold(out, row, survey, SIDE_OLD, SURVEY_FEATURES))
        return;
    if (there->flavour == FLAVOUR_MYSQL && version_number(there) >= 80000)
        check_marks(row, survey, SIDE_OLD, &trap, out);
    finding_well(out, row, before, "no partitioned table that NEW could not make");
}

LOOK(look_zero_dates)
{
    static const struct mark_trap trap = {
        "column default zero date", SEVERITY_WARN,
        "the default is 0000-00-00, and NEW has NO_ZERO_DATE: ALTER TABLE and INSERT fail there",
        "give the column another default, or NEW the sql_mode of OLD"};
    size_t before = out->count;
    if (settings_untold(out, row, survey) ||
        finding_untold(out, row, survey, SIDE_OLD, SURVEY_FEATURES))
        return;
    const char *mode = setting_of(survey, SIDE_NEW, "sql_mode");
    if (strcasestr(mode, "NO_ZERO_DATE") != NULL || strcasestr(mode, "TRADITIONAL") != NULL)
        check_marks(row, survey, SIDE_OLD, &trap, out);
    finding_well(out, row, before, "no default value that NEW would refuse");
}

LOOK(look_float_ids)
{
    static const struct mark_trap trap = {
        "column auto_increment float", SEVERITY_BLOCK,
        "MySQL 8.4 has no AUTO_INCREMENT for FLOAT and DOUBLE: the table cannot be made there",
        "ALTER TABLE ... MODIFY the column to BIGINT"};
    size_t before = out->count;
    const struct server_version *there = version_of(facts, SIDE_NEW, row, out);
    if (there == NULL || finding_untold(out, row, survey, SIDE_OLD, SURVEY_FEATURES))
        return;
    if (there->flavour == FLAVOUR_MYSQL && version_number(there) >= 80400)
        check_marks(row, survey, SIDE_OLD, &trap, out);
    finding_well(out, row, before, "every AUTO_INCREMENT column is a whole number");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "upgrade.collations",
     .why = "a table or session whose collation the other side lacks stops the link",
     .how = "give schemas, tables and columns a collation that both sides know, until `retire`",
     .source = "MySQL 8.0 Reference Manual, Changes in MySQL 8.0: character set; error 1273",
     .worst = SEVERITY_BLOCK,
     .look = look_collations_used},
    {.id = "upgrade.account_plugins",
     .why = "an account whose plugin is missing cannot log in after the move",
     .how = "load the plugin on the other side, or let the account use another",
     .source = "MySQL 9.0 Release Notes: mysql_native_password removed",
     .worst = SEVERITY_WARN,
     .look = look_account_plugins},
    {.id = "upgrade.reserved_words",
     .why = "a name without quotes that became a keyword is a syntax error",
     .how = "quote the name in views, routines, triggers, events and in the application",
     .source = "MySQL Reference Manual, Keywords and Reserved Words; MariaDB documentation, "
               "Reserved Words",
     .worst = SEVERITY_WARN,
     .look = look_reserved_words},
    {.id = "upgrade.loose_keys",
     .why = "8.4 refuses foreign keys to anything but a unique key",
     .how = "make a unique key of those columns, or restrict_fk_on_non_standard_key = OFF until "
            "`retire`",
     .source = "MySQL 8.4 Reference Manual, restrict_fk_on_non_standard_key",
     .worst = SEVERITY_BLOCK,
     .look = look_loose_keys},
    {.id = "upgrade.row_formats",
     .why = "old row formats have shorter indexes and need a fitting page size",
     .how = "ALTER TABLE ... ROW_FORMAT = DYNAMIC, before or after the move",
     .source = "MySQL Reference Manual, InnoDB Row Formats",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_row_formats},
    {.id = "upgrade.partitions",
     .why = "8.0 has no partitions but those of InnoDB",
     .how = "ALTER TABLE ... ENGINE = InnoDB, or REMOVE PARTITIONING",
     .source = "MySQL 8.0 Reference Manual, Features Removed in MySQL 8.0: partitioning",
     .worst = SEVERITY_BLOCK,
     .way = CHECK_WAY_THERE,
     .look = look_partitions},
    {.id = "upgrade.zero_dates",
     .why = "a default of 0000-00-00 is refused under NO_ZERO_DATE",
     .how = "give the column another default, or NEW the sql_mode of OLD",
     .source = "MySQL Reference Manual, NO_ZERO_DATE",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_zero_dates},
    {.id = "upgrade.float_ids",
     .why = "8.4 has no AUTO_INCREMENT for FLOAT and DOUBLE",
     .how = "ALTER TABLE ... MODIFY the column to BIGINT",
     .source = "MySQL 8.4 Reference Manual, What Is New in MySQL 8.4",
     .worst = SEVERITY_BLOCK,
     .way = CHECK_WAY_THERE,
     .look = look_float_ids},
    {.id = "upgrade.utf8mb3",
     .why = "three bytes a character hold no emoji, and the set is deprecated",
     .how = "not in this move; later: CONVERT TO CHARACTER SET utf8mb4",
     .source = "MySQL Reference Manual, The utf8mb3 Character Set",
     .worst = SEVERITY_NOTE,
     .way = CHECK_WAY_THERE,
     .look = look_utf8mb3},
};

const struct check_section preflight_upgrade_schema = {"Another version: accounts and the schema",
                                                       rows, ARRAY_LEN(rows)};
