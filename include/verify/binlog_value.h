/* SPDX-License-Identifier: MIT */
/*
 * verify/binlog_value.h - a column's value as a row event has it: how long it is, and as the text
 * that the server would send for a key (sql/key_range.h).
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_BINLOG_VALUE_H
#define CUTOVER_VERIFY_BINLOG_VALUE_H

#include "base/buf.h"
#include "domain/table_shape.h"
#include "verify/binlog_bytes.h"

/* As table maps number them. */
enum binlog_column_type {
    TYPE_TINY = 1,
    TYPE_SHORT = 2,
    TYPE_LONG = 3,
    TYPE_FLOAT = 4,
    TYPE_DOUBLE = 5,
    TYPE_NULL = 6,
    TYPE_TIMESTAMP = 7,
    TYPE_LONGLONG = 8,
    TYPE_INT24 = 9,
    TYPE_DATE = 10,
    TYPE_TIME = 11,
    TYPE_DATETIME = 12,
    TYPE_YEAR = 13,
    TYPE_NEWDATE = 14,
    TYPE_VARCHAR = 15,
    TYPE_BIT = 16,
    TYPE_TIMESTAMP2 = 17,
    TYPE_DATETIME2 = 18,
    TYPE_TIME2 = 19,
    TYPE_BLOB_COMPRESSED = 140,
    TYPE_VARCHAR_COMPRESSED = 141,
    TYPE_VECTOR = 242,
    TYPE_JSON = 245,
    TYPE_NEWDECIMAL = 246,
    TYPE_ENUM = 247,
    TYPE_SET = 248,
    TYPE_TINY_BLOB = 249,
    TYPE_MEDIUM_BLOB = 250,
    TYPE_LONG_BLOB = 251,
    TYPE_BLOB = 252,
    TYPE_VAR_STRING = 253,
    TYPE_STRING = 254,
    TYPE_GEOMETRY = 255,
};

struct binlog_column {
    uint8_t type;
    uint16_t length;  /* largest length of a string, bytes of a length, bits, decimals: by type */
    uint8_t decimals; /* of an old temporal type, which its map does not tell */
};

/* The next column of a map: its type's number, and what it has in the map's metadata. False: a type
 * that is not known, so nothing behind it can be found. */
bool binlog_column_read(uint8_t type, struct bytes *metadata, struct binlog_column *out);

/* Can a value of such a column be one of the shape's? */
bool binlog_column_fits(const struct binlog_column *column, const struct column_shape *shape);

/* Pass a value; NULL with is_short when it is cut. */
const unsigned char *binlog_value_take(const struct binlog_column *column, struct bytes *row,
                                       size_t *out_len);

/* The value of a key's column as text, appended. False: it has none that is known here. */
bool binlog_value_text(const struct binlog_column *column, const struct column_shape *shape,
                       const unsigned char *value, size_t len, struct buf *out);

#endif
