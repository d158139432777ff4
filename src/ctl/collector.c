/* SPDX-License-Identifier: MIT */
#include "ctl/collector.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "ctl/headline.h"
#include "ctl/run_page.h"
#include "engine/journal_follow.h"

#define STATE_EVERY_MS 1000
#define NAMES_EVERY_MS 5000
#define FILES_EVERY_MS 30000 /* a login each */
#define RUN_EVERY_MS 200
#define NEWS_CAP 256

struct collector {
    struct collector_options options;
    struct view *view;
    struct lag_history *history;
    struct run_lag *run_lag;
    struct event_book *events;
    struct sampler *sampler;
    pthread_mutex_t lock;
    pthread_cond_t ending;
    bool is_ending;                     /* guarded by the lock */
    struct held_file files[SIDE_COUNT]; /* as well */
    struct worker {
        struct collector *collector;
        pthread_t thread;
        bool is_there;
    } workers[4];
};

struct view *collector_view(struct collector *collector)
{
    return collector->view;
}

struct lag_history *collector_history(struct collector *collector)
{
    return collector->history;
}

struct run_lag *collector_run_lag(struct collector *collector)
{
    return collector->run_lag;
}

struct event_book *collector_events(struct collector *collector)
{
    return collector->events;
}

/* Wait until the moment or the end; true: go on. */
static bool wait_until_ms(struct collector *collector, int64_t due_ms)
{
    struct timespec due = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};

    (void)pthread_mutex_lock(&collector->lock);
    while (!collector->is_ending && clock_mono_ms() < due_ms)
        (void)pthread_cond_timedwait(&collector->ending, &collector->lock, &due);
    bool goes_on = !collector->is_ending;
    (void)pthread_mutex_unlock(&collector->lock);
    return goes_on;
}

/* Nothing is caught up with: after a slow round the next is due an interval later. */
static bool wait_next(struct collector *collector, int64_t began_ms, int64_t every_ms)
{
    int64_t now_ms = clock_mono_ms(), due_ms = began_ms + every_ms;

    return wait_until_ms(collector, due_ms > now_ms ? due_ms : now_ms);
}

/* A page that cannot be made leaves the one before, whose time tells its age. */
static void publish(struct collector *collector, enum view_topic topic, json_t *page)
{
    struct err none = {0};

    if (view_publish(collector->view, topic, page, &none) == 0)
        collector->options.on_news(collector->options.context);
}

/* --- lag -------------------------------------------------------------------------------------- */

static void *watch_lag(void *context)
{
    struct worker *worker = context;
    struct collector *collector = worker->collector;
    struct lag_snapshot snapshot;

    do {
        int64_t at_us = clock_wall_us();
        sampler_read(collector->sampler, &snapshot);
        lag_history_note(collector->history, &snapshot, at_us);
        publish(collector, VIEW_LAG, lag_page(collector->history, &snapshot, at_us));
    } while (wait_until_ms(collector, sampler_next_ms(collector->sampler)));
    return NULL;
}

/* --- facts ------------------------------------------------------------------------------------ */

static json_t *state_page(const struct status *status)
{
    struct headline headline;
    json_t *page = status_json(status);

    headline_make(status, &headline);
    if (page) {
        (void)json_object_set_new(page, "at_us", json_integer(clock_wall_us()));
        (void)json_object_set_new(page, "headline",
                                  json_pack("{s:s,s:s,s:s,s:s}", "tone",
                                            headline_tone_name(headline.tone), "now", headline.now,
                                            "next", headline.next, "writers", headline.writers));
    }
    return page;
}

/* What name servers answer changes slowly, and is asked of servers of others. */
static json_t *names_page(const json_t *state)
{
    return json_pack("{s:I,s:O}", "at_us", (json_int_t)clock_wall_us(), "dns",
                     json_object_get(state, "dns"));
}

