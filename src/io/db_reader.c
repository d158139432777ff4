/* SPDX-License-Identifier: MIT */
/*
 * A packet is a length of three bytes, a number, and as many bytes; one of 16 MiB - 1 goes on in
 * the next. Source: MySQL source documentation, "MySQL Packets".
 */
#include "io/db_reader.h"

#include <stdlib.h>
#include <string.h>

#ifdef LIBMARIADB

#define HEADER_BYTES 4
#define PART_BYTES 0xFFFFFFUL
#define ROOM_FIRST (256U << 10)
#define ROOM_MOST (2UL << 30) /* no packet is longer than max_allowed_packet, at most 1 GiB */

enum { GOT = 1, LOST = 0, NO_MEMORY = -1, NO_SENSE = -2 };

bool db_reader_is_able(const struct db *db)
{
    const MARIADB_PVIO *pvio = db->mysql->net.pvio;

    return pvio && !pvio->ctls && !db->mysql->net.compress;
}

static bool make_room(struct db_reader *reader, size_t wanted)
{
    size_t room = reader->room ? reader->room : ROOM_FIRST;

    while (room < wanted)
        room *= 2;
    if (room > ROOM_MOST)
        return false;
    if (room == reader->room)
        return true;
    unsigned char *bytes = realloc(reader->bytes, room);
    if (!bytes)
        return false;
    reader->bytes = bytes;
    reader->room = room;
    return true;
}

int db_reader_begin(struct db_reader *reader, struct db *db, struct err *err)
{
    MARIADB_PVIO *pvio = db->mysql->net.pvio;
    size_t ahead = pvio->cache ? (size_t)(pvio->cache + pvio->cache_size - pvio->cache_pos) : 0;

    if (!make_room(reader, ahead))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a stream of rows");
    if (ahead)
        memcpy(reader->bytes, pvio->cache_pos, ahead);
    pvio->cache_pos += ahead;
    reader->begin = 0;
    reader->end = ahead;
    reader->is_begun = true;
    reader->has_number = false;
    return 0;
}

void db_reader_release(struct db_reader *reader)
{
    free(reader->bytes);
    *reader = (struct db_reader){0};
}

bool db_reader_is_empty(const struct db_reader *reader)
{
    return reader->begin == reader->end;
}

/* Have at least so many bytes from begin on. */
static int have(struct db_reader *reader, struct db *db, size_t wanted)
{
    MARIADB_PVIO *pvio = db->mysql->net.pvio;

    if (reader->end - reader->begin >= wanted)
        return GOT;
    if (reader->begin) {
        memmove(reader->bytes, reader->bytes + reader->begin, reader->end - reader->begin);
        reader->end -= reader->begin;
        reader->begin = 0;
    }
    if (!make_room(reader, wanted))
        return NO_MEMORY;
    while (reader->end < wanted) {
        ssize_t got =
            pvio->methods->read(pvio, reader->bytes + reader->end, reader->room - reader->end);
        if (got <= 0)
            return LOST;
        reader->end += (size_t)got;
    }
    return GOT;
}

/* The header at this distance from begin, and all that it announces. */
static int have_part(struct db_reader *reader, struct db *db, size_t at, size_t *out_len)
{
    int rc = have(reader, db, at + HEADER_BYTES);
    if (rc != GOT)
        return rc;
    const unsigned char *header = reader->bytes + reader->begin + at;
    *out_len = (size_t)header[0] | (size_t)header[1] << 8 | (size_t)header[2] << 16;
    if (reader->has_number && header[3] != reader->number)
        return NO_SENSE;
    reader->number = (unsigned char)(header[3] + 1);
    reader->has_number = true;
    return have(reader, db, at + HEADER_BYTES + *out_len);
}

int db_reader_next(struct db_reader *reader, struct db *db, const unsigned char **out_bytes,
                   size_t *out_len)
{
    size_t len, part;
    int rc = have_part(reader, db, 0, &len);

    for (part = len; rc == GOT && part == PART_BYTES; len += part) {
        rc = have_part(reader, db, HEADER_BYTES + len, &part);
        if (rc != GOT)
            return rc;
        /* the parts lie side by side, without the header between them */
        unsigned char *to = reader->bytes + reader->begin + HEADER_BYTES + len;
        memmove(to, to + HEADER_BYTES, (size_t)(reader->bytes + reader->end - to) - HEADER_BYTES);
        reader->end -= HEADER_BYTES;
    }
    if (rc != GOT)
        return rc;
    *out_bytes = reader->bytes + reader->begin + HEADER_BYTES;
    *out_len = len;
    reader->begin += HEADER_BYTES + len;
    return GOT;
}

#endif
