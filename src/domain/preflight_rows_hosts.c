/* SPDX-License-Identifier: MIT */
/* Checks of the hosts of both primaries, as they say of themselves over SSH. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "domain/preflight_settings.h"

#define CLOCK_WARN_US 1000000
#define FREE_WARN_PERCENT 5
#define FILLED_WARN_DAYS 30
#define DAY_S 86400

/* Without ssh nothing of this applies; what was asked for and did not answer is another matter. */
static bool host_untold(const struct service *service, const struct survey *survey, enum side side,
                        enum host_probe probe, const struct check_row *row, struct findings *out)
{
    const struct node *primary = service_primary(service, side);
    const struct survey_list *list = &survey->side[side].host.probes[probe];
    if (primary != NULL && primary->ssh == NULL)
        finding_add(out, row, SEVERITY_NOTE, side_title(side),
                    "not looked at: its host has no group ssh");
    else if (list->is_read != TRI_YES)
        finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side), "not known: %.250s",
                                list->error[0] != '\0' ? list->error : "its host was not asked"),
                    "see docs/hosts.md: what a host must have, and what to grant");
    return list->is_read != TRI_YES || (primary != NULL && primary->ssh == NULL);
}

static const struct survey_item *told(const struct survey *survey, enum side side,
                                      enum host_probe probe, const char *name)
{
    return survey_list_find(&survey->side[side].host.probes[probe], name);
}

/* --- time ------------------------------------------------------------------------------------- */

/* Only what is certain: the time it took to ask is on its side. */
static void check_skew(const struct host_clock *clock, enum side side, const struct check_row *row,
                       struct findings *out)
{
    int64_t away_us = clock->ahead_us < 0 ? -clock->ahead_us : clock->ahead_us;
    if (clock->is_known == TRI_YES && away_us - clock->within_us > CLOCK_WARN_US)
        finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                "its clock is %" PRId64 " ms %s cutover's, give or take %" PRId64,
                                away_us / 1000, clock->ahead_us < 0 ? "behind" : "before",
                                clock->within_us / 1000),
                    "%s", row->how);
}

LOOK(look_clock)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        check_skew(&survey->side[side].host.clock, side, row, out);
        if (host_untold(service, survey, side, HOST_CLOCK, row, out))
            continue;
        const struct survey_item *state = told(survey, side, HOST_CLOCK, "synchronized");
        if (state == NULL || strcmp(state->value, "yes") != 0)
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "nothing keeps its clock right"),
                        "%s", row->how);
    }
    finding_well(out, row, before, "both clocks are kept right, and near to cutover's");
}

/* --- room ------------------------------------------------------------------------------------- */

LOOK(look_disks)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *disks = &survey->side[side].host.probes[HOST_DISKS];
        if (host_untold(service, survey, side, HOST_DISKS, row, out))
            continue;
        for (size_t i = 0; i < disks->count; i++) {
            uint64_t total = strtoull(disks->items[i].example, NULL, 10);
            if (disks->items[i].uses < total / 100 * FREE_WARN_PERCENT)
                finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                        "%s: %" PRIu64 " MB are free (%.200s)",
                                        disks->items[i].name, disks->items[i].uses >> 20,
                                        disks->items[i].value),
                            "%s", row->how);
        }
    }
    finding_well(out, row, before, "more than %d %% of every disk is free", FREE_WARN_PERCENT);
}

