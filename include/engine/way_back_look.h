/* SPDX-License-Identifier: MIT */
/*
 * engine/way_back_look.h - what the way back rests on beyond the facts: the journal's word about
 *                          the move, NEW's binary log, and the shapes of its tables.
 * Invariant: what could not be asked stays unknown; looking never fails and changes nothing.
 * Threads:   the caller's.
 */
#ifndef CUTOVER_ENGINE_WAY_BACK_LOOK_H
#define CUTOVER_ENGINE_WAY_BACK_LOOK_H

#include "domain/way_back.h"
#include "engine/journal.h"

/*
 * journal  NULL when there is none     lag_us  of the reverse link, LAG_INFINITE when unknown
 */
void way_back_look(const struct service *service, struct journal *journal,
                   const struct facts *facts, int64_t lag_us, struct way_back_look *out);

/* The same without the slower questions: enough to choose by which mode. */
void way_back_look_mode(const struct service *service, struct journal *journal,
                        const struct facts *facts, struct way_back_look *out);

#endif
