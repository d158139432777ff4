/* SPDX-License-Identifier: MIT */
/* The service file: what is accepted, and that each mistake is refused at its line with a word that
 * helps. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "playbook/read.h"

#define HEAD "service = \"blog\";\n"
#define DATABASES "databases = [ \"blog\" ];\n"
#define OLD "old = { primary = { host = \"db1.old\"; port = 3306; }; };\n"
#define NEW                                                                                        \
    "new = { primary = { host = \"db1.new\"; }; replicas = ( { host = \"db2.new\"; port = 3307; "  \
    "} ); };\n"
#define ACCOUNTS                                                                                   \
    "accounts = {\n"                                                                               \
    "  controller  = { user = \"cutover\";  password = \"file:good\"; };\n"                        \
    "  monitor     = { user = \"monitor\";  password = \"file:good\"; };\n"                        \
    "  replication = { user = \"repl\";     password = \"env:CUTOVER_TEST_SECRET\"; };\n"          \
    "};\n"
#define TLS "tls = { mode = \"verify-ca\"; ca = \"ca.pem\"; };\n"
#define DNS_HEAD                                                                                   \
    "dns = { provider = \"cloudflare\"; zone = \"Ghost.org.\"; token = \"file:good\";\n"
#define RECORD_A                                                                                   \
    "{ name = \"ghost.org\"; type = \"A\"; old = \"192.0.2.10\"; new = \"192.0.2.20\"; }"
#define RECORDS(items) "records = ( " items " );\n"
#define DNS DNS_HEAD RECORDS(RECORD_A) "};\n"
#define GOOD HEAD DATABASES OLD NEW ACCOUNTS TLS DNS

static char folder[64];

static void write_file(const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    int fd = open(path, O_CREAT | O_TRUNC | O_WRONLY | O_CLOEXEC, 0600);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(fchmod(fd, mode), 0);
    close(fd);
}

static int set_up(void **state)
{
    (void)state;
    snprintf(folder, sizeof(folder), "/tmp/cutover-service-XXXXXX");
    assert_non_null(mkdtemp(folder));
    assert_int_equal(setenv("CUTOVER_TEST_SECRET", "hunter2", 1), 0);
    write_file("good", "swordfish\n", 0600);
    write_file("leaky", "swordfish\n", 0640);
    write_file("ca.pem", "", 0644);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    static const char *const names[] = {"good", "leaky", "ca.pem", "cutover.cfg"};
    char path[128];
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
        (void)unlink(path); /* it may never have been written */
    }
    return rmdir(folder);
}

static int read_text(const char *text, struct service *out, struct err *err)
{
    char path[128];
    write_file("cutover.cfg", text, 0644);
    snprintf(path, sizeof(path), "%s/cutover.cfg", folder);
    memset(err, 0, sizeof(*err));
    return service_read(path, out, err);
}

static void assert_contains(const char *text, const char *part)
{
    if (strstr(text, part) == NULL) {
        fail_msg("\"%s\" does not contain \"%s\"", text, part);
    }
}

/* Refused as configuration, nothing changed, the line named, and the message holds `part`. */
static void assert_refused(const char *text, unsigned line, const char *part)
{
    struct service service;
    struct err err;
    char where[32];
    snprintf(where, sizeof(where), "cutover.cfg:%u", line);
    memset(&service, 0x5a, sizeof(service));
    assert_int_equal(read_text(text, &service, &err), ERR_CONFIG);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_contains(err.msg, part);
    assert_contains(err.where, where);
    assert_int_equal(err.where[strlen(err.where) - 1], where[strlen(where) - 1]);
    assert_int_equal(service.node_count, 0x5a5a5a5a5a5a5a5a); /* out is written on success only */
}

static void test_a_service_is_production_until_somebody_says_otherwise(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(GOOD, &service, &err), 0);
    assert_int_equal(service.environment, ENVIRONMENT_PRODUCTION);
    assert_string_equal(service.drill.canary, "");
    service_release(&service);
    assert_int_equal(read_text(GOOD "environment = \"staging\";\n", &service, &err), 0);
    assert_int_equal(service.environment, ENVIRONMENT_STAGING);
    service_release(&service);
    assert_refused("environment = \"prod\";\n" GOOD, 1, "expected production, staging or lab");
}

