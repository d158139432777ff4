/* SPDX-License-Identifier: MIT */
/* Rounds of a drill as JSON and back: what the journal keeps and what `drill --json` prints. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "domain/drill.h"

/* A time that was not measured is null, never a number. */
static json_t *ms_json(double ms)
{
    return ms < 0 ? json_null() : json_real(ms);
}

static double ms_of(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_number(value) ? json_number_value(value) : -1;
}

static json_t *parts_json(const struct drill_round *round)
{
    json_t *list = json_array();

    for (size_t i = 0; i < round->part_count; i++) {
        const struct drill_part *part = &round->parts[i];
        (void)json_array_append_new(
            list, json_pack("{s:s,s:s,s:s,s:f}", "leg", drill_leg_name(part->leg), "step",
                            part->step, "part", part->part, "ms", (double)part->took_us / 1000.0));
    }
    return list;
}

static json_t *round_json(const struct drill_round *round)
{
    return json_pack("{s:i,s:s,s:b,s:b,s:b,s:s,s:{s:s,s:s},s:o,s:o,s:o,s:{s:I,s:I,s:I},s:o}",
                     "round", (int)round->number, "fault", round->fault, "struck",
                     (int)round->is_struck, "good", (int)round->is_good, "person_needed",
                     (int)round->needs_person, "problem", round->problem, "runs", "there",
                     round->run[DRILL_THERE], "back", round->run[DRILL_BACK], "pause_ms",
                     ms_json(round->pause_ms), "client_pause_ms", ms_json(round->client_pause_ms),
                     "recovery_ms", ms_json((double)round->recovery_ms), "writes", "acknowledged",
                     (json_int_t)round->written, "lost", (json_int_t)round->lost, "ambiguous",
                     (json_int_t)round->ambiguous, "parts", parts_json(round));
}

int drill_rounds_json(const struct drill_record *record, json_t **out, struct err *err)
{
    CLEANUP(json_release) json_t *list = json_array();

    for (size_t i = 0; i < record->round_count; i++)
        if (json_array_append_new(list, round_json(&record->rounds[i])))
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the rounds of a drill");
    *out = list;
    list = NULL;
    return 0;
}

static void copy(char *out, size_t out_size, const json_t *object, const char *key)
{
    (void)snprintf(out, out_size, "%s", json_text_or(object, key, ""));
}

static bool read_parts(const json_t *list, struct drill_round *round)
{
    size_t i;
    json_t *item;

    json_array_foreach(list, i, item)
    {
        enum drill_leg leg =
            strcmp(json_text_or(item, "leg", ""), "back") == 0 ? DRILL_BACK : DRILL_THERE;
        if (!drill_part_add(round, leg, json_text_or(item, "step", ""),
                            json_text_or(item, "part", ""), (int64_t)(ms_of(item, "ms") * 1000.0)))
            return false;
    }
    return true;
}

static bool read_round(const json_t *item, struct drill_round *round)
{
    const json_t *writes = json_object_get(item, "writes"), *runs = json_object_get(item, "runs");

    copy(round->fault, sizeof round->fault, item, "fault");
    copy(round->problem, sizeof round->problem, item, "problem");
    copy(round->run[DRILL_THERE], sizeof round->run[DRILL_THERE], runs, "there");
    copy(round->run[DRILL_BACK], sizeof round->run[DRILL_BACK], runs, "back");
    round->is_struck = json_bool_or(item, "struck", 0) != 0;
    round->is_good = json_bool_or(item, "good", 0) != 0;
    round->needs_person = json_bool_or(item, "person_needed", 1) != 0;
    round->pause_ms = ms_of(item, "pause_ms");
    round->client_pause_ms = ms_of(item, "client_pause_ms");
    round->recovery_ms = (int64_t)ms_of(item, "recovery_ms");
    round->written = (uint64_t)json_int_or(writes, "acknowledged", 0);
    round->lost = (uint64_t)json_int_or(writes, "lost", 0);
    round->ambiguous = (uint64_t)json_int_or(writes, "ambiguous", 0);
    return read_parts(json_object_get(item, "parts"), round);
}

int drill_rounds_from_json(const json_t *json, struct drill_record *record, struct err *err)
{
    size_t i;
    json_t *item;

    if (!json_is_array(json))
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the rounds of drill %s are no list",
                       record->id);
    json_array_foreach(json, i, item)
    {
        struct drill_round *round = drill_round_add(record);
        if (!round || !read_round(item, round))
            return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the rounds of a drill");
    }
    return 0;
}
