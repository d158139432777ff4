/* SPDX-License-Identifier: MIT */
/*
 * verify/walk_rows.h - the rows of one SELECT of a walk, hashed.
 * For:     verify/walk.h, which says when which form is right.
 * Sum:     with a key the order of the rows counts; without one it is that of a multiset.
 * Threads: a walk belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_WALK_ROWS_H
#define CUTOVER_VERIFY_WALK_ROWS_H

#include "verify/walk.h"

/* As walk_run(); sum is zeroed before. After an error nothing in it counts. */
MUST_CHECK int walk_read_text(const struct walk *walk, struct verify_end *end, const char *sql,
                              const struct walk_read *read, struct chunk_sum *sum,
                              struct key_point *out_last, struct err *err);
MUST_CHECK int walk_read_packets(const struct walk *walk, struct verify_end *end, const char *sql,
                                 const struct walk_read *read, struct chunk_sum *sum,
                                 struct key_point *out_last, struct err *err);

#endif
