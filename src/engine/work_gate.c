/* SPDX-License-Identifier: MIT */
/* Conditions and people: gate, approve, watch. What is not known does not hold. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/probe.h"
#include "cluster/survey.h"
#include "engine/conflict_keeper.h"
#include "engine/gate_blockers.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"

#define REQUIREMENT_CAP 16
#define POLL_MS 200
#define TELL_INTERVAL_MS 1000
#define FACTS_INTERVAL_MS 1000
#define PROBE_TIMEOUT_MS 3000
#define AGENTS_INTERVAL_MS 10000 /* they do not come and go */
/* How long a lag has to be unknown before a watch takes the users back for it. */
#define UNKNOWN_LASTS_MS 1000
_Static_assert(UNKNOWN_LASTS_MS >= 2 * SAMPLER_INTERVAL_MS && UNKNOWN_LASTS_MS >= 2 * POLL_MS,
               "no single look decides");

struct condition_set {
    struct requirement requirement[REQUIREMENT_CAP];
    struct requirement_state state[REQUIREMENT_CAP];
    size_t count;
    struct gate_values values;
    struct {
        char live[256];
        bool is_met;
    } found[REQUIREMENT_CAP]; /* as last evaluated */
    int64_t told_ms;          /* when others were told */
    unsigned prepared_xa[SIDE_COUNT];
    int64_t facts_at_ms, agents_at_ms; /* when the slower values were read */
};

static int condition_set_init(struct condition_set *set, const json_t *texts, struct err *err)
{
    *set = (struct condition_set){.facts_at_ms = -FACTS_INTERVAL_MS,
                                  .told_ms = -TELL_INTERVAL_MS,
                                  .agents_at_ms = -AGENTS_INTERVAL_MS};
    if (json_array_size(texts) > REQUIREMENT_CAP)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "more than %d requirements", REQUIREMENT_CAP);
    for (size_t i = 0; i < json_array_size(texts); i++) {
        int rc = requirement_parse(json_string_value(json_array_get(texts, i)),
                                   &set->requirement[i], err);
        if (rc)
            return rc;
        requirement_state_init(&set->state[i]);
        set->count++;
    }
    return 0;
}

static void know(struct condition_set *set, enum gate_metric metric, int64_t value)
{
    set->values.metric[metric] = (struct gate_value){.is_known = true, .value = value};
}

/* --- values ----------------------------------------------------------------------------------- */

static const struct node_sample *primary_sample(const struct lag_snapshot *now, enum side side)
{
    for (size_t i = 0; i < now->node_count; i++)
        if (now->nodes[i].is_primary && now->nodes[i].side == side)
            return &now->nodes[i];
    return NULL;
}

/*
 * Lag of the link that ends at `side`: by heartbeat when its source is open, else by what it has
 * received.
 */
static int64_t link_lag(const struct lag_snapshot *now, enum side side)
{
    const struct node_sample *replica = primary_sample(now, side);
    const struct node_sample *source = primary_sample(now, side_other(side));

    if (!replica || !source || !replica->is_link_running || !source->is_reached)
        return LAG_INFINITE;
    return source->is_open == TRI_YES ? now->link_lag_ms[side] : replica->receive_lag_ms;
}

static void collect_samples(struct run *run, struct condition_set *set)
{
    struct lag_snapshot now;
    int64_t worst_ms = -1;
    bool all_run = true;

    sampler_read(run->sampler, &now);
    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_sample *replica = primary_sample(&now, side);
        if (!replica || !replica->is_reached)
            return; /* nothing is known: not even which links there are */
        if (!replica->has_link)
            continue;
        int64_t lag_ms = link_lag(&now, side);
        worst_ms = lag_ms > worst_ms ? lag_ms : worst_ms;
        all_run = all_run && replica->is_link_running;
    }
    if (worst_ms >= 0) {
        know(set, GATE_LAG, worst_ms);
        know(set, GATE_LINKS, all_run);
    }
    int64_t conflicts;
    if (conflict_keeper_count(run, &conflicts) || now.conflicts > 0)
        know(set, GATE_CONFLICTS, conflicts + now.conflicts);
}

