/* SPDX-License-Identifier: MIT */
/* What the parts of a run have in common: sessions, progress, samples, positions, notes. */
#include "engine/driver.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "engine/conflict_keeper.h"
#include "engine/proof_keeper.h"

#define SAMPLE_INTERVAL_MS 1000

int run_session(struct run *run, const struct node *node, struct session **out, struct err *err)
{
    struct session *session = &run->sessions[node - run->service->nodes];

    if (session->db && db_is_dead(session->db))
        session_release(session);
    if (!session->db) {
        int rc = session_open(run->service, node, SESSION_CONTROLLER, session, err);
        if (rc)
            return rc;
        rc = session_admit(session, run_permit(run, node), err);
        /* of a server that was started again meanwhile the lock may be another controller's */
        if (!rc && run->lease)
            rc = lease_check_any(run->lease, err);
        if (rc) {
            session_release(session);
            return rc;
        }
    }
    *out = session;
    return 0;
}

const struct session_permit *run_permit(const struct run *run, const struct node *node)
{
    return run->lease ? lease_permit(run->lease, node->side) : NULL;
}

int run_may_change(const struct run *run, struct err *err)
{
    const struct session_permit *permit = run->lease ? lease_permit(run->lease, SIDE_OLD) : NULL;

    return permit ? permit->check(permit, err) : 0;
}

void run_log_also(const struct run *run, const struct err *err)
{
    if (err->code != ERR_BUSY || journal_check_owner(run->journal, NULL) != ERR_BUSY)
        log_failure(err);
}

int run_primary(struct run *run, enum side side, struct session **out, struct err *err)
{
    return run_session(run, service_primary(run->service, side), out, err);
}

int run_dns(struct run *run, struct dns **out, struct err *err)
{
    if (!run->dns) {
        int rc = dns_open(run->service, &run->dns, err);
        if (rc)
            return rc;
    }
    *out = run->dns;
    return 0;
}

static int store_samples(struct run *run, struct err *err)
{
    struct lag_snapshot now;
    struct journal_sample samples[SERVICE_NODE_CAP];
    int64_t now_ms = clock_mono_ms();

    if (!run->sampler || now_ms - run->last_samples_ms < SAMPLE_INTERVAL_MS)
        return 0;
    run->last_samples_ms = now_ms;
    sampler_read(run->sampler, &now);
    for (size_t i = 0; i < now.node_count; i++) {
        const struct node_sample *node = &now.nodes[i];
        /*
         * The lag behind the other side's primary; a replica has its own primary's as well, which
         * is shorter.
         */
        int64_t apply_ms = node->apply_lag_ms[side_other(node->side)];
        samples[i] = (struct journal_sample){node->name, node->receive_lag_ms, apply_ms};
    }
    return journal_samples(run->journal, run->id, samples, now.node_count, err);
}

int run_tick(struct run *run, struct err *err, const char *progress_fmt, ...)
{
    char text[300];
    va_list args;

    va_start(args, progress_fmt);
    (void)vsnprintf(text, sizeof text, progress_fmt, args);
    va_end(args);
    if (text[0] && run->options->ui.progress)
        run->options->ui.progress(run->options->ui.context, text);
    bool is_idle = !run->fence_began_ms && !run->breath.is_on; /* else what can wait waits */
    int rc = is_idle ? store_samples(run, err) : 0;
    if (!rc && is_idle)
        rc = proof_keeper_tick(run, err);
    if (!rc && is_idle)
        rc = conflict_keeper_tick(run, err);
    if (!rc && is_idle)
        rc = drift_keeper_tick(run, err);
    if (!rc && is_idle)
        rc = request_keeper_tick(run, err);
    if (!rc && signals_stop_wanted())
        rc = err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped by %s",
                     signals_stop_signal() == 2                    ? "SIGINT (Ctrl-C)"
                     : signals_stop_signal() == SIGNALS_STOP_ASKED ? run->desk.stop.who
                                                                   : "a signal");
    return rc;
}

int run_pause(struct run *run, int64_t ms, struct err *err)
{
    int rc = run_tick(run, err, "%s", "");

    if (!rc)
        (void)clock_sleep_ms(ms); /* cut short by a stop: the next tick sees it */
    return rc;
}

/* figures: members of the event's detail; stolen, may be NULL. */
static int keep_note(struct run *run, const char *name, const char *text, json_t *figures,
                     struct err *err)
{
    CLEANUP(json_release) json_t *more = figures;
    char line[1000];

    (void)snprintf(line, sizeof line, "run %s: %s", run->id, text);
    breath_say(run, line);
    CLEANUP(json_release)
    json_t *detail = json_pack("{s:s,s:s}", "step", run->plan.steps[run->current].id, "text", text);
    if (more && detail)
        (void)json_object_update_missing(detail, more);
    return journal_event(run->journal, run->id, name, detail, err);
}

int run_note(struct run *run, const char *name, struct err *err, const char *fmt, ...)
{
    char text[900];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return keep_note(run, name, text, NULL, err);
}

int run_note_ms(struct run *run, const char *name, double ms, struct err *err, const char *fmt, ...)
{
    char text[900];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return keep_note(run, name, text, json_pack("{s:f}", "ms", ms), err);
}

int run_note_figures(struct run *run, const char *name, json_t *figures, struct err *err,
                     const char *fmt, ...)
{
    char text[900];
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return keep_note(run, name, text, figures, err);
}

int run_position_put(struct run *run, const char *name, const struct position *position,
                     struct err *err)
{
    char text[POSITION_TEXT_SIZE], variable[64];
    int rc = position_text(position, text, sizeof text, err);

    if (rc)
        return rc;
    (void)snprintf(variable, sizeof variable, "position:%s", name);
    return journal_variable_put(run->journal, run->id, variable, text, err);
}

int run_position_get(struct run *run, const char *name, struct position *out, struct err *err)
{
    char text[POSITION_TEXT_SIZE], variable[64];

    (void)snprintf(variable, sizeof variable, "position:%s", name);
    int rc = journal_variable_get(run->journal, run->id, variable, text, sizeof text, err);
    return rc ? rc : position_parse_any(text, out, err);
}

bool run_is_without_new(const struct run *run)
{
    for (size_t i = 0; i < run->plan.step_count; i++)
        for (size_t k = 0; k < run->plan.steps[i].op_count; k++)
            if (strcmp(run->plan.steps[i].ops[k].work, "abandon.absent") == 0)
                return true;
    return false;
}

void run_pause_begin(struct run *run)
{
    run->fence_began_us = clock_mono_us();
    run->fence_began_ms = clock_mono_ms();
}

void run_pause_end(struct run *run)
{
    if (!run->fence_began_ms)
        return;
    run->write_pause_ms = (double)(clock_mono_us() - run->fence_began_us) / 1000.0;
    run->fence_began_ms = 0;
}

int side_of(const json_t *args, const char *key, enum side *out, struct err *err)
{
    const char *text = json_text_or(args, key, "");

    if (strcmp(text, "old") == 0)
        *out = SIDE_OLD;
    else if (strcmp(text, "new") == 0)
        *out = SIDE_NEW;
    else
        return err_set(err, ERR_BUG, EFFECT_NONE, "the plan names no side in \"%s\"", key);
    return 0;
}
