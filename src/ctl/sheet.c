/* SPDX-License-Identifier: MIT */
#include "ctl/sheet.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TEXT_SIZE 2048
#define ELLIPSIS 0x2026

/* What we draw ourselves, for a terminal that has nothing but ASCII. */
static const struct {
    uint32_t glyph;
    const char *ascii;
} plain[] = {
    {0x2192, "->"}, {0x2190, "<-"}, {0x2013, "-"},  {0x2014, "-"},   {0x00b7, "."}, {0x25b6, ">"},
    {0x2713, "+"},  {0x2717, "x"},  {0x21b6, "<"},  {0x2500, "-"},   {0x2502, "|"}, {0x2514, "`"},
    {0x2581, "_"},  {0x2582, "."},  {0x2583, "-"},  {0x2584, "="},   {0x2585, "+"}, {0x2586, "*"},
    {0x2587, "%"},  {0x2588, "#"},  {0x2265, ">="}, {ELLIPSIS, "~"}, {0x2191, "^"}, {0x2193, "v"},
};

/* Scripts in which one character is one column on every terminal. */
static const struct {
    uint32_t first, last;
} narrow[] = {
    {0x20, 0x7e},     {0xa1, 0xac},     {0xae, 0x2ff},    {0x370, 0x482},
    {0x48a, 0x52f},   {0x2010, 0x2027}, {0x2030, 0x205e}, {0x20a0, 0x20bf},
    {0x2190, 0x21ff}, {0x2200, 0x22ff}, {0x2500, 0x25fc}, {0x2713, 0x2718},
};

void sheet_init(struct sheet *sheet, size_t width, bool is_ascii)
{
    *sheet = (struct sheet){.width = width, .is_ascii = is_ascii};
}

void sheet_release(struct sheet *sheet)
{
    free(sheet->cells);
    *sheet = (struct sheet){0};
}

void sheet_row(struct sheet *sheet)
{
    if (sheet->is_failed)
        return;
    if (sheet->height == sheet->opaque_room) {
        size_t room = sheet->opaque_room ? sheet->opaque_room * 2 : 32;
        struct cell *grown = realloc(sheet->cells, room * (sheet->width + 1) * sizeof *grown);
        if (!grown) {
            sheet->is_failed = true;
            return;
        }
        sheet->cells = grown;
        sheet->opaque_room = room;
    }
    struct cell *row = sheet->cells + sheet->height * sheet->width;
    for (size_t i = 0; i < sheet->width; i++)
        row[i] = (struct cell){.glyph = ' '};
    sheet->height++;
    sheet->column = 0;
}

void sheet_grow(struct sheet *sheet, size_t height)
{
    while (sheet->height < height && !sheet->is_failed)
        sheet_row(sheet);
}

void sheet_trim(struct sheet *sheet)
{
    while (sheet->height > 0) {
        const struct cell *row = sheet->cells + (sheet->height - 1) * sheet->width;
        for (size_t i = 0; i < sheet->width; i++)
            if (row[i].glyph != ' ')
                return;
        sheet->height--;
    }
}

void sheet_at(struct sheet *sheet, size_t column)
{
    sheet->column = sheet->column < column || sheet->column == 0 ? column : sheet->column + 1;
}

/* --- characters ------------------------------------------------------------------------------- */

/* The next character, and how many bytes it takes; a byte that begins none is one by itself. */
static uint32_t decode(const char *text, size_t *out_len)
{
    const unsigned char *bytes = (const unsigned char *)text;
    static const unsigned char lead_bits[] = {0x7f, 0, 0x1f, 0x0f, 0x07};
    size_t len = bytes[0] < 0x80           ? 1
                 : (bytes[0] >> 5) == 0x06 ? 2
                 : (bytes[0] >> 4) == 0x0e ? 3
                 : (bytes[0] >> 3) == 0x1e ? 4
                                           : 0;
    uint32_t glyph = len ? bytes[0] & lead_bits[len == 1 ? 0 : len] : 0;

    for (size_t i = 1; i < len; i++) {
        if ((bytes[i] & 0xc0) != 0x80) {
            len = 0;
            break;
        }
        glyph = glyph << 6 | (bytes[i] & 0x3f);
    }
    *out_len = len ? len : 1;
    return len ? glyph : 0;
}

static bool is_narrow(uint32_t glyph)
{
    for (size_t i = 0; i < ARRAY_LEN(narrow); i++)
        if (glyph >= narrow[i].first && glyph <= narrow[i].last)
            return true;
    return false;
}

