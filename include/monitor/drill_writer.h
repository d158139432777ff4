/* SPDX-License-Identifier: MIT */
/*
 * monitor/drill_writer.h - what a client of the service would see of a drill: rows written all the
 * time on the side that is open, each one remembered when it was acknowledged, and looked for on
 * both sides at the end.
 * Account:   the monitor's, which read_only stops like any application.
 * Invariant: a row counts as acknowledged when its INSERT was answered, as ambiguous when the
 *            answer was lost; what was refused did not happen and is tried elsewhere.
 * Threads:   one writer; the functions belong to the thread that started it.
 */
#ifndef CUTOVER_MONITOR_DRILL_WRITER_H
#define CUTOVER_MONITOR_DRILL_WRITER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"
#include "domain/service.h"

#define DRILL_WRITE_INTERVAL_MS 5

struct drill_writer;

struct drill_writes {
    uint64_t acknowledged, ambiguous, lost;
    double longest_gap_ms; /* -1: nothing was ever acknowledged */
};

/*
 * id: 8 digits, unlike those of other drills. cutover.probe must be on every node.
 * Errors  ERR_MEMORY/NONE
 */
MUST_CHECK int drill_writer_start(const struct service *service, const char *id,
                                  struct drill_writer **out, struct err *err);
/* Wait until a row was acknowledged since now; false at the deadline. */
bool drill_writer_wait(struct drill_writer *writer, int64_t deadline_ms);
/* From now on gaps and rows count anew. */
void drill_writer_mark(struct drill_writer *writer);
/*
 * Stop writing, and look for every acknowledged row since the mark on both primaries, until they
 * are there or the deadline has passed.
 * Errors  ERR_LOST and others: a side could not be asked, so nobody knows what is lost
 */
MUST_CHECK int drill_writer_check(struct drill_writer *writer, int64_t deadline_ms,
                                  struct drill_writes *out, struct err *err);
/* Go on writing after a check. */
void drill_writer_go_on(struct drill_writer *writer);
/* Stops and joins; takes the rows away again where that is possible. NULL allowed. */
void drill_writer_free(struct drill_writer *writer);
/* Take away what the writer of a killed drill has left, where that is possible. */
void drill_writer_clean(const struct service *service, const char *id);

#endif
