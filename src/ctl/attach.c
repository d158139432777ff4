/* SPDX-License-Identifier: MIT */
#include "ctl/attach.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/sse.h"
#include "io/http_client.h"

#define ANSWER_MS 10000
#define QUIET_MS 15000 /* the stream says at least that it is there */
#define ASK_MS 5000
#define AGAIN_MS 1000
#define HISTORY_POINTS 3600
#define URL_SIZE 1024

struct attach {
    struct attach_options options;
    struct view *view;
    struct lag_history *history;
    struct event_book *events;
    struct http_client *client;
    atomic_int_least64_t heard_us;
    pthread_mutex_t lock;
    pthread_cond_t ending;
    bool is_ending;     /* guarded by the lock */
    char trouble[1024]; /* as well */
    pthread_t thread;
    bool has_thread;
};

struct view *attach_view(struct attach *attach)
{
    return attach->view;
}

struct lag_history *attach_history(struct attach *attach)
{
    return attach->history;
}

struct event_book *attach_events(struct attach *attach)
{
    return attach->events;
}

int64_t attach_heard_us(struct attach *attach)
{
    return atomic_load(&attach->heard_us);
}

void attach_trouble(struct attach *attach, char *out, size_t out_size)
{
    (void)pthread_mutex_lock(&attach->lock);
    (void)snprintf(out, out_size, "%s", attach->trouble);
    (void)pthread_mutex_unlock(&attach->lock);
}

static void set_trouble(struct attach *attach, const char *text, const char *hint)
{
    (void)pthread_mutex_lock(&attach->lock);
    (void)snprintf(attach->trouble, sizeof attach->trouble, "%s%s%s", text, *hint ? "; " : "",
                   hint);
    (void)pthread_mutex_unlock(&attach->lock);
}

/* --- what is told ----------------------------------------------------------------------------- */

static void keep_lag(struct attach *attach, const json_t *page)
{
    const json_t *links = json_object_get(page, "links");
    int64_t at_us = json_int_or(page, "at_us", 0);

    if (at_us > lag_history_last(attach->history))
        lag_history_add(attach->history, at_us,
                        json_object_get(json_object_get(links, "forward"), "lag_ms"),
                        json_object_get(json_object_get(links, "reverse"), "lag_ms"));
}

static void keep_event(void *context, const struct sse_event *event)
{
    struct attach *attach = context;
    json_t *page = NULL;
    struct err none = {0};

    if (strcmp(event->name, "journal") == 0) {
        event_book_add(attach->events, event->id, strdup(event->data));
        return;
    }
    for (enum view_topic topic = 0; topic < VIEW_TOPIC_COUNT; topic++) {
        if (strcmp(event->name, view_topic_name(topic)) != 0)
            continue;
        if (json_parse(event->data, event->len, &page, &none))
            return; /* the page of before stays, and its time tells its age */
        if (topic == VIEW_LAG)
            keep_lag(attach, page);
        if (view_publish(attach->view, topic, page, &none) == 0)
            set_trouble(attach, "", "");
        return;
    }
}

static void take_bytes(void *context, const char *bytes, size_t len)
{
    struct sse *sse = context;
    struct attach *attach = sse->context;

    atomic_store(&attach->heard_us, clock_wall_us());
    sse_feed(sse, bytes, len);
}

static bool is_unwanted(void *context)
{
    struct attach *attach = context;

    (void)pthread_mutex_lock(&attach->lock);
    bool is_ending = attach->is_ending;
    (void)pthread_mutex_unlock(&attach->lock);
    return is_ending;
}

/* --- asking ----------------------------------------------------------------------------------- */

static struct http_request request_for(struct attach *attach, char url[URL_SIZE], const char *path,
                                       int64_t timeout_ms)
{
    size_t len = strlen(attach->options.url);

    while (len > 0 && attach->options.url[len - 1] == '/')
        len--;
    (void)snprintf(url, URL_SIZE, "%.*s%s", (int)len, attach->options.url, path);
    return (struct http_request){.method = "GET",
                                 .url = url,
                                 .ca_path = attach->options.ca_path,
                                 .bearer = attach->options.token,
                                 .timeout_ms = timeout_ms,
                                 .is_unwanted = is_unwanted,
                                 .context = attach};
}

static int check_status(const struct http_response *response, struct err *err)
{
    CLEANUP(json_release) json_t *body = NULL;

    if (response->status == 200)
        return 0;
    if (response->status == 401)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "it wants a token, and this is none of its");
    if (json_parse(buf_text(&response->body), response->body.len, &body, NULL))
        body = NULL; /* some other server: its number says enough */
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "it answers %ld %.200s", response->status,
                   json_text_or(body, "error", ""));
}

int attach_ask(struct attach *attach, const char *run, const char *what, const char *step,
               struct err *err)
{
    CLEANUP(http_client_freep) struct http_client *client = NULL;
    CLEANUP(http_response_release) struct http_response response = {0};
    CLEANUP(json_release)
    json_t *wish = json_pack("{s:s,s:s,s:s}", "run", run, "what", what, "step", step);
    char url[URL_SIZE], *body = wish ? json_dumps(wish, JSON_COMPACT) : NULL;

