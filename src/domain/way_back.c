/* SPDX-License-Identifier: MIT */
/*
 * The way back as one decision: the situation says whether there is one, what was looked up says
 * what it costs and what would end it.
 */
#include "domain/way_back.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define AUTOMATIC_TTL_S 300 /* what ttl = 1 means at the provider */
/* A log that is deleted sooner than this is worth a look. */
#define NEAR_PURGE_S (24 * 3600)

static const char *const how_names[] = {
    [WAY_BACK_NOTHING] = "nothing", [WAY_BACK_ABORT] = "abort", [WAY_BACK_SHARED] = "shared",
    [WAY_BACK_FENCED] = "fenced",   [WAY_BACK_LOSSY] = "lossy", [WAY_BACK_NONE] = "none",
};

const char *way_back_how_name(enum way_back_how how)
{
    return how_names[how];
}

const char *way_back_end_name(enum way_back_end_kind kind)
{
    static const char *const names[] = {
        [WAY_BACK_END_DDL] = "ddl", [WAY_BACK_END_PURGE] = "purge", [WAY_BACK_END_LINK] = "link"};
    return names[kind];
}

static void say(char *out, size_t out_size, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void say(char *out, size_t out_size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out, out_size, fmt, args); /* a cut sentence is still a sentence */
    va_end(args);
}

/* --- what it would cost ----------------------------------------------------------------------- */

static const struct node_facts *reached(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);
    return primary && primary->is_reached == TRI_YES ? primary : NULL;
}

/* What comes from OLD itself is not missing there, however late the forward link brings it. */
static bool lacks(const struct node_facts *old_primary, const struct position *wanted,
                  uint64_t *out)
{
    struct position others;
    if (old_primary->origin.flavour == FLAVOUR_UNKNOWN ||
        old_primary->slave_pos.flavour == FLAVOUR_UNKNOWN)
        return false;
    position_without(wanted, &old_primary->origin, &others);
    *out = position_distance(&old_primary->slave_pos, &others);
    return *out != UINT64_MAX;
}

bool way_back_distance(const struct facts *facts, uint64_t *out)
{
    const struct node_facts *old_primary = reached(facts, SIDE_OLD);
    const struct node_facts *new_primary = reached(facts, SIDE_NEW);
    return old_primary && new_primary && !position_is_empty(&new_primary->binlog_pos) &&
           lacks(old_primary, &new_primary->binlog_pos, out);
}

static void judge_cost(const struct facts *facts, const struct way_back_look *look,
                       struct way_back *out)
{
    out->is_distance_known = way_back_distance(facts, &out->distance);
    if (out->how == WAY_BACK_SHARED) {
        out->is_pause_known = true;
        return;
    }
    if (out->how != WAY_BACK_FENCED)
        return;
    out->is_pause_known = look->has_pause && look->has_lag;
    out->pause_ms = look->pause_ms + look->lag_us / 1000;
    for (size_t i = 0; i < facts->record_count; i++) {
        const struct record_facts *record = &facts->records[i];
        unsigned ttl_s = record->ttl_s == 1 ? AUTOMATIC_TTL_S : record->ttl_s;
        if (record->is_proxied)
            out->proxied++;
        else if (ttl_s > out->ttl_s)
            out->ttl_s = ttl_s;
    }
}

/* --- what would end it ------------------------------------------------------------------------ */

static void end_by_ddl(const struct facts *facts, const struct way_back_look *look,
                       struct way_back_end *out)
{
    bool runs = facts_link_runs(facts, SIDE_OLD) == TRI_YES;
    char since[32];

    *out = (struct way_back_end){.kind = WAY_BACK_END_DDL};
    if (look->is_schema_same == TRI_UNKNOWN) {
        say(out->text, sizeof(out->text),
            "a schema change on NEW that OLD cannot carry out stops the link; whether there was "
            "one is not known%s%s",
            look->schema_text[0] ? ": " : "", look->schema_text);
        return;
    }
    (void)clock_iso8601(look->schema_since_us, since);
    /* A change that OLD has carried out has not ended anything: a link that runs says so. */
    out->has_happened = TRI_NO;
    out->is_near = look->is_schema_same == TRI_NO;
    if (out->is_near)
        say(out->text, sizeof(out->text), "the schema of NEW was changed since %.19sZ (%s); %s",
            since, look->schema_text,
            runs ? "OLD has followed so far, the next change may stop the link"
                 : "that may be what has stopped the link");
    else
        say(out->text, sizeof(out->text),
            "a schema change on NEW that OLD cannot carry out stops the link: none since %.19sZ",
            since);
}

