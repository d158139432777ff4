/* SPDX-License-Identifier: MIT */
/* The actions a playbook may name, what they take, and how they join. */
#include "domain/action.h"

#include <string.h>

#define ALL_RECORDS                                                                                \
    {                                                                                              \
        .name = "records", .type = PARAM_RECORDS, .fallback = "all",                               \
        .help = "names of configured records; [ \"all\" ] means each of them",                     \
    }

static const struct action actions[] = {
    {
        .id = ACTION_SEED,
        .name = "seed",
        .does = "copy the configured databases from OLD to NEW at one exact position",
        .undo = "the copied databases are dropped from NEW again",
        .params = {{.name = "method",
                    .type = PARAM_METHOD,
                    .fallback = "copy",
                    .help =
                        "\"copy\": the databases, row by row; \"clone\": the whole server, with "
                        "MySQL's clone plugin; \"physical\": the whole server, with "
                        "mariadb-backup: both throw all that NEW holds away"},
                   {.name = "workers",
                    .type = PARAM_INT,
                    .fallback = "4",
                    .help = "tables, or files, copied at the same time"},
                   {.name = "rate",
                    .type = PARAM_INT,
                    .fallback = "0",
                    .help = "at most so many bytes of data a second; 0: no limit"}},
    },
    {
        .id = ACTION_FOLLOW,
        .name = "follow",
        .does = "make NEW a replica of OLD and keep NEW closed",
        .undo = "the forward link is removed; the data stays",
    },
    {
        .id = ACTION_REHEARSE,
        .name = "rehearse",
        .does = "detach NEW and open it for a load test; its data is thrown away afterwards",
        .undo = "NEW is closed again; `reset` and `seed` bring it back",
    },
    {
        .id = ACTION_RESET,
        .name = "reset",
        .does = "close NEW, drop the moved databases there and forget its binary logs and links",
        .undo = "-",
    },
    {
        .id = ACTION_STAGGER,
        .name = "stagger",
        .does = "let OLD and NEW hand out different auto_increment values, proven in new sessions",
        .undo = "the former auto_increment settings are put back",
        .params = {{.name = "increment",
                    .type = PARAM_INT,
                    .fallback = "2",
                    .help = "auto_increment_increment on both sides; at least 2"}},
    },
    {
        .id = ACTION_MIRROR,
        .name = "mirror",
        .does =
            "add the reverse link, prove that NEW took no write of its own, and send a probe row "
            "there and back",
        .undo = "the reverse link is removed",
    },
    {
        .id = ACTION_VERIFY,
        .name = "verify",
        .does = "compare every row of both sides at equal positions while writes go on",
        .undo = "-",
        .is_observing = true,
        .params = {{.name = "tables",
                    .type = PARAM_TABLES,
                    .help = "\"database.table\" to compare; every table when absent"},
                   {.name = "workers",
                    .type = PARAM_INT,
                    .fallback = "2",
                    .help = "tables compared at the same time"}},
    },
    {
        .id = ACTION_GATE,
        .name = "gate",
        .does = "wait until every requirement is met, or refuse to go on",
        .undo = "-",
        .is_observing = true,
        .params = {{.name = "require",
                    .type = PARAM_REQUIRE,
                    .is_required = true,
                    .help =
                        "requirements such as \"lag < 500ms for 30s\"; all must be met at once"},
                   {.name = "timeout",
                    .type = PARAM_DURATION,
                    .fallback = "10m",
                    .help = "how long to wait for them"}},
    },
    {
        .id = ACTION_APPROVE,
        .name = "approve",
        .does = "ask a person and wait for the answer",
        .undo = "-",
        .is_observing = true,
        .params = {{.name = "ask",
                    .type = PARAM_TEXT,
                    .is_required = true,
                    .help = "the question, answered by yes or no"},
                   {.name = "people",
                    .type = PARAM_INT,
                    .fallback = "1",
                    .help = "how many people have to say yes; a name counts once"}},
    },
    {
        .id = ACTION_LOWER_TTL,
        .name = "dns.lower_ttl",
        .does = "lower the records' TTL and wait until the old TTL has run out everywhere",
        .undo = "the former TTL is put back",
        .params = {{.name = "ttl",
                    .type = PARAM_INT,
                    .fallback = "60",
                    .help = "seconds that resolvers may keep an answer"},
                   ALL_RECORDS},
    },
    {
        .id = ACTION_FLIP,
        .name = "dns.flip",
        .does = "point records at one side, one after the other, each compared before and after",
        .undo = "-",
        .commits = true,
        .params = {{.name = "to",
                    .type = PARAM_SIDE,
                    .is_required = true,
                    .help = "the side that the records shall name"},
                   ALL_RECORDS},
    },
    {
        .id = ACTION_CUTOVER,
        .name = "cutover",
        .does = "move the users from one side to the other: fence or share, wait for every "
                "transaction, open, flip the records",
        .undo = "before the commit step everything is undone; after it the way back is `rollback`",
        .commits = true,
        .params = {{.name = "from",
                    .type = PARAM_SIDE,
                    .is_required = true,
                    .help = "the side that has the users"},
                   {.name = "to",
                    .type = PARAM_SIDE,
                    .is_required = true,
                    .help = "the side that gets them"},
                   {.name = "mode",
                    .type = PARAM_MODE,
                    .is_required = true,
                    .help = "\"shared\": both sides open while DNS converges, no write pause; "
                            "\"fenced\": one side open at any time, a short write pause"},
                   {.name = "budget",
                    .type = PARAM_DURATION,
                    .fallback = "2s",
                    .help = "the longest write pause; a forecast above it is refused beforehand"},
                   {.name = "pulses",
                    .type = PARAM_BOOL,
                    .fallback = "true",
                    .help = "fenced: when writers keep the other side from catching up, hold their "
                            "commits for at most 40 ms at a time before the pause (MariaDB)"},
                   ALL_RECORDS},
    },
    {
        .id = ACTION_WATCH,
        .name = "watch",
        .does =
            "look at links, lag and conflicts for a while, and go back when a condition says so",
        .undo = "-",
        .is_observing = true,
        .params =
            {{.name = "for",
              .type = PARAM_DURATION,
              .is_required = true,
              .help = "how long to watch"},
             {.name = "rollback_if",
              .type = PARAM_REQUIRE,
              .help = "conditions such as \"lag > 10s for 30s\"; any of them starts the way back"}},
    },
    {
        .id = ACTION_SETTLE,
        .name = "settle",
        .does = "wait until nobody uses the other side any more, then close it and keep it in sync",
        .undo = "the side that was closed is opened again",
        .params = {{.name = "to",
                    .type = PARAM_SIDE,
                    .is_required = true,
                    .help = "the side that stays open"},
                   {.name = "timeout",
                    .type = PARAM_DURATION,
                    .help =
                        "how long to wait for the last session; limits.stragglers when absent"}},
    },
    {
        .id = ACTION_RETIRE,
        .name = "retire",
        .does = "remove both links; OLD stays closed and is no longer a way back",
        .undo = "-",
    },
    {
        .id = ACTION_ABANDON,
        .name = "abandon",
        .does = "go back to OLD without what NEW has and OLD lacks: close NEW, list and keep what "
                "is lost, open OLD, remove both links, flip the records",
        .undo = "before the commit step NEW is opened again and the reverse link started; after it "
                "nothing: what NEW has is given up",
        .commits = true,
        .params = {{.name = "lose",
                    .type = PARAM_TEXT,
                    .help = "how many transactions may be lost at most, or \"unknown\" where NEW "
                            "cannot be asked; a person is asked when absent"},
                   ALL_RECORDS},
    },
    {
        .id = ACTION_UNMIRROR,
        .name = "unmirror",
        .does = "remove the reverse link again while users are on OLD; NEW goes on following",
        .undo = "-",
    },
    {
        .id = ACTION_STOP_SERVICES,
        .name = "stop-services",
        .does = "stop what works beside the database on one side (the list `services` of its "
                "cluster), over SSH, and see that it rests; nothing where nothing is named",
        .undo = "what ran before is started again",
        .params =
            {{.name = "side", .type = PARAM_SIDE, .is_required = true, .help = "whose services"},
             {.name = "insist",
              .type = PARAM_BOOL,
              .fallback = "true",
              .help = "false: one that cannot be stopped is told of, and the run goes on"}},
    },
    {
        .id = ACTION_START_SERVICES,
        .name = "start-services",
        .does = "start what works beside the database on one side, over SSH, and see that it "
                "runs; what rested already when `stop-services` came stays at rest",
        .undo = "what was started is stopped again",
        .params =
            {{.name = "side", .type = PARAM_SIDE, .is_required = true, .help = "whose services"}},
    },
};
_Static_assert(ARRAY_LEN(actions) == ACTION_COUNT, "every action has one row");

