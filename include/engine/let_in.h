/* SPDX-License-Identifier: MIT */
/*
 * engine/let_in.h - whoever has to log in to a side may do so from the moment it is open, not when
 * the journal has caught up: the connection and the list are ready before anybody has to wait.
 * Order:     fence.ready    let_in_prepare(): changes nothing
 *            side.open
 *            fence.let_in   one statement; what it cannot do fence.release does, in its own part
 *            fence.release  looks, unlocks what is still locked, strikes it out
 *            The undo of a closing goes the same way, by the connection that has locked them, or,
 *            in another process than that, by one that is opened once the side is.
 * Invariant: accounts are let in after their side was opened, never before: until then a restart
 *            must let nobody write there.
 * Threads:   the driver's.
 */
#ifndef CUTOVER_ENGINE_LET_IN_H
#define CUTOVER_ENGINE_LET_IN_H

#include "cluster/hold.h"
#include "engine/driver.h"

/* Have a connection and the accounts of a side that is closed at hand. Repeat: safe. */
MUST_CHECK int let_in_prepare(struct run *run, enum side side, struct err *err);

/* Mark the accounts of `list` that this run let in a moment ago, and that are not locked now. */
void let_in_mark(const struct run *run, enum side side, struct held_list *list);

void let_in_drop(struct run *run);

#endif
