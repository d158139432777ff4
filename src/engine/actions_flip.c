/* SPDX-License-Identifier: MIT */
/*
 * Expansions of the actions around the flip: verify, gate, approve, watch, the records' TTLs and
 * contents, cutover, settle.
 */
#include <stdio.h>

#include "base/clock.h"
#include "engine/compile_step.h"
#include "engine/request_keeper.h"

static const char *text_of(const struct compile *c, enum side side, enum sql_id id)
{
    const struct node_facts *primary = facts_primary(c->facts, side);
    const char *text = primary == NULL ? NULL : sql_for(id, &primary->version);

    return text == NULL ? sql_id_name(id) : text;
}

const char *close_text(const struct compile *c, enum side side)
{
    return text_of(c, side, SQL_READ_ONLY_SET);
}

const char *open_text(const struct compile *c, enum side side)
{
    return text_of(c, side, SQL_READ_ONLY_CLEAR);
}

void work_open(struct compile *c, struct plan_step *step, enum side side)
{
    add_work(c, step, LIST_DO, "side.open", json_pack("{s:s}", "side", side_name(side)), "%s on %s",
             open_text(c, side), primary_of(c, side)->name);
}

/* Closing for good. What undoes it gives back what was found. */
static void close_how(struct compile *c, struct plan_step *step, enum side side, bool has_undo,
                      json_t *args, const char *proof)
{
    add_work(c, step, LIST_DO, "fence.close", args, "%s on %s, bounded by lock_wait; %s",
             close_text(c, side), primary_of(c, side)->name, proof);
    op_hold_lock(c, step, side);
    if (has_undo)
        add_work(c, step, LIST_UNDO, "side.put_back", json_pack("{s:s}", "side", side_name(side)),
                 "%s on %s, unless it was closed before", open_text(c, side),
                 primary_of(c, side)->name);
    if (has_undo)
        op_let_back_in(c, step, side);
    set_verify(c, step, "side.is_closed", json_pack("{s:s}", "side", side_name(side)),
               "%s refuses writes", side_title(side));
}

void work_close(struct compile *c, struct plan_step *step, enum side side, bool has_undo,
                const char *proof)
{
    close_how(c, step, side, has_undo, json_pack("{s:s}", "side", side_name(side)), proof);
}

static json_t *text_list(const struct playbook_value *value)
{
    json_t *list = json_array();

    for (size_t i = 0; value && i < value->item_count; i++)
        (void)json_array_append_new(list, json_string(value->items[i]));
    return list;
}

static void join_items(const struct playbook_value *value, const char *none, char *out,
                       size_t out_size)
{
    size_t len = 0;

    (void)snprintf(out, out_size, "%s", none);
    for (size_t i = 0; value && i < value->item_count && len < out_size; i++)
        len += (size_t)snprintf(out + len, out_size - len, "%s%s", i ? ", " : "", value->items[i]);
}

void expand_verify(struct compile *c)
{
    const struct playbook_value *tables = playbook_step_value(c->step, "tables");
    struct plan_step *step = part(c, "compare", "Compare the data of both sides");
    char names[200];

    step->is_repeatable = true;
    join_items(tables, "every table", names, sizeof names);
    add_work(c, step, LIST_DO, "verify.run",
             json_pack("{s:o,s:I}", "tables", text_list(tables), "workers",
                       (json_int_t)playbook_step_number(c->step, "workers", 0)),
             "compare %s chunk by chunk at a common position while writes go on; any difference "
             "stops the run and names table, key and column",
             names);
}

void expand_gate(struct compile *c)
{
    const struct playbook_value *require = playbook_step_value(c->step, "require");
    int64_t timeout_ms = playbook_step_number(c->step, "timeout", 600000);
    struct plan_step *step = part(c, "gate", "Go or no-go");
    char conditions[300], human[32];

    step->is_repeatable = true;
    step->limit_ms = timeout_ms;
    join_items(require, "nothing", conditions, sizeof conditions);
    add_work(
        c, step, LIST_DO, "gate",
        json_pack("{s:o,s:I}", "require", text_list(require), "timeout_ms", (json_int_t)timeout_ms),
        "wait at most %s until all hold: %s; what cannot be evaluated does not hold",
        clock_human_ms(timeout_ms, human), conditions);
}

