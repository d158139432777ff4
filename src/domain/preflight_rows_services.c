/* SPDX-License-Identifier: MIT */
/* Checks of what works beside the database, and is stopped and started on its host. */
#include <string.h>

#include "domain/preflight_rows.h"

LOOK(look_service_host)
{
    size_t before = out->count;

    for (size_t i = 0; i < service->worker_count; i++)
        if (survey->workers[i].is_running == TRI_UNKNOWN)
            finding_fix(
                finding_add(out, row, SEVERITY_BLOCK, service->workers[i].name,
                            "of %s, on %.100s: %.200s", side_title(service->workers[i].side),
                            service->workers[i].at.name,
                            survey->workers[i].problem[0] != '\0' ? survey->workers[i].problem
                                                                  : "nobody has asked"),
                "%s", row->how);
    finding_well(out, row, before,
                 service->worker_count > 0 ? "each can be asked, stopped and started"
                                           : "no services are named");
}

/* Where the users are it should run; on the other side it should rest. */
LOOK(look_service_place)
{
    size_t before = out->count;

    for (size_t i = 0; i < service->worker_count; i++) {
        const struct side_worker *worker = &service->workers[i];
        const struct node_facts *primary = facts_primary(facts, worker->side);
        enum tri runs = survey->workers[i].is_running;
        if (primary == NULL || finding_unreached(out, row, primary))
            continue;
        if (runs == TRI_UNKNOWN)
            finding_fix(finding_add(out, row, SEVERITY_WARN, worker->name,
                                    "not known: its host, %.100s, did not say whether it runs",
                                    worker->at.name),
                        "%s", row->how);
        if (runs == TRI_YES && primary->is_read_only == TRI_YES)
            finding_fix(finding_add(out, row, SEVERITY_WARN, worker->name,
                                    "it runs on %.100s, while %s is closed", worker->at.name,
                                    side_title(worker->side)),
                        "stop it there until users come, and see that nothing starts it again");
        if (runs == TRI_NO && primary->is_read_only == TRI_NO)
            finding_fix(finding_add(out, row, SEVERITY_WARN, worker->name,
                                    "it rests on %.100s, while %s is open", worker->at.name,
                                    side_title(worker->side)),
                        "start it, or leave it at rest: then it rests when users come back, too");
    }
    finding_well(out, row, before,
                 service->worker_count > 0 ? "each runs where it should" : "no services are named");
}

static const struct check_row rows[] = {
    {.id = "services.host",
     .why = "what cannot be stopped goes on working on the side that is left",
     .how = "docs/hosts.md has what a host needs, and each failure; the words of its commands are "
            "in the list services",
     .source = "docs/hosts.md: services",
     .worst = SEVERITY_BLOCK,
     .look = look_service_host},
    {.id = "services.place",
     .why = "a worker on the wrong side does its work twice, or against a closed server",
     .how = "let it run where the users are, and nowhere else",
     .source = "docs/hosts.md: services",
     .worst = SEVERITY_WARN,
     .look = look_service_place},
};

const struct check_section preflight_services = {"Services beside the database", rows,
                                                 ARRAY_LEN(rows)};
