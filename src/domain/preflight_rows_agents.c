/* SPDX-License-Identifier: MIT */
/*
 * Checks for others who act: what they left on the primaries and beside the records. One that opens
 * and closes servers by itself blocks until somebody says, by a waiver, that it is paused.
 */
#include <string.h>

#include "base/buf.h"
#include "domain/agents.h"
#include "domain/preflight_rows.h"

#define EVIDENCE_CAP 4096

/* --- servers ---------------------------------------------------------------------------------- */

static void tell_item(struct buf *out, const struct survey_item *item)
{
    buf_puts(out, out->len > 0 ? "; " : "");
    if (strcmp(item->name, "session") == 0)
        buf_printf(out, "%llu session(s) of %s, the last statement %s s ago",
                   (unsigned long long)item->uses, item->example, item->value);
    else if (strcmp(item->name, "program") == 0)
        buf_printf(out, "%llu session(s) of %s call themselves \"%s\"",
                   (unsigned long long)item->uses, item->example, item->value);
    else
        buf_printf(out, "%s %s%s%s%s", item->name, item->example,
                   item->value[0] != '\0' ? " (statistics of " : "", item->value,
                   item->value[0] != '\0' ? ")" : "");
}

static void gather(const struct survey_list *list, const struct agent *agent, struct buf *out)
{
    for (size_t i = 0; i < list->count; i++)
        if (agent_of(&list->items[i]) == agent)
            tell_item(out, &list->items[i]);
}

static void look_for(const struct survey *survey, const struct check_row *row,
                     const struct agent *agent, struct findings *out)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        CLEANUP(buf_release) struct buf evidence;
        buf_init(&evidence, EVIDENCE_CAP);
        gather(&survey->side[side].topics[SURVEY_PROGRAMS], agent, &evidence);
        gather(&survey->side[side].topics[SURVEY_AGENTS], agent, &evidence);
        if (evidence.len > 0)
            finding_fix(finding_add(out, row, agent->is_acting ? SEVERITY_BLOCK : SEVERITY_WARN,
                                    side_title(side), "%s: %.360s", agent->name,
                                    buf_text(&evidence)),
                        "%s. Pause it: %s%s%s", agent->does, agent->pause,
                        agent->is_acting ? "; and say so by a waiver of " : "",
                        agent->is_acting ? row->id : "");
    }
}

/* Who has done or asked something that agents do, whatever it is called. */
static void look_at_deeds(const struct survey *survey, const struct check_row *row,
                          struct findings *out)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *list = &survey->side[side].topics[SURVEY_PROGRAMS];
        for (size_t i = 0; i < list->count; i++)
            if (strcmp(list->items[i].name, "statement") == 0)
                finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                        "a session of %s, still there, has said: %.250s",
                                        list->items[i].example, list->items[i].value),
                            "find out what it is, and pause it");
        list = &survey->side[side].topics[SURVEY_AGENTS];
        for (size_t i = 0; i < list->count; i++)
            if (strcmp(list->items[i].name, "asks") == 0)
                finding_fix(finding_add(out, row, SEVERITY_NOTE, side_title(side),
                                        "%s asks how replication is: %.200s",
                                        list->items[i].example, list->items[i].value),
                            "nothing, when it only looks; pause it when it also acts");
    }
}

/* Where it is not allowed, and not to be had without: less is seen, and that is said. */
static void look_at_silence(const struct survey *survey, const struct check_row *row,
                            struct findings *out)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (survey->side[side].topics[SURVEY_PROGRAMS].is_read != TRI_YES)
            finding_fix(finding_add(out, row, SEVERITY_NOTE, side_title(side),
                                    "what connected programs call themselves is not known: %.250s",
                                    survey->side[side].topics[SURVEY_PROGRAMS].error),
                        "GRANT SELECT ON performance_schema.* to the controller's account");
}

/* The rows agent.*: each looks for all agents that name it. */
LOOK(look_agent)
{
    size_t before = out->count, count = 0;
    const struct agent *agents = agent_table(&count);
    bool is_others = strcmp(row->id, "agent.others") == 0;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (finding_untold(out, row, survey, side, SURVEY_AGENTS))
            return;
    for (size_t i = 0; i < count; i++)
        if (strcmp(agents[i].check, row->id) == 0)
            look_for(survey, row, &agents[i], out);
    if (is_others) {
        look_at_deeds(survey, row, out);
        look_at_silence(survey, row, out);
    }
    finding_well(out, row, before, "no trace of it%s%s", is_others ? "; " : "",
                 is_others ? agents_unseen() : "");
}

