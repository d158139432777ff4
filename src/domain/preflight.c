/* SPDX-License-Identifier: MIT */
/* The table of checks, and how findings are gathered. What each row looks at is in
 * preflight_rows_*.c. */
#include "domain/preflight.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight_rows.h"

static const struct check_row rows[] = {
    {"node.reachable", "a node that does not answer can be neither checked nor fenced",
     "openark/orchestrator#854: split brain after a takeover half way", look_node_reachable, false,
     true},
    {"node.version", "a server whose statements nobody has tried does not obey ours",
     "docs/servers.md", look_node_version, true, true},
    {"node.flavour", "the two flavours number their transactions in ways that exclude each other",
     "MariaDB documentation, Replication Compatibility Between MariaDB and MySQL",
     look_node_flavour, true, true},
    {"node.kind", "a member of a group may be opened, closed and written by others",
     "docs/servers.md", look_node_kind, false, false},
    {"node.group", "closing one primary closes nothing when others of its group may write",
     "docs/servers.md", look_node_group, true, true},
    {"pair.forward", "a link from an older to a newer server is supported, most others are not",
     "MySQL Reference Manual, Replication Compatibility Between MySQL Versions; MariaDB "
     "documentation, Cross-Version Replication Compatibility",
     look_pair_forward, true, false},
    {"pair.way_back", "the way back is a link to an older server, and works on conditions only",
     "MySQL Reference Manual, Downgrading MySQL; MariaDB documentation, Cross-Version Replication "
     "Compatibility",
     look_pair_way_back, true, false},
    {"pair.versions", "with links in both directions MySQL supports two versions, and no third",
     "MySQL 8.4 Reference Manual, Replication Compatibility Between MySQL Versions",
     look_pair_versions, false, false},
    {"pair.features", "one statement that the other side does not know stops the link",
     "docs/servers.md", look_pair_features, false, false},
    {"waivers.valid", "what is let pass is let pass by somebody, and not for ever",
     "docs/servers.md", look_waivers, false, true},
    {"situation.known", "no plan can be made from a situation that has no name",
     "docs/situations.md", look_situation, false, true},
    {"server_id.unique", "a server drops transactions that carry its own server_id",
     "MariaDB Knowledge Base, Setting Up Replication: server_id; MySQL Reference Manual, server_id",
     look_server_id, true, true},
    {"server_uuid.unique",
     "MySQL numbers transactions by server_uuid, and a copied data directory "
     "keeps it",
     "MySQL Reference Manual, server_uuid", look_server_uuid, true, true},
    {"gtid.domain_distinct", "two primaries that write into one domain make positions meaningless",
     "MariaDB Knowledge Base, Global Transaction ID: multiple primaries", look_domain_distinct,
     true, true},
    {"gtid.strict",
     "without it a stray transaction is passed on instead of refused, or has no number at all",
     "MariaDB Knowledge Base, gtid_strict_mode; MySQL Reference Manual, gtid_mode, "
     "enforce_gtid_consistency",
     look_gtid_strict, true, true},
    {"gtid.errant", "writes of its own on NEW would travel to OLD, or stop the link",
     "openark/orchestrator#607, #885; traps of master/master", look_errant, false, false},
    {"binlog.enabled", "a primary without a binary log has nothing to replicate from",
     "MariaDB Knowledge Base, log_bin; MySQL Reference Manual, The Binary Log", look_binlog_enabled,
     true, true},
    {"binlog.format", "statements may do something else on the other side; rows may not",
     "MariaDB Knowledge Base, Binary Log Formats; MySQL Reference Manual, Binary Logging Formats",
     look_binlog_format, true, false},
    {"binlog.row_image", "only full rows let a conflict be noticed",
     "MariaDB Knowledge Base and MySQL Reference Manual, binlog_row_image", look_row_image, true,
     false},
    {"binlog.log_replica_updates",
     "without it the replicas of NEW never see what NEW receives from OLD",
     "MariaDB Knowledge Base, log_slave_updates; MySQL Reference Manual, log_replica_updates",
     look_log_updates, true, true},
    {"channels.foreign", "a channel we did not make brings in changes that we do not expect",
     "vitessio/vitess#17326; field notes on master/master", look_channels_foreign, false, false},
    {"replica.health", "a cluster is only as good as the replicas that follow its primary",
     "openark/orchestrator#1342: promoted while 12 hours behind", look_replica_health, false,
     false},
    {"replica.unlisted", "a replica that nobody listed stays behind with OLD, or is cut off",
     "MySQL Reference Manual, SHOW REPLICAS; MariaDB documentation, SHOW REPLICA HOSTS",
     look_replica_unlisted, false, false},
    {"read_only.new_closed", "a write on NEW before its time is lost or in conflict later",
     "GitHub incident of October 2018: writes on both sides", look_new_closed, false, false},
    {"read_only.replicas", "a write on a replica never reaches the others",
     "MariaDB Knowledge Base and MySQL Reference Manual, read_only", look_replicas_read_only, false,
     false},
    {"read_only.bypass", "read_only does not stop these accounts: the fence would leak",
     "MariaDB Knowledge Base, read_only: READ ONLY ADMIN and SUPER; MySQL Reference Manual, "
     "super_read_only",
     look_bypass, false, false},
    {"fence.restart", "a closed side that a restart opens is a second writer",
     "docs/requirements.md: how far a fence holds", look_hold, false, false},
    {"account.controller_grants", "a missing privilege is found now or in the middle of the night",
     "signal18/replication-manager#140", look_controller_grants, false, true},
    {"account.replication_login", "the way back needs the login in both directions",
     "vitessio/vitess#16794: reverse path found broken when needed", look_replication_login, false,
     true},
    {"account.monitor_login", "without heartbeats the lag is unknown and every gate stays closed",
     "docs/what-if.md", look_monitor_login, false, true},
    {"definers.missing", "a view or routine whose definer has no account fails with error 1449",
     "MariaDB Knowledge Base, error 1449; MySQL Reference Manual, Stored Object Access Control",
     look_definers, false, false},
    {"tables.primary_key",
     "rows without a key are found by scanning, and cannot be compared by chunk",
     "MariaDB Knowledge Base, Row-based replication with no primary key", look_primary_key, false,
     false},
    {"tables.engine", "other engines do not roll back, and cannot be read at one position",
     "MariaDB Knowledge Base, Transactional and non-transactional tables", look_engine, false,
     false},
    {"events.present", "an event that fires on both sides writes twice",
     "openark/orchestrator#478; MariaDB Knowledge Base, Events and replication", look_events, false,
     false},
    {"sql_mode.equal", "the same statement may be refused on one side and accepted on the other",
     "MariaDB Knowledge Base, SQL_MODE", look_sql_mode, false, false},
    {"collation.equal", "new tables and sessions get another collation after the move",
     "MariaDB Knowledge Base, collation_server", look_collation, false, false},
    {"time_zone.equal", "TIMESTAMP values and NOW() read differently after the move",
     "MariaDB Knowledge Base, Time zones", look_time_zone, false, false},
    {"transactions.long",
     "the fence waits for open transactions, and everything waits for the fence",
     "openark/orchestrator#1127: read_only hangs behind a commit", look_long_transactions, false,
     false},
    {"xa.prepared", "a prepared XA transaction would sit between the two sides, holding locks",
     "MariaDB Knowledge Base, XA Transactions: replication; MySQL Reference Manual, Restrictions "
     "on XA Transactions",
     look_prepared_xa, false, false},
    {"clock.skew", "times written by both sides are compared by people and by applications",
     "openark/orchestrator#1072: skew shown as lag", look_clock_skew, false, false},
    {"tls.used", "passwords and rows travel between two sites",
     "MariaDB Connector/C: TLS falls back to plaintext unless verified", look_tls_used, false,
     false},
    {"agent.orchestrator", "two who decide about one primary end with two primaries",
     "openark/orchestrator#1457: a recovery raced with a planned read_only", look_agent, false,
     false},
    {"agent.mha", "two who decide about one primary end with two primaries",
     "MHA wiki, masterha_stop", look_agent, false, false},
    {"agent.maxscale", "two who decide about one primary end with two primaries",
     "MaxScale documentation, MariaDB Monitor: auto_failover, enforce_read_only_slaves", look_agent,
     false, false},
    {"agent.replication_manager", "two who decide about one primary end with two primaries",
     "signal18/replication-manager#788", look_agent, false, false},
    {"agent.clustercontrol", "two who decide about one primary end with two primaries",
     "ClusterControl documentation, Automatic Recovery", look_agent, false, false},
    {"agent.others", "what follows read_only, or sets it, must know of the day",
     "sysown/proxysql#2138: two writable servers, and both got writes", look_agent, false, false},
    {"dns.token", "the flip is the worst moment to learn that a token has expired",
     "Cloudflare API, Verify Token", look_token, false, false},
    {"dns.records", "a record that nobody expected there is not ours to change",
     "kubernetes-sigs/external-dns#3484", look_records, false, false},
    {"dns.keepers", "who declares records elsewhere puts them back as they were",
     "kubernetes-sigs/external-dns#3484; octoDNS documentation, OwnershipProcessor",
     look_record_keepers, false, false},
    {"dns.ttl", "users keep the old answer for as long as the TTL says",
     "Cloudflare DNS documentation, Time to Live", look_ttl, false, false},
    {"dns.min_ttl", "a TTL below what the zone allows is refused with error 9021",
     "Cloudflare API, DNS record: ttl", look_min_ttl, false, false},
    {"dns.proxied", "a proxied name answers with the edge's address before and after the flip",
     "Cloudflare DNS documentation, Proxy status", look_proxied, false, false},
    {"upgrade.collations", "a table or session whose collation the other side lacks stops the link",
     "MySQL 8.0 Reference Manual, Changes in MySQL 8.0: character set; error 1273",
     look_collations_used, false, false},
    {"upgrade.default_collations", "CREATE TABLE without a collation is logged with the default",
     "MariaDB documentation, character_set_collations; MySQL Reference Manual, "
     "default_collation_for_utf8mb4",
     look_default_collations, false, false},
    {"upgrade.sql_mode_words", "a program keeps the sql_mode that it was made with",
     "MySQL 8.0 Reference Manual, Features Removed in MySQL 8.0: NO_AUTO_CREATE_USER",
     look_sql_modes, false, false},
    {"upgrade.variables", "a server does not start with a variable that it does not know",
     "MySQL Reference Manual, Server Variables Added, Deprecated, or Removed; MariaDB "
     "documentation, Upgrading: Options That Have Been Removed",
     look_variables_gone, false, false},
    {"upgrade.account_plugins", "an account whose plugin is missing cannot log in after the move",
     "MySQL 9.0 Release Notes: mysql_native_password removed", look_account_plugins, false, false},
    {"upgrade.default_plugin", "new accounts prove themselves in another way after the move",
     "MySQL Reference Manual, authentication_policy", look_equal_setting, false, false},
    {"upgrade.reserved_words", "a name without quotes that became a keyword is a syntax error",
     "MySQL Reference Manual, Keywords and Reserved Words; MariaDB documentation, Reserved Words",
     look_reserved_words, false, false},
    {"upgrade.fk_cascades", "from 9.6 on the rows of a cascade are in the binary log, before not",
     "MySQL 9.7 Reference Manual, Replication and Foreign Keys", look_fk_cascades, false, false},
    {"upgrade.loose_keys", "8.4 refuses foreign keys to anything but a unique key",
     "MySQL 8.4 Reference Manual, restrict_fk_on_non_standard_key", look_loose_keys, false, false},
    {"upgrade.binlog_compression", "a reader that does not know the event stops",
     "MySQL 8.0 Reference Manual, Binary Log Transaction Compression", look_binlog_compression,
     false, false},
    {"upgrade.partial_json", "a patch of a document applies to whatever is there",
     "MySQL 8.0 Reference Manual, binlog_row_value_options", look_partial_json, false, false},
    {"upgrade.row_metadata", "readers of the binary log need the names of columns",
     "MySQL Reference Manual, binlog_row_metadata", look_row_metadata, false, false},
    {"upgrade.tagged_gtids", "a server before 8.3 does not know a GTID with a tag",
     "MySQL 8.3 Reference Manual, GTID Format and Storage", look_tagged_gtids, false, false},
    {"upgrade.two_phase_alter", "a MariaDB before 10.8 does not know half an ALTER TABLE",
     "MariaDB documentation, binlog_alter_two_phase", look_two_phase_alter, false, false},
    {"upgrade.higher_source", "a 9.7 replica may be told to refuse a newer source",
     "MySQL worklog 17202", look_higher_source, false, false},
    {"upgrade.skipped_errors", "an error that is skipped is a difference that nobody sees",
     "MySQL Reference Manual, replica_skip_errors, replica_exec_mode", look_skipped_errors, false,
     false},
    {"upgrade.semisync", "a fence waits for commits, and commits wait for replicas",
     "openark/orchestrator#1127", look_semisync, false, false},
    {"upgrade.table_names", "a name that differs in case is another table on one side only",
     "MySQL Reference Manual, lower_case_table_names", look_equal_setting, false, false},
    {"upgrade.timestamps", "CREATE TABLE makes another column of the same words",
     "MySQL Reference Manual, explicit_defaults_for_timestamp", look_equal_setting, false, false},
    {"upgrade.isolation", "the application's transactions see other rows after the move",
     "MySQL Reference Manual, transaction_isolation", look_equal_setting, false, false},
    {"upgrade.innodb_strict", "DDL is refused on one side and accepted on the other",
     "MySQL Reference Manual, innodb_strict_mode", look_equal_setting, false, false},
    {"upgrade.page_size", "keys and rows that fit one page size do not fit another",
     "MySQL Reference Manual, innodb_page_size", look_equal_setting, false, false},
    {"upgrade.default_row_format", "indexes that fit DYNAMIC do not fit COMPACT",
     "MySQL Reference Manual, innodb_default_row_format", look_equal_setting, false, false},
    {"upgrade.row_formats", "old row formats have shorter indexes and need a fitting page size",
     "MySQL Reference Manual, InnoDB Row Formats", look_row_formats, false, false},
    {"upgrade.packet", "a row that is longer than the other side accepts stops the link",
     "MySQL Reference Manual, Replication and max_allowed_packet", look_packet, false, false},
    {"upgrade.group_concat", "GROUP_CONCAT cuts its answer elsewhere after the move",
     "MariaDB documentation, group_concat_max_len", look_equal_setting, false, false},
    {"upgrade.time_zone_tables", "CONVERT_TZ answers NULL where names are not loaded",
     "MySQL Reference Manual, MySQL Server Time Zone Support", look_time_zone_tables, false, false},
    {"upgrade.partitions", "8.0 has no partitions but those of InnoDB",
     "MySQL 8.0 Reference Manual, Features Removed in MySQL 8.0: partitioning", look_partitions,
     false, false},
    {"upgrade.zero_dates", "a default of 0000-00-00 is refused under NO_ZERO_DATE",
     "MySQL Reference Manual, NO_ZERO_DATE", look_zero_dates, false, false},
    {"upgrade.float_ids", "8.4 has no AUTO_INCREMENT for FLOAT and DOUBLE",
     "MySQL 8.4 Reference Manual, What Is New in MySQL 8.4", look_float_ids, false, false},
    {"upgrade.utf8mb3", "three bytes a character hold no emoji, and the set is deprecated",
     "MySQL Reference Manual, The utf8mb3 Character Set", look_utf8mb3, false, false},
};

