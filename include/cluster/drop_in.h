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

#define DROP_IN_NAME "zz-cutover.cnf"

/* "/etc/mysql/conf.d/zz-cutover.cnf on db1:3306" is what messages call it. */
#define DROP_IN_WHERE_SIZE (PATH_MAX + NODE_NAME_SIZE + 32)
char *drop_in_where(const struct node *node, char out[DROP_IN_WHERE_SIZE]);

/* The text of it: the node is closed whenever it starts. `more`: further lines, or "". */
void drop_in_text(const struct service *service, const struct node *node, const char *run,
                  const char *more, int64_t wall_us, struct buf *out);

/*
 * Write it, and ask that host's my_print_defaults whether the server would be closed by it. Repeat:
 * safe.
 * Errors  ERR_CONFIG/NONE the node has no ssh or no drop_in; ERR_REFUSED/NONE there is a file that
 *         is not ours; ERR_REFUSED/APPLIED the file is there
 *         and the server does not read it, or another file says otherwise; those of host_run()
 */
MUST_CHECK int drop_in_put(const struct service *service, const struct node *node, const char *run,
                           const char *more, struct err *err);
/* Remove it; nothing when it is not there, or not ours. Repeat: safe. */
MUST_CHECK int drop_in_remove(const struct service *service, const struct node *node,
                              struct err *err);
/* Could it be written, and asked about? Changes nothing. Errors of drop_in_put(). */
MUST_CHECK int drop_in_try(const struct node *node, struct err *err);
/* Whether a restart would close the node, as its files are now. */
MUST_CHECK int drop_in_closes(const struct node *node, bool *out_closes, struct err *err);

#endif
