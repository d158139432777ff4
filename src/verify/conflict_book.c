/* SPDX-License-Identifier: MIT */
/*
 * Who had seen what.
 *
 * A touch is one transaction that wrote one key. It is known from two logs: its own side's, which
 * says when it was written, and the other's, which says when it arrived there; both as numbers that
 * grow with each touch read from that log. With both known, and both transactions read to their end
 * (a key may be written several times in one), it is done with: whatever the other side writes
 * later has seen it, and what it wrote earlier was compared with it when it was read.
 */
#include "verify/conflict_book.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/key_text.h"

#define BUCKETS 65536 /* a power of two */
#define NOT_YET 0

struct touch {
    struct touch *next_in_bucket;
    struct touch *older, *newer; /* in the order in which they were first heard of */
    uint64_t hash;
    enum side side;   /* where it was written */
    uint64_t written; /* its place in that side's log, */
    uint64_t arrived; /* and in the other's */
    int64_t at_ms;
    bool is_open[SIDE_COUNT]; /* the transaction is still being read from that side's log */
    char transaction[CONFLICT_TRANSACTION_SIZE];
    size_t identity_len;
    char identity[]; /* database, name, and the key's parts, each with its length */
};

struct conflict_book {
    struct touch *buckets[BUCKETS];
    struct touch *oldest, *newest;
    size_t count;
    uint64_t forgotten;
    uint64_t places[SIDE_COUNT];
    struct buf identity; /* of the change that is being added */
    struct {
        struct touch **items;
        size_t count, room;
    } open[SIDE_COUNT]; /* of the transaction that is being read */
    bool is_overrun;
};

int conflict_book_new(struct conflict_book **out, struct err *err)
{
    struct conflict_book *book = calloc(1, sizeof(*book));

    if (!book)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for conflicts");
    buf_init(&book->identity, 1 << 20);
    *out = book;
    return 0;
}

void conflict_book_free(struct conflict_book *book)
{
    if (!book)
        return;
    conflict_book_clear(book);
    buf_release(&book->identity);
    for (size_t side = 0; side < SIDE_COUNT; side++)
        free(book->open[side].items);
    free(book);
}

bool conflict_book_is_overrun(const struct conflict_book *book)
{
    return book->is_overrun;
}

size_t conflict_book_on_the_way(const struct conflict_book *book)
{
    return book->count;
}

uint64_t conflict_book_forgotten(const struct conflict_book *book)
{
    return book->forgotten;
}

static void drop(struct conflict_book *book, struct touch *touch)
{
    struct touch **at = &book->buckets[touch->hash % BUCKETS];

    while (*at != touch)
        at = &(*at)->next_in_bucket;
    *at = touch->next_in_bucket;
    if (touch->older)
        touch->older->newer = touch->newer;
    else
        book->oldest = touch->newer;
    if (touch->newer)
        touch->newer->older = touch->older;
    else
        book->newest = touch->older;
    book->count--;
    free(touch);
}

void conflict_book_clear(struct conflict_book *book)
{
    book->forgotten += book->count;
    while (book->oldest)
        drop(book, book->oldest);
    for (size_t side = 0; side < SIDE_COUNT; side++)
        book->open[side].count = 0;
    book->is_overrun = false;
}

static void add_part(struct buf *out, const void *bytes, size_t len)
{
    buf_add(out, &len, sizeof(len));
    buf_add(out, bytes, len);
}

/* Which row: the same bytes from either log. */
static int identify(struct conflict_book *book, const struct change *change, struct err *err)
{
    struct buf *out = &book->identity;

    buf_reset(out);
    add_part(out, change->database, strlen(change->database));
    add_part(out, change->name, strlen(change->name));
    for (size_t i = 0; i < change->key->count; i++)
        add_part(out, buf_text(&change->key->parts[i]), change->key->parts[i].len);
    return buf_check(out, err);
}

/* FNV-1a: only to find the bucket. */
static uint64_t hash_of(const struct buf *identity)
{
    uint64_t hash = 0xCBF29CE484222325ULL;

    for (size_t i = 0; i < identity->len; i++)
        hash = (hash ^ (unsigned char)identity->data[i]) * 0x100000001B3ULL;
    return hash;
}

static bool is_of(const struct touch *touch, const struct buf *identity, uint64_t hash)
{
    return touch->hash == hash && touch->identity_len == identity->len &&
           memcmp(touch->identity, identity->data, identity->len) == 0;
}

static struct touch *find(const struct conflict_book *book, uint64_t hash, enum side side,
                          const char *transaction)
{
    for (struct touch *touch = book->buckets[hash % BUCKETS]; touch; touch = touch->next_in_bucket)
        if (touch->side == side && is_of(touch, &book->identity, hash) &&
            !strcmp(touch->transaction, transaction))
            return touch;
    return NULL;
}

