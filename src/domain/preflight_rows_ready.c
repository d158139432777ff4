/* SPDX-License-Identifier: MIT */
/* Checks of what an application needs on the side it moves to, and of who is at work meanwhile. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "domain/preflight_settings.h"

#define DAY_S 86400
#define NAMES_CAP_BYTES 4096

/* --- the way in ------------------------------------------------------------------------------- */

static bool is_loopback(const char *address)
{
    return strncmp(address, "127.", 4) == 0 || strcmp(address, "::1") == 0 ||
           strcasecmp(address, "localhost") == 0;
}

LOOK(look_bind)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        const char *address = setting_of(survey, side, "bind_address");
        if (primary == NULL || finding_unreached(out, row, primary) || !is_loopback(address) ||
            strchr(address, ',') != NULL || is_loopback(primary->node->host))
            continue;
        finding_fix(finding_add(out, row, SEVERITY_WARN, primary->node->name,
                                "bind_address is %.100s: nobody else reaches it", address),
                    "%s", row->how);
    }
    finding_well(out, row, before, "both primaries listen where they are expected");
}

LOOK(look_transport)
{
    const char *name = "require_secure_transport";
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    if (setting_is_on(survey, SIDE_NEW, name) && !setting_is_on(survey, SIDE_OLD, name))
        finding_fix(finding_add(out, row, SEVERITY_WARN, name,
                                "is ON on NEW and OFF on OLD: who does not speak TLS is refused"),
                    "%s", row->how);
    finding_well(out, row, before, "NEW demands no more than OLD");
}

bool certificate_end(const char *text, int64_t *out_s)
{
    struct tm when = {0};
    const char *rest = strptime(text, "%b %d %H:%M:%S %Y", &when);
    if (rest == NULL)
        return false;
    *out_s = (int64_t)timegm(&when);
    return true;
}

static void check_certificate(const struct facts *facts, const struct survey *survey,
                              enum side side, const struct check_row *row, struct findings *out)
{
    const struct survey_item *item =
        survey_list_find(&survey->side[side].topics[SURVEY_STATUS], "Ssl_server_not_after");
    int64_t end_s = 0;
    if (item == NULL || item->value[0] == '\0')
        return;
    if (!certificate_end(item->value, &end_s)) {
        finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                "not known: \"%.60s\" is no date", item->value),
                    "%s", row->how);
        return;
    }
    int64_t left_s = end_s - facts->wall_us / 1000000;
    if (left_s < (int64_t)CERTIFICATE_WARN_DAYS * DAY_S)
        finding_fix(finding_add(out, row, left_s <= 0 ? SEVERITY_BLOCK : SEVERITY_WARN,
                                side_title(side), "its certificate %s on %.60s",
                                left_s <= 0 ? "ended" : "ends", item->value),
                    "%s", row->how);
}

LOOK(look_certificate)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (!finding_untold(out, row, survey, side, SURVEY_STATUS))
            check_certificate(facts, survey, side, row, out);
    finding_well(out, row, before, "no certificate ends within %d days", CERTIFICATE_WARN_DAYS);
}

/* --- accounts --------------------------------------------------------------------------------- */

static bool has_account(const struct survey *survey, enum side side,
                        const struct hold_account *account)
{
    for (size_t i = 0; i < survey->side[side].account_count; i++) {
        const struct hold_account *other = &survey->side[side].accounts[i];
        if (strcmp(other->user, account->user) == 0 && strcasecmp(other->host, account->host) == 0)
            return true;
    }
    return false;
}

/* Accounts of the machine itself belong to it; before NEW is seeded nothing is missing yet. */
LOOK(look_missing_accounts)
{
    size_t before = out->count;
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    bool is_seeded = new_primary != NULL && new_primary->has_data == TRI_YES;
    bool is_unread = finding_unread(out, row, survey, SIDE_OLD);
    if (finding_unread(out, row, survey, SIDE_NEW) || is_unread)
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        for (size_t i = 0; i < survey->side[side].account_count; i++) {
            const struct hold_account *account = &survey->side[side].accounts[i];
            char name[400];
            if (account->is_local || account->is_locked ||
                has_account(survey, side_other(side), account))
                continue;
            (void)snprintf(name, sizeof(name), "%s@%s", account->user, account->host);
            finding_fix(finding_add(out, row,
                                    is_seeded && side == SIDE_OLD ? SEVERITY_WARN : SEVERITY_NOTE,
                                    name, "is an account of %s, and %s has none like it",
                                    side_title(side), side_title(side_other(side))),
                        "%s", row->how);
        }
    finding_well(out, row, before, "the accounts that come over the network are on both sides");
}

static bool is_host_name(const char *host)
{
    return strcasecmp(host, "localhost") != 0 && strchr(host, ':') == NULL &&
           strspn(host, "0123456789.%_/") != strlen(host);
}

