/* SPDX-License-Identifier: MIT */
/* Foreign keys as edges from parent to child, and the walk down. */
#include "verify/cascade.h"

#include <stdlib.h>
#include <string.h>

/* Deeper than this, everything reachable has been told, or the schema is a circle. */
#define DEPTH_CAP 16

static int by_parent(const void *a, const void *b)
{
    const struct cascade_edge *left = a, *right = b;
    return left->parent < right->parent ? -1 : left->parent > right->parent;
}

int cascades_init(struct cascades *cascades, const struct table_catalog *catalog, struct err *err)
{
    size_t room = 1, count = 0;
    for (size_t i = 0; i < catalog->count; i++)
        room += catalog->tables[i].foreign_key_count;
    struct cascade_edge *edges = calloc(room, sizeof(*edges));
    if (!edges)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu foreign keys", room);
    for (size_t i = 0; i < catalog->count; i++) {
        const struct table_shape *child = &catalog->tables[i];
        for (size_t k = 0; k < child->foreign_key_count; k++) {
            const struct foreign_key_shape *key = &child->foreign_keys[k];
            const struct table_shape *parent =
                table_catalog_find(catalog, key->parent_database, key->parent_name);
            if (parent && foreign_key_cascades(key, parent))
                edges[count++] =
                    (struct cascade_edge){.parent = parent, .child = child, .key = key};
        }
    }
    qsort(edges, count, sizeof(*edges), by_parent);
    *cascades = (struct cascades){.edges = edges, .count = count};
    return 0;
}

void cascades_release(struct cascades *cascades)
{
    free(cascades->edges);
    *cascades = (struct cascades){0};
}

static const struct cascade_edge *first_edge(const struct cascades *cascades,
                                             const struct table_shape *parent)
{
    size_t low = 0, high = cascades->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (cascades->edges[middle].parent < parent)
            low = middle + 1;
        else
            high = middle;
    }
    bool is_found = low < cascades->count && cascades->edges[low].parent == parent;
    return is_found ? &cascades->edges[low] : NULL;
}

static bool is_of(const struct cascades *cascades, const struct cascade_edge *edge,
                  const struct table_shape *parent)
{
    return edge < cascades->edges + cascades->count && edge->parent == parent;
}

/*
 * The values of the parent's key in the order of the child's columns. False: the foreign key refers
 * to something else, or writes values in another way.
 */
static bool child_point(const struct cascade_edge *edge, const struct key_point *parent_point,
                        const char *values[], unsigned long lengths[])
{
    const struct index_shape *walked = table_shape_key(edge->parent);
    const struct index_shape *child = &edge->key->child;

    if (!walked || !child->name || !child->name[0] || !child->column_count)
        return false;
    for (size_t i = 0; i < child->column_count; i++) {
        size_t part = 0;
        while (part < walked->column_count &&
               strcmp(edge->parent->columns[walked->columns[part]].name,
                      edge->key->parent_columns[i]) != 0)
            part++;
        if (part >= walked->column_count || part >= parent_point->count)
            return false;
        if (edge->parent->columns[walked->columns[part]].class !=
            edge->child->columns[child->columns[i]].class)
            return false;
        values[i] = buf_text(&parent_point->parts[part]);
        lengths[i] = parent_point->parts[part].len;
    }
    return true;
}

/* Does the foreign key refer to nothing but the key one walks by? */
static bool refers_to_walked(const struct cascade_edge *edge)
{
    const struct index_shape *walked = table_shape_key(edge->parent);

    for (size_t i = 0; i < edge->key->child.column_count; i++) {
        size_t part = 0;
        while (walked && part < walked->column_count &&
               strcmp(edge->parent->columns[walked->columns[part]].name,
                      edge->key->parent_columns[i]) != 0)
            part++;
        if (!walked || part == walked->column_count)
            return false;
    }
    return true;
}

struct descent {
    const struct cascades *cascades;
    cascade_fn reach;
    void *context;
};

