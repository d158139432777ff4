/* SPDX-License-Identifier: MIT */
/* Loading and comparing the shapes of tables. */
#include "verify/schema.h"

#include <stdio.h>

static const char *get_text(const void *result, size_t row, const char *column)
{
    return db_result_get(result, row, column);
}

static int load_rows(struct verify_end *end, enum sql_id id, const char *database,
                     struct table_catalog *catalog, table_catalog_add_fn *add, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    const struct sql_arg args[] = {{"database", database}};
    int rc = end_query(end, id, args, ARRAY_LEN(args), &rows, err);
    const struct rows_reader reader = {.get = get_text, .context = &rows, .count = rows.row_count};
    return rc ? rc : table_catalog_add_rows(catalog, &reader, add, err);
}

/* In this order: what comes later is hung up on what came before. */
static const struct list {
    enum sql_id id;
    table_catalog_add_fn *add;
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

struct telling {
    const char *label;
    schema_difference_fn *tell;
    void *context;
    size_t count;
    bool is_in_rows;
};

static void tell(void *context, const struct shape_difference *shape)
{
    struct telling *telling = context;
    struct difference difference = {.kind = DIFFERENCE_SCHEMA};

    telling->count++;
    telling->is_in_rows = telling->is_in_rows || shape->is_in_rows;
    if (!telling->tell)
        return;
    (void)snprintf(difference.table, sizeof(difference.table), "%s", telling->label);
    (void)snprintf(difference.column, sizeof(difference.column), "%s", shape->what);
    (void)snprintf(difference.source_value, sizeof(difference.source_value), "%s", shape->a);
    (void)snprintf(difference.replica_value, sizeof(difference.replica_value), "%s", shape->b);
    telling->tell(telling->context, &difference);
}

size_t schema_differences(const struct table_shape *source, const struct table_shape *replica,
                          schema_difference_fn *tell_one, void *context, bool *out_is_comparable)
{
    struct telling telling = {
        .label = source ? source->label : replica->label, .tell = tell_one, .context = context};

    if (source && replica) {
        table_shape_differences(source, replica, tell, &telling);
    } else {
        struct shape_difference whole = {.what = "table", .is_in_rows = true};
        (void)snprintf(whole.a, sizeof(whole.a), "%s", source ? "present" : "absent");
        (void)snprintf(whole.b, sizeof(whole.b), "%s", replica ? "present" : "absent");
        tell(&telling, &whole);
    }
    *out_is_comparable = !telling.is_in_rows;
    return telling.count;
}

/* Keeps the first. */
static void keep(void *context, const struct difference *difference)
{
    struct difference *out = context;
    if (!out->table[0])
        *out = *difference;
}

bool schema_difference(const struct table_shape *source, const struct table_shape *replica,
                       struct difference *out, bool *out_is_comparable)
{
    struct difference first = {0};
    if (!schema_differences(source, replica, keep, &first, out_is_comparable))
        return false;
    *out = first;
    return true;
}

/* A * stands for anything. */
static bool fits(const char *pattern, const char *text)
{
    for (; *pattern && *pattern != '*'; pattern++, text++)
        if (*pattern != *text)
            return false;
    if (!*pattern)
        return !*text;
    while (!fits(pattern + 1, text))
        if (!*text++)
            return false;
    return true;
}

const struct acceptance *difference_accepted(const struct service *service,
                                             const struct difference *difference, int64_t now_us)
{
    char of[sizeof(difference->table) + sizeof(difference->key) + 1];
    (void)snprintf(of, sizeof(of), "%s%s%s", difference->table, *difference->key ? " " : "",
                   difference->key);
    for (size_t i = 0; i < service->accepted_count; i++) {
        const struct acceptance *accepted = &service->accepted[i];
        if (difference->kind == DIFFERENCE_SCHEMA && now_us < accepted->until_us &&
            fits(accepted->what, difference->column) && fits(accepted->of, of))
            return accepted;
    }
    return NULL;
}
