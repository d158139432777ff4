/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "preflight_fixture.h"

static void release(void)
{
    findings_release(&findings);
    well();
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        for (size_t i = 0; i < SURVEY_TOPIC_COUNT; i++)
            survey_list_release(&survey.side[side].topics[i]);
}

static void test_a_pair_of_settings_that_must_be_alike_is_compared(void **state UNUSED)
{
    static const struct {
        const char *check, *name, *old_value, *new_value;
        enum severity severity;
    } rows[] = {
        {"upgrade.table_names", "lower_case_table_names", "0", "1", SEVERITY_BLOCK},
        {"upgrade.page_size", "innodb_page_size", "65536", "16384", SEVERITY_WARN},
        {"upgrade.default_row_format", "innodb_default_row_format", "dynamic", "compact",
         SEVERITY_WARN},
        {"upgrade.timestamps", "explicit_defaults_for_timestamp", "OFF", "ON", SEVERITY_WARN},
        {"upgrade.group_concat", "group_concat_max_len", "1048576", "1024", SEVERITY_WARN},
        {"upgrade.innodb_strict", "innodb_strict_mode", "OFF", "ON", SEVERITY_WARN},
        {"accounts.privileges", "partial_revokes", "ON", "OFF", SEVERITY_WARN},
        {"tables.invisible_keys", "sql_generate_invisible_primary_key", "OFF", "ON", SEVERITY_WARN},
        {"settings.commit", "autocommit", "OFF", "ON", SEVERITY_WARN},
        {"settings.commit", "innodb_rollback_on_timeout", "ON", "OFF", SEVERITY_WARN},
        {"settings.answers", "div_precision_increment", "8", "4", SEVERITY_WARN},
        {"settings.timeouts", "wait_timeout", "28800", "600", SEVERITY_WARN},
        {"settings.init_connect", "init_connect", "SET NAMES latin1", "", SEVERITY_WARN},
        {"settings.storage_engine", "default_storage_engine", "InnoDB", "MyISAM", SEVERITY_WARN},
        {"settings.full_text", "ft_min_word_len", "2", "4", SEVERITY_WARN},
        {"settings.local_infile", "local_infile", "ON", "OFF", SEVERITY_WARN},
        {"settings.function_creators", "log_bin_trust_function_creators", "ON", "OFF",
         SEVERITY_WARN},
        {"encryption.at_rest", "innodb_encrypt_tables", "ON", "OFF", SEVERITY_WARN},
        {"capacity.buffer_pool", "innodb_buffer_pool_size", "17179869184", "8589934592",
         SEVERITY_WARN},
        {"capacity.open_files", "open_files_limit", "65535", "1024", SEVERITY_WARN},
        {"capacity.sessions", "max_user_connections", "0", "10", SEVERITY_WARN},
        {"capacity.statement_time", "max_statement_time", "0.000000", "30.000000", SEVERITY_WARN},
        {"durability.redo", "innodb_flush_log_at_trx_commit", "1", "2", SEVERITY_WARN},
        {"durability.binlog", "sync_binlog", "1", "0", SEVERITY_WARN},
        {"tls.required", "require_secure_transport", "OFF", "ON", SEVERITY_WARN},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_compared(rows[i].check, rows[i].name, rows[i].old_value, rows[i].new_value,
                        rows[i].severity);
}

static void test_a_setting_of_two_names_is_one_setting(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "tx_isolation", "READ-COMMITTED");
    plant_variable(SIDE_NEW, "transaction_isolation", "REPEATABLE-READ");
    assert_finding("upgrade.isolation", SEVERITY_WARN, "READ-COMMITTED");
    plant_variable(SIDE_OLD, "default_authentication_plugin", "mysql_native_password");
    plant_variable(SIDE_NEW, "authentication_policy", "*,,");
    assert_finding("upgrade.default_plugin", SEVERITY_NOTE, "mysql_native_password");
}