/* Does a disk that is filled by so many bytes a day last until logs begin to go? */
static void check_logs(const struct survey *survey, enum side side, const struct check_row *row,
                       struct findings *out)
{
    const struct survey_item *rate = told(survey, side, HOST_LOGS, "bytes a day");
    const struct survey_item *held = told(survey, side, HOST_LOGS, "bytes");
    const struct survey_item *disk = told(survey, side, HOST_DISKS, "binary logs");
    double kept_days = (double)logs_kept_s(survey, side) / DAY_S;
    if (rate == NULL || rate->uses == 0 || held == NULL || disk == NULL)
        return; /* it writes nothing, or has not for an hour */
    double left_days = (double)disk->uses / (double)rate->uses;
    double to_come = (double)rate->uses * kept_days - (double)held->uses;
    if (kept_days > 0 ? to_come > (double)disk->uses : left_days < FILLED_WARN_DAYS)
        finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                "%" PRIu64 " MB of binary logs a day, %" PRIu64
                                " MB free: full in %.0f days%s",
                                rate->uses >> 20, disk->uses >> 20, left_days,
                                kept_days > 0 ? ", before the first log goes" : ""),
                    "%s", row->how);
}

LOOK(look_logs)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (!host_untold(service, survey, side, HOST_LOGS, row, out) &&
            !host_untold(service, survey, side, HOST_DISKS, row, out))
            check_logs(survey, side, row, out);
    finding_well(out, row, before, "there is room for the binary logs that will be kept");
}

static uint64_t setting_number(const struct survey *survey, enum side side, const char *name)
{
    return strtoull(setting_of(survey, side, name), NULL, 10);
}

LOOK(look_open_files)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (host_untold(service, survey, side, HOST_LIMITS, row, out))
            continue;
        const struct survey_item *limit = told(survey, side, HOST_LIMITS, "open files");
        uint64_t needed = 10 + setting_number(survey, side, "max_connections") +
                          2 * setting_number(survey, side, "table_open_cache");
        if (limit == NULL || limit->uses < needed)
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "may open %s files; max_connections and table_open_cache "
                                    "need up to %" PRIu64,
                                    limit == NULL ? "?" : limit->value, needed),
                        "%s", row->how);
    }
    finding_well(out, row, before, "as many open files as the settings can need");
}

LOOK(look_size)
{
    static const char *const names[] = {"memory", "processors"};
    size_t before = out->count;
    bool is_untold = host_untold(service, survey, SIDE_OLD, HOST_SYSTEM, row, out);
    if (host_untold(service, survey, SIDE_NEW, HOST_SYSTEM, row, out) || is_untold)
        return;
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        const struct survey_item *old_item = told(survey, SIDE_OLD, HOST_SYSTEM, names[i]);
        const struct survey_item *new_item = told(survey, SIDE_NEW, HOST_SYSTEM, names[i]);
        const char *old_value = old_item == NULL ? "0" : old_item->value;
        const char *new_value = new_item == NULL ? "0" : new_item->value;
        if (strtod(new_value, NULL) < strtod(old_value, NULL) * 0.97) /* firmware takes a little */
            finding_fix(finding_add(out, row, SEVERITY_WARN, names[i],
                                    "OLD has %.100s, NEW has %.100s", old_value, new_value),
                        "%s", row->how);
    }
    finding_well(out, row, before, "NEW has no less memory and processors than OLD");
}

/* --- what else is done there ------------------------------------------------------------------ */

LOOK(look_schedule)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *jobs = &survey->side[side].host.probes[HOST_SCHEDULE];
        if (host_untold(service, survey, side, HOST_SCHEDULE, row, out))
            continue;
        for (size_t i = 0; i < jobs->count; i++) {
            bool is_unseen = strncmp(jobs->items[i].name, HOST_UNSEEN, strlen(HOST_UNSEEN)) == 0;
            finding_fix(finding_add(out, row,
                                    is_unseen || side == SIDE_NEW ? SEVERITY_NOTE : SEVERITY_WARN,
                                    side_title(side), "%.380s", jobs->items[i].name),
                        "%s", row->how);
        }
    }
    finding_well(out, row, before, "neither cron nor timers touch a database");
}

