/* SPDX-License-Identifier: MIT */
/* One row: read as it is, and written again with nothing changed. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "sql/quote.h"
#include "verify/repair_inner.h"

#define STATEMENT_CAP_BYTES ((size_t)1 << 30)
#define SHOWN_VALUE_BYTES 200
#define SEND_TRIES 20

/* A server that is asked for a number answers no letter but that of an exponent. */
static bool has_exponent(const char *bytes, size_t len)
{
    return memchr(bytes, 'e', len) || memchr(bytes, 'E', len);
}

void repair_literal_sql(const struct column_shape *column, const char *bytes, size_t len,
                        struct buf *out)
{
    switch (column->class) {
    case COLUMN_INTEGER:
    case COLUMN_DECIMAL:
    case COLUMN_LISTED: /* by number: '' is a member of some, and the error of others */
    case COLUMN_BIT:
        buf_add(out, bytes, len);
        return;
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
        /* without an exponent it would be a DECIMAL, which has no -0 */
        buf_add(out, bytes, len);
        buf_puts(out, has_exponent(bytes, len) ? "" : "e0");
        return;
    case COLUMN_TEXT:
        buf_printf(out, "_%s ", column->charset);
        sql_quote_hex(bytes, len, out);
        return;
    case COLUMN_BINARY:
    case COLUMN_GEOMETRY:
        buf_puts(out, "_binary ");
        sql_quote_hex(bytes, len, out);
        return;
    case COLUMN_TIME:
        sql_quote_bytes(bytes, len, out);
        return;
    case COLUMN_OTHER:
        buf_puts(out, "_utf8mb4 ");
        sql_quote_hex(bytes, len, out);
        return;
    }
}

static void show_value(const struct column_shape *column, const char *bytes, size_t len,
                       enum repair_show show, struct buf *out)
{
    if (!bytes) {
        buf_puts(out, "NULL");
    } else if (show == REPAIR_REDACTED) {
        struct cell cell;
        cell_of(&cell, bytes, len);
        buf_printf(out, "<%zu bytes, hash %08x>", len, (unsigned)cell.hash.low);
    } else if (show == REPAIR_CUT && len > SHOWN_VALUE_BYTES) {
        repair_literal_sql(column, bytes, SHOWN_VALUE_BYTES, out);
        buf_printf(out, "… (%zu bytes)", len);
    } else {
        repair_literal_sql(column, bytes, len, out);
    }
}

static const struct repair_table *table_of(const struct repair *repair,
                                           const struct repair_item *item)
{
    return &repair->tables[item->table];
}

/* The row, or none, of the item's key. Guards included. */
static int fetch(struct repair *repair, const struct repair_item *item, struct verify_end *end,
                 bool is_locked, struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf range;
    CLEANUP(buf_release) struct buf index;
    const struct repair_table *table = table_of(repair, item);
    const struct key_range key = {.points = &item->key, .point_count = 1};

    buf_init(&range, 1U << 20);
    buf_init(&index, 1024);
    key_range_sql(table->shape, table->walk.key, &key, &range);
    sql_quote_part(table->walk.key->name, &index);
    int rc = buf_check(&range, err);
    if (!rc)
        rc = buf_check(&index, err);
    if (rc)
        return rc;
    const struct sql_arg args[] = {
        {"columns", buf_text(&table->select)},
        {"table", buf_text(&table->walk.name)},
        {"index", buf_text(&index)},
        {"range", buf_text(&range)},
        {"order", buf_text(&table->walk.order)},
        {"limit", "2"},
    };
    rc = is_locked ? end_query(end, SQL_REPAIR_ROW, args, 4, out, err)
                   : end_query(end, SQL_VERIFY_CHUNK, args, ARRAY_LEN(args), out, err);
    if (!rc && out->row_count > 1)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s answers one key twice",
                       table->shape->label);
    return rc;
}

static struct row_hash hash_of(const struct db_result *result)
{
    struct row_hash hash = {0};

    for (size_t i = 0; result->row_count && i < result->column_count; i++) {
        const char *value = db_result_text(result, 0, (int)i);
        unsigned long len = db_result_len(result, 0, (int)i);
        const struct row_hash parts[2] = {hash, row_hash_of(&value, &len, 1)};
        XXH128_hash_t chained = XXH3_128bits(parts, sizeof(parts));
        hash = (struct row_hash){.low = chained.low64, .high = chained.high64};
    }
    return hash;
}

static int check_guards(const struct repair_table *table, const struct db_result *result,
                        struct err *err)
{
    for (size_t i = 0; i < table->guards; i++) {
        size_t at = result->column_count - 1 - i;
        const char *is_exact = db_result_text(result, 0, (int)at);
        if (!is_exact || strcmp(is_exact, "1") != 0)
            return err_set(err, ERR_REFUSED, EFFECT_NONE,
                           "it has a JSON value that its text does not tell exactly (a date, a "
                           "decimal or bytes)");
    }
    return 0;
}

static int write_statement(const struct repair *repair, const struct repair_item *item,
                           const struct db_result *row, enum repair_show show, struct buf *out,
                           struct err *err)
{
    CLEANUP(buf_release) struct buf values = {0};
    const struct repair_table *table = table_of(repair, item);
    const struct table_shape *shape = table->shape;
    int column = 0;