static void test_more_room_on_new_is_no_finding(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "max_statement_time", "30");
    plant_variable(SIDE_NEW, "max_statement_time", "0");
    assert_finding("capacity.statement_time", SEVERITY_OK, "");
    plant_variable(SIDE_OLD, "innodb_buffer_pool_size", "9");
    plant_variable(SIDE_NEW, "innodb_buffer_pool_size", "10");
    assert_finding("capacity.buffer_pool", SEVERITY_OK, "");
}

static void test_what_is_unsafe_on_both_sides_is_a_note(void **state UNUSED)
{
    well();
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        plant_variable(side, "sync_binlog", "0");
    assert_finding("durability.binlog", SEVERITY_NOTE, "NEW has \"0\"");
}

static void test_a_setting_with_one_right_value_is_named_where_it_is_wrong(void **state UNUSED)
{
    static const struct {
        const char *check, *name, *well, *bad;
    } rows[] = {
        {"binlog.checksum", "binlog_checksum", "CRC32", "NONE"},
        {"replica.commit_order", "replica_preserve_commit_order", "ON", "OFF"},
        {"replica.commit_order", "slave_preserve_commit_order", "1", "0"},
        {"replica.triggers", "slave_run_triggers_for_rbr", "NO", "YES"},
        {"replica.type_conversions", "slave_type_conversions", "", "ALL_LOSSY"},
        {"replica.skip_counter", "sql_slave_skip_counter", "0", "1"},
        {"replica.checksums", "replica_sql_verify_checksum", "ON", "OFF"},
        {"node.offline", "offline_mode", "OFF", "ON"},
        {"accounts.password_lifetime", "default_password_lifetime", "0", "90"},
        {"settings.key_checks", "foreign_key_checks", "ON", "OFF"},
        {"settings.key_checks", "unique_checks", "ON", "OFF"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        well();
        plant_variable(SIDE_OLD, rows[i].name, rows[i].well);
        plant_variable(SIDE_NEW, rows[i].name, rows[i].bad);
        assert_finding(rows[i].check, SEVERITY_WARN, rows[i].name);
        assert_string_equal(worst_of(rows[i].check)->subject, "NEW");
        well();
        plant_variable(SIDE_OLD, rows[i].name, rows[i].well);
        assert_finding(rows[i].check, SEVERITY_OK, "");
    }
}

static void test_mysql_is_told_what_makes_its_pause_long(void **state UNUSED)
{
    static const struct {
        const char *check, *name, *bad, *well;
    } rows[] = {
        {"replica.appliers", "replica_parallel_workers", "4", "16"},
        {"replica.appliers", "slave_parallel_workers", "2", "8"},
        {"replica.appliers", "slave_parallel_workers", "0", "8"},
        {"commits.log_writers", "innodb_log_writer_threads", "OFF", "ON"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        well();
        plant_variable(SIDE_NEW, rows[i].name, rows[i].bad);
        assert_finding(rows[i].check, SEVERITY_OK, "");
        make_mysql(mysql_of(8, 4, 3), mysql_of(9, 7, 4));
        assert_finding(rows[i].check, SEVERITY_NOTE, rows[i].name);
        assert_string_equal(worst_of(rows[i].check)->subject, "NEW");
        well();
        make_mysql(mysql_of(8, 4, 3), mysql_of(9, 7, 4));
        plant_variable(SIDE_NEW, rows[i].name, rows[i].well);
        assert_finding(rows[i].check, SEVERITY_OK, "");
    }
}

static void test_few_appliers_are_told_of_by_what_they_cost(void **state UNUSED)
{
    well();
    plant_variable(SIDE_NEW, "slave_parallel_threads", "0");
    assert_finding("replica.appliers", SEVERITY_NOTE, "slave_parallel_threads is 0: one thread");
    assert_string_equal(worst_of("replica.appliers")->subject, "NEW");
    plant_variable(SIDE_NEW, "slave_parallel_threads", "4");
    assert_finding("replica.appliers", SEVERITY_NOTE, "wait for the disk together");
    plant_variable(SIDE_NEW, "slave_parallel_threads", "8");
    assert_finding("replica.appliers", SEVERITY_OK, "enough");
}

static void test_only_mysql_needs_its_performance_schema(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "performance_schema", "OFF");
    assert_finding("node.instrumented", SEVERITY_OK, "");
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3));
    assert_finding("node.instrumented", SEVERITY_WARN, "OLD");
}

