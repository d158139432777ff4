/* SPDX-License-Identifier: MIT */
/*
 * engine/hold_keeper.h - keep a side closed that a restart would open: whom to lock is decided and
 * written down before the pause, locked while the last transactions are on their way, and proven
 * before the other side opens.
 * Order:     fence.hold     choose; journal; cutover.held; lock those whom read_only does not stop
 *            fence.lock     begin to lock the rest, on a thread and a connection of its own
 *            fence.held     wait for that; all are locked, as read back from the server
 *            fence.release  unlock what is written down: the undo, and what follows opening a side
 * Threads:   the driver's; the one of fence.lock touches nothing of the run.
 */
#ifndef CUTOVER_ENGINE_HOLD_KEEPER_H
#define CUTOVER_ENGINE_HOLD_KEEPER_H

#include "cluster/hold.h"
#include "engine/driver.h"

/* Waits for the thread, if there is one. */
void hold_keeper_drop(struct run *run);

/*
 * The accounts of `side` that this run has locked, and the connection it did that on: for who lets
 * them in again. False, and nothing given, when it has locked none there. Waits as above.
 */
bool hold_keeper_take(struct run *run, enum side side, struct session *out_unlogged,
                      struct held_list *out_list);

#endif
