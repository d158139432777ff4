/* SPDX-License-Identifier: MIT */
/*
 * One thread asks all nodes that have a connection, and waits for none of them. A node without one
 * has a thread of its own that connects, for as long as that takes: connecting blocks, and who is
 * in trouble must not hold up the others.
 */
#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/db_poll.h"
#include "monitor/sampler_inner.h"

#define EVENTS_AT_ONCE 32
#define CONNECT_AGAIN_MS 100

/* --- waking the loop --- */

static void wake_up(const struct sampler *sampler)
{
    const uint64_t one = 1;
    while (write(sampler->wake, &one, sizeof(one)) < 0 && errno == EINTR)
        continue; /* else it is full: the loop is awake */
}

static void hear_wake(const struct sampler *sampler)
{
    uint64_t count;
    while (read(sampler->wake, &count, sizeof(count)) < 0 && errno == EINTR)
        continue; /* else it was empty */
}

/* --- connecting --- */

static void *connect_node(void *argument)
{
    struct watcher *watcher = argument;
    struct sampler *sampler = watcher->sampler;
    int64_t due_ms = clock_mono_ms();
    while (node_client_wait(&watcher->client, due_ms)) {
        struct err err = {0};
        due_ms = clock_mono_ms() + CONNECT_AGAIN_MS;
        if (node_client_connect(&watcher->client, &err) == 0)
            break;
    }
    (void)pthread_mutex_lock(&sampler->mutex);
    watcher->is_connector_done = true;
    (void)pthread_mutex_unlock(&sampler->mutex);
    wake_up(sampler);
    return NULL;
}

/* Without a thread it is tried again when the node is due. */
static void send_for_connection(struct watcher *watcher)
{
    watcher->state = WATCHER_AWAY;
    watcher->due_ms = clock_mono_ms() + CONNECT_AGAIN_MS;
    watcher->is_connector_done = false; /* no connector runs */
    watcher->has_connector = pthread_create(&watcher->connector, NULL, connect_node, watcher) == 0;
}

static void take_connection(struct watcher *watcher)
{
    struct sampler *sampler = watcher->sampler;
    (void)pthread_join(watcher->connector, NULL);
    watcher->has_connector = false;
    if (watcher->client.db == NULL)
        return; /* it was told to end */
    struct epoll_event event = {.events = EPOLLIN | EPOLLRDHUP | EPOLLET, .data.ptr = watcher};
    if (epoll_ctl(sampler->events, EPOLL_CTL_ADD, db_poll_socket(watcher->client.db), &event) !=
        0) {
        node_client_disconnect(&watcher->client);
        return; /* as without a thread */
    }
    watcher->state = WATCHER_IDLE;
    watcher->due_ms = clock_mono_ms();
}

static void take_connections(struct sampler *sampler)
{
    for (size_t i = 0; i < sampler->count; i++) {
        struct watcher *watcher = &sampler->watchers[i];
        if (!watcher->has_connector)
            continue;
        (void)pthread_mutex_lock(&sampler->mutex);
        bool is_done = watcher->is_connector_done;
        (void)pthread_mutex_unlock(&sampler->mutex);
        if (is_done)
            take_connection(watcher);
    }
}

/* --- asking --- */

/* Closing takes the socket out of the epoll, too. */
static void fail(struct watcher *watcher)
{
    watcher->round.uptime_due_ms = 0;
    sampler_publish(watcher, false);
    if (watcher->client.db == NULL)
        send_for_connection(watcher);
    else
        watcher->state = WATCHER_IDLE;
}

static void ask_next(struct watcher *watcher)
{
    struct err err = {0};
    enum sql_id id;
    if (!round_next(watcher, &id)) {
        watcher->state = WATCHER_IDLE;
        sampler_publish(watcher, true);
        return;
    }
    watcher->deadline_ms = clock_mono_ms() + NODE_CLIENT_TIMEOUT_MS;
    watcher->state = WATCHER_ASKING;
    if (node_client_ask(&watcher->client, id, &err) != 0)
        fail(watcher);
}

/* Rounds begin at multiples of the interval since the sampler's beginning: its nodes are asked
 * together, with one waking. A round that was missed is left out. */
static void begin_round(struct watcher *watcher, int64_t now_ms)
{
    int64_t interval_ms = watcher->sampler->interval_ms;
    int64_t late_ms = now_ms - watcher->due_ms;
    int64_t began_ms = watcher->sampler->began_ms;
    watcher->due_ms = began_ms + ((now_ms - began_ms) / interval_ms + 1) * interval_ms;
    round_begin(watcher);
    watcher->round.reading.late_ms = late_ms;
    ask_next(watcher);
}

