/* SPDX-License-Identifier: MIT */
/*
 * cluster/survey.h - the slower questions that only `check` asks: tables, accounts, events,
 * definers, logins.
 * Threads: one connection a side, in the caller's thread.
 */
#ifndef CUTOVER_CLUSTER_SURVEY_H
#define CUTOVER_CLUSTER_SURVEY_H

#include "domain/preflight.h"

/*
 * Fills everything but out->dns. A side that cannot be read leaves is_read UNKNOWN/NO there.
 * ERR_MEMORY/NONE only.
 */
MUST_CHECK int survey_clusters(const struct service *service, struct survey *out, struct err *err);

/*
 * Only the traces of other agents, of both primaries, over connections of its own. A side that
 * cannot be asked stays unread. ERR_MEMORY/NONE.
 */
MUST_CHECK int survey_agents(const struct service *service, struct survey *out, struct err *err);

#endif
