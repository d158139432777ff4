/* SPDX-License-Identifier: MIT */
/*
 * base/buf.h - a growing byte string with a cap.
 * Invariant: data is NUL-terminated at [len] whenever data != NULL; len never exceeds cap_bytes.
 * Errors:    appending never fails loudly; a failed append (cap or memory) sets is_failed and
 *            appends nothing more, so a caller builds a whole text and asks once with buf_check().
 * Threads:   a buf belongs to one thread.
 */
#ifndef CUTOVER_BASE_BUF_H
#define CUTOVER_BASE_BUF_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/attr.h"
#include "base/err.h"

struct buf {
    char *data;
    size_t len;
    size_t room;
    size_t cap_bytes;
    bool is_failed;
};

void buf_init(struct buf *buf, size_t cap_bytes);
void buf_release(struct buf *buf);
void buf_reset(struct buf *buf); /* empty again, memory kept */

void buf_add(struct buf *buf, const void *bytes, size_t len);
void buf_puts(struct buf *buf, const char *text);
void buf_putc(struct buf *buf, char byte);
void buf_printf(struct buf *buf, const char *fmt, ...) PRINTF_LIKE(2, 3);
void buf_vprintf(struct buf *buf, const char *fmt, va_list args) PRINTF_LIKE(2, 0);

/* The text, never NULL. Valid until the next change of `buf`. */
const char *buf_text(const struct buf *buf);

/* 0, or ERR_MEMORY/NONE when an append had failed since the last reset. */
MUST_CHECK int buf_check(const struct buf *buf, struct err *err);

/* Hand the string to the caller (free() it); the buf is empty afterwards. NULL when is_failed. */
char *buf_take(struct buf *buf);

#endif
