/* SPDX-License-Identifier: MIT */
/* Lengths are in the machine's own order: the bytes never leave this process. */
#include "verify/touched_bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum kind { KIND_ROW = 'k', KIND_RANGE = 'r' };

static void add_part(struct buf *out, const char *bytes, size_t len)
{
    uint32_t size = (uint32_t)len;
    buf_add(out, &size, sizeof(size));
    buf_add(out, bytes, len);
}

static const char *next_part(const char *at, uint32_t *out_len)
{
    memcpy(out_len, at, sizeof(*out_len));
    return at + sizeof(*out_len);
}

void touched_bytes_of_row(const struct touched_key *key, struct buf *out)
{
    buf_reset(out);
    buf_putc(out, KIND_ROW);
    buf_puts(out, key->index);
    buf_putc(out, '\0');
    for (size_t i = 0; i < key->point->count; i++)
        add_part(out, buf_text(&key->point->parts[i]), key->point->parts[i].len);
}

void touched_bytes_of_range(int64_t number, struct buf *out)
{
    buf_reset(out);
    buf_putc(out, KIND_RANGE);
    buf_add(out, &number, sizeof(number));
}

bool touched_bytes_are_range(const char *bytes)
{
    return bytes[0] == KIND_RANGE;
}

int64_t touched_bytes_range(const char *bytes)
{
    int64_t number;
    memcpy(&number, bytes + 1, sizeof(number));
    return number;
}

const char *touched_bytes_index(const char *bytes)
{
    return bytes[0] == KIND_ROW ? bytes + 1 : "";
}

bool touched_bytes_integer(const char *text, size_t len, int64_t *out)
{
    char digits[32], *end;
    if (!len || len >= sizeof(digits))
        return false;
    memcpy(digits, text, len);
    digits[len] = '\0';
    errno = 0;
    *out = strtoll(digits, &end, 10);
    return !errno && !*end;
}

bool touched_bytes_first_integer(const char *bytes, int64_t *out)
{
    uint32_t len;
    if (bytes[0] != KIND_ROW || bytes[1] != '\0')
        return false;
    const char *part = next_part(bytes + 2, &len);
    return touched_bytes_integer(part, len, out);
}

int touched_bytes_point(const char *bytes, size_t len, struct key_point *out, struct err *err)
{
    const char *values[INDEX_COLUMN_CAP], *at = bytes + 1 + strlen(bytes + 1) + 1;
    unsigned long lengths[INDEX_COLUMN_CAP];
    size_t count = 0;

    while (at < bytes + len && count < INDEX_COLUMN_CAP) {
        uint32_t size;
        values[count] = next_part(at, &size);
        at = values[count] + size;
        lengths[count++] = size;
    }
    return key_point_set(out, values, lengths, count, err);
}

int touched_bytes_point_of(int64_t number, struct key_point *out, struct err *err)
{
    char text[32];
    const char *const values[] = {text};
    const unsigned long lengths[] = {
        (unsigned long)snprintf(text, sizeof(text), "%lld", (long long)number)};
    return key_point_set(out, values, lengths, 1, err);
}
