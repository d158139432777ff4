/* SPDX-License-Identifier: MIT */
/*
 * engine/journal_drill.h - rehearsals in the journal, and which runs were a part of one.
 * Threads: as engine/journal.h.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_DRILL_H
#define CUTOVER_ENGINE_JOURNAL_DRILL_H

#include "domain/drill.h"
#include "engine/journal.h"

/* As it is now: state, end and rounds are replaced. An end of a drill is also an event. */
MUST_CHECK int journal_drill_put(struct journal *journal, const struct drill_record *drill,
                                 struct err *err);

/*
 * Of one playbook (NULL: of all), oldest first; none in a journal that is older than drills.
 * drill_list_free() frees *out.
 */
MUST_CHECK int journal_drill_list(struct journal *journal, const char *service,
                                  const char *playbook, struct drill_record **out,
                                  size_t *out_count, struct err *err);
void drill_list_free(struct drill_record *drills, size_t count);

MUST_CHECK int journal_drill_run(struct journal *journal, const struct drill_record *drill,
                                 unsigned round, enum drill_leg leg, const char *run_id,
                                 struct err *err);

/* Which drill a run was a part of. id "": none. */
struct drill_part_of {
    char id[24];
    unsigned round;
    enum drill_leg leg;
};
MUST_CHECK int journal_drill_of(struct journal *journal, const char *run_id,
                                struct drill_part_of *out, struct err *err);

#endif
