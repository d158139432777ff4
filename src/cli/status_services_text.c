/* SPDX-License-Identifier: MIT */
/* What works beside the database and was stopped by a run: a person must be able to start it. */
#include <stdio.h>

#include "cli/status.h"
#include "cluster/worker.h"

#define TEXT_CAP 4096

static void print_stopped(const struct side_worker *worker, const struct worker_memory *memory)
{
    CLEANUP(buf_release) struct buf start = {0};

    buf_init(&start, TEXT_CAP);
    worker_describe(worker, WORKER_START, &start);
    (void)printf(
        "services  %s of %s was stopped by run %s since %.19s UTC; `cutover` starts it when "
        "users are on %s again; by hand, on %s:\n          %s\n",
        worker->name, side_title(worker->side), memory->run, memory->since,
        side_title(worker->side), worker->at.name, buf_text(&start));
}

void status_print_services(const struct status *status)
{
    for (size_t i = 0; i < status->service->worker_count; i++)
        if (status->workers[i].state == WORKER_IS_STOPPED)
            print_stopped(&status->service->workers[i], &status->workers[i]);
}
