/* SPDX-License-Identifier: MIT */
/*
 * io/db_reader.h - packets of an answer, read off the socket in large pieces and handed out where
 *                  they lie.
 * Why:     the library copies each byte twice and asks the kernel for 16 KiB at a time; of a stream
 *          of rows that is half of what the client does.
 * For:     an answer under way, without TLS or compression; only src/io/db_packets.c uses it.
 * Threads: as io/db.h.
 */
#ifndef CUTOVER_IO_DB_READER_H
#define CUTOVER_IO_DB_READER_H

#include "io/db_inner.h"

/* What was read and not handed out lies from begin to end. Zeroed memory is a reader not begun. */
struct db_reader {
    unsigned char *bytes;
    size_t room, begin, end;
    bool is_begun, has_number;
    unsigned char number; /* of the packet that comes next */
};

/* Can the rest of this connection's answer be read like this? */
bool db_reader_is_able(const struct db *db);

/* What the library has read ahead is ours from here on. ERR_MEMORY/NONE. */
MUST_CHECK int db_reader_begin(struct db_reader *reader, struct db *db, struct err *err);
void db_reader_release(struct db_reader *reader);

/*
 * The next packet, joined when it came in parts; lives until the next call.
 * Result  1 a packet, 0 the connection ended or stalled beyond its time limit, -1 out of memory, -2
 *         it makes no sense
 */
int db_reader_next(struct db_reader *reader, struct db *db, const unsigned char **out_bytes,
                   size_t *out_len);

/* Has all that was read been handed out? So it must be at the end of an answer. */
bool db_reader_is_empty(const struct db_reader *reader);

#endif
