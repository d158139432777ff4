/* SPDX-License-Identifier: MIT */
/* Nodes and DNS asked, and reduced to a situation. */
#include "engine/observe.h"

#include "cluster/probe.h"
#include "dns/records.h"

#define PROBE_TIMEOUT_MS 5000

int observe(const struct service *service, struct facts *out, struct verdict *out_verdict,
            struct err *err)
{
    struct facts facts = {0};
    int rc = probe_nodes(service, PROBE_TIMEOUT_MS, &facts, err);

    if (!rc)
        rc = dns_probe(service, &facts, err);
    if (rc) {
        facts_release(&facts);
        return rc;
    }
    if (out_verdict)
        situation_judge(&facts, out_verdict);
    *out = facts;
    return 0;
}
