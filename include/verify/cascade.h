/* SPDX-License-Identifier: MIT */
/*
 * verify/cascade.h - which rows of other tables a change of a row reaches through foreign keys. The
 *                    storage engine does that on each side for itself, and (but for MySQL 9.6 and
 *                    later) the binary log has no word of it.
 * How:     of the child table, the rows whose foreign key had or has the parent's key. As a whole:
 *          when the foreign key refers to other columns than the key one walks by, when its rule
 *          puts NULL in its place, and the tables below the children.
 * Threads: pure.
 */
#ifndef CUTOVER_VERIFY_CASCADE_H
#define CUTOVER_VERIFY_CASCADE_H

#include "verify/change_log.h"

struct cascade_edge {
    const struct table_shape *parent, *child;
    const struct foreign_key_shape *key; /* the child's */
};

struct cascades {
    struct cascade_edge *edges; /* by parent */
    size_t count;
};

/* The catalog is borrowed and must outlive them. */
MUST_CHECK int cascades_init(struct cascades *cascades, const struct table_catalog *catalog,
                             struct err *err);
void cascades_release(struct cascades *cascades);

/* `key` NULL: the child as a whole; otherwise its rows that have `point` in the key's columns. */
typedef int (*cascade_fn)(void *context, const struct table_shape *child,
                          const struct foreign_key_shape *key, const struct key_point *point,
                          struct err *err);

/* Call `reach` for all that a CHANGE_ROW reaches; a table may be told more than once. */
MUST_CHECK int cascades_follow(const struct cascades *cascades, const struct change *change,
                               cascade_fn reach, void *context, struct err *err);

#endif
