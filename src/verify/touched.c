/* SPDX-License-Identifier: MIT */
/* The set: a hash of tables, each with a hash and a list of its rows (or ranges). */
#include "verify/touched.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#define uthash_nonfatal_oom(element) ((void)((element)->is_lost = true))
#include <uthash.h>
#include <utlist.h>

#include "verify/touched_bytes.h"

#define KEY_CAP_BYTES (1U << 20)
#define RANGE_SHIFT 10 /* a range begins as 1024 numbers */
#define RANGE_SHIFT_STEP 3
#define RANGE_SHIFT_CAP 40
#define LABEL_SIZE 520 /* two names of 64 characters, as UTF-8 */

struct touched_item {
    uint64_t first;
    int64_t at_ms;
    struct touched_item *prev, *next;
    UT_hash_handle hh;
    bool is_doubtful, is_integer, is_lost;
    unsigned key_len;
    char key[]; /* verify/touched_bytes.h */
};

struct touched_table {
    char label[LABEL_SIZE]; /* database, NUL, name */
    size_t label_len;
    const char *database, *name;
    struct touched_item *items; /* by key */
    struct touched_item *list;  /* oldest first touch first */
    uint64_t rows, ranges, bytes;
    unsigned shift; /* 0: rows; otherwise what is added becomes a range */
    bool is_whole, is_lost;
    uint64_t first; /* of the whole table */
    int64_t at_ms;
    unsigned out;                      /* batches */
    struct touched_table *prev, *next; /* whose turn it is */
    UT_hash_handle hh;
};

struct touched {
    struct touched_table *tables, *turns;
    struct touched_batch *out;
    uint64_t sequence, bytes, cap_bytes, rows, ranges;
    unsigned whole;
    struct buf key; /* scratch */
};

static size_t item_bytes(const struct touched_item *item)
{
    return sizeof(*item) + item->key_len;
}

int touched_new(uint64_t cap_bytes, struct touched **out, struct err *err)
{
    struct touched *set = calloc(1, sizeof(*set));
    if (!set)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for the set of touched rows");
    set->cap_bytes = cap_bytes;
    buf_init(&set->key, KEY_CAP_BYTES);
    *out = set;
    return 0;
}

static void account(struct touched *set, struct touched_table *table,
                    const struct touched_item *item, bool is_added)
{
    uint64_t bytes = item_bytes(item), one = 1;
    bool is_range = touched_bytes_are_range(item->key);
    uint64_t *of_set = is_range ? &set->ranges : &set->rows;
    uint64_t *of_table = is_range ? &table->ranges : &table->rows;

    *of_set = is_added ? *of_set + one : *of_set - one;
    *of_table = is_added ? *of_table + one : *of_table - one;
    set->bytes = is_added ? set->bytes + bytes : set->bytes - bytes;
    table->bytes = is_added ? table->bytes + bytes : table->bytes - bytes;
}

/* Out of the table, still allocated and accounted for. */
static void unlink_item(struct touched_table *table, struct touched_item *item)
{
    HASH_DEL(table->items, item);
    DL_DELETE(table->list, item);
}

static void drop_items(struct touched *set, struct touched_table *table)
{
    struct touched_item *item, *next;
    DL_FOREACH_SAFE(table->list, item, next)
    {
        unlink_item(table, item);
        account(set, table, item, false);
        free(item);
    }
    table->shift = 0;
}

static struct touched_table *find_table(struct touched *set, const char *database, const char *name,
                                        bool is_made)
{
    struct touched_table *table = NULL;
    char label[LABEL_SIZE];
    int len = snprintf(label, sizeof(label), "%s%c%s", database, '\0', name);
    size_t label_len = (size_t)len < sizeof(label) ? (size_t)len : sizeof(label) - 1;

    HASH_FIND(hh, set->tables, label, label_len, table);
    if (table || !is_made)
        return table;
    table = calloc(1, sizeof(*table));
    if (!table)
        return NULL;
    memcpy(table->label, label, label_len);
    table->label_len = label_len;
    table->database = table->label;
    table->name = table->label + strlen(table->label) + 1;
    HASH_ADD(hh, set->tables, label, table->label_len, table);
    if (table->is_lost) {
        free(table);
        return NULL;
    }
    DL_APPEND(set->turns, table);
    return table;
}

static void free_if_empty(struct touched *set, struct touched_table *table)
{
    if (!table->list && !table->out)
        table->shift = 0;
    if (table->list || table->is_whole || table->out)
        return;
    HASH_DEL(set->tables, table);
    DL_DELETE(set->turns, table);
    free(table);
}