LOOK(look_certificate_files)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *files = &survey->side[side].host.probes[HOST_CERTIFICATES];
        if (host_untold(service, survey, side, HOST_CERTIFICATES, row, out))
            continue;
        for (size_t i = 0; i < files->count; i++) {
            const char *end = files->items[i].example;
            int64_t end_s = 0, now_s = facts->wall_us / 1000000;
            bool is_known = certificate_end(end, &end_s);
            if (is_known && end_s - now_s >= (int64_t)CERTIFICATE_WARN_DAYS * DAY_S)
                continue;
            finding_fix(finding_add(out, row,
                                    is_known && end_s <= now_s ? SEVERITY_BLOCK : SEVERITY_WARN,
                                    side_title(side), "%.200s %s%.60s", files->items[i].name,
                                    !is_known        ? "could not be read"
                                    : end_s <= now_s ? "ended on "
                                                     : "ends on ",
                                    end),
                        "%s", row->how);
        }
    }
    finding_well(out, row, before, "no certificate file ends within %d days",
                 CERTIFICATE_WARN_DAYS);
}

/* --- what a restart would change -------------------------------------------------------------- */

/* Whose option and variable are written in two ways, or which have a check of their own. */
static bool is_written_otherwise(const char *name)
{
    static const char *const names[] = {"optimizer_switch", "log_bin",   "log_error",
                                        "read_only",        "sql_mode",  "super_read_only",
                                        "relay_log",        "log_output"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        if (strcmp(name, names[i]) == 0)
            return true;
    return strncmp(name, "character_set", 13) == 0 || strncmp(name, "collation", 9) == 0;
}

/* Servers round sizes to what their memory is made of. */
static bool is_rounded(const char *name, const char *running, const char *written)
{
    size_t len = strlen(name);
    double is = strtod(running, NULL), was = strtod(written, NULL);
    const char *unit = written + strspn(written, "0123456789.");
    for (const char *u = "KMGTP"; *unit != '\0' && *u != '\0'; u++) {
        was *= 1024;
        if ((*unit & ~0x20) == *u)
            break;
    }
    return len > 5 && strcmp(name + len - 5, "_size") == 0 && was > 0 && is > was * 0.8 &&
           is < was * 1.25;
}

static bool is_last(const struct survey_list *list, size_t index)
{
    for (size_t i = index + 1; i < list->count; i++)
        if (strcmp(list->items[i].name, list->items[index].name) == 0)
            return false;
    return true;
}

static bool is_persisted(const struct survey *survey, enum side side, const char *name)
{
    const struct survey_item *item =
        survey_list_find(&survey->side[side].topics[SURVEY_EXPLICIT], name);
    return item != NULL && strcasecmp(item->value, "PERSISTED") == 0;
}

static void check_restart(const struct survey *survey, enum side side, const struct check_row *row,
                          struct findings *out)
{
    const struct survey_list *options = &survey->side[side].host.probes[HOST_RESTART];
    for (size_t i = 0; i < options->count; i++) {
        const char *name = options->items[i].name, *written = options->items[i].value;
        const char *running = setting_of(survey, side, name);
        if (!setting_exists(survey, side, name) || is_written_otherwise(name) ||
            is_persisted(survey, side, name) || !is_last(options, i) ||
            strchr(written, '/') != NULL || strchr(written, '(') != NULL ||
            host_option_is(written, running) || is_rounded(name, running, written))
            continue;
        finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                "%s is \"%.100s\", its option files say \"%.100s\"", name, running,
                                written),
                    "%s", row->how);
    }
}

LOOK(look_restart)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (!host_untold(service, survey, side, HOST_RESTART, row, out))
            check_restart(survey, side, row, out);
    finding_well(out, row, before, "what is written in the option files is what runs");
}

/* --- whether the links begin again ------------------------------------------------------------ */

static void stays_stopped(enum side side, const char *option, const char *place,
                          const struct check_row *row, struct findings *out)
{
    finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                            "%s is ON%s: after a restart its links stay stopped until somebody "
                            "starts them",
                            option, place),
                "%s", row->how);
}

