/* SPDX-License-Identifier: MIT */
/*
 * cluster/lease.h - one controller at a time, on both primaries.
 * How:       GET_LOCK('cutover.<service>') on a connection of its own to each primary (dies with
 *            the process), plus a row in cutover.lease (holder, run, epoch) written with
 *            sql_log_bin = 0, so that a second controller can name the first. The epoch grows with
 *            every take-over. A sealed primary (MySQL: super_read_only) takes no row, nor does one
 *            whose clone was cut short: there the lock alone is the lease, and the row on the
 *            other side names its holder.
 * Invariant: after lease_take() succeeded no other controller holds the lock on either primary.
 * Stalls:    a controller that stands still (SIGSTOP, swapped out, a frozen machine) loses its
 *            locks after a minute, and does not notice. What it changes afterwards is bounded in
 *            three ways. Every statement of a session with a permit is preceded by a look at how
 *            long ago the lease was last seen to be ours, and by a question when that is too long
 *            ago. After every look there is a moment in which it may stand still, so whoever takes
 *            the lease first ends all such sessions of who had it before, by their marks
 *            (cluster/mark.h): both primaries' at once, another node's before it is changed there.
 *            And the statement that opens a side asks for the lock itself, on the server, as it
 *            opens (door_switch_open()): a lease may have run out with nobody there to take it.
 * Threads:   a keeper thread pings both connections; lease_check() may be called from the driver.
 */
#ifndef CUTOVER_CLUSTER_LEASE_H
#define CUTOVER_CLUSTER_LEASE_H

#include <stdint.h>

#include "cluster/session.h"
#include "domain/service.h"

struct lease;

/*
 * Take the lease on both primaries, or on none.
 * holder  "user@host pid 123", shown to others        run_id  shown to others
 * Errors  ERR_BUSY/NONE names the holder, its run and since when; ERR_LOST/NONE a primary cannot be
 *         reached
 */
MUST_CHECK int lease_take(const struct service *service, const char *holder, const char *run_id,
                          struct lease **out, struct err *err);

/*
 * The same for undoing only: a primary that does not answer is left out when the other one's lock
 * can be had.
 */
MUST_CHECK int lease_take_any(const struct service *service, const char *holder, const char *run_id,
                              struct lease **out, struct err *err);

/*
 * Still ours? Asks both servers (IS_USED_LOCK is our thread; where we could sign, the row's epoch
 * is ours). ERR_BUSY or ERR_LOST when not.
 */
MUST_CHECK int lease_check(struct lease *lease, struct err *err);

/*
 * Is a side's lock still ours? One question. The lock has then been ours without a break, and so
 * has the lease as far as that side tells. Errors as above.
 */
MUST_CHECK int lease_confirm(struct lease *lease, enum side side, struct err *err);

/*
 * Check, and take the lock again on a side whose connection was lost. ERR_BUSY when somebody held
 * it meanwhile.
 */
MUST_CHECK int lease_renew(struct lease *lease, struct err *err);

/*
 * Is nobody else in charge? Everybody asks for both locks, so one that is confirmed ours keeps all
 * others out: enough to undo what we did while a server is away. Not enough to begin anything new.
 * Errors  ERR_BUSY/NONE another has it; else the reason why neither side could confirm
 */
MUST_CHECK int lease_check_any(struct lease *lease, struct err *err);

/*
 * Have the lock of a side that is about to be opened: take it again where its connection was lost,
 * as long as the other side's is still ours, so that nobody has had both. Errors as of
 * lease_renew(); ERR_LOST when the other one is lost, too.
 */
MUST_CHECK int lease_hold_side(struct lease *lease, enum side side, struct err *err);

/* For sessions to the primary of a side. Lives as long as the lease. */
const struct session_permit *lease_permit(const struct lease *lease, enum side side);
int64_t lease_epoch(const struct lease *lease);

/* Release on both; a lost connection has released it already. NULL allowed. */
void lease_free(struct lease *lease);

/* Who holds it now, for `status` and errors: "" when free. ERR_LOST when it cannot be asked. */
MUST_CHECK int lease_holder(const struct service *service, char *out, size_t out_size,
                            struct err *err);

#endif
