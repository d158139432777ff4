/* SPDX-License-Identifier: MIT */
/* How findings are gathered: every row of the table in turn. What each looks at is in
 * preflight_rows_*.c. */
#include "domain/preflight.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight_rows.h"

const char *check_way_name(enum check_way way)
{
    switch (way) {
    case CHECK_BOTH_WAYS:
        return "both";
    case CHECK_WAY_THERE:
        return "there";
    case CHECK_WAY_BACK:
        return "back";
    }
    return "both";
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

bool finding_untold(struct findings *out, const struct check_row *row, const struct survey *survey,
                    enum side side, enum survey_topic topic)
{
    const struct survey_list *list = &survey->side[side].topics[topic];
    if (list->is_read == TRI_YES)
        return false;
    finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                            "not known: %s of %s could not be read%s%.200s",
                            survey_topic_name(topic), side_title(side),
                            list->error[0] != '\0' ? ": " : "", list->error),
                "see node.reachable and account.controller_grants");
    return true;
}

/* --- the survey, and the run ------------------------------------------------------------------ */

void survey_release(struct survey *survey)
{
    free(survey->tables);
    free(survey->logins);
    free(survey->paths);
    free(survey->replica_logins);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        for (size_t i = 0; i < SURVEY_TOPIC_COUNT; i++)
            survey_list_release(&survey->side[side].topics[i]);
        host_report_release(&survey->side[side].host);
        free(survey->side[side].bypass);
        free(survey->side[side].accounts);
        free(survey->side[side].events);
        for (size_t i = 0; i < survey->side[side].missing_definer_count; i++)
            free(survey->side[side].missing_definers[i]);
        free(survey->side[side].missing_definers);
    }
    survey_list_release(&survey->dns.keepers);
    memset(survey, 0, sizeof(*survey));
}

void preflight_row_run(const struct check_row *row, const struct service *service,
                       const struct facts *facts, const struct survey *survey, struct findings *out)
{
    size_t before = out->count;
    row->look(service, facts, survey, row, out);
    for (size_t i = before; i < out->count; i++)
        finding_waive(service, facts, row, &out->items[i]);
}

int preflight_run(const struct service *service, const struct facts *facts,
                  const struct survey *survey, struct findings *out, struct err *err)
{
    static const struct survey nothing_read = {0};
    CLEANUP(findings_release) struct findings findings = {0};
    const struct check_row *row;
    for (size_t i = 0; (row = preflight_at(i)) != NULL; i++) {
        size_t before = findings.count;
        preflight_row_run(row, service, facts, survey == NULL ? &nothing_read : survey, &findings);
        if (findings.is_failed)
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the findings of %s",
                           row->id);
        if (findings.count == before)
            return err_set(err, ERR_BUG, EFFECT_NONE, "check %s said nothing", row->id);
    }
    *out = findings;
    findings = (struct findings){0}; /* handed over */
    return 0;
}

static int refuse(const struct finding *finding, struct err *err)
{
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s: %s %s%s%s", finding->check, finding->subject,
                  finding->found, finding->waived[0] != '\0' ? "; " : "", finding->waived);
    return err_hint(err, "nothing was changed; %s%s\"cutover check\" has the whole list",
                    finding->fix, finding->fix[0] != '\0' ? "; " : "");
}

int preflight_bars(const struct service *service, const struct facts *facts,
                   struct findings *out_waived, struct err *err)
{
    static const struct survey nothing_read = {0};
    CLEANUP(findings_release) struct findings findings = {0};
    const struct check_row *row;
    for (size_t i = 0; (row = preflight_at(i)) != NULL; i++)
        if (row->is_bar)
            preflight_row_run(row, service, facts, &nothing_read, &findings);
    if (findings.is_failed)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the findings");
    size_t waived = 0;
    for (size_t i = 0; i < findings.count; i++) {
        if (findings.items[i].severity == SEVERITY_BLOCK)
            return refuse(&findings.items[i], err);
        if (findings.items[i].waived[0] != '\0')
            findings.items[waived++] = findings.items[i];
    }
    findings.count = waived;
    if (out_waived != NULL) {
        *out_waived = findings;
        findings = (struct findings){0}; /* handed over */
    }
    return 0;
}
