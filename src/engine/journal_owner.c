/* SPDX-License-Identifier: MIT */
/*
 * Whose run is it? Who goes on with a run, or closes it, raises its epoch in the journal; whoever
 * wrote there before finds another epoch in the transaction of his next write, and writes nothing.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "engine/journal_file.h"

void journal_bind(struct journal *journal, const char *run_id, const char *holder, int64_t epoch)
{
    struct journal_owner *owner = &journal->owner;

    *owner = (struct journal_owner){.epoch = epoch, .is_bound = true};
    (void)snprintf(owner->run_id, sizeof owner->run_id, "%s", run_id);
    (void)snprintf(owner->holder, sizeof owner->holder, "%s", holder);
}

static int refuse(const struct journal_owner *owner, struct store_statement *row, struct err *err)
{
    char since[32];

    err_set(err, ERR_BUSY, EFFECT_NONE,
            "run %s is not ours any more: %s took it at %s, while this controller stood still or "
            "was cut off",
            owner->run_id, store_column_text(row, 0),
            clock_iso8601(store_column_int(row, 3), since));
    return err_hint(err, "nothing more is done here, and nothing was undone; \"cutover status\" "
                         "says what is true now");
}

int journal_check_owner(struct journal *journal, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    const struct journal_owner *owner = &journal->owner;

    if (!owner->is_bound)
        return 0;
    int rc = journal_prepare(journal, SQL_JOURNAL_RUN_OWNER, &ask, err);
    if (rc)
        return rc;
    store_bind_text(ask, 1, owner->run_id);
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(err, ERR_DATA, EFFECT_NONE, "run %s is gone from the journal",
                       owner->run_id);
    bool is_ours = store_column_int(ask, 1) == owner->epoch &&
                   strcmp(store_column_text(ask, 0), owner->holder) == 0;
    return is_ours ? 0 : refuse(owner, ask, err);
}

/* Inside the caller's transaction. Every taker raises it, whatever the servers' leases say. */
static int put_owner(struct journal *journal, const struct run_record *run, const char *holder,
                     int64_t epoch, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *adopt = NULL;
    CLEANUP(json_release)
    json_t *detail = json_pack("{s:s,s:I}", "holder", holder, "epoch", (json_int_t)epoch);
    int rc = journal_prepare(journal, SQL_JOURNAL_RUN_ADOPT, &adopt, err);

    if (rc)
        return rc;
    store_bind_text(adopt, 1, run->id);
    store_bind_text(adopt, 2, holder);
    store_bind_int(adopt, 3, epoch);
    rc = journal_run(adopt, err);
    return rc ? rc : journal_add_event(journal, run->id, clock_wall_us(), "run.adopt", detail, err);
}

static int take_over(struct journal *journal, const char *run_id, const char *holder,
                     int64_t *epoch, struct err *err)
{
    struct run_record run;
    int rc = journal_run_find(journal, NULL, run_id, &run, err);

    if (rc)
        return rc;
    if (run.state == RUN_DONE || run.state == RUN_ABORTED)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "run %s of playbook %s is %s already", run.id,
                       run.playbook, run_state_name(run.state));
    if (*epoch <= run.epoch)
        *epoch = run.epoch + 1;
    return put_owner(journal, &run, holder, *epoch, err);
}

int journal_run_adopt(struct journal *journal, const char *run_id, const char *holder,
                      int64_t epoch, struct err *err)
{
    int rc = journal_begin(journal, err);

    if (rc)
        return rc;
    rc = journal_end(journal, take_over(journal, run_id, holder, &epoch, err), err);
    if (!rc)
        journal_bind(journal, run_id, holder, epoch);
    return rc;
}

int journal_run_supersede(struct journal *journal, const char *run_id, const char *holder,
                          int64_t epoch, struct err *err)
{
    int rc = journal_begin(journal, err);

    if (rc)
        return rc;
    rc = take_over(journal, run_id, holder, &epoch, err);
    if (!rc)
        rc = journal_add_state(journal, run_id, RUN_ABORTED, err);
    return journal_end(journal, rc, err);
}
