/* SPDX-License-Identifier: MIT */
/* What is possible is asked of the same function that refuses; the words are made from the plan. */
#include "engine/request_offer.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define WORDS_SIZE 1200

struct offering {
    struct journal *journal;
    const char *service, *config_path;
    struct run_record run;
    struct plan plan;
    struct step_record *records;
    json_t *waits, *held;
    const char *step;              /* current; "" when none has begun */
    const struct plan_step *after; /* the first part of the step that comes next; NULL: none */
};

static void release(struct offering *o)
{
    plan_release(&o->plan);
    free(o->records);
    json_decref(o->waits);
    json_decref(o->held);
}

static const struct plan_step *next_step(const struct offering *o)
{
    for (size_t i = 0; i < o->plan.step_count; i++)
        if (o->records[i].state != STEP_DONE && strcmp(o->plan.steps[i].name, o->step) != 0)
            return &o->plan.steps[i];
    return NULL;
}

static const char *current(const struct offering *o)
{
    const char *name = "";
    int64_t newest_us = 0;

    for (size_t i = 0; i < o->plan.step_count; i++)
        if (o->records[i].state != STEP_PENDING && o->records[i].started_us >= newest_us) {
            newest_us = o->records[i].started_us;
            name = o->plan.steps[i].name;
        }
    return name;
}

static int load(struct offering *o, struct err *err)
{
    int rc = journal_run_plan(o->journal, o->run.id, &o->plan, err);

    if (rc)
        return rc;
    o->records = calloc(o->plan.step_count + 1, sizeof *o->records);
    if (!o->records)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu steps", o->plan.step_count);
    rc = journal_steps(o->journal, o->run.id, o->records, o->plan.step_count, err);
    bool goes_on = o->run.state == RUN_RUNNING;
    if (!rc && goes_on)
        rc = journal_run_word_get(o->journal, o->run.id, RUN_WAITS, &o->waits, err);
    if (!rc && goes_on)
        rc = journal_run_word_get(o->journal, o->run.id, RUN_IS_HELD, &o->held, err);
    o->step = rc ? "" : current(o);
    o->after = rc ? NULL : next_step(o);
    return rc;
}

/* --- what will follow ------------------------------------------------------------------------- */

/* "step "cut-over": close ..., and open ...". */
static void say_next(const struct offering *o, char *out, size_t out_size)
{
    const struct action *action = o->after ? o->after->action : NULL;

    if (!o->after)
        (void)snprintf(out, out_size, "its end: no step is left");
    else
        (void)snprintf(
            out, out_size, "step \"%s\"%s%s%s", o->after->name, action ? ": " : "",
            action ? action->does : "",
            action && action->commits ? "; from then on there is no abort, only a rollback" : "");
}

static void say_approve(const struct offering *o, char out[WORDS_SIZE])
{
    char next[400], so_far[200] = "";
    const json_t *by, *approved = json_object_get(o->waits, "approved");
    long long people = json_int_or(o->waits, "people", 1);
    size_t i, len = 0;

    json_array_foreach(approved, i, by)
    {
        if (len < sizeof so_far)
            len += (size_t)snprintf(so_far + len, sizeof so_far - len, "%s%s", i ? ", " : "",
                                    json_text_or(by, "who", ""));
    }
    say_next(o, next, sizeof next);
    if (people <= 1)
        (void)snprintf(out, WORDS_SIZE, "You say yes to: %s The run then goes on with %s.",
                       json_text_or(o->waits, "question", ""), next);
    else
        (void)snprintf(out, WORDS_SIZE,
                       "You say yes to: %s It takes %lld people; so far: %s. With the last of "
                       "them the run goes on with %s.",
                       json_text_or(o->waits, "question", ""), people, *so_far ? so_far : "nobody",
                       next);
}

static void say_hold(const struct offering *o, char out[WORDS_SIZE])
{
    if (o->after)
        (void)snprintf(out, WORDS_SIZE,
                       "The run finishes step \"%s\" first, and waits before step \"%s\" until "
                       "somebody says go on. Nothing is undone, and users notice nothing.",
                       o->step, o->after->name);
    else
        (void)snprintf(out, WORDS_SIZE,
                       "The run is in its last step: it ends, and there is nothing to hold.");
}

