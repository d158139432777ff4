/* SPDX-License-Identifier: MIT */
/* Sums that the servers make themselves, and where a chunk ends. */
#include "verify/remote.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sql/quote.h"

#define TEXT_CAP_BYTES (1U << 20)
#define NUMBER_BYTES 8

/* MySQL takes a vector for a string nowhere but in HEX(). */
static bool is_vector(const struct column_shape *column)
{
    return !strncmp(column->type, "vector", 6);
}

/* Can the text of a value hold any byte at all? Then its length has to be said. */
static bool is_free(const struct column_shape *column)
{
    switch (column->class) {
    case COLUMN_INTEGER:
    case COLUMN_DECIMAL:
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
    case COLUMN_BIT:
    case COLUMN_TIME:
        return false;
    case COLUMN_TEXT:
    case COLUMN_LISTED:
    case COLUMN_BINARY:
    case COLUMN_GEOMETRY:
    case COLUMN_OTHER:
        return !is_vector(column);
    }
    return true;
}

static void add_value(const struct column_shape *column, struct buf *out)
{
    bool is_bit = column->class == COLUMN_BIT;
    bool is_float = column->class == COLUMN_FLOAT;

    buf_puts(out, is_vector(column) ? "HEX(" : "");
    sql_quote_part(column->name, out);
    buf_puts(out, is_vector(column) ? ")" : is_bit ? "+0" : is_float ? "*1e0" : "");
}

static void add_values(const struct table_shape *table, bool want_free, struct buf *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (is_free(&table->columns[i]) != want_free)
            continue;
        buf_putc(out, ',');
        add_value(&table->columns[i], out);
    }
}

static void add_lengths(const struct table_shape *table, struct buf *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        if (!is_free(&table->columns[i]))
            continue;
        buf_puts(out, ",LENGTH(");
        sql_quote_part(table->columns[i].name, out);
        buf_putc(out, ')');
    }
}

static void add_flags(const struct table_shape *table, struct buf *out)
{
    bool is_first = true;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!table->columns[i].is_nullable)
            continue;
        buf_puts(out, is_first ? ",CONCAT(" : ",");
        sql_quote_part(table->columns[i].name, out);
        buf_puts(out, " IS NULL");
        is_first = false;
    }
    buf_puts(out, is_first ? "" : ")");
}

void remote_row_sql(const struct table_shape *table, struct buf *out)
{
    /* A literal would give way to a column's character set; what CAST makes does not. */
    buf_puts(out, "CONCAT_WS('#',CAST('' AS BINARY)");
    add_values(table, false, out);
    add_values(table, true, out);
    add_lengths(table, out);
    add_flags(table, out);
    buf_putc(out, ')');
}

void remote_bytes_sql(const struct table_shape *table, struct buf *out)
{
    size_t numbers = 0;
    for (size_t i = 0; i < table->column_count; i++) {
        if (!is_free(&table->columns[i])) {
            numbers++;
            continue;
        }
        buf_puts(out, "IFNULL(LENGTH(");
        sql_quote_part(table->columns[i].name, out);
        buf_puts(out, "),0)+");
    }
    buf_printf(out, "%zu", numbers * NUMBER_BYTES);
}

static const struct server_version *older_of(const struct pair *pair)
{
    const struct server_version *source = &pair->source.version, *replica = &pair->replica.version;
    return version_number(source) <= version_number(replica) ? source : replica;
}

const char *remote_obstacle(const struct pair *pair, const struct walk *walk)
{
    if (pair->source.version.flavour != pair->replica.version.flavour)
        return "is on servers of two vendors, which make different sums: its rows are read instead";
    if (!walk->key)
        return "has no usable key: its rows are read over the network";
    if (walk->is_converted)
        return "has another character set on the other side: its rows are read instead";
    return NULL;
}

const char *remote_algorithm(const struct pair *pair)
{
    const struct server_version *older = older_of(pair);
    bool is_mysql = older->flavour == FLAVOUR_MYSQL;

    if (is_mysql)
        return version_number(older) >= 80000 ? "XOR of SHA-256 of length-marked rows, 128 bits"
                                              : "XOR of SHA-256 of length-marked rows, 64 bits";
    return version_number(older) >= 100800
               ? "XOR of CRC-32 x CRC-32C of length-marked rows, 64 bits"
               : "XOR of SHA-1 of length-marked rows, 64 bits";
}

/* A range as the statements want it. */
struct range_text {
    struct buf index, range;
};

