/* SPDX-License-Identifier: MIT */
/* The status for a person: the situation first, then what it was concluded from. */
#include <stdio.h>

#include "base/clock.h"
#include "cli/status.h"
#include "domain/lag.h"

static const enum render_color situation_colors[SITUATION_COUNT] = {
    [SITUATION_UNSAFE] = COLOR_BAD,     [SITUATION_APART] = COLOR_NOTE,
    [SITUATION_FOLLOWING] = COLOR_NOTE, [SITUATION_REHEARSING] = COLOR_WARN,
    [SITUATION_MIRRORED] = COLOR_GOOD,  [SITUATION_SHARED] = COLOR_WARN,
    [SITUATION_FENCED] = COLOR_WARN,    [SITUATION_FLIPPING] = COLOR_WARN,
    [SITUATION_SWITCHED] = COLOR_GOOD,  [SITUATION_RETIRED] = COLOR_NOTE,
};

const char *status_open_text(enum tri is_open)
{
    return is_open == TRI_YES ? "open" : is_open == TRI_NO ? "closed" : "unknown";
}

char *status_lag_text(int64_t lag_us, char out[32])
{
    if (lag_us == LAG_INFINITE)
        return lag_text(LAG_INFINITE, out);
    if (lag_us >= 10000)
        return lag_text(lag_us / 1000, out);
    (void)snprintf(out, 32, "%.1f ms", (double)lag_us / 1000.0);
    return out;
}

static void print_paragraph(const char *label, const char *text)
{
    if (text[0])
        render_labelled(stdout, 2, label, text);
}

/* Only what is asked for can be believed: the cost first, then what would end it. */
static void print_way_back(const struct status *status)
{
    const struct way_back *way = &status->way_back;
    char text[800];

    way_back_text(way, text, sizeof text);
    print_paragraph("way back  ", text);
    for (size_t i = 0; i < way->end_count; i++) {
        const struct way_back_end *end = &way->ends[i];
        print_paragraph(end->has_happened == TRI_YES ? "ended by  "
                        : end->is_near               ? "near      "
                                                     : "ends with ",
                        end->text);
    }
}

static void print_verdict(const struct render *render, const struct status *status)
{
    const struct verdict *verdict = &status->verdict;

    (void)printf("%s is %s%s%s\n", status->service->name,
                 render_color(render, situation_colors[verdict->situation]),
                 situation_name(verdict->situation), render_color(render, COLOR_PLAIN));
    print_paragraph("because   ", verdict->because);
    print_paragraph("next      ", verdict->next);
    print_way_back(status);
}

static void print_nodes(const struct status *status)
{
    static const char *const titles[] = {"NODE", "SIDE", "ROLE", "WRITES", "SERVER", "POSITION"};
    CLEANUP(table_release) struct table table;

    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < status->facts.node_count; i++) {
        const struct node_facts *facts = &status->facts.nodes[i];
        bool is_reached = facts->is_reached == TRI_YES;
        char position[512] = "";
        enum tri is_open = facts->is_read_only == TRI_UNKNOWN
                               ? TRI_UNKNOWN
                               : tri_of(facts->is_read_only == TRI_NO);
        if (is_reached)
            position_show(&facts->binlog_pos, position, sizeof position);
        else
            (void)snprintf(position, sizeof position, "%s", facts->error);
        const char *const cells[] = {
            facts->node->name,
            side_title(facts->node->side),
            facts->node->is_primary ? "primary" : "replica",
            is_open == TRI_YES && facts->is_held == TRI_YES ? "held" : status_open_text(is_open),
            is_reached ? facts->version_text : "not reached",
            position};
        table_row(&table, cells);
    }
    (void)puts("");
    table_print(&table, stdout);
}

static const char *channel_trouble(const struct status_channel *channel)
{
    if (!channel->facts)
        return channel->is_running == TRI_UNKNOWN ? "replica not reached" : "no such channel";
    if (channel->facts->apply_error[0])
        return channel->facts->apply_error;
    if (channel->facts->receive_error[0])
        return channel->facts->receive_error;
    return channel->lag_error;
}

static void print_channels(const struct status *status)
{
    static const char *const titles[] = {"LINK", "FROM", "TO", "RECEIVES", "APPLIES", "LAG", ""};
    CLEANUP(table_release) struct table table;

    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < status->channel_count; i++) {
        const struct status_channel *channel = &status->channels[i];
        char lag[32];
        const char *const cells[] = {channel->name,
                                     channel->source->name,
                                     channel->replica->name,
                                     channel->facts ? tri_text(channel->facts->is_receiving) : "-",
                                     channel->facts ? tri_text(channel->facts->is_applying) : "-",
                                     channel->facts ? status_lag_text(channel->lag_us, lag) : "-",
                                     channel_trouble(channel)};
        table_row(&table, cells);
    }
    (void)puts("");
    table_print(&table, stdout);
}

static const char *points_text(enum dns_points points)
{
    switch (points) {
    case DNS_UNKNOWN:
        return "unknown";
    case DNS_NONE:
        return "none";
    case DNS_OLD:
        return "OLD";
    case DNS_NEW:
        return "NEW";
    case DNS_MIXED:
        return "elsewhere";
    }
    return "unknown";
}

