/* SPDX-License-Identifier: MIT */
/*
 * Runs one function of src/cluster or src/monitor against the servers of a configuration and prints what came of it as one
 * line of JSON; tests/integration/test_cluster.py decides whether that is right.
 *
 * cluster_check CFG COMMAND ARGUMENTS...      the commands are in the table at the end of this file
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/signals.h"
#include "cluster/door.h"
#include "cluster/events.h"
#include "cluster/fence.h"
#include "cluster/lease.h"
#include "cluster/link.h"
#include "cluster/own_schema.h"
#include "cluster/probe.h"
#include "cluster/survey.h"
#include "monitor/heartbeat.h"
#include "monitor/sampler.h"
#include "playbook/read.h"

#define DEADLINE_IN(ms) (clock_mono_ms() + (ms))

static struct service service;

/* What a command found out; `answer` grows into the line that is printed. */
struct outcome {
    json_t *answer;
    struct err err;
};

static enum side side_of(const char *name)
{
    return strcmp(name, "old") == 0 ? SIDE_OLD : SIDE_NEW;
}

static int64_t number_of(const char *text)
{
    return strtoll(text, NULL, 10);
}

static void say(struct outcome *outcome, const char *key, json_t *value)
{
    json_object_set_new(outcome->answer, key, value);
}

static json_t *position_json(const struct position *position)
{
    char text[POSITION_TEXT_SIZE] = "";
    if (position_text(position, text, sizeof(text), NULL) != 0)
        return json_null();
    return json_string(text);
}

static json_t *tri_json(enum tri value)
{
    return json_string(tri_text(value));
}

static json_t *lag_json(int64_t lag_ms)
{
    return lag_ms == LAG_INFINITE ? json_null() : json_integer(lag_ms);
}

static int open_primary(enum side side, struct session *out, struct err *err)
{
    return session_open(&service, service_primary(&service, side), SESSION_CONTROLLER, out, err);
}

static void print_line(json_t *line)
{
    char *text = json_dumps(line, JSON_COMPACT);
    puts(text != NULL ? text : "{}");
    free(text);
    (void)fflush(stdout);
}

/* --- probe, survey --- */

static json_t *channel_json(const struct channel_facts *channel)
{
    return json_pack("{s:s, s:s, s:i, s:o, s:o, s:i, s:i, s:s, s:s, s:o, s:s, s:o, s:o}", "name",
                     channel->name, "host", channel->source_host, "port", (int)channel->source_port,
                     "receiving", tri_json(channel->is_receiving), "applying",
                     tri_json(channel->is_applying), "receive_errno", (int)channel->receive_errno,
                     "apply_errno", (int)channel->apply_errno, "receive_error",
                     channel->receive_error, "apply_error", channel->apply_error, "received",
                     position_json(&channel->received), "ignored", channel->ignored_domains, "gtid",
                     tri_json(channel->uses_gtid), "tls", tri_json(channel->uses_tls));
}

static json_t *node_json(const struct node_facts *facts)
{
    json_t *channels = json_array();
    for (unsigned i = 0; i < facts->channel_count; i++)
        json_array_append_new(channels, channel_json(&facts->channels[i]));
    char origin[GTID_UUID_TEXT_SIZE];
    origin_text(&facts->origin, origin);
    json_t *node =
        json_pack("{s:s, s:o, s:s, s:s, s:i, s:s, s:o, s:o}", "name", facts->node->name, "reached",
                  tri_json(facts->is_reached), "error", facts->error, "version",
                  facts->version_text, "server_id", (int)facts->server_id, "origin", origin,
                  "read_only", tri_json(facts->is_read_only), "channels", channels);
    json_t *more = json_pack(
        "{s:o, s:o, s:o, s:o, s:I, s:I, s:i, s:i, s:i, s:s, s:s, s:i, s:i}", "position",
        position_json(&facts->binlog_pos), "state", position_json(&facts->binlog_state), "applied",
        position_json(&facts->slave_pos), "has_data", tri_json(facts->has_data), "skew_us",
        (json_int_t)facts->skew_us, "round_trip_us", (json_int_t)facts->round_trip_us,
        "app_sessions", (int)facts->app_sessions, "open_transactions",
        (int)facts->open_transactions, "prepared_xa", (int)facts->prepared_xa, "tls",
        facts->tls_cipher, "binlog_format", facts->binlog_format, "increment",
        (int)facts->increment, "offset", (int)facts->offset);
    json_object_update(node, more);
    json_decref(more);
    return node;
}

