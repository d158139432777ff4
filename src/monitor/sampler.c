/* SPDX-License-Identifier: MIT */
/*
 * Each node's raw state is read and published as it comes; lag is derived from all of them together
 * when somebody asks, so that a node which fell silent spoils the answer of those that depend on it
 * at once.
 */
#include "monitor/sampler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "monitor/heartbeat.h"
#include "monitor/sampler_inner.h"

#define ANSWERED_PART 5 /* of an interval: until then most nodes have answered */
#define BEATING_MS 1000 /* a side whose own row is older than this does not beat */

/* --- publishing --- */

static const struct watcher *primary_of(const struct sampler *sampler, enum side side)
{
    for (size_t i = 0; i < sampler->count; i++)
        if (sampler->watchers[i].client.node->is_primary &&
            sampler->watchers[i].client.node->side == side)
            return &sampler->watchers[i];
    return NULL; /* not after service_read() */
}

static bool is_known(const struct sampler *sampler, enum side of)
{
    return sampler->origin[of].flavour != FLAVOUR_UNKNOWN;
}

/*
 * The time before the question: the source may have got there later, which makes the lag larger,
 * never smaller.
 */
static void note_position(struct sampler *sampler, const struct watcher *watcher)
{
    enum side side = watcher->client.node->side;
    sampler->origin[side] = watcher->reading.origin;
    for (int of = SIDE_OLD; of < SIDE_COUNT; of++)
        if (watcher->reading.knows[of])
            lag_ring_note(&sampler->ring[side][of], watcher->reading.asked_ms,
                          watcher->reading.logged[of]);
}

void sampler_publish(struct watcher *watcher, bool is_complete)
{
    struct sampler *sampler = watcher->sampler;
    (void)pthread_mutex_lock(&sampler->mutex);
    watcher->reading = is_complete ? watcher->round.reading : (struct reading){0};
    if (is_complete && watcher->client.node->is_primary)
        note_position(sampler, watcher);
    (void)pthread_mutex_unlock(&sampler->mutex);
}

/* --- deriving --- */

static bool is_fresh(const struct reading *reading, int64_t now_ms)
{
    return reading->is_reached && now_ms - reading->read_ms <= SAMPLER_FRESH_MS;
}

static bool find_beat(const struct reading *reading, uint32_t server_id, int64_t *out_us)
{
    for (size_t i = 0; i < reading->beat_count; i++)
        if (reading->beats[i].server_id == server_id) {
            *out_us = reading->beats[i].beat_us;
            return true;
        }
    return false;
}

/* A side beats when its own row on its own primary is young. */
static bool is_beating(const struct sampler *sampler, enum side side, int64_t now_ms)
{
    const struct watcher *primary = primary_of(sampler, side);
    int64_t beat_us = 0;
    if (primary == NULL || !is_fresh(&primary->reading, now_ms))
        return false;
    return find_beat(&primary->reading, primary->reading.server_id, &beat_us) &&
           (primary->reading.read_us - beat_us) / 1000 <= BEATING_MS;
}

static int64_t heartbeat_lag(const struct sampler *sampler, const struct reading *reading,
                             enum side of, int64_t now_ms)
{
    int64_t beat_us = 0;
    if (!is_beating(sampler, of, now_ms) ||
        !find_beat(reading, primary_of(sampler, of)->reading.server_id, &beat_us))
        return LAG_INFINITE;
    return lag_from_heartbeat_ms(true, beat_us, reading->read_us, HEARTBEAT_INTERVAL_MS);
}

/* How long ago was the primary of `source` first seen beyond `has`, in what `of` wrote? */
static int64_t position_lag(const struct sampler *sampler, const struct reading *reading,
                            const uint64_t has[SIDE_COUNT], enum side source, enum side of,
                            int64_t now_ms)
{
    const struct watcher *primary = primary_of(sampler, source);
    if (primary == NULL || !is_fresh(&primary->reading, now_ms) || !reading->knows[of])
        return LAG_INFINITE;
    return lag_ring_behind_ms(&sampler->ring[source][of], reading->read_ms, has[of]);
}

/*
 * What is not applied was committed after the newest transaction that is, where commits keep their
 * order. The source's clock is taken to be as far ahead as it can be: more lag, never less.
 */
static int64_t transit_lag(const struct sampler *sampler, const struct reading *reading,
                           enum side source, int64_t now_ms)
{
    const struct watcher *primary = primary_of(sampler, source);
    if (reading->feed.applied_original_us == 0 || primary == NULL ||
        !is_fresh(&primary->reading, now_ms))
        return LAG_INFINITE;
    int64_t source_us = reading->read_us + primary->reading.ahead_us;
    int64_t lag_us = source_us - reading->feed.applied_original_us;
    return lag_us > 0 ? lag_us / 1000 : 0;
}

