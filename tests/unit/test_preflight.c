/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "preflight_fixture.h"

static void test_rows_have_unique_ids_a_reason_and_a_source(void **state UNUSED)
{
    const struct check_row *row;
    assert_true(preflight_count() >= 60);
    for (size_t i = 0; (row = preflight_at(i)) != NULL; i++) {
        assert_true(row->why[0] != '\0' && row->source[0] != '\0');
        assert_true(row->how != NULL && row->how[0] != '\0');
        assert_true(row->worst > SEVERITY_OK);
        assert_ptr_equal(preflight_find(row->id), row); /* the first of that name */
    }
    assert_null(preflight_at(preflight_count()));
}

static void test_every_row_says_something_when_all_is_well_and_nothing_blocks(void **state UNUSED)
{
    well();
    look();
    for (size_t i = 0; i < preflight_count(); i++)
        assert_non_null(worst_of(preflight_at(i)->id));
    for (size_t i = 0; i < findings.count; i++)
        if (findings.items[i].severity > SEVERITY_NOTE)
            fail_msg("%s: %s %s", findings.items[i].check, findings.items[i].subject,
                     findings.items[i].found);
    assert_int_equal(findings_worst(&findings), SEVERITY_NOTE); /* the present TTL */
}

static void test_what_was_not_read_is_never_ok(void **state UNUSED)
{
    const struct check_row *row;
    well();
    memset(&facts, 0, sizeof(facts));
    facts.node_count = FIXTURE_NODES;
    for (unsigned i = 0; i < FIXTURE_NODES; i++)
        facts.nodes[i].node = &service.nodes[i];
    service.workers[service.worker_count++] = (struct side_worker){.name = "cron"};
    static struct application blog = {.name = "blog"};
    service.applications = &blog;
    service.application_count = 1;
    findings_release(&findings);
    assert_int_equal(preflight_run(&service, &facts, NULL, &findings, NULL), 0);
    service.worker_count = service.application_count = 0;
    for (size_t i = 0; (row = preflight_at(i)) != NULL; i++)
        if (worst_of(row->id) == NULL || worst_of(row->id)->severity < SEVERITY_WARN)
            fail_msg("%s is not alarmed", row->id);
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

static void test_each_node_is_a_server_that_is_supported(void **state UNUSED)
{
    well();
    facts.nodes[OLD_REPLICA].version = (struct server_version){FLAVOUR_MARIADB, 10, 3, 39};
    assert_finding("node.version", SEVERITY_BLOCK, "before 10.5");
    well();
    facts.nodes[NEW_PRIMARY].version.patch = 1; /* a patch level is no obstacle */
    assert_finding("node.version", SEVERITY_OK, "OLD runs");
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3));
    assert_finding("node.version", SEVERITY_OK, "NEW runs 8.4.3");
    make_mysql(mysql_of(8, 4, 3), mysql_of(26, 7, 0));
    assert_finding("node.version", SEVERITY_NOTE, "newer than 9.7");
    make_mysql(mysql_of(8, 0, 11), mysql_of(8, 4, 3));
    snprintf(facts.nodes[OLD_PRIMARY].version_text, 64, "8.0.11-TiDB-v7.5.0");
    assert_finding("node.version", SEVERITY_BLOCK, "TiDB");
}

static void test_replicas_are_not_older_than_their_primary(void **state UNUSED)
{
    well();
    facts.nodes[NEW_REPLICA].version.minor = 6;
    assert_finding("node.version", SEVERITY_WARN, "db3:3309");
    make_mysql(mysql_of(8, 4, 3), mysql_of(8, 4, 3));
    facts.nodes[NEW_REPLICA].version = mysql_of(5, 7, 44);
    assert_finding("node.version", SEVERITY_BLOCK, "db3:3309");
}

static void test_a_third_version_of_mysql_is_told(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3));
    assert_finding("pair.versions", SEVERITY_OK, "not mix");
    facts.nodes[NEW_REPLICA].version.patch = 4;
    assert_finding("pair.versions", SEVERITY_WARN, "3 versions");
    well();
    facts.nodes[NEW_REPLICA].version.patch = 4;
    facts.nodes[OLD_REPLICA].version.patch = 5; /* MariaDB has no such rule */
    assert_finding("pair.versions", SEVERITY_OK, "not mix");
}

