/* SPDX-License-Identifier: MIT */
/*
 * verify/touched.h - which rows were touched since they were last proven: keys of rows, ranges of
 *                    keys, whole tables.
 * How:       every touch gets the next number. A row keeps its first touch since it was taken to
 *            be compared, and waits in that order, so that no row is put off for ever by being
 *            touched again. Taken is out of the set: a touch that comes meanwhile is a new one.
 * Memory:    cap_bytes. Beyond it the table with the most rows gives them up for ranges of its
 *            leading integer, wider ones when that will not do, and else is touched as a whole.
 *            A touch is never lost: when memory is out for a row, its table is touched as a whole.
 * Threads:   none of its own; the caller takes care.
 */
#ifndef CUTOVER_VERIFY_TOUCHED_H
#define CUTOVER_VERIFY_TOUCHED_H

#include <stdbool.h>
#include <stdint.h>

#include "domain/table_shape.h"
#include "sql/key_range.h"

struct touched;

enum touched_kind { TOUCHED_ROWS, TOUCHED_RANGE, TOUCHED_TABLE };

struct touched_key {
    const char *database, *name;
    const char *index; /* what the point is a key of; "" = the key one walks by */
    const struct key_point *point;
    bool is_integer;  /* the first part is an integer: ranges may be made of it */
    bool is_doubtful; /* a plain read may not see it yet: read it with a lock first */
};

MUST_CHECK int touched_new(uint64_t cap_bytes, struct touched **out, struct err *err);
void touched_free(struct touched *set);
void touched_freep(struct touched **set);

/* at_ms is a clock_mono_ms(): when it was heard of. ERR_MEMORY/NONE: not even a table fits. */
MUST_CHECK int touched_add(struct touched *set, const struct touched_key *key, int64_t at_ms,
                           struct err *err);
MUST_CHECK int touched_add_table(struct touched *set, const char *database, const char *name,
                                 int64_t at_ms, struct err *err);

/* The number of the last touch. */
uint64_t touched_sequence(const struct touched *set);

/* What is to be compared next, of one table. Belongs to the caller until it is given back. */
struct touched_batch {
    enum touched_kind kind;
    bool is_doubtful; /* any of its rows */
    const char *database, *name, *index;
    struct key_point *points; /* rows: `count` of them; a range: after, until; see key_range.h */
    size_t count;
    uint64_t first;             /* the number of its oldest touch */
    int64_t at_ms;              /* when that was */
    struct touched_item *items; /* this and below: the set's */
    struct touched_table *table;
    struct touched_batch *next, *prev;
};

/*
 * Up to `limit` rows (or one range, or one table) whose first touch is not after `until`; *out is
 * NULL when there are none. Tables take turns.
 */
MUST_CHECK int touched_take(struct touched *set, uint64_t until, size_t limit,
                            struct touched_batch **out, struct err *err);

/*
 * Give a batch back, which frees it. is_proven: it was compared after it had been taken. What was
 * touched meanwhile is in the set again in any case.
 */
void touched_give_back(struct touched *set, struct touched_batch *batch, bool is_proven);

/* Touch again all that a batch has, in the same or another set. */
MUST_CHECK int touched_add_batch(struct touched *set, const struct touched_batch *batch,
                                 int64_t at_ms, struct err *err);

/* Is anything left, in the set or out of it, whose first touch is not after `until`? */
bool touched_has(const struct touched *set, uint64_t until);

struct touched_count {
    uint64_t rows, ranges, bytes, cap_bytes;
    unsigned tables;   /* as a whole */
    uint64_t first;    /* number of the oldest first touch; touched_sequence() + 1 when none */
    int64_t oldest_ms; /* when that was; -1 none */
};
void touched_count(const struct touched *set, struct touched_count *out);

#endif
