/* SPDX-License-Identifier: MIT */
/* Finding the values in a row of the binary protocol. Numbers are little endian. */
#include "io/db_wire.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define ROW_HEAD_BYTES 1 /* a zero, which tells a row from an error and from the end */
#define NULL_BITS_SPARE 2
#define NAMES_BEFORE 4 /* "def", schema, table, the table's own name */
#define TEXT_NULL 0xFB
#define COLUMN_TAIL_BYTES 13 /* of a column definition: all that has a fixed length */

enum column_flag { FLAG_UNSIGNED = 32, FLAG_ZEROFILL = 64 };

/* MYSQL_TYPE_DECIMAL and the like: a length and bytes. */
static const unsigned char byte_types[] = {0,   15,  16,  242, 245, 246, 247, 248,
                                           249, 250, 251, 252, 253, 254, 255};

static uint64_t little_endian(const unsigned char *bytes, size_t len)
{
    uint64_t value = 0;

    for (size_t i = 0; i < len; i++)
        value |= (uint64_t)bytes[i] << (8 * i);
    return value;
}

bool wire_number(const unsigned char *bytes, size_t len, size_t *at, uint64_t *out)
{
    size_t follow;

    if (*at >= len)
        return false;
    unsigned char first = bytes[*at];
    if (first < 0xFB) {
        *out = first;
        *at += 1;
        return true;
    }
    if (first == 0xFC)
        follow = 2;
    else if (first == 0xFD)
        follow = 3;
    else if (first == 0xFE)
        follow = 8;
    else
        return false; /* NULL, or an error */
    if (len - *at - 1 < follow)
        return false;
    *out = little_endian(bytes + *at + 1, follow);
    *at += 1 + follow;
    return true;
}

bool wire_text(const unsigned char *bytes, size_t len, size_t *at, const char **out,
               size_t *out_len)
{
    size_t begin = *at;
    uint64_t text_len;

    if (!wire_number(bytes, len, &begin, &text_len) || text_len > len - begin)
        return false;
    *out = (const char *)bytes + begin;
    *out_len = (size_t)text_len;
    *at = begin + (size_t)text_len;
    return true;
}

bool wire_column_name(const unsigned char *bytes, size_t len, const char **out, size_t *out_len)
{
    size_t at = 0;

    for (int i = 0; i < NAMES_BEFORE; i++)
        if (!wire_text(bytes, len, &at, out, out_len))
            return false;
    return wire_text(bytes, len, &at, out, out_len);
}

/* Names, and what MariaDB tells of a type beyond its number, come first and are of any length: the
 * rest is found from the end. */
int wire_column_read(const unsigned char *bytes, size_t len, struct wire_column *out,
                     struct err *err)
{
    if (len < COLUMN_TAIL_BYTES || bytes[len - COLUMN_TAIL_BYTES] != COLUMN_TAIL_BYTES - 1)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "the server's description of a column makes no sense");
    const unsigned char *tail = bytes + len - COLUMN_TAIL_BYTES;
    uint64_t flags = little_endian(tail + 8, 2);
    *out = (struct wire_column){.type = tail[7],
                                .is_unsigned = flags & FLAG_UNSIGNED,
                                .is_zerofill = flags & FLAG_ZEROFILL,
                                .decimals = tail[10],
                                .display_len = (uint32_t)little_endian(tail + 3, 4)};
    return 0;
}

static int no_row(struct err *err)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the server sent a row that makes no sense");
}

int wire_text_row(const unsigned char *bytes, size_t len, size_t column_count, const char **values,
                  unsigned long *lengths, struct err *err)
{
    size_t at = 0;

    for (size_t i = 0; i < column_count; i++) {
        size_t text_len = 0;
        if (at < len && bytes[at] == TEXT_NULL) {
            values[i] = NULL;
            at++;
        } else if (!wire_text(bytes, len, &at, &values[i], &text_len)) {
            return no_row(err);
        }
        lengths[i] = text_len;
    }
    return at == len ? 0 : no_row(err);
}

static size_t null_bits_len(size_t column_count)
{
    return (column_count + 7 + NULL_BITS_SPARE) / 8;
}

int wire_row_start(struct wire_row *row, const struct wire_column *columns, size_t column_count,
                   const unsigned char *bytes, size_t len, struct err *err)
{
    size_t head = ROW_HEAD_BYTES + null_bits_len(column_count);

    if (len < head || bytes[0] != 0)
        return no_row(err);
    *row = (struct wire_row){
        .columns = columns, .column_count = column_count, .bytes = bytes, .len = len, .at = head};
    return 0;
}

static bool is_null(const struct wire_row *row)
{
    size_t bit = row->next + NULL_BITS_SPARE;

    return row->bytes[ROW_HEAD_BYTES + bit / 8] >> bit % 8 & 1;
}

