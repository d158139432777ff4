/* SPDX-License-Identifier: MIT */
/*
 * engine/request_offer.h - what may be asked of the last run now, and what will follow, in words
 *                          for the person who is about to ask. The dashboard, `cutover watch` and
 *                          `cutover ask` show these words; nobody makes up their own.
 * Threads:   as engine/journal.h.
 */
#ifndef CUTOVER_ENGINE_REQUEST_OFFER_H
#define CUTOVER_ENGINE_REQUEST_OFFER_H

#include "engine/journal_request.h"

/*
 * {
 *   "run": id,
 *   "waits":  null, or the approval that is waited for: {"step", "id", "question", "people",
 *             "approved": [{"who", "via", "at_us"}]},
 *   "held":   null, or {"step": the one that waits, "id", "who", "via", "at_us"},
 *   "gate":   null, or {"step", "id", "at_us", "is_over": it has opened, and this is what it saw,
 *             "requirements": [{"text", "is_met", "live"}],
 *             "blockers": [{"node", "thread", "user", "host", "age_s", "query"}]},
 *   "chases": null, or who still comes to the side that was left: {"side", "at_us", "sessions",
 *             "quiet_ms", "hosts": [{"user", "host", "sessions"}], "curve": [[at_us, sessions]]},
 *   "requests": the newest first: [{"id", "what", "step", "who", "via", "asked_us",
 *             "ended_us": null or a time, "state", "answer"}],
 *   "offers": always five: [{"what", "step": to be sent with the request, "title": for a button,
 *             "is_possible", "why_not": "" when it is, "follows": what will happen, "command": to
 *             type instead, or ""}]
 * }
 * "run" is null when nothing was ever run, and then "offers" is empty.
 *
 * config_path  as it is to be typed
 */
MUST_CHECK int request_offers(struct journal *journal, const char *service, const char *config_path,
                              json_t **out, struct err *err);

#endif
