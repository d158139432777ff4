/* SPDX-License-Identifier: MIT */
/* Types of columns in row events: their lengths, and which of them a table's shape can have. */
#include "verify/binlog_value.h"

#include <string.h>
#include <strings.h>

static const unsigned char old_time_bytes[] = {3, 4, 4, 5, 5, 5, 6};
static const unsigned char old_datetime_bytes[] = {8, 6, 6, 7, 7, 7, 8};
static const unsigned char old_timestamp_bytes[] = {4, 5, 5, 6, 6, 7, 7};

/* Two bytes say a string's real type and length; in long ones, two bits of the type are the
 * length's. */
static void read_string(struct bytes *metadata, struct binlog_column *out)
{
    unsigned type = (unsigned)bytes_number(metadata, 1);
    unsigned length = (unsigned)bytes_number(metadata, 1);

    if ((type & 0x30) != 0x30) {
        length |= ((type & 0x30) ^ 0x30) << 4;
        type |= 0x30;
    }
    out->type = (uint8_t)type;
    out->length = (uint16_t)length;
}

bool binlog_column_read(uint8_t type, struct bytes *metadata, struct binlog_column *out)
{
    *out = (struct binlog_column){.type = type};
    switch ((enum binlog_column_type)type) {
    case TYPE_TINY:
    case TYPE_SHORT:
    case TYPE_LONG:
    case TYPE_NULL:
    case TYPE_TIMESTAMP:
    case TYPE_LONGLONG:
    case TYPE_INT24:
    case TYPE_DATE:
    case TYPE_TIME:
    case TYPE_DATETIME:
    case TYPE_YEAR:
    case TYPE_NEWDATE:
        return true;
    case TYPE_TIMESTAMP2:
    case TYPE_DATETIME2:
    case TYPE_TIME2:
        out->length = (uint16_t)bytes_number(metadata, 1);
        return out->length <= 6;
    case TYPE_FLOAT:
    case TYPE_DOUBLE:
    case TYPE_BLOB_COMPRESSED:
    case TYPE_VECTOR:
    case TYPE_JSON:
    case TYPE_TINY_BLOB:
    case TYPE_MEDIUM_BLOB:
    case TYPE_LONG_BLOB:
    case TYPE_BLOB:
    case TYPE_GEOMETRY:
        out->length = (uint16_t)bytes_number(metadata, 1);
        return true;
    case TYPE_VARCHAR:
    case TYPE_VARCHAR_COMPRESSED:
    case TYPE_VAR_STRING:
    case TYPE_BIT:
        out->length = (uint16_t)bytes_number(metadata, 2);
        return true;
    case TYPE_NEWDECIMAL: /* precision, scale */
        out->length = (uint16_t)bytes_number(metadata, 2);
        return (out->length & 0xFF) > 0 && (out->length & 0xFF) <= 65 &&
               out->length >> 8 <= (out->length & 0xFF);
    case TYPE_STRING:
    case TYPE_ENUM:
    case TYPE_SET:
        read_string(metadata, out);
        return out->type == TYPE_STRING || out->type == TYPE_ENUM || out->type == TYPE_SET;
    }
    return false;
}

static bool is_one_of(uint8_t type, const char *types, size_t count)
{
    return memchr(types, type, count) != NULL;
}
#define IS_ONE_OF(type, types) is_one_of(type, types, sizeof(types) - 1)

bool binlog_column_fits(const struct binlog_column *column, const struct column_shape *shape)
{
    switch (shape->class) {
    case COLUMN_INTEGER:
        return IS_ONE_OF(column->type, "\x01\x02\x03\x08\x09");
    case COLUMN_DECIMAL:
        return column->type == TYPE_NEWDECIMAL;
    case COLUMN_FLOAT:
        return column->type == TYPE_FLOAT;
    case COLUMN_DOUBLE:
        return column->type == TYPE_DOUBLE;
    case COLUMN_TEXT:
    case COLUMN_BINARY:
        return IS_ONE_OF(column->type, "\x0F\x8C\x8D\xF2\xF9\xFA\xFB\xFC\xFD\xFE");
    case COLUMN_LISTED:
        return column->type == TYPE_ENUM || column->type == TYPE_SET;
    case COLUMN_BIT:
        return column->type == TYPE_BIT;
    case COLUMN_TIME:
        return IS_ONE_OF(column->type, "\x07\x0A\x0B\x0C\x0D\x0E\x11\x12\x13");
    case COLUMN_GEOMETRY:
        return column->type == TYPE_GEOMETRY;
    case COLUMN_OTHER: /* MariaDB's own types travel as strings */
        return IS_ONE_OF(column->type, "\x0F\xF5\xFC\xFE");
    }
    return false;
}

