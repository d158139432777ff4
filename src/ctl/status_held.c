/* SPDX-License-Identifier: MIT */
/* Accounts that are locked so that a closed side lets nobody write when it restarts. */
#include <stdio.h>

#include "cluster/session.h"
#include "ctl/status.h"

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
