/* SPDX-License-Identifier: MIT */
/*
 * engine/report.h - the story of a run, read from the journal alone.
 * Threads: the caller's.
 */
#ifndef CUTOVER_ENGINE_REPORT_H
#define CUTOVER_ENGINE_REPORT_H

#include "base/buf.h"
#include "engine/journal.h"

/*
 * run_id NULL: the last run. The event chain is checked on the way: ERR_DATA when it was tampered
 * with.
 * Result  {run, service, playbook, plan_hash, holder, state, committed, started, ended,
 *         duration_ms, outcome, situation, because,
 *          write_pause_ms (-1 none), pause (null, or {ms, forecast_ms, parts: [{part, ms}]}, those
 *          of one part of the plan after the other), lag_before_flip_ms, dns_convergence_ms (null
 *          when not measured), rows_verified, tables_verified, differences, steps: [{id, step,
 *          part, title, state, started, duration_ms, error, commits}], notes: [{at, name, step,
 *          text, ms}], lag: [{node, samples, known, worst_ms, median_ms}], drill and last_drill:
 *          see engine/drill_history.h}
 */
MUST_CHECK int report_build(struct journal *journal, const char *service, const char *run_id,
                            json_t **out, struct err *err);
/* The same without "lag", which takes seconds in a run of many hours. */
MUST_CHECK int report_build_brief(struct journal *journal, const char *service, const char *run_id,
                                  json_t **out, struct err *err);

/*
 * As one file of HTML that needs nothing else. Beside the report it wants what report_add_story()
 * adds.
 */
MUST_CHECK int report_html(const json_t *report, struct buf *out, struct err *err);
/*
 * Into the report of a run: "lag_series": [{node, points: [[at_us, ms or null]]}], in each step
 * "statements": [{node, text}], and "warnings" of the plan.
 */
MUST_CHECK int report_add_story(struct journal *journal, json_t *report, struct err *err);

enum report_form { REPORT_TEXT, REPORT_MARKDOWN };
MUST_CHECK int report_render(const json_t *report, enum report_form form, struct buf *out,
                             struct err *err);

#endif
