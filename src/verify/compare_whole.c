/* SPDX-License-Identifier: MIT */
/* Comparing a table that has no key: as a multiset of row hashes. */
#include <stdio.h>
#include <stdlib.h>

#include "verify/compare.h"
#include "verify/remote.h"

#define BUCKET_COUNT 4096
#define COLLECT_CAP 5000
#define LOOSE_LOOKS 4
#define LOCKABLE_BYTES (64U << 20)

struct loose_row {
    struct row_hash hash;
    struct cell *cells;
};

struct loose_rows {
    struct loose_row *rows;
    size_t count;
    size_t column_count;
    const bool *is_wanted; /* by bucket */
};

static size_t bucket_of(struct row_hash hash)
{
    return (size_t)(hash.high >> 52);
}

static void loose_rows_release(struct loose_rows *rows)
{
    for (size_t i = 0; i < rows->count; i++)
        free(rows->rows[i].cells);
    free(rows->rows);
    *rows = (struct loose_rows){0};
}

static int add_to_bucket(void *context, const char *const *values, const unsigned long *lengths,
                         struct row_hash hash, struct err *err)
{
    struct chunk_sum *bucket = (struct chunk_sum *)context + bucket_of(hash);
    (void)values, (void)lengths, (void)err; /* the callback's other forms need them */
    bucket->rows++;
    bucket->hash = row_hash_add(bucket->hash, hash);
    return 0;
}

/* Rows of the wanted buckets, up to the cap: with more differences than that a list of them helps
 * nobody. */
static int collect(void *context, const char *const *values, const unsigned long *lengths,
                   struct row_hash hash, struct err *err)
{
    struct loose_rows *rows = context;
    if (!rows->is_wanted[bucket_of(hash)] || rows->count == COLLECT_CAP)
        return 0;
    if (!rows->rows)
        rows->rows = calloc(COLLECT_CAP, sizeof(*rows->rows));
    struct cell *cells = rows->rows ? calloc(rows->column_count, sizeof(*cells)) : NULL;
    if (!cells)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory while comparing rows");
    for (size_t i = 0; i < rows->column_count; i++)
        cell_of(&cells[i], values[i], lengths[i]);
    rows->rows[rows->count++] = (struct loose_row){.hash = hash, .cells = cells};
    return 0;
}

static int compare_loose(const void *a, const void *b)
{
    const struct loose_row *left = a, *right = b;
    if (left->hash.high != right->hash.high)
        return left->hash.high < right->hash.high ? -1 : 1;
    return left->hash.low < right->hash.low ? -1 : left->hash.low > right->hash.low;
}

static void sort(struct loose_rows *rows)
{
    if (rows->count)
        qsort(rows->rows, rows->count, sizeof(*rows->rows), compare_loose);
}

/* Drop the pairs that are equal, one for one; what stays is on one side only. */
static void cancel_equal(struct loose_rows *a, struct loose_rows *b)
{
    size_t i = 0, j = 0, kept_a = 0, kept_b = 0;
    while (i < a->count || j < b->count) {
        int order = i == a->count   ? 1
                    : j == b->count ? -1
                                    : compare_loose(&a->rows[i], &b->rows[j]);
        if (order < 0) {
            a->rows[kept_a++] = a->rows[i++];
        } else if (order > 0) {
            b->rows[kept_b++] = b->rows[j++];
        } else {
            free(a->rows[i++].cells);
            free(b->rows[j++].cells);
        }
    }
    a->count = kept_a;
    b->count = kept_b;
}

static size_t equal_cells(const struct loose_row *a, const struct loose_row *b, size_t count)
{
    size_t equal = 0;
    for (size_t i = 0; i < count; i++)
        equal += row_hash_equal(a->cells[i].hash, b->cells[i].hash);
    return equal;
}

/* The row that is most like `row`, at least by half; its index, or count. */
static size_t most_alike(const struct loose_rows *among, const struct loose_row *row)
{
    size_t best = among->count, best_equal = (among->column_count + 1) / 2;
    for (size_t i = 0; i < among->count; i++) {
        if (!among->rows[i].cells)
            continue;
        size_t equal = equal_cells(&among->rows[i], row, among->column_count);
        if (equal >= best_equal && equal > 0) {
            best_equal = equal + 1;
            best = i;
        }
    }
    return best;
}