static int run_probe(char **arg, struct outcome *outcome)
{
    static struct facts facts;
    int rc = probe_nodes(&service, number_of(arg[0]), &facts, &outcome->err);
    json_t *nodes = json_array();
    for (size_t i = 0; i < facts.node_count; i++)
        json_array_append_new(nodes, node_json(&facts.nodes[i]));
    say(outcome, "nodes", nodes);
    return rc;
}

static json_t *survey_side_json(const struct survey *survey, enum side side)
{
    json_t *bypass = json_array(), *events = json_array(), *missing = json_array();
    for (size_t i = 0; i < survey->side[side].bypass_count; i++)
        json_array_append_new(bypass, json_string(survey->side[side].bypass[i].name));
    for (size_t i = 0; i < survey->side[side].event_count; i++)
        json_array_append_new(events, json_string(survey->side[side].events[i].name));
    for (size_t i = 0; i < survey->side[side].missing_definer_count; i++)
        json_array_append_new(missing, json_string(survey->side[side].missing_definers[i]));
    return json_pack(
        "{s:o, s:o, s:o, s:o, s:s, s:o, s:s, s:o, s:s}", "read",
        tri_json(survey->side[side].is_read), "bypass", bypass, "events", events,
        "missing_definers", missing, "missing_grants", survey->side[side].missing_grants,
        "replication_login", tri_json(survey->side[side].replication_login),
        "replication_login_error", survey->side[side].replication_login_error, "monitor_login",
        tri_json(survey->side[side].monitor_login), "sql_mode", survey->side[side].sql_mode);
}

static int run_survey(char **arg UNUSED, struct outcome *outcome)
{
    CLEANUP(survey_release) struct survey survey = {0};
    int rc = survey_clusters(&service, &survey, &outcome->err);
    json_t *tables = json_object();
    for (size_t i = 0; i < survey.table_count; i++)
        json_object_set_new(tables, survey.tables[i].name,
                            json_boolean(survey.tables[i].has_primary_key));
    say(outcome, "tables", tables);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        say(outcome, side_name((enum side)side), survey_side_json(&survey, (enum side)side));
    return rc;
}

/* --- lease --- */

static int run_prepare(char **arg UNUSED, struct outcome *outcome)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < service.node_count; i++)
        rc = own_schema_prepare(&service, &service.nodes[i], &outcome->err);
    return rc;
}

/* Takes the lease, says so, checks it at every line of input, and gives it back at the end of input. */
static int run_lease(char **arg, struct outcome *outcome)
{
    struct lease *lease = NULL;
    char line[64];
    int rc = lease_take(&service, arg[0], arg[1], &lease, &outcome->err);
    if (rc != 0)
        return rc;
    CLEANUP(json_release)
    json_t *taken = json_pack("{s:I}", "epoch", (json_int_t)lease_epoch(lease));
    print_line(taken);
    while (rc == 0 && fgets(line, sizeof(line), stdin) != NULL) {
        rc = lease_check(lease, &outcome->err);
        if (rc == 0) {
            CLEANUP(json_release) json_t *ours = json_pack("{s:b}", "ours", 1);
            print_line(ours);
        }
    }
    lease_free(lease);
    return rc;
}

static int run_lease_holder(char **arg UNUSED, struct outcome *outcome)
{
    char holder[512] = "";
    int rc = lease_holder(&service, holder, sizeof(holder), &outcome->err);
    say(outcome, "holder", json_string(holder));
    return rc;
}

/* --- fence --- */

