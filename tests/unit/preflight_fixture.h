/* SPDX-License-Identifier: MIT */
/* A pair with nothing to complain about; each test of a check spoils one thing and looks. */
#ifndef CUTOVER_TESTS_PREFLIGHT_FIXTURE_H
#define CUTOVER_TESTS_PREFLIGHT_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight.h"
#include "domain/preflight_rows.h"
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

static inline void well_dns(void)
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
    survey.dns.keepers.is_read = TRI_YES;
    survey.dns.min_ttl_s = 60;
    snprintf(survey.dns.plan, sizeof(survey.dns.plan), "free");
}

/* One line of what a side was asked; the survey has copies. */
static inline void plant(enum side side, enum survey_topic topic, const char *name,
                         const char *value)
{
    struct survey_item item = {
        .name = (char *)name, .value = (char *)value, .example = (char *)"blog.t", .uses = 3};
    assert_int_equal(survey_list_add(&survey.side[side].topics[topic], &item, NULL), 0);
}

/* A server has one of each name: the last value counts. */
static inline void plant_variable(enum side side, const char *name, const char *value)
{
    struct survey_list *list = &survey.side[side].topics[SURVEY_VARIABLES];
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->items[i].name, name) == 0) {
            free(list->items[i].value);
            list->items[i].value = strdup(value);
            return;
        }
    plant(side, SURVEY_VARIABLES, name, value);
}

static inline void plant_gtids(unsigned node, const char *text)
{
    struct position *position = &facts.nodes[node].binlog_state;
    assert_int_equal(position_parse(FLAVOUR_MYSQL, text, position, NULL), 0);
}

/* Two servers that were set up alike: nothing for an upgrade to fall over. */
static inline void well_topics(void)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        for (size_t i = 0; i < SURVEY_TOPIC_COUNT; i++) {
            survey_list_release(&survey.side[side].topics[i]);
            survey.side[side].topics[i].is_read = TRI_YES;
        }
        plant(side, SURVEY_COLLATIONS_KNOWN, "utf8mb4_general_ci", "");
        plant(side, SURVEY_COLLATIONS_USED, "utf8mb4_general_ci", "");
        plant(side, SURVEY_PLUGINS_KNOWN, "mysql_native_password", "ACTIVE");
        plant(side, SURVEY_PLUGINS_USED, "mysql_native_password", "");
        plant(side, SURVEY_FEATURES, "type int", "");
        plant(side, SURVEY_TIME_ZONES, "named", "");
        plant(side, SURVEY_EXPLICIT, "auto_increment_increment", "CONFIG");
        plant_variable(side, "auto_increment_increment", "2");
        plant_variable(side, "expire_logs_days", "10");
    }
}

/* Both primaries have a host that was asked everything, and has nothing to say. */
static inline void well_hosts(void)
{
    static struct node_ssh ssh;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        struct host_report *host = &survey.side[side].host;
        host_report_release(host);
        for (size_t i = 0; i < HOST_PROBE_COUNT; i++)
            host->probes[i].is_read = TRI_YES;
        service.nodes[side == SIDE_OLD ? OLD_PRIMARY : NEW_PRIMARY].ssh = &ssh;
    }
}

static inline void plant_host(enum side side, enum host_probe probe, const char *name,
                              const char *value, const char *example, uint64_t uses)
{
    const struct survey_item item = {
        .name = (char *)name, .value = (char *)value, .example = (char *)example, .uses = uses};
    assert_int_equal(survey_list_add(&survey.side[side].host.probes[probe], &item, NULL), 0);
}

static inline struct server_version mysql_of(unsigned major, unsigned minor, unsigned patch)
{
    return (struct server_version){FLAVOUR_MYSQL, major, minor, patch};
}

/* Both primaries and their replicas become MySQL. */
static inline void make_mysql(struct server_version old_version, struct server_version new_version)
{
    for (unsigned i = 0; i < FIXTURE_NODES; i++) {
        struct node_facts *node = &facts.nodes[i];
        node->version = node->node->side == SIDE_OLD ? old_version : new_version;
        snprintf(node->version_text, sizeof(node->version_text), "%u.%u.%u", node->version.major,
                 node->version.minor, node->version.patch);
        node->origin = (struct origin){.flavour = FLAVOUR_MYSQL};
        node->origin.uuid[0] = (uint8_t)(i + 1);
    }
}

static inline void make_mariadb(unsigned old_minor, unsigned new_major, unsigned new_minor)
{
    for (unsigned i = 0; i < FIXTURE_NODES; i++) {
        struct node_facts *node = &facts.nodes[i];
        bool is_old = node->node->side == SIDE_OLD;
        node->version = (struct server_version){FLAVOUR_MARIADB, is_old ? 10 : new_major,
                                                is_old ? old_minor : new_minor, 1};
        snprintf(node->version_text, sizeof(node->version_text), "%u.%u.1-MariaDB",
                 node->version.major, node->version.minor);
    }
}

