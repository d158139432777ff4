/* SPDX-License-Identifier: MIT */
/*
 * Accounts that are locked so that a closed side lets nobody write when it restarts. A person must
 * be able to let them in without us: a journal may be lost, and this program, too.
 */
#include <stdio.h>

#include "cli/status.h"
#include "cluster/session.h"

#define TEXT_CAP_BYTES (1U << 20)

static int read_side(const struct service *service, const struct node *node, struct held_list *out,
                     struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);

    return rc ? rc : hold_read(&session, out, err);
}

void status_read_held(struct status *status)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(&status->facts, side);
        struct err why = {0};
        if (primary == NULL || primary->held_count == 0)
            continue;
        if (read_side(status->service, primary->node, &status->held[side], &why))
            (void)snprintf(status->held_error, sizeof status->held_error, "%.399s", why.msg);
    }
}

static void print_side(const struct node_facts *primary, const struct held_list *list)
{
    CLEANUP(buf_release) struct buf names = {0};
    unsigned locked = 0;

    for (size_t i = 0; i < list->count; i++)
        locked += list->accounts[i].is_locked;
    buf_init(&names, TEXT_CAP_BYTES);
    hold_quote(list, true, &names);
    if (locked == 0) {
        (void)printf("held      %s: nobody, though cutover.held there names %zu account(s)\n",
                     primary->node->name, list->count);
        return;
    }
    (void)printf("held      %s: %u of %zu account(s) locked, by run %s since %.19s UTC, so that a "
                 "restart lets nobody write there; `cutover` lets them in when it opens that "
                 "side; by hand:\n          SET SESSION sql_log_bin = 0; ALTER USER IF EXISTS %s "
                 "ACCOUNT UNLOCK;\n",
                 primary->node->name, locked, list->count, list->accounts[0].run,
                 list->accounts[0].since, buf_text(&names));
}

void status_print_held(const struct status *status)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (status->held[side].count > 0)
            print_side(facts_primary(&status->facts, side), &status->held[side]);
    if (status->held_error[0])
        (void)printf("held      unknown: %s\n", status->held_error);
}

json_t *status_held_json(const struct status *status)
{
    json_t *all = json_array();

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        for (size_t i = 0; i < status->held[side].count; i++) {
            const struct held *held = &status->held[side].accounts[i];
            (void)json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:b,s:b,s:s,s:s}", "side",
                                                       side_name(side), "user", held->user, "host",
                                                       held->host, "is_there", (int)held->is_there,
                                                       "is_locked", (int)held->is_locked, "run",
                                                       held->run, "since", held->since));
        }
    return all;
}
