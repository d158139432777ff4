/* SPDX-License-Identifier: MIT */
/*
 * Each node has a thread that reads its raw state and publishes it; lag is derived from all of them
 * together when somebody asks, so that a node which fell silent spoils the answer of those that
 * depend on it at once.
 */
#include "monitor/sampler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/apply_error.h"
#include "domain/position.h"
#include "monitor/heartbeat.h"
#include "monitor/node_client.h"

#define BEATING_MS 1000 /* a side whose own row is older than this does not beat */
#define SLOW_INTERVAL_MS 1000
#define ERROR_NO_SUCH_DATABASE 1049
#define ERROR_NO_SUCH_TABLE 1146
#define BEATS_CAP 16

/* The channel that feeds a node: the link for a primary, its primary's for a replica. */
struct feed {
    bool is_there, is_running;
    bool is_halted; /* a thread does not run, and has no error */
    char settings[512];
    unsigned native;
    char error[256];
    struct position received;
    /* when the newest transaction applied was committed, by its source's clock; 0 unknown */
    int64_t applied_original_us;
};

/* What one node said in one sample. Zero: it could not be read. */
struct reading {
    bool is_reached;
    int64_t asked_ms, read_ms, read_us; /* monotonic before and after, wall clock after */
    enum tri is_open;
    bool is_sealed;
    char others[160];   /* channels that do not feed it */
    int64_t started_ms; /* monotonic; 0 not known */
    uint32_t server_id;
    struct origin origin;
    struct position position, applied;
    struct {
        uint32_t server_id;
        int64_t beat_us;
    } beats[BEATS_CAP];
    size_t beat_count;
    struct feed feed;
    /* primaries: this server's clock minus ours at most, 0 with has_clock false */
    bool has_clock;
    int64_t ahead_us;
};

struct watcher {
    struct sampler *sampler;
    struct node_client client;
    pthread_t thread;
    bool has_thread;
    int64_t slow_due_ms;    /* when the questions are due that need not be asked every time */
    struct reading reading; /* guarded by the sampler's mutex, like the rings */
};

struct sampler {
    struct watcher watchers[SERVICE_NODE_CAP];
    size_t count;
    pthread_mutex_t mutex;
    /* a setting that does not change: kept while its primary is silent */
    struct origin origin[SIDE_COUNT];
    /* when the primary of a side was first seen that far in what a side wrote */
    struct lag_ring ring[SIDE_COUNT][SIDE_COUNT];
};

/* --- reading a node --- */

static const char *text_of(const struct db_result *result, size_t row, const char *column)
{
    const char *text = db_result_get(result, row, column);
    return text != NULL ? text : "";
}

static int64_t number_of(const struct db_result *result, size_t row, const char *column)
{
    return strtoll(text_of(result, row, column), NULL, 10);
}

static int read_state(struct watcher *watcher, struct reading *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = node_client_query(&watcher->client, SQL_SAMPLER_STATE, &row, err);
    if (rc != 0)
        return rc;
    out->server_id = (uint32_t)number_of(&row, 0, "server_id");
    out->is_open = tri_of(number_of(&row, 0, "read_only") == 0);
    out->is_sealed = number_of(&row, 0, "is_sealed") != 0;
    enum flavour flavour = watcher->client.version.flavour;
    rc = origin_parse(flavour, text_of(&row, 0, "origin"), &out->origin, err);
    if (rc == 0)
        rc = position_parse(flavour, text_of(&row, 0, "position"), &out->position, err);
    if (rc == 0)
        rc = position_parse(flavour, text_of(&row, 0, "applied"), &out->applied, err);
    return rc;
}

