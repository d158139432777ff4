/* SPDX-License-Identifier: MIT */
/* Numbers of rounds become a score: medians, the best and the worst, and what has changed. */
#include "domain/drill_score.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"

#define MUCH_SLOWER 2.0
#define STEP_NOISE_MS 100.0 /* a step that takes less than this longer is no news */
#define PAUSE_NOISE_MS 5.0
#define SAMPLE_CAP 4096

/* What is measured of a round: one step, or a figure of the whole of it. */
struct measure {
    double (*of)(const struct drill_round *round, const struct measure *measure);
    enum drill_leg leg;
    const char *step;
};

static double step_ms(const struct drill_round *round, const struct measure *measure)
{
    int64_t sum_us = 0;
    bool is_there = false;

    for (size_t i = 0; i < round->part_count; i++) {
        const struct drill_part *part = &round->parts[i];
        if (part->leg != measure->leg || strcmp(part->step, measure->step) != 0)
            continue;
        is_there = true;
        sum_us += part->took_us;
    }
    return is_there ? (double)sum_us / 1000.0 : -1;
}

static double pause_ms(const struct drill_round *round, const struct measure *measure UNUSED)
{
    return round->pause_ms;
}

static double client_pause_ms(const struct drill_round *round, const struct measure *measure UNUSED)
{
    return round->client_pause_ms;
}

static double recovery_ms(const struct drill_round *round, const struct measure *measure UNUSED)
{
    return (double)round->recovery_ms;
}

/* --- samples ---------------------------------------------------------------------------------- */

struct samples {
    double values[SAMPLE_CAP];
    size_t count;
};

static bool is_faulty(const struct drill_round *round)
{
    return round->fault[0] != '\0';
}

/* Only rounds that went well: how long a thing took that failed says nothing. */
static void collect(const struct drill_record *drill, bool of_faulty, const struct measure *measure,
                    struct samples *out)
{
    for (size_t i = 0; i < drill->round_count; i++) {
        const struct drill_round *round = &drill->rounds[i];
        if (is_faulty(round) != of_faulty || !round->is_good)
            continue;
        double value = measure->of(round, measure);
        if (value >= 0 && out->count < SAMPLE_CAP)
            out->values[out->count++] = value;
    }
}

static int by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;

    return (x > y) - (x < y);
}

/* Sorts. -1 without samples. Of an even number the upper one: never better than it was. */
static double median(struct samples *samples)
{
    if (samples->count == 0)
        return -1;
    qsort(samples->values, samples->count, sizeof samples->values[0], by_value);
    return samples->values[samples->count / 2];
}

static bool is_earlier(const struct drill_record *drill, const struct drill_record *now)
{
    return strcmp(drill->id, now->id) != 0 && drill->round_count > 0;
}

struct history {
    const struct drill_record *now, *earlier;
    size_t count;
    bool of_faulty;
};

static int figures(const struct history *history, const struct measure *measure,
                   struct drill_figures *out, struct err *err)
{
    struct samples *own = calloc(1, sizeof *own), *all = calloc(1, sizeof *all);

    *out = (struct drill_figures){-1, -1, -1, -1};
    if (!own || !all) {
        free(own);
        free(all);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the score of a drill");
    }
    for (size_t i = 0; i < history->count; i++) {
        const struct drill_record *drill = &history->earlier[i];
        if (!is_earlier(drill, history->now))
            continue;
        own->count = 0;
        collect(drill, history->of_faulty, measure, own);
        collect(drill, history->of_faulty, measure, all);
        if (own->count)
            out->last = median(own);
    }
    own->count = 0;
    collect(history->now, history->of_faulty, measure, own);
    collect(history->now, history->of_faulty, measure, all);
    out->now = median(own);
    (void)median(all);
    if (all->count) {
        out->best = all->values[0];
        out->worst = all->values[all->count - 1];
    }
    free(own);
    free(all);
    return 0;
}

/* --- rows ------------------------------------------------------------------------------------- */

