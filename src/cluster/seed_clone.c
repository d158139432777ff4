/* SPDX-License-Identifier: MIT */
/*
 * A clone from its first check to the recipient's return. The statement ends with the connection
 * when it succeeds: the server restarts. Only what it says afterwards tells how it went.
 */
#include "cluster/seed_clone.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/signals.h"
#include "cluster/door.h"
#include "cluster/events.h"
#include "cluster/link.h"
#include "cluster/log_need.h"
#include "cluster/seed_room.h"
#include "cluster/session.h"
#include "sql/quote.h"

#define ASSUMED_RATE 20000000ULL /* bytes a second: a slow disk, restarted into it as well */
#define CLONE_MS (24LL * 3600 * 1000)
#define POLL_MS 100
#define RETURN_MS (15LL * 60 * 1000) /* a person may have to start it */
#define GIVE_UP_MS 20000             /* for a clone that was killed to end */
#define BOOT_SLACK_MS 2000           /* an uptime is in whole seconds */
#define MIB (1U << 20)
#define LIMIT_CAP (1U << 20) /* the server's own */
#define NUMBER_TEXT 24
#define IN_PROGRESS "In Progress"
#define SAME_SERIES_PATCH 37 /* from 8.0.37 on a series counts, not a release */

enum native_error {
    NATIVE_GONE = 2006,
    NATIVE_LOST = 2013,
    NATIVE_NO_SUPERVISOR = 3707,
};

/* --- may it be done? --- */

static bool is_same_series(const struct server_version *a, const struct server_version *b)
{
    if (version_number(a) == version_number(b))
        return true;
    bool is_strict = a->major == 8 && a->minor == 0 &&
                     (a->patch < SAME_SERIES_PATCH || b->patch < SAME_SERIES_PATCH);
    return a->major == b->major && a->minor == b->minor && !is_strict;
}

static int check_plugin(struct session *session, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(session, SQL_CLONE_PLUGIN, NULL, 0, &row, err);
    if (rc || result_number(&row, 0, "active") == 1)
        return rc;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has no clone plugin", session->node->name);
    return err_hint(err, "there, as an administrator: SET sql_log_bin = 0; INSTALL PLUGIN clone "
                         "SONAME 'mysql_clone.so'");
}

/* Nothing may come along, and nothing may go, that the service does not name. */
static int check_databases(const struct service *service, struct session *session, struct err *err)
{
    CLEANUP(db_result_release) struct db_result found = {0};
    CLEANUP(buf_release) struct buf databases;
    buf_init(&databases, 65536);
    session_databases(service, &databases);
    int rc = session_query(session, SQL_CLONE_DATABASES,
                           &(struct sql_arg){"databases", buf_text(&databases)}, 1, &found, err);
    if (rc || found.row_count == 0)
        return rc;
    bool is_old = session->node->side == SIDE_OLD;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "%s holds the database \"%s\"%s, which the service does not list: a clone would "
                  "%s",
                  session->node->name, result_text(&found, 0, "name"),
                  found.row_count > 1 ? " and others" : "",
                  is_old ? "take it along" : "throw it away");
    return err_hint(err, "list it in the service, move it away, or seed with method = \"copy\"");
}

static int check_channels(struct session *donor, struct err *err)
{
    CLEANUP(db_result_release) struct db_result status = {0};
    int rc = session_query(donor, SQL_LINK_STATUS, NULL, 0, &status, err);
    if (rc || status.row_count == 0)
        return rc;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "%s has a replication channel of its own: its copy would replicate, too",
                  donor->node->name);
    return err_hint(err, "seed with method = \"copy\"");
}

/* What is asked of each recipient, and what was not to be learned. */
struct clone_question {
    const struct service *service;
    struct session donor;
    struct db_result is;
    uint64_t bytes;
    struct clone_check_report *out;
};

static void question_release(struct clone_question *question)
{
    session_release(&question->donor);
    db_result_release(&question->is);
}

