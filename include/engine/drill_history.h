/* SPDX-License-Identifier: MIT */
/*
 * engine/drill_history.h - what earlier drills say about a run: beside its forecast, and in its
 * report.
 * Failing: a drill that cannot be read is not there; nothing depends on one.
 * Threads: the caller's.
 */
#ifndef CUTOVER_ENGINE_DRILL_HISTORY_H
#define CUTOVER_ENGINE_DRILL_HISTORY_H

#include "engine/driver.h"

/* A sentence for the story: best, median and worst pause of the drills of this run's playbook;
 * nothing when there are none. */
MUST_CHECK int drill_history_note(struct run *run, struct err *err);

/*
 * Into the report of a run: "drill" {drill, round, leg} when it was a part of one; otherwise
 * "last_drill" {drill, started, state, rounds, write_pause_ms} and in each of its steps
 * "last_drill_ms", of the last drill of the same playbook that had ended before. Absent when there
 * is none.
 */
MUST_CHECK int drill_history_report(struct journal *journal, const struct run_record *run,
                                    json_t *report, struct err *err);

#endif
