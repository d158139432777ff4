/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "domain/preflight.h"
#include "facts_fixture.h"

/*
 * A service and facts with nothing to complain about; each test spoils one thing and looks at one
 * check.
 */
static struct service service;
static struct facts facts;
static struct survey survey;
static struct service_record records[2];
static struct record_facts record_facts[2];
static struct survey_table tables[2];
static struct findings findings;

static void well_dns(void)
{
    service.dns.is_configured = true;
    service.dns.min_ttl_s = 60;
    service.dns.records = records;
    service.dns.record_count = ARRAY_LEN(records);
    facts.dns = DNS_OLD;
    facts.records = record_facts;
    facts.record_count = ARRAY_LEN(record_facts);
    for (size_t i = 0; i < ARRAY_LEN(records); i++) {
        records[i] = (struct service_record){.name = "ghost.org", .type = "A"};
        records[i].name[0] = (char)('g' + i);
        snprintf(records[i].content[SIDE_OLD], 256, "192.0.2.1%zu", i);
        snprintf(records[i].content[SIDE_NEW], 256, "198.51.100.1%zu", i);
        record_facts[i] = (struct record_facts){
            .record = &records[i], .is_found = TRI_YES, .ttl_s = 300, .points = DNS_OLD};
        snprintf(record_facts[i].content, 256, "192.0.2.1%zu", i);
    }
    survey.dns.is_valid = TRI_YES;
    survey.dns.min_ttl_s = 60;
    snprintf(survey.dns.plan, sizeof(survey.dns.plan), "free");
}

static void well(void)
{
    fixture_service(&service);
    fixture_facts(&service, &facts);
    memset(&survey, 0, sizeof(survey));
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        survey.side[side].is_read = TRI_YES;
        survey.side[side].replication_login = survey.side[side].monitor_login = TRI_YES;
        snprintf(survey.side[side].sql_mode, 512, "STRICT_TRANS_TABLES");
        snprintf(survey.side[side].collation, 64, "utf8mb4_general_ci");
        snprintf(survey.side[side].time_zone, 64, "+00:00");
    }
    for (size_t i = 0; i < ARRAY_LEN(tables); i++)
        tables[i] =
            (struct survey_table){.name = "blog.t", .engine = "InnoDB", .has_primary_key = true};
    survey.tables = tables;
    survey.table_count = ARRAY_LEN(tables);
    well_dns();
}

static void look(void)
{
    struct err err = {0};
    findings_release(&findings);
    if (preflight_run(&service, &facts, &survey, &findings, &err) != 0)
        fail_msg("%s", err.msg);
}

/* The worst finding of one check; NULL when the check said nothing. */
static const struct finding *worst_of(const char *check)
{
    const struct finding *worst = NULL;
    for (size_t i = 0; i < findings.count; i++)
        if (strcmp(findings.items[i].check, check) == 0 &&
            (worst == NULL || findings.items[i].severity > worst->severity))
            worst = &findings.items[i];
    return worst;
}

/*
 * The check has this severity, and its evidence or subject contains the text; trouble comes with a
 * fix.
 */
static void assert_finding(const char *check, enum severity severity, const char *text)
{
    look();
    const struct finding *finding = worst_of(check);
    if (finding == NULL || finding->severity != severity)
        fail_msg("%s is %s: %s", check, finding ? severity_name(finding->severity) : "absent",
                 finding ? finding->found : "");
    if (strstr(finding->found, text) == NULL && strstr(finding->subject, text) == NULL)
        fail_msg("%s: \"%s\" is not in \"%s\" %s", check, text, finding->found, finding->subject);
    if (severity >= SEVERITY_WARN)
        assert_true(finding->fix[0] != '\0');
}

static void test_rows_have_unique_ids_a_reason_and_a_source(void **state UNUSED)
{
    size_t count = 0;
    const struct check_row *rows = preflight_table(&count);
    assert_true(count >= 30);
    for (size_t i = 0; i < count; i++) {
        assert_true(rows[i].why[0] != '\0' && rows[i].source[0] != '\0');
        for (size_t j = 0; j < i; j++)
            assert_string_not_equal(rows[i].id, rows[j].id);
    }
}

