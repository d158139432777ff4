/* SPDX-License-Identifier: MIT */
/*
 * cluster/fence_inner.h - what the two parts of the fence share: closing and proving (fence.c), and
 * ending those who still hold changes (fence_kill.c).
 * Invariant: sessions of ours, of replication and of the server are never ended; a commit under way
 *            is let finish.
 * Threads: as cluster/fence.h.
 */
#ifndef CUTOVER_CLUSTER_FENCE_INNER_H
#define CUTOVER_CLUSTER_FENCE_INNER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "cluster/fence.h"
#include "cluster/session.h"
#include "domain/service.h"
#include "io/db.h"

/* INNODB_TRX is renewed when nobody has read it for 100 ms */
#define FENCE_STALE_VIEW_MS 110

/*
 * Open transactions, in a view that is one of a transaction of our own, which has to be in it. The
 * view is left open: fence_view_end(). It may be older than the question.
 */
MUST_CHECK int fence_transactions_once(const struct service *service, struct session *session,
                                       struct db_result *out, struct err *err);
/*
 * The same, newer than the question; waits FENCE_STALE_VIEW_MS for that where it must, some times.
 * Errors  ERR_REFUSED/NONE open transactions cannot be seen; ERR_STOPPED
 */
MUST_CHECK int fence_transactions(const struct service *service, struct session *session,
                                  struct db_result *out, struct err *err);
MUST_CHECK int fence_view_end(struct session *session, struct err *err);

/* Holds changes that could still land, as far as read_only alone is concerned? */
bool fence_is_writer(const struct db_result *rows, size_t row);

/* Accounts that read_only does not stop. */
MUST_CHECK int fence_bypass(const struct service *service, struct session *second,
                            struct db_result *out, struct err *err);

/* Until when (monotonic) to wait for what is ending: killed sessions roll back, commits are
 * refused. */
int64_t fence_end_deadline(const struct service *service);

/*
 * End every application session that holds changes.
 * out_is_clear  whoever held changes has gone, so the view need not be read a second time, which
 *               would have to wait for its renewal
 * Errors  ERR_REFUSED/NONE an account of bypass writes: it would come back and go on
 */
MUST_CHECK int fence_kill_open(const struct service *service, struct session *second,
                               const struct db_result *bypass, struct fence_report *report,
                               bool *out_is_clear, struct err *err);

#endif
