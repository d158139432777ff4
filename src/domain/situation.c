/* SPDX-License-Identifier: MIT */
/*
 * From facts to one name. Guards come first: each finds one thing that is wrong or not known and
 * says so. What they let through is complete and consistent, and the table has at most one row for
 * it.
 */
#include "domain/situation.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The facts that decide, once nothing of them is unknown. new_has_data may still be: see
 * data_is_unknown(). */
struct view {
    enum tri forward, reverse; /* YES: runs, NO: none */
    enum tri old_open, new_open;
    enum tri new_has_data;
    enum tri is_staggered;
    enum tri is_astray; /* one side is open, and not every record points there */
    enum dns_points dns;
};

/* One row of the table. A field left at zero agrees with anything. */
struct situation_row {
    enum situation situation;
    struct view when;
};

static const struct situation_row rows[] = {
    {SITUATION_APART,
     {.forward = TRI_NO,
      .reverse = TRI_NO,
      .old_open = TRI_YES,
      .new_open = TRI_NO,
      .dns = DNS_OLD}},
    {SITUATION_APART,
     {.forward = TRI_NO,
      .reverse = TRI_NO,
      .old_open = TRI_YES,
      .new_open = TRI_YES,
      .new_has_data = TRI_NO,
      .dns = DNS_OLD}},
    {SITUATION_FOLLOWING,
     {.forward = TRI_YES,
      .reverse = TRI_NO,
      .old_open = TRI_YES,
      .new_open = TRI_NO,
      .dns = DNS_OLD}},
    {SITUATION_REHEARSING,
     {.forward = TRI_NO,
      .reverse = TRI_NO,
      .old_open = TRI_YES,
      .new_open = TRI_YES,
      .new_has_data = TRI_YES,
      .dns = DNS_OLD}},
    {SITUATION_MIRRORED,
     {.forward = TRI_YES,
      .reverse = TRI_YES,
      .old_open = TRI_YES,
      .new_open = TRI_NO,
      .dns = DNS_OLD}},
    {SITUATION_SHARED,
     {.forward = TRI_YES,
      .reverse = TRI_YES,
      .old_open = TRI_YES,
      .new_open = TRI_YES,
      .is_staggered = TRI_YES}},
    {SITUATION_FENCED,
     {.forward = TRI_YES, .reverse = TRI_YES, .old_open = TRI_NO, .new_open = TRI_NO}},
    {SITUATION_FLIPPING,
     {.forward = TRI_YES,
      .reverse = TRI_YES,
      .old_open = TRI_NO,
      .new_open = TRI_YES,
      .is_astray = TRI_YES}},
    {SITUATION_FLIPPING,
     {.forward = TRI_YES,
      .reverse = TRI_YES,
      .old_open = TRI_YES,
      .new_open = TRI_NO,
      .is_astray = TRI_YES}},
    {SITUATION_SWITCHED,
     {.forward = TRI_YES,
      .reverse = TRI_YES,
      .old_open = TRI_NO,
      .new_open = TRI_YES,
      .dns = DNS_NEW}},
    {SITUATION_RETIRED,
     {.forward = TRI_NO,
      .reverse = TRI_NO,
      .old_open = TRI_NO,
      .new_open = TRI_YES,
      .dns = DNS_NEW}},
};