static void test_every_row_says_something_when_all_is_well_and_nothing_blocks(void **state UNUSED)
{
    well();
    look();
    size_t count = 0;
    const struct check_row *rows = preflight_table(&count);
    for (size_t i = 0; i < count; i++)
        assert_non_null(worst_of(rows[i].id));
    for (size_t i = 0; i < findings.count; i++)
        if (findings.items[i].severity > SEVERITY_NOTE)
            fail_msg("%s: %s %s", findings.items[i].check, findings.items[i].subject,
                     findings.items[i].found);
    assert_int_equal(findings_worst(&findings), SEVERITY_NOTE); /* the present TTL */
}

static void test_what_was_not_read_is_never_ok(void **state UNUSED)
{
    size_t count = 0;
    const struct check_row *rows = preflight_table(&count);
    well();
    memset(&facts, 0, sizeof(facts));
    facts.node_count = FIXTURE_NODES;
    for (unsigned i = 0; i < FIXTURE_NODES; i++)
        facts.nodes[i].node = &service.nodes[i];
    findings_release(&findings);
    assert_int_equal(preflight_run(&service, &facts, NULL, &findings, NULL), 0);
    for (size_t i = 0; i < count; i++)
        if (worst_of(rows[i].id) == NULL || worst_of(rows[i].id)->severity < SEVERITY_WARN)
            fail_msg("%s is not alarmed", rows[i].id);
    assert_int_equal(findings_worst(&findings), SEVERITY_BLOCK);
}

static void test_a_reached_node_that_hides_its_settings_blocks(void **state UNUSED)
{
    well();
    struct node_facts *old = &facts.nodes[OLD_PRIMARY];
    old->server_id = 0;
    old->has_binlog = old->logs_replica_updates = old->is_gtid_strict = TRI_UNKNOWN;
    old->binlog_format[0] = old->binlog_row_image[0] = '\0';
    assert_finding("server_id.unique", SEVERITY_BLOCK, "db0:3306");
    assert_finding("binlog.enabled", SEVERITY_BLOCK, "log_bin is not known, must be ON");
    assert_finding("binlog.format", SEVERITY_BLOCK, "not known");
    assert_finding("binlog.row_image", SEVERITY_BLOCK, "not known");
    assert_finding("binlog.log_replica_updates", SEVERITY_BLOCK, "not known");
    assert_finding("gtid.strict", SEVERITY_BLOCK, "not known");
}

static void test_an_unreached_primary_blocks_and_a_replica_warns(void **state UNUSED)
{
    well();
    facts.nodes[NEW_REPLICA].is_reached = TRI_NO;
    snprintf(facts.nodes[NEW_REPLICA].error, 384, "Access denied");
    assert_finding("node.reachable", SEVERITY_WARN, "Access denied");
    facts.nodes[NEW_PRIMARY].is_reached = TRI_NO;
    assert_finding("node.reachable", SEVERITY_BLOCK, "db2:3308");
    assert_finding("situation.known", SEVERITY_BLOCK, "NEW primary db2:3308 was not reached");
}

static void test_versions_must_be_of_one_flavour_and_not_fall(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].version = (struct server_version){FLAVOUR_MARIADB, 10, 6, 1};
    assert_finding("node.version", SEVERITY_BLOCK, "older than");
    well();
    facts.nodes[NEW_REPLICA].version.minor = 6;
    assert_finding("node.version", SEVERITY_BLOCK, "db3:3309");
    well();
    facts.nodes[NEW_PRIMARY].version = facts.nodes[NEW_REPLICA].version =
        (struct server_version){FLAVOUR_MARIADB, 11, 8, 6};
    assert_finding("node.version", SEVERITY_WARN, "would stop the way back");
    well();
    facts.nodes[OLD_PRIMARY].version = (struct server_version){FLAVOUR_MYSQL, 8, 4, 3};
    assert_finding("node.version", SEVERITY_BLOCK, "MySQL");
    well();
    facts.nodes[OLD_REPLICA].version = (struct server_version){FLAVOUR_MARIADB, 10, 3, 39};
    assert_finding("node.version", SEVERITY_BLOCK, "older than 10.5");
    well();
    facts.nodes[NEW_PRIMARY].version.patch = 1; /* a patch level is no obstacle */
    assert_finding("node.version", SEVERITY_OK, "OLD runs");
}

static void test_server_ids_are_unique_over_both_clusters(void **state UNUSED)
{
    well();
    facts.nodes[NEW_REPLICA].server_id = facts.nodes[OLD_PRIMARY].server_id;
    assert_finding("server_id.unique", SEVERITY_BLOCK, "has server_id 101, and so has db0:3306");
}

