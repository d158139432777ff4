/* SPDX-License-Identifier: MIT */
/*
 * A result set in memory, and the readers of struct db_result. Rows are copied out of the client
 * library one by one, because only so can a cap be kept: its own store function takes whatever the
 * server sends.
 */
#include "io/db_rows.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "io/db.h"

#define NAMES_CAP ((size_t)16 << 20) /* 4,096 columns of 256 characters, and more */

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a result");
}

int db_rows_new(size_t column_count, struct db_rows **out, struct err *err)
{
    struct db_rows *rows = calloc(1, sizeof *rows);

    if (rows)
        rows->name_at = calloc(column_count + 1, sizeof *rows->name_at);
    if (!rows || !rows->name_at) {
        free(rows);
        return no_memory(err);
    }
    buf_init(&rows->names, NAMES_CAP);
    rows->column_count = column_count;
    *out = rows;
    return 0;
}

int db_rows_name(struct db_rows *rows, const char *name, size_t len, struct err *err)
{
    if (rows->name_count >= rows->column_count)
        return err_set(err, ERR_BUG, EFFECT_NONE, "a result has more names than columns");
    buf_add(&rows->names, name, len);
    buf_add(&rows->names, "", 1);
    if (rows->names.is_failed)
        return no_memory(err);
    rows->name_at[++rows->name_count] = rows->names.len;
    return 0;
}

static int make_room(struct db_rows *rows, struct err *err)
{
    if (rows->row_count >= DB_ROWS_CAP)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "the result has more than %d rows",
                       DB_ROWS_CAP);
    if (rows->row_count < rows->row_room)
        return 0;

    size_t room = rows->row_room ? rows->row_room * 2 : 16;
    struct db_cell **grown = realloc(rows->rows, room * sizeof(struct db_cell *));
    if (!grown)
        return no_memory(err);
    rows->rows = grown;
    rows->row_room = room;
    return 0;
}

int db_rows_add(struct db_rows *rows, const char *const *values, const unsigned long *lengths,
                struct err *err)
{
    size_t size = rows->column_count * sizeof(struct db_cell);

    for (size_t i = 0; i < rows->column_count; i++)
        size += values[i] ? lengths[i] + 1 : 0;
    if (rows->bytes + size > DB_ROWS_CAP_BYTES)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "the result is larger than %zu MiB",
                       DB_ROWS_CAP_BYTES >> 20);
    int rc = make_room(rows, err);
    if (rc != 0)
        return rc;

    struct db_cell *cells = malloc(size ? size : 1);
    if (!cells)
        return no_memory(err);
    char *at = (char *)(cells + rows->column_count);
    for (size_t i = 0; i < rows->column_count; i++) {
        cells[i] =
            (struct db_cell){.text = values[i] ? at : NULL, .len = values[i] ? lengths[i] : 0};
        if (!values[i])
            continue;
        memcpy(at, values[i], lengths[i]);
        at[lengths[i]] = '\0';
        at += lengths[i] + 1;
    }
    rows->rows[rows->row_count++] = cells;
    rows->bytes += size;
    return 0;
}

void db_rows_free(struct db_rows *rows)
{
    if (!rows)
        return;
    for (size_t i = 0; i < rows->row_count; i++)
        free(rows->rows[i]);
    free(rows->rows);
    free(rows->name_at);
    buf_release(&rows->names);
    free(rows);
}

void db_rows_freep(struct db_rows **rows)
{
    db_rows_free(*rows);
    *rows = NULL;
}

void db_result_release(struct db_result *result)
{
    db_rows_free(result->opaque);
    memset(result, 0, sizeof *result);
}

/* An empty result has no storage. */
static size_t rows_named(const struct db_result *result)
{
    const struct db_rows *rows = result->opaque;

    return rows != NULL ? rows->name_count : 0;
}

/* An answer has dozens of columns, and most of their names are not as long as this one. */
int db_result_column(const struct db_result *result, const char *name)
{
    const struct db_rows *rows = result->opaque;
    size_t size = name != NULL ? strlen(name) + 1 : 0;

    for (size_t i = 0; size > 0 && i < rows_named(result); i++)
        if (rows->name_at[i + 1] - rows->name_at[i] == size &&
            strcasecmp(buf_text(&rows->names) + rows->name_at[i], name) == 0)
            return (int)i;
    return -1;
}

const char *db_result_column_name(const struct db_result *result, size_t column)
{
    const struct db_rows *rows = result->opaque;

    return column < rows_named(result) ? buf_text(&rows->names) + rows->name_at[column] : NULL;
}

static const struct db_cell *cell_at(const struct db_result *result, size_t row, int column)
{
    const struct db_rows *rows = result->opaque;

    if (column < 0 || (size_t)column >= result->column_count || row >= result->row_count)
        return NULL;
    return &rows->rows[row][column];
}

const char *db_result_text(const struct db_result *result, size_t row, int column)
{
    const struct db_cell *cell = cell_at(result, row, column);

    return cell ? cell->text : NULL;
}

size_t db_result_len(const struct db_result *result, size_t row, int column)
{
    const struct db_cell *cell = cell_at(result, row, column);

    return cell ? cell->len : 0;
}

const char *db_result_get(const struct db_result *result, size_t row, const char *column_name)
{
    return db_result_text(result, row, db_result_column(result, column_name));
}
