/* SPDX-License-Identifier: MIT */
/*
 * engine/schema_memory.h - how the tables of NEW were made when the users came there, so that a
 *                          later look can tell whether somebody has changed them since.
 * Kept:    in the journal's memory, a short hash for each table; views, routines and triggers are
 *          not looked at.
 * Threads: the caller's.
 */
#ifndef CUTOVER_ENGINE_SCHEMA_MEMORY_H
#define CUTOVER_ENGINE_SCHEMA_MEMORY_H

#include "domain/service.h"
#include "engine/journal.h"

MUST_CHECK int schema_memory_put(struct journal *journal, const struct service *service,
                                 enum side side, struct err *err);

struct schema_change {
    bool is_there;   /* something was kept; below counts */
    int64_t at_us;   /* when */
    size_t changed;  /* tables that were made, altered or dropped since */
    char names[160]; /* the first of them */
};
MUST_CHECK int schema_memory_compare(struct journal *journal, const struct service *service,
                                     enum side side, struct schema_change *out, struct err *err);

#endif
