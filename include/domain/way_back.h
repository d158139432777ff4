/* SPDX-License-Identifier: MIT */
/*
 * domain/way_back.h - can the service go back to OLD now, by which command, at what cost, and what
 *                     would end that.
 * Invariant: what is not known is never taken for good: an unknown distance is not 0, an unknown
 *            log is not a log that is still there.
 * Threads:   pure: no I/O, no clock.
 */
#ifndef CUTOVER_DOMAIN_WAY_BACK_H
#define CUTOVER_DOMAIN_WAY_BACK_H

#include "domain/situation.h"

/* By what the service goes back. */
enum way_back_how {
    WAY_BACK_NOTHING, /* there is nothing to go back from */
    WAY_BACK_ABORT,   /* a run has closed a side and not committed: it is undone */
    WAY_BACK_SHARED,
    WAY_BACK_FENCED,
    WAY_BACK_LOSSY, /* only without what OLD lacks */
    WAY_BACK_NONE,
};

/* What is known beyond the facts; zeroed memory is: nothing. */
struct way_back_look {
    bool has_lag, has_pause;    /* false: nobody knows */
    int64_t lag_us;             /* that the reverse link needs now */
    int64_t pause_ms;           /* that the last fenced cutover took, or was forecast to take */
    enum tri was_fenced;        /* how the users came to NEW */
    enum tri may_share;         /* is staggering proven, as far as can be told without a run? */
    char may_share_why[200];    /* not: why */
    bool has_open_run;          /* a run is not finished; */
    bool is_committed;          /* and is past its commit step */
    enum tri has_log;           /* was NEW's binary log looked at? */
    struct position log_begins; /* its oldest file begins after this */
    enum tri has_expiry;
    int64_t expire_s;         /* NEW deletes its logs after so long; 0: never */
    int64_t first_missing_us; /* when the first transaction that OLD lacks was committed; 0 */
    enum tri is_schema_same;  /* are NEW's tables made as they were when it was opened? */
    char schema_text[200];    /* which is not: "blog.posts, blog.users" */
    int64_t schema_since_us;
};

enum way_back_end_kind { WAY_BACK_END_DDL, WAY_BACK_END_PURGE, WAY_BACK_END_LINK };
#define WAY_BACK_END_COUNT 3

/* Something that would end the way back without loss. */
struct way_back_end {
    enum way_back_end_kind kind;
    enum tri has_happened;
    bool is_near; /* not yet, or not the end yet, but a person should look */
    char text[320];
};

struct way_back {
    enum tri is_possible; /* without losing a write */
    enum way_back_how how;
    char why[320];       /* of the choice, or why not */
    const char *command; /* what to type; "" */
    bool is_distance_known;
    uint64_t distance;   /* transactions of NEW that OLD has not applied */
    bool is_pause_known; /* of writes: 0 in shared mode */
    int64_t pause_ms;    /* for everybody, while one side closes and the other opens */
    unsigned ttl_s;      /* then, fenced: DNS-only names need up to this long; 0 none */
    unsigned proxied;    /* names that need seconds */
    struct way_back_end ends[WAY_BACK_END_COUNT];
    size_t end_count; /* 0 where there is no way back to be ended */
};

void way_back_judge(const struct facts *facts, const struct verdict *verdict,
                    const struct way_back_look *look, struct way_back *out);

/* "shared", "fenced", "lossy", "abort", "nothing", "none" */
const char *way_back_how_name(enum way_back_how how);
/* "ddl", "purge", "link" */
const char *way_back_end_name(enum way_back_end_kind kind);

/* How many transactions of NEW OLD lacks, as of the facts. False: not known. */
bool way_back_distance(const struct facts *facts, uint64_t *out);

/*
 * Is giving up what OLD lacks the only way to OLD that is left? False fills `why` (320 bytes) with
 * what to do instead.
 */
bool way_back_is_only_lossy(const struct facts *facts, const struct verdict *verdict, char *why);

/* One sentence: "yes: `cutover rollback` (fenced), ..." */
void way_back_text(const struct way_back *way, char *out, size_t out_size);

#endif