const struct check_row *preflight_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(rows);
    return rows;
}

/* --- findings --------------------------------------------------------------------------------- */

void findings_release(struct findings *findings)
{
    free(findings->items);
    memset(findings, 0, sizeof(*findings));
}

enum severity findings_worst(const struct findings *findings)
{
    enum severity worst = SEVERITY_OK;
    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity > worst)
            worst = findings->items[i].severity;
    return worst;
}

const char *severity_name(enum severity severity)
{
    switch (severity) {
    case SEVERITY_OK:
        return "ok";
    case SEVERITY_NOTE:
        return "note";
    case SEVERITY_WARN:
        return "warn";
    case SEVERITY_BLOCK:
        return "block";
    }
    return "block";
}

static struct finding *append(struct findings *out)
{
    if (out->count == out->room) {
        size_t room = out->room == 0 ? 64 : out->room * 2;
        struct finding *items = reallocarray(out->items, room, sizeof(*items));
        if (items == NULL) {
            out->is_failed = true;
            return NULL;
        }
        out->items = items;
        out->room = room;
    }
    struct finding *finding = &out->items[out->count++];
    memset(finding, 0, sizeof(*finding));
    return finding;
}

static struct finding *add(struct findings *out, const struct check_row *row,
                           enum severity severity, const char *subject, const char *fmt,
                           va_list args) PRINTF_LIKE(5, 0);
