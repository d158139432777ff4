/* SPDX-License-Identifier: MIT */
/* The SELECTs of a walk, and in which of the two forms their rows are read. */
#include "verify/walk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/db_packets.h"
#include "sql/quote.h"
#include "verify/walk_rows.h"

#define TEXT_CAP_BYTES (1U << 20)
#define SLICE_ROWS_MIN 200
#define SLICE_KEPT 0.95    /* of a slow statement, after each that was faster */
#define SLICE_SURPRISE 4.0 /* times as slow as the last ones, at most */

/* --- one table on two sides ------------------------------------------------------------------- */

static const struct column_shape *column_named(const struct table_shape *table, const char *name)
{
    for (size_t i = 0; i < table->column_count; i++)
        if (!strcmp(table->columns[i].name, name))
            return &table->columns[i];
    return NULL;
}

/* The other side's column of this name; the same one when nothing is known of the other side. */
static const struct column_shape *twin_of(const struct column_shape *column,
                                          const struct table_shape *other)
{
    return other ? column_named(other, column->name) : column;
}

/* Servers do not agree on what to call the first utf8: it says nothing about the bytes. */
static const char *behind_utf8(const char *name)
{
    if (!strncmp(name, "utf8mb3", 7))
        return name + 7;
    return !strncmp(name, "utf8", 4) && (name[4] == '_' || !name[4]) ? name + 4 : NULL;
}

static bool is_same_set(const char *a, const char *b)
{
    const char *a_rest = behind_utf8(a), *b_rest = behind_utf8(b);

    return a_rest && b_rest ? !strcmp(a_rest, b_rest) : !strcmp(a, b);
}

static bool is_converted(const struct column_shape *column, const struct column_shape *twin)
{
    return twin && column->charset[0] && twin->charset[0] &&
           !is_same_set(column->charset, twin->charset);
}

/* Do both sides have this index, with its columns in the same order of values? */
static bool is_shared_key(const struct table_shape *table, const struct index_shape *index,
                          const struct table_shape *other)
{
    const struct index_shape *twin = NULL;

    for (size_t i = 0; i < other->index_count && !twin; i++)
        if (!strcmp(other->indexes[i].name, index->name))
            twin = &other->indexes[i];
    if (!twin || !twin->is_key_worthy || twin->column_count != index->column_count)
        return false;
    for (size_t i = 0; i < index->column_count; i++) {
        const struct column_shape *a = &table->columns[index->columns[i]];
        const struct column_shape *b = &other->columns[twin->columns[i]];
        if (strcmp(a->name, b->name) != 0 || !is_same_set(a->charset, b->charset) ||
            !is_same_set(a->collation, b->collation))
            return false;
    }
    return true;
}

const struct index_shape *walk_key(const struct table_shape *table, const struct table_shape *other)
{
    const struct index_shape *best = table_shape_key(table);

    if (!other || !best || is_shared_key(table, best, other))
        return best;
    best = NULL;
    for (size_t i = 0; i < table->index_count; i++) {
        const struct index_shape *index = &table->indexes[i];
        if (index->is_key_worthy && is_shared_key(table, index, other) &&
            (!best || index->column_count < best->column_count))
            best = index;
    }
    return best;
}

/* --- SQL text --------------------------------------------------------------------------------- */

/* In text a FLOAT prints six digits and hides the rest; as DOUBLE it prints all that is there.
 * (A product keeps the sign of a zero, a sum does not. Neither vendor stores a NaN.) */
static const char *exactly(const struct column_shape *column)
{
    bool is_rounded = column->class == COLUMN_FLOAT ||
                      (column->class == COLUMN_DOUBLE && strchr(column->type, '('));
    return is_rounded ? " * 1e0" : "";
}

static void add_columns(struct walk *walk, const struct table_shape *other)
{
    for (size_t i = 0; i < walk->table->column_count; i++) {
        const struct column_shape *column = &walk->table->columns[i];
        bool is_other_set = is_converted(column, twin_of(column, other));
        const char *suffix = is_other_set ? " USING utf8mb4)" : exactly(column);
        walk->is_converted |= is_other_set;
        buf_puts(&walk->columns, i ? "," : "");
        buf_puts(&walk->columns, is_other_set ? "CONVERT(" : "");
        sql_quote_part(column->name, &walk->columns);
        buf_puts(&walk->columns, suffix);
        buf_puts(&walk->packet_columns, i ? "," : "");
        sql_quote_part(column->name, &walk->packet_columns);
    }
}