static void look_once(struct collector *collector, bool with_names)
{
    CLEANUP(status_release) struct status status = {0};
    const struct status_options how = {.without_dns = !with_names, .without_files = true};
    struct err why = {0};

    if (status_gather(collector->options.service, &how, &status, &why))
        return;
    (void)pthread_mutex_lock(&collector->lock);
    memcpy(status.files, collector->files, sizeof status.files);
    (void)pthread_mutex_unlock(&collector->lock);
    json_t *page = state_page(&status);
    if (page && with_names)
        publish(collector, VIEW_NAMES, names_page(page));
    publish(collector, VIEW_STATE, page);
}

static void *watch_state(void *context)
{
    struct worker *worker = context;
    struct collector *collector = worker->collector;
    int64_t began_ms, names_due_ms = 0;

    do {
        began_ms = clock_mono_ms();
        bool with_names = began_ms >= names_due_ms;
        if (with_names)
            names_due_ms = began_ms + NAMES_EVERY_MS;
        look_once(collector, with_names);
    } while (wait_next(collector, began_ms, STATE_EVERY_MS));
    return NULL;
}

/* Hosts may take long to answer, and nothing else waits for them. */
static void *watch_files(void *context)
{
    struct worker *worker = context;
    struct collector *collector = worker->collector;
    int64_t began_ms;

    do {
        began_ms = clock_mono_ms();
        for (enum side side = SIDE_OLD; side <= SIDE_NEW && wait_until_ms(collector, 0); side++) {
            struct held_file file;
            status_look_at_file(collector->options.service, side, &file);
            (void)pthread_mutex_lock(&collector->lock);
            collector->files[side] = file;
            (void)pthread_mutex_unlock(&collector->lock);
        }
    } while (wait_next(collector, began_ms, FILES_EVERY_MS));
    return NULL;
}

/* --- journal ---------------------------------------------------------------------------------- */

struct follower {
    struct collector *collector;
    struct journal *journal; /* NULL: there is none yet */
    int64_t version;
    char run_id[24];
    struct {
        int64_t number;
        char *text;
    } news[NEWS_CAP];
    size_t news_count;
};

static int keep_news(void *context, const struct journal_news *news)
{
    struct follower *follower = context;
    json_t *detail = json_loads(news->detail, 0, NULL);
    json_t *event =
        json_pack("{s:I,s:s,s:s,s:o}", "at_us", (json_int_t)news->at_us, "run", follower->run_id,
                  "name", news->name, "detail", detail ? detail : json_object());

    follower->news[follower->news_count].number = news->seq;
    follower->news[follower->news_count++].text = event ? json_dumps(event, JSON_COMPACT) : NULL;
    json_decref(event);
    return 0;
}

/* They come the newest first. */
static void tell_news(struct follower *follower)
{
    struct event_book *book = follower->collector->events;
    struct err none = {0};

    follower->news_count = 0;
    if (journal_news(follower->journal, follower->run_id, event_book_last(book), NEWS_CAP,
                     keep_news, follower, &none))
        log_debug("the journal's events: %s, continuing", none.msg);
    for (size_t i = follower->news_count; i > 0; i--)
        event_book_add(book, follower->news[i - 1].number, follower->news[i - 1].text);
}

static void read_run(struct follower *follower)
{
    struct collector *collector = follower->collector;
    const struct service *service = collector->options.service;
    json_t *page = NULL;
    struct err why = {0};

    if (run_page(follower->journal, service->name, service->path, &page, &why))
        page = json_pack("{s:n,s:s}", "run", "error", why.msg);
    const char *run_id = json_text_or(page, "run", "");
    (void)snprintf(follower->run_id, sizeof follower->run_id, "%.23s", run_id);
    if (*run_id)
        tell_news(follower);
    if (*run_id && run_lag_follow(collector->run_lag, follower->journal, run_id, &why))
        log_debug("the journal's lag: %s, continuing", why.msg);
    publish(collector, VIEW_RUN, page);
}