static void say_report(struct outcome *outcome, const struct fence_report *report)
{
    say(outcome, "position", position_json(&report->position));
    say(outcome, "close_us", json_integer(report->close_us));
    say(outcome, "prove_us", json_integer(report->prove_us));
    say(outcome, "killed", json_integer(report->killed));
    say(outcome, "killed_text", json_string(report->killed_text));
}

static int run_fence_close(char **arg, struct outcome *outcome)
{
    CLEANUP(session_release) struct session session = {0};
    CLEANUP(fence_freep) struct fence *fence = NULL;
    struct fence_report report = {0};
    int rc = open_primary(side_of(arg[0]), &session, &outcome->err);
    if (rc == 0)
        rc = fence_new(&service, &session, &fence, &outcome->err);
    if (rc == 0)
        rc = fence_close(fence, &report, &outcome->err);
    say_report(outcome, &report);
    return rc;
}

static int run_fence_prove(char **arg, struct outcome *outcome)
{
    CLEANUP(session_release) struct session session = {0};
    struct fence_report report = {0};
    int rc = open_primary(side_of(arg[0]), &session, &outcome->err);
    if (rc == 0)
        rc = fence_prove(&service, &session, &report, &outcome->err);
    say_report(outcome, &report);
    return rc;
}

static int run_fence_open(char **arg, struct outcome *outcome)
{
    CLEANUP(session_release) struct session session = {0};
    int rc = open_primary(side_of(arg[0]), &session, &outcome->err);
    return rc != 0 ? rc : door_open(&session, &outcome->err);
}

static int run_door(char **arg, struct outcome *outcome)
{
    CLEANUP(session_release) struct session session = {0};
    const struct door sealed = {.is_sealed = true};
    struct door door = {0};
    int rc = open_primary(side_of(arg[0]), &session, &outcome->err);
    if (rc == 0 && strcmp(arg[1], "admit") == 0)
        rc = door_admit(&session, &sealed, &outcome->err);
    if (rc == 0 && strcmp(arg[1], "seal") == 0)
        rc = door_seal(&session, &sealed, &outcome->err);
    if (rc == 0)
        rc = door_read(&session, &door, &outcome->err);
    say(outcome, "door", json_string(door_name(&door)));
    say(outcome, "whole", json_boolean(door.is_whole));
    say(outcome, "kept", json_boolean(door.is_kept));
    return rc;
}

static int run_sessions(char **arg, struct outcome *outcome)
{
    CLEANUP(session_release) struct session session = {0};
    struct app_session *sessions = NULL;
    size_t count = 0;
    json_t *list = json_array();
    int rc = open_primary(side_of(arg[0]), &session, &outcome->err);
    if (rc == 0)
        rc = fence_app_sessions(&service, &session, &sessions, &count, &outcome->err);
    for (size_t i = 0; i < count; i++)
        json_array_append_new(list, json_pack("{s:I, s:s, s:s, s:b, s:s}", "id",
                                              (json_int_t)sessions[i].id, "user", sessions[i].user,
                                              "command", sessions[i].command, "writing",
                                              sessions[i].is_writing, "info", sessions[i].info));
    say(outcome, "sessions", list);
    free(sessions);
    return rc;
}

/* --- links --- */

