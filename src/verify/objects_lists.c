/* SPDX-License-Identifier: MIT */
/* The lists of one database, and how two answers are compared: by name, then trait by trait. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "sql/quote.h"
#include "verify/objects_inner.h"

#define SECRET_SHOWN "(not shown)"

/* Not the collation of the database: MySQL shows that of now, which the database itself told. */
#define MADE_UNDER                                                                                 \
    {"SQL_MODE", "sql_mode", same_modes, false, false},                                            \
        {"DEFINER", "definer", same_bytes, false, false},                                          \
        {"CHARACTER_SET_CLIENT", "character set", same_charset, false, false},                     \
    {                                                                                              \
        "COLLATION_CONNECTION", "collation", same_charset, false, false                            \
    }

/*
 * Ids that were never committed (a rollback, INSERT IGNORE, ON DUPLICATE KEY UPDATE) are used up on
 * the source alone. That the replica would hand them out again does no harm; that it would hand out
 * one that a row has, does.
 */
static int counter_has_room(struct objects_look *look, const char *database, const char *of,
                            const struct db_result *replica, size_t row, bool *out, struct err *err)
{
    CLEANUP(buf_release) struct buf table;
    CLEANUP(buf_release) struct buf column;
    CLEANUP(db_result_release) struct db_result answer = {0};
    const char *name = db_result_get(replica, row, "ID_COLUMN");
    const char *next = db_result_get(replica, row, "AUTO_INCREMENT");

    buf_init(&table, 2048);
    buf_init(&column, 2048);
    sql_quote_table(database, of, &table);
    sql_quote_part(name ? name : "", &column);
    int rc = buf_check(&table, err);
    if (!rc)
        rc = buf_check(&column, err);
    const struct sql_arg args[] = {
        {"table", buf_text(&table)}, {"column", buf_text(&column)}, {"next", next ? next : "0"}};
    if (!rc)
        rc = end_query(&look->pair->replica, SQL_OBJECTS_COUNTER_ROOM, args, ARRAY_LEN(args),
                       &answer, err);
    if (rc)
        return rc;
    const char *has_room = db_result_get(&answer, 0, "has_room");
    *out = has_room && has_room[0] == '1';
    return 0;
}

