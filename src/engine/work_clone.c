/* SPDX-License-Identifier: MIT */
/* Copies by MySQL's clone plugin. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "cluster/seed_clone.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"

#define SETTLE_MS 120000
#define SETTLE_POLL_MS 500
#define NATIVE_HANGS 2013 /* takes a connection, and says nothing: not one that restarts */
#define VARIABLE_SIZE 320
#define LIMITS_SIZE 64
#define DONORS_SIZE 16384
#define HUNG_IS_ENOUGH 2 /* times in a row: one that ends may do that, too */

#define CLONE_CHECKED                                                                              \
    "MySQL says that it is complete (performance_schema.clone_status), and the server runs on it " \
    "with the GTIDs of the clone; InnoDB looks at the checksum of a page when it reads it"

WORK(work_seed_clone_check)
{
    struct clone_check_report report = {0};

    (void)step;
    int rc = clone_check(run->service, (uint64_t)json_int_or(args, "rate", 0), &report, err);
    return rc ? rc : work_note_room(run, report.roomless, err);
}

struct clone_context {
    struct run *run;
    const char *node;
    struct err err; /* of the journal: a tick can only fail here when that does */
};

static void show_clone(void *context, const struct clone_progress *now)
{
    struct clone_context *clone = context;
    char eta[32] = "unknown";
    int rc;

    if (clone->err.code)
        return;
    if (now->eta_ms >= 0)
        clock_human_ms(now->eta_ms, eta);
    if (now->is_waiting_for_start)
        rc = run_tick(clone->run, &clone->err,
                      "clone: the copy is on %s, and nothing starts it again: start mysqld there",
                      clone->node);
    else
        rc = run_tick(clone->run, &clone->err, "clone of %s: %s, %.0f of about %.0f MB, %s left",
                      clone->node, now->stage, (double)now->bytes_done / 1e6,
                      (double)now->bytes_total / 1e6, eta);
    if (rc)
        return; /* kept in clone->err, reported when the clone returns */
}

static const struct node *node_of(const struct run *run, const json_t *args, const char *key)
{
    return service_node(run->service, json_string_value(json_object_get(args, key)));
}

/* --- how fast, and from where --- */

static void limits_variable(const struct node *node, char out[VARIABLE_SIZE])
{
    (void)snprintf(out, VARIABLE_SIZE, "clone-limits:%.300s", node->name);
}

/* What they were is on disk before they are changed; a run that is resumed finds it there. */
static int hold_back(struct run *run, const struct node *node, uint64_t rate, struct err *err)
{
    char name[VARIABLE_SIZE], known[LIMITS_SIZE], text[LIMITS_SIZE];
    struct clone_limits former = {0};
    const struct clone_limits wanted = clone_limits_of(rate);

    if (rate == 0)
        return 0;
    limits_variable(node, name);
    int rc = journal_variable_get(run->journal, run->id, name, known, sizeof known, err);
    if (!rc && known[0] == '\0') {
        rc = clone_limits_read(run->service, node, &former, err);
        (void)snprintf(text, sizeof text, "%" PRIu64 " %" PRIu64, former.data, former.network);
        if (!rc)
            rc = journal_variable_put(run->journal, run->id, name, text, err);
    }
    return rc ? rc : clone_limits_set(run->service, node, run_permit(run, node), &wanted, err);
}

static int let_run(struct run *run, const struct node *node, struct err *err)
{
    char name[VARIABLE_SIZE], text[LIMITS_SIZE], *rest;
    struct clone_limits former;

    limits_variable(node, name);
    int rc = journal_variable_get(run->journal, run->id, name, text, sizeof text, err);
    if (rc || text[0] == '\0')
        return rc;
    former.data = strtoull(text, &rest, 10);
    former.network = strtoull(rest, NULL, 10);
    rc = clone_limits_set(run->service, node, run_permit(run, node), &former, err);
    return rc ? rc : journal_variable_put(run->journal, run->id, name, "", err);
}

static void donors_variable(const struct node *node, char out[VARIABLE_SIZE])
{
    (void)snprintf(out, VARIABLE_SIZE, "clone-donors:%.300s", node->name);
}

/* As above. With a sign before it, since "" is nothing known. */
static int keep_donors(struct run *run, const struct node *node, struct err *err)
{
    CLEANUP(buf_release) struct buf former;
    char name[VARIABLE_SIZE], known[DONORS_SIZE];

    buf_init(&former, sizeof known);
    donors_variable(node, name);
    int rc = journal_variable_get(run->journal, run->id, name, known, sizeof known, err);
    if (rc || known[0] != '\0')
        return rc;
    buf_puts(&former, "=");
    rc = clone_donors_read(run->service, node, &former, err);
    return rc ? rc : journal_variable_put(run->journal, run->id, name, buf_text(&former), err);
}

