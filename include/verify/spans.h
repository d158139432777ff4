/* SPDX-License-Identifier: MIT */
/*
 * verify/spans.h - where a table is cut, so that several workers can compare it and an interrupted
 *                  pass knows where it was.
 * How:       cuts are made one at a time, when a worker wants the next span. Where the first column
 *            of the key is an integer and its numbers are dense, by dividing them; otherwise by
 *            stepping over SPAN_ROWS rows of the index, unless the rest is worth no cut. A cut is
 *            only a key: rows that come or go around it belong to exactly one span in any case.
 * Threads:   pure, except span_next_bound(), which asks its walk's server.
 */
#ifndef CUTOVER_VERIFY_SPANS_H
#define CUTOVER_VERIFY_SPANS_H

#include "verify/verify.h"
#include "verify/walk.h"

#define SPAN_ROWS 500000
#define SPAN_BYTES (64U << 20)
#define SPAN_CAP 256 /* of a table that is divided by numbers */

/* How a table is going to be cut. */
struct span_plan {
    bool is_whole;   /* one span without bounds */
    bool is_divided; /* by the numbers of the key's first column */
    bool is_asked;   /* whether they are dense was asked already */
    bool is_last;    /* the span that comes next is not worth a cut, unless it costs nothing */
    uint64_t rows;   /* of a span, about */
    unsigned expected;
    __int128 next, step, last; /* numbers: the next cut, how far to the one behind it, the end */
};

/* What it takes to read a table, by the server's estimates: its bytes, and what each row costs
 * besides. */
uint64_t span_weight(const struct table_shape *table);

/* By the server's estimates. span_rows 0 = SPAN_ROWS. Without a key the table stays whole. */
void span_plan_init(struct span_plan *plan, const struct table_shape *table, bool has_key,
                    uint64_t span_rows);

/* first and last are the least and the greatest number there is. False: too few rows for them. */
bool span_plan_divide(struct span_plan *plan, const char *first, const char *last,
                      uint64_t rows_estimate);
/* The next cut, as text; false when there is none any more. */
bool span_plan_next(struct span_plan *plan, char *out, size_t out_size);
/* After a restart: cuts up to this number have been made. */
void span_plan_skip(struct span_plan *plan, const char *bound);

/*
 * The end of the span that begins after `after`; unset: it goes to the end of the table.
 * Errors  as walk_run()
 */
MUST_CHECK int span_next_bound(struct span_plan *plan, const struct walk *walk,
                               struct verify_end *end, const struct key_point *after,
                               struct key_point *out, struct err *err);

/* What has to be the same for a span to be gone on with: columns of the table and the key that it
 * is walked by; NULL: none. */
void span_shape_text(const struct table_shape *table, const struct index_shape *key, char out[33]);

#endif
