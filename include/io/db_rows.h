/* SPDX-License-Identifier: MIT */
/*
 * io/db_rows.h - a result set in memory, the storage behind struct db_result.
 * Invariant: each value is followed by a NUL byte that its length does not count; SQL NULL is a
 *            NULL pointer.
 * Threads:   a struct db_rows belongs to one thread.
 */
#ifndef CUTOVER_IO_DB_ROWS_H
#define CUTOVER_IO_DB_ROWS_H

#include <stddef.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/err.h"

#define DB_ROWS_CAP 100000
#define DB_ROWS_CAP_BYTES ((size_t)256 << 20)

struct db_cell {
    const char *text;
    size_t len;
};

struct db_rows {
    size_t column_count, name_count, row_count, row_room, bytes;
    struct buf names;      /* each with a NUL byte behind it */
    size_t *name_at;       /* where each begins, and where the next would */
    struct db_cell **rows; /* one block a row: its cells, then their bytes */
};

/* All of them return 0 or ERR_MEMORY/NONE; the caller frees with db_rows_free() either way. */
MUST_CHECK int db_rows_new(size_t column_count, struct db_rows **out, struct err *err);
/* The name of the next column: each is told once, in order, before the first row. */
MUST_CHECK int db_rows_name(struct db_rows *rows, const char *name, size_t len, struct err *err);
MUST_CHECK int db_rows_add(struct db_rows *rows, const char *const *values,
                           const unsigned long *lengths, struct err *err);
void db_rows_free(struct db_rows *rows);
void db_rows_freep(struct db_rows **rows);

#endif