static void test_each_side_writes_into_a_domain_of_its_own(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].origin.domain = facts.nodes[NEW_REPLICA].origin.domain = 1;
    assert_finding("gtid.domain_distinct", SEVERITY_BLOCK, "OLD and NEW both write as 1");
    well();
    facts.nodes[OLD_REPLICA].origin.domain = 9;
    assert_finding("gtid.domain_distinct", SEVERITY_WARN, "db1:3307");
}

static void test_replication_settings_have_one_right_value(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].is_gtid_strict = TRI_NO;
    assert_finding("gtid.strict", SEVERITY_BLOCK, "gtid_strict_mode is OFF, must be ON");
    well();
    facts.nodes[NEW_REPLICA].is_gtid_strict = TRI_NO;
    assert_finding("gtid.strict", SEVERITY_WARN, "db3:3309");
    well();
    facts.nodes[NEW_PRIMARY].has_binlog = TRI_NO;
    assert_finding("binlog.enabled", SEVERITY_BLOCK, "db2:3308");
    well();
    snprintf(facts.nodes[OLD_PRIMARY].binlog_format, 16, "STATEMENT");
    assert_finding("binlog.format", SEVERITY_BLOCK, "binlog_format is STATEMENT, must be ROW");
    well();
    snprintf(facts.nodes[OLD_PRIMARY].binlog_row_image, 16, "MINIMAL");
    assert_finding("binlog.row_image", SEVERITY_BLOCK, "MINIMAL");
    well();
    facts.nodes[NEW_PRIMARY].logs_replica_updates = TRI_NO;
    assert_finding("binlog.log_replica_updates", SEVERITY_BLOCK, "db2:3308");
}

static void test_writes_of_its_own_on_new_block_before_the_cutover(void **state UNUSED)
{
    well();
    const struct position old_state = {FLAVOUR_MARIADB,
                                       {.list = {.items = {{1, 101, 50}}, .count = 1}}};
    facts.nodes[OLD_PRIMARY].binlog_state = old_state;
    facts.nodes[NEW_PRIMARY].binlog_state = old_state;
    fixture_link(&facts, SIDE_NEW);
    assert_finding("gtid.errant", SEVERITY_OK, "no write");
    facts.nodes[NEW_PRIMARY].binlog_state.list.items[1] = (struct gtid){2, 103, 1};
    facts.nodes[NEW_PRIMARY].binlog_state.list.count = 2;
    assert_finding("gtid.errant", SEVERITY_BLOCK, "NEW took writes of its own: 2-103-1");
    fixture_link(&facts, SIDE_OLD);
    assert_finding("gtid.errant", SEVERITY_NOTE, "not yet on OLD: 2-103-1");
    well();
    facts.nodes[NEW_PRIMARY].binlog_state = old_state;
    assert_finding("gtid.errant", SEVERITY_BLOCK, "1-101-50");
}

static void test_channels_that_are_not_ours_are_shown(void **state UNUSED)
{
    static const struct node outside = {.host = "warehouse", .port = 3306};
    well();
    fixture_link(&facts, SIDE_NEW);
    assert_finding("channels.foreign", SEVERITY_OK, "no channels but our own");
    fixture_channel(&facts.nodes[OLD_PRIMARY], "etl", &outside);
    assert_finding("channels.foreign", SEVERITY_WARN, "channel \"etl\" reads from warehouse:3306");
    fixture_channel(&facts.nodes[NEW_PRIMARY], "", &service.nodes[OLD_REPLICA]);
    assert_finding("channels.foreign", SEVERITY_BLOCK, "db1:3307");
    well();
    fixture_channel(&facts.nodes[NEW_PRIMARY], "cutover_forward", &outside);
    assert_finding("channels.foreign", SEVERITY_BLOCK, "gets in the way");
}

static void test_replicas_follow_their_cluster_and_refuse_writes(void **state UNUSED)
{
    well();
    facts.nodes[NEW_REPLICA].channels[0].is_applying = TRI_NO;
    snprintf(facts.nodes[NEW_REPLICA].channels[0].apply_error, 256, "Error 1032");
    assert_finding("replica.health", SEVERITY_WARN, "Error 1032");
    well();
    facts.nodes[OLD_REPLICA].channel_count = 0;
    assert_finding("replica.health", SEVERITY_WARN, "follows no node of the OLD cluster");
    well();
    facts.nodes[OLD_REPLICA].is_read_only = TRI_NO;
    assert_finding("read_only.replicas", SEVERITY_WARN, "takes writes");
    facts.nodes[OLD_REPLICA].is_read_only = TRI_UNKNOWN;
    assert_finding("read_only.replicas", SEVERITY_WARN, "could not be read");
}