static int64_t better(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/*
 * The link carries what the other side wrote only; a cluster's own replicas get that of either.
 */
static int64_t receive_lag(const struct sampler *sampler, const struct watcher *watcher,
                           int64_t now_ms)
{
    const struct reading *reading = &watcher->reading;
    const struct node *node = watcher->client.node;
    enum side source = node->is_primary ? side_other(node->side) : node->side;
    if (!reading->feed.is_running)
        return LAG_INFINITE;
    int64_t lag_ms = position_lag(sampler, reading, reading->feed.received, source, source, now_ms);
    enum side through = side_other(source);
    if (node->is_primary || !is_known(sampler, through))
        return lag_ms;
    int64_t through_ms =
        position_lag(sampler, reading, reading->feed.received, source, through, now_ms);
    return lag_ms > through_ms ? lag_ms : through_ms;
}

/*
 * What a primary writes itself needs no channel; all else arrives through the feed, and stays away
 * when that is stopped.
 */
static bool hears(const struct watcher *watcher, enum side of)
{
    const struct node *node = watcher->client.node;
    return watcher->reading.feed.is_running || (node->is_primary && node->side == of);
}

static bool is_conflict(unsigned native)
{
    return native == 1062 || native == 1032 ||
           native == 1950; /* duplicate, not found, out of order */
}

static struct drift_node state_of(const struct reading *reading)
{
    struct drift_node state = {.is_seen = reading->is_reached,
                               .started_ms = reading->started_ms,
                               .is_open = reading->is_open == TRI_YES,
                               .is_sealed = reading->is_sealed,
                               .has_link = reading->feed.is_there,
                               .is_halted = reading->feed.is_halted};
    memcpy(state.link, reading->feed.settings, sizeof(state.link));
    memcpy(state.others, reading->others, sizeof(state.others));
    return state;
}

static void derive_node(const struct sampler *sampler, const struct watcher *watcher,
                        int64_t now_ms, struct node_sample *out)
{
    const struct reading *reading = &watcher->reading;
    const struct node *node = watcher->client.node;
    *out = (struct node_sample){.side = node->side,
                                .is_primary = node->is_primary,
                                .receive_lag_ms = LAG_INFINITE,
                                .apply_lag_ms = {LAG_INFINITE, LAG_INFINITE}};
    (void)snprintf(out->name, sizeof(out->name), "%s", node->name);
    if (!is_fresh(reading, now_ms))
        return;
    out->is_reached = true;
    out->is_open = reading->is_open;
    out->sampled_ms = reading->read_ms;
    out->asked_ms = reading->asked_ms;
    out->late_ms = reading->late_ms;
    out->took_us = reading->took_us;
    out->state = state_of(reading);
    out->commits = reading->own;
    out->receive_lag_ms = receive_lag(sampler, watcher, now_ms);
    for (int of = SIDE_OLD; of < SIDE_COUNT; of++)
        if (hears(watcher, (enum side)of))
            out->apply_lag_ms[of] = heartbeat_lag(sampler, reading, (enum side)of, now_ms);
    if (!node->is_primary)
        return;
    out->has_link = reading->feed.is_there;
    out->is_link_running = reading->feed.is_running;
    out->link_errno = reading->feed.native;
    (void)snprintf(out->link_error, sizeof(out->link_error), "%s", reading->feed.error);
    out->conflicts = out->has_link && !out->is_link_running && is_conflict(out->link_errno) ? 1 : 0;
}

static int64_t link_lag(const struct sampler *sampler, const struct watcher *watcher,
                        const struct node_sample *sample, int64_t now_ms)
{
    enum side source = side_other(sample->side);
    if (!sample->is_reached || !sample->is_link_running)
        return LAG_INFINITE;
    const struct reading *reading = &watcher->reading;
    int64_t lag_ms =
        better(sample->apply_lag_ms[source],
               position_lag(sampler, reading, reading->applied, source, source, now_ms));
    return better(lag_ms, transit_lag(sampler, reading, source, now_ms));
}

void sampler_read(struct sampler *sampler, struct lag_snapshot *out)
{
    (void)pthread_mutex_lock(&sampler->mutex);
    int64_t now_ms = clock_mono_ms();
    *out = (struct lag_snapshot){
        .at_ms = now_ms, .node_count = sampler->count, .link_lag_ms = {LAG_INFINITE, LAG_INFINITE}};
    for (size_t i = 0; i < sampler->count; i++) {
        const struct watcher *watcher = &sampler->watchers[i];
        struct node_sample *sample = &out->nodes[i];
        derive_node(sampler, watcher, now_ms, sample);
        out->conflicts += sample->conflicts;
        if (sample->is_primary)
            out->link_lag_ms[sample->side] = link_lag(sampler, watcher, sample, now_ms);
    }
    (void)pthread_mutex_unlock(&sampler->mutex);
}

int64_t sampler_next_ms(const struct sampler *sampler)
{
    int64_t answered_ms = sampler->began_ms + sampler->interval_ms / ANSWERED_PART;
    int64_t since_ms = clock_mono_ms() - answered_ms;
    int64_t rounds = since_ms < 0 ? 0 : since_ms / sampler->interval_ms + 1;
    return answered_ms + rounds * sampler->interval_ms;
}

/* --- life --- */

static void sampler_freep(struct sampler **sampler)
{
    sampler_free(*sampler);
    *sampler = NULL;
}

int sampler_start(const struct service *service, int64_t interval_ms, struct sampler **out,
                  struct err *err)
{
    CLEANUP(sampler_freep) struct sampler *sampler = calloc(1, sizeof(*sampler));
    if (sampler == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the sampler");
    (void)pthread_mutex_init(&sampler->mutex, NULL);
    sampler->events = sampler->wake = -1;
    sampler->interval_ms = interval_ms;
    sampler->count = service->node_count;
    for (size_t i = 0; i < sampler->count; i++) {
        sampler->watchers[i].sampler = sampler;
        node_client_init(&sampler->watchers[i].client, service, &service->nodes[i],
                         &service->controller);
    }
    int rc = sampler_loop_start(sampler, err);
    if (rc != 0)
        return rc;
    *out = sampler;
    sampler = NULL;
    return 0;
}

void sampler_free(struct sampler *sampler)
{
    if (sampler == NULL)
        return;
    sampler_loop_end(sampler);
    for (size_t i = 0; i < sampler->count; i++) {
        node_client_release(&sampler->watchers[i].client);
        round_release(&sampler->watchers[i]);
    }
    (void)pthread_mutex_destroy(&sampler->mutex);
    free(sampler);
}
