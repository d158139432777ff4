/* SPDX-License-Identifier: MIT */
/* Copies by mariadb-backup, from host to host. */
#include <stdio.h>

#include "base/clock.h"
#include "cluster/seed_physical.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"

#define PHYSICAL_CHECKED                                                                           \
    "the checksums of zstd and of each part of the stream, TLS, and the exit status of every "     \
    "program on both hosts say that what arrived is what was sent; mariadb-backup looked at the "  \
    "checksum of each page that it read, and prepared the copy"

WORK(work_seed_physical_check)
{
    (void)step;
    return physical_check(run->service, (uint64_t)json_int_or(args, "rate", 0), err);
}

static int show(void *context, const struct physical_progress *now, struct err *err)
{
    char eta[32] = "unknown", elapsed[32];
    double seconds = (double)(now->elapsed_ms > 0 ? now->elapsed_ms : 1) / 1000.0;
    double mb = (double)now->bytes_done / 1e6;

    if (!now->bytes_done)
        return run_tick(context, err, "seed: %s, for %s", now->stage,
                        clock_human_ms(now->elapsed_ms, elapsed));
    if (now->eta_ms >= 0)
        clock_human_ms(now->eta_ms, eta);
    return run_tick(context, err, "seed: %s, %.0f of about %.0f MB, %.1f MB/s, %s left", now->stage,
                    mb, (double)now->bytes_total / 1e6, mb / seconds, eta);
}

static int options_of(struct run *run, const json_t *args, struct physical_options *out,
                      struct err *err)
{
    const char *donor = json_string_value(json_object_get(args, "donor"));
    const char *recipient = json_string_value(json_object_get(args, "node"));

    *out = (struct physical_options){
        .service = run->service,
        .donor = service_node(run->service, donor),
        .recipient = service_node(run->service, recipient),
        .run = run->id,
        .workers = run->options->workers ? run->options->workers
                                         : (unsigned)json_int_or(args, "workers", 0),
        .rate = (uint64_t)json_int_or(args, "rate", 0),
        .progress = show,
        .context = run,
    };
    if (!out->donor || !out->recipient)
        return err_set(err, ERR_CONFLICT, EFFECT_NONE,
                       "the plan names a node that the configuration does not");
    if (!out->donor->ssh || !out->recipient->ssh)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "%s has no group ssh any more",
                       (out->donor->ssh ? out->recipient : out->donor)->name);
    out->permit = run_permit(run, out->recipient);
    return 0;
}

WORK(work_seed_physical_copy)
{
    struct physical_options options;
    struct position position;
    char took[32], name[64];
    int64_t began_ms = clock_mono_ms();

    (void)step;
    int rc = options_of(run, args, &options, err);
    if (!rc)
        rc = physical_copy(&options, &position, err);
    (void)snprintf(name, sizeof name, "seed%s",
                   json_string_value(json_object_get(args, "position")));
    if (!rc)
        rc = run_position_put(run, name, &position, err);
    if (!rc)
        rc = run_note(run, "seed.copied", err, "copied %s to %s, and prepared it, in %s",
                      options.donor->name, options.recipient->name,
                      clock_human_ms(clock_mono_ms() - began_ms, took));
    return rc ? rc : work_note_checked(run, options.recipient->name, PHYSICAL_CHECKED, err);
}

/* Whatever was proven about NEW is about data that go now. */
static int forget_proofs(struct run *run, struct err *err)
{
    int rc = journal_verified_begin(run->journal, run->service->name, err);
    return rc ? rc : proof_keeper_forget(run, err);
}

static void drop_session(struct run *run, const struct node *node)
{
    session_release(&run->sessions[node - run->service->nodes]); /* it would end with it */
}

WORK(work_seed_physical_place)
{
    struct physical_options options;
    char took[32];
    int64_t began_ms = clock_mono_ms();

    (void)step;
    int rc = options_of(run, args, &options, err);
    if (!rc)
        rc = forget_proofs(run, err);
    if (rc)
        return rc;
    drop_session(run, options.recipient);
    rc = physical_place(&options, err);
    return rc ? rc
              : run_note(run, "seed.placed", err, "%s came back as a copy of %s, closed, after %s",
                         options.recipient->name, options.donor->name,
                         clock_human_ms(clock_mono_ms() - began_ms, took));
}

WORK(work_seed_physical_clean)
{
    struct physical_options options;

    (void)step;
    int rc = options_of(run, args, &options, err);
    return rc ? rc : physical_clean(&options, err);
}

WORK(work_seed_physical_settle)
{
    struct physical_options options;

    (void)step;
    int rc = options_of(run, args, &options, err);
    if (rc)
        return rc;
    drop_session(run, options.recipient);
    return physical_settle(&options, err);
}