static int read_beats(struct watcher *watcher, struct reading *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = node_client_query(&watcher->client, SQL_HEARTBEAT_READ, &rows, err);
    if (rc != 0 && (err->native == ERROR_NO_SUCH_DATABASE || err->native == ERROR_NO_SUCH_TABLE))
        return 0; /* nothing has beaten here yet */
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < rows.row_count && i < BEATS_CAP; i++) {
        out->beats[i].server_id = (uint32_t)number_of(&rows, i, "server_id");
        out->beats[i].beat_us = number_of(&rows, i, "beat_us");
        out->beat_count = i + 1;
    }
    return 0;
}

/* A primary's feed is the link, by its name; a replica's is any channel that is not ours. */
static bool is_feed(const struct node *node, const char *channel)
{
    if (node->is_primary)
        return strcmp(channel, link_channel(node->side)) == 0;
    return strcmp(channel, link_channel(SIDE_OLD)) != 0 &&
           strcmp(channel, link_channel(SIDE_NEW)) != 0;
}

/* One row of the answer to link_status, its columns by our own names. */
static const char *feed_text(const struct watcher *watcher, const struct db_result *rows,
                             size_t row, const char *key)
{
    return text_of(rows, row, sql_column(SQL_LINK_STATUS, &watcher->client.version, key));
}

/* A channel that looks for its source is "Connecting"; one that failed has a number. */
static bool is_halted(const struct watcher *watcher, const struct db_result *rows, size_t row)
{
    bool has_error = strtoul(feed_text(watcher, rows, row, "io_errno"), NULL, 10) != 0 ||
                     strtoul(feed_text(watcher, rows, row, "sql_errno"), NULL, 10) != 0;
    return !has_error && (strcmp(feed_text(watcher, rows, row, "receiving"), "No") == 0 ||
                          strcmp(feed_text(watcher, rows, row, "applying"), "No") == 0);
}

static void take_settings(const struct watcher *watcher, const struct db_result *rows, size_t row,
                          char *out, size_t out_size)
{
    (void)snprintf(
        out, out_size, "%s:%s as %s, GTID %s, TLS %s, delay %s%s%s",
        feed_text(watcher, rows, row, "source_host"), feed_text(watcher, rows, row, "source_port"),
        feed_text(watcher, rows, row, "source_user"), feed_text(watcher, rows, row, "uses_gtid"),
        feed_text(watcher, rows, row, "tls"), feed_text(watcher, rows, row, "set_delay"),
        feed_text(watcher, rows, row, "ignored")[0] != '\0' ? ", ignores " : "",
        feed_text(watcher, rows, row, "ignored")); /* cut, not lost */
}

static int take_feed(const struct watcher *watcher, const struct db_result *rows, size_t row,
                     struct reading *reading, struct err *err)
{
    struct feed *out = &reading->feed;
    bool is_apply_error = strtoul(feed_text(watcher, rows, row, "sql_errno"), NULL, 10) != 0;
    out->is_there = true;
    out->is_running = strcmp(feed_text(watcher, rows, row, "receiving"), "Yes") == 0 &&
                      strcmp(feed_text(watcher, rows, row, "applying"), "Yes") == 0;
    out->is_halted = is_halted(watcher, rows, row);
    take_settings(watcher, rows, row, out->settings, sizeof(out->settings));
    out->native = (unsigned)strtoul(
        feed_text(watcher, rows, row, is_apply_error ? "sql_errno" : "io_errno"), NULL, 10);
    (void)snprintf(out->error, sizeof(out->error), "%s",
                   feed_text(watcher, rows, row, is_apply_error ? "sql_error" : "io_error"));
    int rc = position_parse(watcher->client.version.flavour,
                            feed_text(watcher, rows, row, "received"), &out->received, err);
    return rc != 0 ? rc : position_join(&out->received, &reading->applied, &out->received, err);
}

