/* SPDX-License-Identifier: MIT */
/*
 * verify/found.h - the differences of what is being compared: they count once that came to its end.
 * A comparison that is repeated, or given up, would tell them twice, or too early.
 * Invariant: count is true; of the differences at most VERIFY_DIFFERENCE_CAP are kept.
 * Threads:   the caller's.
 */
#ifndef CUTOVER_VERIFY_FOUND_H
#define CUTOVER_VERIFY_FOUND_H

#include "verify/verify.h"

struct found {
    struct difference *items;
    size_t kept, room, count;
};

/* One that is known, of `count`; NULL: none of them is. Without memory they are counted only. */
void found_add(struct found *found, const struct difference *difference, size_t count);
void found_clear(struct found *found);
void found_release(struct found *found); /* zeroed memory allowed */

#endif