static void range_text_release(struct range_text *text)
{
    buf_release(&text->index);
    buf_release(&text->range);
}

static int range_text_init(struct range_text *text, const struct walk *walk,
                           const struct key_range *range, struct err *err)
{
    buf_init(&text->index, TEXT_CAP_BYTES);
    buf_init(&text->range, TEXT_CAP_BYTES);
    sql_quote_part(range->by ? range->by->name : walk->key->name, &text->index);
    key_range_sql(walk->table, walk->key, range, &text->range);
    int rc = buf_check(&text->index, err);
    return rc ? rc : buf_check(&text->range, err);
}

/* The key of the limit-th row; unset when there are not that many. */
static int find_bound(const struct walk *walk, struct verify_end *end,
                      const struct key_range *range, uint64_t limit, struct key_point *out,
                      struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    CLEANUP(range_text_release) struct range_text text = {0};
    CLEANUP(buf_release) struct buf columns = {0};
    const char *values[INDEX_COLUMN_CAP];
    unsigned long lengths[INDEX_COLUMN_CAP];
    char offset[32];

    buf_init(&columns, TEXT_CAP_BYTES);
    key_columns_sql(walk->table, walk->key, &columns);
    (void)snprintf(offset, sizeof(offset), "%" PRIu64, limit - 1);
    int rc = range_text_init(&text, walk, range, err);
    if (!rc)
        rc = buf_check(&columns, err);
    if (rc)
        return rc;
    const struct sql_arg args[] = {
        {"columns", buf_text(&columns)},   {"table", buf_text(&walk->name)},
        {"index", buf_text(&text.index)},  {"range", buf_text(&text.range)},
        {"order", buf_text(&walk->order)}, {"offset", offset},
    };
    rc = end_query(end, SQL_VERIFY_BOUND, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    out->is_set = false;
    if (!result.row_count)
        return 0;
    for (size_t i = 0; i < walk->key->column_count; i++) {
        values[i] = db_result_text(&result, 0, (int)i);
        lengths[i] = db_result_len(&result, 0, (int)i);
    }
    return key_point_set(out, values, lengths, walk->key->column_count, err);
}

static int ask_sum(const struct walk *walk, const struct pair *pair, struct verify_end *end,
                   const struct key_range *range, struct chunk_sum *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    CLEANUP(range_text_release) struct range_text text = {0};
    CLEANUP(buf_release) struct buf row = {0};
    CLEANUP(buf_release) struct buf bytes = {0};

    buf_init(&row, TEXT_CAP_BYTES);
    buf_init(&bytes, TEXT_CAP_BYTES);
    remote_row_sql(walk->table, &row);
    remote_bytes_sql(walk->table, &bytes);
    int rc = range_text_init(&text, walk, range, err);
    if (!rc)
        rc = buf_check(&row, err);
    if (!rc)
        rc = buf_check(&bytes, err);
    if (rc)
        return rc;
    const struct sql_arg args[] = {
        {"row", buf_text(&row)},          {"bytes", buf_text(&bytes)},
        {"table", buf_text(&walk->name)}, {"index", buf_text(&text.index)},
        {"range", buf_text(&text.range)},
    };
    struct verify_end as_older = *end;
    as_older.version = *older_of(pair);
    rc = end_query(&as_older, SQL_VERIFY_SUM, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    const char *rows = db_result_get(&result, 0, "row_count");
    const char *hash = db_result_get(&result, 0, "hash");
    const char *sum_bytes = db_result_get(&result, 0, "bytes");
    if (!rows || !hash)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s does not say the sum of %s",
                       db_where(end->db), walk->table->label);
    XXH128_hash_t kept = XXH3_128bits(hash, strlen(hash));
    *out = (struct chunk_sum){.rows = strtoull(rows, NULL, 10),
                              .bytes = sum_bytes ? strtoull(sum_bytes, NULL, 10) : 0,
                              .hash = {.low = kept.low64, .high = kept.high64}};
    return 0;
}

int remote_sum(const struct walk *walk, const struct pair *pair, struct verify_end *end,
               const struct key_range *range, uint64_t limit, struct chunk_sum *out_sum,
               struct key_point *out_until, struct err *err)
{
    struct key_range piece = *range;

    if (limit != WALK_NO_LIMIT) {
        int rc = find_bound(walk, end, range, limit, out_until, err);
        if (rc)
            return rc;
        if (out_until->is_set)
            piece.until = out_until;
    }
    return ask_sum(walk, pair, end, &piece, out_sum, err);
}
