/* SPDX-License-Identifier: MIT */
/*
 * engine/run.h - execute a plan: lease, intent, act, verify, outcome; resume and abort.
 * Invariant: an intent is in the journal before its part acts; a part counts as done when the
 *            servers say so, not because a statement succeeded; a playbook step that fails before
 *            its commit step is undone by itself.
 * Threads:   one driver, the caller's, is the only one that changes anything; heartbeat and sampler
 *            run beside it.
 */
#ifndef CUTOVER_ENGINE_RUN_H
#define CUTOVER_ENGINE_RUN_H

#include <stdbool.h>

#include "domain/plan.h"
#include "domain/service.h"
#include "engine/journal_request.h"

enum run_outcome {
    OUTCOME_DONE,
    OUTCOME_REFUSED, /* a check or gate said no; nothing of that step had been changed */
    OUTCOME_UNDONE,  /* failed, and the step was undone */
    OUTCOME_STUCK, /* failed after the commit step, or could not be undone: a person must decide */
    /* a person stopped it; the step was undone, or finished when it was past its commit step */
    OUTCOME_STOPPED,
    OUTCOME_ROLLBACK, /* watch says: go back */
    OUTCOME_TAKEN,    /* another controller has it: nothing more was done, nor written or undone */
};

struct run_ui {
    void *context;
    /* The line that tells how far long work is; NULL when it is over. May be NULL. */
    void (*progress)(void *context, const char *text);
    /* 1 yes, 0 no, negative: cannot ask (err says what to type). NULL means: cannot ask. */
    int (*ask)(void *context, const char *question, struct err *err);
    /*
     * The same while others may answer elsewhere: shows the question when it does not stand there,
     * and waits at most wait_ms; RUN_UI_OPEN: no answer yet. NULL means: only `ask`.
     */
    int (*ask_look)(void *context, const char *question, int64_t wait_ms, struct err *err);
};
#define RUN_UI_OPEN 2

struct run_options {
    const struct service *service;
    const char *holder; /* "user@host pid 12" */
    bool is_yes;        /* approve steps are answered yes */
    bool is_ttl_wait_skipped;
    bool is_superseding;      /* rollback: an unfinished run of before is closed, not in the way */
    unsigned workers;         /* 0 = as the playbook says */
    bool is_taking_requests;  /* looks at what others ask in the journal */
    bool is_waiting_for_them; /* approve steps wait although nobody can be asked here */
    const char *person;       /* who answers here: a unix user */
    const char *lose; /* abandon: how many transactions, or "unknown"; NULL: a person is asked */
    struct run_ui ui;
};

struct run_result {
    char run_id[24];
    enum run_outcome outcome;
    bool is_committed;
    /* what is true now; situation unsafe with a reason when it could not be asked */
    struct verdict verdict;
    /* from the fence to the opening, as this controller saw it; -1 when writes were not refused */
    double write_pause_ms;
    /* OUTCOME_STOPPED because somebody asked for this: to be followed by who called */
    bool is_asked;
    struct request asked;
};

/*
 * Execute a plan from its beginning. Returns 0 when the run ended DONE; otherwise the error that
 * ended it, with *out filled in either way once a run began (out->run_id is "" when it did not:
 * lease taken by another, journal not writable, another run unfinished).
 */
MUST_CHECK int run_plan(const struct run_options *options, const struct plan *plan,
                        struct run_result *out, struct err *err);

/*
 * Go on with an unfinished run (run_id NULL: the last one). The part that was under way is looked
 * up first.
 */
MUST_CHECK int run_resume(const struct run_options *options, const char *run_id,
                          struct run_result *out, struct err *err);

/*
 * Undo an unfinished run that has not committed, newest part first. ERR_REFUSED/NONE after the
 * commit step: names `rollback`.
 */
MUST_CHECK int run_abort(const struct run_options *options, const char *run_id,
                         struct run_result *out, struct err *err);

#endif
