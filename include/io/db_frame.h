/* SPDX-License-Identifier: MIT */
/*
 * io/db_frame.h - has all of an answer arrived? Told by the lengths in it, before anything is read.
 * Trust:   none. Bytes that make no sense count as whole: who reads them finds out what they are.
 * Threads: pure.
 * Source   MySQL manual, "Text Resultset"; RFC 8446, 5.1, "Record Layer"
 */
#ifndef CUTOVER_IO_DB_FRAME_H
#define CUTOVER_IO_DB_FRAME_H

#include <stdbool.h>
#include <stddef.h>

/* One result of one statement. marks: how many packets 0xFE it has, 1 where there is none behind
 * the columns, else 2. */
bool db_frame_is_whole(const unsigned char *bytes, size_t len, unsigned marks);

/* At least one TLS record, and none that is cut short. What they hold cannot be seen. */
bool db_frame_is_whole_tls(const unsigned char *bytes, size_t len);

#endif
