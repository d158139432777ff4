/* SPDX-License-Identifier: MIT */
/*
 * monitor/sampler.h - lag and health of every node, sampled all the time while a run lasts.
 * Invariant: what cannot be read is unknown (LAG_INFINITE, is_known false), never the last good
 *            value.
 * Threads:   one thread, and one more for each node that has no connection, until it has; a server
 *            that hangs holds nobody up. sampler_read() copies a snapshot under a mutex, from any
 *            thread.
 */
#ifndef CUTOVER_MONITOR_SAMPLER_H
#define CUTOVER_MONITOR_SAMPLER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "domain/drift.h"
#include "domain/facts.h"
#include "domain/lag.h"
#include "domain/service.h"

#define SAMPLER_INTERVAL_MS 100
#define SAMPLER_FRESH_MS 2000 /* a sample older than this says nothing about now */

struct node_sample {
    char name[NODE_NAME_SIZE];
    enum side side;
    bool is_primary, is_reached;
    enum tri is_open;
    int64_t sampled_ms; /* monotonic, when last read */
    /* of the channel that feeds this node (link for primaries, own primary for replicas) */
    int64_t receive_lag_ms;
    int64_t apply_lag_ms
        [SIDE_COUNT]; /* heartbeat of that side's primary as seen here; infinite when not beating */
    bool is_link_running; /* primaries: the cutover link that ends here, when there is one */
    bool has_link;
    unsigned link_errno;
    char link_error[256];
    unsigned conflicts;      /* 1 while the link is stopped by 1062, 1032 or 1950 */
    int64_t asked_ms;        /* monotonic, before it was read */
    int64_t late_ms;         /* after it was due */
    int64_t took_us;         /* from the first question to the last answer */
    struct drift_node state; /* how it is set, to be held beside what it was */
    /* how many transactions it has written itself, as its log counts them (heartbeats too); 0
     * unknown. MariaDB's Com_insert counts what it applies for others as well. */
    uint64_t commits;
};

struct lag_snapshot {
    int64_t at_ms;
    struct node_sample nodes[SERVICE_NODE_CAP];
    size_t node_count;
    /*
     * Derived, index: the side where the link ends. The least of three measures that are all upper
     * bounds:
     *   the heartbeat of the source as it has arrived (one clock, ours);
     *   how long ago the source was first seen beyond what has been applied (our clock, too), which
     *   also holds for a source that is closed and does not beat, and is 0 when nothing is missing;
     *   MySQL 8.0 and later, where appliers keep the order of commits: how old the newest applied
     *   transaction is, which is the finest while the source is busy. It was dated by the source's
     *   clock, which is compared with ours once a second and taken to be as far ahead as it can be.
     * Infinite when the link does not run, or when either primary could not be read lately.
     */
    int64_t link_lag_ms[SIDE_COUNT];
    unsigned conflicts;
};

struct sampler;

/* interval_ms  SAMPLER_INTERVAL_MS, or more, up to half of SAMPLER_FRESH_MS */
MUST_CHECK int sampler_start(const struct service *service, int64_t interval_ms,
                             struct sampler **out, struct err *err);
void sampler_read(struct sampler *sampler, struct lag_snapshot *out);
/*
 * When to read it next (clock_mono_ms()): soon after its next round has begun, when most nodes have
 * answered. Who reads at moments of its own sees what happens half an interval later.
 */
int64_t sampler_next_ms(const struct sampler *sampler);
void sampler_free(struct sampler *sampler); /* joins; NULL allowed */

#endif
