/* SPDX-License-Identifier: MIT */
/*
 * cluster/drop_in.h - a file of ours among those that a server reads when it starts, so that one
 *                     that cannot persist a setting comes back as we left it.
 * Invariant: the file is whole or not there, and it is only ever replaced or removed when its first
 *            line says that it is ours and this service's.
 * Threads:   the caller's; each call logs in to the host and out again.
 */
#ifndef CUTOVER_CLUSTER_DROP_IN_H
#define CUTOVER_CLUSTER_DROP_IN_H

#include "base/buf.h"
#include "domain/service.h"

/* What a file says; each has one of its own, so that nobody rewrites what another relies on. */
enum drop_in {
    DROP_IN_CLOSED,   /* zz-cutover.cnf: the server is closed */
    DROP_IN_COUNTING, /* zz-cutover-counting.cnf: which AUTO_INCREMENT values it hands out */
};

/* "/etc/mysql/conf.d/zz-cutover.cnf on the host of db1:3306" is what messages call it. */
#define DROP_IN_WHERE_SIZE (PATH_MAX + NODE_NAME_SIZE + 48)
char *drop_in_where(enum drop_in which, const struct node *node, char out[DROP_IN_WHERE_SIZE]);

/* Does the configuration say where to write on the host of this node? */
bool drop_in_is_possible(const struct node *node);

/*
 * Write it, and ask that host's my_print_defaults whether the server would be closed by it. Repeat:
 * safe. `more`: further lines, or "".
 * Errors  ERR_CONFIG/NONE the node has no ssh or no drop_in; ERR_REFUSED/NONE there is a file that
 *         is not ours; ERR_REFUSED/APPLIED the file is there
 *         and the server does not read it, or another file says otherwise; those of host_run()
 */
MUST_CHECK int drop_in_put(const struct service *service, const struct node *node, const char *run,
                           const char *more, struct err *err);
/* The same for AUTO_INCREMENT. */
struct counting {
    unsigned increment, offset;
};
MUST_CHECK int drop_in_count(const struct service *service, const struct node *node,
                             const char *run, const struct counting *counting, struct err *err);
/* What ours says of AUTO_INCREMENT; zeros when it is not there, or not ours. */
MUST_CHECK int drop_in_counting(const struct service *service, const struct node *node,
                                struct counting *out, struct err *err);
/* Remove it; nothing when it is not there, or not ours. Repeat: safe. */
MUST_CHECK int drop_in_remove(const struct service *service, const struct node *node,
                              enum drop_in which, struct err *err);
/* Is the one that closes it there? Changes nothing. */
MUST_CHECK int drop_in_is_there(const struct service *service, const struct node *node,
                                bool *out_is_there, struct err *err);
/* Could one be written, and asked about? Changes nothing. Errors of drop_in_put(). */
MUST_CHECK int drop_in_try(const struct node *node, struct err *err);

#endif
