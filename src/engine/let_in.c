/* SPDX-License-Identifier: MIT */
/* Opening a side for those, too, who have no connection to it yet. */
#include "engine/let_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "engine/work.h"

struct let_in {
    enum side side;
    bool is_done;
    struct session session; /* unlogged */
    struct held_list list;
};

void let_in_drop(struct run *run)
{
    if (run->let_in == NULL)
        return;
    session_release(&run->let_in->session);
    held_list_release(&run->let_in->list);
    free(run->let_in);
    run->let_in = NULL;
}

int let_in_prepare(struct run *run, enum side side, struct err *err)
{
    struct session *primary;
    int rc = run_primary(run, side, &primary, err);
    if (rc != 0 || hold_way(run->service, &primary->version) != HOLD_LOCK)
        return rc;
    let_in_drop(run);
    run->let_in = calloc(1, sizeof(*run->let_in));
    if (run->let_in == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
    run->let_in->side = side;
    rc = hold_session(run->service, primary->node, &run->let_in->session, err);
    if (rc != 0)
        return rc;
    run->let_in->session.permit = run_permit(run, primary->node);
    return hold_read(&run->let_in->session, &run->let_in->list, err);
}

/*
 * The side is open: whatever goes wrong here is done again with more care by the part that lets in,
 * and is no reason to stop before it.
 */
WORK(work_fence_let_in)
{
    struct err why = {0};
    enum side side;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    struct let_in *let_in = run->let_in;
    if (rc != 0 || let_in == NULL || let_in->side != side || let_in->is_done)
        return rc;
    if (hold_unlock_blindly(&let_in->session, &let_in->list, &why) == 0)
        let_in->is_done = true;
    else
        log_warn("accounts of %s may log in a moment later: %s, continuing", side_title(side),
                 why.msg);
    return 0;
}

void let_in_mark(const struct run *run, enum side side, struct held_list *list)
{
    const struct let_in *let_in = run->let_in;
    if (let_in == NULL || let_in->side != side || !let_in->is_done)
        return;
    for (size_t i = 0; i < list->count; i++)
        for (size_t k = 0; k < let_in->list.count; k++)
            if (strcmp(list->accounts[i].user, let_in->list.accounts[k].user) == 0 &&
                strcmp(list->accounts[i].host, let_in->list.accounts[k].host) == 0)
                list->accounts[i].was_let_in = let_in->list.accounts[k].is_locked &&
                                               list->accounts[i].is_there &&
                                               !list->accounts[i].is_locked;
}
