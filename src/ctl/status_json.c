/* SPDX-License-Identifier: MIT */
/* The status for a program. What is not known is null, never a number that looks good. */
#include "base/clock.h"
#include "ctl/status.h"
#include "domain/lag.h"

json_t *status_tri_json(enum tri value)
{
    return value == TRI_UNKNOWN ? json_null() : json_boolean(value == TRI_YES);
}

static json_t *inverse_json(enum tri value)
{
    return value == TRI_UNKNOWN ? json_null() : json_boolean(value == TRI_NO);
}

static json_t *position_json(const struct position *list)
{
    char text[POSITION_TEXT_SIZE];

    return position_text(list, text, sizeof text, NULL) ? json_null() : json_string(text);
}

static json_t *node_json(const struct node_facts *facts)
{
    return json_pack(
        "{s:s,s:s,s:s,s:o,s:s,s:o,s:o,s:s,s:i,s:o,s:s,s:I,s:I}", "node", facts->node->name, "side",
        side_name(facts->node->side), "role", facts->node->is_primary ? "primary" : "replica",
        "is_reached", status_tri_json(facts->is_reached), "error", facts->error, "is_open",
        inverse_json(facts->is_read_only), "is_held", status_tri_json(facts->is_held), "version",
        facts->version_text, "server_id", (int)facts->server_id, "position",
        position_json(&facts->binlog_pos), "binlog_file", facts->binlog_file, "binlog_offset",
        (json_int_t)facts->binlog_offset, "app_sessions", (json_int_t)facts->app_sessions);
}

static json_t *channel_json(const struct status_channel *channel)
{
    const struct channel_facts *facts = channel->facts;
    bool is_known = channel->lag_us != LAG_INFINITE;

    return json_pack("{s:s,s:s,s:s,s:b,s:o,s:o,s:o,s:o,s:s,s:s}", "link", channel->name, "from",
                     channel->source->name, "to", channel->replica->name, "exists", facts != NULL,
                     "is_running", status_tri_json(channel->is_running), "is_receiving",
                     facts ? status_tri_json(facts->is_receiving) : json_null(), "is_applying",
                     facts ? status_tri_json(facts->is_applying) : json_null(), "lag_ms",
                     is_known ? json_real((double)channel->lag_us / 1000.0) : json_null(),
                     "receive_error", facts ? facts->receive_error : "", "apply_error",
                     facts ? facts->apply_error : "");
}

static const char *points_name(enum dns_points points)
{
    static const char *const names[] = {[DNS_UNKNOWN] = "unknown",
                                        [DNS_NONE] = "none",
                                        [DNS_OLD] = "old",
                                        [DNS_NEW] = "new",
                                        [DNS_MIXED] = "mixed"};

    return names[points];
}

static json_t *record_json(const struct record_facts *record)
{
    return json_pack("{s:s,s:s,s:o,s:s,s:s,s:I,s:b}", "name", record->record->name, "type",
                     record->record->type, "is_found", status_tri_json(record->is_found),
                     "points_to", points_name(record->points), "content", record->content, "ttl_s",
                     (json_int_t)record->ttl_s, "is_proxied", record->is_proxied);
}

static json_t *answer_json(const struct status *status, const struct propagation_answer *answer)
{
    return json_pack("{s:s,s:b,s:s,s:s,s:s,s:I,s:s}", "server", answer->server, "is_authoritative",
                     answer->is_authoritative_server, "name", answer->name, "leads_to",
                     status_answer_leads(status, answer), "content", answer->content, "ttl_s",
                     (json_int_t)answer->ttl_s, "error", answer->error);
}

static json_t *dns_json(const struct status *status)
{
    json_t *records = json_array(), *answers = json_array();

    for (size_t i = 0; i < status->facts.record_count; i++)
        (void)json_array_append_new(records, record_json(&status->facts.records[i]));
    for (size_t i = 0; i < status->answers.count; i++)
        (void)json_array_append_new(answers, answer_json(status, &status->answers.answers[i]));
    return json_pack("{s:s,s:s,s:o,s:o,s:s}", "points_to", points_name(status->facts.dns), "error",
                     status->facts.dns_error, "records", records, "answers", answers,
                     "answers_error", status->answers_error);
}

