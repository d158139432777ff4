/* SPDX-License-Identifier: MIT */
/* "stopped RUN SINCE", as a line of the journal's memory. */
#include "engine/worker_memory.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define NAME_SIZE 160

static const char *const words[] = {
    [WORKER_FORGOTTEN] = "", [WORKER_IS_STOPPED] = "stopped", [WORKER_RESTED] = "rested"};

void worker_memory_print(const struct worker_memory *memory, char out[WORKER_MEMORY_SIZE])
{
    (void)snprintf(out, WORKER_MEMORY_SIZE, "%s %s %s", words[memory->state], memory->run,
                   memory->since);
}

void worker_memory_parse(const char *text, struct worker_memory *out)
{
    char word[16];

    *out = (struct worker_memory){0};
    if (sscanf(text, "%15s %23s %31s", word, out->run, out->since) == 3)
        for (enum worker_state state = WORKER_IS_STOPPED; state <= WORKER_RESTED; state++)
            if (strcmp(word, words[state]) == 0)
                out->state = state;
    if (out->state == WORKER_FORGOTTEN)
        *out = (struct worker_memory){0};
}

static void memory_name(const struct side_worker *worker, char out[NAME_SIZE])
{
    (void)snprintf(out, NAME_SIZE, "service.%s.%s", side_name(worker->side), worker->name);
}

int worker_memory_get(struct journal *journal, const struct service *service,
                      const struct side_worker *worker, struct worker_memory *out, struct err *err)
{
    char name[NAME_SIZE], value[WORKER_MEMORY_SIZE];

    memory_name(worker, name);
    int rc = journal_memory_get(journal, service->name, name, value, sizeof value, err);
    if (!rc)
        worker_memory_parse(value, out);
    return rc;
}

int worker_memory_put(struct journal *journal, const struct service *service,
                      const struct side_worker *worker, enum worker_state state, const char *run,
                      struct err *err)
{
    struct worker_memory memory = {.state = state};
    char name[NAME_SIZE], value[WORKER_MEMORY_SIZE];

    memory_name(worker, name);
    (void)snprintf(memory.run, sizeof memory.run, "%s", run);
    (void)clock_iso8601(clock_wall_us(), memory.since);
    worker_memory_print(&memory, value);
    return journal_memory_put(journal, service->name, name,
                              state == WORKER_FORGOTTEN ? NULL : value, err);
}