/* Both ways between the primaries, as somebody wanted them measured. */
static inline void well_paths(void)
{
    free(survey.paths);
    survey.paths = calloc(2, sizeof(*survey.paths));
    assert_non_null(survey.paths);
    survey.path_count = 2;
    for (size_t i = 0; i < 2; i++)
        survey.paths[i] =
            (struct survey_path){.from = &service.nodes[i ? NEW_PRIMARY : OLD_PRIMARY],
                                 .to = &service.nodes[i ? OLD_PRIMARY : NEW_PRIMARY],
                                 .trips = 9,
                                 .middle_us = 20000,
                                 .worst_us = 25000,
                                 .bytes_per_s = 110e6,
                                 .sent = 20000};
}

static inline void well(void)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        for (size_t i = 0; i < SURVEY_TOPIC_COUNT; i++)
            survey_list_release(&survey.side[side].topics[i]);
        host_report_release(&survey.side[side].host);
    }
    survey_list_release(&survey.dns.keepers);
    fixture_service(&service);
    fixture_facts(&service, &facts);
    facts.wall_us = 1795298400000000; /* 2026-11-22 */
    free(survey.paths);
    memset(&survey, 0, sizeof(survey));
    well_topics();
    well_hosts();
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        plant_host(side, HOST_CLOCK, "synchronized", "yes", "", 0);
        plant_host(side, HOST_LIMITS, "open files", "32768, at most 32768", "", 32768);
    }
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
    well_paths();
}

/* The worst that the tests of this program made each row of the table say. */
static enum severity provoked[256];

static inline size_t row_index(const char *check)
{
    size_t index = 0;
    while (strcmp(preflight_at(index)->id, check) != 0)
        index++;
    return index;
}

static inline void look(void)
{
    struct err err = {0};
    findings_release(&findings);
    if (preflight_run(&service, &facts, &survey, &findings, &err) != 0)
        fail_msg("%s", err.msg);
    assert_true(preflight_count() <= ARRAY_LEN(provoked));
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *finding = &findings.items[i];
        size_t index = row_index(finding->check);
        if (finding->severity > preflight_at(index)->worst)
            fail_msg("%s is worse than its row says: %s", finding->check, finding->found);
        if (finding->severity > provoked[index] && strstr(finding->found, "not known") == NULL)
            provoked[index] = finding->severity;
    }
}

/* Which program makes the rows of a section say their worst: "ready" is test_preflight_ready. */
static inline const char *provoker(const struct check_section *section)
{
    static const struct {
        const struct check_section *section;
        const char *program;
    } others[] = {
        {&preflight_lasting, "ready"},       {&preflight_ready, "ready"},
        {&preflight_settings, "ready"},      {&preflight_capacity, "ready"},
        {&preflight_hosts, "hosts"},         {&preflight_upgrade, "upgrade"},
        {&preflight_upgrade_log, "upgrade"}, {&preflight_upgrade_schema, "upgrade"},
    };
    for (size_t i = 0; i < ARRAY_LEN(others); i++)
        if (others[i].section == section)
            return others[i].program;
    return "preflight";
}

/* Each row that this program answers for has been made to say its worst. */
static inline void assert_provoked(const char *program)
{
    const struct check_section *section;
    size_t missing = 0;
    for (size_t i = 0; (section = preflight_section(i)) != NULL; i++)
        for (size_t k = 0; strcmp(provoker(section), program) == 0 && k < section->count; k++)
            if (provoked[row_index(section->rows[k].id)] != section->rows[k].worst) {
                print_error("%s: no test made it say %s\n", section->rows[k].id,
                            severity_name(section->rows[k].worst));
                missing++;
            }
    assert_int_equal(missing, 0);
}

/* The worst finding of one check; NULL when the check said nothing. */
static inline const struct finding *worst_of(const char *check)
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
static inline void assert_finding(const char *check, enum severity severity, const char *text)
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

/* A setting that differs is found, one that is alike on both sides is not. */
static inline void assert_compared(const char *check, const char *name, const char *old_value,
                                   const char *new_value, enum severity severity)
{
    well();
    plant_variable(SIDE_OLD, name, old_value);
    plant_variable(SIDE_NEW, name, new_value);
    assert_finding(check, severity, new_value);
    well();
    plant_variable(SIDE_OLD, name, old_value);
    plant_variable(SIDE_NEW, name, old_value);
    assert_finding(check, SEVERITY_OK, "");
}

#endif
