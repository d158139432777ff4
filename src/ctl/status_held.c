/* SPDX-License-Identifier: MIT */
/* What keeps a closed side closed when it restarts: locked accounts, a file on its host. */
#include <stdio.h>

#include "cluster/drop_in.h"
#include "cluster/session.h"
#include "ctl/status.h"

static int read_side(const struct service *service, const struct node *node, struct held_list *out,
                     struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);

    return rc ? rc : hold_read(&session, out, err);
}

void status_read_held(struct status *status)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(&status->facts, side);
        struct err why = {0};
        if (primary == NULL || primary->held_count == 0)
            continue;
        if (read_side(status->service, primary->node, &status->held[side], &why))
            (void)snprintf(status->held_error, sizeof status->held_error, "%.399s", why.msg);
    }
}

json_t *status_held_json(const struct status *status)
{
    json_t *all = json_array();

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        for (size_t i = 0; i < status->held[side].count; i++) {
            const struct held *held = &status->held[side].accounts[i];
            (void)json_array_append_new(all, json_pack("{s:s,s:s,s:s,s:b,s:b,s:s,s:s}", "side",
                                                       side_name(side), "user", held->user, "host",
                                                       held->host, "is_there", (int)held->is_there,
                                                       "is_locked", (int)held->is_locked, "run",
                                                       held->run, "since", held->since));
        }
    return all;
}

static bool is_file_possible(const struct service *service, enum side side)
{
    return service->fence.hold == FENCE_HOLD_FILE &&
           drop_in_is_possible(service_primary(service, side));
}

bool status_has_files(const struct service *service)
{
    return is_file_possible(service, SIDE_OLD) || is_file_possible(service, SIDE_NEW);
}

void status_look_at_file(const struct service *service, enum side side, struct held_file *out)
{
    struct err why = {0};
    bool is_there = false;

    *out = (struct held_file){.is_asked = is_file_possible(service, side)};
    if (!out->is_asked)
        return;
    if (drop_in_is_there(service, service_primary(service, side), &is_there, &why))
        (void)snprintf(out->error, sizeof out->error, "%.299s", why.msg);
    else
        out->is_there = tri_of(is_there);
}

json_t *status_files_json(const struct service *service, const struct held_file *files)
{
    json_t *all = json_array();
    char where[DROP_IN_WHERE_SIZE];

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
        if (files[side].is_asked)
            (void)json_array_append_new(
                all, json_pack("{s:s,s:s,s:o,s:s}", "side", side_name(side), "where",
                               drop_in_where(DROP_IN_CLOSED, service_primary(service, side), where),
                               "is_there", status_tri_json(files[side].is_there), "error",
                               files[side].error));
    return all;
}

bool status_file_is_left(const struct status *status, enum side side)
{
    return status->files[side].is_there == TRI_YES &&
           facts_is_open(&status->facts, side) == TRI_YES;
}
