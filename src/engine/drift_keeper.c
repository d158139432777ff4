/* SPDX-License-Identifier: MIT */
/* Foreign changes: what the samplers saw is held beside what this run left. */
#include "engine/drift_keeper.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/hold.h"
#include "engine/drift_words.h"
#include "engine/driver.h"

#define LOOK_INTERVAL_MS 200
#define HALTED_MS 700 /* a thread that is being started shows no error either */
#define RECORD_SPACING_MS 2500
#define SETTLE_MS (HALTED_MS + 500)
#define DOOR (DRIFT_TOUCH_DOOR | DRIFT_TOUCH_SEAL)
#define EVERYTHING (DOOR | DRIFT_TOUCH_LINK)

/* --- what is ours ----------------------------------------------------------------------------- */

enum where { ON_SIDE, ON_NEW, ON_BOTH };

/* Procedures that change servers; all others only read, wait or ask. */
static const struct {
    const char *work;
    enum where where; /* ON_SIDE: the one its argument "side" names */
    unsigned touches;
} works[] = {
    {"fence.close", ON_SIDE, DOOR},
    {"side.open", ON_SIDE, DOOR},
    {"side.put_back", ON_SIDE, DOOR},
    {"seed.clone", ON_NEW, EVERYTHING},
    {"seed.clone_settle", ON_NEW, EVERYTHING},
    {"seed.physical_place", ON_NEW, EVERYTHING},
    {"seed.physical_settle", ON_NEW, EVERYTHING},
    {"abandon.apply", ON_BOTH, EVERYTHING},
    {"abandon.events", ON_BOTH, DRIFT_TOUCH_SEAL},
    {"events.move", ON_BOTH, DRIFT_TOUCH_SEAL},
    {"link.probe", ON_BOTH, DRIFT_TOUCH_SEAL},
    {"link.probe_back", ON_BOTH, DRIFT_TOUCH_SEAL},
    {"fence.ready", ON_BOTH, DRIFT_TOUCH_SEAL},
    {"fence.hold", ON_BOTH, DRIFT_TOUCH_SEAL},
    {"fence.lock", ON_BOTH, DRIFT_TOUCH_SEAL},
    {"fence.release", ON_BOTH, DRIFT_TOUCH_SEAL},
};

static unsigned touched_by_work(const struct op *op, const struct node *node)
{
    enum side side = SIDE_OLD;
    struct err ignored = {0};
    for (size_t i = 0; i < ARRAY_LEN(works); i++) {
        if (strcmp(works[i].work, op->work) != 0)
            continue;
        if (works[i].where == ON_SIDE && side_of(op->args, "side", &side, &ignored))
            return works[i].touches; /* then it is not known which: both */
        bool is_there =
            works[i].where == ON_BOTH || node->side == (works[i].where == ON_NEW ? SIDE_NEW : side);
        return is_there ? works[i].touches : 0;
    }
    return 0;
}

static unsigned touched(const struct op *op, const struct node *node)
{
    switch (op->kind) {
    case OP_SQL:
        return strcmp(op->node, node->name) == 0 ? EVERYTHING : 0;
    case OP_WORK:
        return touched_by_work(op, node);
    case OP_DNS:
        break;
    }
    return 0;
}

void drift_keeper_op_begins(struct run *run, const struct op *op)
{
    for (size_t i = 0; i < run->service->node_count; i++)
        run->drift.nodes[i].ours = touched(op, &run->service->nodes[i]);
}

void drift_keeper_op_ended(struct run *run, const struct op *op)
{
    for (size_t i = 0; i < run->service->node_count; i++) {
        unsigned touches = touched(op, &run->service->nodes[i]);
        run->drift.nodes[i].ours = 0;
        if (!touches)
            continue;
        run->drift.nodes[i].learn |= touches;
        run->drift.nodes[i].settled_ms = clock_mono_ms();
    }
}

/* What was changed by us is as it is seen now. */
static void learn(struct drift_node *was, const struct drift_node *now, unsigned touches)
{
    if (!was->is_seen)
        *was = *now;
    if (touches & DRIFT_TOUCH_DOOR)
        was->is_open = now->is_open;
    if (touches & DOOR)
        was->is_sealed = now->is_sealed;
    if (touches & DRIFT_TOUCH_LINK) {
        was->has_link = now->has_link;
        was->is_halted = now->is_halted;
        memcpy(was->link, now->link, sizeof was->link);
        memcpy(was->others, now->others, sizeof was->others);
    }
}

/* --- stopping --------------------------------------------------------------------------------- */

