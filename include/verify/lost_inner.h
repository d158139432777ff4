/* SPDX-License-Identifier: MIT */
/*
 * verify/lost_inner.h - the rows of verify/lost.h: which ones, and what they hold; for lost.c and
 *                       lost_rows.c.
 * Threads: the caller's.
 */
#ifndef CUTOVER_VERIFY_LOST_INNER_H
#define CUTOVER_VERIFY_LOST_INNER_H

#include <stdio.h>

#include "base/json.h"
#include "verify/change_log.h"
#include "verify/pair.h"

struct lost_row {
    const struct table_shape *table; /* of the catalog */
    char *key;                       /* as verify/key_text.h has it */
    enum change_action action;       /* the last one */
    size_t number;                   /* in the order of the log */
};

struct lost_rows {
    struct lost_row *items;
    size_t count, room;
    bool is_cut; /* there are more than LOST_ROW_CAP, or a key does not fit */
};

MUST_CHECK int lost_rows_add(struct lost_rows *rows, const struct change *change, struct err *err);
/* Each row once; with `lines`, each is read by its key and written. */
MUST_CHECK int lost_rows_finish(struct lost_rows *rows, struct verify_end *end, FILE *lines,
                                struct err *err);
void lost_rows_release(struct lost_rows *rows);

/* NULL is out of memory, or no valid text. */
MUST_CHECK int lost_write_line(FILE *lines, const json_t *line, struct err *err);

#endif