/* A value that is walked by its number is sent as something else. */
static bool is_key_in_row(const struct walk *walk)
{
    for (size_t i = 0; i < walk->key->column_count; i++) {
        enum column_class class = walk->table->columns[walk->key->columns[i]].class;
        if (class == COLUMN_LISTED || class == COLUMN_BIT)
            return false;
    }
    return true;
}

static void add_key(struct walk *walk)
{
    bool is_in_row = is_key_in_row(walk);

    buf_putc(&walk->columns, ',');
    key_columns_sql(walk->table, walk->key, &walk->columns);
    for (size_t i = 0; i < walk->key->column_count; i++)
        walk->key_at[i] = is_in_row ? walk->key->columns[i] : walk->packet_column_count + i;
    if (is_in_row)
        return;
    buf_putc(&walk->packet_columns, ',');
    key_columns_sql(walk->table, walk->key, &walk->packet_columns);
    walk->packet_column_count += walk->key->column_count;
}

int walk_init(struct walk *walk, const struct table_shape *table, const struct table_shape *other,
              struct err *err)
{
    struct buf *const texts[] = {&walk->columns, &walk->packet_columns, &walk->name, &walk->order,
                                 &walk->order_backwards};

    walk->table = table;
    walk->key = walk_key(table, other);
    walk->packet_column_count = table->column_count;
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        buf_init(texts[i], TEXT_CAP_BYTES);
    add_columns(walk, other);
    sql_quote_table(table->database, table->name, &walk->name);
    if (walk->key) {
        add_key(walk);
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
    buf_release(&walk->packet_columns);
    buf_release(&walk->name);
    buf_release(&walk->order);
    buf_release(&walk->order_backwards);
}

static int whole_sql(const struct walk *walk, const struct verify_end *end, bool is_locked,
                     const struct buf *columns, struct buf *out, struct err *err)
{
    const struct sql_arg args[] = {{"columns", buf_text(columns)},
                                   {"table", buf_text(&walk->name)}};
    return end_render(end, is_locked ? SQL_VERIFY_WHOLE_LOCKED : SQL_VERIFY_WHOLE, args,
                      ARRAY_LEN(args), out, err);
}

static int range_sql(const struct walk *walk, const struct verify_end *end,
                     const struct walk_read *read, const struct buf *columns, struct buf *out,
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
        {"columns", buf_text(columns)},
        {"table", buf_text(&walk->name)},
        {"index", buf_text(&index)},
        {"range", buf_text(&range)},
        {"order", buf_text(read->is_backwards ? &walk->order_backwards : &walk->order)},
        {"limit", limit},
    };
    return end_render(end, read->is_locked ? SQL_VERIFY_CHUNK_LOCKED : SQL_VERIFY_CHUNK, args,
                      ARRAY_LEN(args), out, err);
}

static int read_sql(const struct walk *walk, const struct verify_end *end,
                    const struct walk_read *read, bool is_in_packets, struct buf *out,
                    struct err *err)
{
    const struct buf *columns = is_in_packets ? &walk->packet_columns : &walk->columns;

    return walk->key ? range_sql(walk, end, read, columns, out, err)
                     : whole_sql(walk, end, read->is_locked, columns, out, err);
}

/* --- text or packets -------------------------------------------------------------------------- */

struct description {
    struct wire_column *columns; /* NULL: the side refused to say */
    size_t count;
};

static void description_release(struct description *description)
{
    free(description->columns);
}

static int describe(const struct walk *walk, struct verify_end *end, struct description *out,
                    struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    const struct walk_read read = {.limit = 1};

    int rc = read_sql(walk, end, &read, true, &sql, err);
    if (!rc)
        rc = db_packets_describe(end->db, buf_text(&sql), &out->columns, &out->count, err);
    return rc == ERR_SERVER ? 0 : rc; /* no room for another statement: text needs none */
}

/* A key's values are wanted as text, and of these the server alone knows how it prints them. */
static bool is_printable(const struct walk *walk, const struct description *description)
{
    for (size_t i = 0; walk->key && i < walk->key->column_count; i++) {
        size_t at = walk->key_at[i];
        if (at >= description->count || description->columns[at].type == WIRE_FLOAT ||
            description->columns[at].type == WIRE_DOUBLE)
            return false;
    }
    return true;
}

