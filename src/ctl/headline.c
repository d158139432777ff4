/* SPDX-License-Identifier: MIT */
#include "ctl/headline.h"

#include <stdio.h>
#include <string.h>

static const struct {
    enum headline_tone tone;
    const char *now; /* NULL: the verdict's own words */
} words[SITUATION_COUNT] = {
    [SITUATION_UNSAFE] = {TONE_ALARM, NULL},
    [SITUATION_APART] = {TONE_CALM, "Users write on OLD. NEW has nothing to do with it yet."},
    [SITUATION_FOLLOWING] = {TONE_CALM, "Users write on OLD, and NEW follows it."},
    [SITUATION_REHEARSING] = {TONE_NOTE, "Users write on OLD. NEW is open to try things out on it; "
                                         "what is written there will be thrown away."},
    [SITUATION_MIRRORED] = {TONE_CALM, "Users write on OLD. Both sides carry every change of the "
                                       "other: users can be moved."},
    [SITUATION_SHARED] = {TONE_NOTE, "Users write on both sides while the names change over; each "
                                     "side carries every change of the other."},
    [SITUATION_FENCED] = {TONE_ALARM, "Nobody can write: both sides are closed."},
    [SITUATION_FLIPPING] = {TONE_WARN, "One side takes the writes, and not every name leads there "
                                       "yet."},
    [SITUATION_SWITCHED] = {TONE_CALM, "Users write on NEW, and OLD follows it: the way back is "
                                       "kept open."},
    [SITUATION_RETIRED] = {TONE_CALM, "Users write on NEW alone. OLD is retired."},
};

const char *headline_tone_name(enum headline_tone tone)
{
    static const char *const names[] = {
        [TONE_CALM] = "calm", [TONE_NOTE] = "note", [TONE_WARN] = "warn", [TONE_ALARM] = "alarm"};

    return names[tone];
}

static enum tri takes_writes(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);

    if (!primary || primary->is_reached != TRI_YES || primary->is_read_only == TRI_UNKNOWN)
        return TRI_UNKNOWN;
    return tri_of(primary->is_read_only == TRI_NO && primary->is_held != TRI_YES);
}

static void name_writers(const struct status *status, char *out, size_t out_size)
{
    size_t len = 0, open = 0, unknown = 0;

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        enum tri writes = takes_writes(&status->facts, side);
        open += writes == TRI_YES;
        unknown += writes == TRI_UNKNOWN;
        if (writes != TRI_NO && len < out_size)
            len += (size_t)snprintf(out + len, out_size - len, "%s%s (%s)%s", len ? " and " : "",
                                    side_title(side), service_primary(status->service, side)->name,
                                    writes == TRI_UNKNOWN ? ", which cannot be asked" : "");
    }
    if (open + unknown == 0)
        (void)snprintf(out, out_size, "nobody");
}

void headline_make(const struct status *status, struct headline *out)
{
    const struct verdict *verdict = &status->verdict;
    bool is_running = status->has_run && status->run.state == RUN_RUNNING;

    *out = (struct headline){.tone = words[verdict->situation].tone};
    (void)snprintf(out->now, sizeof out->now, "%.399s",
                   words[verdict->situation].now ? words[verdict->situation].now
                                                 : verdict->because);
    if (is_running && status->lease_holder[0])
        (void)snprintf(out->next, sizeof out->next, "run %s of %.80s %s", status->run.id,
                       status->run.playbook,
                       status->waits_for[0] ? status->waits_for : "is under way");
    else
        (void)snprintf(out->next, sizeof out->next, "%s", verdict->next);
    name_writers(status, out->writers, sizeof out->writers);
}