static struct finding *add(struct findings *out, const struct check_row *row,
                           enum severity severity, const char *subject, const char *fmt,
                           va_list args)
{
    struct finding *finding = append(out);
    if (finding == NULL)
        return NULL;
    finding->check = row->id;
    finding->severity = severity;
    (void)snprintf(finding->subject, sizeof(finding->subject), "%s", subject); /* cut, not lost */
    (void)vsnprintf(finding->found, sizeof(finding->found), fmt, args);        /* cut, not lost */
    return finding;
}

struct finding *finding_add(struct findings *out, const struct check_row *row,
                            enum severity severity, const char *subject, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    struct finding *finding = add(out, row, severity, subject, fmt, args);
    va_end(args);
    return finding;
}

void finding_fix(struct finding *finding, const char *fmt, ...)
{
    if (finding == NULL)
        return;
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(finding->fix, sizeof(finding->fix), fmt, args); /* cut, not lost */
    va_end(args);
}

void finding_well(struct findings *out, const struct check_row *row, size_t before, const char *fmt,
                  ...)
{
    if (out->count != before)
        return;
    va_list args;
    va_start(args, fmt);
    (void)add(out, row, SEVERITY_OK, "", fmt, args); /* a failure is kept in is_failed */
    va_end(args);
}

bool finding_unreached(struct findings *out, const struct check_row *row,
                       const struct node_facts *node)
{
    if (node->is_reached == TRI_YES)
        return false;
    finding_fix(finding_add(out, row, SEVERITY_WARN, node->node->name,
                            "not known: the node was not reached"),
                "see node.reachable");
    return true;
}

