/* SPDX-License-Identifier: MIT */
/* Giving up what NEW has and OLD lacks: what it is, who has agreed, and what comes after. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/events.h"
#include "domain/way_back.h"
#include "engine/lost_list.h"
#include "engine/observe.h"
#include "engine/work.h"

#define POLL_MS 200
#define VARIABLE "lose"

WORK(work_abandon_absent)
{
    CLEANUP(session_release) struct session session = {0};
    const struct node *node = service_primary(run->service, SIDE_NEW);
    struct err none = {0};

    (void)step;
    (void)args;
    if (session_open(run->service, node, SESSION_CONTROLLER, &session, &none) != 0)
        return run_note(run, "new.absent", err, "NEW does not answer: %s", none.msg);
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "NEW (%s) answers again", node->name);
    return err_hint(err,
                    "nothing is given up blindly: \"cutover status\" says what leads back now");
}

/* --- what OLD still has to apply -------------------------------------------------------------- */

/* TRI_UNKNOWN: nobody applies any more. */
static enum tri has_applied(const struct facts *facts, uint64_t *out_left)
{
    const struct channel_facts *link = facts_link(facts, SIDE_OLD);
    const struct node_facts *primary = facts_primary(facts, SIDE_OLD);
    struct position others;

    *out_left = 0;
    if (!link || !primary || link->is_applying != TRI_YES || link->apply_errno)
        return TRI_UNKNOWN;
    position_without(&link->received, &primary->origin, &others);
    *out_left = position_distance(&primary->slave_pos, &others);
    if (*out_left == 0 && link->is_receiving == TRI_YES) /* then more may come */
        return tri_of(way_back_distance(facts, out_left) && *out_left == 0);
    return tri_of(*out_left == 0);
}

WORK(work_abandon_apply)
{
    int64_t deadline_ms = clock_mono_ms() + run->service->limits.stragglers_ms;

    (void)step;
    (void)args;
    for (;;) {
        struct facts facts = {0};
        uint64_t left = 0;
        int rc = observe(run->service, &facts, NULL, err);
        enum tri is_applied = rc ? TRI_UNKNOWN : has_applied(&facts, &left);
        facts_release(&facts);
        if (rc)
            return rc;
        if (is_applied == TRI_YES)
            return run_note(run, "received.applied", err, "OLD has applied all that it received");
        if (is_applied == TRI_UNKNOWN)
            return run_note(
                run, "received.stopped", err,
                "OLD applies nothing any more: its reverse link has stopped or is gone");
        if (clock_mono_ms() > deadline_ms)
            return err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                           "OLD has received %" PRIu64 " transaction(s) more than it has applied, "
                           "after limits.stragglers",
                           left);
        rc = run_tick(run, err, "OLD applies what it has received: %" PRIu64 " left", left);
        if (!rc)
            rc = run_pause(run, POLL_MS, err);
        if (rc)
            return rc;
    }
}

/* --- what is lost, and who has agreed --------------------------------------------------------- */

/* As the command was told; a run that is gone on with remembers. */
static int recall_agreed(struct run *run, const json_t *args, char *out, size_t out_size,
                         struct err *err)
{
    const char *said = run->options->lose ? run->options->lose : "";
    int rc = 0;

    if (*said)
        rc = journal_variable_put(run->journal, run->id, VARIABLE, said, err);
    else
        rc = journal_variable_get(run->journal, run->id, VARIABLE, out, out_size, err);
    if (*said || (!rc && !out[0]))
        (void)snprintf(out, out_size, "%s", *said ? said : json_text_or(args, "lose", ""));
    return rc;
}

static int ask_or_refuse(struct run *run, const char *what, const char *type, struct err *err)
{
    char question[400];
    struct err none = {0};
    int answer = -1;

    (void)snprintf(question, sizeof question, "%s Give that up for good?", what);
    if (run->options->ui.ask)
        answer = run->options->ui.ask(run->options->ui.context, question, &none);
    if (answer == 1)
        return run_note(run, "loss.agreed", err, "a person has agreed: %s", what);
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s", what);
    return err_hint(err, "who gives that up types \"cutover rollback --lose-writes --lose %s\"",
                    type);
}

static int agree_unknown(struct run *run, const char *agreed, const char *why, struct err *err)
{
    char what[300];

    (void)snprintf(what, sizeof what, "Nobody knows how many transactions are lost: %s.", why);
    if (strcmp(agreed, LOST_UNKNOWN) == 0)
        return run_note(run, "writes.lost", err, "%s That was agreed to", what);
    return ask_or_refuse(run, what, LOST_UNKNOWN, err);
}