/* --- records ---------------------------------------------------------------------------------- */

LOOK(look_record_keepers)
{
    size_t before = out->count;
    const struct survey_list *list = &survey->dns.keepers;
    if (!service->dns.is_configured) {
        finding_add(out, row, SEVERITY_NOTE, "", "no dns section: cutover will touch no record");
        return;
    }
    if (list->is_read != TRI_YES)
        finding_fix(finding_add(out, row, SEVERITY_WARN, service->dns.zone,
                                "not known: what stands beside the records could not be read%s%s",
                                list->error[0] != '\0' ? ": " : "", list->error),
                    "see dns.token");
    for (size_t i = 0; i < list->count; i++)
        finding_fix(finding_add(out, row, SEVERITY_WARN, list->items[i].name,
                                "%s says that it keeps this record: %.250s", list->items[i].value,
                                list->items[i].example),
                    "pause it for the day, or tell it the new value first: its next round would "
                    "put the record back");
    finding_well(out, row, before, "nothing beside the records says that a program keeps them");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "agent.orchestrator",
     .why = "two who decide about one primary end with two primaries",
     .how = "orchestrator-client -c disable-global-recoveries, or a downtime for both clusters",
     .source = "openark/orchestrator#1457: a recovery raced with a planned read_only",
     .worst = SEVERITY_BLOCK,
     .look = look_agent},
    {.id = "agent.mha",
     .why = "two who decide about one primary end with two primaries",
     .how = "masterha_stop for the time of the move",
     .source = "MHA wiki, masterha_stop",
     .worst = SEVERITY_BLOCK,
     .look = look_agent},
    {.id = "agent.maxscale",
     .why = "two who decide about one primary end with two primaries",
     .how = "maxctrl alter monitor: auto_failover and enforce_read_only_slaves off",
     .source = "MaxScale documentation, MariaDB Monitor: auto_failover, enforce_read_only_slaves",
     .worst = SEVERITY_BLOCK,
     .look = look_agent},
    {.id = "agent.replication_manager",
     .why = "two who decide about one primary end with two primaries",
     .how = "switch it to manual failover, or stop it for the time of the move",
     .source = "signal18/replication-manager#788",
     .worst = SEVERITY_BLOCK,
     .look = look_agent},
    {.id = "agent.clustercontrol",
     .why = "two who decide about one primary end with two primaries",
     .how = "switch automatic recovery of cluster and nodes off",
     .source = "ClusterControl documentation, Automatic Recovery",
     .worst = SEVERITY_BLOCK,
     .look = look_agent},
    {.id = "agent.others",
     .why = "what follows read_only, or sets it, must know of the day",
     .how = "tell its owners of the day; take the servers out of it, or stop it",
     .source = "sysown/proxysql#2138: two writable servers, and both got writes",
     .worst = SEVERITY_WARN,
     .look = look_agent},
    {.id = "dns.keepers",
     .why = "who declares records elsewhere puts them back as they were",
     .how = "pause it for the day, and change what it declares",
     .source = "kubernetes-sigs/external-dns#3484; octoDNS documentation, OwnershipProcessor",
     .worst = SEVERITY_WARN,
     .look = look_record_keepers},
};

const struct check_section preflight_agents_acting = {"Others who act", rows, ARRAY_LEN(rows)};

int preflight_agents(const struct service *service, const struct facts *facts,
                     const struct survey *survey, size_t *out_acting, struct err *err)
{
    CLEANUP(findings_release) struct findings findings = {0};
    size_t acting = 0;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (survey->side[side].topics[SURVEY_AGENTS].is_read != TRI_YES)
            return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s was not asked for other agents%s%s",
                           side_title(side),
                           survey->side[side].topics[SURVEY_AGENTS].error[0] != '\0' ? ": " : "",
                           survey->side[side].topics[SURVEY_AGENTS].error);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (rows[i].look == look_agent)
            preflight_row_run(&rows[i], service, facts, survey, &findings);
    if (findings.is_failed)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the findings");
    for (size_t i = 0; i < findings.count; i++)
        acting += findings.items[i].severity == SEVERITY_BLOCK;
    *out_acting = acting;
    return 0;
}
