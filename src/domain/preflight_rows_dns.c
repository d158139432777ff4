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

void look_token(const struct service *service, const struct facts *facts UNUSED,
                const struct survey *survey, const struct check_row *row, struct findings *out)
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

void look_records(const struct service *service, const struct facts *facts,
                  const struct survey *survey UNUSED, const struct check_row *row,
                  struct findings *out)
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

void look_ttl(const struct service *service, const struct facts *facts,
              const struct survey *survey UNUSED, const struct check_row *row, struct findings *out)
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

void look_min_ttl(const struct service *service, const struct facts *facts UNUSED,
                  const struct survey *survey, const struct check_row *row, struct findings *out)
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

void look_proxied(const struct service *service, const struct facts *facts,
                  const struct survey *survey UNUSED, const struct check_row *row,
                  struct findings *out)
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