/* Decimal digits are packed nine in four bytes; a rest takes as few as it needs. */
static const unsigned char digit_bytes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};

static size_t decimal_len(const struct binlog_column *column)
{
    unsigned precision = column->length & 0xFF, scale = column->length >> 8;
    unsigned whole = precision > scale ? precision - scale : 0;

    return whole / 9 * 4U + digit_bytes[whole % 9] + scale / 9 * 4U + digit_bytes[scale % 9];
}

/* A value with its length before it. */
static const unsigned char *take_counted(struct bytes *row, unsigned length_bytes, size_t *out_len)
{
    *out_len = (size_t)bytes_number(row, length_bytes);
    return bytes_take(row, *out_len);
}

static size_t fixed_len(const struct binlog_column *column)
{
    unsigned decimals = column->decimals > 6 ? 6 : column->decimals;
    size_t fraction = ((size_t)column->length + 1) / 2;

    switch ((enum binlog_column_type)column->type) {
    case TYPE_TINY:
    case TYPE_YEAR:
        return 1;
    case TYPE_SHORT:
        return 2;
    case TYPE_INT24:
    case TYPE_DATE:
    case TYPE_NEWDATE:
        return 3;
    case TYPE_LONG:
    case TYPE_FLOAT:
        return 4;
    case TYPE_DOUBLE:
    case TYPE_LONGLONG:
        return 8;
    case TYPE_TIMESTAMP:
        return old_timestamp_bytes[decimals];
    case TYPE_TIME:
        return old_time_bytes[decimals];
    case TYPE_DATETIME:
        return old_datetime_bytes[decimals];
    case TYPE_TIMESTAMP2:
        return 4 + fraction;
    case TYPE_DATETIME2:
        return 5 + fraction;
    case TYPE_TIME2:
        return 3 + fraction;
    case TYPE_NEWDECIMAL:
        return decimal_len(column);
    case TYPE_BIT: /* whole bytes, and bits in one more */
        return (column->length >> 8) + ((column->length & 0xFF) ? 1U : 0U);
    case TYPE_ENUM:
    case TYPE_SET:
        return column->length;
    case TYPE_NULL:
    case TYPE_VARCHAR:
    case TYPE_BLOB_COMPRESSED:
    case TYPE_VARCHAR_COMPRESSED:
    case TYPE_VECTOR:
    case TYPE_JSON:
    case TYPE_TINY_BLOB:
    case TYPE_MEDIUM_BLOB:
    case TYPE_LONG_BLOB:
    case TYPE_BLOB:
    case TYPE_VAR_STRING:
    case TYPE_STRING:
    case TYPE_GEOMETRY:
        break;
    }
    return 0;
}

const unsigned char *binlog_value_take(const struct binlog_column *column, struct bytes *row,
                                       size_t *out_len)
{
    switch (column->type) {
    case TYPE_VARCHAR:
    case TYPE_VARCHAR_COMPRESSED:
    case TYPE_VAR_STRING:
    case TYPE_STRING:
        return take_counted(row, column->length > 255 ? 2 : 1, out_len);
    case TYPE_BLOB_COMPRESSED:
    case TYPE_VECTOR:
    case TYPE_JSON:
    case TYPE_TINY_BLOB:
    case TYPE_MEDIUM_BLOB:
    case TYPE_LONG_BLOB:
    case TYPE_BLOB:
    case TYPE_GEOMETRY:
        if (column->length < 1 || column->length > 4)
            row->is_short = true;
        return take_counted(row, column->length > 4 ? 4 : column->length, out_len);
    default:
        *out_len = fixed_len(column);
        return bytes_take(row, *out_len);
    }
}
