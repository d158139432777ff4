/* SPDX-License-Identifier: MIT */
/* What works beside the database, and was to be stopped by a run: as the journal remembers. */
#include "ctl/status.h"

int status_read_services(struct status *status, struct journal *journal, struct err *err)
{
    const struct service *service = status->service;
    int rc = 0;

    for (size_t i = 0; !rc && i < service->worker_count; i++)
        rc = worker_memory_get(journal, service, &service->workers[i], &status->workers[i], err);
    return rc;
}

json_t *status_services_json(const struct status *status)
{
    json_t *all = json_array();

    for (size_t i = 0; i < status->service->worker_count; i++) {
        const struct side_worker *worker = &status->service->workers[i];
        const struct worker_memory *memory = &status->workers[i];
        if (memory->state != WORKER_FORGOTTEN)
            (void)json_array_append_new(
                all, json_pack("{s:s,s:s,s:s,s:b,s:s,s:s}", "side", side_name(worker->side), "name",
                               worker->name, "host", worker->at.name, "is_stopped",
                               (int)(memory->state == WORKER_IS_STOPPED), "run", memory->run,
                               "since", memory->since));
    }
    return all;
}
