/* SPDX-License-Identifier: MIT */
/*
 * The seed by MySQL's clone plugin: NEW's primary from OLD's, NEW's replicas from NEW's primary,
 * which stands still, so that all of NEW is the same.
 */
#include <stdio.h>

#include "engine/compile_step.h"

static void each_new(struct compile *c, struct plan_step *step, enum op_list list, enum sql_id id)
{
    for (size_t i = 0; i < c->service->node_count; i++)
        if (c->service->nodes[i].side == SIDE_NEW)
            add_sql(c, step, list, &c->service->nodes[i], id, NULL, 0);
}

static json_int_t rate_of(const struct compile *c)
{
    return (json_int_t)playbook_step_number(c->step, "rate", 0);
}

/* Closed for everybody, now and when it comes back: nothing else keeps its events from writing. */
static void ops_clone(struct compile *c, struct plan_step *step, const struct node *donor,
                      const struct node *recipient)
{
    add_sql(c, step, LIST_DO, recipient, SQL_READ_ONLY_SET, NULL, 0);
    add_work(
        c, step, LIST_DO, "seed.clone",
        json_pack("{s:s,s:s,s:I}", "node", recipient->name, "donor", donor->name, "rate",
                  rate_of(c)),
        "CLONE INSTANCE FROM %s on %s: everything %s holds is replaced; it restarts, or has to "
        "be started; the events of the copy wait",
        donor->name, recipient->name, recipient->name);
    add_work(c, step, LIST_UNDO, "seed.clone_settle", json_pack("{s:s}", "node", recipient->name),
             "wait until no clone is under way on %s, and it has restarted if it does; its limits "
             "of bandwidth and its list of donors are what they were",
             recipient->name);
}

/* The copy of a primary knows no source. */
static void ops_attach(struct compile *c, struct plan_step *step, const struct node *replica)
{
    add_sql(c, step, LIST_DO, replica, SQL_REPLICA_STOP_DEFAULT, NULL, 0);
    ops_point_channel(c, step, replica, "", primary_of(c, SIDE_NEW), 0);
    add_sql(c, step, LIST_DO, replica, SQL_REPLICA_START_DEFAULT, NULL, 0);
}

void part_check_clone(struct compile *c)
{
    struct plan_step *step = part(c, "check-clone", "OLD can be cloned, and all of NEW may go");

    step->is_repeatable = true;
    add_work(
        c, step, LIST_DO, "seed.clone_check", json_pack("{s:I}", "rate", rate_of(c)),
        "refuse unless OLD and NEW are MySQL of one series and platform with the clone plugin, "
        "and hold the service's databases only, OLD keeps its binary log for long enough, and "
        "what comes fits (asked over SSH)");
}

void parts_clone(struct compile *c)
{
    const struct node *primary = primary_of(c, SIDE_NEW);
    unsigned number = 0;

    struct plan_step *step = part(c, "detach-new", "Take NEW off every link");
    ops_drop_link(c, step, LIST_DO, SIDE_NEW);
    for (size_t i = 0; i < c->service->node_count; i++)
        if (c->service->nodes[i].side == SIDE_NEW && !c->service->nodes[i].is_primary)
            add_sql(c, step, LIST_DO, &c->service->nodes[i], SQL_REPLICA_STOP_DEFAULT, NULL, 0);

    step = part(c, "clone", "Clone %s from %s", primary->name, primary_of(c, SIDE_OLD)->name);
    ops_clone(c, step, primary_of(c, SIDE_OLD), primary);
    each_new(c, step, LIST_UNDO, SQL_READ_ONLY_ADMIT);
    add_work(c, step, LIST_UNDO, "seed.wipe", json_pack("{s:b}", "of_clone", 1),
             "drop the databases on all nodes of NEW; what else was cloned stays");

    for (size_t i = 0; i < c->service->node_count; i++) {
        const struct node *node = &c->service->nodes[i];
        char name[32];
        if (node->side != SIDE_NEW || node->is_primary)
            continue;
        (void)snprintf(name, sizeof name, "clone-replica-%u", ++number);
        step = part(c, name, "Clone %s from %s, which it then follows", node->name, primary->name);
        ops_clone(c, step, primary, node);
        ops_attach(c, step, node);
        add_sql(c, step, LIST_UNDO, node, SQL_REPLICA_STOP_DEFAULT, NULL, 0);
    }

    step =
        part(c, "admit-new", "Let our own account write on %s, which stays closed", primary->name);
    add_sql(c, step, LIST_DO, primary, SQL_READ_ONLY_ADMIT, NULL, 0);
}