static void test_logs_that_go_too_early_are_named(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "expire_logs_days", "0.500000");
    assert_finding("binlog.retention", SEVERITY_WARN, "43200 s");
    plant_variable(SIDE_OLD, "binlog_expire_logs_seconds", "86400");
    assert_finding("binlog.retention", SEVERITY_OK, "a day");
    plant_variable(SIDE_NEW, "binlog_expire_logs_seconds", "600");
    assert_finding("binlog.retention", SEVERITY_BLOCK, "600 s");
    plant_variable(SIDE_NEW, "binlog_expire_logs_auto_purge", "OFF");
    assert_finding("binlog.retention", SEVERITY_OK, "a day");
    plant_variable(SIDE_NEW, "max_binlog_total_size", "1073741824");
    assert_finding("binlog.retention", SEVERITY_WARN, "max_binlog_total_size");
}

static void test_logs_of_which_nobody_says_how_long_they_stay_are_not_kept_for_ever(
    void **state UNUSED)
{
    well();
    plant_variable(SIDE_NEW, "expire_logs_days", "");
    assert_finding("binlog.retention", SEVERITY_WARN, "does not say");
    plant_variable(SIDE_NEW, "expire_logs_days", "0");
    assert_finding("binlog.retention", SEVERITY_OK, "a day");
}

static void test_whatever_is_left_out_blocks(void **state UNUSED)
{
    well();
    snprintf(facts.nodes[OLD_PRIMARY].log_filters, 300, "binlog_ignore_db = sessions");
    assert_finding("binlog.filters", SEVERITY_BLOCK, "sessions");
    snprintf(facts.nodes[NEW_REPLICA].channels[0].filters, 300, "Replicate_Do_DB = blog");
    assert_finding("replica.filters", SEVERITY_BLOCK, "Replicate_Do_DB = blog");
    well();
    plant_variable(SIDE_NEW, "replicate_wild_ignore_table", "blog.tmp%");
    assert_finding("replica.filters", SEVERITY_BLOCK, "blog.tmp%");
}

static void plant_id(const char *name, const char *type, uint64_t next)
{
    const struct survey_item item = {
        .name = (char *)name, .value = (char *)type, .example = (char *)"", .uses = next};
    assert_int_equal(survey_list_add(&survey.side[SIDE_OLD].topics[SURVEY_IDS], &item, NULL), 0);
}

static void test_numbers_that_run_out_are_named_before_they_do(void **state UNUSED)
{
    well();
    plant_id("blog.a.id", "int(11)", 1500000000);
    plant_id("blog.b.id", "bigint unsigned", 18000000);
    plant_id("blog.c.id", "double", 1ULL << 62);
    assert_finding("auto_increment.headroom", SEVERITY_OK, "30 %");
    plant_id("blog.d.id", "int(10)", 1610612736);
    assert_finding("auto_increment.headroom", SEVERITY_WARN, "of at most 2147483647");
    plant_id("blog.e.id", "tinyint(3) unsigned", 240);
    assert_finding("auto_increment.headroom", SEVERITY_BLOCK, "of at most 255");
}

static void plant_statistics(enum side side, const char *name, const char *kind, uint64_t rows)
{
    const struct survey_item item = {
        .name = (char *)name, .value = (char *)kind, .example = (char *)"blog.a", .uses = rows};
    struct survey_list *list = &survey.side[side].topics[SURVEY_STATISTICS];
    assert_int_equal(survey_list_add(list, &item, NULL), 0);
}