static int collect_verified(struct run *run, struct condition_set *set, struct err *err)
{
    struct verified_sum sum;
    int rc = journal_verified_sum(run->journal, run->service->name, &sum, err);

    if (rc || !sum.is_complete || sum.tables == 0)
        return rc;
    int64_t verified = (int64_t)sum.tables_equal * 10000 / sum.tables;
    int64_t age_ms = (clock_wall_us() - sum.oldest_us) / 1000;
    /* Kept true since: as old as the oldest row that was written to and not compared again yet. */
    struct proof_status proof;
    char problem[256];
    bool is_kept = proof_keeper_look(run, run->proof_source, &proof, problem);
    if (is_kept && proof.is_covering && proof.behind_ms >= 0)
        age_ms = proof.age_ms + proof.behind_ms;
    if (is_kept && proof.differences && verified == 10000)
        verified = 9999;
    know(set, GATE_VERIFIED, verified);
    know(set, GATE_VERIFIED_AGE, age_ms);
    return 0;
}

/*
 * Blockers: transactions that would hold up a fence, and prepared XA. Stragglers: application
 * sessions on a closed side.
 */
static void count_facts(const struct facts *facts, struct condition_set *set)
{
    int64_t blockers = 0, stragglers = 0;

    for (enum side side = SIDE_OLD; side <= SIDE_NEW; side++) {
        const struct node_facts *primary = facts_primary(facts, side);
        if (!primary || primary->is_reached != TRI_YES)
            return;
        set->prepared_xa[side] = primary->prepared_xa;
        blockers +=
            primary->prepared_xa + (primary->oldest_transaction_s > GATE_LONG_TRANSACTION_S);
        if (facts_is_open(facts, side) == TRI_NO)
            stragglers += primary->app_sessions;
    }
    know(set, GATE_BLOCKERS, blockers);
    know(set, GATE_STRAGGLERS, stragglers);
}

static bool is_asked_for(const struct condition_set *set, enum gate_metric metric)
{
    for (size_t i = 0; i < set->count; i++)
        if (set->requirement[i].metric == metric)
            return true;
    return false;
}

/* Only where a requirement names them: it costs a look at all accounts and sessions. */
static int collect_agents(struct run *run, struct condition_set *set,
                          const struct gate_value *before, struct err *err)
{
    CLEANUP(survey_release) struct survey survey = {0};
    struct facts now = {.wall_us = clock_wall_us()};
    struct err unknown = {0};
    size_t acting = 0;

    if (!is_asked_for(set, GATE_AGENTS))
        return 0;
    if (clock_mono_ms() - set->agents_at_ms < AGENTS_INTERVAL_MS) {
        set->values.metric[GATE_AGENTS] = *before;
        return 0;
    }
    int rc = survey_agents(run->service, &survey, err);
    if (rc)
        return rc;
    if (!preflight_agents(run->service, &now, &survey, &acting, &unknown)) {
        know(set, GATE_AGENTS, (int64_t)acting);
        set->agents_at_ms = clock_mono_ms();
    }
    return 0;
}

static int collect(struct run *run, struct condition_set *set, struct err *err)
{
    struct gate_values before = set->values;
    int64_t now_ms = clock_mono_ms();

    memset(&set->values, 0, sizeof set->values);
    collect_samples(run, set);
    int rc = collect_verified(run, set, err);
    if (!rc)
        rc = collect_agents(run, set, &before.metric[GATE_AGENTS], err);
    if (rc)
        return rc;
    if (now_ms - set->facts_at_ms < FACTS_INTERVAL_MS) {
        set->values.metric[GATE_BLOCKERS] = before.metric[GATE_BLOCKERS];
        set->values.metric[GATE_STRAGGLERS] = before.metric[GATE_STRAGGLERS];
        return 0;
    }
    struct facts facts = {0};
    rc = probe_nodes(run->service, PROBE_TIMEOUT_MS, &facts, err);
    if (!rc)
        count_facts(&facts, set);
    facts_release(&facts);
    set->facts_at_ms = now_ms;
    return rc;
}

/* --- gate ------------------------------------------------------------------------------------- */

/*
 * Returns how many hold; `out` lists the live value of each, those that do not hold first in
 * brackets.
 */
