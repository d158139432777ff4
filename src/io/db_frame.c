/* SPDX-License-Identifier: MIT */
/* The frames of an answer: packets of the text protocol, or the TLS records around them. */
#include "io/db_frame.h"

#include <stdint.h>

#include "io/db_wire.h"

#define PACKET_HEAD_BYTES 4
#define RECORD_HEAD_BYTES 5
#define SPLIT_BYTES 0xFFFFFFU
#define MARK_OK 0x00
#define MARK_FILE 0xFB
#define MARK_END 0xFE
#define MARK_ERROR 0xFF

struct frames {
    const unsigned char *bytes;
    size_t len, at;
};

/* The next packet that is here whole: its bytes, and how many. */
static bool next_packet(struct frames *frames, const unsigned char **out, size_t *out_len)
{
    const unsigned char *head = frames->bytes + frames->at;
    size_t left = frames->len - frames->at;

    if (left < PACKET_HEAD_BYTES)
        return false;
    *out_len = (size_t)head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16;
    if (left - PACKET_HEAD_BYTES < *out_len)
        return false;
    *out = head + PACKET_HEAD_BYTES;
    frames->at += PACKET_HEAD_BYTES + *out_len;
    return true;
}

bool db_frame_is_whole(const unsigned char *bytes, size_t len, unsigned marks)
{
    struct frames frames = {.bytes = bytes, .len = len};
    const unsigned char *packet = NULL;
    size_t packet_len = 0, at = 0;
    uint64_t columns = 0;

    if (!next_packet(&frames, &packet, &packet_len))
        return false;
    if (packet_len == 0 || packet[0] == MARK_OK || packet[0] == MARK_FILE ||
        packet[0] == MARK_ERROR || !wire_number(packet, packet_len, &at, &columns))
        return true;
    for (uint64_t i = 0; i < columns; i++)
        if (!next_packet(&frames, &packet, &packet_len))
            return false;
    while (marks > 0) {
        if (!next_packet(&frames, &packet, &packet_len))
            return false;
        if (packet_len == 0 || packet[0] == MARK_ERROR)
            return true;
        if (packet[0] == MARK_END && packet_len < SPLIT_BYTES)
            marks--;
    }
    return true;
}

bool db_frame_is_whole_tls(const unsigned char *bytes, size_t len)
{
    size_t at = 0;

    while (len - at >= RECORD_HEAD_BYTES) {
        size_t record = (size_t)bytes[at + 3] << 8 | bytes[at + 4];
        if (len - at - RECORD_HEAD_BYTES < record)
            return false;
        at += RECORD_HEAD_BYTES + record;
    }
    return at == len && len > 0;
}