void expand_approve(struct compile *c)
{
    const struct playbook_value *ask = playbook_step_value(c->step, "ask");
    struct plan_step *step = part(c, "approve", "A person decides");

    int64_t people = playbook_step_number(c->step, "people", 1);

    step->is_repeatable = true;
    if (people < 1 || people > APPROVAL_CAP)
        compile_fail(c, ERR_CONFIG, "step %s: people is %lld; expected 1 to %d", c->step->name,
                     (long long)people, APPROVAL_CAP);
    json_t *args = json_pack("{s:s}", "ask", ask ? ask->text : "Go on?");
    if (people == 1) {
        add_work(c, step, LIST_DO, "approve", args, "ask: %s", ask ? ask->text : "Go on?");
        return;
    }
    (void)json_object_set_new(args, "people", json_integer((json_int_t)people));
    add_work(c, step, LIST_DO, "approve", args, "ask until %lld people have said yes: %s",
             (long long)people, ask ? ask->text : "Go on?");
}

void expand_watch(struct compile *c)
{
    const struct playbook_value *triggers = playbook_step_value(c->step, "rollback_if");
    int64_t for_ms = playbook_step_number(c->step, "for", 0);
    struct plan_step *step = part(c, "watch", "Watch both sides");
    char conditions[300], human[32];

    step->is_repeatable = true;
    join_items(triggers, "nothing triggers it", conditions, sizeof conditions);
    add_work(
        c, step, LIST_DO, "watch",
        json_pack("{s:I,s:o}", "for_ms", (json_int_t)for_ms, "rollback_if", text_list(triggers)),
        "watch lag, links and conflicts for %s; roll back if: %s", clock_human_ms(for_ms, human),
        conditions);
}

/* --- records ---------------------------------------------------------------------------------- */

static void lower_one(struct compile *c, struct planned_record *record, void *context)
{
    unsigned ttl_s = *(const unsigned *)context;

    if (record->now.is_proxied) {
        plan_warn(c,
                  "%s is proxied: its TTL is the provider's, and a flip takes effect at the "
                  "edge within seconds",
                  record->now.name);
        return;
    }
    if (record->now.ttl_s != 1 && record->now.ttl_s <= ttl_s)
        return; /* low already; whether the old TTL has run out is asked before the flip */

    struct dns_record before = record->now, after = record->now;
    struct planned_record lowered = *record;
    after.ttl_s = ttl_s;
    struct plan_step *step =
        part(c, "lower-ttl", "TTL of %s: %u s becomes %u s", before.name, before.ttl_s, ttl_s);
    add_dns(c, step, LIST_DO, record, &after);
    lowered.now = after;
    add_dns(c, step, LIST_UNDO, &lowered, &before);
}

void expand_lower_ttl(struct compile *c)
{
    unsigned ttl_s = (unsigned)playbook_step_number(c->step, "ttl", 60);

    if (ttl_s < c->service->dns.min_ttl_s) {
        compile_fail(c, ERR_CONFIG, "ttl = %u is below what the provider's plan allows (%u s)",
                     ttl_s, c->service->dns.min_ttl_s);
        return;
    }
    each_record(c, lower_one, &ttl_s);

    struct plan_step *step = part(c, "old-ttl", "Wait until resolvers have forgotten the old TTL");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "dns.wait_old_ttl", NULL,
             "wait until every lowered record's old TTL has run out since it was lowered; only "
             "--skip-ttl-wait skips it");
}

static void flip_one(struct compile *c, struct planned_record *record, void *context)
{
    enum side to = *(const enum side *)context;
    struct dns_record after = record->now;

    (void)snprintf(after.content, sizeof after.content, "%s", record->facts->record->content[to]);
    struct plan_step *step =
        part(c, "flip", "Flip %s to %s (%s)", after.name, side_title(to), after.content);
    add_dns(c, step, LIST_DO, record, &after);
}

static json_t *record_names(struct compile *c)
{
    json_t *names = json_array();
    const struct playbook_value *wanted = playbook_step_value(c->step, "records");

    for (size_t i = 0; wanted && i < wanted->item_count; i++)
        (void)json_array_append_new(names, json_string(wanted->items[i]));
    return names;
}

