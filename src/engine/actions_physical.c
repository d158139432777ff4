/* SPDX-License-Identifier: MIT */
/*
 * The seed by mariadb-backup: NEW's primary from OLD's, NEW's replicas from NEW's primary. Each
 * node is a part that streams, one that puts the copy in place, and one that gives it its position.
 */
#include <stdio.h>

#include "domain/seed_method.h"
#include "engine/compile_step.h"

#define ER_NO_SUCH_CONNECTION 1617
#define ER_NO_SUCH_MASTER_CONFIGURATION 1200

static json_t *whom(const struct compile *c, const struct node *donor, const struct node *node,
                    const char *position)
{
    return json_pack("{s:s,s:s,s:s,s:I,s:I}", "node", node->name, "donor", donor->name, "position",
                     position, "workers", (json_int_t)playbook_step_number(c->step, "workers", 0),
                     "rate", (json_int_t)playbook_step_number(c->step, "rate", 0));
}

/* An earlier seed may have left a replica without its channel. */
static void op_stop_replica(struct compile *c, struct plan_step *step, enum op_list list,
                            const struct node *node)
{
    struct op *op = add_sql(c, step, list, node, SQL_REPLICA_STOP_DEFAULT, NULL, 0);
    op->tolerate[0] = ER_NO_SUCH_CONNECTION;
    op->tolerate[1] = ER_NO_SUCH_MASTER_CONFIGURATION;
}

static void part_copy(struct compile *c, const struct node *donor, const struct node *node,
                      const char *suffix)
{
    char name[48];

    (void)snprintf(name, sizeof name, "copy%s", suffix);
    struct plan_step *step = part(c, name, "Copy %s to %s", donor->name, node->name);
    add_work(c, step, LIST_DO, "seed.physical_copy", whom(c, donor, node, suffix),
             "mariadb-backup on the host of %s streams, encrypted and compressed, to that of %s, "
             "where the copy is prepared beside the data; %s is not touched",
             donor->name, node->name, node->name);
    add_work(c, step, LIST_UNDO, "seed.physical_settle", whom(c, donor, node, suffix),
             "throw the copy away on the host of %s", node->name);
}

static void part_place(struct compile *c, const struct node *donor, const struct node *node,
                       const char *suffix)
{
    char name[48];

    (void)snprintf(name, sizeof name, "place%s", suffix);
    struct plan_step *step = part(c, name, "Put the copy in place on %s", node->name);
    add_work(c, step, LIST_DO, "seed.physical_place", whom(c, donor, node, suffix),
             "stop %s, put the copy in the place of all it holds, start it closed; the events of "
             "the copy wait",
             node->name);
    add_work(c, step, LIST_UNDO, "seed.physical_settle", whom(c, donor, node, suffix),
             "what is half in place is put in place; %s runs, closed", node->name);
    if (node->is_primary)
        add_work(c, step, LIST_UNDO, "seed.wipe", NULL,
                 "drop the databases on all nodes of NEW; what else was copied stays");
}

static void part_position(struct compile *c, const struct node *donor, const struct node *node,
                          const char *suffix)
{
    char name[48], position[64];

    (void)snprintf(name, sizeof name, "position%s", suffix);
    (void)snprintf(position, sizeof position, "${position:seed%s}", suffix);
    struct plan_step *step = part(c, name,
                                  node->is_primary ? "Give %s the position of its copy"
                                                   : "Give %s the position of its copy; it follows",
                                  node->name);
    if (!node->is_primary)
        op_stop_replica(c, step, LIST_DO, node);
    ops_begin_at(c, step, node, position);
    if (!node->is_primary) {
        ops_point_channel(c, step, node, "", donor, 0);
        add_sql(c, step, LIST_DO, node, SQL_REPLICA_START_DEFAULT, NULL, 0);
        op_stop_replica(c, step, LIST_UNDO, node);
    }
    add_work(c, step, LIST_DO, "seed.physical_clean", whom(c, donor, node, suffix),
             "throw away what the copy has replaced on %s", node->name);
}

static void parts_node(struct compile *c, const struct node *donor, const struct node *node,
                       unsigned number)
{
    char suffix[24] = "";

    if (number)
        (void)snprintf(suffix, sizeof suffix, "-replica-%u", number);
    part_copy(c, donor, node, suffix);
    part_place(c, donor, node, suffix);
    part_position(c, donor, node, suffix);
}

void part_check_physical(struct compile *c)
{
    struct plan_step *step =
        part(c, "check-physical", "OLD can be copied file by file, and all of NEW may go");

    step->is_repeatable = true;
    add_work(
        c, step, LIST_DO, "seed.physical_check",
        json_pack("{s:I}", "rate", (json_int_t)playbook_step_number(c->step, "rate", 0)),
        "refuse unless all are MariaDB of one series that holds the service's databases only, the "
        "hosts have the programs, the room and the port, and OLD keeps its binary logs long "
        "enough");
}

void parts_physical(struct compile *c)
{
    const struct node *primary = primary_of(c, SIDE_NEW);
    unsigned number = 0;

    struct plan_step *step = part(c, "detach-new", "Take NEW off every link");
    ops_drop_link(c, step, LIST_DO, SIDE_NEW);
    for (size_t i = 0; i < c->service->node_count; i++)
        if (c->service->nodes[i].side == SIDE_NEW && !c->service->nodes[i].is_primary)
            op_stop_replica(c, step, LIST_DO, &c->service->nodes[i]);
    parts_node(c, primary_of(c, SIDE_OLD), primary, 0);
    for (size_t i = 0; i < c->service->node_count; i++)
        if (c->service->nodes[i].side == SIDE_NEW && !c->service->nodes[i].is_primary)
            parts_node(c, primary, &c->service->nodes[i], ++number);
}
