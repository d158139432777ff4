/* SPDX-License-Identifier: MIT */
/* Checks of what may be gone when it is needed, run full, or be left out on the way. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/log_kept.h"
#include "domain/preflight_settings.h"

#define HOUR_S 3600
#define DAY_S 86400
#define HEADROOM_WARN_PERCENT 70
#define HEADROOM_BLOCK_PERCENT 90

/* --- how long binary logs are kept ------------------------------------------------------------ */

struct side_settings {
    const struct survey *survey;
    enum side side;
};

static const char *setting_there(const void *context, const char *name)
{
    const struct side_settings *settings = context;
    return setting_of(settings->survey, settings->side, name);
}

int64_t logs_kept_s(const struct survey *survey, enum side side)
{
    return log_kept_s(setting_there, &(struct side_settings){survey, side});
}

LOOK(look_retention)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        int64_t seconds = logs_kept_s(survey, side);
        const char *size = setting_of(survey, side, "max_binlog_total_size");
        if (seconds == LOG_KEPT_UNKNOWN)
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "does not say how long it keeps its binary logs"),
                        "%s", row->how);
        if (seconds > 0 && seconds < DAY_S)
            finding_fix(finding_add(out, row, seconds < HOUR_S ? SEVERITY_BLOCK : SEVERITY_WARN,
                                    side_title(side),
                                    "keeps its binary logs for %" PRId64 " s only", seconds),
                        "%s", row->how);
        if (strtoull(size, NULL, 10) > 0)
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "keeps %.40s bytes of binary logs (max_binlog_total_size), "
                                    "however short a time that is",
                                    size),
                        "%s", row->how);
    }
    finding_well(out, row, before, "both sides keep their binary logs for a day or longer");
}

/* --- what is left out ------------------------------------------------------------------------- */

LOOK(look_log_filters)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (!finding_unreached(out, row, node) && node->log_filters[0] != '\0')
            finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                    "its binary log leaves something out: %s", node->log_filters),
                        "%s", row->how);
    }
    finding_well(out, row, before, "no binary log leaves a database out");
}

/* MariaDB shows the filters that channels to come will have. */
static void check_filters_to_come(const struct survey *survey, enum side side,
                                  const struct check_row *row, struct findings *out)
{
    static const char *const names[] = {"replicate_do_db",         "replicate_ignore_db",
                                        "replicate_do_table",      "replicate_ignore_table",
                                        "replicate_wild_do_table", "replicate_wild_ignore_table",
                                        "replicate_rewrite_db"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const char *value = setting_of(survey, side, names[i]);
        if (value[0] != '\0')
            finding_fix(finding_add(out, row, SEVERITY_BLOCK, side_title(side), "%s is %.150s",
                                    names[i], value),
                        "%s", row->how);
    }
}

LOOK(look_filters)
{
    size_t before = out->count;
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node_facts *node = &facts->nodes[i];
        if (finding_unreached(out, row, node))
            continue;
        for (unsigned c = 0; c < node->channel_count; c++)
            if (node->channels[c].filters[0] != '\0')
                finding_fix(finding_add(out, row, SEVERITY_BLOCK, node->node->name,
                                        "channel \"%s\" leaves something out: %s",
                                        node->channels[c].name, node->channels[c].filters),
                            "%s", row->how);
    }
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        check_filters_to_come(survey, side, row, out);
    finding_well(out, row, before, "no channel leaves anything out");
}

/* --- numbers ---------------------------------------------------------------------------------- */

/* The largest number of "int(10) unsigned"; 0 for a type that is no whole number. */
static uint64_t largest_of(const char *type)
{
    static const struct {
        const char *name;
        unsigned bits;
    } types[] = {{"tinyint", 8}, {"smallint", 16}, {"mediumint", 24}, {"int", 32}, {"bigint", 64}};
    size_t len = strcspn(type, "( ");
    bool is_unsigned = strstr(type, "unsigned") != NULL;
    for (size_t i = 0; i < ARRAY_LEN(types); i++)
        if (len == strlen(types[i].name) && strncasecmp(type, types[i].name, len) == 0)
            return UINT64_MAX >> (64 - types[i].bits + (is_unsigned ? 0 : 1));
    return 0;
}

