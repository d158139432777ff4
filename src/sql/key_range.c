/* SPDX-License-Identifier: MIT */
/* Row-value predicates, spelled out part by part: the range optimizer of neither vendor uses (a, b)
 * > (x, y) fully. */
#include "sql/key_range.h"

#include <string.h>
#include <strings.h>

#include "sql/quote.h"

/* InnoDB's largest key is 3072 bytes; a value read back is never much longer. */
#define PART_CAP_BYTES 65536

int key_point_set(struct key_point *point, const char *const *values, const unsigned long *lengths,
                  size_t count, struct err *err)
{
    if (count > INDEX_COLUMN_CAP)
        return err_set(err, ERR_BUG, EFFECT_NONE, "a key of %zu columns", count);
    for (size_t i = 0; i < count; i++) {
        struct buf *part = &point->parts[i];
        part->cap_bytes = PART_CAP_BYTES;
        buf_reset(part);
        if (!values[i])
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                           "a key column that cannot be NULL is NULL");
        buf_add(part, values[i], lengths[i]);
        int rc = buf_check(part, err);
        if (rc)
            return rc;
    }
    point->count = count;
    point->is_set = true;
    return 0;
}

int key_point_copy(struct key_point *to, const struct key_point *from, struct err *err)
{
    const char *values[INDEX_COLUMN_CAP];
    unsigned long lengths[INDEX_COLUMN_CAP];

    if (!from->is_set) {
        to->is_set = false;
        return 0;
    }
    for (size_t i = 0; i < from->count; i++) {
        values[i] = buf_text(&from->parts[i]);
        lengths[i] = from->parts[i].len;
    }
    return key_point_set(to, values, lengths, from->count, err);
}

size_t key_point_shared_parts(const struct key_point *a, const struct key_point *b)
{
    size_t shared = 0;

    while (a->is_set && b->is_set && shared < a->count && shared < b->count &&
           a->parts[shared].len == b->parts[shared].len &&
           !memcmp(buf_text(&a->parts[shared]), buf_text(&b->parts[shared]), a->parts[shared].len))
        shared++;
    return shared;
}

void key_point_release(struct key_point *point)
{
    for (size_t i = 0; i < INDEX_COLUMN_CAP; i++)
        buf_release(&point->parts[i]);
    point->is_set = false;
}

static bool is_walked_by_number(const struct column_shape *column)
{
    return column->class == COLUMN_LISTED || column->class == COLUMN_BIT;
}

void key_columns_sql(const struct table_shape *table, const struct index_shape *key,
                     struct buf *out)
{
    for (size_t i = 0; i < key->column_count; i++) {
        const struct column_shape *column = &table->columns[key->columns[i]];
        bool is_number = is_walked_by_number(column);
        buf_puts(out, i ? "," : "");
        buf_puts(out, is_number ? "CAST(" : "");
        sql_quote_part(column->name, out);
        buf_puts(out, is_number ? " AS UNSIGNED)" : ""); /* +0 would be a DOUBLE: 53 bits */
    }
}

void key_order_sql(const struct table_shape *table, const struct index_shape *key,
                   bool is_backwards, struct buf *out)
{
    for (size_t i = 0; i < key->column_count; i++) {
        buf_puts(out, i ? "," : "");
        sql_quote_part(table->columns[key->columns[i]].name, out);
        buf_puts(out, is_backwards ? " DESC" : "");
    }
}

void key_literal_sql(const struct column_shape *column, const char *bytes, size_t len,
                     struct buf *out)
{
    switch (column->class) {
    case COLUMN_INTEGER:
    case COLUMN_DECIMAL:
    case COLUMN_LISTED:
    case COLUMN_BIT:
        buf_add(out, bytes, len);
        return;
    case COLUMN_TEXT:
        buf_printf(out, "_%s ", column->charset);
        sql_quote_hex(bytes, len, out);
        buf_printf(out, " COLLATE %s", column->collation);
        return;
    case COLUMN_BINARY:
        buf_puts(out, "_binary ");
        sql_quote_hex(bytes, len, out);
        return;
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
    case COLUMN_TIME:
    case COLUMN_GEOMETRY:
    case COLUMN_OTHER:
        sql_quote_bytes(bytes, len, out);
        return;
    }
}

