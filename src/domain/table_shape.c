/* SPDX-License-Identifier: MIT */
/* Tables, columns and keys, made of rows that somebody else read. */
#include "domain/table_shape.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static int out_of_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory while reading the list of tables");
}

/* A copy of the row's column, "" for NULL. */
static int take_text(const struct row_reader *row, const char *column, char **out, struct err *err)
{
    const char *text = row->get(row->context, column);
    *out = strdup(text ? text : "");
    return *out ? 0 : out_of_memory(err);
}

static uint64_t take_number(const struct row_reader *row, const char *column)
{
    const char *text = row->get(row->context, column);
    return text ? strtoull(text, NULL, 10) : 0;
}

static bool equals(const struct row_reader *row, const char *column, const char *text)
{
    const char *value = row->get(row->context, column);
    return value && !strcasecmp(value, text);
}

static bool is_named(const struct table_shape *table, const char *database, const char *name)
{
    return !strcmp(table->name, name) && !strcmp(table->database, database);
}

/* Room for one more zeroed element at the end of a growing array. */
static void *grow(void *array, size_t count, size_t size)
{
    char *bigger = realloc(array, (count + 1) * size);
    if (bigger)
        memset(bigger + count * size, 0, size);
    return bigger;
}

static void column_release(struct column_shape *column)
{
    free(column->name);
    free(column->type);
    free(column->charset);
    free(column->collation);
    free(column->default_text);
    free(column->extra);
    free(column->expression);
}

static void foreign_key_release(struct foreign_key_shape *key)
{
    for (size_t i = 0; i < INDEX_COLUMN_CAP; i++)
        free(key->parent_columns[i]);
    free(key->name);
    free(key->parent_database);
    free(key->parent_name);
    free(key->child.name);
    free(key->child.text);
}

static void table_release(struct table_shape *table)
{
    for (size_t i = 0; i < table->foreign_key_count; i++)
        foreign_key_release(&table->foreign_keys[i]);
    free(table->foreign_keys);
    for (size_t i = 0; i < table->column_count; i++)
        column_release(&table->columns[i]);
    for (size_t i = 0; i < table->index_count; i++) {
        free(table->indexes[i].name);
        free(table->indexes[i].text);
    }
    free(table->columns);
    free(table->indexes);
    free(table->database);
    free(table->name);
    free(table->kind);
    free(table->engine);
    free(table->collation);
}

struct one_row {
    const struct rows_reader *rows;
    size_t row;
};

static const char *get_of_one(const void *context, const char *column)
{
    const struct one_row *at = context;
    return at->rows->get(at->rows->context, at->row, column);
}

int table_catalog_add_rows(struct table_catalog *catalog, const struct rows_reader *rows,
                           table_catalog_add_fn *add, struct err *err)
{
    for (size_t row = 0; row < rows->count; row++) {
        const struct one_row at = {.rows = rows, .row = row};
        int rc = add(catalog, &(struct row_reader){.get = get_of_one, .context = &at}, err);
        if (rc)
            return rc;
    }
    return 0;
}

void table_catalog_release(struct table_catalog *catalog)
{
    for (size_t i = 0; i < catalog->count; i++)
        table_release(&catalog->tables[i]);
    free(catalog->tables);
    *catalog = (struct table_catalog){0};
}

int table_catalog_add_table(struct table_catalog *catalog, const struct row_reader *row,
                            struct err *err)
{
    struct table_shape *tables = grow(catalog->tables, catalog->count, sizeof(*tables));
    if (!tables)
        return out_of_memory(err);
    catalog->tables = tables;
    struct table_shape *table = &tables[catalog->count++];

    int rc = take_text(row, "TABLE_SCHEMA", &table->database, err);
    if (!rc)
        rc = take_text(row, "TABLE_NAME", &table->name, err);
    if (!rc)
        rc = take_text(row, "TABLE_TYPE", &table->kind, err);
    if (!rc)
        rc = take_text(row, "ENGINE", &table->engine, err);
    if (!rc)
        rc = take_text(row, "TABLE_COLLATION", &table->collation, err);
    if (rc)
        return rc;
    table->rows_estimate = take_number(row, "TABLE_ROWS");
    table->bytes_estimate = take_number(row, "DATA_LENGTH");
    (void)snprintf(table->label, sizeof(table->label), "%s.%s", table->database, table->name);
    return 0;
}

