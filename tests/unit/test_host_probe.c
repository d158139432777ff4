/* SPDX-License-Identifier: MIT */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "cluster/scripts.h"
#include "domain/host_probe.h"

static struct host_report report;

/* What the script says when one probe answers. */
static const struct survey_list *answer(enum host_probe probe, const char *said)
{
    static char text[16384];
    size_t len = (size_t)snprintf(text, sizeof(text), "@%s\n", host_probe_name(probe));
    for (const char *line = said; *line != '\0';) {
        size_t line_len = strcspn(line, "\n");
        len += (size_t)snprintf(text + len, sizeof(text) - len, "|%.*s\n", (int)line_len, line);
        line += line_len + (line[line_len] == '\n');
    }
    (void)snprintf(text + len, sizeof(text) - len, "=0\n");
    host_report_release(&report);
    assert_int_equal(host_report_read(text, &report, NULL), 0);
    return &report.probes[probe];
}

static void assert_item(const struct survey_list *list, const char *name, const char *value)
{
    const struct survey_item *item = survey_list_find(list, name);
    if (list->is_read != TRI_YES)
        fail_msg("not read: %s", list->error);
    if (item == NULL)
        fail_msg("there is no %s", name);
    if (strstr(item->value, value) == NULL)
        fail_msg("%s is \"%s\"", name, item->value);
}

static uint64_t number(const struct survey_list *list, const char *name)
{
    const struct survey_item *item = survey_list_find(list, name);
    assert_non_null(item);
    return item->uses;
}

static void test_the_script_has_every_probe_and_no_other(void **state UNUSED)
{
    char call[512] = "for name in", function[64];
    for (enum host_probe probe = 0; probe < HOST_PROBE_COUNT; probe++) {
        (void)snprintf(call + strlen(call), sizeof(call) - strlen(call), " %s",
                       host_probe_name(probe));
        (void)snprintf(function, sizeof(function), "\n%s() {\n", host_probe_name(probe));
        assert_non_null(strstr(script_inventory, function));
        for (enum host_probe other = 0; other < probe; other++)
            assert_string_not_equal(host_probe_section(probe), host_probe_section(other));
    }
    assert_non_null(strstr(script_inventory, strcat(call, "; do\n")));
}

static void test_packages_of_debian_that_matter_are_kept(void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_PACKAGES, "adduser\t3.134\tii \nmariadb-server\t1:10.11.14-0+deb12u2\tii \n"
                              "libssl3\t3.0.17-1~deb12u3\tii \nmysql-server\t8.0.1\trc \n");
    assert_int_equal(list->count, 2);
    assert_item(list, "mariadb-server", "1:10.11.14-0+deb12u2");
    assert_item(list, "libssl3", "3.0.17");
    assert_int_equal(answer(HOST_PACKAGES, "")->is_read, TRI_NO);
}

static void test_disks_say_how_much_is_free_and_how_they_are_mounted(void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_DISKS,
               "data directory\t/var/lib/mysql\t/dev/vda         264212084 58054544  42282644     "
               " 58% /\text4\trw,relatime,discard\n"
               "temporary files\t/tmp\ttmpfs 1024 0 1024 0% /mnt/with blank\ttmpfs\trw\n");
    assert_item(list, "data directory", "/var/lib/mysql: /dev/vda on /, 258019 MB, ext4, rw,");
    assert_int_equal(number(list, "data directory"), 42282644ULL * 1024);
    assert_item(list, "temporary files", "on /mnt/with blank, 1 MB");
    assert_int_equal(answer(HOST_DISKS, "data directory\t/x\tdf: no\t\t\n")->is_read, TRI_NO);
}

