/* SPDX-License-Identifier: MIT */
/*
 * A file of ours on the host of a closed side, where its server cannot persist that it is closed.
 * It is there before the side is closed: a restart in between makes it refuse writes, which is
 * loud, and never a second writer.
 */
#include "base/log.h"
#include "cluster/drop_in.h"
#include "engine/work.h"

WORK(work_fence_file)
{
    char where[DROP_IN_WHERE_SIZE];
    enum side side;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (rc)
        return rc;
    const struct node *node = service_primary(run->service, side);
    rc = drop_in_put(run->service, node, run->id, "", err);
    if (rc)
        return err_wrap(err, "keeping %s closed across a restart", side_title(side));
    return run_note(run, "side.hold", err, "a restart of %s comes back closed: %.400s",
                    side_title(side), drop_in_where(node, where));
}

/*
 * After a side was opened nothing waits for this: the other way round, a host that cannot be
 * reached would keep the names on a side that takes no writes.
 */
static int leave_it(struct run *run, enum side side, const struct err *why, struct err *err)
{
    char where[DROP_IN_WHERE_SIZE];
    const struct node *node = service_primary(run->service, side);

    log_warn("%s is open, but a restart would close it: %s is still there (%s); delete it by hand, "
             "continuing",
             side_title(side), drop_in_where(node, where), why->msg);
    return run_note(run, "side.file_left", err,
                    "%s is open, and a restart would close it: delete %.300s (%.150s)",
                    side_title(side), where, why->msg);
}

WORK(work_fence_unfile)
{
    struct err why = {0};
    enum side side;

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (rc)
        return rc;
    rc = drop_in_remove(run->service, service_primary(run->service, side), &why);
    if (rc && json_bool_or(args, "if_possible", 0))
        return leave_it(run, side, &why, err);
    if (rc)
        *err = why;
    return rc ? err_wrap(err, "taking the file away that keeps %s closed", side_title(side)) : 0;
}
