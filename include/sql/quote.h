/* SPDX-License-Identifier: MIT */
/*
 * sql/quote.h - names and values as SQL text, byte-exact, for the :{name!} parameters of the
 * catalog.
 * Assumes: the session's sql_mode has neither NO_BACKSLASH_ESCAPES nor ANSI_QUOTES (every session
 *          of ours pins it).
 * Threads: pure.
 */
#ifndef CUTOVER_SQL_QUOTE_H
#define CUTOVER_SQL_QUOTE_H

#include <stddef.h>

#include "base/buf.h"

/* One name in backquotes. A dot belongs to the name, unlike in sql_quote_identifier(). */
void sql_quote_part(const char *part, struct buf *out);

/* `database`.`name`. */
void sql_quote_table(const char *database, const char *name, struct buf *out);

/* '...' with every byte that could end or change it escaped; the result has no NUL. Meant for SET
 * NAMES binary. */
void sql_quote_bytes(const void *bytes, size_t len, struct buf *out);

/* X'...', for a few bytes: twice as long as the value. */
void sql_quote_hex(const void *bytes, size_t len, struct buf *out);

#endif
