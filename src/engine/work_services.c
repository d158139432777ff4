/* SPDX-License-Identifier: MIT */
/*
 * What works beside the database, stopped here and started there. What was found is written down
 * before anything is done, in two places: as a variable of the run, for its undo, and in the memory
 * of the service, which outlives the run: who has to start again what we have stopped?
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/worker.h"
#include "engine/work.h"
#include "engine/worker_memory.h"

#define ASK_AGAIN_MS 500
#define NAME_SIZE 160

/* What was found, as variables say it. */
#define FOUND_RUNNING "ran"
#define FOUND_RESTING "rested"
#define FOUND_OURS "ours" /* stopped by us before */

static int worker_of(const struct run *run, const json_t *args, const struct side_worker **out,
                     struct err *err)
{
    const char *name = json_text_or(args, "name", "");
    enum side side;

    int rc = side_of(args, "side", &side, err);
    if (rc)
        return rc;
    *out = service_worker(run->service, side, name);
    if (!*out)
        return err_set(err, ERR_CONFLICT, EFFECT_NONE,
                       "the plan names the service %s of %s, which the configuration does not",
                       name, side_title(side));
    return 0;
}

static void variable_name(const char *deed, const struct side_worker *worker, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "service.%s.%s.%s", deed, side_name(worker->side), worker->name);
}

/* Until it is as wanted, which a command that has ended does not prove. */
static int wait_until(struct run *run, const struct side_worker *worker, bool runs, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + worker->timeout_ms;
    char human[32];

    for (;;) {
        enum worker_now state;
        int rc = worker_ask(worker, &state, err);
        if (rc || state == (runs ? WORKER_RUNS : WORKER_RESTS))
            return rc;
        if (clock_mono_ms() >= deadline_ms)
            return err_set(err, ERR_TIMEOUT, EFFECT_APPLIED, "%s %s after %s (its timeout)",
                           worker->name, runs ? "does not run" : "still runs",
                           clock_human_ms(worker->timeout_ms, human));
        rc = run_pause(run, ASK_AGAIN_MS, err);
        if (rc)
            return rc;
    }
}

/* Ask first: what is as wanted is left alone. What ends is not: it is started when it rests. */
static int make(struct run *run, const struct side_worker *worker, enum worker_deed deed,
                struct err *err)
{
    enum worker_now state;

    int rc = worker_ask(worker, &state, err);
    if (rc || state == (deed == WORKER_START ? WORKER_RUNS : WORKER_RESTS))
        return rc;
    rc = run_may_change(run, err);
    if (rc)
        return rc;
    rc = worker_do(worker, deed, err);
    rc = rc ? rc : wait_until(run, worker, deed == WORKER_START, err);
    if (rc && err->effect == EFFECT_NONE)
        err->effect = EFFECT_UNKNOWN; /* of the question that failed; the command was given */
    return rc;
}

/* --- stop ------------------------------------------------------------------------------------- */

/* Once a run: after a crash what is found then is our own doing. */
static int note_found(struct run *run, const struct side_worker *worker, char out[16],
                      struct err *err)
{
    struct worker_memory memory;
    char name[NAME_SIZE];
    enum worker_now state;

    variable_name("stop", worker, name);
    int rc = journal_variable_get(run->journal, run->id, name, out, 16, err);
    if (!rc && !out[0]) {
        rc = worker_memory_get(run->journal, run->service, worker, &memory, err);
        rc = rc ? rc : worker_ask(worker, &state, err);
        if (rc)
            return rc;
        (void)snprintf(out, 16, "%s",
                       state != WORKER_RESTS               ? FOUND_RUNNING
                       : memory.state == WORKER_IS_STOPPED ? FOUND_OURS
                                                           : FOUND_RESTING);
        rc = journal_variable_put(run->journal, run->id, name, out, err);
    }
    if (rc || strcmp(out, FOUND_OURS) == 0)
        return rc;
    return worker_memory_put(run->journal, run->service, worker,
                             strcmp(out, FOUND_RUNNING) == 0 ? WORKER_IS_STOPPED : WORKER_RESTED,
                             run->id, err);
}

static int stop(struct run *run, const struct side_worker *worker, struct err *err)
{
    char found[16];

    int rc = note_found(run, worker, found, err);
    rc = rc ? rc : make(run, worker, WORKER_STOP, err);
    if (rc)
        return err_wrap(err, "stopping %s on %s", worker->name, worker->at.name);
    return run_note(run, "service.stopped", err, "%s on %s rests%s", worker->name, worker->at.name,
                    strcmp(found, FOUND_RUNNING) == 0 ? "" : ", as it did already");
}

WORK(work_service_stop)
{
    const struct side_worker *worker;
    struct err why = {0};

    (void)step;
    int rc = worker_of(run, args, &worker, err);
    if (rc)
        return rc;
    rc = stop(run, worker, &why);
    if (!rc)
        return 0;
    if (json_bool_or(args, "insist", 1) || rc == ERR_STOPPED || rc == ERR_BUSY) {
        *err = why;
        return rc;
    }
    log_warn("%s: it may still work on the side that is left; stop it by hand, continuing",
             why.msg);
    return run_note(run, "service.left", err, "stop %s on %s by hand: %.200s", worker->name,
                    worker->at.name, why.msg);
}

