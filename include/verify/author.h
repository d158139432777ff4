/* SPDX-License-Identifier: MIT */
/*
 * verify/author.h - who wrote the rows that differ, as far as the binary logs of both primaries
 *                   tell.
 * How:      each log is read from the beginning of one of its newest files (as many as
 *           limit_bytes allow) to where it ended when the search began; of every row that differs
 *           the last write is kept.
 * Not told: what was written with sql_log_bin = 0, and what is older than the logs.
 * Threads:  the caller's; progress comes from it.
 */
#ifndef CUTOVER_VERIFY_AUTHOR_H
#define CUTOVER_VERIFY_AUTHOR_H

#include "verify/change_log.h"
#include "verify/verify.h"

#define AUTHOR_LIMIT_MS 60000
#define AUTHOR_LIMIT_BYTES ((uint64_t)1 << 30)

/* The last write of a row in the log of one side. */
struct author_write {
    bool is_known;
    bool is_row;      /* false: of its table, by a statement or event that does not tell the row */
    bool is_own;      /* on this very server, not brought by a link */
    bool is_deletion; /* of a row */
    unsigned server_id;
    char transaction[96];
    int64_t at_ms;
};

struct author {
    struct author_write last[SIDE_COUNT];
};

/* How far one log was looked through. */
struct author_log {
    char file[128];   /* the file it was begun with */
    bool is_oldest;   /* there is no older one */
    bool is_complete; /* up to its end */
};

struct author_options {
    const struct service *service;
    enum side source;
    const struct difference *differences;
    size_t count;
    uint64_t limit_bytes; /* of each log; 0 = AUTHOR_LIMIT_BYTES */
    int64_t limit_ms;     /* for each log; 0 = AUTHOR_LIMIT_MS */
    void (*progress)(void *context, enum side side, uint64_t changes); /* may be NULL */
    void *context;
};

struct author_report {
    enum side source;
    struct author *authors; /* as many as differences, in their order */
    size_t count;
    struct author_log logs[SIDE_COUNT];
};

/*
 * Errors  those of change_log_open() and change_log_next(); ERR_STOPPED
 */
MUST_CHECK int author_search(const struct author_options *options, struct author_report *out,
                             struct err *err);
void author_report_release(struct author_report *report);

/* One line: "written on NEW itself (server 201, 0-201-17, 2026-11-22T03:12:09.000Z)". */
void author_text(const struct author_report *report, size_t number, char *out, size_t out_size);

#endif
