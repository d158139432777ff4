/* SPDX-License-Identifier: MIT */
/*
 * cluster/host_look.h - what a node's host says of itself (domain/host_probe.h), in one login.
 *                       Reads only.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_HOST_LOOK_H
#define CUTOVER_CLUSTER_HOST_LOOK_H

#include "domain/host_probe.h"

/* The value of a global variable of the node's server; "" when it has none. */
typedef const char *host_setting(const void *context, const char *name);

/*
 * A host that cannot be reached, has no group `ssh`, or does not answer in its time says so in
 * every probe: that is no error.
 * Errors  ERR_MEMORY/NONE
 */
MUST_CHECK int host_look(const struct node *node, host_setting *setting, const void *context,
                         int64_t deadline_ms, struct host_report *out, struct err *err);

/* One of several looks (host_together() of cluster/host.h); `context` is a struct host_question. */
struct host_question {
    const struct node *node;
    host_setting *setting;
    const void *context;
    struct host_report *out;
    int rc; /* of host_look() */
    struct err err;
};
void host_look_task(void *context, int64_t deadline_ms);

#endif
