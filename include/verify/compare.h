/* SPDX-License-Identifier: MIT */
/*
 * verify/compare.h - one table, both sides, exact while writes go on.
 * How:     a chunk is read on the source without locks, then the source's position, then, once the
 *          replica has applied it, the same key range there. Equal hashes end it. Otherwise pieces
 *          of at most COMPARE_PIECE_ROWS rows are read again the same way, and a piece that still
 *          differs with its rows share-locked on the source: only the replica can be behind then,
 *          and it is waited for. What differs under the locks is a real difference.
 * Locks:   one piece at a time, taken only once the replica had caught up, given back after
 *          COMPARE_HOLD_MS at most; a deadlock, a lock timeout or a late replica means: give back,
 *          wait a little, try again, a bounded number of times.
 * Shared:  when the replica side is open too, its own writes have to come back over the reverse
 *          link, which cannot pass our locks. So the looks alternate: rows held still on the
 *          source, then rows held still on the replica side while the source catches up with it. A
 *          row that only one side writes to, however often, is equal in the look at that side; only
 *          what differs in all COMPARE_SHARED_LOOKS looks, with growing pauses between, is
 *          reported. Rows that both sides write to at the same moment are conflicts in any case.
 * Modes:   a sum of rows is made here of the rows, or by the server (verify/remote.h), which is
 *          then told smaller and smaller ranges, so that only the rows of pieces that differ are
 *          read. Before either, a whole table may be told equal by its checksum in a pair of
 *          snapshots (verify/fast.h). What differs is always decided by the rows.
 * Both:    the replica's part of a chunk is read while the source reads the next one. The position
 *          it waits for was asked after the source's own read, so this changes nothing in what is
 *          compared with what.
 * No key:  such a table is compared as a multiset (sum of the 128-bit row hashes modulo 2^128, and
 *          the number of rows), so the order in which rows come does not matter; what differs is
 *          narrowed down by buckets of hashes and then paired up.
 * Threads: belongs to one thread; the callbacks come from it, while it uses neither end.
 */
#ifndef CUTOVER_VERIFY_COMPARE_H
#define CUTOVER_VERIFY_COMPARE_H

#include "verify/mismatches.h"
#include "verify/verify.h"
#include "verify/walk.h"

struct snapshot;

#define COMPARE_PIECE_ROWS 500
#define COMPARE_HOLD_MS 2000
#define COMPARE_PATIENCE_MS 60000
#define COMPARE_LOCK_TRIES 30
#define COMPARE_SHARED_LOOKS 6

/* What a chunk was, once it is compared. */
struct comparison_chunk {
    const struct key_point *until; /* its last key; NULL: it went to the end of the range */
    struct chunk_sum sum;          /* of the source */
    int64_t took_ms;               /* to read it, on the slower side; waiting is not in it */
    bool is_rechecked;
};

struct comparison {
    struct pair *pair;
    const struct walk *walk;
    enum verify_mode mode;                 /* AUTO is STREAM */
    struct snapshot *snapshot;             /* what FAST uses; NULL: its tables are streamed */
    const struct key_point *after, *until; /* the rows between; NULL or unset: no bound */
    uint64_t chunk_rows;                   /* of the next chunk: on_chunk may change it */
    uint64_t tail_rows;                    /* 0: all rows of the range */
    bool is_unhurried; /* one side is read after the other, never both at once */
    /* Before each chunk; may wait. A negative answer ends the comparison. NULL: nothing is asked.
     */
    int (*before_chunk)(void *context, struct err *err);
    /* After each chunk. The results below have it already. */
    void (*on_chunk)(void *context, const struct comparison_chunk *chunk);
    /* count is larger than 1 when more differ than can be kept; difference may be NULL then. */
    void (*on_difference)(void *context, const struct difference *difference, size_t count);
    bool (*is_stopping)(void *context); /* another worker failed */
    void *context;
    /* results; what is in them at the beginning is gone on from */
    uint64_t rows, chunks, bytes;
    struct row_hash hash;  /* of the chunks', one after the other: depends on where they end */
    enum verify_mode used; /* how it was compared in the end, and what that rests on */
    const char *algorithm;
    char warning[200]; /* why that is not what was asked for, as "is ...": after the table's name */
};

/* Errors  ERR_LOST, ERR_SERVER; ERR_TIMEOUT/NONE the replica or a lock did not come in time;
 * ERR_STOPPED */
MUST_CHECK int table_compare(struct comparison *comparison, struct err *err);

/*
 * Only the rows that have one of these keys, of `by` (NULL: of the walk's key): on_difference tells
 * what differs, out_sum what was read on the source. Some hundred keys at a time.
 */
MUST_CHECK int table_compare_points(struct comparison *comparison, const struct index_shape *by,
                                    const struct key_point *points, size_t count,
                                    struct chunk_sum *out_sum, struct err *err);

/* For a table without a key. */
MUST_CHECK int table_compare_whole(struct comparison *comparison, struct err *err);

/* Shared by the two forms. */
MUST_CHECK int comparison_check_stop(const struct comparison *comparison, struct err *err);
/* Adds the chunk to the results and tells it. */
void comparison_chunk_done(struct comparison *comparison, const struct comparison_chunk *chunk);
MUST_CHECK int comparison_before_chunk(struct comparison *comparison, struct err *err);

/*
 * A look at rows that are held still on one end: `locked` is read first, then `other`, once it has
 * applied what `locked` had.
 */
struct look {
    struct comparison *comparison;
    struct verify_end *locked, *other;
    int (*run)(struct look *look, struct err *err);
    void *context;
};

/*
 * Run it within a transaction on the locked end, end that, and do so again while others are in the
 * way.
 */
MUST_CHECK int look_repeat(struct look *look, struct err *err);
/* number counts from 1: which end is locked, by turns when both are written to. */
void look_choose_ends(struct look *look, unsigned number);

/* In mode FAST: done when the whole table was told equal by its checksum, and is told so. */
MUST_CHECK int comparison_try_fast(struct comparison *comparison, bool *out_is_done,
                                   struct err *err);

/* Falls back to reading rows; why goes into the warning. */
void comparison_read_rows(struct comparison *comparison, const char *why);

/* Between two looks: let the links settle. number counts from 1. */
MUST_CHECK int comparison_pause(struct comparison *comparison, unsigned number, struct err *err);

#endif
