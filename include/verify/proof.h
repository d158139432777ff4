/* SPDX-License-Identifier: MIT */
/*
 * verify/proof.h - keep what a full pass proved true while writes go on, until the flip needs it.
 * How:       the binary logs of both primaries are followed from where the pass began (of the
 *            replica side: only what was written there). The rows they name are kept as "touched
 *            since they were last proven" and compared again in the background, so that the set
 *            stays small. Inside the fence only the rest of it has to be compared.
 * Invariant: a row is proven, or touched, or in a table that is touched as a whole. A gap (a log
 *            that is gone, an event that is not understood) breaks the proof: it never ends well by
 *            being forgotten. Everything touched before the floor is proven.
 * Memory:    cap_bytes for the set. Beyond it the rows of the table with the most of them become
 *            ranges of its key, or the whole table.
 * Cascades:  rows that a foreign key changed are not in the log: the rows of the child tables are
 *            touched by the foreign key's columns, deeper levels as whole tables.
 * Threads:   two that read logs and one that compares, of its own; every function may be called
 *            from any thread.
 */
#ifndef CUTOVER_VERIFY_PROOF_H
#define CUTOVER_VERIFY_PROOF_H

#include "verify/binlog_place.h"
#include "verify/certificate.h"
#include "verify/pace.h"

struct proof;

/* From where the logs have to be read again after a restart: NULL texts never, "" is "from now". */
struct proof_floor {
    struct position source, replica;
    struct binlog_place source_at, replica_at; /* noted with them */
};

struct proof_options {
    const struct service *service;
    enum side source;
    const struct proof_floor *from; /* NULL: from now on */
    uint64_t cap_bytes;             /* of the set; 0 = 16 MiB */
    const struct pace_limits *pace; /* NULL: the defaults */
};

struct proof_status {
    bool is_covering; /* a full pass without differences is kept true */
    bool is_broken;   /* and why: a new full pass is needed */
    char problem[256];
    uint64_t rows_touched, ranges_touched; /* not proven now */
    unsigned tables_touched;               /* as a whole */
    uint64_t set_bytes, cap_bytes;
    uint64_t rows_reproven;
    size_t differences; /* found while proving again */
    int64_t age_ms;     /* since the oldest of the touched was touched; 0 none is */
    int64_t behind_ms;  /* how far the readers are behind their logs; -1 unknown */
    int64_t settle_ms;  /* forecast: how long the last look would take now; -1 unknown */
    struct proof_floor floor;
};

/* Begin to follow. Both logs are open when it returns: a pass that begins now misses nothing.
 * Errors: those of change_log_open(). */
MUST_CHECK int proof_start(const struct proof_options *options, struct proof **out,
                           struct err *err);
void proof_free(struct proof *proof); /* ends the threads */
void proof_freep(struct proof **proof);

/*
 * A full pass has ended, which began after proof_start(); or, after a restart, the one whose floor
 * was given. From here on the touched rows are compared in the background.
 */
void proof_rests_on(struct proof *proof, const struct verify_report *pass);

void proof_look(struct proof *proof, struct proof_status *out);

/*
 * Before and inside a fence. HURRIED: the background compares without manners, so that little is
 * left; HELD: it begins nothing any more, and gives back what it has under way. CALM: as always.
 */
enum proof_mood { PROOF_CALM, PROOF_HURRIED, PROOF_HELD };
void proof_brace(struct proof *proof, enum proof_mood mood);

/*
 * Prove the rest. is_still: both sides are closed and at the same position (inside the fence);
 * otherwise what is touched while it works is left for later.
 * out_differences  what differs, those found in the background included; none with a certificate
 * Errors  ERR_REFUSED/NONE the proof is broken or rests on nothing: says why; ERR_TIMEOUT/NONE not
 *         within limit_ms; ERR_DATA/NONE rows differ: *out_differences has them, *out is not filled
 */
MUST_CHECK int proof_settle(struct proof *proof, bool is_still, int64_t limit_ms,
                            struct certificate *out, struct verify_report *out_differences,
                            struct err *err);

#endif
