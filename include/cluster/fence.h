/* SPDX-License-Identifier: MIT */
/*
 * cluster/fence.h - close a primary and prove that no write lands after it.
 * Order:     bounded SET GLOBAL read_only=1, on MySQL SET PERSIST super_read_only=1 (our own
 *            lock_wait_timeout; a second connection kills it when it hangs), kill what still could
 *            write (application sessions only), no writing transaction left, position read twice
 *            and equal.
 * Invariant: on any failure before the proof, the node is put back as it was found (and the err
 *            says so), unless that could not be done: then effect is UNKNOWN and the hint says what
 *            to type. Half a fence (MySQL: read_only without super_read_only) is none: it is made
 *            whole, and never proven.
 * Not here:  opening, and the strengths of being closed (cluster/door.h).
 * Threads:   the driver's thread; opens a second connection of its own for KILL.
 */
#ifndef CUTOVER_CLUSTER_FENCE_H
#define CUTOVER_CLUSTER_FENCE_H

#include "cluster/door.h"
#include "cluster/session.h"
#include "domain/position.h"

struct fence_report {
    int64_t close_us; /* closing, its waits included */
    int64_t prove_us;
    unsigned killed;          /* application sessions killed; each is in killed_text */
    char killed_text[1024];   /* "id 12 app@10.0.0.3 Query 4 s; ..." */
    struct position position; /* of the closed side, after the proof */
};

/*
 * Everything that can be known or opened before a node is closed: nobody has to wait for it. Good
 * for as long as the session lives; fence_close() looks again at what may have changed meanwhile.
 * session  borrowed, must outlive the fence
 * Errors   ERR_REFUSED/NONE a transaction is prepared by XA; ERR_LOST
 */
struct fence;
MUST_CHECK int fence_new(const struct service *service, struct session *session, struct fence **out,
                         struct err *err);
void fence_free(struct fence *fence);
void fence_freep(struct fence **fence);
/* Made for this session, and fit to be used? */
bool fence_is_ready(const struct fence *fence, const struct session *session);
/* As it was found. */
const struct door *fence_found(const struct fence *fence);
/* Its second session, for a watchdog, while the fence is not being closed. Borrowed. */
struct session *fence_second(struct fence *fence);
/* Wait until the proof need not: what we read ourselves makes a view too old for a moment. */
MUST_CHECK int fence_let_age(struct err *err);
/* The proof's questions, harmlessly, for a forecast. */
MUST_CHECK int fence_rehearse(struct fence *fence, int64_t *out_us, struct err *err);

/*
 * Refused before anything is touched: a transaction prepared by XA. Killed once the node is closed:
 * application sessions whose open transaction changed or locked rows (their locks would stop the
 * link back); commits under way are let finish. Idle sessions stay. While an account that read_only
 * does not stop is connected, the proof waits half a second for it to show.
 *
 * Errors  ERR_TIMEOUT/NONE running writes did not end in lock_wait (hint names the blocker: thread,
 *         user, host, age, statement); ERR_REFUSED/NONE writers remain that may not be killed or
 *         would come back, or the position moved; ERR_STOPPED/NONE a signal; ERR_LOST/UNKNOWN.
 *         Repeat: safe, a closed node is proved again.
 */
MUST_CHECK int fence_close(struct fence *fence, struct fence_report *out, struct err *err);

/*
 * Where a node stands, and whether it is closed, in one question: all of the position was read
 * before the door. `door` does not say whether it is kept.
 */
struct fence_look {
    struct position position, own; /* all of it, and what the node wrote itself */
    struct origin origin;
    struct door door;
};
MUST_CHECK int fence_look(struct session *session, struct fence_look *out, struct err *err);

/* Proof only: is it closed, with no writer left and a still position? ERR_REFUSED/NONE when not. */
MUST_CHECK int fence_prove(const struct service *service, struct session *session,
                           struct fence_report *out, struct err *err);

/* Sessions that are neither ours nor replication nor system: for fences, gates and stragglers. */
struct app_session {
    unsigned long id;
    char user[128], host[256], command[32], state[64], info[256];
    int64_t age_s, transaction_s; /* transaction_s 0: none is open, or for less than a second */
    bool is_writing;              /* has an open transaction that changed rows, or runs a write */
};
MUST_CHECK int fence_app_sessions(const struct service *service, struct session *session,
                                  struct app_session **out, size_t *out_count,
                                  struct err *err); /* caller frees *out */

#endif