/* What a person reads about each. `unsafe` has texts of its own. */
static const struct situation_text {
    enum situation situation;
    const char *name, *next, *way_back;
} texts[] = {
    {SITUATION_UNSAFE, "unsafe", "", "not known while the situation is unsafe"},
    {SITUATION_APART, "apart", "`cutover run playbooks/1-follow.cfg`",
     "nothing to go back from: users are on OLD"},
    {SITUATION_FOLLOWING, "following",
     "`cutover run playbooks/3-mirror.cfg`, or first a load test: "
     "`cutover run playbooks/2-rehearse-and-reset.cfg`",
     "nothing to go back from: users are on OLD"},
    {SITUATION_REHEARSING, "rehearsing",
     "a step with action `reset` (playbooks/2-rehearse-and-reset.cfg); nothing else leads out",
     "nothing to go back from: users are on OLD; what was written on NEW is thrown away"},
    {SITUATION_MIRRORED, "mirrored",
     "`cutover run playbooks/4-migration-day.cfg`, or `cutover run "
     "playbooks/4-migration-day-fenced.cfg`",
     "nothing to go back from: users are on OLD"},
    {SITUATION_SHARED, "shared",
     "a step with action `settle`, to either side, or `cutover rollback`",
     "yes: `cutover rollback`, no write pause"},
    {SITUATION_FENCED, "fenced",
     "`cutover run --resume`, or `cutover abort`: writes are refused while this lasts; when no run "
     "closed it (its my.cnf did), on the primary that took the last writes SET GLOBAL read_only = "
     "0",
     "yes: `cutover abort` before the commit step, `cutover rollback` after it; "
     "writes are refused until then"},
    {SITUATION_FLIPPING, "flipping", "", ""},
    {SITUATION_SWITCHED, "switched",
     "`cutover rollback`, or `cutover run playbooks/5-retire.cfg` once nobody needs the way back",
     ""},
    {SITUATION_RETIRED, "retired", "nothing: the migration is done", "no: the links are gone"},
};
_Static_assert(ARRAY_LEN(texts) == SITUATION_COUNT, "every situation has its texts");

/* Fills a field of the verdict; what does not fit is cut. */
static void tell(char *out, size_t out_size, const char *fmt, ...) PRINTF_LIKE(3, 4);
static void tell(char *out, size_t out_size, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    (void)vsnprintf(out, out_size, fmt, args); /* a cut sentence is still a sentence */
    va_end(args);
}

#define BECAUSE(out, ...) tell((out)->because, sizeof((out)->because), __VA_ARGS__)
#define NEXT(out, ...) tell((out)->next, sizeof((out)->next), __VA_ARGS__)

#define NEXT_RUN "`cutover run --resume` or `cutover abort` when a run is under way"

static const struct situation_text *text_of(enum situation situation)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++)
        if (texts[i].situation == situation)
            return &texts[i];
    return &texts[0];
}

const char *situation_name(enum situation situation)
{
    return text_of(situation)->name;
}

int situation_parse(const char *name, enum situation *out, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
        if (strcmp(texts[i].name, name) == 0) {
            *out = texts[i].situation;
            return 0;
        }
    }
    char known[160];
    situation_mask_text(SITUATION_ANY, known, sizeof(known));
    return err_set(err, ERR_CONFIG, EFFECT_NONE, "\"%.64s\" is not a situation; expected %s", name,
                   known);
}

void situation_mask_text(situation_mask mask, char *out, size_t out_size)
{
    unsigned left = (unsigned)__builtin_popcount(mask & SITUATION_ANY);
    size_t used = 0;
    tell(out, out_size, "%s", left == 0 ? "nothing" : "");
    for (unsigned i = 0; i < SITUATION_COUNT && used < out_size; i++) {
        if ((mask & SITUATION_BIT(i)) == 0)
            continue;
        left--;
        const char *separator = left == 0 ? "" : left == 1 ? " or " : ", ";
        tell(out + used, out_size - used, "%s%s", situation_name((enum situation)i), separator);
        used = strlen(out);
    }
}

/* --- guards: true when something is wrong, and then `out` says what --------------------------- */

static const char *primary_name(const struct facts *facts, enum side side)
{
    const struct node_facts *primary = facts_primary(facts, side);
    return primary == NULL ? side_title(side) : primary->node->name;
}

static bool primary_is_lost(const struct facts *facts, enum side side, struct verdict *out)
{
    const struct node_facts *primary = facts_primary(facts, side);
    if (primary != NULL && primary->is_reached == TRI_YES)
        return false;
    bool has_error = primary != NULL && primary->error[0] != '\0';
    BECAUSE(out, "%s primary %s was not reached: %s", side_title(side), primary_name(facts, side),
            has_error ? primary->error : "no answer");
    NEXT(out, "change nothing; once %s answers, `cutover status` again", primary_name(facts, side));
    return true;
}

