/* SPDX-License-Identifier: MIT */
/* Loading and comparing the shapes of tables. */
#include "verify/schema.h"

#include <stdio.h>

struct result_row {
    const struct db_result *result;
    size_t row;
};

static const char *get_text(const void *context, const char *column)
{
    const struct result_row *at = context;
    return db_result_get(at->result, at->row, column);
}

static int load_rows(struct verify_end *end, enum sql_id id, const char *database,
                     struct table_catalog *catalog,
                     int (*add)(struct table_catalog *, const struct row_reader *, struct err *),
                     struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    const struct sql_arg args[] = {{"database", database}};
    int rc = end_query(end, id, args, ARRAY_LEN(args), &result, err);
    for (size_t row = 0; !rc && row < result.row_count; row++) {
        const struct result_row at = {.result = &result, .row = row};
        rc = add(catalog, &(struct row_reader){.get = get_text, .context = &at}, err);
    }
    return rc;
}

/* In this order: what comes later is hung up on what came before. */
static const struct list {
    enum sql_id id;
    int (*add)(struct table_catalog *, const struct row_reader *, struct err *);
} lists[] = {
    {SQL_SHAPE_TABLES, table_catalog_add_table},
    {SQL_SHAPE_COLUMNS, table_catalog_add_column},
    {SQL_SHAPE_INDEXES, table_catalog_add_index_part},
    {SQL_SHAPE_FOREIGN_KEYS, table_catalog_add_foreign_key},
    {SQL_SHAPE_FOREIGN_KEY_PARTS, table_catalog_add_foreign_key_part},
};

int schema_load(const struct service *service, struct verify_end *end, struct table_catalog *out,
                struct err *err)
{
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    int rc = 0;
    for (size_t i = 0; !rc && i < service->database_count; i++) {
        const char *database = service->databases[i];
        for (size_t k = 0; !rc && k < ARRAY_LEN(lists); k++)
            rc = load_rows(end, lists[k].id, database, &catalog, lists[k].add, err);
    }
    if (rc)
        return err_wrap(err, "reading the tables of %s", db_where(end->db));
    table_catalog_release(out);
    *out = catalog;
    catalog = (struct table_catalog){0};
    return 0;
}

bool schema_difference(const struct table_shape *source, const struct table_shape *replica,
                       struct difference *out, bool *out_is_comparable)
{
    struct shape_difference shape = {.what = "table", .is_in_columns = true};
    const struct table_shape *table = source ? source : replica;

    if (source && replica && !table_shape_differ(source, replica, &shape)) {
        *out_is_comparable = true;
        return false;
    }
    *out_is_comparable = !shape.is_in_columns;
    *out = (struct difference){.kind = DIFFERENCE_SCHEMA};
    (void)snprintf(out->table, sizeof(out->table), "%s", table->label);
    (void)snprintf(out->column, sizeof(out->column), "%s", shape.what);
    bool is_whole = !source || !replica;
    (void)snprintf(out->source_value, sizeof(out->source_value), "%s",
                   is_whole ? (source ? "present" : "absent") : shape.a);
    (void)snprintf(out->replica_value, sizeof(out->replica_value), "%s",
                   is_whole ? (replica ? "present" : "absent") : shape.b);
    return true;
}