LOOK(look_headroom)
{
    size_t before = out->count;
    const struct survey_list *ids = &survey->side[SIDE_OLD].topics[SURVEY_IDS];
    if (finding_untold(out, row, survey, SIDE_OLD, SURVEY_IDS))
        return;
    for (size_t i = 0; i < ids->count; i++) {
        uint64_t largest = largest_of(ids->items[i].value);
        if (largest == 0)
            continue;
        double percent = (double)ids->items[i].uses * 100 / (double)largest;
        if (percent < HEADROOM_WARN_PERCENT)
            continue;
        finding_fix(finding_add(out, row,
                                percent < HEADROOM_BLOCK_PERCENT ? SEVERITY_WARN : SEVERITY_BLOCK,
                                ids->items[i].name,
                                "the next number is %" PRIu64 " of at most %" PRIu64
                                " (%.60s): %.0f %% are used",
                                ids->items[i].uses, largest, ids->items[i].value, percent),
                    "%s", row->how);
    }
    finding_well(out, row, before, "every AUTO_INCREMENT column has %d %% of its numbers left",
                 100 - HEADROOM_WARN_PERCENT);
}

/* A server that was started with it shows so until somebody sets it. */
static bool begins_staggered(const struct survey *survey, enum side side)
{
    const struct survey_list *set = &survey->side[side].topics[SURVEY_EXPLICIT];

    return set->is_read == TRI_YES && survey_list_find(set, "auto_increment_increment") != NULL &&
           strtoul(setting_of(survey, side, "auto_increment_increment"), NULL, 10) > 1;
}

LOOK(look_restart_counting)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node *node = service_primary(service, side);
        const struct node_facts *primary = facts_primary(facts, side);
        const char *problem = survey->side[side].drop_in_problem;
        if (finding_unread(out, row, survey, side) || primary == NULL ||
            finding_unreached(out, row, primary))
            continue;
        if (version_persists(&primary->version) || begins_staggered(survey, side))
            continue;
        if (node->ssh == NULL || node->ssh->drop_in[0] == '\0')
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "a restart makes it count by what its my.cnf says, and "
                                    "cutover has no way to write there"),
                        "%s", row->how);
        else if (problem[0] != '\0')
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "no file can be written that a restart would go by: %s",
                                    problem),
                        "docs/hosts.md has what to grant, and each failure");
    }
    finding_well(out, row, before, "a restart changes nothing about how a side counts");
}

LOOK(look_sequences)
{
    size_t before = out->count;
    if (finding_untold(out, row, survey, SIDE_OLD, SURVEY_FEATURES))
        return;
    const struct survey_item *item =
        survey_list_find(&survey->side[SIDE_OLD].topics[SURVEY_FEATURES], "table SEQUENCE");
    if (item != NULL)
        finding_fix(finding_add(out, row, SEVERITY_NOTE, item->example,
                                "%" PRIu64 " sequences count by themselves", item->uses),
                    "%s", row->how);
    finding_well(out, row, before, "no sequences");
}

/* --- keys ------------------------------------------------------------------------------------- */

static const char *key_demand(const struct survey *survey, enum side side)
{
    static const char *const names[] = {"sql_require_primary_key", "innodb_force_primary_key"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (setting_is_on(survey, side, names[i]))
            return names[i];
    return NULL;
}

LOOK(look_key_demanded)
{
    size_t before = out->count, keyless = 0;
    if (settings_untold(out, row, survey) || finding_unread(out, row, survey, SIDE_OLD))
        return;
    for (size_t i = 0; i < survey->table_count; i++)
        keyless += !survey->tables[i].has_primary_key;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const char *demand = key_demand(survey, side);
        if (demand != NULL && (keyless > 0 || key_demand(survey, side_other(side)) == NULL))
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "%s is ON; %zu tables have no primary key, and %s %s them",
                                    demand, keyless, side_title(side_other(side)),
                                    key_demand(survey, side_other(side)) == NULL ? "does not demand"
                                                                                 : "demands"),
                        "%s", row->how);
    }
    finding_well(out, row, before, "no side demands a key that a table lacks");
}

/* --- what the optimizer knows of tables ------------------------------------------------------- */

