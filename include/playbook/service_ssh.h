/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_ssh.h - the group `ssh` of a cluster and of a node of it: what the node's says
 *                          comes first, each member by itself.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_SSH_H
#define CUTOVER_PLAYBOOK_SERVICE_SSH_H

#include "base/attr.h"
#include "domain/service.h"
#include "io/conffile.h"

/*
 * Fill node->ssh (the caller frees it and its secret); it stays NULL when neither has the group.
 * Paths are relative to `folder`; known_hosts is ~/.ssh/known_hosts unless written.
 *
 * Errors  ERR_CONFIG/NONE with where = "file:line"
 */
MUST_CHECK int service_ssh_read(const struct conf_node *cluster, const struct conf_node *group,
                                const char *folder, struct node *node, struct err *err);

#endif
