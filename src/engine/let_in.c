/* SPDX-License-Identifier: MIT */
/* Opening a side for those, too, who have no connection to it yet. */
#include "engine/let_in.h"

#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "cluster/door.h"
#include "engine/hold_keeper.h"
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

static int begin(struct run *run, enum side side, struct err *err)
{
    let_in_drop(run);
    run->let_in = calloc(1, sizeof(*run->let_in));
    if (run->let_in == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
    run->let_in->side = side;
    return 0;
}

int let_in_prepare(struct run *run, enum side side, struct err *err)
{
    struct session *primary;
    int rc = run_primary(run, side, &primary, err);
    if (rc != 0 || hold_way(run->service, &primary->version) != HOLD_LOCK)
        return rc;
    rc = begin(run, side, err);
    if (rc != 0)
        return rc;
    rc = hold_session(run->service, primary->node, &run->let_in->session, err);
    if (rc == 0)
        rc = session_admit(&run->let_in->session, run_permit(run, primary->node), err);
    if (rc == 0)
        rc = hold_read(&run->let_in->session, &run->let_in->list, err);
    if (rc != 0)
        let_in_drop(run);
    return rc;
}

/* Who has locked them a moment ago, and now undoes it, has all that it takes at hand. */
static int have_ready(struct run *run, enum side side, struct err *err)
{
    struct session unlogged = {0};
    struct held_list list = {0};

    if (!hold_keeper_take(run, side, &unlogged, &list)) {
        const struct let_in *let_in = run->let_in;
        bool is_ready = let_in != NULL && let_in->side == side && !let_in->is_done;
        return is_ready ? 0 : let_in_prepare(run, side, err);
    }
    int rc = begin(run, side, err);
    if (rc != 0) {
        session_release(&unlogged);
        held_list_release(&list);
        return rc;
    }
    run->let_in->session = unlogged;
    run->let_in->list = list;
    return 0;
}

/* Undoing gives a side back as it was found, which need not be open. */
static int may_let_in(struct run *run, enum side side, const json_t *args, bool *out_may,
                      struct err *err)
{
    struct session *primary;
    struct door door;

    *out_may = true;
    if (!json_bool_or(args, "if_open", 0))
        return 0;
    int rc = run_primary(run, side, &primary, err);
    if (rc == 0)
        rc = door_read(primary, &door, err);
    if (rc == 0)
        *out_may = !door.is_closed;
    return rc;
}

static int let_in_now(struct run *run, enum side side, const json_t *args, struct err *err)
{
    bool may;
    int rc = may_let_in(run, side, args, &may, err);

    if (rc == 0 && may)
        rc = have_ready(run, side, err);
    struct let_in *let_in = run->let_in;
    if (rc != 0 || !may || let_in == NULL || let_in->side != side)
        return rc; /* nobody is locked out there */
    rc = hold_unlock_blindly(&let_in->session, &let_in->list, err);
    let_in->is_done = rc == 0;
    return rc;
}

/*
 * Whatever goes wrong here is done again with more care by the part that lets in, and is no reason
 * to stop before it.
 */
WORK(work_fence_let_in)
{
    struct err why = {0};
    enum side side;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (rc != 0)
        return rc;
    if (let_in_now(run, side, args, &why) != 0)
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
