/* SPDX-License-Identifier: MIT */
/*
 * Waivers: a check that blocks is let pass by a named person, for a reason, until a moment. The
 * finding stays where it is and says so; it only stops blocking.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/preflight_rows.h"

static bool is_running(const struct waiver *waiver, const struct facts *facts)
{
    return facts->wall_us > 0 && facts->wall_us < waiver->until_us;
}

/* The waiver that runs longest; NULL when none names the check. */
static const struct waiver *waiver_for(const struct service *service, const char *check)
{
    const struct waiver *found = NULL;
    for (size_t i = 0; i < service->waiver_count; i++)
        if (strcmp(service->waivers[i].check, check) == 0 &&
            (found == NULL || service->waivers[i].until_us > found->until_us))
            found = &service->waivers[i];
    return found;
}

void finding_waive(const struct service *service, const struct facts *facts,
                   const struct check_row *row, struct finding *finding)
{
    char until[32];
    const struct waiver *waiver = waiver_for(service, row->id);
    if (waiver == NULL || finding->severity != SEVERITY_BLOCK || row->is_final)
        return;
    clock_iso8601(waiver->until_us, until);
    if (is_running(waiver, facts)) {
        finding->severity = SEVERITY_WARN;
        (void)snprintf(finding->waived, sizeof(finding->waived), "waived by %s until %s: %s",
                       waiver->by, until, waiver->why); /* cut, not lost */
    } else {
        (void)snprintf(finding->waived, sizeof(finding->waived), "the waiver of %s ended at %s",
                       waiver->by, until);
    }
}

LOOK(look_waivers)
{
    size_t before = out->count;
    if (facts->wall_us <= 0) {
        finding_fix(finding_add(out, row, SEVERITY_WARN, "", "not known: what time it is"),
                    "ask again");
        return;
    }
    for (size_t i = 0; i < service->waiver_count; i++) {
        const struct waiver *waiver = &service->waivers[i];
        char until[32];
        clock_iso8601(waiver->until_us, until);
        if (is_running(waiver, facts))
            finding_add(out, row, SEVERITY_NOTE, waiver->check, "waived by %s until %s: %s",
                        waiver->by, until, waiver->why);
        else
            finding_fix(finding_add(out, row, SEVERITY_BLOCK, waiver->check,
                                    "the waiver of %s ended at %s", waiver->by, until),
                        "mend what it was for and remove it from `waivers`, or have somebody "
                        "renew it");
    }
    finding_well(out, row, before, "nothing is waived");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "waivers.valid",
     .why = "what is let pass is let pass by somebody, and not for ever",
     .how = "mend the entry of `waivers`: an existing check, a person, a reason, a day that is to "
            "come",
     .source = "docs/servers.md",
     .worst = SEVERITY_BLOCK,
     .look = look_waivers,
     .is_final = true},
};

const struct check_section preflight_waivers = {"Waivers", rows, ARRAY_LEN(rows)};
