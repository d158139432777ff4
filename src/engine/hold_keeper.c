/* SPDX-License-Identifier: MIT */
/*
 * Before the other side is open a restart of the closed one is no second writer, so locking may
 * overlap with what has to be waited for anyway, and costs the pause nothing. Accounts that
 * read_only does not stop are the exception: they are locked, and their sessions ended, before the
 * side is closed, or they would write through the proof.
 */
#include "engine/hold_keeper.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/fence.h"
#include "cluster/hold.h"
#include "engine/let_in.h"
#include "engine/work.h"

#define MEMORY_CAP_BYTES (256U * 1024)
#define SHOW_SIZE 400

struct hold_job {
    enum side side;
    struct session session;
    struct held_list list;
    pthread_t thread;
    bool is_running, is_done;
    int rc;
    struct err err;
    int64_t took_us;
};

static void memory_name(enum side side, char out[64])
{
    (void)snprintf(out, 64, "held.%s", side_name(side));
}

/* --- the thread --- */

static void *lock_all(void *argument)
{
    struct hold_job *job = argument;
    int64_t began_us = clock_mono_us();
    job->rc = hold_lock(&job->session, &job->list, &job->err);
    job->took_us = clock_mono_us() - began_us;
    return NULL;
}

static void job_join(struct hold_job *job)
{
    if (!job->is_running)
        return;
    (void)pthread_join(job->thread, NULL);
    job->is_running = false;
    job->is_done = true;
}

void hold_keeper_drop(struct run *run)
{
    if (run->hold == NULL)
        return;
    job_join(run->hold);
    session_release(&run->hold->session);
    held_list_release(&run->hold->list);
    free(run->hold);
    run->hold = NULL;
}

bool hold_keeper_take(struct run *run, enum side side, struct session *out_unlogged,
                      struct held_list *out_list)
{
    struct hold_job *job = run->hold;
    if (job == NULL || job->side != side)
        return false;
    job_join(job);
    bool has_session = job->session.db != NULL && !db_is_dead(job->session.db);
    if (has_session) {
        for (size_t i = 0; i < job->list.count; i++) /* or was to be: one too many does no harm */
            job->list.accounts[i].is_locked = true;
        *out_unlogged = job->session;
        *out_list = job->list;
        job->session = (struct session){0};
        job->list = (struct held_list){0};
    }
    hold_keeper_drop(run);
    return has_session;
}

/* --- choose --- */

struct chosen {
    struct held_list list;
    struct buf left; /* who can write and is not locked, and why */
};

static void note_left(struct chosen *chosen, const struct hold_account *account, const char *why)
{
    buf_printf(&chosen->left, "%s%s@%s (%s)", chosen->left.len > 0 ? ", " : "", account->user,
               account->host, why);
}

static void chosen_release(struct chosen *chosen)
{
    buf_release(&chosen->left); /* the list is the job's by then */
}

static void add_chosen(struct chosen *chosen, const struct hold_account *account)
{
    struct held *held = &chosen->list.accounts[chosen->list.count++];
    (void)snprintf(held->user, sizeof(held->user), "%s", account->user);
    (void)snprintf(held->host, sizeof(held->host), "%s", account->host);
    held->is_there = true;
}

/* Those to lock now, and those that are written down from before: a part that is repeated, or a
 * side that has stayed closed. */
static int choose(struct run *run, struct session *session, struct chosen *out, struct err *err)
{
    CLEANUP(hold_list_release) struct hold_list all = {0};
    CLEANUP(held_list_release) struct held_list before = {0};
    int rc = hold_accounts(run->service, session, &all, err);
    if (rc == 0)
        rc = hold_read(session, &before, err);
    if (rc != 0)
        return rc;
    out->list.accounts = calloc(all.count + before.count + 1, sizeof(*out->list.accounts));
    if (out->list.accounts == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
    for (size_t i = 0; i < before.count; i++)
        if (before.accounts[i].is_there && before.accounts[i].is_locked)
            out->list.accounts[out->list.count++] = before.accounts[i];
    for (size_t i = 0; i < all.count; i++) {
        switch (hold_choose(run->service, all.accounts, all.count, i)) {
        case HOLD_LOCKS:
            add_chosen(out, &all.accounts[i]);
            break;
        case HOLD_LEAVES_ADMIN:
            note_left(out, &all.accounts[i], "the way in for an administrator");
            break;
        case HOLD_LEAVES_EXCEPTED:
            note_left(out, &all.accounts[i], "fence.except");
            break;
        case HOLD_LEAVES_UNLISTED:
            note_left(out, &all.accounts[i], "not in fence.accounts");
            break;
        case HOLD_LEAVES_HARMLESS:
        case HOLD_LEAVES_LOCKED:
            break;
        }
    }
    return 0;
}

/* --- remember: [["app", "10.%"], ...] --- */

static int remember(struct run *run, enum side side, const struct held_list *list, struct err *err)
{
    CLEANUP(json_release) json_t *all = json_array();
    char name[64];
    for (size_t i = 0; i < list->count; i++)
        (void)json_array_append_new(
            all, json_pack("[s,s]", list->accounts[i].user, list->accounts[i].host));
    memory_name(side, name);
    char *text = json_dumps(all, JSON_COMPACT);
    if (text == NULL || json_array_size(all) != list->count || strlen(text) >= MEMORY_CAP_BYTES) {
        free(text);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "%zu accounts cannot be written down",
                       list->count);
    }
    int rc = journal_memory_put(run->journal, run->service->name, name, text, err);
    free(text);
    return rc;
}

