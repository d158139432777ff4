/* SPDX-License-Identifier: MIT */
/* The row that makes comparisons pause. */
#include "cli/verify_pause.h"

#include <stdio.h>
#include <unistd.h>

#include "cluster/own_schema.h"
#include "cluster/session.h"
#include "engine/observe.h"

/* It is written on one side and comes to all nodes: its table has to be there before it. */
static int prepare_nodes(const struct service *service, struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < service->node_count; i++)
        rc = own_schema_prepare(service, &service->nodes[i], err);
    return rc;
}

static int write_row(const struct service *service, enum side side, bool is_pause, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    char host[128] = "", holder[192];

    (void)gethostname(host, sizeof(host) - 1); /* only told to people */
    (void)snprintf(holder, sizeof(holder), "cutover on %s", host);
    const struct sql_arg args[] = {{"holder", holder}};
    int rc =
        session_open(service, service_primary(service, side), SESSION_CONTROLLER, &session, err);
    if (rc)
        return rc;
    return is_pause ? session_exec(&session, SQL_VERIFY_PAUSE_PUT, args, ARRAY_LEN(args), err)
                    : session_exec(&session, SQL_VERIFY_PAUSE_CLEAR, NULL, 0, err);
}

int verify_pause(const struct service *service, bool is_pause, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    bool is_written = false;

    int rc = observe(service, &facts, NULL, err);
    if (!rc)
        rc = prepare_nodes(service, err);
    for (int side = SIDE_OLD; !rc && !is_written && side < SIDE_COUNT; side++) {
        if (facts_is_open(&facts, (enum side)side) != TRI_YES)
            continue;
        rc = write_row(service, (enum side)side, is_pause, err);
        is_written = !rc;
    }
    if (rc)
        return rc;
    if (!is_written)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "no side is open: nothing can be written now");
    (void)puts(is_pause ? "comparisons pause within a second; \"cutover verify resume\" lets them "
                          "go on"
                        : "comparisons go on");
    return 0;
}
