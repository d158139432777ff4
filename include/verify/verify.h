/* SPDX-License-Identifier: MIT */
/*
 * verify/verify.h - is the data the same on both sides, while writes go on?
 * Exactness: a chunk is read on the source at a known position and on the replica once it has
 *            applied that position; a chunk that differs is looked at again with its rows locked on
 *            the source for an instant (shared locks), so the answer is never "probably". Works
 *            with ROW format and without SUPER. Values are compared as bytes (NULL differs from
 *            empty, FLOAT as DOUBLE), hashed row by row with lengths, XXH3-128.
 * Shared:    while the replica side is open as well, rows are held still on either side by turns
 *            (verify/compare.h); only rows that both sides write to at the same moment can still
 *            look different, and those are conflicts.
 * Threads:   `workers` threads with a connection to each side; progress is called from the calling
 *            thread.
 */
#ifndef CUTOVER_VERIFY_VERIFY_H
#define CUTOVER_VERIFY_VERIFY_H

#include <stdbool.h>

#include "domain/position.h"
#include "domain/service.h"

struct pace_limits;

enum difference_kind {
    DIFFERENCE_MISSING,
    DIFFERENCE_EXTRA,
    DIFFERENCE_CHANGED,
    DIFFERENCE_SCHEMA
};
const char *difference_kind_name(enum difference_kind kind); /* "missing" */

struct difference {
    enum difference_kind kind; /* MISSING: on the replica side; EXTRA: only there */
    char table[160];           /* database.table */
    char key[256];             /* "id=17, lang='en'" */
    /* first column that differs; "" for missing and extra; SCHEMA: "type of price" */
    char column[80];
    char source_value[128], replica_value[128]; /* shortened; binary as hex */
    /* The same for those who may not see the data: "12 bytes, hash 1a2b3c4d"; "" as above. */
    char source_redacted[40], replica_redacted[40];
    /*
     * The key the table is walked by, as verify_key_text() writes it: what a repair goes by. "" for
     * a table without one, and for a key that is longer.
     */
    char point[768];
};

/* Length and hash instead of the values; a schema has none. */
void difference_redact(struct difference *difference);

#define VERIFY_DIFFERENCE_CAP 1000

/* How a chunk of rows becomes a hash; all three are told apart in the report. */
enum verify_mode {
    VERIFY_AUTO,   /* stream */
    VERIFY_STREAM, /* rows are read and hashed here: full strength */
    VERIFY_REMOTE, /* the servers hash, only what differs is read: for a slow network */
    VERIFY_FAST,   /* CHECKSUM TABLE in a pair of snapshots: one vendor and format, weaker */
};
const char *verify_mode_name(enum verify_mode mode);

#define SPAN_KEY_SIZE 512

/*
 * A span: the rows of a table between two keys, which one worker compares from its beginning to its
 * end. What a journal keeps of it is enough to go on after a restart.
 */
struct verify_span {
    char table[160];
    char shape[33];  /* hash of the table's shape: another one means begin again */
    unsigned number; /* among the spans of this table, in key order, from 0 */
    /* Keys, as verify_key_text() writes them; "" = no bound. A table whose last span is bounded has
     * not been cut to its end yet. */
    char from[SPAN_KEY_SIZE], until[SPAN_KEY_SIZE], done_until[SPAN_KEY_SIZE];
    bool is_done;
    uint64_t rows, chunks, bytes;
    char hash[33]; /* chained over its chunks */
    size_t differences;
    enum verify_mode mode;
    int64_t at_us; /* wall clock of the last chunk */
};

struct verify_progress {
    uint64_t rows_done, rows_total;
    uint64_t bytes_done, rows_per_s;
    unsigned spans_done, spans_total;
    char held[48]; /* why it waits: "the replica lags", "paused"; "" = it does not */
    unsigned tables_done, tables_total;
    uint64_t chunks, rechecked;
    size_t differences;
    int64_t elapsed_ms, eta_ms;
    char current[160];
};

struct verify_options {
    const struct service *service;
    /* the side that is open (or was last); the other side's primary is compared with it */
    enum side source;
    unsigned workers;          /* 0 = 2 */
    uint64_t chunk_rows;       /* 0 = chosen by bytes, about 1 MB */
    const char *const *tables; /* "db.table"; NULL = all of the service's databases */
    size_t table_count;
    /*
     * 0 = whole tables; otherwise only the last N rows by primary key of each table (the fence's
     * check)
     */
    uint64_t tail_rows;
    bool is_still; /* both sides are closed and at the same position: no waiting, no locks */
    enum verify_mode mode;
    const struct pace_limits *pace; /* NULL: the defaults of verify/pace.h */
    int64_t snapshot_ms;            /* how long a snapshot may be held; 0 = 60 s */
    /* Spans of an interrupted pass, as spans_changed told them, ordered by table and number; and
     * when that pass began. What does not fit any more is compared again. */
    const struct verify_span *resume;
    size_t resume_count;
    int64_t resume_began_us;
    uint64_t span_rows;      /* 0 = SPAN_ROWS of verify/spans.h; tests use less */
    bool is_objects_skipped; /* only tables and rows: no programs, grants, counters */
    /* Those in which chunks were finished since the last call, from the calling thread, at most a
     * tenth of a second later; for the journal. */
    void (*spans_changed)(void *context, const struct verify_span *spans, size_t count);
    void (*progress)(void *context, const struct verify_progress *progress);
    /*
     * called after each finished table, for the journal: name, rows, hex hash of its chunk hashes,
     * number of differences
     */
    void (*table_done)(void *context, const char *table, uint64_t rows, const char *hash,
                       size_t differences);
    void *context;
};

struct verify_report {
    uint64_t rows, chunks, rechecked, bytes;
    unsigned stream_tables, remote_tables, fast_tables;
    char algorithm[64];         /* the weakest that was used */
    unsigned snapshots;         /* pairs of them that were taken */
    int64_t barrier_us;         /* the longest time that commits were held for one */
    int64_t began_us, ended_us; /* wall clock; of a resumed pass: of its first beginning */
    unsigned tables;
    /* at most VERIFY_DIFFERENCE_CAP; difference_count may be larger */
    struct difference *differences;
    size_t difference_count, difference_kept;
    char warnings[16][256]; /* tables without a usable key, ... */
    size_t warning_count;
    struct position position; /* of the source when the pass ended */
    char hash[33];            /* over the table hashes, sorted by name */
    int64_t duration_ms;
};

/*
 * Errors  ERR_SERVER / ERR_LOST / ERR_TIMEOUT (link stopped while waiting: names it), ERR_STOPPED.
 *         Differences are not an error: they are in the report. An error is never "done": out is
 *         not filled.
 */
MUST_CHECK int verify_run(const struct verify_options *options, struct verify_report *out,
                          struct err *err);
void verify_report_release(struct verify_report *report);

#endif