static void say_expiry(const struct way_back_look *look, int64_t now_us, uint64_t distance,
                       bool is_known, struct way_back_end *out)
{
    char keeps[32], left[32];

    if (look->has_expiry != TRI_YES) {
        say(out->text, sizeof(out->text),
            "NEW has all that OLD still needs; when it deletes old logs is not known");
        return;
    }
    if (look->expire_s == 0) {
        say(out->text, sizeof(out->text),
            "NEW has all that OLD still needs, and deletes no log by itself");
        return;
    }
    (void)clock_human_ms(look->expire_s * 1000, keeps);
    if (is_known && distance == 0) {
        say(out->text, sizeof(out->text), "OLD has everything; NEW keeps its logs for %s", keeps);
        return;
    }
    if (!look->first_missing_us) {
        say(out->text, sizeof(out->text), "NEW keeps its logs for %s, and OLD is behind", keeps);
        return;
    }
    int64_t left_s = look->expire_s - (now_us - look->first_missing_us) / 1000000;
    out->is_near = left_s < NEAR_PURGE_S;
    say(out->text, sizeof(out->text),
        "NEW keeps its logs for %s: what OLD lacks may be deleted there %s%s", keeps,
        left_s > 0 ? "in about " : "at any moment",
        left_s > 0 ? clock_human_ms(left_s * 1000, left) : "");
}

static void end_by_purge(const struct facts *facts, const struct way_back_look *look,
                         const struct way_back *way, struct way_back_end *out)
{
    const struct node_facts *old_primary = reached(facts, SIDE_OLD);
    uint64_t gone = 0;

    *out = (struct way_back_end){.kind = WAY_BACK_END_PURGE};
    if (look->has_log != TRI_YES || !old_primary || !lacks(old_primary, &look->log_begins, &gone)) {
        say(out->text, sizeof(out->text),
            "a purge of NEW's binary log before OLD has read it: what is still there is not known");
        return;
    }
    out->has_happened = tri_of(gone > 0);
    if (gone > 0)
        say(out->text, sizeof(out->text),
            "NEW has deleted logs that OLD still needs: %" PRIu64
            " transaction(s) cannot come by the link any more",
            gone);
    else
        say_expiry(look, facts->wall_us, way->distance, way->is_distance_known, out);
}

static void end_by_link(const struct facts *facts, struct way_back_end *out)
{
    const struct channel_facts *link = facts_link(facts, SIDE_OLD);
    enum tri runs = facts_link_runs(facts, SIDE_OLD);

    *out = (struct way_back_end){.kind = WAY_BACK_END_LINK};
    if (runs == TRI_UNKNOWN) {
        say(out->text, sizeof(out->text), "whether the reverse link runs is not known");
        return;
    }
    out->has_happened = tri_of(runs != TRI_YES);
    if (runs == TRI_YES)
        say(out->text, sizeof(out->text),
            "an error of the reverse link, such as a duplicate key: it runs");
    else if (!link)
        say(out->text, sizeof(out->text), "there is no reverse link");
    else
        say(out->text, sizeof(out->text), "the reverse link has stopped: %.250s",
            link->apply_error[0]     ? link->apply_error
            : link->receive_error[0] ? link->receive_error
                                     : "no error reported");
}

/* --- is there one, and which ------------------------------------------------------------------ */

static void nothing(struct way_back *out, const char *why)
{
    out->how = WAY_BACK_NOTHING;
    out->is_possible = TRI_NO;
    say(out->why, sizeof(out->why), "%s", why);
}

static void choose(struct way_back *out, enum way_back_how how, const char *command,
                   const char *fmt, ...) PRINTF_LIKE(4, 5);