static void describe(const struct table_shape *table, enum difference_kind kind,
                     const struct loose_row *row, struct difference *out)
{
    size_t columns[INDEX_COLUMN_CAP];
    size_t count = table->column_count < INDEX_COLUMN_CAP ? table->column_count : INDEX_COLUMN_CAP;
    for (size_t i = 0; i < count; i++)
        columns[i] = i;
    *out = (struct difference){.kind = kind};
    (void)snprintf(out->table, sizeof(out->table), "%s", table->label);
    cells_key_text(row->cells, table, columns, count, out->key, sizeof(out->key));
}

static void describe_change(const struct table_shape *table, const struct loose_row *source,
                            const struct loose_row *replica, struct difference *out)
{
    size_t i = 0;
    describe(table, DIFFERENCE_CHANGED, source, out);
    while (i + 1 < table->column_count &&
           row_hash_equal(source->cells[i].hash, replica->cells[i].hash))
        i++;
    (void)snprintf(out->column, sizeof(out->column), "%s", table->columns[i].name);
    cell_text(&source->cells[i], &table->columns[i], out->source_value, sizeof(out->source_value));
    cell_text(&replica->cells[i], &table->columns[i], out->replica_value,
              sizeof(out->replica_value));
}

static void report(const struct comparison *comparison, const struct loose_rows *source,
                   struct loose_rows *replica)
{
    const struct table_shape *table = comparison->walk->table;
    struct difference difference;

    for (size_t i = 0; i < source->count; i++) {
        size_t alike = most_alike(replica, &source->rows[i]);
        if (alike == replica->count) {
            describe(table, DIFFERENCE_MISSING, &source->rows[i], &difference);
        } else {
            describe_change(table, &source->rows[i], &replica->rows[alike], &difference);
            free(replica->rows[alike].cells);
            replica->rows[alike].cells = NULL;
        }
        comparison->on_difference(comparison->context, &difference, 1);
    }
    for (size_t i = 0; i < replica->count; i++) {
        if (!replica->rows[i].cells)
            continue;
        describe(table, DIFFERENCE_EXTRA, &replica->rows[i], &difference);
        comparison->on_difference(comparison->context, &difference, 1);
    }
}

/* Both sides while nothing can change, in buckets; then the rows of the buckets that differ. */
struct whole_look {
    struct comparison *comparison;
    struct chunk_sum *buckets[2];
    bool is_wanted[BUCKET_COUNT];
    size_t wanted_count;
    struct loose_rows rows[2];
};

static void whole_look_free(struct whole_look **look)
{
    if (!*look)
        return;
    for (int side = 0; side < 2; side++) {
        free((*look)->buckets[side]);
        loose_rows_release(&(*look)->rows[side]);
    }
    free(*look);
}

static int fill_buckets(struct whole_look *look, int side, struct verify_end *end, bool is_locked,
                        struct err *err)
{
    struct chunk_sum sum;
    const struct walk_read read = {
        .is_locked = is_locked, .on_row = add_to_bucket, .context = look->buckets[side]};
    for (size_t i = 0; i < BUCKET_COUNT; i++)
        look->buckets[side][i] = (struct chunk_sum){0};
    return walk_run(look->comparison->walk, end, &read, &sum, NULL, err);
}

static int collect_rows(struct whole_look *look, int side, struct verify_end *end, bool is_locked,
                        struct err *err)
{
    struct chunk_sum sum;
    loose_rows_release(&look->rows[side]);
    look->rows[side] = (struct loose_rows){
        .column_count = look->comparison->walk->table->column_count, .is_wanted = look->is_wanted};
    const struct walk_read read = {
        .is_locked = is_locked, .on_row = collect, .context = &look->rows[side]};
    return walk_run(look->comparison->walk, end, &read, &sum, NULL, err);
}

static int look_at_whole(struct look *look, struct err *err)
{
    struct whole_look *whole = look->context;
    struct pair *pair = look->comparison->pair;
    bool is_locked = !pair->is_still;
    int first = look->locked == &pair->replica, second = !first;

    int rc = fill_buckets(whole, first, look->locked, is_locked, err);
    if (!rc)
        rc = pair_wait(pair, look->locked, look->other, COMPARE_HOLD_MS, false, err);
    if (!rc)
        rc = fill_buckets(whole, second, look->other, false, err);
    if (rc)
        return rc;
    whole->wanted_count = 0;
    for (size_t i = 0; i < BUCKET_COUNT; i++) {
        whole->is_wanted[i] = !chunk_sum_equal(&whole->buckets[0][i], &whole->buckets[1][i]);
        whole->wanted_count += whole->is_wanted[i];
    }
    if (!whole->wanted_count)
        return 0;
    rc = collect_rows(whole, first, look->locked, is_locked, err);
    return rc ? rc : collect_rows(whole, second, look->other, false, err);
}

