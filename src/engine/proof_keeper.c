/* SPDX-License-Identifier: MIT */
/* The proof of a run: begun with a full pass, kept in the journal, sealed at the flip. */
#include "engine/proof_keeper.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/pass_keeper.h"
#include "verify/pace.h"

#define KEEP_INTERVAL_MS 1000
#define MEMORY_SIZE (2 * POSITION_TEXT_SIZE + 4096)

static const char *memory_name(enum side source)
{
    return source == SIDE_OLD ? "proof.old" : "proof.new";
}

/* --- in the journal's memory ------------------------------------------------------------------ */

static json_t *pass_json(const struct verify_report *pass)
{
    return json_pack(
        "{s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:I,s:s}", "tables", (json_int_t)pass->tables, "rows",
        (json_int_t)pass->rows, "bytes", (json_int_t)pass->bytes, "began_us",
        (json_int_t)pass->began_us, "ended_us", (json_int_t)pass->ended_us, "duration_ms",
        (json_int_t)pass->duration_ms, "stream", (json_int_t)pass->stream_tables, "remote",
        (json_int_t)pass->remote_tables, "fast", (json_int_t)pass->fast_tables, "hash", pass->hash);
}

static void pass_of_json(const json_t *json, struct verify_report *out)
{
    *out = (struct verify_report){
        .tables = (unsigned)json_int_or(json, "tables", 0),
        .rows = (uint64_t)json_int_or(json, "rows", 0),
        .bytes = (uint64_t)json_int_or(json, "bytes", 0),
        .began_us = json_int_or(json, "began_us", 0),
        .ended_us = json_int_or(json, "ended_us", 0),
        .duration_ms = json_int_or(json, "duration_ms", 0),
        .stream_tables = (unsigned)json_int_or(json, "stream", 0),
        .remote_tables = (unsigned)json_int_or(json, "remote", 0),
        .fast_tables = (unsigned)json_int_or(json, "fast", 0),
    };
    (void)snprintf(out->hash, sizeof out->hash, "%s", json_text_or(json, "hash", ""));
}

static int put_json(struct run *run, enum side source, json_t *json, struct err *err)
{
    CLEANUP(json_release) json_t *owned = json;
    char *text = owned ? json_canonical(owned) : NULL;

    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what a proof needs");
    int rc = journal_memory_put(run->journal, run->service->name, memory_name(source), text, err);
    free(text);
    return rc;
}