/* A channel with several appliers only says that they stopped; one of them says why. */
static int read_apply_error(struct watcher *watcher, const char *channel, struct feed *feed,
                            struct err *err)
{
    CLEANUP(db_result_release) struct db_result workers = {0};
    int rc = node_client_query(&watcher->client, SQL_LINK_WORKERS, &workers, err);
    for (size_t i = 0; rc == 0 && i < workers.row_count; i++) {
        int64_t native = number_of(&workers, i, "error_number");
        if (native == 0 || strcmp(text_of(&workers, i, "channel"), channel) != 0)
            continue;
        feed->native = (unsigned)native;
        apply_error_text(text_of(&workers, i, "error_message"), text_of(&workers, i, "applying"),
                         feed->error, sizeof(feed->error));
        break;
    }
    return rc;
}

static int read_transit(struct watcher *watcher, const char *channel, struct feed *feed,
                        struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = node_client_query(&watcher->client, SQL_LINK_TRANSIT, &rows, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++)
        if (strcmp(text_of(&rows, i, "channel"), channel) == 0 &&
            number_of(&rows, i, "is_ordered") != 0)
            feed->applied_original_us = number_of(&rows, i, "applied_original_us");
    return rc;
}

static int read_feed(struct watcher *watcher, struct reading *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = node_client_query(&watcher->client, SQL_LINK_STATUS, &rows, err);
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        size_t len = strlen(out->others);
        const char *channel = feed_text(watcher, &rows, i, "channel");
        if (!is_feed(watcher->client.node, channel))
            (void)snprintf(out->others + len, sizeof(out->others) - len, "%s\"%s\"",
                           len > 0 ? ", " : "", channel); /* cut, not lost */
    }
    for (size_t i = 0; rc == 0 && i < rows.row_count; i++) {
        const char *channel = feed_text(watcher, &rows, i, "channel");
        if (!is_feed(watcher->client.node, channel))
            continue;
        rc = take_feed(watcher, &rows, i, out, err);
        if (rc == 0 && !out->feed.is_running && out->feed.native != 0)
            rc = read_apply_error(watcher, channel, &out->feed, err);
        if (rc == 0 && out->feed.is_running && watcher->client.node->is_primary)
            rc = read_transit(watcher, channel, &out->feed, err);
        return rc;
    }
    return rc;
}

/* The server read its clock after we asked, so it is ahead of ours by no more than that. */
static int read_clock(struct watcher *watcher, struct reading *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int64_t asked_us = clock_wall_us();
    int rc = node_client_query(&watcher->client, SQL_PROBE_CLOCK, &row, err);
    if (rc != 0)
        return rc;
    out->ahead_us = number_of(&row, 0, "clock_us") - asked_us;
    out->has_clock = true;
    return 0;
}

static int read_slowly(struct watcher *watcher, struct reading *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    if (clock_mono_ms() < watcher->slow_due_ms) {
        out->started_ms = watcher->reading.started_ms; /* only this thread writes it */
        out->has_clock = watcher->reading.has_clock;
        out->ahead_us = watcher->reading.ahead_us;
        return 0;
    }
    int rc = node_client_query(&watcher->client, SQL_SAMPLER_UPTIME, &row, err);
    if (rc == 0)
        out->started_ms = clock_mono_ms() - number_of(&row, 0, "uptime_s") * 1000;
    watcher->slow_due_ms = clock_mono_ms() + SLOW_INTERVAL_MS;
    if (rc != 0 || !watcher->client.node->is_primary)
        return rc;
    rc = read_clock(watcher, out, err);
    if (rc != 0)
        return rc;
    return 0;
}

static int read_node(struct watcher *watcher, struct reading *out, struct err *err)
{
    static int (*const readers[])(struct watcher *, struct reading *,
                                  struct err *) = {read_state, read_beats, read_feed, read_slowly};
    out->asked_ms = clock_mono_ms();
    int rc = node_client_connect(&watcher->client, err);
    for (size_t i = 0; rc == 0 && i < ARRAY_LEN(readers); i++)
        rc = readers[i](watcher, out, err);
    if (rc != 0)
        return rc;
    out->read_ms = clock_mono_ms();
    out->read_us = clock_wall_us();
    out->is_reached = true;
    return 0;
}

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
        if (is_known(sampler, (enum side)of))
            lag_ring_note(&sampler->ring[side][of], watcher->reading.asked_ms,
                          position_reach(&watcher->reading.position, &sampler->origin[of]));
}