static int agree_number(struct run *run, const char *agreed, const struct lost_report *report,
                        const char *path, struct err *err)
{
    char what[300], number[32], *rest = NULL;
    uint64_t most = strtoull(agreed, &rest, 10);

    if (*agreed && !*rest && report->transactions <= most)
        return 0;
    (void)snprintf(number, sizeof number, "%" PRIu64, report->transactions);
    (void)snprintf(what, sizeof what,
                   "NEW is closed: %s transaction(s) would be lost%s%s (listed in %.120s).", number,
                   *agreed ? ", not " : "", agreed, path);
    return ask_or_refuse(run, what, number, err);
}

static int note_lost(struct run *run, const struct lost_report *report, const char *path,
                     struct err *err)
{
    char first[32], last[32];

    if (!report->transactions)
        return run_note(run, "writes.lost", err, "nothing is lost: OLD has all that NEW has");
    int rc = run_note(run, "writes.lost", err,
                      "lost: %" PRIu64 " transaction(s), %" PRIu64 "%s row(s) in %zu table(s), "
                      "committed on NEW from %s to %s; all of them are in %s",
                      report->transactions, report->rows, report->is_rows_cut ? " and more" : "",
                      report->table_count, clock_iso8601(report->first_ms * 1000, first),
                      clock_iso8601(report->last_ms * 1000, last), path);
    for (size_t i = 0; i < report->table_count && !rc; i++) {
        const struct lost_table *table = &report->tables[i];
        rc =
            run_note(run, "writes.lost_table", err,
                     "lost in %s: %" PRIu64 " inserted, %" PRIu64 " updated, %" PRIu64 " deleted%s",
                     table->label, table->inserted, table->updated, table->deleted,
                     table->is_vague ? ", and what cannot be told row by row" : "");
    }
    return rc;
}

/* Rows of users are in it: nobody else may read it. */
static int open_lines(const char *path, FILE **out, struct err *err)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

    *out = fd < 0 ? NULL : fdopen(fd, "w");
    if (*out)
        return 0;
    int cause = errno;
    if (fd >= 0)
        (void)close(fd); /* nothing was written */
    return err_set(err, ERR_IO, EFFECT_NONE, "cannot write %s: %s", path, strerror(cause));
}

static int close_lines(FILE *lines, const char *path, struct err *err)
{
    bool is_kept = fflush(lines) == 0 && fsync(fileno(lines)) == 0;
    is_kept = fclose(lines) == 0 && is_kept;
    return is_kept ? 0
                   : err_set(err, ERR_IO, EFFECT_NONE, "cannot keep what would be lost in %s: %s",
                             path, strerror(errno));
}

static int list_into(struct run *run, const char *path, struct lost_report *out, struct err *err)
{
    FILE *lines = NULL;
    int rc = open_lines(path, &lines, err);

    if (rc)
        return rc;
    rc = lost_list(run->service, lines, out, err);
    if (rc) {
        (void)fclose(lines); /* the first failure is the one to tell */
        return rc;
    }
    return close_lines(lines, path, err);
}

WORK(work_abandon_list)
{
    struct lost_report report = {0};
    char agreed[64] = "", path[PATH_MAX];
    struct err why = {0};

    (void)step;
    int rc = recall_agreed(run, args, agreed, sizeof agreed, err);
    if (rc)
        return rc;
    if (json_bool_or(args, "absent", 0))
        return agree_unknown(run, agreed, "NEW does not answer", err);
    lost_path(run->service, run->id, path, sizeof path);
    rc = list_into(run, path, &report, &why);
    if (rc == ERR_REFUSED) /* the log is gone */
        return agree_unknown(run, agreed, why.msg, err);
    if (rc) {
        *err = why;
        return rc;
    }
    rc = agree_number(run, agreed, &report, path, err);
    if (!rc)
        rc = note_lost(run, &report, path, err);
    lost_report_release(&report);
    return rc;
}

/* --- afterwards ------------------------------------------------------------------------------- */

WORK(work_abandon_events)
{
    struct session *session;
    unsigned enabled = 0;

    (void)step;
    (void)args;
    int rc = run_primary(run, SIDE_OLD, &session, err);
    if (!rc)
        rc = events_set(run->service, session, true, &enabled, err);
    return rc ? rc : run_note(run, "events.moved", err, "%u event(s) on on OLD", enabled);
}

WORK(work_abandon_tell)
{
    (void)step;
    if (!json_bool_or(args, "absent", 0))
        return run_note(run, "new.parted", err,
                        "OLD is open and alone, NEW is closed with what was given up: look at that "
                        "before 1-follow throws it away and seeds NEW again");
    log_warn("NEW was not asked and may come back open: keep it from starting, or have read_only = "
             "1 in its my.cnf, and when it is back close it by hand before anybody writes there; "
             "continuing");
    return run_note(run, "new.parted", err,
                    "OLD is open and alone; NEW was not asked, and may come back open");
}