static int stop_for(struct run *run, const struct drift *drift, const char *where, int64_t seen_us,
                    const char *who, struct err *err)
{
    char same_at[32], seen_at[32];
    struct err also = {0};

    clock_iso8601(seen_us, same_at);
    clock_iso8601(clock_wall_us(), seen_at);
    int rc = run_note_figures(run, "drift",
                              json_pack("{s:s,s:s,s:s,s:s,s:s,s:s,s:s,s:b}", "kind",
                                        drift_name(drift->kind), "where", where, "was", drift->was,
                                        "is", drift->is, "last_seen_same", same_at, "first_seen",
                                        seen_at, "who", who, "restarted", drift->is_restarted),
                              &also, "%s: %s was %s, is %s; changed between %s and %s%s; %s", where,
                              drift->what, drift->was, drift->is, same_at, seen_at,
                              drift->is_restarted ? ", while it restarted" : "", who);
    if (rc)
        log_failure(&also);
    (void)err_set(err, ERR_CONFLICT, EFFECT_NONE,
                  "not changed by this run%s: %s: %s was %.60s, is %.60s since between %s and %s; "
                  "%.120s",
                  drift->is_restarted ? ", but by a restart" : "", where, drift->what, drift->was,
                  drift->is, same_at, seen_at, who);
    return err_hint(err, "nothing was set back. Stop who did it, put right what is wrong, then "
                         "\"cutover run --resume\"; \"cutover status\" says what is true");
}

/* --- servers ---------------------------------------------------------------------------------- */

/* A closed side that a restart opened, and whose accounts are locked, lets nobody write. */
static bool is_held(struct run *run, const struct node *node)
{
    CLEANUP(held_list_release) struct held_list list = {0};
    struct session *session;
    struct err err = {0};
    size_t locked = 0;

    if (!node->is_primary || run_session(run, node, &session, &err) ||
        hold_read(session, &list, &err))
        return false;
    for (size_t i = 0; i < list.count; i++) {
        if (list.accounts[i].is_there && !list.accounts[i].is_locked)
            return false;
        locked += list.accounts[i].is_there && list.accounts[i].is_locked;
    }
    return locked > 0;
}

/* A drill stops links on purpose, in a process of its own, and has written down which. */
static bool is_of_a_drill(struct run *run, const struct node *node)
{
    char side[32] = "";
    struct err err = {0};

    return node->is_primary &&
           !journal_memory_get(run->journal, run->service->name, "drill.broken", side, sizeof side,
                               &err) &&
           strcmp(side, side_name(node->side)) == 0;
}

static int note_restart(struct run *run, const struct node *node, const struct drift_node *now,
                        struct err *err)
{
    return run_note(run, "server.restarted", err, "%s (%s) has restarted; it is %s now",
                    side_title(node->side), node->name, now->is_open ? "open" : "closed");
}

static int judge(struct run *run, size_t index, const struct drift_node *now, struct err *err)
{
    const struct node *node = &run->service->nodes[index];
    struct drift_node *was = &run->drift.nodes[index].was;
    int64_t *halted_ms = &run->drift.nodes[index].halted_ms;
    struct drift drift;
    char where[160], who[400];

    enum drift_kind kind = drift_of_node(was, now, &drift);
    if (kind != DRIFT_LINK_HALTED)
        *halted_ms = 0;
    else if (!*halted_ms)
        *halted_ms = clock_mono_ms();
    if (kind == DRIFT_LINK_HALTED && clock_mono_ms() - *halted_ms < HALTED_MS)
        return 0;
    bool is_known = kind == DRIFT_NONE || (kind == DRIFT_LINK_HALTED && is_of_a_drill(run, node)) ||
                    (kind == DRIFT_OPENED && drift.is_restarted && is_held(run, node));
    if (is_known) {
        *was = *now;
        run->drift.nodes[index].seen_us = clock_wall_us();
        return drift.is_restarted ? note_restart(run, node, now, err) : 0;
    }
    (void)snprintf(where, sizeof where, "%s (%s)", side_title(node->side), node->name);
    drift_suspects(run, node, who, sizeof who);
    return stop_for(run, &drift, where, run->drift.nodes[index].seen_us, who, err);
}

static int look_at_nodes(struct run *run, struct err *err)
{
    struct lag_snapshot seen;
    int rc = 0;

    sampler_read(run->sampler, &seen);
    for (size_t i = 0; i < seen.node_count && !rc; i++) {
        const struct node_sample *sample = &seen.nodes[i];
        struct drift_node *was = &run->drift.nodes[i].was;
        if (!sample->is_reached || run->drift.nodes[i].ours ||
            sample->asked_ms <= run->drift.nodes[i].settled_ms)
            continue;
        learn(was, &sample->state, run->drift.nodes[i].learn);
        run->drift.nodes[i].learn = 0;
        rc = judge(run, i, &sample->state, err);
    }
    return rc;
}

