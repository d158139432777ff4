/* SPDX-License-Identifier: MIT */
/* Lines for the operator on stderr; one line is one write. */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/json.h"

static enum log_level threshold = LOG_INFO;
static enum log_form form = LOG_TEXT;
static void (*before_line)(void *context);
static void *before_line_context;

static const char *const level_names[] = {
    [LOG_DEBUG] = "DEBUG", [LOG_INFO] = "INFO", [LOG_WARN] = "WARN", [LOG_ERROR] = "ERROR"};

void log_setup(enum log_level level, enum log_form new_form)
{
    threshold = level;
    form = new_form;
}

void log_before_line(void (*make_room)(void *context), void *context)
{
    before_line = make_room;
    before_line_context = context;
}

static void emit(const char *line, size_t len)
{
    if (before_line)
        before_line(before_line_context);
    while (len > 0) {
        ssize_t written = write(STDERR_FILENO, line, len);
        if (written <= 0)
            return; /* nobody reads stderr any more: the journal still has the event */
        line += written;
        len -= (size_t)written;
    }
}

static void emit_text(enum log_level level, const char *message)
{
    char line[2048];
    int64_t now_us = clock_wall_us();
    time_t seconds = (time_t)(now_us / 1000000);
    struct tm local = {0};

    (void)localtime_r(&seconds, &local);
    int length =
        snprintf(line, sizeof line, "%02d:%02d:%02d.%03d %-5s %s\n", local.tm_hour, local.tm_min,
                 local.tm_sec, (int)(now_us / 1000 % 1000), level_names[level], message);
    if (length >= (int)sizeof line) {
        length = (int)sizeof line - 1;
        line[length - 1] = '\n';
    }
    if (length > 0)
        emit(line, (size_t)length);
}

static void emit_json(enum log_level level, const char *message)
{
    char at[32];
    CLEANUP(json_release)
    json_t *line = json_pack("{s:s,s:s,s:s}", "at", clock_iso8601(clock_wall_us(), at), "level",
                             level_names[level], "message", message);
    char *text = line ? json_dumps(line, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
    if (!text) {
        emit_text(level, message); /* not valid UTF-8, or no memory: still better than silence */
        return;
    }

    size_t len = strlen(text);
    text[len] = '\n'; /* the terminator's place: emit() takes a length */
    emit(text, len + 1);
    free(text);
}

void log_line(enum log_level level, const char *fmt, ...)
{
    if (level < threshold)
        return;

    char message[1900];
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(message, sizeof message, fmt, args);
    va_end(args);
    if (form == LOG_JSON)
        emit_json(level, message);
    else
        emit_text(level, message);
}

void log_failure(const struct err *err)
{
    log_line(LOG_ERROR, "%s%s%s", err->where, err->where[0] ? ": " : "", err->msg);
    if (form == LOG_TEXT && err->effect == EFFECT_UNKNOWN)
        log_line(LOG_ERROR, "DETAIL: it is not known whether the last operation took effect");
    if (err->hint[0])
        log_line(LOG_ERROR, "HINT: %s", err->hint);
}
