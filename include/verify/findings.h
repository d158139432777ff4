/* SPDX-License-Identifier: MIT */
/*
 * verify/findings.h - which rows of a small range differ, and how: source rows are kept as cells,
 * replica rows pass by. Memory:  FINDINGS_ROW_CAP rows of cells, whatever the size of their values.
 * Threads: belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_FINDINGS_H
#define CUTOVER_VERIFY_FINDINGS_H

#include "verify/row.h"
#include "verify/verify.h"

#define FINDINGS_ROW_CAP 20000

struct finding {
    struct row_hash key; /* of the key's values, to know the row again in the next look */
    struct difference difference;
};

struct kept_row;

struct findings {
    const struct table_shape *table;
    const size_t *key_columns;
    size_t key_column_count;
    struct kept_row *rows; /* of the source, while they are being compared */
    size_t row_count, row_room;
    struct finding *items; /* at most VERIFY_DIFFERENCE_CAP; count may be larger */
    size_t count, kept;
};

void findings_init(struct findings *findings, const struct table_shape *table,
                   const size_t *key_columns, size_t key_column_count);
void findings_release(struct findings *findings); /* zeroed memory allowed */

/* A row of the source; ERR_MEMORY/NONE beyond the cap. */
MUST_CHECK int findings_add_source(struct findings *findings, const char *const *values,
                                   const unsigned long *lengths, struct row_hash hash,
                                   struct err *err);
MUST_CHECK int findings_sort(struct findings *findings,
                             struct err *err); /* after the last source row */
/* A row of the replica, compared at once. */
MUST_CHECK int findings_add_replica(struct findings *findings, const char *const *values,
                                    const unsigned long *lengths, struct row_hash hash,
                                    struct err *err);
/* After the last replica row: source rows that did not appear are missing. */
MUST_CHECK int findings_finish(struct findings *findings, struct err *err);

/* Keep only those that an earlier look at the same rows found as well. */
void findings_keep_common(struct findings *findings, const struct findings *earlier);

#endif
