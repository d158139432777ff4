/* SPDX-License-Identifier: MIT */
/* Comparing a table by ranges of its key. */
#include "verify/compare.h"

#include "base/clock.h"
#include "base/signals.h"

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

/* The replica's side of a range that was just read on the source. */
static int read_replica(struct comparison *comparison, const struct key_range *range,
                        struct chunk_sum *out, int64_t *out_took_ms, struct err *err)
{
    struct pair *pair = comparison->pair;
    const struct walk_read read = {.range = *range, .limit = WALK_NO_LIMIT};
    int rc = pair_wait(pair, &pair->source, &pair->replica, COMPARE_PATIENCE_MS, true, err);
    int64_t began_ms = clock_mono_ms();

    if (!rc)
        rc = walk_run(comparison->walk, &pair->replica, &read, out, NULL, err);
    *out_took_ms = clock_mono_ms() - began_ms;
    return rc;
}

struct range_result {
    struct chunk_sum sum;
    int64_t took_ms;
    bool is_end, is_equal; /* end: of the range */
};

/*
 * Read up to `limit` rows of `range` on the source and the same keys on the replica.
 * until  shrinks the range to what was read, unless that was all of it up to the range's own end
 */
static int compare_range(struct comparison *comparison, const struct key_range *range,
                         uint64_t limit, struct key_point *until, struct range_result *out,
                         struct err *err)
{
    struct chunk_sum replica;
    int64_t replica_ms, began_ms = clock_mono_ms();
    const struct walk_read read = {.range = *range, .limit = limit};
    int rc = walk_run(comparison->walk, &comparison->pair->source, &read, &out->sum, until, err);
    if (rc)
        return rc;
    out->took_ms = clock_mono_ms() - began_ms;
    out->is_end = out->sum.rows < limit;
    struct key_range same = *range;
    if (!out->is_end)
        same.until = until;
    rc = read_replica(comparison, &same, &replica, &replica_ms, err);
    if (rc)
        return rc;
    out->took_ms = replica_ms > out->took_ms ? replica_ms : out->took_ms;
    out->is_equal = chunk_sum_equal(&out->sum, &replica);
    return 0;
}

/* A range whose hashes differed: in pieces, first without locks. */
static int recheck(struct comparison *comparison, const struct key_range *range, struct err *err)
{
    CLEANUP(key_point_release) struct key_point after = {0};
    CLEANUP(key_point_release) struct key_point until = {0};
    struct key_range rest = *range;
    struct range_result result = {0};

    while (!result.is_end) {
        int rc = comparison_check_stop(comparison, err);
        if (!rc)
            rc = compare_range(comparison, &rest, COMPARE_PIECE_ROWS, &until, &result, err);
        struct key_range piece = rest;
        if (!result.is_end)
            piece.until = &until;
        if (!rc && !result.is_equal)
            rc = confirm(comparison, &piece, err);
        if (!rc && !result.is_end)
            rc = key_point_copy(&after, &until, err);
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
    const struct key_range range = {.points = points, .point_count = count, .by = by};
    struct range_result result;

    int rc = compare_range(comparison, &range, WALK_NO_LIMIT, NULL, &result, err);
    if (!rc && !result.is_equal)
        rc = confirm(comparison, &range, err);
    if (rc)
        return rc;
    *out_sum = result.sum;
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
        rc = recheck(comparison, &tail, err);
    if (!rc)
        comparison_chunk_done(comparison, &chunk);
    return rc;
}

int table_compare(struct comparison *comparison, struct err *err)
{
    CLEANUP(key_point_release) struct key_point after = {0};
    CLEANUP(key_point_release) struct key_point until = {0};
    struct range_result result = {0};

    if (comparison->tail_rows)
        return compare_tail(comparison, err);
    int rc = comparison->after ? key_point_copy(&after, comparison->after, err) : 0;
    while (!rc && !result.is_end) {
        struct key_range range = {.after = &after, .until = comparison->until};
        rc = comparison_before_chunk(comparison, err);
        if (!rc)
            rc = compare_range(comparison, &range, comparison->chunk_rows, &until, &result, err);
        if (rc)
            return rc;
        if (!result.is_end)
            range.until = &until;
        if (!result.is_equal)
            rc = recheck(comparison, &range, err);
        if (!rc && !result.is_end)
            rc = key_point_copy(&after, &until, err);
        if (rc)
            return rc;
        const struct comparison_chunk chunk = {.until = result.is_end ? NULL : &until,
                                               .sum = result.sum,
                                               .took_ms = result.took_ms,
                                               .is_rechecked = !result.is_equal};
        comparison_chunk_done(comparison, &chunk);
    }
    return rc;
}