static void test_tables_that_new_counted_otherwise_are_named(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].has_data = TRI_YES;
    plant_statistics(SIDE_OLD, "blog.a", "rows", 50000);
    plant_statistics(SIDE_OLD, "blog.b", "rows", 999);
    plant_statistics(SIDE_NEW, "blog.b", "rows", 0);
    plant_statistics(SIDE_NEW, "blog.a", "rows", 5000);
    assert_finding("tables.statistics", SEVERITY_OK, "about as many");
    plant_statistics(SIDE_OLD, "blog.c", "rows", 50000);
    assert_finding("tables.statistics", SEVERITY_WARN,
                   "OLD counted 50000 rows (blog.a), NEW 0 (never)");
    assert_string_equal(worst_of("tables.statistics")->subject, "blog.c");
    plant_statistics(SIDE_NEW, "blog.c", "rows", 4999);
    assert_finding("tables.statistics", SEVERITY_WARN, "NEW 4999");
    facts.nodes[NEW_PRIMARY].has_data = TRI_NO;
    assert_finding("tables.statistics", SEVERITY_OK, "no data yet");
}

static void test_a_histogram_that_new_lacks_is_named(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].has_data = TRI_YES;
    plant_statistics(SIDE_OLD, "blog.a.v", "column", 0);
    assert_finding("tables.statistics", SEVERITY_WARN, "NEW has none");
    assert_string_equal(
        worst_of("tables.statistics")->fix,
        "ANALYZE TABLE blog.a PERSISTENT FOR COLUMNS (v) INDEXES () on OLD: it goes "
        "to NEW by the link");
    facts.nodes[NEW_PRIMARY].version.flavour = FLAVOUR_MYSQL;
    assert_finding("tables.statistics", SEVERITY_WARN, "histogram");
    assert_non_null(strstr(worst_of("tables.statistics")->fix, "blog.a UPDATE HISTOGRAM ON v"));
    plant_statistics(SIDE_NEW, "blog.a.v", "column", 0);
    assert_finding("tables.statistics", SEVERITY_OK, "");
    facts.nodes[NEW_PRIMARY].version.flavour = FLAVOUR_MARIADB;
    facts.nodes[NEW_PRIMARY].has_data = TRI_NO;
}

static void test_of_many_tables_some_are_named_and_the_others_counted(void **state UNUSED)
{
    well();
    facts.nodes[NEW_PRIMARY].has_data = TRI_YES;
    for (unsigned i = 0; i < 23; i++) {
        char name[32];
        snprintf(name, sizeof(name), "blog.t%u", i);
        plant_statistics(SIDE_OLD, name, "rows", 50000);
    }
    assert_finding("tables.statistics", SEVERITY_WARN, "OLD counted");
    const struct finding *last = &findings.items[findings.count - 1];
    while (strcmp(last->check, "tables.statistics") != 0)
        last--;
    assert_string_equal(last->found, "and 3 more tables and columns");
    facts.nodes[NEW_PRIMARY].has_data = TRI_NO;
}

static void test_a_demand_for_keys_that_only_one_side_makes_is_told(void **state UNUSED)
{
    well();
    plant_variable(SIDE_NEW, "innodb_force_primary_key", "ON");
    assert_finding("tables.key_demanded", SEVERITY_WARN, "OLD does not demand");
    plant_variable(SIDE_OLD, "innodb_force_primary_key", "ON");
    assert_finding("tables.key_demanded", SEVERITY_OK, "");
    tables[0].has_primary_key = false;
    assert_finding("tables.key_demanded", SEVERITY_WARN, "1 tables have no primary key");
}

static void test_sequences_are_noted(void **state UNUSED)
{
    well();
    plant(SIDE_OLD, SURVEY_FEATURES, "table SEQUENCE", "");
    assert_finding("tables.sequences", SEVERITY_NOTE, "3 sequences");
}