static void test_a_gentle_pace_is_a_set_of_defaults(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(GOOD "verify = { pace = \"full\"; };\n", &service, &err), 0);
    assert_int_equal(service.verify.duty_percent, 0);
    service_release(&service);
    assert_int_equal(
        read_text(GOOD "verify = { duty = 30; pace = \"gentle\"; };\n", &service, &err), 0);
    assert_int_equal(service.verify.workers, 1);
    assert_int_equal(service.verify.chunk_ms, 10);
    assert_int_equal(service.verify.duty_percent, 30);
    service_release(&service);
    assert_refused("verify = { pace = \"slow\"; };\n" GOOD, 1, "expected full or gentle");
}

static void test_a_canary_is_one_of_the_records_and_a_drill_keeps_only_it(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    static const char two[] = HEAD DATABASES OLD NEW ACCOUNTS TLS DNS_HEAD RECORDS(
        RECORD_A ", { name = \"canary.ghost.org\"; type = \"A\"; old = \"192.0.2.11\"; "
                 "new = \"192.0.2.21\"; }") "};\n"
                                            "drill = { canary = \"canary.ghost.org\"; };\n";
    assert_int_equal(read_text(two, &service, &err), 0);
    assert_string_equal(service.drill.canary, "canary.ghost.org");
    assert_int_equal(service.dns.record_count, 2);
    assert_false(service_keep_record(&service, "nobody.ghost.org"));
    service_release(&service);
    assert_int_equal(read_text(two, &service, &err), 0);
    assert_true(service_keep_record(&service, service.drill.canary));
    assert_int_equal(service.dns.record_count, 1);
    assert_string_equal(service.dns.records[0].content[SIDE_NEW], "192.0.2.21");
    service_release(&service);
    assert_refused("drill = { canary = \"nobody.ghost.org\"; };\n" GOOD, 1,
                   "is not one of dns.records");
    assert_refused("drill = { canari = \"ghost.org\"; };\n" GOOD, 1, "canari");
}

static void test_a_permission_is_waived_like_a_check_until_its_moment(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(
        read_text(GOOD
                  "waivers = ( { check = \"drill.faults\"; by = \"Jane\"; why = \"w\"; until = "
                  "\"1970-01-01T00:00:10Z\"; } );\n",
                  &service, &err),
        0);
    assert_non_null(service_waiver(&service, "drill.faults", 9999999));
    assert_null(service_waiver(&service, "drill.faults", 10000000));
    assert_null(service_waiver(&service, "drill.fence", 0));
    service_release(&service);
}

static void test_a_complete_file_is_read_into_every_field(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    int rc =
        read_text(GOOD "journal = \"j/blog.db\"; limits = { lag = \"250ms\"; dns = \"1m\"; };\n",
                  &service, &err);
    if (rc != 0) {
        fail_msg("%s: %s", err.where, err.msg);
    }
    char path[256];
    snprintf(path, sizeof(path), "%s/j/blog.db", folder);
    assert_string_equal(service.journal_path, path);
    assert_string_equal(service.name, "blog");
    assert_int_equal(service.database_count, 1);
    assert_int_equal(service.node_count, 3);
    assert_string_equal(service_primary(&service, SIDE_OLD)->name, "db1.old:3306");
    assert_string_equal(service_primary(&service, SIDE_NEW)->name, "db1.new:3306");
    assert_false(service_node(&service, "db2.new:3307")->is_primary);
    assert_string_equal(secret_bytes(&service.controller.password), "swordfish");
    assert_string_equal(secret_bytes(&service.replication.password), "hunter2");
    assert_int_equal(service.tls.mode, TLS_VERIFY_CA);
    assert_int_equal(service.tls.ca_path[0], '/');
    assert_true(service.dns.is_configured);
    assert_string_equal(service.dns.zone, "ghost.org");
    assert_string_equal(service.dns.api, "https://api.cloudflare.com/client/v4");
    assert_int_equal(service.dns.min_ttl_s, 60);
    assert_int_equal(service.limits.lag_ms, 250);
    assert_int_equal(service.limits.dns_ms, 60000);
    assert_int_equal(service.limits.statement_ms, 10000);
    service_release(&service);
}

