/* SPDX-License-Identifier: MIT */
/*
 * Expansions of the actions that make, try and drop the links: seed, follow, rehearse, reset,
 * mirror, retire.
 */
#include <stdio.h>

#include "domain/seed_method.h"
#include "engine/compile_step.h"

/* There is no such channel: dropped already. MariaDB's number and MySQL's. */
#define ER_NO_SUCH_CONNECTION 1617
#define ER_NO_SUCH_CHANNEL 3074

#define ARGS(...) ((const struct sql_arg[]){__VA_ARGS__})

/* Stop and forget the link that ends on `replica_side`. True already is fine. */
void ops_drop_link(struct compile *c, struct plan_step *step, enum op_list list,
                   enum side replica_side)
{
    const struct node *node = primary_of(c, replica_side);
    const char *channel = link_channel(replica_side);

    static const enum sql_id statements[] = {SQL_LINK_STOP, SQL_LINK_RESET};

    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        struct op *op = add_sql(c, step, list, node, statements[i], ARGS({"channel", channel}), 1);
        op->tolerate[0] = ER_NO_SUCH_CONNECTION;
        op->tolerate[1] = ER_NO_SUCH_CHANNEL;
    }
}

/* MySQL has no domains, and skips by itself what it has executed before. */
static unsigned domain_of(const struct node_facts *node)
{
    return node && node->origin.flavour == FLAVOUR_MARIADB ? node->origin.domain : 0;
}

void ops_point_channel(struct compile *c, struct plan_step *step, const struct node *replica,
                       const char *channel, const struct node *source, unsigned ignored_domain)
{
    const struct service *service = c->service;
    char port[16], ignore[16];
    bool verifies = service->tls.mode == TLS_VERIFY_CA || service->tls.mode == TLS_VERIFY_IDENTITY;

    (void)snprintf(port, sizeof port, "%u", source->port);
    (void)snprintf(ignore, sizeof ignore, "%u", ignored_domain);
    const struct sql_arg args[] = {
        {"channel", channel},
        {"host", source->host},
        {"port", port},
        {"user", service->replication.user},
        {"password", "${secret:replication}"},
        {"tls", service->tls.mode == TLS_OFF ? "0" : "1"},
        {"verify", verifies ? "1" : "0"},
        {"ca", verifies ? service->tls.ca_path : ""},
        {"ignore", ignore},
    };
    add_sql(c, step, LIST_DO, replica, SQL_LINK_CHANGE_SOURCE, args, ARRAY_LEN(args));
}

void parts_make_link(struct compile *c, enum side replica_side)
{
    const char *channel = link_channel(replica_side);
    struct plan_step *step =
        part(c, "make-link", "Make the %s link: %s follows %s", link_name(replica_side),
             primary_of(c, replica_side)->name, primary_of(c, side_other(replica_side))->name);

    ops_drop_link(c, step, LIST_DO, replica_side);
    ops_point_channel(c, step, primary_of(c, replica_side), channel,
                      primary_of(c, side_other(replica_side)),
                      domain_of(facts_primary(c->facts, replica_side)));
    add_sql(c, step, LIST_DO, primary_of(c, replica_side), SQL_LINK_START,
            ARGS({"channel", channel}), 1);
    ops_drop_link(c, step, LIST_UNDO, replica_side);
    set_verify(c, step, "link.runs", json_pack("{s:s}", "side", side_name(replica_side)),
               "the %s link receives and applies", link_name(replica_side));

    step = part(c, "catch-up", "Wait until %s has applied everything of %s",
                side_title(replica_side), side_title(side_other(replica_side)));
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "link.catch_up", json_pack("{s:s}", "side", side_name(replica_side)),
             "read the position of %s and wait until %s has applied it, then until the link keeps "
             "up; a link that stops fails at once",
             side_title(side_other(replica_side)), side_title(replica_side));
}

/* --- every node of NEW ------------------------------------------------------------------------ */

static void each_new(struct compile *c, struct plan_step *step, enum op_list list, enum sql_id id,
                     bool with_primary)
{
    for (size_t i = 0; i < c->service->node_count; i++) {
        const struct node *node = &c->service->nodes[i];
        if (node->side == SIDE_NEW && (with_primary || !node->is_primary))
            add_sql(c, step, list, node, id, NULL, 0);
    }
}

/* A node that keeps administrators out, too, lets our own account write into it. It stays so. */
static void ops_admit_new(struct compile *c, struct plan_step *step, enum op_list list)
{
    each_new(c, step, list, SQL_READ_ONLY_ADMIT, true);
}

/*
 * Replicas keep everybody out but their source. The primary cannot: the lease and the probe's rows
 * are written there while it waits.
 */
static void ops_seal_new(struct compile *c, struct plan_step *step, enum op_list list)
{
    each_new(c, step, list, SQL_READ_ONLY_SEAL, false);
}