/* NULL: there is none. */
static int get_json(struct journal *journal, const char *service, enum side source, json_t **out,
                    struct err *err)
{
    *out = NULL;
    char *text = malloc(MEMORY_SIZE);
    if (!text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what a proof needs");
    int rc = journal_memory_get(journal, service, memory_name(source), text, MEMORY_SIZE, err);
    if (!rc && text[0])
        rc = json_parse(text, strlen(text), out, err);
    free(text);
    return rc;
}

static json_t *state_json(const struct proof_status *now, const struct verify_report *pass,
                          bool is_resting, const struct proof_floor *floor, struct err *err)
{
    char source[POSITION_TEXT_SIZE], replica[POSITION_TEXT_SIZE];

    if (position_text(&floor->source, source, sizeof source, err) ||
        position_text(&floor->replica, replica, sizeof replica, err))
        return NULL;
    return json_pack(
        "{s:s,s:s,s:b,s:b,s:I,s:I,s:I,s:I,s:s,s:o}", "source", source, "replica", replica,
        "resting", (int)is_resting, "covering", (int)now->is_covering, "rows_touched",
        (json_int_t)(now->rows_touched + now->ranges_touched + now->tables_touched),
        "rows_reproven", (json_int_t)now->rows_reproven, "age_ms", (json_int_t)now->age_ms, "at_us",
        (json_int_t)clock_wall_us(), "problem", now->problem, "pass", pass_json(pass));
}

static int keep(struct run *run, const struct proof_status *now, struct err *err)
{
    run->proof_kept_ms = clock_mono_ms();
    json_t *json = state_json(now, &run->proof_pass, run->is_proof_resting, &now->floor, err);
    return put_json(run, run->proof_source, json, err);
}

static int forget(struct run *run, enum side source, struct err *err)
{
    return journal_memory_put(run->journal, run->service->name, memory_name(source), NULL, err);
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

static int floor_of_json(const json_t *json, struct proof_floor *out, struct err *err)
{
    int rc = position_parse_any(json_text_or(json, "source", ""), &out->source, err);
    return rc ? rc : position_parse_any(json_text_or(json, "replica", ""), &out->replica, err);
}

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
    struct proof_floor floor = {0};
    struct err why = {0};
    CLEANUP(json_release) json_t *memory = NULL;

    int rc = get_json(run->journal, run->service->name, source, &memory, err);
    if (rc)
        return rc;
    run->proof_problem[0] = '\0';
    if (is_resumed && !memory)
        (void)err_set(&why, ERR_REFUSED, EFFECT_NONE,
                      "the interrupted comparison that is gone on with had none");
    else if (!is_resumed && forget(run, source, err))
        return err->code;
    else if (is_resumed && floor_of_json(memory, &floor, err))
        return err->code;
    if (!why.code && !start(run, source, is_resumed ? &floor : NULL, &why))
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
    struct proof_floor floor;
    CLEANUP(json_release) json_t *memory = NULL;

    if (run->proof && run->proof_source == source)
        return;
    int rc = get_json(run->journal, run->service->name, source, &memory, &err);
    if (!rc && (!memory || !json_bool_or(memory, "resting", 0)))
        return;
    if (!rc)
        rc = floor_of_json(memory, &floor, &err);
    if (!rc)
        rc = start(run, source, &floor, &err);
    if (rc) {
        proof_keeper_drop(run);
        (void)snprintf(run->proof_problem, sizeof run->proof_problem, "%.255s", err.msg);
        log_warn("the proof of an earlier comparison cannot be gone on with: %s, continuing",
                 err.msg);
        return;
    }
    pass_of_json(json_object_get(memory, "pass"), &run->proof_pass);
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
        json_t *json = state_json(&now, &run->proof_pass, true, &run->sealed_floor, err);
        rc = put_json(run, source, json, err);
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

/* --- the flip --------------------------------------------------------------------------------- */

static int keep_certificate(struct run *run, const struct certificate *certificate, struct err *err)
{
    char text[1024];
    json_t *json = certificate_json(certificate);

    if (!json)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the certificate");
    certificate_text(certificate, text, sizeof text);
    log_info("run %s: %s", run->id, text);
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
    run->sealed_floor =
        (struct proof_floor){.source = now.floor.replica, .replica = now.floor.source};
    run->is_sealed = true;
    return 0;
}

/* --- for status ------------------------------------------------------------------------------- */

int proof_memory_read(struct journal *journal, const char *service, struct proof_memory *out,
                      struct err *err)
{
    *out = (struct proof_memory){0};
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        CLEANUP(json_release) json_t *memory = NULL;
        int rc = get_json(journal, service, side, &memory, err);
        if (rc)
            return rc;
        int64_t at_us = memory ? json_int_or(memory, "at_us", 0) : 0;
        if (!memory || at_us < out->at_us)
            continue;
        *out = (struct proof_memory){
            .is_there = true,
            .is_covering = json_bool_or(memory, "covering", 0),
            .source = side,
            .rows_touched = (uint64_t)json_int_or(memory, "rows_touched", 0),
            .rows_reproven = (uint64_t)json_int_or(memory, "rows_reproven", 0),
            .age_ms = json_int_or(memory, "age_ms", 0),
            .at_us = at_us,
        };
        (void)snprintf(out->problem, sizeof out->problem, "%s",
                       json_text_or(memory, "problem", ""));
    }
    return 0;
}
