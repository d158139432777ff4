/* SPDX-License-Identifier: MIT */
/* `cutover check`: ask everything, run every check, say what to mend. Changes nothing. */
#include <stdio.h>
#include <string.h>

#include "cli/check_explain.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/render.h"
#include "cli/service_open.h"
#include "cluster/paths.h"
#include "cluster/survey.h"
#include "dns/records.h"
#include "domain/preflight.h"
#include "engine/observe.h"

/* The worst first: what blocks is read even by those who read one screen. */
static const enum severity severities[] = {SEVERITY_BLOCK, SEVERITY_WARN, SEVERITY_NOTE,
                                           SEVERITY_OK};
#define SEVERITY_COUNT ARRAY_LEN(severities)
#define PATH_CHECKS "network."

static const enum render_color colors[] = {[SEVERITY_OK] = COLOR_GOOD,
                                           [SEVERITY_NOTE] = COLOR_NOTE,
                                           [SEVERITY_WARN] = COLOR_WARN,
                                           [SEVERITY_BLOCK] = COLOR_BAD};

/* A token that does not work is a finding, not a failure of this command. */
static int survey_dns(const struct service *service, struct survey *survey, struct err *err)
{
    CLEANUP(dns_freep) struct dns *dns = NULL;
    struct dns_zone zone = {0};
    struct err why = {0};

    if (!service->dns.is_configured)
        return 0;
    int rc = dns_open(service, &dns, &why);
    if (!rc)
        rc = dns_check_token(dns, &why);
    if (!rc)
        rc = dns_zone(dns, &zone, &why);
    survey->dns.min_ttl_s = service->dns.min_ttl_s;
    (void)snprintf(survey->dns.plan, sizeof survey->dns.plan, "%s", zone.plan);
    if (!rc) {
        survey->dns.is_valid = TRI_YES;
        return dns_keepers(dns, &survey->dns.keepers, err);
    }
    survey->dns.is_valid = why.code == ERR_REFUSED ? TRI_NO : TRI_UNKNOWN;
    (void)snprintf(survey->dns.error, sizeof survey->dns.error, "%.380s", why.msg);
    return 0;
}

static void show_path(void *context, const struct survey_path *path)
{
    progress_show(context, "measuring the way from %s to %s", path->from->name, path->to->name);
}

static int gather(const struct service *service, const struct cli_options *options,
                  struct render *render, struct findings *out, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    CLEANUP(survey_release) struct survey survey = {0};

    progress_show(render, "asking %zu nodes", service->node_count);
    int rc = observe(service, &facts, NULL, err);
    if (rc)
        return rc;
    progress_show(render, "reading tables, accounts, events and definers on both sides");
    rc = survey_clusters(service, &survey, err);
    if (rc)
        return rc;
    if (options->measures_paths)
        rc = paths_measure(service, &survey, show_path, render, err);
    if (rc)
        return rc;
    if (service->dns.is_configured)
        progress_show(render, "asking the DNS provider about the zone");
    rc = survey_dns(service, &survey, err);
    if (rc)
        return rc;
    return preflight_run(service, &facts, &survey, out, err);
}

static size_t count_of(const struct findings *findings, enum severity severity)
{
    size_t count = 0;

    for (size_t i = 0; i < findings->count; i++)
        if (findings->items[i].severity == severity)
            count++;
    return count;
}

/* Only those of one check, or all of them. */
static void keep_only(struct findings *findings, const char *id)
{
    size_t kept = 0;

    for (size_t i = 0; i < findings->count; i++)
        if (!id || strcmp(findings->items[i].check, id) == 0)
            findings->items[kept++] = findings->items[i];
    findings->count = kept;
}

static bool says_the_same(const struct finding *a, const struct finding *b)
{
    return a->severity == b->severity && strcmp(a->check, b->check) == 0 &&
           strcmp(a->found, b->found) == 0 && strcmp(a->fix, b->fix) == 0 &&
           strcmp(a->waived, b->waived) == 0;
}

