/* SPDX-License-Identifier: MIT */
/* Traps of an upgrade in the schema and in the accounts. */
#include <string.h>

#include "domain/preflight_settings.h"
#include "domain/server_words.h"

/* --- collations ------------------------------------------------------------------------------- */

void look_collations_used(const struct service *service UNUSED, const struct facts *facts UNUSED,
                          const struct survey *survey, const struct check_row *row,
                          struct findings *out)
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

void look_utf8mb3(const struct service *service UNUSED, const struct facts *facts UNUSED,
                  const struct survey *survey, const struct check_row *row, struct findings *out)
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

void look_account_plugins(const struct service *service UNUSED, const struct facts *facts,
                          const struct survey *survey, const struct check_row *row,
                          struct findings *out)
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

void look_reserved_words(const struct service *service UNUSED, const struct facts *facts,
                         const struct survey *survey, const struct check_row *row,
                         struct findings *out)
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

void look_loose_keys(const struct service *service UNUSED, const struct facts *facts UNUSED,
                     const struct survey *survey, const struct check_row *row, struct findings *out)
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

void look_row_formats(const struct service *service UNUSED, const struct facts *facts UNUSED,
                      const struct survey *survey, const struct check_row *row,
                      struct findings *out)
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

void look_partitions(const struct service *service UNUSED, const struct facts *facts,
                     const struct survey *survey, const struct check_row *row, struct findings *out)
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

void look_zero_dates(const struct service *service UNUSED, const struct facts *facts UNUSED,
                     const struct survey *survey, const struct check_row *row, struct findings *out)
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

void look_float_ids(const struct service *service UNUSED, const struct facts *facts,
                    const struct survey *survey, const struct check_row *row, struct findings *out)
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
