/* SPDX-License-Identifier: MIT */
/* Joining two small sets of rows by key, and naming what differs. */
#include "verify/mismatches.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "verify/key_text.h"

struct kept_row {
    struct row_hash key, hash;
    struct cell *cells;
    char *point; /* NULL: not wanted */
    bool is_seen;
};

void mismatches_init(struct mismatches *mismatches, const struct table_shape *table,
                     const size_t *key_columns, size_t key_column_count)
{
    *mismatches = (struct mismatches){
        .table = table, .key_columns = key_columns, .key_column_count = key_column_count};
}

static void drop_rows(struct mismatches *mismatches)
{
    for (size_t i = 0; i < mismatches->row_count; i++) {
        free(mismatches->rows[i].cells);
        free(mismatches->rows[i].point);
    }
    free(mismatches->rows);
    mismatches->rows = NULL;
    mismatches->row_count = mismatches->row_room = 0;
}

void mismatches_release(struct mismatches *mismatches)
{
    drop_rows(mismatches);
    free(mismatches->items);
    *mismatches = (struct mismatches){0};
}

static int out_of_memory(const struct mismatches *mismatches, struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory while comparing rows of %s",
                   mismatches->table->label);
}

static struct row_hash key_hash(const struct mismatches *mismatches, const char *const *values,
                                const unsigned long *lengths)
{
    const char *key_values[INDEX_COLUMN_CAP];
    unsigned long key_lengths[INDEX_COLUMN_CAP];
    for (size_t i = 0; i < mismatches->key_column_count; i++) {
        key_values[i] = values[mismatches->key_columns[i]];
        key_lengths[i] = lengths[mismatches->key_columns[i]];
    }
    return row_hash_of(key_values, key_lengths, mismatches->key_column_count);
}

/* The walking key of a row; "" when it is not wanted, or is too long. */
static void point_text(const struct mismatches *mismatches, const char *const *values,
                       const unsigned long *lengths, char *out, size_t out_size)
{
    size_t columns = mismatches->table->column_count;
    size_t parts = mismatches->has_points ? mismatches->key_column_count : 0;

    (void)verify_key_text_of(values + columns, lengths + columns, parts, out,
                             out_size); /* "" when it is too long */
}

static struct cell *cells_new(const struct mismatches *mismatches, const char *const *values,
                              const unsigned long *lengths)
{
    struct cell *cells = calloc(mismatches->table->column_count, sizeof(*cells));
    for (size_t i = 0; cells && i < mismatches->table->column_count; i++)
        cell_of(&cells[i], values[i], lengths[i]);
    return cells;
}

int mismatches_add_first(struct mismatches *mismatches, const char *const *values,
                         const unsigned long *lengths, struct row_hash hash, struct err *err)
{
    if (mismatches->row_count == MISMATCHES_ROW_CAP)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "%s grows faster than it can be compared",
                       mismatches->table->label);
    if (mismatches->row_count == mismatches->row_room) {
        size_t room = mismatches->row_room ? 2 * mismatches->row_room : 64;
        struct kept_row *rows = realloc(mismatches->rows, room * sizeof(*rows));
        if (!rows)
            return out_of_memory(mismatches, err);
        mismatches->rows = rows;
        mismatches->row_room = room;
    }
    struct kept_row row = {.key = key_hash(mismatches, values, lengths), .hash = hash};
    row.cells = cells_new(mismatches, values, lengths);
    if (!row.cells)
        return out_of_memory(mismatches, err);
    if (mismatches->has_points) {
        char point[sizeof(((struct difference *)NULL)->point)];
        point_text(mismatches, values, lengths, point, sizeof(point));
        row.point = strdup(point);
        if (!row.point) {
            free(row.cells);
            return out_of_memory(mismatches, err);
        }
    }
    mismatches->rows[mismatches->row_count++] = row;
    return 0;
}

static int compare_hashes(struct row_hash a, struct row_hash b)
{
    if (a.high != b.high)
        return a.high < b.high ? -1 : 1;
    return a.low < b.low ? -1 : a.low > b.low;
}

static int compare_rows(const void *a, const void *b)
{
    const struct kept_row *left = a, *right = b;
    return compare_hashes(left->key, right->key);
}

int mismatches_sort(struct mismatches *mismatches, struct err *err)
{
    if (mismatches->row_count)
        qsort(mismatches->rows, mismatches->row_count, sizeof(*mismatches->rows), compare_rows);
    for (size_t i = 1; i < mismatches->row_count; i++)
        if (!compare_rows(&mismatches->rows[i - 1], &mismatches->rows[i]))
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s answers one key twice",
                           mismatches->table->label);
    return 0;
}

/* Room for one more, or NULL when enough are kept already (*out_rc 0) or memory is out. */
static struct difference *add_finding(struct mismatches *mismatches, enum difference_kind kind,
                                      const struct kept_row *row, int *out_rc, struct err *err)
{
    *out_rc = 0;
    mismatches->count++;
    if (mismatches->kept == VERIFY_DIFFERENCE_CAP)
        return NULL;
    if (mismatches->kept % 16 == 0) {
        struct mismatch *items =
            realloc(mismatches->items, (mismatches->kept + 16) * sizeof(*items));
        if (!items) {
            *out_rc = out_of_memory(mismatches, err);
            return NULL;
        }
        mismatches->items = items;
    }
    struct mismatch *finding = &mismatches->items[mismatches->kept++];
    *finding = (struct mismatch){.key = row->key, .difference.kind = kind};
    struct difference *difference = &finding->difference;
    (void)snprintf(difference->table, sizeof(difference->table), "%s", mismatches->table->label);
    (void)snprintf(difference->point, sizeof(difference->point), "%s",
                   row->point ? row->point : "");
    cells_key_text(row->cells, mismatches->table, mismatches->key_columns,
                   mismatches->key_column_count, difference->key, sizeof(difference->key));
    return difference;
}