bool finding_unread(struct findings *out, const struct check_row *row, const struct survey *survey,
                    enum side side)
{
    if (survey->side[side].is_read == TRI_YES)
        return false;
    finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                            "not known: the %s cluster could not be surveyed", side_title(side)),
                "see node.reachable and account.controller_grants");
    return true;
}

bool finding_untold(struct findings *out, const struct check_row *row, const struct survey *survey,
                    enum side side, enum survey_topic topic)
{
    const struct survey_list *list = &survey->side[side].topics[topic];
    if (list->is_read == TRI_YES)
        return false;
    finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                            "not known: %s of %s could not be read%s%.200s",
                            survey_topic_name(topic), side_title(side),
                            list->error[0] != '\0' ? ": " : "", list->error),
                "see node.reachable and account.controller_grants");
    return true;
}

/* --- the survey, and the run ------------------------------------------------------------------ */

void survey_release(struct survey *survey)
{
    free(survey->tables);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        for (size_t i = 0; i < SURVEY_TOPIC_COUNT; i++)
            survey_list_release(&survey->side[side].topics[i]);
        free(survey->side[side].bypass);
        free(survey->side[side].accounts);
        free(survey->side[side].events);
        for (size_t i = 0; i < survey->side[side].missing_definer_count; i++)
            free(survey->side[side].missing_definers[i]);
        free(survey->side[side].missing_definers);
    }
    survey_list_release(&survey->dns.keepers);
    memset(survey, 0, sizeof(*survey));
}

