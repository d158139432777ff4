/* SPDX-License-Identifier: MIT */
/*
 * domain/pairs.h - which server may replicate to which, and what may not be used meanwhile.
 * Rules:   the way forward is the pair (OLD, NEW), the way back the pair (NEW, OLD): one table.
 * Threads: static const data; pure.
 */
#ifndef CUTOVER_DOMAIN_PAIRS_H
#define CUTOVER_DOMAIN_PAIRS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "domain/version.h"

/* How far the replica's release is from the source's, seen from the source. */
enum pair_step {
    PAIR_SAME = 0,    /* the same series */
    PAIR_OLDER_PATCH, /* the same series, older, where patches brought features */
    PAIR_NEXT,        /* one supported upgrade on */
    PAIR_SKIP,        /* further on than one supported upgrade */
    PAIR_PREVIOUS,    /* one supported downgrade back */
    PAIR_BACK,        /* further back than one supported downgrade */
    PAIR_OTHER,       /* another flavour */
};

enum pair_verdict {
    PAIR_REFUSED = 0, /* not supported by the maker, or not possible */
    PAIR_CONDITIONAL, /* as long as nothing is used that the replica does not know */
    PAIR_FINE,
};

struct pair_row {
    const char *name; /* "MySQL to the next series" */
    enum flavour source, replica;
    enum pair_step step;
    enum pair_verdict verdict;
    bool has_link; /* this program can make the link at all; a waiver does not help when not */
    const char *reason;
    const char *source_text; /* where it is written */
};

const struct pair_row *pair_table(size_t *out_count);

enum pair_step pair_step_of(const struct server_version *source,
                            const struct server_version *replica);

/* Exactly one row fits two known flavours; NULL when a flavour is unknown. */
const struct pair_row *pair_of(const struct server_version *source,
                               const struct server_version *replica);

const char *pair_verdict_name(enum pair_verdict verdict); /* "conditional" */

/*
 * What a newer server writes and an older one of the same flavour cannot apply: the conditions of
 * PAIR_CONDITIONAL.
 */
struct pair_feature {
    const char *name; /* "VECTOR columns" */
    enum flavour flavour;
    unsigned since;     /* version_number() of the first server that knows it */
    const char *mark;   /* as the survey of features names it; NULL when a setting shows it */
    const char *check;  /* the check that looks for it */
    const char *effect; /* what happens on a replica that does not know it */
    const char *source;
};

const struct pair_feature *pair_features(size_t *out_count);

/* May this feature, once used on `source`, stop or change what arrives on `replica`? */
bool pair_feature_breaks(const struct pair_feature *feature, const struct server_version *source,
                         const struct server_version *replica);

/* The feature that the survey means by this mark; NULL when none. */
const struct pair_feature *pair_feature_of(enum flavour flavour, const char *mark);

/* The tables of domain/support.h, of this module and of the checks of upgrades: docs/servers.md. */
void pair_document(struct buf *out);

#endif
