/* SPDX-License-Identifier: MIT */
/* What is asked of a node, one question after the other, and what its answers mean. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "domain/apply_error.h"
#include "monitor/sampler_inner.h"

/* A server that restarts ends our connection, and is asked for its uptime when it is back; this is
 * for a proxy between, which may not tell. */
#define UPTIME_EVERY_MS 10000
#define ERROR_NO_SUCH_DATABASE 1049
#define ERROR_NO_SUCH_TABLE 1146

static const char *text_of(const struct db_result *result, size_t row, const char *column)
{
    const char *text = db_result_get(result, row, column);
    return text != NULL ? text : "";
}

static int64_t number_of(const struct db_result *result, size_t row, const char *column)
{
    return strtoll(text_of(result, row, column), NULL, 10);
}

/* "server_id:beat_us,server_id:beat_us" */
static int take_beats(struct reading *out, const char *text, struct err *err)
{
    for (const char *at = text; *at != '\0' && out->beat_count < BEATS_CAP;) {
        char *end;
        unsigned long server_id = strtoul(at, &end, 10);
        long long beat_us = *end == ':' ? strtoll(end + 1, &end, 10) : 0;
        if (beat_us == 0 || (*end != ',' && *end != '\0'))
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "\"%s\" are no heartbeats", text);
        out->beats[out->beat_count].server_id = (uint32_t)server_id;
        out->beats[out->beat_count++].beat_us = beat_us;
        at = *end == ',' ? end + 1 : end;
    }
    return 0;
}

/* By what is marked what a side wrote, as its primary said it lately: this one, just now. Only the
 * loop's thread writes those of the sampler. */
static const struct origin *origin_of(const struct watcher *watcher, enum side of)
{
    const struct node *node = watcher->client.node;
    return node->is_primary && node->side == of ? &watcher->round.reading.origin
                                                : &watcher->sampler->origin[of];
}

static void note_reach(const struct watcher *watcher, const struct position *position,
                       uint64_t out[SIDE_COUNT])
{
    for (int of = SIDE_OLD; of < SIDE_COUNT; of++)
        out[of] = position_reach(position, origin_of(watcher, (enum side)of));
}