static void test_a_server_that_hides_on_its_loopback_is_named(void **state UNUSED)
{
    well();
    snprintf(service.nodes[NEW_PRIMARY].host, sizeof(service.nodes[0].host), "db2");
    plant_variable(SIDE_NEW, "bind_address", "127.0.0.1");
    assert_finding("network.bind", SEVERITY_WARN, "127.0.0.1");
    snprintf(service.nodes[NEW_PRIMARY].host, sizeof(service.nodes[0].host), "127.0.0.1");
    assert_finding("network.bind", SEVERITY_OK, "");
}

static void test_a_certificate_is_told_two_weeks_before_it_ends(void **state UNUSED)
{
    well(); /* it is 22 November 2026 */
    plant(SIDE_OLD, SURVEY_STATUS, "Ssl_server_not_after", "");
    plant(SIDE_NEW, SURVEY_STATUS, "Ssl_server_not_after", "Jan  2 03:04:05 2036 GMT");
    assert_finding("tls.certificate", SEVERITY_OK, "14 days");
    well();
    plant(SIDE_NEW, SURVEY_STATUS, "Ssl_server_not_after", "Dec  1 00:00:00 2026 GMT");
    assert_finding("tls.certificate", SEVERITY_WARN, "ends on Dec  1");
    well();
    plant(SIDE_NEW, SURVEY_STATUS, "Ssl_server_not_after", "Nov  1 00:00:00 2026 GMT");
    assert_finding("tls.certificate", SEVERITY_BLOCK, "ended on Nov");
    well();
    plant(SIDE_NEW, SURVEY_STATUS, "Ssl_server_not_after", "soon");
    assert_finding("tls.certificate", SEVERITY_WARN, "is no date");
}

static void test_accounts_that_would_not_get_in_are_named(void **state UNUSED)
{
    static struct hold_account on_old[] = {
        {.user = "app", .host = "web1.example.com"},
        {.user = "root", .host = "localhost", .is_local = true},
        {.user = "etl", .host = "10.%", .is_locked = true},
    };
    static struct hold_account on_new[] = {{.user = "app", .host = "WEB1.example.com"}};
    well();
    survey.side[SIDE_OLD].accounts = on_old;
    survey.side[SIDE_OLD].account_count = ARRAY_LEN(on_old);
    assert_finding("accounts.missing", SEVERITY_NOTE, "app@web1.example.com");
    facts.nodes[NEW_PRIMARY].has_data = TRI_YES;
    assert_finding("accounts.missing", SEVERITY_WARN, "app@web1.example.com");
    survey.side[SIDE_NEW].accounts = on_new;
    survey.side[SIDE_NEW].account_count = ARRAY_LEN(on_new);
    assert_finding("accounts.missing", SEVERITY_OK, "on both sides");
    assert_finding("accounts.host_names", SEVERITY_OK, "");
    plant_variable(SIDE_NEW, "skip_name_resolve", "ON");
    assert_finding("accounts.host_names", SEVERITY_WARN, "app@web1.example.com");
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        survey.side[side].accounts = NULL;
        survey.side[side].account_count = 0;
    }
}

static void test_accounts_that_depend_on_a_warm_cache_are_noted(void **state UNUSED)
{
    well();
    plant(SIDE_NEW, SURVEY_PLUGINS_USED, "caching_sha2_password", "");
    assert_finding("accounts.cold_cache", SEVERITY_NOTE, "3 accounts");
    plant_variable(SIDE_NEW, "require_secure_transport", "ON");
    assert_finding("accounts.cold_cache", SEVERITY_OK, "");
}

static void test_what_was_loaded_on_old_alone_is_missed(void **state UNUSED)
{
    well();
    plant(SIDE_OLD, SURVEY_LOADED, "clone", "CLONE");
    plant(SIDE_NEW, SURVEY_LOADED, "validate_password", "VALIDATE PASSWORD");
    assert_finding("plugins.missing", SEVERITY_OK, "");
    plant(SIDE_OLD, SURVEY_LOADED, "soundslike", "FUNCTION");
    assert_finding("plugins.missing", SEVERITY_WARN, "soundslike");
}

