/* SPDX-License-Identifier: MIT */
/*
 * engine/observe.h - the facts of this moment: all nodes and the DNS, reduced to a situation.
 * Threads: the caller's (probe starts its own and joins them).
 */
#ifndef CUTOVER_ENGINE_OBSERVE_H
#define CUTOVER_ENGINE_OBSERVE_H

#include "domain/situation.h"

/*
 * Fills facts (release it) and, when not NULL, the verdict. Unreachable servers are facts, not
 * errors. ERR_MEMORY/NONE only.
 */
MUST_CHECK int observe(const struct service *service, struct facts *out,
                       struct verdict *out_verdict, struct err *err);

#endif
