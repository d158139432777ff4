/* SPDX-License-Identifier: MIT */
/*
 * verify/lost.h - what one side has and the other will never get: transactions, tables, rows; for
 *                 people who decide about them and have to enter them again.
 * How:      the log is read from what the other side has applied; of every row that was written to,
 *           the values are read as they are now.
 * Form:     one JSON object a line: {"transaction", "at", "tables": [...]}, and then {"table",
 *           "key", "action", "values": {...}}. A value that is no valid UTF-8 text is {"charset",
 *           "hex"}.
 * Invariant: what cannot be told is told as unknown: a row without its values, a table without its
 *            rows, a log that is gone as an error.
 * Threads:  the caller's.
 */
#ifndef CUTOVER_VERIFY_LOST_H
#define CUTOVER_VERIFY_LOST_H

#include <stdio.h>

#include "domain/position.h"
#include "domain/service.h"

#define LOST_SHOWN 10
#define LOST_ROW_CAP 200000 /* rows beyond this are counted, not named */

struct lost_table {
    char label[160]; /* "blog.posts"; "blog.*"; "*": not known which */
    uint64_t inserted, updated, deleted;
    bool is_vague; /* written to by something that does not tell its rows */
};

struct lost_transaction {
    char id[96];
    int64_t at_ms;
    char tables[200]; /* "blog.posts (2), blog.users (1)" */
};

struct lost_report {
    uint64_t transactions; /* that touched the service's tables */
    uint64_t others;       /* of this program, and of databases that are not moved */
    struct lost_transaction shown[LOST_SHOWN]; /* the first ones */
    size_t shown_count;
    int64_t first_ms, last_ms;
    struct lost_table *tables;
    size_t table_count;
    uint64_t rows;    /* different ones whose key is known */
    bool is_rows_cut; /* there are more */
};

struct lost_options {
    const struct service *service;
    enum side side;                /* that has them */
    const struct position *from;   /* what the other side has of it */
    const struct origin *not_lost; /* what the other side wrote itself is not missing there */
    FILE *lines;                   /* NULL: nothing is written, no row is read */
    void (*progress)(void *context, uint64_t transactions); /* may be NULL */
    void *context;
};

/*
 * Errors  ERR_REFUSED/NONE the log after `from` is gone; ERR_TIMEOUT/NONE it does not come to its
 *         end; ERR_IO the file; ERR_STOPPED; ERR_LOST
 */
MUST_CHECK int lost_read(const struct lost_options *options, struct lost_report *out,
                         struct err *err);
void lost_report_release(struct lost_report *report); /* zeroed memory allowed */

#endif