static const struct object_list lists[] = {
    {.kind = "database",
     .id = SQL_OBJECTS_DATABASE,
     .traits = {{"DEFAULT_CHARACTER_SET_NAME", "character set", same_charset, false, false},
                {"DEFAULT_COLLATION_NAME", "collation", same_charset, false, false}}},
    {.kind = "view",
     .id = SQL_OBJECTS_VIEWS,
     .of = "TABLE_NAME",
     .traits = {{"VIEW_DEFINITION", "definition", same_definition, false, true},
                {"DEFINER", "definer", same_bytes, false, false},
                {"SECURITY_TYPE", "security", same_bytes, false, false},
                {"CHECK_OPTION", "check option", same_bytes, false, false},
                {"ALGORITHM", "algorithm", same_bytes, false, false},
                {"CHARACTER_SET_CLIENT", "character set", same_charset, false, false},
                {"COLLATION_CONNECTION", "collation", same_charset, false, false}}},
    {.kind = "trigger",
     .id = SQL_OBJECTS_TRIGGERS,
     .of = "EVENT_OBJECT_TABLE",
     .name = {"TRIGGER_NAME"},
     .is_of_table = true,
     .traits = {{"EVENT_MANIPULATION", "event", same_bytes, false, false},
                {"ACTION_TIMING", "timing", same_bytes, false, false},
                {"ACTION_ORDER", "order", same_bytes, false, false},
                {"ACTION_STATEMENT", "body", same_body, false, true},
                MADE_UNDER}},
    {.id = SQL_OBJECTS_ROUTINES,
     .of = "ROUTINE_NAME",
     .traits = {{"DTD_IDENTIFIER", "return type", same_type, false, false},
                {"ROUTINE_DEFINITION", "body", same_body, false, true},
                {"IS_DETERMINISTIC", "determinism", same_bytes, false, false},
                {"SQL_DATA_ACCESS", "data access", same_bytes, false, false},
                {"SECURITY_TYPE", "security", same_bytes, false, false},
                {"ROUTINE_COMMENT", "comment", same_bytes, false, false},
                MADE_UNDER}},
    {.id = SQL_OBJECTS_PARAMETERS,
     .of = "SPECIFIC_NAME",
     .name = {"ORDINAL_POSITION"},
     .joint = " parameter ",
     .is_of_both = true,
     .traits = {{"PARAMETER_NAME", "name", same_bytes, false, false},
                {"PARAMETER_MODE", "direction", same_bytes, false, false},
                {"DTD_IDENTIFIER", "type", same_type, false, false},
                {"CHARACTER_SET_NAME", "character set", same_charset, false, false},
                {"COLLATION_NAME", "collation", same_charset, false, false}}},
    {.kind = "event",
     .id = SQL_OBJECTS_EVENTS,
     .of = "EVENT_NAME",
     .traits = {{"EVENT_DEFINITION", "body", same_body, false, true},
                {"EVENT_TYPE", "type", same_bytes, false, false},
                {"EXECUTE_AT", "moment", same_bytes, false, false},
                {"INTERVAL_VALUE", "interval", same_bytes, false, false},
                {"INTERVAL_FIELD", "unit of the interval", same_bytes, false, false},
                {"STARTS", "start", same_bytes, false, false},
                {"ENDS", "end", same_bytes, false, false},
                {"TIME_ZONE", "time zone", same_bytes, false, false},
                {"ON_COMPLETION", "completion", same_bytes, false, false},
                {"STATUS", "status", same_event_status, false, false},
                {"EVENT_COMMENT", "comment", same_bytes, false, false},
                MADE_UNDER}},
    {.kind = "foreign key",
     .id = SQL_SHAPE_FOREIGN_KEYS,
     .of = "TABLE_NAME",
     .name = {"CONSTRAINT_NAME"},
     .is_of_table = true,
     .traits = {{"DELETE_RULE", "delete rule", same_rule, false, false},
                {"UPDATE_RULE", "update rule", same_rule, false, false}}},
    {.kind = "foreign key",
     .id = SQL_SHAPE_FOREIGN_KEY_PARTS,
     .of = "TABLE_NAME",
     .name = {"CONSTRAINT_NAME", "REFERENCED_COLUMN_NAME"},
     .joint = " on ",
     .is_of_table = true,
     .is_of_both = true,
     .traits = {{"COLUMN_NAME", "column", same_bytes, false, false},
                {"REFERENCED_TABLE_SCHEMA", "database", same_bytes, false, false},
                {"REFERENCED_TABLE_NAME", "table", same_bytes, false, false}}},
    {.kind = "check",
     .id = SQL_OBJECTS_CHECKS,
     .of = "TABLE_NAME",
     .name = {"CONSTRAINT_NAME"},
     .is_of_table = true,
     .traits = {{"CHECK_CLAUSE", "condition", same_expression, false, false},
                {"ENFORCED", "enforcement", same_bytes, false, false}}},
    {.kind = "partition",
     .id = SQL_OBJECTS_PARTITIONS,
     .of = "TABLE_NAME",
     .name = {"PARTITION_NAME", "SUBPARTITION_NAME"},
     .joint = " ",
     .is_of_table = true,
     .traits = {{"PARTITION_METHOD", "method", same_bytes, false, false},
                {"PARTITION_EXPRESSION", "expression", same_expression, false, false},
                {"SUBPARTITION_METHOD", "method within", same_bytes, false, false},
                {"SUBPARTITION_EXPRESSION", "expression within", same_expression, false, false},
                {"PARTITION_DESCRIPTION", "values", same_expression, false, false},
                {"PARTITION_ORDINAL_POSITION", "position", same_bytes, false, false}}},
    {.kind = "counter",
     .id = SQL_OBJECTS_COUNTERS,
     .of = "TABLE_NAME",
     .is_of_table = true,
     .is_of_both = true,
     .is_harmless = counter_has_room,
     .traits = {{"NEXT_ID", "next id", same_counter, false, false}}},
};

