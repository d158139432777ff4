/* SPDX-License-Identifier: MIT */
/*
 * verify/repair_inner.h - a repair as the files that implement it see it.
 * Who looks: src/verify/repair*.c.
 * Threads:   as verify/repair.h.
 */
#ifndef CUTOVER_VERIFY_REPAIR_INNER_H
#define CUTOVER_VERIFY_REPAIR_INNER_H

#include "verify/compare.h"
#include "verify/repair.h"

/* A table of which rows are to be repaired, with the text that its statements share. */
struct repair_table {
    const struct table_shape *shape; /* on the source */
    struct walk walk;
    struct buf select, names; /* what is read of a row; what REPLACE lists */
    size_t guards;            /* columns behind those of `names`, each of which must not be 0 */
    char why[256];            /* no row of it can be repaired; "" = they can */
};

struct repair_item {
    struct repair_row row;
    size_t table; /* in repair.tables */
    struct key_point key;
};

struct repair {
    struct repair_options options;
    struct pair pair;         /* to look: it logs nothing */
    struct verify_end writer; /* a second connection to the source, which logs statements */
    struct verify_end nodes[SERVICE_NODE_CAP]; /* the replicas of the replica side */
    const char *node_names[SERVICE_NODE_CAP];
    size_t node_count;
    uint64_t packet_bytes; /* the longest statement */
    struct table_catalog source, replica;
    struct repair_table *tables;
    size_t table_count;
    struct repair_item *items;
    size_t count;
};

/* --- src/verify/repair_tables.c */

/* Find or add the table of a difference. */
MUST_CHECK int repair_table_find(struct repair *repair, const char *label, size_t *out,
                                 struct err *err);
void repair_table_release(struct repair_table *table);
/* Fill in `why` of those that have triggers, on either side. */
MUST_CHECK int repair_tables_find_triggers(struct repair *repair, struct err *err);

/* --- src/verify/repair_row.c */

enum repair_show { REPAIR_EXACT, REPAIR_CUT, REPAIR_REDACTED };

/*
 * The statement for one row as the source has it now, into out (appended).
 * out_hash  of the row, {0} when there is none; ERR_REFUSED/NONE: this row has no exact text
 */
MUST_CHECK int repair_row_read(struct repair *repair, const struct repair_item *item,
                               struct verify_end *end, bool is_locked, enum repair_show show,
                               struct buf *out, struct row_hash *out_hash, struct err *err);

/*
 * Write one row again on the source. Refusals of a row are in its `why`; an error is about more
 * than this row.
 */
MUST_CHECK int repair_row_send(struct repair *repair, struct repair_item *item, struct err *err);

/* One value as a literal that stores the very same bytes. */
void repair_literal_sql(const struct column_shape *column, const char *bytes, size_t len,
                        struct buf *out);

/* --- src/verify/repair_look.c */

/* Would the replicas of the replica side follow? False, and the row refused, when not. */
MUST_CHECK int repair_agrees_downstream(struct repair *repair, struct repair_item *item,
                                        bool *out_agrees, struct err *err);

/* What has become of the sent rows among items first to first + count - 1, on all nodes. */
MUST_CHECK int repair_compare(struct repair *repair, size_t first, size_t count, struct err *err);

#endif
