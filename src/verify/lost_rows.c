/* SPDX-License-Identifier: MIT */
/* The rows that would be lost: each once, with the values it has now. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/signals.h"
#include "sql/quote.h"
#include "verify/key_text.h"
#include "verify/lost.h"
#include "verify/lost_inner.h"

#define KEY_TEXT_BYTES 4096
#define STATEMENT_CAP_BYTES ((size_t)1 << 20)

int lost_write_line(FILE *lines, const json_t *line, struct err *err)
{
    if (!line)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a line of what would be lost");
    if (json_dumpf(line, lines, JSON_COMPACT) == 0 && fputc('\n', lines) != EOF)
        return 0;
    return err_set(err, ERR_IO, EFFECT_NONE, "cannot write what would be lost: %s",
                   strerror(errno));
}

/* --- which ------------------------------------------------------------------------------------ */

int lost_rows_add(struct lost_rows *rows, const struct change *change, struct err *err)
{
    char key[KEY_TEXT_BYTES];

    if (rows->count == LOST_ROW_CAP || !verify_key_text(change->key, key, sizeof(key))) {
        rows->is_cut = true;
        return 0;
    }
    if (rows->count == rows->room) {
        size_t room = rows->room ? rows->room * 2 : 256;
        struct lost_row *grown = realloc(rows->items, room * sizeof(*grown));
        if (!grown)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu rows", room);
        rows->items = grown;
        rows->room = room;
    }
    char *kept = strdup(key);
    if (!kept)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a key");
    rows->items[rows->count] = (struct lost_row){
        .table = change->table, .key = kept, .action = change->action, .number = rows->count};
    rows->count++;
    return 0;
}

static int by_table_and_key(const void *a, const void *b)
{
    const struct lost_row *left = a, *right = b;
    int order = strcmp(left->table->label, right->table->label);

    if (!order)
        order = strcmp(left->key, right->key);
    if (!order)
        order = left->number < right->number ? -1 : left->number > right->number;
    return order;
}

/* The last write of each row counts. */
static void keep_last(struct lost_rows *rows)
{
    size_t kept = 0;

    if (rows->count)
        qsort(rows->items, rows->count, sizeof(*rows->items), by_table_and_key);
    for (size_t i = 0; i < rows->count; i++) {
        struct lost_row *row = &rows->items[i];
        bool is_last =
            i + 1 == rows->count || row[1].table != row->table || strcmp(row[1].key, row->key) != 0;
        if (is_last)
            rows->items[kept++] = *row;
        else
            free(row->key);
    }
    rows->count = kept;
}

void lost_rows_release(struct lost_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->items[i].key);
    free(rows->items);
    *rows = (struct lost_rows){0};
}

/* --- what they hold --------------------------------------------------------------------------- */

static bool is_text(const struct column_shape *column)
{
    static const char *const readable[] = {"", "utf8", "utf8mb3", "utf8mb4", "ascii"};

    switch (column->class) {
    case COLUMN_BIT:
    case COLUMN_BINARY:
    case COLUMN_GEOMETRY:
        return false;
    case COLUMN_INTEGER:
    case COLUMN_DECIMAL:
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
    case COLUMN_TEXT:
    case COLUMN_LISTED:
    case COLUMN_TIME:
    case COLUMN_OTHER:
        break;
    }
    for (size_t i = 0; i < ARRAY_LEN(readable); i++)
        if (strcasecmp(column->charset, readable[i]) == 0)
            return true;
    return false;
}

static json_t *hex_json(const struct column_shape *column, const char *bytes, size_t len)
{
    static const char digits[] = "0123456789ABCDEF";
    char *hex = malloc(2 * len + 1);

    if (!hex)
        return NULL;
    for (size_t i = 0; i < len; i++) {
        hex[2 * i] = digits[(unsigned char)bytes[i] >> 4];
        hex[2 * i + 1] = digits[(unsigned char)bytes[i] & 15];
    }
    hex[2 * len] = '\0';
    json_t *json = json_pack("{s:s,s:s}", "charset",
                             column->charset[0] ? column->charset : "binary", "hex", hex);
    free(hex);
    return json;
}