/* What stands on the sheet for a character: one or two glyphs. */
static size_t shown_as(const struct sheet *sheet, uint32_t glyph, uint32_t out[2])
{
    out[0] = glyph == '\t' || glyph == '\n' ? ' ' : is_narrow(glyph) ? glyph : '?';
    if (!sheet->is_ascii || out[0] < 0x80)
        return 1;
    for (size_t i = 0; i < ARRAY_LEN(plain); i++) {
        if (plain[i].glyph != glyph)
            continue;
        out[0] = (unsigned char)plain[i].ascii[0];
        out[1] = (unsigned char)plain[i].ascii[1];
        return out[1] ? 2 : 1;
    }
    out[0] = '?';
    return 1;
}

static size_t columns_of(const struct sheet *sheet, const char *text, size_t len)
{
    size_t columns = 0, step = 0;
    uint32_t as[2];

    for (size_t i = 0; i < len && text[i]; i += step)
        columns += shown_as(sheet, decode(text + i, &step), as);
    return columns;
}

size_t sheet_columns(const struct sheet *sheet, const char *text)
{
    return columns_of(sheet, text, strlen(text));
}

void sheet_utf8(uint32_t glyph, char out[5])
{
    size_t len = glyph < 0x80 ? 1 : glyph < 0x800 ? 2 : glyph < 0x10000 ? 3 : 4;
    static const unsigned char lead[] = {0, 0, 0xc0, 0xe0, 0xf0};

    for (size_t i = len - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (glyph & 0x3f));
        glyph >>= 6;
    }
    out[0] = (char)(lead[len] | glyph);
    out[len] = '\0';
}

/* --- writing ---------------------------------------------------------------------------------- */

static struct cell *last_row(const struct sheet *sheet)
{
    return sheet->cells + (sheet->height - 1) * sheet->width;
}

void sheet_glyph(struct sheet *sheet, enum cell_style style, uint32_t glyph)
{
    uint32_t as[2];
    size_t count = shown_as(sheet, glyph, as);

    if (sheet->is_failed || sheet->height == 0 || sheet->width == 0)
        return;
    size_t edge = sheet->edge && sheet->edge < sheet->width ? sheet->edge : sheet->width;
    for (size_t i = 0; i < count; i++) {
        if (sheet->column < edge)
            last_row(sheet)[sheet->column] = (struct cell){.glyph = as[i], .style = (uint8_t)style};
        else
            last_row(sheet)[edge - 1].glyph = sheet->is_ascii ? '~' : ELLIPSIS;
        sheet->column++;
    }
}

static void put_bytes(struct sheet *sheet, enum cell_style style, const char *text, size_t len)
{
    size_t step = 0;

    for (size_t i = 0; i < len && text[i]; i += step)
        sheet_glyph(sheet, style, decode(text + i, &step));
}

void sheet_put(struct sheet *sheet, enum cell_style style, const char *fmt, ...)
{
    char text[TEXT_SIZE];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    put_bytes(sheet, style, text, strlen(text));
}

void sheet_right(struct sheet *sheet, enum cell_style style, const char *text)
{
    size_t columns = sheet_columns(sheet, text);

    if (sheet->column + columns + 1 > sheet->width)
        return;
    sheet->column = sheet->width - columns;
    put_bytes(sheet, style, text, strlen(text));
}

void sheet_wrap(struct sheet *sheet, enum cell_style style, size_t indent, size_t row_cap,
                const char *text)
{
    size_t rows = 1;
    bool is_first = true;

    if (sheet->height == 0)
        return;
    for (const char *word = text + strspn(text, " \n"); *word; word += strspn(word, " \n")) {
        size_t len = strcspn(word, " \n"), columns = columns_of(sheet, word, len);
        bool fits = sheet->column + (is_first ? 0 : 1) + columns <= sheet->width;
        if (!fits && rows < row_cap && sheet->column > indent) {
            sheet_row(sheet);
            sheet->column = indent;
            rows++;
        } else if (!is_first) {
            sheet_glyph(sheet, style, ' ');
        }
        put_bytes(sheet, style, word, len);
        if (!fits && rows == row_cap && sheet->column > sheet->width)
            return;
        is_first = false;
        word += len;
    }
}

void sheet_lay(struct sheet *sheet, size_t row, size_t column, const struct sheet *other,
               size_t from, size_t rows)
{
    if (sheet->is_failed || other->is_failed)
        return;
    for (size_t i = 0; i < rows && from + i < other->height && row + i < sheet->height; i++)
        for (size_t k = 0; k < other->width && column + k < sheet->width; k++)
            sheet->cells[(row + i) * sheet->width + column + k] =
                other->cells[(from + i) * other->width + k];
}

void sheet_text(const struct sheet *sheet, struct buf *out)
{
    for (size_t row = 0; row < sheet->height; row++) {
        const struct cell *cells = sheet->cells + row * sheet->width;
        size_t width = sheet->width;
        char text[5];
        while (width > 0 && cells[width - 1].glyph == ' ')
            width--;
        for (size_t i = 0; i < width; i++) {
            sheet_utf8(cells[i].glyph, text);
            buf_puts(out, text);
        }
        buf_putc(out, '\n');
    }
}
