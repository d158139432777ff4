/* SPDX-License-Identifier: MIT */
/*
 * engine/drill_leg.h - one way of a drill: the process that performs it, the fault that meets it,
 * and how it is brought to its end; for the supervisor (drill.c) only.
 * Threads: the supervisor's.
 */
#ifndef CUTOVER_ENGINE_DRILL_LEG_H
#define CUTOVER_ENGINE_DRILL_LEG_H

#include "engine/drill.h"
#include "engine/journal.h"
#include "io/child.h"

/* Exit codes of a leg, as every command's. */
enum leg_code { LEG_DONE = 0, LEG_PERSON = 5, LEG_STOPPED = 6, LEG_BUSY = 7, LEG_KILLED = 128 };

struct drill_way {
    const struct drill_options *options;
    struct journal *journal;
    const struct service *service;
    enum drill_leg leg;
    const char *path; /* the playbook */
    /* NULL: nothing breaks. The part at which it does: */
    const struct drill_fault *fault;
    char fault_step[64], fault_part[64];
    bool is_fault_repeatable; /* that part only looks: it strikes before it, not after it */
    /* what came of it */
    bool is_struck, is_stopped; /* stopped: by a person */
    int64_t struck_us;          /* wall */
    char run_id[24];
    char error[256]; /* of the part that failed last; "" */
    int code;
    struct err failure; /* of the supervisor's own */
};

/*
 * Perform it; when a fault has struck, mend and go on (`resume`) until it is done or it cannot be
 * brought there. The answer is way->code.
 */
void drill_way_perform(struct drill_way *way);

/* "abort" of what is unfinished. Returns the exit code. */
int drill_way_abort(struct drill_way *way);

/*
 * What the journal says of the run: its parts, its pause, and how long the fault took.
 * Errors  those of the journal
 */
MUST_CHECK int drill_way_measure(struct drill_way *way, struct drill_round *round, struct err *err);

#endif
