/* SPDX-License-Identifier: MIT */
/*
 * domain/pulse.h - how long to let go between two moments in which commits are held.
 * Why:     a writer who is held, let go, and held again before his commit is done has waited for
 *          both, however short each was. So nobody is held again before as many commits as were
 *          held have been done; and not much later, or the other side never catches up.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_PULSE_H
#define CUTOVER_DOMAIN_PULSE_H

#include <stdbool.h>
#include <stdint.h>

#define PULSE_REST_MIN_MS 2   /* who was let go has an answer to read, and a statement to send */
#define PULSE_REST_MAX_MS 100 /* a commit that lasts longer waits for something else than us */

struct pulse_rest {
    unsigned held;     /* who waited when commits were let go */
    uint64_t done;     /* commits since */
    int64_t rested_ms; /* since then */
};

/* May commits be held again? */
bool pulse_is_rested(const struct pulse_rest *rest);

#endif
