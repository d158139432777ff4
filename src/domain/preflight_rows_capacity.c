/* SPDX-License-Identifier: MIT */
/* What should be no smaller on NEW, and what the counters of the servers say of it. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight_settings.h"

/* --- settings that should be no smaller on NEW ------------------------------------------------ */

static const struct capacity {
    const char *check;
    const char *name;
    bool is_zero_unlimited;
} capacities[] = {
    {"capacity.buffer_pool", "innodb_buffer_pool_size", false},
    {"capacity.open_files", "open_files_limit", false},
    {"capacity.open_files", "table_open_cache", false},
    {"capacity.sessions", "thread_stack", false},
    {"capacity.sessions", "max_prepared_stmt_count", false},
    {"capacity.sessions", "tmp_table_size", false},
    {"capacity.sessions", "max_heap_table_size", false},
    {"capacity.sessions", "max_user_connections", true},
    {"capacity.statement_time", "max_statement_time", true}, /* MariaDB: seconds */
    {"capacity.statement_time", "max_execution_time", true}, /* MySQL: milliseconds */
};

static bool is_less(const struct capacity *capacity, double new_value, double old_value)
{
    if (capacity->is_zero_unlimited && new_value <= 0)
        return false;
    if (capacity->is_zero_unlimited && old_value <= 0)
        return true;
    return new_value < old_value;
}

LOOK(look_smaller)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (size_t i = 0; i < ARRAY_LEN(capacities); i++) {
        const struct capacity *capacity = &capacities[i];
        if (strcmp(capacity->check, row->id) != 0 ||
            !setting_exists(survey, SIDE_OLD, capacity->name) ||
            !setting_exists(survey, SIDE_NEW, capacity->name))
            continue;
        const char *old_text = setting_of(survey, SIDE_OLD, capacity->name);
        const char *new_text = setting_of(survey, SIDE_NEW, capacity->name);
        if (is_less(capacity, strtod(new_text, NULL), strtod(old_text, NULL)))
            finding_fix(finding_add(out, row, SEVERITY_WARN, capacity->name,
                                    "OLD has %.60s, NEW has only %.60s", old_text, new_text),
                        "%s", row->how);
    }
    finding_well(out, row, before, "no smaller on NEW than on OLD");
}

/* --- what the status counters add ------------------------------------------------------------- */

static bool status_untold(struct findings *out, const struct check_row *row,
                          const struct survey *survey)
{
    bool is_untold = finding_untold(out, row, survey, SIDE_OLD, SURVEY_STATUS);
    return finding_untold(out, row, survey, SIDE_NEW, SURVEY_STATUS) || is_untold;
}

static uint64_t status_number(const struct survey *survey, enum side side, const char *name)
{
    const struct survey_item *item =
        survey_list_find(&survey->side[side].topics[SURVEY_STATUS], name);
    return item == NULL ? 0 : strtoull(item->value, NULL, 10);
}

LOOK(look_connections)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey) || status_untold(out, row, survey))
        return;
    uint64_t old_room = strtoull(setting_of(survey, SIDE_OLD, "max_connections"), NULL, 10);
    uint64_t new_room = strtoull(setting_of(survey, SIDE_NEW, "max_connections"), NULL, 10);
    uint64_t used = status_number(survey, SIDE_OLD, "Max_used_connections");
    if (new_room < old_room || used > new_room - new_room / 10)
        finding_fix(finding_add(out, row, SEVERITY_WARN, "max_connections",
                                "OLD has %" PRIu64 " and has used %" PRIu64
                                " at once, NEW has %" PRIu64,
                                old_room, used, new_room),
                    "%s", row->how);
    finding_well(out, row, before, "NEW takes %" PRIu64 " connections, OLD has used %" PRIu64,
                 new_room, used);
}

LOOK(look_warm)
{
    const uint64_t large_bytes = 1ULL << 30; /* less than that is read in seconds */
    size_t before = out->count;
    if (status_untold(out, row, survey))
        return;
    uint64_t old_bytes = status_number(survey, SIDE_OLD, "Innodb_buffer_pool_bytes_data");
    uint64_t new_bytes = status_number(survey, SIDE_NEW, "Innodb_buffer_pool_bytes_data");
    if (old_bytes >= large_bytes && new_bytes < old_bytes / 2)
        finding_fix(finding_add(out, row, SEVERITY_NOTE, "buffer pool",
                                "OLD has %" PRIu64 " MB in memory, NEW %" PRIu64 " MB",
                                old_bytes >> 20, new_bytes >> 20),
                    "%s", row->how);
    finding_well(out, row, before, "NEW is as warm as OLD, or the data is small");
}

LOOK(look_temporary)
{
    size_t before = out->count;
    if (status_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        uint64_t open = status_number(survey, side, "Replica_open_temp_tables") +
                        status_number(survey, side, "Slave_open_temp_tables");
        if (open > 0)
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "its applier holds %" PRIu64 " temporary tables", open),
                        "%s", row->how);
    }
    finding_well(out, row, before, "no applier holds a temporary table");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "replica.temporary_tables",
     .why = "a temporary table of a replica is gone when it restarts, and what used it fails",
     .how = "use ROW, and wait until the sessions on the source that made them have ended",
     .source = "MySQL Reference Manual, Replication and Temporary Tables",
     .worst = SEVERITY_WARN,
     .look = look_temporary},
    {.id = "capacity.connections",
     .why = "the application is refused with error 1040 on its busiest day",
     .how = "SET GLOBAL max_connections on NEW, and in its configuration",
     .source = "MySQL Reference Manual, Too many connections",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_connections},
    {.id = "capacity.buffer_pool",
     .why = "what fitted into memory is read from disk after the move",
     .how = "innodb_buffer_pool_size on NEW, in its configuration",
     .source = "MySQL Reference Manual, innodb_buffer_pool_size",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_smaller},
    {.id = "capacity.open_files",
     .why = "tables are closed and opened again, or cannot be opened",
     .how = "open_files_limit and table_open_cache on NEW, and the limit of its service",
     .source = "MySQL Reference Manual, How MySQL Opens and Closes Tables",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_smaller},
    {.id = "capacity.sessions",
     .why = "what a session could do on OLD fails on NEW",
     .how = "set it on NEW as on OLD",
     .source = "MySQL Reference Manual, thread_stack, max_prepared_stmt_count, tmp_table_size",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_smaller},
    {.id = "capacity.statement_time",
     .why = "a statement that ended well on OLD is cut off on NEW",
     .how = "set it on NEW as on OLD",
     .source =
         "MySQL Reference Manual, max_execution_time; MariaDB documentation, max_statement_time",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_smaller},
    {.id = "capacity.warm",
     .why = "a correct flip to a cold cache is an outage all the same",
     .how = "warm it: read the hot tables there, or let a share of the reads go to it",
     .source = "Basecamp 2009: a cold cache on the standby",
     .worst = SEVERITY_NOTE,
     .way = CHECK_WAY_THERE,
     .look = look_warm},
};

const struct check_section preflight_capacity = {"Room", rows, ARRAY_LEN(rows)};
