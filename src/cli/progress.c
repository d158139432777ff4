/* SPDX-License-Identifier: MIT */
/* The one line that says where long work is. */
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/render.h"

#define PIPE_INTERVAL_MS 1000
#define TERMINAL_INTERVAL_MS 100
#define ERASE_LINE "\r\033[K"

static void put(const char *text, size_t len)
{
    if (write(STDERR_FILENO, text, len) < 0)
        return; /* progress that nobody can see is no reason to stop */
}

static void erase(struct render *render)
{
    if (render->is_shown)
        put(ERASE_LINE, strlen(ERASE_LINE));
    render->is_shown = false;
}

static void draw(struct render *render, const char *text)
{
    char out[RENDER_LINE_SIZE + 16];
    size_t columns = render_columns(stderr);
    /* one column stays free: writing into the last one makes some terminals scroll */
    size_t fit = columns > 1 ? render_fit(text, columns - 1) : strlen(text);
    int len = snprintf(out, sizeof out, ERASE_LINE "%.*s", (int)fit, text);

    put(out, (size_t)len);
    render->is_shown = true;
}

static void print_line(const char *text)
{
    char out[RENDER_LINE_SIZE + 2];

    put(out, (size_t)snprintf(out, sizeof out, "%s\n", text));
}

void progress_show(struct render *render, const char *fmt, ...)
{
    char text[RENDER_LINE_SIZE];
    int64_t now_ms = clock_mono_ms();
    va_list args;

    if (render->is_quiet)
        return;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    (void)pthread_mutex_lock(&render->lock);
    int64_t interval_ms = render->is_progress_terminal ? TERMINAL_INTERVAL_MS : PIPE_INTERVAL_MS;
    bool is_due = (render->is_progress_terminal && !render->has_printed) ||
                  now_ms - render->printed_ms >= interval_ms;
    if (is_due && (strcmp(text, render->text) != 0 || render->is_progress_terminal)) {
        if (render->is_progress_terminal)
            draw(render, text);
        else
            print_line(text);
        memcpy(render->text, text, sizeof text);
        render->printed_ms = now_ms;
        render->has_printed = true;
    }
    (void)pthread_mutex_unlock(&render->lock);
}

void progress_finish(struct render *render, const char *fmt, ...)
{
    char text[RENDER_LINE_SIZE];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);

    (void)pthread_mutex_lock(&render->lock);
    erase(render);
    if (!render->is_quiet)
        print_line(text);
    render->text[0] = '\0';
    render->has_printed = false;
    (void)pthread_mutex_unlock(&render->lock);
}

void prompt_show(struct render *render, const char *question)
{
    (void)pthread_mutex_lock(&render->lock);
    if (!render->is_asking) {
        erase(render);
        (void)fprintf(stderr, "\n%s [y/n] ", question);
        (void)fflush(stderr);
        render->is_asking = true;
    }
    (void)pthread_mutex_unlock(&render->lock);
}

void prompt_answered(struct render *render)
{
    (void)pthread_mutex_lock(&render->lock);
    render->is_asking = false;
    (void)pthread_mutex_unlock(&render->lock);
}

void progress_clear(struct render *render)
{
    (void)pthread_mutex_lock(&render->lock);
    erase(render);
    if (render->is_asking)
        put("\n", 1);
    render->is_asking = false;
    (void)pthread_mutex_unlock(&render->lock);
}
