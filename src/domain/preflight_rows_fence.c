/* SPDX-License-Identifier: MIT */
/* Checks of the fence: does it hold across a restart, and what could make closing hang. */
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "domain/preflight_rows.h"
#include "domain/preflight_settings.h"

#define NAMES_CAP_BYTES (64U * 1024)

/* --- a restart -------------------------------------------------------------------------------- */

static void look_config(const struct survey *survey, const struct check_row *row, enum side side,
                        struct findings *out)
{
    const char *origin = survey->side[side].read_only_origin;
    if (hold_is_contradicted(origin, survey->side[side].is_read_only_set))
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, side_title(side),
                                "fence.hold says that my.cnf has read_only = 1, but it is off (%s)",
                                origin),
                    "write read_only = 1 into the my.cnf of that primary, or leave hold out");
    else if (strcmp(origin, "CONFIG") != 0)
        finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                "fence.hold says that my.cnf has read_only = 1, which cannot be "
                                "seen: it was set since the server started (%s)",
                                origin),
                    "look into the my.cnf of that primary");
}

static void look_file(const struct service *service, const struct survey *survey,
                      const struct check_row *row, enum side side, struct findings *out)
{
    const struct node *node = service_primary(service, side);
    const char *problem = survey->side[side].drop_in_problem;
    if (node->ssh == NULL || node->ssh->drop_in[0] == '\0')
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, side_title(side),
                                "fence.hold is \"file\", but no ssh group says where to write it"),
                    "ssh = { ...; drop_in = \"/etc/mysql/mariadb.conf.d\"; } for that primary");
    else if (problem[0] != '\0')
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, side_title(side),
                                "no file can be written that a restart would go by: %s", problem),
                    "docs/hosts.md has what to grant, and each failure");
}

static void look_account(const struct check_row *row, enum side side,
                         const struct hold_account *account, enum hold_choice choice,
                         struct buf *locked, struct findings *out)
{
    char name[400];
    (void)snprintf(name, sizeof(name), "%s@%s", account->user, account->host);
    switch (choice) {
    case HOLD_LOCKS:
        buf_printf(locked, "%s%s", locked->len > 0 ? ", " : "", name);
        return;
    case HOLD_LEAVES_UNLISTED:
    case HOLD_LEAVES_EXCEPTED:
        finding_fix(finding_add(out, row, SEVERITY_WARN, name,
                                "it can write on %s (%s) after a restart: %s", side_title(side),
                                account->writes,
                                choice == HOLD_LEAVES_EXCEPTED ? "fence.except names it"
                                                               : "fence.accounts does not name it"),
                    "nothing, when nobody uses it then; else change the group `fence`");
        return;
    case HOLD_LEAVES_ADMIN:
        if (!account->is_socket)
            finding_fix(finding_add(out, row, SEVERITY_WARN, name,
                                    "it is not locked while %s is closed, because it is the way "
                                    "in; it may come over TCP from the host itself",
                                    side_title(side)),
                        "let an administrator log in by unix_socket, or see that no job uses it");
        return;
    case HOLD_LEAVES_HARMLESS:
    case HOLD_LEAVES_LOCKED:
        return;
    }
}

static void look_lock(const struct service *service, const struct survey *survey,
                      const struct check_row *row, enum side side, struct findings *out)
{
    CLEANUP(buf_release) struct buf locked;
    const struct hold_account *accounts = survey->side[side].accounts;
    size_t count = survey->side[side].account_count;
    buf_init(&locked, NAMES_CAP_BYTES);
    for (size_t i = 0; i < count; i++)
        look_account(row, side, &accounts[i], hold_choose(service, accounts, count, i), &locked,
                     out);
    if (locked.len > 0)
        finding_fix(finding_add(out, row, SEVERITY_NOTE, side_title(side),
                                "no new session while it is closed: %.330s", buf_text(&locked)),
                    "nothing, when these are the application's; fence.except names those that "
                    "must get in");
}

LOOK(look_hold)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        if (finding_unread(out, row, survey, side) || primary == NULL ||
            finding_unreached(out, row, primary))
            continue;
        switch (hold_way(service, &primary->version)) {
        case HOLD_PERSISTED:
            break;
        case HOLD_LOCK:
            look_lock(service, survey, row, side, out);
            break;
        case HOLD_CONFIG:
            look_config(survey, row, side, out);
            break;
        case HOLD_FILE:
            look_file(service, survey, row, side, out);
            break;
        case HOLD_NONE:
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side),
                                    "a restart opens it while it is closed: fence.hold is "
                                    "\"none\""),
                        "leave hold out, or have read_only = 1 in my.cnf and say \"config\"");
            break;
        }
    }
    finding_well(out, row, before, "a side that is closed stays closed when it restarts");
}

