/* SPDX-License-Identifier: MIT */
/* Links, copies and positions: what a plan waits for and asks about them. */
#include <stdio.h>

#include "base/clock.h"
#include "cluster/link.h"
#include "cluster/probe.h"
#include "cluster/seed.h"
#include "engine/observe.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"

#define HEALTHY_WAIT_MS 15000
#define PROBE_WAIT_MS 10000
#define PROBE_VALID_MS 10000
#define STILL_RUNS_WAIT_MS 500
#define KEEP_UP_WAIT_MS 60000
#define SLICE_MS 1000
#define REPLICA_WAIT_MS 10000

/* --- seed ------------------------------------------------------------------------------------- */

static int note_left(struct run *run, const struct seed_left *left, struct err *err)
{
    if (left->count == 0)
        return 0;
    return run_note(run, "seed.folders_left", err,
                    "the clone of %s was cut short and left %u folder(s) of databases that are "
                    "gone, such as %s/ and perhaps cutover/: another clone goes over them; for "
                    "anything else remove them from its data directory",
                    left->node->name, left->count, left->database);
}

WORK(work_seed_wipe)
{
    struct seed_left left = {0};
    bool is_clone = json_bool_or(args, "of_clone", 0);

    (void)step;
    int rc = journal_verified_begin(run->journal, run->service->name, err);
    if (!rc)
        rc = proof_keeper_forget(run, err);
    const struct node *node = service_primary(run->service, SIDE_NEW);
    if (!rc)
        rc = seed_wipe(run->service, SIDE_NEW, run_permit(run, node), is_clone ? &left : NULL, err);
    return rc ? rc : note_left(run, &left, err);
}

#define COPY_CHECKED                                                                               \
    "each of its nodes took every row that was read on OLD, counted batch by batch, and no table " \
    "of OLD was altered meanwhile"

/*
 * The run's own stop flag is looked at inside the copy; a tick can only fail here when the journal
 * does.
 */
struct seed_context {
    struct run *run;
    struct err err;
};

static void show_seed(void *context, const struct seed_progress *now)
{
    struct seed_context *seed = context;
    char eta[32] = "unknown";

    if (seed->err.code)
        return;
    if (now->eta_ms >= 0)
        clock_human_ms(now->eta_ms, eta);
    double mb = (double)now->bytes_done / 1e6;
    double seconds = (double)(now->elapsed_ms > 0 ? now->elapsed_ms : 1) / 1000.0;
    if (run_tick(seed->run, &seed->err,
                 "seed: %u of %u tables, %.0f of about %.0f MB, %.1f MB/s, %s left",
                 now->tables_done, now->tables_total, mb, (double)now->bytes_total / 1e6,
                 mb / seconds, eta))
        return; /* kept in seed->err, reported when the copy returns */
}

int work_note_room(struct run *run, const struct node *roomless, struct err *err)
{
    if (roomless == NULL)
        return 0;
    return run_note(run, "seed.room", err,
                    "whether the disk of %s is large enough is not known: no ssh is configured",
                    roomless->name);
}

int work_note_checked(struct run *run, const char *where, const char *how, struct err *err)
{
    return run_note(run, "seed.checked", err,
                    "what is known of the copy on %s: %s. Its rows are not compared yet: "
                    "\"verify\" does that",
                    where, how);
}

WORK(work_seed_copy_check)
{
    const struct node *roomless;

    (void)step;
    int rc = seed_copy_check(run->service, SIDE_OLD, (uint64_t)json_int_or(args, "rate", 0),
                             &roomless, err);
    return rc ? rc : work_note_room(run, roomless, err);
}