static void test_the_journal_has_a_default_place(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(GOOD, &service, &err), 0);
    assert_string_equal(service.journal_path, "/var/lib/cutover/blog.db");
    assert_int_equal(service.limits.stragglers_ms, 30 * 60 * 1000);
    service_release(&service);
}

static void test_a_service_needs_no_dns(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(HEAD DATABASES OLD NEW ACCOUNTS TLS, &service, &err), 0);
    assert_false(service.dns.is_configured);
    service_release(&service);
}

static void test_names_and_addresses_are_brought_to_one_form(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    int rc =
        read_text(HEAD DATABASES OLD NEW ACCOUNTS TLS DNS_HEAD
                  "resolvers = [ \"1.1.1.1:53\", \"[2606:4700::1111]:53\" ]; min_ttl = 2;\n"
                  "api = \"http://127.0.0.1:8080/client/v4/\";\n" RECORDS(
                      "{ name = \"API.Ghost.org.\"; type = \"AAAA\"; old = \"2001:DB8:0:0::1\"; "
                      "new = \"2001:db8::2\"; }, { name = \"www.ghost.org\"; type = \"CNAME\"; "
                      "old = \"Old.example.\"; new = \"new.example\"; }") "};",
                  &service, &err);
    if (rc != 0) {
        fail_msg("%s: %s", err.where, err.msg);
    }
    assert_string_equal(service.dns.records[0].name, "api.ghost.org");
    assert_string_equal(service.dns.records[0].content[SIDE_OLD], "2001:db8::1");
    assert_string_equal(service.dns.records[1].content[SIDE_OLD], "old.example");
    assert_string_equal(service.dns.api, "http://127.0.0.1:8080/client/v4");
    assert_int_equal(service.dns.resolver_count, 2);
    assert_int_equal(service.dns.min_ttl_s, 2);
    service_release(&service);
}

static void test_an_unknown_key_is_refused_with_a_suggestion(void **state)
{
    (void)state;
    assert_refused(GOOD "jornal = \"x\";\n", 14, "journal");
    assert_refused(HEAD DATABASES OLD NEW ACCOUNTS TLS DNS "limits = {\n lagg = \"1s\"; };\n", 15,
                   "lag");
}

static void test_every_group_that_must_be_there_is_asked_for_by_name(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    static const struct {
        const char *text, *part;
    } cases[] = {
        {DATABASES OLD NEW ACCOUNTS TLS, "service"}, {HEAD OLD NEW ACCOUNTS TLS, "databases"},
        {HEAD DATABASES NEW ACCOUNTS TLS, "old"},    {HEAD DATABASES OLD ACCOUNTS TLS, "new"},
        {HEAD DATABASES OLD NEW TLS, "accounts"},    {HEAD DATABASES OLD NEW ACCOUNTS, "tls"},
    };
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        assert_int_equal(read_text(cases[i].text, &service, &err), ERR_CONFIG);
        assert_contains(err.msg, cases[i].part);
        assert_contains(err.where, "cutover.cfg:");
    }
}

static void test_a_side_has_exactly_one_primary(void **state)
{
    (void)state;
    assert_refused(HEAD DATABASES "old = {\n replicas = ( { host = \"a\"; } ); };\n" NEW, 3,
                   "primary");
    assert_refused(HEAD DATABASES "old = {\n primary = ( { host = \"a\"; } ); };\n" NEW, 4, "one");
}

static void test_a_node_is_listed_once(void **state)
{
    (void)state;
    assert_refused(
        HEAD DATABASES OLD
        "new = { primary = { host = \"n\"; };\n replicas = ( { host = \"DB1.old\"; } ); };\n",
        5, "twice");
}