static void take_answer(struct watcher *watcher)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    struct err err = {0};
    int rc = node_client_take(&watcher->client, &rows, &err);
    if (round_answer(watcher, rc, &rows, &err) == 0)
        ask_next(watcher);
    else
        fail(watcher);
}

/* --- the loop --- */

/* The end of a connection that is idle is found out when it is used. */
static void hear_node(struct watcher *watcher)
{
    if (watcher->state == WATCHER_ASKING && db_poll_is_answered(watcher->client.db))
        take_answer(watcher);
}

static void look_at(struct watcher *watcher, int64_t now_ms)
{
    switch (watcher->state) {
    case WATCHER_AWAY:
        if (!watcher->has_connector && now_ms >= watcher->due_ms)
            send_for_connection(watcher);
        break;
    case WATCHER_IDLE:
        if (now_ms >= watcher->due_ms)
            begin_round(watcher, now_ms);
        break;
    case WATCHER_ASKING:
        if (now_ms < watcher->deadline_ms)
            break;
        if (db_poll_is_answered(watcher->client.db)) { /* it was us who were late */
            take_answer(watcher);
            break;
        }
        node_client_disconnect(&watcher->client);
        fail(watcher);
        break;
    }
}

/* -1: nothing is due before somebody wakes the loop. */
static int until_due_ms(const struct sampler *sampler)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < sampler->count; i++) {
        const struct watcher *watcher = &sampler->watchers[i];
        if (watcher->has_connector)
            continue;
        int64_t due_ms = watcher->state == WATCHER_ASKING ? watcher->deadline_ms : watcher->due_ms;
        next_ms = due_ms < next_ms ? due_ms : next_ms;
    }
    if (next_ms == INT64_MAX)
        return -1;
    int64_t left_ms = next_ms - clock_mono_ms();
    return left_ms > 0 ? (int)left_ms : 0;
}

static bool is_stopping(struct sampler *sampler)
{
    (void)pthread_mutex_lock(&sampler->mutex);
    bool is_stopping = sampler->is_stopping;
    (void)pthread_mutex_unlock(&sampler->mutex);
    return is_stopping;
}

static void *run_loop(void *argument)
{
    struct sampler *sampler = argument;
    struct epoll_event events[EVENTS_AT_ONCE];
    struct err err = {0};
    if (db_thread_enter(&err) != 0)
        return NULL; /* nothing is published: all is unknown */
    while (!is_stopping(sampler)) {
        int64_t now_ms = clock_mono_ms();
        for (size_t i = 0; i < sampler->count; i++)
            look_at(&sampler->watchers[i], now_ms);
        int count = epoll_wait(sampler->events, events, EVENTS_AT_ONCE, until_due_ms(sampler));
        for (int i = 0; i < count; i++) {
            if (events[i].data.ptr != NULL) {
                hear_node(events[i].data.ptr);
                continue;
            }
            hear_wake(sampler);
            take_connections(sampler);
        }
    }
    return NULL;
}

int sampler_loop_start(struct sampler *sampler, struct err *err)
{
    struct epoll_event wake = {.events = EPOLLIN, .data.ptr = NULL};
    sampler->began_ms = clock_mono_ms();
    sampler->events = epoll_create1(EPOLL_CLOEXEC);
    sampler->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (sampler->events < 0 || sampler->wake < 0 ||
        epoll_ctl(sampler->events, EPOLL_CTL_ADD, sampler->wake, &wake) != 0)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no epoll for the sampler");
    sampler->has_thread = pthread_create(&sampler->thread, NULL, run_loop, sampler) == 0;
    if (!sampler->has_thread)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for the sampler");
    return 0;
}

void sampler_loop_end(struct sampler *sampler)
{
    (void)pthread_mutex_lock(&sampler->mutex);
    sampler->is_stopping = true;
    (void)pthread_mutex_unlock(&sampler->mutex);
    for (size_t i = 0; i < sampler->count; i++)
        node_client_stop(&sampler->watchers[i].client);
    if (sampler->has_thread) {
        wake_up(sampler);
        (void)pthread_join(sampler->thread, NULL);
    }
    for (size_t i = 0; i < sampler->count; i++)
        if (sampler->watchers[i].has_connector)
            (void)pthread_join(sampler->watchers[i].connector, NULL);
    if (sampler->events >= 0)
        (void)close(sampler->events);
    if (sampler->wake >= 0)
        (void)close(sampler->wake);
}
