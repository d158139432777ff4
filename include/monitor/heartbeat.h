/* SPDX-License-Identifier: MIT */
/*
 * monitor/heartbeat.h - a row per server in cutover.heartbeat, rewritten every interval on each
 * side that should be open. Uses the monitor account, which has no right to write through
 * read_only: the fence stops the heartbeat by itself, and a refused beat (1290) is one more proof
 * that a side is closed. The time written is the controller's own clock: readers compare it with
 * the same clock, so server clocks do not matter.
 * Threads: one per primary, reconnecting by itself; the setters may be called from the driver.
 */
#ifndef CUTOVER_MONITOR_HEARTBEAT_H
#define CUTOVER_MONITOR_HEARTBEAT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "domain/service.h"

#define HEARTBEAT_INTERVAL_MS 100

struct heartbeat;

/* What became of the beats that were wanted on a side. */
struct heartbeat_count {
    uint64_t written;
    uint64_t refused; /* 1290: the side is closed, which is as it should be behind a fence */
    uint64_t failed;  /* not reached, or any other error */
};

/*
 * Beats nowhere until heartbeat_set() says where. The table must be there on every node: see
 * own_schema_prepare().
 */
MUST_CHECK int heartbeat_start(const struct service *service, struct heartbeat **out,
                               struct err *err);
/*
 * Beat on a side or stop beating there. Stopping waits until no beat is under way (at most a read
 * timeout).
 */
void heartbeat_set(struct heartbeat *heartbeat, enum side side, bool is_wanted);
void heartbeat_counts(struct heartbeat *heartbeat, enum side side, struct heartbeat_count *out);
/* What a small write takes there now, with its commit, as the middle of the last ones; -1: none. */
double heartbeat_write_ms(struct heartbeat *heartbeat, enum side side);
void heartbeat_free(struct heartbeat *heartbeat); /* joins; NULL allowed */

#endif
