/* SPDX-License-Identifier: MIT */
/*
 * domain/preflight_rows.h - what the rows of domain/preflight.h share: how a finding is added, and
 * the functions that
 *                           the table names. Nobody but the table and the rows needs it.
 * Rules:   what was not read is never OK: WARN, or BLOCK where safety rests on it. A node that was
 *          not reached blocks once, in node.reachable; the other rows only warn about it.
 * Threads: pure.
 */
#ifndef CUTOVER_DOMAIN_PREFLIGHT_ROWS_H
#define CUTOVER_DOMAIN_PREFLIGHT_ROWS_H

#include "domain/preflight.h"

/* Returns the finding (valid until the next one) for finding_fix(), or NULL when out of memory. */
struct finding *finding_add(struct findings *out, const struct check_row *row,
                            enum severity severity, const char *subject, const char *fmt, ...)
    PRINTF_LIKE(5, 6);
void finding_fix(struct finding *finding, const char *fmt, ...) PRINTF_LIKE(2, 3);

/* Adds an OK finding when the row has added nothing since the count was `before`. */
void finding_well(struct findings *out, const struct check_row *row, size_t before, const char *fmt,
                  ...) PRINTF_LIKE(4, 5);

/* True, and a warning added, when the node was not reached. */
bool finding_unreached(struct findings *out, const struct check_row *row,
                       const struct node_facts *node);

/* True, and a warning added, when the survey did not read that side. */
bool finding_unread(struct findings *out, const struct check_row *row, const struct survey *survey,
                    enum side side);

typedef void check_look(const struct service *service, const struct facts *facts,
                        const struct survey *survey, const struct check_row *row,
                        struct findings *out);

/* preflight_rows_nodes.c */
check_look look_node_reachable, look_node_version, look_server_id, look_clock_skew, look_tls_used,
    look_new_closed, look_replicas_read_only, look_replica_health;
/* preflight_rows_binlog.c */
check_look look_domain_distinct, look_gtid_strict, look_binlog_enabled, look_binlog_format,
    look_row_image, look_log_updates, look_errant, look_channels_foreign, look_situation;
/* preflight_rows_accounts.c */
check_look look_bypass, look_controller_grants, look_replication_login, look_monitor_login,
    look_definers;
/* preflight_rows_data.c */
check_look look_primary_key, look_engine, look_events, look_sql_mode, look_collation,
    look_time_zone, look_long_transactions, look_prepared_xa;
/* preflight_rows_dns.c */
check_look look_records, look_ttl, look_proxied, look_token, look_min_ttl;

#endif