static void make_whole(struct touched *set, struct touched_table *table, uint64_t first,
                       int64_t at_ms)
{
    if (table->list && table->list->first < first) {
        first = table->list->first;
        at_ms = table->list->at_ms;
    }
    if (!table->is_whole || first < table->first) {
        table->first = first;
        table->at_ms = at_ms;
    }
    set->whole += !table->is_whole;
    table->is_whole = true;
    drop_items(set, table);
}

/* By first touch; nearly always the new one is the last. */
static void insert_in_order(struct touched_table *table, struct touched_item *item)
{
    struct touched_item *after = table->list;

    if (!after || after->prev->first <= item->first) { /* the head's prev is the last */
        DL_APPEND(table->list, item);
        return;
    }
    while (after->first <= item->first)
        after = after->next;
    DL_PREPEND_ELEM(table->list, after, item);
}

/* Put a key into a table that is not touched as a whole; false: memory is out. */
static bool put(struct touched *set, struct touched_table *table, const struct buf *key,
                const struct touched_item *model)
{
    struct touched_item *item = NULL;

    HASH_FIND(hh, table->items, buf_text(key), key->len, item);
    if (item) {
        item->is_doubtful |= model->is_doubtful;
        if (model->first >= item->first)
            return true;
        DL_DELETE(table->list, item);
        item->first = model->first;
        item->at_ms = model->at_ms;
        insert_in_order(table, item);
        return true;
    }
    item = calloc(1, sizeof(*item) + key->len);
    if (!item)
        return false;
    item->first = model->first;
    item->at_ms = model->at_ms;
    item->is_doubtful = model->is_doubtful;
    item->is_integer = model->is_integer;
    item->key_len = (unsigned)key->len;
    memcpy(item->key, buf_text(key), key->len);
    HASH_ADD_KEYPTR(hh, table->items, item->key, item->key_len, item);
    if (item->is_lost) {
        free(item);
        return false;
    }
    insert_in_order(table, item);
    account(set, table, item, true);
    return true;
}

/* The range in which a row lies; false: ranges cannot be made of its key. */
static bool range_of(const struct touched_item *item, unsigned shift, int64_t *out)
{
    int64_t value;
    if (!item->is_integer || !touched_bytes_first_integer(item->key, &value))
        return false;
    *out = value >> shift;
    return true;
}

/* --- the cap ---------------------------------------------------------------------------------- */

/*
 * The table's rows as ranges, or its ranges as wider ones. False: they cannot be, or memory is out;
 * some may be gone, so the caller makes it whole, for which `oldest` is what counts.
 */
static bool widen(struct touched *set, struct touched_table *table)
{
    unsigned before = table->shift, shift = before ? before + RANGE_SHIFT_STEP : RANGE_SHIFT;
    struct touched_item *old = table->list, *item, *next;
    bool is_done = shift <= RANGE_SHIFT_CAP;

    HASH_CLEAR(hh, table->items);
    table->list = NULL;
    table->shift = shift;
    DL_FOREACH_SAFE(old, item, next)
    {
        int64_t number = 0;
        if (touched_bytes_are_range(item->key))
            number = touched_bytes_range(item->key) >> (shift - before);
        else
            is_done = is_done && range_of(item, shift, &number);
        touched_bytes_of_range(number, &set->key);
        is_done = is_done && !set->key.is_failed && put(set, table, &set->key, item);
        account(set, table, item, false);
        free(item);
    }
    return is_done;
}

static void enforce_cap(struct touched *set)
{
    while (set->bytes > set->cap_bytes) {
        struct touched_table *table, *next, *biggest = NULL;
        HASH_ITER (hh, set->tables, table, next)
            if (table->list && (!biggest || table->bytes > biggest->bytes))
                biggest = table;
        if (!biggest) /* all of it is being compared */
            return;
        uint64_t first = biggest->list->first;
        int64_t at_ms = biggest->list->at_ms;
        if (!widen(set, biggest))
            make_whole(set, biggest, first, at_ms);
    }
}

/* --- adding ----------------------------------------------------------------------------------- */