static void test_a_port_is_a_port(void **state)
{
    (void)state;
    assert_refused(HEAD DATABASES "old = { primary = { host = \"a\";\n port = 70000; }; };\n", 4,
                   "70000");
    assert_refused(HEAD DATABASES "old = { primary = { host = \"a\";\n port = 0; }; };\n", 4,
                   "port");
    assert_refused(HEAD DATABASES "old = { primary = { host = \"a\";\n port = \"x\"; }; };\n", 4,
                   "port");
}

static void test_databases_of_the_server_never_move(void **state)
{
    (void)state;
    assert_refused(HEAD "databases = [ ];\n", 2, "at least one");
    assert_refused(HEAD "databases = [ \"blog\",\n \"MySQL\" ];\n", 3, "MySQL");
    assert_refused(HEAD "databases = [ \"cutover\" ];\n", 2, "cutover");
    assert_refused(HEAD "databases = [ \"blog\", \"blog\" ];\n", 2, "twice");
}

static void test_a_password_in_the_file_is_refused_and_never_repeated(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(HEAD DATABASES OLD NEW "accounts = { controller = { user = \"c\"; "
                                                      "password = \"hunter2\"; }; };\n",
                               &service, &err),
                     ERR_CONFIG);
    assert_contains(err.msg, "file:PATH");
    assert_null(strstr(err.msg, "hunter2"));
    assert_null(strstr(err.hint, "hunter2"));
    assert_null(strstr(err.where, "hunter2"));
}

static void test_a_secret_file_that_others_may_read_is_refused(void **state)
{
    (void)state;
    assert_refused(HEAD DATABASES OLD NEW "accounts = { controller = { user = \"c\";\n"
                                          "password = \"file:leaky\"; }; };\n",
                   6, "leaky");
    assert_refused(HEAD DATABASES OLD NEW "accounts = { controller = { user = \"c\";\n"
                                          "password = \"file:absent\"; }; };\n",
                   6, "absent");
}

static void test_the_monitor_is_an_account_of_its_own(void **state)
{
    (void)state;
    assert_refused(HEAD DATABASES OLD NEW
                   "accounts = {\n"
                   "controller = { user = \"c\"; password = \"file:good\"; };\n"
                   "monitor = { user = \"c\"; password = \"file:good\"; };\n"
                   "replication = { user = \"r\"; password = \"file:good\"; };"
                   "};\n",
                   7, "monitor");
}

static void test_verification_needs_something_to_verify_against(void **state)
{
    (void)state;
    assert_refused(HEAD DATABASES OLD NEW ACCOUNTS "tls = { mode = \"verify-ca\"; };\n", 10, "ca");
    assert_refused(HEAD DATABASES OLD NEW ACCOUNTS
                   "tls = { mode = \"verify-ca\"; ca = \"no.pem\"; };\n",
                   10, "no.pem");
    assert_refused(HEAD DATABASES OLD NEW ACCOUNTS "tls = { mode = \"on\"; };\n", 10, "required");
}

#define WITH_DNS(rest) HEAD DATABASES OLD NEW ACCOUNTS TLS rest "\n"

static void test_a_provider_must_be_known(void **state)
{
    (void)state;
    assert_refused(WITH_DNS("dns = { provider = \"cloudfront\"; };"), 11, "cloudflare");
}

static void test_a_token_never_travels_in_clear(void **state)
{
    (void)state;
    assert_refused(WITH_DNS(DNS_HEAD "api = \"http://api.example\"; };"), 12, "https");
    assert_refused(WITH_DNS(DNS_HEAD "api = \"http://127.0.0.1@evil.example/\"; };"), 12, "https");
}