/* The table the row belongs to. Rows come sorted, so the last one found is nearly always it again.
 */
static struct table_shape *table_of(struct table_catalog *catalog, const struct row_reader *row)
{
    const char *database = row->get(row->context, "TABLE_SCHEMA");
    const char *name = row->get(row->context, "TABLE_NAME");
    if (!database || !name)
        return NULL;
    if (catalog->last_found < catalog->count &&
        is_named(&catalog->tables[catalog->last_found], database, name))
        return &catalog->tables[catalog->last_found];
    struct table_shape *table = table_catalog_find(catalog, database, name);
    if (table)
        catalog->last_found = (size_t)(table - catalog->tables);
    return table;
}

struct table_shape *table_catalog_find(const struct table_catalog *catalog, const char *database,
                                       const char *name)
{
    for (size_t i = 0; i < catalog->count; i++) {
        struct table_shape *table = &catalog->tables[i];
        if (is_named(table, database, name))
            return table;
    }
    return NULL;
}

enum column_class column_class_of(const char *data_type, bool has_charset)
{
    static const struct {
        const char *data_type;
        enum column_class class;
    } classes[] = {
        {"tinyint", COLUMN_INTEGER},
        {"smallint", COLUMN_INTEGER},
        {"mediumint", COLUMN_INTEGER},
        {"int", COLUMN_INTEGER},
        {"bigint", COLUMN_INTEGER},
        {"decimal", COLUMN_DECIMAL},
        {"float", COLUMN_FLOAT},
        {"double", COLUMN_DOUBLE},
        {"enum", COLUMN_LISTED},
        {"set", COLUMN_LISTED},
        {"bit", COLUMN_BIT},
        {"binary", COLUMN_BINARY},
        {"varbinary", COLUMN_BINARY},
        {"tinyblob", COLUMN_BINARY},
        {"blob", COLUMN_BINARY},
        {"mediumblob", COLUMN_BINARY},
        {"longblob", COLUMN_BINARY},
        {"vector", COLUMN_BINARY},
        {"date", COLUMN_TIME},
        {"datetime", COLUMN_TIME},
        {"timestamp", COLUMN_TIME},
        {"time", COLUMN_TIME},
        {"year", COLUMN_TIME},
        {"geometry", COLUMN_GEOMETRY},
        {"point", COLUMN_GEOMETRY},
        {"linestring", COLUMN_GEOMETRY},
        {"polygon", COLUMN_GEOMETRY},
        {"multipoint", COLUMN_GEOMETRY},
        {"multilinestring", COLUMN_GEOMETRY},
        {"multipolygon", COLUMN_GEOMETRY},
        {"geometrycollection", COLUMN_GEOMETRY},
        {"geomcollection", COLUMN_GEOMETRY},
    };
    for (size_t i = 0; i < ARRAY_LEN(classes); i++)
        if (!strcasecmp(data_type, classes[i].data_type))
            return classes[i].class;
    return has_charset ? COLUMN_TEXT : COLUMN_OTHER;
}

int table_catalog_add_column(struct table_catalog *catalog, const struct row_reader *row,
                             struct err *err)
{
    struct table_shape *table = table_of(catalog, row);
    if (!table)
        return 0;
    struct column_shape *columns = grow(table->columns, table->column_count, sizeof(*columns));
    if (!columns)
        return out_of_memory(err);
    table->columns = columns;
    struct column_shape *column = &columns[table->column_count++];

    const struct {
        const char *name;
        char **out;
    } texts[] = {
        {"COLUMN_NAME", &column->name},
        {"COLUMN_TYPE", &column->type},
        {"CHARACTER_SET_NAME", &column->charset},
        {"COLLATION_NAME", &column->collation},
        {"COLUMN_DEFAULT", &column->default_text},
        {"EXTRA", &column->extra},
        {"GENERATION_EXPRESSION", &column->expression},
    };
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        int rc = take_text(row, texts[i].name, texts[i].out, err);
        if (rc)
            return rc;
    }
    const char *data_type = row->get(row->context, "DATA_TYPE");
    if (!data_type)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s.%s has no data type", table->label,
                       column->name);
    column->class = column_class_of(data_type, column->charset[0] != '\0');
    column->is_nullable = !equals(row, "IS_NULLABLE", "NO");
    column->is_generated = column->expression[0] != '\0';
    return 0;
}