static bool openness_is_unknown(const struct facts *facts, enum side side, struct verdict *out)
{
    if (facts_is_open(facts, side) != TRI_UNKNOWN)
        return false;
    BECAUSE(out, "%s primary %s did not say whether it is read_only", side_title(side),
            primary_name(facts, side));
    NEXT(out, "change nothing; `cutover check` tells what the controller's account may not read");
    return true;
}

static bool link_goes_astray(const struct facts *facts, enum side side, struct verdict *out)
{
    const struct channel_facts *link = facts_link(facts, side);
    const struct node_facts *source = facts_primary(facts, side_other(side));
    if (link == NULL || channel_comes_from(link, source->node))
        return false;
    BECAUSE(out, "channel %s on %s reads from %s:%u, not from the %s primary %s", link->name,
            primary_name(facts, side), link->source_host, link->source_port,
            side_title(side_other(side)), source->node->name);
    NEXT(out, "find out who set it up; change nothing before that");
    return true;
}

static const struct node_facts *other_cluster_source(const struct facts *facts, enum side side,
                                                     const struct channel_facts *channel)
{
    for (size_t i = 0; i < facts->node_count; i++) {
        const struct node *node = facts->nodes[i].node;
        if (node != NULL && node->side != side && channel_comes_from(channel, node))
            return &facts->nodes[i];
    }
    return NULL;
}

static bool is_link_name(const struct channel_facts *channel, enum side side)
{
    return strcmp(channel->name, link_channel(side)) == 0;
}

/* A channel between the clusters that is not ours would carry changes past every check. */
static bool channel_is_strange(const struct facts *facts, enum side side, struct verdict *out)
{
    const struct node_facts *primary = facts_primary(facts, side);
    for (unsigned i = 0; i < primary->channel_count; i++) {
        const struct channel_facts *channel = &primary->channels[i];
        if (is_link_name(channel, side) || other_cluster_source(facts, side, channel) == NULL)
            continue;
        BECAUSE(out, "channel \"%s\" on %s reads from %s:%u in the other cluster, and is not ours",
                channel->name, primary->node->name, channel->source_host, channel->source_port);
        char command[160];
        channel_command(primary, "STOP", channel->name, command, sizeof(command));
        NEXT(out, "find out who set it up; on %s, %s stops it; then `cutover status`",
             primary->node->name, command);
        return true;
    }
    return false;
}

static bool link_is_broken(const struct facts *facts, enum side side, struct verdict *out)
{
    const struct channel_facts *link = facts_link(facts, side);
    if (link == NULL || channel_runs(link) == TRI_YES)
        return false;
    bool is_apply = link->is_applying != TRI_YES || link->apply_errno != 0;
    const char *error = is_apply ? link->apply_error : link->receive_error;
    BECAUSE(out,
            "the %s link (channel %s on %s) does not run: receiving %s, applying %s, error %u: %s",
            link_name(side), link->name, primary_name(facts, side), tri_text(link->is_receiving),
            tri_text(link->is_applying), is_apply ? link->apply_errno : link->receive_errno,
            error[0] == '\0' ? "none reported" : error);
    char command[160];
    channel_command(facts_primary(facts, side), "START", link->name, command, sizeof(command));
    NEXT(out, "mend the cause; on %s, %s; then `cutover status`", primary_name(facts, side),
         command);
    return true;
}

static bool link_has_no_gtid(const struct facts *facts, enum side side, struct verdict *out)
{
    const struct channel_facts *link = facts_link(facts, side);
    if (link == NULL || link->uses_gtid == TRI_YES)
        return false;
    BECAUSE(out, "the %s link (channel %s on %s) does not use GTID, as far as is known: %s",
            link_name(side), link->name, primary_name(facts, side), tri_text(link->uses_gtid));
    NEXT(out,
         "change nothing; without GTID no position can be compared, `cutover check` says more");
    return true;
}

