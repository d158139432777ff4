/* SPDX-License-Identifier: MIT */
/*
 * cluster/survey_hosts.h - what `check` asks of hosts by SSH, all of them side by side. Nobody but
 *                          cluster/survey.c needs it.
 * Threads: one for each question; all have ended when it returns.
 */
#ifndef CUTOVER_CLUSTER_SURVEY_HOSTS_H
#define CUTOVER_CLUSTER_SURVEY_HOSTS_H

#include "domain/preflight.h"

/*
 * A look at both primaries' hosts (the variables of their servers were read), at the folders of our
 * files, at the workers. versions[side] is NULL for a side whose server was not reached.
 * A host that does not answer is a finding and no error. ERR_MEMORY/NONE only.
 */
MUST_CHECK int survey_hosts(const struct service *service,
                            const struct server_version *const versions[SIDE_COUNT],
                            struct survey *out, struct err *err);

#endif
