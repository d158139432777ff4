/* SPDX-License-Identifier: MIT */
/*
 * engine/gate_blockers.h - who it is that the gate's "blockers" counts, for those who watch.
 * Threads: the driver's.
 */
#ifndef CUTOVER_ENGINE_GATE_BLOCKERS_H
#define CUTOVER_ENGINE_GATE_BLOCKERS_H

#include "engine/driver.h"

#define GATE_LONG_TRANSACTION_S 10

/*
 * [{node, thread, user, host, age_s, query}], at most a few a side: sessions of the application in
 * a transaction of more than GATE_LONG_TRANSACTION_S, then, with thread 0, transactions that were
 * prepared by XA, or why a side could not be asked. Caller json_decref()s.
 */
json_t *gate_blockers(struct run *run, const unsigned prepared_xa[SIDE_COUNT]);

#endif
