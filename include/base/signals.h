/* SPDX-License-Identifier: MIT */
/*
 * base/signals.h - SIGINT and SIGTERM become a flag that long work looks at.
 * Invariant: the first signal asks for an orderly stop at the next safe point; a second one within
 *            the same step changes nothing (the fence is never left half way because somebody
 *            pressed Ctrl-C twice).
 * Threads:   installed once by main before any thread starts; the flag may be read anywhere.
 */
#ifndef CUTOVER_BASE_SIGNALS_H
#define CUTOVER_BASE_SIGNALS_H

#include <stdbool.h>

#include "base/attr.h"
#include "base/err.h"

MUST_CHECK int signals_install(struct err *err);
bool signals_stop_wanted(void);
/* 0, SIGINT, SIGTERM, or SIGNALS_STOP_ASKED: no signal was sent, somebody asked in another way. */
#define SIGNALS_STOP_ASKED (-1)
int signals_stop_signal(void);
/*
 * While deferred nobody sees the wish to stop (and the fd is -1, which poll() ignores); it is kept.
 * For the undo of a stopped run, which must be able to finish.
 */
void signals_defer(bool deferred);
int signals_wait_fd(void);                    /* readable once a stop is wanted; for poll() */
void signals_request_stop(int signal_number); /* what the handler does */
/*
 * The stop that was asked for was made: what follows it can be stopped anew. False when a signal
 * came as well: that one is kept.
 */
bool signals_forget_asked(void);

#endif
