/* SPDX-License-Identifier: MIT */
/* Checks of accounts: who slips past read_only, what ours may do, and whose names objects carry. */
#include <string.h>

#include "base/address.h"
#include "domain/preflight_rows.h"
#include "domain/situation.h"

/* Where the privileges of that side's flavour are written down. */
static const char *grants_file(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);
    return primary != NULL && primary->version.flavour == FLAVOUR_MYSQL ? "etc/grants-mysql.sql"
                                                                        : "etc/grants-mariadb.sql";
}

/* The controller has to write on a closed side; it is the one account that may. */
static bool is_user(const char *name, const struct account *account)
{
    size_t len = strlen(account->user);
    return len > 0 && strncmp(name, account->user, len) == 0 && name[len] == '@';
}

static void check_bypass(const struct service *service, const struct check_row *row, enum side side,
                         const struct survey_account *account, struct findings *out)
{
    if (is_user(account->name, &service->controller))
        return;
    bool is_monitor = is_user(account->name, &service->monitor);
    bool is_dangerous = is_monitor || (!account->is_stopped && !account->is_held &&
                                       (account->is_remote || account->is_live));
    struct finding *finding =
        finding_add(out, row, is_dangerous ? SEVERITY_BLOCK : SEVERITY_WARN, account->name,
                    "on %s read_only does not stop it: %s%s%s%s", side_title(side), account->reason,
                    account->is_remote ? "; it may come from anywhere" : "",
                    account->is_live ? "; it is connected now" : "",
                    account->is_stopped ? "; the fence stops it by super_read_only"
                    : account->is_held  ? "; it is locked, and its sessions ended, while its side "
                                          "is closed"
                                        : "");
    if (is_monitor)
        finding_fix(finding, "revoke it: read_only has to stop the heartbeat");
    else
        finding_fix(finding,
                    "revoke the privilege, or for the time of the move: ACCOUNT LOCK, then "
                    "end its sessions");
}

LOOK(look_bypass)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (survey->side[side].is_read != TRI_YES) {
            finding_fix(
                finding_add(out, row, SEVERITY_BLOCK, side_title(side),
                            "not known: the accounts of %s could not be read", side_title(side)),
                "GRANT SELECT ON mysql.* to the controller, see %s", grants_file(facts, side));
            continue;
        }
        for (size_t i = 0; i < survey->side[side].bypass_count; i++)
            check_bypass(service, row, side, &survey->side[side].bypass[i], out);
    }
    finding_well(out, row, before, "read_only stops every account but %s",
                 service->controller.user);
}

LOOK(look_controller_grants)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (finding_unread(out, row, survey, side) || survey->side[side].missing_grants[0] == '\0')
            continue;
        finding_fix(finding_add(out, row, SEVERITY_BLOCK, service->controller.user,
                                "lacks on %s: %s", side_title(side),
                                survey->side[side].missing_grants),
                    "run %s on every node of %s", grants_file(facts, side), side_title(side));
    }
    finding_well(out, row, before, "%s has what it needs on both sides", service->controller.user);
}

struct login {
    const char *user, *error;
    enum tri works;
};

static void check_login(const struct check_row *row, enum side side, const struct login *login,
                        const char *grants, struct findings *out)
{
    if (login->works == TRI_YES)
        return;
    finding_fix(
        finding_add(out, row, SEVERITY_BLOCK, login->user, "cannot log in to %s: %s",
                    side_title(side), login->error[0] == '\0' ? "it was not tried" : login->error),
        "run %s on every node of %s, and check the password's reference", grants, side_title(side));
}

/* From another host the server sees another address, and other things may be in the way. */
static void check_login_place(const struct facts *facts, const struct survey *survey,
                              const struct check_row *row, enum side side, struct findings *out)
{
    const struct node_facts *replica = facts_primary(facts, side_other(side));
    if (!survey->side[side].is_login_tried_here ||
        survey->side[side].replication_login != TRI_YES || replica == NULL ||
        address_reach(replica->address) == ADDRESS_LOCAL)
        return;
    finding_fix(
        finding_add(out, row, SEVERITY_WARN, replica->node->name,
                    "that it can log in to %s is not known: it was tried from here only",
                    side_title(side)),
        "give it ssh = { ... } in the configuration (and tls.mode other than \"off\"), so that "
        "it is tried from its host; or log in there by hand");
}

static const struct node_facts *facts_of(const struct facts *facts, const struct node *node)
{
    for (size_t i = 0; i < facts->node_count; i++)
        if (facts->nodes[i].node == node)
            return &facts->nodes[i];
    return NULL;
}