static void test_new_is_closed_until_its_time(void **state UNUSED)
{
    well();
    assert_finding("read_only.new_closed", SEVERITY_OK, "closed");
    fixture_open(&facts, SIDE_NEW, true);
    assert_finding("read_only.new_closed", SEVERITY_WARN, "NEW is open");
    facts.nodes[NEW_PRIMARY].has_data = TRI_YES;
    assert_finding("read_only.new_closed", SEVERITY_OK, "rehearsing");
    fixture_link(&facts, SIDE_NEW);
    assert_finding("read_only.new_closed", SEVERITY_BLOCK, "NEW is open");
    facts.nodes[NEW_PRIMARY].is_read_only = TRI_UNKNOWN;
    assert_finding("read_only.new_closed", SEVERITY_BLOCK, "could not be read");
}

static void test_accounts_that_slip_past_read_only_block_when_they_may_come(void **state UNUSED)
{
    struct survey_account account = {.name = "root@localhost", .reason = "SUPER"};
    well();
    survey.side[SIDE_OLD].bypass = &account;
    survey.side[SIDE_OLD].bypass_count = 1;
    assert_finding("read_only.bypass", SEVERITY_WARN, "root@localhost");
    account.is_live = true;
    assert_finding("read_only.bypass", SEVERITY_BLOCK, "connected now");
    account =
        (struct survey_account){.name = "dba@%", .reason = "READ ONLY ADMIN", .is_remote = true};
    assert_finding("read_only.bypass", SEVERITY_BLOCK, "READ ONLY ADMIN");
    snprintf(account.name, sizeof(account.name), "cutover@%%");
    assert_finding("read_only.bypass", SEVERITY_OK, "every account but cutover");
    snprintf(account.name, sizeof(account.name), "cutover_monitor@localhost");
    account.is_remote = false;
    assert_finding("read_only.bypass", SEVERITY_BLOCK, "cutover_monitor");
    survey.side[SIDE_NEW].is_read = TRI_NO;
    survey.side[SIDE_OLD].bypass_count = 0;
    assert_finding("read_only.bypass", SEVERITY_BLOCK, "could not be read");
}

static void test_our_own_accounts_must_work_on_both_sides(void **state UNUSED)
{
    well();
    snprintf(survey.side[SIDE_NEW].missing_grants, 512, "BINLOG ADMIN");
    assert_finding("account.controller_grants", SEVERITY_BLOCK, "lacks on NEW: BINLOG ADMIN");
    well();
    survey.side[SIDE_NEW].replication_login = TRI_NO;
    snprintf(survey.side[SIDE_NEW].replication_login_error, 256, "Access denied");
    assert_finding("account.replication_login", SEVERITY_BLOCK, "NEW: Access denied");
    survey.side[SIDE_NEW].replication_login = TRI_UNKNOWN;
    assert_finding("account.replication_login", SEVERITY_BLOCK, "NEW");
    well();
    survey.side[SIDE_OLD].monitor_login = TRI_UNKNOWN;
    assert_finding("account.monitor_login", SEVERITY_BLOCK, "not tried");
}

static void test_a_definer_without_account_blocks_once_new_has_data(void **state UNUSED)
{
    char author[] = "author@%";
    char *missing[] = {author};
    well();
    survey.side[SIDE_NEW].missing_definers = missing;
    survey.side[SIDE_NEW].missing_definer_count = 1;
    assert_finding("definers.missing", SEVERITY_WARN, "author@%");
    facts.nodes[NEW_PRIMARY].has_data = TRI_YES;
    assert_finding("definers.missing", SEVERITY_BLOCK, "author@%");
}

