/* SPDX-License-Identifier: MIT */
/*
 * One struct of facts from all nodes at once.
 *
 * First a wave of threads connects and reads everything but GTIDs; the slowest node bounds it.
 * Then, with the connections at hand, three short waves read the GTIDs in the order in which
 * transactions do not travel: replicas first, then NEW's primary, then OLD's. Read the other way
 * round, a transaction that arrives in between would look like one that the source never had.
 */
#include "cluster/probe.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/hold.h"
#include "cluster/link_error.h"
#include "cluster/session.h"

#define CLOCK_READINGS 3

struct probe_job {
    const struct service *service;
    struct node_facts *facts;
    struct session session;
    int64_t deadline_ms; /* of the wave */
    pthread_t thread;
    bool is_running;
};

/* Every statement gets what is left of the wave's time, so a node that stalls anywhere costs that
 * much and no more. */
static int ask(struct probe_job *job, enum sql_id id, const struct sql_arg *args, size_t arg_count,
               struct db_result *out, struct err *err)
{
    int64_t left_ms = job->deadline_ms - clock_mono_ms();
    if (left_ms <= 0)
        return err_set(err, ERR_TIMEOUT, EFFECT_NONE, "the node answers too slowly");
    int rc = db_set_timeout(job->session.db, left_ms, err);
    if (rc != 0)
        return rc;
    return session_query(&job->session, id, args, arg_count, out, err);
}

static int ask_row(struct probe_job *job, enum sql_id id, const struct sql_arg *args,
                   size_t arg_count, struct db_result *out, struct err *err)
{
    int rc = ask(job, id, args, arg_count, out, err);
    if (rc != 0)
        return rc;
    if (out->row_count != 1)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s answered %zu rows instead of one",
                       sql_id_name(id), out->row_count);
    return 0;
}

/* --- the facts --- */

static int connect_node(struct probe_job *job, struct err *err)
{
    int64_t left_ms = job->deadline_ms - clock_mono_ms();
    struct session_limits limits = {.connect_ms = left_ms > 0 ? left_ms : 1,
                                    .statement_ms = left_ms > 0 ? left_ms : 1};
    int rc = session_open_within(job->service, job->facts->node, SESSION_CONTROLLER, &limits,
                                 &job->session, err);
    if (rc != 0)
        return rc;
    job->facts->version = job->session.version;
    (void)snprintf(job->facts->tls_cipher, sizeof(job->facts->tls_cipher), "%s",
                   db_tls_cipher(job->session.db));
    db_peer(job->session.db, job->facts->address, sizeof(job->facts->address));
    return 0;
}

