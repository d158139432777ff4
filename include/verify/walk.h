/* SPDX-License-Identifier: MIT */
/*
 * verify/walk.h - read a table piece by piece, row by row, on either side.
 * How:     one SELECT for both sides, by the names of the columns, so that their order may differ.
 *          Who wants the values gets them in text. Who wants their hash only has the rows hashed
 *          as the packets of the binary protocol in which they come, where walk_choose_form() has
 *          found that to mean the same on both sides.
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
    bool is_converted;             /* a column's character set is not the same on both sides */
    bool is_in_packets;            /* hashes are those of packets */
    struct buf columns, packet_columns, name, order, order_backwards; /* SQL text */
    /* In packets the key's parts are those of the row where they say all; else they follow it. */
    size_t packet_column_count, key_at[INDEX_COLUMN_CAP];
};

/*
 * other  the same table on the other side; NULL: it is the same there. A column whose character set
 *        differs there is read as utf8mb4, and a key with such a column, or another collation, is
 *        not walked by: its rows would not come in the same order.
 */
MUST_CHECK int walk_init(struct walk *walk, const struct table_shape *table,
                         const struct table_shape *other, struct err *err);
void walk_release(struct walk *walk);

/* The key that walk_init() chooses. */
const struct index_shape *walk_key(const struct table_shape *table,
                                   const struct table_shape *other);

/*
 * Ask both sides what they would send, and use packets when it is the same. Before the first read:
 * the hashes of one form say nothing about those of the other.
 * Errors  as io/db.h; a side that refuses to say is read in text
 */
MUST_CHECK int walk_choose_form(struct walk *walk, struct pair *pair, struct err *err);

#define WALK_NO_LIMIT UINT64_MAX

/* The rows of several reads, hashed as one. Zeroed memory is the beginning. */
struct walk_chain {
    bool is_begun;
    struct row_hash types; /* that the server sent last, in packets */
    XXH3_state_t state;
};

struct walk_read {
    struct key_range range; /* of no meaning without a key */
    uint64_t limit;         /* WALK_NO_LIMIT: all of the range */
    bool is_backwards, is_locked;
    /* What the rows are added to, with a key; NULL: a chain of this read alone. The sum's hash is
     * that of the chain so far. */
    struct walk_chain *chain;
    /* Called for each row with the table's columns; a negative answer ends the read with it. NULL:
     * only the sum is wanted. */
    int (*on_row)(void *context, const char *const *values, const unsigned long *lengths,
                  struct row_hash hash, struct err *err);
    void *context;
};

/*
 * out_sum   comparable with that of another read without, or with, on_row on either side
 * out_last  the last key read, unset when there was no row; may be NULL
 * Errors    as io/db.h (1213 and 1205 may come at any row); ERR_STOPPED; what on_row answered
 */
MUST_CHECK int walk_run(const struct walk *walk, struct verify_end *end,
                        const struct walk_read *read, struct chunk_sum *out_sum,
                        struct key_point *out_last, struct err *err);

/*
 * The same in statements of WALK_SLICE_MS at most, about: a long one would be in the way of others.
 * Only with a key, forwards. The sum does not depend on where a statement ends.
 * How many rows they read is the end's slice, which learns from each.
 */
#define WALK_SLICE_MS 8
MUST_CHECK int walk_run_sliced(const struct walk *walk, struct verify_end *end,
                               const struct walk_read *read, struct chunk_sum *out_sum,
                               struct key_point *out_last, struct err *err);

/*
 * After a statement of slice->rows rows. The slowest of the last ones counts, and is forgotten
 * slowly: on a busy server one in ten takes several times as long as the rest, and the longest is
 * the one that is in the way. Pure.
 */
void walk_slice_learn(struct slice *slice, int64_t took_us);

#endif
