/* SPDX-License-Identifier: MIT */
#include "ctl/lag_page.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define RATE_SPAN_US 1000000
#define RATE_RING 32 /* more than RATE_SPAN_US of samples */
#define UNKNOWN_MS (-1)

struct lag_point {
    int64_t at_us;
    int32_t lag_ms[SIDE_COUNT]; /* by the side where the link ends; UNKNOWN_MS */
};

struct commits {
    int64_t at_us;
    uint64_t count; /* 0: unknown */
};

struct lag_history {
    pthread_mutex_t lock;
    struct lag_point points[LAG_HISTORY_CAP];
    size_t next, count;
    struct commits commits[SIDE_COUNT][RATE_RING];
    size_t commits_next;
    /* when both primaries were first seen closed and none was seen open since; 0: one is open */
    int64_t closed_since_us;
    bool is_closed_known;
};

int lag_history_new(struct lag_history **out, struct err *err)
{
    struct lag_history *history = calloc(1, sizeof *history);
    if (!history)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    (void)pthread_mutex_init(&history->lock, NULL);
    *out = history;
    return 0;
}

void lag_history_free(struct lag_history *history)
{
    if (!history)
        return;
    (void)pthread_mutex_destroy(&history->lock);
    free(history);
}

static int32_t short_lag(int64_t lag_ms)
{
    return lag_ms == LAG_INFINITE ? UNKNOWN_MS : lag_ms > INT32_MAX ? INT32_MAX : (int32_t)lag_ms;
}

static const struct node_sample *primary_sample(const struct lag_snapshot *snapshot, enum side side)
{
    for (size_t i = 0; i < snapshot->node_count; i++)
        if (snapshot->nodes[i].is_primary && snapshot->nodes[i].side == side)
            return &snapshot->nodes[i];
    return NULL;
}

static bool is_fresh(const struct lag_snapshot *snapshot, const struct node_sample *node)
{
    return node->is_reached && snapshot->at_ms - node->sampled_ms <= SAMPLER_FRESH_MS;
}

/* A primary that falls silent neither ends a pause nor begins one. */
static void note_closed(struct lag_history *history, const struct lag_snapshot *snapshot,
                        int64_t at_us)
{
    size_t closed = 0, open = 0;

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_sample *node = primary_sample(snapshot, side);
        if (!node || !is_fresh(snapshot, node))
            continue;
        closed += node->is_open == TRI_NO;
        open += node->is_open == TRI_YES;
    }
    history->is_closed_known = open > 0 || closed == SIDE_COUNT;
    if (open > 0)
        history->closed_since_us = 0;
    else if (closed == SIDE_COUNT && history->closed_since_us == 0)
        history->closed_since_us = at_us;
}

static void keep_point(struct lag_history *history, const struct lag_point *point)
{
    history->points[history->next] = *point;
    history->next = (history->next + 1) % LAG_HISTORY_CAP;
    if (history->count < LAG_HISTORY_CAP)
        history->count++;
}

void lag_history_note(struct lag_history *history, const struct lag_snapshot *snapshot,
                      int64_t at_us)
{
    struct lag_point point = {.at_us = at_us};

    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        point.lag_ms[side] = short_lag(snapshot->link_lag_ms[side]);
    (void)pthread_mutex_lock(&history->lock);
    keep_point(history, &point);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_sample *node = primary_sample(snapshot, side);
        history->commits[side][history->commits_next] = (struct commits){
            .at_us = at_us, .count = node && is_fresh(snapshot, node) ? node->commits : 0};
    }
    history->commits_next = (history->commits_next + 1) % RATE_RING;
    note_closed(history, snapshot, at_us);
    (void)pthread_mutex_unlock(&history->lock);
}

static int32_t told_lag(const json_t *ms)
{
    return json_is_number(ms) ? short_lag((int64_t)json_number_value(ms)) : UNKNOWN_MS;
}

void lag_history_add(struct lag_history *history, int64_t at_us, const json_t *forward,
                     const json_t *reverse)
{
    struct lag_point point = {
        .at_us = at_us, .lag_ms = {[SIDE_OLD] = told_lag(reverse), [SIDE_NEW] = told_lag(forward)}};

    (void)pthread_mutex_lock(&history->lock);
    keep_point(history, &point);
    (void)pthread_mutex_unlock(&history->lock);
}

int64_t lag_history_last(struct lag_history *history)
{
    (void)pthread_mutex_lock(&history->lock);
    size_t newest = (history->next + LAG_HISTORY_CAP - 1) % LAG_HISTORY_CAP;
    int64_t at_us = history->count ? history->points[newest].at_us : 0;
    (void)pthread_mutex_unlock(&history->lock);
    return at_us;
}

/* The oldest count within the span; a server that restarted counts from the beginning: unknown. */
static double rate_of(const struct commits ring[RATE_RING], size_t next)
{
    const struct commits *now = &ring[(next + RATE_RING - 1) % RATE_RING], *then = NULL;

    for (size_t i = 2; i <= RATE_RING; i++) {
        const struct commits *at = &ring[(next + RATE_RING - i) % RATE_RING];
        if (at->count == 0 || now->at_us - at->at_us > RATE_SPAN_US)
            break;
        then = at;
    }
    if (!then || now->count < then->count || now->at_us <= then->at_us)
        return -1;
    return (double)(now->count - then->count) * 1e6 / (double)(now->at_us - then->at_us);
}

