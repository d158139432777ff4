/* SPDX-License-Identifier: MIT */
/*
 * cluster/paths.h - what the network between the hosts is worth: how long a connection takes, how
 *                   much comes through, how much of it was lost.
 * Puts load on the network, so it is only done when somebody asks: for each path one after the
 * other, PATH_TRIPS connections, and PATH_BYTES or PATH_SECONDS of one, whichever is less.
 * Threads:   the caller's, and one for the end that listens.
 */
#ifndef CUTOVER_CLUSTER_PATHS_H
#define CUTOVER_CLUSTER_PATHS_H

#include "domain/preflight.h"

#define PATH_TRIPS 9
#define PATH_BYTES 33554432
#define PATH_SECONDS 3

/*
 * Fills out->paths: each link that a playbook makes, and NEW's replicas'. A connection is made from
 * the host that will make it, bytes are sent as rows will be. What could not be measured says why.
 * progress  is told before each; may be NULL
 * Errors    ERR_STOPPED/NONE; ERR_MEMORY/NONE
 */
MUST_CHECK int paths_measure(const struct service *service, struct survey *out,
                             void (*progress)(void *context, const struct survey_path *path),
                             void *context, struct err *err);

#endif