/* column_count when the name is not a column of the table. */
static size_t column_index(const struct table_shape *table, const char *name)
{
    size_t i = 0;
    while (i < table->column_count && strcmp(table->columns[i].name, name) != 0)
        i++;
    return i;
}

/* The index named in the row, added when this is its first part. */
static int index_of(struct table_shape *table, const struct row_reader *row,
                    struct index_shape **out, struct err *err)
{
    const char *name = row->get(row->context, "INDEX_NAME");
    if (!name)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s has an index without a name",
                       table->label);
    for (size_t i = 0; i < table->index_count; i++)
        if (!strcmp(table->indexes[i].name, name)) {
            *out = &table->indexes[i];
            return 0;
        }

    struct index_shape *indexes = grow(table->indexes, table->index_count, sizeof(*indexes));
    if (!indexes)
        return out_of_memory(err);
    table->indexes = indexes;
    struct index_shape *index = &indexes[table->index_count];
    index->is_unique = equals(row, "NON_UNIQUE", "0");
    index->is_key_worthy = index->is_unique && equals(row, "INDEX_TYPE", "BTREE");
    index->name = strdup(name);
    const char *type = row->get(row->context, "INDEX_TYPE");
    if (asprintf(&index->text, "%s%s ()", index->is_unique ? "UNIQUE " : "", type ? type : "") < 0)
        index->text = NULL;
    table->index_count++;
    *out = index;
    return index->name && index->text ? 0 : out_of_memory(err);
}

/*
 * FLOAT and DOUBLE have no literal that is sure to find its value again. An ENUM or SET is ordered
 * by number, and the server finds no range of an index by that: behind another column it filters a
 * few rows, in front it would read the index from its beginning.
 */
static bool can_be_walked(const struct column_shape *column, bool is_first)
{
    bool is_vague = column->class == COLUMN_FLOAT || column->class == COLUMN_DOUBLE ||
                    column->class == COLUMN_GEOMETRY;
    return !column->is_nullable && !is_vague && !(is_first && column->class == COLUMN_LISTED);
}

/* "UNIQUE BTREE (a,b(10) DESC) IGNORED", longer by the part that the row tells of. */
static int write_part(struct index_shape *index, const struct row_reader *row, struct err *err)
{
    const char *name = row->get(row->context, "COLUMN_NAME");
    const char *expression = row->get(row->context, "EXPRESSION");
    const char *prefix = row->get(row->context, "SUB_PART");
    const char *direction = row->get(row->context, "DIRECTION");
    const char *hidden = row->get(row->context, "HIDDEN");
    char *text;
    int until_bracket = (int)(strrchr(index->text, ')') - index->text);

    if (asprintf(&text, "%.*s%s%s%s%s%s%s%s)%s%s", until_bracket, index->text,
                 index->text[until_bracket - 1] == '(' ? "" : ",",
                 name         ? name
                 : expression ? expression
                              : "(expression)",
                 prefix ? "(" : "", prefix ? prefix : "", prefix ? ")" : "", direction ? " " : "",
                 direction ? direction : "", hidden ? " " : "", hidden ? hidden : "") < 0)
        return out_of_memory(err);
    free(index->text);
    index->text = text;
    return 0;
}

int table_catalog_add_index_part(struct table_catalog *catalog, const struct row_reader *row,
                                 struct err *err)
{
    struct table_shape *table = table_of(catalog, row);
    if (!table)
        return 0;
    struct index_shape *index = NULL;
    int rc = index_of(table, row, &index, err);
    if (rc)
        return rc;

    const char *name = row->get(row->context, "COLUMN_NAME");
    const char *prefix = row->get(row->context, "SUB_PART");
    size_t column = column_index(table, name ? name : "");
    bool is_column = column < table->column_count && index->column_count < INDEX_COLUMN_CAP;
    if (is_column)
        index->columns[index->column_count++] = column;
    if (!is_column || prefix || !can_be_walked(&table->columns[column], index->column_count == 1))
        index->is_key_worthy = false;

