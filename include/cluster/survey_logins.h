/* SPDX-License-Identifier: MIT */
/*
 * cluster/survey_logins.h - accounts are tried as they will be used: those of applications from
 *                           each of their hosts, the replication account from those of NEW's
 *                           replicas, which a clone or a physical seed makes follow NEW's primary.
 * Invariant: nothing is run or written on those hosts: a connection of SSH is forwarded, and the
 *            password goes through it to the server as any client's does.
 * Threads:   one for each host; all have ended when it returns.
 */
#ifndef CUTOVER_CLUSTER_SURVEY_LOGINS_H
#define CUTOVER_CLUSTER_SURVEY_LOGINS_H

#include "domain/preflight.h"

/*
 * Fills out->logins and out->replica_logins, which point into the service. What could not be tried
 * stays unknown, with the reason. ERR_MEMORY/NONE only.
 */
MUST_CHECK int survey_logins(const struct service *service, struct survey *out, struct err *err);

#endif