/*
 * Room for one more. A write that has not arrived may be forgotten; not an arrival without its
 * write: when that was read later, it would look as if nobody had seen it.
 */
static bool make_room(struct conflict_book *book)
{
    const struct touch *oldest = book->oldest;

    if (book->count < CONFLICT_CAP)
        return true;
    if (oldest->is_open[SIDE_OLD] || oldest->is_open[SIDE_NEW] || oldest->written == NOT_YET) {
        book->is_overrun = true;
        return false;
    }
    drop(book, book->oldest);
    book->forgotten++;
    return true;
}

static int keep_open(struct conflict_book *book, enum side side, struct touch *touch,
                     struct err *err)
{
    if (book->open[side].count == book->open[side].room) {
        size_t room = book->open[side].room ? book->open[side].room * 2 : 64;
        struct touch **items = realloc(book->open[side].items, room * sizeof(struct touch *));
        if (!items)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for conflicts");
        book->open[side].items = items;
        book->open[side].room = room;
    }
    book->open[side].items[book->open[side].count++] = touch;
    touch->is_open[side] = true;
    return 0;
}

void conflict_book_commit(struct conflict_book *book, enum side side)
{
    for (size_t i = 0; i < book->open[side].count; i++) {
        struct touch *touch = book->open[side].items[i];
        touch->is_open[side] = false;
        if (touch->written != NOT_YET && touch->arrived != NOT_YET &&
            !touch->is_open[side_other(side)])
            drop(book, touch);
    }
    book->open[side].count = 0;
}

static int make(struct conflict_book *book, uint64_t hash, enum side side,
                const struct change *change, struct touch **out, struct err *err)
{
    struct touch *touch = calloc(1, sizeof(*touch) + book->identity.len);
    if (!touch)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for conflicts");
    touch->hash = hash;
    touch->side = side;
    (void)snprintf(touch->transaction, sizeof(touch->transaction), "%s", change->transaction);
    touch->identity_len = book->identity.len;
    memcpy(touch->identity, book->identity.data, book->identity.len);
    touch->next_in_bucket = book->buckets[hash % BUCKETS];
    book->buckets[hash % BUCKETS] = touch;
    touch->older = book->newest;
    if (book->newest)
        book->newest->newer = touch;
    else
        book->oldest = touch;
    book->newest = touch;
    book->count++;
    *out = touch;
    return 0;
}

/* Both are written; an arrival that is not known yet comes later than all that is. */
static bool had_seen(const struct touch *writer, const struct touch *other)
{
    return other->arrived != NOT_YET && other->arrived < writer->written;
}

static void tell(const struct touch *a, const struct touch *b, const struct change *change,
                 conflict_fn *found, void *context)
{
    struct conflict conflict = {0};

    (void)snprintf(conflict.table, sizeof(conflict.table), "%s.%s", change->database, change->name);
    if (!verify_key_text(change->key, conflict.key, sizeof(conflict.key)))
        (void)snprintf(conflict.key, sizeof(conflict.key), "(a long key)");
    memcpy(conflict.transaction[a->side], a->transaction, sizeof(a->transaction));
    memcpy(conflict.transaction[b->side], b->transaction, sizeof(b->transaction));
    conflict.at_ms[a->side] = a->at_ms;
    conflict.at_ms[b->side] = b->at_ms;
    found(context, &conflict);
}

/* The write that was just read, against all that the other side has on its way. */
static void compare(const struct conflict_book *book, const struct touch *touch,
                    const struct change *change, conflict_fn *found, void *context)
{
    struct touch *other = book->buckets[touch->hash % BUCKETS];

    for (; other; other = other->next_in_bucket)
        if (other->side != touch->side && other->written != NOT_YET &&
            is_of(other, &book->identity, touch->hash) && !had_seen(touch, other) &&
            !had_seen(other, touch))
            tell(touch, other, change, found, context);
}

int conflict_book_add(struct conflict_book *book, enum side side, const struct change *change,
                      conflict_fn *found, void *context, struct err *err)
{
    enum side written_on = change->is_own ? side : side_other(side);

    if (book->is_overrun)
        return 0;
    int rc = identify(book, change, err);
    if (rc)
        return rc;
    uint64_t hash = hash_of(&book->identity);
    struct touch *touch = find(book, hash, written_on, change->transaction);
    if (!touch && !make_room(book))
        return 0;
    if (!touch)
        rc = make(book, hash, written_on, change, &touch, err);
    if (rc || touch->is_open[side]) /* not the first time within this transaction */
        return rc;
    uint64_t place = ++book->places[side];
    if (change->is_own) {
        touch->written = place;
        touch->at_ms = change->at_ms;
        compare(book, touch, change, found, context);
    } else {
        touch->arrived = place;
    }
    return keep_open(book, side, touch, err);
}
