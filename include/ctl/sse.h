/* SPDX-License-Identifier: MIT */
/*
 * ctl/sse.h - a stream of server-sent events, taken apart as its bytes come.
 * Invariant: an event that does not fit the cap is left out whole.
 * Threads:   a struct sse belongs to one thread.
 */
#ifndef CUTOVER_CTL_SSE_H
#define CUTOVER_CTL_SSE_H

#include <stdint.h>

#include "base/buf.h"

#define SSE_EVENT_CAP_BYTES ((size_t)16 << 20)

struct sse_event {
    const char *name; /* "message" when the stream names none */
    int64_t id;       /* 0 when it has none */
    const char *data; /* lives until the next byte */
    size_t len;
};

struct sse {
    struct buf line, data;
    char name[32];
    int64_t id;
    void (*on_event)(void *context, const struct sse_event *event);
    void *context;
};

void sse_init(struct sse *sse, void (*on_event)(void *context, const struct sse_event *event),
              void *context);
void sse_release(struct sse *sse);
void sse_feed(struct sse *sse, const char *bytes, size_t len);

#endif
