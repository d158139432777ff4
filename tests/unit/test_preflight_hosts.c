/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "preflight_fixture.h"

#define MB (1ULL << 20)

static void forget(enum side side, enum host_probe probe)
{
    survey_list_release(&survey.side[side].host.probes[probe]);
    survey.side[side].host.probes[probe].is_read = TRI_YES;
}

static void test_without_ssh_nothing_is_claimed_and_nothing_blamed(void **state UNUSED)
{
    well();
    service.nodes[NEW_PRIMARY].ssh = NULL;
    assert_finding("host.disks", SEVERITY_NOTE, "not looked at");
    assert_string_equal(worst_of("host.disks")->subject, "NEW");
}

static void test_a_host_that_does_not_answer_is_not_well(void **state UNUSED)
{
    well();
    host_report_fail(&survey.side[SIDE_OLD].host, "no SSH connection: Connection refused");
    assert_finding("host.disks", SEVERITY_WARN, "Connection refused");
    assert_finding("host.restart", SEVERITY_WARN, "not known");
}

static void test_a_clock_is_wrong_only_when_that_is_certain(void **state UNUSED)
{
    well();
    survey.side[SIDE_NEW].host.clock = (struct host_clock){TRI_YES, -2000000, 1500000};
    assert_finding("host.clock", SEVERITY_OK, "kept right"); /* it may be half a second */
    survey.side[SIDE_NEW].host.clock = (struct host_clock){TRI_YES, -2000000, 100000};
    assert_finding("host.clock", SEVERITY_WARN, "2000 ms behind");
    well();
    forget(SIDE_OLD, HOST_CLOCK);
    plant_host(SIDE_OLD, HOST_CLOCK, "synchronized", "no", "", 0);
    assert_finding("host.clock", SEVERITY_WARN, "nothing keeps");
}

static void test_a_disk_with_little_room_is_named(void **state UNUSED)
{
    well();
    plant_host(SIDE_NEW, HOST_DISKS, "data directory", "/var/lib/mysql: ...", "1048576000",
               49 * MB);
    assert_finding("host.disks", SEVERITY_WARN, "49 MB are free");
    forget(SIDE_NEW, HOST_DISKS);
    plant_host(SIDE_NEW, HOST_DISKS, "data directory", "/var/lib/mysql: ...", "1048576000",
               60 * MB);
    assert_finding("host.disks", SEVERITY_OK, "5 %");
}

static void test_logs_must_fit_until_the_first_one_goes(void **state UNUSED)
{
    well();
    plant_variable(SIDE_OLD, "binlog_expire_logs_seconds", "864000"); /* ten days */
    plant_host(SIDE_OLD, HOST_LOGS, "bytes a day", "", "", 100 * MB);
    plant_host(SIDE_OLD, HOST_LOGS, "bytes", "", "", 300 * MB);
    plant_host(SIDE_OLD, HOST_DISKS, "binary logs", "", "1", 701 * MB);
    assert_finding("host.logs", SEVERITY_OK, "room");
    forget(SIDE_OLD, HOST_DISKS);
    plant_host(SIDE_OLD, HOST_DISKS, "binary logs", "", "1", 699 * MB);
    assert_finding("host.logs", SEVERITY_WARN, "full in 7 days, before the first log goes");
    plant_variable(SIDE_NEW, "binlog_expire_logs_seconds", "0");
    plant_variable(SIDE_NEW, "expire_logs_days", "0"); /* for ever */
    plant_host(SIDE_NEW, HOST_LOGS, "bytes a day", "", "", 100 * MB);
    plant_host(SIDE_NEW, HOST_LOGS, "bytes", "", "", 0);
    plant_host(SIDE_NEW, HOST_DISKS, "binary logs", "", "1", 2900 * MB);
    look();
    size_t warned = 0;
    for (size_t i = 0; i < findings.count; i++)
        warned += strcmp(findings.items[i].check, "host.logs") == 0 &&
                  findings.items[i].severity == SEVERITY_WARN;
    assert_int_equal(warned, 2);
}

static void test_a_limit_below_what_the_settings_need_is_named(void **state UNUSED)
{
    well();
    plant_variable(SIDE_NEW, "max_connections", "500");
    plant_variable(SIDE_NEW, "table_open_cache", "16129");
    assert_finding("host.open_files", SEVERITY_OK, "");
    plant_variable(SIDE_OLD, "table_open_cache", "16380");
    assert_finding("host.open_files", SEVERITY_WARN, "32770");
}

static void test_a_smaller_machine_is_named(void **state UNUSED)
{
    well();
    plant_host(SIDE_OLD, HOST_SYSTEM, "memory", "1000000 kB", "", 0);
    plant_host(SIDE_NEW, HOST_SYSTEM, "memory", "980000 kB", "", 0);
    plant_host(SIDE_OLD, HOST_SYSTEM, "processors", "8 Epyc", "", 0);
    plant_host(SIDE_NEW, HOST_SYSTEM, "processors", "4 Epyc", "", 0);
    assert_finding("host.smaller", SEVERITY_WARN, "NEW has 4 Epyc");
    assert_string_equal(worst_of("host.smaller")->subject, "processors");
}

