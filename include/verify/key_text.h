/* SPDX-License-Identifier: MIT */
/*
 * verify/key_text.h - a key as printable text that is read back byte by byte: for journals, spans
 *                     and repairs.
 * Form:    parts joined by ','; bytes that are not printable ASCII, and '%' and ',', as %XX; an
 *          empty part is "%_", so that no key at all ("") stays apart from an empty one.
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_KEY_TEXT_H
#define CUTOVER_VERIFY_KEY_TEXT_H

#include "sql/key_range.h"

/* An unset point is "". False, and out is "", when the text does not fit. */
bool verify_key_text(const struct key_point *point, char *out, size_t out_size);

/* The same from values as a SELECT of key_columns_sql() answers them. */
bool verify_key_text_of(const char *const *values, const unsigned long *lengths, size_t count,
                        char *out, size_t out_size);

/* "" unsets the point. ERR_PROTOCOL/NONE for what is no such text. */
MUST_CHECK int verify_key_parse(const char *text, struct key_point *out, struct err *err);

#endif