void both_release(struct both *both)
{
    db_result_release(&both->source);
    db_result_release(&both->replica);
}

void objects_found_release(struct objects_found *found)
{
    free(found->items);
    *found = (struct objects_found){0};
}

int objects_note(struct objects_look *look, const struct finding *finding, struct err *err)
{
    struct objects_found *found = look->found;
    /* Grows in steps of powers of two: a database that lacks everything has many. */
    if ((found->count & (found->count + 1)) == 0) {
        struct finding *items =
            realloc(found->items, (2 * found->count + 2) * sizeof(*found->items));
        if (!items)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for what differs");
        found->items = items;
    }
    found->items[found->count++] = *finding;
    found->differences += !finding->is_unsure && !finding->is_harmless;
    return 0;
}

/* --- one answer, sorted by name --- */

struct item {
    const char *of;
    char *key;
    size_t row;
};

struct items {
    struct item *list;
    size_t count;
};

static void items_release(struct items *items)
{
    for (size_t i = 0; i < items->count; i++)
        free(items->list[i].key);
    free(items->list);
}

static char *key_of(const struct object_list *list, const struct db_result *result, size_t row)
{
    CLEANUP(buf_release) struct buf key;
    buf_init(&key, 4096);
    const char *kind = list->kind ? list->kind : db_result_get(result, row, "KIND");
    buf_puts(&key, kind ? kind : "");
    for (size_t i = 0; i < ARRAY_LEN(list->name) && list->name[i]; i++) {
        const char *name = db_result_get(result, row, list->name[i]);
        bool is_first = i == 0 && list->name[1];
        if (name) {
            buf_puts(&key, is_first || !list->joint ? " " : list->joint);
            buf_puts(&key, name);
        }
    }
    return buf_take(&key);
}

static int by_name(const void *a, const void *b)
{
    const struct item *left = a, *right = b;
    int order = strcmp(left->of, right->of);
    return order ? order : strcmp(left->key, right->key);
}

static int items_read(const struct object_list *list, const struct db_result *result,
                      const struct object_filter *filter, struct items *out, struct err *err)
{
    out->list = calloc(result->row_count + 1, sizeof(*out->list));
    for (size_t row = 0; out->list && row < result->row_count; row++) {
        if (filter && !filter->is_wanted(filter->context, result, row))
            continue;
        const char *of = list->of ? db_result_get(result, row, list->of) : NULL;
        struct item item = {.of = of ? of : "", .key = key_of(list, result, row), .row = row};
        if (!item.key)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a list of objects");
        out->list[out->count++] = item;
    }
    if (!out->list)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a list of objects");
    qsort(out->list, out->count, sizeof(*out->list), by_name);
    return 0;
}

/* --- comparing --- */

struct comparing {
    struct objects_look *look;
    const struct object_list *list;
    const char *database;
    const struct both *both;
};

static void name_finding(const struct comparing *comparing, const struct item *item,
                         struct finding *out)
{
    *out = (struct finding){.difference = {.kind = DIFFERENCE_SCHEMA}};
    (void)snprintf(out->difference.table, sizeof(out->difference.table), "%s%s%s",
                   comparing->database, *item->of ? "." : "", item->of);
    (void)snprintf(out->difference.key, sizeof(out->difference.key), "%s", item->key);
}

