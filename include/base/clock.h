/* SPDX-License-Identifier: MIT */
/*
 * base/clock.h - the only place that reads clocks or sleeps.
 * Threads: all functions may be called from any thread.
 */
#ifndef CUTOVER_BASE_CLOCK_H
#define CUTOVER_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

int64_t clock_mono_ms(void); /* for deadlines and durations */
int64_t clock_mono_us(void);
int64_t clock_boot_ms(void); /* the same, and it goes on while the machine is suspended */
int64_t clock_wall_us(
    void); /* microseconds since 1970 UTC; for timestamps a person or a server reads */

/* "2026-11-21T12:00:03.391Z" from wall microseconds; out must hold 32 bytes. Returns out. */
char *clock_iso8601(int64_t wall_us, char out[32]);

/* "1.2 s", "340 ms", "2 m 05 s" for a person; out must hold 32 bytes. Returns out. */
char *clock_human_ms(int64_t duration_ms, char out[32]);

/* "500ms", "2s", "15m", "1h", "0" -> milliseconds. ERR_CONFIG/NONE names what was expected. */
MUST_CHECK int clock_parse_ms(const char *text, int64_t *out_ms, struct err *err);

/* Sleep, cut short by a stop signal (base/signals.h). Returns false when cut short. */
bool clock_sleep_ms(int64_t duration_ms);
/* Sleep, whoever wants to stop: for failpoints, which stand for a slow disk or server. */
void clock_nap_ms(int64_t duration_ms);

#endif