static bool dns_is_unknown(const struct facts *facts, enum side side UNUSED, struct verdict *out)
{
    if (facts->dns != DNS_UNKNOWN)
        return false;
    BECAUSE(out, "where the DNS records point is not known: %s",
            facts->dns_error[0] == '\0' ? "the provider was not asked" : facts->dns_error);
    NEXT(out, "change nothing; `cutover check` tells what the token and the records lack");
    return true;
}

/* Data on an open NEW is what tells a rehearsal from an empty server. */
static bool data_is_unknown(const struct facts *facts, enum side side UNUSED, struct verdict *out)
{
    bool is_unlinked = facts_link(facts, SIDE_OLD) == NULL && facts_link(facts, SIDE_NEW) == NULL;
    const struct node_facts *primary = facts_primary(facts, SIDE_NEW);
    if (!is_unlinked || primary->is_read_only == TRI_YES || primary->has_data != TRI_UNKNOWN)
        return false;
    if (facts_is_open(facts, SIDE_OLD) != TRI_YES)
        return false;
    BECAUSE(out, "NEW primary %s is open and did not say whether it holds data",
            primary->node->name);
    NEXT(out, "change nothing; `cutover check` tells what the controller's account may not read");
    return true;
}

typedef bool guard(const struct facts *facts, enum side side, struct verdict *out);

/* In this order: a later guard relies on what the earlier ones have excluded. */
static guard *const guards[] = {
    primary_is_lost, openness_is_unknown, link_goes_astray, channel_is_strange,
    link_is_broken,  link_has_no_gtid,    dns_is_unknown,   data_is_unknown,
};

static bool guards_complain(const struct facts *facts, struct verdict *out)
{
    for (size_t i = 0; i < ARRAY_LEN(guards); i++)
        for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++)
            if (guards[i](facts, side, out))
                return true;
    return false;
}

/* --- the table -------------------------------------------------------------------------------- */

/* An offset above the increment is ignored by the server, so it does not count. */
static bool is_staggered(const struct node_facts *a, const struct node_facts *b)
{
    return a->increment >= 2 && a->increment == b->increment && a->offset != b->offset &&
           a->offset >= 1 && a->offset <= a->increment && b->offset >= 1 &&
           b->offset <= b->increment;
}

/* With one side open: does a record point anywhere else? */
static bool is_astray(enum tri old_open, enum tri new_open, enum dns_points dns)
{
    return old_open != new_open && dns != DNS_NONE &&
           dns != (old_open == TRI_YES ? DNS_OLD : DNS_NEW);
}

static struct view view_of(const struct facts *facts)
{
    const struct node_facts *old_primary = facts_primary(facts, SIDE_OLD);
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    enum tri old_open = facts_is_open(facts, SIDE_OLD);
    enum tri new_open = facts_is_open(facts, SIDE_NEW);
    return (struct view){
        .forward = facts_link_runs(facts, SIDE_NEW),
        .reverse = facts_link_runs(facts, SIDE_OLD),
        .old_open = old_open,
        .new_open = new_open,
        .new_has_data = new_primary->has_data,
        .is_staggered = tri_of(is_staggered(old_primary, new_primary)),
        .is_astray = tri_of(is_astray(old_open, new_open, facts->dns)),
        .dns = facts->dns,
    };
}

static bool agrees(enum tri wanted, enum tri found)
{
    return wanted == TRI_UNKNOWN || wanted == found;
}

static bool dns_agrees(enum dns_points wanted, enum dns_points found)
{
    return wanted == DNS_UNKNOWN || found == DNS_NONE || wanted == found;
}

static bool row_matches(const struct situation_row *row, const struct view *view)
{
    return agrees(row->when.forward, view->forward) && agrees(row->when.reverse, view->reverse) &&
           agrees(row->when.old_open, view->old_open) &&
           agrees(row->when.new_open, view->new_open) &&
           agrees(row->when.new_has_data, view->new_has_data) &&
           agrees(row->when.is_staggered, view->is_staggered) &&
           agrees(row->when.is_astray, view->is_astray) && dns_agrees(row->when.dns, view->dns);
}

