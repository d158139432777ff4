/* SPDX-License-Identifier: MIT */
/*
 * engine/journal.h - durable record of what runs intended, did and saw.
 * Owns:      the SQLite file; nobody else opens it.
 * Invariant: an intent is on disk before its action starts; events form a hash chain over the whole
 *            file. What may wait for the disk is said in so many words: journal_hold(). Who stood
 *            still while another took his run writes nothing: journal_run_adopt().
 * Threads:   a struct journal belongs to the thread that opened it (io/store.h). One writes (the
 *            driver), and in a breath one more for it: journal_open_beside(). Readers open the file
 *            for themselves.
 * Secrets:   never: the plan in it still says ${secret:replication}.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_H
#define CUTOVER_ENGINE_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/json.h"
#include "domain/plan.h"

struct journal;

enum run_state { RUN_RUNNING, RUN_STOPPED, RUN_FAILED, RUN_DONE, RUN_ABORTED };
enum step_state { STEP_PENDING, STEP_INTENT, STEP_DONE, STEP_FAILED, STEP_UNDO, STEP_UNDONE };

const char *run_state_name(enum run_state state);
const char *step_state_name(enum step_state state);

struct run_record {
    char id[24];
    char service[64], playbook[64];
    char plan_hash[DIGEST_HEX_LEN + 1];
    char holder[160];
    int64_t epoch;
    enum run_state state;
    bool is_committed;
    int64_t started_us, ended_us; /* ended_us 0 while it goes on */
};

struct step_record {
    enum step_state state;
    int64_t started_us, ended_us;
    char error[512];
};

/* What all finished comparisons together say. */
struct verified_sum {
    bool is_complete; /* a whole pass over every table has ended since the last reset */
    unsigned tables, tables_equal;
    uint64_t rows, differences;
    int64_t oldest_us;
};

/*
 * Create the file (and its folder's last part) when absent. ERR_IO names file and cause;
 * ERR_PROTOCOL for a foreign or newer file.
 */
MUST_CHECK int journal_open(const char *path, struct journal **out, struct err *err);
/* For report and status: never writes. ERR_REFUSED when there is no journal yet. */
MUST_CHECK int journal_open_reader(const char *path, struct journal **out, struct err *err);
/*
 * Once more, for another thread, which says so when it begins: journal_hand_over(). It writes for
 * the same run; what `journal` holds in memory is not in it.
 */
MUST_CHECK int journal_open_beside(const struct journal *journal, struct journal **out,
                                   struct err *err);
/* From here on it is the calling thread's. */
void journal_hand_over(struct journal *journal);
void journal_free(struct journal *journal);
void journal_freep(struct journal **journal);

/* What is read in between is of one moment, whoever writes meanwhile. Writes nothing. */
MUST_CHECK int journal_read_begin(struct journal *journal, struct err *err);
void journal_read_end(struct journal *journal);

MUST_CHECK int journal_run_begin(struct journal *journal, const struct plan *plan,
                                 const char *run_id, const char *holder, int64_t epoch,
                                 struct err *err);
/*
 * Go on with a run, or close one that is in the way: from here on it is not its last holder's any
 * more, who finds that in the transaction of his next write: ERR_BUSY/NONE says who took it, and
 * when. So does whoever writes for a run that he began or adopted on this journal.
 * Errors  ERR_REFUSED/NONE the run is done, or aborted
 */
MUST_CHECK int journal_run_adopt(struct journal *journal, const char *run_id, const char *holder,
                                 int64_t epoch, struct err *err);
MUST_CHECK int journal_run_supersede(struct journal *journal, const char *run_id,
                                     const char *holder, int64_t epoch, struct err *err);
/* Is the run that was begun or adopted here still ours? ERR_BUSY/NONE as above. */
MUST_CHECK int journal_check_owner(struct journal *journal, struct err *err);
MUST_CHECK int journal_run_state(struct journal *journal, const char *run_id, enum run_state state,
                                 struct err *err);
/* The commit step was found not to have happened. */
MUST_CHECK int journal_run_uncommit(struct journal *journal, const char *run_id, struct err *err);

/* run_id NULL: the service's last run. ERR_REFUSED/NONE when there is none. */
MUST_CHECK int journal_run_find(struct journal *journal, const char *service, const char *run_id,
                                struct run_record *out, struct err *err);
MUST_CHECK int journal_run_plan(struct journal *journal, const char *run_id, struct plan *out,
                                struct err *err);
/* All runs, oldest first; caller frees *out. */
MUST_CHECK int journal_run_list(struct journal *journal, const char *service,
                                struct run_record **out, size_t *out_count, struct err *err);

