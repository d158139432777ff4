/* SPDX-License-Identifier: MIT */
/*
 * ctl/notify_book.h - how far each of those who are told of events has been told, beside the
 *                     journal (JOURNAL.notified), so that no write of a run ever waits for it.
 * Invariant: written after an event was delivered or given up, so that a process which dies in
 *            between tells it again: at least once. Only who holds the lock writes.
 * Threads:   any, one at a time: the caller's lock.
 */
#ifndef CUTOVER_CTL_NOTIFY_BOOK_H
#define CUTOVER_CTL_NOTIFY_BOOK_H

#include <limits.h>

#include "base/json.h"
#include "domain/service.h"
#include "io/file_lock.h"

struct notify_book {
    char path[PATH_MAX];
    struct file_lock lock;
    json_t *targets; /* {key: {label, seq, at_us, delivered, failed}} */
};

/* The newest event that one of them was told, or that it need not be. */
struct notify_told {
    json_int_t seq;
    json_int_t at_us; /* when it happened, which tells one journal's numbers from another's; 0
                         not known */
    bool is_delivered, is_failed;
};

#define NOTIFY_KEY_SIZE 17
/* By what a target is known again: a part of the digest of its URL or path. */
MUST_CHECK int notify_key(const struct service_notify *target, char out[NOTIFY_KEY_SIZE],
                          struct err *err);

/* Take the lock and read the file. ERR_BUSY/NONE: another process tells. */
MUST_CHECK int notify_book_open(struct notify_book *book, const char *journal_path,
                                struct err *err);
/* Read it without the lock, for whoever only looks; no file: nobody was ever told. */
void notify_book_look(struct notify_book *book, const char *journal_path);
void notify_book_release(struct notify_book *book); /* zeroed memory allowed */

/* -1: it was never told of anything. */
json_int_t notify_book_seq(const struct notify_book *book, const char *key);
json_int_t notify_book_at(const struct notify_book *book, const char *key); /* 0 not known */

/* What was told last, and how: +1 where it counts. */
MUST_CHECK int notify_book_put(struct notify_book *book, const char *key, const char *label,
                               const struct notify_told *told, struct err *err);

#endif