/* A replica of NEW: a seed by clone or physical makes it follow its primary by this account. */
static void check_replica_login(const struct facts *facts, const struct check_row *row,
                                const struct survey_login *login, const char *grants,
                                struct findings *out)
{
    const struct node_facts *replica = facts_of(facts, login->from);
    bool is_here = replica != NULL && address_reach(replica->address) == ADDRESS_LOCAL;
    if (login->works == TRI_YES && (!login->is_tried_here || is_here))
        return;
    if (login->works == TRI_YES)
        finding_fix(finding_add(out, row, SEVERITY_WARN, login->from->name,
                                "that it can log in to %.100s is not known: it was tried from here "
                                "only",
                                login->to->name),
                    "give it ssh = { ... } in the configuration, so that it is tried from its "
                    "host; or log in there by hand");
    else
        finding_fix(finding_add(out, row, SEVERITY_WARN, login->from->name, "%s %.100s: %.250s",
                                login->works == TRI_NO ? "cannot log in to"
                                                       : "not known whether it can log in to",
                                login->to->name,
                                login->answer[0] != '\0' ? login->answer : "nobody has tried"),
                    "run %s on every node of NEW for the addresses of its replicas, too", grants);
}

LOOK(look_replication_login)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct login login = {service->replication.user,
                                    survey->side[side].replication_login_error,
                                    survey->side[side].replication_login};
        check_login(row, side, &login, grants_file(facts, side), out);
        check_login_place(facts, survey, row, side, out);
    }
    for (size_t i = 0; i < survey->replica_login_count; i++)
        check_replica_login(facts, row, &survey->replica_logins[i], grants_file(facts, SIDE_NEW),
                            out);
    finding_well(out, row, before, "%s logs in to both primaries", service->replication.user);
}

LOOK(look_monitor_login)
{
    size_t before = out->count;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct login login = {service->monitor.user, survey->side[side].monitor_login_error,
                                    survey->side[side].monitor_login};
        check_login(row, side, &login, grants_file(facts, side), out);
    }
    finding_well(out, row, before, "%s logs in to both primaries", service->monitor.user);
}

LOOK(look_definers)
{
    size_t before = out->count;
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    bool new_has_data = new_primary != NULL && new_primary->has_data == TRI_YES;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        if (finding_unread(out, row, survey, side))
            continue;
        bool is_in_use = side == SIDE_NEW && new_has_data;
        for (size_t i = 0; i < survey->side[side].missing_definer_count; i++)
            finding_fix(finding_add(out, row, is_in_use ? SEVERITY_BLOCK : SEVERITY_WARN,
                                    survey->side[side].missing_definers[i],
                                    "is a definer, and has no account on %s", side_title(side)),
                        "create the account there with sql_log_bin = 0, or give its objects "
                        "another definer");
    }
    finding_well(out, row, before, "every definer has an account on both sides");
}

/* --- the table -------------------------------------------------------------------------------- */

static const struct check_row rows[] = {
    {.id = "read_only.bypass",
     .why = "read_only does not stop these accounts: the fence would leak",
     .how =
         "revoke the privilege, or lock the account for the time of the move and end its sessions",
     .source = "MariaDB Knowledge Base, read_only: READ ONLY ADMIN and SUPER; MySQL Reference "
               "Manual, super_read_only",
     .worst = SEVERITY_BLOCK,
     .look = look_bypass},
    {.id = "account.controller_grants",
     .why = "a missing privilege is found now or in the middle of the night",
     .how = "run etc/grants-mariadb.sql or etc/grants-mysql.sql on every node",
     .source = "signal18/replication-manager#140",
     .worst = SEVERITY_BLOCK,
     .look = look_controller_grants,
     .is_final = true},
    {.id = "account.replication_login",
     .why = "the way back needs the login in both directions",
     .how = "run the grants on every node, and check the password's reference",
     .source = "vitessio/vitess#16794: reverse path found broken when needed",
     .worst = SEVERITY_BLOCK,
     .look = look_replication_login,
     .is_final = true},
    {.id = "account.monitor_login",
     .why = "without heartbeats the lag is unknown and every gate stays closed",
     .how = "run the grants on every node, and check the password's reference",
     .source = "docs/what-if.md",
     .worst = SEVERITY_BLOCK,
     .look = look_monitor_login,
     .is_final = true},
    {.id = "definers.missing",
     .why = "a view or routine whose definer has no account fails with error 1449",
     .how = "create the account with sql_log_bin = 0, or give its objects another definer",
     .source =
         "MariaDB Knowledge Base, error 1449; MySQL Reference Manual, Stored Object Access Control",
     .worst = SEVERITY_BLOCK,
     .look = look_definers},
};

const struct check_section preflight_accounts = {
    "The accounts that cutover needs, and those it must stop", rows, ARRAY_LEN(rows)};
