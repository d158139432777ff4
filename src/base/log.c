/* SPDX-License-Identifier: MIT */
/*
 * Lines for the operator on stderr; one line is one write. Source for journald: systemd,
 * "Native Journal Protocol": NAME, line break, length as 64 bits, value, line break.
 */
#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/json.h"
#include "base/manager.h"

static enum log_level threshold = LOG_INFO;
static enum log_form form = LOG_TEXT;
static int journald = -1; /* a socket, with LOG_JOURNALD */
static _Thread_local struct {
    char run[24], step[96], event[32];
} about;
static void (*before_line)(void *context);
static void *before_line_context;

static const char *const level_names[] = {
    [LOG_DEBUG] = "DEBUG", [LOG_INFO] = "INFO", [LOG_WARN] = "WARN", [LOG_ERROR] = "ERROR"};

void log_setup(enum log_level level, enum log_form new_form)
{
    threshold = level;
    form = new_form;
    if (form == LOG_JOURNALD && journald < 0)
        journald = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
}

static void keep(char *out, size_t out_size, const char *text)
{
    if (text)
        (void)snprintf(out, out_size, "%s", text);
}

void log_about(const char *run, const char *step, const char *event)
{
    keep(about.run, sizeof about.run, run);
    keep(about.step, sizeof about.step, step);
    keep(about.event, sizeof about.event, event);
}

const char *log_about_step(void)
{
    return about.step;
}

const char *log_about_event(void)
{
    return about.event;
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

static void add_field(json_t *line, const char *name, const char *value)
{
    if (value[0])
        (void)json_object_set_new(line, name, json_string(value)); /* not valid: left out */
}

static void emit_json(enum log_level level, const char *message)
{
    char at[32];
    CLEANUP(json_release)
    json_t *line = json_pack("{s:s,s:s}", "at", clock_iso8601(clock_wall_us(), at), "level",
                             level_names[level]);
    add_field(line, "run", about.run);
    add_field(line, "step", about.step);
    add_field(line, "event", about.event);
    if (line && json_object_set_new(line, "message", json_string(message))) {
        emit_text(level, message);
        return;
    }
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

static void put_field(struct buf *out, const char *name, const char *value)
{
    uint64_t len = strlen(value);
    unsigned char bytes[8];

    if (!len)
        return;
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (unsigned char)(len >> (8 * i));
    buf_puts(out, name);
    buf_putc(out, '\n');
    buf_add(out, bytes, sizeof bytes);
    buf_add(out, value, len);
    buf_putc(out, '\n');
}

/* False: it has not arrived. */
static bool send_to_journald(const struct buf *line)
{
    static const struct sockaddr_un address = {.sun_family = AF_UNIX,
                                               .sun_path = "/run/systemd/journal/socket"};

    return journald >= 0 && !line->is_failed &&
           sendto(journald, line->data, line->len, MSG_NOSIGNAL, (const struct sockaddr *)&address,
                  sizeof address) == (ssize_t)line->len;
}

static void emit_journald(enum log_level level, const char *message)
{
    static const char *const priorities[] = {
        [LOG_DEBUG] = "7", [LOG_INFO] = "6", [LOG_WARN] = "4", [LOG_ERROR] = "3"};
    CLEANUP(buf_release) struct buf line;

    buf_init(&line, 8192);
    put_field(&line, "MESSAGE", message);
    put_field(&line, "PRIORITY", priorities[level]);
    put_field(&line, "SYSLOG_IDENTIFIER", "cutover");
    put_field(&line, "CUTOVER_RUN", about.run);
    put_field(&line, "CUTOVER_STEP", about.step);
    put_field(&line, "CUTOVER_EVENT", about.event);
    if (!send_to_journald(&line))
        emit_text(level, message);
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
    if (level >= LOG_INFO)
        manager_status(message);
    if (form == LOG_JOURNALD)
        emit_journald(level, message);
    else if (form == LOG_JSON)
        emit_json(level, message);
    else
        emit_text(level, message);
}

void log_failure(const struct err *err)
{
    log_line(LOG_ERROR, "%s%s%s", err->where, err->where[0] ? ": " : "", err->msg);
    if (form != LOG_JSON && err->effect == EFFECT_UNKNOWN)
        log_line(LOG_ERROR, "DETAIL: it is not known whether the last operation took effect");
    if (err->hint[0])
        log_line(LOG_ERROR, "HINT: %s", err->hint);
}