static int check_size(struct clone_question *question, uint64_t rate, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct log_need need = {
        .node = question->donor.node, .rate = rate, .assumed_rate = ASSUMED_RATE};

    int rc = session_query_row(&question->donor, SQL_CLONE_SIZE, NULL, 0, &row, err);
    if (rc)
        return rc;
    question->bytes = need.bytes = (uint64_t)result_number(&row, 0, "bytes");
    for (size_t i = 0; i < question->service->node_count; i++)
        need.copies += question->service->nodes[i].side == SIDE_NEW;
    rc = log_need_read(&question->donor, &need.kept_s, err);
    return rc ? rc : log_need_check(&need, err);
}

static int check_room(const struct clone_question *question, struct session *recipient,
                      struct err *err)
{
    bool is_known = false;
    int rc = seed_room_check(recipient, question->bytes, true, &is_known, err);
    if (!rc && !is_known && question->out->roomless == NULL)
        question->out->roomless = recipient->node;
    return rc;
}

static int check_recipient(const struct clone_question *question, const struct node *node,
                           struct err *err)
{
    static const char *const equal[] = {"os", "machine", "page_size"};
    const struct session *donor = &question->donor;
    const struct db_result *donor_is = &question->is;
    CLEANUP(session_release) struct session session = {0};
    CLEANUP(db_result_release) struct db_result is = {0};

    int rc = session_open(question->service, node, SESSION_CONTROLLER, &session, err);
    if (!rc && !is_same_series(&session.version, &donor->version))
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "%s is %u.%u.%u and %s %u.%u.%u: a clone stays within one series",
                       donor->node->name, donor->version.major, donor->version.minor,
                       donor->version.patch, node->name, session.version.major,
                       session.version.minor, session.version.patch);
    if (!rc)
        rc = session_query_row(&session, SQL_CLONE_SERVER, NULL, 0, &is, err);
    for (size_t i = 0; !rc && i < ARRAY_LEN(equal); i++)
        if (strcmp(result_text(&is, 0, equal[i]), result_text(donor_is, 0, equal[i])) != 0)
            return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has %s as its %s, %s has %s",
                           donor->node->name, result_text(donor_is, 0, equal[i]), equal[i],
                           node->name, result_text(&is, 0, equal[i]));
    if (!rc)
        rc = check_plugin(&session, err);
    if (!rc)
        rc = check_databases(question->service, &session, err);
    return rc ? rc : check_room(question, &session, err);
}

static int check_rate(uint64_t rate, struct err *err)
{
    if (rate == 0 || rate >= MIB)
        return 0;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "rate = %" PRIu64 ": a clone cannot be held to less than 1 MiB (%u) a second",
                  rate, MIB);
    return err_hint(err, "a larger rate, or seed with method = \"copy\"");
}

int clone_check(const struct service *service, uint64_t rate, struct clone_check_report *out,
                struct err *err)
{
    CLEANUP(question_release)
    struct clone_question question = {.service = service, .out = out};
    struct session *donor = &question.donor;
    const struct node *source = service_primary(service, SIDE_OLD);

    int rc = check_rate(rate, err);
    if (!rc)
        rc = session_open(service, source, SESSION_CONTROLLER, donor, err);
    if (!rc && !sql_for(SQL_CLONE_SERVER, &donor->version)) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "%s is a %s %u.%u.%u, which cannot be cloned",
                      source->name, flavour_name(donor->version.flavour), donor->version.major,
                      donor->version.minor, donor->version.patch);
        return err_hint(err, "MySQL 8.0.17 or newer can; seed with method = \"copy\"");
    }
    if (!rc)
        rc = session_query_row(donor, SQL_CLONE_SERVER, NULL, 0, &question.is, err);
    if (!rc)
        rc = check_plugin(donor, err);
    if (!rc)
        rc = check_databases(service, donor, err);
    if (!rc)
        rc = check_channels(donor, err);
    if (!rc)
        rc = check_size(&question, rate, err);
    for (size_t i = 0; !rc && i < service->node_count; i++)
        if (service->nodes[i].side == SIDE_NEW)
            rc = check_recipient(&question, &service->nodes[i], err);
    return rc;
}