static void choose(struct way_back *out, enum way_back_how how, const char *command,
                   const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out->why, sizeof(out->why), fmt, args);
    va_end(args);
    out->how = how;
    out->command = command;
    out->is_possible = TRI_YES;
}

/* The users came one way: an application that cannot have two open sides still cannot. */
static void judge_switched(const struct way_back_look *look, struct way_back *out)
{
    if (look->was_fenced == TRI_YES)
        choose(out, WAY_BACK_FENCED, "cutover rollback", "fenced, as the move was");
    else if (look->may_share == TRI_NO)
        choose(out, WAY_BACK_FENCED, "cutover rollback", "fenced, because %s", look->may_share_why);
    else
        choose(out, WAY_BACK_SHARED, "cutover rollback", "%s",
               look->was_fenced == TRI_NO ? "shared, as the move was"
                                          : "shared: how the users were moved is not known");
}

static void judge_shared(const struct way_back_look *look, struct way_back *out)
{
    if (look->may_share != TRI_NO) {
        choose(out, WAY_BACK_SHARED, "cutover rollback", "both sides are open already");
        return;
    }
    out->how = WAY_BACK_NONE;
    out->is_possible = TRI_NO;
    say(out->why, sizeof(out->why),
        "not while both sides are open, because %.200s; mend that and type `cutover rollback "
        "--mode shared`, or first `cutover run --resume`, or a playbook with `settle` to NEW, "
        "then `cutover rollback --mode fenced`",
        look->may_share_why);
}

static void judge_fenced(const struct way_back_look *look, struct way_back *out)
{
    if (look->has_open_run && !look->is_committed)
        choose(out, WAY_BACK_ABORT, "cutover abort", "the run has not committed: it is undone");
    else
        choose(out, WAY_BACK_FENCED, "cutover rollback", "both sides are closed already");
}

/* OLD has the users, or would have nobody to take them from. */
static bool has_nothing_to_leave(const struct facts *facts)
{
    bool is_new_idle = facts_is_open(facts, SIDE_NEW) != TRI_YES &&
                       (facts->dns == DNS_OLD || facts->dns == DNS_NONE);
    return facts_is_open(facts, SIDE_OLD) == TRI_YES && is_new_idle;
}

/* Somebody stopped it: it can be started. */
static bool is_only_stopped(const struct facts *facts)
{
    const struct channel_facts *link = facts_link(facts, SIDE_OLD);
    return link && reached(facts, SIDE_NEW) && !link->apply_errno && !link->receive_errno &&
           (link->is_applying == TRI_NO || link->is_receiving == TRI_NO);
}

bool way_back_is_only_lossy(const struct facts *facts, const struct verdict *verdict, char *why)
{
    const size_t size = sizeof(((struct way_back *)NULL)->why);

    if (verdict->situation != SITUATION_UNSAFE) {
        say(why, size, "the situation is %s: nothing has to be given up (%.200s)",
            situation_name(verdict->situation), verdict->way_back);
        return false;
    }
    if (!reached(facts, SIDE_OLD) || facts_is_open(facts, SIDE_OLD) == TRI_UNKNOWN) {
        say(why, size, "OLD does not answer: there is nothing to go back to");
        return false;
    }
    if (has_nothing_to_leave(facts)) {
        say(why, size, "there is nothing to go back from: OLD takes the writes");
        return false;
    }
    if (reached(facts, SIDE_NEW) && facts_link_runs(facts, SIDE_OLD) == TRI_YES &&
        facts_link_runs(facts, SIDE_NEW) == TRI_YES) {
        say(why, size, "both links run, what is wrong is something else: %.240s", verdict->because);
        return false;
    }
    if (is_only_stopped(facts)) {
        char command[160];
        channel_command(facts_primary(facts, SIDE_OLD), "START", link_channel(SIDE_OLD), command,
                        sizeof(command));
        say(why, size, "the reverse link was stopped, without an error: on %s, %s",
            facts_primary(facts, SIDE_OLD)->node->name, command);
        return false;
    }
    why[0] = '\0';
    return true;
}