static void test_the_flavours_must_be_equal_whatever_is_waived(void **state UNUSED)
{
    static struct waiver waivers[] = {
        {"pair.forward", "Jane Doe", "we dare", INT64_MAX},
        {"pair.way_back", "Jane Doe", "we dare", INT64_MAX},
        {"node.flavour", "Jane Doe", "we dare", INT64_MAX},
    };
    struct err err = {0};
    well();
    service.waivers = waivers;
    service.waiver_count = ARRAY_LEN(waivers);
    facts.nodes[OLD_PRIMARY].version = facts.nodes[OLD_REPLICA].version = mysql_of(5, 7, 44);
    assert_finding("node.flavour", SEVERITY_BLOCK, "OLD is MySQL, NEW is MariaDB");
    assert_finding("pair.forward", SEVERITY_WARN, "MySQL to MariaDB");
    assert_int_equal(preflight_bars(&service, &facts, NULL, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "node.flavour"));
}

static void test_the_way_there_and_the_way_back_are_judged_apart(void **state UNUSED)
{
    well();
    assert_finding("pair.forward", SEVERITY_OK, "OLD (10.11.19-MariaDB) to NEW");
    assert_finding("pair.way_back", SEVERITY_OK, "NEW (10.11.19-MariaDB) to OLD");
    make_mariadb(11, 11, 8);
    assert_finding("pair.forward", SEVERITY_OK, "newer series");
    assert_finding("pair.way_back", SEVERITY_WARN, "columns of type VECTOR");
    make_mariadb(11, 10, 6); /* downhill: the way there is the conditional one */
    assert_finding("pair.forward", SEVERITY_BLOCK, "works without");
    assert_finding("pair.way_back", SEVERITY_OK, "newer series");
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3));
    assert_finding("pair.forward", SEVERITY_OK, "upgrade path");
    assert_finding("pair.way_back", SEVERITY_WARN, "tagged GTIDs");
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    assert_finding("pair.way_back", SEVERITY_BLOCK, "5.7 cannot be gone back to");
    make_mysql(mysql_of(5, 7, 44), mysql_of(9, 7, 4));
    assert_finding("pair.forward", SEVERITY_BLOCK, "a series cannot be skipped");
}

static void test_a_waiver_lets_a_check_pass_and_is_shown(void **state UNUSED)
{
    static struct waiver waiver = {"pair.way_back", "Jane Doe", "5.7 is given up", 0};
    CLEANUP(findings_release) struct findings waived = {0};
    struct err err = {0};
    well();
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    assert_finding("waivers.valid", SEVERITY_OK, "nothing is waived");
    assert_int_equal(preflight_bars(&service, &facts, NULL, &err), ERR_REFUSED);
    service.waivers = &waiver;
    service.waiver_count = 1;
    waiver.until_us = facts.wall_us + 1;
    assert_finding("pair.way_back", SEVERITY_WARN, "5.7 cannot be gone back to");
    assert_non_null(
        strstr(worst_of("pair.way_back")->waived, "waived by Jane Doe until 2026-11-2"));
    assert_non_null(strstr(worst_of("pair.way_back")->waived, "5.7 is given up"));
    assert_finding("waivers.valid", SEVERITY_NOTE, "Jane Doe");
    assert_int_equal(preflight_bars(&service, &facts, &waived, &err), 0);
    assert_int_equal(waived.count, 1);
    assert_string_equal(waived.items[0].check, "pair.way_back");
}

static void test_a_waiver_that_has_ended_blocks_again(void **state UNUSED)
{
    static struct waiver waiver = {"pair.way_back", "Jane Doe", "5.7 is given up", 0};
    struct err err = {0};
    well();
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 0, 36));
    service.waivers = &waiver;
    service.waiver_count = 1;
    waiver.until_us = facts.wall_us;
    assert_finding("pair.way_back", SEVERITY_BLOCK, "cannot be gone back to");
    assert_non_null(strstr(worst_of("pair.way_back")->waived, "the waiver of Jane Doe ended"));
    assert_finding("waivers.valid", SEVERITY_BLOCK, "ended");
    assert_int_equal(preflight_bars(&service, &facts, NULL, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "ended"));
    waiver.until_us = INT64_MAX;
    facts.wall_us = 0; /* a time that is not known is not before anything */
    assert_finding("pair.way_back", SEVERITY_BLOCK, "cannot be gone back to");
}