static const char *dns_text(enum dns_points points)
{
    switch (points) {
    case DNS_UNKNOWN:
        return "unknown";
    case DNS_NONE:
        return "not configured";
    case DNS_OLD:
        return "OLD";
    case DNS_NEW:
        return "NEW";
    case DNS_MIXED:
        return "mixed";
    }
    return "unknown";
}

static void describe(const struct view *view, char *out, size_t out_size)
{
    tell(out, out_size, "forward %s, reverse %s, OLD %s, NEW %s, DNS %s",
         view->forward == TRI_YES ? "runs" : "none", view->reverse == TRI_YES ? "runs" : "none",
         view->old_open == TRI_YES ? "open" : "closed",
         view->new_open == TRI_YES ? "open" : "closed", dns_text(view->dns));
}

/* Two open primaries outside the table: close the one that the users are not on. */
static void explain_two_open(const struct facts *facts, const struct view *view,
                             struct verdict *out)
{
    const struct node_facts *old_primary = facts_primary(facts, SIDE_OLD);
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    if (view->forward == TRI_YES && view->reverse == TRI_YES)
        BECAUSE(out,
                "two open primaries without staggered auto_increment: OLD has increment %u offset "
                "%u, NEW has increment %u offset %u",
                old_primary->increment, old_primary->offset, new_primary->increment,
                new_primary->offset);
    if (view->dns == DNS_OLD || view->dns == DNS_NEW) {
        enum side idle = view->dns == DNS_OLD ? SIDE_NEW : SIDE_OLD;
        NEXT(out, "on %s (%s), SET GLOBAL read_only = 1; then `cutover status`",
             primary_name(facts, idle), side_title(idle));
    } else {
        NEXT(out, "on the primary that users are not on, SET GLOBAL read_only = 1; then "
                  "`cutover status`");
    }
}

static void explain_unsafe(const struct facts *facts, const struct view *view, struct verdict *out)
{
    char seen[128];
    describe(view, seen, sizeof(seen));
    if (view->old_open == TRI_YES && view->new_open == TRI_YES) {
        BECAUSE(out, "two open primaries that are not linked both ways: %s", seen);
        explain_two_open(facts, view, out);
        return;
    }
    if (view->old_open == TRI_NO && view->new_open == TRI_NO) {
        BECAUSE(out, "nobody takes writes, and the links do not run both ways: %s", seen);
        NEXT(out, NEXT_RUN "; else open, by hand, the side that took the last writes");
        return;
    }
    const char *open = view->old_open == TRI_YES ? "OLD" : "NEW";
    bool dns_is_elsewhere =
        view->dns == DNS_MIXED || view->dns == (view->old_open == TRI_YES ? DNS_NEW : DNS_OLD);
    if (dns_is_elsewhere) {
        BECAUSE(out, "%s takes the writes, but not every DNS record points there: %s", open, seen);
        NEXT(out, NEXT_RUN "; else point the records to %s", open);
        return;
    }
    BECAUSE(out, "%s takes the writes, but the links are not what that needs: %s", open, seen);
    NEXT(out, NEXT_RUN "; else change nothing: what NEW has may be missing on OLD");
}

/* Channels that are neither ours nor from the other cluster do not decide, but a person should
 * know. */
static void mention_foreign(const struct facts *facts, struct verdict *out)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        for (unsigned i = 0; i < primary->channel_count; i++) {
            const struct channel_facts *channel = &primary->channels[i];
            size_t used = strlen(out->because);
            if (!is_link_name(channel, side))
                tell(out->because + used, sizeof(out->because) - used,
                     "; also channel \"%s\" on %s from %s:%u, not ours", channel->name,
                     primary->node->name, channel->source_host, channel->source_port);
        }
    }
}