static void test_a_record_that_could_not_be_flipped_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *record, *part;
    } cases[] = {
        {"{ name = \"ghost.org\"; type = \"MX\"; old = \"a\"; new = \"b\"; }", "AAAA"},
        {"{ name = \"ghost.org\"; type = \"A\"; old = \"1.2.3\"; new = \"1.2.3.4\"; }", "1.2.3"},
        {"{ name = \"ghost.org\"; type = \"A\"; old = \"::1\"; new = \"1.2.3.4\"; }", "IPv4"},
        {"{ name = \"ghost.org\"; type = \"AAAA\"; old = \"::1\"; new = \"1.2.3.4\"; }", "IPv6"},
        {"{ name = \"ghost.org\"; type = \"CNAME\"; old = \"1.2.3.4\"; new = \"b\"; }",
         "host name"},
        {"{ name = \"ghost.org\"; type = \"A\"; old = \"1.2.3.4\"; new = \"1.2.3.4\"; }", "both"},
        {"{ name = \"ghost.org\"; type = \"AAAA\"; old = \"::1\"; new = \"0::0001\"; }", "both"},
        {"{ name = \"badghost.org\"; type = \"A\"; old = \"1.2.3.4\"; new = \"1.2.3.5\"; }",
         "zone"},
        {"{ name = \"a b.ghost.org\"; type = \"A\"; old = \"1.2.3.4\"; new = \"1.2.3.5\"; }",
         "name"},
        {RECORD_A ", " RECORD_A, "twice"},
        {RECORD_A ", { name = \"ghost.org\"; type = \"CNAME\"; old = \"a\"; new = \"b\"; }",
         "CNAME"},
    };
    char text[4096];
    for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
        snprintf(text, sizeof(text), WITH_DNS(DNS_HEAD "records = ( %s ); };"), cases[i].record);
        assert_refused(text, 12, cases[i].part);
    }
}

static void test_a_server_to_ask_has_an_address_and_a_port(void **state)
{
    (void)state;
    assert_refused(WITH_DNS(DNS_HEAD "resolvers = [ \"1.1.1.1\" ]; };"), 12, "1.1.1.1:53");
    assert_refused(WITH_DNS(DNS_HEAD "authoritative = [ \"::1:53\" ]; };"), 12, "::1:53");
    assert_refused(WITH_DNS(DNS_HEAD "resolvers = [ \"1.1.1.1:0\" ]; };"), 12, "1.1.1.1:0");
}

static void test_a_dns_group_has_records(void **state)
{
    (void)state;
    assert_refused(WITH_DNS(DNS_HEAD "records = ( ); };"), 12, "records");
    assert_refused(WITH_DNS(DNS_HEAD "};"), 11, "records");
    assert_refused(WITH_DNS(DNS_HEAD "min_ttl = 0; };"), 12, "min_ttl");
}

static void test_a_limit_is_a_duration_longer_than_nothing(void **state)
{
    (void)state;
    assert_refused(GOOD "limits = { lag = \"soon\"; };\n", 14, "soon");
    assert_refused(GOOD "limits = { lag = \"0\"; };\n", 14, "longer than nothing");
    assert_refused(GOOD "limits = { lag = 500; };\n", 14, "quotes");
}

#define WAIVER(check, until)                                                                       \
    "waivers = ( {\n check = \"" check                                                             \
    "\";\n by = \"Jane Doe\"; why = \"5.7 is given up\";\n until = \"" until "\"; } );\n"

static void test_a_waiver_names_a_check_a_person_a_reason_and_a_moment(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err = {0};
    int rc = read_text(GOOD WAIVER("pair.way_back", "2026-12-01T06:00:00Z"), &service, &err);
    if (rc != 0)
        fail_msg("%s: %s", err.where, err.msg);
    assert_int_equal(service.waiver_count, 1);
    assert_string_equal(service.waivers[0].check, "pair.way_back");
    assert_string_equal(service.waivers[0].by, "Jane Doe");
    assert_string_equal(service.waivers[0].why, "5.7 is given up");
    assert_int_equal(service.waivers[0].until_us, 1796104800000000);
    service_release(&service);
}

