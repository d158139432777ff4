/* SPDX-License-Identifier: MIT */
/*
 * engine/conflict_keeper.h - conflicting writes while both sides of a run are open: events of the
 * journal, and a count for the gates.
 * Begins:  at the first tick that sees both primaries open; goes on until the run ends.
 * Failing: logs that cannot be read are told once, and stop nothing: the metric is unknown then.
 * Threads: the driver's.
 */
#ifndef CUTOVER_ENGINE_CONFLICT_KEEPER_H
#define CUTOVER_ENGINE_CONFLICT_KEEPER_H

#include "engine/driver.h"

/* At every tick of the driver. */
MUST_CHECK int conflict_keeper_tick(struct run *run, struct err *err);
void conflict_keeper_drop(struct run *run);

/* How many were found in this run. False: both sides are open, and nobody knows. */
bool conflict_keeper_count(const struct run *run, int64_t *out);

#endif