#define IN(name) SITUATION_BIT(SITUATION_##name)
#define IN_ANY_GOOD (SITUATION_ANY & ~IN(UNSAFE))

/*
 * How actions join. An action has several rows when its parameters decide; the first row that fits
 * counts. A fenced cutover may also start in `fenced` and `flipping`: there one ends up whose
 * controller died, and closing what is closed already, or flipping what is flipped, does no harm.
 */
struct join_row {
    enum action_id id;
    bool has_to, has_mode; /* does the row ask for these? */
    struct action_join join;
    situation_mask starts;
    situation_mask passes; /* situations it goes through on the way */
    enum situation ends;
    bool stays; /* ends where it started */
};

static const struct join_row joins[] = {
    {.id = ACTION_SEED, .starts = IN(APART), .stays = true},
    {.id = ACTION_FOLLOW, .starts = IN(APART), .ends = SITUATION_FOLLOWING},
    {.id = ACTION_REHEARSE, .starts = IN(FOLLOWING), .ends = SITUATION_REHEARSING},
    {.id = ACTION_RESET,
     .starts = IN(REHEARSING) | IN(FOLLOWING) | IN(APART),
     .ends = SITUATION_APART},
    {.id = ACTION_STAGGER,
     .starts = IN(APART) | IN(FOLLOWING) | IN(MIRRORED) | IN(SWITCHED),
     .stays = true},
    {.id = ACTION_MIRROR, .starts = IN(FOLLOWING), .ends = SITUATION_MIRRORED},
    {.id = ACTION_VERIFY,
     .starts = IN(FOLLOWING) | IN(MIRRORED) | IN(SHARED) | IN(FENCED) | IN(SWITCHED),
     .stays = true},
    {.id = ACTION_GATE, .starts = IN_ANY_GOOD, .stays = true},
    {.id = ACTION_APPROVE, .starts = IN_ANY_GOOD, .stays = true},
    {.id = ACTION_LOWER_TTL,
     .starts = IN(APART) | IN(FOLLOWING) | IN(MIRRORED) | IN(SHARED) | IN(SWITCHED),
     .stays = true},
    {.id = ACTION_FLIP, .starts = IN(SHARED), .stays = true},
    {.id = ACTION_CUTOVER,
     .has_to = true,
     .has_mode = true,
     .join = {.from = SIDE_OLD, .to = SIDE_NEW, .is_shared = true},
     .starts = IN(MIRRORED) | IN(SHARED),
     .ends = SITUATION_SHARED},
    {.id = ACTION_CUTOVER,
     .has_to = true,
     .has_mode = true,
     .join = {.from = SIDE_NEW, .to = SIDE_OLD, .is_shared = true},
     .starts = IN(SWITCHED) | IN(SHARED),
     .ends = SITUATION_SHARED},
    {.id = ACTION_CUTOVER,
     .has_to = true,
     .has_mode = true,
     .join = {.from = SIDE_OLD, .to = SIDE_NEW},
     .starts = IN(MIRRORED) | IN(FENCED) | IN(FLIPPING),
     .passes = IN(FENCED) | IN(FLIPPING),
     .ends = SITUATION_SWITCHED},
    {.id = ACTION_CUTOVER,
     .has_to = true,
     .has_mode = true,
     .join = {.from = SIDE_NEW, .to = SIDE_OLD},
     .starts = IN(SWITCHED) | IN(FENCED) | IN(FLIPPING),
     .passes = IN(FENCED) | IN(FLIPPING),
     .ends = SITUATION_MIRRORED},
    {.id = ACTION_WATCH,
     .starts = IN(FOLLOWING) | IN(MIRRORED) | IN(SHARED) | IN(SWITCHED),
     .stays = true},
    {.id = ACTION_SETTLE,
     .has_to = true,
     .join = {.from = SIDE_OLD, .to = SIDE_NEW},
     .starts = IN(SHARED) | IN(SWITCHED),
     .ends = SITUATION_SWITCHED},
    {.id = ACTION_SETTLE,
     .has_to = true,
     .join = {.from = SIDE_NEW, .to = SIDE_OLD},
     .starts = IN(SHARED) | IN(MIRRORED),
     .ends = SITUATION_MIRRORED},
    {.id = ACTION_RETIRE, .starts = IN(SWITCHED), .ends = SITUATION_RETIRED},
    {.id = ACTION_UNMIRROR, .starts = IN(MIRRORED), .ends = SITUATION_FOLLOWING},
    {.id = ACTION_STOP_SERVICES, .starts = IN_ANY_GOOD, .stays = true},
    {.id = ACTION_START_SERVICES, .starts = IN_ANY_GOOD, .stays = true},
    /* The only one: where nothing else leads back, and a person has said what may be lost. */
    {.id = ACTION_ABANDON, .starts = IN(UNSAFE), .ends = SITUATION_APART},
};