static void test_limits_are_read_as_the_kernel_prints_them(void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_LIMITS,
               "Limit                     Soft Limit           Hard Limit           Units     \n"
               "Max cpu time              unlimited            unlimited            seconds   \n"
               "Max open files            32768                1048576              files     \n"
               "Max nice priority         0                    0                    \n");
    assert_item(list, "open files", "32768, at most 1048576");
    assert_int_equal(number(list, "open files"), 32768);
    assert_item(list, "cpu time", "unlimited, at most unlimited");
    assert_item(list, "nice priority", "0, at most 0");
    assert_int_equal(answer(HOST_LIMITS, "Max open files            many  many\n")->is_read,
                     TRI_NO);
}

static void test_three_programs_tell_whether_the_clock_is_set(void **state UNUSED)
{
    static const struct {
        const char *said, *is_well;
    } rows[] = {
        {"chronyc\nReference ID    : CB00710F (203.0.113.15)\nStratum         : 3\n"
         "Leap status     : Normal\n",
         "yes"},
        {"chronyc\nReference ID    : 00000000 ()\nLeap status     : Not synchronised\n", "no"},
        {"timedatectl\nTimezone=Etc/UTC\nLocalRTC=no\nCanNTP=yes\nNTP=yes\nNTPSynchronized=yes\n",
         "yes"},
        {"timedatectl\nTimezone=Etc/UTC\nNTP=no\nNTPSynchronized=no\n", "no"},
        {"ntpq\n     remote           refid      st t when poll reach   delay   offset  jitter\n"
         "==============================================================================\n"
         "+203.0.113.1     .GPS.            1 u   33   64  377    1.2    0.1    0.2\n"
         "*203.0.113.2     .GPS.            1 u   33   64  377    1.2    0.1    0.2\n",
         "yes"},
        {"ntpq\n     remote           refid      st t when poll reach   delay   offset  jitter\n"
         " 203.0.113.1     .INIT.          16 u    -   64    0    0.0    0.0    0.0\n",
         "no"},
    };
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        assert_item(answer(HOST_CLOCK, rows[i].said), "synchronized", rows[i].is_well);
    assert_int_equal(answer(HOST_CLOCK, "chronyc\n506 Cannot talk to daemon\n")->is_read, TRI_NO);
    assert_int_equal(answer(HOST_CLOCK, "")->is_read, TRI_NO);
}

static void test_ports_say_from_where_they_are_reached(void **state UNUSED)
{
    const struct survey_list *list = answer(
        HOST_PORTS,
        "State  Recv-Q Send-Q Local Address:Port  Peer Address:PortProcess\n"
        "LISTEN 0      80           0.0.0.0:3306       0.0.0.0:*    users:((\"mariadbd\",pid=7))\n"
        "LISTEN 0      128          0.0.0.0:22         0.0.0.0:*          \n"
        "LISTEN 0      128             [::]:22            [::]:*          \n"
        "LISTEN 1      8          127.0.0.1:33735      0.0.0.0:*    users:((\"x\",pid=1,fd=3))\n"
        "LISTEN 0      80     192.0.2.7%eth0:33060      0.0.0.0:*    \n");
    assert_item(list, "tcp 3306 from everywhere", "mariadbd");
    assert_item(list, "tcp 22 from everywhere", "listens");
    assert_item(list, "tcp 33735 from this host", "x");
    assert_item(list, "tcp 33060 at one address", "listens");
    list = answer(HOST_PORTS,
                  "Active Internet connections (only servers)\n"
                  "Proto Recv-Q Send-Q Local Address           Foreign Address         State\n"
                  "tcp        0      0 127.0.0.1:3306          0.0.0.0:*               LISTEN\n"
                  "tcp6       0      0 :::80                   :::*                    LISTEN\n");
    assert_item(list, "tcp 3306 from this host", "listens");
    assert_item(list, "tcp 80 from everywhere", "listens");
}

