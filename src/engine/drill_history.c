/* SPDX-License-Identifier: MIT */
/* Earlier drills beside the real day. */
#include "engine/drill_history.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/drill_score.h"
#include "engine/journal_drill.h"

/* --- the forecast ----------------------------------------------------------------------------- */

int drill_history_note(struct run *run, struct err *err)
{
    struct drill_record *drills;
    struct drill_pauses pauses;
    struct err absent = {0};
    char best[32], median[32], worst[32];
    size_t count;

    if (journal_drill_list(run->journal, run->service->name, run->plan.name, &drills, &count,
                           &absent))
        return 0;
    drill_pauses(drills, count, &pauses);
    drill_list_free(drills, count);
    if (pauses.count == 0)
        return 0;
    return run_note_ms(run, "forecast.drills", pauses.median_ms, err,
                       "drills of this playbook: writes were refused for %s / %s / %s (best, "
                       "median, worst of %zu)",
                       drill_ms_text(pauses.best_ms, best), drill_ms_text(pauses.median_ms, median),
                       drill_ms_text(pauses.worst_ms, worst), pauses.count);
}

/* --- the report ------------------------------------------------------------------------------- */

/* The round to compare with: the last one that went well, without a fault if there is such. */
static const struct drill_round *round_of(const struct drill_record *drill)
{
    const struct drill_round *found = NULL;

    for (size_t i = 0; i < drill->round_count; i++) {
        const struct drill_round *round = &drill->rounds[i];
        if (round->is_good && (!found || !round->fault[0] || found->fault[0]))
            found = round;
    }
    return found;
}

/* The last one with a round without a fault; when there is none, the last one with a good round. */
static const struct drill_record *last_before(const struct drill_record *drills, size_t count,
                                              int64_t before_us)
{
    const struct drill_record *found = NULL;
    bool is_clean_found = false;

    for (size_t i = 0; i < count; i++) {
        const struct drill_round *round = round_of(&drills[i]);
        if (!round || !drills[i].ended_us || drills[i].ended_us > before_us)
            continue;
        bool is_clean = !round->fault[0];
        if (is_clean || !is_clean_found)
            found = &drills[i];
        is_clean_found = is_clean_found || is_clean;
    }
    return found;
}

static bool is_same_part(const json_t *a, const char *step, const char *part)
{
    return strcmp(json_text_or(a, "step", ""), step) == 0 &&
           strcmp(json_text_or(a, "part", ""), part) == 0;
}

/* A part may occur more than once, as a flip does for each record: the n-th is compared with the
 * n-th. */
static json_t *part_ms(const struct drill_round *round, const json_t *steps, size_t index)
{
    const json_t *step = json_array_get(steps, index);
    const char *name = json_text_or(step, "step", ""), *what = json_text_or(step, "part", "");
    size_t before = 0;

    for (size_t i = 0; i < index; i++)
        before += is_same_part(json_array_get(steps, i), name, what);
    for (size_t i = 0; i < round->part_count; i++) {
        const struct drill_part *part = &round->parts[i];
        if (part->leg == DRILL_THERE && is_same_part(step, part->step, part->part) && before-- == 0)
            return json_real((double)part->took_us / 1000.0);
    }
    return NULL;
}

static void add_last(const struct drill_record *drill, json_t *report)
{
    const struct drill_round *round = round_of(drill);
    char started[32];
    size_t i;
    json_t *step;

    (void)json_object_set_new(
        report, "last_drill",
        json_pack("{s:s,s:s,s:s,s:i,s:s,s:o}", "drill", drill->id, "started",
                  clock_iso8601(drill->started_us, started), "state",
                  drill_state_name(drill->state), "rounds", (int)drill->round_count, "fault",
                  round->fault, "write_pause_ms",
                  round->pause_ms < 0 ? json_null() : json_real(round->pause_ms)));
    json_array_foreach(json_object_get(report, "steps"), i, step)
    {
        json_t *ms = part_ms(round, json_object_get(report, "steps"), i);
        if (ms)
            (void)json_object_set_new(step, "last_drill_ms", ms);
    }
}

int drill_history_report(struct journal *journal, const struct run_record *run, json_t *report,
                         struct err *err)
{
    struct drill_part_of of;
    struct drill_record *drills;
    size_t count;

    int rc = journal_drill_of(journal, run->id, &of, err);
    if (!rc && of.id[0])
        return json_object_set_new(report, "drill",
                                   json_pack("{s:s,s:i,s:s}", "drill", of.id, "round",
                                             (int)of.round, "leg", drill_leg_name(of.leg)))
                   ? err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the report")
                   : 0;
    if (!rc)
        rc = journal_drill_list(journal, run->service, run->playbook, &drills, &count, err);
    if (rc)
        return rc;
    const struct drill_record *last = last_before(drills, count, run->started_us);
    if (last)
        add_last(last, report);
    drill_list_free(drills, count);
    return 0;
}