const struct action *action_table(size_t *out_count)
{
    *out_count = ARRAY_LEN(actions);
    return actions;
}

const struct action *action_find(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (strcmp(actions[i].name, name) == 0)
            return &actions[i];
    return NULL;
}

const struct action *action_by_id(enum action_id id)
{
    for (size_t i = 0; i < ARRAY_LEN(actions); i++)
        if (actions[i].id == id)
            return &actions[i];
    return NULL;
}

const struct action_param *action_param_find(const struct action *action, const char *name)
{
    for (size_t i = 0; i < ACTION_PARAM_CAP && action->params[i].name != NULL; i++)
        if (strcmp(action->params[i].name, name) == 0)
            return &action->params[i];
    return NULL;
}

static bool row_fits(const struct join_row *row, enum action_id id, const struct action_join *join)
{
    if (row->id != id)
        return false;
    if (row->has_mode && (row->join.from != join->from || row->join.is_shared != join->is_shared))
        return false;
    return !row->has_to || row->join.to == join->to;
}

/* NULL when no row fits: a cutover from a side to itself. */
static const struct join_row *row_find(enum action_id id, const struct action_join *join)
{
    for (size_t i = 0; i < ARRAY_LEN(joins); i++)
        if (row_fits(&joins[i], id, join))
            return &joins[i];
    return NULL;
}

situation_mask action_starts_from(enum action_id id, const struct action_join *join)
{
    const struct join_row *row = row_find(id, join);
    return row == NULL ? 0 : row->starts;
}

situation_mask action_passes(enum action_id id, const struct action_join *join)
{
    const struct join_row *row = row_find(id, join);
    return row == NULL ? 0 : row->passes;
}

enum situation action_ends_in(enum action_id id, const struct action_join *join,
                              enum situation start)
{
    const struct join_row *row = row_find(id, join);
    if (row == NULL || (row->starts & SITUATION_BIT(start)) == 0)
        return SITUATION_UNSAFE;
    return row->stays ? start : row->ends;
}

size_t action_joins(enum action_id id, struct action_join out[ACTION_JOIN_CAP])
{
    size_t count = 0;
    for (size_t i = 0; i < ARRAY_LEN(joins); i++)
        if (joins[i].id == id && count < ACTION_JOIN_CAP)
            out[count++] = joins[i].join;
    return count;
}
