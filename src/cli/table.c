/* SPDX-License-Identifier: MIT */
/* Aligned columns; the last one gives way when the terminal is narrow. */
#include <stdlib.h>
#include <string.h>

#include "cli/render.h"

#define GAP "  "
#define LAST_COLUMN_MIN 12

static bool is_continuation(char byte)
{
    return ((unsigned char)byte & 0xC0U) == 0x80U;
}

size_t render_width(const char *text, size_t len)
{
    size_t width = 0;

    for (size_t i = 0; i < len; i++)
        if (!is_continuation(text[i]))
            width++;
    return width;
}

size_t render_fit(const char *text, size_t columns)
{
    size_t len = 0, width = 0;

    while (text[len]) {
        if (!is_continuation(text[len]) && width++ == columns)
            break;
        len++;
    }
    return len;
}

void table_init(struct table *table, const char *const *titles, size_t columns)
{
    *table = (struct table){.columns = columns < TABLE_COLUMN_CAP ? columns : TABLE_COLUMN_CAP};
    table_row(table, titles);
}

void table_row(struct table *table, const char *const *cells)
{
    if (table->is_failed)
        return;
    if (table->row_count == table->row_room) {
        size_t room = table->row_room ? table->row_room * 2 : 16;
        char **grown = reallocarray(table->cells, room * table->columns, sizeof *grown);
        if (!grown) {
            table->is_failed = true;
            return;
        }
        table->cells = grown;
        table->row_room = room;
    }
    char **row = table->cells + table->row_count++ * table->columns;
    for (size_t i = 0; i < table->columns; i++) {
        row[i] = strdup(cells[i] ? cells[i] : "");
        if (!row[i])
            table->is_failed = true;
    }
}

static void measure(const struct table *table, size_t width[TABLE_COLUMN_CAP])
{
    memset(width, 0, TABLE_COLUMN_CAP * sizeof *width);
    for (size_t i = 0; i < table->row_count * table->columns; i++) {
        size_t shown = render_width(table->cells[i], strlen(table->cells[i]));
        size_t column = i % table->columns;
        if (shown > width[column])
            width[column] = shown;
    }
}

/*
 * A cell that is too wide ends in an ellipsis; line breaks in it become blanks. Returns how many
 * blanks the next cell has to put in front: they are kept back so that no line ends in blanks.
 */
static size_t print_cell(const char *text, size_t width, size_t blanks, FILE *stream)
{
    size_t shown = render_width(text, strlen(text));
    bool is_cut = shown > width;
    size_t len = is_cut ? render_fit(text, width - 1) : strlen(text);

    if (len == 0)
        return blanks + width + strlen(GAP);
    (void)fprintf(stream, "%*s", (int)blanks, "");
    for (size_t i = 0; i < len; i++)
        (void)fputc(text[i] == '\n' ? ' ' : text[i], stream);
    if (is_cut)
        (void)fputs("…", stream);
    return (is_cut ? 0 : width - shown) + strlen(GAP);
}

void table_print(const struct table *table, FILE *stream)
{
    size_t width[TABLE_COLUMN_CAP];
    size_t columns = render_columns(stream), used = 0, blanks = 0;
    size_t last = table->columns - 1;

    if (table->is_failed || table->row_count < 2)
        return;
    measure(table, width);
    for (size_t i = 0; i < last; i++)
        used += width[i] + strlen(GAP);
    if (columns > used + LAST_COLUMN_MIN && width[last] > columns - used)
        width[last] = columns - used;
    for (size_t i = 0; i < table->row_count * table->columns; i++) {
        size_t column = i % table->columns;
        blanks = print_cell(table->cells[i], width[column], column ? blanks : 0, stream);
        if (column == last)
            (void)fputc('\n', stream);
    }
}

void table_release(struct table *table)
{
    for (size_t i = 0; i < table->row_count * table->columns; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}
