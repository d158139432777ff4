/* SPDX-License-Identifier: MIT */
/*
 * verify/binlog_place.h - where in a server's binary log a reader is: file and offset, beside the
 * GTID set that says what it has read.
 * For:       MySQL, which otherwise reads the file that it writes to from its first byte whenever
 *            somebody asks for what is behind a GTID set.
 * Invariant: a known place and the set it was noted with are of one moment: whatever is logged
 *            before the place is in the set. Files only grow, so this stays true for as long as
 *            there is a file of that name which was begun at that second.
 * Threads:   pure.
 */
#ifndef CUTOVER_VERIFY_BINLOG_PLACE_H
#define CUTOVER_VERIFY_BINLOG_PLACE_H

#include "verify/binlog_event.h"

#define BINLOG_FILE_SIZE 256

/* Zeroed memory is "not known". */
struct binlog_place {
    char file[BINLOG_FILE_SIZE]; /* "bin.000042", as the server calls it; "" not known */
    uint32_t born_s;             /* when the file was begun, by its own description; 0 not known */
    uint32_t offset;             /* of the next event */
};

bool binlog_place_is_known(const struct binlog_place *place);

/* Go on behind an event that was sent: `bytes` is all of it. Not known any more behind 4 GiB, where
 * events do not say their place. */
void binlog_place_follow(struct binlog_place *place, const struct binlog_event *event,
                         const unsigned char *bytes, size_t len);

#endif