static void test_mysql_servers_have_a_uuid_of_their_own(void **state UNUSED)
{
    well();
    assert_finding("server_uuid.unique", SEVERITY_OK, "no MySQL");
    make_mysql(mysql_of(9, 7, 4), mysql_of(9, 7, 4));
    assert_finding("server_uuid.unique", SEVERITY_OK, "4 nodes");
    facts.nodes[NEW_REPLICA].origin = facts.nodes[OLD_PRIMARY].origin;
    assert_finding("server_uuid.unique", SEVERITY_BLOCK, "server_uuid of db0:3306");
    make_mysql(mysql_of(9, 7, 4), mysql_of(9, 7, 4));
    facts.nodes[NEW_PRIMARY].origin.flavour = FLAVOUR_UNKNOWN;
    assert_finding("server_uuid.unique", SEVERITY_BLOCK, "could not be read");
}

static void test_settings_of_mysql_are_named_as_mysql_names_them(void **state UNUSED)
{
    well();
    make_mysql(mysql_of(9, 7, 4), mysql_of(9, 7, 4));
    assert_finding("gtid.domain_distinct", SEVERITY_OK, "MySQL has no domains");
    assert_finding("gtid.strict", SEVERITY_OK, "gtid_mode");
    facts.nodes[NEW_PRIMARY].is_gtid_strict = TRI_NO;
    assert_finding("gtid.strict", SEVERITY_BLOCK, "gtid_mode with enforce_gtid_consistency is OFF");
    facts.nodes[NEW_PRIMARY].logs_replica_updates = TRI_NO;
    assert_finding("binlog.log_replica_updates", SEVERITY_BLOCK, "log_replica_updates");
}

/* --- upgrades --------------------------------------------------------------------------------- */

static void test_members_of_groups_are_recognised(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "wsrep_on", "ON");
    assert_finding("node.kind", SEVERITY_BLOCK, "Galera");
    well();
    plant_variable(SIDE_NEW, "group_replication_group_name", "aaaa-bbbb");
    assert_finding("node.kind", SEVERITY_BLOCK, "group replication member");
    well();
    plant_variable(SIDE_NEW, "group_replication_group_name", "");
    plant_variable(SIDE_NEW, "wsrep_on", "OFF");
    assert_finding("node.kind", SEVERITY_OK, "in no group");
    plant_variable(SIDE_NEW, "version_comment", "Percona Server (GPL), Release 28");
    assert_finding("node.kind", SEVERITY_NOTE, "Percona Server");
}

static void test_a_feature_that_the_other_side_lacks_blocks_there_and_warns_back(
    void **state UNUSED)
{
    well();
    make_mariadb(11, 11, 8);
    plant(SIDE_NEW, SURVEY_FEATURES, "type vector", "");
    assert_finding("pair.features", SEVERITY_WARN, "4161");
    well();
    make_mysql(mysql_of(8, 0, 36), mysql_of(5, 7, 44));
    plant(SIDE_OLD, SURVEY_FEATURES, "index expression", "");
    assert_finding("pair.features", SEVERITY_BLOCK, "indexes on expressions");
}

static void test_a_side_that_a_restart_opens_is_named(void **state UNUSED)
{
    struct hold_account *accounts = calloc(2, sizeof(*accounts));
    assert_non_null(accounts);
    well();
    accounts[0] = (struct hold_account){.user = "app", .host = "%", .writes = "INSERT on blog"};
    accounts[1] = (struct hold_account){
        .user = "root", .host = "localhost", .writes = "ALTER", .is_admin = true, .is_local = true};
    survey.side[SIDE_OLD].accounts = accounts;
    survey.side[SIDE_OLD].account_count = 2;
    accounts[1].is_socket = true;
    assert_finding("fence.restart", SEVERITY_NOTE, "app@%");
    accounts[1].is_socket = false;
    assert_finding("fence.restart", SEVERITY_WARN, "root@localhost");
    service.fence.hold = FENCE_HOLD_NONE;
    assert_finding("fence.restart", SEVERITY_WARN, "a restart opens it");
    service.fence.hold = FENCE_HOLD_CONFIG;
    snprintf(survey.side[SIDE_OLD].read_only_origin, sizeof(survey.side[SIDE_OLD].read_only_origin),
             "COMPILE-TIME");
    assert_finding("fence.restart", SEVERITY_BLOCK, "COMPILE-TIME");
    service.fence.hold = FENCE_HOLD_FILE;
    assert_finding("fence.restart", SEVERITY_BLOCK, "no ssh group says where");
    struct node_ssh ssh = {.drop_in = "/etc/mysql/conf.d"};
    for (size_t i = 0; i < service.node_count; i++)
        service.nodes[i].ssh = &ssh;
    snprintf(survey.side[SIDE_OLD].drop_in_problem, sizeof(survey.side[SIDE_OLD].drop_in_problem),
             "there is no folder");
    assert_finding("fence.restart", SEVERITY_BLOCK, "there is no folder");
    for (size_t i = 0; i < service.node_count; i++)
        service.nodes[i].ssh = NULL;
    survey.side[SIDE_OLD].accounts = NULL;
    survey.side[SIDE_OLD].account_count = 0;
    free(accounts);
}