static int confirm_whole(struct comparison *comparison, struct err *err)
{
    CLEANUP(whole_look_free) struct whole_look *whole = calloc(1, sizeof(*whole));
    struct look look = {.comparison = comparison, .run = look_at_whole, .context = whole};
    unsigned looks = comparison->pair->is_shared ? COMPARE_SHARED_LOOKS : 1;

    if (!whole)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory while comparing %s",
                       comparison->walk->table->label);
    whole->comparison = comparison;
    for (int side = 0; side < 2; side++) {
        whole->buckets[side] = calloc(BUCKET_COUNT, sizeof(*whole->buckets[side]));
        if (!whole->buckets[side])
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory while comparing rows");
    }
    for (unsigned number = 1; number <= looks; number++) {
        look_choose_ends(&look, number);
        int rc = number > 1 ? comparison_pause(comparison, number, err) : 0;
        if (!rc)
            rc = look_repeat(&look, err);
        if (rc || !whole->wanted_count)
            return rc;
    }
    sort(&whole->rows[0]);
    sort(&whole->rows[1]);
    cancel_equal(&whole->rows[0], &whole->rows[1]);
    report(comparison, &whole->rows[0], &whole->rows[1]);
    return 0;
}

/* Without locks: the two sides as wholes. */
static int look_loosely(struct comparison *comparison, struct chunk_sum *out, bool *out_is_equal,
                        struct err *err)
{
    struct pair *pair = comparison->pair;
    struct chunk_sum replica;
    const struct walk_read read = {.limit = WALK_NO_LIMIT};
    int rc = walk_run(comparison->walk, &pair->source, &read, out, NULL, err);
    if (!rc)
        rc = pair_wait(pair, &pair->source, &pair->replica, COMPARE_PATIENCE_MS, true, err);
    if (!rc)
        rc = walk_run(comparison->walk, &pair->replica, &read, &replica, NULL, err);
    if (rc)
        return rc;
    *out_is_equal = chunk_sum_equal(out, &replica);
    return 0;
}

/* Looks without locks until one finds no difference, a bounded number of times. */
static int look_often(struct comparison *comparison, struct chunk_sum *out, bool *out_is_equal,
                      struct err *err)
{
    unsigned looks = comparison->pair->is_still    ? 1
                     : comparison->pair->is_shared ? COMPARE_SHARED_LOOKS
                                                   : LOOSE_LOOKS;
    *out_is_equal = false;
    for (unsigned look = 1; look <= looks && !*out_is_equal; look++) {
        int rc = look > 1 ? comparison_pause(comparison, look, err)
                          : comparison_before_chunk(comparison, err);
        if (!rc)
            rc = look_loosely(comparison, out, out_is_equal, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int refuse_to_lock(const struct comparison *comparison, struct err *err)
{
    int rc = err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                     "%s has no key, is written to, and is too large to be locked for a comparison",
                     comparison->walk->table->label);
    (void)err_hint(err, "give it a primary key, or verify it while it is not written to");
    return rc;
}

int table_compare_whole(struct comparison *comparison, struct err *err)
{
    struct chunk_sum sum;
    bool is_done, is_equal;

    comparison_read_rows(comparison, comparison->mode == VERIFY_REMOTE
                                         ? remote_obstacle(comparison->pair, comparison->walk)
                                         : "");
    int rc = comparison_try_fast(comparison, &is_done, err);
    if (rc || is_done)
        return rc;
    rc = look_often(comparison, &sum, &is_equal, err);
    if (rc)
        return rc;
    if (!is_equal && !comparison->pair->is_still && sum.bytes > LOCKABLE_BYTES)
        return refuse_to_lock(comparison, err);
    rc = is_equal ? 0 : confirm_whole(comparison, err);
    if (!rc)
        comparison_chunk_done(comparison,
                              &(struct comparison_chunk){.sum = sum, .is_rechecked = !is_equal});
    return rc;
}
