/* SPDX-License-Identifier: MIT */
/*
 * `cutover watch`: the screen in a terminal, until q. Changes nothing but by
 * what a person asks of a run. What is shown is collected
 * by other threads (ctl/collector.h, ctl/attach.h), which a terminal that does not drain cannot
 * stop.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/keys.h"
#include "cli/options.h"
#include "cli/render.h"
#include "cli/service_open.h"
#include "cli/term_curses.h"
#include "cli/watch_ask.h"
#include "ctl/attach.h"
#include "ctl/collector.h"
#include "ctl/screen.h"

#define DRAW_EVERY_MS 200
#define DRAW_LEAST_MS 40 /* a key that repeats does not draw more often */
#define ONCE_MS 15000
#define ONCE_LEAST_MS 1100 /* a rate wants a second */
#define ONCE_NODES_MS 3000 /* for nodes that do not answer */
#define PIPE_COLUMNS 100
#define TRAIL_POINTS 3600
#define EVENTS_SHOWN 300
#define TEXT_CAP_BYTES ((size_t)4 << 20)

static const int64_t spans_us[] = {SCREEN_USUAL_SPAN_US, 10 * SCREEN_USUAL_SPAN_US,
                                   60 * SCREEN_USUAL_SPAN_US};

struct watch {
    const struct cli_options *options;
    struct service service;
    struct secret token;
    struct collector *collector; /* one of these two */
    struct attach *attach;
    struct view *view;
    struct lag_history *history;
    struct event_book *events;
    struct {
        uint64_t number;
        json_t *page;
    } pages[VIEW_TOPIC_COUNT];
    json_t *trail, *event_list;
    int64_t event_last;
    char trouble[1024];
    struct screen_facts facts;
    struct screen_view shown;
    size_t span;
    struct watch_ask ask;
    bool is_over;
};

/* --- what there is to show -------------------------------------------------------------------- */

static void ignore_news(void *context)
{
    (void)context; /* the screen looks by itself, five times a second */
}

static int start_collecting(struct watch *watch, struct err *err)
{
    const struct collector_options how = {.service = &watch->service, .on_news = ignore_news};

    int rc = service_open(watch->options->config_path, &watch->service, err);
    if (!rc)
        rc = collector_start(&how, &watch->collector, err);
    if (rc)
        return rc;
    watch->view = collector_view(watch->collector);
    watch->history = collector_history(watch->collector);
    watch->events = collector_events(watch->collector);
    watch->ask.service = &watch->service;
    return 0;
}

static int load_token(struct watch *watch, struct err *err)
{
    char reference[4200];
    const char *text = getenv("CUTOVER_TOKEN");

    if (watch->options->token_path) {
        (void)snprintf(reference, sizeof reference, "file:%.4096s", watch->options->token_path);
        return secret_load(&watch->token, reference, ".", err);
    }
    return text && *text ? secret_set(&watch->token, text, err) : 0;
}

static int start_attached(struct watch *watch, struct err *err)
{
    const struct attach_options how = {
        .url = watch->options->url, .token = &watch->token, .ca_path = watch->options->ca_path};

    int rc = load_token(watch, err);
    if (!rc)
        rc = attach_start(&how, &watch->attach, err);
    if (rc)
        return rc;
    watch->view = attach_view(watch->attach);
    watch->history = attach_history(watch->attach);
    watch->events = attach_events(watch->attach);
    watch->ask.attach = watch->attach;
    return 0;
}

static int watch_start(struct watch *watch, const struct cli_options *options, struct err *err)
{
    *watch = (struct watch){.options = options, .facts.trouble = watch->trouble};
    watch->shown =
        (struct screen_view){.is_ascii = !terminal_has_unicode(), .span_us = spans_us[0]};
    if (!options->url && (options->token_path || options->ca_path))
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--auth-file and --ca go with --url");
    return options->url ? start_attached(watch, err) : start_collecting(watch, err);
}

/* Whoever still asks a server that hangs is told to leave it: nobody waits for the answer. */
static void watch_release(struct watch *watch)
{
    watch_ask_close(&watch->ask);
    if (watch->collector)
        signals_request_stop(SIGTERM);
    collector_free(watch->collector);
    attach_free(watch->attach);
    for (size_t i = 0; i < VIEW_TOPIC_COUNT; i++)
        json_decref(watch->pages[i].page);
    json_decref(watch->trail);
    json_decref(watch->event_list);
    secret_release(&watch->token);
    service_release(&watch->service);
}

