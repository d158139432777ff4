/* SPDX-License-Identifier: MIT */
/*
 * One after the other, hosts that say nothing cost minutes; side by side they cost the time of one.
 * The workers take turns among themselves: an sshd refuses too many logins at once.
 */
#include "cluster/survey_hosts.h"

#include <stdio.h>
#include <string.h>

#include "cluster/drop_in.h"
#include "cluster/hold.h"
#include "cluster/host.h"
#include "cluster/host_look.h"
#include "cluster/worker.h"

static const char *variable_of(const void *context, const char *name)
{
    const struct survey_item *item = survey_list_find(context, name);
    return item == NULL ? "" : item->value;
}

/* false: it is not to be asked, and says so. */
static bool question_of(const struct service *service, struct survey *out, enum side side,
                        struct host_question *question)
{
    const struct survey_list *variables = &out->side[side].topics[SURVEY_VARIABLES];
    if (variables->is_read != TRI_YES) {
        host_report_fail(&out->side[side].host, "the variables of its server are not known");
        return false;
    }
    *question = (struct host_question){.node = service_primary(service, side),
                                       .setting = variable_of,
                                       .context = variables,
                                       .out = &out->side[side].host};
    return true;
}

/* --- where a file of ours is to say what a restart goes by: could it be written now? -------- */

struct folder {
    const struct node *node;
    char *out_problem;
    size_t problem_size;
};

static void try_folder(void *context, int64_t deadline_ms)
{
    const struct folder *folder = context;
    struct err cause = {0};
    (void)deadline_ms; /* it has a shorter one of its own */
    if (drop_in_try(folder->node, &cause) != 0)
        (void)snprintf(folder->out_problem, folder->problem_size, "%.380s", cause.msg);
}

static bool wants_folder(const struct service *service, const struct node *node,
                         const struct server_version *version)
{
    return version != NULL && (hold_way(service, version) == HOLD_FILE ||
                               (!version_persists(version) && drop_in_is_possible(node)));
}

/* --- is there what would be run, and does it run now? --------------------------------------- */

struct workers {
    const struct service *service;
    struct survey *out;
    bool is_silent[SERVICE_WORKER_CAP]; /* its host did not answer; not: its own command is slow */
};

static bool is_same_host(const struct side_worker *a, const struct side_worker *b)
{
    return a->at.ssh == b->at.ssh ||
           (a->at.ssh != NULL && b->at.ssh != NULL && a->at.ssh->port == b->at.ssh->port &&
            strcmp(a->at.ssh->host, b->at.ssh->host) == 0 &&
            strcmp(a->at.ssh->jump_host, b->at.ssh->jump_host) == 0 &&
            a->at.ssh->jump_port == b->at.ssh->jump_port);
}

/* A host that has not answered is not waited for again: the worker that found out, or -1. */
static int silent_before(const struct workers *all, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (all->is_silent[i] &&
            is_same_host(&all->service->workers[i], &all->service->workers[at]))
            return (int)i;
    return -1;
}

static void ask_worker(struct workers *all, size_t at)
{
    const struct side_worker *worker = &all->service->workers[at];
    int before = silent_before(all, at);
    struct err cause = {0};
    enum worker_now state = WORKER_RESTS;
    if (before >= 0) {
        all->out->workers[at] = all->out->workers[before];
        all->is_silent[at] = true;
        return;
    }
    int rc = worker_try(worker, &cause);
    all->is_silent[at] = rc == ERR_TIMEOUT;
    rc = rc != 0 ? rc : worker_ask(worker, &state, &cause);
    all->out->workers[at].is_running = rc != 0 ? TRI_UNKNOWN : tri_of(state != WORKER_RESTS);
    (void)snprintf(all->out->workers[at].problem, sizeof(all->out->workers[at].problem), "%.390s",
                   cause.msg);
}

static void ask_workers(void *context, int64_t deadline_ms)
{
    struct workers *all = context;
    (void)deadline_ms; /* each has a time of its own, for it may be a slow command */
    for (size_t i = 0; i < all->service->worker_count; i++)
        ask_worker(all, i);
}

int survey_hosts(const struct service *service,
                 const struct server_version *const versions[SIDE_COUNT], struct survey *out,
                 struct err *err)
{
    struct host_question questions[SIDE_COUNT] = {0};
    struct folder folders[SIDE_COUNT];
    struct workers workers = {.service = service, .out = out};
    struct host_task tasks[2 * SIDE_COUNT + 1];
    size_t count = 0;
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node *node = service_primary(service, side);
        folders[side] = (struct folder){node, out->side[side].drop_in_problem,
                                        sizeof(out->side[side].drop_in_problem)};
        if (question_of(service, out, side, &questions[side]))
            tasks[count++] = (struct host_task){host_look_task, &questions[side]};
        if (wants_folder(service, node, versions[side]))
            tasks[count++] = (struct host_task){try_folder, &folders[side]};
    }
    tasks[count++] = (struct host_task){ask_workers, &workers};
    host_together(tasks, count);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (questions[side].rc != 0) {
            *err = questions[side].err;
            return questions[side].rc;
        }
    return 0;
}