/* Is any of the columns that the child's key refers to among these of the parent? */
static bool refers_to_any(const struct cascade_edge *edge, const struct index_shape *columns)
{
    for (size_t i = 0; i < edge->key->child.column_count; i++)
        for (size_t k = 0; k < columns->column_count; k++)
            if (!strcmp(edge->key->parent_columns[i],
                        edge->parent->columns[columns->columns[k]].name))
                return true;
    return false;
}

/*
 * The tables below a table of which rows, nobody knows which, were deleted (`columns` NULL) or
 * changed in these columns.
 */
static int go_deeper(const struct descent *descent, const struct table_shape *parent,
                     const struct index_shape *columns, unsigned depth, struct err *err)
{
    const struct cascade_edge *edge = first_edge(descent->cascades, parent);
    for (; edge && is_of(descent->cascades, edge, parent); edge++) {
        enum foreign_key_rule rule = columns ? edge->key->on_update : edge->key->on_delete;
        if (rule == RULE_REFUSE || (columns && !refers_to_any(edge, columns)))
            continue;
        int rc = descent->reach(descent->context, edge->child, NULL, NULL, err);
        bool is_deleting = !columns && rule == RULE_CASCADE;
        if (!rc && edge->child != parent && depth < DEPTH_CAP)
            rc = go_deeper(descent, edge->child, is_deleting ? NULL : &edge->key->child, depth + 1,
                           err);
        if (rc)
            return rc;
    }
    return 0;
}

/* What lies below the child of an edge, when rows of its parent were deleted or moved. */
static int go_below(const struct descent *descent, const struct cascade_edge *edge,
                    enum change_action action, struct err *err)
{
    int rc = 0;
    bool is_deleting = action == CHANGE_DELETE && edge->key->on_delete == RULE_CASCADE;
    bool is_changing = edge->key->on_update != RULE_REFUSE ||
                       (action == CHANGE_DELETE && edge->key->on_delete != RULE_REFUSE);

    if (is_deleting)
        rc = go_deeper(descent, edge->child, NULL, 1, err);
    if (!rc && is_changing)
        rc = go_deeper(descent, edge->child, &edge->key->child, 1, err);
    return rc;
}

static int tell_child(const struct descent *descent, const struct cascade_edge *edge,
                      const struct key_point *parent_point, struct err *err)
{
    const char *values[INDEX_COLUMN_CAP];
    unsigned long lengths[INDEX_COLUMN_CAP];
    CLEANUP(key_point_release) struct key_point point = {0};
    bool is_cascade_only =
        (edge->key->on_delete == RULE_CASCADE || edge->key->on_delete == RULE_REFUSE) &&
        (edge->key->on_update == RULE_CASCADE || edge->key->on_update == RULE_REFUSE);

    if (!is_cascade_only || !child_point(edge, parent_point, values, lengths))
        return descent->reach(descent->context, edge->child, NULL, NULL, err);
    int rc = key_point_set(&point, values, lengths, edge->key->child.column_count, err);
    return rc ? rc : descent->reach(descent->context, edge->child, edge->key, &point, err);
}

int cascades_follow(const struct cascades *cascades, const struct change *change, cascade_fn reach,
                    void *context, struct err *err)
{
    const struct descent descent = {.cascades = cascades, .reach = reach, .context = context};
    const struct cascade_edge *edge = first_edge(cascades, change->table);

    for (; edge && is_of(cascades, edge, change->table); edge++) {
        if (change->action == CHANGE_INSERT && refers_to_walked(edge) &&
            edge->key->on_update == RULE_REFUSE)
            continue;
        /* Any other key that it refers to may have changed, too: only the row itself knows. */
        if (change->action == CHANGE_UPDATE &&
            (refers_to_walked(edge) || edge->key->on_update == RULE_REFUSE))
            continue;
        int rc = tell_child(&descent, edge, change->key, err);
        if (!rc)
            rc = go_below(&descent, edge, change->action, err);
        if (rc)
            return rc;
    }
    return 0;
}