static void compare_sql(const struct table_shape *table, const struct index_shape *key,
                        const struct key_point *point, size_t part, const char *operator,
                        struct buf * out)
{
    const struct column_shape *column = &table->columns[key->columns[part]];
    bool is_set = column->class == COLUMN_LISTED && !strncasecmp(column->type, "set(", 4);
    buf_puts(out, is_set ? "CAST(" : ""); /* else its 64th member would be a sign */
    sql_quote_part(column->name, out);
    buf_puts(out, is_set ? " AS UNSIGNED)" : "");
    buf_printf(out, " %s ", operator);
    key_literal_sql(column, buf_text(&point->parts[part]), point->parts[part].len, out);
}

struct bound {
    const struct table_shape *table;
    const struct index_shape *key;
    const struct key_point *point;
    const char *strict, *last; /* operators, of all parts but the last one and of that */
    size_t shared_parts;
};

/* (a > x OR (a = x AND (b > y OR (b = y AND (c > z))))), the last one with `last` instead of
 * `strict`; where most rows have x as well, ((a = x AND ...) OR a > x). */
static void bound_sql(const struct bound *bound, size_t part, struct buf *out)
{
    bool is_last = part + 1 == bound->point->count;
    bool is_shared = part < bound->shared_parts;
    const char *operator= is_last ? bound->last : bound->strict;

    buf_putc(out, '(');
    if (is_last || !is_shared)
        compare_sql(bound->table, bound->key, bound->point, part, operator, out);
    if (!is_last) {
        buf_puts(out, is_shared ? "(" : " OR (");
        compare_sql(bound->table, bound->key, bound->point, part, "=", out);
        buf_puts(out, " AND ");
        bound_sql(bound, part + 1, out);
        buf_putc(out, ')');
    }
    if (!is_last && is_shared) {
        buf_puts(out, " OR ");
        compare_sql(bound->table, bound->key, bound->point, part, operator, out);
    }
    buf_putc(out, ')');
}

/* Of one part, and of a class that is compared alike in a list: a IN (1,2,3), which costs the
 * server half of what a chain of OR does. */
static bool is_list(const struct table_shape *table, const struct index_shape *key,
                    const struct key_range *range)
{
    enum column_class class = table->columns[key->columns[0]].class;
    return range->points[0].count == 1 &&
           (class == COLUMN_INTEGER || class == COLUMN_TEXT || class == COLUMN_BINARY);
}

static void list_sql(const struct table_shape *table, const struct index_shape *key,
                     const struct key_range *range, struct buf *out)
{
    const struct column_shape *column = &table->columns[key->columns[0]];

    sql_quote_part(column->name, out);
    buf_puts(out, " IN (");
    for (size_t i = 0; i < range->point_count; i++) {
        const struct buf *part = &range->points[i].parts[0];
        buf_puts(out, i ? "," : "");
        key_literal_sql(column, buf_text(part), part->len, out);
    }
    buf_putc(out, ')');
}

/* (a = 1 AND b = 2) OR (a = 3 AND b = 4): both vendors make a list of ranges of it. */
static void points_sql(const struct table_shape *table, const struct index_shape *key,
                       const struct key_range *range, struct buf *out)
{
    if (is_list(table, key, range)) {
        list_sql(table, key, range, out);
        return;
    }
    for (size_t i = 0; i < range->point_count; i++) {
        const struct key_point *point = &range->points[i];
        buf_puts(out, i ? " OR (" : "(");
        for (size_t part = 0; part < point->count; part++) {
            buf_puts(out, part ? " AND " : "");
            compare_sql(table, key, point, part, "=", out);
        }
        buf_putc(out, ')');
    }
}

void key_range_sql(const struct table_shape *table, const struct index_shape *walk_key,
                   const struct key_range *range, struct buf *out)
{
    const struct index_shape *key = range->by ? range->by : walk_key;
    bool has_after = range->after && range->after->is_set;
    bool has_until = range->until && range->until->is_set;

    if (range->point_count) {
        points_sql(table, key, range, out);
        return;
    }
    const struct bound lower = {
        table, key, range->after, ">", range->is_from_included ? ">=" : ">", range->shared_parts};
    const struct bound upper = {table, key, range->until, "<", "<=", 0};
    if (has_after)
        bound_sql(&lower, 0, out);
    if (has_after && has_until)
        buf_puts(out, " AND ");
    if (has_until)
        bound_sql(&upper, 0, out);
    if (!has_after && !has_until)
        buf_puts(out, "TRUE");
}
