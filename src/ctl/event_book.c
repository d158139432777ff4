/* SPDX-License-Identifier: MIT */
#include "ctl/event_book.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>

struct event_book {
    pthread_mutex_t lock;
    struct {
        int64_t number;
        char *text;
    } events[EVENT_BOOK_CAP];
    size_t next, count;
    bool was_emptied;
};

int event_book_new(struct event_book **out, struct err *err)
{
    struct event_book *book = calloc(1, sizeof *book);
    if (!book)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    (void)pthread_mutex_init(&book->lock, NULL);
    *out = book;
    return 0;
}

void event_book_free(struct event_book *book)
{
    if (!book)
        return;
    for (size_t i = 0; i < EVENT_BOOK_CAP; i++)
        free(book->events[i].text);
    (void)pthread_mutex_destroy(&book->lock);
    free(book);
}

static size_t newest(const struct event_book *book)
{
    return (book->next + EVENT_BOOK_CAP - 1) % EVENT_BOOK_CAP;
}

static int64_t last_number(const struct event_book *book)
{
    return book->count ? book->events[newest(book)].number : 0;
}

void event_book_add(struct event_book *book, int64_t number, char *text)
{
    (void)pthread_mutex_lock(&book->lock);
    if (!text || number <= last_number(book)) {
        free(text);
    } else {
        free(book->events[book->next].text);
        book->events[book->next].number = number;
        book->events[book->next].text = text;
        book->next = (book->next + 1) % EVENT_BOOK_CAP;
        if (book->count < EVENT_BOOK_CAP)
            book->count++;
    }
    (void)pthread_mutex_unlock(&book->lock);
}

int64_t event_book_last(struct event_book *book)
{
    (void)pthread_mutex_lock(&book->lock);
    int64_t number = last_number(book);
    (void)pthread_mutex_unlock(&book->lock);
    return number;
}

void event_book_empty(struct event_book *book)
{
    (void)pthread_mutex_lock(&book->lock);
    for (size_t i = 0; i < EVENT_BOOK_CAP; i++) {
        free(book->events[i].text);
        book->events[i].text = NULL;
    }
    book->next = book->count = 0;
    book->was_emptied = true;
    (void)pthread_mutex_unlock(&book->lock);
}

size_t event_book_tell(struct event_book *book, int64_t after, struct buf *out, int64_t *out_last)
{
    size_t told = 0;

    (void)pthread_mutex_lock(&book->lock);
    if (book->was_emptied && after > last_number(book))
        after = 0; /* a number of the journal that was there before */
    for (size_t i = 0; i < book->count; i++) {
        size_t at = (book->next + EVENT_BOOK_CAP - book->count + i) % EVENT_BOOK_CAP;
        if (book->events[at].number <= after)
            continue;
        buf_printf(out, "id: %" PRId64 "\nevent: journal\ndata: ", book->events[at].number);
        buf_puts(out, book->events[at].text);
        buf_puts(out, "\n\n");
        told++;
    }
    *out_last = last_number(book);
    (void)pthread_mutex_unlock(&book->lock);
    return told;
}

json_t *event_book_newest(struct event_book *book, size_t count)
{
    json_t *list = json_array();

    (void)pthread_mutex_lock(&book->lock);
    for (size_t i = 0; i < book->count && i < count; i++) {
        size_t at = (book->next + EVENT_BOOK_CAP - 1 - i) % EVENT_BOOK_CAP;
        (void)json_array_append_new(list, json_loads(book->events[at].text, 0, NULL));
    }
    (void)pthread_mutex_unlock(&book->lock);
    return list;
}