/*
 * A binary log that begins behind the position a strict replica asks for is a hole to it (1236), so
 * the log is told where it begins. Only an empty log can be told, so it is emptied again: the part
 * may be a repeated one.
 */
void ops_begin_at(struct compile *c, struct plan_step *step, const struct node *node,
                  const char *position)
{
    if (!node->is_primary)
        add_sql(c, step, LIST_DO, node, SQL_REPLICA_RESET_DEFAULT, NULL, 0);
    add_sql(c, step, LIST_DO, node, SQL_GTID_FORGET, NULL, 0);
    if (*position)
        add_sql(c, step, LIST_DO, node, SQL_GTID_BEGIN_LOG, ARGS({"position", position}), 1);
    add_sql(c, step, LIST_DO, node, SQL_GTID_ADOPT, ARGS({"position", position}), 1);
}

/*
 * NEW back to an empty cluster that knows no position: what seed begins with and reset ends with.
 */
static void parts_empty_new(struct compile *c)
{
    struct plan_step *step = part(c, "detach-new", "Take NEW off every link");

    ops_drop_link(c, step, LIST_DO, SIDE_NEW);
    each_new(c, step, LIST_DO, SQL_REPLICA_STOP_DEFAULT, false);

    step = part(c, "wipe-new", "Throw away the service's databases on every node of NEW");
    ops_admit_new(c, step, LIST_DO);
    add_work(c, step, LIST_DO, "seed.wipe", NULL,
             "drop the service's databases on all nodes of NEW, unlogged; refused unless NEW is "
             "closed, no link runs towards it and OLD is open; earlier proofs of equality are "
             "forgotten");

    step = part(c, "forget-position", "Forget binary logs and GTID positions on NEW");
    for (size_t i = 0; i < c->service->node_count; i++)
        if (c->service->nodes[i].side == SIDE_NEW)
            ops_begin_at(c, step, &c->service->nodes[i], "");
}

/* NEW waits closed for everybody but this program, which has to write there. */
static void work_close_new(struct compile *c, struct plan_step *step, enum op_list list,
                           const char *how)
{
    add_work(c, step, list, "fence.close", json_pack("{s:s,s:b}", "side", "new", "admit", 1),
             "%s on %s: %s", close_text(c, SIDE_NEW), primary_of(c, SIDE_NEW)->name, how);
}

static void part_close_new(struct compile *c)
{
    struct plan_step *step = part(c, "close-new", "Close NEW: only replication may write there");

    for (size_t i = 0; i < c->service->node_count; i++) {
        const struct node *node = &c->service->nodes[i];
        if (node->side == SIDE_NEW && !node->is_primary)
            add_sql(c, step, LIST_DO, node, SQL_READ_ONLY_SET, NULL, 0);
    }
    work_close_new(
        c, step, LIST_DO,
        "bounded by lock_wait; end writing sessions; prove that no write lands after it");
    set_verify(c, step, "side.is_closed", json_pack("{s:s,s:b}", "side", "new", "admit", 1),
               "NEW refuses writes");
}

static void part_position(struct compile *c)
{
    struct plan_step *step =
        part(c, "set-position", "Give every node of NEW the position of the copy");

    each_new(c, step, LIST_DO, SQL_REPLICA_STOP_DEFAULT, false);
    for (size_t i = 0; i < c->service->node_count; i++)
        if (c->service->nodes[i].side == SIDE_NEW)
            ops_begin_at(c, step, &c->service->nodes[i], "${position:seed}");
    each_new(c, step, LIST_DO, SQL_REPLICA_START_DEFAULT, false);
    ops_seal_new(c, step, LIST_DO);
    each_new(c, step, LIST_UNDO, SQL_REPLICA_STOP_DEFAULT, false);
}

void expand_seed(struct compile *c)
{
    json_int_t workers = (json_int_t)playbook_step_number(c->step, "workers", 0);
    json_int_t rate = (json_int_t)playbook_step_number(c->step, "rate", 0);

    switch ((enum seed_method)playbook_step_number(c->step, "method", SEED_COPY)) {
    case SEED_COPY:
        break;
    case SEED_CLONE:
        part_check_clone(c);
        part_close_new(c);
        parts_clone(c);
        return;
    case SEED_PHYSICAL:
        part_check_physical(c);
        part_close_new(c);
        parts_physical(c);
        return;
    }
    struct plan_step *step = part(c, "check-copy", "OLD can be copied, and NEW has the room");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "seed.copy_check", json_pack("{s:I}", "rate", rate),
             "refuse unless both sides are of one flavour, all tables are InnoDB's, OLD keeps its "
             "binary log for long enough, and what comes fits (asked over SSH)");
    part_close_new(c);
    parts_empty_new(c);

    step = part(c, "copy", "Copy the databases from OLD to every node of NEW");
    ops_admit_new(c, step, LIST_DO);
    add_work(c, step, LIST_DO, "seed.wipe", NULL,
             "drop what a copy that was cut short left on NEW; refused as in wipe-new");
    add_work(c, step, LIST_DO, "seed.copy",
             json_pack("{s:I,s:I}", "workers", workers, "rate", rate),
             "one snapshot of %s for all workers (commits are held for an instant), tables "
             "streamed in parallel to every node of NEW, unlogged; views, routines, triggers and "
             "events after the rows; the snapshot's position is kept as ${position:seed}",
             primary_of(c, SIDE_OLD)->name);
    ops_admit_new(c, step, LIST_UNDO);
    add_work(c, step, LIST_UNDO, "seed.wipe", NULL,
             "drop the copied databases on all nodes of NEW again");
    ops_seal_new(c, step, LIST_UNDO);
    part_position(c);
}