/* row  of the replica's answer */
static int note_trait(const struct comparing *comparing, const struct item *item,
                      const struct object_trait *trait, const char *source, const char *replica,
                      size_t row, struct err *err)
{
    struct finding finding;
    struct shown shown;
    const struct object_list *list = comparing->list;
    bool is_harmless = false;
    bool is_kept_from_us = trait->is_needed && (!source || !*source || !replica || !*replica);

    source = source ? source : "";
    replica = replica ? replica : "";
    shown_fill(source, replica, &shown);
    enum sameness sameness = is_kept_from_us
                                 ? OBJECT_UNSURE
                                 : trait->same(&comparing->look->same, source, replica, &shown);
    if (sameness == OBJECT_SAME)
        return 0;
    if (list->is_harmless) {
        int rc = list->is_harmless(comparing->look, comparing->database, item->of,
                                   &comparing->both->replica, row, &is_harmless, err);
        if (rc)
            return rc;
    }
    name_finding(comparing, item, &finding);
    finding.is_unsure = sameness == OBJECT_UNSURE;
    finding.is_harmless = is_harmless;
    (void)snprintf(
        finding.difference.column, sizeof(finding.difference.column), "%s%s", trait->what,
        is_kept_from_us                         ? " (it is not shown to us)"
        : finding.is_unsure && trait->is_secret ? " (salted: one password has many hashes)"
                                                : "");
    (void)snprintf(finding.difference.source_value, sizeof(finding.difference.source_value), "%s",
                   trait->is_secret ? SECRET_SHOWN : shown.source);
    (void)snprintf(finding.difference.replica_value, sizeof(finding.difference.replica_value), "%s",
                   trait->is_secret ? SECRET_SHOWN : shown.replica);
    return objects_note(comparing->look, &finding, err);
}

static int compare_traits(const struct comparing *comparing, const struct item *source,
                          const struct item *replica, struct err *err)
{
    int rc = 0;
    for (const struct object_trait *trait = comparing->list->traits; !rc && trait->column; trait++)
        rc = note_trait(comparing, source, trait,
                        db_result_get(&comparing->both->source, source->row, trait->column),
                        db_result_get(&comparing->both->replica, replica->row, trait->column),
                        replica->row, err);
    return rc;
}

/* Only one side has it. */
static int note_lonely(const struct comparing *comparing, const struct item *item,
                       bool is_on_source, struct err *err)
{
    struct finding finding;
    const struct object_list *list = comparing->list;
    const struct db_result *result =
        is_on_source ? &comparing->both->source : &comparing->both->replica;

    if (list->is_of_both)
        return 0;
    if (list->absent) {
        const char *value = db_result_get(result, item->row, list->traits[0].column);
        return note_trait(comparing, item, &list->traits[0], is_on_source ? value : list->absent,
                          is_on_source ? list->absent : value, item->row, err);
    }
    name_finding(comparing, item, &finding);
    const char *kind = list->kind ? list->kind : db_result_get(result, item->row, "KIND");
    (void)snprintf(finding.difference.column, sizeof(finding.difference.column), "%s",
                   kind ? kind : "");
    (void)snprintf(finding.difference.source_value, sizeof(finding.difference.source_value), "%s",
                   is_on_source ? "present" : "absent");
    (void)snprintf(finding.difference.replica_value, sizeof(finding.difference.replica_value), "%s",
                   is_on_source ? "absent" : "present");
    return objects_note(comparing->look, &finding, err);
}

int objects_compare_list(struct objects_look *look, const struct object_list *list,
                         const char *database, const struct both *both,
                         const struct object_filter *filter, struct err *err)
{
    CLEANUP(items_release) struct items source = {0};
    CLEANUP(items_release) struct items replica = {0};
    const struct comparing comparing = {
        .look = look, .list = list, .database = database, .both = both};
    int rc = items_read(list, &both->source, filter, &source, err);
    if (!rc)
        rc = items_read(list, &both->replica, filter, &replica, err);
    for (size_t i = 0, k = 0; !rc && (i < source.count || k < replica.count);) {
        int order = i == source.count    ? 1
                    : k == replica.count ? -1
                                         : by_name(&source.list[i], &replica.list[k]);
        if (order == 0)
            rc = compare_traits(&comparing, &source.list[i], &replica.list[k], err);
        else
            rc = note_lonely(&comparing, order < 0 ? &source.list[i] : &replica.list[k], order < 0,
                             err);
        i += order <= 0;
        k += order >= 0;
    }
    return rc;
}

