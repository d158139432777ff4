/* SPDX-License-Identifier: MIT */
/* Looking at rows on all nodes, before and after they are repaired. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/repair_inner.h"

#define AGREE_TRIES 4
#define AGREE_PAUSE_MS 100

/* --- before ----------------------------------------------------------------------------------- */

static int is_present(struct repair *repair, const struct repair_item *item, struct verify_end *end,
                      bool *out, struct err *err)
{
    const struct walk *walk = &repair->tables[item->table].walk;
    const struct walk_read read = {.range = {.points = &item->key, .point_count = 1}, .limit = 2};
    struct chunk_sum sum;
    int rc = walk_run(walk, end, &read, &sum, NULL, err);

    if (!rc)
        *out = sum.rows > 0;
    return rc;
}

/* Do both have the row, or both none, once the node is where its source was? */
static int agrees(struct repair *repair, const struct repair_item *item, struct verify_end *node,
                  bool *out, struct err *err)
{
    struct verify_end *source = &repair->pair.replica;
    bool is_there = false, is_here = false;

    int rc = is_present(repair, item, source, &is_there, err);
    if (!rc)
        rc = pair_wait(&repair->pair, source, node, COMPARE_PATIENCE_MS, true, err);
    if (!rc)
        rc = is_present(repair, item, node, &is_here, err);
    if (!rc)
        *out = is_there == is_here;
    return rc;
}

int repair_agrees_downstream(struct repair *repair, struct repair_item *item, bool *out_agrees,
                             struct err *err)
{
    *out_agrees = true;
    for (size_t i = 0; i < repair->node_count && *out_agrees; i++) {
        /* somebody may write to this very row: what lasts is no such coincidence */
        for (unsigned tries = 1;; tries++) {
            int rc = agrees(repair, item, &repair->nodes[i], out_agrees, err);
            if (rc)
                return rc;
            if (*out_agrees || tries == AGREE_TRIES)
                break;
            if (!clock_sleep_ms(AGREE_PAUSE_MS))
                return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped between two rows");
        }
        if (*out_agrees)
            continue;
        item->row.state = REPAIR_REFUSED;
        (void)snprintf(item->row.why, sizeof(item->row.why),
                       "of %s and its replica %.100s only one has this row, so the repair would "
                       "stop that replica (1062 or 1032): seed it again from there first",
                       db_where(repair->pair.replica.db), repair->node_names[i]);
    }
    return 0;
}

/* --- after ------------------------------------------------------------------------------------ */

/* The sent rows of one table in one batch, while they are compared. */
struct look_at {
    struct repair *repair;
    struct repair_item **items;
    size_t count;
    const char *where; /* the node that is compared with the source */
};

static void ignore_chunk(void *context, const struct comparison_chunk *chunk)
{
    (void)context;
    (void)chunk;
}

static bool never(void *context)
{
    (void)context;
    return false; /* a stop is seen by the comparison itself */
}

static void mark(struct repair_item *item, const char *where, const struct difference *found)
{
    item->row.state = REPAIR_DIFFERENT;
    if (!found)
        (void)snprintf(item->row.why, sizeof(item->row.why), "still different on %.200s", where);
    else
        (void)snprintf(item->row.why, sizeof(item->row.why), "still different on %.160s%s%.80s",
                       where, found->column[0] ? ", column " : "", found->column);
}

static void on_difference(void *context, const struct difference *difference, size_t count)
{
    const struct look_at *at = context;

    (void)count;
    for (size_t i = 0; i < at->count; i++)
        if (!difference || !strcmp(at->items[i]->row.difference->point, difference->point))
            mark(at->items[i], at->where, difference);
}

static int compare_with(struct look_at *at, const struct walk *walk, struct pair *pair,
                        const struct key_point *keys, struct err *err)
{
    struct comparison comparison = {.pair = pair,
                                    .walk = walk,
                                    .on_chunk = ignore_chunk,
                                    .on_difference = on_difference,
                                    .is_stopping = never,
                                    .context = at};
    struct chunk_sum sum;

    at->where = db_where(pair->replica.db);
    return table_compare_points(&comparison, NULL, keys, at->count, &sum, err);
}

static int compare_table(struct repair *repair, size_t table, struct repair_item **items,
                         size_t count, struct err *err)
{
    const struct walk *walk = &repair->tables[table].walk;
    struct key_point *keys = calloc(count, sizeof(*keys)); /* borrow their bytes from the items */
    struct look_at at = {.repair = repair, .items = items, .count = count};

    if (!keys)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu keys", count);
    for (size_t i = 0; i < count; i++) {
        keys[i] = items[i]->key;
        items[i]->row.state = REPAIR_EQUAL; /* until a node says otherwise */
    }
    int rc = compare_with(&at, walk, &repair->pair, keys, err);
    for (size_t i = 0; !rc && i < repair->node_count; i++) {
        struct pair pair = {.source = repair->pair.source, .replica = repair->nodes[i]};
        rc = compare_with(&at, walk, &pair, keys, err);
    }
    free(keys);
    for (size_t i = 0; rc && i < count; i++)
        items[i]->row.state = REPAIR_SENT;
    return rc;
}

int repair_compare(struct repair *repair, size_t first, size_t count, struct err *err)
{
    struct repair_item *sent[REPAIR_BATCH_ROWS];

    for (size_t table = 0; table < repair->table_count; table++) {
        size_t found = 0;
        for (size_t i = first; i < first + count; i++)
            if (repair->items[i].table == table && repair->items[i].row.state == REPAIR_SENT)
                sent[found++] = &repair->items[i];
        int rc = found ? compare_table(repair, table, sent, found, err) : 0;
        if (rc)
            return rc;
    }
    return 0;
}
