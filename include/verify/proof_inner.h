/* SPDX-License-Identifier: MIT */
/*
 * verify/proof_inner.h - a proof as the files that implement it see it.
 * Owns:    src/verify/proof*.c only.
 * Threads: one mutex guards all that is said to be guarded; it is never held while a server is
 *          asked.
 */
#ifndef CUTOVER_VERIFY_PROOF_INNER_H
#define CUTOVER_VERIFY_PROOF_INNER_H

#include <pthread.h>

#include "verify/cascade.h"
#include "verify/compare.h"
#include "verify/found.h"
#include "verify/proof.h"
#include "verify/schema.h"
#include "verify/touched.h"

#define PROOF_MARK_CAP 32
#define PROOF_BATCH_ROWS 300
#define PROOF_STILL_ROWS 1000 /* nobody waits for a lock on them */
#define PROOF_FAR_ROWS 3000 /* waiting to be compared: somebody who is in a hurry is kept by them */

/* The tables of both sides as they were read once: never changed, freed by the last user. */
struct proof_shapes {
    struct table_catalog source, replica;
    struct cascades cascades[2]; /* by log: of the side that it is of */
    unsigned users;              /* guarded */
};

/* Where a log was when the set had this number: what came before is in the set, or proven. */
struct proof_mark {
    uint64_t sequence;
    struct position position;
    struct binlog_place place;
};

struct proof_log {
    struct proof *proof;
    enum side side;
    bool is_of_source;
    pthread_t thread;
    bool is_started;
    struct change_log *log;      /* the thread's, once it runs */
    int linger_ms;               /* as `log` was told; the thread's, too */
    struct proof_shapes *shapes; /* what the log decodes with */
    /* guarded: */
    struct position position;  /* everything up to here is in the set */
    struct binlog_place place; /* noted with it */
    struct proof_mark marks[PROOF_MARK_CAP];
    size_t mark_count;
    int64_t marked_ms;
    struct position seen; /* where the server was at seen_ms; */
    int64_t seen_ms;      /* 0: not yet */
    int64_t behind_ms;    /* what it took to get there; -1 unknown */
    bool is_seen_reached;
};

struct proof_difference {
    struct difference difference;
    bool is_stale; /* being looked at again */
};

/* A connection to each side, and who may use it. */
struct proof_worker {
    struct proof *proof;
    struct pair pair;
    bool is_open, is_still;
    int64_t deadline_ms;  /* of a last look; 0 none */
    struct found found;   /* in the batch under way */
    struct row_hash hash; /* chained over what was compared */
    uint64_t rows;
};

struct proof {
    const struct service *service;
    enum side source;
    struct pace *pace;
    struct proof_worker background; /* the prover's */
    pthread_mutex_t still_mutex;    /* guards `still` */
    struct proof_worker still;      /* opened beforehand, for the last look */
    pthread_t prover;
    bool is_prover_started;

    pthread_mutex_t mutex; /* guards all below, and what is said to be guarded above */
    pthread_cond_t changed;
    bool is_ending;
    unsigned waiters;         /* for a log to come to a position: told at every commit */
    char trouble[256];        /* why the last comparison did not come to its end; "" = it did */
    struct proof_log logs[2]; /* of the source, of the replica side */
    struct proof_shapes *shapes, *first_shapes; /* of now, and of the beginning */
    bool is_schema_stale;
    int64_t schema_read_ms;
    struct touched *set;
    struct touched *suspects; /* rows that differed: looked at again from time to time */
    int64_t suspected_ms;
    uint64_t suspected_until; /* number of the set: beyond it the stale differences are gone */
    struct proof_difference *differences;
    size_t difference_kept, differences_beyond; /* those there was no room for */
    bool is_broken, is_resting, is_settling;    /* the last one: inside the fence */
    bool is_hurried;                            /* somebody waits for what is in the set */
    bool is_looked_at; /* for the last time: nobody puts what differs aside meanwhile */
    enum proof_mood mood;
    char problem[256];
    struct err broken_by;
    struct verify_report pass; /* without its differences */
    uint64_t rows_reproven;
    double row_us; /* what a row costs, on average */
    struct proof_floor floor;
};

#define PROOF_HOLD(proof)                                                                          \
    CLEANUP(proof_unlock) pthread_mutex_t *held_mutex = &(proof)->mutex;                           \
    (void)pthread_mutex_lock(held_mutex)
void proof_unlock(pthread_mutex_t **mutex);

/* With the mutex held: nothing is true any more. */
void proof_break(struct proof *proof, const char *what, const struct err *err);
/* With the mutex held: wait for a change, at most so long. */
void proof_wait(struct proof *proof, int64_t ms);

/* --- proof_log.c: the readers --- */
/* From where it is. */
MUST_CHECK int proof_log_open(struct proof_log *log, struct err *err);
void *proof_log_run(void *log);
/* With the mutex held: up to where both logs say that everything is proven. */
void proof_move_floor(struct proof *proof);

/* --- proof_shapes.c --- */
MUST_CHECK int proof_shapes_load(struct proof *proof, struct pair *pair, struct proof_shapes **out,
                                 struct err *err);
struct proof_shapes *proof_shapes_use(
    struct proof *proof); /* of the current ones; takes the mutex */
/* With the mutex held. */
void proof_shapes_drop(struct proof_shapes **shapes);

/* --- proof_compare.c --- */
/*
 * Take what waits, with the first touch not after `until`, and compare it. *out_is_idle: there was
 * nothing. Errors end this attempt: what had been taken is back in the set.
 */
MUST_CHECK int proof_compare_next(struct proof_worker *worker, uint64_t until, bool *out_is_idle,
                                  struct err *err);

/* Until the source shows what its log had told. */
MUST_CHECK int proof_wait_visible(struct proof_worker *worker, const struct position *told,
                                  struct err *err);

/* --- proof_prover.c --- */
void *proof_prover_run(void *proof);
/* Does nothing when both connections live. */
MUST_CHECK int proof_worker_open(struct proof_worker *worker, struct err *err);
/* Does nothing when the shapes are those of now, as far as the logs have told. */
MUST_CHECK int proof_read_schema(struct proof_worker *worker, struct err *err);
/* With the mutex held: rows that differed are to be looked at again, now. */
MUST_CHECK int proof_suspect_again(struct proof *proof, struct err *err);

#endif
