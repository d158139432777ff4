/* SPDX-License-Identifier: MIT */
/* Comparing a table by ranges of its key. */
#include "verify/compare.h"

#include <pthread.h>
#include <stdio.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/fast.h"
#include "verify/remote.h"
#include "verify/snapshot.h"

#define PARTS 8
#define SLICE_ROWS_FIRST 500
#define ROWS_ALGORITHM "XXH3-128 of length-prefixed values"

/* One range of a table on its way from "differs" to "these rows differ". */
struct piece {
    struct key_range range;
    struct mismatches *mismatches;
};

int comparison_check_stop(const struct comparison *comparison, struct err *err)
{
    if (signals_stop_wanted() || comparison->is_stopping(comparison->context))
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while comparing %s",
                       comparison->walk->table->label);
    return 0;
}

int comparison_before_chunk(struct comparison *comparison, struct err *err)
{
    int rc = comparison_check_stop(comparison, err);
    if (rc || !comparison->before_chunk)
        return rc;
    return comparison->before_chunk(comparison->context, err);
}

void comparison_chunk_done(struct comparison *comparison, const struct comparison_chunk *chunk)
{
    const struct row_hash parts[2] = {comparison->hash, chunk->sum.hash};
    XXH128_hash_t hash = XXH3_128bits(parts, sizeof(parts));

    comparison->hash = (struct row_hash){.low = hash.low64, .high = hash.high64};
    comparison->rows += chunk->sum.rows;
    comparison->bytes += chunk->sum.bytes;
    comparison->chunks++;
    comparison->on_chunk(comparison->context, chunk);
}

void comparison_read_rows(struct comparison *comparison, const char *why)
{
    comparison->used = VERIFY_STREAM;
    comparison->algorithm = ROWS_ALGORITHM;
    (void)snprintf(comparison->warning, sizeof(comparison->warning), "%s", why);
}

/* What holds a comparison back may do so for long, and no snapshot is kept for that time. */
static int before_table(struct comparison *comparison, struct err *err)
{
    struct snapshot *snapshot = comparison->snapshot;
    int rc = 0;
    if (snapshot && snapshot_is_fresh(snapshot, comparison->pair))
        return comparison_check_stop(comparison, err);
    if (snapshot)
        rc = snapshot_end(snapshot, comparison->pair, err);
    return rc ? rc : comparison_before_chunk(comparison, err);
}

int comparison_try_fast(struct comparison *comparison, bool *out_is_done, struct err *err)
{
    char why[sizeof(comparison->warning)];
    struct comparison_chunk whole = {0};

    *out_is_done = false;
    if (comparison->mode != VERIFY_FAST || comparison->tail_rows)
        return 0;
    int rc = before_table(comparison, err);
    int64_t began_ms = clock_mono_ms();
    if (!rc)
        rc = fast_compare(comparison, out_is_done, &whole.sum, why, sizeof(why), err);
    if (rc)
        return rc;
    comparison_read_rows(comparison, why);
    if (!*out_is_done)
        return 0;
    comparison->used = VERIFY_FAST;
    comparison->algorithm = FAST_ALGORITHM;
    whole.took_ms = clock_mono_ms() - began_ms;
    comparison_chunk_done(comparison, &whole);
    return 0;
}

/* How the sums are made. */
static void comparison_choose(struct comparison *comparison)
{
    const struct slice first = {.rows = comparison->chunk_rows &&
                                                comparison->chunk_rows < SLICE_ROWS_FIRST
                                            ? comparison->chunk_rows
                                            : SLICE_ROWS_FIRST};

    comparison->pair->source.slice = first;
    comparison->pair->replica.slice = first;
    comparison_read_rows(comparison, "");
    if (comparison->mode != VERIFY_REMOTE)
        return;
    const char *obstacle = remote_obstacle(comparison->pair, comparison->walk);
    if (obstacle) {
        comparison_read_rows(comparison, obstacle);
        return;
    }
    comparison->used = VERIFY_REMOTE;
    comparison->algorithm = remote_algorithm(comparison->pair);
}

int comparison_pause(struct comparison *comparison, unsigned number, struct err *err)
{
    struct pair *pair = comparison->pair;

    (void)clock_sleep_ms(
        25LL << (number < 6 ? number : 6)); /* cut short by a stop, which the next check sees */
    int rc = comparison_check_stop(comparison, err);
    if (rc || !pair->is_shared)
        return rc;
    return pair_wait(pair, &pair->replica, &pair->source, COMPARE_PATIENCE_MS, true, err);
}

