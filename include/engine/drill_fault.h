/* SPDX-License-Identifier: MIT */
/*
 * engine/drill_fault.h - what a drill breaks on a link, and how it is mended.
 * Invariant: what is going to be broken is in the journal first; it is forgotten there only when
 *            the link is seen running again.
 * Threads:   the supervisor's.
 */
#ifndef CUTOVER_ENGINE_DRILL_FAULT_H
#define CUTOVER_ENGINE_DRILL_FAULT_H

#include "domain/drill.h"
#include "engine/journal.h"

/* Of the link that ends at `replica_side`. kind: DRILL_CUT_LINK or DRILL_STALL_APPLY. */
MUST_CHECK int drill_break(const struct service *service, struct journal *journal,
                           enum drill_fault_kind kind, enum side replica_side, struct err *err);

/*
 * Mend whatever the journal says is broken, by this drill or one before; nothing when there is
 * none. out_mended may be NULL.
 * Errors  what is broken stays in the journal, and may be mended again
 */
MUST_CHECK int drill_mend(const struct service *service, struct journal *journal, bool *out_mended,
                          struct err *err);

#endif