/* The statements that a plan would hold, one after the other. */
static int create_link(struct session *source, struct session *replica, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    const char *channel = link_channel(replica->node->side);
    const struct sql_arg name = {"channel", channel};
    char port[12], position[POSITION_TEXT_SIZE];
    struct position list;
    int rc = session_query_row(replica, SQL_GTID_STATE, NULL, 0, &row, err);
    if (rc == 0)
        rc = link_position(source, &list, err);
    if (rc == 0)
        rc = position_text(&list, position, sizeof(position), err);
    if (rc != 0)
        return rc;
    (void)snprintf(port, sizeof(port), "%u", source->node->port);
    const struct sql_arg args[] = {{"channel", channel},
                                   {"host", source->node->host},
                                   {"port", port},
                                   {"user", service.replication.user},
                                   {"password", secret_bytes(&service.replication.password)},
                                   {"tls", "1"},
                                   {"verify", "0"},
                                   {"ca", service.tls.ca_path},
                                   {"ignore", result_text(&row, 0, "origin")}};
    struct err already = {0};
    if (session_exec(replica, SQL_LINK_STOP, &name, 1, &already) == 0)
        rc = session_exec(replica, SQL_LINK_RESET, &name, 1, err);
    else if (already.native != 1617 && already.native != 3074) /* there is no such channel */
        return err_set(err, already.code, already.effect, "%s", already.msg);
    if (rc == 0 && replica->node->side == SIDE_NEW)
        rc = session_exec(replica, SQL_GTID_ADOPT, &(struct sql_arg){"position", position}, 1, err);
    else if (rc ==
             0) /* a primary that was never a replica of NEW, which has written nothing so far */
        rc = session_exec(replica, SQL_GTID_ADOPT_OWN, NULL, 0, err);
    if (rc == 0)
        rc = session_exec(replica, SQL_LINK_CHANGE_SOURCE, args, ARRAY_LEN(args), err);
    if (rc == 0)
        rc = session_exec(replica, SQL_LINK_START, &name, 1, err);
    return rc != 0 ? rc : link_wait_healthy(replica, channel, DEADLINE_IN(10000), err);
}

/* Opens both ends and runs one of the functions below on them; arg[0] is the side where the link ends. */
typedef int (*link_work)(struct session *source, struct session *replica, char **arg,
                         struct outcome *outcome);

static int with_link(char **arg, struct outcome *outcome, link_work work)
{
    CLEANUP(session_release) struct session source = {0};
    CLEANUP(session_release) struct session replica = {0};
    enum side side = side_of(arg[0]);
    int rc = open_primary(side, &replica, &outcome->err);
    if (rc == 0)
        rc = open_primary(side_other(side), &source, &outcome->err);
    return rc != 0 ? rc : work(&source, &replica, arg, outcome);
}

static int work_create(struct session *source, struct session *replica, char **arg UNUSED,
                       struct outcome *outcome)
{
    return create_link(source, replica, &outcome->err);
}

static int work_wait(struct session *source, struct session *replica, char **arg,
                     struct outcome *outcome)
{
    struct position want = {0};
    int rc = strcmp(arg[1], "now") == 0 ? link_position(source, &want, &outcome->err)
                                        : position_parse_any(arg[1], &want, &outcome->err);
    if (rc != 0)
        return rc;
    return link_wait_applied(replica, link_channel(replica->node->side), &want,
                             DEADLINE_IN(number_of(arg[2])), &outcome->err);
}

static int work_healthy(struct session *source UNUSED, struct session *replica, char **arg,
                        struct outcome *outcome)
{
    return link_wait_healthy(replica, link_channel(replica->node->side),
                             DEADLINE_IN(number_of(arg[1])), &outcome->err);
}

static int work_measure(struct session *source, struct session *replica, char **arg,
                        struct outcome *outcome)
{
    int64_t lag_us = 0;
    int rc = link_measure(source, replica, number_of(arg[1]), &lag_us, &outcome->err);
    say(outcome, "lag_us", lag_json(lag_us));
    return rc;
}

static int work_probe_row(struct session *source, struct session *replica, char **arg,
                          struct outcome *outcome)
{
    int64_t took_us = -1;
    int rc =
        link_probe_row(source, replica, DEADLINE_IN(number_of(arg[1])), &took_us, &outcome->err);
    say(outcome, "arrived_us", json_integer(took_us));
    return rc;
}

static int work_errant(struct session *source, struct session *replica, char **arg UNUSED,
                       struct outcome *outcome)
{
    struct position errant = {0};
    int rc = link_errant(replica, source, &errant, &outcome->err);
    say(outcome, "errant", position_json(&errant));
    return rc;
}