void look_choose_ends(struct look *look, unsigned number)
{
    struct pair *pair = look->comparison->pair;
    bool is_turned = number % 2 == 0;
    look->locked = is_turned ? &pair->replica : &pair->source;
    look->other = is_turned ? &pair->source : &pair->replica;
}

/* One look within a transaction, which is ended whatever happened. */
static int look_once(struct look *look, struct err *err)
{
    struct pair *pair = look->comparison->pair;

    if (pair->is_still)
        return look->run(look, err);
    /* The other end should be close before anybody has to wait for our locks. */
    int rc = pair_wait(pair, look->locked, look->other, COMPARE_PATIENCE_MS, true, err);
    if (!rc)
        rc = end_exec(look->locked, SQL_VERIFY_BEGIN, err);
    if (rc)
        return rc;
    rc = look->run(look, err);
    struct err end_err = {0};
    int end_rc =
        db_is_dead(look->locked->db) ? 0 : end_exec(look->locked, SQL_VERIFY_END, &end_err);
    if (rc || !end_rc)
        return rc;
    *err = end_err;
    return end_rc;
}

int look_repeat(struct look *look, struct err *err)
{
    for (unsigned tries = 1;; tries++) {
        int rc = look_once(look, err);
        bool is_worth_another = is_lock_conflict(rc, err) || rc == ERR_TIMEOUT;
        if (!is_worth_another || db_is_dead(look->locked->db) || db_is_dead(look->other->db))
            return rc;
        if (tries == COMPARE_LOCK_TRIES) {
            (void)err_set(
                err, ERR_TIMEOUT, EFFECT_NONE,
                "rows of %s could not be held still long enough to compare them, in %u tries",
                look->comparison->walk->table->label, tries);
            return err_hint(err, "other sessions keep them locked, or the link is too late: "
                                 "verify again when it is quieter");
        }
        rc = comparison_pause(look->comparison, tries, err);
        if (rc)
            return rc;
    }
}

static int add_first(void *context, const char *const *values, const unsigned long *lengths,
                     struct row_hash hash, struct err *err)
{
    return mismatches_add_first(context, values, lengths, hash, err);
}

static int add_second(void *context, const char *const *values, const unsigned long *lengths,
                      struct row_hash hash, struct err *err)
{
    return mismatches_add_second(context, values, lengths, hash, err);
}

/*
 * Read the piece on both sides and find what differs; with locks on one of them unless all is
 * still.
 */
static int look_at_piece(struct look *look, struct err *err)
{
    const struct piece *piece = look->context;
    struct pair *pair = look->comparison->pair;
    const struct walk *walk = look->comparison->walk;
    struct mismatches *mismatches = piece->mismatches;
    struct chunk_sum sum;
    struct walk_read read = {.range = piece->range,
                             .limit = WALK_NO_LIMIT,
                             .is_locked = !pair->is_still,
                             .on_row = add_first,
                             .context = mismatches};

    mismatches_release(mismatches);
    mismatches_init(mismatches, walk->table, walk->key->columns, walk->key->column_count);
    mismatches->has_points = true;
    int rc = walk_run(walk, look->locked, &read, &sum, NULL, err);
    if (!rc)
        rc = mismatches_sort(mismatches, err);
    if (!rc)
        rc = pair_wait(pair, look->locked, look->other, COMPARE_HOLD_MS, false, err);
    if (rc)
        return rc;
    read.is_locked = false;
    read.on_row = add_second;
    rc = walk_run(walk, look->other, &read, &sum, NULL, err);
    if (!rc)
        rc = mismatches_finish(mismatches, err);
    if (!rc && look->locked == &pair->replica)
        mismatches_turn(mismatches);
    return rc;
}

static void report(const struct comparison *comparison, const struct mismatches *mismatches)
{
    for (size_t i = 0; i < mismatches->kept; i++)
        comparison->on_difference(comparison->context, &mismatches->items[i].difference, 1);
    if (mismatches->count > mismatches->kept)
        comparison->on_difference(comparison->context, NULL, mismatches->count - mismatches->kept);
}