static void test_events_need_a_scheduler_on_new(void **state UNUSED)
{
    struct survey_event event = {"blog.purge", "app@%", "ENABLED"};
    well();
    snprintf(facts.nodes[OLD_PRIMARY].event_scheduler, 16, "ON");
    snprintf(facts.nodes[NEW_PRIMARY].event_scheduler, 16, "OFF");
    assert_finding("events.scheduler", SEVERITY_OK, "");
    survey.side[SIDE_OLD].events = &event;
    survey.side[SIDE_OLD].event_count = 1;
    assert_finding("events.scheduler", SEVERITY_WARN, "event_scheduler is OFF");
}

static void test_work_that_is_in_the_way_is_named_with_its_owner(void **state UNUSED)
{
    well();
    plant(SIDE_OLD, SURVEY_SESSIONS, "long", "SELECT");
    assert_finding("statements.long", SEVERITY_WARN, "SELECT has been running on OLD for 3 s");
    assert_finding("statements.ddl", SEVERITY_OK, "");
    plant(SIDE_NEW, SURVEY_SESSIONS, "ddl", "ALTER");
    assert_finding("statements.ddl", SEVERITY_WARN, "ALTER");
}

static void test_a_reader_of_the_binary_log_that_is_no_replica_is_told(void **state UNUSED)
{
    well();
    struct node_facts *primary = &facts.nodes[OLD_PRIMARY];
    primary->replica_count = 1;
    primary->replicas[0].server_id = facts.nodes[OLD_REPLICA].server_id;
    plant(SIDE_OLD, SURVEY_SESSIONS, "dump", "");
    assert_finding("consumers.binlog", SEVERITY_OK, "nobody but replicas");
    primary->replicas[0].server_id = facts.nodes[NEW_PRIMARY].server_id; /* our own link */
    assert_finding("consumers.binlog", SEVERITY_WARN, "only 0 of them");
}

static void test_what_old_has_used_must_fit_on_new(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "max_connections", "500");
    plant_variable(SIDE_NEW, "max_connections", "500");
    plant(SIDE_OLD, SURVEY_STATUS, "Max_used_connections", "450");
    assert_finding("capacity.connections", SEVERITY_OK, "OLD has used 450");
    survey_list_release(&survey.side[SIDE_OLD].topics[SURVEY_STATUS]);
    survey.side[SIDE_OLD].topics[SURVEY_STATUS].is_read = TRI_YES;
    plant(SIDE_OLD, SURVEY_STATUS, "Max_used_connections", "451");
    assert_finding("capacity.connections", SEVERITY_WARN, "has used 451");
    plant(SIDE_OLD, SURVEY_STATUS, "Innodb_buffer_pool_bytes_data", "2147483648");
    plant(SIDE_NEW, SURVEY_STATUS, "Innodb_buffer_pool_bytes_data", "1048576");
    assert_finding("capacity.warm", SEVERITY_NOTE, "NEW 1 MB");
    plant(SIDE_NEW, SURVEY_STATUS, "Slave_open_temp_tables", "2");
    assert_finding("replica.temporary_tables", SEVERITY_WARN, "2 temporary tables");
}

static void test_what_somebody_tuned_on_old_is_noted(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "optimizer_switch", "mrr=on");
    plant_variable(SIDE_NEW, "optimizer_switch", "mrr=off");
    assert_finding("settings.optimizer", SEVERITY_OK, "");
    plant(SIDE_OLD, SURVEY_EXPLICIT, "optimizer_switch", "CONFIG");
    assert_finding("settings.optimizer", SEVERITY_NOTE, "mrr=on");
}

static void test_every_check_was_made_to_say_its_worst(void **state UNUSED)
{
    assert_provoked("ready");
    release();
}