static size_t evaluate(struct condition_set *set, char *out, size_t out_size)
{
    size_t met = 0, len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < set->count; i++) {
        char *live = set->found[i].live;
        bool holds = requirement_met(&set->requirement[i], &set->values, clock_mono_ms(),
                                     &set->state[i], live);
        set->found[i].is_met = holds;
        met += holds;
        if (len < out_size)
            len += (size_t)snprintf(out + len, out_size - len, "%s%s%s", i ? "; " : "",
                                    holds ? "" : "NOT YET ", live);
    }
    return met;
}

/* For those who watch: once a second, and at its end. */
static int tell_gate(struct run *run, const struct plan_step *step, struct condition_set *set,
                     bool is_over, struct err *err)
{
    json_t *list = json_array();

    if (!run->desk.is_open || (!is_over && clock_mono_ms() - set->told_ms < TELL_INTERVAL_MS)) {
        json_decref(list);
        return 0;
    }
    set->told_ms = clock_mono_ms();
    for (size_t i = 0; i < set->count; i++)
        (void)json_array_append_new(
            list, json_pack("{s:s,s:b,s:s}", "text", set->requirement[i].text, "is_met",
                            (int)set->found[i].is_met, "live", set->found[i].live));
    const struct gate_value *blockers = &set->values.metric[GATE_BLOCKERS];
    bool are_some = is_asked_for(set, GATE_BLOCKERS) && blockers->is_known && blockers->value > 0;
    CLEANUP(json_release)
    json_t *gate = json_pack("{s:s,s:s,s:I,s:o,s:o}", "step", step->name, "id", step->id, "at_us",
                             (json_int_t)clock_wall_us(), "requirements", list, "blockers",
                             are_some ? gate_blockers(run, set->prepared_xa) : json_array());
    return journal_run_word_put(run->journal, run->id, RUN_GATE, gate, err);
}

WORK(work_gate)
{
    struct condition_set set;
    char live[600];
    int64_t deadline_ms = clock_mono_ms() + json_int_or(args, "timeout_ms", 0);

    int rc = condition_set_init(&set, json_object_get(args, "require"), err);
    while (!rc) {
        rc = collect(run, &set, err);
        if (rc)
            return rc;
        bool is_open = evaluate(&set, live, sizeof live) == set.count;
        rc = tell_gate(run, step, &set, is_open, err);
        if (rc)
            return rc;
        if (is_open)
            return run_note(run, "gate.open", err, "go: %s", live);
        if (clock_mono_ms() > deadline_ms) {
            err_set(err, ERR_REFUSED, EFFECT_NONE, "no go: %s", live);
            return err_hint(err, "nothing was changed by the gate; when the cause is mended: "
                                 "\"cutover run --resume\"");
        }
        rc = run_tick(run, err, "gate: %s", live);
        if (!rc)
            rc = run_pause(run, POLL_MS, err);
    }
    return rc;
}

/* --- people ----------------------------------------------------------------------------------- */

/* 1, 0, negative, or RUN_UI_OPEN: ask again. */
static int ask_here(struct run *run, const struct approval *approval, struct err *err)
{
    const struct run_ui *ui = &run->options->ui;

    if (ui->ask_look && run->desk.is_open)
        return ui->ask_look(ui->context, approval->question, POLL_MS, err);
    if (ui->ask)
        return ui->ask(ui->context, approval->question, err);
    err_set(err, ERR_REFUSED, EFFECT_NONE, "nobody can be asked: %s", approval->question);
    return err_hint(err, "run it on a terminal, or answer beforehand with --yes");
}

/* Somebody at this terminal may answer; *is_here: still. */
static int look_here(struct run *run, struct approval *approval, bool *is_here, struct err *err)
{
    bool others_may =
        run->desk.is_open && (approval->people > 1 || run->options->is_waiting_for_them);
    int answer = ask_here(run, approval, err);

    if (answer == RUN_UI_OPEN)
        return 0;
    if (answer == 0)
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "a person said no to: %s",
                       approval->question);
    *is_here = false; /* each answers once */
    if (answer < 0) {
        if (answer != ERR_REFUSED || !others_may)
            return answer;
        *err = (struct err){0}; /* no terminal: then the others */
        return 0;
    }
    int rc = approval_add(run, approval, run->options->person, "terminal", err);
    if (rc != ERR_REFUSED)
        return rc;
    log_warn("%s, continuing to wait", err->msg);
    *err = (struct err){0};
    return 0;
}