/* The last word on a piece: rows held still on the source, several looks when the other side writes
 * as well. */
static int confirm(struct comparison *comparison, const struct key_range *range, struct err *err)
{
    CLEANUP(mismatches_release) struct mismatches mismatches = {0};
    CLEANUP(mismatches_release) struct mismatches earlier = {0};
    struct piece piece = {.range = *range, .mismatches = &mismatches};
    struct look look = {.comparison = comparison, .run = look_at_piece, .context = &piece};
    unsigned looks = comparison->pair->is_shared ? COMPARE_SHARED_LOOKS : 1;

    for (unsigned number = 1; number <= looks; number++) {
        look_choose_ends(&look, number);
        int rc = look_repeat(&look, err);
        if (rc)
            return rc;
        if (number > 1)
            mismatches_keep_common(&mismatches, &earlier);
        if (!mismatches.count)
            return 0;
        if (number == looks)
            break;
        mismatches_release(&earlier);
        earlier = mismatches;
        mismatches = (struct mismatches){0};
        rc = comparison_pause(comparison, number, err);
        if (rc)
            return rc;
    }
    report(comparison, &mismatches);
    return 0;
}

/* --- the sum of a range, at one end --- */

struct range_sum {
    struct chunk_sum sum;
    int64_t took_ms;
    bool is_end; /* of the range: `until` is of no meaning */
};

typedef int sum_function(const struct comparison *comparison, struct verify_end *end,
                         const struct key_range *range, uint64_t limit, struct range_sum *out,
                         struct key_point *until, struct err *err);

static int sum_by_rows(const struct comparison *comparison, struct verify_end *end,
                       const struct key_range *range, uint64_t limit, struct range_sum *out,
                       struct key_point *until, struct err *err)
{
    const struct walk_read read = {.range = *range, .limit = limit};
    bool is_sliced = !comparison->pair->is_still && !range->point_count;
    int rc = is_sliced ? walk_run_sliced(comparison->walk, end, &read, &out->sum, until, err)
                       : walk_run(comparison->walk, end, &read, &out->sum, until, err);
    out->is_end = !rc && out->sum.rows < limit;
    return rc;
}

static int sum_by_server(const struct comparison *comparison, struct verify_end *end,
                         const struct key_range *range, uint64_t limit, struct range_sum *out,
                         struct key_point *until, struct err *err)
{
    int rc =
        remote_sum(comparison->walk, comparison->pair, end, range, limit, &out->sum, until, err);
    /* Rows may come and go between the two statements, so their number says nothing about it. */
    out->is_end = !rc && (limit == WALK_NO_LIMIT || !until->is_set);
    if (rc == ERR_SERVER && !is_lock_conflict(rc, err))
        (void)err_hint(err, "this server cannot make the sum itself: verify with mode stream");
    return rc;
}

static int sum_range(const struct comparison *comparison, struct verify_end *end,
                     const struct key_range *range, uint64_t limit, struct range_sum *out,
                     struct key_point *until, struct err *err)
{
    static sum_function *const functions[] = {
        [VERIFY_AUTO] = sum_by_rows,
        [VERIFY_STREAM] = sum_by_rows,
        [VERIFY_REMOTE] = sum_by_server,
        [VERIFY_FAST] = sum_by_rows, /* of a table whose checksum differed, or was not asked for */
    };
    int64_t began_ms = clock_mono_ms();
    int rc = functions[comparison->used](comparison, end, range, limit, out, until, err);
    out->took_ms = clock_mono_ms() - began_ms;
    return rc;
}

/* --- a chunk, from the source to the replica --- */

struct chunk {
    struct key_point after, until;
    struct key_range range; /* once it was read on the source: just that */
    struct range_sum source, replica;
    struct position want; /* what the replica has to have applied before it is read there */
};

static void chunk_release(struct chunk *chunk)
{
    key_point_release(&chunk->after);
    key_point_release(&chunk->until);
}

static bool chunk_is_equal(const struct chunk *chunk)
{
    return chunk_sum_equal(&chunk->source.sum, &chunk->replica.sum);
}

