/* SPDX-License-Identifier: MIT */
/*
 * cluster/app_sessions.h - for fence.c: which session holds up a fence, in words.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_APP_SESSIONS_H
#define CUTOVER_CLUSTER_APP_SESSIONS_H

#include "cluster/fence.h"

/*
 * The sessions a fence most likely waited for: running writes, the oldest first; without any,
 * locked tables and the sessions that sit idle. Never fails: says so instead when it cannot be
 * asked.
 */
void app_sessions_blockers(const struct service *service, struct session *session, char *out,
                           size_t out_size);

#endif