static void redacted_text(const struct cell *cell, char *out, size_t out_size)
{
    if (cell->is_null)
        (void)snprintf(out, out_size, "NULL");
    else
        (void)snprintf(out, out_size, "%" PRIu64 " bytes, hash %08x", cell->len,
                       (unsigned)cell->hash.low);
}

void difference_redact(struct difference *difference)
{
    if (difference->kind == DIFFERENCE_SCHEMA)
        return;
    (void)snprintf(difference->source_value, sizeof(difference->source_value), "%s",
                   difference->source_redacted);
    (void)snprintf(difference->replica_value, sizeof(difference->replica_value), "%s",
                   difference->replica_redacted);
}

static int add_changed(struct mismatches *mismatches, const struct kept_row *source,
                       const struct cell *replica, struct err *err)
{
    int rc;
    struct difference *difference = add_finding(mismatches, DIFFERENCE_CHANGED, source, &rc, err);
    if (!difference)
        return rc;
    size_t i = 0;
    while (i + 1 < mismatches->table->column_count &&
           row_hash_equal(source->cells[i].hash, replica[i].hash))
        i++;
    const struct column_shape *column = &mismatches->table->columns[i];
    (void)snprintf(difference->column, sizeof(difference->column), "%s", column->name);
    cell_text(&source->cells[i], column, difference->source_value,
              sizeof(difference->source_value));
    cell_text(&replica[i], column, difference->replica_value, sizeof(difference->replica_value));
    redacted_text(&source->cells[i], difference->source_redacted,
                  sizeof(difference->source_redacted));
    redacted_text(&replica[i], difference->replica_redacted, sizeof(difference->replica_redacted));
    return 0;
}

int mismatches_add_second(struct mismatches *mismatches, const char *const *values,
                          const unsigned long *lengths, struct row_hash hash, struct err *err)
{
    struct kept_row wanted = {.key = key_hash(mismatches, values, lengths)};
    struct kept_row *source = mismatches->row_count
                                  ? bsearch(&wanted, mismatches->rows, mismatches->row_count,
                                            sizeof(wanted), compare_rows)
                                  : NULL;
    if (source)
        source->is_seen = true;
    if (source && row_hash_equal(source->hash, hash))
        return 0;

    char point[sizeof(((struct difference *)NULL)->point)];
    struct cell *cells = cells_new(mismatches, values, lengths);
    if (!cells)
        return out_of_memory(mismatches, err);
    int rc;
    if (source) {
        rc = add_changed(mismatches, source, cells, err);
    } else {
        point_text(mismatches, values, lengths, point, sizeof(point));
        wanted.cells = cells;
        wanted.point = point;
        (void)add_finding(mismatches, DIFFERENCE_EXTRA, &wanted, &rc,
                          err); /* nothing more to fill in */
    }
    free(cells);
    return rc;
}

int mismatches_finish(struct mismatches *mismatches, struct err *err)
{
    for (size_t i = 0; i < mismatches->row_count; i++) {
        const struct kept_row *row = &mismatches->rows[i];
        int rc;
        if (row->is_seen)
            continue;
        (void)add_finding(mismatches, DIFFERENCE_MISSING, row, &rc,
                          err); /* nothing more to fill in */
        if (rc)
            return rc;
    }
    drop_rows(mismatches);
    return 0;
}

void mismatches_turn(struct mismatches *mismatches)
{
    for (size_t i = 0; i < mismatches->kept; i++) {
        struct difference *difference = &mismatches->items[i].difference;
        const struct difference other = *difference;
        if (other.kind == DIFFERENCE_MISSING)
            difference->kind = DIFFERENCE_EXTRA;
        else if (other.kind == DIFFERENCE_EXTRA)
            difference->kind = DIFFERENCE_MISSING;
        memcpy(difference->source_value, other.replica_value, sizeof(other.replica_value));
        memcpy(difference->replica_value, other.source_value, sizeof(other.source_value));
        memcpy(difference->source_redacted, other.replica_redacted, sizeof(other.replica_redacted));
        memcpy(difference->replica_redacted, other.source_redacted, sizeof(other.source_redacted));
    }
}

static bool has_key(const struct mismatches *mismatches, struct row_hash key)
{
    for (size_t i = 0; i < mismatches->kept; i++)
        if (row_hash_equal(mismatches->items[i].key, key))
            return true;
    return false;
}

void mismatches_keep_common(struct mismatches *mismatches, const struct mismatches *earlier)
{
    /* Rows beyond the cap cannot be told apart: with so many differences the count is what matters.
     */
    if (earlier->count > earlier->kept || mismatches->count > mismatches->kept)
        return;
    size_t common = 0;
    for (size_t i = 0; i < mismatches->kept; i++)
        if (has_key(earlier, mismatches->items[i].key))
            mismatches->items[common++] = mismatches->items[i];
    mismatches->count = mismatches->kept = common;
}
