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

static inline void plant_variable(enum side side, const char *name, const char *value)
{
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
    }
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

static inline void well(void)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        for (size_t i = 0; i < SURVEY_TOPIC_COUNT; i++)
            survey_list_release(&survey.side[side].topics[i]);
    survey_list_release(&survey.dns.keepers);
    fixture_service(&service);
    fixture_facts(&service, &facts);
    facts.wall_us = 1795298400000000; /* 2026-11-22 */
    memset(&survey, 0, sizeof(survey));
    well_topics();
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

/* The worst that the tests of this program made each row of the table say. */
static enum severity provoked[256];

static inline void look(void)
{
    struct err err = {0};
    size_t count = 0;
    const struct check_row *rows = preflight_table(&count);
    findings_release(&findings);
    if (preflight_run(&service, &facts, &survey, &findings, &err) != 0)
        fail_msg("%s", err.msg);
    assert_true(count <= ARRAY_LEN(provoked));
    for (size_t i = 0; i < findings.count; i++) {
        const struct finding *finding = &findings.items[i];
        size_t row = (size_t)(preflight_find(finding->check) - rows);
        if (finding->severity > rows[row].worst)
            fail_msg("%s is worse than its row says: %s", finding->check, finding->found);
        if (finding->severity > provoked[row] && strstr(finding->found, "not known") == NULL)
            provoked[row] = finding->severity;
    }
}

/* Each row from one to before another (NULL: the end) has been made to say its worst. */
static inline void assert_provoked(const char *from, const char *until)
{
    size_t count = 0, missing = 0;
    const struct check_row *rows = preflight_table(&count);
    size_t end = until == NULL ? count : (size_t)(preflight_find(until) - rows);
    for (size_t i = (size_t)(preflight_find(from) - rows); i < end; i++)
        if (provoked[i] != rows[i].worst) {
            print_error("%s: no test made it say %s\n", rows[i].id, severity_name(rows[i].worst));
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

#endif