LOOK(look_host_names)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey) || finding_unread(out, row, survey, SIDE_OLD))
        return;
    if (setting_is_on(survey, SIDE_NEW, "skip_name_resolve") &&
        !setting_is_on(survey, SIDE_OLD, "skip_name_resolve"))
        for (size_t i = 0; i < survey->side[SIDE_OLD].account_count; i++) {
            const struct hold_account *account = &survey->side[SIDE_OLD].accounts[i];
            char name[400];
            if (!is_host_name(account->host))
                continue;
            (void)snprintf(name, sizeof(name), "%s@%s", account->user, account->host);
            finding_fix(finding_add(out, row, SEVERITY_WARN, name,
                                    "comes from a host name, and NEW resolves none "
                                    "(skip_name_resolve)"),
                        "%s", row->how);
        }
    finding_well(out, row, before, "NEW matches hosts as OLD does, or no account needs a name");
}

LOOK(look_cold_cache)
{
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (finding_untold(out, row, survey, side, SURVEY_PLUGINS_USED))
            continue;
        const struct survey_item *used = survey_list_find(
            &survey->side[side].topics[SURVEY_PLUGINS_USED], "caching_sha2_password");
        if (used == NULL || setting_is_on(survey, side, "require_secure_transport"))
            continue;
        finding_fix(finding_add(out, row, SEVERITY_NOTE, side_title(side),
                                "%" PRIu64 " accounts use caching_sha2_password (%s), and TLS is "
                                "not demanded",
                                used->uses, used->example),
                    "%s", row->how);
    }
    finding_well(out, row, before, "no account depends on a warm cache of passwords");
}

/* --- what an application calls ---------------------------------------------------------------- */

LOOK(look_loaded)
{
    size_t before = out->count;
    bool is_untold = finding_untold(out, row, survey, SIDE_OLD, SURVEY_LOADED);
    if (finding_untold(out, row, survey, SIDE_NEW, SURVEY_LOADED) || is_untold)
        return;
    const struct survey_list *loaded = &survey->side[SIDE_OLD].topics[SURVEY_LOADED];
    for (size_t i = 0; i < loaded->count; i++)
        if (strcasecmp(loaded->items[i].name, "clone") != 0 && /* ours, for the time of a seed */
            survey_list_find(&survey->side[SIDE_NEW].topics[SURVEY_LOADED],
                             loaded->items[i].name) == NULL)
            finding_fix(finding_add(out, row, SEVERITY_WARN, loaded->items[i].name,
                                    "is loaded on OLD (%.60s), and not on NEW",
                                    loaded->items[i].value),
                        "%s", row->how);
    finding_well(out, row, before, "NEW has loaded what OLD has");
}

LOOK(look_scheduler)
{
    size_t before = out->count, enabled = 0;
    const struct node_facts *old_primary = facts_primary(facts, SIDE_OLD);
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    if (old_primary == NULL || new_primary == NULL) {
        finding_fix(finding_add(out, row, SEVERITY_WARN, "", "not known: a primary is missing"),
                    "see node.reachable");
        return;
    }
    if (finding_unreached(out, row, old_primary) || finding_unreached(out, row, new_primary) ||
        finding_unread(out, row, survey, SIDE_OLD))
        return;
    for (size_t i = 0; i < survey->side[SIDE_OLD].event_count; i++)
        enabled += strcasecmp(survey->side[SIDE_OLD].events[i].status, "ENABLED") == 0;
    if (enabled > 0 && strcasecmp(old_primary->event_scheduler, "ON") == 0 &&
        strcasecmp(new_primary->event_scheduler, "ON") != 0)
        finding_fix(finding_add(out, row, SEVERITY_WARN, new_primary->node->name,
                                "event_scheduler is %s, and OLD has %zu events that fire",
                                new_primary->event_scheduler, enabled),
                    "%s", row->how);
    finding_well(out, row, before, "NEW's event scheduler runs, or nothing depends on it");
}

/* --- who is at work --------------------------------------------------------------------------- */

static void look_work(const struct survey *survey, const struct check_row *row, const char *kind,
                      const char *well, struct findings *out)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct survey_list *work = &survey->side[side].topics[SURVEY_SESSIONS];
        if (finding_untold(out, row, survey, side, SURVEY_SESSIONS))
            continue;
        for (size_t i = 0; i < work->count; i++)
            if (strcmp(work->items[i].name, kind) == 0)
                finding_fix(finding_add(out, row, SEVERITY_WARN, work->items[i].example,
                                        "%s has been running on %s for %" PRIu64 " s",
                                        work->items[i].value, side_title(side),
                                        work->items[i].uses),
                            "%s", row->how);
    }
    finding_well(out, row, before, "%s", well);
}

LOOK(look_long_statement)
{
    look_work(survey, row, "long", "no statement has been running for a minute", out);
}

LOOK(look_ddl)
{
    look_work(survey, row, "ddl", "no table is being altered", out);
}

