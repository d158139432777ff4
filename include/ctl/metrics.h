/* SPDX-License-Identifier: MIT */
/*
 * ctl/metrics.h - what is published, as Prometheus reads it (its text format 0.0.4).
 * Invariant: what is not known has no sample; it is never 0.
 * Threads:   any.
 */
#ifndef CUTOVER_CTL_METRICS_H
#define CUTOVER_CTL_METRICS_H

#include "ctl/server.h"

void metrics_text(struct server *server, struct buf *out);

#endif
