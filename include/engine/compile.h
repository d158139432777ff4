/* SPDX-License-Identifier: MIT */
/*
 * engine/compile.h - a playbook and the facts of this moment become a plan: every statement and API
 * call, in order.
 * Invariant: compiling reads and never changes anything; the same playbook and facts give the same
 *            plan.
 * Threads:   the caller's.
 */
#ifndef CUTOVER_ENGINE_COMPILE_H
#define CUTOVER_ENGINE_COMPILE_H

#include "dns/records.h"
#include "domain/facts.h"
#include "domain/plan.h"
#include "domain/playbook.h"
#include "engine/journal.h"

struct compile_input {
    const struct service *service;
    const struct playbook *playbook;
    const struct facts *facts;
    struct dns *dns; /* NULL when the service has no DNS records */
    /* NULL when there is none yet; read for TTLs that an earlier run lowered */
    struct journal *journal;
    const char *from_step; /* NULL, or the name of the playbook's step to begin with */
};

/*
 * Errors  ERR_REFUSED/NONE the situation is not one of the playbook's `needs` (says which it is,
 *         why, and what leads there), or a fact that the plan needs is unknown; ERR_USAGE/NONE no
 *         step of that name; ERR_CONFIG/NONE the steps do not join.
 */
MUST_CHECK int compile_plan(const struct compile_input *input, struct plan *out, struct err *err);

#endif
