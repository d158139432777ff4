/* SPDX-License-Identifier: MIT */
/* The last look: everything that was touched is proven, or the reason is told. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "verify/proof_inner.h"

#define WAIT_SLICE_MS 50

struct look_last {
    struct proof *proof;
    bool is_still;
    int64_t began_ms, deadline_ms;
    struct position want[2]; /* of the logs */
    uint64_t until;          /* number of the last touch that has to be proven */
    uint64_t reproven_before;
};

/* With the mutex held. */
static int check_usable(const struct proof *proof, struct err *err)
{
    if (proof->is_broken) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "the proof is broken: %s", proof->problem);
        return err_hint(err, "only a new full comparison can mend that: \"cutover verify\"");
    }
    if (!proof->is_resting)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "the proof rests on nothing: no full comparison has ended");
    if (proof->pass.difference_count)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "the proof rests on a comparison that found %zu difference(s)",
                       proof->pass.difference_count);
    return 0;
}

static int too_late(const struct look_last *look, const char *what, struct err *err)
{
    return err_set(err, ERR_TIMEOUT, EFFECT_NONE, "%s within %lld ms", what,
                   (long long)(look->deadline_ms - look->began_ms));
}

/* Where both servers are; on connections that were opened beforehand. */
static int ask_both(struct look_last *look, struct err *err)
{
    struct proof_worker *still = &look->proof->still;
    int rc = proof_worker_open(still, err);
    if (!rc)
        rc = end_position(&still->pair.source, &look->want[0], err);
    if (!rc)
        rc = end_position(&still->pair.replica, &look->want[1], err);
    return rc;
}

/* Once more when the connection is found dead: a server that restarted has told nobody yet. */
static int ask_positions(struct look_last *look, struct err *err)
{
    int rc = ask_both(look, err);

    return rc == ERR_LOST ? ask_both(look, err) : rc;
}

/* With the mutex held. */
static bool has_read_all(const struct look_last *look)
{
    const struct proof *proof = look->proof;
    for (size_t i = 0; i < 2; i++)
        if (!position_covers(&proof->logs[i].position, &look->want[i]))
            return false;
    return true;
}

/* With the mutex held: do both logs decode with the definitions of now? */
static bool has_schema(const struct proof *proof)
{
    return !proof->is_schema_stale && proof->logs[0].shapes == proof->shapes &&
           proof->logs[1].shapes == proof->shapes;
}

