/* SPDX-License-Identifier: MIT */
/* Every metric, one row each. Source: Prometheus, Metric and label naming. */
#include "ctl/metrics.h"

static const struct metric rows[] = {
    [METRIC_INFO] = {"cutover_info", "gauge", "version, service",
                     "The version of this program and the name of the service."},
    [METRIC_LINK_EXISTS] = {"cutover_link_exists", "gauge", "link",
                            "Whether the link is set up: forward carries OLD to NEW."},
    [METRIC_LINK_RUNNING] = {"cutover_link_running", "gauge", "link",
                             "Whether the link receives and applies."},
    [METRIC_LINK_LAG] = {"cutover_link_lag_seconds", "gauge", "link",
                         "How far the end of the link is behind, at most."},
    [METRIC_LINK_RECEIVE_LAG] = {"cutover_link_receive_lag_seconds", "gauge", "link",
                                 "How far what the link has received is behind."},
    [METRIC_NODE_REACHED] = {"cutover_node_reached", "gauge", "node, side",
                             "Whether the node has answered within two seconds."},
    [METRIC_NODE_OPEN] = {"cutover_node_open", "gauge", "node, side",
                          "Whether the node accepts writes."},
    [METRIC_NODE_LAG] = {"cutover_node_lag_seconds", "gauge", "node, side",
                         "How old the newest heartbeat of its own side's primary is on the node."},
    [METRIC_NODE_TRANSACTIONS] = {"cutover_node_transactions_total", "counter", "node, side",
                                  "Transactions that a primary wrote itself, heartbeats included, "
                                  "as its binary log counts them."},
    [METRIC_WRITES_REFUSED] = {"cutover_writes_refused_seconds", "gauge", "",
                               "Since when both primaries are closed; 0 while one is open."},
    [METRIC_LAST_PAUSE] = {"cutover_last_write_pause_seconds", "gauge", "",
                           "How long the last run had writes refused."},
    [METRIC_SITUATION] = {"cutover_situation", "gauge", "situation",
                          "1 for the situation that the service is in."},
    [METRIC_RUN_STATE] = {"cutover_run_state", "gauge", "state",
                          "1 for the state of the last run."},
    [METRIC_CONTROLLER] = {"cutover_controller_present", "gauge", "",
                           "Whether a process holds the lease, as a run does while it lasts."},
    [METRIC_ROLLBACK] = {"cutover_rollback_possible", "gauge", "",
                         "Whether the service can go back now without losing a write."},
    [METRIC_CONFLICTS] = {"cutover_conflicts", "gauge", "",
                          "Links that are stopped by a conflict of data."},
    [METRIC_VERIFIED_ROWS] = {"cutover_verified_rows", "gauge", "",
                              "Rows that the finished comparisons have looked at."},
    [METRIC_VERIFIED_DIFFERENCES] = {"cutover_verified_differences", "gauge", "",
                                     "Differences that they found."},
    [METRIC_VERIFIED_AGE] = {"cutover_verified_age_seconds", "gauge", "",
                             "Since when the table is compared that was compared longest ago."},
    [METRIC_PROOF] = {"cutover_proof_covering", "gauge", "",
                      "Whether what was compared is still kept proven."},
    [METRIC_ANSWERS] = {"cutover_name_answers", "gauge", "leads_to",
                        "Answers of name servers and resolvers, by where they lead."},
    [METRIC_JOURNAL_FREE] = {"cutover_journal_free_bytes", "gauge", "",
                             "Room on the file system of the journal."},
    [METRIC_PAGE_TIME] = {"cutover_page_timestamp_seconds", "gauge", "page",
                          "When the facts behind the other metrics were read."},
    [METRIC_NOTICES] = {"cutover_notices_delivered_total", "counter", "target, id",
                        "Events that somebody of \"notify\" was told of."},
    [METRIC_NOTICES_FAILED] = {"cutover_notices_failed_total", "counter", "target, id",
                               "Events that were given up after several attempts."},
    [METRIC_WATCHERS] = {"cutover_watchers", "gauge", "", "Screens that are open now."},
};
_Static_assert(ARRAY_LEN(rows) == METRIC_COUNT, "every metric has a row");

const struct metric *metric_table(void)
{
    return rows;
}

void metrics_document(struct buf *out)
{
    buf_puts(out, "| metric | type | labels | what it says |\n|---|---|---|---|\n");
    for (size_t i = 0; i < METRIC_COUNT; i++)
        buf_printf(out, "| `%s` | %s | %s | %s |\n", rows[i].name, rows[i].type, rows[i].labels,
                   rows[i].help);
}