double lag_history_writes(struct lag_history *history, enum side side)
{
    (void)pthread_mutex_lock(&history->lock);
    double rate = rate_of(history->commits[side], history->commits_next);
    (void)pthread_mutex_unlock(&history->lock);
    return rate;
}

/* --- history ---------------------------------------------------------------------------------- */

static const struct lag_point *point_at(const struct lag_history *history, size_t index)
{
    size_t first = (history->next + LAG_HISTORY_CAP - history->count) % LAG_HISTORY_CAP;

    return &history->points[(first + index) % LAG_HISTORY_CAP];
}

static json_t *worst(const struct lag_history *history, size_t from, size_t until, enum side side)
{
    int32_t most = 0;

    for (size_t i = from; i < until; i++) {
        int32_t lag_ms = point_at(history, i)->lag_ms[side];
        if (lag_ms == UNKNOWN_MS)
            return json_null();
        if (lag_ms > most)
            most = lag_ms;
    }
    return json_integer(most);
}

json_t *lag_history_json(struct lag_history *history, int64_t since_us, size_t points)
{
    json_t *at = json_array(), *forward = json_array(), *reverse = json_array();

    (void)pthread_mutex_lock(&history->lock);
    size_t first = 0;
    while (first < history->count && point_at(history, first)->at_us <= since_us)
        first++;
    size_t left = history->count - first;
    size_t span = points ? (left + points - 1) / points : 1;
    for (size_t i = first; i < history->count; i += span) {
        size_t until = i + span < history->count ? i + span : history->count;
        (void)json_array_append_new(at, json_integer(point_at(history, i)->at_us));
        (void)json_array_append_new(forward, worst(history, i, until, SIDE_NEW));
        (void)json_array_append_new(reverse, worst(history, i, until, SIDE_OLD));
    }
    (void)pthread_mutex_unlock(&history->lock);
    return json_pack("{s:o,s:o,s:o}", "at_us", at, "forward", forward, "reverse", reverse);
}

/* --- now -------------------------------------------------------------------------------------- */

static json_t *ms_json(int64_t lag_ms)
{
    return lag_ms == LAG_INFINITE ? json_null() : json_integer((json_int_t)lag_ms);
}

static json_t *link_json(const struct lag_snapshot *snapshot, enum side end)
{
    const struct node_sample *node = primary_sample(snapshot, end);
    bool is_known = node && is_fresh(snapshot, node);

    return json_pack("{s:o,s:o,s:o,s:o,s:s}", "lag_ms", ms_json(snapshot->link_lag_ms[end]),
                     "receive_ms", is_known ? ms_json(node->receive_lag_ms) : json_null(), "exists",
                     is_known ? json_boolean(node->has_link) : json_null(), "is_running",
                     is_known ? json_boolean(node->is_link_running) : json_null(), "error",
                     is_known ? node->link_error : "");
}

static json_t *node_json(const struct lag_snapshot *snapshot, const struct node_sample *node)
{
    bool is_known = is_fresh(snapshot, node);
    bool is_open_known = is_known && node->is_open != TRI_UNKNOWN;

    return json_pack(
        "{s:s,s:s,s:b,s:b,s:o,s:o,s:o,s:{s:o,s:o},s:o}", "node", node->name, "side",
        side_name(node->side), "is_primary", (int)node->is_primary, "is_reached", (int)is_known,
        "is_open", is_open_known ? json_boolean(node->is_open == TRI_YES) : json_null(),
        "receive_ms", is_known ? ms_json(node->receive_lag_ms) : json_null(), "apply_ms",
        is_known ? ms_json(node->apply_lag_ms[node->side]) : json_null(), "heartbeat_ms", "old",
        is_known ? ms_json(node->apply_lag_ms[SIDE_OLD]) : json_null(), "new",
        is_known ? ms_json(node->apply_lag_ms[SIDE_NEW]) : json_null(), "transactions",
        is_known && node->is_primary && node->commits > 0 ? json_integer((json_int_t)node->commits)
                                                          : json_null());
}

static json_t *writes_json(double rate)
{
    return rate < 0 ? json_null() : json_real(rate);
}

/* Since when nobody can write; 0 while somebody can, null when it is not known. */
static json_t *closed_json(struct lag_history *history)
{
    (void)pthread_mutex_lock(&history->lock);
    json_t *since =
        history->is_closed_known ? json_integer((json_int_t)history->closed_since_us) : json_null();
    (void)pthread_mutex_unlock(&history->lock);
    return since;
}

json_t *lag_page(struct lag_history *history, const struct lag_snapshot *snapshot, int64_t at_us)
{
    json_t *nodes = json_array();

    for (size_t i = 0; i < snapshot->node_count; i++)
        (void)json_array_append_new(nodes, node_json(snapshot, &snapshot->nodes[i]));
    return json_pack(
        "{s:I,s:{s:o,s:o},s:{s:o,s:o},s:i,s:o,s:o}", "at_us", (json_int_t)at_us, "links", "forward",
        link_json(snapshot, SIDE_NEW), "reverse", link_json(snapshot, SIDE_OLD), "writes_per_s",
        "old", writes_json(lag_history_writes(history, SIDE_OLD)), "new",
        writes_json(lag_history_writes(history, SIDE_NEW)), "conflicts", (int)snapshot->conflicts,
        "nobody_writes_since_us", closed_json(history), "nodes", nodes);
}