static void test_jobs_that_touch_a_database_are_named(void **state UNUSED)
{
    well();
    plant_host(SIDE_NEW, HOST_SCHEDULE, "/etc/cron.d/x: 0 3 * * * root mysqldump", "", "", 0);
    plant_host(SIDE_OLD, HOST_SCHEDULE, HOST_UNSEEN ": /var/spool/cron", "", "", 0);
    assert_finding("host.schedule", SEVERITY_NOTE, "");
    plant_host(SIDE_OLD, HOST_SCHEDULE, "/etc/cron.d/x: 0 3 * * * root mysqldump", "", "", 0);
    assert_finding("host.schedule", SEVERITY_WARN, "0 3 * * * root mysqldump");
}

static void test_certificate_files_are_told_two_weeks_before_they_end(void **state UNUSED)
{
    well(); /* it is 22 November 2026 */
    plant_host(SIDE_OLD, HOST_CERTIFICATES, "/ca.pem", "CN=CA", "Jan  1 00:00:00 2030 GMT", 0);
    assert_finding("host.certificates", SEVERITY_OK, "14 days");
    plant_host(SIDE_OLD, HOST_CERTIFICATES, "/x.pem", HOST_UNSEEN, "", 0);
    assert_finding("host.certificates", SEVERITY_WARN, "could not be read");
    plant_host(SIDE_NEW, HOST_CERTIFICATES, "/ca.pem", "CN=CA", "Nov 21 00:00:00 2026 GMT", 0);
    assert_finding("host.certificates", SEVERITY_BLOCK, "ended on Nov 21");
}

static void test_what_a_restart_would_change_is_named(void **state UNUSED)
{
    static const char *const same[][3] = {
        {"max_connections", "500", "500"},
        {"innodb_buffer_pool_size", "1000M", "1073741824"}, /* rounded */
        {"skip_name_resolve", "", "ON"},
        {"binlog_format", "row", "ROW"},
        {"character_set_server", "utf8", "utf8mb3"},
        {"pid_file", "/run/a.pid", "/run/b.pid"},
        {"no_such_variable", "1", NULL},
    };
    well();
    for (size_t i = 0; i < ARRAY_LEN(same); i++) {
        plant_host(SIDE_OLD, HOST_RESTART, same[i][0], same[i][1], "", 0);
        if (same[i][2] != NULL)
            plant_variable(SIDE_OLD, same[i][0], same[i][2]);
    }
    assert_finding("host.restart", SEVERITY_OK, "what runs");
    plant_host(SIDE_OLD, HOST_RESTART, "max_connections", "100", "", 0); /* the last one counts */
    assert_finding("host.restart", SEVERITY_WARN, "\"500\", its option files say \"100\"");
    plant(SIDE_OLD, SURVEY_EXPLICIT, "max_connections", "PERSISTED");
    assert_finding("host.restart", SEVERITY_OK, "what runs");
    plant_host(SIDE_NEW, HOST_RESTART, "innodb_log_file_size", "1G", "", 0);
    plant_variable(SIDE_NEW, "innodb_log_file_size", "50331648");
    assert_finding("host.restart", SEVERITY_WARN, "innodb_log_file_size");
}

static void test_links_that_a_restart_leaves_stopped_are_named(void **state UNUSED)
{
    well();
    assert_finding("replica.restart", SEVERITY_OK, "begin again");
    plant_host(SIDE_NEW, HOST_RESTART, "skip_slave_start", "", "", 0);
    assert_finding("replica.restart", SEVERITY_WARN, "skip_slave_start is ON in its option files");
    plant_host(SIDE_NEW, HOST_RESTART, "skip_slave_start", "0", "", 0); /* the last one counts */
    assert_finding("replica.restart", SEVERITY_OK, "begin again");
    plant_host(SIDE_NEW, HOST_RESTART, "skip_slave_start", "1", "", 0);
    plant_variable(SIDE_NEW, "skip_replica_start", "OFF"); /* what runs knows better */
    assert_finding("replica.restart", SEVERITY_OK, "begin again");
    plant_variable(SIDE_OLD, "skip_slave_start", "ON");
    assert_finding("replica.restart", SEVERITY_WARN, "skip_slave_start is ON: after a restart");
    well();
    survey.side[SIDE_OLD].host.probes[HOST_RESTART].is_read = TRI_NO;
    assert_finding("replica.restart", SEVERITY_WARN, "not known");
}

static void test_every_check_was_made_to_say_its_worst(void **state UNUSED)
{
    assert_provoked("hosts");
    findings_release(&findings);
    well();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_without_ssh_nothing_is_claimed_and_nothing_blamed),
        cmocka_unit_test(test_a_host_that_does_not_answer_is_not_well),
        cmocka_unit_test(test_a_clock_is_wrong_only_when_that_is_certain),
        cmocka_unit_test(test_a_disk_with_little_room_is_named),
        cmocka_unit_test(test_logs_must_fit_until_the_first_one_goes),
        cmocka_unit_test(test_a_limit_below_what_the_settings_need_is_named),
        cmocka_unit_test(test_a_smaller_machine_is_named),
        cmocka_unit_test(test_jobs_that_touch_a_database_are_named),
        cmocka_unit_test(test_certificate_files_are_told_two_weeks_before_they_end),
        cmocka_unit_test(test_what_a_restart_would_change_is_named),
        cmocka_unit_test(test_links_that_a_restart_leaves_stopped_are_named),
        cmocka_unit_test(test_every_check_was_made_to_say_its_worst), /* the last */
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
