/* SPDX-License-Identifier: MIT */
/*
 * engine/lost_list.h - what going back without the reverse link would lose, of this moment: for the
 *                      run that does it and for the command that shows it first.
 * Threads: the caller's.
 */
#ifndef CUTOVER_ENGINE_LOST_LIST_H
#define CUTOVER_ENGINE_LOST_LIST_H

#include "domain/facts.h"
#include "verify/lost.h"

/* The word for a number that nobody knows. */
#define LOST_UNKNOWN "unknown"

/* Where a run keeps it: beside the journal. */
void lost_path(const struct service *service, const char *run_id, char *out, size_t out_size);

/*
 * Ask both primaries where they stand, then read NEW's log. lines: as lost_read().
 * Errors  those of lost_read(); ERR_LOST/NONE a primary does not answer
 */
MUST_CHECK int lost_list(const struct service *service, FILE *lines, struct lost_report *out,
                         struct err *err);

/* When the first transaction that OLD lacks was committed on NEW; 0: not known. Takes a moment. */
int64_t lost_first_us(const struct service *service, const struct facts *facts);

#endif
