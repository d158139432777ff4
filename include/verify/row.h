/* SPDX-License-Identifier: MIT */
/*
 * verify/row.h - a row as a number that changes when any byte of it does, and as text for a person.
 * Encoding: each value is a flag (1 = NULL), its length (8 bytes, little endian) and its bytes, so
 *           that no two rows encode alike: NULL is not '', and 'x#','y' is not 'x','#y'. Hash:
 *           XXH3-128.
 *           (Rows whose values nobody wants to see are hashed as the packets in which they come:
 *           verify/walk.h.)
 * Threads:  pure.
 */
#ifndef CUTOVER_VERIFY_ROW_H
#define CUTOVER_VERIFY_ROW_H

#define XXH_STATIC_LINKING_ONLY
#include <xxhash.h>

#include "base/buf.h"
#include "domain/table_shape.h"

#define CELL_PREVIEW_BYTES 48

struct row_hash {
    uint64_t low, high;
};

struct row_hash row_hash_of(const char *const *values, const unsigned long *lengths, size_t count);
bool row_hash_equal(struct row_hash a, struct row_hash b);

/* a + b modulo 2^128: the hash of a multiset, in which the order of the rows does not count. */
struct row_hash row_hash_add(struct row_hash a, struct row_hash b);
void row_hash_text(struct row_hash hash, char out[33]);

/* What is remembered of a value: enough to tell whether it differs, and to show it. */
struct cell {
    struct row_hash hash;
    uint64_t len;
    bool is_null;
    unsigned char preview_len;
    char preview[CELL_PREVIEW_BYTES];
};

void cell_of(struct cell *out, const char *value, unsigned long len);

/* 'text', 0x1F00…, 17, NULL; a long one is cut and its length and a part of its hash added. */
void cell_text(const struct cell *cell, const struct column_shape *column, char *out,
               size_t out_size);

/* "id=17, lang='en'" of the given columns. */
void cells_key_text(const struct cell *cells, const struct table_shape *table,
                    const size_t *columns, size_t column_count, char *out, size_t out_size);

/* The order of rows counts. */
struct chunk_sum {
    uint64_t rows;
    /* of the values in text, or of the packets: how much was read, which says nothing about what */
    uint64_t bytes;
    struct row_hash hash;
};
bool chunk_sum_equal(const struct chunk_sum *a, const struct chunk_sum *b);

#endif