static void test_a_waiver_of_nothing_of_everything_or_for_ever_is_refused(void **state)
{
    (void)state;
    assert_refused(GOOD WAIVER("pair.wayback", "2026-12-01T06:00:00Z"), 15,
                   "did you mean \"pair.way_back\"");
    assert_refused(GOOD WAIVER("node.flavour", "2026-12-01T06:00:00Z"), 15, "cannot be waived");
    assert_refused(GOOD WAIVER("pair.way_back", "2026-12-01"), 17, "a moment in UTC");
    assert_refused(GOOD WAIVER("pair.way_back", "2026-02-31T06:00:00Z"), 17, "a moment in UTC");
    assert_refused(GOOD "waivers = ( { check = \"pair.way_back\"; } );\n", 14, "by");
    assert_refused(GOOD "waivers = ( \"pair.way_back\" );\n", 14, "a waiver is written");
}

#define SSH_HEAD "old = { ssh = { user = \"u\"; identity = \"keys/id\"; known_hosts = \"/k\"; "
#define SSH_NODE(words)                                                                            \
    " }; primary = { host = \"a\"; ssh = { " words " }; }; replicas = ( { host = \"b\"; } ); };\n"
#define SSH(shared, own)                                                                           \
    HEAD DATABASES SSH_HEAD shared SSH_NODE(own)                                                   \
    NEW ACCOUNTS TLS DNS

static void test_a_node_says_more_than_its_cluster_about_ssh(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(GOOD, &service, &err), 0);
    assert_null(service.nodes[0].ssh);
    service_release(&service);
    assert_int_equal(read_text(SSH("port = 2222; jump = \"me@[::1]:23\";",
                                   "user = \"v\"; drop_in = \"/d\"; sudo = true; jump = \"gate\"; "
                                   "stop = [ \"x\", \"-k\", \"x\" ]; seed_port = 99;"),
                               &service, &err),
                     0);
    const struct node_ssh *own = service_node(&service, "a:3306")->ssh;
    const struct node_ssh *shared = service_node(&service, "b:3306")->ssh;
    assert_string_equal(own->user, "v");
    assert_string_equal(own->host, "a");
    assert_int_equal(own->port, 2222);
    assert_string_equal(own->jump_host, "gate");
    assert_string_equal(own->jump_user, "");
    assert_int_equal(own->jump_port, 22);
    assert_true(own->sudo);
    assert_string_equal(own->drop_in, "/d");
    assert_string_equal(own->known_hosts, "/k");
    assert_int_equal(own->seed_port, 99);
    assert_int_equal(shared->seed_port, 4444);
    assert_int_equal(own->stop_count, 3);
    assert_string_equal(own->stop[1], "-k");
    assert_string_equal(own->stop[2], "x");
    assert_int_equal(own->start_count + shared->stop_count, 0);
    assert_contains(own->identity, "/keys/id");
    assert_string_equal(shared->user, "u");
    assert_string_equal(shared->jump_host, "::1");
    assert_string_equal(shared->jump_user, "me");
    assert_int_equal(shared->jump_port, 23);
    assert_string_equal(shared->drop_in, "");
    service_release(&service);
}

static void test_a_tunnel_leads_to_the_loopback_of_the_host_unless_it_says_where(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(SSH("tunnel = true;", "tunnel = \"[::1]:3399\";"), &service, &err),
                     0);
    const struct node_ssh *own = service_node(&service, "a:3306")->ssh;
    const struct node_ssh *shared = service_node(&service, "b:3306")->ssh;
    assert_true(own->has_tunnel && shared->has_tunnel);
    assert_string_equal(own->tunnel_host, "::1");
    assert_int_equal(own->tunnel_port, 3399);
    assert_string_equal(shared->tunnel_host, "127.0.0.1");
    assert_int_equal(shared->tunnel_port, 3306);
    service_release(&service);
    assert_int_equal(read_text(SSH("tunnel = true;", "tunnel = false;"), &service, &err), 0);
    assert_false(service_node(&service, "a:3306")->ssh->has_tunnel);
    service_release(&service);
    assert_refused(SSH("", "tunnel = 3306;"), 3, "true, false or \"host:port\"");
    assert_refused(SSH("", "tunnel = \":3306\";"), 3, "host:port");
    assert_refused(SSH("", "tunnel = \"a:99999\";"), 3, "between 1 and 65535");
}