static void take_page(struct watch *watch, enum view_topic topic)
{
    CLEANUP(view_dropp)
    struct view_page *page = view_take(watch->view, topic, watch->pages[topic].number);
    json_t *value = NULL;
    struct err none = {0};

    if (!page || json_parse(page->text, page->len, &value, &none))
        return; /* the page of before stays, and its time tells its age */
    json_decref(watch->pages[topic].page);
    watch->pages[topic].page = value;
    watch->pages[topic].number = page->number;
    if (topic == VIEW_LAG)
        screen_note_lag(&watch->facts, value);
}

static void take_events(struct watch *watch)
{
    int64_t last = event_book_last(watch->events);

    if (watch->event_list && last == watch->event_last)
        return;
    watch->event_last = last;
    json_decref(watch->event_list);
    watch->event_list = event_book_newest(watch->events, EVENTS_SHOWN);
}

static void take_news(struct watch *watch)
{
    struct screen_facts *facts = &watch->facts;

    for (enum view_topic topic = 0; topic < VIEW_TOPIC_COUNT; topic++)
        take_page(watch, topic);
    take_events(watch);
    facts->now_us = clock_wall_us();
    json_decref(watch->trail);
    watch->trail =
        lag_history_json(watch->history, facts->now_us - watch->shown.span_us, TRAIL_POINTS);
    facts->lag = watch->pages[VIEW_LAG].page;
    facts->state = watch->pages[VIEW_STATE].page;
    facts->names = watch->pages[VIEW_NAMES].page;
    facts->run = watch->pages[VIEW_RUN].page;
    facts->trail = watch->trail;
    facts->events = watch->event_list;
    facts->heard_us =
        watch->attach ? attach_heard_us(watch->attach) : json_int_or(facts->lag, "at_us", 0);
    if (watch->attach)
        attach_trouble(watch->attach, watch->trouble, sizeof watch->trouble);
}

/* --- once ------------------------------------------------------------------------------------- */

static bool is_answered(const struct watch *watch, int64_t waited_ms)
{
    const json_t *nodes = json_object_get(watch->facts.lag, "nodes");

    if (waited_ms < ONCE_LEAST_MS || !watch->facts.state || !watch->facts.names ||
        !watch->facts.run)
        return false;
    for (size_t i = 0; i < json_array_size(nodes); i++)
        if (!json_bool_or(json_array_get(nodes, i), "is_reached", 0))
            return waited_ms > ONCE_NODES_MS;
    return json_array_size(nodes) > 0;
}

static int nothing_told(const struct watch *watch, struct err *err)
{
    bool may_want_ca = strncmp(watch->options->url, "https:", 6) == 0 && !watch->options->ca_path;

    (void)err_set(err, ERR_LOST, EFFECT_NONE, "%.120s does not tell: %.250s", watch->options->url,
                  watch->trouble);
    if (may_want_ca)
        (void)err_hint(err, "--ca FILE names the certificates to trust, when its own is none that "
                            "this machine knows");
    return ERR_LOST;
}

static int show_once(struct watch *watch, struct err *err)
{
    CLEANUP(sheet_release) struct sheet sheet = {0};
    CLEANUP(buf_release) struct buf text;
    int64_t began_ms = clock_mono_ms(), waited_ms = 0;
    size_t columns = render_columns(stdout);

    buf_init(&text, TEXT_CAP_BYTES);
    take_news(watch);
    while (!is_answered(watch, waited_ms) && waited_ms < ONCE_MS && clock_sleep_ms(50)) {
        take_news(watch);
        waited_ms = clock_mono_ms() - began_ms;
        if (watch->trouble[0] && waited_ms > ONCE_NODES_MS)
            return nothing_told(watch, err);
    }
    watch->shown.width = columns ? columns : PIPE_COLUMNS;
    if (watch->shown.width < SCREEN_LEAST_WIDTH)
        watch->shown.width = SCREEN_LEAST_WIDTH;
    screen_draw(&watch->facts, &watch->shown, &sheet);
    sheet_text(&sheet, &text);
    int rc = buf_check(&text, err);
    if (rc)
        return rc;
    (void)fputs(buf_text(&text), stdout);
    return EXIT_DONE;
}

/* --- on a terminal ---------------------------------------------------------------------------- */

static void draw(struct watch *watch, struct terminal *terminal)
{
    CLEANUP(sheet_release) struct sheet sheet = {0};

    take_news(watch);
    watch_ask_update(&watch->ask, watch->facts.run);
    watch->shown.ask = &watch->ask.shown;
    terminal_size(terminal, &watch->shown.width, &watch->shown.height);
    screen_draw(&watch->facts, &watch->shown, &sheet);
    if (!sheet.is_failed)
        terminal_draw(terminal, &sheet);
}