static int forget_donor(struct run *run, const struct node *node, struct err *err)
{
    char name[VARIABLE_SIZE], known[DONORS_SIZE];

    donors_variable(node, name);
    int rc = journal_variable_get(run->journal, run->id, name, known, sizeof known, err);
    if (rc || known[0] == '\0')
        return rc;
    rc = clone_donors_set(run->service, node, run_permit(run, node), known + 1, err);
    return rc ? rc : journal_variable_put(run->journal, run->id, name, "", err);
}

/* A server that has restarted has what its files say; what was set by hand is there again, too. */
static int let_go(struct run *run, const struct node *node, struct err *err)
{
    int rc = let_run(run, node, err);
    return rc ? rc : forget_donor(run, node, err);
}

/* --- the clone --- */

WORK(work_seed_clone)
{
    const struct node *donor = node_of(run, args, "donor"), *recipient = node_of(run, args, "node");
    struct position position;
    char took[32];
    struct err ignored = {0};
    int64_t began_ms = clock_mono_ms();

    (void)step;
    if (!donor || !recipient)
        return err_set(err, ERR_CONFLICT, EFFECT_NONE,
                       "the plan names a node that the configuration does not");
    struct clone_context context = {.run = run, .node = recipient->name};
    const struct clone_options options = {.service = run->service,
                                          .donor = donor,
                                          .recipient = recipient,
                                          .permit = run_permit(run, recipient),
                                          .progress = show_clone,
                                          .context = &context};
    int rc = journal_verified_begin(run->journal, run->service->name, err);
    if (!rc)
        rc = proof_keeper_forget(run, err);
    session_release(&run->sessions[recipient - run->service->nodes]); /* it would end with it */
    if (!rc)
        rc = hold_back(run, recipient, (uint64_t)json_int_or(args, "rate", 0), err);
    if (!rc)
        rc = keep_donors(run, recipient, err);
    if (!rc)
        rc = clone_run(&options, &position, err);
    if (rc)
        (void)!let_go(run, recipient, &ignored); /* where it cannot, the abort does it */
    else
        rc = let_go(run, recipient, err);
    if (!rc && context.err.code && context.err.code != ERR_STOPPED) {
        *err = context.err;
        rc = err->code;
    }
    if (!rc && recipient->is_primary)
        rc = run_position_put(run, "seed", &position, err);
    if (!rc)
        rc = run_note(run, "seed.cloned", err, "cloned %s from %s in %s", recipient->name,
                      donor->name, clock_human_ms(clock_mono_ms() - began_ms, took));
    return rc ? rc : work_note_checked(run, recipient->name, CLONE_CHECKED, err);
}

static int still_cloned(const struct node *node, struct err *err)
{
    (void)err_set(err, ERR_TIMEOUT, EFFECT_NONE, "%s still receives a clone, or restarts into it",
                  node->name);
    return err_hint(err,
                    "\"cutover abort\" again when SELECT STATE FROM "
                    "performance_schema.clone_status says on %s that it is over",
                    node->name);
}

/*
 * A clone outlives whoever sent it: what is dropped before the server restarts into the copy is
 * there again afterwards.
 */
WORK(work_seed_clone_settle)
{
    const struct node *node = node_of(run, args, "node");
    int64_t deadline_ms = clock_mono_ms() + SETTLE_MS;
    unsigned hung = 0;

    (void)step;
    if (!node)
        return err_set(err, ERR_CONFLICT, EFFECT_NONE,
                       "the plan names a node that the configuration does not");
    for (;;) {
        struct err cause = {0};
        bool is_over = false;
        int rc = clone_is_over(run->service, node, &is_over, &cause);
        hung = rc == ERR_TIMEOUT || cause.native == NATIVE_HANGS ? hung + 1 : 0;
        bool is_away = (rc == ERR_LOST || rc == ERR_TIMEOUT) && hung < HUNG_IS_ENOUGH;
        if (!rc && is_over)
            return let_go(run, node, err);
        if (!rc && clock_mono_ms() >= deadline_ms)
            return still_cloned(node, err);
        if (rc && (!is_away || clock_mono_ms() >= deadline_ms)) {
            *err = cause;
            return rc;
        }
        rc = run_tick(run, err, "waiting until %s has restarted, or its clone has ended",
                      node->name);
        if (rc)
            return rc;
        (void)clock_sleep_ms(SETTLE_POLL_MS);
    }
}
