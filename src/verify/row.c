/* SPDX-License-Identifier: MIT */
/* Hashing rows and showing values. */
#include "verify/row.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define SMALL_ROW_BYTES 2048
#define PREFIX_BYTES 9

/* The flag and the length, always in the same byte order, so that hashes in a journal can be
 * compared anywhere. */
static void encode_prefix(unsigned char out[PREFIX_BYTES], const char *value, unsigned long len)
{
    out[0] = value == NULL;
    for (int i = 0; i < 8; i++)
        out[1 + i] = value ? (unsigned char)((uint64_t)len >> (8 * i)) : 0;
}

static struct row_hash from_xxh(XXH128_hash_t hash)
{
    return (struct row_hash){.low = hash.low64, .high = hash.high64};
}

/* Most rows are small: encoded on the stack they are hashed in one go, which is several times
 * faster. */
static bool hash_small(const char *const *values, const unsigned long *lengths, size_t count,
                       struct row_hash *out)
{
    unsigned char bytes[SMALL_ROW_BYTES];
    size_t at = 0;

    for (size_t i = 0; i < count; i++) {
        unsigned long len = values[i] ? lengths[i] : 0;
        if (len > SMALL_ROW_BYTES || at + PREFIX_BYTES + len > SMALL_ROW_BYTES)
            return false;
        encode_prefix(bytes + at, values[i], len);
        at += PREFIX_BYTES;
        if (len)
            memcpy(bytes + at, values[i], len);
        at += len;
    }
    *out = from_xxh(XXH3_128bits(bytes, at));
    return true;
}

struct row_hash row_hash_of(const char *const *values, const unsigned long *lengths, size_t count)
{
    struct row_hash small;
    if (hash_small(values, lengths, count, &small))
        return small;

    XXH3_state_t state;
    XXH3_INITSTATE(&state);
    (void)XXH3_128bits_reset(&state); /* fails for NULL only */
    for (size_t i = 0; i < count; i++) {
        unsigned char prefix[PREFIX_BYTES];
        encode_prefix(prefix, values[i], lengths[i]);
        (void)XXH3_128bits_update(&state, prefix, sizeof(prefix));
        if (values[i])
            (void)XXH3_128bits_update(&state, values[i], lengths[i]);
    }
    return from_xxh(XXH3_128bits_digest(&state));
}

bool row_hash_equal(struct row_hash a, struct row_hash b)
{
    return a.low == b.low && a.high == b.high;
}

struct row_hash row_hash_add(struct row_hash a, struct row_hash b)
{
    struct row_hash sum = {.low = a.low + b.low, .high = a.high + b.high};
    sum.high += sum.low < a.low;
    return sum;
}

void row_hash_text(struct row_hash hash, char out[33])
{
    (void)snprintf(out, 33, "%016" PRIx64 "%016" PRIx64, hash.high, hash.low);
}

void cell_of(struct cell *out, const char *value, unsigned long len)
{
    *out = (struct cell){.is_null = value == NULL, .len = value ? len : 0};
    out->hash = row_hash_of(&value, &len, 1);
    if (!value)
        return;
    out->preview_len = (unsigned char)(len < CELL_PREVIEW_BYTES ? len : CELL_PREVIEW_BYTES);
    memcpy(out->preview, value, out->preview_len);
}

static bool is_printable(const struct cell *cell)
{
    for (size_t i = 0; i < cell->preview_len; i++)
        if ((unsigned char)cell->preview[i] < ' ' || cell->preview[i] == '\x7f')
            return false;
    return true;
}

/* Where to cut so that no UTF-8 sequence is torn. */
static size_t whole_characters(const char *text, size_t len)
{
    size_t end = len;
    while (end && ((unsigned char)text[end - 1] & 0xC0) == 0x80)
        end--;
    if (!end || (unsigned char)text[end - 1] < 0x80)
        return len;
    unsigned char lead = (unsigned char)text[end - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
    return len - (end - 1) >= need ? len : end - 1;
}

static bool is_shown_as_text(const struct cell *cell, const struct column_shape *column)
{
    bool is_ascii_based = strncmp(column->charset, "utf16", 5) != 0 &&
                          strncmp(column->charset, "utf32", 5) != 0 &&
                          strncmp(column->charset, "ucs2", 4) != 0;
    return (column->class == COLUMN_TEXT || column->class == COLUMN_LISTED ||
            column->class == COLUMN_OTHER || column->class == COLUMN_TIME) &&
           is_ascii_based && is_printable(cell);
}

static bool is_shown_as_number(const struct column_shape *column)
{
    return column->class == COLUMN_INTEGER || column->class == COLUMN_DECIMAL ||
           column->class == COLUMN_FLOAT || column->class == COLUMN_DOUBLE;
}

void cell_text(const struct cell *cell, const struct column_shape *column, char *out,
               size_t out_size)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 1024);

    if (cell->is_null) {
        (void)snprintf(out, out_size, "NULL");
        return;
    }
    bool is_cut = cell->len > cell->preview_len;
    if (is_shown_as_number(column)) {
        buf_add(&text, cell->preview, cell->preview_len);
    } else if (is_shown_as_text(cell, column)) {
        size_t shown =
            is_cut ? whole_characters(cell->preview, cell->preview_len) : cell->preview_len;
        buf_putc(&text, '\'');
        buf_add(&text, cell->preview, shown);
        buf_puts(&text, is_cut ? "…'" : "'");
    } else {
        buf_puts(&text, "0x");
        for (size_t i = 0; i < cell->preview_len && i < CELL_PREVIEW_BYTES / 2; i++)
            buf_printf(&text, "%02X", (unsigned char)cell->preview[i]);
        is_cut = cell->len > CELL_PREVIEW_BYTES / 2;
        buf_puts(&text, is_cut ? "…" : "");
    }
    if (is_cut)
        buf_printf(&text, " (%" PRIu64 " bytes, hash %08x)", cell->len, (unsigned)cell->hash.low);
    (void)snprintf(out, out_size, "%s", buf_text(&text));
}

void cells_key_text(const struct cell *cells, const struct table_shape *table,
                    const size_t *columns, size_t column_count, char *out, size_t out_size)
{
    CLEANUP(buf_release) struct buf text;
    buf_init(&text, 65536);

    for (size_t i = 0; i < column_count; i++) {
        const struct column_shape *column = &table->columns[columns[i]];
        char value[128];
        cell_text(&cells[columns[i]], column, value, sizeof(value));
        buf_printf(&text, "%s%s=%s", i ? ", " : "", column->name, value);
    }
    (void)snprintf(out, out_size, "%s", buf_text(&text));
}

bool chunk_sum_equal(const struct chunk_sum *a, const struct chunk_sum *b)
{
    return a->rows == b->rows && row_hash_equal(a->hash, b->hash);
}
