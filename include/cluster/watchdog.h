/* SPDX-License-Identifier: MIT */
/*
 * cluster/watchdog.h - ends a session's statement, or the session, when it does not end by itself.
 * Threads: one of its own, between begin and end; it uses the second session, nobody else may then.
 */
#ifndef CUTOVER_CLUSTER_WATCHDOG_H
#define CUTOVER_CLUSTER_WATCHDOG_H

#include <pthread.h>

#include "cluster/session.h"

struct watchdog {
    struct session *second; /* borrowed */
    enum sql_id how;        /* SQL_KILL_QUERY or SQL_KILL */
    unsigned long thread_id;
    int64_t deadline_ms;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t wake;
    bool is_over, has_bitten;
};

/* Errors: ERR_MEMORY/NONE no thread. */
MUST_CHECK int watchdog_begin(struct watchdog *dog, struct session *second, enum sql_id how,
                              unsigned long thread_id, int64_t deadline_ms, struct err *err);
/* It is over. Did it have to bite? */
bool watchdog_end(struct watchdog *dog);

/* 1094, "no such thread", is what was wanted. err may be NULL. */
MUST_CHECK int watchdog_kill(struct session *second, enum sql_id how, unsigned long thread_id,
                             struct err *err);

#endif
