/* SPDX-License-Identifier: MIT */
/*
 * ctl/metrics.h - what is published, as Prometheus reads it (its text format 0.0.4).
 * Invariant: what is not known has no sample; it is never 0. A metric is a row: what is published,
 *            docs/machines.md and the checks of etc/prometheus and etc/grafana are made from it.
 * Threads:   any.
 */
#ifndef CUTOVER_CTL_METRICS_H
#define CUTOVER_CTL_METRICS_H

#include "ctl/server.h"

enum metric_id {
    METRIC_INFO,
    METRIC_LINK_EXISTS,
    METRIC_LINK_RUNNING,
    METRIC_LINK_LAG,
    METRIC_LINK_RECEIVE_LAG,
    METRIC_NODE_REACHED,
    METRIC_NODE_OPEN,
    METRIC_NODE_LAG,
    METRIC_NODE_TRANSACTIONS,
    METRIC_WRITES_REFUSED,
    METRIC_LAST_PAUSE,
    METRIC_SITUATION,
    METRIC_RUN_STATE,
    METRIC_CONTROLLER,
    METRIC_ROLLBACK,
    METRIC_CONFLICTS,
    METRIC_VERIFIED_ROWS,
    METRIC_VERIFIED_DIFFERENCES,
    METRIC_VERIFIED_AGE,
    METRIC_PROOF,
    METRIC_ANSWERS,
    METRIC_JOURNAL_FREE,
    METRIC_PAGE_TIME,
    METRIC_NOTICES,
    METRIC_NOTICES_FAILED,
    METRIC_WATCHERS,
};
#define METRIC_COUNT 26

struct metric {
    const char *name, *type, *labels; /* labels: "node, side"; "" none */
    const char *help;
};

/* METRIC_COUNT rows, by enum metric_id. */
const struct metric *metric_table(void);

void metrics_text(struct server *server, struct buf *out);

/* The table, for docs/machines.md. */
void metrics_document(struct buf *out);

#endif