/* A server may have lost its own list (somebody dropped the schema); then the journal's is
 * written down there again. */
static int recall(struct run *run, enum side side, struct session *unlogged, struct err *err)
{
    CLEANUP(held_list_release) struct held_list list = {0};
    char name[64];
    char *text = malloc(MEMORY_CAP_BYTES);
    if (text == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
    memory_name(side, name);
    int rc =
        journal_memory_get(run->journal, run->service->name, name, text, MEMORY_CAP_BYTES, err);
    CLEANUP(json_release)
    json_t *all = rc == 0 && text[0] != '\0' ? json_loads(text, 0, NULL) : NULL;
    free(text);
    if (rc != 0 || all == NULL)
        return rc;
    list.accounts = calloc(json_array_size(all) + 1, sizeof(*list.accounts));
    if (list.accounts == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
    for (size_t i = 0; i < json_array_size(all); i++) {
        const char *user = json_string_value(json_array_get(json_array_get(all, i), 0));
        const char *host = json_string_value(json_array_get(json_array_get(all, i), 1));
        if (user == NULL || host == NULL)
            continue;
        struct held *held = &list.accounts[list.count++];
        (void)snprintf(held->user, sizeof(held->user), "%s", user);
        (void)snprintf(held->host, sizeof(held->host), "%s", host);
    }
    return hold_record(unlogged, &list, run->id, err);
}

/* --- the procedures --- */

static int end_sessions(struct run *run, struct session *session, const struct held_list *list,
                        unsigned *out_ended, struct err *err)
{
    struct app_session *apps = NULL;
    size_t count = 0;
    int rc = fence_app_sessions(run->service, session, &apps, &count, err);
    for (size_t i = 0; rc == 0 && i < count; i++)
        for (size_t k = 0; rc == 0 && k < list->count; k++) {
            if (strcmp(apps[i].user, list->accounts[k].user) != 0)
                continue;
            rc = session_kill(run->service, session->node, apps[i].id, err);
            *out_ended += rc == 0;
            break;
        }
    free(apps);
    return rc;
}

/*
 * Whom read_only does not stop is locked out at once, and thrown out: their next write would come
 * after the position was read.
 */
static int lock_privileged(struct run *run, struct session *unlogged, const struct held_list *all,
                           struct err *err)
{
    CLEANUP(held_list_release) struct held_list list = {0};
    CLEANUP(db_result_release) struct db_result bypass = {0};
    CLEANUP(buf_release) struct buf ours;
    unsigned ended = 0;
    char names[SHOW_SIZE];
    buf_init(&ours, 4096);
    session_our_accounts(run->service, &ours);
    int rc = session_query(unlogged, SQL_SURVEY_BYPASS, &(struct sql_arg){"ours", buf_text(&ours)},
                           1, &bypass, err);
    if (rc != 0)
        return rc;
    list.accounts = calloc(all->count + 1, sizeof(*list.accounts));
    if (list.accounts == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
    for (size_t i = 0; i < all->count; i++)
        for (size_t k = 0; k < bypass.row_count; k++)
            if (result_number(&bypass, k, "is_stopped") == 0 &&
                strcmp(result_text(&bypass, k, "user"), all->accounts[i].user) == 0 &&
                strcmp(result_text(&bypass, k, "host"), all->accounts[i].host) == 0)
                list.accounts[list.count++] = all->accounts[i];
    if (list.count == 0)
        return 0;
    rc = hold_lock(unlogged, &list, err);
    if (rc == 0)
        rc = end_sessions(run, unlogged, &list, &ended, err);
    hold_show(&list, names, sizeof(names));
    return rc != 0
               ? rc
               : run_note(run, "hold.privileged", err,
                          "read_only does not stop %s: locked, %u session(s) ended", names, ended);
}

static int prepare(struct run *run, enum side side, struct session *session, struct err *err)
{
    CLEANUP(chosen_release) struct chosen chosen = {0};
    struct hold_job *job = calloc(1, sizeof(*job));
    if (job == NULL)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
    hold_keeper_drop(run);
    run->hold = job;
    job->side = side;
    buf_init(&chosen.left, MEMORY_CAP_BYTES);
    int rc = choose(run, session, &chosen, err);
    job->list = chosen.list;
    if (rc == 0)
        rc = remember(run, side, &job->list, err);
    if (rc == 0)
        rc = hold_session(run->service, session->node, &job->session, err);
    if (rc == 0)
        rc = session_admit(&job->session, session->permit, err);
    if (rc == 0 && job->list.count > 0)
        rc = hold_record(&job->session, &job->list, run->id, err);
    if (rc == 0)
        rc = lock_privileged(run, &job->session, &job->list, err);
    if (rc == 0 && session->version.flavour == FLAVOUR_MYSQL) {
        rc = hold_lock(&job->session, &job->list, err); /* refused once super_read_only is on */
        job->is_done = rc == 0;
    }
    if (rc != 0)
        return rc;
    char names[SHOW_SIZE];
    hold_show(&job->list, names, sizeof(names));
    return run_note(run, "side.hold", err,
                    "so that a restart lets nobody write on %s: %zu account(s) are locked while it "
                    "is closed: %s; left: %s",
                    side_title(side), job->list.count, names,
                    chosen.left.len > 0 ? buf_text(&chosen.left) : "nobody who can write");
}

WORK(work_fence_hold)
{
    enum side side;
    struct session *session;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (!rc)
        rc = run_primary(run, side, &session, err);
    if (rc)
        return rc;
    switch (hold_way(run->service, &session->version)) {
    case HOLD_LOCK:
        return prepare(run, side, session, err);
    case HOLD_CONFIG:
        return hold_check_config(session, err);
    case HOLD_PERSISTED:
    case HOLD_FILE: /* fence.file */
    case HOLD_NONE:
        break;
    }
    return 0;
}

WORK(work_fence_lock)
{
    enum side side;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (rc)
        return rc;
    struct hold_job *job = run->hold;
    if (job == NULL || job->side != side || job->is_running || job->is_done)
        return 0; /* nothing to lock; or it is done again, and fence.held asks the server */
    job->is_running = pthread_create(&job->thread, NULL, lock_all, job) == 0;
    if (!job->is_running) { /* without a thread it takes its time */
        (void)lock_all(job);
        job->is_done = true;
    }
    return 0;
}

WORK(work_fence_held)
{
    enum side side;
    struct session *session;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (rc)
        return rc;
    struct hold_job *job = run->hold;
    if (job != NULL && job->side == side) {
        job_join(job);
        if (job->rc) {
            *err = job->err;
            return job->rc;
        }
        if (job->is_done) /* and read back, on its own connection */
            return run_note_ms(run, "hold.locked", (double)job->took_us / 1000.0, err,
                               "%zu account(s) of %s are locked, after %.1f ms", job->list.count,
                               side_title(side), (double)job->took_us / 1000.0);
    }
    rc = run_primary(run, side, &session, err);
    if (rc || hold_way(run->service, &session->version) != HOLD_LOCK)
        return rc;
    return hold_is_true(session, err);
}

/* They are in, which is what counts: a journal that is full must not make a failure of it. */
static void note_released(struct run *run, enum side side, const struct hold_release *released)
{
    struct err err = {0};

    if (run_note(run, "side.released", &err, "%u account(s) of %s may log in again%s%s",
                 released->unlocked, side_title(side), released->others[0] ? "; " : "",
                 released->others))
        log_warn("that accounts of %s may log in again is not in the journal: %s, continuing",
                 side_title(side), err.msg);
}

/*
 * The journal first: what it still had after the server's list is empty would be taken for a list
 * that was lost.
 */
static int strike_out(struct run *run, enum side side, struct session *unlogged,
                      const struct held_list *list, struct err *err)
{
    struct err full = {0};
    char name[64];

    memory_name(side, name);
    breath_wait(run); /* users are in, and wait for nothing */
    if (journal_memory_put(run->journal, run->service->name, name, NULL, &full)) {
        log_warn("cutover.held of %s is kept, because the journal cannot be written: %s, "
                 "continuing",
                 side_title(side), full.msg);
        return 0;
    }
    return hold_strike(unlogged, list, err);
}

WORK(work_fence_release)
{
    CLEANUP(held_list_release) struct held_list list = {0};
    CLEANUP(session_release) struct session unlogged = {0};
    struct hold_release released = {0};
    enum side side;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (rc)
        return rc;
    hold_keeper_drop(run); /* what is being locked is locked before it is unlocked */
    const struct node *node = service_primary(run->service, side);
    rc = hold_session(run->service, node, &unlogged, err);
    if (!rc)
        rc = session_admit(&unlogged, run_permit(run, node), err);
    if (!rc)
        rc = hold_read(&unlogged, &list, err);
    if (!rc && list.count == 0) {
        held_list_release(&list);
        rc = recall(run, side, &unlogged, err);
        if (!rc)
            rc = hold_read(&unlogged, &list, err);
    }
    if (!rc)
        let_in_mark(run, side, &list);
    if (!rc)
        rc = hold_unlock(&unlogged, &list, &released, err);
    if (rc || list.count == 0)
        return rc;
    note_released(run, side, &released);
    return strike_out(run, side, &unlogged, &list, err);
}
