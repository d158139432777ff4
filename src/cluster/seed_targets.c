/* SPDX-License-Identifier: MIT */
/* The nodes that are filled, written to one after the other. */
#include "cluster/seed_job.h"

int seed_targets_open(const struct service *service, enum side side,
                      const struct session_permit *permit, struct seed_targets *out,
                      struct err *err)
{
    CLEANUP(seed_targets_release) struct seed_targets targets = {0};
    const struct session_limits limits = {.statement_ms = SEED_STATEMENT_MS};

    for (size_t i = 0; i < service->node_count; i++) {
        if (service->nodes[i].side != side)
            continue;
        struct session *session = &targets.sessions[targets.count];
        int rc = session_open_within(service, &service->nodes[i], SESSION_CONTROLLER, &limits,
                                     session, err);
        if (rc)
            return rc;
        targets.count++;
        rc = session_admit(session, permit, err);
        if (!rc)
            rc = session_exec(session, SQL_SEED_TARGET, NULL, 0, err);
        if (rc)
            return rc;
    }
    *out = targets;
    targets.count = 0;
    return 0;
}

void seed_targets_release(struct seed_targets *targets)
{
    for (size_t i = 0; i < targets->count; i++)
        session_release(&targets->sessions[i]);
    targets->count = 0;
}

int seed_targets_exec(struct seed_targets *targets, enum sql_id id, const struct sql_arg *args,
                      size_t arg_count, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < targets->count; i++)
        rc = session_exec(&targets->sessions[i], id, args, arg_count, err);
    return rc;
}

int seed_targets_run(struct seed_targets *targets, const char *sql, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < targets->count; i++) {
        rc = session_may_change(&targets->sessions[i], err);
        if (!rc)
            rc = db_exec(targets->sessions[i].db, sql, err);
    }
    return rc;
}