static void test_what_cannot_be_meant_about_ssh_is_refused_where_it_stands(void **state)
{
    (void)state;
    assert_refused(SSH("", "prot = 22;"), 3, "port");
    assert_refused(SSH("", "port = 70000;"), 3, "between 1 and 65535");
    assert_refused(SSH("", "jump = \"gate:x\";"), 3, "between 1 and 65535");
    assert_refused(SSH("", "seed_port = 0;"), 3, "between 1 and 65535");
    assert_refused(SSH("", "stop = [ ];"), 3, "stop is empty");
    assert_refused(SSH("", "jump = \"me@\";"), 3, "user@host:port");
    assert_refused(SSH("", "transport = \"telnet\";"), 3, "library or program");
    assert_refused(SSH("", "drop_in = \"conf.d\";"), 3, "absolute path");
    assert_refused(SSH("", "passphrase = \"file:good\"; transport = \"program\";"), 3, "agent");
    assert_refused(HEAD DATABASES
                   "old = { ssh = { agent = true; }; primary = { host = \"a\"; }; };\n",
                   3, "user is missing");
    assert_refused(HEAD DATABASES
                   "old = { ssh = { user = \"u\"; }; primary = { host = \"a\"; }; };\n",
                   3, "identity is missing");
}

#define APPLICATION(rest)                                                                          \
    GOOD "applications = ( { name = \"blog\"; user = \"app\"; password = \"file:good\"; " rest     \
         " } );\n"
#define LOGIN "ssh = { user = \"deploy\"; agent = true; };"

static void test_an_application_has_an_account_and_hosts_of_its_own(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(GOOD, &service, &err), 0);
    assert_int_equal(service.application_count, 0);
    service_release(&service);
    assert_int_equal(read_text(APPLICATION("replicas = true; " LOGIN
                                           " hosts = ( { host = \"web1\"; }, { host = \"web2\"; "
                                           "ssh = { host = \"192.0.2.2\"; }; } );"),
                               &service, &err),
                     0);
    const struct application *blog = &service.applications[0];
    assert_string_equal(blog->name, "blog");
    assert_string_equal(blog->account.user, "app");
    assert_string_equal(secret_bytes(&blog->account.password), "swordfish");
    assert_true(blog->reads_replicas);
    assert_int_equal(blog->host_count, 2);
    assert_string_equal(blog->hosts[0].ssh->host, "web1");
    assert_string_equal(blog->hosts[1].ssh->host, "192.0.2.2");
    assert_string_equal(blog->hosts[1].ssh->user, "deploy");
    service_release(&service);
}

static void test_an_application_that_nobody_could_try_is_refused(void **state)
{
    (void)state;
    assert_refused(APPLICATION(""), 14, "hosts must name at least one");
    assert_refused(APPLICATION("hosts = ( { host = \"web1\"; } );"), 14, "no group ssh");
    assert_refused(APPLICATION(LOGIN " hosts = ( { host = \"w\"; }, { host = \"W\"; } );"), 14,
                   "listed twice");
    assert_refused(APPLICATION(LOGIN " hosts = ( { hots = \"w\"; } );"), 14, "hots");
    assert_refused(APPLICATION(LOGIN " host = \"w\";"), 14, "host");
    assert_refused(GOOD "applications = ( { name = \"a b\"; } );\n", 14, "letters, digits");
    assert_refused(GOOD "applications = ( { name = \"a\"; user = \"u\"; password = \"p\"; } );\n",
                   14, "password");
    assert_refused(GOOD "applications = ( \"blog\" );\n", 14, "an application is written");
}

