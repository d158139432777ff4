/* SPDX-License-Identifier: MIT */
/*
 * verify/pass.h - the inside of a full pass, shared by its source files and by nobody else.
 * How:       a pass is rounds. In a round workers take spans until none is left; between rounds
 *            the definitions are read again, and tables whose definition changed are compared anew.
 *            So a table is never called equal by a definition that it had before.
 * Threads:   struct pass is shared; what stands below its mutex is guarded by it. Between rounds
 *            only the calling thread is there.
 */
#ifndef CUTOVER_VERIFY_PASS_H
#define CUTOVER_VERIFY_PASS_H

#include <pthread.h>

#include "verify/compare.h"
#include "verify/pace.h"
#include "verify/spans.h"

enum span_state { SPAN_WAITING, SPAN_RUNNING, SPAN_DONE };

struct span {
    struct verify_span told; /* as a journal has it */
    bool is_changed;         /* since it was told */
    enum span_state state;
    struct key_point from, until, done; /* unset: no bound, nothing done */
    uint64_t rows, chunks, bytes;
    struct row_hash hash;
    size_t differences;
    enum verify_mode mode; /* in which the last chunk was compared */
};

enum task_state { TASK_OPEN, TASK_STALE, TASK_DONE, TASK_TOLD };

struct task {
    const struct table_shape *table, *other; /* on the source, on the replica */
    char shape[33];
    enum task_state state; /* stale: an error says that its definition has changed */
    struct span_plan plan;
    struct pace_history history; /* the pace's */
    struct span **spans;         /* in key order */
    size_t span_count, span_room, running;
    bool is_being_cut, is_cut; /* is_cut: the last span goes to the end */
    struct verify_span result; /* of all spans: rows, chunks, bytes, hash, differences */
};

struct pass {
    const struct verify_options *options;
    struct table_catalog source, replica;
    struct pace *pace; /* NULL: nothing is waited for */
    int64_t started_ms;
    uint64_t rows_resumed;

    pthread_mutex_t mutex;     /* guards all below */
    pthread_cond_t ended, cut; /* for the calling thread: a worker; for workers: a table was cut */
    struct task *tasks;        /* the heaviest first */
    size_t task_count;
    struct verify_report report;
    enum verify_mode weakest; /* that was used */
    unsigned running;
    uint64_t rows_done, bytes_done;
    char current[160], trouble[160]; /* trouble: what a worker waits for; "" nothing */
    bool is_failed;
    struct err first_err, stale_err; /* stale: why a table was taken to have changed */
};

void pass_unlock(pthread_mutex_t **mutex);
#define PASS_HOLD(pass)                                                                            \
    CLEANUP(pass_unlock) pthread_mutex_t *held_mutex = &(pass)->mutex;                             \
    (void)pthread_mutex_lock(held_mutex)

/* --- the report; the mutex is held, or no worker runs --- */

/* difference NULL: only counted. */
void pass_keep_difference(struct pass *pass, const struct difference *difference, size_t count);
void pass_warn(struct pass *pass, const char *table, const char *what);

/* A difference of a definition, unless the configuration accepts it. */
void pass_keep_schema_difference(struct pass *pass, const struct difference *difference);
/* All that is not a row, when the whole service is compared. */
MUST_CHECK int pass_compare_objects(struct pass *pass, struct err *err);

/* --- tables; no worker runs --- */

/*
 * Read the definitions of both sides and make a task of each table that can be compared. Tasks that
 * are there already stay when their definition is the same.
 * out_new  how many tasks are new
 */
MUST_CHECK int pass_read_tables(struct pass *pass, struct pair *pair, size_t *out_new,
                                struct err *err);
/* Spans that were given to resume with: those that fit become spans of their task. */
MUST_CHECK int pass_resume(struct pass *pass, struct err *err);
void pass_release_tasks(struct pass *pass);

/* --- spans; the mutex is held --- */

/* A new span behind the last one; *until is copied. NULL when out of memory. */
struct span *task_add_span(struct task *task, const struct key_point *until);
/* How many there will be, as far as is known. */
unsigned task_spans_expected(const struct task *task);
/*
 * Is the rest of this table no more than what each worker still has to do? Then it need not be cut:
 * where a cut is looked for along the index, that costs the source a sixth of reading the rows.
 */
bool task_is_one_share(const struct pass *pass, const struct task *task);
/* All spans are done. */
bool task_is_complete(const struct task *task);
void task_sum_up(struct task *task);
/* As it was before its first chunk. */
void span_begin_again(struct span *span);

/* --- workers --- */

/* Let workers compare until nothing is left; the calling thread tells what they do. */
MUST_CHECK int pass_run_workers(struct pass *pass, struct err *err);
/* A worker: context is the pass. */
void *pass_work(void *context);
/* A pair of connections. A server that is gone is waited for, at most PASS_PATIENCE_MS. */
#define PASS_PATIENCE_MS 60000
MUST_CHECK int pass_open_pair(struct pass *pass, struct pair *out, struct err *err);

/* Who is in the way of a comparison that failed. */
enum pass_trouble {
    PASS_FATAL,
    PASS_LOST,         /* the connection, or the server: connect again */
    PASS_INTERRUPTED,  /* the statement only: repeat it */
    PASS_SHAPE_CHANGED /* the table is no longer what it was */
};
enum pass_trouble pass_trouble_of(int rc, const struct err *err, bool is_dead);

#endif
