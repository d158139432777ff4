/* SPDX-License-Identifier: MIT */
/*
 * ctl/sheet.h - rows of styled characters, as wide as they are told and as tall as they become:
 *               what the terminal's screen is drawn on.
 * Invariant: a cell is one column of a terminal. What a server says can neither move the cursor nor
 *            widen a row: every character that is not known to take one column becomes '?'.
 * Errors:    as base/buf.h: a failed append leaves is_failed, and nothing more is drawn.
 * Threads:   a sheet belongs to one thread.
 */
#ifndef CUTOVER_CTL_SHEET_H
#define CUTOVER_CTL_SHEET_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"

/* What it means; how that looks is the terminal's affair. No meaning is in the style alone. */
enum cell_style {
    STYLE_PLAIN,
    STYLE_FAINT,
    STYLE_STRONG,
    STYLE_LABEL,
    STYLE_GOOD,
    STYLE_NOTE,
    STYLE_WARN,
    STYLE_BAD,
    STYLE_ALARM
};
#define CELL_STYLE_COUNT 9

struct cell {
    uint32_t glyph; /* a character of Unicode; of ASCII when the sheet is */
    uint8_t style;
};

struct sheet {
    size_t width, height;
    size_t focus; /* the row that should be seen when not all can be, */
    size_t tail;  /* how many below it tell more of it, */
    size_t head;  /* and how many on top should always be seen */
    bool is_ascii, is_failed;
    size_t column; /* where the next character goes, in the last row */
    size_t edge;   /* text is cut there; 0: at the width */
    size_t opaque_room;
    struct cell *cells; /* height times width */
};

void sheet_init(struct sheet *sheet, size_t width, bool is_ascii);
void sheet_release(struct sheet *sheet);

/* A new row below. */
void sheet_row(struct sheet *sheet);
/* Without the empty rows at its end. */
void sheet_trim(struct sheet *sheet);
/* Until the sheet has so many rows. */
void sheet_grow(struct sheet *sheet, size_t height);
/* Go on at this column of the last row, or a blank behind what is there already. */
void sheet_at(struct sheet *sheet, size_t column);
/* UTF-8; what does not fit is cut, and the cut is shown. */
void sheet_put(struct sheet *sheet, enum cell_style style, const char *fmt, ...) PRINTF_LIKE(3, 4);
void sheet_glyph(struct sheet *sheet, enum cell_style style, uint32_t glyph);
/* So that it ends at the right edge, if there is room; otherwise it is left out. */
void sheet_right(struct sheet *sheet, enum cell_style style, const char *text);
/* Behind what stands in the last row, wrapped at words, the rows below it beginning at `indent`. */
void sheet_wrap(struct sheet *sheet, enum cell_style style, size_t indent, size_t row_cap,
                const char *text);

/* Columns that a text takes on this sheet. */
size_t sheet_columns(const struct sheet *sheet, const char *text);

/* `rows` of another sheet, from its row `from` on, onto this one. What lies outside is left out. */
void sheet_lay(struct sheet *sheet, size_t row, size_t column, const struct sheet *other,
               size_t from, size_t rows);

/* As text: a line for each row, without blanks at its end. */
void sheet_text(const struct sheet *sheet, struct buf *out);
/* The glyph as UTF-8; `out` holds 5 bytes. */
void sheet_utf8(uint32_t glyph, char out[5]);

#endif
