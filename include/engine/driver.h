/* SPDX-License-Identifier: MIT */
/*
 * engine/driver.h - the inside of a run, shared by the driver (run.c, step.c) and the work
 * procedures (work_*.c) only.
 * Threads: the driver's thread.
 */
#ifndef CUTOVER_ENGINE_DRIVER_H
#define CUTOVER_ENGINE_DRIVER_H

#include "cluster/fence.h"
#include "cluster/lease.h"
#include "cluster/session.h"
#include "dns/records.h"
#include "domain/position.h"
#include "engine/breath.h"
#include "engine/drift_keeper.h"
#include "engine/journal.h"
#include "engine/request_keeper.h"
#include "engine/run.h"
#include "monitor/heartbeat.h"
#include "monitor/sampler.h"
#include "verify/conflicts.h"
#include "verify/proof.h"

struct run {
    const struct run_options *options;
    const struct service *service;
    struct plan plan;
    char id[24];
    struct journal *journal;
    struct lease *lease;
    struct heartbeat *heartbeat;
    struct sampler *sampler;
    struct dns *dns;                           /* opened on first use */
    struct session sessions[SERVICE_NODE_CAP]; /* by node index; opened on first use */
    struct step_record *steps;
    size_t current;
    bool is_committed;
    bool is_rollback_wanted;
    bool is_resumed;
    int64_t fence_began_ms; /* monotonic; 0 while nobody is refused because of us */
    int64_t fence_began_us; /* the same moment */
    bool has_pulsed;        /* writers did not let the other side come near by itself */
    bool is_verified; /* the part that is under way ended with the very question of its verify */
    double write_pause_ms; /* -1 until a fence was opened again */
    double forecast_ms;    /* -1 none was made */
    struct breath breath;
    struct fence *fence; /* made ready, of the side that will be closed; NULL: not yet */
    int64_t
        probed_ms[SIDE_COUNT]; /* when a row of that side was last seen on the other; monotonic */
    int64_t travel_us[SIDE_COUNT]; /* what it needed for that */
    int64_t trip_us[SIDE_COUNT];   /* a round trip between us and that side */
    char found[SIDE_COUNT][16];    /* how a side was before this run closed it; "" not known here */
    int64_t last_samples_ms;

    struct proof *proof; /* this and below: engine/proof_keeper.h */
    enum side proof_source;
    struct verify_report proof_pass; /* the full comparison it rests on, without differences */
    bool is_proof_resting;
    bool is_side_opened; /* since the proof began: it has to begin anew, from its floor */
    bool is_sealed;      /* inside a fence, as of: */
    struct proof_floor sealed_floor;
    char proof_problem[256]; /* why there is none */
    int64_t proof_kept_ms;

    struct hold_job *hold; /* engine/hold_keeper.h */
    struct let_in *let_in; /* engine/let_in.h */
    struct drift_watch drift;

    struct request_desk desk;

    struct conflicts *conflicts; /* this and below: engine/conflict_keeper.h */
    uint64_t conflicts_noted;
    int64_t conflicts_looked_ms, conflicts_unread_ms;
    bool is_conflict_problem_told;
};

/*
 * A live controller session to a node; reconnects when the last one died. Borrowed. It changes
 * something only while the lease is ours: so does each session that is given this permit.
 */
const struct session_permit *run_permit(const struct run *run, const struct node *node);
/* The same question before something is changed elsewhere. Costs nothing as a rule. */
MUST_CHECK int run_may_change(const struct run *run, struct err *err);
/* A failure that came beside another one; not when it only says who has the run now. */
void run_log_also(const struct run *run, const struct err *err);
MUST_CHECK int run_session(struct run *run, const struct node *node, struct session **out,
                           struct err *err);
MUST_CHECK int run_primary(struct run *run, enum side side, struct session **out, struct err *err);
MUST_CHECK int run_dns(struct run *run, struct dns **out, struct err *err);

/*
 * Heartbeats on the sides that are open now, and samples of every node (engine/run_monitors.c). On
 * return every node that `facts` reached has been looked at, or two seconds have passed.
 * Errors  ERR_STOPPED/NONE
 */
MUST_CHECK int run_start_monitors(struct run *run, const struct facts *facts, struct err *err);

/*
 * Show progress, keep samples, look at the stop flag: ERR_STOPPED/NONE when a stop is wanted. Call
 * it in every wait.
 */
MUST_CHECK int run_tick(struct run *run, struct err *err, const char *progress_fmt, ...)
    PRINTF_LIKE(3, 4);
/* Tick, then sleep at most ms. */
MUST_CHECK int run_pause(struct run *run, int64_t ms, struct err *err);

/*
 * An event with a sentence for the story: logged at INFO and kept in the journal under a stable
 * name.
 */
MUST_CHECK int run_note(struct run *run, const char *name, struct err *err, const char *fmt, ...)
    PRINTF_LIKE(4, 5);

/* The same with the figure the sentence is about, for the report: milliseconds. */
MUST_CHECK int run_note_ms(struct run *run, const char *name, double ms, struct err *err,
                           const char *fmt, ...) PRINTF_LIKE(5, 6);

/* The same with several: members of the event's detail; `figures` is stolen. */
MUST_CHECK int run_note_figures(struct run *run, const char *name, json_t *figures, struct err *err,
                                const char *fmt, ...) PRINTF_LIKE(5, 6);

/* ${position:...} of this run. */
MUST_CHECK int run_position_put(struct run *run, const char *name, const struct position *position,
                                struct err *err);
MUST_CHECK int run_position_get(struct run *run, const char *name, struct position *out,
                                struct err *err);

/* Was the plan made for a NEW that does not answer? Then OLD's word alone has to do. */
bool run_is_without_new(const struct run *run);

/* Nobody can write from here on; and from here on somebody can: that ends the pause. */
void run_pause_begin(struct run *run);
void run_pause_end(struct run *run);

/* step.c */
MUST_CHECK int step_perform(struct run *run, size_t index, struct err *err);
/* Undo one part; journaled. */
MUST_CHECK int step_undo(struct run *run, size_t index, struct err *err);
/* Is the part true now? TRI_UNKNOWN when it has no question or cannot be asked. */
enum tri step_is_true(struct run *run, size_t index);

/* work_table.c */
typedef int (*work_fn)(struct run *run, const struct plan_step *step, const json_t *args,
                       struct err *err);
struct work_row {
    const char *name;
    work_fn act;
};
const struct work_row *work_table(size_t *out_count);
const struct work_row *work_find(const char *name);

/* work_dns.c: one OP_DNS. */
MUST_CHECK int work_dns_change(struct run *run, const json_t *args, struct err *err);

MUST_CHECK int side_of(const json_t *args, const char *key, enum side *out, struct err *err);

#endif
