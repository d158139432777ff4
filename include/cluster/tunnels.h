/* SPDX-License-Identifier: MIT */
/*
 * cluster/tunnels.h - the ways to databases that only their own hosts can reach.
 * Owns:      a folder that nobody else may enter, below XDG_RUNTIME_DIR or /tmp, with a socket for
 *            each node that has `ssh = { tunnel = ...; }`; it is removed at the end, and by the
 *            next start when a process was killed.
 * Threads:   start belongs to the thread that read the service; who connects is any.
 */
#ifndef CUTOVER_CLUSTER_TUNNELS_H
#define CUTOVER_CLUSTER_TUNNELS_H

#include "base/attr.h"
#include "base/err.h"
#include "domain/service.h"

/*
 * From here on the nodes have sockets; service_release() ends it all. Nothing is sent until
 * somebody connects. A service without tunnels stays as it is.
 * Errors  ERR_IO/NONE no folder or socket; ERR_MEMORY/NONE
 */
MUST_CHECK int tunnels_start(struct service *service, struct err *err);

/*
 * `to` as the host of `from`, which has a group `ssh`, reaches it: a copy whose socket leads there
 * until *out_tunnels ends.
 * Errors  those of tunnels_start()
 */
MUST_CHECK int tunnels_between(const struct node *from, const struct node *to, struct node *out,
                               struct tunnels **out_tunnels, struct err *err);
/*
 * Would a password be readable between the host where such a tunnel begins and `to`? A client that
 * is connected to a socket file takes that for safe: without TLS it says some kinds of passwords
 * as they are (MySQL's caching_sha2_password), and sshd sends them on like that.
 */
bool tunnels_show_password(const struct service *service, const struct node *to);
void tunnels_endp(struct tunnels **tunnels); /* for CLEANUP; NULL allowed */

#endif