static void test_a_commit_that_waits_for_a_replica_is_told(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "rpl_semi_sync_master_enabled", "ON");
    assert_finding("upgrade.semisync", SEVERITY_WARN, "the fence waits");
}

static void test_a_commit_that_nobody_acknowledges_blocks(void **state UNUSED)
{
    well();
    service.limits.lock_wait_ms = 1000;
    plant_variable(SIDE_OLD, "rpl_semi_sync_master_enabled", "ON");
    plant_variable(SIDE_OLD, "rpl_semi_sync_master_timeout", "10000");
    plant(SIDE_OLD, SURVEY_SEMISYNC, "Rpl_semi_sync_master_status", "ON");
    plant(SIDE_OLD, SURVEY_SEMISYNC, "Rpl_semi_sync_master_clients", "0");
    assert_finding("upgrade.semisync", SEVERITY_BLOCK, "10000 ms");
}

static void test_a_topic_that_was_not_read_warns_with_its_reason(void **state UNUSED)
{
    well();
    struct survey_list *topic = &survey.side[SIDE_NEW].topics[SURVEY_PLUGINS_KNOWN];
    topic->is_read = TRI_NO;
    snprintf(topic->error, sizeof(topic->error), "SELECT command denied");
    assert_finding("upgrade.account_plugins", SEVERITY_WARN, "SELECT command denied");
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

static void test_a_replica_that_nobody_listed_is_told(void **state UNUSED)
{
    well();
    struct node_facts *primary = &facts.nodes[OLD_PRIMARY];
    primary->replica_count = 1;
    primary->replicas[0].server_id = facts.nodes[OLD_REPLICA].server_id;
    assert_finding("replica.unlisted", SEVERITY_OK, "all connected replicas");
    primary->replica_count = 2;
    primary->replicas[1] = (struct replica_facts){.server_id = 4711, .address = "etl:3306"};
    assert_finding("replica.unlisted", SEVERITY_WARN, "feeds etl:3306 (server_id 4711)");
}

static void test_a_member_of_a_group_bars_every_plan(void **state UNUSED)
{
    struct err err = {0};
    well();
    assert_finding("node.group", SEVERITY_OK, "no node is a member");
    assert_int_equal(preflight_bars(&service, &facts, NULL, &err), 0);
    (void)snprintf(facts.nodes[NEW_REPLICA].group, sizeof(facts.nodes[NEW_REPLICA].group),
                   "a Galera cluster of 3");
    assert_finding("node.group", SEVERITY_BLOCK, "a member of a Galera cluster of 3");
    assert_int_equal(preflight_bars(&service, &facts, NULL, &err), ERR_REFUSED);
    assert_non_null(strstr(err.msg, "Galera"));
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
    account.is_stopped = true; /* MySQL: read_only does not, super_read_only does */
    assert_finding("read_only.bypass", SEVERITY_WARN, "the fence stops it");
    account.is_stopped = false;
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

static void test_nothing_travels_unencrypted_where_others_may_read_it(void **state UNUSED)
{
    struct err err = {0};
    well();
    struct channel_facts *link = fixture_link(&facts, SIDE_NEW);
    link->uses_tls = TRI_NO;
    assert_finding("network.replication_encrypted", SEVERITY_OK, "encrypted");
    snprintf(facts.nodes[OLD_PRIMARY].address, 48, "203.0.113.9");
    assert_finding("network.replication_encrypted", SEVERITY_BLOCK, "203.0.113.9 is a public");
    assert_finding("network.seed_encrypted", SEVERITY_BLOCK, "203.0.113.9 is a public");
    assert_int_equal(preflight_bars(&service, &facts, NULL, &err), ERR_REFUSED);

    service.tls.mode = TLS_REQUIRED;
    assert_finding("network.seed_encrypted", SEVERITY_OK, "encrypted");
    assert_finding("network.replication_encrypted", SEVERITY_BLOCK, "replicates unencrypted");
    link->uses_tls = TRI_UNKNOWN;
    assert_finding("network.replication_encrypted", SEVERITY_WARN, "not known whether");
    link->uses_tls = TRI_YES;
    assert_finding("network.replication_encrypted", SEVERITY_OK, "encrypted");
    assert_int_equal(preflight_bars(&service, &facts, NULL, &err), 0);
}

static void test_an_address_behind_a_tunnel_is_taken_as_it_is_configured(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].address[0] = '\0';
    assert_finding("network.replication_encrypted", SEVERITY_BLOCK, "db2 is an unknown address");
    snprintf(service.nodes[NEW_PRIMARY].host, 256, "192.168.0.7");
    assert_finding("network.replication_encrypted", SEVERITY_OK, "encrypted");
}

static void test_a_way_that_is_long_narrow_or_lossy_is_named(void **state UNUSED)
{
    well();
    assert_finding("network.round_trip", SEVERITY_OK, "20.00 ms, at worst 25.00, of 9");
    assert_finding("network.throughput", SEVERITY_OK, "110.0 MB/s");
    assert_finding("network.loss", SEVERITY_OK, "0.00 %");
    survey.paths[1].middle_us = 100001;
    assert_finding("network.round_trip", SEVERITY_WARN, "100.00 ms");
    assert_string_equal(worst_of("network.round_trip")->subject, "db2:3308 to db0:3306");
    tables[0].bytes = 10000000000;
    survey.paths[1].bytes_per_s = 4.9e6;
    assert_finding("network.throughput", SEVERITY_WARN, "4.9 MB/s over one connection: 10000 MB");
    survey.paths[1].sent_again = 201;
    assert_finding("network.loss", SEVERITY_WARN, "(201 of 20000 segments");
}

static void test_a_way_that_could_not_be_measured_is_not_known(void **state UNUSED)
{
    well();
    survey.paths[0] = (struct survey_path){.from = survey.paths[0].from,
                                           .to = survey.paths[0].to,
                                           .trip_problem = "no host",
                                           .bulk_problem = "no program",
                                           .loss_problem = "no counters"};
    assert_finding("network.round_trip", SEVERITY_WARN, "not known: no host");
    assert_finding("network.throughput", SEVERITY_WARN, "not known: no program");
    assert_finding("network.loss", SEVERITY_WARN, "not known: no program");
    survey.paths[0].bulk_problem[0] = '\0';
    assert_finding("network.loss", SEVERITY_WARN, "not known: no counters");
    free(survey.paths);
    survey.paths = NULL;
    assert_finding("network.loss", SEVERITY_NOTE, "not measured");
}

static void test_links_of_others_are_judged_by_what_the_server_says(void **state UNUSED)
{
    well();
    struct channel_facts *own = &facts.nodes[NEW_REPLICA].channels[0];
    snprintf(own->source_host, sizeof(own->source_host), "198.51.100.7");
    own->uses_tls = TRI_NO;
    assert_finding("network.replication_encrypted", SEVERITY_WARN, "from 198.51.100.7");
    snprintf(own->source_host, sizeof(own->source_host), "192.168.0.7");
    assert_finding("network.replication_encrypted", SEVERITY_OK, "encrypted");
}

static void test_a_login_that_was_tried_from_elsewhere_is_not_known(void **state UNUSED)
{
    well();
    survey.side[SIDE_OLD].is_login_tried_here = true;
    assert_finding("account.replication_login", SEVERITY_WARN, "tried from here only");
    snprintf(facts.nodes[NEW_PRIMARY].address, 48, "127.0.0.1"); /* here is its host */
    assert_finding("account.replication_login", SEVERITY_OK, "both primaries");
}

static void test_a_replica_of_new_that_cannot_log_in_to_its_primary_is_named(void **state UNUSED)
{
    static struct survey_login login;
    well();
    login = (struct survey_login){
        .from = &service.nodes[NEW_REPLICA], .to = &service.nodes[NEW_PRIMARY], .works = TRI_YES};
    survey.replica_logins = &login;
    survey.replica_login_count = 1;
    assert_finding("account.replication_login", SEVERITY_OK, "both primaries");
    login.is_tried_here = true;
    assert_finding("account.replication_login", SEVERITY_WARN, "tried from here only");
    assert_finding("account.replication_login", SEVERITY_WARN, service.nodes[NEW_REPLICA].name);
    snprintf(facts.nodes[NEW_REPLICA].address, 48, "127.0.0.1");
    assert_finding("account.replication_login", SEVERITY_OK, "both primaries");
    login.works = TRI_UNKNOWN;
    assert_finding("account.replication_login", SEVERITY_WARN, "nobody has tried");
    login.works = TRI_NO;
    snprintf(login.answer, sizeof(login.answer), "Access denied");
    assert_finding("account.replication_login", SEVERITY_WARN, "cannot log in to");
    assert_finding("account.replication_login", SEVERITY_WARN, "Access denied");
    survey.replica_logins = NULL;
    survey.replica_login_count = 0;
}

static void test_what_a_server_answered_an_application_blocks_and_silence_warns(void **state UNUSED)
{
    static struct application blog = {.name = "blog", .account = {.user = "app"}};
    static const struct node web = {.name = "web1.example"};
    static struct survey_login logins[SIDE_COUNT];
    well();
    assert_finding("account.application_login", SEVERITY_OK, "no applications are named");
    service.applications = &blog;
    service.application_count = 1;
    assert_finding("account.application_login", SEVERITY_WARN, "no login of an application");
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        logins[side] = (struct survey_login){.application = &blog,
                                             .from = &web,
                                             .to = service_primary(&service, side),
                                             .works = TRI_YES};
    survey.logins = logins;
    survey.login_count = ARRAY_LEN(logins);
    assert_finding("account.application_login", SEVERITY_OK, "from each of its hosts");
    logins[SIDE_OLD].works = TRI_UNKNOWN;
    assert_finding("account.application_login", SEVERITY_WARN, "nobody has tried");
    logins[SIDE_NEW].works = TRI_NO;
    snprintf(logins[SIDE_NEW].answer, sizeof(logins[SIDE_NEW].answer), "Access denied");
    assert_finding("account.application_login", SEVERITY_BLOCK, "of NEW: Access denied");
    assert_finding("account.application_login", SEVERITY_BLOCK, "blog (app)");
    assert_finding("account.application_login", SEVERITY_BLOCK, "from web1.example");
    service.application_count = survey.login_count = 0;
    survey.logins = NULL;
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

/* One trace of an agent, as the server tells it. */
static void plant_trace(enum side side, enum survey_topic topic, const char *kind,
                        const char *trace, const char *value)
{
    struct survey_item item = {
        .name = (char *)kind, .value = (char *)value, .example = (char *)trace, .uses = 2};
    assert_int_equal(survey_list_add(&survey.side[side].topics[topic], &item, NULL), 0);
}

static void test_an_agent_that_acts_blocks_until_somebody_has_paused_it(void **state UNUSED)
{
    static struct waiver waiver = {"agent.orchestrator", "Jane Doe", "recoveries are off", 0};
    size_t acting = 9;
    well();
    assert_int_equal(preflight_agents(&service, &facts, &survey, &acting, NULL), 0);
    assert_int_equal(acting, 0);

    plant_trace(SIDE_OLD, SURVEY_AGENTS, "session", "orc_client_user@10.0.0.5", "1");
    plant_trace(SIDE_OLD, SURVEY_AGENTS, "database", "orchestrator", "");
    look();
    assert_finding("agent.orchestrator", SEVERITY_BLOCK,
                   "2 session(s) of orc_client_user@10.0.0.5");
    assert_finding("agent.orchestrator", SEVERITY_BLOCK, "database orchestrator");
    assert_non_null(strstr(worst_of("agent.orchestrator")->fix, "disable-global-recoveries"));
    assert_int_equal(worst_of("agent.mha")->severity, SEVERITY_OK);
    assert_int_equal(preflight_agents(&service, &facts, &survey, &acting, NULL), 0);
    assert_int_equal(acting, 1);

    service.waivers = &waiver;
    service.waiver_count = 1;
    waiver.until_us = facts.wall_us + 1;
    assert_int_equal(preflight_agents(&service, &facts, &survey, &acting, NULL), 0);
    assert_int_equal(acting, 0);
    waiver.until_us = facts.wall_us;
    assert_int_equal(preflight_agents(&service, &facts, &survey, &acting, NULL), 0);
    assert_int_equal(acting, 1);
}

static void test_each_agent_is_known_by_its_session(void **state UNUSED)
{
    static const char *const agents[][2] = {
        {"agent.orchestrator", "orchestrator@10.0.0.5"},
        {"agent.mha", "mha@10.0.0.5"},
        {"agent.maxscale", "maxscale@10.0.0.5"},
        {"agent.replication_manager", "repmgr@10.0.0.5"},
        {"agent.clustercontrol", "cmon@10.0.0.5"},
    };
    for (size_t i = 0; i < ARRAY_LEN(agents); i++) {
        well();
        plant_trace(SIDE_OLD, SURVEY_AGENTS, "session", agents[i][1], "1");
        assert_finding(agents[i][0], SEVERITY_BLOCK, agents[i][1]);
    }
}

static void test_what_only_follows_read_only_warns(void **state UNUSED)
{
    size_t acting = 9;
    well();
    plant_trace(SIDE_NEW, SURVEY_AGENTS, "session", "monitor@10.0.0.9", "0");
    look();
    assert_finding("agent.others", SEVERITY_WARN, "ProxySQL");
    well();
    plant_trace(SIDE_NEW, SURVEY_PROGRAMS, "statement", "root@localhost", "SET GLOBAL read_only=0");
    look();
    assert_finding("agent.others", SEVERITY_WARN, "SET GLOBAL read_only=0");
    assert_int_equal(preflight_agents(&service, &facts, &survey, &acting, NULL), 0);
    assert_int_equal(acting, 0);
}

static void test_agents_that_were_not_asked_for_are_not_absent(void **state UNUSED)
{
    size_t acting = 9;
    well();
    survey.side[SIDE_NEW].topics[SURVEY_AGENTS].is_read = TRI_NO;
    look();
    assert_finding("agent.orchestrator", SEVERITY_WARN, "not known");
    assert_int_equal(preflight_agents(&service, &facts, &survey, &acting, NULL), ERR_REFUSED);
}

static void test_who_keeps_a_record_is_named(void **state UNUSED)
{
    struct survey_item item = {.name = (char *)"ghost.org",
                               .value = (char *)"external-dns",
                               .example = (char *)"TXT a-ghost.org: heritage=external-dns",
                               .uses = 1};
    well();
    look();
    assert_finding("dns.keepers", SEVERITY_OK, "nothing beside the records");
    assert_int_equal(survey_list_add(&survey.dns.keepers, &item, NULL), 0);
    look();
    assert_finding("dns.keepers", SEVERITY_WARN, "external-dns");
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

static void test_every_check_was_made_to_say_its_worst(void **state UNUSED)
{
    assert_provoked("preflight");
}

static void test_what_works_beside_the_database_is_where_it_should_be(void **state UNUSED)
{
    well();
    assert_finding("services.host", SEVERITY_OK, "no services are named");
    service.worker_count = 2;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        service.workers[side] = (struct side_worker){.name = "cron", .side = side};
        snprintf(service.workers[side].at.name, 8, "web%d", (int)side);
    }
    assert_finding("services.host", SEVERITY_BLOCK, "nobody has asked");
    survey.workers[SIDE_OLD].is_running = TRI_YES;
    survey.workers[SIDE_NEW].is_running = TRI_NO;
    assert_finding("services.host", SEVERITY_OK, "each can be asked");
    assert_finding("services.place", SEVERITY_OK, "each runs where it should");
    survey.workers[SIDE_NEW].is_running = TRI_YES;
    assert_finding("services.place", SEVERITY_WARN, "it runs on web1, while NEW is closed");
    survey.workers[SIDE_NEW].is_running = TRI_NO;
    survey.workers[SIDE_OLD].is_running = TRI_NO;
    assert_finding("services.place", SEVERITY_WARN, "it rests on web0, while OLD is open");
    survey.workers[SIDE_OLD].is_running = TRI_UNKNOWN;
    snprintf(survey.workers[SIDE_OLD].problem, 40, "there is no systemctl");
    assert_finding("services.host", SEVERITY_BLOCK, "there is no systemctl");
    service.worker_count = 0;
    memset(survey.workers, 0, sizeof(survey.workers));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rows_have_unique_ids_a_reason_and_a_source),
        cmocka_unit_test(test_every_row_says_something_when_all_is_well_and_nothing_blocks),
        cmocka_unit_test(test_what_was_not_read_is_never_ok),
        cmocka_unit_test(test_a_reached_node_that_hides_its_settings_blocks),
        cmocka_unit_test(test_an_unreached_primary_blocks_and_a_replica_warns),
        cmocka_unit_test(test_each_node_is_a_server_that_is_supported),
        cmocka_unit_test(test_replicas_are_not_older_than_their_primary),
        cmocka_unit_test(test_a_third_version_of_mysql_is_told),
        cmocka_unit_test(test_the_flavours_must_be_equal_whatever_is_waived),
        cmocka_unit_test(test_the_way_there_and_the_way_back_are_judged_apart),
        cmocka_unit_test(test_a_waiver_lets_a_check_pass_and_is_shown),
        cmocka_unit_test(test_a_waiver_that_has_ended_blocks_again),
        cmocka_unit_test(test_mysql_servers_have_a_uuid_of_their_own),
        cmocka_unit_test(test_settings_of_mysql_are_named_as_mysql_names_them),
        cmocka_unit_test(test_members_of_groups_are_recognised),
        cmocka_unit_test(test_a_feature_that_the_other_side_lacks_blocks_there_and_warns_back),
        cmocka_unit_test(test_a_side_that_a_restart_opens_is_named),
        cmocka_unit_test(test_a_commit_that_waits_for_a_replica_is_told),
        cmocka_unit_test(test_what_works_beside_the_database_is_where_it_should_be),
        cmocka_unit_test(test_a_commit_that_nobody_acknowledges_blocks),
        cmocka_unit_test(test_a_topic_that_was_not_read_warns_with_its_reason),
        cmocka_unit_test(test_server_ids_are_unique_over_both_clusters),
        cmocka_unit_test(test_each_side_writes_into_a_domain_of_its_own),
        cmocka_unit_test(test_replication_settings_have_one_right_value),
        cmocka_unit_test(test_writes_of_its_own_on_new_block_before_the_cutover),
        cmocka_unit_test(test_a_replica_that_nobody_listed_is_told),
        cmocka_unit_test(test_a_member_of_a_group_bars_every_plan),
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
        cmocka_unit_test(test_nothing_travels_unencrypted_where_others_may_read_it),
        cmocka_unit_test(test_an_address_behind_a_tunnel_is_taken_as_it_is_configured),
        cmocka_unit_test(test_a_way_that_is_long_narrow_or_lossy_is_named),
        cmocka_unit_test(test_a_way_that_could_not_be_measured_is_not_known),
        cmocka_unit_test(test_links_of_others_are_judged_by_what_the_server_says),
        cmocka_unit_test(test_a_login_that_was_tried_from_elsewhere_is_not_known),
        cmocka_unit_test(test_a_replica_of_new_that_cannot_log_in_to_its_primary_is_named),
        cmocka_unit_test(test_what_a_server_answered_an_application_blocks_and_silence_warns),
        cmocka_unit_test(test_records_must_be_found_and_point_to_one_side),
        cmocka_unit_test(test_what_the_flip_will_take_is_told),
        cmocka_unit_test(test_a_refused_token_blocks_with_the_providers_words),
        cmocka_unit_test(test_an_agent_that_acts_blocks_until_somebody_has_paused_it),
        cmocka_unit_test(test_each_agent_is_known_by_its_session),
        cmocka_unit_test(test_what_only_follows_read_only_warns),
        cmocka_unit_test(test_agents_that_were_not_asked_for_are_not_absent),
        cmocka_unit_test(test_who_keeps_a_record_is_named),
        cmocka_unit_test(test_a_service_without_dns_is_noted_and_not_blocked),
        cmocka_unit_test(test_long_evidence_is_cut_and_stays_a_text),
        cmocka_unit_test(test_every_check_was_made_to_say_its_worst), /* the last */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