static int read_variables(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct node_facts *facts = job->facts;
    int rc = ask_row(job, SQL_FACTS_VARIABLES, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    result_copy(&row, 0, "version", facts->version_text, sizeof(facts->version_text));
    facts->server_id = (uint32_t)result_number(&row, 0, "server_id");
    facts->is_read_only = tri_of(result_number(&row, 0, "read_only") != 0);
    facts->is_super_read_only = tri_of(result_number(&row, 0, "is_super_read_only") != 0);
    facts->has_binlog = tri_of(result_number(&row, 0, "has_binlog") != 0);
    facts->logs_replica_updates = tri_of(result_number(&row, 0, "logs_replica_updates") != 0);
    facts->is_gtid_strict = tri_of(result_number(&row, 0, "gtid_strict") != 0);
    result_copy(&row, 0, "binlog_format", facts->binlog_format, sizeof(facts->binlog_format));
    result_copy(&row, 0, "binlog_row_image", facts->binlog_row_image,
                sizeof(facts->binlog_row_image));
    result_copy(&row, 0, "event_scheduler", facts->event_scheduler, sizeof(facts->event_scheduler));
    facts->increment = (unsigned)result_number(&row, 0, "increment");
    facts->offset = (unsigned)result_number(&row, 0, "offset");
    return session_origin(&job->session, &row, "origin", &facts->origin, err);
}

/* What a primary has written down for its next start, so that an undo can give it back. */
static int read_kept(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    if (!job->facts->node->is_primary || !version_persists(&job->facts->version))
        return 0;
    int rc = ask_row(job, SQL_STAGGER_KEPT, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    job->facts->kept_increment = (unsigned)result_number(&row, 0, "increment");
    job->facts->kept_offset = (unsigned)result_number(&row, 0, "offset");
    return 0;
}

/* Only where a side is closed: on a primary. */
static int read_held(struct probe_job *job, struct err *err)
{
    CLEANUP(held_list_release) struct held_list list = {0};
    unsigned locked = 0, loose = 0;
    if (!job->facts->node->is_primary)
        return 0;
    int64_t left_ms = job->deadline_ms - clock_mono_ms();
    if (left_ms <= 0)
        return err_set(err, ERR_TIMEOUT, EFFECT_NONE, "the node answers too slowly");
    int rc = db_set_timeout(job->session.db, left_ms, err);
    if (rc == 0)
        rc = hold_read(&job->session, &list, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < list.count; i++) {
        locked += list.accounts[i].is_there && list.accounts[i].is_locked;
        loose += list.accounts[i].is_there && !list.accounts[i].is_locked;
    }
    job->facts->held_count = (unsigned)list.count;
    job->facts->is_held = tri_of(locked > 0 && loose == 0);
    if (list.count > 0)
        (void)snprintf(job->facts->held_run, sizeof(job->facts->held_run), "%s",
                       list.accounts[0].run);
    return 0;
}

/* The clock is compared at the middle of the quickest of a few round trips: its half is the error.
 */
static int read_clock(struct probe_job *job, struct err *err)
{
    job->facts->round_trip_us = INT64_MAX;
    for (int i = 0; i < CLOCK_READINGS; i++) {
        CLEANUP(db_result_release) struct db_result row = {0};
        int64_t began_us = clock_mono_us();
        int64_t wall_us = clock_wall_us();
        int rc = ask_row(job, SQL_PROBE_CLOCK, NULL, 0, &row, err);
        if (rc != 0)
            return rc;
        int64_t trip_us = clock_mono_us() - began_us;
        if (trip_us >= job->facts->round_trip_us)
            continue;
        job->facts->round_trip_us = trip_us;
        job->facts->skew_us = result_number(&row, 0, "clock_us") - (wall_us + trip_us / 2);
    }
    return 0;
}

/* A node whose sessions cannot be seen must not be taken for a quiet one. */
static int unseen_sessions(const struct probe_job *job, struct err *err)
{
    int rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "its sessions cannot be seen: performance_schema is off, or has lost threads "
                     "(performance_schema_max_thread_instances)");
    (void)err_where(err, "%s", db_where(job->session.db));
    return rc;
}

static int read_activity(struct probe_job *job, struct err *err)
{
    CLEANUP(buf_release) struct buf ours;
    CLEANUP(db_result_release) struct db_result row = {0};
    CLEANUP(db_result_release) struct db_result prepared = {0};
    buf_init(&ours, 4096);
    session_our_accounts(job->service, &ours);
    struct sql_arg arg = {"ours", buf_text(&ours)};
    int rc = ask_row(job, SQL_PROBE_SESSIONS, &arg, 1, &row, err);
    if (rc != 0)
        return rc;
    if (db_result_get(&row, 0, "sessions") == NULL)
        return unseen_sessions(job, err);
    job->facts->app_sessions = (unsigned)result_number(&row, 0, "sessions");
    job->facts->open_transactions = (unsigned)result_number(&row, 0, "transactions");
    job->facts->oldest_transaction_s = (unsigned)result_number(&row, 0, "oldest_s");
    rc = ask(job, SQL_XA_RECOVER, NULL, 0, &prepared, err);
    if (rc != 0)
        return rc;
    job->facts->prepared_xa = (unsigned)prepared.row_count;
    return 0;
}

static int read_has_data(struct probe_job *job, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;
    CLEANUP(db_result_release) struct db_result row = {0};
    buf_init(&databases, 1U << 20);
    session_databases(job->service, &databases);
    struct sql_arg arg = {"databases", buf_text(&databases)};
    int rc = ask_row(job, SQL_TABLE_COUNT, &arg, 1, &row, err);
    if (rc != 0)
        return rc;
    job->facts->has_data = tri_of(result_number(&row, 0, "tables") > 0);
    return 0;
}

/* One row of the answer to link_status, its columns by our own names. */
struct channel_row {
    const struct session *session;
    const struct db_result *status;
    size_t row;
};

static const char *channel_text(const struct channel_row *from, const char *key)
{
    return result_text(from->status, from->row,
                       session_column(from->session, SQL_LINK_STATUS, key));
}

static unsigned channel_number(const struct channel_row *from, const char *key)
{
    return (unsigned)strtoul(channel_text(from, key), NULL, 10);
}

static void channel_copy(const struct channel_row *from, const char *key, char *out,
                         size_t out_size)
{
    (void)snprintf(out, out_size, "%s", channel_text(from, key));
}

static enum tri is_yes(const struct channel_row *from, const char *key)
{
    return tri_of(strcmp(channel_text(from, key), "Yes") == 0);
}

/* MariaDB says No, Slave_Pos or Current_Pos; MySQL 0 or 1. */
static enum tri uses_gtid(const struct channel_row *from)
{
    const char *text = channel_text(from, "uses_gtid");
    return tri_of(text[0] != '\0' && strcmp(text, "No") != 0 && strcmp(text, "0") != 0);
}

/* What the channel does not apply, as far as there is room for it. */
static void take_filters(const struct channel_row *from, char *out, size_t out_size)
{
    static const char *const keys[] = {"do_db",        "ignore_db", "do_table",
                                       "ignore_table", "wild_do",   "wild_ignore"};
    size_t used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(keys) && used < out_size; i++)
        if (channel_text(from, keys[i])[0] != '\0')
            used +=
                (size_t)snprintf(out + used, out_size - used, "%s%s = %.100s", used > 0 ? "; " : "",
                                 session_column(from->session, SQL_LINK_STATUS, keys[i]),
                                 channel_text(from, keys[i]));
}

