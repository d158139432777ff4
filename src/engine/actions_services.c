/* SPDX-License-Identifier: MIT */
/* How a plan lets what works beside the database work on one side only. */
#include "cluster/worker.h"
#include "engine/compile_step.h"

#define TEXT_CAP 4096

static enum side side_wanted(const struct compile *c)
{
    return (enum side)playbook_step_number(c->step, "side", SIDE_OLD);
}

static json_t *args_of(const struct side_worker *worker, bool insists)
{
    return json_pack("{s:s,s:s,s:b}", "side", side_name(worker->side), "name", worker->name,
                     "insist", (int)insists);
}

/* Each is a part of its own: what was done to one is known when the next fails. */
static void part_stop(struct compile *c, const struct side_worker *worker, bool insists)
{
    CLEANUP(buf_release) struct buf stop = {0};
    CLEANUP(buf_release) struct buf start = {0};
    const char *host = worker->at.name;

    buf_init(&stop, TEXT_CAP);
    buf_init(&start, TEXT_CAP);
    worker_describe(worker, WORKER_STOP, &stop);
    worker_describe(worker, WORKER_START, &start);
    struct plan_step *step =
        part(c, "stop", "%s of %s rests", worker->name, side_title(worker->side));
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "service.stop", args_of(worker, insists),
             "ask whether it runs, and write that down; on %.100s: %.200s%s", host, buf_text(&stop),
             insists ? "" : "; nothing waits when that fails");
    add_work(c, step, LIST_UNDO, "service.restore", args_of(worker, insists),
             "if it ran before, on %.100s: %.200s", host, buf_text(&start));
    if (insists)
        set_verify(c, step, "service.rests", args_of(worker, insists), "it does not run");
}

static void part_start(struct compile *c, const struct side_worker *worker)
{
    CLEANUP(buf_release) struct buf stop = {0};
    CLEANUP(buf_release) struct buf start = {0};
    const char *host = worker->at.name;

    buf_init(&stop, TEXT_CAP);
    buf_init(&start, TEXT_CAP);
    worker_describe(worker, WORKER_STOP, &stop);
    worker_describe(worker, WORKER_START, &start);
    struct plan_step *step =
        part(c, "start", "%s of %s runs", worker->name, side_title(worker->side));
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "service.start", args_of(worker, true),
             "unless it runs, or rested when it was to be stopped, on %.100s: %.200s", host,
             buf_text(&start));
    add_work(c, step, LIST_UNDO, "service.withdraw", args_of(worker, true),
             "if this has started it, on %.100s: %.200s", host, buf_text(&stop));
    set_verify(c, step, "service.runs", args_of(worker, true), "it runs, or is meant to rest");
}

void expand_stop_services(struct compile *c)
{
    bool insists = playbook_step_number(c->step, "insist", 1) != 0;

    for (size_t i = 0; i < c->service->worker_count; i++)
        if (c->service->workers[i].side == side_wanted(c))
            part_stop(c, &c->service->workers[i], insists);
}

void expand_start_services(struct compile *c)
{
    for (size_t i = 0; i < c->service->worker_count; i++)
        if (c->service->workers[i].side == side_wanted(c))
            part_start(c, &c->service->workers[i]);
}
