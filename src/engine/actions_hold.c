/* SPDX-License-Identifier: MIT */
/* How a plan keeps a closed side closed when its server restarts. */
#include "cluster/drop_in.h"
#include "domain/hold.h"
#include "engine/compile_step.h"

static enum hold_way way_of(const struct compile *c, enum side side)
{
    const struct node_facts *primary = facts_primary(c->facts, side);

    return primary == NULL ? HOLD_NONE : hold_way(c->service, &primary->version);
}

static json_t *side_arg(enum side side)
{
    return json_pack("{s:s}", "side", side_name(side));
}

static void hold_by_file(struct compile *c, enum side side, bool has_undo)
{
    const struct node *node = primary_of(c, side);
    struct plan_step *step;
    char where[DROP_IN_WHERE_SIZE];

    if (!drop_in_is_possible(node)) {
        compile_fail(c, ERR_CONFIG,
                     "fence.hold is \"file\", but no ssh group says drop_in for %s: docs/hosts.md",
                     node->name);
        return;
    }
    step = part(c, "hold-from", "%s stays closed when it restarts", side_title(side));
    step->is_repeatable = true;
    (void)drop_in_where(DROP_IN_CLOSED, node, where);
    add_work(c, step, LIST_DO, "fence.file", side_arg(side),
             "over SSH, write read_only = 1 into %.300s; refuse when the server would not read it",
             where);
    if (has_undo)
        add_work(c, step, LIST_UNDO, "fence.unfile", side_arg(side), "delete %.300s", where);
}

void part_hold(struct compile *c, enum side side, bool has_undo)
{
    const char *node = primary_of(c, side)->name;
    struct plan_step *step;

    switch (way_of(c, side)) {
    case HOLD_PERSISTED:
        return;
    case HOLD_NONE:
        plan_warn(c,
                  "a restart of %s while it is closed opens it unless its my.cnf says read_only = "
                  "1: fence.hold is \"none\"",
                  node);
        return;
    case HOLD_CONFIG:
        step = part(c, "hold-from", "%s stays closed when it restarts", side_title(side));
        step->is_repeatable = true;
        add_work(c, step, LIST_DO, "fence.hold", side_arg(side),
                 "as the operator says, my.cnf of %s has read_only = 1; refuse when the server "
                 "says otherwise",
                 node);
        return;
    case HOLD_FILE:
        hold_by_file(c, side, has_undo);
        return;
    case HOLD_LOCK:
        break;
    }
    c->is_held[side] = true;
    step = part(c, "hold-from", "A restart of %s must let nobody write there", side_title(side));
    add_work(c, step, LIST_DO, "fence.hold", side_arg(side),
             "choose the accounts that can log in to %s and write, write them down in the journal "
             "and in cutover.held there; those whom read_only does not stop are locked at once and "
             "their sessions ended",
             node);
    if (has_undo)
        add_work(c, step, LIST_UNDO, "fence.release", side_arg(side),
                 "ALTER USER ... ACCOUNT UNLOCK on %s for what is written down there, unlogged",
                 node);
}

void op_hold_lock(struct compile *c, struct plan_step *step, enum side side)
{
    if (way_of(c, side) == HOLD_LOCK)
        add_work(c, step, LIST_DO, "fence.lock", side_arg(side),
                 "begin ALTER USER ... ACCOUNT LOCK on %s, unlogged, for the accounts written "
                 "down: sessions go on reading, new ones are refused",
                 primary_of(c, side)->name);
}

void op_hold_proven(struct compile *c, struct plan_step *step, enum side side)
{
    if (way_of(c, side) == HOLD_LOCK)
        add_work(c, step, LIST_DO, "fence.held", side_arg(side),
                 "all of them are locked, as read back from %s", primary_of(c, side)->name);
}

static bool is_held(const struct compile *c, enum side side)
{
    const struct node_facts *primary = facts_primary(c->facts, side);

    return c->is_held[side] || (primary != NULL && primary->held_count > 0);
}

static const char let_in_text[] =
    "at once ALTER USER ... ACCOUNT UNLOCK on %s, for whoever has no connection there yet";

void op_let_in(struct compile *c, struct plan_step *step, enum side side)
{
    if (is_held(c, side))
        add_work(c, step, LIST_DO, "fence.let_in", side_arg(side), let_in_text,
                 primary_of(c, side)->name);
}

void op_let_back_in(struct compile *c, struct plan_step *step, enum side side)
{
    if (is_held(c, side))
        add_work(c, step, LIST_UNDO, "fence.let_in",
                 json_pack("{s:s,s:b}", "side", side_name(side), "if_open", 1), let_in_text,
                 primary_of(c, side)->name);
}

void part_let_in(struct compile *c, enum side side)
{
    bool has_file = way_of(c, side) == HOLD_FILE;
    char where[DROP_IN_WHERE_SIZE];
    struct plan_step *step;

    if (!is_held(c, side) && !has_file)
        return;
    step = is_held(c, side)
               ? part(c, "let-in", "Accounts that were locked on %s may log in again",
                      side_title(side))
               : part(c, "let-in", "A restart of %s does not close it any more", side_title(side));
    if (is_held(c, side))
        add_work(c, step, LIST_DO, "fence.release", side_arg(side),
                 "ALTER USER ... ACCOUNT UNLOCK on %s for what is written down there, unlogged",
                 primary_of(c, side)->name);
    if (has_file)
        add_work(c, step, LIST_DO, "fence.unfile",
                 json_pack("{s:s,s:b}", "side", side_name(side), "if_possible", 1),
                 "delete %.300s, if it is there; nothing waits for that when the host cannot be "
                 "reached",
                 drop_in_where(DROP_IN_CLOSED, primary_of(c, side), where));
    c->is_held[side] = false;
}

void warn_still_held(struct compile *c, enum side side)
{
    char where[DROP_IN_WHERE_SIZE];

    if (is_held(c, side))
        plan_warn(c,
                  "the accounts that cutover locked on %s stay locked: a server that nobody "
                  "follows should take no writes; \"cutover status\" prints what unlocks them",
                  primary_of(c, side)->name);
    if (way_of(c, side) == HOLD_FILE)
        plan_warn(c,
                  "%.300s stays: a server that nobody follows should take no writes, after a "
                  "restart as well",
                  drop_in_where(DROP_IN_CLOSED, primary_of(c, side), where));
}
