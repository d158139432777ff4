/* SPDX-License-Identifier: MIT */
/* A growing byte string with a cap; appending is sticky on failure. */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_init(struct buf *buf, size_t cap_bytes)
{
    *buf = (struct buf){.cap_bytes = cap_bytes};
}

void buf_release(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){.cap_bytes = buf->cap_bytes};
}

void buf_reset(struct buf *buf)
{
    buf->len = 0;
    buf->is_failed = false;
    if (buf->data)
        buf->data[0] = '\0';
}

/* Room for `more` bytes and the terminator. */
static bool buf_grow(struct buf *buf, size_t more)
{
    if (buf->is_failed)
        return false;
    if (more > buf->cap_bytes || buf->len > buf->cap_bytes - more) {
        buf->is_failed = true;
        return false;
    }
    if (buf->data && buf->len + more + 1 <= buf->room)
        return true;

    size_t room = buf->room ? buf->room : 64;
    while (room < buf->len + more + 1)
        room *= 2;
    char *data = realloc(buf->data, room);
    if (!data) {
        buf->is_failed = true;
        return false;
    }
    buf->data = data;
    buf->room = room;
    return true;
}

void buf_add(struct buf *buf, const void *bytes, size_t len)
{
    if (!buf_grow(buf, len))
        return;
    if (len)
        memcpy(buf->data + buf->len, bytes, len);
    buf->len += len;
    buf->data[buf->len] = '\0';
}

void buf_puts(struct buf *buf, const char *text)
{
    buf_add(buf, text, strlen(text));
}

void buf_putc(struct buf *buf, char byte)
{
    buf_add(buf, &byte, 1);
}

void buf_vprintf(struct buf *buf, const char *fmt, va_list args)
{
    va_list again;

    va_copy(again, args);
    int length = vsnprintf(NULL, 0, fmt, args);
    if (length < 0)
        buf->is_failed = true;
    else if (buf_grow(buf, (size_t)length)) {
        (void)vsnprintf(buf->data + buf->len, (size_t)length + 1, fmt, again);
        buf->len += (size_t)length;
    }
    va_end(again);
}

void buf_printf(struct buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    buf_vprintf(buf, fmt, args);
    va_end(args);
}

const char *buf_text(const struct buf *buf)
{
    return buf->data ? buf->data : "";
}

int buf_check(const struct buf *buf, struct err *err)
{
    if (!buf->is_failed)
        return 0;
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "a text grew beyond %zu bytes or memory ran out",
                   buf->cap_bytes);
}

char *buf_take(struct buf *buf)
{
    if (buf->is_failed || !buf_grow(buf, 0))
        return NULL;

    char *data = buf->data;
    data[buf->len] = '\0';
    *buf = (struct buf){.cap_bytes = buf->cap_bytes};
    return data;
}
