/* SPDX-License-Identifier: MIT */
/*
 * sql/shape_rows.h - what shape_*.sql answered, into a catalog of tables (domain/table_shape.h).
 * Threads: none of its own.
 */
#ifndef CUTOVER_SQL_SHAPE_ROWS_H
#define CUTOVER_SQL_SHAPE_ROWS_H

#include "domain/table_shape.h"
#include "io/db.h"

/* One of table_catalog_add_*(). */
typedef int (*shape_add_fn)(struct table_catalog *catalog, const struct row_reader *row,
                            struct err *err);

/* Errors  those of `add`; the rows before stay added */
MUST_CHECK int shape_rows_add(struct table_catalog *catalog, const struct db_result *rows,
                              shape_add_fn add, struct err *err);

#endif