static void test_odd_tables_are_named(void **state UNUSED)
{
    well();
    tables[1].has_primary_key = false;
    snprintf(tables[1].name, sizeof(tables[1].name), "blog.audit_log");
    assert_finding("tables.primary_key", SEVERITY_WARN, "blog.audit_log");
    assert_finding("tables.engine", SEVERITY_OK, "all 2 tables");
    snprintf(tables[1].engine, sizeof(tables[1].engine), "Aria");
    assert_finding("tables.engine", SEVERITY_WARN, "Aria");
    survey.table_count = 0;
    assert_finding("tables.primary_key", SEVERITY_WARN, "no tables");
}

static void test_an_event_that_would_fire_twice_blocks(void **state UNUSED)
{
    struct survey_event on_old = {"blog.purge", "app@%", "ENABLED"};
    struct survey_event on_new = {"blog.purge", "app@%", "SLAVESIDE_DISABLED"};
    well();
    survey.side[SIDE_OLD].events = &on_old;
    survey.side[SIDE_NEW].events = &on_new;
    survey.side[SIDE_OLD].event_count = survey.side[SIDE_NEW].event_count = 1;
    assert_finding("events.present", SEVERITY_NOTE, "blog.purge");
    on_new = on_old;
    assert_finding("events.present", SEVERITY_BLOCK, "would fire on both");
    snprintf(facts.nodes[NEW_PRIMARY].event_scheduler, 16, "OFF");
    assert_finding("events.present", SEVERITY_WARN, "ENABLED on both sides");
}

static void test_settings_that_change_meaning_are_compared(void **state UNUSED)
{
    well();
    snprintf(survey.side[SIDE_NEW].sql_mode, 512, "ANSI");
    snprintf(survey.side[SIDE_NEW].collation, 64, "latin1_swedish_ci");
    snprintf(survey.side[SIDE_NEW].time_zone, 64, "Europe/Oslo");
    assert_finding("sql_mode.equal", SEVERITY_WARN, "NEW has \"ANSI\"");
    assert_finding("collation.equal", SEVERITY_WARN, "latin1_swedish_ci");
    assert_finding("time_zone.equal", SEVERITY_WARN, "Europe/Oslo");
}

static void test_open_work_is_reported(void **state UNUSED)
{
    well();
    facts.nodes[OLD_PRIMARY].oldest_transaction_s = 60;
    assert_finding("transactions.long", SEVERITY_OK, "oldest: 60 s");
    facts.nodes[OLD_PRIMARY].oldest_transaction_s = 61;
    assert_finding("transactions.long", SEVERITY_WARN, "61 s");
    facts.nodes[OLD_PRIMARY].prepared_xa = 1;
    assert_finding("xa.prepared", SEVERITY_BLOCK, "1 XA");
}

static void test_clocks_warn_at_a_second_and_block_at_thirty(void **state UNUSED)
{
    well();
    facts.nodes[NEW_REPLICA].skew_us = -1000000;
    assert_finding("clock.skew", SEVERITY_OK, "within 1000 ms");
    facts.nodes[NEW_REPLICA].skew_us = -1000001;
    assert_finding("clock.skew", SEVERITY_WARN, "behind");
    facts.nodes[NEW_REPLICA].skew_us = 30000001;
    assert_finding("clock.skew", SEVERITY_BLOCK, "ahead of");
}

static void test_plaintext_warns_and_blocks_when_tls_is_demanded(void **state UNUSED)
{
    well();
    facts.nodes[OLD_REPLICA].tls_cipher[0] = '\0';
    assert_finding("tls.used", SEVERITY_WARN, "plaintext");
    service.tls.mode = TLS_REQUIRED;
    assert_finding("tls.used", SEVERITY_BLOCK, "demands TLS");
}

static void test_records_must_be_found_and_point_to_one_side(void **state UNUSED)
{
    well();
    record_facts[1].is_found = TRI_NO;
    assert_finding("dns.records", SEVERITY_BLOCK, "not exactly one A record");
    record_facts[1].is_found = TRI_UNKNOWN;
    assert_finding("dns.records", SEVERITY_BLOCK, "not known");
    record_facts[1].is_found = TRI_YES;
    record_facts[1].points = DNS_UNKNOWN;
    snprintf(record_facts[1].content, 256, "203.0.113.9");
    assert_finding("dns.records", SEVERITY_BLOCK, "203.0.113.9, expected 192.0.2.11");
    facts.record_count = 1;
    assert_finding("dns.records", SEVERITY_BLOCK, "not known");
}

