/* SPDX-License-Identifier: MIT */
/*
 * cluster/application_logins.h - each application's account is tried as the application will use
 *                                it: from each of its hosts, to each node.
 * Invariant: nothing is run or written on those hosts: a connection of SSH is forwarded, and the
 *            password goes through it to the server as any client's does.
 * Threads:   one for each host; all have ended when it returns.
 */
#ifndef CUTOVER_CLUSTER_APPLICATION_LOGINS_H
#define CUTOVER_CLUSTER_APPLICATION_LOGINS_H

#include "domain/preflight.h"

/*
 * Fills out->logins, which point into the service. What could not be tried stays unknown, with the
 * reason. ERR_MEMORY/NONE only.
 */
MUST_CHECK int application_logins_try(const struct service *service, struct survey *out,
                                      struct err *err);

#endif