/* Tables with fewer rows are read whole whatever was counted. */
#define COUNTED_ROWS 1000
#define COUNTED_FACTOR 10
#define STATISTICS_SHOWN 20 /* findings; the others are one more */

static int compare_statistics(const void *left, const void *right)
{
    const struct survey_item *a = *(const struct survey_item *const *)left;
    const struct survey_item *b = *(const struct survey_item *const *)right;
    int order = strcmp(a->value, b->value);
    return order != 0 ? order : strcmp(a->name, b->name);
}

/* The items in an order in which they are found fast; the caller frees. NULL: no memory. */
static const struct survey_item **sorted_statistics(const struct survey_list *list)
{
    const struct survey_item **items = calloc(list->count + 1, sizeof(const struct survey_item *));
    if (items == NULL)
        return NULL;
    for (size_t i = 0; i < list->count; i++)
        items[i] = &list->items[i];
    qsort(items, list->count, sizeof(const struct survey_item *), compare_statistics);
    return items;
}

static bool is_far(uint64_t on_old, uint64_t on_new)
{
    return on_old >= COUNTED_ROWS &&
           (on_new < on_old / COUNTED_FACTOR || on_new / COUNTED_FACTOR > on_old);
}

static void tell_rows(const struct check_row *row, const struct survey_item *on_old,
                      const struct survey_item *on_new, struct findings *out)
{
    finding_fix(finding_add(out, row, SEVERITY_WARN, on_old->name,
                            "OLD counted %" PRIu64 " rows (%.30s), NEW %" PRIu64 " (%.30s)",
                            on_old->uses, on_old->example, on_new == NULL ? 0 : on_new->uses,
                            on_new == NULL ? "never" : on_new->example),
                "ANALYZE TABLE %s on OLD, at a quiet hour: it goes to NEW by the link",
                on_old->name);
}

/* Its example is the table, its name that with the column. */
static void tell_column(const struct check_row *row, const struct survey_item *column,
                        bool is_mysql, struct findings *out)
{
    size_t skipped = strlen(column->example) + 1;
    const char *name = strlen(column->name) > skipped ? column->name + skipped : column->name;
    struct finding *finding = finding_add(out, row, SEVERITY_WARN, column->name,
                                          "OLD keeps statistics of this column%s, NEW has none",
                                          is_mysql ? " (a histogram)" : "");
    if (is_mysql) /* seen: read_only refuses it, from the link, too, and the link goes on */
        finding_fix(finding,
                    "as soon as NEW is open: ANALYZE NO_WRITE_TO_BINLOG TABLE %s UPDATE HISTOGRAM "
                    "ON %s (a closed server makes none); or seed by clone or physical",
                    column->example, name);
    else
        finding_fix(finding,
                    "ANALYZE TABLE %s PERSISTENT FOR COLUMNS (%s) INDEXES () on OLD: it goes to "
                    "NEW by the link",
                    column->example, name);
}

static void compare_counts(const struct facts *facts, const struct survey_list *on_old,
                           const struct survey_list *on_new, const struct check_row *row,
                           struct findings *out)
{
    const struct node_facts *primary = facts_primary(facts, SIDE_NEW);
    bool is_mysql = primary != NULL && primary->version.flavour == FLAVOUR_MYSQL;
    const struct survey_item **items = sorted_statistics(on_new);
    size_t found = 0;
    if (items == NULL) {
        out->is_failed = true;
        return;
    }
    for (size_t i = 0; i < on_old->count; i++) {
        const struct survey_item *item = &on_old->items[i];
        const struct survey_item *const *at = bsearch(
            &item, items, on_new->count, sizeof(const struct survey_item *), compare_statistics);
        bool is_column = strcmp(item->value, "column") == 0;
        bool is_told = is_column ? at == NULL : is_far(item->uses, at == NULL ? 0 : (*at)->uses);
        if (!is_told || ++found > STATISTICS_SHOWN)
            continue;
        if (is_column)
            tell_column(row, item, is_mysql, out);
        else
            tell_rows(row, item, at == NULL ? NULL : *at, out);
    }
    free(items);
    if (found > STATISTICS_SHOWN)
        finding_fix(finding_add(out, row, SEVERITY_WARN, "", "and %zu more tables and columns",
                                found - STATISTICS_SHOWN),
                    "%s", row->how);
}

