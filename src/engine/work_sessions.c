/* SPDX-License-Identifier: MIT */
/* Sessions of the application: by which increment they count (engine/stagger.h). */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/fence.h"
#include "cluster/link.h"
#include "engine/stagger.h"
#include "engine/work.h"

#define RENEW_WAIT_MS 120000
#define RENEW_POLL_MS 100

/* --- staggering ------------------------------------------------------------------------------- */

static int ask_counting(struct run *run, enum side side, struct stagger_now *out, struct err *err)
{
    CLEANUP(session_release) struct session fresh = {0};

    int rc = session_open(run->service, service_primary(run->service, side), SESSION_CONTROLLER,
                          &fresh, err);
    return rc ? rc : stagger_ask(&fresh, out, err);
}

static int check_counting(const struct stagger_now counting[SIDE_COUNT], struct err *err)
{
    const struct stagger_now *a = &counting[SIDE_OLD], *b = &counting[SIDE_NEW];

    if (a->increment >= 2 && a->increment == b->increment && a->offset != b->offset)
        return 0;
    err_set(err, ERR_REFUSED, EFFECT_NONE,
            "AUTO_INCREMENT is not staggered in new sessions: OLD counts by %" PRId64
            " from %" PRId64 ", NEW by %" PRId64 " from %" PRId64,
            a->increment, a->offset, b->increment, b->offset);
    return err_hint(err, "a playbook step with action = \"stagger\" sets it (3-mirror has one); "
                         "with users on both sides set auto_increment_increment and "
                         "auto_increment_offset by hand, in my.cnf too");
}

static int read_counting(struct run *run, struct stagger_now out[SIDE_COUNT], struct err *err)
{
    int rc = ask_counting(run, SIDE_OLD, &out[SIDE_OLD], err);

    if (!rc)
        rc = ask_counting(run, SIDE_NEW, &out[SIDE_NEW], err);
    return rc ? rc : check_counting(out, err);
}

static int remember(struct run *run, enum side side, const struct stagger_now *now, struct err *err)
{
    return stagger_remember(run->journal, run->service->name, side, now, err);
}

WORK(work_stagger_check)
{
    struct stagger_now counting[SIDE_COUNT];

    (void)step;
    (void)args;
    int rc = read_counting(run, counting, err);
    if (!rc)
        rc = remember(run, SIDE_OLD, &counting[SIDE_OLD], err);
    if (!rc)
        rc = remember(run, SIDE_NEW, &counting[SIDE_NEW], err);
    return rc;
}

/*
 * Staggered as it is, since when? Of a server that has restarted and was staggered by hand, or by
 * another controller, nobody knows: from now on, and older sessions have to go.
 */
static int find_since(struct run *run, enum side side, unsigned long *out, struct err *err)
{
    struct stagger_now now;
    struct stagger_since since = {0};

    int rc = ask_counting(run, side, &now, err);
    if (!rc)
        rc = stagger_since(run->journal, run->service->name, side, &now, &since, err);
    if (!rc && !since.is_known) {
        since.thread = now.thread;
        rc = remember(run, side, &now, err);
    }
    *out = since.thread;
    return rc;
}

/* Application sessions older than the staggering. `out_name` names one of them for messages. */
struct old_sessions {
    unsigned count, ended;
    char name[720];
};

static int end_or_count(struct run *run, struct session *session, const struct app_session *app,
                        bool may_end, struct old_sessions *found, struct err *err)
{
    found->count++;
    (void)snprintf(found->name, sizeof found->name, "thread %lu of %s@%s on %s", app->id, app->user,
                   app->host, session->node->name);
    if (!may_end || app->is_writing || strcmp(app->command, "Sleep") != 0)
        return 0;
    found->ended++;
    return session_kill(run->service, session->node, app->id, err);
}

static int visit_old_sessions(struct run *run, enum side side, bool may_end,
                              struct old_sessions *found, struct err *err)
{
    struct session *session;
    struct app_session *apps = NULL;
    size_t count = 0;
    unsigned long since = 0;

    int rc = find_since(run, side, &since, err);
    if (!rc)
        rc = run_primary(run, side, &session, err);
    if (!rc)
        rc = fence_app_sessions(run->service, session, &apps, &count, err);
    for (size_t i = 0; i < count && !rc; i++)
        if (apps[i].id < since)
            rc = end_or_count(run, session, &apps[i], may_end, found, err);
    free(apps);
    return rc;
}

WORK(work_sessions_renew)
{
    int64_t deadline_ms = clock_mono_ms() + RENEW_WAIT_MS;
    unsigned ended = 0;

    (void)step;
    (void)args;
    for (;;) {
        struct old_sessions found = {0};
        int rc = visit_old_sessions(run, SIDE_OLD, true, &found, err);
        if (!rc)
            rc = visit_old_sessions(run, SIDE_NEW, true, &found, err);
        if (rc)
            return rc;
        ended += found.ended;
        if (found.count == 0)
            return run_note(run, "sessions.renewed", err,
                            "no session counts by the old increments; %u idle one(s) were ended",
                            ended);
        if (clock_mono_ms() > deadline_ms) {
            err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                    "%u session(s) still count by the old increments, for example %s", found.count,
                    found.name);
            return err_hint(err, "let the application reconnect, or end them, and type \"cutover "
                                 "run --resume\"");
        }
        rc = run_tick(run, err, "waiting for %u session(s) older than the staggering, e.g. %s",
                      found.count, found.name);
        if (!rc)
            rc = run_pause(run, RENEW_POLL_MS, err);
        if (rc)
            return rc;
    }
}

WORK(work_sessions_check)
{
    struct stagger_now counting[SIDE_COUNT];
    struct old_sessions found = {0};

    (void)step;
    (void)args;
    int rc = read_counting(run, counting, err);
    if (!rc)
        rc = visit_old_sessions(run, SIDE_OLD, false, &found, err);
    if (!rc)
        rc = visit_old_sessions(run, SIDE_NEW, false, &found, err);
    if (!rc && found.count) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "%u session(s) may have been opened before AUTO_INCREMENT was staggered, and could "
                "give an id twice: %s",
                found.count, found.name);
        rc =
            err_hint(err, "let the application reconnect, or end them (KILL there), and try again");
    }
    return rc;
}