/* What is in `key` (set->key as often as not), as the table has things now. */
static void put_somehow(struct touched *set, struct touched_table *table,
                        const struct touched_item *item)
{
    int64_t number = 0;

    if (table->is_whole) {
        make_whole(set, table, item->first, item->at_ms); /* only the older of the two counts */
        return;
    }
    buf_reset(&set->key);
    bool is_row = !touched_bytes_are_range(item->key);
    bool is_fitting = true;
    if (is_row && table->shift) {
        is_fitting = range_of(item, table->shift, &number);
        touched_bytes_of_range(number, &set->key);
    } else {
        is_fitting = is_row || table->shift;
        buf_add(&set->key, item->key, item->key_len);
    }
    if (!is_fitting || set->key.is_failed || !put(set, table, &set->key, item))
        make_whole(set, table, item->first, item->at_ms);
}

static int no_table(const char *database, const char *name, struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE,
                   "out of memory while noting what was touched in %s.%s", database, name);
}

int touched_add(struct touched *set, const struct touched_key *key, int64_t at_ms, struct err *err)
{
    struct touched_table *table = find_table(set, key->database, key->name, true);
    if (!table)
        return no_table(key->database, key->name, err);
    uint64_t number = ++set->sequence;
    if (table->is_whole)
        return 0;
    const struct touched_item model = {.first = number,
                                       .at_ms = at_ms,
                                       .is_doubtful = key->is_doubtful,
                                       .is_integer = key->is_integer};
    touched_bytes_of_row(key, &set->key);
    int64_t value;
    if (table->shift) {
        const struct buf *part = &key->point->parts[0];
        bool is_fitting = key->is_integer && !key->index[0] &&
                          touched_bytes_integer(buf_text(part), part->len, &value);
        if (is_fitting)
            touched_bytes_of_range(value >> table->shift, &set->key);
        if (!is_fitting || !put(set, table, &set->key, &model))
            make_whole(set, table, number, at_ms);
    } else if (set->key.is_failed || !put(set, table, &set->key, &model)) {
        make_whole(set, table, number, at_ms);
    }
    enforce_cap(set);
    return 0;
}

int touched_add_table(struct touched *set, const char *database, const char *name, int64_t at_ms,
                      struct err *err)
{
    struct touched_table *table = find_table(set, database, name, true);
    if (!table)
        return no_table(database, name, err);
    make_whole(set, table, ++set->sequence, at_ms);
    return 0;
}

uint64_t touched_sequence(const struct touched *set)
{
    return set->sequence;
}

/* --- batches ---------------------------------------------------------------------------------- */

static int fill_points(struct touched_batch *batch, unsigned shift, struct err *err)
{
    struct touched_item *item;
    size_t i = 0;
    int rc = 0;

    batch->points = calloc(batch->kind == TOUCHED_RANGE ? 2 : batch->count, sizeof(*batch->points));
    if (!batch->points)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu keys", batch->count);
    if (batch->kind == TOUCHED_RANGE) {
        int64_t width = (int64_t)1 << shift, from = touched_bytes_range(batch->items->key) * width;
        batch->count = 2;
        if (from != INT64_MIN)
            rc = touched_bytes_point_of(from - 1, &batch->points[0], err);
        return rc ? rc : touched_bytes_point_of(from + (width - 1), &batch->points[1], err);
    }
    DL_FOREACH (batch->items, item) {
        rc = touched_bytes_point(item->key, item->key_len, &batch->points[i++], err);
        if (rc)
            return rc;
    }
    return 0;
}

/* Rows of one index, or one range, or all. */
static int fill(struct touched *set, struct touched_batch *batch, uint64_t until, size_t limit,
                struct err *err)
{
    struct touched_table *table = batch->table;
    struct touched_item *item, *next, *head = table->list;

    if (table->is_whole) {
        *batch = (struct touched_batch){
            .kind = TOUCHED_TABLE, .table = table, .first = table->first, .at_ms = table->at_ms};
        table->is_whole = false;
        set->whole--;
        batch->index = "";
        return 0;
    }
    batch->kind = touched_bytes_are_range(head->key) ? TOUCHED_RANGE : TOUCHED_ROWS;
    batch->first = head->first;
    batch->at_ms = head->at_ms;
    batch->index = touched_bytes_index(head->key);
    if (batch->kind == TOUCHED_RANGE)
        limit = 1;
    DL_FOREACH_SAFE(head, item, next)
    {
        if (batch->count == limit || item->first > until)
            break;
        if (item->key[0] != head->key[0] ||
            strcmp(touched_bytes_index(item->key), batch->index) != 0)
            continue;
        unlink_item(table, item);
        DL_APPEND(batch->items, item);
        batch->is_doubtful |= item->is_doubtful;
        batch->count++;
    }
    return fill_points(batch, table->shift, err);
}

