/* SPDX-License-Identifier: MIT */
/*
 * cli/term_curses.h - the whole of a terminal, to draw sheets on and to take keys from.
 * Owns:      ncurses, the terminal's modes, and what it shows, between open and close.
 * Invariant: nothing here waits for the terminal. A screen is only begun when the one before has
 *            left, so that one that does not drain costs one screen of memory and stops nobody.
 *            However the process ends (but for kill -9), the terminal is as it was.
 * Threads:   the main thread.
 */
#ifndef CUTOVER_CLI_TERM_CURSES_H
#define CUTOVER_CLI_TERM_CURSES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "ctl/sheet.h"

struct terminal;

/* The characters of this locale are those of Unicode; sets LC_CTYPE by the environment. */
bool terminal_has_unicode(void);

/*
 * Errors  ERR_USAGE/NONE: this is no terminal, or one that cannot move its cursor; the hint says
 *         what to type instead
 */
MUST_CHECK int terminal_open(bool has_color, struct terminal **out, struct err *err);
void terminal_close(struct terminal *term); /* NULL allowed */

int terminal_fd(const struct terminal *term);
int terminal_wake_fd(
    void); /* readable when the size changed, or somebody wants us to stop for a while */
bool terminal_is_busy(const struct terminal *term); /* what was drawn last has not left yet */

/* Draw it, unless the one before has not left yet; then it is left out. */
void terminal_draw(struct terminal *term, const struct sheet *sheet);
/* Send what can be sent now. */
void terminal_send(struct terminal *term);
/* Draw all of it anew the next time. */
void terminal_redraw(struct terminal *term);

void terminal_size(const struct terminal *term, size_t *out_width, size_t *out_height);
/* The next key (cli/keys.h), 0 when there is none. */
int terminal_key(struct terminal *term);
bool terminal_is_gone(const struct terminal *term); /* it was closed on us */

/* Take note of signals; stop when that was asked for, and come back. */
void terminal_mind_signals(struct terminal *term);
void terminal_suspend(struct terminal *term);

#endif
