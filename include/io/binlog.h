/* SPDX-License-Identifier: MIT */
/*
 * io/binlog.h - a server's binary log as it sends it to replicas: raw events, one after the other.
 * How:       a connection that asked for the log can do nothing else any more, so a thread of its
 *            own reads it into memory, as far as BINLOG_AHEAD_BYTES and one event; the caller waits
 *            for that, to the millisecond, whatever TLS and the client library have buffered.
 * Dead link: the server says something at least every heartbeat; BINLOG_SILENCE_MS without a byte
 *            are the end.
 * Not here:  what the events mean (verify/binlog_event.h).
 * Threads:   a log belongs to one thread.
 */
#ifndef CUTOVER_IO_BINLOG_H
#define CUTOVER_IO_BINLOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/db.h"

#define BINLOG_AHEAD_BYTES ((size_t)4 << 20)
#define BINLOG_HEARTBEAT_MS 5000
#define BINLOG_SILENCE_MS 20000

struct binlog;

struct binlog_start {
    uint32_t reader_id;   /* a server_id that nobody else has, replicas included */
    bool is_by_set;       /* MySQL; MariaDB is told the position by the session */
    const void *executed; /* the encoded GTID set that is known already */
    size_t executed_len;
    const char *file; /* by set only: where to begin; NULL: the server looks for it */
    uint32_t offset;  /* in the file */
};

/* Of a connection that has said what it is: from here on it belongs to the log, also on failure.
 * Errors  as binlog_next(), once the server has answered; ERR_MEMORY/NONE */
MUST_CHECK int binlog_open(struct db *take_db, const struct binlog_start *start,
                           struct binlog **out, struct err *err);
void binlog_free(struct binlog *log);

/*
 * How long what has come may lie at this end before it is read, so that a busy log wakes two
 * threads once in that time and not for every transaction; 0, as in the beginning: not at all. At
 * once, also for what lies there now.
 */
void binlog_linger(struct binlog *log, int ms);

struct binlog_packet {
    const unsigned char *bytes; /* an event, with its header; until the next call */
    size_t len;
};

/*
 * 1 an event, 0 none within wait_ms, negative an error, then for ever.
 * Errors  ERR_REFUSED/NONE native 1236: the log after that position is gone; ERR_SERVER/NONE with
 *         its number; ERR_LOST/NONE; ERR_STOPPED
 */
MUST_CHECK int binlog_next(struct binlog *log, int64_t wait_ms, struct binlog_packet *out,
                           struct err *err);

#endif
