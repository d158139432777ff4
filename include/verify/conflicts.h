/* SPDX-License-Identifier: MIT */
/*
 * verify/conflicts.h - while both sides take writes, their binary logs are read, and rows that both
 * sides wrote before either had the other's write are found and named (verify/conflict_book.h).
 * Failing: what cannot be read is told by conflicts_look(), and tried again; a log that was lost is
 *          gone on with where it was left, or, when that is gone, both from now on.
 * Threads: one of its own (and one for each log); the functions may be called from any other one.
 */
#ifndef CUTOVER_VERIFY_CONFLICTS_H
#define CUTOVER_VERIFY_CONFLICTS_H

#include "verify/conflict_book.h"

struct conflicts;

/* Begins at once, from the present. service: borrowed. ERR_MEMORY/NONE. */
MUST_CHECK int conflicts_start(const struct service *service, struct conflicts **out,
                               struct err *err);
void conflicts_free(struct conflicts *conflicts); /* joins; NULL allowed */

/* The next one that was found and not taken; false when there is none. */
bool conflicts_take(struct conflicts *conflicts, struct conflict *out);

struct conflicts_status {
    bool is_reading;   /* both logs, now */
    char problem[512]; /* why not, "" when it is */
    uint64_t found;    /* those that were not kept for conflicts_take() included */
    uint64_t unjudged; /* writes that were forgotten before they had arrived */
    size_t on_the_way;
};
void conflicts_look(struct conflicts *conflicts, struct conflicts_status *out);

#endif
