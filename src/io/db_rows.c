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

int db_rows_new(size_t column_count, struct db_rows **out, struct err *err)
{
    struct db_rows *rows = calloc(1, sizeof *rows);

    if (rows)
        rows->names = calloc(column_count ? column_count : 1, sizeof *rows->names);
    if (!rows || !rows->names) {
        free(rows);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a result");
    }
    rows->column_count = column_count;
    *out = rows;
    return 0;
}

int db_rows_name(struct db_rows *rows, size_t column, const char *name, struct err *err)
{
    rows->names[column] = strdup(name);
    if (!rows->names[column])
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a result");
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
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a result");
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
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a result");
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
    for (size_t i = 0; i < rows->column_count; i++)
        free(rows->names[i]);
    free(rows->rows);
    free(rows->names);
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

int db_result_column(const struct db_result *result, const char *name)
{
    const struct db_rows *rows = result->opaque;

    for (size_t i = 0; i < result->column_count && name != NULL; i++)
        if (strcasecmp(rows->names[i], name) == 0)
            return (int)i;
    return -1;
}

const char *db_result_column_name(const struct db_result *result, size_t column)
{
    const struct db_rows *rows = result->opaque;

    return column < result->column_count ? rows->names[column] : NULL;
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