static int read_source(const struct comparison *comparison, struct chunk *chunk, uint64_t limit,
                       struct err *err)
{
    struct pair *pair = comparison->pair;
    int rc = sum_range(comparison, &pair->source, &chunk->range, limit, &chunk->source,
                       &chunk->until, err);
    if (rc)
        return rc;
    if (!chunk->source.is_end)
        chunk->range.until = &chunk->until;
    return pair_want(pair, &pair->source, &pair->replica, &chunk->want, err);
}

/*
 * A server asks itself for each row whether it is still before the end, and for a key of three
 * parts that costs a fifth of the whole statement. So where the source was asked for a number of
 * rows, the replica is asked for as many: it answers them in the order of the key, and they are the
 * source's rows, each one in its place, or the sums differ. Only then the range itself is read.
 */
static uint64_t replica_limit(const struct comparison *comparison, const struct chunk *chunk)
{
    bool is_counted = comparison->used != VERIFY_REMOTE && !chunk->source.is_end;

    return is_counted ? chunk->source.sum.rows : WALK_NO_LIMIT;
}

static int read_replica(const struct comparison *comparison, struct chunk *chunk, struct err *err)
{
    struct pair *pair = comparison->pair;
    struct key_range range = chunk->range;
    uint64_t limit = replica_limit(comparison, chunk);

    if (limit != WALK_NO_LIMIT)
        range.until = NULL;
    int rc = pair_wait_for(pair, &pair->replica, &chunk->want, COMPARE_PATIENCE_MS, true, err);
    return rc ? rc
              : sum_range(comparison, &pair->replica, &range, limit, &chunk->replica, NULL, err);
}

struct replica_reader {
    const struct comparison *comparison;
    struct chunk *chunk;
    int rc;
    struct err err;
};

static void *run_replica_reader(void *context)
{
    struct replica_reader *reader = context;
    reader->rc = read_replica(reader->comparison, reader->chunk, &reader->err);
    return NULL;
}

/* One chunk on the replica and the next one on the source, at the same time; either may be NULL. */
static int read_both(const struct comparison *comparison, struct chunk *on_replica,
                     struct chunk *on_source, struct err *err)
{
    struct replica_reader reader = {.comparison = comparison, .chunk = on_replica};
    pthread_t thread;
    bool is_apart = on_replica && on_source && !comparison->is_unhurried &&
                    !pthread_create(&thread, NULL, run_replica_reader, &reader);

    int rc = on_source ? read_source(comparison, on_source, comparison->chunk_rows, err) : 0;
    if (is_apart)
        (void)pthread_join(thread, NULL); /* fails for threads that are not ours only */
    else if (!rc && on_replica)
        (void)run_replica_reader(&reader);
    if (!rc && reader.rc)
        *err = reader.err;
    return rc ? rc : reader.rc;
}

/* --- what differs --- */

/* Rows of the parts in which a range that differs is looked at again. */
static uint64_t part_rows(const struct comparison *comparison, uint64_t rows)
{
    bool is_narrowed = comparison->used == VERIFY_REMOTE && rows / PARTS > COMPARE_PIECE_ROWS;
    return is_narrowed ? rows / PARTS : COMPARE_PIECE_ROWS;
}

/*
 * A range of about `rows` rows whose sums differed: in parts, first without locks. Where the
 * servers make the sums the parts are many pieces, and those that differ are taken apart again;
 * each level is a few short answers, so the rows of a piece are the first that are read.
 */
static int recheck(struct comparison *comparison, const struct key_range *range, uint64_t rows,
                   struct err *err)
{
    CLEANUP(key_point_release) struct key_point after = {0};
    uint64_t limit = part_rows(comparison, rows);
    struct key_range rest = *range;

    for (bool is_end = false; !is_end;) {
        CLEANUP(chunk_release) struct chunk part = {.range = rest};
        int rc = comparison_check_stop(comparison, err);
        if (!rc)
            rc = read_source(comparison, &part, limit, err);
        if (!rc)
            rc = read_replica(comparison, &part, err);
        if (!rc && !chunk_is_equal(&part))
            rc = limit > COMPARE_PIECE_ROWS ? recheck(comparison, &part.range, limit, err)
                                            : confirm(comparison, &part.range, err);
        is_end = part.source.is_end;
        if (!rc && !is_end)
            rc = key_point_copy(&after, &part.until, err);
        if (rc)
            return rc;
        rest.after = &after;
        rest.is_from_included = false;
    }
    return 0;
}