    return write_part(index, row, err);
}

const struct index_shape *table_shape_key(const struct table_shape *table)
{
    const struct index_shape *best = NULL;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct index_shape *index = &table->indexes[i];
        if (!index->is_key_worthy)
            continue;
        if (!strcmp(index->name, "PRIMARY"))
            return index;
        if (!best || index->column_count < best->column_count)
            best = index;
    }
    return best;
}

/* --- foreign keys --- */

static enum foreign_key_rule rule_of(const struct row_reader *row, const char *column)
{
    if (equals(row, column, "CASCADE"))
        return RULE_CASCADE;
    if (equals(row, column, "SET NULL"))
        return RULE_SET_NULL;
    return equals(row, column, "SET DEFAULT") ? RULE_SET_DEFAULT : RULE_REFUSE;
}

int table_catalog_add_foreign_key(struct table_catalog *catalog, const struct row_reader *row,
                                  struct err *err)
{
    struct table_shape *table = table_of(catalog, row);
    if (!table)
        return 0;
    struct foreign_key_shape *keys =
        grow(table->foreign_keys, table->foreign_key_count, sizeof(*keys));
    if (!keys)
        return out_of_memory(err);
    table->foreign_keys = keys;
    struct foreign_key_shape *key = &keys[table->foreign_key_count++];
    key->on_delete = rule_of(row, "DELETE_RULE");
    key->on_update = rule_of(row, "UPDATE_RULE");
    return take_text(row, "CONSTRAINT_NAME", &key->name, err);
}

static struct foreign_key_shape *foreign_key_named(const struct table_shape *table,
                                                   const char *name)
{
    for (size_t i = 0; i < table->foreign_key_count; i++)
        if (!strcmp(table->foreign_keys[i].name, name))
            return &table->foreign_keys[i];
    return NULL;
}

static bool begins_with(const struct index_shape *index, const struct index_shape *columns)
{
    if (index->column_count < columns->column_count)
        return false;
    for (size_t i = 0; i < columns->column_count; i++)
        if (index->columns[i] != columns->columns[i])
            return false;
    return true;
}

/* The index by which the child's rows are found; chosen anew with each column of the key. */
static int name_child_index(const struct table_shape *table, struct foreign_key_shape *key,
                            struct err *err)
{
    const char *name = "";
    for (size_t i = 0; i < table->index_count && !*name; i++)
        if (begins_with(&table->indexes[i], &key->child))
            name = table->indexes[i].name;
    free(key->child.name);
    key->child.name = strdup(name);
    return key->child.name ? 0 : out_of_memory(err);
}

int table_catalog_add_foreign_key_part(struct table_catalog *catalog, const struct row_reader *row,
                                       struct err *err)
{
    struct table_shape *table = table_of(catalog, row);
    const char *name = row->get(row->context, "CONSTRAINT_NAME");
    const char *column_name = row->get(row->context, "COLUMN_NAME");
    struct foreign_key_shape *key = table && name ? foreign_key_named(table, name) : NULL;
    if (!key)
        return 0;
    size_t column = column_index(table, column_name ? column_name : "");
    if (column == table->column_count || key->child.column_count == INDEX_COLUMN_CAP)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the foreign key %s of %s has a column %s",
                       key->name, table->label, column_name ? column_name : "without a name");
    int rc = 0;
    if (!key->parent_name)
        rc = take_text(row, "REFERENCED_TABLE_NAME", &key->parent_name, err);
    if (!rc && !key->parent_database)
        rc = take_text(row, "REFERENCED_TABLE_SCHEMA", &key->parent_database, err);
    if (!rc)
        rc = take_text(row, "REFERENCED_COLUMN_NAME", &key->parent_columns[key->child.column_count],
                       err);
    if (rc)
        return rc;
    key->child.columns[key->child.column_count++] = column;
    return name_child_index(table, key, err);
}

bool foreign_key_cascades(const struct foreign_key_shape *key, const struct table_shape *parent)
{
    return key->parent_name && (key->on_delete != RULE_REFUSE || key->on_update != RULE_REFUSE) &&
           !strcasecmp(key->parent_name, parent->name) &&
           !strcasecmp(key->parent_database, parent->database);
}
