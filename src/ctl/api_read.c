/* SPDX-License-Identifier: MIT */
#include "ctl/api_read.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "ctl/metrics.h"
#include "ctl/www.h"

#define TEXT_CAP_BYTES (16U << 20)
#define HISTORY_POINTS 3000
#define QUIET_MS 15000 /* a stream says something at least so often, so that both ends notice */

/* --- files ------------------------------------------------------------------------------------ */

static const char *media_type(const char *name)
{
    static const char *const types[][2] = {{".html", "text/html; charset=utf-8"},
                                           {".js", "text/javascript; charset=utf-8"},
                                           {".css", "text/css; charset=utf-8"},
                                           {".json", "application/json"},
                                           {".svg", "image/svg+xml"}};
    const char *dot = strrchr(name, '.');

    for (size_t i = 0; dot && i < ARRAY_LEN(types); i++)
        if (strcmp(dot, types[i][0]) == 0)
            return types[i][1];
    return "application/octet-stream";
}

static void send_file(const char *name, struct http_answer *answer)
{
    for (size_t i = 0; i < www_file_count; i++)
        if (strcmp(www_files[i].name, name) == 0) {
            answer->status = 200;
            answer->fixed = www_files[i].bytes;
            answer->fixed_len = (size_t)(www_files[i].end - www_files[i].bytes);
            http_answer_field(answer, "Content-Type", "%s", media_type(name));
            return;
        }
    route_refuse(answer, 404, "there is no such file");
}

ROUTE(api_page)
{
    (void)call;
    send_file("index.html", answer);
}

ROUTE(api_asset)
{
    send_file(call->rest, answer);
}

/* --- texts ------------------------------------------------------------------------------------ */

static void send_text(const char *type, const char *text, size_t len, struct http_answer *answer)
{
    answer->status = 200;
    http_answer_field(answer, "Content-Type", "%s", type);
    buf_init(&answer->body, TEXT_CAP_BYTES);
    buf_add(&answer->body, text, len);
}

/* Takes value. */
static void send_json(json_t *value, struct http_answer *answer)
{
    char *text = value ? json_dumps(value, JSON_COMPACT) : NULL;

    json_decref(value);
    if (text)
        send_text("application/json", text, strlen(text), answer);
    else
        route_refuse(answer, 500, "out of memory");
    free(text);
}

static void send_topic(const struct route_call *call, enum view_topic topic,
                       struct http_answer *answer)
{
    CLEANUP(view_dropp)
    struct view_page *page = view_take(server_view(call->server), topic, 0);

    if (!page) {
        http_answer_field(answer, "Retry-After", "1");
        route_refuse(answer, 503, "not asked yet");
        return;
    }
    send_text("application/json", page->text, page->len, answer);
}

ROUTE(api_health)
{
    (void)call;
    send_text("text/plain", "ok\n", 3, answer);
}

ROUTE(api_state)
{
    send_topic(call, VIEW_STATE, answer);
}

ROUTE(api_lag)
{
    send_topic(call, VIEW_LAG, answer);
}

ROUTE(api_names)
{
    send_topic(call, VIEW_NAMES, answer);
}

ROUTE(api_run)
{
    send_topic(call, VIEW_RUN, answer);
}

static int64_t number_query(const struct route_call *call, const char *name, int64_t fallback)
{
    const char *text = http_call_query(call->http, name);
    char *end;
    int64_t value = text ? strtoll(text, &end, 10) : fallback;

    return text && (end == text || *end) ? fallback : value;
}

static size_t points_query(const struct route_call *call)
{
    int64_t points = number_query(call, "points", HISTORY_POINTS);

    return points < 1 || points > LAG_HISTORY_CAP ? HISTORY_POINTS : (size_t)points;
}

ROUTE(api_lag_history)
{
    send_json(lag_history_json(collector_history(server_collector(call->server)),
                               number_query(call, "since_us", 0), points_query(call)),
              answer);
}

ROUTE(api_run_lag)
{
    send_json(run_lag_json(collector_run_lag(server_collector(call->server)), points_query(call)),
              answer);
}

ROUTE(api_metrics)
{
    buf_init(&answer->body, TEXT_CAP_BYTES);
    metrics_text(call->server, &answer->body);
    answer->status = 200;
    http_answer_field(answer, "Content-Type", "text/plain; version=0.0.4; charset=utf-8");
}

/* --- who -------------------------------------------------------------------------------------- */

ROUTE(api_whoami)
{
    send_json(json_pack("{s:s,s:s,s:b}", "name", call->who->name, "role",
                        role_name(call->who->role), "has_tokens",
                        (int)server_service(call->server)->serve.has_tokens),
              answer);
}

static void set_cookie(const struct route_call *call, const char *value, int64_t age_s,
                       struct http_answer *answer)
{
    http_answer_field(answer, "Set-Cookie",
                      ACCESS_COOKIE "=%s; Path=/; HttpOnly; SameSite=Strict; Max-Age=%" PRId64 "%s",
                      value, age_s, server_has_tls(call->server) ? "; Secure" : "");
}

ROUTE(api_login)
{
    char cookie[DIGEST_HEX_LEN + 1];
    struct err why = {0};

    int rc = access_login(server_access(call->server), call->http->body, call->http->body_len,
                          cookie, &why);
    if (rc) {
        route_refuse(answer, rc == ERR_REFUSED ? 401 : 500, "%s", why.msg);
        return;
    }
    set_cookie(call, cookie, ACCESS_SESSION_S, answer);
    send_json(json_pack("{s:b}", "is_done", 1), answer);
}

ROUTE(api_logout)
{
    access_logout(server_access(call->server), call->http);
    set_cookie(call, "", 0, answer);
    send_json(json_pack("{s:b}", "is_done", 1), answer);
}

/* --- the stream ------------------------------------------------------------------------------- */

struct watching {
    struct server *server;
    uint64_t seen[VIEW_TOPIC_COUNT];
    int64_t event;
    int64_t said_ms;
};

static int next_events(void *context, struct buf *out)
{
    struct watching *watching = context;
    size_t before = out->len;

    for (enum view_topic topic = 0; topic < VIEW_TOPIC_COUNT; topic++) {
        CLEANUP(view_dropp)
        struct view_page *page =
            view_take(server_view(watching->server), topic, watching->seen[topic]);
        if (!page)
            continue;
        watching->seen[topic] = page->number;
        buf_printf(out, "event: %s\ndata: ", view_topic_name(topic));
        buf_add(out, page->text, page->len);
        buf_puts(out, "\n\n");
    }
    (void)event_book_tell(collector_events(server_collector(watching->server)), watching->event,
                          out, &watching->event);
    if (out->len == before && clock_mono_ms() - watching->said_ms > QUIET_MS)
        buf_puts(out, ": still here\n\n");
    if (out->len == before)
        return 0;
    watching->said_ms = clock_mono_ms();
    return 1;
}

ROUTE(api_events)
{
    const char *last = http_call_field(call->http, "Last-Event-ID");
    struct watching *watching = calloc(1, sizeof *watching);

    if (!watching) {
        route_refuse(answer, 500, "out of memory");
        return;
    }
    *watching = (struct watching){.server = call->server,
                                  .event = last ? strtoll(last, NULL, 10) : 0,
                                  .said_ms = clock_mono_ms()};
    answer->status = 200;
    answer->stream =
        (struct http_stream){.context = watching, .next = next_events, .release = free};
    http_answer_field(answer, "Content-Type", "text/event-stream");
}

ROUTE(api_description)
{
    (void)call;
    send_file("openapi.json", answer);
}
