/* SPDX-License-Identifier: MIT */
/* Names and values as SQL text. */
#include "sql/quote.h"

#include <string.h>

void sql_quote_part(const char *part, struct buf *out)
{
    buf_putc(out, '`');
    for (; *part; part++) {
        if (*part == '`')
            buf_putc(out, '`');
        buf_putc(out, *part);
    }
    buf_putc(out, '`');
}

void sql_quote_table(const char *database, const char *name, struct buf *out)
{
    sql_quote_part(database, out);
    buf_putc(out, '.');
    sql_quote_part(name, out);
}

/* What follows the backslash; 0 for a byte that stands for itself. */
static char escape_of(unsigned char byte)
{
    switch (byte) {
    case '\0':
        return '0';
    case '\n':
        return 'n';
    case '\r':
        return 'r';
    case '\x1a':
        return 'Z';
    case '\'':
    case '"':
    case '\\':
        return (char)byte;
    default:
        return 0;
    }
}

void sql_quote_bytes(const void *bytes, size_t len, struct buf *out)
{
    const char *text = bytes;
    size_t start = 0;

    buf_putc(out, '\'');
    for (size_t i = 0; i < len; i++) {
        char escape = escape_of((unsigned char)text[i]);
        if (!escape)
            continue;
        buf_add(out, text + start, i - start);
        buf_add(out, (char[2]){'\\', escape}, 2);
        start = i + 1;
    }
    buf_add(out, text + start, len - start);
    buf_putc(out, '\'');
}

void sql_quote_hex(const void *bytes, size_t len, struct buf *out)
{
    static const char digits[] = "0123456789ABCDEF";
    const unsigned char *byte = bytes;

    buf_puts(out, "X'");
    for (size_t i = 0; i < len; i++)
        buf_add(out, (char[2]){digits[byte[i] >> 4], digits[byte[i] & 15]}, 2);
    buf_putc(out, '\'');
}
