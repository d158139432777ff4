/* SPDX-License-Identifier: MIT */
/*
 * engine/proof_memory.h - what the journal keeps of a proof, for each service and source side.
 * For:     a later run, or `cutover verify`, that goes on with it; status, that tells how it stood.
 * Threads: the journal's one writer.
 */
#ifndef CUTOVER_ENGINE_PROOF_MEMORY_H
#define CUTOVER_ENGINE_PROOF_MEMORY_H

#include "engine/journal.h"
#include "verify/proof.h"

struct proof_memory {
    bool is_there; /* below counts */
    enum side source;
    bool is_resting, is_covering; /* a full pass has ended; without differences, and is kept true */
    struct proof_floor floor;     /* from where the logs have to be read again */
    struct verify_report pass;    /* its figures, no differences */
    uint64_t rows_touched, rows_reproven; /* as it stood at at_us */
    int64_t age_ms, at_us;
    char problem[256];
};

/* How a proof stands now. */
void proof_memory_of(const struct proof_status *now, enum side source,
                     const struct verify_report *pass, bool is_resting, struct proof_memory *out);

MUST_CHECK int proof_memory_put(struct journal *journal, const char *service,
                                const struct proof_memory *memory, struct err *err);
MUST_CHECK int proof_memory_get(struct journal *journal, const char *service, enum side source,
                                struct proof_memory *out, struct err *err);
/* The one that was written last, of either side. */
MUST_CHECK int proof_memory_latest(struct journal *journal, const char *service,
                                   struct proof_memory *out, struct err *err);
MUST_CHECK int proof_memory_forget(struct journal *journal, const char *service, enum side source,
                                   struct err *err);

#endif