static void judge_unsafe(const struct facts *facts, const struct verdict *verdict,
                         struct way_back *out)
{
    if (!way_back_is_only_lossy(facts, verdict, out->why)) {
        out->how = has_nothing_to_leave(facts) ? WAY_BACK_NOTHING : WAY_BACK_NONE;
        out->is_possible = reached(facts, SIDE_OLD) ? TRI_NO : TRI_UNKNOWN;
        return;
    }
    out->how = WAY_BACK_LOSSY;
    out->command = "cutover rollback --lose-writes";
    out->is_possible = TRI_NO;
    if (!reached(facts, SIDE_NEW))
        say(out->why, sizeof(out->why),
            "NEW does not answer, so what OLD lacks cannot be known: bring NEW back, that is the "
            "only way without loss");
    else
        say(out->why, sizeof(out->why),
            "the links do not both run: mend the cause first (above), that loses nothing");
}

void way_back_judge(const struct facts *facts, const struct verdict *verdict,
                    const struct way_back_look *look, struct way_back *out)
{
    *out = (struct way_back){.command = ""};
    switch (verdict->situation) {
    case SITUATION_UNSAFE:
        judge_unsafe(facts, verdict, out);
        break;
    case SITUATION_APART:
    case SITUATION_FOLLOWING:
    case SITUATION_REHEARSING:
    case SITUATION_MIRRORED:
        nothing(out, "users are on OLD");
        return;
    case SITUATION_SHARED:
        judge_shared(look, out);
        break;
    case SITUATION_FENCED:
        judge_fenced(look, out);
        break;
    case SITUATION_FLIPPING:
        if (facts_is_open(facts, SIDE_NEW) != TRI_YES) {
            nothing(out, "OLD takes the writes; `cutover rollback` flips what is left");
            return;
        }
        choose(out, WAY_BACK_FENCED, "cutover rollback", "one side is closed already");
        break;
    case SITUATION_SWITCHED:
        judge_switched(look, out);
        break;
    case SITUATION_RETIRED:
        out->how = WAY_BACK_NONE;
        out->is_possible = TRI_NO;
        say(out->why, sizeof(out->why), "OLD was given up: the links are gone");
        return;
    }
    judge_cost(facts, look, out);
    if (out->how == WAY_BACK_NOTHING)
        return;
    end_by_link(facts, &out->ends[out->end_count++]);
    end_by_ddl(facts, look, &out->ends[out->end_count++]);
    end_by_purge(facts, look, out, &out->ends[out->end_count++]);
}

/* --- words ------------------------------------------------------------------------------------ */

static void say_cost(const struct way_back *way, char *out, size_t out_size)
{
    char distance[80], pause[80], names[120] = "", human[32];

    if (way->is_distance_known)
        say(distance, sizeof(distance), "OLD lacks %" PRIu64 " transaction(s)", way->distance);
    else
        say(distance, sizeof(distance), "how much OLD lacks is not known");
    if (way->how != WAY_BACK_SHARED && way->how != WAY_BACK_FENCED) {
        say(out, out_size, "%s", distance);
        return;
    }
    if (way->how == WAY_BACK_SHARED)
        say(pause, sizeof(pause), "no write is refused");
    else if (way->is_pause_known)
        say(pause, sizeof(pause), "writes refused for about %s",
            clock_human_ms(way->pause_ms, human));
    else
        say(pause, sizeof(pause), "for how long writes are refused is not known");
    if (way->ttl_s)
        say(names, sizeof(names), ", for users of DNS-only names up to %u s more", way->ttl_s);
    say(out, out_size, "%s, %s%s", distance, pause, names);
}

void way_back_text(const struct way_back *way, char *out, size_t out_size)
{
    char cost[300];

    say_cost(way, cost, sizeof(cost));
    if (way->is_possible == TRI_YES)
        say(out, out_size, "yes: `%s` (%s): %s", way->command, way->why, cost);
    else if (way->how == WAY_BACK_NOTHING)
        say(out, out_size, "nothing to go back from: %s", way->why);
    else if (way->how == WAY_BACK_LOSSY)
        say(out, out_size, "not without loss: %s. %s; `%s` gives that up", way->why, cost,
            way->command);
    else
        say(out, out_size, "%s: %s", way->is_possible == TRI_NO ? "no" : "not known", way->why);
}
