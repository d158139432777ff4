/* SPDX-License-Identifier: MIT */
/* Links that a drill cuts and mends. */
#include "engine/drill_fault.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/link.h"
#include "cluster/session.h"

#define MEMORY_NAME "drill.broken"
#define HEALTHY_MS 20000

int drill_break(const struct service *service, struct journal *journal, enum drill_fault_kind kind,
                enum side replica_side, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    const char *channel = link_channel(replica_side);
    enum sql_id id = kind == DRILL_CUT_LINK ? SQL_DRILL_STOP_RECEIVING : SQL_DRILL_STOP_APPLYING;

    int rc = session_open(service, service_primary(service, replica_side), SESSION_CONTROLLER,
                          &session, err);
    if (!rc)
        rc = journal_memory_put(journal, service->name, MEMORY_NAME, side_name(replica_side), err);
    if (!rc)
        rc = session_exec(&session, id, &(struct sql_arg){"channel", channel}, 1, err);
    if (rc)
        return err_wrap(err, "breaking the %s link", link_name(replica_side));
    log_info("drill: the %s link %s, on purpose", link_name(replica_side),
             kind == DRILL_CUT_LINK ? "receives nothing" : "applies nothing");
    return 0;
}

static int mend_link(const struct service *service, enum side replica_side, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    const char *channel = link_channel(replica_side);

    int rc = session_open(service, service_primary(service, replica_side), SESSION_CONTROLLER,
                          &session, err);
    if (!rc)
        rc = session_exec(&session, SQL_LINK_START, &(struct sql_arg){"channel", channel}, 1, err);
    if (!rc)
        rc = link_wait_healthy(&session, channel, clock_mono_ms() + HEALTHY_MS, err);
    return rc ? err_wrap(err, "mending the %s link, which a drill has stopped",
                         link_name(replica_side))
              : 0;
}

int drill_mend(const struct service *service, struct journal *journal, bool *out_mended,
               struct err *err)
{
    char value[32];

    if (out_mended)
        *out_mended = false;
    int rc = journal_memory_get(journal, service->name, MEMORY_NAME, value, sizeof value, err);
    if (rc || !value[0])
        return rc;
    enum side side = strcmp(value, side_name(SIDE_NEW)) == 0 ? SIDE_NEW : SIDE_OLD;
    rc = mend_link(service, side, err);
    if (!rc)
        rc = journal_memory_put(journal, service->name, MEMORY_NAME, NULL, err);
    if (rc)
        return err_hint(err, "\"cutover drill --put-back\" tries again");
    log_info("drill: the %s link runs again", link_name(side));
    if (out_mended)
        *out_mended = true;
    return 0;
}