int table_compare_points(struct comparison *comparison, const struct index_shape *by,
                         const struct key_point *points, size_t count, struct chunk_sum *out_sum,
                         struct err *err)
{
    CLEANUP(chunk_release)
    struct chunk chunk = {.range = {.points = points, .point_count = count, .by = by}};

    comparison_choose(comparison);
    int rc = read_source(comparison, &chunk, WALK_NO_LIMIT, err);
    if (!rc)
        rc = read_replica(comparison, &chunk, err);
    if (!rc && !chunk_is_equal(&chunk))
        rc = confirm(comparison, &chunk.range, err);
    if (rc)
        return rc;
    *out_sum = chunk.source.sum;
    return 0;
}

/* The last rows by key, in one read a side: what has to be quick inside a fence. */
static int compare_tail(struct comparison *comparison, struct err *err)
{
    CLEANUP(key_point_release) struct key_point from = {0};
    struct pair *pair = comparison->pair;
    struct chunk_sum source, replica;
    const struct walk_read read = {.limit = comparison->tail_rows, .is_backwards = true};

    int rc = walk_run(comparison->walk, &pair->source, &read, &source, &from, err);
    if (!rc)
        rc = pair_wait(pair, &pair->source, &pair->replica, COMPARE_PATIENCE_MS, true, err);
    if (!rc)
        rc = walk_run(comparison->walk, &pair->replica, &read, &replica, NULL, err);
    if (rc)
        return rc;
    const struct comparison_chunk chunk = {.sum = source,
                                           .is_rechecked = !chunk_sum_equal(&source, &replica)};
    const struct key_range tail = {.after = &from, .is_from_included = true};
    if (chunk.is_rechecked)
        rc = recheck(comparison, &tail, comparison->tail_rows, err);
    if (!rc)
        comparison_chunk_done(comparison, &chunk);
    return rc;
}

/* Both ends have been read: what differs is looked into, and the chunk is told. */
static int finish_chunk(struct comparison *comparison, struct chunk *chunk, struct err *err)
{
    bool is_equal = chunk_is_equal(chunk);
    int64_t source_ms = chunk->source.took_ms, replica_ms = chunk->replica.took_ms;
    int rc = is_equal ? 0 : recheck(comparison, &chunk->range, chunk->source.sum.rows, err);
    if (rc)
        return rc;
    const struct comparison_chunk told = {.until = chunk->source.is_end ? NULL : &chunk->until,
                                          .sum = chunk->source.sum,
                                          .took_ms =
                                              source_ms > replica_ms ? source_ms : replica_ms,
                                          .is_rechecked = !is_equal};
    comparison_chunk_done(comparison, &told);
    return 0;
}

/* Where `next` begins: behind `previous`, or where the comparison does. */
static int begin_chunk(const struct comparison *comparison, const struct chunk *previous,
                       struct chunk *next, struct err *err)
{
    const struct key_point *after = previous ? &previous->until : comparison->after;
    next->after.is_set = false;
    next->range = (struct key_range){.after = &next->after, .until = comparison->until};
    return after ? key_point_copy(&next->after, after, err) : 0;
}

static int compare_chunks(struct comparison *comparison, struct err *err)
{
    CLEANUP(chunk_release) struct chunk even = {0};
    CLEANUP(chunk_release) struct chunk odd = {0};
    struct chunk *previous = NULL, *next = &even;

    while (next) {
        int rc = comparison_before_chunk(comparison, err);
        if (!rc)
            rc = begin_chunk(comparison, previous, next, err);
        if (!rc)
            rc = read_both(comparison, previous, next, err);
        if (!rc && previous)
            rc = finish_chunk(comparison, previous, err);
        if (rc)
            return rc;
        previous = next;
        next = previous->source.is_end ? NULL : previous == &even ? &odd : &even;
    }
    int rc = read_both(comparison, previous, NULL, err);
    return rc ? rc : finish_chunk(comparison, previous, err);
}

int table_compare(struct comparison *comparison, struct err *err)
{
    bool is_done;
    comparison_choose(comparison);
    if (comparison->tail_rows) {
        comparison_read_rows(comparison, "");
        return compare_tail(comparison, err);
    }
    int rc = comparison_try_fast(comparison, &is_done, err);
    return rc || is_done ? rc : compare_chunks(comparison, err);
}