    if (!body)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    struct http_request request = request_for(attach, url, "/api/requests", ASK_MS);
    request.method = "POST";
    request.content_type = "application/json";
    request.body = body;
    int rc = http_client_new(&client, err);
    if (!rc)
        rc = http_send(client, &request, &response, err);
    free(body);
    if (rc || response.status == 202)
        return rc;
    CLEANUP(json_release) json_t *answer = NULL;
    if (json_parse(buf_text(&response.body), response.body.len, &answer, NULL))
        answer = NULL; /* the number says enough */
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "%.300s (%ld)",
                   json_text_or(answer, "error", "it is not taken there"), response.status);
}

/* What was before we came, and what was missed since. */
static int ask_history(struct attach *attach, struct err *err)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    CLEANUP(json_release) json_t *history = NULL;
    char url[URL_SIZE], path[128];

    (void)snprintf(path, sizeof path, "/api/lag/history?points=%d&since_us=%" PRId64,
                   HISTORY_POINTS, lag_history_last(attach->history));
    struct http_request request = request_for(attach, url, path, ANSWER_MS);
    int rc = http_send(attach->client, &request, &response, err);
    if (!rc)
        rc = check_status(&response, err);
    if (!rc)
        rc = json_parse(buf_text(&response.body), response.body.len, &history, err);
    const json_t *at = json_object_get(history, "at_us");
    for (size_t i = 0; i < json_array_size(at); i++)
        lag_history_add(attach->history, json_integer_value(json_array_get(at, i)),
                        json_array_get(json_object_get(history, "forward"), i),
                        json_array_get(json_object_get(history, "reverse"), i));
    return rc;
}

static int follow(struct attach *attach, struct err *err)
{
    CLEANUP(http_response_release) struct http_response response = {0};
    CLEANUP(sse_release) struct sse sse;
    char url[URL_SIZE];

    sse_init(&sse, keep_event, attach);
    int rc = ask_history(attach, err);
    if (rc)
        return rc;
    struct http_request request = request_for(attach, url, "/api/events", QUIET_MS);
    const struct http_taker taker = {.take = take_bytes, .context = &sse};
    rc = http_follow(attach->client, &request, &taker, &response, err);
    if (!rc)
        rc = check_status(&response, err);
    return rc ? rc : err_set(err, ERR_LOST, EFFECT_NONE, "it has ended the connection");
}

static bool wait_a_while(struct attach *attach)
{
    int64_t due_ms = clock_mono_ms() + AGAIN_MS;
    struct timespec due = {.tv_sec = due_ms / 1000, .tv_nsec = due_ms % 1000 * 1000000};

    (void)pthread_mutex_lock(&attach->lock);
    while (!attach->is_ending && clock_mono_ms() < due_ms)
        (void)pthread_cond_timedwait(&attach->ending, &attach->lock, &due);
    bool is_wanted = !attach->is_ending;
    (void)pthread_mutex_unlock(&attach->lock);
    return is_wanted;
}

static void *watch_other(void *context)
{
    struct attach *attach = context;

    do {
        struct err why = {0};
        (void)follow(attach, &why); /* it says why, whichever way it ended */
        set_trouble(attach, why.msg, why.hint);
    } while (wait_a_while(attach));
    return NULL;
}

/* --- starting and ending ---------------------------------------------------------------------- */

static int make_parts(struct attach *attach, struct err *err)
{
    int rc = view_new(&attach->view, err);

    if (!rc)
        rc = lag_history_new(&attach->history, err);
    if (!rc)
        rc = event_book_new(&attach->events, err);
    if (!rc)
        rc = http_client_new(&attach->client, err);
    if (rc)
        return rc;
    int failed = pthread_create(&attach->thread, NULL, watch_other, attach);
    if (failed)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread: %s", strerror(failed));
    attach->has_thread = true;
    return 0;
}

static int check_url(const char *url, struct err *err)
{
    bool is_http = strncmp(url, "http://", 7) == 0 || strncmp(url, "https://", 8) == 0;

    if (is_http && strlen(url) < URL_SIZE - 160)
        return 0;
    (void)err_set(err, ERR_CONFIG, EFFECT_NONE, "\"%s\" is no http or https address", url);
    return err_hint(err, "It is what `cutover serve` says that it is, such as "
                         "http://127.0.0.1:8306.");
}

int attach_start(const struct attach_options *options, struct attach **out, struct err *err)
{
    pthread_condattr_t monotonic;

    int rc = check_url(options->url, err);
    if (rc)
        return rc;
    struct attach *attach = calloc(1, sizeof *attach);
    if (!attach)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    attach->options = *options;
    (void)pthread_mutex_init(&attach->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&attach->ending, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    rc = make_parts(attach, err);
    if (rc) {
        attach_free(attach);
        return rc;
    }
    *out = attach;
    return 0;
}

void attach_free(struct attach *attach)
{
    if (!attach)
        return;
    (void)pthread_mutex_lock(&attach->lock);
    attach->is_ending = true;
    (void)pthread_cond_broadcast(&attach->ending);
    (void)pthread_mutex_unlock(&attach->lock);
    if (attach->has_thread)
        (void)pthread_join(attach->thread, NULL);
    http_client_free(attach->client);
    event_book_free(attach->events);
    lag_history_free(attach->history);
    view_free(attach->view);
    (void)pthread_cond_destroy(&attach->ending);
    (void)pthread_mutex_destroy(&attach->lock);
    free(attach);
}