static void say_go_on(const struct offering *o, char out[WORDS_SIZE])
{
    char next[400];

    say_next(o, next, sizeof next);
    if (o->held)
        (void)snprintf(out, WORDS_SIZE, "The run goes on with %s.", next);
    else
        (void)snprintf(out, WORDS_SIZE,
                       "The wish to hold is taken back: the run does not wait, and goes on with "
                       "%s.",
                       next);
}

static bool is_to_undo(const struct offering *o, size_t i)
{
    enum step_state state = o->records[i].state;

    return o->plan.steps[i].undo_count && state != STEP_PENDING && state != STEP_UNDONE;
}

/* Names of steps, the newest first, each once. */
static size_t list_undone(const struct offering *o, char *out, size_t out_size)
{
    const char *last = "";
    size_t count = 0, len = 0;

    out[0] = '\0';
    for (size_t i = o->plan.step_count; i-- > 0;) {
        if (!is_to_undo(o, i) || strcmp(last, o->plan.steps[i].name) == 0)
            continue;
        last = o->plan.steps[i].name;
        if (len < out_size)
            len += (size_t)snprintf(out + len, out_size - len, "%s%s", count ? ", " : "", last);
        count++;
    }
    return count;
}

static void say_abort(const struct offering *o, char out[WORDS_SIZE])
{
    char undone[400];
    size_t count = list_undone(o, undone, sizeof undone);

    (void)snprintf(
        out, WORDS_SIZE,
        "The run stops at the next safe place, as with Ctrl-C, and ends; %s%s. Users "
        "stay where they are. When the users have been moved before it can stop, it "
        "does not abort, and says so.",
        count ? "what it began is undone, the newest first: " : "nothing is to be undone", undone);
}

static void say_rollback(const struct offering *o, char out[WORDS_SIZE])
{
    (void)o;
    (void)snprintf(out, WORDS_SIZE,
                   "The run stops at the next safe place and ends. Then the users go back to where "
                   "they came from by a second cutover, as \"cutover rollback\" does, without "
                   "losing a write; if that is not possible now, it says why and changes nothing.");
}

static const struct {
    const char *title;
    void (*say)(const struct offering *o, char out[WORDS_SIZE]);
    const char *command, *command_after; /* while a run goes on; and when none does */
} kinds[REQUEST_WHAT_COUNT] = {
    [REQUEST_APPROVE] = {"Approve", say_approve, "ask approve", ""},
    [REQUEST_HOLD] = {"Hold", say_hold, "ask hold", ""},
    [REQUEST_GO_ON] = {"Go on", say_go_on, "ask go-on", "run --resume"},
    [REQUEST_ABORT] = {"Abort", say_abort, "ask abort", "abort"},
    [REQUEST_ROLLBACK] = {"Roll back", say_rollback, "ask rollback", "rollback"},
};

static const char *command_of(const struct offering *o, enum request_what what)
{
    bool is_over = o->run.state == RUN_ABORTED || o->run.state == RUN_DONE;

    if (o->run.state == RUN_RUNNING)
        return kinds[what].command;
    if (what == REQUEST_ROLLBACK ? !o->run.is_committed : is_over)
        return "";
    if (what == REQUEST_ABORT && o->run.is_committed)
        return "";
    return kinds[what].command_after;
}

static json_t *offer(const struct offering *o, enum request_what what)
{
    const char *step = what == REQUEST_APPROVE ? json_text_or(o->waits, "step", "") : "";
    const struct request_ask ask = {
        .run_id = o->run.id, .step = step, .what = what, .who = "", .via = ""};
    const char *words = command_of(o, what);
    char follows[WORDS_SIZE] = "", command[PATH_MAX + 64] = "";
    struct run_record run;
    struct err why = {0};

    int rc = journal_request_check(o->journal, o->service, &ask, &run, &why);
    if (!rc && what == REQUEST_HOLD && !o->after)
        rc = err_set(&why, ERR_REFUSED, EFFECT_NONE, "the run is in its last step");
    if (!rc)
        kinds[what].say(o, follows);
    if (*words)
        (void)snprintf(command, sizeof command, "cutover -c %s %s%s%s", o->config_path, words,
                       *step ? " " : "", step);
    return json_pack("{s:s,s:s,s:s,s:b,s:s,s:s,s:s}", "what", request_what_name(what), "step", step,
                     "title", kinds[what].title, "is_possible", rc == 0, "why_not",
                     rc ? why.msg : "", "follows", follows, "command", command);
}