/*
 * One transaction each: the step's state and the event that tells it. Returns when it is on disk.
 */
MUST_CHECK int journal_step(struct journal *journal, const char *run_id, size_t number,
                            const struct plan_step *step, enum step_state state,
                            const struct err *failure, struct err *err);
/* The same, with when it began and how long it took, which the event tells, too. */
struct step_time {
    int64_t began_us; /* wall clock */
    double took_ms;
};
MUST_CHECK int journal_step_timed(struct journal *journal, const char *run_id, size_t number,
                                  const struct plan_step *step, enum step_state state,
                                  const struct step_time *time, const struct err *failure,
                                  struct err *err);
/*
 * The intents of parts first..last of a plan, and that the run has committed when a commit step is
 * among them: one transaction, written at once even while the journal is held.
 */
MUST_CHECK int journal_intents(struct journal *journal, const char *run_id, const struct plan *plan,
                               size_t first, size_t last, struct err *err);
/* out[count]: state of steps 0..count-1, PENDING when not in the journal. */
MUST_CHECK int journal_steps(struct journal *journal, const char *run_id, struct step_record *out,
                             size_t count, struct err *err);

/* detail is borrowed; may be NULL. */
MUST_CHECK int journal_event(struct journal *journal, const char *run_id, const char *name,
                             const json_t *detail, struct err *err);

/*
 * Call `each` for every event of a run ("" = all), in order, with the chain checked: ERR_DATA when
 * a row was changed.
 */
typedef int (*journal_event_fn)(void *context, int64_t at_us, const char *run_id, const char *name,
                                const char *detail);
MUST_CHECK int journal_events(struct journal *journal, const char *run_id, journal_event_fn each,
                              void *context, struct err *err);

/* Values read while running (${position:old}); they survive a crash. get: "" when absent. */
MUST_CHECK int journal_variable_put(struct journal *journal, const char *run_id, const char *name,
                                    const char *value, struct err *err);
MUST_CHECK int journal_variable_get(struct journal *journal, const char *run_id, const char *name,
                                    char *out, size_t out_size, struct err *err);
/* What outlives a run. get: "" when absent; value NULL drops it. */
MUST_CHECK int journal_memory_put(struct journal *journal, const char *service, const char *name,
                                  const char *value, struct err *err);
MUST_CHECK int journal_memory_get(struct journal *journal, const char *service, const char *name,
                                  char *out, size_t out_size, struct err *err);

/*
 * Nobody is kept waiting for a disk: from here on steps, events, journal_run_uncommit() and
 * variables are kept in memory, with their times, until journal_let_go() writes them in their
 * order as one transaction. What is not written by then is lost with the process, so only what the
 * servers can be asked about may wait. Other functions are not to be used meanwhile, except
 * journal_intents(), from any thread.
 */
void journal_hold(struct journal *journal);
/* Nothing waits any more, whether or not it could be written. Does nothing when it is not held. */
MUST_CHECK int journal_let_go(struct journal *journal, struct err *err);

/* Lag samples; LAG_INFINITE is stored as unknown. */
struct journal_sample {
    const char *node;
    int64_t receive_ms, apply_ms;
};
MUST_CHECK int journal_samples(struct journal *journal, const char *run_id,
                               const struct journal_sample *samples, size_t count, struct err *err);
/* Each sample of a run that is newer than `after_us`, in order of time. */
typedef int (*journal_sample_fn)(void *context, int64_t at_us, const struct journal_sample *sample);
MUST_CHECK int journal_sample_list(struct journal *journal, const char *run_id, int64_t after_us,
                                   journal_sample_fn each, void *context, struct err *err);
struct journal_lag {
    char node[NODE_NAME_SIZE];
    int64_t samples, known, worst_ms, median_ms;
};
MUST_CHECK int journal_lag_stats(struct journal *journal, const char *run_id,
                                 struct journal_lag *out, size_t cap, size_t *out_count,
                                 struct err *err);

MUST_CHECK int journal_verified_begin(struct journal *journal, const char *service,
                                      struct err *err);
MUST_CHECK int journal_verified_table(struct journal *journal, const char *service,
                                      const char *run_id, const char *table, uint64_t rows,
                                      const char *hash, uint64_t differences, struct err *err);
MUST_CHECK int journal_verified_end(struct journal *journal, const char *service, struct err *err);
MUST_CHECK int journal_verified_sum(struct journal *journal, const char *service,
                                    struct verified_sum *out, struct err *err);

#endif