WORK(work_seed_copy)
{
    struct seed_context context = {.run = run};
    unsigned workers =
        run->options->workers ? run->options->workers : (unsigned)json_int_or(args, "workers", 0);
    const struct node *node = service_primary(run->service, SIDE_NEW);
    struct seed_options options = {.service = run->service,
                                   .permit = run_permit(run, node),
                                   .from = SIDE_OLD,
                                   .workers = workers,
                                   .rate = (uint64_t)json_int_or(args, "rate", 0),
                                   .progress = show_seed,
                                   .context = &context};
    struct seed_report report = {0};
    char took[32];

    (void)step;
    int rc = seed_copy(&options, &report, err);
    if (!rc && context.err.code && context.err.code != ERR_STOPPED) {
        *err = context.err;
        rc = err->code;
    }
    if (!rc)
        rc = run_position_put(run, "seed", &report.position, err);
    if (!rc)
        rc = run_note(run, "seed.copied", err,
                      "copied %u tables, %llu rows, %.0f MB in %s (%.1f MB/s); commits on OLD were "
                      "held for %lld ms",
                      report.tables, (unsigned long long)report.rows, (double)report.bytes / 1e6,
                      clock_human_ms(report.duration_ms, took),
                      (double)report.bytes / 1e3 /
                          (double)(report.duration_ms > 0 ? report.duration_ms : 1),
                      (long long)report.barrier_ms);
    return rc ? rc : work_note_checked(run, "NEW", COPY_CHECKED, err);
}

static int refuse_errant(const struct position *errant, struct err *err)
{
    char text[300];

    if (position_is_empty(errant))
        return 0;
    position_show(errant, text, sizeof text);
    err_set(err, ERR_REFUSED, EFFECT_NONE,
            "NEW took writes of its own, which OLD does not have: %s", text);
    return err_hint(err, "NEW must be emptied and seeded again: the playbook 2-rehearse-and-reset "
                         "ends with that; then 1-follow");
}

/* A replica of a side, on its default channel: does it follow its own primary? */
static int check_replica(struct run *run, const struct node *node, struct err *err)
{
    struct session *primary, *replica;
    int64_t lag_us;

    int rc = run_primary(run, node->side, &primary, err);
    if (!rc)
        rc = run_session(run, node, &replica, err);
    if (!rc)
        rc = link_wait_healthy(replica, "", clock_mono_ms() + HEALTHY_WAIT_MS, err);
    if (!rc)
        rc = link_measure(primary, replica, REPLICA_WAIT_MS, &lag_us, err);
    if (!rc && lag_us == LAG_INFINITE)
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE, "it is more than %d s behind its primary",
                     REPLICA_WAIT_MS / 1000);
    return rc ? err_wrap(err, "replica %s of %s", node->name, side_title(node->side)) : 0;
}

WORK(work_replicas_check)
{
    enum side side;
    unsigned healthy = 0;
    int rc = side_of(args, "side", &side, err);

    (void)step;
    for (size_t i = 0; i < run->service->node_count && !rc; i++) {
        const struct node *node = &run->service->nodes[i];
        struct err found = {0};
        if (node->side != side || node->is_primary)
            continue;
        rc = check_replica(run, node, &found);
        if (!rc)
            healthy++;
        else if (json_bool_or(args, "warn_only", 0) && rc != ERR_STOPPED)
            rc = run_note(run, "replica.behind", err, "%s, continuing", found.msg);
        else
            *err = found;
    }
    return rc ? rc
              : run_note(run, "replicas.checked", err, "%u replica(s) of %s follow their primary",
                         healthy, side_title(side));
}

WORK(work_link_check_clean)
{
    struct session *old_primary, *new_primary;
    struct position errant;

    (void)step;
    (void)args;
    int rc = run_primary(run, SIDE_OLD, &old_primary, err);
    if (!rc)
        rc = run_primary(run, SIDE_NEW, &new_primary, err);
    if (!rc)
        rc = link_errant(new_primary, old_primary, &errant, err);
    return rc ? rc : refuse_errant(&errant, err);
}

WORK(work_seed_check)
{
    struct facts facts = {0};
    int rc = observe(run->service, &facts, NULL, err);

    if (rc)
        return rc;
    const struct node_facts *primary = facts_primary(&facts, SIDE_NEW);
    if (!primary || primary->is_reached != TRI_YES)
        rc = err_set(err, ERR_LOST, EFFECT_NONE, "NEW does not answer: %s",
                     primary ? primary->error : "no primary");
    else if (primary->has_data != TRI_YES || position_is_empty(&primary->slave_pos))
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "NEW has not been seeded: it holds %s and knows %s",
                     primary->has_data == TRI_YES ? "tables" : "no tables",
                     position_is_empty(&primary->slave_pos) ? "no position" : "a position");
    facts_release(&facts);
    return rc ? rc : work_link_check_clean(run, step, args, err);
}

