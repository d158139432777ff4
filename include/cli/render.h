/* SPDX-License-Identifier: MIT */
/*
 * cli/render.h - what a person sees: one line of progress on standard error, tables and JSON on
 *                standard output.
 * Progress:  on a terminal one line is drawn again and again, and cleared before anything else is
 *            printed; elsewhere a line is printed when the text changed, at most one a second and
 *            none in the first, and at the end. --quiet: none.
 * Threads:   the main thread; only the progress line gives way to log lines of any thread.
 */
#ifndef CUTOVER_CLI_RENDER_H
#define CUTOVER_CLI_RENDER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/attr.h"
#include "base/buf.h"
#include "base/json.h"
#include "cli/options.h"

enum render_color { COLOR_PLAIN, COLOR_GOOD, COLOR_NOTE, COLOR_WARN, COLOR_BAD };

#define RENDER_LINE_SIZE 512

struct render {
    bool is_quiet, is_progress_terminal, has_color;
    /* around what follows: log lines of other threads make the line give way */
    pthread_mutex_t lock;
    bool is_asking; /* a question stands there, and the cursor behind it */
    bool is_shown;  /* the cursor stands behind our text */
    bool has_printed;
    int64_t printed_ms;
    char text[RENDER_LINE_SIZE]; /* as last printed */
};

/* Decide from the options and from what the streams are. One at a time: log lines clear its
 * progress line from now on. */
void render_init(struct render *render, const struct cli_options *options);
void render_release(struct render *render); /* clears the progress line */

/* Columns of the terminal that `stream` is; 0 when it is none (then nothing is cut). */
size_t render_columns(FILE *stream);

/* The escape for standard output, or "" without colour; end it with COLOR_PLAIN. Static. */
const char *render_color(const struct render *render, enum render_color color);

/* Show where long work is. printf-like, one line. */
void progress_show(struct render *render, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* The last word: printed in full and left standing (unless --quiet). */
void progress_finish(struct render *render, const char *fmt, ...) PRINTF_LIKE(2, 3);
/*
 * A question on standard error, unless it stands there already; other output makes it move on, and
 * it is shown again when asked for again. Somebody has answered it, and with Enter left its line.
 */
void prompt_show(struct render *render, const char *question);
void prompt_answered(struct render *render);
/* Make room for other output. Does nothing when no progress is shown. */
void progress_clear(struct render *render);

/* Columns that `len` bytes of UTF-8 take, one a character; the bytes of `text` that fit into
 * `columns`. */
size_t render_width(const char *text, size_t len);
size_t render_fit(const char *text, size_t columns);

#define TABLE_COLUMN_CAP 8

/* Rows of cells, printed aligned; the last column is cut to the terminal's width. */
struct table {
    size_t columns;
    char **cells; /* columns per row, the titles first */
    size_t row_count, row_room;
    bool is_failed; /* out of memory: table_print() prints nothing */
};
void table_init(struct table *table, const char *const *titles, size_t columns);
void table_row(struct table *table, const char *const *cells); /* copied; NULL cells are empty */
/* The titles too; nothing when there are no rows. */
void table_print(const struct table *table, FILE *stream);
void table_release(struct table *table);

/*
 * A text, wrapped at words to the terminal but to 100 columns at most, every line indented. In a
 * pipe it is one line, so that it can be searched.
 */
void render_wrapped(FILE *stream, size_t indent, const char *text);
/* The same behind a label; the lines of the text begin below each other. */
void render_labelled(FILE *stream, size_t indent, const char *label, const char *text);

/* Indented, in the order of insertion, with a newline. */
MUST_CHECK int render_json(const json_t *value, struct err *err);

#endif
