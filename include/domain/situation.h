/* SPDX-License-Identifier: MIT */
/*
 * domain/situation.h - facts reduced to one name, by a table; and what may be done from there.
 * Invariant: exactly one situation holds for any facts; anything not in the table is `unsafe`.
 * Threads:   pure: no I/O, no clock.
 */
#ifndef CUTOVER_DOMAIN_SITUATION_H
#define CUTOVER_DOMAIN_SITUATION_H

#include "base/buf.h"
#include "domain/facts.h"

enum situation {
    SITUATION_UNSAFE = 0,
    SITUATION_APART,
    SITUATION_FOLLOWING,
    SITUATION_REHEARSING,
    SITUATION_MIRRORED,
    SITUATION_SHARED,
    SITUATION_FENCED,
    SITUATION_FLIPPING, /* one side is open, and not every record points there (yet) */
    SITUATION_SWITCHED,
    SITUATION_RETIRED,
};
#define SITUATION_COUNT 10

typedef unsigned situation_mask;
#define SITUATION_BIT(situation) (1U << (situation))
#define SITUATION_ANY ((1U << SITUATION_COUNT) - 1U)

struct verdict {
    enum situation situation;
    bool is_only_held;  /* a side counts as closed because its accounts are locked: it restarted */
    char because[512];  /* the facts that decided, in a sentence */
    char next[256];     /* what usually comes next, as a command */
    char way_back[256]; /* "can I go back now, and at what cost" */
};

const char *situation_name(enum situation situation);
MUST_CHECK int situation_parse(const char *name, enum situation *out, struct err *err);

/* Pure. For `unsafe`, because says what is wrong and next says what is safe to do. */
void situation_judge(const struct facts *facts, struct verdict *out);

/* "mirrored or shared" */
void situation_mask_text(situation_mask mask, char *out, size_t out_size);

/* The table's row in words: "forward runs, reverse none, OLD open, NEW closed, DNS OLD". */
void situation_when(enum situation situation, char *out, size_t out_size);

/*
 * The table as a Mermaid state diagram, with the actions as edges (docs/situations.md is generated
 * from it).
 */
void situation_mermaid(struct buf *out);

#endif