static int take_channel(const struct channel_row *from, struct channel_facts *out, struct err *err)
{
    channel_copy(from, "channel", out->name, sizeof(out->name));
    channel_copy(from, "source_host", out->source_host, sizeof(out->source_host));
    out->source_port = channel_number(from, "source_port");
    out->is_receiving = is_yes(from, "receiving");
    out->is_applying = is_yes(from, "applying");
    out->receive_errno = channel_number(from, "io_errno");
    out->apply_errno = channel_number(from, "sql_errno");
    channel_copy(from, "io_error", out->receive_error, sizeof(out->receive_error));
    channel_copy(from, "sql_error", out->apply_error, sizeof(out->apply_error));
    out->has_delay = channel_text(from, "delay")[0] != '\0'; /* NULL: the server cannot say */
    out->delay_s = strtoll(channel_text(from, "delay"), NULL, 10);
    channel_copy(from, "ignored", out->ignored_domains, sizeof(out->ignored_domains));
    take_filters(from, out->filters, sizeof(out->filters));
    out->uses_gtid = uses_gtid(from);
    out->uses_tls = is_yes(from, "tls");
    return position_parse(from->session->version.flavour, channel_text(from, "received"),
                          &out->received, err);
}

/* What a channel that stopped applying says itself may be less than what its appliers say. */
static int read_apply_errors(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result workers = {0};
    bool is_any = false;
    for (unsigned i = 0; i < job->facts->channel_count; i++)
        is_any = is_any || job->facts->channels[i].apply_errno != 0;
    if (!is_any)
        return 0;
    int rc = ask(job, SQL_LINK_WORKERS, NULL, 0, &workers, err);
    for (unsigned i = 0; rc == 0 && i < job->facts->channel_count; i++) {
        struct channel_facts *channel = &job->facts->channels[i];
        int64_t row = link_error_row(&workers, channel->name);
        if (channel->apply_errno != 0 && row >= 0)
            link_error_take(&workers, (size_t)row, &channel->apply_errno, channel->apply_error,
                            sizeof(channel->apply_error));
    }
    return rc;
}