/* What was told was told by a journal that is not there any more. */
static void forget_journal(struct follower *follower)
{
    journal_freep(&follower->journal);
    follower->run_id[0] = '\0';
    event_book_empty(follower->collector->events);
    publish(follower->collector, VIEW_RUN, json_pack("{s:n}", "run"));
}

/* A journal may come into being while we watch, and another one take its place. */
static void follow_once(struct follower *follower)
{
    const struct service *service = follower->collector->options.service;
    int64_t version = 0;
    struct err none = {0};

    if (follower->journal && journal_has_moved(follower->journal))
        forget_journal(follower);
    bool is_new = !follower->journal;
    if (is_new && journal_open_reader(service->journal_path, &follower->journal, &none)) {
        follower->journal = NULL;
        return;
    }
    if (journal_version(follower->journal, &version, &none)) {
        journal_freep(&follower->journal);
        return;
    }
    if (!is_new && version == follower->version)
        return;
    follower->version = version;
    read_run(follower);
}

static void *watch_journal(void *context)
{
    struct worker *worker = context;
    struct follower follower = {.collector = worker->collector};
    int64_t began_ms;

    publish(worker->collector, VIEW_RUN, json_pack("{s:n}", "run"));
    do {
        began_ms = clock_mono_ms();
        follow_once(&follower);
    } while (wait_next(worker->collector, began_ms, RUN_EVERY_MS));
    journal_free(follower.journal);
    return NULL;
}

/* --- starting and ending ---------------------------------------------------------------------- */

static int start_worker(struct collector *collector, size_t index, void *(*work)(void *),
                        struct err *err)
{
    struct worker *worker = &collector->workers[index];

    worker->collector = collector;
    int failed = pthread_create(&worker->thread, NULL, work, worker);
    if (failed)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread: %s", strerror(failed));
    worker->is_there = true;
    return 0;
}

static int start_all(struct collector *collector, struct err *err)
{
    int rc = view_new(&collector->view, err);

    if (!rc)
        rc = lag_history_new(&collector->history, err);
    if (!rc)
        rc = run_lag_new(collector->options.service, &collector->run_lag, err);
    if (!rc)
        rc = event_book_new(&collector->events, err);
    if (!rc)
        rc = sampler_start(collector->options.service, SAMPLER_INTERVAL_MS, &collector->sampler,
                           err);
    if (!rc)
        rc = start_worker(collector, 0, watch_lag, err);
    if (!rc)
        rc = start_worker(collector, 1, watch_state, err);
    if (!rc)
        rc = start_worker(collector, 2, watch_journal, err);
    if (!rc && status_has_files(collector->options.service))
        rc = start_worker(collector, 3, watch_files, err);
    return rc;
}

int collector_start(const struct collector_options *options, struct collector **out,
                    struct err *err)
{
    struct collector *collector = calloc(1, sizeof *collector);
    pthread_condattr_t monotonic;

    if (!collector)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    collector->options = *options;
    (void)pthread_mutex_init(&collector->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&collector->ending, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    int rc = start_all(collector, err);
    if (rc) {
        collector_free(collector);
        return rc;
    }
    *out = collector;
    return 0;
}

void collector_free(struct collector *collector)
{
    if (!collector)
        return;
    (void)pthread_mutex_lock(&collector->lock);
    collector->is_ending = true;
    (void)pthread_cond_broadcast(&collector->ending);
    (void)pthread_mutex_unlock(&collector->lock);
    for (size_t i = 0; i < ARRAY_LEN(collector->workers); i++)
        if (collector->workers[i].is_there)
            (void)pthread_join(collector->workers[i].thread, NULL);
    sampler_free(collector->sampler);
    event_book_free(collector->events);
    run_lag_free(collector->run_lag);
    lag_history_free(collector->history);
    view_free(collector->view);
    (void)pthread_cond_destroy(&collector->ending);
    (void)pthread_mutex_destroy(&collector->lock);
    free(collector);
}