static int run_link_create(char **arg, struct outcome *outcome)
{
    return with_link(arg, outcome, work_create);
}
static int run_link_wait(char **arg, struct outcome *outcome)
{
    return with_link(arg, outcome, work_wait);
}
static int run_link_healthy(char **arg, struct outcome *outcome)
{
    return with_link(arg, outcome, work_healthy);
}
static int run_link_measure(char **arg, struct outcome *outcome)
{
    return with_link(arg, outcome, work_measure);
}
static int run_link_probe_row(char **arg, struct outcome *outcome)
{
    return with_link(arg, outcome, work_probe_row);
}
static int run_link_errant(char **arg, struct outcome *outcome)
{
    return with_link(arg, outcome, work_errant);
}

/* --- events --- */

static int run_events(char **arg, struct outcome *outcome)
{
    CLEANUP(session_release) struct session session = {0};
    unsigned changed = 0, enabled = 0, waiting = 0;
    int rc = open_primary(side_of(arg[0]), &session, &outcome->err);
    if (rc == 0 && strcmp(arg[1], "count") != 0)
        rc = events_set(&service, &session, strcmp(arg[1], "on") == 0, &changed, &outcome->err);
    if (rc == 0)
        rc = events_count(&service, &session, &enabled, &waiting, &outcome->err);
    say(outcome, "changed", json_integer(changed));
    say(outcome, "enabled", json_integer(enabled));
    say(outcome, "waiting", json_integer(waiting));
    return rc;
}

/* --- monitor --- */

static json_t *sample_json(const struct node_sample *sample)
{
    return json_pack("{s:s, s:b, s:o, s:o, s:o, s:o, s:b, s:b, s:i, s:i, s:I, s:I}", "name",
                     sample->name, "reached", sample->is_reached, "open", tri_json(sample->is_open),
                     "receive_lag", lag_json(sample->receive_lag_ms), "old_lag",
                     lag_json(sample->apply_lag_ms[SIDE_OLD]), "new_lag",
                     lag_json(sample->apply_lag_ms[SIDE_NEW]), "has_link", sample->has_link,
                     "link_running", sample->is_link_running, "link_errno", (int)sample->link_errno,
                     "conflicts", (int)sample->conflicts, "commits", (json_int_t)sample->commits,
                     "asked_ms", (json_int_t)sample->asked_ms);
}

static void print_snapshot(struct sampler *sampler, struct heartbeat *heartbeat)
{
    static struct lag_snapshot snapshot;
    struct heartbeat_count count[SIDE_COUNT];
    json_t *nodes = json_array();
    sampler_read(sampler, &snapshot);
    for (size_t i = 0; i < snapshot.node_count; i++)
        json_array_append_new(nodes, sample_json(&snapshot.nodes[i]));
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        heartbeat_counts(heartbeat, (enum side)side, &count[side]);
    CLEANUP(json_release)
    json_t *line = json_pack(
        "{s:o, s:o, s:o, s:i, s:[I,I], s:[I,I], s:[f,f]}", "nodes", nodes, "forward_lag",
        lag_json(snapshot.link_lag_ms[SIDE_NEW]), "reverse_lag",
        lag_json(snapshot.link_lag_ms[SIDE_OLD]), "conflicts", (int)snapshot.conflicts, "written",
        (json_int_t)count[SIDE_OLD].written, (json_int_t)count[SIDE_NEW].written, "refused",
        (json_int_t)count[SIDE_OLD].refused, (json_int_t)count[SIDE_NEW].refused, "write_ms",
        heartbeat_write_ms(heartbeat, SIDE_OLD), heartbeat_write_ms(heartbeat, SIDE_NEW));
    print_line(line);
}