/* Users of names that point at the closed side are refused writes: it should last moments. */
static void explain_flipping(const struct view *view, struct verdict *out)
{
    bool is_new = view->new_open == TRI_YES;
    char seen[128];
    describe(view, seen, sizeof(seen));
    BECAUSE(out, "%s takes the writes, but not every DNS record points there: %s",
            is_new ? "NEW" : "OLD", seen);
    if (is_new)
        NEXT(out, "`cutover run --resume` flips the rest, `cutover rollback` goes back; who comes "
                  "by the other names is refused writes until then");
    else
        NEXT(out, "`cutover run --resume` flips the rest when a run is under way, else `cutover "
                  "rollback` does; who comes by the other names is refused writes until then");
    tell(out->way_back, sizeof(out->way_back), "%s",
         is_new ? "yes: `cutover rollback`, with a short write pause"
                : "nothing to go back from: OLD takes the writes");
}

/*
 * A closed side that restarted: nobody of the application can log in, but it should be closed.
 * What the table says is next comes after that.
 */
static void mention_held(const struct facts *facts, struct verdict *out)
{
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        size_t used = strlen(out->because);
        if (primary->is_read_only != TRI_NO || primary->is_held != TRI_YES)
            continue;
        out->is_only_held = true;
        tell(out->because + used, sizeof(out->because) - used,
             "; %s (%s) is held: read_only is off there, as after a restart, but the %u account(s) "
             "that run %s locked are locked still",
             side_title(side), primary->node->name, primary->held_count, primary->held_run);
        char then[sizeof(out->next)];
        (void)snprintf(then, sizeof(then), "%s", out->next);
        NEXT(out, "%s: SET GLOBAL read_only = 1 (`cutover run --resume` does, in a run); then %s",
             primary->node->name, then);
    }
}

/* Seconds_Behind is whole seconds, so the bound is one more than it says. */
static void tell_way_back_of_switched(const struct facts *facts, struct verdict *out)
{
    const struct channel_facts *reverse = facts_link(facts, SIDE_OLD);
    if (reverse->has_delay && reverse->delay_s >= 0)
        tell(out->way_back, sizeof(out->way_back),
             "yes: `cutover rollback`; writes on NEW are on OLD within %lld ms",
             (long long)(reverse->delay_s + 1) * 1000);
    else
        tell(out->way_back, sizeof(out->way_back),
             "yes: `cutover rollback`; how far OLD is behind is not known");
}

void situation_judge(const struct facts *facts, struct verdict *out)
{
    *out = (struct verdict){.situation = SITUATION_UNSAFE};
    tell(out->way_back, sizeof(out->way_back), "%s", text_of(SITUATION_UNSAFE)->way_back);
    if (guards_complain(facts, out))
        return;

    struct view view = view_of(facts);
    for (size_t i = 0; i < ARRAY_LEN(rows); i++)
        if (row_matches(&rows[i], &view))
            out->situation = rows[i].situation;
    if (out->situation == SITUATION_UNSAFE) {
        explain_unsafe(facts, &view, out);
        return;
    }
    if (out->situation == SITUATION_FLIPPING) {
        explain_flipping(&view, out);
        mention_foreign(facts, out);
        mention_held(facts, out);
        return;
    }
    describe(&view, out->because, sizeof(out->because));
    mention_foreign(facts, out);
    NEXT(out, "%s", text_of(out->situation)->next);
    mention_held(facts, out);
    tell(out->way_back, sizeof(out->way_back), "%s", text_of(out->situation)->way_back);
    if (out->situation == SITUATION_SWITCHED)
        tell_way_back_of_switched(facts, out);
}

void situation_when(enum situation situation, char *out, size_t out_size)
{
    tell(out, out_size, "anything else");
    for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
        if (rows[i].situation != situation)
            continue;
        const struct view *when = &rows[i].when;
        if (when->is_astray == TRI_YES) {
            tell(out, out_size, "forward runs, reverse runs, one side open, DNS not all there");
            return;
        }
        tell(out, out_size, "forward %s, reverse %s, OLD %s, NEW %s, DNS %s",
             when->forward == TRI_YES ? "runs" : "none", when->reverse == TRI_YES ? "runs" : "none",
             when->old_open == TRI_YES ? "open" : "closed",
             situation == SITUATION_APART ? "closed or empty"
             : when->new_open == TRI_YES  ? "open"
                                          : "closed",
             when->dns == DNS_UNKNOWN ? "either" : dns_text(when->dns));
        return;
    }
}