void expand_follow(struct compile *c)
{
    struct plan_step *step = part(c, "check-seeded", "NEW holds a copy with a known position");

    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "seed.check", NULL,
             "refuse unless NEW has the databases, has a GTID position and took no writes of its "
             "own");
    parts_make_link(c, SIDE_NEW);

    step = part(c, "check-replicas", "NEW's replicas follow their primary");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "replicas.check", json_pack("{s:s}", "side", "new"),
             "every replica of NEW receives, applies, and reaches its primary's position of now");
}

void expand_rehearse(struct compile *c)
{
    struct plan_step *step = part(c, "detach-new", "Stop following: NEW stands alone");

    ops_drop_link(c, step, LIST_DO, SIDE_NEW);

    step = part(c, "open-new", "Open NEW for the load test");
    add_work(c, step, LIST_DO, "side.open", json_pack("{s:s}", "side", "new"), "%s on %s",
             open_text(c, SIDE_NEW), primary_of(c, SIDE_NEW)->name);
    work_close_new(c, step, LIST_UNDO,
                   "its data stays until `reset`, and it cannot follow without being seeded");
    ops_admit_new(c, step, LIST_UNDO);
    add_work(c, step, LIST_UNDO, "seed.wipe", NULL,
             "throw the load test's data away: NEW is apart");
    ops_seal_new(c, step, LIST_UNDO);
    set_verify(c, step, "side.is_open", json_pack("{s:s}", "side", "new"), "NEW accepts writes");
    part_let_in(c, SIDE_NEW);
    plan_warn(c,
              "after \"%s\" NEW takes writes of its own: only `reset` leads on from there, and "
              "its data is thrown away",
              c->step->name);
}

void expand_reset(struct compile *c)
{
    part_close_new(c);
    parts_empty_new(c);

    struct plan_step *step = part(c, "restart-replicas", "NEW's replicas follow their primary");
    each_new(c, step, LIST_DO, SQL_REPLICA_START_DEFAULT, false);
    ops_seal_new(c, step, LIST_DO);
}

void expand_mirror(struct compile *c)
{
    struct plan_step *step = part(c, "check-clean", "NEW took no writes of its own");

    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "link.check_clean", NULL,
             "read NEW's GTID state, then OLD's; refuse when NEW has a transaction that OLD lacks");

    step = part(c, "adopt-position", "OLD will ask NEW only for what OLD does not have");
    ops_drop_link(c, step, LIST_DO, SIDE_OLD);
    add_sql(c, step, LIST_DO, primary_of(c, SIDE_OLD), SQL_GTID_ADOPT_OWN, NULL, 0);
    add_work(c, step, LIST_DO, "link.catch_up", json_pack("{s:s}", "side", "new"),
             "wait until NEW has applied everything of OLD: MariaDB refuses who asks for more than "
             "it has (1236)");

    parts_make_link(c, SIDE_OLD);

    step = part(c, "probe", "A row travels from OLD to NEW and one from NEW to OLD");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "link.probe", NULL,
             "write a row into cutover.probe on OLD and see it on NEW, then the other way");
}

void expand_unmirror(struct compile *c)
{
    struct plan_step *step = part(c, "drop-link", "Remove the reverse link: NEW only follows");

    ops_drop_link(c, step, LIST_DO, SIDE_OLD);
    plan_warn(c,
              "without the reverse link there is no way back: mirror again before the users move");
}

void expand_retire(struct compile *c)
{
    struct plan_step *step = part(c, "check-unused", "Nobody uses OLD any more");

    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "retire.check", NULL,
             "OLD is closed, NEW is open, every name points at NEW, and OLD has everything of NEW");

    step = part(c, "drop-links", "Drop both links: the way back ends here");
    step->commits = true;
    ops_drop_link(c, step, LIST_DO, SIDE_OLD);
    ops_drop_link(c, step, LIST_DO, SIDE_NEW);
    set_verify(c, step, "link.absent", NULL, "neither link exists");

    part_unstagger(c);
    warn_still_held(c, SIDE_OLD);
    plan_warn(c, "retiring drops both links: there is no way back after it");
}
