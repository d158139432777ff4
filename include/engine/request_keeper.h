/* SPDX-License-Identifier: MIT */
/*
 * engine/request_keeper.h - the run's side of requests (engine/journal_request.h): it looks at them
 *                           while it waits, follows them at safe places, and says what became of
 *                           each.
 * Invariant: while writes are refused no request is looked at; who wants to stop then has Ctrl-C.
 *            When a run ends no request of it is left open.
 * Threads:   the driver's.
 */
#ifndef CUTOVER_ENGINE_REQUEST_KEEPER_H
#define CUTOVER_ENGINE_REQUEST_KEEPER_H

#include "engine/journal_request.h"

struct run;
struct run_result;

#define APPROVAL_CAP 9 /* people */

/* Who has said yes so far to the question that waits. */
struct approval {
    const char *step, *id, *question;
    unsigned people, count;
    struct {
        char who[64], via[16];
        int64_t at_us;
    } by[APPROVAL_CAP];
};

struct request_desk {
    bool is_open;              /* this run looks at requests at all */
    int64_t looked_ms;         /* monotonic */
    int64_t version;           /* of the journal when we looked */
    struct approval *approval; /* what waits now; NULL nothing */
    bool is_hold_wanted;
    struct request hold;
    bool is_stop_wanted; /* to abort or to roll back: `stop` says which */
    struct request stop;
};

/*
 * The run has begun, or is gone on with: what was asked of an earlier controller is refused. Only a
 * run whose options say so takes requests.
 */
MUST_CHECK int request_keeper_begin(struct run *run, struct err *err);
/* Called in every wait of the driver outside of a fence. */
MUST_CHECK int request_keeper_tick(struct run *run, struct err *err);
/*
 * Before part `index`, outside of a fence: look at all that was asked by now, so that the commit
 * step does not overtake an abort; when it is the first of its step, and a hold is wanted, wait.
 */
MUST_CHECK int request_keeper_before(struct run *run, size_t index, struct err *err);
/* What was asked of an earlier controller is refused, but for a stop that is being followed. */
MUST_CHECK int request_keeper_drop(struct run *run, struct err *err);
/*
 * The run has ended, with the outcome in *out: what is left open is refused. When it was stopped to
 * abort or to roll back *out says so, for the caller to follow, and to tell request_followed().
 */
void request_keeper_end(struct run *run, struct run_result *out);

/* An approval waits, and does not any more. */
MUST_CHECK int request_keeper_ask(struct run *run, struct approval *approval, struct err *err);
void request_keeper_asked(struct run *run);
/* One more yes: into the journal and the story. ERR_REFUSED/NONE: that name has said it already. */
MUST_CHECK int approval_add(struct run *run, struct approval *approval, const char *who,
                            const char *via, struct err *err);

/* What became of a run's wish to abort or to roll back, once it was followed; rc as it ended. */
void request_followed(const struct service *service, const struct request *request, int rc,
                      const struct err *why);

#endif
