/* SPDX-License-Identifier: MIT */
#include "ctl/run_lag.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/lag.h"

struct point {
    int64_t at_us;
    int64_t receive_ms, apply_ms; /* LAG_INFINITE: unknown, and worse than anything */
};

struct series {
    struct point *points;
    size_t count, room;
    size_t joined; /* samples in a point: 1, 2, 4, ... */
    size_t open;   /* of them in the last point */
};

struct run_lag {
    const struct service *service;
    pthread_mutex_t lock; /* of what follows */
    char run_id[24];
    int64_t last_us;
    struct series nodes[SERVICE_NODE_CAP]; /* as in the service */
};

int run_lag_new(const struct service *service, struct run_lag **out, struct err *err)
{
    struct run_lag *lag = calloc(1, sizeof *lag);
    if (!lag)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    lag->service = service;
    (void)pthread_mutex_init(&lag->lock, NULL);
    *out = lag;
    return 0;
}

static void forget(struct run_lag *lag)
{
    for (size_t i = 0; i < SERVICE_NODE_CAP; i++) {
        free(lag->nodes[i].points);
        lag->nodes[i] = (struct series){0};
    }
    lag->last_us = 0;
}

void run_lag_free(struct run_lag *lag)
{
    if (!lag)
        return;
    forget(lag);
    (void)pthread_mutex_destroy(&lag->lock);
    free(lag);
}

/* --- following -------------------------------------------------------------------------------- */

static void worsen(struct point *point, const struct point *other)
{
    if (other->receive_ms > point->receive_ms)
        point->receive_ms = other->receive_ms;
    if (other->apply_ms > point->apply_ms)
        point->apply_ms = other->apply_ms;
}

static void halve(struct series *series)
{
    for (size_t i = 0; i < series->count; i += 2) {
        struct point point = series->points[i];
        if (i + 1 < series->count)
            worsen(&point, &series->points[i + 1]);
        series->points[i / 2] = point;
    }
    bool is_odd = series->count % 2 == 1;
    series->count = (series->count + 1) / 2;
    series->open = is_odd ? series->open : series->open + series->joined;
    series->joined *= 2;
}

static int add(struct series *series, const struct point *point)
{
    if (series->joined == 0)
        series->joined = series->open = 1;
    if (series->count > 0 && series->open < series->joined) {
        worsen(&series->points[series->count - 1], point);
        series->open++;
        return 0;
    }
    if (series->count == RUN_LAG_CAP) {
        halve(series);
        return add(series, point);
    }
    if (series->count == series->room) {
        size_t room = series->room ? 2 * series->room : 256;
        struct point *points = realloc(series->points, room * sizeof *points);
        if (!points)
            return ERR_MEMORY;
        series->points = points;
        series->room = room;
    }
    series->points[series->count++] = *point;
    series->open = 1;
    return 0;
}

/* A node that the configuration does not have any more is left out. */
static int take(void *context, int64_t at_us, const struct journal_sample *sample)
{
    struct run_lag *lag = context;
    const struct point point = {
        .at_us = at_us, .receive_ms = sample->receive_ms, .apply_ms = sample->apply_ms};

    lag->last_us = at_us;
    for (size_t i = 0; i < lag->service->node_count; i++)
        if (strcmp(lag->service->nodes[i].name, sample->node) == 0)
            return add(&lag->nodes[i], &point);
    return 0;
}

int run_lag_follow(struct run_lag *lag, struct journal *journal, const char *run_id,
                   struct err *err)
{
    (void)pthread_mutex_lock(&lag->lock);
    if (strcmp(lag->run_id, run_id) != 0) {
        forget(lag);
        (void)snprintf(lag->run_id, sizeof lag->run_id, "%s", run_id);
    }
    int rc = journal_sample_list(journal, run_id, lag->last_us, take, lag, err);
    (void)pthread_mutex_unlock(&lag->lock);
    return rc == ERR_MEMORY ? err_set(err, rc, EFFECT_NONE, "out of memory") : rc;
}

/* --- the page --------------------------------------------------------------------------------- */

static json_t *ms_json(int64_t lag_ms)
{
    return lag_ms == LAG_INFINITE ? json_null() : json_integer((json_int_t)lag_ms);
}

static json_t *series_json(const struct node *node, const struct series *series, size_t points)
{
    json_t *at = json_array(), *receive = json_array(), *apply = json_array();
    size_t span = points ? (series->count + points - 1) / points : 1;

    for (size_t i = 0; i < series->count; i += span) {
        struct point point = series->points[i];
        for (size_t k = i + 1; k < i + span && k < series->count; k++)
            worsen(&point, &series->points[k]);
        (void)json_array_append_new(at, json_integer((json_int_t)point.at_us));
        (void)json_array_append_new(receive, ms_json(point.receive_ms));
        (void)json_array_append_new(apply, ms_json(point.apply_ms));
    }
    return json_pack("{s:s,s:s,s:b,s:o,s:o,s:o}", "node", node->name, "side", side_name(node->side),
                     "is_primary", (int)node->is_primary, "at_us", at, "receive_ms", receive,
                     "apply_ms", apply);
}

json_t *run_lag_json(struct run_lag *lag, size_t points)
{
    json_t *nodes = json_array();

    (void)pthread_mutex_lock(&lag->lock);
    for (size_t i = 0; i < lag->service->node_count; i++)
        (void)json_array_append_new(nodes,
                                    series_json(&lag->service->nodes[i], &lag->nodes[i], points));
    json_t *page =
        json_pack("{s:s?,s:o}", "run", lag->run_id[0] ? lag->run_id : NULL, "nodes", nodes);
    (void)pthread_mutex_unlock(&lag->lock);
    return page;
}
