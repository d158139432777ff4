/* SPDX-License-Identifier: MIT */
/*
 * ctl/run_page.h - the runbook for the screen: the service's last run as its journal tells it.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CTL_RUN_PAGE_H
#define CUTOVER_CTL_RUN_PAGE_H

#include "base/json.h"
#include "engine/journal.h"

/*
 * What report_build_brief() tells of the run, and "now": {id, step, part, title, statements:
 * [{node, text, undo}], is_commit} of the part that is under way or next, null when none is left,
 * and
 * "emergency": {command, why}: what to type when this controller is gone, and "people": what
 * waits for a person and what may be asked now (engine/request_offer.h). {"run": null} when
 * nothing was ever run. Caller json_decref()s.
 *
 * config_path  as it is to be typed
 */
MUST_CHECK int run_page(struct journal *journal, const char *service, const char *config_path,
                        json_t **out, struct err *err);

#endif