    int rc = check_guards(table, row, err);
    if (rc)
        return rc;
    buf_init(&values, STATEMENT_CAP_BYTES);
    for (size_t i = 0; i < shape->column_count; i++) {
        if (shape->columns[i].is_generated)
            continue;
        buf_puts(&values, column ? ", " : "");
        show_value(&shape->columns[i], db_result_text(row, 0, column),
                   db_result_len(row, 0, column), show, &values);
        column++;
    }
    rc = buf_check(&values, err);
    if (rc)
        return rc;
    const struct sql_arg args[] = {{"table", buf_text(&table->walk.name)},
                                   {"names", buf_text(&table->names)},
                                   {"values", buf_text(&values)}};
    return sql_render(SQL_REPAIR_WRITE, &repair->writer.version, args, ARRAY_LEN(args), out, err);
}

static int delete_statement(const struct repair *repair, const struct repair_item *item,
                            struct buf *out, struct err *err)
{
    CLEANUP(buf_release) struct buf range;
    const struct repair_table *table = table_of(repair, item);
    const struct key_range key = {.points = &item->key, .point_count = 1};

    buf_init(&range, 1U << 20);
    key_range_sql(table->shape, table->walk.key, &key, &range);
    int rc = buf_check(&range, err);
    if (rc)
        return rc;
    const struct sql_arg args[] = {{"table", buf_text(&table->walk.name)},
                                   {"range", buf_text(&range)}};
    return sql_render(SQL_REPAIR_DELETE, &repair->writer.version, args, ARRAY_LEN(args), out, err);
}

int repair_row_read(struct repair *repair, const struct repair_item *item, struct verify_end *end,
                    bool is_locked, enum repair_show show, struct buf *out,
                    struct row_hash *out_hash, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = fetch(repair, item, end, is_locked, &row, err);

    if (rc)
        return rc;
    *out_hash = hash_of(&row);
    rc = row.row_count ? write_statement(repair, item, &row, show, out, err)
                       : delete_statement(repair, item, out, err);
    return rc ? rc : buf_check(out, err);
}

/* --- sending ---------------------------------------------------------------------------------- */

static int refuse(struct err *err, const char *why)
{
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s", why);
}

/* The statement, and a second look: not a byte of the row may have moved. */
static int write_in_transaction(struct repair *repair, const struct repair_item *item,
                                struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    CLEANUP(db_result_release) struct db_result after = {0};
    struct row_hash before;

    buf_init(&sql, STATEMENT_CAP_BYTES);
    int rc = repair_row_read(repair, item, &repair->writer, true, REPAIR_EXACT, &sql, &before, err);
    if (rc)
        return rc;
    if (sql.len >= repair->packet_bytes)
        return refuse(err, "its statement would be longer than max_allowed_packet");
    rc = db_exec(repair->writer.db, buf_text(&sql), err);
    if (!rc)
        rc = fetch(repair, item, &repair->writer, false, &after, err);
    if (!rc && !row_hash_equal(before, hash_of(&after)))
        return refuse(err, "written again, the row would not be the same here: taken back");
    return rc;
}

static int use_database(struct repair *repair, const char *database, struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    CLEANUP(buf_release) struct buf name;

    /* filters of replication by database go by the default one where statements are logged */
    buf_init(&sql, 1024);
    buf_init(&name, 512);
    sql_quote_part(database, &name);
    const struct sql_arg args[] = {{"database", buf_text(&name)}};
    int rc = sql_render(SQL_SEED_USE, &repair->writer.version, args, ARRAY_LEN(args), &sql, err);
    return rc ? rc : db_exec(repair->writer.db, buf_text(&sql), err);
}

static int send_once(struct repair *repair, const struct repair_item *item, struct err *err)
{
    int rc = use_database(repair, table_of(repair, item)->shape->database, err);

    if (!rc)
        rc = end_exec(&repair->writer, SQL_VERIFY_BEGIN, err);
    if (rc)
        return rc;
    rc = write_in_transaction(repair, item, err);
    if (!rc)
        return end_exec(&repair->writer, SQL_REPAIR_COMMIT, err);
    struct err end_err = {0};
    if (!db_is_dead(repair->writer.db) && end_exec(&repair->writer, SQL_VERIFY_END, &end_err)) {
        *err = end_err;
        return end_err.code;
    }
    return rc;
}

/* Is the failure about this row alone, so that the next one may be tried? */
static bool is_of_row(const struct repair *repair, int rc, const struct err *err)
{
    return !db_is_dead(repair->writer.db) && (rc == ERR_REFUSED || rc == ERR_MEMORY ||
                                              (rc == ERR_SERVER && err->effect == EFFECT_NONE));
}

int repair_row_send(struct repair *repair, struct repair_item *item, struct err *err)
{
    for (unsigned tries = 1;; tries++) {
        int rc = send_once(repair, item, err);
        if (!rc) {
            item->row.state = REPAIR_SENT;
            return 0;
        }
        bool is_busy = is_lock_conflict(rc, err) && !db_is_dead(repair->writer.db);
        if (is_busy && tries < SEND_TRIES) {
            if (!clock_sleep_ms(20LL * tries))
                return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while a row of %s was busy",
                               item->row.difference->table);
            continue;
        }
        if (!is_of_row(repair, rc, err))
            return rc;
        item->row.state = REPAIR_REFUSED;
        (void)snprintf(item->row.why, sizeof(item->row.why), "%.300s", err->msg);
        *err = (struct err){0};
        return 0;
    }
}