static void test_rules_of_three_firewalls_are_told_with_their_chains_and_without_counters(
    void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_FIREWALL, "= nft\ntable inet filter {\n\tchain input {\n"
                              "\t\ttype filter hook input priority filter; policy drop;\n"
                              "\t\ttcp dport { 22, 3306 } counter packets 12 bytes 720 accept\n"
                              "\t}\n}\n"
                              "= iptables-save\n# Generated by iptables-save\n*filter\n"
                              ":INPUT ACCEPT [5:300]\n-A INPUT -p tcp --dport 3306 -j DROP\n"
                              "COMMIT\n= ufw\nStatus: inactive\n");
    assert_item(list, "nft: table inet filter chain input tcp dport { 22, 3306 } counter accept",
                "");
    assert_item(list, "iptables-save: :INPUT ACCEPT", "");
    assert_item(list, "ufw: Status: inactive", "");
    list = answer(HOST_FIREWALL, "= nft\n");
    assert_true(list->is_read == TRI_YES && list->count == 0);
}

static void test_what_is_done_at_times_has_no_passwords(void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_SCHEDULE, "/etc/cron.d/dump\t0 3 * * * root mysqldump -pHunter2 blog\n"
                              "(not seen)\t/var/spool/cron: no right to read it\n");
    assert_int_equal(list->count, 2);
    assert_null(strstr(list->items[0].name, "Hunter2"));
    assert_non_null(strstr(list->items[0].name, "/etc/cron.d/dump: 0 3 * * * root mysqldump"));
    assert_non_null(strstr(list->items[1].name, HOST_UNSEEN));
}

static void test_certificates_have_their_end(void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_CERTIFICATES, "file=/etc/mysql/server.pem\nsubject=CN = db1\nissuer=CN = CA\n"
                                  "notAfter=Dec 31 09:37:37 2030 GMT\n"
                                  "sha256 Fingerprint=9A:6E\nunseen=/etc/mysql/ca.pem\n");
    assert_item(list, "/etc/mysql/server.pem", "CN = db1, issued by CN = CA, ends Dec 31");
    assert_string_equal(survey_list_find(list, "/etc/mysql/server.pem")->example,
                        "Dec 31 09:37:37 2030 GMT");
    assert_item(list, "/etc/mysql/ca.pem", HOST_UNSEEN);
}

static void test_option_files_are_told_by_group_without_secrets(void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_CONFIG, "/etc/my.cnf\t# a comment\n/etc/my.cnf\t[client]\n"
                            "/etc/my.cnf\tpassword = 12345\n/etc/my.cnf\t\n/etc/my.cnf\t[mysqld]\n"
                            "/etc/my.cnf\tmax-connections=500\n/etc/my.cnf\tskip_name_resolve\n"
                            "/etc/my.cnf\tinit_connect='SET PASSWORD = x'\n"
                            "/etc/my.cnf\toptimizer_switch='mrr=on'\n"
                            "(not seen)\t/root/x.cnf: no right to read it\n");
    assert_item(list, "/etc/my.cnf [client] password", "(not recorded)");
    assert_item(list, "/etc/my.cnf [mysqld] max-connections", "500");
    assert_item(list, "/etc/my.cnf [mysqld] skip_name_resolve", "");
    assert_item(list, "/etc/my.cnf [mysqld] init_connect", "(not recorded)");
    assert_item(list, "/etc/my.cnf [mysqld] optimizer_switch", "'mrr=on'");
    assert_item(list, HOST_UNSEEN, "/root/x.cnf");
    assert_int_equal(list->count, 6);
}

static void test_options_are_called_as_variables_are(void **state UNUSED)
{
    const struct survey_list *list =
        answer(HOST_RESTART, "--max-connections=500\n--skip-name-resolve\n"
                             "--loose-rpl-semi-sync-master-enabled=ON\n--wsrep_sst_auth=a:b\n");
    assert_item(list, "max_connections", "500");
    assert_item(list, "skip_name_resolve", "");
    assert_item(list, "rpl_semi_sync_master_enabled", "ON");
    assert_item(list, "wsrep_sst_auth", "(not recorded)");
    assert_true(host_option_is("16M", "16777216") && host_option_is("on", "ON") &&
                host_option_is("1", "ON") && host_option_is("", "ON") &&
                host_option_is("0.5", "0.500000"));
    assert_false(host_option_is("16M", "16") || host_option_is("ON", "OFF") ||
                 host_option_is("ROW", "MIXED") || host_option_is("16X", "16"));
}