/* --- records ---------------------------------------------------------------------------------- */

static void take_record(const struct dns_record *from, struct drift_record *out)
{
    (void)snprintf(out->content, sizeof out->content, "%s", from->content);
    out->ttl_s = from->ttl_s;
    out->is_proxied = from->is_proxied;
}

void drift_keeper_record(struct run *run, const struct dns_record *now)
{
    for (size_t i = 0; i < run->drift.record_count; i++) {
        if (strcmp(run->drift.records[i].id, now->id) != 0)
            continue;
        take_record(now, &run->drift.records[i].was);
        run->drift.records[i].seen_us = clock_wall_us();
    }
}

/* One that cannot be read is not known to have changed; what uses it will say so. */
static int look_at_record(struct run *run, struct drift_watched *record, struct err *err)
{
    struct dns_record found;
    struct drift_record now;
    struct drift drift;
    struct dns *dns;
    struct err unread = {0};
    char who[160];

    if (run_dns(run, &dns, &unread) || dns_get(dns, record->id, &found, &unread))
        return 0;
    take_record(&found, &now);
    if (drift_of_record(&record->was, &now, &drift) == DRIFT_NONE) {
        record->was = now;
        record->seen_us = clock_wall_us();
        return 0;
    }
    (void)snprintf(who, sizeof who, "the provider says it was modified at %s", found.modified_on);
    return stop_for(run, &drift, record->name, record->seen_us, who, err);
}

static int64_t record_spacing_ms(const struct run *run)
{
    int64_t each_ms = run->service->dns.watch_ms / (int64_t)run->drift.record_count;
    int64_t least_ms = run->service->dns.watch_ms < RECORD_SPACING_MS ? run->service->dns.watch_ms
                                                                      : RECORD_SPACING_MS;

    return each_ms > least_ms ? each_ms : least_ms;
}

static int look_at_records(struct run *run, struct err *err)
{
    struct drift_watch *watch = &run->drift;
    int64_t now_ms = clock_mono_ms();

    if (!watch->record_count || now_ms < watch->record_due_ms)
        return 0;
    watch->record_due_ms = now_ms + record_spacing_ms(run);
    watch->next_record = (watch->next_record + 1) % watch->record_count;
    return look_at_record(run, &watch->records[watch->next_record], err);
}

/* --- life ------------------------------------------------------------------------------------- */

int drift_keeper_begin(struct run *run, const struct facts *facts, struct err *err)
{
    struct drift_watch *watch = &run->drift;

    watch->records = calloc(facts->record_count + 1, sizeof *watch->records);
    if (!watch->records)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu records",
                       facts->record_count);
    for (size_t i = 0; i < facts->record_count; i++) {
        const struct record_facts *record = &facts->records[i];
        struct drift_watched *out = &watch->records[watch->record_count];
        if (record->is_found != TRI_YES)
            continue;
        *out = (struct drift_watched){
            .seen_us = facts->wall_us,
            .was = {.ttl_s = record->ttl_s, .is_proxied = record->is_proxied}};
        (void)snprintf(out->id, sizeof out->id, "%s", record->id);
        (void)snprintf(out->name, sizeof out->name, "%s", record->record->name);
        (void)snprintf(out->was.content, sizeof out->was.content, "%s", record->content);
        watch->record_count++;
    }
    if (watch->record_count)
        watch->record_due_ms = clock_mono_ms() + record_spacing_ms(run);
    return 0;
}

void drift_keeper_release(struct run *run)
{
    free(run->drift.records);
    run->drift = (struct drift_watch){0};
}

void drift_keeper_allow(struct run *run, bool is_allowed)
{
    run->drift.is_on = is_allowed;
}

int drift_keeper_tick(struct run *run, struct err *err)
{
    int64_t now_ms = clock_mono_ms();

    if (!run->drift.is_on || !run->sampler || now_ms - run->drift.looked_ms < LOOK_INTERVAL_MS)
        return 0;
    run->drift.looked_ms = now_ms;
    int rc = look_at_nodes(run, err);
    return rc ? rc : look_at_records(run, err);
}

static bool is_in_doubt(const struct run *run)
{
    for (size_t i = 0; i < run->service->node_count; i++)
        if (run->drift.nodes[i].halted_ms)
            return true;
    return false;
}

int drift_keeper_settle(struct run *run, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + SETTLE_MS;
    int rc = 0;

    do {
        run->drift.looked_ms = 0;
        rc = drift_keeper_tick(run, err);
    } while (!rc && is_in_doubt(run) && clock_mono_ms() < deadline_ms && clock_sleep_ms(50));
    return rc;
}