/* Move over what stands before the value, and say how long that is. */
static bool value_len(struct wire_row *row, unsigned char type, uint64_t *out)
{
    switch (type) {
    case WIRE_TINY:
        *out = 1;
        return true;
    case WIRE_SHORT:
    case WIRE_YEAR:
        *out = 2;
        return true;
    case WIRE_LONG:
    case WIRE_INT24:
    case WIRE_FLOAT:
        *out = 4;
        return true;
    case WIRE_LONGLONG:
    case WIRE_DOUBLE:
        *out = 8;
        return true;
    case WIRE_DATE:
    case WIRE_TIME:
    case WIRE_DATETIME:
    case WIRE_TIMESTAMP:
        return wire_number(row->bytes, row->len, &row->at, out);
    }
    return memchr(byte_types, type, sizeof(byte_types)) &&
           wire_number(row->bytes, row->len, &row->at, out);
}

int wire_row_next(struct wire_row *row, struct wire_value *out, struct err *err)
{
    uint64_t len;

    if (row->next == row->column_count)
        return row->at == row->len ? 0 : no_row(err);
    if (is_null(row)) {
        row->next++;
        *out = (struct wire_value){0};
        return 1;
    }
    if (!value_len(row, row->columns[row->next].type, &len) || len > row->len - row->at)
        return no_row(err);
    *out = (struct wire_value){.bytes = row->bytes + row->at, .len = (size_t)len};
    row->at += (size_t)len;
    row->next++;
    return 1;
}

/* --- as text ---------------------------------------------------------------------------------- */

static int print_integer(const struct wire_column *column, const struct wire_value *value,
                         char *out)
{
    uint64_t number = little_endian(value->bytes, value->len);
    unsigned sign_bit = (unsigned)(8 * value->len - 1);

    if (!column->is_unsigned && number >> sign_bit & 1) {
        uint64_t above = sign_bit == 63 ? 0 : UINT64_MAX << (sign_bit + 1);
        return snprintf(out, WIRE_TEXT_SIZE, "%" PRId64, (int64_t)(number | above));
    }
    int width = column->is_zerofill && column->display_len < WIRE_TEXT_SIZE - 1
                    ? (int)column->display_len
                    : 1;
    return snprintf(out, WIRE_TEXT_SIZE, "%0*" PRIu64, width, number);
}

/* ".000123", as many digits as the column has; micros is NULL or four bytes. */
static int print_fraction(const struct wire_column *column, const unsigned char *micros, char *out,
                          size_t out_size)
{
    uint64_t number = micros ? little_endian(micros, 4) : 0;
    unsigned digits = column->decimals;

    if (digits == 0 || digits > 6 || number > 999999) {
        out[0] = '\0';
        return 0;
    }
    for (unsigned i = digits; i < 6; i++)
        number /= 10;
    return snprintf(out, out_size, ".%0*" PRIu64, (int)digits, number);
}

/* Zeros at the end are left out: all, or what follows the date, or the fraction. */
static int print_date(const struct wire_column *column, const struct wire_value *value, char *out)
{
    unsigned char all[11] = {0};

    if (value->len != 0 && value->len != 4 && value->len != 7 && value->len != 11)
        return -1;
    memcpy(all, value->bytes, value->len);
    int len = snprintf(out, WIRE_TEXT_SIZE, "%04u-%02u-%02u", (unsigned)(all[0] | all[1] << 8),
                       all[2], all[3]);
    if (column->type == WIRE_DATE)
        return len;
    len += snprintf(out + len, (size_t)(WIRE_TEXT_SIZE - len), " %02u:%02u:%02u", all[4], all[5],
                    all[6]);
    return len + print_fraction(column, all + 7, out + len, (size_t)(WIRE_TEXT_SIZE - len));
}

static int print_time(const struct wire_column *column, const struct wire_value *value, char *out)
{
    unsigned char all[12] = {0};

    if (value->len != 0 && value->len != 8 && value->len != 12)
        return -1;
    memcpy(all, value->bytes, value->len);
    uint64_t hours = little_endian(all + 1, 4) * 24 + all[5];
    int len = snprintf(out, WIRE_TEXT_SIZE, "%s%02" PRIu64 ":%02u:%02u", all[0] ? "-" : "", hours,
                       all[6], all[7]);
    return len + print_fraction(column, all + 8, out + len, (size_t)(WIRE_TEXT_SIZE - len));
}

int wire_value_text(const struct wire_column *column, const struct wire_value *value, char *scratch,
                    const char **out, size_t *out_len, struct err *err)
{
    int len = -1;

    switch (column->type) {
    case WIRE_FLOAT:
    case WIRE_DOUBLE:
        return err_set(err, ERR_BUG, EFFECT_NONE, "a key cannot be a FLOAT");
    case WIRE_TINY:
    case WIRE_SHORT:
    case WIRE_LONG:
    case WIRE_LONGLONG:
    case WIRE_INT24:
    case WIRE_YEAR:
        len = value->len >= 1 && value->len <= 8 ? print_integer(column, value, scratch) : -1;
        break;
    case WIRE_DATE:
    case WIRE_DATETIME:
    case WIRE_TIMESTAMP:
        len = print_date(column, value, scratch);
        break;
    case WIRE_TIME:
        len = print_time(column, value, scratch);
        break;
    default: /* bytes, which are the text */
        *out = (const char *)value->bytes;
        *out_len = value->len;
        return 0;
    }
    if (len < 0 || len >= WIRE_TEXT_SIZE)
        return no_row(err);
    *out = scratch;
    *out_len = (size_t)len;
    return 0;
}