/* One row, and the waivers of what it found. */
static void run_row(const struct check_row *row, const struct service *service,
                    const struct facts *facts, const struct survey *survey, struct findings *out)
{
    size_t before = out->count;
    row->look(service, facts, survey, row, out);
    for (size_t i = before; i < out->count; i++)
        finding_waive(service, facts, row, &out->items[i]);
}

int preflight_run(const struct service *service, const struct facts *facts,
                  const struct survey *survey, struct findings *out, struct err *err)
{
    static const struct survey nothing_read = {0};
    CLEANUP(findings_release) struct findings findings = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t before = findings.count;
        run_row(&rows[i], service, facts, survey == NULL ? &nothing_read : survey, &findings);
        if (findings.is_failed)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the findings of %s",
                           rows[i].id);
        if (findings.count == before)
            return err_set(err, ERR_BUG, EFFECT_NONE, "check %s said nothing", rows[i].id);
    }
    *out = findings;
    findings = (struct findings){0}; /* handed over */
    return 0;
}

int preflight_agents(const struct service *service, const struct facts *facts,
                     const struct survey *survey, size_t *out_acting, struct err *err)
{
    CLEANUP(findings_release) struct findings findings = {0};
    size_t acting = 0;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (survey->side[side].topics[SURVEY_AGENTS].is_read != TRI_YES)
            return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s was not asked for other agents%s%s",
                           side_title(side),
                           survey->side[side].topics[SURVEY_AGENTS].error[0] != '\0' ? ": " : "",
                           survey->side[side].topics[SURVEY_AGENTS].error);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].look == look_agent)
            run_row(&rows[i], service, facts, survey, &findings);
    if (findings.is_failed)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the findings");
    for (size_t i = 0; i < findings.count; i++)
        acting += findings.items[i].severity == SEVERITY_BLOCK;
    *out_acting = acting;
    return 0;
}

static int refuse(const struct finding *finding, struct err *err)
{
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s: %s %s%s%s", finding->check, finding->subject,
                  finding->found, finding->waived[0] != '\0' ? "; " : "", finding->waived);
    return err_hint(err, "nothing was changed; %s%s\"cutover check\" has the whole list",
                    finding->fix, finding->fix[0] != '\0' ? "; " : "");
}

int preflight_bars(const struct service *service, const struct facts *facts,
                   struct findings *out_waived, struct err *err)
{
    static const struct survey nothing_read = {0};
    CLEANUP(findings_release) struct findings findings = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].is_bar)
            run_row(&rows[i], service, facts, &nothing_read, &findings);
    if (findings.is_failed)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the findings");
    size_t waived = 0;
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.items[i].severity == SEVERITY_BLOCK)
            return refuse(&findings.items[i], err);
        if (findings.items[i].waived[0] != '\0')
            findings.items[waived++] = findings.items[i];
    }
    findings.count = waived;
    if (out_waived != NULL) {
        *out_waived = findings;
        findings = (struct findings){0}; /* handed over */
    }
    return 0;
}