/* --- links ------------------------------------------------------------------------------------ */

/* "No" is an answer, too, when it is certain: what was done is not true any more. */
static int refuse_absent(struct run *run, enum side side, int rc, struct err *err)
{
    struct facts facts = {0};
    struct err unread = {0};

    if (!observe(run->service, &facts, NULL, &unread) && facts_link_exists(&facts, side) == TRI_NO)
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE, "there is no %s link", link_name(side));
    facts_release(&facts);
    return rc;
}

WORK(work_link_runs)
{
    enum side side;
    struct session *replica;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (!rc)
        rc = run_primary(run, side, &replica, err);
    if (!rc)
        rc = link_wait_healthy(replica, link_channel(side), clock_mono_ms() + HEALTHY_WAIT_MS, err);
    return rc == ERR_SERVER ? refuse_absent(run, side, rc, err) : rc;
}

WORK(work_link_absent)
{
    struct facts facts = {0};

    (void)step;
    (void)args;
    int rc = observe(run->service, &facts, NULL, err);
    if (!rc && (facts_link_exists(&facts, SIDE_OLD) != TRI_NO ||
                facts_link_exists(&facts, SIDE_NEW) != TRI_NO))
        rc =
            err_set(err, ERR_REFUSED, EFFECT_NONE, "a link is still there, or cannot be asked for");
    facts_release(&facts);
    return rc;
}

static int open_pair(struct run *run, enum side replica_side, struct session **source,
                     struct session **replica, struct err *err)
{
    int rc = run_primary(run, side_other(replica_side), source, err);
    return rc ? rc : run_primary(run, replica_side, replica, err);
}

/* Once there is nothing old left to apply, does the link keep up with what is being written? */
static int wait_keep_up(struct run *run, enum side side, struct session *source,
                        struct session *replica, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + KEEP_UP_WAIT_MS;
    int64_t lag_us;

    for (;;) {
        int rc = link_measure(source, replica, run->service->limits.lag_ms * 4, &lag_us, err);
        if (rc)
            return rc;
        if (lag_us != LAG_INFINITE && lag_us / 1000 <= run->service->limits.lag_ms)
            return run_note(run, "link.caught_up", err, "the %s link keeps up: %.1f ms behind",
                            link_name(side), (double)lag_us / 1000.0);
        if (clock_mono_ms() > deadline_ms)
            return err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                           "the %s link does not get below the lag limit of %lld ms",
                           link_name(side), (long long)run->service->limits.lag_ms);
        rc = run_pause(run, 200, err);
        if (rc)
            return rc;
    }
}

WORK(work_link_catch_up)
{
    enum side side;
    struct session *source, *replica;
    struct position want;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (!rc)
        rc = open_pair(run, side, &source, &replica, err);
    if (!rc)
        rc = link_position(source, &want, err);
    while (!rc) {
        struct err slice = {0};
        rc = link_wait_applied(replica, link_channel(side), &want, clock_mono_ms() + SLICE_MS,
                               &slice);
        if (rc == 0)
            return wait_keep_up(run, side, source, replica, err);
        if (rc != ERR_TIMEOUT) {
            *err = slice;
            return rc;
        }
        rc = run_tick(run, err, "catch up: %s", slice.msg);
    }
    return rc;
}

/* Of a link that pulses can make catch up, more is borne: as much as is waited for anyway. */
static int64_t lag_limit_ms(const struct run *run, const struct session *source, bool has_pulses)
{
    const struct service *service = run->service;
    bool is_patient = has_pulses && service->limits.drain_ms > service->limits.lag_ms &&
                      !sql_is_nothing(SQL_PULSE_HOLD, &source->version);

    return is_patient ? service->limits.drain_ms : service->limits.lag_ms;
}

