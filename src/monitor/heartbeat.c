/* SPDX-License-Identifier: MIT */
/*
 * One thread a primary. A beat is refused on a closed side and tried again: the first beat after
 * the side was opened goes through without anybody having to say so.
 */
#include "monitor/heartbeat.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/forecast.h"
#include "monitor/node_client.h"

#define ERROR_READ_ONLY 1290
#define TIMED_BEATS 9 /* a second of them */

struct pulse {
    struct node_client client;
    pthread_t thread;
    bool has_thread;
    /* guarded by mutex */
    pthread_mutex_t mutex;
    pthread_cond_t rested; /* no beat is under way */
    bool is_wanted, is_beating;
    struct heartbeat_count count;
    double took_ms[TIMED_BEATS]; /* the last ones that were written, in a ring by count.written */
};

struct heartbeat {
    struct pulse pulse[SIDE_COUNT];
};

/* May this beat begin? From here until end_beat() a stop has to wait. */
static bool begin_beat(struct pulse *pulse)
{
    (void)pthread_mutex_lock(&pulse->mutex);
    bool is_wanted = pulse->is_wanted;
    pulse->is_beating = is_wanted;
    (void)pthread_mutex_unlock(&pulse->mutex);
    return is_wanted;
}

static void end_beat(struct pulse *pulse, int rc, int64_t took_us, const struct err *err)
{
    (void)pthread_mutex_lock(&pulse->mutex);
    pulse->is_beating = false;
    if (rc == 0)
        pulse->took_ms[pulse->count.written++ % TIMED_BEATS] = (double)took_us / 1000.0;
    else if (err->native == ERROR_READ_ONLY)
        pulse->count.refused++;
    else
        pulse->count.failed++;
    (void)pthread_cond_broadcast(&pulse->rested);
    (void)pthread_mutex_unlock(&pulse->mutex);
}

static int beat(struct pulse *pulse, int64_t *out_us, struct err *err)
{
    char beat_us[24];
    int rc = node_client_connect(&pulse->client, err);
    if (rc != 0)
        return rc;
    (void)snprintf(beat_us, sizeof(beat_us), "%lld", (long long)clock_wall_us());
    int64_t began_us = clock_mono_us();
    rc = node_client_exec(&pulse->client, SQL_HEARTBEAT_BEAT, &(struct sql_arg){"beat_us", beat_us},
                          1, err);
    *out_us = clock_mono_us() - began_us;
    return rc;
}

static void *run_pulse(void *argument)
{
    struct pulse *pulse = argument;
    int64_t due_ms = clock_mono_ms();
    while (node_client_wait(&pulse->client, due_ms)) {
        struct err err = {0};
        if (begin_beat(pulse)) {
            int64_t took_us = 0;
            int rc = beat(pulse, &took_us, &err);
            end_beat(pulse, rc, took_us, &err);
        }
        due_ms += HEARTBEAT_INTERVAL_MS;
        if (due_ms <
            clock_mono_ms()) /* after a stall: no burst to catch up with beats that are past */
            due_ms = clock_mono_ms() + HEARTBEAT_INTERVAL_MS;
    }
    return NULL;
}

static void heartbeat_freep(struct heartbeat **heartbeat)
{
    heartbeat_free(*heartbeat);
    *heartbeat = NULL;
}

int heartbeat_start(const struct service *service, struct heartbeat **out, struct err *err)
{
    CLEANUP(heartbeat_freep) struct heartbeat *heartbeat = calloc(1, sizeof(*heartbeat));
    if (heartbeat == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the heartbeat");
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        struct pulse *pulse = &heartbeat->pulse[side];
        node_client_init(&pulse->client, service, service_primary(service, (enum side)side),
                         &service->monitor);
        (void)pthread_mutex_init(&pulse->mutex, NULL);
        (void)pthread_cond_init(&pulse->rested, NULL);
    }
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        struct pulse *pulse = &heartbeat->pulse[side];
        pulse->has_thread = pthread_create(&pulse->thread, NULL, run_pulse, pulse) == 0;
        if (!pulse->has_thread)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for the heartbeat");
    }
    *out = heartbeat;
    heartbeat = NULL;
    return 0;
}

void heartbeat_set(struct heartbeat *heartbeat, enum side side, bool is_wanted)
{
    struct pulse *pulse = &heartbeat->pulse[side];
    (void)pthread_mutex_lock(&pulse->mutex);
    pulse->is_wanted = is_wanted;
    while (!is_wanted && pulse->is_beating)
        (void)pthread_cond_wait(&pulse->rested, &pulse->mutex);
    (void)pthread_mutex_unlock(&pulse->mutex);
}

void heartbeat_counts(struct heartbeat *heartbeat, enum side side, struct heartbeat_count *out)
{
    struct pulse *pulse = &heartbeat->pulse[side];
    (void)pthread_mutex_lock(&pulse->mutex);
    *out = pulse->count;
    (void)pthread_mutex_unlock(&pulse->mutex);
}

double heartbeat_write_ms(struct heartbeat *heartbeat, enum side side)
{
    struct pulse *pulse = &heartbeat->pulse[side];
    double took_ms[TIMED_BEATS];
    (void)pthread_mutex_lock(&pulse->mutex);
    size_t count = pulse->count.written < TIMED_BEATS ? pulse->count.written : TIMED_BEATS;
    memcpy(took_ms, pulse->took_ms, sizeof(took_ms));
    (void)pthread_mutex_unlock(&pulse->mutex);
    return forecast_middle(took_ms, count);
}

void heartbeat_free(struct heartbeat *heartbeat)
{
    if (heartbeat == NULL)
        return;
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        node_client_stop(&heartbeat->pulse[side].client);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        struct pulse *pulse = &heartbeat->pulse[side];
        if (pulse->has_thread)
            (void)pthread_join(pulse->thread, NULL);
        node_client_release(&pulse->client);
        (void)pthread_cond_destroy(&pulse->rested);
        (void)pthread_mutex_destroy(&pulse->mutex);
    }
    free(heartbeat);
}
