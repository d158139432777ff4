/* SPDX-License-Identifier: MIT */
/*
 * cluster/gate.h - never close a side into a backlog: the pause is as long as what the other side
 * still has to apply.
 * How:       the other side has to reach a position of now within a few milliseconds, several times
 *            in a row. When writers that never rest keep it from that, their commits are held in
 *            short pulses (MariaDB only: MySQL has no way that ends with a connection and closes no
 *            tables). A caller that closes the side at once after the last pulse meets no backlog.
 * Bounds:    a pulse lasts at most GATE_PULSE_MS: then a watchdog ends its session, and with that
 *            the pulse. It ends as well when we die, or when we say nothing for two seconds.
 * Threads:   the caller's.
 */
#ifndef CUTOVER_CLUSTER_GATE_H
#define CUTOVER_CLUSTER_GATE_H

#include "cluster/session.h"

#define GATE_PULSE_MS 40
#define GATE_LAST_MS 15 /* whom the last one held the closing holds as well: it is a short one */

struct gate {
    const struct service *service;
    struct session *source, *replica;
    struct session *second; /* to the source, for the watchdog; NULL: no pulses */
    int64_t near_us;        /* as far behind as it may be */
    int64_t wait_ms;        /* for that, without pulses; 0: pulses at once */
    int64_t pulses_ms;      /* for all pulses and the rests between them */
    bool is_slow; /* one whole pulse at once, near or not: so that who compares rows catches up */
};

struct gate_report {
    bool is_near;      /* it was, often enough in a row, or within the last pulse */
    unsigned measured; /* how often it was looked at */
    int64_t lag_us;    /* the last one; LAG_INFINITE when it did not get there at all */
    int64_t best_us;
    unsigned pulses;
    int64_t longest_us, held_us; /* of them; all together */
    unsigned held;               /* writers that the last one let go */
    struct position held_at;     /* and what was written on the source by then */
};

/* Does its server have a way to hold commits? */
bool gate_can_pulse(const struct session *source);

/*
 * Errors: ERR_STOPPED; those of link_measure(). That it never came near is no error, and neither is
 * a pulse that could not be given.
 */
MUST_CHECK int gate_wait(const struct gate *gate, struct gate_report *out, struct err *err);

/* Let those whom the last pulse held get their commits done, before another: domain/pulse.h */
MUST_CHECK int gate_rest(const struct gate *gate, const struct gate_report *last, struct err *err);

#endif