static bool has_row(const struct drill_score *score, const struct drill_part *part)
{
    for (size_t i = 0; i < score->row_count; i++)
        if (score->rows[i].leg == part->leg && strcmp(score->rows[i].step, part->step) == 0)
            return true;
    return false;
}

static int add_row(struct drill_score *score, const struct drill_part *part,
                   const struct history *history, struct err *err)
{
    struct drill_row *grown = reallocarray(score->rows, score->row_count + 1, sizeof *grown);

    if (!grown)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the score of a drill");
    score->rows = grown;
    grown += score->row_count++;
    *grown = (struct drill_row){.leg = part->leg};
    (void)snprintf(grown->step, sizeof grown->step, "%s", part->step);
    struct measure measure = {.of = step_ms, .leg = part->leg, .step = grown->step};
    return figures(history, &measure, &grown->ms, err);
}

static int add_rows(const struct history *history, struct drill_score *out, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < history->now->round_count && !rc; i++) {
        const struct drill_round *round = &history->now->rounds[i];
        if (is_faulty(round) != history->of_faulty || !round->is_good)
            continue;
        for (size_t j = 0; j < round->part_count && !rc; j++)
            if (!has_row(out, &round->parts[j]))
                rc = add_row(out, &round->parts[j], history, err);
    }
    return rc;
}

/* --- what is different ------------------------------------------------------------------------ */

