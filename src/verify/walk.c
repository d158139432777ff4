/* SPDX-License-Identifier: MIT */
/* The SELECTs of a walk. */
#include "verify/walk.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/signals.h"
#include "sql/quote.h"

#define TEXT_CAP_BYTES (1U << 20)
#define STOP_CHECK_ROWS 1024

/* FLOAT prints six digits and hides the rest; as DOUBLE it prints all that is there. */
static void add_columns(const struct table_shape *table, struct buf *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        const struct column_shape *column = &table->columns[i];
        bool is_float = column->class == COLUMN_FLOAT;
        buf_puts(out, i ? "," : "");
        buf_puts(out, is_float ? "(" : "");
        sql_quote_part(column->name, out);
        buf_puts(out, is_float ? " + 0e0)" : "");
    }
}

int walk_init(struct walk *walk, const struct table_shape *table, struct err *err)
{
    struct buf *const texts[] = {&walk->columns, &walk->name, &walk->order, &walk->order_backwards};

    walk->table = table;
    walk->key = table_shape_key(table);
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_init(texts[i], TEXT_CAP_BYTES);
    add_columns(table, &walk->columns);
    sql_quote_table(table->database, table->name, &walk->name);
    if (walk->key) {
        buf_putc(&walk->columns, ',');
        key_columns_sql(table, walk->key, &walk->columns);
        key_order_sql(table, walk->key, false, &walk->order);
        key_order_sql(table, walk->key, true, &walk->order_backwards);
    }
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        int rc = buf_check(texts[i], err);
        if (rc)
            return rc;
    }
    return 0;
}

void walk_release(struct walk *walk)
{
    buf_release(&walk->columns);
    buf_release(&walk->name);
    buf_release(&walk->order);
    buf_release(&walk->order_backwards);
}

static int open_whole(const struct walk *walk, struct verify_end *end, const struct walk_read *read,
                      struct err *err)
{
    const struct sql_arg args[] = {{"columns", buf_text(&walk->columns)},
                                   {"table", buf_text(&walk->name)}};
    return end_stream(end, read->is_locked ? SQL_VERIFY_WHOLE_LOCKED : SQL_VERIFY_WHOLE, args,
                      ARRAY_LEN(args), err);
}

static int open_range(const struct walk *walk, struct verify_end *end, const struct walk_read *read,
                      struct err *err)
{
    CLEANUP(buf_release) struct buf range;
    CLEANUP(buf_release) struct buf index;
    char limit[32];

    buf_init(&range, TEXT_CAP_BYTES);
    buf_init(&index, TEXT_CAP_BYTES);
    sql_quote_part(read->range.by ? read->range.by->name : walk->key->name, &index);
    key_range_sql(walk->table, walk->key, &read->range, &range);
    int rc = buf_check(&range, err);
    if (!rc)
        rc = buf_check(&index, err);
    if (rc)
        return rc;
    (void)snprintf(limit, sizeof(limit), "%" PRIu64, read->limit);
    const struct sql_arg args[] = {
        {"columns", buf_text(&walk->columns)},
        {"table", buf_text(&walk->name)},
        {"index", buf_text(&index)},
        {"range", buf_text(&range)},
        {"order", buf_text(read->is_backwards ? &walk->order_backwards : &walk->order)},
        {"limit", limit},
    };
    return end_stream(end, read->is_locked ? SQL_VERIFY_CHUNK_LOCKED : SQL_VERIFY_CHUNK, args,
                      ARRAY_LEN(args), err);
}

static int take_row(const struct walk *walk, const struct walk_read *read, const struct db_row *row,
                    struct chunk_sum *sum, XXH3_state_t *chain, struct err *err)
{
    size_t columns = walk->table->column_count;
    if (row->column_count != columns + (walk->key ? walk->key->column_count : 0))
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s answers %zu columns", walk->table->label,
                       row->column_count);

    struct row_hash hash = row_hash_of(row->values, row->lengths, columns);
    for (size_t i = 0; i < columns; i++)
        sum->bytes += row->values[i] ? row->lengths[i] : 0;
    sum->rows++;
    if (walk->key)
        (void)XXH3_128bits_update(chain, &hash, sizeof(hash)); /* fails for NULL only */
    else
        sum->hash = row_hash_add(sum->hash, hash);
    return read->on_row ? read->on_row(read->context, row->values, row->lengths, hash, err) : 0;
}

static int read_rows(const struct walk *walk, struct verify_end *end, const struct walk_read *read,
                     struct chunk_sum *sum, struct key_point *out_last, struct err *err)
{
    XXH3_state_t chain;
    struct db_row row;

    XXH3_INITSTATE(&chain);
    (void)XXH3_128bits_reset(&chain); /* fails for NULL only */
    for (;;) {
        if (sum->rows % STOP_CHECK_ROWS == 0 && signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while reading %s",
                           walk->table->label);
        int got = db_stream_next(end->db, &row, err);
        if (got < 0)
            return got;
        if (got == 0)
            break;
        int rc = take_row(walk, read, &row, sum, &chain, err);
        /* The row is gone with the next call, so each key is kept until a later one replaces it. */
        if (!rc && out_last && walk->key)
            rc = key_point_set(out_last, row.values + walk->table->column_count,
                               row.lengths + walk->table->column_count, walk->key->column_count,
                               err);
        if (rc)
            return rc;
    }
    if (walk->key) {
        XXH128_hash_t hash = XXH3_128bits_digest(&chain);
        sum->hash = (struct row_hash){.low = hash.low64, .high = hash.high64};
    }
    return 0;
}

int walk_run(const struct walk *walk, struct verify_end *end, const struct walk_read *read,
             struct chunk_sum *out_sum, struct key_point *out_last, struct err *err)
{
    struct chunk_sum sum = {0};

    if (out_last)
        out_last->is_set = false;
    int rc = walk->key ? open_range(walk, end, read, err) : open_whole(walk, end, read, err);
    if (rc)
        return rc;
    rc = read_rows(walk, end, read, &sum, out_last, err);
    db_stream_close(end->db);
    if (rc)
        return rc;
    *out_sum = sum;
    return 0;
}
