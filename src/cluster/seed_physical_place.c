/* SPDX-License-Identifier: MIT */
/*
 * A prepared copy takes the place of what a server holds. The file that keeps it closed, and its
 * events from firing, is there before the server is stopped, and is taken away when all events of
 * the copy are disabled.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/signals.h"
#include "cluster/door.h"
#include "cluster/drop_in.h"
#include "cluster/events.h"
#include "cluster/seed_physical.h"
#include "cluster/seed_physical_facts.h"

#define COMMAND_MS (10LL * 60 * 1000)
#define SWAP_MS (10LL * 60 * 1000)
#define RETURN_MS (15LL * 60 * 1000)
#define POLL_MS 100
#define QUIET "event_scheduler = OFF\n"

/* Stop or start the server by the words of its configuration. */
static int command(const struct node *node, char *const *configured, size_t count, const char *what,
                   struct err *err)
{
    CLEANUP(host_release) struct host host = {0};
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *words[17] = {"systemctl", what, "mariadb", NULL};
    char title[NODE_NAME_SIZE + 32];

    if (count >= ARRAY_LEN(words))
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "ssh.%s of %s has more than %zu words", what,
                       node->name, ARRAY_LEN(words) - 1);
    for (size_t i = 0; i < count; i++) {
        words[i] = configured[i];
        words[i + 1] = NULL;
    }
    (void)snprintf(title, sizeof title, "%s: the command of ssh.%s", node->name, what);
    const struct host_script script = {.what = title,
                                       .text = "exec \"$@\"",
                                       .words = words,
                                       .deadline_ms = clock_mono_ms() + COMMAND_MS};
    int rc = host_open(&host, node, clock_mono_ms() + SEED_OPEN_MS, err);
    return rc ? rc : host_run(&host, &script, &result, err);
}

static int stop_server(const struct node *node, struct err *err)
{
    return command(node, node->ssh->stop, node->ssh->stop_count, "stop", err);
}

static int start_server(const struct node *node, struct err *err)
{
    return command(node, node->ssh->start, node->ssh->start_count, "start", err);
}

/* ERR_LOST and ERR_TIMEOUT mean: not yet. */
static int wait_server(const struct physical_options *options, struct session *out, struct err *err)
{
    int64_t began_ms = clock_mono_ms();

    for (;;) {
        struct err cause = {0};
        struct physical_progress now = {
            .stage = "start", .elapsed_ms = clock_mono_ms() - began_ms, .eta_ms = -1};
        int rc =
            session_open(options->service, options->recipient, SESSION_CONTROLLER, out, &cause);
        if (!rc)
            return 0;
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_APPLIED, "stopped while %s starts",
                           options->recipient->name);
        if ((rc != ERR_LOST && rc != ERR_TIMEOUT) || now.elapsed_ms > RETURN_MS) {
            *err = cause;
            err->effect = EFFECT_APPLIED;
            return err_wrap(err, "after its copy was put in place");
        }
        if (options->progress)
            rc = options->progress(options->context, &now, err);
        else
            rc = 0;
        if (rc)
            return rc;
        (void)clock_sleep_ms(POLL_MS);
    }
}

/* It came back: closed, and with nothing of its own that could write. */
static int quieten(const struct physical_options *options, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    struct door door;
    unsigned changed;
    char where[DROP_IN_WHERE_SIZE];

    int rc = wait_server(options, &session, err);
    if (!rc)
        rc = door_read(&session, &door, err);
    if (!rc && !door.is_closed)
        return err_set(
            err, ERR_CONFLICT, EFFECT_APPLIED, "%s came back open, although %.300s says otherwise",
            options->recipient->name, drop_in_where(DROP_IN_CLOSED, options->recipient, where));
    if (!rc)
        rc = session_admit(&session, options->permit, err);
    return rc ? rc : events_set(options->service, &session, false, &changed, err);
}

/* What a restart goes by is the person's own again. */
static int restore(const struct physical_options *options, bool has_scheduler, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};

    int rc = drop_in_remove(options->service, options->recipient, DROP_IN_CLOSED, err);
    if (rc || !has_scheduler)
        return rc;
    rc = session_open(options->service, options->recipient, SESSION_CONTROLLER, &session, err);
    if (!rc)
        rc = session_admit(&session, options->permit, err);
    return rc ? rc : session_exec(&session, SQL_SCHEDULER_ON, NULL, 0, err);
}

