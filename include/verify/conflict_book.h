/* SPDX-License-Identifier: MIT */
/*
 * verify/conflict_book.h - writes of the same row on both sides, of which neither had seen the
 * other.
 * How:     each side's binary log has its own writes and those that the link brought, in the order
 *          in which they happened there. A write of one side and a write of the other to the same
 *          key are a conflict when each comes before the arrival of the other in its own log. No
 *          clock is asked.
 * Exact:   for rows whose key is in both logs, as far as both have been read from one moment on. A
 *          write is kept until its arrival on the other side has been read; beyond CONFLICT_CAP
 *          writes on their way the oldest are forgotten, and counted: then one may be missed, but
 *          none is made up.
 * Not here: rows of tables without a key; two rows that meet in another unique key only (the link
 *          stops with 1062 then); what was on its way when reading began.
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_CONFLICT_BOOK_H
#define CUTOVER_VERIFY_CONFLICT_BOOK_H

#include "domain/service.h"
#include "verify/change_log.h"

#define CONFLICT_CAP 200000
#define CONFLICT_TRANSACTION_SIZE 128

struct conflict {
    char table[160]; /* database.name */
    char key[256];   /* printable */
    char transaction[SIDE_COUNT][CONFLICT_TRANSACTION_SIZE];
    int64_t at_ms[SIDE_COUNT]; /* wall clock of the server that wrote it */
};

struct conflict_book;

MUST_CHECK int conflict_book_new(struct conflict_book **out, struct err *err);
void conflict_book_free(struct conflict_book *book);

typedef void conflict_fn(void *context, const struct conflict *conflict);

/*
 * A row that the log of `side` told, its own or brought; found is called for each conflict that
 * shows now. ERR_MEMORY/NONE.
 */
MUST_CHECK int conflict_book_add(struct conflict_book *book, enum side side,
                                 const struct change *change, conflict_fn *found, void *context,
                                 struct err *err);

/* The transaction that this log is telling is complete. */
void conflict_book_commit(struct conflict_book *book, enum side side);

/* What was forgotten is needed to judge: the book takes nothing more before it is cleared. */
bool conflict_book_is_overrun(const struct conflict_book *book);

/* Everything on its way is forgotten: both logs are read from another moment on. */
void conflict_book_clear(struct conflict_book *book);

size_t conflict_book_on_the_way(const struct conflict_book *book);
uint64_t conflict_book_forgotten(const struct conflict_book *book);

#endif
