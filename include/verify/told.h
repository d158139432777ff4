/* SPDX-License-Identifier: MIT */
/*
 * verify/told.h - changes that are kept until they can be told: of a statement that names several
 * tables, of an XA transaction that is not decided yet.
 * Invariant: beyond TOLD_CAP_BYTES rows become changes of their tables: less exact, never less.
 * Threads:   a list belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_TOLD_H
#define CUTOVER_VERIFY_TOLD_H

#include "verify/change_log.h"

#define TOLD_CAP_BYTES ((size_t)8 << 20)

struct told {
    enum change_kind kind;
    enum change_action action;
    char *database, *name;
    char *key; /* lengths and bytes of its parts; NULL when it is no row's */
};

struct told_list { /* zeroed memory is empty */
    struct told *items;
    size_t count, room, next;
    size_t table_count; /* of those that are not rows */
    size_t bytes;
};

/* key: NULL unless it is a row's. The same table is not added twice. ERR_MEMORY/NONE. */
MUST_CHECK int told_add(struct told_list *list, const struct change *change, struct err *err);
/* The next one: its texts live as long as the list, its key as out_key. False: no more. */
MUST_CHECK bool told_next(struct told_list *list, struct change *out, struct key_point *out_key);
/* As if never told. */
void told_rewind(struct told_list *list);
void told_clear(struct told_list *list); /* memory of the array is kept */
void told_release(struct told_list *list);

#endif
