/* SPDX-License-Identifier: MIT */
/*
 * verify/fast.h - a whole table compared by CHECKSUM TABLE, at both ends at the same time.
 * When:     servers of one vendor and series, InnoDB on both sides, not partitioned, small enough
 *           for a snapshot's time, and a pair of snapshots is to be had (verify/snapshot.h).
 * Strength: a sum of 32-bit row checksums. It does not see where one text ends and the next begins
 *           ('x#','y' and 'x','#y' are the same to it), nor rows whose changes cancel out: 1 in
 *           4 billion by chance. A table that differs is compared by its rows.
 * Threads:  as compare.h.
 */
#ifndef CUTOVER_VERIFY_FAST_H
#define CUTOVER_VERIFY_FAST_H

#include "verify/compare.h"

#define FAST_ALGORITHM "CHECKSUM TABLE, 32 bits"

/*
 * True: the checksums are equal, and *out_sum has the number of rows. Otherwise no snapshot is held
 * any more, and when it was not even tried *out_why says so: text for after the table's name.
 * Errors  as table_compare()
 */
MUST_CHECK int fast_compare(struct comparison *comparison, bool *out_is_equal,
                            struct chunk_sum *out_sum, char *out_why, size_t why_size,
                            struct err *err);

#endif