static void publish(struct watcher *watcher, const struct reading *reading)
{
    struct sampler *sampler = watcher->sampler;
    (void)pthread_mutex_lock(&sampler->mutex);
    watcher->reading = *reading;
    if (reading->is_reached && watcher->client.node->is_primary)
        note_position(sampler, watcher);
    (void)pthread_mutex_unlock(&sampler->mutex);
}

static void *watch_node(void *argument)
{
    struct watcher *watcher = argument;
    int64_t due_ms = clock_mono_ms();
    while (node_client_wait(&watcher->client, due_ms)) {
        struct reading reading = {0};
        struct err err = {0};
        due_ms = clock_mono_ms() + SAMPLER_INTERVAL_MS;
        if (read_node(watcher, &reading, &err) != 0) {
            reading = (struct reading){0}; /* half of an answer is none */
            watcher->slow_due_ms = 0;
        }
        publish(watcher, &reading);
    }
    return NULL;
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
                            const struct position *has, enum side source, enum side of,
                            int64_t now_ms)
{
    const struct watcher *primary = primary_of(sampler, source);
    if (primary == NULL || !is_fresh(&primary->reading, now_ms) || !is_known(sampler, of))
        return LAG_INFINITE;
    return lag_ring_behind_ms(&sampler->ring[source][of], reading->read_ms,
                              position_reach(has, &sampler->origin[of]));
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
        !is_fresh(&primary->reading, now_ms) || !primary->reading.has_clock)
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
    int64_t lag_ms =
        position_lag(sampler, reading, &reading->feed.received, source, source, now_ms);
    enum side through = side_other(source);
    if (node->is_primary || !is_known(sampler, through))
        return lag_ms;
    int64_t through_ms =
        position_lag(sampler, reading, &reading->feed.received, source, through, now_ms);
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
    out->state = state_of(reading);
    out->commits = position_reach(&reading->position, &reading->origin);
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
               position_lag(sampler, reading, &reading->applied, source, source, now_ms));
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

/* --- life --- */

static void sampler_freep(struct sampler **sampler)
{
    sampler_free(*sampler);
    *sampler = NULL;
}

int sampler_start(const struct service *service, struct sampler **out, struct err *err)
{
    CLEANUP(sampler_freep) struct sampler *sampler = calloc(1, sizeof(*sampler));
    if (sampler == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the sampler");
    (void)pthread_mutex_init(&sampler->mutex, NULL);
    sampler->count = service->node_count;
    for (size_t i = 0; i < sampler->count; i++) {
        sampler->watchers[i].sampler = sampler;
        node_client_init(&sampler->watchers[i].client, service, &service->nodes[i],
                         &service->controller);
    }
    for (size_t i = 0; i < sampler->count; i++) {
        struct watcher *watcher = &sampler->watchers[i];
        watcher->has_thread = pthread_create(&watcher->thread, NULL, watch_node, watcher) == 0;
        if (!watcher->has_thread)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for the sampler");
    }
    *out = sampler;
    sampler = NULL;
    return 0;
}

void sampler_free(struct sampler *sampler)
{
    if (sampler == NULL)
        return;
    for (size_t i = 0; i < sampler->count; i++)
        node_client_stop(&sampler->watchers[i].client);
    for (size_t i = 0; i < sampler->count; i++) {
        if (sampler->watchers[i].has_thread)
            (void)pthread_join(sampler->watchers[i].thread, NULL);
        node_client_release(&sampler->watchers[i].client);
    }
    (void)pthread_mutex_destroy(&sampler->mutex);
    free(sampler);
}
