/* SPDX-License-Identifier: MIT */
/*
 * io/store.h - a SQLite file.
 * Owns:      sqlite3; nobody else includes its header.
 * Invariant: opened with WAL, synchronous=FULL, foreign_keys=ON, busy timeout: a committed write is
 *            on disk. A new file is readable by its owner only and marked as ours; a database of
 *            others is never opened.
 * Errors:    ERR_IO (disk full, permission, corrupt), ERR_BUSY (another process holds the write
 *            lock after 2 s), ERR_CONFLICT (a constraint says no), ERR_BUG (our SQL is wrong);
 *            where and the hint name the file. All are EFFECT_NONE except a failing disk
 *            (EFFECT_UNKNOWN: a commit may or may not be on it).
 * Threads:   a struct store belongs to the thread that opened it, or to which it was handed; what
 *            another one asks of it is refused: ERR_BUG.
 */
#ifndef CUTOVER_IO_STORE_H
#define CUTOVER_IO_STORE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct store;
struct store_statement;

enum store_mode { STORE_READ, STORE_CREATE };

MUST_CHECK int store_open(const char *path, enum store_mode mode, struct store **out,
                          struct err *err);
void store_free(struct store *store);
void store_freep(struct store **store);
const char *store_path(const struct store *store);
/* From here on it is the calling thread's. Whose it was asks nothing of it any more. */
void store_hand_over(struct store *store);
/* Is another file, or none, at the path by now? What is read or written here is not there. */
bool store_has_moved(struct store *store);

MUST_CHECK int store_exec(struct store *store, const char *sql,
                          struct err *err); /* one or more statements, no rows */
int64_t store_last_id(const struct store *store);
int64_t store_changes(const struct store *store);

MUST_CHECK int store_prepare(struct store *store, const char *sql, struct store_statement **out,
                             struct err *err);
void store_statement_free(struct store_statement *statement);
void store_statement_freep(struct store_statement **statement);
/* Indexes are 1-based as in SQLite. text NULL binds NULL; text is copied. Binding errors surface at
 * step. */
void store_bind_text(struct store_statement *statement, int index, const char *text);
void store_bind_int(struct store_statement *statement, int index, int64_t value);
/* 1 a row, 0 done, negative an error. */
MUST_CHECK int store_step(struct store_statement *statement, struct err *err);
void store_rewind(struct store_statement *statement); /* reset and clear bindings */
/* 0-based columns; text is "" for NULL and lives until the next step. */
const char *store_column_text(struct store_statement *statement, int column);
int64_t store_column_int(struct store_statement *statement, int column);
bool store_column_is_null(struct store_statement *statement, int column);

#endif