/* Print finding `index` together with the later ones that say the same of other subjects. */
static void print_finding(const struct render *render, const struct findings *findings,
                          size_t index)
{
    const struct finding *finding = &findings->items[index];

    for (size_t i = 0; i < index; i++)
        if (says_the_same(&findings->items[i], finding))
            return;
    (void)printf("%s%-5s%s  %s", render_color(render, colors[finding->severity]),
                 severity_name(finding->severity), render_color(render, COLOR_PLAIN),
                 finding->check);
    const char *comma = ": ";
    for (size_t i = index; i < findings->count; i++) {
        if (!findings->items[i].subject[0] || !says_the_same(&findings->items[i], finding))
            continue;
        (void)printf("%s%s", comma, findings->items[i].subject);
        comma = ", ";
    }
    (void)puts("");
    if (finding->found[0])
        render_wrapped(stdout, 7, finding->found);
    if (finding->waived[0])
        render_wrapped(stdout, 7, finding->waived);
    if (finding->fix[0])
        render_labelled(stdout, 7, "fix: ", finding->fix);
}

/* What is well is counted; of one check alone it is the answer, and so is what was measured. */
static bool is_shown(const struct finding *finding, const struct cli_options *options)
{
    return finding->severity != SEVERITY_OK || options->args[0] != NULL ||
           (options->measures_paths &&
            strncmp(finding->check, PATH_CHECKS, strlen(PATH_CHECKS)) == 0);
}

static void print_text(const struct render *render, const struct findings *findings,
                       const struct cli_options *options)
{
    const char *comma = "";

    for (size_t i = 0; i < SEVERITY_COUNT; i++) {
        bool has_some = false;
        for (size_t j = 0; j < findings->count; j++) {
            const struct finding *finding = &findings->items[j];
            if (finding->severity != severities[i] || !is_shown(finding, options))
                continue;
            print_finding(render, findings, j);
            has_some = true;
        }
        if (has_some)
            (void)puts("");
    }
    for (size_t i = 0; i < SEVERITY_COUNT; i++) {
        (void)printf("%s%zu %s", comma, count_of(findings, severities[i]),
                     severity_name(severities[i]));
        comma = ", ";
    }
    (void)printf(findings_worst(findings) == SEVERITY_BLOCK ? ": do not migrate yet\n" : "\n");
}

static json_t *finding_json(const struct finding *finding)
{
    const struct check_row *row = preflight_find(finding->check);

    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s}", "check", finding->check, "severity",
                     severity_name(finding->severity), "subject", finding->subject, "found",
                     finding->found, "fix", finding->fix, "waived", finding->waived, "why",
                     row->why, "source", row->source);
}

static int print_json(const struct service *service, const struct findings *findings,
                      struct err *err)
{
    CLEANUP(json_release) json_t *counts = json_object();
    CLEANUP(json_release) json_t *list = json_array();

    for (size_t i = 0; i < SEVERITY_COUNT; i++)
        (void)json_object_set_new(counts, severity_name(severities[i]),
                                  json_integer((json_int_t)count_of(findings, severities[i])));
    for (size_t i = 0; i < SEVERITY_COUNT; i++)
        for (size_t j = 0; j < findings->count; j++)
            if (findings->items[j].severity == severities[i])
                (void)json_array_append_new(list, finding_json(&findings->items[j]));
    if (json_array_size(list) != findings->count)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a finding is not valid UTF-8");

    enum severity worst = findings_worst(findings);
    CLEANUP(json_release)
    json_t *all =
        json_pack("{s:s,s:s,s:b,s:O,s:O}", "service", service->name, "worst", severity_name(worst),
                  "is_blocked", worst == SEVERITY_BLOCK, "counts", counts, "findings", list);
    return render_json(all, err);
}

static int check(const struct cli_options *options, struct render *render, struct err *err)
{
    CLEANUP(service_release) struct service service = {0};
    CLEANUP(findings_release) struct findings findings = {0};

    int rc = check_known(options->args[0], err);
    if (rc)
        return rc;
    if (options->is_explain)
        return check_explain(options, err);
    rc = service_open(options->config_path, &service, err);
    if (rc)
        return rc;
    rc = gather(&service, options, render, &findings, err);
    if (rc)
        return rc;

    progress_clear(render);
    keep_only(&findings, options->args[0]);
    if (options->is_json) {
        rc = print_json(&service, &findings, err);
        if (rc)
            return rc;
    } else {
        print_text(render, &findings, options);
    }
    return findings_worst(&findings) == SEVERITY_BLOCK ? EXIT_REFUSED : EXIT_DONE;
}

int cmd_check(const struct cli_options *options, struct err *err)
{
    CLEANUP(render_release) struct render render;

    render_init(&render, options);
    return check(options, &render, err);
}
