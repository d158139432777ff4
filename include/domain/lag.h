/* SPDX-License-Identifier: MIT */
/*
 * domain/lag.h - lag in milliseconds where missing, NULL or stopped is infinite. Receive lag comes
 * from a ring of (time, sequence) seen on the source; apply lag from heartbeat rows.
 * Error bound: the heartbeat interval plus the poll interval.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_LAG_H
#define CUTOVER_DOMAIN_LAG_H

#include <stdbool.h>
#include <stdint.h>

#define LAG_INFINITE INT64_MAX
#define LAG_RING_SIZE 4096

/*
 * When the source was first seen at a sequence number. Fixed size; the oldest entries are
 * forgotten.
 */
struct lag_ring {
    struct {
        int64_t at_ms;
        uint64_t sequence;
    } entry[LAG_RING_SIZE];
    unsigned next, count;
};

/* A sequence below the last one means that the source's log was reset: the ring starts again. */
void lag_ring_note(struct lag_ring *ring, int64_t at_ms, uint64_t source_sequence);

/*
 * How long ago did the source pass `received_sequence` for the first time it had more than that? 0
 * when the replica has everything; LAG_INFINITE when the answer is older than the ring or the ring
 * is empty.
 */
int64_t lag_ring_behind_ms(const struct lag_ring *ring, int64_t now_ms, uint64_t received_sequence);

/*
 * Heartbeat written at `beat_us` (controller's clock), read at `now_us` (same clock): max(0, age -
 * interval). is_beating false, or a beat more than a second in the future (the clock was set back):
 * infinite.
 */
int64_t lag_from_heartbeat_ms(bool is_beating, int64_t beat_us, int64_t now_us,
                              int64_t interval_ms);

/* "12 ms", "3.4 s", "unknown" into out[32]. */
char *lag_text(int64_t lag_ms, char out[32]);

#endif
