/* SPDX-License-Identifier: MIT */
/*
 * verify/mismatches.h - which rows of a small range differ, and how: rows of the side that is read
 * first (the source,
 *           unless turned) are kept as cells, those of the other side pass by.
 * Memory:   MISMATCHES_ROW_CAP rows of cells, whatever the size of their values.
 * Threads:  belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_MISMATCHES_H
#define CUTOVER_VERIFY_MISMATCHES_H

#include "verify/row.h"
#include "verify/verify.h"

#define MISMATCHES_ROW_CAP 20000

struct mismatch {
    struct row_hash key; /* of the key's values, to know the row again in the next look */
    struct difference difference;
};

struct kept_row;

struct mismatches {
    const struct table_shape *table;
    const size_t *key_columns;
    size_t key_column_count;
    /* Behind the columns the values go on with the parts of the walking key: differences tell it */
    bool has_points;
    struct kept_row *rows; /* of the first side, while they are being compared */
    size_t row_count, row_room;
    struct mismatch *items; /* at most VERIFY_DIFFERENCE_CAP; count may be larger */
    size_t count, kept;
};

void mismatches_init(struct mismatches *mismatches, const struct table_shape *table,
                     const size_t *key_columns, size_t key_column_count);
void mismatches_release(struct mismatches *mismatches); /* zeroed memory allowed */

/* A row of the side that is read first; ERR_MEMORY/NONE beyond the cap. */
MUST_CHECK int mismatches_add_first(struct mismatches *mismatches, const char *const *values,
                                    const unsigned long *lengths, struct row_hash hash,
                                    struct err *err);
MUST_CHECK int mismatches_sort(struct mismatches *mismatches,
                               struct err *err); /* after the last of these */
/* A row of the other side, compared at once. */
MUST_CHECK int mismatches_add_second(struct mismatches *mismatches, const char *const *values,
                                     const unsigned long *lengths, struct row_hash hash,
                                     struct err *err);
/* After the last row: rows of the first side that did not appear are missing. */
MUST_CHECK int mismatches_finish(struct mismatches *mismatches, struct err *err);

/* The replica was read first: what is missing there is extra here, and so on. */
void mismatches_turn(struct mismatches *mismatches);

/* Keep only those that an earlier look at the same rows found as well. */
void mismatches_keep_common(struct mismatches *mismatches, const struct mismatches *earlier);

#endif