static void test_what_the_flip_will_take_is_told(void **state UNUSED)
{
    well();
    assert_finding("dns.ttl", SEVERITY_NOTE, "TTL 300 s");
    record_facts[0].ttl_s = record_facts[1].ttl_s = 1;
    assert_finding("dns.ttl", SEVERITY_NOTE, "TTL 300 s");
    record_facts[0].is_proxied = record_facts[1].is_proxied = true;
    assert_finding("dns.ttl", SEVERITY_OK, "no DNS-only record");
    assert_finding("dns.proxied", SEVERITY_NOTE, "at the edge");
    survey.dns.min_ttl_s = 120;
    assert_finding("dns.min_ttl", SEVERITY_WARN, "no TTL below 120 s");
    survey.dns.plan[0] = '\0';
    assert_finding("dns.min_ttl", SEVERITY_WARN, "not known");
}

static void test_a_refused_token_blocks_with_the_providers_words(void **state UNUSED)
{
    well();
    survey.dns.is_valid = TRI_NO;
    snprintf(survey.dns.error, sizeof(survey.dns.error), "6003: Invalid request headers");
    assert_finding("dns.token", SEVERITY_BLOCK, "is refused: 6003");
    survey.dns.is_valid = TRI_UNKNOWN;
    assert_finding("dns.token", SEVERITY_BLOCK, "could not be tried");
}

static void test_a_service_without_dns_is_noted_and_not_blocked(void **state UNUSED)
{
    well();
    service.dns.is_configured = false;
    facts.dns = DNS_NONE;
    facts.record_count = 0;
    assert_finding("dns.token", SEVERITY_NOTE, "no dns section");
    assert_finding("dns.records", SEVERITY_NOTE, "no dns section");
    assert_int_equal(findings_worst(&findings), SEVERITY_NOTE);
    findings_release(&findings);
}

static void test_long_evidence_is_cut_and_stays_a_text(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].is_reached = TRI_NO;
    memset(facts.nodes[NEW_PRIMARY].error, 'e', sizeof(facts.nodes[NEW_PRIMARY].error) - 1);
    look();
    assert_int_equal(strlen(worst_of("node.reachable")->found),
                     sizeof(findings.items[0].found) - 1);
    findings_release(&findings);
    findings_release(&findings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_have_unique_ids_a_reason_and_a_source),
        cmocka_unit_test(test_every_row_says_something_when_all_is_well_and_nothing_blocks),
        cmocka_unit_test(test_what_was_not_read_is_never_ok),
        cmocka_unit_test(test_a_reached_node_that_hides_its_settings_blocks),
        cmocka_unit_test(test_an_unreached_primary_blocks_and_a_replica_warns),
        cmocka_unit_test(test_versions_must_be_of_one_flavour_and_not_fall),
        cmocka_unit_test(test_server_ids_are_unique_over_both_clusters),
        cmocka_unit_test(test_each_side_writes_into_a_domain_of_its_own),
        cmocka_unit_test(test_replication_settings_have_one_right_value),
        cmocka_unit_test(test_writes_of_its_own_on_new_block_before_the_cutover),
        cmocka_unit_test(test_channels_that_are_not_ours_are_shown),
        cmocka_unit_test(test_replicas_follow_their_cluster_and_refuse_writes),
        cmocka_unit_test(test_new_is_closed_until_its_time),
        cmocka_unit_test(test_accounts_that_slip_past_read_only_block_when_they_may_come),
        cmocka_unit_test(test_our_own_accounts_must_work_on_both_sides),
        cmocka_unit_test(test_a_definer_without_account_blocks_once_new_has_data),
        cmocka_unit_test(test_odd_tables_are_named),
        cmocka_unit_test(test_an_event_that_would_fire_twice_blocks),
        cmocka_unit_test(test_settings_that_change_meaning_are_compared),
        cmocka_unit_test(test_open_work_is_reported),
        cmocka_unit_test(test_clocks_warn_at_a_second_and_block_at_thirty),
        cmocka_unit_test(test_plaintext_warns_and_blocks_when_tls_is_demanded),
        cmocka_unit_test(test_records_must_be_found_and_point_to_one_side),
        cmocka_unit_test(test_what_the_flip_will_take_is_told),
        cmocka_unit_test(test_a_refused_token_blocks_with_the_providers_words),
        cmocka_unit_test(test_a_service_without_dns_is_noted_and_not_blocked),
        cmocka_unit_test(test_long_evidence_is_cut_and_stays_a_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
