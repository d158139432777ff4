/* SPDX-License-Identifier: MIT */
/*
 * verify/walk.h - read a table piece by piece, row by row, on either side.
 * Memory:  one row and one key, whatever the size of the table.
 * Threads: a walk belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_WALK_H
#define CUTOVER_VERIFY_WALK_H

#include "sql/key_range.h"
#include "verify/pair.h"
#include "verify/row.h"

struct walk {
    const struct table_shape *table;
    const struct index_shape *key; /* NULL: the table can only be read as a whole */
    struct buf columns, name, order, order_backwards; /* SQL text */
};

MUST_CHECK int walk_init(struct walk *walk, const struct table_shape *table, struct err *err);
void walk_release(struct walk *walk);

#define WALK_NO_LIMIT UINT64_MAX

struct walk_read {
    struct key_range range; /* of no meaning without a key */
    uint64_t limit;         /* WALK_NO_LIMIT: all of the range */
    bool is_backwards, is_locked;
    /* Called for each row with the table's columns; a negative answer ends the read with it. May be
     * NULL. */
    int (*on_row)(void *context, const char *const *values, const unsigned long *lengths,
                  struct row_hash hash, struct err *err);
    void *context;
};

/*
 * out_last  the last key read, unset when there was no row; may be NULL
 * Errors    as io/db.h (1213 and 1205 may come at any row); ERR_STOPPED; what on_row answered
 */
MUST_CHECK int walk_run(const struct walk *walk, struct verify_end *end,
                        const struct walk_read *read, struct chunk_sum *out_sum,
                        struct key_point *out_last, struct err *err);

#endif
