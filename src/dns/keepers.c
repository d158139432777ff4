/* SPDX-License-Identifier: MIT */
/*
 * Who else keeps the records. external-dns claims a record by a TXT beside it: at the same name, or
 * at "a-NAME"; octoDNS by "_owner.a.NAME" and by "meta" in the zone; others write into the comment.
 */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "dns/provider.h"
#include "domain/agents.h"

#define TIMEOUT_MS 20000
#define RECORDS_ASKED 50 /* each costs three calls; the rest of the zone is kept by the same */

static int note(struct survey_list *out, const char *name, const char *agent, const char *found,
                struct err *err)
{
    const struct survey_item item = {.name = (char *)name, /* all are copied */
                                     .value = (char *)agent,
                                     .example = (char *)found,
                                     .uses = 1};
    return survey_list_add(out, &item, err);
}

/* Everything at that name, for the sake of the record `of`. */
static int look_at(struct dns *dns, const char *name, const char *of, int64_t deadline_ms,
                   struct survey_list *out, struct err *err)
{
    CLEANUP(dns_records_release) struct dns_records records = {0};
    int rc = dns->provider->list(dns, name, deadline_ms, &records, err);
    for (size_t i = 0; rc == 0 && i < records.count; i++) {
        const struct dns_record *record = &records.items[i];
        char found[1024];
        const char *agent = agent_of_record(record->type, record->name, record->content,
                                            record->comment, record->tags);
        if (agent == NULL) {
            continue;
        }
        bool is_text = strcmp(record->type, "TXT") == 0;
        (void)snprintf(found, sizeof(found), "%s %s: %.200s%.100s%s%.100s", record->type,
                       record->name, is_text ? record->content : record->comment,
                       is_text ? record->comment : "", record->tags[0] != '\0' ? ", tags " : "",
                       record->tags); /* cut, not lost */
        rc = note(out, of, agent, found, err);
    }
    return rc;
}

static int look_beside(struct dns *dns, const struct service_record *record, int64_t deadline_ms,
                       struct survey_list *out, struct err *err)
{
    char type[16] = "", name[300];
    for (size_t i = 0; record->type[i] != '\0' && i + 1 < sizeof(type); i++) {
        type[i] = (char)tolower((unsigned char)record->type[i]);
    }
    int rc = look_at(dns, record->name, record->name, deadline_ms, out, err);
    (void)snprintf(name, sizeof(name), "%s-%s", type, record->name); /* fits */
    rc = rc != 0 ? rc : look_at(dns, name, record->name, deadline_ms, out, err);
    (void)snprintf(name, sizeof(name), "_owner.%s.%s", type, record->name); /* fits */
    return rc != 0 ? rc : look_at(dns, name, record->name, deadline_ms, out, err);
}

int dns_keepers(struct dns *dns, struct survey_list *out, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + TIMEOUT_MS;
    struct err why = {0};
    struct dns_zone zone;
    char meta[300];
    int rc = dns_zone(dns, &zone, &why);
    (void)snprintf(meta, sizeof(meta), "meta.%s", rc == 0 ? zone.name : ""); /* fits */
    rc = rc != 0 ? rc : look_at(dns, meta, meta, deadline_ms, out, &why);
    for (size_t i = 0; rc == 0 && i < dns->service->dns.record_count && i < RECORDS_ASKED; i++) {
        rc = look_beside(dns, &dns->service->dns.records[i], deadline_ms, out, &why);
    }
    if (rc == ERR_MEMORY) {
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the records");
    }
    out->is_read = tri_of(rc == 0);
    if (rc != 0) {
        (void)snprintf(out->error, sizeof(out->error), "%.250s", why.msg);
    }
    return 0;
}