/* --- how fast --- */

struct clone_limits clone_limits_of(uint64_t rate)
{
    uint64_t limit = rate / MIB > LIMIT_CAP ? LIMIT_CAP : rate / MIB;
    return (struct clone_limits){.data = limit, .network = limit};
}

int clone_limits_read(const struct service *service, const struct node *node,
                      struct clone_limits *out, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    CLEANUP(db_result_release) struct db_result row = {0};

    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (!rc)
        rc = session_query_row(&session, SQL_CLONE_LIMITS_GET, NULL, 0, &row, err);
    if (!rc)
        *out = (struct clone_limits){.data = (uint64_t)result_number(&row, 0, "data"),
                                     .network = (uint64_t)result_number(&row, 0, "network")};
    return rc;
}

int clone_limits_set(const struct service *service, const struct node *node,
                     const struct session_permit *permit, const struct clone_limits *limits,
                     struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    char data[NUMBER_TEXT], network[NUMBER_TEXT];

    (void)snprintf(data, sizeof data, "%" PRIu64, limits->data);
    (void)snprintf(network, sizeof network, "%" PRIu64, limits->network);
    const struct sql_arg args[] = {{"data", data}, {"network", network}};
    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (!rc)
        rc = session_admit(&session, permit, err);
    return rc ? rc : session_exec(&session, SQL_CLONE_LIMITS_SET, args, ARRAY_LEN(args), err);
}

/* --- from where --- */

int clone_donors_read(const struct service *service, const struct node *node, struct buf *out,
                      struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    CLEANUP(db_result_release) struct db_result row = {0};

    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (!rc)
        rc = session_query_row(&session, SQL_CLONE_DONOR_LIST_GET, NULL, 0, &row, err);
    if (rc)
        return rc;
    buf_puts(out, result_text(&row, 0, "donors"));
    return buf_check(out, err);
}

static int name_donors(struct session *session, const char *donors, struct err *err)
{
    CLEANUP(buf_release) struct buf quoted;

    buf_init(&quoted, 65536);
    sql_quote_list(&donors, donors[0] != '\0', &quoted);
    int rc = buf_check(&quoted, err);
    return rc ? rc
              : session_exec(session, SQL_CLONE_DONOR_LIST,
                             &(struct sql_arg){"donors", buf_text(&quoted)}, 1, err);
}

int clone_donors_set(const struct service *service, const struct node *node,
                     const struct session_permit *permit, const char *donors, struct err *err)
{
    CLEANUP(session_release) struct session session = {0};

    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (!rc)
        rc = session_admit(&session, permit, err);
    return rc ? rc : name_donors(&session, donors, err);
}

/* --- the statement, in a thread of its own --- */

struct clone_job {
    const struct clone_options *options;
    struct session session;    /* the statement runs here */
    char uuid[64], former[64]; /* of the server; when its last clone before this one began */
    int64_t began_ms, boot_ms;
    pthread_mutex_t mutex;
    bool is_over;
    int rc;
    struct err err;
};

static void clone_job_release(struct clone_job *job)
{
    session_release(&job->session);
    (void)pthread_mutex_destroy(&job->mutex);
}

static int send_clone(struct clone_job *job, struct err *err)
{
    const struct service *service = job->options->service;
    const struct node *donor = job->options->donor;
    char port[16];

    (void)snprintf(port, sizeof(port), "%u", donor->port);
    const struct sql_arg args[] = {{"user", service->controller.user},
                                   {"host", donor->host},
                                   {"port", port},
                                   {"password", secret_bytes(&service->controller.password)}};
    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, 65536);
    int rc = sql_render(service->tls.mode == TLS_OFF ? SQL_CLONE_RUN_PLAIN : SQL_CLONE_RUN_TLS,
                        &job->session.version, args, ARRAY_LEN(args), &sql, err);
    if (!rc)
        rc = session_may_change(&job->session, err);
    if (!rc)
        rc = db_exec(job->session.db, buf_text(&sql), err);
    if (sql.data)
        secret_wipe(sql.data, sql.len);
    return rc;
}

