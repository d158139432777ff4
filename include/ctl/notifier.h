/* SPDX-License-Identifier: MIT */
/*
 * ctl/notifier.h - tells others of the journal's events: a URL is posted to, a program is started.
 * Invariant: reads the journal as another process would, so that no step waits for it; the journal
 *            is the queue. Each event is told at least once, in order, with its number; what could
 *            not be delivered is given up after a few attempts, and said.
 * Threads:   one for each who is told. Not for use while `service` changes.
 */
#ifndef CUTOVER_CTL_NOTIFIER_H
#define CUTOVER_CTL_NOTIFIER_H

#include "domain/service.h"

struct notifier;

/*
 * Begin where the last process ended; who was never told anything hears of what happens from now
 * on. *out is NULL when the configuration names nobody.
 *
 * service  borrowed until the end
 */
MUST_CHECK int notifier_start(const struct service *service, struct notifier **out,
                              struct err *err);

/*
 * Wait a few seconds at most until all is told, and log what is not: the next process tells it.
 * NULL allowed.
 */
void notifier_end(struct notifier *notifier);

#endif