static int check_one_link(struct run *run, enum side side, bool has_pulses, struct err *err)
{
    struct session *source, *replica;
    int64_t limit_ms = 0, lag_us;

    int rc = open_pair(run, side, &source, &replica, err);
    if (!rc)
        limit_ms = lag_limit_ms(run, source, has_pulses);
    if (!rc)
        rc = link_wait_healthy(replica, link_channel(side), clock_mono_ms() + HEALTHY_WAIT_MS, err);
    if (!rc)
        rc = link_measure(source, replica, limit_ms + 1000, &lag_us, err);
    if (rc)
        return rc;
    if (lag_us == LAG_INFINITE || lag_us / 1000 > limit_ms) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "the %s link is behind by more than the limit of %lld ms", link_name(side),
                (long long)limit_ms);
        return err_hint(err, "wait for it, or raise limits.lag in %s", run->service->path);
    }
    double lag_ms = (double)lag_us / 1000.0;
    return run_note_ms(run, "link.lag", lag_ms, err, "the %s link is %.1f ms behind",
                       link_name(side), lag_ms);
}

WORK(work_link_check)
{
    enum side to = SIDE_NEW;
    bool has_pulses = json_object_get(args, "pulses_to") != NULL;

    (void)step;
    int rc = has_pulses ? side_of(args, "pulses_to", &to, err) : 0;
    if (!rc)
        rc = check_one_link(run, SIDE_NEW, has_pulses && to == SIDE_NEW, err);
    return rc ? rc : check_one_link(run, SIDE_OLD, has_pulses && to == SIDE_OLD, err);
}

int work_probe_from(struct run *run, enum side from, struct err *err)
{
    struct session *source, *replica;
    int64_t took_us;

    int rc = open_pair(run, side_other(from), &source, &replica, err);
    if (!rc)
        rc = link_probe_row(source, replica, clock_mono_ms() + PROBE_WAIT_MS, &took_us, err);
    if (rc)
        return err_wrap(err, "a probe row from %s to %s", side_title(from),
                        side_title(side_other(from)));
    run->probed_ms[from] = clock_mono_ms();
    run->travel_us[from] = took_us;
    double took_ms = (double)took_us / 1000.0;
    return run_note_ms(run, "link.probed", took_ms, err, "a row travelled from %s to %s in %.1f ms",
                       side_title(from), side_title(side_other(from)), took_ms);
}

int work_keep_probe(struct run *run, enum side from, int64_t valid_ms, struct err *err)
{
    int64_t probed_ms = run->probed_ms[from];

    if (probed_ms && clock_mono_ms() - probed_ms <= valid_ms)
        return 0;
    return work_probe_from(run, from, err);
}

WORK(work_link_probe)
{
    (void)step;
    (void)args;
    int rc = work_probe_from(run, SIDE_OLD, err);
    return rc ? rc : work_probe_from(run, SIDE_NEW, err);
}

/*
 * A row has travelled back a moment before anybody was kept waiting: that the link still runs is
 * left to ask.
 */
WORK(work_link_probe_back)
{
    enum side to;
    struct session *replica;

    (void)step;
    int rc = side_of(args, "to", &to, err);
    if (rc)
        return rc;
    int64_t probed_ms = run->probed_ms[to];
    if (!run->breath.is_on || !probed_ms || clock_mono_ms() - probed_ms > PROBE_VALID_MS)
        return work_probe_from(run, to, err);
    rc = run_primary(run, side_other(to), &replica, err);
    return rc ? rc
              : link_wait_healthy(replica, link_channel(side_other(to)),
                                  clock_mono_ms() + STILL_RUNS_WAIT_MS, err);
}

WORK(work_retire_check)
{
    struct session *source, *replica;
    int64_t lag_us;

    (void)step;
    (void)args;
    int rc = open_pair(run, SIDE_OLD, &source, &replica, err);
    if (!rc)
        rc = link_measure(source, replica, run->service->limits.drain_ms, &lag_us, err);
    if (!rc && lag_us == LAG_INFINITE)
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "OLD does not reach NEW's position within %lld ms: while it lags, keep the "
                     "way back",
                     (long long)run->service->limits.drain_ms);
    return rc;
}
