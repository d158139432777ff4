/* SPDX-License-Identifier: MIT */
/*
 * io/unpack.h - bytes that a server made smaller, as they were: zlib for one event, zstd for a
 *               stream of them; and the checksum of both.
 * Memory:  what the caller gives; a stream has a window of its own, UNPACK_WINDOW_BYTES at most.
 * Threads: a stream belongs to one thread, the rest has no state.
 */
#ifndef CUTOVER_IO_UNPACK_H
#define CUTOVER_IO_UNPACK_H

#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

#define UNPACK_WINDOW_BYTES (1U << 27)

/* The CRC-32 of zlib and of binary logs. */
uint32_t unpack_crc32(const void *bytes, size_t len);
/* `begun` is that of what went before. */
uint32_t unpack_crc32_more(uint32_t begun, const void *bytes, size_t len);

/* One zlib stream that makes exactly out_len bytes. ERR_PROTOCOL/NONE otherwise. */
MUST_CHECK int unpack_zlib(const void *bytes, size_t len, void *out, size_t out_len,
                           struct err *err);

struct unpack_stream;

MUST_CHECK int unpack_stream_new(struct unpack_stream **out, struct err *err);
void unpack_stream_free(struct unpack_stream *stream);

/* A new input, borrowed until it is used up or replaced: zstd frames, or bytes as they are. */
void unpack_stream_begin(struct unpack_stream *stream, const void *bytes, size_t len,
                         int is_compressed);

/* Exactly len bytes: 1, or 0 when the input ends before the first of them. ERR_PROTOCOL/NONE: it
 * ends within them, or is not what it should be. */
MUST_CHECK int unpack_stream_take(struct unpack_stream *stream, void *out, size_t len,
                                  struct err *err);

#endif
