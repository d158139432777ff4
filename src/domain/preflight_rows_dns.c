/* SPDX-License-Identifier: MIT */
/* Checks of the DNS side: the token, the records, and how long the world keeps an answer. */
#include <string.h>

#include "domain/preflight_rows.h"

/* At Cloudflare a TTL of 1 means "automatic", which is 300 s. */
#define TTL_AUTOMATIC 1
#define TTL_AUTOMATIC_S 300

/* Without a dns section nothing of this applies; said as a note in every row. */
static bool dns_is_absent(const struct service *service, const struct check_row *row,
                          struct findings *out)
{
    if (service->dns.is_configured)
        return false;
    finding_add(out, row, SEVERITY_NOTE, "", "no dns section: cutover will touch no record");
    return true;
}

LOOK(look_token)
{
    if (dns_is_absent(service, row, out))
        return;
    if (survey->dns.is_valid == TRI_YES) {
        finding_add(out, row, SEVERITY_OK, service->dns.provider, "the token is valid and active");
        return;
    }
    finding_fix(finding_add(out, row, SEVERITY_BLOCK, service->dns.provider, "the token %s: %s",
                            survey->dns.is_valid == TRI_NO ? "is refused" : "could not be tried",
                            survey->dns.error[0] == '\0' ? "no answer" : survey->dns.error),
                "make a token with Zone:Read and DNS:Edit for %s, and refer to it in dns.token",
                service->dns.zone);
}

static const struct record_facts *facts_of_record(const struct facts *facts,
                                                  const struct service_record *record)
{
    for (size_t i = 0; i < facts->record_count; i++)
        if (facts->records[i].record == record)
            return &facts->records[i];
    return NULL;
}

static void check_record(const struct facts *facts, const struct service_record *record,
                         const struct check_row *row, struct findings *out)
{
    const struct record_facts *found = facts_of_record(facts, record);
    if (found == NULL || found->is_found == TRI_UNKNOWN)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, record->name, "%s record not known: %s",
                                record->type,
                                facts->dns_error[0] == '\0' ? "not asked" : facts->dns_error),
                    "see dns.token");
    else if (found->is_found == TRI_NO)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, record->name,
                                "not exactly one %s record has this name", record->type),
                    "create it, or remove the others, or mend the name in the configuration");
    else if (found->points != DNS_OLD && found->points != DNS_NEW)
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, record->name,
                                "%s is %s, expected %s (OLD) or %s (NEW)", record->type,
                                found->content, record->content[SIDE_OLD],
                                record->content[SIDE_NEW]),
                    "find out who changed it, then mend the record or the configuration");
}

LOOK(look_records)
{
    size_t before = out->count;
    if (dns_is_absent(service, row, out))
        return;
    for (size_t i = 0; i < service->dns.record_count; i++)
        check_record(facts, &service->dns.records[i], row, out);
    finding_well(out, row, before, "%zu records found, each points to OLD or NEW",
                 service->dns.record_count);
}

static unsigned seconds_of(const struct record_facts *record)
{
    return record->ttl_s == TTL_AUTOMATIC ? TTL_AUTOMATIC_S : record->ttl_s;
}

LOOK(look_ttl)
{
    size_t before = out->count;
    if (dns_is_absent(service, row, out))
        return;
    for (size_t i = 0; i < facts->record_count; i++) {
        const struct record_facts *record = &facts->records[i];
        if (record->is_found != TRI_YES || record->is_proxied)
            continue;
        finding_fix(
            finding_add(out, row, SEVERITY_NOTE, record->record->name,
                        "TTL %u s: after a flip resolvers may keep the old answer that long",
                        seconds_of(record)),
            "a step with action `dns.lower_ttl`, at least %u s before the flip",
            seconds_of(record));
    }
    if (out->count == before && facts->dns == DNS_UNKNOWN)
        finding_fix(
            finding_add(out, row, SEVERITY_WARN, "", "not known: the records were not read"),
            "see dns.records");
    finding_well(out, row, before,
                 "no DNS-only record: resolvers keep nothing that a flip changes");
}

LOOK(look_min_ttl)
{
    size_t before = out->count;
    if (dns_is_absent(service, row, out))
        return;
    if (survey->dns.min_ttl_s == 0 || survey->dns.plan[0] == '\0')
        finding_fix(finding_add(out, row, SEVERITY_WARN, service->dns.zone,
                                "not known: the zone's plan was not read"),
                    "see dns.token");
    else if (service->dns.min_ttl_s < survey->dns.min_ttl_s)
        finding_fix(
            finding_add(out, row, SEVERITY_WARN, service->dns.zone,
                        "the plan \"%s\" allows no TTL below %u s, the configuration says %u",
                        survey->dns.plan, survey->dns.min_ttl_s, service->dns.min_ttl_s),
            "set dns.min_ttl to %u", survey->dns.min_ttl_s);
    finding_well(out, row, before, "the plan \"%s\" allows a TTL of %u s", survey->dns.plan,
                 service->dns.min_ttl_s);
}

LOOK(look_proxied)
{
    size_t before = out->count;
    if (dns_is_absent(service, row, out))
        return;
    for (size_t i = 0; i < facts->record_count; i++) {
        const struct record_facts *record = &facts->records[i];
        if (record->is_found == TRI_YES && record->is_proxied)
            finding_add(out, row, SEVERITY_NOTE, record->record->name,
                        "is proxied: the flip takes effect at the edge at once, and DNS answers "
                        "cannot show it");
    }
    if (out->count == before && facts->dns == DNS_UNKNOWN)
        finding_fix(
            finding_add(out, row, SEVERITY_WARN, "", "not known: the records were not read"),
            "see dns.records");
    finding_well(out, row, before, "no record is proxied");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "dns.token",
     .why = "the flip is the worst moment to learn that a token has expired",
     .how = "make a token that may edit the zone's records, and put it where dns.token refers to",
     .source = "Cloudflare API, Verify Token",
     .worst = SEVERITY_BLOCK,
     .look = look_token},
    {.id = "dns.records",
     .why = "a record that nobody expected there is not ours to change",
     .how = "mend the records, or the addresses in the configuration",
     .source = "kubernetes-sigs/external-dns#3484",
     .worst = SEVERITY_BLOCK,
     .look = look_records},
    {.id = "dns.ttl",
     .why = "users keep the old answer for as long as the TTL says",
     .how = "lower the TTL a TTL before the day; the playbook has a step for it",
     .source = "Cloudflare DNS documentation, Time to Live",
     .worst = SEVERITY_NOTE,
     .look = look_ttl},
    {.id = "dns.min_ttl",
     .why = "a TTL below what the zone allows is refused with error 9021",
     .how = "ask for no TTL below what the zone allows",
     .source = "Cloudflare API, DNS record: ttl",
     .worst = SEVERITY_WARN,
     .look = look_min_ttl},
    {.id = "dns.proxied",
     .why = "a proxied name answers with the edge's address before and after the flip",
     .how = "nothing; what users see follows at once, and is proved by asking the edge",
     .source = "Cloudflare DNS documentation, Proxy status",
     .worst = SEVERITY_NOTE,
     .look = look_proxied},
};

const struct check_section preflight_dns = {"DNS", rows, ARRAY_LEN(rows)};
