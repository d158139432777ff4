/* SPDX-License-Identifier: MIT */
/* Values of a key's columns as the server would send them: the bytes must be the same. */
#include <arpa/inet.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "verify/binlog_value.h"

static bool says(const struct column_shape *shape, const char *word)
{
    return strcasestr(shape->type, word) != NULL;
}

/* The number in brackets: "int(10) unsigned", "binary(16)"; 0 when there is none. */
static unsigned width_of(const struct column_shape *shape)
{
    const char *bracket = strchr(shape->type, '(');
    unsigned long width = bracket ? strtoul(bracket + 1, NULL, 10) : 0;
    return width > UINT16_MAX ? 0 : (unsigned)width;
}

/* --- numbers ---------------------------------------------------------------------------------- */

static void add_integer(const struct column_shape *shape, const unsigned char *value, size_t len,
                        struct buf *out)
{
    uint64_t number = little_number(value, len);

    if (says(shape, "zerofill")) {
        buf_printf(out, "%0*" PRIu64, (int)width_of(shape), number);
        return;
    }
    if (!says(shape, "unsigned") && len < 8 && (value[len - 1] & 0x80))
        number |= UINT64_MAX << (8 * len);
    if (says(shape, "unsigned"))
        buf_printf(out, "%" PRIu64, number);
    else
        buf_printf(out, "%" PRId64, (int64_t)number);
}

/* Some digits in as few bytes as they need, high byte first. */
static void add_digits(const unsigned char **at, unsigned digits, unsigned char flip,
                       struct buf *out)
{
    static const unsigned char sizes[] = {0, 1, 1, 2, 2, 3, 3, 4, 4, 4};
    uint64_t number = 0;

    if (digits == 0)
        return;
    for (unsigned i = 0; i < sizes[digits]; i++)
        number = number << 8 | (*(*at)++ ^ flip);
    buf_printf(out, "%0*" PRIu64, (int)digits, number);
}

/* A negative number has all bits turned round; the first bit of a positive one is set. */
static void add_decimal(const struct binlog_column *column, const struct column_shape *shape,
                        const unsigned char *value, size_t len, struct buf *out)
{
    enum { BYTES_CAP = 64 };
    unsigned precision = column->length & 0xFF, scale = column->length >> 8;
    unsigned whole = precision - scale;
    unsigned char copy[BYTES_CAP];
    char digits[128];
    struct buf text;

    if (len == 0 || len > sizeof(copy) || scale > precision) {
        out->is_failed = true;
        return;
    }
    memcpy(copy, value, len);
    unsigned char flip = copy[0] & 0x80 ? 0 : 0xFF;
    copy[0] ^= 0x80;
    buf_init(&text, sizeof(digits));
    const unsigned char *at = copy;
    add_digits(&at, whole % 9, flip, &text);
    for (unsigned i = 0; i < whole / 9; i++)
        add_digits(&at, 9, flip, &text);
    size_t skip = strspn(buf_text(&text), "0");
    if (says(shape, "zerofill"))
        skip = 0;
    buf_puts(out, flip ? "-" : "");
    buf_puts(out, whole > 0 && skip < whole ? buf_text(&text) + skip : "0");
    buf_reset(&text);
    for (unsigned i = 0; i < scale / 9; i++)
        add_digits(&at, 9, flip, &text);
    add_digits(&at, scale % 9, flip, &text);
    if (scale)
        buf_printf(out, ".%s", buf_text(&text));
    buf_release(&text);
}

/* --- times ------------------------------------------------------------------------------------ */

static const unsigned powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

static void add_fraction(uint64_t micros, unsigned decimals, struct buf *out)
{
    if (decimals > 0 && decimals <= 6)
        buf_printf(out, ".%0*u", (int)decimals,
                   (unsigned)(micros % 1000000) / powers[6 - decimals]);
}

/* The fraction of the newer types: two digits a byte. */
static uint64_t fraction_micros(const unsigned char *at, unsigned decimals)
{
    size_t len = ((size_t)decimals + 1) / 2;
    return decimals > 6 ? 0 : big_number(at, len) * powers[6 - 2 * len];
}

struct moment {
    unsigned year, month, day, hour, minute, second;
};

static void add_date(const struct moment *m, struct buf *out)
{
    buf_printf(out, "%04u-%02u-%02u", m->year, m->month, m->day);
}

static void add_moment(const struct moment *m, struct buf *out)
{
    add_date(m, out);
    buf_printf(out, " %02u:%02u:%02u", m->hour, m->minute, m->second);
}

