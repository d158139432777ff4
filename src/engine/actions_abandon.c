/* SPDX-License-Identifier: MIT */
/*
 * Expansion of abandon: back to OLD where nothing leads there without loss. What NEW has and OLD
 * lacks is listed and kept in a file before the commit step, never thrown away in silence.
 */
#include <stdio.h>

#include "domain/way_back.h"
#include "engine/compile_step.h"

#define ER_NO_SUCH_CONNECTION 1617
#define ER_NO_SUCH_CHANNEL 3074

static bool is_new_reached(const struct compile *c)
{
    const struct node_facts *primary = facts_primary(c->facts, SIDE_NEW);
    return primary && primary->is_reached == TRI_YES;
}

static void refuse_if_better(struct compile *c)
{
    struct verdict verdict;
    char why[320];

    situation_judge(c->facts, &verdict);
    if (!way_back_is_only_lossy(c->facts, &verdict, why))
        compile_fail(c, ERR_REFUSED, "nothing has to be given up: %s", why);
}

/* NEW first: what is listed below must not grow. */
static void part_close_new(struct compile *c, bool is_reached)
{
    struct plan_step *step;

    if (is_reached) {
        part_hold(c, SIDE_NEW, true);
        step = part(c, "close-new", "Close NEW and prove it");
        work_close(c, step, SIDE_NEW, true,
                   "end sessions that still hold writes; no writing transaction left; position "
                   "read twice and equal");
        op_hold_proven(c, step, SIDE_NEW);
        return;
    }
    step = part(c, "absent-new", "NEW does not answer");
    step->is_repeatable = true;
    add_work(
        c, step, LIST_DO, "abandon.absent", NULL,
        "ask NEW once more; refused when it answers, because then nothing is given up blindly");
}

static void part_apply(struct compile *c)
{
    struct plan_step *step = part(c, "apply-received", "OLD applies what it has received");

    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "abandon.apply", NULL,
             "wait until OLD has applied every transaction that its reverse link has received; an "
             "applier that has stopped with an error applies no more");
}

static void op_link(struct compile *c, struct plan_step *step, enum op_list list, enum sql_id id)
{
    const struct sql_arg channel = {"channel", link_channel(SIDE_OLD)};
    struct op *op = add_sql(c, step, list, primary_of(c, SIDE_OLD), id, &channel, 1);

    op->tolerate[0] = ER_NO_SUCH_CONNECTION;
    op->tolerate[1] = ER_NO_SUCH_CHANNEL;
}

/* A link that came to life again after OLD was opened would bring back what was given up. */
static void part_stop_reverse(struct compile *c)
{
    struct plan_step *step = part(c, "stop-reverse", "Nothing of NEW arrives on OLD any more");

    op_link(c, step, LIST_DO, SQL_LINK_STOP);
    op_link(c, step, LIST_UNDO, SQL_LINK_START);
}

static void part_list(struct compile *c, bool is_reached)
{
    const struct playbook_value *lose = playbook_step_value(c->step, "lose");
    struct plan_step *step = part(c, "list-lost", "Say and keep what is lost");

    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "abandon.list",
             json_pack("{s:s,s:b}", "lose", lose && lose->text ? lose->text : "", "absent",
                       (int)!is_reached),
             is_reached
                 ? "read NEW's binary log from what OLD has applied; write every transaction and "
                   "the rows as they are now into a file beside the journal; refused when they are "
                   "more than a person has agreed to"
                 : "nobody can say how much it is: refused unless a person has agreed to "
                   "\"unknown\"");
}

static void part_open_old(struct compile *c)
{
    struct plan_step *step = part(c, "open-to", "Open OLD: the commit step");

    step->commits = true;
    work_open(c, step, SIDE_OLD);
    op_let_in(c, step, SIDE_OLD);
    set_verify(c, step, "side.is_open", json_pack("{s:s}", "side", "old"), "OLD accepts writes");
}

static void part_cut_links(struct compile *c, bool is_reached)
{
    struct plan_step *step = part(c, "cut-links", "Remove the links: the sides have parted");

    ops_drop_link(c, step, LIST_DO, SIDE_OLD);
    if (!is_reached)
        return;
    ops_drop_link(c, step, LIST_DO, SIDE_NEW);
    set_verify(c, step, "link.absent", NULL, "neither link exists");
}

static void part_events(struct compile *c, bool is_reached)
{
    struct plan_step *step = part(c, "move-events", "Scheduled events fire on OLD only");

    if (is_reached)
        add_work(c, step, LIST_DO, "events.move", json_pack("{s:s}", "to", "old"),
                 "ALTER EVENT ... DISABLE ON REPLICA on %s, then ENABLE on %s, unlogged, each with "
                 "the definer it has",
                 primary_of(c, SIDE_NEW)->name, primary_of(c, SIDE_OLD)->name);
    else
        add_work(c, step, LIST_DO, "abandon.events", NULL,
                 "ALTER EVENT ... ENABLE on %s, unlogged, each with the definer it has",
                 primary_of(c, SIDE_OLD)->name);
}

void expand_abandon(struct compile *c)
{
    bool is_reached = is_new_reached(c);

    refuse_if_better(c);
    part_check_records(c);
    part_close_new(c, is_reached);
    part_apply(c);
    part_stop_reverse(c);
    part_list(c, is_reached);
    part_open_old(c);
    part_let_in(c, SIDE_OLD);
    part_cut_links(c, is_reached);
    part_events(c, is_reached);
    parts_flip(c, SIDE_OLD);

    struct plan_step *step = part(c, "part", "Say what has become of NEW");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "abandon.tell", json_pack("{s:b}", "absent", (int)!is_reached),
             "NEW must be seeded again before it can be of use");
    c->is_end_unknown = !is_reached;
    plan_warn(c, "WRITES ARE LOST: what NEW has and OLD lacks is given up; it is listed in a file "
                 "beside the journal before OLD is opened");
    if (!is_reached)
        plan_warn(c,
                  "NEW does not answer: nobody knows what is lost, and it may come back open. Keep "
                  "it from starting, or have read_only = 1 in its my.cnf");
}