/* Equal bytes mean equal values, then. */
static bool is_described_alike(const struct description *a, const struct description *b)
{
    if (!a->columns || !b->columns || a->count != b->count)
        return false;
    for (size_t i = 0; i < a->count; i++)
        if (a->columns[i].type != b->columns[i].type ||
            a->columns[i].is_unsigned != b->columns[i].is_unsigned)
            return false;
    return true;
}

int walk_choose_form(struct walk *walk, struct pair *pair, struct err *err)
{
    CLEANUP(description_release) struct description source = {0};
    CLEANUP(description_release) struct description replica = {0};

    walk->is_in_packets = false;
    if (!db_packets_is_able() || walk->is_converted ||
        pair->source.version.flavour != pair->replica.version.flavour)
        return 0;
    int rc = describe(walk, &pair->source, &source, err);
    if (!rc && source.columns)
        rc = describe(walk, &pair->replica, &replica, err);
    if (rc)
        return rc;
    walk->is_in_packets = is_described_alike(&source, &replica) && is_printable(walk, &source);
    return 0;
}

int walk_run(const struct walk *walk, struct verify_end *end, const struct walk_read *read,
             struct chunk_sum *out_sum, struct key_point *out_last, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    struct chunk_sum sum = {0};
    bool is_in_packets = walk->is_in_packets && !read->on_row;

    if (out_last)
        out_last->is_set = false;
    int rc = read_sql(walk, end, read, is_in_packets, &sql, err);
    if (!rc)
        rc = is_in_packets ? walk_read_packets(walk, end, buf_text(&sql), read, &sum, out_last, err)
                           : walk_read_text(walk, end, buf_text(&sql), read, &sum, out_last, err);
    if (rc)
        return rc;
    *out_sum = sum;
    return 0;
}

void walk_slice_learn(struct slice *slice, int64_t took_us)
{
    double us_per_row = (double)(took_us > 1 ? took_us : 1) / (double)slice->rows;
    double most = SLICE_SURPRISE * slice->us_per_row; /* one stall is not the next ones' pace */
    double kept = SLICE_KEPT * slice->us_per_row;

    if (slice->us_per_row > 0 && us_per_row > most)
        us_per_row = most;
    slice->us_per_row = us_per_row > kept ? us_per_row : kept;
    uint64_t fitting = (uint64_t)(WALK_SLICE_MS * 1000.0 / slice->us_per_row);
    uint64_t grown = 2 * slice->rows; /* what follows may be wider, or not in memory */
    fitting = fitting > grown ? grown : fitting;
    slice->rows = fitting < SLICE_ROWS_MIN ? SLICE_ROWS_MIN : fitting;
}

int walk_run_sliced(const struct walk *walk, struct verify_end *end, const struct walk_read *read,
                    struct chunk_sum *out_sum, struct key_point *out_last, struct err *err)
{
    CLEANUP(key_point_release) struct key_point after = {0};
    CLEANUP(key_point_release) struct key_point last = {0};
    struct walk_chain chain = {0};
    struct walk_read slice = *read;
    struct chunk_sum sum = {0};

    slice.chain = &chain;
    for (bool is_end = false; !is_end;) {
        struct chunk_sum part;
        uint64_t left = read->limit - sum.rows;
        int64_t began_us = clock_mono_us();

        slice.limit = left < end->slice.rows ? left : end->slice.rows;
        int rc = walk_run(walk, end, &slice, &part, &last, err);
        if (slice.range.after)
            slice.range.shared_parts = key_point_shared_parts(slice.range.after, &last);
        if (!rc && last.is_set)
            rc = key_point_copy(&after, &last, err);
        if (rc)
            return rc;
        sum = (struct chunk_sum){sum.rows + part.rows, sum.bytes + part.bytes, part.hash};
        is_end = part.rows < slice.limit || sum.rows == read->limit;
        if (part.rows == end->slice.rows)
            walk_slice_learn(&end->slice, clock_mono_us() - began_us);
        slice.range.after = &after;
        slice.range.is_from_included = false;
    }
    *out_sum = sum;
    return out_last ? key_point_copy(out_last, &after, err) : 0;
}