static void differ(struct drill_score *score, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void differ(struct drill_score *score, const char *fmt, ...)
{
    va_list args;

    if (score->difference_count == DRILL_DIFFERENCE_CAP)
        return;
    va_start(args, fmt);
    (void)vsnprintf(score->differences[score->difference_count++], DRILL_DIFFERENCE_SIZE, fmt,
                    args);
    va_end(args);
}

char *drill_ms_text(double ms, char out[32])
{
    if (ms < 0)
        (void)snprintf(out, 32, "-");
    else if (ms < 100)
        (void)snprintf(out, 32, "%.1f ms", ms);
    else
        (void)clock_human_ms((int64_t)(ms + 0.5), out);
    return out;
}

static void compare_figure(struct drill_score *score, const char *what,
                           const struct drill_figures *ms, double noise_ms)
{
    char now[32], last[32];

    if (ms->now < 0 || ms->last < 0)
        return;
    drill_ms_text(ms->now, now);
    drill_ms_text(ms->last, last);
    if (ms->now > ms->last * MUCH_SLOWER && ms->now - ms->last > noise_ms)
        differ(score, "%s took %s, last time %s: longer by a factor of %.1f", what, now, last,
               ms->last > 0 ? ms->now / ms->last : ms->now);
    else if (ms->last > ms->now * MUCH_SLOWER && ms->last - ms->now > noise_ms)
        differ(score, "%s took %s, last time %s: shorter by a factor of %.1f", what, now, last,
               ms->now > 0 ? ms->last / ms->now : ms->last);
}

static bool had_fault(const struct drill_record *drill, const char *fault)
{
    for (size_t i = 0; i < drill->round_count; i++)
        if (strcmp(drill->rounds[i].fault, fault) == 0)
            return true;
    return false;
}

static void compare_faults(struct drill_score *score, const struct drill_record *now,
                           const struct drill_record *last)
{
    for (size_t i = 0; i < now->round_count; i++) {
        const char *fault = now->rounds[i].fault;
        bool is_repeated = false;
        for (size_t j = 0; j < i; j++)
            is_repeated = is_repeated || strcmp(now->rounds[j].fault, fault) == 0;
        if (fault[0] && !is_repeated && !had_fault(last, fault))
            differ(score, "the fault %s is new", fault);
    }
}

static void compare_settings(struct drill_score *score, const struct drill_record *now,
                             const struct drill_record *last)
{
    if (strcmp(now->playbook_hash, last->playbook_hash) != 0)
        differ(score, "the playbook was changed (was %.12s, is %.12s)", last->playbook_hash,
               now->playbook_hash);
    if (strcmp(now->config_hash, last->config_hash) != 0)
        differ(score, "the service's file was changed (was %.12s, is %.12s)", last->config_hash,
               now->config_hash);
    if (strcmp(now->environment, last->environment) != 0)
        differ(score, "last time it was %s, now it is %s", last->environment, now->environment);
    if (strcmp(now->version, last->version) != 0)
        differ(score, "cutover %s, last time %s", now->version, last->version);
    if (last->state != DRILL_PASSED)
        differ(score, "the last drill %s", last->state == DRILL_STOPPED ? "was stopped" : "failed");
}

static void compare_steps(struct drill_score *score)
{
    char what[100];

    for (size_t i = 0; i < score->row_count; i++) {
        const struct drill_row *row = &score->rows[i];
        (void)snprintf(what, sizeof what, "%s (%s)", row->step, drill_leg_name(row->leg));
        compare_figure(score, what, &row->ms, STEP_NOISE_MS);
    }
}

static void find_differences(const struct history *history, struct drill_score *out)
{
    const struct drill_record *last = NULL;

    for (size_t i = 0; i < history->count; i++)
        if (is_earlier(&history->earlier[i], history->now))
            last = &history->earlier[i];
    if (!last) {
        differ(out, "this is the first drill of this playbook");
        return;
    }
    compare_settings(out, history->now, last);
    compare_faults(out, history->now, last);
    compare_figure(out, "the write pause", &out->pause_ms, PAUSE_NOISE_MS);
    compare_steps(out);
}

/* --- the verdict ------------------------------------------------------------------------------ */

static double worst_of(const struct drill_record *drill,
                       double (*of)(const struct drill_round *, const struct measure *))
{
    double worst = -1;

    for (size_t i = 0; i < drill->round_count; i++) {
        double value = of(&drill->rounds[i], NULL);
        worst = value > worst ? value : worst;
    }
    return worst;
}

static void say_passed(const struct drill_record *now, struct drill_score *score)
{
    char pause[32], client[32], recovery[32], paused[120] = "no write was refused",
                                              recovered[120] = "";
    double worst_pause = worst_of(now, pause_ms), worst_recovery = worst_of(now, recovery_ms);

    drill_ms_text(worst_of(now, client_pause_ms), client);
    if (worst_pause >= 0)
        (void)snprintf(paused, sizeof paused,
                       "writes were refused for %s at most (%s as a client "
                       "saw it)",
                       drill_ms_text(worst_pause, pause), client);
    if (worst_recovery >= 0)
        (void)snprintf(recovered, sizeof recovered,
                       "; back to good %s after a fault at the latest, "
                       "without a person",
                       drill_ms_text(worst_recovery, recovery));
    (void)snprintf(score->verdict, sizeof score->verdict,
                   "passed: there and back %u time%s; %s; %llu writes acknowledged, none lost%s",
                   score->rounds, score->rounds == 1 ? "" : "s", paused,
                   (unsigned long long)score->written, recovered);
}

static void say_verdict(const struct drill_record *now, struct drill_score *score)
{
    if (now->state == DRILL_PASSED) {
        say_passed(now, score);
        return;
    }
    for (size_t i = 0; i < now->round_count; i++)
        if (!now->rounds[i].is_good) {
            (void)snprintf(score->verdict, sizeof score->verdict, "%s in round %u: %s%s",
                           drill_state_name(now->state), now->rounds[i].number,
                           now->rounds[i].problem,
                           now->rounds[i].needs_person ? "; a person was needed" : "");
            return;
        }
    (void)snprintf(score->verdict, sizeof score->verdict, "%s after %u round%s",
                   now->state == DRILL_RUNNING ? "not ended" : drill_state_name(now->state),
                   score->rounds, score->rounds == 1 ? "" : "s");
}

static void add_totals(const struct drill_record *now, struct drill_score *out)
{
    for (size_t i = 0; i < now->round_count; i++) {
        const struct drill_round *round = &now->rounds[i];
        out->rounds++;
        out->good_rounds += round->is_good;
        out->needs_person = out->needs_person || round->needs_person;
        out->written += round->written;
        out->lost += round->lost;
        out->ambiguous += round->ambiguous;
    }
}

static bool has_clean_round(const struct drill_record *drill)
{
    for (size_t i = 0; i < drill->round_count; i++)
        if (!is_faulty(&drill->rounds[i]))
            return true;
    return false;
}

int drill_score(const struct drill_record *now, const struct drill_record *earlier,
                size_t earlier_count, struct drill_score *out, struct err *err)
{
    struct drill_score score = {.is_faulty = now->round_count > 0 && !has_clean_round(now)};
    struct history history = {now, earlier, earlier_count, score.is_faulty};
    struct history of_faults = {now, earlier, earlier_count, true};

    int rc = figures(&history, &(struct measure){.of = pause_ms}, &score.pause_ms, err);
    if (!rc)
        rc = figures(&history, &(struct measure){.of = client_pause_ms}, &score.client_pause_ms,
                     err);
    if (!rc)
        rc = figures(&of_faults, &(struct measure){.of = recovery_ms}, &score.recovery_ms, err);
    if (!rc)
        rc = add_rows(&history, &score, err);
    if (rc) {
        drill_score_release(&score);
        return rc;
    }
    add_totals(now, &score);
    find_differences(&history, &score);
    say_verdict(now, &score);
    *out = score;
    return 0;
}

void drill_score_release(struct drill_score *score)
{
    free(score->rows);
    *score = (struct drill_score){0};
}

void drill_pauses(const struct drill_record *drills, size_t count, struct drill_pauses *out)
{
    struct samples *all = calloc(1, sizeof *all);

    *out = (struct drill_pauses){.best_ms = -1, .median_ms = -1, .worst_ms = -1};
    if (!all)
        return; /* a figure for comparison: nothing depends on it */
    for (size_t i = 0; i < count; i++)
        collect(&drills[i], false, &(struct measure){.of = pause_ms}, all);
    out->count = all->count;
    out->median_ms = median(all);
    if (all->count) {
        out->best_ms = all->values[0];
        out->worst_ms = all->values[all->count - 1];
    }
    free(all);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static json_t *ms_json(double ms)
{
    return ms < 0 ? json_null() : json_real(ms);
}

static json_t *figures_json(const struct drill_figures *ms)
{
    return json_pack("{s:o,s:o,s:o,s:o}", "now", ms_json(ms->now), "last", ms_json(ms->last),
                     "best", ms_json(ms->best), "worst", ms_json(ms->worst));
}

json_t *drill_score_json(const struct drill_score *score)
{
    json_t *steps = json_array(), *differences = json_array();

    for (size_t i = 0; i < score->row_count; i++) {
        const struct drill_row *row = &score->rows[i];
        (void)json_array_append_new(steps,
                                    json_pack("{s:s,s:s,s:o}", "leg", drill_leg_name(row->leg),
                                              "step", row->step, "ms", figures_json(&row->ms)));
    }
    for (size_t i = 0; i < score->difference_count; i++)
        (void)json_array_append_new(differences, json_string(score->differences[i]));
    return json_pack("{s:s,s:i,s:i,s:b,s:b,s:{s:I,s:I,s:I},s:o,s:o,s:o,s:o,s:o}", "verdict",
                     score->verdict, "rounds", (int)score->rounds, "good_rounds",
                     (int)score->good_rounds, "of_faulty_rounds", (int)score->is_faulty,
                     "person_needed", (int)score->needs_person, "writes", "acknowledged",
                     (json_int_t)score->written, "lost", (json_int_t)score->lost, "ambiguous",
                     (json_int_t)score->ambiguous, "pause_ms", figures_json(&score->pause_ms),
                     "client_pause_ms", figures_json(&score->client_pause_ms), "recovery_ms",
                     figures_json(&score->recovery_ms), "steps", steps, "differences", differences);
}