static int read_channels(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result status = {0};
    int rc = ask(job, SQL_LINK_STATUS, NULL, 0, &status, err);
    if (rc != 0)
        return rc;
    if (status.row_count > FACTS_CHANNEL_CAP) /* leaving one out could hide the one that matters */
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "%zu replication channels, more than the %d this program knows of",
                       status.row_count, FACTS_CHANNEL_CAP);
    for (size_t i = 0; i < status.row_count; i++) {
        const struct channel_row from = {&job->session, &status, i};
        rc = take_channel(&from, &job->facts->channels[i], err);
        if (rc != 0)
            return rc;
    }
    job->facts->channel_count = (unsigned)status.row_count;
    return read_apply_errors(job, err);
}

static int read_gtids(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = ask_row(job, SQL_GTID_STATE, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    rc = session_position(&job->session, &row, "position", &job->facts->binlog_pos, err);
    if (rc != 0)
        return rc;
    rc = session_position(&job->session, &row, "state", &job->facts->binlog_state, err);
    if (rc != 0)
        return rc;
    return session_position(&job->session, &row, "applied", &job->facts->slave_pos, err);
}

/* --- the company it keeps --- */

static const char *column_of(const struct probe_job *job, const struct db_result *result,
                             enum sql_id id, const char *key)
{
    return result_text(result, 0, session_column(&job->session, id, key));
}

static int read_binlog(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = ask(job, SQL_BINLOG_STATUS, NULL, 0, &row, err);
    if (rc != 0 || row.row_count == 0)
        return rc;
    (void)snprintf(job->facts->binlog_file, sizeof(job->facts->binlog_file), "%s",
                   column_of(job, &row, SQL_BINLOG_STATUS, "file"));
    job->facts->binlog_offset =
        strtoull(column_of(job, &row, SQL_BINLOG_STATUS, "position"), NULL, 10);
    const char *only = column_of(job, &row, SQL_BINLOG_STATUS, "do_db");
    const char *never = column_of(job, &row, SQL_BINLOG_STATUS, "ignore_db");
    if (only[0] != '\0' || never[0] != '\0')
        (void)snprintf(job->facts->log_filters, sizeof(job->facts->log_filters),
                       "binlog_do_db = %.120s; binlog_ignore_db = %.120s", only, never);
    return 0;
}

static int read_replicas(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = ask(job, SQL_REPLICAS_LIST, NULL, 0, &rows, err);
    if (rc != 0)
        return rc;
    const char *id = session_column(&job->session, SQL_REPLICAS_LIST, "server_id");
    const char *host = session_column(&job->session, SQL_REPLICAS_LIST, "host");
    const char *port = session_column(&job->session, SQL_REPLICAS_LIST, "port");
    for (size_t i = 0; i < rows.row_count && i < FACTS_REPLICA_CAP; i++) {
        struct replica_facts *replica = &job->facts->replicas[i];
        replica->server_id = (uint32_t)result_number(&rows, i, id);
        (void)snprintf(replica->address, sizeof(replica->address), "%s:%s",
                       result_text(&rows, i, host), result_text(&rows, i, port));
        job->facts->replica_count = (unsigned)i + 1;
    }
    return 0;
}

static int read_group(struct probe_job *job, struct err *err)
{
    CLEANUP(db_result_release) struct db_result members = {0};
    CLEANUP(db_result_release) struct db_result galera = {0};
    char *out = job->facts->group;
    int rc = ask(job, SQL_GROUP_MEMBERS, NULL, 0, &members, err);
    if (rc == 0)
        rc = ask_row(job, SQL_GALERA_SIZE, NULL, 0, &galera, err);
    if (rc != 0)
        return rc;
    if (members.row_count > 0)
        (void)snprintf(out, sizeof(job->facts->group), "a replication group of %zu",
                       members.row_count);
    else if (result_number(&galera, 0, "size") > 0)
        (void)snprintf(out, sizeof(job->facts->group), "a Galera cluster of %lld",
                       (long long)result_number(&galera, 0, "size"));
    return 0;
}

/* --- the waves --- */

typedef int (*probe_reader)(struct probe_job *job, struct err *err);

static const probe_reader first_wave[] = {
    connect_node,  read_variables, read_kept,   read_held,     read_clock, read_activity,
    read_has_data, read_channels,  read_binlog, read_replicas, read_group};

/* Half an answer is none: whoever reads facts must be able to rely on all of a node's or on
 * nothing. */
static void give_up(struct probe_job *job, const struct err *err)
{
    const struct node *node = job->facts->node;
    *job->facts = (struct node_facts){.node = node, .is_reached = TRI_NO};
    (void)snprintf(job->facts->error, sizeof(job->facts->error), "%.380s", err->msg);
    session_release(&job->session);
}

static void *run_first_wave(void *argument)
{
    struct probe_job *job = argument;
    struct err err = {0};
    for (size_t i = 0; i < ARRAY_LEN(first_wave); i++)
        if (first_wave[i](job, &err) != 0) {
            give_up(job, &err);
            return NULL;
        }
    job->facts->is_reached = TRI_YES;
    return NULL;
}

static void *run_gtid_wave(void *argument)
{
    struct probe_job *job = argument;
    struct err err = {0};
    if (read_gtids(job, &err) != 0)
        give_up(job, &err);
    return NULL;
}

enum wave { WAVE_ALL, WAVE_REPLICAS, WAVE_NEW_PRIMARY, WAVE_OLD_PRIMARY };

static bool is_in_wave(enum wave wave, const struct probe_job *job)
{
    const struct node *node = job->facts->node;
    if (wave == WAVE_ALL)
        return true;
    if (job->session.db == NULL)
        return false;
    if (wave == WAVE_REPLICAS)
        return !node->is_primary;
    return node->is_primary && node->side == (wave == WAVE_NEW_PRIMARY ? SIDE_NEW : SIDE_OLD);
}

static void run_wave(enum wave wave, struct probe_job *jobs, size_t count, int64_t timeout_ms)
{
    void *(*work)(void *) = wave == WAVE_ALL ? run_first_wave : run_gtid_wave;
    for (size_t i = 0; i < count; i++) {
        jobs[i].is_running = false;
        if (!is_in_wave(wave, &jobs[i]))
            continue;
        jobs[i].deadline_ms = clock_mono_ms() + timeout_ms;
        jobs[i].is_running = pthread_create(&jobs[i].thread, NULL, work, &jobs[i]) == 0;
        if (!jobs[i].is_running) /* no thread to be had: one after the other gives the same answer,
                                    later */
            (void)work(&jobs[i]);
    }
    for (size_t i = 0; i < count; i++)
        if (jobs[i].is_running)
            (void)pthread_join(jobs[i].thread, NULL);
}

int probe_nodes(const struct service *service, int64_t timeout_ms, struct facts *out,
                struct err *err)
{
    (void)err; /* every failure is a fact of a node */
    struct probe_job jobs[SERVICE_NODE_CAP] = {0};
    out->wall_us = clock_wall_us();
    out->mono_ms = clock_mono_ms();
    out->node_count = service->node_count;
    for (size_t i = 0; i < service->node_count; i++) {
        out->nodes[i] = (struct node_facts){.node = &service->nodes[i], .is_reached = TRI_NO};
        jobs[i] = (struct probe_job){.service = service, .facts = &out->nodes[i]};
    }
    for (enum wave wave = WAVE_ALL; wave <= WAVE_OLD_PRIMARY; wave++)
        run_wave(wave, jobs, service->node_count, timeout_ms);
    for (size_t i = 0; i < service->node_count; i++)
        session_release(&jobs[i].session);
    return 0;
}