static int swap(const struct physical_options *options, const char *datadir, const char *run,
                struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *const words[] = {"swap", datadir, run, NULL};
    return seed_host_ask(options->recipient, words, SWAP_MS, &result, err);
}

static int place_copy_of(const struct physical_options *options, const char *run, struct err *err)
{
    char datadir[PATH_MAX];
    bool has_scheduler;

    int rc = drop_in_remove(options->service, options->recipient, DROP_IN_CLOSED,
                            err); /* then its own say */
    if (!rc)
        rc = physical_datadir(options->recipient, datadir, &has_scheduler, err);
    if (!rc)
        rc = drop_in_put(options->service, options->recipient, options->run, QUIET, err);
    if (!rc && options->permit)
        rc = options->permit->check(options->permit, err);
    if (!rc)
        rc = stop_server(options->recipient, err);
    if (!rc)
        rc = failpoint_hit("seed.stopped", err);
    if (!rc)
        rc = swap(options, datadir, run, err);
    if (!rc)
        rc = failpoint_hit("seed.swapped", err);
    if (!rc)
        rc = start_server(options->recipient, err);
    if (!rc)
        rc = failpoint_hit("seed.started", err);
    if (!rc)
        rc = quieten(options, err);
    if (!rc)
        rc = failpoint_hit("seed.quiet", err);
    return rc ? rc : restore(options, has_scheduler, err);
}

int physical_place(const struct physical_options *options, struct err *err)
{
    int rc = place_copy_of(options, options->run, err);
    if (!rc)
        return 0;
    err->effect = EFFECT_APPLIED;
    (void)err_wrap(err, "putting the copy in place on %s", options->recipient->name);
    return err_hint(err,
                    "`cutover abort` brings %s back, closed and empty; when it answers, "
                    "`cutover run --resume` goes on where it was",
                    options->recipient->name);
}

static int clean(const struct physical_options *options, const char *datadir, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *const words[] = {"clean", datadir, NULL};
    return seed_host_ask(options->recipient, words, COMMAND_MS, &result, err);
}

int physical_clean(const struct physical_options *options, struct err *err)
{
    char datadir[PATH_MAX];
    bool has_scheduler;
    int rc = physical_datadir(options->recipient, datadir, &has_scheduler, err);
    return rc ? rc : clean(options, datadir, err);
}

/* Nothing was put in place: what was there starts again. */
static int start_as_it_was(const struct physical_options *options, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    struct err unreachable = {0};
    char datadir[PATH_MAX];
    bool has_scheduler;

    int rc = drop_in_remove(options->service, options->recipient, DROP_IN_CLOSED,
                            err); /* then its own say */
    if (!rc)
        rc = physical_datadir(options->recipient, datadir, &has_scheduler, err);
    if (!rc && session_open(options->service, options->recipient, SESSION_CONTROLLER, &session,
                            &unreachable) != 0) {
        rc = drop_in_put(options->service, options->recipient, options->run, QUIET, err);
        if (!rc)
            rc = start_server(options->recipient, err);
        if (!rc)
            rc = wait_server(options, &session, err);
    }
    if (!rc)
        rc = restore(options, has_scheduler, err);
    return rc ? rc : clean(options, datadir, err);
}

/* A donor that cannot be reached holds nothing up: all it has left is a key that nobody takes. */
static void withdraw(const struct node *donor)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *const words[] = {"withdraw", donor->name, NULL};
    struct err unreachable = {0};
    (void)!seed_host_ask(donor, words, PHYSICAL_ASK_MS, &result, &unreachable);
}

int physical_settle(const struct physical_options *options, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    char datadir[PATH_MAX], state[128];
    bool has_scheduler;

    int rc = physical_datadir(options->recipient, datadir, &has_scheduler, err);
    const char *const words[] = {"where", datadir, NULL};
    if (!rc)
        rc = seed_host_ask(options->recipient, words, PHYSICAL_ASK_MS, &result, err);
    if (rc)
        return rc;
    withdraw(options->donor);
    seed_host_value(&result, "state", state, sizeof state);
    if (strncmp(state, "out ", 4) != 0 && strncmp(state, "in ", 3) != 0 &&
        strncmp(state, "swapped ", 8) != 0)
        return start_as_it_was(options, err);
    rc = place_copy_of(options, strchr(state, ' ') + 1, err);
    return rc ? rc : clean(options, datadir, err);
}