void parts_flip(struct compile *c, enum side to)
{
    if (c->record_count == 0)
        return;
    each_record(c, flip_one, &to);

    struct plan_step *step = part(c, "converge", "Ask every DNS server until all agree");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "dns.converge",
             json_pack("{s:s,s:o}", "to", side_name(to), "records", record_names(c)),
             "ask the zone's authoritative servers, then the resolvers, until all give %s's "
             "address; for proxied names only that they answer",
             side_title(to));
}

void expand_flip(struct compile *c)
{
    if (c->record_count == 0)
        compile_fail(c, ERR_REFUSED, "the service has no DNS records to flip");
    size_t first = c->plan->step_count;
    parts_flip(c, c->step->join.to);
    if (!c->rc && c->plan->step_count > first)
        c->plan->steps[first].commits = true;
}

/* --- cutover ---------------------------------------------------------------------------------- */

struct dns_cost {
    unsigned worst_ttl_s, direct_count, proxied_count;
    char worst_name[256];
};

static void add_cost(struct compile *c, struct planned_record *record, void *context)
{
    struct dns_cost *cost = context;
    unsigned ttl_s = record->now.ttl_s == 1 ? 300 : record->now.ttl_s; /* 1 is "automatic" */

    (void)c;
    if (record->now.is_proxied) {
        cost->proxied_count++;
        return;
    }
    cost->direct_count++;
    if (ttl_s >= cost->worst_ttl_s) {
        cost->worst_ttl_s = ttl_s;
        (void)snprintf(cost->worst_name, sizeof cost->worst_name, "%s", record->now.name);
    }
}

/* What no budget bounds is told before anybody says yes. */
static void warn_fenced_cost(struct compile *c, const struct dns_cost *cost)
{
    if (cost->direct_count)
        plan_warn(c,
                  "fenced: users of the %u DNS-only name(s) are refused writes until their "
                  "resolver forgets the old answer, at most %u s (%s); the budget does not bound "
                  "this",
                  cost->direct_count, cost->worst_ttl_s, cost->worst_name);
    if (cost->proxied_count)
        plan_warn(c,
                  "fenced: users of the %u proxied name(s) are refused writes only until the "
                  "edge follows the flip, usually within seconds",
                  cost->proxied_count);
}

static void add_expected(struct compile *c, struct planned_record *record, void *context)
{
    (void)c;
    (void)json_array_append_new((json_t *)context, record_json(&record->now));
}

void part_check_records(struct compile *c)
{
    json_t *expected;
    struct plan_step *step;

    if (!c->record_count)
        return;
    expected = json_array();
    each_record(c, add_expected, expected);
    step = part(c, "check-records", "Nobody else has changed the records");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "dns.check_records", json_pack("{s:o}", "records", expected),
             "read every record that will be flipped, and send one its own value; refuse when one "
             "is not what this plan was made for, or this token may not change it");
}

static int has_pulses(const struct compile *c)
{
    return (int)playbook_step_number(c->step, "pulses", 1);
}