static void test_a_side_that_counts_by_one_after_a_restart_is_named(void **state UNUSED)
{
    struct node_ssh ssh = {.drop_in = "/etc/mysql/conf.d"};

    well();
    assert_finding("auto_increment.restart", SEVERITY_OK, "a restart changes nothing");
    survey_list_release(&survey.side[SIDE_NEW].topics[SURVEY_EXPLICIT]);
    survey.side[SIDE_NEW].topics[SURVEY_EXPLICIT].is_read = TRI_YES;
    assert_finding("auto_increment.restart", SEVERITY_WARN, "no way to write there");
    for (size_t i = 0; i < service.node_count; i++)
        service.nodes[i].ssh = &ssh;
    assert_finding("auto_increment.restart", SEVERITY_OK, "a restart changes nothing");
    snprintf(survey.side[SIDE_NEW].drop_in_problem, sizeof(survey.side[SIDE_NEW].drop_in_problem),
             "there is no folder");
    assert_finding("auto_increment.restart", SEVERITY_WARN, "there is no folder");
    for (size_t i = 0; i < service.node_count; i++)
        service.nodes[i].ssh = NULL;
    make_mysql(mysql_of(8, 0, 36), mysql_of(8, 4, 3));
    assert_finding("auto_increment.restart", SEVERITY_OK, "a restart changes nothing");
    make_mysql(mysql_of(5, 7, 44), mysql_of(8, 4, 3));
    survey_list_release(&survey.side[SIDE_OLD].topics[SURVEY_EXPLICIT]);
    survey.side[SIDE_OLD].topics[SURVEY_EXPLICIT].is_read = TRI_YES;
    assert_finding("auto_increment.restart", SEVERITY_WARN, "no way to write there");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tables_that_new_counted_otherwise_are_named),
        cmocka_unit_test(test_a_histogram_that_new_lacks_is_named),
        cmocka_unit_test(test_of_many_tables_some_are_named_and_the_others_counted),
        cmocka_unit_test(test_a_side_that_counts_by_one_after_a_restart_is_named),
        cmocka_unit_test(test_a_pair_of_settings_that_must_be_alike_is_compared),
        cmocka_unit_test(test_a_setting_of_two_names_is_one_setting),
        cmocka_unit_test(test_more_room_on_new_is_no_finding),
        cmocka_unit_test(test_what_is_unsafe_on_both_sides_is_a_note),
        cmocka_unit_test(test_a_setting_with_one_right_value_is_named_where_it_is_wrong),
        cmocka_unit_test(test_mysql_is_told_what_makes_its_pause_long),
        cmocka_unit_test(test_few_appliers_are_told_of_by_what_they_cost),
        cmocka_unit_test(test_only_mysql_needs_its_performance_schema),
        cmocka_unit_test(test_logs_that_go_too_early_are_named),
        cmocka_unit_test(test_logs_of_which_nobody_says_how_long_they_stay_are_not_kept_for_ever),
        cmocka_unit_test(test_whatever_is_left_out_blocks),
        cmocka_unit_test(test_numbers_that_run_out_are_named_before_they_do),
        cmocka_unit_test(test_a_demand_for_keys_that_only_one_side_makes_is_told),
        cmocka_unit_test(test_sequences_are_noted),
        cmocka_unit_test(test_a_server_that_hides_on_its_loopback_is_named),
        cmocka_unit_test(test_a_certificate_is_told_two_weeks_before_it_ends),
        cmocka_unit_test(test_accounts_that_would_not_get_in_are_named),
        cmocka_unit_test(test_accounts_that_depend_on_a_warm_cache_are_noted),
        cmocka_unit_test(test_what_was_loaded_on_old_alone_is_missed),
        cmocka_unit_test(test_events_need_a_scheduler_on_new),
        cmocka_unit_test(test_work_that_is_in_the_way_is_named_with_its_owner),
        cmocka_unit_test(test_a_reader_of_the_binary_log_that_is_no_replica_is_told),
        cmocka_unit_test(test_what_old_has_used_must_fit_on_new),
        cmocka_unit_test(test_what_somebody_tuned_on_old_is_noted),
        cmocka_unit_test(test_every_check_was_made_to_say_its_worst),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