static int take_positions(struct watcher *watcher, const struct db_result *row, struct err *err)
{
    struct round *round = &watcher->round;
    struct reading *out = &round->reading;
    enum flavour flavour = watcher->client.version.flavour;
    struct position position;
    int rc = position_parse(flavour, text_of(row, 0, "position"), &position, err);
    if (rc != 0)
        return rc;
    out->own = position_reach(&position, &out->origin);
    note_reach(watcher, &position, out->logged);
    rc = position_parse(flavour, text_of(row, 0, "applied"), &position, err);
    if (rc != 0)
        return rc;
    note_reach(watcher, &position, out->applied);
    for (int of = SIDE_OLD; of < SIDE_COUNT; of++)
        out->knows[of] = origin_of(watcher, (enum side)of)->flavour != FLAVOUR_UNKNOWN;
    if (flavour != FLAVOUR_MYSQL)
        return 0;
    free(round->applied);
    round->applied = strdup(text_of(row, 0, "applied"));
    if (round->applied == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a position");
    return 0;
}

/* The server read its clock after we asked, so it is ahead of ours by no more than that. */
static int take_state(struct watcher *watcher, const struct db_result *row, struct err *err)
{
    struct reading *out = &watcher->round.reading;
    enum flavour flavour = watcher->client.version.flavour;
    watcher->round.has_state = true;
    out->server_id = (uint32_t)number_of(row, 0, "server_id");
    out->is_open = tri_of(number_of(row, 0, "read_only") == 0);
    out->is_sealed = number_of(row, 0, "is_sealed") != 0;
    out->ahead_us = number_of(row, 0, "clock_us") - watcher->round.asked_us;
    int rc = take_beats(out, text_of(row, 0, "beats"), err);
    if (rc == 0)
        rc = origin_parse(flavour, text_of(row, 0, "origin"), &out->origin, err);
    return rc != 0 ? rc : take_positions(watcher, row, err);
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

/* A MySQL channel knows what it received since it was made: what is applied belongs to it, too. */
static int take_received(const struct watcher *watcher, const char *text, uint64_t out[SIDE_COUNT],
                         struct err *err)
{
    enum flavour flavour = watcher->client.version.flavour;
    struct position received, applied;
    int rc = position_parse(flavour, text, &received, err);
    if (rc == 0 && watcher->round.applied != NULL) {
        rc = position_parse(flavour, watcher->round.applied, &applied, err);
        if (rc == 0)
            rc = position_join(&received, &applied, &received, err);
    }
    if (rc == 0)
        note_reach(watcher, &received, out);
    return rc;
}

static int take_feed(struct watcher *watcher, const struct db_result *rows, size_t row,
                     struct err *err)
{
    struct feed *out = &watcher->round.reading.feed;
    bool is_apply_error = strtoul(feed_text(watcher, rows, row, "sql_errno"), NULL, 10) != 0;
    out->is_there = true;
    (void)snprintf(out->channel, sizeof(out->channel), "%s",
                   feed_text(watcher, rows, row, "channel"));
    out->is_running = strcmp(feed_text(watcher, rows, row, "receiving"), "Yes") == 0 &&
                      strcmp(feed_text(watcher, rows, row, "applying"), "Yes") == 0;
    out->is_halted = is_halted(watcher, rows, row);
    take_settings(watcher, rows, row, out->settings, sizeof(out->settings));
    out->native = (unsigned)strtoul(
        feed_text(watcher, rows, row, is_apply_error ? "sql_errno" : "io_errno"), NULL, 10);
    (void)snprintf(out->error, sizeof(out->error), "%s",
                   feed_text(watcher, rows, row, is_apply_error ? "sql_error" : "io_error"));
    return take_received(watcher, feed_text(watcher, rows, row, "received"), out->received, err);
}

static void note_other(struct reading *reading, const char *channel)
{
    size_t len = strlen(reading->others);
    (void)snprintf(reading->others + len, sizeof(reading->others) - len, "%s\"%s\"",
                   len > 0 ? ", " : "", channel); /* cut, not lost */
}

static int take_feeds(struct watcher *watcher, const struct db_result *rows, struct err *err)
{
    struct reading *out = &watcher->round.reading;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < rows->row_count; i++) {
        const char *channel = feed_text(watcher, rows, i, "channel");
        if (!is_feed(watcher->client.node, channel))
            note_other(out, channel);
        else if (!out->feed.is_there)
            rc = take_feed(watcher, rows, i, err);
    }
    return rc;
}

/* A channel with several appliers only says that they stopped; one of them says why. */
static int take_apply_error(struct watcher *watcher, const struct db_result *workers,
                            struct err *err UNUSED)
{
    struct feed *feed = &watcher->round.reading.feed;
    for (size_t i = 0; i < workers->row_count; i++) {
        int64_t native = number_of(workers, i, "error_number");
        if (native == 0 || strcmp(text_of(workers, i, "channel"), feed->channel) != 0)
            continue;
        feed->native = (unsigned)native;
        apply_error_text(text_of(workers, i, "error_message"), text_of(workers, i, "applying"),
                         feed->error, sizeof(feed->error));
        break;
    }
    return 0;
}

static int take_transit(struct watcher *watcher, const struct db_result *rows,
                        struct err *err UNUSED)
{
    struct feed *feed = &watcher->round.reading.feed;
    for (size_t i = 0; i < rows->row_count; i++)
        if (strcmp(text_of(rows, i, "channel"), feed->channel) == 0 &&
            number_of(rows, i, "is_ordered") != 0)
            feed->applied_original_us = number_of(rows, i, "applied_original_us");
    return 0;
}

static int take_uptime(struct watcher *watcher, const struct db_result *row, struct err *err UNUSED)
{
    watcher->round.reading.started_ms = clock_mono_ms() - number_of(row, 0, "uptime_s") * 1000;
    watcher->round.uptime_due_ms = clock_mono_ms() + UPTIME_EVERY_MS;
    return 0;
}

/* --- which questions --- */

static bool always(const struct watcher *watcher UNUSED)
{
    return true;
}

static bool is_feed_broken(const struct watcher *watcher)
{
    const struct feed *feed = &watcher->round.reading.feed;
    return feed->is_there && !feed->is_running && feed->native != 0;
}

/* MariaDB does not say when what it applied was committed. */
static bool is_transit_told(const struct watcher *watcher)
{
    return watcher->round.reading.feed.is_running && watcher->client.node->is_primary &&
           watcher->client.version.flavour == FLAVOUR_MYSQL;
}

static bool is_without_state(const struct watcher *watcher)
{
    return !watcher->round.has_state;
}

static bool is_uptime_due(const struct watcher *watcher)
{
    return watcher->round.reading.started_ms == 0;
}

static const struct question {
    enum sql_id id;
    bool (*is_due)(const struct watcher *);
    int (*take)(struct watcher *, const struct db_result *, struct err *);
    bool may_lack_table; /* nothing has beaten here yet */
} questions[] = {
    {SQL_SAMPLER_BEATS, always, take_state, true},
    {SQL_SAMPLER_STATE, is_without_state, take_state, false},
    {SQL_LINK_STATUS, always, take_feeds, false},
    {SQL_LINK_WORKERS, is_feed_broken, take_apply_error, false},
    {SQL_LINK_TRANSIT, is_transit_told, take_transit, false},
    {SQL_SAMPLER_UPTIME, is_uptime_due, take_uptime, false},
};

void round_release(struct watcher *watcher)
{
    free(watcher->round.applied);
    watcher->round.applied = NULL;
}

void round_begin(struct watcher *watcher)
{
    struct round *round = &watcher->round;
    int64_t now_ms = clock_mono_ms();
    round->reading = (struct reading){.asked_ms = now_ms};
    round_release(watcher);
    round->next = 0;
    round->has_state = false;
    round->began_us = clock_mono_us();
    if (now_ms >= round->uptime_due_ms || !watcher->reading.is_reached)
        return;
    round->reading.started_ms = watcher->reading.started_ms; /* only this thread writes it */
}

bool round_next(struct watcher *watcher, enum sql_id *out)
{
    struct round *round = &watcher->round;
    while (round->next < ARRAY_LEN(questions) && !questions[round->next].is_due(watcher))
        round->next++;
    if (round->next < ARRAY_LEN(questions)) {
        *out = questions[round->next].id;
        round->asked_us = clock_wall_us();
        return true;
    }
    round->reading.read_ms = clock_mono_ms();
    round->reading.read_us = clock_wall_us();
    round->reading.took_us = clock_mono_us() - round->began_us;
    round->reading.is_reached = true;
    return false;
}

int round_answer(struct watcher *watcher, int rc, const struct db_result *rows, struct err *err)
{
    const struct question *question = &questions[watcher->round.next++];
    if (rc == 0)
        return question->take(watcher, rows, err);
    bool is_lacking = err->native == ERROR_NO_SUCH_DATABASE || err->native == ERROR_NO_SUCH_TABLE;
    return question->may_lack_table && is_lacking ? 0 : rc;
}