static void parts_before(struct compile *c, enum side from, bool is_shared,
                         const struct dns_cost *cost)
{
    struct plan_step *step;

    if (from == SIDE_OLD) {
        step = part(c, "note-schema", "Remember how NEW's tables are made");
        step->is_repeatable = true;
        add_work(c, step, LIST_DO, "schema.note", NULL,
                 "keep a hash of each table's definition, so that \"status\" can tell a change "
                 "that may end the way back");
    }
    step = part(c, "check-links", "Both links run and keep up");
    step->is_repeatable = true;
    bool may_pulse = !is_shared && has_pulses(c);
    add_work(c, step, LIST_DO, "link.check",
             may_pulse ? json_pack("{s:s}", "pulses_to", side_name(side_other(from))) : NULL,
             "both links receive and apply; each replica reaches its source's position of now "
             "within the lag limit%s",
             may_pulse ? ", where pulses may help within the drain limit" : "");

    step = part(c, "check-replicas", "%s's replicas follow their primary",
                side_title(side_other(from)));
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "replicas.check",
             json_pack("{s:s,s:b}", "side", side_name(side_other(from)), "warn_only",
                       (int)(from == SIDE_NEW)),
             from == SIDE_NEW ? "say which replica of OLD does not follow; the way back does not "
                                "wait for it"
                              : "every replica of NEW receives, applies, and reaches its primary's "
                                "position of now");

    part_check_records(c);
    /* A shared way back is not held up: nobody is refused a write while names converge. */
    if (c->record_count && !(is_shared && from == SIDE_NEW)) {
        step = part(c, "check-ttl", "The old TTL has run out everywhere");
        step->is_repeatable = true;
        add_work(c, step, LIST_DO, "dns.check_old_ttl", NULL,
                 "refuse while a resolver may still hold an answer from before the TTL was "
                 "lowered");
    }
    if (is_shared) {
        step = part(c, "check-stagger", "No session can collide on AUTO_INCREMENT");
        step->is_repeatable = true;
        add_work(c, step, LIST_DO, "sessions.check", NULL,
                 "increments are staggered in new sessions on both sides and no application "
                 "session is older than that");
    }
    step = part(c, "probe", "A row travels both ways");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "link.probe", NULL,
             "write a row into cutover.probe on each side and see it on the other");

    if (!is_shared) {
        step = part(c, "ready", "Nothing but the closing itself is left to do");
        step->is_repeatable = true;
        add_work(c, step, LIST_DO, "fence.ready",
                 json_pack("{s:s,s:b}", "from", side_name(from), "pulses", has_pulses(c)),
                 "open what closing %s needs; refuse while a transaction is prepared by XA; prove "
                 "what was written since the comparison, up to now, for which commits may be held "
                 "in pulses of at most 40 ms",
                 primary_of(c, from)->name);
    }

    step = part(c, "forecast", "Forecast the write pause");
    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "forecast",
             json_pack("{s:s,s:b,s:b,s:I,s:I}", "from", side_name(from), "shared", (int)is_shared,
                       "pulses", has_pulses(c), "budget_ms",
                       (json_int_t)playbook_step_number(c->step, "budget", 2000), "ttl_ms",
                       (json_int_t)(is_shared ? 0 : cost->worst_ttl_s * 1000)),
             is_shared ? "shared mode: both sides stay open, writes are not paused"
                       : "measure what is in flight and what the proofs take; over budget means "
                         "refuse before anything is touched");
}

static void parts_fence(struct compile *c, enum side from)
{
    enum side to = side_other(from);

    struct plan_step *step = part(c, "close-from", "Close %s and prove it", side_title(from));
    close_how(c, step, from, true,
              json_pack("{s:s,s:b,s:b,s:I}", "side", side_name(from), "gate", 1, "pulses",
                        has_pulses(c), "budget_ms",
                        (json_int_t)playbook_step_number(c->step, "budget", 2000)),
              "not before the other side is right behind, for which commits may be held in pulses "
              "of at most 40 ms; end sessions that still hold writes; no writing transaction "
              "left; position read twice and equal");

    step = part(c, "drain", "%s applies the last transactions of %s", side_title(to),
                side_title(from));
    add_work(c, step, LIST_DO, "drain",
             json_pack("{s:s,s:I}", "from", side_name(from), "budget_ms",
                       (json_int_t)playbook_step_number(c->step, "budget", 2000)),
             "read the position of %s only now; wait until %s has applied all of it, at most the "
             "drain limit",
             primary_of(c, from)->name, primary_of(c, to)->name);

    step = part(c, "compare-tail", "Every row is the same: the certificate");
    add_work(c, step, LIST_DO, "verify.tail",
             json_pack("{s:s,s:I}", "from", side_name(from), "budget_ms",
                       (json_int_t)playbook_step_number(c->step, "budget", 2000)),
             "compare what was written since the full comparison, while both sides stand still; "
             "where that is not known, the last rows by primary key of every table");

    step = part(c, "probe-back", "The way back runs");
    add_work(c, step, LIST_DO, "link.probe_back", json_pack("{s:s}", "to", side_name(to)),
             "the link from %s to %s, which has carried a row a moment ago, receives and applies; "
             "when that was more than 10 s ago, another row",
             side_title(to), side_title(from));
}

/* A privileged job that writes now and then can slip through a proof that lasts milliseconds. */
static void part_still_closed(struct compile *c, enum side from)
{
    struct plan_step *step = part(c, "still-closed", "%s has not moved since", side_title(from));

    add_work(c, step, LIST_DO, "fence.still", json_pack("{s:s}", "side", side_name(from)),
             "%s is closed and has committed nothing of its own since its position was read",
             primary_of(c, from)->name);
    op_hold_proven(c, step, from);
}

