/* SPDX-License-Identifier: MIT */
/* zlib and zstd, both with a limit to what they may make of a few bytes. */
#include "io/unpack.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zlib.h>
#include <zstd.h>

#define WINDOW_LOG 27

_Static_assert(UNPACK_WINDOW_BYTES == 1U << WINDOW_LOG, "one limit in two units");

struct unpack_stream {
    ZSTD_DCtx *context;
    ZSTD_inBuffer input;
    int is_compressed;
};

uint32_t unpack_crc32(const void *bytes, size_t len)
{
    return (uint32_t)crc32_z(crc32_z(0, NULL, 0), bytes, len);
}

uint32_t unpack_crc32_more(uint32_t begun, const void *bytes, size_t len)
{
    return (uint32_t)crc32_z(begun, bytes, len);
}

int unpack_zlib(const void *bytes, size_t len, void *out, size_t out_len, struct err *err)
{
    uLongf made = out_len;
    uLong used = len;

    if (len > UINT_MAX || out_len > UINT_MAX)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a compressed event is larger than 4 GiB");
    int rc = uncompress2(out, &made, bytes, &used);
    if (rc == Z_MEM_ERROR)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a compressed event");
    if (rc != Z_OK || made != out_len)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "a compressed event cannot be unpacked (zlib %d)", rc);
    return 0;
}

int unpack_stream_new(struct unpack_stream **out, struct err *err)
{
    struct unpack_stream *stream = calloc(1, sizeof(*stream));

    if (stream)
        stream->context = ZSTD_createDCtx();
    if (!stream || !stream->context ||
        ZSTD_isError(ZSTD_DCtx_setParameter(stream->context, ZSTD_d_windowLogMax, WINDOW_LOG))) {
        unpack_stream_free(stream);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for compressed transactions");
    }
    *out = stream;
    return 0;
}

void unpack_stream_free(struct unpack_stream *stream)
{
    if (!stream)
        return;
    (void)ZSTD_freeDCtx(stream->context); /* fails in no way that matters here */
    free(stream);
}

void unpack_stream_begin(struct unpack_stream *stream, const void *bytes, size_t len,
                         int is_compressed)
{
    (void)ZSTD_DCtx_reset(stream->context, ZSTD_reset_session_only); /* never fails for a session */
    stream->input = (ZSTD_inBuffer){.src = bytes, .size = len};
    stream->is_compressed = is_compressed;
}

static size_t copy_plain(struct unpack_stream *stream, void *out, size_t len)
{
    size_t left = stream->input.size - stream->input.pos;
    size_t count = len < left ? len : left;

    if (count)
        memcpy(out, (const char *)stream->input.src + stream->input.pos, count);
    stream->input.pos += count;
    return count;
}

int unpack_stream_take(struct unpack_stream *stream, void *out, size_t len, struct err *err)
{
    ZSTD_outBuffer output = {.dst = out, .size = len};

    if (!stream->is_compressed)
        output.pos = copy_plain(stream, out, len);
    while (stream->is_compressed && output.pos < len) {
        size_t read_before = stream->input.pos, made_before = output.pos;
        size_t rc = ZSTD_decompressStream(stream->context, &output, &stream->input);
        if (ZSTD_isError(rc))
            return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                           "a compressed transaction cannot be unpacked: %s",
                           ZSTD_getErrorName(rc));
        if (stream->input.pos == read_before && output.pos == made_before)
            break; /* nothing goes in and nothing comes out: the input is used up */
    }
    if (output.pos == 0 && len > 0)
        return 0;
    if (output.pos < len)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "a compressed transaction ends within an event");
    return 1;
}