/* --- one database --- */

/* The tables of both sides, sorted: what belongs to a table that one side lacks is not told again.
 */
struct tables {
    const char **source, **replica;
    size_t source_count, replica_count;
};

static void tables_release(struct tables *tables)
{
    free(tables->source);
    free(tables->replica);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int sort_names(const struct db_result *result, const char ***out, size_t *out_count,
                      struct err *err)
{
    const char **names = calloc(result->row_count + 1, sizeof(*names));
    if (!names)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a list of tables");
    for (size_t row = 0; row < result->row_count; row++) {
        const char *name = db_result_get(result, row, "TABLE_NAME");
        names[row] = name ? name : "";
    }
    qsort(names, result->row_count, sizeof(*names), by_text);
    *out = names;
    *out_count = result->row_count;
    return 0;
}

struct table_filter {
    const struct tables *tables;
    const char *column;
};

static bool is_of_common_table(const void *context, const struct db_result *result, size_t row)
{
    const struct table_filter *filter = context;
    const struct tables *tables = filter->tables;
    const char *name = db_result_get(result, row, filter->column);
    return name && bsearch(&name, tables->source, tables->source_count, sizeof(name), by_text) &&
           bsearch(&name, tables->replica, tables->replica_count, sizeof(name), by_text);
}

struct answers {
    struct both tables, lists[ARRAY_LEN(lists)];
};

static void answers_release(struct answers *answers)
{
    both_release(&answers->tables);
    for (size_t i = 0; i < ARRAY_LEN(lists); i++)
        both_release(&answers->lists[i]);
}

static int ask(struct verify_end *end, const char *database, struct answers *answers,
               bool is_source, struct err *err)
{
    const struct sql_arg of = {"database", database};
    struct both *tables = &answers->tables;
    int rc = end_query(end, SQL_SHAPE_TABLES, &of, 1,
                       is_source ? &tables->source : &tables->replica, err);
    for (size_t i = 0; !rc && i < ARRAY_LEN(lists); i++)
        rc = end_query(end, lists[i].id, &of, 1,
                       is_source ? &answers->lists[i].source : &answers->lists[i].replica, err);
    return rc ? err_wrap(err, "reading the objects of %s", database) : 0;
}

int objects_wait(struct objects_look *look, struct err *err)
{
    if (!look->is_waiting)
        return 0;
    return pair_wait(look->pair, &look->pair->source, &look->pair->replica, OBJECTS_PATIENCE_MS,
                     true, err);
}

static int compare_answers(struct objects_look *look, const char *database,
                           const struct answers *answers, struct err *err)
{
    CLEANUP(tables_release) struct tables tables = {0};
    int rc = sort_names(&answers->tables.source, &tables.source, &tables.source_count, err);
    if (!rc)
        rc = sort_names(&answers->tables.replica, &tables.replica, &tables.replica_count, err);
    for (size_t i = 0; !rc && i < ARRAY_LEN(lists); i++) {
        const struct table_filter of = {.tables = &tables, .column = lists[i].of};
        const struct object_filter filter = {.is_wanted = is_of_common_table, .context = &of};
        rc = objects_compare_list(look, &lists[i], database, &answers->lists[i],
                                  lists[i].is_of_table ? &filter : NULL, err);
        /* A database that one side lacks: everything in it would be told. */
        if (!rc && i == 0 &&
            answers->lists[0].source.row_count != answers->lists[0].replica.row_count)
            return 0;
    }
    return rc;
}

int objects_compare_database(struct objects_look *look, const char *database, struct err *err)
{
    CLEANUP(answers_release) struct answers answers = {0};
    int rc = ask(&look->pair->source, database, &answers, true, err);
    if (!rc)
        rc = objects_wait(look, err);
    if (!rc)
        rc = ask(&look->pair->replica, database, &answers, false, err);
    if (!rc)
        rc = compare_answers(look, database, &answers, err);
    return rc ? rc : objects_compare_singles(look, database, err);
}
