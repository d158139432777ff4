/* SPDX-License-Identifier: MIT */
/* Which tables can be repaired, and the text that the statements for their rows share. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "sql/quote.h"
#include "verify/repair_inner.h"

#define TEXT_CAP_BYTES (1U << 20)

void repair_table_release(struct repair_table *table)
{
    walk_release(&table->walk);
    buf_release(&table->select);
    buf_release(&table->names);
}

static bool is_read_by_number(const struct column_shape *column)
{
    return column->class == COLUMN_LISTED || column->class == COLUMN_BIT;
}

/*
 * MySQL's JSON has values that its text does not tell (a DATETIME prints as a string): with this
 * one can see whether the text is all there is.
 */
static bool is_binary_json(const struct column_shape *column)
{
    return column->class == COLUMN_OTHER && !strcasecmp(column->type, "json");
}

static void add_column(const struct column_shape *column, struct buf *select)
{
    bool is_float = column->class == COLUMN_FLOAT; /* prints six digits, and all of them so */
    bool is_number = is_read_by_number(column);    /* + 0 would be a DOUBLE: 53 bits */

    buf_puts(select, is_float ? "(" : is_number ? "CAST(" : "");
    sql_quote_part(column->name, select);
    buf_puts(select, is_float ? " * 1e0)" : is_number ? " AS UNSIGNED)" : "");
}

static void add_guard(const struct column_shape *column, struct buf *select)
{
    buf_puts(select, ", ");
    sql_quote_part(column->name, select);
    buf_puts(select, " IS NULL OR ");
    sql_quote_part(column->name, select);
    buf_puts(select, " = CAST(CAST(");
    sql_quote_part(column->name, select);
    buf_puts(select, " AS CHAR) AS JSON)");
}

static int prepare_text(struct repair_table *table, struct err *err)
{
    const struct table_shape *shape = table->shape;

    buf_init(&table->select, TEXT_CAP_BYTES);
    buf_init(&table->names, TEXT_CAP_BYTES);
    for (size_t i = 0; i < shape->column_count; i++) {
        if (shape->columns[i].is_generated)
            continue;
        buf_puts(&table->select, table->names.len ? ", " : "");
        buf_puts(&table->names, table->names.len ? ", " : "");
        add_column(&shape->columns[i], &table->select);
        sql_quote_part(shape->columns[i].name, &table->names);
    }
    for (size_t i = 0; i < shape->column_count; i++) {
        if (shape->columns[i].is_generated || !is_binary_json(&shape->columns[i]))
            continue;
        add_guard(&shape->columns[i], &table->select);
        table->guards++;
    }
    int rc = buf_check(&table->select, err);
    if (!rc)
        rc = buf_check(&table->names, err);
    return rc ? rc : walk_init(&table->walk, shape, NULL, err);
}

/* What its definition says against it; "" when nothing does. */
static void judge(const struct repair *repair, struct repair_table *table)
{
    const struct table_shape *shape = table->shape;
    const struct table_shape *replica =
        table_catalog_find(&repair->replica, shape->database, shape->name);
    struct shape_difference difference;
    char *why = table->why;
    size_t size = sizeof(table->why);

    if (!replica)
        (void)snprintf(why, size, "there is no such table on %s",
                       side_title(side_other(repair->options.source)));
    else if (table_shape_differ(shape, replica, &difference))
        (void)snprintf(why, size, "its definition differs (%.60s): repair that first",
                       difference.what);
    else if (!strcasecmp(shape->kind, "SYSTEM VERSIONED"))
        (void)snprintf(why, size, "it has system versions: their history would grow");
    else if (strcasecmp(shape->kind, "BASE TABLE") != 0)
        (void)snprintf(why, size, "it is a %.40s", shape->kind);
    else if (strcasecmp(shape->engine, "InnoDB") != 0)
        (void)snprintf(why, size, "%.40s cannot hold a row still nor take a write back",
                       shape->engine);
    else if (!table_shape_key(shape))
        (void)snprintf(why, size,
                       "it has no key by which one row can be named: add a primary key on %s, or "
                       "seed again",
                       side_title(repair->options.source));
}

int repair_table_find(struct repair *repair, const char *label, size_t *out, struct err *err)
{
    const struct table_shape *shape = NULL;

    for (size_t i = 0; i < repair->table_count; i++)
        if (!strcmp(repair->tables[i].shape->label, label)) {
            *out = i;
            return 0;
        }
    for (size_t i = 0; i < repair->source.count && !shape; i++)
        if (!strcmp(repair->source.tables[i].label, label))
            shape = &repair->source.tables[i];
    if (!shape)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "there is no table %s on %s any more", label,
                       side_title(repair->options.source));

    struct repair_table *tables =
        realloc(repair->tables, (repair->table_count + 1) * sizeof(*tables));
    if (!tables)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %s", label);
    repair->tables = tables;
    struct repair_table *table = &tables[repair->table_count];
    *table = (struct repair_table){.shape = shape};
    *out = repair->table_count++;
    judge(repair, table);
    return table->why[0] ? 0 : prepare_text(table, err);
}

static int find_triggers(struct repair *repair, struct verify_end *end, const char *database,
                         struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    const struct sql_arg args[] = {{"database", database}};
    int rc = end_query(end, SQL_REPAIR_TRIGGERS, args, ARRAY_LEN(args), &result, err);

    for (size_t row = 0; !rc && row < result.row_count; row++)
        for (size_t i = 0; i < repair->table_count; i++) {
            struct repair_table *table = &repair->tables[i];
            const char *name = db_result_get(&result, row, "table_name");
            if (!name || strcmp(table->shape->database, database) != 0 ||
                strcmp(table->shape->name, name) != 0 || table->why[0])
                continue;
            (void)snprintf(table->why, sizeof(table->why),
                           "it has triggers on %s, which would fire: drop them for the time of the "
                           "repair, or seed again",
                           side_title(end->side));
        }
    return rc;
}

int repair_tables_find_triggers(struct repair *repair, struct err *err)
{
    const struct service *service = repair->options.service;
    int rc = 0;

    for (size_t i = 0; !rc && i < service->database_count; i++) {
        rc = find_triggers(repair, &repair->pair.source, service->databases[i], err);
        if (!rc)
            rc = find_triggers(repair, &repair->pair.replica, service->databases[i], err);
    }
    return rc;
}
