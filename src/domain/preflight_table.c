/* SPDX-License-Identifier: MIT */
/* The table of checks, section by section; each section stands beside the functions that look. */
#include <string.h>

#include "domain/preflight.h"
#include "domain/preflight_rows.h"

static const struct check_section *const sections[] = {
    &preflight_nodes,       &preflight_pairs,          &preflight_binlog,        &preflight_fence,
    &preflight_accounts,    &preflight_applications,   &preflight_data,          &preflight_lasting,
    &preflight_ready,       &preflight_settings,       &preflight_capacity,      &preflight_upgrade,
    &preflight_upgrade_log, &preflight_upgrade_schema, &preflight_agents_acting, &preflight_hosts,
    &preflight_services,    &preflight_network,        &preflight_dns,           &preflight_waivers,
};

const struct check_section *preflight_section(size_t index)
{
    return index < ARRAY_LEN(sections) ? sections[index] : NULL;
}

const struct check_row *preflight_at(size_t index)
{
    for (size_t i = 0; i < ARRAY_LEN(sections); i++) {
        if (index < sections[i]->count)
            return &sections[i]->rows[index];
        index -= sections[i]->count;
    }
    return NULL;
}

size_t preflight_count(void)
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(sections); i++)
        count += sections[i]->count;
    return count;
}

const struct check_row *preflight_find(const char *id)
{
    const struct check_row *row;
    for (size_t i = 0; (row = preflight_at(i)) != NULL; i++)
        if (strcmp(row->id, id) == 0)
            return row;
    return NULL;
}
