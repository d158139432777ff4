/* SPDX-License-Identifier: MIT */
/*
 * engine/compile_step.h - the vocabulary in which actions are expanded into parts; for
 * engine/actions_*.c only.
 * Errors:  sticky: the first failure is kept in *err and everything after it does nothing, so that
 *          an expansion reads as a list of parts. The caller looks at compile.rc once.
 * Threads: the caller's.
 */
#ifndef CUTOVER_ENGINE_COMPILE_STEP_H
#define CUTOVER_ENGINE_COMPILE_STEP_H

#include "engine/compile.h"
#include "sql/catalog.h"

/* A record as it will be when the parts compiled so far have run. */
struct planned_record {
    const struct record_facts *facts;
    struct dns_record now;
    unsigned original_ttl_s; /* before any lowering, also by earlier runs */
};

struct compile {
    const struct compile_input *input;
    const struct service *service;
    const struct facts *facts;
    struct plan *plan;
    const struct playbook_step *step; /* the one being expanded */
    enum situation situation;         /* where the steps expanded so far end */
    unsigned step_number, part_number;
    struct planned_record *records;
    size_t record_count;
    bool is_end_unknown;      /* of the step: a side that cannot be asked will not tell */
    bool is_held[SIDE_COUNT]; /* by the parts compiled so far */
    int rc;
    struct err *err;
};

/* Begin a part. Never NULL: after a failure a scratch part swallows what is added. */
struct plan_step *part(struct compile *c, const char *what, const char *title_fmt, ...)
    PRINTF_LIKE(3, 4);

enum op_list { LIST_DO, LIST_UNDO };

/*
 * One statement on one node, from the catalog. Returns the op (never NULL) so that the caller can
 * set tolerate or is_unlogged.
 */
struct op *add_sql(struct compile *c, struct plan_step *step, enum op_list list,
                   const struct node *node, enum sql_id id, const struct sql_arg *args,
                   size_t arg_count);

/*
 * One procedure of the engine; args is stolen and may be NULL; the text is what the plan says it
 * does.
 */
struct op *add_work(struct compile *c, struct plan_step *step, enum op_list list, const char *work,
                    json_t *args, const char *text_fmt, ...) PRINTF_LIKE(6, 7);

/* The question put to the servers after the part: a check of engine/work.h. */
void set_verify(struct compile *c, struct plan_step *step, const char *work, json_t *args,
                const char *text_fmt, ...) PRINTF_LIKE(5, 6);

/*
 * Change one record from what the parts so far leave to `after`; the planned state moves on when
 * list is LIST_DO.
 */
void add_dns(struct compile *c, struct plan_step *step, enum op_list list,
             struct planned_record *record, const struct dns_record *after);

/* {id, name, type, content, ttl, proxied, comment}; NULL when out of memory. */
json_t *record_json(const struct dns_record *record);

void plan_warn(struct compile *c, const char *fmt, ...) PRINTF_LIKE(2, 3);
void compile_fail(struct compile *c, enum err_code code, const char *fmt, ...) PRINTF_LIKE(3, 4);

const struct node *primary_of(const struct compile *c, enum side side);
/* By what a side's primary is closed and opened, as this kind of server has it. Static text. */
const char *close_text(const struct compile *c, enum side side);
const char *open_text(const struct compile *c, enum side side);
/* Records named by the step's `records` value ("all" = every one). Calls each once a record. */
void each_record(struct compile *c,
                 void (*each)(struct compile *c, struct planned_record *record, void *context),
                 void *context);

/* The expansions, one a theme. */
void expand_seed(struct compile *c);
void expand_follow(struct compile *c);
void expand_rehearse(struct compile *c);
void expand_reset(struct compile *c);
void expand_stagger(struct compile *c);
void expand_mirror(struct compile *c);
void expand_unmirror(struct compile *c);
void expand_retire(struct compile *c);
void expand_verify(struct compile *c);
void expand_gate(struct compile *c);
void expand_approve(struct compile *c);
void expand_watch(struct compile *c);
void expand_lower_ttl(struct compile *c);
void expand_flip(struct compile *c);
void expand_cutover(struct compile *c);
void expand_settle(struct compile *c);
void expand_abandon(struct compile *c);
void expand_stop_services(struct compile *c);
void expand_start_services(struct compile *c);

/* Opening is more than its statement: the pause ends and heartbeats begin. */
void work_open(struct compile *c, struct plan_step *step, enum side side);
/* Closing for good. What undoes it gives back what was found. */
void work_close(struct compile *c, struct plan_step *step, enum side side, bool has_undo,
                const char *proof);

/* Parts that more than one action is made of. */
void part_check_records(struct compile *c); /* none without records */
/*
 * Around closing a side that a restart would open (actions_hold.c): before it, in the part that
 * closes, in the last part before the other side opens, and when this one is opened again. Each
 * adds nothing where the server can be told to stay closed.
 */
void part_hold(struct compile *c, enum side side, bool has_undo);
void op_hold_lock(struct compile *c, struct plan_step *step, enum side side);
void op_hold_proven(struct compile *c, struct plan_step *step, enum side side);
void op_let_in(struct compile *c, struct plan_step *step, enum side side);
/* The same when closing is undone, if that has opened the side again. */
void op_let_back_in(struct compile *c, struct plan_step *step, enum side side);
void part_let_in(struct compile *c, enum side side);
void warn_still_held(struct compile *c, enum side side);
void part_unstagger(struct compile *c); /* of a retire: none when NEW is not staggered */
void parts_flip(struct compile *c, enum side to);
void part_check_clone(struct compile *c);    /* of a seed, before close-new */
void parts_clone(struct compile *c);         /* of a seed, after close-new */
void part_check_physical(struct compile *c); /* of a seed, before close-new */
void parts_physical(struct compile *c);      /* and after it */
/* Forget logs and positions, and begin at this one. */
void ops_begin_at(struct compile *c, struct plan_step *step, const struct node *node,
                  const char *position);
/* Let a channel of the replica read from the source; `ignored_domain` is MariaDB's. */
void ops_point_channel(struct compile *c, struct plan_step *step, const struct node *replica,
                       const char *channel, const struct node *source, unsigned ignored_domain);
void parts_make_link(struct compile *c, enum side replica_side);
void ops_drop_link(struct compile *c, struct plan_step *step, enum op_list list,
                   enum side replica_side);

#endif
