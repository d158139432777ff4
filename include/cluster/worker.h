/* SPDX-License-Identifier: MIT */
/*
 * cluster/worker.h - what works beside the database, asked, stopped and started on its host.
 * Threads: the caller's; each call logs in to the host and out again.
 */
#ifndef CUTOVER_CLUSTER_WORKER_H
#define CUTOVER_CLUSTER_WORKER_H

#include "base/buf.h"
#include "domain/service.h"

enum worker_deed { WORKER_STOP, WORKER_START };

/* What ends still works, and will rest: neither a stop nor a start finds its work done. */
enum worker_now { WORKER_RESTS, WORKER_RUNS, WORKER_ENDS };

/* "systemctl stop cron.service", as plans show it. */
void worker_describe(const struct side_worker *worker, enum worker_deed deed, struct buf *out);

/*
 * What does it do now? There is no answer for not known: who does not know fails. Only systemd
 * tells of what ends; a command of the configuration says yes or no.
 * Errors  ERR_REFUSED/NONE there is no such unit, or the question cannot be asked; those of
 *         host_run()
 */
MUST_CHECK int worker_ask(const struct side_worker *worker, enum worker_now *out, struct err *err);

/*
 * Run the command to its end, which proves nothing: ask. Repeat: as the command has it.
 * Errors  those of host_run(): UNKNOWN when the connection died meanwhile
 */
MUST_CHECK int worker_do(const struct side_worker *worker, enum worker_deed deed, struct err *err);

/* Is there everything that would be run? Changes nothing. ERR_REFUSED/NONE names what is not. */
MUST_CHECK int worker_try(const struct side_worker *worker, struct err *err);

#endif
