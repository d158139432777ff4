/* SPDX-License-Identifier: MIT */
/*
 * ctl/event_book.h - the newest events of the journal, for those who watch: a reader that comes
 *                    back says the last number it saw, and misses nothing that is still here.
 * Threads: any.
 */
#ifndef CUTOVER_CTL_EVENT_BOOK_H
#define CUTOVER_CTL_EVENT_BOOK_H

#include <stdint.h>

#include "base/buf.h"
#include "base/json.h"

#define EVENT_BOOK_CAP 1024

struct event_book;

MUST_CHECK int event_book_new(struct event_book **out, struct err *err);
void event_book_free(struct event_book *book);

/* `text` is a JSON object on one line; taken, also when it cannot be kept. Numbers grow. */
void event_book_add(struct event_book *book, int64_t number, char *text);

/* Another journal has taken the place of this one: numbers begin anew, also for those who know the
 * old ones. */
void event_book_empty(struct event_book *book);

/* The newest number, 0 when there is none. */
int64_t event_book_last(struct event_book *book);

/* Append each event behind `after` as one of a server-sent stream. How many were appended. */
size_t event_book_tell(struct event_book *book, int64_t after, struct buf *out, int64_t *out_last);

/* The newest first, at most `count` of them. Caller json_decref()s; NULL when out of memory. */
json_t *event_book_newest(struct event_book *book, size_t count);

#endif
