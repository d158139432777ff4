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

/* True, and a warning added, when the survey did not learn that of that side. */
bool finding_untold(struct findings *out, const struct check_row *row, const struct survey *survey,
                    enum side side, enum survey_topic topic);

/* Lets a finding that blocks pass when somebody answers for it. */
void finding_waive(const struct service *service, const struct facts *facts,
                   const struct check_row *row, struct finding *finding);

typedef void check_look(const struct service *service, const struct facts *facts,
                        const struct survey *survey, const struct check_row *row,
                        struct findings *out);

/* preflight_rows_nodes.c */
check_look look_node_reachable, look_server_id, look_clock_skew, look_tls_used, look_new_closed,
    look_replicas_read_only, look_replica_health, look_replica_unlisted, look_node_group;
/* preflight_rows_pairs.c */
check_look look_node_version, look_node_flavour, look_node_kind, look_pair_forward,
    look_pair_way_back, look_pair_features, look_pair_versions, look_server_uuid;
/* preflight_rows_settings.c */
check_look look_equal_setting, look_demanded, look_durable, look_smaller, look_connections,
    look_warm, look_temporary, look_tuned;
/* preflight_rows_ready.c: what an application needs on the other side, and what is in the way */
check_look look_bind, look_transport, look_certificate, look_missing_accounts, look_host_names,
    look_cold_cache, look_loaded, look_scheduler, look_long_statement, look_ddl, look_consumers;
/* preflight_rows_lasting.c: what may be gone, full, or left out */
check_look look_retention, look_log_filters, look_filters, look_headroom, look_key_demanded,
    look_sequences;
/* preflight_rows_upgrade.c: settings */
check_look look_sql_modes, look_variables_gone, look_packet, look_skipped_errors,
    look_time_zone_tables, look_default_collations;
/* preflight_rows_upgrade_log.c: what is written into the binary log */
check_look look_binlog_compression, look_partial_json, look_row_metadata, look_tagged_gtids,
    look_higher_source, look_fk_cascades, look_two_phase_alter;
/* preflight_rows_upgrade_schema.c: accounts and the schema */
check_look look_collations_used, look_account_plugins, look_reserved_words, look_loose_keys,
    look_row_formats, look_partitions, look_zero_dates, look_utf8mb3, look_float_ids;
/* preflight_waivers.c */
check_look look_waivers;
/* preflight_rows_binlog.c */
check_look look_domain_distinct, look_gtid_strict, look_binlog_enabled, look_binlog_format,
    look_row_image, look_log_updates, look_errant, look_channels_foreign, look_situation;
/* preflight_rows_accounts.c */
check_look look_bypass, look_controller_grants, look_replication_login, look_monitor_login,
    look_definers;
/* preflight_rows_fence.c */
check_look look_hold, look_semisync;
/* preflight_rows_data.c */
check_look look_primary_key, look_engine, look_events, look_sql_mode, look_collation,
    look_time_zone, look_long_transactions, look_prepared_xa;
/* preflight_rows_agents.c */
check_look look_agent, look_record_keepers;
/* preflight_rows_dns.c */
check_look look_records, look_ttl, look_proxied, look_token, look_min_ttl;

#endif
