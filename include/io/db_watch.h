/* SPDX-License-Identifier: MIT */
/*
 * io/db_watch.h - a time limit for a library call that has none: when it passes, the call's socket
 *                 is shut down, and the call fails.
 * Invariant: after db_watch_stop() the watch touches nothing any more. A descriptor that is not
 *            connected to `port` is left alone.
 * Threads:   a watch is a thread; start and stop belong to the one that makes the call.
 */
#ifndef CUTOVER_IO_DB_WATCH_H
#define CUTOVER_IO_DB_WATCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

struct db_watch {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t told;
    const volatile int *fd; /* the library sets it during the call; negative until then */
    unsigned port;          /* 0: a unix socket */
    int64_t deadline_ms;    /* clock_mono_ms() */
    bool is_over, has_struck;
};

/* ERR_MEMORY/NONE when there can be no thread; then there is nothing to stop. */
MUST_CHECK int db_watch_start(struct db_watch *watch, const volatile int *fd, unsigned port,
                              int64_t deadline_ms, struct err *err);

/* Did the time run out? */
bool db_watch_stop(struct db_watch *watch);

#endif