static void add_datetime2(const unsigned char *value, unsigned decimals, struct buf *out)
{
    uint64_t bits = big_number(value, 5) & 0x7FFFFFFFFFULL;
    unsigned day = (unsigned)(bits >> 17), time = (unsigned)(bits & 0x1FFFF);
    struct moment m = {.year = (day >> 5) / 13,
                       .month = (day >> 5) % 13,
                       .day = day & 31,
                       .hour = time >> 12,
                       .minute = time >> 6 & 63,
                       .second = time & 63};

    add_moment(&m, out);
    add_fraction(fraction_micros(value + 5, decimals), decimals, out);
}

static void add_timestamp(uint64_t seconds, uint64_t micros, unsigned decimals, struct buf *out)
{
    time_t moment = (time_t)seconds;
    struct tm tm;

    if (seconds == 0 && micros == 0)
        buf_puts(out, "0000-00-00 00:00:00");
    else if (gmtime_r(&moment, &tm))
        buf_printf(out, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                   tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    add_fraction(micros, decimals, out);
}

static void add_time(bool is_negative, unsigned hours, unsigned minutes, unsigned seconds,
                     struct buf *out)
{
    buf_printf(out, "%s%02u:%02u:%02u", is_negative ? "-" : "", hours, minutes, seconds);
}

/* One number of seconds and fraction, less than zero in the complement of its whole width. */
static void add_time2(const unsigned char *value, unsigned decimals, struct buf *out)
{
    size_t fraction = ((size_t)decimals + 1) / 2;
    int64_t number =
        (int64_t)big_number(value, 3 + fraction) - ((int64_t)0x800000 << (8 * fraction));
    uint64_t size = (uint64_t)(number < 0 ? -number : number);
    unsigned bits = (unsigned)(size >> (8 * fraction));
    uint64_t micros = (size & (((uint64_t)1 << (8 * fraction)) - 1)) *
                      (decimals > 6 ? 0 : powers[6 - 2 * fraction]);

    add_time(number < 0, bits >> 12 & 1023, bits >> 6 & 63, bits & 63, out);
    add_fraction(micros, decimals, out);
}

/* MariaDB before its mysql56_temporal_format: one number in the smallest unit there is. */
static void add_old_datetime(const unsigned char *value, size_t len, unsigned decimals,
                             struct buf *out)
{
    uint64_t number = decimals ? big_number(value, len) : little_number(value, len);
    struct moment m = {0};

    if (decimals) {
        uint64_t unit = powers[decimals], micros = number % unit * powers[6 - decimals];
        number /= unit;
        m = (struct moment){.second = (unsigned)(number % 60),
                            .minute = (unsigned)(number / 60 % 60),
                            .hour = (unsigned)(number / 3600 % 24)};
        number /= 86400;
        m.day = (unsigned)(number % 32);
        m.month = (unsigned)(number / 32 % 13);
        m.year = (unsigned)(number / 32 / 13 % 10000);
        add_moment(&m, out);
        add_fraction(micros, decimals, out);
        return;
    }
    m = (struct moment){.second = (unsigned)(number % 100),
                        .minute = (unsigned)(number / 100 % 100),
                        .hour = (unsigned)(number / 10000 % 100),
                        .day = (unsigned)(number / 1000000 % 100),
                        .month = (unsigned)(number / 100000000 % 100),
                        .year = (unsigned)(number / 10000000000 % 10000)};
    add_moment(&m, out);
}

static void add_old_time(const unsigned char *value, size_t len, unsigned decimals, struct buf *out)
{
    const int64_t largest_s = 838 * 3600 + 59 * 60 + 59;
    int64_t number = (int64_t)little_number(value, len);

    if (decimals == 0) {
        number = number & 0x800000 ? number - 0x1000000 : number;
        unsigned digits = (unsigned)(number < 0 ? -number : number);
        add_time(number < 0, digits / 10000, digits / 100 % 100, digits % 100, out);
        return;
    }
    number = (int64_t)big_number(value, len) - (largest_s + 1) * (int64_t)powers[decimals];
    uint64_t size = (uint64_t)(number < 0 ? -number : number);
    uint64_t micros = size % powers[decimals] * powers[6 - decimals];
    unsigned seconds = (unsigned)(size / powers[decimals]);
    add_time(number < 0, seconds / 3600, seconds / 60 % 60, seconds % 60, out);
    add_fraction(micros, decimals, out);
}

static void add_old_timestamp(const unsigned char *value, size_t len, unsigned decimals,
                              struct buf *out)
{
    if (decimals == 0) {
        add_timestamp(little_number(value, len), 0, 0, out);
        return;
    }
    add_timestamp(big_number(value, 4), big_number(value + 4, len - 4) * powers[6 - decimals],
                  decimals, out);
}

static bool add_moment_of(const struct binlog_column *column, const unsigned char *value,
                          size_t len, struct buf *out)
{
    unsigned bits = (unsigned)little_number(value, len < 3 ? len : 3);
    struct moment date = {.year = bits >> 9, .month = bits >> 5 & 15, .day = bits & 31};

    switch (column->type) {
    case TYPE_YEAR:
        buf_printf(out, "%04u", value[0] ? 1900U + value[0] : 0);
        return true;
    case TYPE_DATE:
    case TYPE_NEWDATE:
        add_date(&date, out);
        return true;
    case TYPE_DATETIME2:
        add_datetime2(value, column->length, out);
        return true;
    case TYPE_TIMESTAMP2:
        add_timestamp(big_number(value, 4), fraction_micros(value + 4, column->length),
                      column->length, out);
        return true;
    case TYPE_TIME2:
        add_time2(value, column->length, out);
        return true;
    case TYPE_DATETIME:
        add_old_datetime(value, len, column->decimals, out);
        return true;
    case TYPE_TIME:
        add_old_time(value, len, column->decimals, out);
        return true;
    case TYPE_TIMESTAMP:
        add_old_timestamp(value, len, column->decimals, out);
        return true;
    default:
        return false;
    }
}

/* --- strings, and MariaDB's own types --------------------------------------------------------- */

/* A fixed length is filled up again: what the event leaves out at the end are zero bytes. */
static size_t padded(const unsigned char *value, size_t len, unsigned char *out, size_t size)
{
    size_t count = len < size ? len : size;

    memcpy(out, value, count);
    memset(out + count, 0, size - count);
    return size;
}

static void add_binary(const struct binlog_column *column, const struct column_shape *shape,
                       const unsigned char *value, size_t len, struct buf *out)
{
    size_t width = column->type == TYPE_STRING ? width_of(shape) : 0;

    buf_add(out, value, len);
    for (; len < width; len++)
        buf_putc(out, '\0');
}

/* Stored so that those of one time and machine are neighbours, the time's high part first. */
static void add_uuid(const unsigned char stored[16], bool is_always_swapped, struct buf *out)
{
    static const unsigned char from[] = {12, 13, 14, 15, 10, 11, 8, 9, 6, 7, 0, 1, 2, 3, 4, 5};
    bool is_swapped =
        is_always_swapped || ((stored[6] & 0x80) && stored[8] > 0 && stored[8] < 0x60);

    for (size_t i = 0; i < sizeof(from); i++)
        buf_printf(out, "%s%02x", i == 4 || i == 6 || i == 8 || i == 10 ? "-" : "",
                   stored[is_swapped ? from[i] : i]);
}

static bool add_other(const struct column_shape *shape, const unsigned char *value, size_t len,
                      struct buf *out)
{
    unsigned char bytes[16];
    char text[INET6_ADDRSTRLEN];

    if (len > sizeof(bytes))
        return false;
    (void)padded(value, len, bytes, sizeof(bytes));
    if (strncasecmp(shape->type, "uuid", 4) == 0) {
        add_uuid(bytes, says(shape, "old"), out);
        return true;
    }
    int family = strncasecmp(shape->type, "inet6", 5) == 0   ? AF_INET6
                 : strncasecmp(shape->type, "inet4", 5) == 0 ? AF_INET
                                                             : AF_UNSPEC;
    if (family == AF_UNSPEC || !inet_ntop(family, bytes, text, sizeof(text)))
        return false;
    buf_puts(out, text);
    return true;
}

bool binlog_value_text(const struct binlog_column *column, const struct column_shape *shape,
                       const unsigned char *value, size_t len, struct buf *out)
{
    switch (shape->class) {
    case COLUMN_INTEGER:
        add_integer(shape, value, len, out);
        return true;
    case COLUMN_DECIMAL:
        add_decimal(column, shape, value, len, out);
        return true;
    case COLUMN_TEXT:
        buf_add(out, value, len);
        return true;
    case COLUMN_BINARY:
        add_binary(column, shape, value, len, out);
        return true;
    case COLUMN_LISTED:
        buf_printf(out, "%" PRIu64, little_number(value, len));
        return true;
    case COLUMN_BIT:
        buf_printf(out, "%" PRIu64, big_number(value, len));
        return true;
    case COLUMN_TIME:
        return add_moment_of(column, value, len, out);
    case COLUMN_OTHER:
        return add_other(shape, value, len, out);
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
    case COLUMN_GEOMETRY:
        break;
    }
    return false;
}