static void print_records(const struct status *status)
{
    static const char *const titles[] = {"RECORD", "TYPE", "LEADS TO", "TTL", "PROXIED", "CONTENT"};
    CLEANUP(table_release) struct table table;

    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < status->facts.record_count; i++) {
        const struct record_facts *record = &status->facts.records[i];
        char ttl[24] = "-";
        if (record->is_found == TRI_YES)
            (void)snprintf(ttl, sizeof ttl, record->ttl_s == 1 ? "auto" : "%u s", record->ttl_s);
        const char *const cells[] = {
            record->record->name,
            record->record->type,
            points_text(record->points),
            ttl,
            record->is_found == TRI_YES ? (record->is_proxied ? "yes" : "no") : "-",
            record->is_found == TRI_YES ? record->content : "not found"};
        table_row(&table, cells);
    }
    (void)puts("");
    table_print(&table, stdout);
}

static void print_answers(const struct status *status)
{
    static const char *const titles[] = {"NAME SERVER", "KIND", "NAME",
                                         "LEADS TO",    "TTL",  "ANSWER"};
    CLEANUP(table_release) struct table table;

    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < status->answers.count; i++) {
        const struct propagation_answer *answer = &status->answers.answers[i];
        char ttl[24] = "-";
        if (answer->content[0])
            (void)snprintf(ttl, sizeof ttl, "%u s", answer->ttl_s);
        const char *const cells[] = {answer->server,
                                     answer->is_authoritative_server ? "authoritative" : "resolver",
                                     answer->name,
                                     status_answer_leads(status, answer),
                                     ttl,
                                     answer->content[0] ? answer->content : answer->error};
        table_row(&table, cells);
    }
    (void)puts("");
    table_print(&table, stdout);
}

static void print_dns(const struct status *status)
{
    if (!status->service->dns.is_configured)
        return;
    print_records(status);
    if (status->facts.dns_error[0])
        print_paragraph("the DNS provider could not be asked: ", status->facts.dns_error);
    print_answers(status);
    if (status->answers_error[0])
        print_paragraph("the name servers could not all be asked: ", status->answers_error);
}

/* One that has not come to its end. */
static void print_pass(const struct pass_record *pass)
{
    char age[32];

    if (!pass->is_there || pass->ended_us)
        return;
    (void)printf("comparing %u of %u spans done, %llu rows; the last chunk was finished %s ago; "
                 "\"cutover verify\" goes on with it when nobody does\n",
                 pass->spans_done, pass->spans, (unsigned long long)pass->rows,
                 clock_human_ms((clock_wall_us() - pass->last_us) / 1000, age));
}

static void print_verification(const struct status *status)
{
    const struct verified_sum *sum = &status->verification;
    char age[32];

    if (!status->has_verification || sum->tables == 0) {
        (void)puts("verified  never; \"cutover verify\" compares the data");
        return;
    }
    (void)printf("verified  %u of %u tables equal, %llu rows, %llu differences, %s, %s ago\n",
                 sum->tables_equal, sum->tables, (unsigned long long)sum->rows,
                 (unsigned long long)sum->differences,
                 sum->is_complete ? "complete" : "not complete",
                 clock_human_ms((clock_wall_us() - sum->oldest_us) / 1000, age));
}

/* The journal's last word: while no run goes on, nobody follows the logs, but a run can. */
static void print_proof(const struct proof_memory *proof)
{
    char age[32], oldest[32];

    if (!proof->is_there)
        return;
    (void)clock_human_ms((clock_wall_us() - proof->at_us) / 1000, age);
    if (proof->is_covering)
        (void)printf("proof     kept true from %s, as of %s ago: %llu rows compared again, %llu to "
                     "do, the oldest for %s\n",
                     side_title(proof->source), age, (unsigned long long)proof->rows_reproven,
                     (unsigned long long)proof->rows_touched,
                     clock_human_ms(proof->age_ms, oldest));
    else
        (void)printf("proof     none, as of %s ago: %s\n", age,
                     proof->problem[0] ? proof->problem
                                       : "no full comparison without differences has ended");
}

static void print_controller(const struct status *status)
{
    (void)puts("");
    if (status->lease_error[0])
        (void)printf("lease     unknown: %s\n", status->lease_error);
    else
        (void)printf("lease     %s\n", status->lease_holder[0] ? status->lease_holder : "free");
    status_print_held(status);
    status_print_services(status);
    if (status->has_run)
        (void)printf("last run  %s, %s, %s%s\n", status->run.id, status->run.playbook,
                     run_state_name(status->run.state),
                     status->run.is_committed ? ", past its commit step" : "");
    print_verification(status);
    print_pass(&status->pass);
    print_proof(&status->proof);
    if (status->journal_error[0])
        print_paragraph("the journal could not be read: ", status->journal_error);
}

void status_print(const struct render *render, const struct status *status)
{
    print_verdict(render, status);
    print_nodes(status);
    print_channels(status);
    print_dns(status);
    print_controller(status);
}