static json_t *verification_json(const struct status *status)
{
    const struct verified_sum *sum = &status->verification;

    if (!status->has_verification || sum->tables == 0)
        return json_null();
    return json_pack("{s:b,s:i,s:i,s:I,s:I,s:I}", "is_complete", sum->is_complete, "tables",
                     (int)sum->tables, "tables_equal", (int)sum->tables_equal, "rows",
                     (json_int_t)sum->rows, "differences", (json_int_t)sum->differences, "age_ms",
                     (json_int_t)((clock_wall_us() - sum->oldest_us) / 1000));
}

static json_t *pass_json(const struct status *status)
{
    const struct pass_record *pass = &status->pass;
    char began[32];

    if (!pass->is_there)
        return json_null();
    return json_pack("{s:s,s:b,s:s,s:i,s:i,s:I,s:s,s:I}", "began",
                     clock_iso8601(pass->began_us, began), "is_complete", pass->ended_us != 0,
                     "source", pass->source, "spans", (int)pass->spans, "spans_done",
                     (int)pass->spans_done, "rows", (json_int_t)pass->rows, "run", pass->run_id,
                     "age_ms", (json_int_t)((clock_wall_us() - pass->last_us) / 1000));
}

static json_t *proof_json(const struct status *status)
{
    const struct proof_memory *proof = &status->proof;

    if (!proof->is_there)
        return json_null();
    return json_pack(
        "{s:b,s:s,s:I,s:I,s:I,s:I,s:s}", "is_covering", (int)proof->is_covering, "source",
        side_name(proof->source), "rows_reproven", (json_int_t)proof->rows_reproven, "rows_touched",
        (json_int_t)proof->rows_touched, "oldest_ms", (json_int_t)proof->age_ms, "age_ms",
        (json_int_t)((clock_wall_us() - proof->at_us) / 1000), "problem", proof->problem);
}

static json_t *run_json(const struct status *status)
{
    const struct run_record *run = &status->run;
    char began[32];

    if (!status->has_run)
        return json_null();
    return json_pack("{s:s,s:s,s:s,s:b,s:s}", "id", run->id, "playbook", run->playbook, "state",
                     run_state_name(run->state), "is_committed", run->is_committed, "started",
                     clock_iso8601(run->started_us, began));
}

static json_t *lease_json(const struct status *status)
{
    if (status->lease_error[0])
        return json_pack("{s:n,s:s}", "holder", "error", status->lease_error);
    return json_pack("{s:s,s:s}", "holder", status->lease_holder, "error", "");
}

static json_t *end_json(const struct way_back_end *end)
{
    return json_pack("{s:s,s:o,s:b,s:s}", "by", way_back_end_name(end->kind), "has_happened",
                     status_tri_json(end->has_happened), "is_near", (int)end->is_near, "text",
                     end->text);
}

static json_t *way_back_json(const struct status *status)
{
    const struct way_back *way = &status->way_back;
    json_t *ends = json_array();
    char text[800];

    for (size_t i = 0; i < way->end_count; i++)
        (void)json_array_append_new(ends, end_json(&way->ends[i]));
    way_back_text(way, text, sizeof text);
    return json_pack("{s:o,s:s,s:s,s:s,s:s,s:o,s:o,s:i,s:o}", "is_possible",
                     status_tri_json(way->is_possible), "how", way_back_how_name(way->how),
                     "command", way->command, "why", way->why, "text", text, "transactions",
                     way->is_distance_known ? json_integer((json_int_t)way->distance) : json_null(),
                     "pause_ms",
                     way->is_pause_known ? json_integer((json_int_t)way->pause_ms) : json_null(),
                     "ttl_s", (int)way->ttl_s, "ends", ends);
}

json_t *status_json(const struct status *status)
{
    const struct verdict *verdict = &status->verdict;
    json_t *nodes = json_array(), *links = json_array();

    for (size_t i = 0; i < status->facts.node_count; i++)
        (void)json_array_append_new(nodes, node_json(&status->facts.nodes[i]));
    for (size_t i = 0; i < status->channel_count; i++)
        (void)json_array_append_new(links, channel_json(&status->channels[i]));
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o,s:o}", "service",
        status->service->name, "situation", situation_name(verdict->situation), "because",
        verdict->because, "next", verdict->next, "way_back", verdict->way_back, "going_back",
        way_back_json(status), "nodes", nodes, "links", links, "dns", dns_json(status), "lease",
        lease_json(status), "run", run_json(status), "verification", verification_json(status),
        "pass", pass_json(status), "proof", proof_json(status), "held", status_held_json(status),
        "held_files", status_files_json(status->service, status->files), "services",
        status_services_json(status));
}
