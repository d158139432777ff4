/* SPDX-License-Identifier: MIT */
/* What a host said, as sections: texts that can be compared, and numbers that always change. */
#include "cluster/inventory_host.h"

#include <stdio.h>

#include "domain/inventory.h"

#define ROOM "host room"

static const char *setting_of(const void *context, const char *name)
{
    return json_text_or(context, name, "");
}

static int put_item(json_t *side, enum host_probe probe, const struct survey_item *item,
                    struct err *err)
{
    const char *section = host_probe_section(probe);
    char name[128];
    if (probe == HOST_LOGS)
        return inventory_put_number(side, section, item->name, (int64_t)item->uses, err);
    int rc = inventory_put(side, section, item->name, item->value, err);
    if (rc != 0 || probe != HOST_DISKS)
        return rc;
    (void)snprintf(name, sizeof(name), "%.60s: free bytes", item->name);
    return inventory_put_number(side, ROOM, name, (int64_t)item->uses, err);
}

static int put_probe(const struct host_report *report, enum host_probe probe, json_t *side,
                     struct err *err)
{
    const struct survey_list *list = &report->probes[probe];
    const char *section = host_probe_section(probe);
    int rc = list->is_read == TRI_YES ? inventory_begin_section(side, section, err)
                                      : inventory_put_unread(side, section, list->error, err);
    for (size_t i = 0; rc == 0 && i < list->count; i++)
        rc = put_item(side, probe, &list->items[i], err);
    return rc;
}

void inventory_ask_host(const struct node *node, const json_t *side, struct host_report *report,
                        struct host_question *out)
{
    const json_t *variables = json_object_get(json_object_get(side, "sections"), "variables");

    *out = (struct host_question){
        .node = node, .setting = setting_of, .context = variables, .out = report};
}

int inventory_put_host(const struct host_question *asked, json_t *side, struct err *err)
{
    const struct host_report *report = asked->out;
    int rc = asked->rc;
    if (rc != 0) {
        *err = asked->err;
        return rc;
    }
    for (size_t i = 0; rc == 0 && i < HOST_PROBE_COUNT; i++)
        rc = put_probe(report, (enum host_probe)i, side, err);
    if (rc != 0)
        return rc;
    if (report->clock.is_known != TRI_YES)
        return inventory_put_unread(side, ROOM, "the clock was not asked", err);
    rc = inventory_put_number(side, ROOM, "clock: us before ours", report->clock.ahead_us, err);
    return rc != 0 ? rc
                   : inventory_put_number(side, ROOM, "clock: known within us",
                                          report->clock.within_us, err);
}
