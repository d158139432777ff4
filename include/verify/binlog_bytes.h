/* SPDX-License-Identifier: MIT */
/*
 * verify/binlog_bytes.h - take numbers and strings from bytes that somebody else wrote, never
 * beyond their end.
 * How:     what is not there reads as zero and sets is_short, which is looked at once at the end.
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_BINLOG_BYTES_H
#define CUTOVER_VERIFY_BINLOG_BYTES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bytes {
    const unsigned char *at, *end;
    bool is_short;
};

static inline size_t bytes_left(const struct bytes *bytes)
{
    return (size_t)(bytes->end - bytes->at);
}

/* The next len bytes; NULL when there are fewer. */
static inline const unsigned char *bytes_take(struct bytes *bytes, size_t len)
{
    if (len > bytes_left(bytes)) {
        bytes->is_short = true;
        bytes->at = bytes->end;
        return NULL;
    }
    const unsigned char *taken = bytes->at;
    bytes->at += len;
    return taken;
}

/* The low byte first. */
static inline uint64_t bytes_number(struct bytes *bytes, unsigned len)
{
    const unsigned char *at = bytes_take(bytes, len);
    uint64_t number = 0;

    for (unsigned i = 0; at && i < len; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

/* The high byte first. */
static inline uint64_t big_number(const unsigned char *at, size_t len)
{
    uint64_t number = 0;

    for (size_t i = 0; i < len; i++)
        number = number << 8 | at[i];
    return number;
}

static inline uint64_t little_number(const unsigned char *at, size_t len)
{
    uint64_t number = 0;

    for (size_t i = len; i > 0; i--)
        number = number << 8 | at[i - 1];
    return number;
}

/* A number of one byte, or a mark and two, three or eight: "length encoded" or "packed". */
static inline uint64_t bytes_packed(struct bytes *bytes)
{
    uint64_t first = bytes_number(bytes, 1);

    if (first < 251)
        return first;
    if (first == 251 || first == 255) {
        bytes->is_short = true;
        return 0;
    }
    return bytes_number(bytes, first == 252 ? 2 : first == 253 ? 3 : 8);
}

#endif
