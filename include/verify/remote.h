/* SPDX-License-Identifier: MIT */
/*
 * verify/remote.h - the sum of a key range, made by the server that has it: for a slow network.
 * Encoding: a row is CONCAT_WS('#', CAST('' AS BINARY), values..., lengths, NULL flags). Values
 *           whose text cannot hold a '#' (numbers, times) come first, then the others; their
 *           lengths and one flag for each column that may be NULL end it. Read from its end it can
 *           be taken apart in one way only, so no two rows encode alike: NULL is not '', and
 *           'x#','y' is not 'x','#y'. Being binary, nothing is converted from one character set to
 *           another. FLOAT goes as DOUBLE.
 * Strength: sql/verify_sum.*.sql; both ends are asked in the words of the older one of them.
 * Network:  two short answers for each chunk on the source (where it ends, and its sum), one on the
 *           replica, however many rows there are.
 * Threads:  as walk.h.
 */
#ifndef CUTOVER_VERIFY_REMOTE_H
#define CUTOVER_VERIFY_REMOTE_H

#include "verify/walk.h"

/* The expressions for a row, and for the bytes of its values (a number counts for 8). */
void remote_row_sql(const struct table_shape *table, struct buf *out);
void remote_bytes_sql(const struct table_shape *table, struct buf *out);

/* Why these two cannot be asked for sums that can be compared; NULL: they can. */
const char *remote_obstacle(const struct pair *pair, const struct walk *walk);

/* "64 bits of CRC-32 times CRC-32C of length-marked values" */
const char *remote_algorithm(const struct pair *pair);

/*
 * The sum of up to `limit` rows of the range; WALK_NO_LIMIT: of all of it, which makes it one
 * statement.
 * out_until  where it ended, unset when that was the range's own end; not used without a limit
 * Errors     as walk_run()
 */
MUST_CHECK int remote_sum(const struct walk *walk, const struct pair *pair, struct verify_end *end,
                          const struct key_range *range, uint64_t limit, struct chunk_sum *out_sum,
                          struct key_point *out_until, struct err *err);

#endif