static void *clone_thread(void *context)
{
    struct clone_job *job = context;
    struct err err = {0};
    int rc = send_clone(job, &err);

    (void)pthread_mutex_lock(&job->mutex);
    job->rc = rc;
    job->err = err;
    job->is_over = true;
    (void)pthread_mutex_unlock(&job->mutex);
    return NULL;
}

static bool is_over(struct clone_job *job)
{
    (void)pthread_mutex_lock(&job->mutex);
    bool over = job->is_over;
    (void)pthread_mutex_unlock(&job->mutex);
    return over;
}

static void tell(const struct clone_job *job, struct clone_progress *progress)
{
    progress->elapsed_ms = clock_mono_ms() - job->began_ms;
    progress->eta_ms = -1;
    if (progress->bytes_done && progress->bytes_total >= progress->bytes_done)
        progress->eta_ms = (int64_t)((double)progress->elapsed_ms / (double)progress->bytes_done *
                                     (double)(progress->bytes_total - progress->bytes_done));
    if (job->options->progress)
        job->options->progress(job->options->context, progress);
}

/* What the server tells about itself; one that is about to restart tells nothing. */
static void look(const struct clone_job *job, struct session *watch)
{
    CLEANUP(db_result_release) struct db_result stages = {0};
    struct clone_progress progress = {.stage = "begin"};

    if (!watch->db || db_is_dead(watch->db) ||
        session_query(watch, SQL_CLONE_PROGRESS, NULL, 0, &stages, NULL) != 0)
        return;
    for (size_t i = 0; i < stages.row_count; i++) {
        progress.bytes_done += (uint64_t)result_number(&stages, i, "bytes");
        progress.bytes_total += (uint64_t)result_number(&stages, i, "estimate");
        if (!strcmp(result_text(&stages, i, "state"), IN_PROGRESS))
            result_copy(&stages, i, "stage", progress.stage, sizeof(progress.stage));
    }
    tell(job, &progress);
}

static void end_statement(const struct clone_job *job, struct session *watch)
{
    char id[24];
    (void)snprintf(id, sizeof(id), "%lu", db_thread_id(job->session.db));
    /* when it cannot be sent, the clone goes on and its end is waited for */
    (void)!session_exec(watch, SQL_KILL_QUERY, &(struct sql_arg){"id", id}, 1, NULL);
}

/* Did the copy arrive? The server is gone then, or asks for somebody to start it. */
static bool has_arrived(const struct clone_job *job)
{
    return job->rc == 0 || job->rc == ERR_LOST || job->err.native == NATIVE_LOST ||
           job->err.native == NATIVE_GONE || job->err.native == NATIVE_NO_SUPERVISOR;
}

/* Seen on MySQL 9.7: a clone that is killed at the wrong moment takes the whole server with it. */
static int stuck(const struct clone_job *job, struct err *err)
{
    const char *name = job->options->recipient->name;
    (void)err_set(err, ERR_TIMEOUT, EFFECT_UNKNOWN,
                  "%s has not answered since its clone was stopped", name);
    return err_hint(err,
                    "if it still does not: kill its mysqld and start it (it comes back closed), "
                    "then `cutover abort`");
}

static int copy_over(struct clone_job *job, struct err *err)
{
    CLEANUP(session_release) struct session watch = {0};
    pthread_t thread;
    int64_t give_up_ms = 0; /* 0: nobody wants it to end */
    bool is_abandoned = false;

    int rc = session_open(job->options->service, job->options->recipient, SESSION_CONTROLLER,
                          &watch, err);
    if (rc)
        return rc;
    if (pthread_create(&thread, NULL, clone_thread, job) != 0)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "cannot start a thread");
    while (!is_over(job)) {
        look(job, &watch);
        (void)!failpoint_hit("seed.cloning", NULL); /* the thread is waited for, whatever it says */
        if (signals_stop_wanted() && give_up_ms == 0) {
            end_statement(job, &watch);
            give_up_ms = clock_mono_ms() + GIVE_UP_MS;
        }
        if (give_up_ms != 0 && clock_mono_ms() >= give_up_ms && !is_abandoned) {
            db_abandon(job->session.db);
            is_abandoned = true;
        }
        (void)clock_sleep_ms(POLL_MS);
    }
    (void)pthread_join(thread, NULL); /* fails for threads that are not ours only */
    if (is_abandoned)
        return stuck(job, err);
    if (has_arrived(job))
        return 0;
    if (give_up_ms != 0)
        return err_set(err, ERR_STOPPED, EFFECT_APPLIED, "stopped while %s was cloned",
                       job->options->recipient->name);
    *err = job->err;
    err->effect = EFFECT_APPLIED; /* what it held may be gone */
    return err_wrap(err, "cloning %s", job->options->recipient->name);
}

