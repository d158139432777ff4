/* SPDX-License-Identifier: MIT */
/* Every event says where it ends; which file that is comes in front of the file. */
#include "verify/binlog_place.h"

#include <string.h>

#include "io/unpack.h"

#define END_AT 13 /* in an event's header: the offset behind it */
#define CHECKSUM_LEN 4
#define ROTATE_FIXED_LEN 8 /* in front of the file's name: where in it */

bool binlog_place_is_known(const struct binlog_place *place)
{
    return place->file[0] && place->born_s && place->offset;
}

/*
 * The first of these comes before the description that says whether events have checksums, and has
 * one when the others have: so it is looked whether it fits.
 */
static bool ends_with_checksum(const unsigned char *bytes, size_t len)
{
    return len >= BINLOG_HEADER_LEN + ROTATE_FIXED_LEN + CHECKSUM_LEN &&
           unpack_crc32(bytes, len - CHECKSUM_LEN) ==
               little_number(bytes + len - CHECKSUM_LEN, CHECKSUM_LEN);
}

/* Made up by the server in front of each file that it sends; the one within a log is of no use. */
static void enter_file(struct binlog_place *place, const struct binlog_event *event,
                       const unsigned char *bytes, size_t len)
{
    *place = (struct binlog_place){0};
    if (!binlog_event_is_made_up(event) || len <= BINLOG_HEADER_LEN + ROTATE_FIXED_LEN)
        return;
    if (ends_with_checksum(bytes, len))
        len -= CHECKSUM_LEN;
    const unsigned char *name = bytes + BINLOG_HEADER_LEN + ROTATE_FIXED_LEN;
    size_t name_len = len - BINLOG_HEADER_LEN - ROTATE_FIXED_LEN;
    uint64_t offset = little_number(bytes + BINLOG_HEADER_LEN, ROTATE_FIXED_LEN);
    if (name_len >= sizeof(place->file) || memchr(name, '\0', name_len) || offset > UINT32_MAX)
        return;
    memcpy(place->file, name, name_len);
    place->offset = (uint32_t)offset;
}

void binlog_place_follow(struct binlog_place *place, const struct binlog_event *event,
                         const unsigned char *bytes, size_t len)
{
    if (event->type == EVENT_ROTATE) {
        enter_file(place, event, bytes, len);
        return;
    }
    if (event->type == EVENT_FORMAT_DESCRIPTION) {
        place->born_s = event->written_s;
        return;
    }
    if (binlog_event_is_made_up(event) || (event->flags & EVENT_IS_ARTIFICIAL))
        return;
    uint32_t end = (uint32_t)little_number(bytes + END_AT, 4);
    if (end <= place->offset)
        place->file[0] = '\0';
    place->offset = end;
}
