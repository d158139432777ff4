/* SPDX-License-Identifier: MIT */
/* The proof of a run: begun with a full pass, kept in the journal, sealed at the flip. */
#include "engine/proof_keeper.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/pass_keeper.h"
#include "engine/proof_memory.h"
#include "verify/pace.h"

#define KEEP_INTERVAL_MS 1000

static int keep(struct run *run, const struct proof_status *now, struct err *err)
{
    struct proof_memory memory;

    run->proof_kept_ms = clock_mono_ms();
    proof_memory_of(now, run->proof_source, &run->proof_pass, run->is_proof_resting, &memory);
    return proof_memory_put(run->journal, run->service->name, &memory, err);
}

static int forget(struct run *run, enum side source, struct err *err)
{
    return proof_memory_forget(run->journal, run->service->name, source, err);
}

void proof_keeper_drop(struct run *run)
{
    proof_freep(&run->proof);
    run->is_proof_resting = false;
}

int proof_keeper_forget(struct run *run, struct err *err)
{
    proof_keeper_drop(run);
    int rc = forget(run, SIDE_OLD, err);
    return rc ? rc : forget(run, SIDE_NEW, err);
}

/* --- beginning -------------------------------------------------------------------------------- */

static int start(struct run *run, enum side source, const struct proof_floor *from, struct err *err)
{
    struct pace_limits pace = {0};
    struct verify_options how = {0};
    const struct proof_options options = {
        .service = run->service, .source = source, .from = from, .pace = &pace};

    pass_defaults(run->service, &pace, &how);

    proof_keeper_drop(run);
    run->proof_source = source;
    run->proof_pass = (struct verify_report){0};
    return proof_start(&options, &run->proof, err);
}

/* That there is no proof is worth a line, and no more. */
static int go_without(struct run *run, const struct err *why, struct err *err)
{
    if (why->code == ERR_STOPPED) {
        *err = *why;
        return why->code;
    }
    (void)snprintf(run->proof_problem, sizeof run->proof_problem, "%.255s", why->msg);
    log_warn("no proof is kept up to the flip: %s%s%s, continuing", why->msg,
             why->hint[0] ? "; " : "", why->hint);
    return run_note(run, "proof.absent", err,
                    "no proof is kept up to the flip, where only the newest rows are compared "
                    "then: %s",
                    why->msg);
}

int proof_keeper_start(struct run *run, enum side source, bool is_resumed, struct err *err)
{
    struct proof_memory memory;
    struct err why = {0};

    int rc = proof_memory_get(run->journal, run->service->name, source, &memory, err);
    if (rc)
        return rc;
    run->proof_problem[0] = '\0';
    if (is_resumed && !memory.is_there)
        (void)err_set(&why, ERR_REFUSED, EFFECT_NONE,
                      "the interrupted comparison that is gone on with had none");
    else if (!is_resumed && forget(run, source, err))
        return err->code;
    if (!why.code && !start(run, source, is_resumed ? &memory.floor : NULL, &why))
        return proof_keeper_tick(run, err);
    proof_keeper_drop(run);
    return go_without(run, &why, err);
}

int proof_keeper_rest(struct run *run, const struct verify_report *pass, struct err *err)
{
    struct proof_status now;

    if (!run->proof)
        return 0;
    run->proof_pass = *pass;
    run->proof_pass.differences = NULL;
    run->proof_pass.difference_kept = 0;
    run->is_proof_resting = pass->difference_count == 0;
    proof_rests_on(run->proof, pass);
    proof_look(run->proof, &now);
    return keep(run, &now, err);
}

void proof_keeper_revive(struct run *run, enum side source)
{
    struct err err = {0};
    struct proof_memory memory;

    if (run->proof && run->proof_source == source)
        return;
    int rc = proof_memory_get(run->journal, run->service->name, source, &memory, &err);
    if (!rc && !memory.is_resting)
        return;
    if (!rc)
        rc = start(run, source, &memory.floor, &err);
    if (rc) {
        proof_keeper_drop(run);
        (void)snprintf(run->proof_problem, sizeof run->proof_problem, "%.255s", err.msg);
        log_warn("the proof of an earlier comparison cannot be gone on with: %s, continuing",
                 err.msg);
        return;
    }
    run->proof_pass = memory.pass;
    run->is_proof_resting = true;
    proof_rests_on(run->proof, &run->proof_pass);
    log_info("run %s: goes on with the proof of an earlier comparison", run->id);
}

