/* SPDX-License-Identifier: MIT */
/* The table of probes, and how the answer to all of them is taken apart. */
#include "domain/host_probe.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/host_parse.h"
#include "domain/inventory.h"
#include "domain/redact.h"

#define TEXT_CAP_BYTES (256U * 1024)

enum rule {
    RULE_NONE,   /* names and numbers of programs and files */
    RULE_LINE,   /* words that a person wrote for a shell */
    RULE_OPTION, /* the value of an option */
};

static const struct probe {
    const char *name, *section;
    host_parse *parse;
    enum rule rule;
} probes[] = {
    [HOST_SYSTEM] = {"system", "host", host_parse_pairs, RULE_NONE},
    [HOST_PACKAGES] = {"packages", "host packages", host_parse_packages, RULE_NONE},
    [HOST_DISKS] = {"disks", "host disks", host_parse_disks, RULE_NONE},
    [HOST_LIMITS] = {"limits", "host limits", host_parse_limits, RULE_NONE},
    [HOST_CLOCK] = {"clock", "host clock", host_parse_clock, RULE_NONE},
    [HOST_PORTS] = {"ports", "host ports", host_parse_ports, RULE_NONE},
    [HOST_FIREWALL] = {"firewall", "host firewall", host_parse_firewall, RULE_LINE},
    [HOST_SCHEDULE] = {"schedule", "host schedule", host_parse_schedule, RULE_LINE},
    [HOST_CERTIFICATES] = {"certificates", "host certificates", host_parse_certificates, RULE_NONE},
    [HOST_CONFIG] = {"config", "host configuration", host_parse_config, RULE_OPTION},
    [HOST_RESTART] = {"restart", "host restart", host_parse_restart, RULE_OPTION},
    [HOST_LOGS] = {"logs", "host logs", host_parse_logs, RULE_NONE},
};
_Static_assert(ARRAY_LEN(probes) == HOST_PROBE_COUNT, "a row a probe");

const char *host_probe_name(enum host_probe probe)
{
    return probes[probe].name;
}

const char *host_probe_section(enum host_probe probe)
{
    return probes[probe].section;
}

void host_report_release(struct host_report *report)
{
    for (size_t i = 0; i < HOST_PROBE_COUNT; i++)
        survey_list_release(&report->probes[i]);
    *report = (struct host_report){0};
}

static void fail_list(struct survey_list *list, const char *why)
{
    survey_list_release(list); /* half of an answer is none */
    list->is_read = TRI_NO;
    (void)snprintf(list->error, sizeof(list->error), "%.250s", why);
}

void host_report_fail(struct host_report *report, const char *why)
{
    for (size_t i = 0; i < HOST_PROBE_COUNT; i++)
        fail_list(&report->probes[i], why);
}

/* --- items ------------------------------------------------------------------------------------ */

/* "/etc/my.cnf [client] password" and "sst_auth": the last word is the option. */
static bool is_secret_option(const char *name, const char *value)
{
    const char *blank = strrchr(name, ' ');
    const char *option = blank == NULL ? name : blank + 1;
    return value[0] != '\0' && (redact_is_secret(option) || inventory_is_secret(option, value) ||
                                (strstr(value, "://") != NULL && strchr(value, '@') != NULL));
}

int host_answer_add(const struct host_answer *answer, const char *name, const char *value,
                    const char *example, uint64_t uses, struct err *err)
{
    CLEANUP(buf_release) struct buf clean = {0};
    enum rule rule = probes[answer->probe].rule;
    struct survey_item item = {
        .name = (char *)name, .value = (char *)value, .example = (char *)example, .uses = uses};
    if (rule == RULE_OPTION && is_secret_option(name, value))
        item.value = (char *)REDACTED;
    buf_init(&clean, TEXT_CAP_BYTES);
    if (rule == RULE_LINE) {
        redact_line(name, &clean);
        int rc = buf_check(&clean, err);
        if (rc != 0)
            return rc;
        item.name = (char *)buf_text(&clean);
    }
    return survey_list_add(answer->list, &item, err);
}

/* --- all of them ------------------------------------------------------------------------------ */

static char *next_line(char **text)
{
    char *line = *text;
    if (line == NULL || *line == '\0')
        return NULL;
    char *end = strchr(line, '\n');
    if (end != NULL)
        *end = '\0';
    *text = end == NULL ? NULL : end + 1;
    return line;
}

static size_t probe_called(const char *name)
{
    size_t i = 0;
    while (i < HOST_PROBE_COUNT && strcmp(probes[i].name, name) != 0)
        i++;
    return i;
}

