/* SPDX-License-Identifier: MIT */
/* How far behind, in milliseconds; whatever cannot be told is infinitely far. */
#include "domain/lag.h"

#include <stdio.h>

#include "base/clock.h"

static unsigned slot(const struct lag_ring *ring, unsigned age)
{
    return (ring->next + LAG_RING_SIZE - 1 - age) % LAG_RING_SIZE;
}

void lag_ring_note(struct lag_ring *ring, int64_t at_ms, uint64_t source_sequence)
{
    if (ring->count > 0) {
        uint64_t last = ring->entry[slot(ring, 0)].sequence;
        if (source_sequence == last)
            return; /* the first sighting counts */
        if (source_sequence < last)
            ring->count = 0; /* its binary log was reset: older sightings mean nothing now */
    }
    ring->entry[ring->next].at_ms = at_ms;
    ring->entry[ring->next].sequence = source_sequence;
    ring->next = (ring->next + 1) % LAG_RING_SIZE;
    if (ring->count < LAG_RING_SIZE)
        ring->count++;
}

int64_t lag_ring_behind_ms(const struct lag_ring *ring, int64_t now_ms, uint64_t received_sequence)
{
    unsigned newer = 0; /* entries that the replica does not have yet */
    while (newer < ring->count && ring->entry[slot(ring, newer)].sequence > received_sequence)
        newer++;
    if (newer == ring->count)
        return LAG_INFINITE; /* also when empty: nobody saw the moment at which it was passed */
    if (newer == 0)
        return 0;
    int64_t behind_ms = now_ms - ring->entry[slot(ring, newer - 1)].at_ms;
    return behind_ms > 0 ? behind_ms : 0;
}

/* A reader may fetch a beat that was written just after it looked at the clock. Further ahead, the
 * clock was set back. */
#define FUTURE_TOLERANCE_US 1000000

int64_t lag_from_heartbeat_ms(bool is_beating, int64_t beat_us, int64_t now_us, int64_t interval_ms)
{
    if (!is_beating || beat_us - now_us > FUTURE_TOLERANCE_US)
        return LAG_INFINITE;
    int64_t lag_ms = (now_us - beat_us) / 1000 - interval_ms;
    return lag_ms > 0 ? lag_ms : 0;
}

char *lag_text(int64_t lag_ms, char out[32])
{
    if (lag_ms == LAG_INFINITE) {
        (void)snprintf(out, 32, "unknown"); /* fits */
        return out;
    }
    return clock_human_ms(lag_ms, out);
}
