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
     "openark/orchestrator#854: split brain after a takeover half way", look_node_reachable, false},
    {"node.version",
     "rows and DDL travel safely only to the same flavour and an equal or newer version",
     "MariaDB Knowledge Base, Replication: Cross-Version Replication Compatibility",
     look_node_version, true},
    {"situation.known", "no plan can be made from a situation that has no name",
     "docs/situations.md", look_situation, false},
    {"server_id.unique", "a server drops transactions that carry its own server_id",
     "MariaDB Knowledge Base, Setting Up Replication: server_id", look_server_id, true},
    {"gtid.domain_distinct", "two primaries that write into one domain make positions meaningless",
     "MariaDB Knowledge Base, Global Transaction ID: multiple primaries", look_domain_distinct,
     true},
    {"gtid.strict", "without it a stray transaction is numbered and passed on instead of refused",
     "MariaDB Knowledge Base, gtid_strict_mode", look_gtid_strict, true},
    {"gtid.errant", "writes of its own on NEW would travel to OLD, or stop the link",
     "openark/orchestrator#607, #885; traps of master/master", look_errant, false},
    {"binlog.enabled", "a primary without a binary log has nothing to replicate from",
     "MariaDB Knowledge Base, log_bin", look_binlog_enabled, true},
    {"binlog.format", "statements may do something else on the other side; rows may not",
     "MariaDB Knowledge Base, Binary Log Formats", look_binlog_format, true},
    {"binlog.row_image", "only full rows let a conflict be noticed",
     "MariaDB Knowledge Base, binlog_row_image", look_row_image, true},
    {"binlog.log_replica_updates",
     "without it the replicas of NEW never see what NEW receives from OLD",
     "MariaDB Knowledge Base, log_slave_updates", look_log_updates, true},
    {"channels.foreign", "a channel we did not make brings in changes that we do not expect",
     "vitessio/vitess#17326; field notes on master/master", look_channels_foreign, false},
    {"replica.health", "a cluster is only as good as the replicas that follow its primary",
     "openark/orchestrator#1342: promoted while 12 hours behind", look_replica_health, false},
    {"read_only.new_closed", "a write on NEW before its time is lost or in conflict later",
     "GitHub incident of October 2018: writes on both sides", look_new_closed, false},
    {"read_only.replicas", "a write on a replica never reaches the others",
     "MariaDB Knowledge Base, read_only", look_replicas_read_only, false},
    {"read_only.bypass", "read_only does not stop these accounts: the fence would leak",
     "MariaDB Knowledge Base, read_only: READ ONLY ADMIN and SUPER", look_bypass, false},
    {"account.controller_grants", "a missing privilege is found now or in the middle of the night",
     "signal18/replication-manager#140", look_controller_grants, false},
    {"account.replication_login", "the way back needs the login in both directions",
     "vitessio/vitess#16794: reverse path found broken when needed", look_replication_login, false},
    {"account.monitor_login", "without heartbeats the lag is unknown and every gate stays closed",
     "docs/what-if.md", look_monitor_login, false},
    {"definers.missing", "a view or routine whose definer has no account fails with error 1449",
     "MariaDB Knowledge Base, error 1449", look_definers, false},
    {"tables.primary_key",
     "rows without a key are found by scanning, and cannot be compared by chunk",
     "MariaDB Knowledge Base, Row-based replication with no primary key", look_primary_key, false},
    {"tables.engine", "other engines do not roll back, and cannot be read at one position",
     "MariaDB Knowledge Base, Transactional and non-transactional tables", look_engine, false},
    {"events.present", "an event that fires on both sides writes twice",
     "openark/orchestrator#478; MariaDB Knowledge Base, Events and replication", look_events,
     false},
    {"sql_mode.equal", "the same statement may be refused on one side and accepted on the other",
     "MariaDB Knowledge Base, SQL_MODE", look_sql_mode, false},
    {"collation.equal", "new tables and sessions get another collation after the move",
     "MariaDB Knowledge Base, collation_server", look_collation, false},
    {"time_zone.equal", "TIMESTAMP values and NOW() read differently after the move",
     "MariaDB Knowledge Base, Time zones", look_time_zone, false},
    {"transactions.long",
     "the fence waits for open transactions, and everything waits for the fence",
     "openark/orchestrator#1127: read_only hangs behind a commit", look_long_transactions, false},
    {"xa.prepared", "a prepared XA transaction would sit between the two sides, holding locks",
     "MariaDB Knowledge Base, XA Transactions: replication", look_prepared_xa, false},
    {"clock.skew", "times written by both sides are compared by people and by applications",
     "openark/orchestrator#1072: skew shown as lag", look_clock_skew, false},
    {"tls.used", "passwords and rows travel between two sites",
     "MariaDB Connector/C: TLS falls back to plaintext unless verified", look_tls_used, false},
    {"dns.token", "the flip is the worst moment to learn that a token has expired",
     "Cloudflare API, Verify Token", look_token, false},
    {"dns.records", "a record that nobody expected there is not ours to change",
     "kubernetes-sigs/external-dns#3484", look_records, false},
    {"dns.ttl", "users keep the old answer for as long as the TTL says",
     "Cloudflare DNS documentation, Time to Live", look_ttl, false},
    {"dns.min_ttl", "a TTL below what the zone allows is refused with error 9021",
     "Cloudflare API, DNS record: ttl", look_min_ttl, false},
    {"dns.proxied", "a proxied name answers with the edge's address before and after the flip",
     "Cloudflare DNS documentation, Proxy status", look_proxied, false},
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

/* --- the survey, and the run ------------------------------------------------------------------ */

void survey_release(struct survey *survey)
{
    free(survey->tables);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        free(survey->side[side].bypass);
        free(survey->side[side].events);
        for (size_t i = 0; i < survey->side[side].missing_definer_count; i++)
            free(survey->side[side].missing_definers[i]);
        free(survey->side[side].missing_definers);
    }
    memset(survey, 0, sizeof(*survey));
}

int preflight_run(const struct service *service, const struct facts *facts,
                  const struct survey *survey, struct findings *out, struct err *err)
{
    static const struct survey nothing_read = {0};
    CLEANUP(findings_release) struct findings findings = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        size_t before = findings.count;
        rows[i].look(service, facts, survey == NULL ? &nothing_read : survey, &rows[i], &findings);
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

int preflight_bars(const struct service *service, const struct facts *facts, struct err *err)
{
    static const struct survey nothing_read = {0};
    CLEANUP(findings_release) struct findings findings = {0};
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].is_bar)
            rows[i].look(service, facts, &nothing_read, &rows[i], &findings);
    if (findings.is_failed)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the findings");
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *finding = &findings.items[i];
        if (finding->severity != SEVERITY_BLOCK)
            continue;
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s: %s %s", finding->check, finding->subject,
                      finding->found);
        return err_hint(err, "nothing was changed; %s%s\"cutover check\" has the whole list",
                        finding->fix, finding->fix[0] != '\0' ? "; " : "");
    }
    return 0;
}