/* MariaDB has no variable for it: there the option files are all that tells. */
static void check_link_start(const struct service *service, const struct survey *survey,
                             enum side side, const struct check_row *row, struct findings *out)
{
    static const char *const names[] = {"skip_replica_start", "skip_slave_start"};
    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (!setting_exists(survey, side, names[i]))
            continue;
        if (setting_is_on(survey, side, names[i]))
            stays_stopped(side, names[i], "", row, out);
        return;
    }
    if (host_untold(service, survey, side, HOST_RESTART, row, out))
        return;
    const struct survey_list *options = &survey->side[side].host.probes[HOST_RESTART];
    for (size_t i = 0; i < options->count; i++)
        for (size_t n = 0; n < ARRAY_LEN(names); n++)
            if (strcmp(options->items[i].name, names[n]) == 0 && is_last(options, i) &&
                host_option_is(options->items[i].value, "ON"))
                stays_stopped(side, names[n], " in its option files", row, out);
}

LOOK(look_link_start)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        check_link_start(service, survey, side, row, out);
    finding_well(out, row, before, "links begin again after a restart, on both sides");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "host.clock",
     .why = "a clock that nobody keeps right is wrong on the day that logs are compared by it",
     .how = "let chrony or systemd-timesyncd run on the host",
     .source = "openark/orchestrator#1072: skew shown as lag",
     .worst = SEVERITY_WARN,
     .look = look_clock},
    {.id = "host.disks",
     .why = "a server whose disk is full stops in the middle of a transaction",
     .how = "make room, or a larger file system, before the day",
     .source = "MySQL Reference Manual, How MySQL Handles a Full Disk",
     .worst = SEVERITY_WARN,
     .look = look_disks},
    {.id = "host.logs",
     .why = "the way back keeps logs for days: they must fit before the first one goes",
     .how = "a larger disk, or binlog_expire_logs_seconds that fits it and the migration",
     .source = "MySQL Reference Manual, binlog_expire_logs_seconds",
     .worst = SEVERITY_WARN,
     .look = look_logs},
    {.id = "host.open_files",
     .why = "above its limit the server lowers its settings, or refuses connections and tables",
     .how = "LimitNOFILE of the service, and open_files_limit; then restart the server",
     .source = "MySQL Reference Manual, How MySQL Opens and Closes Tables",
     .worst = SEVERITY_WARN,
     .look = look_open_files},
    {.id = "host.smaller",
     .why = "what OLD carries NEW has to carry on the evening after the move",
     .how = "know why NEW needs less, or make it larger",
     .source = "Basecamp 2009: a cold cache on the standby",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_size},
    {.id = "host.schedule",
     .why = "a job that goes on at OLD after the move copies, cleans or writes on the wrong side",
     .how = "say who moves it, or stop it for the time of the move",
     .source = "field notes: diff of crontabs",
     .worst = SEVERITY_WARN,
     .look = look_schedule},
    {.id = "host.certificates",
     .why = "when a certificate ends, or its authority's, links that verify it stop",
     .how = "give the server new ones; FLUSH SSL or ALTER INSTANCE RELOAD TLS",
     .source = "MySQL Reference Manual, ssl_ca, ssl_cert",
     .worst = SEVERITY_BLOCK,
     .look = look_certificate_files},
    {.id = "host.restart",
     .why = "a restart in the middle of the night makes another server of it",
     .how = "write into the option files what runs, or set what is written there; what was set by "
            "SET PERSIST comes before both",
     .source = "MySQL Reference Manual, Using Option Files",
     .worst = SEVERITY_WARN,
     .look = look_restart},
    {.id = "replica.restart",
     .why = "a server that restarts in the night falls behind, and with it the way back, until "
            "somebody looks",
     .how = "take skip_replica_start (skip_slave_start) out of its configuration until `retire`; "
            "links that run go on running",
     .source = "MySQL Reference Manual, skip_replica_start; MariaDB documentation, "
               "skip-slave-start",
     .worst = SEVERITY_WARN,
     .look = look_link_start},
};

const struct check_section preflight_hosts = {"Hosts", rows, ARRAY_LEN(rows)};