/* --- the return --- */

/* When it was started, by our clock, give or take a second. */
static int64_t boot_ms(const struct db_result *is)
{
    return clock_mono_ms() - (int64_t)result_number(is, 0, "uptime") * 1000;
}

/* A lost connection says nothing: the server may have restarted, or go on, or have failed. */
static int judge(const struct clone_job *job, const struct db_result *is,
                 const struct db_result *status, struct err *err)
{
    const char *name = job->options->recipient->name;
    const char *state = status->row_count ? result_text(status, 0, "state") : "";
    bool is_ours = status->row_count && strcmp(result_text(status, 0, "began"), job->former) != 0;
    bool is_under_way = is_ours && !strcmp(state, IN_PROGRESS);
    bool is_whole = is_ours && !strcmp(state, "Completed");
    bool has_restarted = boot_ms(is) - job->boot_ms > BOOT_SLACK_MS;

    if ((is_under_way || is_whole) && !has_restarted)
        return err_set(err, ERR_LOST, EFFECT_APPLIED, "%s has not restarted yet", name);
    if (is_under_way)
        return err_set(err, ERR_LOST, EFFECT_APPLIED, "%s is not ready yet", name);
    if (!is_ours)
        return err_set(err, ERR_SERVER, EFFECT_APPLIED, "%s has %s before its clone began", name,
                       has_restarted ? "restarted" : "lost the connection");
    if (!is_whole)
        return err_set(err, ERR_SERVER, EFFECT_APPLIED, "the clone of %s is %s: %s (error %s)",
                       name, state, result_text(status, 0, "error_message"),
                       result_text(status, 0, "error_number"));
    if (strcmp(result_text(is, 0, "uuid"), job->uuid) != 0)
        return err_set(err, ERR_CONFLICT, EFFECT_APPLIED, "the server_uuid of %s has changed",
                       name);
    return 0;
}

/* Has it restarted, and is the copy whole? ERR_LOST and ERR_TIMEOUT: ask again. */
static int ask_outcome(const struct clone_job *job, struct session *session, struct position *out,
                       struct err *err)
{
    CLEANUP(db_result_release) struct db_result is = {0};
    CLEANUP(db_result_release) struct db_result status = {0};

    int rc = session_open(job->options->service, job->options->recipient, SESSION_CONTROLLER,
                          session, err);
    if (!rc)
        rc = session_query_row(session, SQL_CLONE_SERVER, NULL, 0, &is, err);
    if (!rc)
        rc = session_query(session, SQL_CLONE_STATUS, NULL, 0, &status, err);
    if (!rc)
        rc = judge(job, &is, &status, err);
    return rc ? rc : session_position(session, &status, "gtids", out, err);
}

static int wait_return(struct clone_job *job, struct session *session, struct position *out,
                       struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + RETURN_MS;
    struct clone_progress progress = {
        .stage = "restart", .is_waiting_for_start = job->err.native == NATIVE_NO_SUPERVISOR};

    for (;;) {
        struct err cause = {0};
        session_release(session);
        int rc = ask_outcome(job, session, out, &cause);
        if (!rc)
            return 0;
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_APPLIED, "stopped while %s restarts",
                           job->options->recipient->name);
        if ((rc != ERR_LOST && rc != ERR_TIMEOUT) || clock_mono_ms() > deadline_ms) {
            *err = cause;
            err->effect = EFFECT_APPLIED;
            return err_wrap(err, "after its clone");
        }
        tell(job, &progress);
        (void)clock_sleep_ms(POLL_MS);
    }
}