/* --- while it goes on ------------------------------------------------------------------------- */

/*
 * A side was opened: the other may be the source now, and rows are held still in another way. So
 * it begins anew, from what is kept; after a fence in the other direction, from the certificate.
 */
static int turn(struct run *run, struct err *err)
{
    enum side source = run->proof_source;
    struct proof_status now;
    int rc = 0;

    proof_look(run->proof, &now);
    if (run->is_committed && run->is_sealed) {
        source = side_other(source);
        struct proof_memory memory;
        proof_memory_of(&now, source, &run->proof_pass, true, &memory);
        memory.floor = run->sealed_floor;
        rc = proof_memory_put(run->journal, run->service->name, &memory, err);
        if (!rc)
            rc = forget(run, side_other(source), err);
    }
    run->is_side_opened = run->is_sealed = false;
    proof_keeper_drop(run);
    if (!rc)
        proof_keeper_revive(run, source);
    return rc;
}

int proof_keeper_tick(struct run *run, struct err *err)
{
    struct proof_status now;

    if (run->proof && run->is_side_opened && !run->fence_began_ms)
        return turn(run, err);
    if (!run->proof || clock_mono_ms() - run->proof_kept_ms < KEEP_INTERVAL_MS)
        return 0;
    proof_look(run->proof, &now);
    if (now.is_broken && !run->proof_problem[0]) {
        (void)snprintf(run->proof_problem, sizeof run->proof_problem, "%s", now.problem);
        log_warn("the proof is broken: %s; a new full comparison mends that, continuing",
                 now.problem);
    }
    return keep(run, &now, err);
}

bool proof_keeper_look(const struct run *run, enum side source, struct proof_status *out,
                       char *problem)
{
    bool is_there = run->proof && run->proof_source == source;

    if (is_there)
        proof_look(run->proof, out);
    (void)snprintf(problem, 256, "%s",
                   is_there && out->problem[0] ? out->problem
                   : run->proof_problem[0]     ? run->proof_problem
                                               : "no full comparison of before");
    return is_there;
}

void proof_keeper_hurry(struct run *run)
{
    if (run->proof)
        proof_brace(run->proof, PROOF_HURRIED);
}

void proof_keeper_fenced(struct run *run)
{
    if (run->proof && run->fence_began_ms)
        proof_brace(run->proof, PROOF_HELD);
}

void proof_keeper_calm(struct run *run)
{
    if (run->proof)
        proof_brace(run->proof, PROOF_CALM);
}

/* --- the flip --------------------------------------------------------------------------------- */

static int keep_certificate(struct run *run, const struct certificate *certificate, struct err *err)
{
    char text[1024];
    json_t *json = certificate_json(certificate);

    if (!json)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the certificate");
    certificate_text(certificate, text, sizeof text);
    char line[1100];
    (void)snprintf(line, sizeof line, "run %s: %s", run->id, text);
    breath_say(run, line);
    CLEANUP(json_release)
    json_t *detail =
        json_pack("{s:s,s:s,s:f,s:o}", "step", run->plan.steps[run->current].id, "text", text, "ms",
                  (double)certificate->settle_ms, "certificate", json);
    return journal_event(run->journal, run->id, "certificate", detail, err);
}

int proof_keeper_seal(struct run *run, enum side source, int64_t limit_ms,
                      struct verify_report *out_differences, struct err *err)
{
    struct certificate certificate;
    bool is_fenced = run->fence_began_ms != 0;

    if (!run->proof || run->proof_source != source) {
        *out_differences = (struct verify_report){0};
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "no proof is kept: %s",
                       run->proof_problem[0] ? run->proof_problem : "no full comparison of before");
    }
    int rc = proof_settle(run->proof, is_fenced, limit_ms, &certificate, out_differences, err);
    if (!rc)
        rc = keep_certificate(run, &certificate, err);
    if (rc || !is_fenced)
        return rc;
    /* The way back begins here; that is written when users can write again. */
    struct proof_status now;
    proof_look(run->proof, &now);
    run->sealed_floor = (struct proof_floor){.source = now.floor.replica,
                                             .replica = now.floor.source,
                                             .source_at = now.floor.replica_at,
                                             .replica_at = now.floor.source_at};
    run->is_sealed = true;
    return 0;
}