/* A status that is not 0 comes with its last complaint. */
static int end_probe(const struct host_answer *answer, const char *status, const char *complaint,
                     struct err *err)
{
    if (strcmp(status, "0") != 0) {
        char why[200];
        (void)snprintf(why, sizeof(why), "%s", complaint);
        if (complaint[0] == '\0')
            (void)snprintf(why, sizeof(why), "it ended with status %.20s", status);
        fail_list(answer->list, why);
        return 0;
    }
    struct err why = {0};
    int rc = probes[answer->probe].parse(answer, &why);
    if (rc == ERR_MEMORY) {
        *err = why;
        return rc;
    }
    if (rc != 0)
        fail_list(answer->list, why.msg);
    else
        answer->list->is_read = TRI_YES;
    return 0;
}

struct reading {
    char **lines; /* of the probe that is being read */
    size_t count, room;
    size_t probe; /* HOST_PROBE_COUNT: none */
    const char *complaint;
};

static int keep_line(struct reading *reading, char *line, struct err *err)
{
    if (reading->count == reading->room) {
        size_t room = reading->room == 0 ? 256 : reading->room * 2;
        char **lines = reallocarray(reading->lines, room, sizeof(*lines));
        if (lines == NULL)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what a host said");
        reading->lines = lines;
        reading->room = room;
    }
    reading->lines[reading->count++] = line;
    return 0;
}

static int take_line(struct reading *reading, char *line, struct host_report *out, struct err *err)
{
    switch (line[0]) {
    case '@':
        reading->probe = probe_called(line + 1);
        reading->count = 0;
        reading->complaint = "";
        return 0;
    case '|':
        return keep_line(reading, line + 1, err);
    case '!':
        reading->complaint = line + 1;
        return 0;
    case '=':
        if (reading->probe < HOST_PROBE_COUNT) {
            const struct host_answer answer = {reading->lines, reading->count,
                                               (enum host_probe)reading->probe,
                                               &out->probes[reading->probe]};
            reading->probe = HOST_PROBE_COUNT;
            return end_probe(&answer, line + 1, reading->complaint, err);
        }
        return 0;
    default:
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the host said \"%.60s\"", line);
    }
}

int host_report_read(char *text, struct host_report *out, struct err *err)
{
    struct reading reading = {.probe = HOST_PROBE_COUNT, .complaint = ""};
    char *line;
    int rc = 0;
    host_report_fail(out, "the host's answer ended before it");
    while (rc == 0 && (line = next_line(&text)) != NULL)
        rc = take_line(&reading, line, out, err);
    free(reading.lines);
    return rc;
}

/* --- clock, options --------------------------------------------------------------------------- */

#define SECOND_US 1000000

void host_clock_read(const char *text, int64_t before_us, int64_t after_us, struct host_clock *out)
{
    size_t digits = strspn(text, "0123456789");
    char seconds[11] = "", micros[7] = "";
    *out = (struct host_clock){.is_known = TRI_NO};
    if (digits < 10 || after_us < before_us)
        return;
    memcpy(seconds, text, 10);
    int64_t there_us = strtoll(seconds, NULL, 10) * SECOND_US;
    int64_t within_us = (after_us - before_us) / 2;
    if (digits == 19) {
        memcpy(micros, text + 10, 6);
        there_us += strtoll(micros, NULL, 10);
    } else {
        there_us += SECOND_US / 2;
        within_us += SECOND_US / 2;
    }
    *out = (struct host_clock){TRI_YES, there_us - (before_us + after_us) / 2, within_us};
}

/* "16M" as a number; false when it is none. */
static bool number_of(const char *text, double *out)
{
    static const char units[] = "KMGTPE";
    char *end = NULL;
    *out = strtod(text, &end);
    if (end == text)
        return false;
    const char *unit = *end == '\0' ? NULL : strchr(units, toupper((unsigned char)*end));
    for (const char *u = units; unit != NULL && u <= unit; u++)
        *out *= 1024;
    return *end == '\0' || (unit != NULL && end[1] == '\0');
}

static const char *plain(const char *text)
{
    static const struct {
        const char *word, *means;
    } words[] = {{"1", "ON"},  {"TRUE", "ON"},   {"YES", "ON"}, {"", "ON"},
                 {"0", "OFF"}, {"FALSE", "OFF"}, {"NO", "OFF"}};
    for (size_t i = 0; i < ARRAY_LEN(words); i++)
        if (strcasecmp(text, words[i].word) == 0)
            return words[i].means;
    return text;
}

bool host_option_is(const char *option, const char *running)
{
    double a = 0, b = 0;
    if (strcasecmp(option, running) == 0 || strcasecmp(plain(option), plain(running)) == 0)
        return true;
    return number_of(option, &a) && number_of(running, &b) && a >= b && a <= b;
}
