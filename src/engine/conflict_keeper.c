/* SPDX-License-Identifier: MIT */
/* Conflicts of a run. */
#include "engine/conflict_keeper.h"

#include "base/clock.h"
#include "base/log.h"

#define LOOK_INTERVAL_MS 200
#define NOTE_CAP 50       /* events for single conflicts; beyond it they are counted */
#define PATIENCE_MS 10000 /* before it is told that nothing can be read */

static bool are_both_open(struct run *run)
{
    struct lag_snapshot now;
    unsigned open = 0;

    sampler_read(run->sampler, &now);
    for (size_t i = 0; i < now.node_count; i++)
        open += now.nodes[i].is_primary && now.nodes[i].is_reached &&
                now.nodes[i].is_open == TRI_YES && now.nodes[i].has_link;
    return open == SIDE_COUNT;
}

static int note(struct run *run, const struct conflict *conflict, struct err *err)
{
    char old_at[32], new_at[32];

    return run_note(run, "conflict", err,
                    "conflict: row %s of %s was written on both sides before either had the "
                    "other's write: %s on OLD at %s, %s on NEW at %s",
                    conflict->key, conflict->table, conflict->transaction[SIDE_OLD],
                    clock_iso8601(conflict->at_ms[SIDE_OLD] * 1000, old_at),
                    conflict->transaction[SIDE_NEW],
                    clock_iso8601(conflict->at_ms[SIDE_NEW] * 1000, new_at));
}

static int tell_found(struct run *run, struct err *err)
{
    struct conflict conflict;
    int rc = 0;

    while (!rc && conflicts_take(run->conflicts, &conflict)) {
        if (run->conflicts_noted < NOTE_CAP)
            rc = note(run, &conflict, err);
        else if (run->conflicts_noted == NOTE_CAP)
            rc = run_note(run, "conflict.many", err,
                          "more than %d conflicts: further ones are counted only", NOTE_CAP);
        run->conflicts_noted++;
    }
    return rc;
}

/* Once: what is not read is not found. */
static int tell_problem(struct run *run, const struct conflicts_status *now, struct err *err)
{
    if (now->is_reading) {
        run->conflicts_unread_ms = 0;
        return 0;
    }
    if (!run->conflicts_unread_ms)
        run->conflicts_unread_ms = clock_mono_ms();
    if (run->is_conflict_problem_told || clock_mono_ms() - run->conflicts_unread_ms < PATIENCE_MS)
        return 0;
    run->is_conflict_problem_told = true;
    return run_note(run, "conflict.unread", err, "nobody looks for rows that both sides write: %s",
                    now->problem[0] ? now->problem : "the logs do not come");
}

int conflict_keeper_tick(struct run *run, struct err *err)
{
    int64_t now_ms = clock_mono_ms();
    struct conflicts_status now;

    if (!run->sampler || now_ms - run->conflicts_looked_ms < LOOK_INTERVAL_MS)
        return 0;
    run->conflicts_looked_ms = now_ms;
    if (!run->conflicts && !are_both_open(run))
        return 0;
    if (!run->conflicts) {
        int rc = conflicts_start(run->service, &run->conflicts, err);
        if (rc)
            return rc;
    }
    int rc = tell_found(run, err);
    if (rc)
        return rc;
    conflicts_look(run->conflicts, &now);
    return tell_problem(run, &now, err);
}

void conflict_keeper_drop(struct run *run)
{
    conflicts_free(run->conflicts);
    run->conflicts = NULL;
}

bool conflict_keeper_count(const struct run *run, int64_t *out)
{
    struct conflicts_status now;

    *out = 0;
    if (!run->conflicts)
        return true;
    conflicts_look(run->conflicts, &now);
    *out = (int64_t)now.found;
    return now.is_reading || now.found > 0;
}
