/* SPDX-License-Identifier: MIT */
/* The score of a drill, for a person and for a program. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/drill_playbook.h"

#define CELL_SIZE 200

/* --- rounds ----------------------------------------------------------------------------------- */

static const char *outcome_text(const struct drill_round *round)
{
    if (round->is_good)
        return round->fault[0] ? "good, without a person" : "good";
    return round->problem;
}

static void print_rounds(const struct drill_record *drill)
{
    static const char *const titles[] = {
        "ROUND",        "FAULT",  "WRITES REFUSED", "AS A CLIENT SAW IT",
        "RECOVERED IN", "WRITES", "LOST",           "OUTCOME"};
    struct table table;

    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < drill->round_count; i++) {
        const struct drill_round *round = &drill->rounds[i];
        char number[16], pause[32], client[32], recovery[32], written[32], lost[32];
        (void)snprintf(number, sizeof number, "%u", round->number);
        (void)snprintf(written, sizeof written, "%llu", (unsigned long long)round->written);
        (void)snprintf(lost, sizeof lost, "%llu", (unsigned long long)round->lost);
        const char *cells[] = {number,
                               round->fault[0] ? round->fault : "-",
                               drill_ms_text(round->pause_ms, pause),
                               drill_ms_text(round->client_pause_ms, client),
                               drill_ms_text((double)round->recovery_ms, recovery),
                               written,
                               lost,
                               outcome_text(round)};
        table_row(&table, cells);
    }
    table_print(&table, stdout);
    table_release(&table);
}

/* --- steps ------------------------------------------------------------------------------------ */

static void add_figures(struct table *table, const char *way, const char *what,
                        const struct drill_figures *ms)
{
    char now[32], last[32], best[32], worst[32];
    const char *cells[] = {way,
                           what,
                           drill_ms_text(ms->now, now),
                           drill_ms_text(ms->last, last),
                           drill_ms_text(ms->best, best),
                           drill_ms_text(ms->worst, worst)};

    table_row(table, cells);
}

static void print_steps(const struct drill_score *score)
{
    static const char *const titles[] = {"WAY", "STEP", "NOW", "LAST", "BEST", "WORST"};
    struct table table;

    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < score->row_count; i++)
        add_figures(&table, drill_leg_name(score->rows[i].leg), score->rows[i].step,
                    &score->rows[i].ms);
    add_figures(&table, "", "writes refused", &score->pause_ms);
    add_figures(&table, "", "as a client saw it", &score->client_pause_ms);
    if (score->recovery_ms.now >= 0 || score->recovery_ms.last >= 0)
        add_figures(&table, "", "recovery from a fault", &score->recovery_ms);
    (void)printf("\n");
    table_print(&table, stdout);
    table_release(&table);
    if (score->is_faulty)
        (void)printf("No round was without a fault: these times are not those of a good day.\n");
}

static void print_head(const struct render *render, const struct drill_record *drill,
                       const struct drill_score *score)
{
    char took[32], started[32];
    enum render_color color = drill->state == DRILL_PASSED    ? COLOR_GOOD
                              : drill->state == DRILL_STOPPED ? COLOR_WARN
                                                              : COLOR_BAD;

    (void)printf("\nDrill %s of playbook %s on service %s (%s), %s, took %s\n", drill->id,
                 drill->playbook, drill->service, drill->environment,
                 clock_iso8601(drill->started_us, started),
                 clock_human_ms((drill->ended_us - drill->started_us) / 1000, took));
    (void)printf("%s", render_color(render, color));
    render_wrapped(stdout, 0, score->verdict);
    (void)printf("%s\n", render_color(render, COLOR_PLAIN));
}

void drill_print(const struct render *render, const struct drill_record *drill,
                 const struct drill_score *score)
{
    print_head(render, drill, score);
    print_rounds(drill);
    print_steps(score);
    if (score->ambiguous)
        (void)printf("Of %llu write(s) the answer was lost: they may be there or not.\n",
                     (unsigned long long)score->ambiguous);
    (void)printf("\nDifferent from the last drill\n");
    if (score->difference_count == 0)
        (void)printf("  nothing worth telling\n");
    for (size_t i = 0; i < score->difference_count; i++)
        render_wrapped(stdout, 2, score->differences[i]);
}

/* --- the list --------------------------------------------------------------------------------- */

void drill_print_list(const struct drill_record *drills, const struct drill_score *scores,
                      size_t count)
{
    static const char *const titles[] = {"DRILL",  "STARTED",        "PLAYBOOK", "WHERE",
                                         "ROUNDS", "WRITES REFUSED", "LOST",     "OUTCOME"};
    struct table table;

    if (count == 0) {
        (void)printf("No drill was ever done with this journal.\n");
        return;
    }
    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < count; i++) {
        char started[32], rounds[32], pause[32], lost[32];
        (void)snprintf(rounds, sizeof rounds, "%u of %u good", scores[i].good_rounds,
                       scores[i].rounds);
        (void)snprintf(lost, sizeof lost, "%llu", (unsigned long long)scores[i].lost);
        clock_iso8601(drills[i].started_us, started);
        (void)snprintf(started + strlen("2026-11-22T07:00"), 2, "Z");
        const char *cells[] = {drills[i].id,
                               started,
                               drills[i].playbook,
                               drills[i].environment,
                               rounds,
                               drill_ms_text(scores[i].pause_ms.now, pause),
                               lost,
                               scores[i].verdict};
        table_row(&table, cells);
    }
    table_print(&table, stdout);
    table_release(&table);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *time_json(int64_t wall_us)
{
    char text[32];

    return wall_us ? json_string(clock_iso8601(wall_us, text)) : json_null();
}

json_t *drill_json(const struct drill_record *drill, const struct drill_score *score)
{
    json_t *rounds = NULL;

    if (drill_rounds_json(drill, &rounds, NULL))
        return NULL;
    return json_pack(
        "{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:o,s:o,s:o,s:o}", "drill", drill->id, "service",
        drill->service, "playbook", drill->playbook, "playbook_hash", drill->playbook_hash,
        "config_hash", drill->config_hash, "environment", drill->environment, "version",
        drill->version, "by", drill->holder, "state", drill_state_name(drill->state), "home",
        situation_name(drill->home), "started", time_json(drill->started_us), "ended",
        time_json(drill->ended_us), "score", drill_score_json(score), "rounds", rounds);
}
