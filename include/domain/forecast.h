/* SPDX-License-Identifier: MIT */
/*
 * domain/forecast.h - how long writes will be refused, from what was measured a moment ago and what
 * came of earlier pauses of the same service.
 * Why:     a measurement has a busy moment's luck, good or bad; an earlier pause has seen what no
 *          measurement beforehand can (commits under way, disks), but on another day. Each counts
 *          half, as a factor: three times too much in one of them is less than twice in the result.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_FORECAST_H
#define CUTOVER_DOMAIN_FORECAST_H

#include <stddef.h>

#define FORECAST_EARLIER_CAP 5 /* the latest ones */

/* Median; below 0 without any. Sorts `values`. */
double forecast_middle(double *values, size_t count);

/* earlier_ms  the middle of earlier pauses; not above 0: there were none, and none count */
double forecast_blend(double measured_ms, double earlier_ms);

#endif