static void scroll(struct watch *watch, long rows)
{
    size_t at = watch->shown.scroll;

    watch->shown.scroll = rows >= 0              ? at + (size_t)rows
                          : at > (size_t)(-rows) ? at - (size_t)(-rows)
                                                 : 0;
}

static void show_panel(struct watch *watch, size_t panel)
{
    watch->shown.panel = panel;
    watch->shown.scroll = 0;
}

static void do_key(struct watch *watch, struct terminal *terminal, int key)
{
    size_t parts = SCREEN_PANEL_COUNT + 1, panel = watch->shown.panel;
    long page = watch->shown.height > 10 ? (long)watch->shown.height - 10 : 1;

    if (watch_ask_is_open(&watch->ask)) {
        watch_ask_key(&watch->ask, key);
        return;
    }
    switch (key) {
    case 'a':
        watch_ask_open(&watch->ask, watch->facts.run);
        break;
    case 'q':
    case WATCH_KEY_INTERRUPT:
        watch->is_over = true;
        break;
    case WATCH_KEY_TAB:
        show_panel(watch, (panel + 1) % parts);
        break;
    case WATCH_KEY_BACK_TAB:
        show_panel(watch, (panel + parts - 1) % parts);
        break;
    case '0':
    case WATCH_KEY_ESCAPE:
        show_panel(watch, 0);
        break;
    case WATCH_KEY_UP:
        scroll(watch, -1);
        break;
    case WATCH_KEY_DOWN:
        scroll(watch, 1);
        break;
    case WATCH_KEY_PAGE_UP:
        scroll(watch, -page);
        break;
    case WATCH_KEY_PAGE_DOWN:
        scroll(watch, page);
        break;
    case WATCH_KEY_HOME:
        watch->shown.scroll = 0;
        break;
    case 't':
        watch->span = (watch->span + 1) % ARRAY_LEN(spans_us);
        watch->shown.span_us = spans_us[watch->span];
        break;
    case WATCH_KEY_REDRAW:
        terminal_redraw(terminal);
        break;
    case WATCH_KEY_SUSPEND:
        terminal_suspend(terminal);
        terminal_mind_signals(terminal);
        break;
    default:
        if (key >= '1' && key < '1' + SCREEN_PANEL_COUNT)
            show_panel(watch, (size_t)(key - '0'));
        break;
    }
}

static void wait_for_something(const struct terminal *terminal, int64_t due_ms)
{
    struct pollfd waits[] = {
        {.fd = terminal_fd(terminal),
         .events = (short)(POLLIN | (terminal_is_busy(terminal) ? POLLOUT : 0))},
        {.fd = terminal_wake_fd(), .events = POLLIN},
        {.fd = signals_wait_fd(), .events = POLLIN},
    };
    int64_t left_ms = due_ms - clock_mono_ms();

    (void)poll(waits, ARRAY_LEN(waits), left_ms > 0 ? (int)left_ms : 0);
}

static void show_until_over(struct watch *watch, struct terminal *terminal)
{
    int64_t drawn_ms = 0, due_ms = 0;
    int key;

    while (!watch->is_over && !signals_stop_wanted() && !terminal_is_gone(terminal)) {
        int64_t now_ms = clock_mono_ms();
        if (now_ms >= due_ms) {
            draw(watch, terminal);
            drawn_ms = now_ms;
            due_ms = now_ms + DRAW_EVERY_MS;
        }
        wait_for_something(terminal, due_ms);
        terminal_mind_signals(terminal);
        terminal_send(terminal);
        while (!watch->is_over && (key = terminal_key(terminal)) != WATCH_KEY_NONE) {
            do_key(watch, terminal, key);
            due_ms = drawn_ms + DRAW_LEAST_MS;
        }
    }
}

static int show_on_terminal(struct watch *watch, struct err *err)
{
    struct terminal *terminal = NULL;

    int rc = terminal_open(!watch->options->has_no_color, &terminal, err);
    if (rc)
        return rc;
    show_until_over(watch, terminal);
    terminal_close(terminal); /* before the connections are: they may take their time */
    return EXIT_DONE;
}

int cmd_watch(const struct cli_options *options, struct err *err)
{
    CLEANUP(watch_release) struct watch watch = {0};

    int rc = watch_start(&watch, options, err);
    if (rc)
        return rc;
    return options->is_once ? show_once(&watch, err) : show_on_terminal(&watch, err);
}
