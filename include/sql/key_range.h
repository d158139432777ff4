/* SPDX-License-Identifier: MIT */
/*
 * sql/key_range.h - a piece of a table between two keys, written so that the server walks the index
 * and compares in the
 *                   column's own collation.
 * How:     a key is kept as the bytes the server sent (character_set_results = binary) and goes
 *          back as _charset X'...' COLLATE its_collation, so that no conversion can move it; ENUM,
 *          SET and BIT are walked by number.
 * Threads: a key_point belongs to one thread; the rest is pure.
 */
#ifndef CUTOVER_SQL_KEY_RANGE_H
#define CUTOVER_SQL_KEY_RANGE_H

#include "base/buf.h"
#include "domain/table_shape.h"

/* One key: the bytes of each part. Zeroed memory is "no key": the beginning or the end of the
 * table. */
struct key_point {
    bool is_set;
    size_t count;
    struct buf parts[INDEX_COLUMN_CAP];
};

MUST_CHECK int key_point_set(struct key_point *point, const char *const *values,
                             const unsigned long *lengths, size_t count, struct err *err);
MUST_CHECK int key_point_copy(struct key_point *to, const struct key_point *from, struct err *err);
void key_point_release(struct key_point *point);

/* How many leading parts have the same bytes in both; 0 when one of them is unset. */
size_t key_point_shared_parts(const struct key_point *a, const struct key_point *b);

/* Keys after `after` (or from it on, when is_from_included) up to and with `until`; NULL or unset:
 * no bound. Or, with points, just the rows that have one of these keys. */
struct key_range {
    const struct key_point *after, *until;
    bool is_from_included;
    /* Leading parts of `after` that most rows share with it, as far as is known: the server finds
     * that a row is in the range sooner. Which rows these are does not depend on it. */
    size_t shared_parts;
    const struct key_point *points;
    size_t point_count;
    /* what the bounds or points are keys of; NULL: the key that the table is walked by */
    const struct index_shape *by;
};

/* "`b`,CAST(`a` AS UNSIGNED)": what a SELECT must list so that its values make a key_point. */
void key_columns_sql(const struct table_shape *table, const struct index_shape *key,
                     struct buf *out);

/* "`b`,`a`" or, backwards, "`b` DESC,`a` DESC". */
void key_order_sql(const struct table_shape *table, const struct index_shape *key,
                   bool is_backwards, struct buf *out);

/* "(`b` > ... OR (`b` = ... AND `a` > ...)) AND (...)"; "TRUE" for the whole table;
 * "(`b` = ... AND `a` = ...) OR (...)" or "`a` IN (...)" for points. */
void key_range_sql(const struct table_shape *table, const struct index_shape *key,
                   const struct key_range *range, struct buf *out);

/* One value as a literal that compares equal to itself in this column. */
void key_literal_sql(const struct column_shape *column, const char *bytes, size_t len,
                     struct buf *out);

#endif
