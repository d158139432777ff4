/* SPDX-License-Identifier: MIT */
/*
 * domain/action.h - the actions a playbook may name: one table that the checker, the compiler, the
 *                   reference in docs/ and the diagram are made from.
 * Threads: static const data.
 */
#ifndef CUTOVER_DOMAIN_ACTION_H
#define CUTOVER_DOMAIN_ACTION_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/situation.h"

enum action_id {
    ACTION_SEED,
    ACTION_FOLLOW,
    ACTION_REHEARSE,
    ACTION_RESET,
    ACTION_STAGGER,
    ACTION_MIRROR,
    ACTION_VERIFY,
    ACTION_GATE,
    ACTION_APPROVE,
    ACTION_LOWER_TTL,
    ACTION_FLIP,
    ACTION_CUTOVER,
    ACTION_WATCH,
    ACTION_SETTLE,
    ACTION_RETIRE,
    ACTION_ABANDON,
    ACTION_UNMIRROR,
    ACTION_STOP_SERVICES,
    ACTION_START_SERVICES,
};
#define ACTION_COUNT 19

enum param_type {
    PARAM_TEXT,
    PARAM_INT,
    PARAM_BOOL,
    PARAM_DURATION, /* "2s" */
    PARAM_SIDE,     /* "old" or "new" */
    PARAM_MODE,     /* "shared" or "fenced" */
    PARAM_METHOD,   /* "copy", "clone" or "physical" */
    PARAM_RECORDS,  /* list of record names, or [ "all" ] */
    PARAM_REQUIRE,  /* list of gate requirements, see domain/gate.h */
    PARAM_TABLES,   /* list of "database.table" */
};

struct action_param {
    const char *name;
    enum param_type type;
    bool is_required;
    const char *fallback; /* text form of the default; NULL = none */
    const char *help;
};

#define ACTION_PARAM_CAP 8

struct action {
    enum action_id id;
    const char *name;  /* as written in a playbook */
    const char *does;  /* one sentence */
    const char *undo;  /* what abort does to it; "-" when there is nothing to undo */
    bool commits;      /* abort no longer suffices after it */
    bool is_observing; /* changes nothing on the service: looks, waits or asks */
    struct action_param params[ACTION_PARAM_CAP];
};

/* The rows. Every enum value has exactly one. */
const struct action *action_table(size_t *out_count);
const struct action *action_find(const char *name); /* NULL when unknown */
const struct action *action_by_id(enum action_id id);
const struct action_param *action_param_find(const struct action *action, const char *name);

/* The values of one step that decide where it may start and where it ends. */
struct action_join {
    enum side from, to; /* cutover, flip: to; settle: to is the side that stays */
    bool is_shared;     /* cutover's mode */
};

/*
 * The joins that make a difference: one for most actions, one a side for settle, four for cutover.
 * Returns how many. The diagram, the tests and hints walk them.
 */
#define ACTION_JOIN_CAP 4
size_t action_joins(enum action_id id, struct action_join out[ACTION_JOIN_CAP]);

/* Situations the action may start from; 0 when the join makes no sense (from a side to itself). */
situation_mask action_starts_from(enum action_id id, const struct action_join *join);
/* Situations it goes through on its way (a fenced cutover: `fenced`). */
situation_mask action_passes(enum action_id id, const struct action_join *join);
/*
 * Situation it ends in when it starts from `start`; SITUATION_UNSAFE when it may not start there.
 */
enum situation action_ends_in(enum action_id id, const struct action_join *join,
                              enum situation start);

#endif