static json_t *value_json(const struct column_shape *column, const char *bytes, size_t len)
{
    if (!bytes)
        return json_null();
    json_t *text = is_text(column) ? json_stringn(bytes, len) : NULL;
    return text ? text : hex_json(column, bytes, len);
}

static void list_columns(const struct table_shape *table, struct buf *out)
{
    for (size_t i = 0; i < table->column_count; i++) {
        buf_puts(out, i ? ", " : "");
        sql_quote_part(table->columns[i].name, out);
    }
}

static int fetch(struct verify_end *end, const struct table_shape *table,
                 const struct key_point *point, struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf columns, name, index, range, order;
    const struct index_shape *key = table_shape_key(table);
    const struct key_range wanted = {.points = point, .point_count = 1};

    buf_init(&columns, STATEMENT_CAP_BYTES);
    buf_init(&name, 1024);
    buf_init(&index, 1024);
    buf_init(&range, STATEMENT_CAP_BYTES);
    buf_init(&order, STATEMENT_CAP_BYTES);
    list_columns(table, &columns);
    sql_quote_part(table->database, &name);
    buf_putc(&name, '.');
    sql_quote_part(table->name, &name);
    sql_quote_part(key->name, &index);
    key_range_sql(table, key, &wanted, &range);
    key_order_sql(table, key, false, &order);
    const struct sql_arg args[] = {
        {"columns", buf_text(&columns)}, {"table", buf_text(&name)},  {"index", buf_text(&index)},
        {"range", buf_text(&range)},     {"order", buf_text(&order)}, {"limit", "1"},
    };
    return end_query(end, SQL_VERIFY_CHUNK, args, ARRAY_LEN(args), out, err);
}

static json_t *values_json(const struct table_shape *table, const struct db_result *row)
{
    json_t *values = json_object();

    for (size_t i = 0; i < table->column_count && values; i++) {
        json_t *value = value_json(&table->columns[i], db_result_text(row, 0, (int)i),
                                   db_result_len(row, 0, (int)i));
        if (json_object_set_new(values, table->columns[i].name, value)) {
            json_decref(values);
            values = NULL;
        }
    }
    return values;
}

static const char *action_text(enum change_action action)
{
    static const char *const texts[] = {
        [CHANGE_INSERT] = "inserted", [CHANGE_UPDATE] = "updated", [CHANGE_DELETE] = "deleted"};
    return texts[action];
}

/* A row that was written and is not there any more was deleted by what the log does not tell of
 * rows, or belongs to a table that has gone: its key is told all the same. */
static int write_row(const struct lost_row *row, struct verify_end *end, FILE *lines,
                     struct err *err)
{
    CLEANUP(key_point_release) struct key_point point = {0};
    CLEANUP(db_result_release) struct db_result result = {0};
    CLEANUP(json_release) json_t *line = NULL;
    struct err why = {0};

    int rc = verify_key_parse(row->key, &point, err);
    if (rc)
        return rc;
    if (row->action != CHANGE_DELETE && table_shape_key(row->table))
        rc = fetch(end, row->table, &point, &result, &why);
    if (rc == ERR_LOST || rc == ERR_TIMEOUT || rc == ERR_MEMORY) {
        *err = why;
        return rc;
    }
    bool has_values = !rc && result.row_count == 1;
    line = json_pack("{s:s,s:s,s:s,s:o}", "table", row->table->label, "key", row->key, "action",
                     action_text(row->action), "values",
                     has_values ? values_json(row->table, &result) : json_null());
    return lost_write_line(lines, line, err);
}

int lost_rows_finish(struct lost_rows *rows, struct verify_end *end, FILE *lines, struct err *err)
{
    keep_last(rows);
    for (size_t i = 0; lines && i < rows->count; i++) {
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while reading rows");
        int rc = write_row(&rows->items[i], end, lines, err);
        if (rc)
            return rc;
    }
    return 0;
}
