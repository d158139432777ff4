/* SPDX-License-Identifier: MIT */
/*
 * verify/touched_bytes.h - the bytes under which the set of touched rows keeps a row or a range.
 * Form:     a kind; of a row: the index's name, NUL, and for each part its length and its bytes; of
 *           a range: its number. Equal rows have equal bytes, and no two others have.
 * Threads:  pure.
 */
#ifndef CUTOVER_VERIFY_TOUCHED_BYTES_H
#define CUTOVER_VERIFY_TOUCHED_BYTES_H

#include "verify/touched.h"

/* out  emptied first; is_failed: no memory */
void touched_bytes_of_row(const struct touched_key *key, struct buf *out);
void touched_bytes_of_range(int64_t number, struct buf *out);

bool touched_bytes_are_range(const char *bytes);
int64_t touched_bytes_range(const char *bytes);     /* of a range: its number */
const char *touched_bytes_index(const char *bytes); /* of a row: "" is the primary key; else "" */

/* A decimal number and nothing else. */
bool touched_bytes_integer(const char *text, size_t len, int64_t *out);

/* Of a row of the primary key whose first part is a number: that number. */
bool touched_bytes_first_integer(const char *bytes, int64_t *out);

/* Errors  ERR_MEMORY */
MUST_CHECK int touched_bytes_point(const char *bytes, size_t len, struct key_point *out,
                                   struct err *err);
MUST_CHECK int touched_bytes_point_of(int64_t number, struct key_point *out, struct err *err);

#endif