static void test_a_fence_says_how_it_holds_and_whom(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err;
    assert_int_equal(read_text(GOOD, &service, &err), 0);
    assert_int_equal(service.fence.hold, FENCE_HOLD_DEFAULT);
    service_release(&service);
    assert_int_equal(read_text(GOOD "fence = { hold = \"lock\"; accounts = [ \"app\" ]; except = [ "
                                    "\"dba@%\" ]; };\n",
                               &service, &err),
                     0);
    assert_int_equal(service.fence.hold, FENCE_HOLD_LOCK);
    assert_string_equal(service.fence.accounts[0], "app");
    assert_string_equal(service.fence.except[0], "dba@%");
    service_release(&service);
    assert_refused(GOOD "fence = { hold = \"always\"; };\n", 14, "lock, config, file or none");
    assert_refused(GOOD "fence = { accounts = [ ]; };\n", 14, "accounts is empty");
    assert_refused(GOOD "fence = { hold = \"none\"; except = [ \"a\" ]; };\n", 14, "locks nobody");
    assert_refused(GOOD "fence = { acounts = [ \"a\" ]; };\n", 14, "accounts");
}

static void test_a_syntax_error_and_a_missing_file_are_configuration_errors(void **state)
{
    (void)state;
    struct service service = {0};
    struct err err = {0};
    assert_int_equal(read_text("service = ;\n", &service, &err), ERR_CONFIG);
    assert_contains(err.where, "cutover.cfg:1");
    assert_int_equal(service_read("/nonexistent/cutover.cfg", &service, &err), ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_service_is_production_until_somebody_says_otherwise),
        cmocka_unit_test(test_a_gentle_pace_is_a_set_of_defaults),
        cmocka_unit_test(test_a_canary_is_one_of_the_records_and_a_drill_keeps_only_it),
        cmocka_unit_test(test_a_permission_is_waived_like_a_check_until_its_moment),
        cmocka_unit_test(test_a_complete_file_is_read_into_every_field),
        cmocka_unit_test(test_the_journal_has_a_default_place),
        cmocka_unit_test(test_a_service_needs_no_dns),
        cmocka_unit_test(test_names_and_addresses_are_brought_to_one_form),
        cmocka_unit_test(test_an_unknown_key_is_refused_with_a_suggestion),
        cmocka_unit_test(test_every_group_that_must_be_there_is_asked_for_by_name),
        cmocka_unit_test(test_a_side_has_exactly_one_primary),
        cmocka_unit_test(test_a_node_is_listed_once),
        cmocka_unit_test(test_a_port_is_a_port),
        cmocka_unit_test(test_databases_of_the_server_never_move),
        cmocka_unit_test(test_a_password_in_the_file_is_refused_and_never_repeated),
        cmocka_unit_test(test_a_secret_file_that_others_may_read_is_refused),
        cmocka_unit_test(test_the_monitor_is_an_account_of_its_own),
        cmocka_unit_test(test_verification_needs_something_to_verify_against),
        cmocka_unit_test(test_a_provider_must_be_known),
        cmocka_unit_test(test_a_token_never_travels_in_clear),
        cmocka_unit_test(test_a_record_that_could_not_be_flipped_is_refused),
        cmocka_unit_test(test_a_server_to_ask_has_an_address_and_a_port),
        cmocka_unit_test(test_a_dns_group_has_records),
        cmocka_unit_test(test_a_limit_is_a_duration_longer_than_nothing),
        cmocka_unit_test(test_a_waiver_names_a_check_a_person_a_reason_and_a_moment),
        cmocka_unit_test(test_a_waiver_of_nothing_of_everything_or_for_ever_is_refused),
        cmocka_unit_test(test_an_application_has_an_account_and_hosts_of_its_own),
        cmocka_unit_test(test_an_application_that_nobody_could_try_is_refused),
        cmocka_unit_test(test_a_fence_says_how_it_holds_and_whom),
        cmocka_unit_test(test_a_node_says_more_than_its_cluster_about_ssh),
        cmocka_unit_test(test_a_tunnel_leads_to_the_loopback_of_the_host_unless_it_says_where),
        cmocka_unit_test(test_what_cannot_be_meant_about_ssh_is_refused_where_it_stands),
        cmocka_unit_test(test_a_syntax_error_and_a_missing_file_are_configuration_errors),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