/* Nobody may have come in between, and nothing may have been written. */
static int check_return(const struct clone_job *job, struct session *session,
                        const struct position *copied, struct err *err)
{
    struct door door;
    struct position now;
    int rc = door_read(session, &door, err);
    if (!rc && !door.is_sealed)
        rc = err_set(err, ERR_CONFLICT, EFFECT_APPLIED,
                     "%s came back without super_read_only, which was persisted there",
                     job->options->recipient->name);
    if (!rc)
        rc = link_position(session, &now, err);
    if (!rc && !position_equal(&now, copied))
        rc = err_set(err, ERR_CONFLICT, EFFECT_APPLIED, "something was written on %s since",
                     job->options->recipient->name);
    return rc;
}

static int open_recipient(struct clone_job *job, struct err *err)
{
    const struct session_limits limits = {.statement_ms = CLONE_MS};
    CLEANUP(db_result_release) struct db_result is = {0};
    CLEANUP(db_result_release) struct db_result former = {0};
    struct door door;
    char donor[300];

    int rc = session_open_within(job->options->service, job->options->recipient, SESSION_CONTROLLER,
                                 &limits, &job->session, err);
    if (!rc)
        rc = session_admit(&job->session, job->options->permit, err);
    if (!rc)
        rc = session_query_row(&job->session, SQL_CLONE_SERVER, NULL, 0, &is, err);
    if (!rc)
        rc = session_query(&job->session, SQL_CLONE_STATUS, NULL, 0, &former, err);
    if (!rc)
        rc = door_read(&job->session, &door, err);
    if (!rc && (!door.is_closed || !door.is_kept))
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE, "%s is open, or a restart would open it",
                     job->options->recipient->name);
    if (!rc) /* the plugin drops the old data as an administrator does */
        rc = door_admit(&job->session, &door, err);
    if (rc)
        return rc;
    result_copy(&is, 0, "uuid", job->uuid, sizeof(job->uuid));
    if (former.row_count)
        result_copy(&former, 0, "began", job->former, sizeof(job->former));
    job->boot_ms = boot_ms(&is);
    (void)snprintf(donor, sizeof(donor), "%s:%u", job->options->donor->host,
                   job->options->donor->port);
    return name_donors(&job->session, donor, err);
}

int clone_run(const struct clone_options *options, struct position *out, struct err *err)
{
    CLEANUP(clone_job_release)
    struct clone_job job = {.options = options, .began_ms = clock_mono_ms()};
    CLEANUP(session_release) struct session session = {0};
    struct position copied;
    unsigned changed;

    (void)pthread_mutex_init(&job.mutex, NULL); /* cannot fail on Linux */
    int rc = open_recipient(&job, err);
    if (!rc)
        rc = copy_over(&job, err);
    if (!rc)
        rc = failpoint_hit("seed.cloned", err);
    if (!rc)
        rc = wait_return(&job, &session, &copied, err);
    if (!rc)
        rc = failpoint_hit("seed.returned", err);
    if (!rc)
        rc = check_return(&job, &session, &copied, err);
    if (!rc)
        rc = session_admit(&session, options->permit, err);
    if (!rc)
        rc = events_set(options->service, &session, false, &changed, err);
    if (rc)
        return rc;
    *out = copied;
    return 0;
}

int clone_is_over(const struct service *service, const struct node *node, bool *out,
                  struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    CLEANUP(db_result_release) struct db_result status = {0};

    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (!rc)
        rc = session_query(&session, SQL_CLONE_STATUS, NULL, 0, &status, err);
    if (!rc) /* no row: it never was a clone */
        *out = status.row_count == 0 || strcmp(result_text(&status, 0, "state"), IN_PROGRESS) != 0;
    return rc;
}
