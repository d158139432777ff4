/* SPDX-License-Identifier: MIT */
/*
 * engine/stagger.h - since when sessions count by a staggered AUTO_INCREMENT. A session inherits
 *                    auto_increment_increment when it connects, so that both sides may only be
 *                    open when no session is older than the staggering.
 * Invariant: a session is taken for staggered only when that is known: thread ids grow for as long
 *            as a server lives and begin anew with it, so a mark counts for one life of the server.
 * Threads:   the caller's.
 */
#ifndef CUTOVER_ENGINE_STAGGER_H
#define CUTOVER_ENGINE_STAGGER_H

#include "cluster/session.h"
#include "engine/journal.h"

/* What a session that has just been opened was given, and about the server that gave it. */
struct stagger_now {
    int64_t increment, offset;
    int64_t started_s;    /* since 1970, by the server's clock; a restart changes it */
    unsigned long thread; /* this session's: later ones have greater ones */
    bool is_from_start;   /* nobody has set the increments since the server started */
};

/* fresh  opened just now, as nobody changed its increments */
MUST_CHECK int stagger_ask(struct session *fresh, struct stagger_now *out, struct err *err);

/*
 * Sessions with a smaller thread id may count by something else.
 * is_known  false: neither the server nor the journal tells
 */
struct stagger_since {
    bool is_known;
    unsigned long thread;
};
MUST_CHECK int stagger_since(struct journal *journal, const char *service, enum side side,
                             const struct stagger_now *now, struct stagger_since *out,
                             struct err *err);

/* From now on: when `now` is staggered, sessions that are opened later are. */
MUST_CHECK int stagger_remember(struct journal *journal, const char *service, enum side side,
                                const struct stagger_now *now, struct err *err);

#endif