/* With the mutex held, which it lets go while waiting. */
static int wait_slice(struct look_last *look, const char *what, struct err *err)
{
    int rc = check_usable(look->proof, err);
    if (rc)
        return rc;
    int64_t left_ms = look->deadline_ms - clock_mono_ms();
    if (left_ms <= 0)
        return too_late(look, what, err);
    if (signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while the proof was completed");
    proof_wait(look->proof, left_ms < WAIT_SLICE_MS ? left_ms : WAIT_SLICE_MS);
    return 0;
}

static int wait_for_logs(struct look_last *look, struct err *err)
{
    struct proof *proof = look->proof;
    int rc = 0;
    PROOF_HOLD(proof);

    proof->waiters++;
    while (!rc && !has_read_all(look))
        rc = wait_slice(look, "the logs were not read to their end", err);
    proof->waiters--;
    return rc;
}

/* Definitions that a log told of; both logs go on with the new ones before a row is looked at. */
static int wait_for_schema(struct look_last *look, struct err *err)
{
    struct proof *proof = look->proof;

    for (;;) {
        int rc = look->is_still ? proof_read_schema(&proof->still, err) : 0;
        if (rc)
            return rc;
        PROOF_HOLD(proof);
        if (has_schema(proof))
            return 0;
        rc = wait_slice(look, "changed definitions were not read", err);
        if (rc)
            return rc;
    }
}

/* Rows that differed are looked at once more: they may have been mended. */
static int fix_until(struct look_last *look, struct err *err)
{
    PROOF_HOLD(look->proof);
    int rc = proof_suspect_again(look->proof, err);
    look->until = touched_sequence(look->proof->set);
    return rc;
}

/* Nothing moves: on this thread, without locks and waits. */
static int prove_still(struct look_last *look, struct err *err)
{
    struct proof_worker *still = &look->proof->still;
    bool is_idle = false;

    still->deadline_ms = look->deadline_ms;
    while (!is_idle) {
        if (clock_mono_ms() > look->deadline_ms)
            return too_late(look, "the touched rows were not proven", err);
        int rc = proof_compare_next(still, look->until, &is_idle, err);
        if (rc == ERR_STOPPED && clock_mono_ms() > look->deadline_ms)
            return too_late(look, "the touched rows were not proven", err);
        if (rc)
            return rc;
    }
    return 0;
}

/* What the background had under way; in a fence it gives that back as soon as it sees the fence. */
static int wait_until_proven(struct look_last *look, bool *out_is_done, struct err *err)
{
    struct proof *proof = look->proof;
    PROOF_HOLD(proof);
    int rc = 0;

    *out_is_done = !touched_has(proof->set, look->until);
    if (!*out_is_done)
        rc = wait_slice(look, "the touched rows were not proven", err);
    return rc;
}

static int prove(struct look_last *look, struct err *err)
{
    bool is_done = false;

    while (!is_done) {
        int rc = look->is_still ? prove_still(look, err) : 0;
        if (!rc)
            rc = wait_until_proven(look, &is_done, err);
        if (rc)
            return rc;
    }
    return 0;
}

static int copy_differences(const struct proof *proof, struct verify_report *out, struct err *err)
{
    *out = (struct verify_report){0};
    out->difference_count = proof->differences_beyond;
    for (size_t i = 0; i < proof->difference_kept; i++)
        out->difference_count += !proof->differences[i].is_stale;
    if (!out->difference_count)
        return 0;
    out->differences = calloc(proof->difference_kept + 1, sizeof(*out->differences));
    if (!out->differences)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for the differences");
    for (size_t i = 0; i < proof->difference_kept; i++)
        if (!proof->differences[i].is_stale)
            out->differences[out->difference_kept++] = proof->differences[i].difference;
    static const struct difference nothing;
    const struct difference *first = out->difference_kept ? out->differences : &nothing;
    return err_set(err, ERR_DATA, EFFECT_NONE,
                   "the two sides differ in %zu place(s) that were written to since the full "
                   "comparison; the first: %s %s %s",
                   out->difference_count, first->table, first->key, first->column);
}

static void hash_all(const struct proof *proof, struct certificate *out)
{
    char text[80];
    char last[33];
    row_hash_text(proof->still.hash, last);
    int len = snprintf(text, sizeof(text), "%s%s", proof->pass.hash, last);
    XXH128_hash_t hash = XXH3_128bits(text, (size_t)len);
    row_hash_text((struct row_hash){.low = hash.low64, .high = hash.high64}, out->hash);
}

static void fill(const struct look_last *look, struct certificate *out)
{
    const struct proof *proof = look->proof;
    const struct verify_report *pass = &proof->pass;

    *out = (struct certificate){
        .source = proof->source,
        .position = look->want[0],
        .is_fenced = look->is_still,
        .tables = pass->tables,
        .rows = pass->rows,
        .bytes = pass->bytes,
        .reproven = proof->rows_reproven,
        .settled = proof->rows_reproven - look->reproven_before,
        .pass_began_us = pass->began_us,
        .pass_ended_us = pass->ended_us,
        .sealed_us = clock_wall_us(),
        .pass_ms = pass->duration_ms,
        .settle_ms = clock_mono_ms() - look->began_ms,
        .stream_tables = pass->stream_tables,
        .remote_tables = pass->remote_tables,
        .fast_tables = pass->fast_tables,
    };
    (void)snprintf(out->algorithm, sizeof(out->algorithm), "%s",
                   pass->algorithm[0]
                       ? pass->algorithm
                       : certificate_algorithm(pass->fast_tables, pass->remote_tables));
    hash_all(proof, out);
}

static int run(struct look_last *look, struct certificate *out,
               struct verify_report *out_differences, struct err *err)
{
    struct proof *proof = look->proof;
    int rc = ask_positions(look, err);
    if (!rc)
        rc = wait_for_logs(look, err);
    if (!rc)
        rc = wait_for_schema(look, err);
    if (!rc)
        rc = fix_until(look, err);
    if (!rc)
        rc = prove(look, err);
    if (rc)
        return rc;
    PROOF_HOLD(proof);
    rc = copy_differences(proof, out_differences, err);
    if (!rc)
        fill(look, out);
    return rc;
}

static int prepare(struct look_last *look, struct err *err)
{
    PROOF_HOLD(look->proof);
    int rc = check_usable(look->proof, err);
    if (rc)
        return rc;
    look->proof->is_settling = look->is_still;
    look->proof->is_hurried = !look->is_still;
    look->proof->is_looked_at = true;
    look->reproven_before = look->proof->rows_reproven;
    (void)pthread_cond_broadcast(&look->proof->changed);
    return 0;
}

int proof_settle(struct proof *proof, bool is_still, int64_t limit_ms, struct certificate *out,
                 struct verify_report *out_differences, struct err *err)
{
    struct look_last look = {.proof = proof, .is_still = is_still, .began_ms = clock_mono_ms()};

    look.deadline_ms = look.began_ms + limit_ms;
    *out_differences = (struct verify_report){0};
    int rc = prepare(&look, err);
    if (rc)
        return rc;
    (void)pthread_mutex_lock(&proof->still_mutex);
    proof->still.hash = (struct row_hash){0};
    rc = run(&look, out, out_differences, err);
    (void)pthread_mutex_unlock(&proof->still_mutex);
    PROOF_HOLD(proof);
    proof->is_settling = proof->mood == PROOF_HELD;
    proof->is_hurried = proof->mood == PROOF_HURRIED;
    proof->is_looked_at = false;
    return rc;
}
