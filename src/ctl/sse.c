/* SPDX-License-Identifier: MIT */
#include "ctl/sse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void sse_init(struct sse *sse, void (*on_event)(void *context, const struct sse_event *event),
              void *context)
{
    *sse = (struct sse){.on_event = on_event, .context = context};
    buf_init(&sse->line, SSE_EVENT_CAP_BYTES);
    buf_init(&sse->data, SSE_EVENT_CAP_BYTES);
}

void sse_release(struct sse *sse)
{
    buf_release(&sse->line);
    buf_release(&sse->data);
}

static void end_event(struct sse *sse)
{
    const struct sse_event event = {.name = sse->name[0] ? sse->name : "message",
                                    .id = sse->id,
                                    .data = buf_text(&sse->data),
                                    .len = sse->data.len};

    if (sse->data.len > 0 && !sse->data.is_failed)
        sse->on_event(sse->context, &event);
    buf_reset(&sse->data);
    sse->name[0] = '\0';
    sse->id = 0;
}

/* "field: value"; one blank behind the colon is no part of the value. */
static const char *value_of(const char *line, const char *field)
{
    size_t len = strlen(field);

    if (strncmp(line, field, len) != 0 || line[len] != ':')
        return NULL;
    return line + len + (line[len + 1] == ' ' ? 2 : 1);
}

static void end_line(struct sse *sse)
{
    const char *line = buf_text(&sse->line), *value;

    if (sse->line.is_failed) {
        sse->data.is_failed = true;
    } else if (sse->line.len == 0) {
        end_event(sse);
    } else if ((value = value_of(line, "event"))) {
        (void)snprintf(sse->name, sizeof sse->name, "%s", value);
    } else if ((value = value_of(line, "id"))) {
        sse->id = strtoll(value, NULL, 10);
    } else if ((value = value_of(line, "data"))) {
        if (sse->data.len > 0)
            buf_putc(&sse->data, '\n');
        buf_puts(&sse->data, value);
    }
    buf_reset(&sse->line);
}

void sse_feed(struct sse *sse, const char *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const char *end = memchr(bytes + at, '\n', len - at);
        size_t part = (end ? (size_t)(end - bytes) : len) - at;
        buf_add(&sse->line, bytes + at, part);
        at += part + 1;
        if (end)
            end_line(sse);
    }
}
