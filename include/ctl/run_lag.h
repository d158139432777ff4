/* SPDX-License-Identifier: MIT */
/*
 * ctl/run_lag.h - lag of each node in all of the last run, as its journal has it.
 * Invariant: what was not known then is null; nothing is ever filled in.
 * Memory:    RUN_LAG_CAP points a node; of a longer run two points become one, the worse.
 * Threads:   one thread follows; run_lag_json() may be called from any.
 */
#ifndef CUTOVER_CTL_RUN_LAG_H
#define CUTOVER_CTL_RUN_LAG_H

#include "base/json.h"
#include "domain/service.h"
#include "engine/journal.h"

#define RUN_LAG_CAP 36000 /* ten hours of a point a second */

struct run_lag;

/* service  borrowed until the end */
MUST_CHECK int run_lag_new(const struct service *service, struct run_lag **out, struct err *err);
void run_lag_free(struct run_lag *lag); /* NULL allowed */

/*
 * Take what the run has sampled since the last time; another run than then begins anew.
 * Errors  ERR_IO, ERR_MEMORY: what was taken before stays
 */
MUST_CHECK int run_lag_follow(struct run_lag *lag, struct journal *journal, const char *run_id,
                              struct err *err);

/*
 * {"run": "...", "nodes": [{"node", "side", "is_primary", "at_us": [..], "receive_ms": [..],
 * "apply_ms": [..]}]}: apply_ms is behind the other side's primary. At most `points` points a node,
 * each the worst of its span, null when any of it was not known. "run" is null before the first.
 * Caller json_decref()s; NULL when out of memory.
 */
json_t *run_lag_json(struct run_lag *lag, size_t points);

#endif