static void test_a_rate_of_logs_needs_an_hour(void **state UNUSED)
{
    const struct survey_list *list = answer(HOST_LOGS, "3 300 100 1700000000 1700043200\n");
    assert_int_equal(number(list, "bytes"), 300);
    assert_int_equal(number(list, "bytes a day"), 400);
    list = answer(HOST_LOGS, "1 300 300 1700000000 1700000000\n");
    assert_null(survey_list_find(list, "bytes a day"));
}

static void test_a_probe_that_failed_is_not_known_and_says_why(void **state UNUSED)
{
    char text[] = "@firewall\n|half a rule\n!nft: Operation not permitted\n=1\n@system\n"
                  "|kernel\tLinux 6.1\n=0\n@ports\n|LISTEN 0 80 0.0.0.0:3306 0.0.0.0:*\n";
    host_report_release(&report);
    assert_int_equal(host_report_read(text, &report, NULL), 0);
    assert_int_equal(report.probes[HOST_FIREWALL].is_read, TRI_NO);
    assert_int_equal(report.probes[HOST_FIREWALL].count, 0);
    assert_string_equal(report.probes[HOST_FIREWALL].error, "nft: Operation not permitted");
    assert_item(&report.probes[HOST_SYSTEM], "kernel", "Linux 6.1");
    assert_int_equal(report.probes[HOST_PORTS].is_read, TRI_NO); /* it never ended */
    assert_int_equal(report.probes[HOST_PORTS].count, 0);
    assert_int_equal(report.probes[HOST_LOGS].is_read, TRI_NO);
    assert_true(report.probes[HOST_LOGS].error[0] != '\0');
    char banner[] = "Welcome!\n";
    assert_int_equal(host_report_read(banner, &report, NULL), ERR_PROTOCOL);
}

static void test_a_clock_is_known_within_the_time_it_took_to_ask(void **state UNUSED)
{
    struct host_clock clock;
    host_clock_read("1700000002123456789\n", 1700000000000000, 1700000000200000, &clock);
    assert_int_equal(clock.is_known, TRI_YES);
    assert_int_equal(clock.ahead_us, 2023456);
    assert_int_equal(clock.within_us, 100000);
    host_clock_read("1700000000N\n", 1700000000000000, 1700000000200000, &clock);
    assert_int_equal(clock.ahead_us, 400000); /* anywhere in that second */
    assert_int_equal(clock.within_us, 600000);
    host_clock_read("what?", 1, 2, &clock);
    assert_int_equal(clock.is_known, TRI_NO);
    host_report_release(&report);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_script_has_every_probe_and_no_other),
        cmocka_unit_test(test_packages_of_debian_that_matter_are_kept),
        cmocka_unit_test(test_disks_say_how_much_is_free_and_how_they_are_mounted),
        cmocka_unit_test(test_limits_are_read_as_the_kernel_prints_them),
        cmocka_unit_test(test_three_programs_tell_whether_the_clock_is_set),
        cmocka_unit_test(test_ports_say_from_where_they_are_reached),
        cmocka_unit_test(
            test_rules_of_three_firewalls_are_told_with_their_chains_and_without_counters),
        cmocka_unit_test(test_what_is_done_at_times_has_no_passwords),
        cmocka_unit_test(test_certificates_have_their_end),
        cmocka_unit_test(test_option_files_are_told_by_group_without_secrets),
        cmocka_unit_test(test_options_are_called_as_variables_are),
        cmocka_unit_test(test_a_rate_of_logs_needs_an_hour),
        cmocka_unit_test(test_a_probe_that_failed_is_not_known_and_says_why),
        cmocka_unit_test(test_a_clock_is_known_within_the_time_it_took_to_ask),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
