/* SPDX-License-Identifier: MIT */
/*
 * Files of ours on the host of a primary that cannot persist settings: that it is closed, and which
 * AUTO_INCREMENT values it hands out. Each is there before the setting: a restart in between makes
 * a server refuse writes, which is loud, or leave out numbers, which nobody minds; never a second
 * writer, nor the same number twice.
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
                    side_title(side), drop_in_where(DROP_IN_CLOSED, node, where));
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
             side_title(side), drop_in_where(DROP_IN_CLOSED, node, where), why->msg);
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
    rc = drop_in_remove(run->service, service_primary(run->service, side), DROP_IN_CLOSED, &why);
    if (rc && json_bool_or(args, "if_possible", 0))
        return leave_it(run, side, &why, err);
    if (rc)
        *err = why;
    return rc ? err_wrap(err, "taking the file away that keeps %s closed", side_title(side)) : 0;
}

/* --- which numbers are handed out ------------------------------------------------------------- */

static void name_before(enum side side, char out[64])
{
    (void)snprintf(out, 64, "stagger.file.%s", side_name(side));
}

/* What the file said before this run, for its undo: written down before the file is touched. */
static int note_before(struct run *run, enum side side, struct err *err)
{
    struct counting before;
    char name[64], value[64];

    name_before(side, name);
    int rc = journal_variable_get(run->journal, run->id, name, value, sizeof value, err);
    if (rc || value[0])
        return rc;
    rc = drop_in_counting(run->service, service_primary(run->service, side), &before, err);
    if (rc)
        return rc;
    (void)snprintf(value, sizeof value, "%u %u", before.increment, before.offset);
    return journal_variable_put(run->journal, run->id, name, value, err);
}

WORK(work_stagger_file)
{
    enum side side;
    const struct counting counting = {.increment = (unsigned)json_int_or(args, "increment", 1),
                                      .offset = (unsigned)json_int_or(args, "offset", 1)};

    (void)step;
    int rc = side_of(args, "side", &side, err);
    rc = rc ? rc : note_before(run, side, err);
    rc = rc ? rc
            : drop_in_count(run->service, service_primary(run->service, side), run->id, &counting,
                            err);
    return rc ? err_wrap(err, "AUTO_INCREMENT of %s across a restart", side_title(side)) : 0;
}

/* Nothing comes of a file that stays: one side alone may leave out numbers. */
static int forget_counting(struct run *run, enum side side, struct err *err)
{
    struct err why = {0};
    char where[DROP_IN_WHERE_SIZE];
    const struct node *node = service_primary(run->service, side);

    if (drop_in_remove(run->service, node, DROP_IN_COUNTING, &why) == 0)
        return 0;
    (void)drop_in_where(DROP_IN_COUNTING, node, where);
    log_warn("%s is still there (%s): a restart of %s would leave out numbers; delete it by hand, "
             "continuing",
             where, why.msg, side_title(side));
    return run_note(run, "side.file_left", err,
                    "delete %.300s: it makes %s leave out AUTO_INCREMENT values (%.150s)", where,
                    side_title(side), why.msg);
}

WORK(work_stagger_unfile)
{
    struct counting before = {0};
    enum side side;
    char name[64], value[64];

    (void)step;
    int rc = side_of(args, "side", &side, err);
    if (rc || json_bool_or(args, "for_good", 0))
        return rc ? rc : forget_counting(run, side, err);
    name_before(side, name);
    rc = journal_variable_get(run->journal, run->id, name, value, sizeof value, err);
    if (rc || !value[0])
        return rc; /* "": the file was never touched */
    if (sscanf(value, "%u %u", &before.increment, &before.offset) != 2)
        return err_set(err, ERR_DATA, EFFECT_NONE, "the journal says \"%s\" of %s", value, name);
    const struct node *node = service_primary(run->service, side);
    rc = before.increment ? drop_in_count(run->service, node, run->id, &before, err)
                          : drop_in_remove(run->service, node, DROP_IN_COUNTING, err);
    return rc ? err_wrap(err, "putting back how %s counts after a restart", side_title(side)) : 0;
}
