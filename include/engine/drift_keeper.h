/* SPDX-License-Identifier: MIT */
/*
 * engine/drift_keeper.h - has somebody else changed a server, a link or a record of this run?
 * Expected:  what the run itself last did, seen once it was done; before that, what it found.
 * Costs:     nothing on servers, the sampler has read it anyway; of the provider one record at a
 *            time, each as often as dns.watch says.
 * Not here:  setting anything back. A run that finds a change stops, and a person decides. While
 *            nobody can write nothing is looked at: the parts of the breath ask again themselves.
 * Threads:   the driver's.
 */
#ifndef CUTOVER_ENGINE_DRIFT_KEEPER_H
#define CUTOVER_ENGINE_DRIFT_KEEPER_H

#include "dns/records.h"
#include "domain/drift.h"
#include "domain/facts.h"
#include "domain/plan.h"

struct run;

/* What a part of ours may change on a node; bits. */
enum drift_touch { DRIFT_TOUCH_DOOR = 1, DRIFT_TOUCH_SEAL = 2, DRIFT_TOUCH_LINK = 4 };

struct drift_watch {
    bool is_on;
    int64_t looked_ms;
    struct {
        struct drift_node was;
        int64_t seen_us;    /* wall clock: when it was last seen to be so */
        int64_t settled_ms; /* samples asked for before that say nothing: we were at it */
        int64_t halted_ms;  /* since when its link has been seen halted; 0 it is not */
        unsigned ours;      /* is being changed by this run now */
        unsigned learn;     /* was changed by it: the next sample says to what */
    } nodes[SERVICE_NODE_CAP];
    struct drift_watched {
        char id[64], name[256];
        struct drift_record was;
        int64_t seen_us;
    } * records;
    size_t record_count, next_record;
    int64_t record_due_ms;
};

/* From what was observed as the run began or was adopted; facts may lack the records. */
MUST_CHECK int drift_keeper_begin(struct run *run, const struct facts *facts, struct err *err);
void drift_keeper_release(struct run *run);

/* Between the commit part and the end of the flip a run is not stopped: see walk(). */
void drift_keeper_allow(struct run *run, bool is_allowed);

/*
 * Look, at most once in 200 ms.
 * Errors  ERR_CONFLICT/NONE somebody else changed something: what, where, between when and when,
 *         who was connected that could have; the event `drift` has it all
 */
MUST_CHECK int drift_keeper_tick(struct run *run, struct err *err);

/*
 * Before something is concluded from a link that does not run: was it stopped by somebody? Takes
 * up to a second when that is in doubt. Errors as above.
 */
MUST_CHECK int drift_keeper_settle(struct run *run, struct err *err);

/* Around each op of a plan: what it changes is ours. */
void drift_keeper_op_begins(struct run *run, const struct op *op);
void drift_keeper_op_ended(struct run *run, const struct op *op);
/* A record says this now, because of us. */
void drift_keeper_record(struct run *run, const struct dns_record *now);

#endif