/* Replicas introduce themselves; a program that reads changes seldom does. */
static size_t introduced(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);
    const struct node_facts *other = facts_primary(facts, side_other(side));
    size_t count = 0;
    for (unsigned i = 0; i < primary->replica_count; i++)
        count += other == NULL || primary->replicas[i].server_id != other->server_id;
    return count;
}

LOOK(look_consumers)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        CLEANUP(buf_release) struct buf names;
        const struct survey_list *work = &survey->side[side].topics[SURVEY_SESSIONS];
        const struct node_facts *primary = facts_primary(facts, side);
        size_t readers = 0;
        buf_init(&names, NAMES_CAP_BYTES);
        if (finding_untold(out, row, survey, side, SURVEY_SESSIONS) || primary == NULL ||
            finding_unreached(out, row, primary))
            continue;
        for (size_t i = 0; i < work->count; i++)
            if (strcmp(work->items[i].name, "dump") == 0)
                buf_printf(&names, "%s%s", readers++ > 0 ? ", " : "", work->items[i].example);
        size_t replicas = introduced(facts, side);
        if (readers > replicas)
            finding_fix(finding_add(out, row, SEVERITY_WARN, primary->node->name,
                                    "%zu sessions read its binary log (%.250s), and only %zu of "
                                    "them introduced themselves as replicas",
                                    readers, buf_text(&names), replicas),
                        "%s", row->how);
    }
    finding_well(out, row, before, "nobody but replicas reads the binary logs");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "network.bind",
     .why = "a server that listens on loopback only is not reached by the application",
     .how = "bind_address in its configuration to an address that the application reaches, then "
            "restart it",
     .source = "MySQL Reference Manual, bind_address",
     .worst = SEVERITY_WARN,
     .look = look_bind},
    {.id = "tls.required",
     .why = "an application that does not speak TLS is refused after the move",
     .how = "let the applications use TLS, or require_secure_transport = OFF on NEW until they do",
     .source = "MySQL Reference Manual, require_secure_transport",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_transport},
    {.id = "tls.certificate",
     .why = "when a certificate ends, links and applications that verify it stop",
     .how = "give the server a new certificate; FLUSH SSL or ALTER INSTANCE RELOAD TLS",
     .source = "MySQL Reference Manual, Ssl_server_not_after",
     .worst = SEVERITY_BLOCK,
     .look = look_certificate},
    {.id = "accounts.missing",
     .why = "an application whose account is missing cannot log in after the move",
     .how = "seed the accounts (the step `seed` does), or create them with sql_log_bin = 0",
     .source = "field notes: diff of accounts",
     .worst = SEVERITY_WARN,
     .look = look_missing_accounts},
    {.id = "accounts.host_names",
     .why = "a server that does not resolve names lets nobody in by a host name",
     .how = "give the account an address or a pattern of addresses",
     .source = "MySQL Reference Manual, skip_name_resolve",
     .worst = SEVERITY_WARN,
     .look = look_host_names},
    {.id = "accounts.cold_cache",
     .why = "without TLS such an account gets in only while the server's cache knows it",
     .how =
         "let the application use TLS or get the server's public key; try it right after a restart",
     .source = "bitnami/charts#10328: replication error 2061",
     .worst = SEVERITY_NOTE,
     .look = look_cold_cache},
    {.id = "plugins.missing",
     .why = "a plugin or function that is missing makes statements, or logins, fail",
     .how = "install it on NEW before the move",
     .source = "MySQL Reference Manual, Installing and Uninstalling Plugins",
     .worst = SEVERITY_WARN,
     .look = look_loaded},
    {.id = "events.scheduler",
     .why = "after the flip no event fires",
     .how = "SET GLOBAL event_scheduler = ON on NEW, and in its configuration",
     .source = "openark/orchestrator#478",
     .worst = SEVERITY_WARN,
     .way = CHECK_WAY_THERE,
     .look = look_scheduler},
    {.id = "statements.long",
     .why = "a fence waits for it, and everything else waits for the fence",
     .how = "wait for it, or end it",
     .source = "block/spirit and gh-ost: the blocker is shown, not guessed",
     .worst = SEVERITY_WARN,
     .look = look_long_statement},
    {.id = "statements.ddl",
     .why = "DDL in the middle of a move stops the links, or waits in front of everything",
     .how = "let it end before the day, and make no other until `retire`",
     .source = "vitessio/vitess#15630: a job makes the switch fail",
     .worst = SEVERITY_WARN,
     .look = look_ddl},
    {.id = "consumers.binlog",
     .why = "who reads the binary log loses its place when the source changes",
     .how = "stop it at the flip, and start it on NEW at the position that cutover reports",
     .source = "MySQL Reference Manual, COM_BINLOG_DUMP; Debezium documentation, MySQL connector",
     .worst = SEVERITY_WARN,
     .look = look_consumers},
};

const struct check_section preflight_ready = {"What an application needs, and who is at work", rows,
                                              ARRAY_LEN(rows)};
