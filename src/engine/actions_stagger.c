/* SPDX-License-Identifier: MIT */
/*
 * How a plan lets both sides hand out different AUTO_INCREMENT values, also after a restart: a
 * primary that came back and counted as before would hand out keys that the other one has handed
 * out, too.
 */
#include <stdio.h>

#include "cluster/drop_in.h"
#include "engine/compile_step.h"

#define ARGS(...) ((const struct sql_arg[]){__VA_ARGS__})

static void sql_counting(struct compile *c, struct plan_step *step, enum op_list list,
                         enum side side, enum sql_id id, unsigned increment, unsigned offset)
{
    char increment_text[16], offset_text[16];

    (void)snprintf(increment_text, sizeof increment_text, "%u", increment);
    (void)snprintf(offset_text, sizeof offset_text, "%u", offset);
    (void)add_sql(c, step, list, primary_of(c, side), id,
                  ARGS({"increment", increment_text}, {"offset", offset_text}), 2);
}

/* What the server had written down before; nothing, as a rule. */
static void ops_keep_as_before(struct compile *c, struct plan_step *step, enum op_list list,
                               enum side side, const struct node_facts *before)
{
    unsigned increment = before->kept_increment, offset = before->kept_offset;

    if (increment || offset)
        sql_counting(c, step, list, side, SQL_STAGGER_KEEP,
                     increment ? increment : before->increment, offset ? offset : before->offset);
    if (!increment)
        (void)add_sql(c, step, list, primary_of(c, side), SQL_STAGGER_FORGET_INCREMENT, NULL, 0);
    if (!offset)
        (void)add_sql(c, step, list, primary_of(c, side), SQL_STAGGER_FORGET_OFFSET, NULL, 0);
}

/* A file of ours says it to a server that cannot write settings down. */
static bool counts_by_file(const struct compile *c, enum side side)
{
    const struct node_facts *primary = facts_primary(c->facts, side);

    return primary && primary->is_reached == TRI_YES && !version_persists(&primary->version) &&
           drop_in_is_possible(primary_of(c, side));
}

static void op_count_by_file(struct compile *c, struct plan_step *step, enum side side,
                             unsigned increment, unsigned offset)
{
    const struct node *node = primary_of(c, side);
    char where[DROP_IN_WHERE_SIZE];

    (void)drop_in_where(DROP_IN_COUNTING, node, where);
    add_work(c, step, LIST_DO, "stagger.file",
             json_pack("{s:s,s:i,s:i}", "side", side_name(side), "increment", (int)increment,
                       "offset", (int)offset),
             "over SSH, write auto_increment_increment = %u and auto_increment_offset = %u into "
             "%.300s; refuse when the server would not read it",
             increment, offset, where);
    add_work(c, step, LIST_UNDO, "stagger.unfile", json_pack("{s:s}", "side", side_name(side)),
             "delete %.300s, or give it back what it said before", where);
}

static void warn_restart_forgets(struct compile *c, enum side side, unsigned increment,
                                 unsigned offset)
{
    const struct node_facts *primary = facts_primary(c->facts, side);

    if (primary && primary->is_reached == TRI_YES && !version_persists(&primary->version))
        plan_warn(c,
                  "a restart of %s forgets how it counts, and both sides would hand out the same "
                  "numbers: write auto_increment_increment = %u and auto_increment_offset = %u "
                  "into its my.cnf, or let cutover: ssh.drop_in",
                  primary_of(c, side)->name, increment, offset);
}

/* First what a restart goes by: it is found done, whenever a server dies. */
static void part_keep_increments(struct compile *c, unsigned increment)
{
    struct plan_step *step = NULL;

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        unsigned offset = side == SIDE_OLD ? 1 : 2;
        if (!counts_by_file(c, side)) {
            warn_restart_forgets(c, side, increment, offset);
            continue;
        }
        if (!step)
            step = part(c, "keep-increments", "A restart changes nothing about AUTO_INCREMENT");
        op_count_by_file(c, step, side, increment, offset);
    }
}

void expand_stagger(struct compile *c)
{
    unsigned increment = (unsigned)playbook_step_number(c->step, "increment", 2);

    part_keep_increments(c, increment);
    struct plan_step *step =
        part(c, "set-increments", "AUTO_INCREMENT: OLD gives 1, %u, ..., NEW gives 2, %u, ...",
             1 + increment, 2 + increment);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *before = facts_primary(c->facts, side);
        unsigned offset = side == SIDE_OLD ? 1 : 2;
        sql_counting(c, step, LIST_DO, side, SQL_STAGGER_KEEP, increment, offset);
        sql_counting(c, step, LIST_DO, side, SQL_STAGGER_SET, increment, offset);
        if (!before || !before->increment)
            continue;
        ops_keep_as_before(c, step, LIST_UNDO, side, before);
        sql_counting(c, step, LIST_UNDO, side, SQL_STAGGER_SET, before->increment, before->offset);
    }
    set_verify(c, step, "stagger.check", NULL,
               "new sessions of the application on both sides get the new increments");

    step = part(c, "renew-sessions", "End sessions that still count by the old increments");
    add_work(c, step, LIST_DO, "sessions.renew", NULL,
             "application sessions inherit the increment when they connect: idle ones that are "
             "older than the change are ended, busy ones are waited for, until none is left");
}

void part_unstagger(struct compile *c)
{
    const struct node *node = primary_of(c, SIDE_NEW);
    const struct node_facts *primary = facts_primary(c->facts, SIDE_NEW);
    char where[DROP_IN_WHERE_SIZE];

    if (!primary || primary->increment <= 1)
        return;
    struct plan_step *step = part(c, "unstagger", "AUTO_INCREMENT on NEW counts by one again");
    (void)add_sql(c, step, LIST_DO, node, SQL_STAGGER_FORGET_INCREMENT, NULL, 0);
    (void)add_sql(c, step, LIST_DO, node, SQL_STAGGER_FORGET_OFFSET, NULL, 0);
    sql_counting(c, step, LIST_DO, SIDE_NEW, SQL_STAGGER_SET, 1, 1);
    if (counts_by_file(c, SIDE_NEW))
        add_work(c, step, LIST_DO, "stagger.unfile",
                 json_pack("{s:s,s:b}", "side", "new", "for_good", 1),
                 "delete %.300s, if it is there; nothing waits for that when the host cannot be "
                 "reached",
                 drop_in_where(DROP_IN_COUNTING, node, where));
    if (counts_by_file(c, SIDE_OLD))
        plan_warn(c, "%.300s stays with OLD, which goes on leaving out numbers",
                  drop_in_where(DROP_IN_COUNTING, primary_of(c, SIDE_OLD), where));
}
