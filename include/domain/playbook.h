/* SPDX-License-Identifier: MIT */
/*
 * domain/playbook.h - a playbook as a person wrote it, read and checked, not yet compiled.
 * Owns:    its strings; playbook_release() frees.
 * Threads: read-only after reading.
 */
#ifndef CUTOVER_DOMAIN_PLAYBOOK_H
#define CUTOVER_DOMAIN_PLAYBOOK_H

#include <limits.h>
#include <stdint.h>

#include "domain/action.h"

struct playbook_value {
    const struct action_param *param;
    char *text; /* TEXT, SIDE, MODE, DURATION as written */
    /* INT, BOOL (0/1), DURATION in ms, SIDE and MODE as enum (mode: 0 fenced, 1 shared) */
    int64_t number;
    char **items; /* RECORDS, REQUIRE, TABLES */
    size_t item_count;
    unsigned line;
};

struct playbook_step {
    char name[64];
    const struct action *action;
    struct playbook_value values[ACTION_PARAM_CAP];
    size_t value_count; /* defaults are filled in: every param with a value is here */
    struct action_join join;
    unsigned line;
};

struct playbook {
    char path[PATH_MAX];
    char name[64];
    char about[512];
    situation_mask needs; /* situations it may start from */
    enum situation ends;  /* computed from the first of `needs` by joining the steps */
    struct playbook_step *steps;
    size_t step_count;
};

void playbook_release(struct playbook *playbook);
void playbook_drop_step(struct playbook *playbook, size_t index); /* those behind it move up */
const struct playbook_value *playbook_step_value(const struct playbook_step *step,
                                                 const char *param); /* NULL when absent */
int64_t playbook_step_number(const struct playbook_step *step, const char *param, int64_t fallback);

/*
 * Do the steps join? Walks from `start` through every step's starts_from / ends_in.
 * Errors  ERR_CONFIG/NONE at file:line: "step "flip" needs mirrored or shared, but is in following
 *         here".
 */
MUST_CHECK int playbook_join(const struct playbook *playbook, enum situation start,
                             enum situation *out_end, struct err *err);

#endif