LOOK(look_statistics)
{
    size_t before = out->count;
    const struct node_facts *primary = facts_primary(facts, SIDE_NEW);
    bool is_untold = finding_untold(out, row, survey, SIDE_OLD, SURVEY_STATISTICS);
    if (finding_untold(out, row, survey, SIDE_NEW, SURVEY_STATISTICS) || is_untold)
        return;
    if (primary != NULL && primary->has_data == TRI_NO)
        finding_add(out, row, SEVERITY_OK, "", "NEW has no data yet");
    else
        compare_counts(facts, &survey->side[SIDE_OLD].topics[SURVEY_STATISTICS],
                       &survey->side[SIDE_NEW].topics[SURVEY_STATISTICS], row, out);
    finding_well(out, row, before, "NEW counted about as many rows as OLD");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "binlog.retention",
     .why = "a replica, or the way back, that needs a log which is gone has to be seeded again",
     .how = "keep the logs for a day at least, until `retire`",
     .source = "MySQL Reference Manual, binlog_expire_logs_seconds; error 1236",
     .worst = SEVERITY_BLOCK,
     .look = look_retention},
    {.id = "binlog.filters",
     .why = "what is left out of the binary log never reaches the other side",
     .how = "take binlog_do_db and binlog_ignore_db out of the configuration, and restart it",
     .source = "MySQL Reference Manual, Evaluation of Database-Level Replication and Binary "
               "Logging Options",
     .worst = SEVERITY_BLOCK,
     .look = look_log_filters},
    {.id = "replica.filters",
     .why = "a table that a filter leaves out differs, and nothing says so",
     .how = "remove the filter, and compare the data with `cutover verify`",
     .source = "MySQL Reference Manual, How Servers Evaluate Replication Filtering Rules",
     .worst = SEVERITY_BLOCK,
     .look = look_filters},
    {.id = "auto_increment.headroom",
     .why = "a key that has no number left refuses every INSERT; staggering uses them up faster",
     .how = "ALTER TABLE ... MODIFY the column to BIGINT UNSIGNED, before the move",
     .source = "Basecamp 2018: five hours read-only, an INT was exhausted",
     .worst = SEVERITY_BLOCK,
     .way = CHECK_WAY_THERE,
     .look = look_headroom},
    {.id = "auto_increment.restart",
     .why = "a primary that restarts and counts by one again hands out keys that the other side "
            "has handed out, too (mode = \"shared\")",
     .how = "let cutover write it down: drop_in in the ssh group of that primary (docs/hosts.md); "
            "or write auto_increment_increment = 2 and auto_increment_offset (OLD 1, NEW 2) into "
            "its my.cnf",
     .source = "MariaDB documentation, auto_increment_increment",
     .worst = SEVERITY_WARN,
     .look = look_restart_counting},
    {.id = "tables.key_demanded",
     .why = "a server that demands primary keys refuses CREATE TABLE of the others",
     .how = "switch the demand off until `retire`, or give the tables primary keys",
     .source = "MySQL Reference Manual, sql_require_primary_key; MariaDB documentation, "
               "innodb_force_primary_key",
     .worst = SEVERITY_WARN,
     .look = look_key_demanded},
    {.id = "tables.sequences",
     .why = "a sequence is a counter of its own, which staggering does not reach",
     .how = "see that nobody draws numbers on both sides at once",
     .source = "MariaDB documentation, CREATE SEQUENCE: replication",
     .worst = SEVERITY_NOTE,
     .way = CHECK_WAY_THERE,
     .look = look_sequences},
    {.id = "tables.statistics",
     .why = "the optimizer goes by what was counted: without it statements take other ways, and "
            "NEW is slow from its first minute",
     .how = "ANALYZE TABLE on OLD, which goes to NEW by the link; a histogram of MySQL once NEW is "
            "open",
     .source = "MySQL Reference Manual, ANALYZE TABLE; MariaDB documentation, Engine-Independent "
               "Table Statistics",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_statistics},
};

const struct check_section preflight_lasting = {"What may be gone, full or left out", rows,
                                                ARRAY_LEN(rows)};
