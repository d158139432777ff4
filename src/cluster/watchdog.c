/* SPDX-License-Identifier: MIT */
/* A bound for statements of ours for which others wait. */
#include "cluster/watchdog.h"

#include <stdio.h>
#include <time.h>

#include "base/clock.h"

#define ERROR_NO_SUCH_THREAD 1094

int watchdog_kill(struct session *second, enum sql_id how, unsigned long thread_id, struct err *err)
{
    char id[24];
    struct err cause = {0};
    (void)snprintf(id, sizeof(id), "%lu", thread_id);
    int rc = session_exec(second, how, &(struct sql_arg){"id", id}, 1, &cause);
    if (rc == 0 || cause.native == ERROR_NO_SUCH_THREAD)
        return 0;
    if (err != NULL)
        *err = cause;
    return rc;
}

static void *watch(void *argument)
{
    struct watchdog *dog = argument;
    struct timespec due = {.tv_sec = (time_t)(dog->deadline_ms / 1000),
                           .tv_nsec = (long)(dog->deadline_ms % 1000) * 1000000};
    (void)pthread_mutex_lock(&dog->mutex);
    while (!dog->is_over && clock_mono_ms() < dog->deadline_ms)
        (void)pthread_cond_timedwait(&dog->wake, &dog->mutex, &due);
    if (!dog->is_over) { /* if this fails, too, the read timeout of the statement ends the wait */
        dog->has_bitten = true;
        (void)!watchdog_kill(dog->second, dog->how, dog->thread_id, NULL);
    }
    (void)pthread_mutex_unlock(&dog->mutex);
    return NULL;
}

int watchdog_begin(struct watchdog *dog, struct session *second, enum sql_id how,
                   unsigned long thread_id, int64_t deadline_ms, struct err *err)
{
    pthread_condattr_t monotonic;
    *dog = (struct watchdog){
        .second = second, .how = how, .thread_id = thread_id, .deadline_ms = deadline_ms};
    (void)pthread_mutex_init(&dog->mutex, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&dog->wake, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&dog->thread, NULL, watch, dog) == 0)
        return 0;
    (void)pthread_cond_destroy(&dog->wake);
    (void)pthread_mutex_destroy(&dog->mutex);
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread to watch over a statement");
}

bool watchdog_end(struct watchdog *dog)
{
    (void)pthread_mutex_lock(&dog->mutex);
    dog->is_over = true;
    (void)pthread_cond_signal(&dog->wake);
    (void)pthread_mutex_unlock(&dog->mutex);
    (void)pthread_join(dog->thread, NULL);
    (void)pthread_cond_destroy(&dog->wake);
    (void)pthread_mutex_destroy(&dog->mutex);
    return dog->has_bitten;
}