static int gather(struct run *run, struct approval *approval, struct err *err)
{
    bool is_here = !run->options->is_yes;
    int rc = 0;

    while (!rc && approval->count < approval->people) {
        if (is_here)
            rc = look_here(run, approval, &is_here, err);
        if (rc || approval->count >= approval->people)
            break;
        if (!is_here && !run->desk.is_open)
            return err_set(err, ERR_REFUSED, EFFECT_NONE,
                           "it takes %u people, and only one can be asked here", approval->people);
        rc = is_here ? run_tick(run, err, "%s", "")
                     : run_tick(run, err,
                                "waits for %u more to approve: the dashboard, or \"cutover ask "
                                "approve %s\"",
                                approval->people - approval->count, approval->step);
        if (!rc && !is_here)
            rc = run_pause(run, POLL_MS, err);
    }
    return rc;
}

static int note_approved(struct run *run, const struct approval *approval, struct err *err)
{
    char names[400] = "";
    size_t len = 0;

    for (unsigned i = 0; i < approval->count && len < sizeof names; i++)
        len += (size_t)snprintf(names + len, sizeof names - len, "%s%s (%s)", i ? ", " : "",
                                approval->by[i].who, approval->by[i].via);
    return run_note(run, "approve.yes", err, "%s - yes, says %s", approval->question, names);
}

WORK(work_approve)
{
    const struct run_options *options = run->options;
    struct approval approval = {.step = step->name,
                                .id = step->id,
                                .question = json_text_or(args, "ask", "Go on?"),
                                .people = (unsigned)json_int_or(args, "people", 1)};

    if (options->is_yes && (approval.people == 1 || !run->desk.is_open))
        return run_note(run, "approve.yes", err, "%s - yes, by --yes of %s", approval.question,
                        options->holder);
    int rc = options->is_yes ? approval_add(run, &approval, options->person, "--yes", err) : 0;
    if (!rc)
        rc = request_keeper_ask(run, &approval, err);
    if (!rc)
        rc = gather(run, &approval, err);
    request_keeper_asked(run);
    return rc ? rc : note_approved(run, &approval, err);
}

/* --- watch ------------------------------------------------------------------------------------ */

static int trip(struct run *run, const struct requirement *trigger, const char *live,
                struct err *err)
{
    int rc = drift_keeper_settle(run, err); /* what somebody else did is no reason to go back */
    if (!rc)
        rc = run_note(run, "watch.tripped", err, "rollback_if \"%s\" holds: %s", trigger->text,
                      live);

    if (rc)
        return rc;
    run->is_rollback_wanted = true;
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "watch: \"%s\" holds (%s)", trigger->text, live);
}

WORK(work_watch)
{
    struct condition_set set;
    struct lag_doubt doubt = {0};
    struct gate_value *lag = &set.values.metric[GATE_LAG];
    int64_t deadline_ms = clock_mono_ms() + json_int_or(args, "for_ms", 0);

    (void)step;
    int rc = condition_set_init(&set, json_object_get(args, "rollback_if"), err);
    while (!rc) {
        char live[256], left[32], lag_now[32];
        rc = collect(run, &set, err);
        lag_text(lag->is_known ? lag->value : LAG_INFINITE, lag_now);
        lag_doubt_judge(&doubt, clock_mono_ms(), UNKNOWN_LASTS_MS, lag);
        for (size_t i = 0; i < set.count && !rc; i++)
            if (requirement_met(&set.requirement[i], &set.values, clock_mono_ms(), &set.state[i],
                                live))
                return trip(run, &set.requirement[i], live, err);
        int64_t now_ms = clock_mono_ms();
        if (!rc && now_ms >= deadline_ms)
            return run_note(run, "watch.done", err, "nothing tripped the watch");
        if (!rc)
            rc = run_tick(run, err, "watching: lag %s, %s left", lag_now,
                          clock_human_ms(deadline_ms - now_ms, left));
        if (!rc)
            rc = run_pause(run, POLL_MS, err);
    }
    return rc;
}