/* --- all of it -------------------------------------------------------------------------------- */

static json_t *request_json(const struct request *r)
{
    return json_pack("{s:I,s:s,s:s,s:s,s:s,s:I,s:o,s:s,s:s}", "id", (json_int_t)r->id, "what",
                     request_what_name(r->what), "step", r->step, "who", r->who, "via", r->via,
                     "asked_us", (json_int_t)r->asked_us, "ended_us",
                     r->ended_us ? json_integer((json_int_t)r->ended_us) : json_null(), "state",
                     request_state_name(r->state), "answer", r->answer);
}

static int add_requests(struct offering *o, json_t *page, struct err *err)
{
    struct request list[REQUEST_LIST_CAP];
    json_t *rows = json_array();
    size_t count = 0;

    int rc = journal_request_list(o->journal, o->run.id, false, list, &count, err);
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(rows, request_json(&list[i]));
    (void)json_object_set_new(page, "requests", rows);
    return rc;
}

static int add_word(struct offering *o, enum run_word word, const char *name, json_t *page,
                    struct err *err)
{
    json_t *value = NULL;
    int rc = o->run.state == RUN_RUNNING
                 ? journal_run_word_get(o->journal, o->run.id, word, &value, err)
                 : 0;

    (void)json_object_set_new(page, name, value ? value : json_null());
    return rc;
}

/* What a gate saw when it opened stays to be looked at; it is not how things are any more. */
static void mark_gate(const struct offering *o, json_t *gate)
{
    bool is_over = false;

    for (size_t i = 0; i < o->plan.step_count; i++)
        if (strcmp(o->plan.steps[i].id, json_text_or(gate, "id", "")) == 0)
            is_over = o->records[i].state == STEP_DONE;
    if (json_is_object(gate))
        (void)json_object_set_new(gate, "is_over", json_boolean(is_over));
}

static int fill(struct offering *o, json_t *page, struct err *err)
{
    json_t *offers = json_array();

    (void)json_object_set_new(page, "run", json_string(o->run.id));
    (void)json_object_set_new(page, "offers", offers);
    int rc = load(o, err);
    if (rc)
        return rc;
    (void)json_object_set(page, "waits", o->waits ? o->waits : json_null());
    (void)json_object_set(page, "held", o->held ? o->held : json_null());
    for (int what = 0; what < REQUEST_WHAT_COUNT; what++)
        (void)json_array_append_new(offers, offer(o, (enum request_what)what));
    rc = add_word(o, RUN_GATE, "gate", page, err);
    mark_gate(o, json_object_get(page, "gate"));
    if (!rc)
        rc = add_word(o, RUN_CHASES, "chases", page, err);
    return rc ? rc : add_requests(o, page, err);
}

/* A request's end and what it changed are two writes: read in one moment, the second is there. */
int request_offers(struct journal *journal, const char *service, const char *config_path,
                   json_t **out, struct err *err)
{
    CLEANUP(json_release)
    json_t *page = json_pack("{s:n,s:n,s:n,s:n,s:n,s:[],s:[]}", "run", "waits", "held", "gate",
                             "chases", "requests", "offers");
    struct offering o = {.journal = journal, .service = service, .config_path = config_path};

    if (!page)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory");
    int rc = journal_read_begin(journal, err);
    if (rc)
        return rc;
    rc = journal_run_find(journal, service, NULL, &o.run, err);
    if (rc == ERR_REFUSED)
        *err = (struct err){0};
    else if (!rc)
        rc = fill(&o, page, err);
    journal_read_end(journal);
    release(&o);
    if (rc && rc != ERR_REFUSED)
        return rc;
    *out = page;
    page = NULL;
    return 0;
}
