/* SPDX-License-Identifier: MIT */
/*
 * base/manager.h - tell systemd how this process is, when it asked to be told.
 * Invariant: nothing waits for it, and nothing fails with it: a datagram that cannot be sent now is
 *            dropped. Without $NOTIFY_SOCKET these do nothing.
 * Threads:   any.
 * Source     systemd, sd_notify(3), sd_watchdog_enabled(3): the protocol is one datagram of
 *            NAME=VALUE lines, which is less than a library to depend on
 */
#ifndef CUTOVER_BASE_MANAGER_H
#define CUTOVER_BASE_MANAGER_H

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1". */
void manager_tell(const char *assignment);

/* The line that `systemctl status` shows. */
void manager_status(const char *text);

/* How often the watchdog wants to hear of this process: half its limit; 0 there is none. */
int64_t manager_watchdog_ms(void);

#endif