WORK(work_service_restore)
{
    const struct side_worker *worker;
    char name[NAME_SIZE], found[16];

    (void)step;
    int rc = worker_of(run, args, &worker, err);
    if (rc)
        return rc;
    variable_name("stop", worker, name);
    rc = journal_variable_get(run->journal, run->id, name, found, sizeof found, err);
    if (rc || !found[0] || strcmp(found, FOUND_OURS) == 0)
        return rc;
    if (strcmp(found, FOUND_RUNNING) == 0)
        rc = make(run, worker, WORKER_START, err);
    if (rc)
        return err_wrap(err, "starting %s on %s again", worker->name, worker->at.name);
    return worker_memory_put(run->journal, run->service, worker, WORKER_FORGOTTEN, run->id, err);
}

static int check(const struct side_worker *worker, bool runs, struct err *err)
{
    enum worker_now state;

    int rc = worker_ask(worker, &state, err);
    if (rc || state == (runs ? WORKER_RUNS : WORKER_RESTS))
        return rc;
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s on %s %s", worker->name, worker->at.name,
                   runs ? "does not run" : "runs");
}

WORK(work_service_rests)
{
    const struct side_worker *worker;

    (void)step;
    int rc = worker_of(run, args, &worker, err);
    return rc ? rc : check(worker, false, err);
}

/* --- start ------------------------------------------------------------------------------------ */

/* What it was remembered as before this run, also when that is resumed; "-" when not at all. */
static int note_before(struct run *run, const struct side_worker *worker, struct worker_memory *out,
                       bool *out_ran, struct err *err)
{
    char name[NAME_SIZE], value[WORKER_MEMORY_SIZE];
    enum worker_now state;

    variable_name("start", worker, name);
    int rc = journal_variable_get(run->journal, run->id, name, value, sizeof value, err);
    if (rc)
        return rc;
    if (!value[0]) {
        rc = worker_memory_get(run->journal, run->service, worker, out, err);
        rc = rc ? rc : worker_ask(worker, &state, err);
        if (rc)
            return rc;
        (void)snprintf(value, sizeof value, "%s", state == WORKER_RUNS ? FOUND_RUNNING : "-");
        if (state != WORKER_RUNS && out->state != WORKER_FORGOTTEN)
            worker_memory_print(out, value);
        rc = journal_variable_put(run->journal, run->id, name, value, err);
    }
    *out_ran = strcmp(value, FOUND_RUNNING) == 0;
    worker_memory_parse(value, out);
    return rc;
}

WORK(work_service_start)
{
    const struct side_worker *worker;
    struct worker_memory before;
    bool ran;

    (void)step;
    int rc = worker_of(run, args, &worker, err);
    rc = rc ? rc : note_before(run, worker, &before, &ran, err);
    if (rc)
        return rc;
    bool is_idle = before.state == WORKER_RESTED;
    if (!is_idle)
        rc = make(run, worker, WORKER_START, err);
    if (rc)
        return err_wrap(err, "starting %s on %s", worker->name, worker->at.name);
    rc = worker_memory_put(run->journal, run->service, worker, WORKER_FORGOTTEN, run->id, err);
    return rc ? rc
              : run_note(run, "service.started", err, "%s on %s %s", worker->name, worker->at.name,
                         is_idle ? "rested before, and stays at rest"
                         : ran   ? "runs, as it did already"
                                 : "runs");
}

WORK(work_service_withdraw)
{
    const struct side_worker *worker;
    struct worker_memory before;
    char name[NAME_SIZE], value[WORKER_MEMORY_SIZE];

    (void)step;
    int rc = worker_of(run, args, &worker, err);
    if (rc)
        return rc;
    variable_name("start", worker, name);
    rc = journal_variable_get(run->journal, run->id, name, value, sizeof value, err);
    if (rc || !value[0] || strcmp(value, FOUND_RUNNING) == 0)
        return rc;
    worker_memory_parse(value, &before);
    if (before.state != WORKER_RESTED)
        rc = make(run, worker, WORKER_STOP, err);
    if (rc)
        return err_wrap(err, "stopping %s on %s again", worker->name, worker->at.name);
    return worker_memory_put(run->journal, run->service, worker, before.state, before.run, err);
}

WORK(work_service_runs)
{
    const struct side_worker *worker;
    struct worker_memory before;
    char name[NAME_SIZE], value[WORKER_MEMORY_SIZE];

    (void)step;
    int rc = worker_of(run, args, &worker, err);
    if (rc)
        return rc;
    variable_name("start", worker, name);
    rc = journal_variable_get(run->journal, run->id, name, value, sizeof value, err);
    if (rc)
        return rc;
    worker_memory_parse(value, &before);
    return before.state == WORKER_RESTED ? 0 : check(worker, true, err);
}