/* --- semi-sync -------------------------------------------------------------------------------- */

struct semisync {
    bool is_enabled, is_waiting; /* a commit waits now */
    int64_t timeout_ms, replicas;
};

static const char *status_of(const struct survey *survey, enum side side, const char *name,
                             const char *former_name)
{
    const struct survey_list *list = &survey->side[side].topics[SURVEY_SEMISYNC];
    const struct survey_item *item = survey_list_find(list, name);
    if (item == NULL)
        item = survey_list_find(list, former_name);
    return item == NULL ? "" : item->value;
}

static const char *setting_either(const struct survey *survey, enum side side, const char *name,
                                  const char *former_name)
{
    return setting_of(survey, side, setting_exists(survey, side, name) ? name : former_name);
}

static struct semisync semisync_of(const struct survey *survey, enum side side)
{
    const char *timeout = setting_either(survey, side, "rpl_semi_sync_source_timeout",
                                         "rpl_semi_sync_master_timeout");
    const char *status =
        status_of(survey, side, "rpl_semi_sync_source_status", "rpl_semi_sync_master_status");
    const char *replicas =
        status_of(survey, side, "rpl_semi_sync_source_clients", "rpl_semi_sync_master_clients");
    return (struct semisync){
        .is_enabled = setting_is_on(survey, side, "rpl_semi_sync_source_enabled") ||
                      setting_is_on(survey, side, "rpl_semi_sync_master_enabled"),
        .is_waiting = strcasecmp(status, "ON") == 0,
        .timeout_ms = strtoll(timeout, NULL, 10),
        .replicas = strtoll(replicas, NULL, 10),
    };
}

/* Nobody acknowledges, and the server has not noticed yet: the next commit waits, and a fence with
 * it. */
static void look_waits(const struct service *service, const struct check_row *row, enum side side,
                       const struct semisync *now, struct findings *out)
{
    bool is_long = now->timeout_ms > service->limits.lock_wait_ms;
    bool hangs = now->is_waiting && now->replicas == 0 && is_long;
    finding_fix(
        finding_add(out, row, hangs ? SEVERITY_BLOCK : SEVERITY_WARN, side_title(side),
                    "semi-sync is on: a commit waits up to %lld ms for a replica (%lld now, %s), "
                    "and the fence waits for the commit",
                    (long long)now->timeout_ms, (long long)now->replicas,
                    now->is_waiting ? "commits wait" : "commits do not wait"),
        "for the day: a replica that acknowledges, or a timeout below limits.lock_wait (%lld ms), "
        "or switch it off",
        (long long)service->limits.lock_wait_ms);
}

LOOK(look_semisync)
{
    struct semisync now[SIDE_COUNT];
    size_t before = out->count;
    if (settings_untold(out, row, survey))
        return;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        now[side] = semisync_of(survey, side);
        if (now[side].is_enabled)
            look_waits(service, row, side, &now[side], out);
    }
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (now[side].is_enabled && !now[side_other(side)].is_enabled)
            finding_fix(finding_add(out, row, SEVERITY_WARN, side_title(side_other(side)),
                                    "semi-sync is off here and on on %s: a commit is acknowledged "
                                    "before a replica has it, once users are here",
                                    side_title(side)),
                        "after the flip switch it on here and on its replicas, and off on %s; "
                        "cutover does not change it",
                        side_title(side));
    finding_well(out, row, before, "no commit waits for a replica");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "fence.restart",
     .why = "a closed side that a restart opens is a second writer",
     .how = "leave fence.hold to cutover, or write read_only = 1 into my.cnf and say hold = "
            "\"config\"",
     .source = "docs/requirements.md: how far a fence holds",
     .worst = SEVERITY_BLOCK,
     .look = look_hold},
    {.id = "upgrade.semisync",
     .why = "a fence waits for commits, and commits wait for replicas",
     .how = "a replica that acknowledges, or a timeout below limits.lock_wait, or switch it off "
            "for the day",
     .source = "openark/orchestrator#1127",
     .worst = SEVERITY_BLOCK,
     .look = look_semisync},
};

const struct check_section preflight_fence = {"The fence", rows, ARRAY_LEN(rows)};
