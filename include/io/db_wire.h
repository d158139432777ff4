/* SPDX-License-Identifier: MIT */
/*
 * io/db_wire.h - rows as the binary protocol carries them: where each value begins and ends, and
 *                what the text protocol would have printed.
 * Trust:   none. A length that leads beyond the row, a type nobody knows, bytes left over: an
 *          error, and not one byte outside the row is looked at.
 * Threads: pure.
 * Source   MySQL manual, "Binary Protocol Resultset Row"; MariaDB manual, "Resultset row"
 */
#ifndef CUTOVER_IO_DB_WIRE_H
#define CUTOVER_IO_DB_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

/* As the protocol numbers them; all others that a server sends are a length and that many bytes. */
enum wire_type {
    WIRE_TINY = 1,
    WIRE_SHORT = 2,
    WIRE_LONG = 3,
    WIRE_FLOAT = 4,
    WIRE_DOUBLE = 5,
    WIRE_TIMESTAMP = 7,
    WIRE_LONGLONG = 8,
    WIRE_INT24 = 9,
    WIRE_DATE = 10,
    WIRE_TIME = 11,
    WIRE_DATETIME = 12,
    WIRE_YEAR = 13,
};

struct wire_column {
    unsigned char type; /* enum wire_type, or one of those that are bytes */
    bool is_unsigned, is_zerofill;
    unsigned char decimals; /* of a time: digits of its fraction */
    uint32_t display_len;   /* how far zeros fill it */
};

/*
 * What a column definition says, whatever its names.
 * Errors  ERR_PROTOCOL/NONE it is none
 */
MUST_CHECK int wire_column_read(const unsigned char *bytes, size_t len, struct wire_column *out,
                                struct err *err);

/* A number with its length before it. False when it is cut short or is no number; *at moves on
 * success only. */
bool wire_number(const unsigned char *bytes, size_t len, size_t *at, uint64_t *out);

/* A text with its length before it, which lives as long as the bytes. False as above. */
bool wire_text(const unsigned char *bytes, size_t len, size_t *at, const char **out,
               size_t *out_len);

/* The name in a column definition: what the statement calls it. */
bool wire_column_name(const unsigned char *bytes, size_t len, const char **out, size_t *out_len);

/*
 * The values of a row of the text protocol, as many as there are columns; NULL = SQL NULL.
 * Errors  ERR_PROTOCOL/NONE it is none
 */
MUST_CHECK int wire_text_row(const unsigned char *bytes, size_t len, size_t column_count,
                             const char **values, unsigned long *lengths, struct err *err);

struct wire_value {
    const unsigned char *bytes; /* NULL = SQL NULL; lives as long as the row */
    size_t len;
};

struct wire_row {
    const struct wire_column *columns;
    size_t column_count, next;
    const unsigned char *bytes;
    size_t len, at;
};

/* Errors  ERR_PROTOCOL/NONE these bytes are no row of so many columns */
MUST_CHECK int wire_row_start(struct wire_row *row, const struct wire_column *columns,
                              size_t column_count, const unsigned char *bytes, size_t len,
                              struct err *err);

/* 1 a value, 0 there are no more, negative as wire_row_start(). */
MUST_CHECK int wire_row_next(struct wire_row *row, struct wire_value *out, struct err *err);

#define WIRE_TEXT_SIZE 288

/*
 * The very bytes that the text protocol sends for this value, which is not NULL.
 * scratch  of WIRE_TEXT_SIZE; *out points into it or into the row
 * Errors   ERR_PROTOCOL/NONE its length does not fit its type; ERR_BUG/NONE a FLOAT or DOUBLE: the
 *          server alone knows how it prints them
 */
MUST_CHECK int wire_value_text(const struct wire_column *column, const struct wire_value *value,
                               char *scratch, const char **out, size_t *out_len, struct err *err);

#endif