/* Input lines: "old on", "new off" switch the heartbeat; "read" prints a snapshot. At the end of input it says how long ending took. */
static int run_monitor(char **arg UNUSED, struct outcome *outcome)
{
    struct heartbeat *heartbeat = NULL;
    struct sampler *sampler = NULL;
    char side[8], word[8], line[64];
    int rc = heartbeat_start(&service, &heartbeat, &outcome->err);
    if (rc == 0)
        rc = sampler_start(&service, SAMPLER_INTERVAL_MS, &sampler, &outcome->err);
    while (rc == 0 && fgets(line, sizeof(line), stdin) != NULL) {
        if (sscanf(line, "%7s %7s", side, word) == 2) {
            int64_t began_ms = clock_mono_ms();
            heartbeat_set(heartbeat, side_of(side), strcmp(word, "on") == 0);
            CLEANUP(json_release)
            json_t *set = json_pack("{s:I}", "ms", (json_int_t)(clock_mono_ms() - began_ms));
            print_line(set);
        } else {
            print_snapshot(sampler, heartbeat);
        }
    }
    int64_t began_ms = clock_mono_ms();
    sampler_free(sampler);
    heartbeat_free(heartbeat);
    say(outcome, "end_ms", json_integer(clock_mono_ms() - began_ms));
    return rc;
}

/* --- the program --- */

static const struct command {
    const char *name;
    int args;
    int (*run)(char **arg, struct outcome *outcome);
} commands[] = {
    {"probe", 1, run_probe}, /* TIMEOUT_MS */
    {"survey", 0, run_survey},
    {"prepare", 0, run_prepare},
    {"lease", 2, run_lease}, /* HOLDER RUN */
    {"lease-holder", 0, run_lease_holder},
    {"fence-close", 1, run_fence_close},       /* SIDE */
    {"fence-prove", 1, run_fence_prove},       /* SIDE */
    {"fence-open", 1, run_fence_open},         /* SIDE */
    {"door", 2, run_door},                     /* SIDE read|admit|seal */
    {"sessions", 1, run_sessions},             /* SIDE */
    {"link-create", 1, run_link_create},       /* REPLICA_SIDE */
    {"link-wait", 3, run_link_wait},           /* REPLICA_SIDE POSITION|now MS */
    {"link-healthy", 2, run_link_healthy},     /* REPLICA_SIDE MS */
    {"link-measure", 2, run_link_measure},     /* REPLICA_SIDE MS */
    {"link-probe-row", 2, run_link_probe_row}, /* REPLICA_SIDE MS */
    {"link-errant", 1, run_link_errant},       /* REPLICA_SIDE */
    {"events", 2, run_events},                 /* SIDE on|off|count */
    {"monitor", 0, run_monitor},
};

static const struct command *find_command(const char *name, int args)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++)
        if (strcmp(commands[i].name, name) == 0 && commands[i].args == args)
            return &commands[i];
    return NULL;
}

static int run(const char *cfg, const struct command *command, char **arg, struct outcome *outcome)
{
    int rc = signals_install(&outcome->err);
    if (rc == 0)
        rc = db_library_init(&outcome->err);
    if (rc == 0)
        rc = service_read(cfg, &service, &outcome->err);
    return rc != 0 ? rc : command->run(arg, outcome);
}

int main(int argc, char **argv)
{
    const struct command *command = argc >= 3 ? find_command(argv[2], argc - 3) : NULL;
    if (command == NULL) {
        fputs("cluster_check CFG COMMAND ARGUMENTS...\n", stderr);
        return 2;
    }
    struct outcome outcome = {.answer = json_object()};
    int64_t began_ms = clock_mono_ms();
    int rc = run(argv[1], command, argv + 3, &outcome);
    say(&outcome, "took_ms", json_integer(clock_mono_ms() - began_ms));
    say(&outcome, "code", json_string(rc == 0 ? "ok" : err_code_name((enum err_code)rc)));
    if (rc != 0) {
        say(&outcome, "effect", json_string(err_effect_name(outcome.err.effect)));
        say(&outcome, "native", json_integer(outcome.err.native));
        say(&outcome, "where", json_string(outcome.err.where));
        say(&outcome, "msg", json_string(outcome.err.msg));
        say(&outcome, "hint", json_string(outcome.err.hint));
    }
    print_line(outcome.answer);
    json_decref(outcome.answer);
    service_release(&service);
    db_library_end();
    return rc == 0 ? 0 : 1;
}