/* Nobody is refused a write, so it is as of a moment just before. */
static void part_certificate(struct compile *c, enum side from)
{
    struct plan_step *step = part(c, "certify", "Every row is the same: the certificate");

    step->is_repeatable = true;
    add_work(c, step, LIST_DO, "verify.tail",
             json_pack("{s:s,s:b}", "from", side_name(from), "shared", 1),
             "compare what was written since the full comparison, up to a position of now; "
             "nothing is compared where that is not known");
}

static void part_open(struct compile *c, enum side to, bool is_shared)
{
    struct plan_step *step = part(c, "open-to", "Open %s: the commit step", side_title(to));

    step->commits = true;
    work_open(c, step, to);
    if (!is_shared)
        op_let_in(c, step, to);
    set_verify(c, step, "side.is_open", json_pack("{s:s}", "side", side_name(to)),
               "%s accepts writes", side_title(to));
}

static void parts_after_open(struct compile *c, enum side from)
{
    enum side to = side_other(from);

    part_let_in(c, to);
    struct plan_step *step =
        part(c, "move-events", "Scheduled events fire on %s only", side_title(to));
    add_work(c, step, LIST_DO, "events.move", json_pack("{s:s}", "to", side_name(to)),
             "ALTER EVENT ... DISABLE ON REPLICA on %s, then ENABLE on %s, unlogged, each with the "
             "definer it has",
             primary_of(c, from)->name, primary_of(c, to)->name);
}

void expand_cutover(struct compile *c)
{
    enum side from = c->step->join.from, to = c->step->join.to;
    bool is_shared = c->step->join.is_shared;
    struct dns_cost cost = {0};

    each_record(c, add_cost, &cost);
    if (!is_shared) {
        warn_fenced_cost(c, &cost);
        c->plan->forecast_pause_ms = playbook_step_number(c->step, "budget", 2000);
    }
    parts_before(c, from, is_shared, &cost);
    if (!is_shared)
        part_hold(c, from, true);
    size_t first = c->plan->step_count;
    if (is_shared) {
        part_certificate(c, from);
    } else {
        parts_fence(c, from);
        part_still_closed(c, from);
    }
    part_open(c, to, is_shared);
    for (size_t i = first; !is_shared && i < c->plan->step_count; i++)
        c->plan->steps[i].is_breath = true;
    parts_after_open(c, from);
    parts_flip(c, to);
}

static void restore_one(struct compile *c, struct planned_record *record, void *context)
{
    struct dns_record after = record->now;

    (void)context;
    if (record->now.is_proxied || record->original_ttl_s == record->now.ttl_s)
        return;
    after.ttl_s = record->original_ttl_s;
    struct plan_step *step = part(c, "restore-ttl", "TTL of %s: %u s becomes %u s again",
                                  after.name, record->now.ttl_s, after.ttl_s);
    add_dns(c, step, LIST_DO, record, &after);
}

void expand_settle(struct compile *c)
{
    enum side stays = c->step->join.to, leaves = side_other(stays);
    int64_t timeout_ms = playbook_step_number(c->step, "timeout", c->service->limits.stragglers_ms);
    char human[32];

    struct plan_step *step = part(c, "chase", "Wait until nobody writes on %s", side_title(leaves));
    step->is_repeatable = true;
    step->limit_ms = timeout_ms;
    add_work(
        c, step, LIST_DO, "stragglers.wait",
        json_pack("{s:s,s:I}", "side", side_name(leaves), "timeout_ms", (json_int_t)timeout_ms),
        "show who still talks to %s, by user and host, until no application transaction has "
        "been committed there for a while, at most %s",
        side_title(leaves), clock_human_ms(timeout_ms, human));

    part_hold(c, leaves, c->situation == SITUATION_SHARED);
    step = part(c, "close-from", "Close %s and prove it", side_title(leaves));
    work_close(c, step, leaves, c->situation == SITUATION_SHARED,
               "prove that no write lands after it");

    step = part(c, "drain", "%s applies the last transactions of %s", side_title(stays),
                side_title(leaves));
    add_work(c, step, LIST_DO, "drain", json_pack("{s:s}", "from", side_name(leaves)),
             "read the position of %s; wait until %s has applied all of it",
             primary_of(c, leaves)->name, primary_of(c, stays)->name);
    op_hold_proven(c, step, leaves);

    each_record(c, restore_one, NULL);
}