static bool has_turn(const struct touched_table *table, uint64_t until)
{
    return (table->is_whole && table->first <= until) ||
           (!table->is_whole && table->list && table->list->first <= until);
}

int touched_take(struct touched *set, uint64_t until, size_t limit, struct touched_batch **out,
                 struct err *err)
{
    struct touched_table *table;

    *out = NULL;
    for (table = set->turns; table && !has_turn(table, until);)
        table = table->next;
    if (!table)
        return 0;
    struct touched_batch *batch = calloc(1, sizeof(*batch));
    if (!batch)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a batch of rows");
    batch->table = table;
    int rc = fill(set, batch, until, limit, err);
    batch->database = table->database;
    batch->name = table->name;
    table->out++;
    DL_APPEND(set->out, batch);
    DL_DELETE(set->turns, table); /* to the end of the queue */
    DL_APPEND(set->turns, table);
    if (rc) {
        touched_give_back(set, batch, false);
        return rc;
    }
    *out = batch;
    return 0;
}

static void free_batch(struct touched_batch *batch)
{
    size_t room = batch->points ? batch->count : 0;
    for (size_t i = 0; i < room; i++)
        key_point_release(&batch->points[i]);
    free(batch->points);
    free(batch);
}

void touched_give_back(struct touched *set, struct touched_batch *batch, bool is_proven)
{
    struct touched_table *table = batch->table;
    struct touched_item *item, *next;

    table->out--;
    DL_DELETE(set->out, batch);
    if (batch->kind == TOUCHED_TABLE && !is_proven)
        make_whole(set, table, batch->first, batch->at_ms);
    DL_FOREACH_SAFE(batch->items, item, next)
    {
        if (!is_proven)
            put_somehow(set, table, item);
        account(set, table, item, false);
        free(item);
    }
    free_if_empty(set, table);
    free_batch(batch);
    enforce_cap(set);
}

int touched_add_batch(struct touched *set, const struct touched_batch *batch, int64_t at_ms,
                      struct err *err)
{
    if (batch->kind != TOUCHED_ROWS) /* a range may not fit the other set's */
        return touched_add_table(set, batch->database, batch->name, at_ms, err);
    const struct touched_item *item = batch->items;
    for (size_t i = 0; i < batch->count; i++, item = item->next) {
        const struct touched_key key = {.database = batch->database,
                                        .name = batch->name,
                                        .index = batch->index,
                                        .point = &batch->points[i],
                                        .is_integer = item->is_integer,
                                        .is_doubtful = item->is_doubtful};
        int rc = touched_add(set, &key, at_ms, err);
        if (rc)
            return rc;
    }
    return 0;
}

/* --- questions -------------------------------------------------------------------------------- */

bool touched_has(const struct touched *set, uint64_t until)
{
    struct touched_count count;
    touched_count(set, &count);
    return count.first <= until && count.first <= set->sequence;
}

static void take_older(struct touched_count *count, uint64_t first, int64_t at_ms)
{
    if (first >= count->first)
        return;
    count->first = first;
    count->oldest_ms = at_ms;
}

void touched_count(const struct touched *set, struct touched_count *out)
{
    const struct touched_table *table;
    const struct touched_batch *batch;

    *out = (struct touched_count){.rows = set->rows,
                                  .ranges = set->ranges,
                                  .tables = set->whole,
                                  .bytes = set->bytes,
                                  .cap_bytes = set->cap_bytes,
                                  .first = set->sequence + 1,
                                  .oldest_ms = -1};
    DL_FOREACH (set->turns, table) {
        if (table->is_whole)
            take_older(out, table->first, table->at_ms);
        if (table->list)
            take_older(out, table->list->first, table->list->at_ms);
    }
    DL_FOREACH (set->out, batch) {
        take_older(out, batch->first, batch->at_ms);
        out->tables += batch->kind == TOUCHED_TABLE;
    }
}

void touched_free(struct touched *set)
{
    struct touched_table *table, *next;

    if (!set)
        return;
    while (set->out)
        touched_give_back(set, set->out, true);
    HASH_ITER (hh, set->tables, table, next) {
        drop_items(set, table);
        table->is_whole = false;
        free_if_empty(set, table);
    }
    buf_release(&set->key);
    free(set);
}

void touched_freep(struct touched **set)
{
    touched_free(*set);
    *set = NULL;
}
