/* SPDX-License-Identifier: MIT */
/*
 * engine/worker_memory.h - what the journal remembers of a service that a run was to stop, until it
 *                          is started again: by which run, since when, or that it rested already.
 * Threads: the journal's.
 */
#ifndef CUTOVER_ENGINE_WORKER_MEMORY_H
#define CUTOVER_ENGINE_WORKER_MEMORY_H

#include "domain/service.h"
#include "engine/journal.h"

enum worker_state {
    WORKER_FORGOTTEN = 0, /* nothing: nobody was to stop it, or it was started again */
    WORKER_IS_STOPPED,    /* it ran, and a run has stopped it, or was about to */
    WORKER_RESTED,        /* it did not run when it was to be stopped */
};

struct worker_memory {
    enum worker_state state;
    char run[24];
    char since[32]; /* ISO 8601, UTC */
};

#define WORKER_MEMORY_SIZE 80
void worker_memory_print(const struct worker_memory *memory, char out[WORKER_MEMORY_SIZE]);
/* Whatever is no such text is forgotten. */
void worker_memory_parse(const char *text, struct worker_memory *out);

MUST_CHECK int worker_memory_get(struct journal *journal, const struct service *service,
                                 const struct side_worker *worker, struct worker_memory *out,
                                 struct err *err);
MUST_CHECK int worker_memory_put(struct journal *journal, const struct service *service,
                                 const struct side_worker *worker, enum worker_state state,
                                 const char *run, struct err *err);

#endif
