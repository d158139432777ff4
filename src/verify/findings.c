/* SPDX-License-Identifier: MIT */
/* Joining two small sets of rows by key, and naming what differs. */
#include "verify/findings.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct kept_row {
    struct row_hash key, hash;
    struct cell *cells;
    bool is_seen;
};

void findings_init(struct findings *findings, const struct table_shape *table,
                   const size_t *key_columns, size_t key_column_count)
{
    *findings = (struct findings){
        .table = table, .key_columns = key_columns, .key_column_count = key_column_count};
}

static void drop_rows(struct findings *findings)
{
    for (size_t i = 0; i < findings->row_count; i++)
        free(findings->rows[i].cells);
    free(findings->rows);
    findings->rows = NULL;
    findings->row_count = findings->row_room = 0;
}

void findings_release(struct findings *findings)
{
    drop_rows(findings);
    free(findings->items);
    *findings = (struct findings){0};
}

static int out_of_memory(const struct findings *findings, struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory while comparing rows of %s",
                   findings->table->label);
}

static struct row_hash key_hash(const struct findings *findings, const char *const *values,
                                const unsigned long *lengths)
{
    const char *key_values[INDEX_COLUMN_CAP];
    unsigned long key_lengths[INDEX_COLUMN_CAP];
    for (size_t i = 0; i < findings->key_column_count; i++) {
        key_values[i] = values[findings->key_columns[i]];
        key_lengths[i] = lengths[findings->key_columns[i]];
    }
    return row_hash_of(key_values, key_lengths, findings->key_column_count);
}

static struct cell *cells_new(const struct findings *findings, const char *const *values,
                              const unsigned long *lengths)
{
    struct cell *cells = calloc(findings->table->column_count, sizeof(*cells));
    for (size_t i = 0; cells && i < findings->table->column_count; i++)
        cell_of(&cells[i], values[i], lengths[i]);
    return cells;
}

int findings_add_source(struct findings *findings, const char *const *values,
                        const unsigned long *lengths, struct row_hash hash, struct err *err)
{
    if (findings->row_count == FINDINGS_ROW_CAP)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "%s grows faster than it can be compared",
                       findings->table->label);
    if (findings->row_count == findings->row_room) {
        size_t room = findings->row_room ? 2 * findings->row_room : 64;
        struct kept_row *rows = realloc(findings->rows, room * sizeof(*rows));
        if (!rows)
            return out_of_memory(findings, err);
        findings->rows = rows;
        findings->row_room = room;
    }
    struct cell *cells = cells_new(findings, values, lengths);
    if (!cells)
        return out_of_memory(findings, err);
    findings->rows[findings->row_count++] =
        (struct kept_row){.key = key_hash(findings, values, lengths), .hash = hash, .cells = cells};
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

int findings_sort(struct findings *findings, struct err *err)
{
    if (findings->row_count)
        qsort(findings->rows, findings->row_count, sizeof(*findings->rows), compare_rows);
    for (size_t i = 1; i < findings->row_count; i++)
        if (!compare_rows(&findings->rows[i - 1], &findings->rows[i]))
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s answers one key twice",
                           findings->table->label);
    return 0;
}

/* Room for one more, or NULL when enough are kept already (*out_rc 0) or memory is out. */
static struct difference *add_finding(struct findings *findings, enum difference_kind kind,
                                      struct row_hash key, const struct cell *cells, int *out_rc,
                                      struct err *err)
{
    *out_rc = 0;
    findings->count++;
    if (findings->kept == VERIFY_DIFFERENCE_CAP)
        return NULL;
    if (findings->kept % 16 == 0) {
        struct finding *items = realloc(findings->items, (findings->kept + 16) * sizeof(*items));
        if (!items) {
            *out_rc = out_of_memory(findings, err);
            return NULL;
        }
        findings->items = items;
    }
    struct finding *finding = &findings->items[findings->kept++];
    *finding = (struct finding){.key = key, .difference.kind = kind};
    struct difference *difference = &finding->difference;
    (void)snprintf(difference->table, sizeof(difference->table), "%s", findings->table->label);
    cells_key_text(cells, findings->table, findings->key_columns, findings->key_column_count,
                   difference->key, sizeof(difference->key));
    return difference;
}

static int add_changed(struct findings *findings, const struct kept_row *source,
                       const struct cell *replica, struct err *err)
{
    int rc;
    struct difference *difference =
        add_finding(findings, DIFFERENCE_CHANGED, source->key, source->cells, &rc, err);
    if (!difference)
        return rc;
    size_t i = 0;
    while (i + 1 < findings->table->column_count &&
           row_hash_equal(source->cells[i].hash, replica[i].hash))
        i++;
    const struct column_shape *column = &findings->table->columns[i];
    (void)snprintf(difference->column, sizeof(difference->column), "%s", column->name);
    cell_text(&source->cells[i], column, difference->source_value,
              sizeof(difference->source_value));
    cell_text(&replica[i], column, difference->replica_value, sizeof(difference->replica_value));
    return 0;
}

int findings_add_replica(struct findings *findings, const char *const *values,
                         const unsigned long *lengths, struct row_hash hash, struct err *err)
{
    struct kept_row wanted = {.key = key_hash(findings, values, lengths)};
    struct kept_row *source =
        findings->row_count
            ? bsearch(&wanted, findings->rows, findings->row_count, sizeof(wanted), compare_rows)
            : NULL;
    if (source)
        source->is_seen = true;
    if (source && row_hash_equal(source->hash, hash))
        return 0;

    struct cell *cells = cells_new(findings, values, lengths);
    if (!cells)
        return out_of_memory(findings, err);
    int rc;
    if (source)
        rc = add_changed(findings, source, cells, err);
    else
        (void)add_finding(findings, DIFFERENCE_EXTRA, wanted.key, cells, &rc,
                          err); /* nothing more to fill in */
    free(cells);
    return rc;
}

int findings_finish(struct findings *findings, struct err *err)
{
    for (size_t i = 0; i < findings->row_count; i++) {
        const struct kept_row *row = &findings->rows[i];
        int rc;
        if (row->is_seen)
            continue;
        (void)add_finding(findings, DIFFERENCE_MISSING, row->key, row->cells, &rc,
                          err); /* nothing more to fill in */
        if (rc)
            return rc;
    }
    drop_rows(findings);
    return 0;
}

static bool has_key(const struct findings *findings, struct row_hash key)
{
    for (size_t i = 0; i < findings->kept; i++)
        if (row_hash_equal(findings->items[i].key, key))
            return true;
    return false;
}

void findings_keep_common(struct findings *findings, const struct findings *earlier)
{
    /* Rows beyond the cap cannot be told apart: with so many differences the count is what matters.
     */
    if (earlier->count > earlier->kept || findings->count > findings->kept)
        return;
    size_t common = 0;
    for (size_t i = 0; i < findings->kept; i++)
        if (has_key(earlier, findings->items[i].key))
            findings->items[common++] = findings->items[i];
    findings->count = findings->kept = common;
}
