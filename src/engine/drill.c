/* SPDX-License-Identifier: MIT */
/*
 * The supervisor of a drill: rounds of there and back, each way a process of its own, and home
 * again whatever happens.
 */
#include "engine/drill.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/signals.h"
#include "cluster/lease.h"
#include "cluster/own_schema.h"
#include "engine/drill_fault.h"
#include "engine/drill_leg.h"
#include "engine/journal_drill.h"
#include "engine/observe.h"
#include "io/file_lock.h"
#include "monitor/drill_writer.h"

#define FIRST_WRITE_MS 10000
#define HOME_MS 15000
#define LOOK_MS 20000
#define HOME_TRIES 3
#define FILE_CAP_BYTES (8 << 20)

struct drill {
    const struct drill_options *options;
    const struct service *service;
    struct journal *journal;
    struct file_lock lock;
    struct drill_writer *writer;
    struct drill_record *record;
    bool is_stopped;
};

static struct drill_round *current(const struct drill *drill)
{
    return &drill->record->rounds[drill->record->round_count - 1];
}

/* The first problem is the one that counts. */
static void note_problem(struct drill_round *round, const char *fmt, ...) PRINTF_LIKE(2, 3);

static void note_problem(struct drill_round *round, const char *fmt, ...)
{
    va_list args;

    if (round->problem[0])
        return;
    va_start(args, fmt);
    (void)vsnprintf(round->problem, sizeof round->problem, fmt, args);
    va_end(args);
    log_warn("drill: %s, continuing with the way home", round->problem);
}

/* --- where a fault strikes -------------------------------------------------------------------- */

static void list_steps(const struct plan *plan, char *out, size_t out_size)
{
    const char *last = "";
    size_t len = 0;

    out[0] = '\0';
    for (size_t i = 0; i < plan->step_count && len < out_size; i++) {
        if (strcmp(plan->steps[i].name, last) != 0)
            len += (size_t)snprintf(out + len, out_size - len, "%s%s", len ? ", " : "",
                                    plan->steps[i].name);
        last = plan->steps[i].name;
    }
}

/* Which playbook leads back from here; NULL: there is nothing to go back from. */
static const char *way_back(const struct drill_options *options, enum situation now)
{
    if (now != SITUATION_SHARED && now != SITUATION_SWITCHED && now != SITUATION_FENCED)
        return NULL;
    if (options->back_path)
        return options->back_path;
    return now == SITUATION_SHARED || (now == SITUATION_SWITCHED && options->is_shared)
               ? "rollback"
               : "rollback-fenced";
}

static bool names_step(const struct playbook *playbook, const char *name)
{
    for (size_t i = 0; i < playbook->step_count; i++)
        if (strcmp(playbook->steps[i].name, name) == 0)
            return true;
    return false;
}

static int check_fault(const struct drill_options *options, const struct drill_fault *fault,
                       const struct playbook *back, struct err *err)
{
    char steps[300];
    size_t index;

    if (drill_fault_place(fault, options->plan, &index) ||
        (fault->step[0] && names_step(back, fault->step)))
        return 0;
    list_steps(options->plan, steps, sizeof steps);
    err_set(err, ERR_USAGE, EFFECT_NONE, "--fault %s has no place in playbook %s", fault->text,
            options->plan->name);
    return err_hint(err, "its steps are %s; \"cutover plan\" shows their parts", steps);
}

int drill_check_faults(const struct drill_options *options, struct err *err)
{
    struct playbook back = {0};
    char path[PATH_MAX];
    const char *word = way_back(options, options->plan->ends_in);

    int rc = word ? options->locate(word, path, sizeof path, err) : 0;
    if (!rc && word)
        rc = options->read(options->context, path, &back, err);
    for (size_t i = 0; i < options->fault_count && !rc; i++)
        rc = check_fault(options, &options->faults[i], &back, err);
    playbook_release(&back);
    return rc;
}

/* Put the fault into this way when its place is in `plan`. */
static void arm(struct drill_way *way, const struct drill_fault *fault, const struct plan *plan)
{
    size_t index;

    if (!fault || !drill_fault_place(fault, plan, &index))
        return;
    const struct plan_step *step = &plan->steps[index];
    way->fault = fault;
    way->is_fault_repeatable = step->is_repeatable;
    (void)snprintf(way->fault_step, sizeof way->fault_step, "%s", step->name);
    (void)snprintf(way->fault_part, sizeof way->fault_part, "%s", step->what);
}

/* --- one way ---------------------------------------------------------------------------------- */

static struct drill_way begin_way(const struct drill *drill, enum drill_leg leg, const char *path)
{
    return (struct drill_way){.options = drill->options,
                              .journal = drill->journal,
                              .service = drill->service,
                              .leg = leg,
                              .path = path};
}

static void take_way(struct drill *drill, struct drill_way *way)
{
    struct drill_round *round = current(drill);
    struct err err = {0};

    drill->is_stopped = drill->is_stopped || way->is_stopped;
    if (drill_way_measure(way, round, &err))
        log_failure(&err);
    err = (struct err){0};
    if (way->run_id[0] && journal_drill_run(drill->journal, drill->record, round->number, way->leg,
                                            way->run_id, &err))
        log_failure(&err);
    round->is_struck = round->is_struck || way->is_struck;
    if (way->is_stopped)
        note_problem(round, "stopped by a person on the way %s", drill_leg_name(way->leg));
    else if (way->failure.code)
        note_problem(round, "%.280s", way->failure.msg);
    else if (way->code != LEG_DONE)
        note_problem(round, "the way %s: %.200s (run %s, exit code %d)", drill_leg_name(way->leg),
                     way->error[0] ? way->error : "it did not begin; its messages say why",
                     way->run_id[0] ? way->run_id : "none", way->code);
}

static int look_around(const struct drill *drill, enum situation *out)
{
    CLEANUP(facts_release) struct facts facts = {0};
    struct verdict verdict;
    struct err err = {0};

    int rc = observe(drill->service, &facts, &verdict, &err);
    *out = rc ? SITUATION_UNSAFE : verdict.situation;
    return rc;
}

static bool go_there(struct drill *drill, const struct drill_fault *fault)
{
    struct drill_way way = begin_way(drill, DRILL_THERE, drill->options->playbook_path);

    arm(&way, fault, drill->options->plan);
    drill_way_perform(&way);
    take_way(drill, &way);
    return way.code == LEG_DONE && !current(drill)->problem[0];
}

/* False: it was not gone, or not to its end. */
static bool go_back(struct drill *drill, const struct drill_fault *fault)
{
    CLEANUP(plan_release) struct plan plan = {0};
    char path[PATH_MAX];
    enum situation now;
    struct err err = {0};

    (void)look_around(drill, &now);
    const char *word = way_back(drill->options, now);
    if (!word)
        return false;
    int rc = drill->options->locate(word, path, sizeof path, &err);
    if (!rc && fault)
        rc = drill->options->compile(drill->options->context, path, &plan, &err);
    if (rc) {
        log_failure(&err);
        return false;
    }
    struct drill_way way = begin_way(drill, DRILL_BACK, path);
    if (!current(drill)->is_struck)
        arm(&way, fault, &plan);
    drill_way_perform(&way);
    take_way(drill, &way);
    return way.code == LEG_DONE;
}

/* --- home ------------------------------------------------------------------------------------- */

static bool is_home(struct drill *drill)
{
    int64_t deadline_ms = clock_mono_ms() + HOME_MS;
    enum situation now;

    for (;;) {
        (void)look_around(drill, &now);
        if (now == drill->record->home)
            return true;
        if (way_back(drill->options, now) || clock_mono_ms() >= deadline_ms)
            return false;
        (void)clock_sleep_ms(200);
    }
}

/* An unfinished run that has not committed is undone; one that has is what rollback is for. */
static void abort_unfinished(struct drill *drill)
{
    struct run_record last;
    struct err none = {0};

    if (journal_run_find(drill->journal, drill->service->name, NULL, &last, &none) ||
        last.state == RUN_DONE || last.state == RUN_ABORTED || last.is_committed)
        return;
    struct drill_way way = begin_way(drill, DRILL_BACK, NULL);
    (void)drill_way_abort(&way);
}

/* Whatever is true now: back to where the drill began. Nothing stops it; it says when it cannot. */
static bool go_home(struct drill *drill)
{
    struct err err = {0};
    bool has_come = false;

    signals_defer(true);
    for (int i = 0; i < HOME_TRIES && !has_come; i++) {
        err = (struct err){0};
        if (drill_mend(drill->service, drill->journal, NULL, &err))
            log_failure(&err);
        abort_unfinished(drill);
        has_come = is_home(drill);
        if (!has_come && go_back(drill, NULL))
            has_come = is_home(drill);
    }
    return has_come && err.code == ERR_NONE;
}

/* --- a round ---------------------------------------------------------------------------------- */

static void look_for_rows(struct drill *drill)
{
    struct drill_round *round = current(drill);
    struct drill_writes writes = {.longest_gap_ms = -1};
    struct err err = {0};

    if (drill_writer_check(drill->writer, clock_mono_ms() + LOOK_MS, &writes, &err)) {
        note_problem(round, "nobody knows whether a write was lost: %.200s", err.msg);
        return;
    }
    round->written = writes.acknowledged;
    round->ambiguous = writes.ambiguous;
    round->lost = writes.lost;
    round->client_pause_ms = writes.longest_gap_ms;
    if (writes.lost) {
        round->needs_person = true;
        note_problem(round, "%llu acknowledged write(s) are missing on a side",
                     (unsigned long long)writes.lost);
    }
}

/* Until a row is taken; a person who stops the drill does not wait for that. */
static bool wait_for_row(struct drill *drill, const char *when)
{
    if (drill_writer_wait(drill->writer, clock_mono_ms() + FIRST_WRITE_MS))
        return true;
    if (signals_stop_wanted()) {
        drill->is_stopped = true;
        note_problem(current(drill), "stopped by a person %s", when);
    } else {
        note_problem(current(drill), "no side takes the drill's rows %s (cutover.probe)", when);
    }
    return false;
}

static void cross_both_ways(struct drill *drill, const struct drill_fault *fault)
{
    if (!wait_for_row(drill, "before the way there") || !go_there(drill, fault) ||
        !wait_for_row(drill, "after the way there"))
        return;
    if (!go_back(drill, fault))
        note_problem(current(drill), "there was no way back from where the way there ended");
}

static int perform_round(struct drill *drill, const struct drill_fault *fault, struct err *err)
{
    struct drill_round *round = drill_round_add(drill->record);

    if (!round)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a round");
    if (fault)
        (void)snprintf(round->fault, sizeof round->fault, "%s", fault->text);
    log_info("drill %s round %u of %u%s%s", drill->record->id, round->number, drill->options->times,
             fault ? ": " : "", fault ? fault->text : "");
    drill_writer_mark(drill->writer);
    drill_writer_go_on(drill->writer);
    cross_both_ways(drill, fault);
    signals_defer(true); /* what follows looks and waits: cut short it would find rows missing */
    if (!is_home(drill) && !go_home(drill)) {
        current(drill)->needs_person = true;
        note_problem(current(drill), "the service is not as it was before the drill");
    }
    look_for_rows(drill);
    round = current(drill);
    if (fault && !round->is_struck)
        note_problem(round, "the fault %s never came to pass", fault->text);
    round->is_good = !round->problem[0];
    signals_defer(drill->is_stopped);
    return journal_drill_put(drill->journal, drill->record, err);
}

static int perform_rounds(struct drill *drill, struct err *err)
{
    int rc = 0;

    for (unsigned i = 0; i < drill->options->times && !rc; i++) {
        const struct drill_fault *fault =
            drill->options->fault_count ? &drill->options->faults[i % drill->options->fault_count]
                                        : NULL;
        if (signals_stop_wanted())
            drill->is_stopped = true;
        if (drill->is_stopped)
            break;
        rc = perform_round(drill, fault, err);
        if (!rc && !current(drill)->is_good)
            break;
    }
    return rc;
}

/* --- begin and end ---------------------------------------------------------------------------- */

static int hash_file(const char *path, char out[DIGEST_HEX_LEN + 1], struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    char piece[65536];
    size_t len;

    buf_init(&text, FILE_CAP_BYTES);
    FILE *file = fopen(path, "re");
    if (!file)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot read %s: %m", path);
    while ((len = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(&text, piece, len);
    (void)fclose(file); /* only read from */
    int rc = buf_check(&text, err);
    return rc ? rc : digest_sha256_hex(buf_text(&text), text.len, out, err);
}

static int take_lock(struct drill *drill, struct err *err)
{
    char path[PATH_MAX];

    if ((size_t)snprintf(path, sizeof path, "%s.drill", drill->service->journal_path) >=
        sizeof path)
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "the journal's path is too long");
    int rc = file_lock_take(&drill->lock, path, err);
    if (rc != ERR_BUSY)
        return rc;
    err_set(err, ERR_BUSY, EFFECT_NONE, "a drill of service %s is under way", drill->service->name);
    return err_hint(err, "\"cutover drill --list\" shows it; Ctrl-C there ends it in order");
}

static int init(struct drill *drill, const struct drill_options *options,
                struct drill_record *record, struct err *err)
{
    *drill = (struct drill){.options = options, .service = options->service, .record = record};
    int rc = journal_open(options->service->journal_path, &drill->journal, err);
    return rc ? rc : take_lock(drill, err);
}

static void release(struct drill *drill)
{
    drill_writer_free(drill->writer);
    journal_free(drill->journal);
    file_lock_release(&drill->lock);
}

/* One that has not ended, and whose process is gone: we have the lock. False: there is none. */
static int find_cut_short(struct drill *drill, struct drill_record *out, bool *out_found,
                          struct err *err)
{
    struct drill_record *list;
    size_t count;

    *out_found = false;
    int rc = journal_drill_list(drill->journal, drill->service->name, NULL, &list, &count, err);
    for (size_t i = count; i-- > 0 && !rc && !*out_found;)
        if (list[i].state == DRILL_RUNNING) {
            drill_record_move(out, &list[i]);
            *out_found = true;
        }
    if (!rc)
        drill_list_free(list, count);
    return rc;
}

static int close_record(struct drill *drill, enum drill_state state, struct err *err)
{
    drill->record->state = state;
    drill->record->ended_us = clock_wall_us();
    return journal_drill_put(drill->journal, drill->record, err);
}

static int refuse_cut_short(struct drill *drill, struct err *err)
{
    CLEANUP(drill_record_release) struct drill_record earlier = {0};
    bool is_there;

    int rc = find_cut_short(drill, &earlier, &is_there, err);
    if (rc || !is_there)
        return rc;
    err_set(err, ERR_REFUSED, EFFECT_NONE,
            "drill %s of playbook %s was cut short: its process is gone", earlier.id,
            earlier.playbook);
    return err_hint(err, "\"cutover drill --put-back\" mends what it broke and goes back to %s",
                    situation_name(earlier.home));
}

int drill_check_free(const struct service *service, struct err *err)
{
    struct drill drill = {.service = service};
    struct err none = {0};

    if (journal_open_reader(service->journal_path, &drill.journal, &none) == ERR_REFUSED)
        return 0; /* there is no journal yet */
    int rc = none.code;
    if (rc)
        *err = none;
    if (!rc)
        rc = take_lock(&drill, err);
    if (!rc)
        rc = refuse_cut_short(&drill, err);
    release(&drill);
    return rc;
}

static int fill_record(struct drill *drill, struct err *err)
{
    struct drill_record *record = drill->record;
    const struct plan *plan = drill->options->plan;

    *record = (struct drill_record){
        .state = DRILL_RUNNING, .home = plan->starts_in, .started_us = clock_wall_us()};
    (void)snprintf(record->service, sizeof record->service, "%s", drill->service->name);
    (void)snprintf(record->playbook, sizeof record->playbook, "%s", plan->name);
    (void)snprintf(record->environment, sizeof record->environment, "%s",
                   environment_name(drill->service->environment));
    (void)snprintf(record->version, sizeof record->version, "%s", CUTOVER_VERSION);
    (void)snprintf(record->holder, sizeof record->holder, "%s", drill->options->holder);
    int rc = hash_file(drill->options->playbook_path, record->playbook_hash, err);
    if (!rc)
        rc = hash_file(drill->service->path, record->config_hash, err);
    return rc ? rc : digest_random_hex(record->id, 8, err);
}

static int refuse_other_controller(const struct service *service, struct err *err)
{
    char holder[256];

    int rc = lease_holder(service, holder, sizeof holder, err);
    if (rc || !holder[0])
        return rc;
    err_set(err, ERR_BUSY, EFFECT_NONE, "the lease is held by %s", holder);
    return err_hint(err, "wait for that run to end, or stop it there");
}

/* The rows' table is on every node, or a replica without it would stop. */
static int prepare(struct drill *drill, struct err *err)
{
    int rc = refuse_other_controller(drill->service, err);

    for (size_t i = 0; i < drill->service->node_count && !rc; i++)
        rc = own_schema_prepare(drill->service, &drill->service->nodes[i], err);
    return rc;
}

/* What was decided becomes one sentence of failure. */
static int conclude(struct drill *drill, struct err *err)
{
    struct drill_record *record = drill->record;
    const struct drill_round *bad = NULL;

    for (size_t i = 0; i < record->round_count; i++)
        if (!record->rounds[i].is_good)
            bad = &record->rounds[i];
    enum drill_state state = drill->is_stopped ? DRILL_STOPPED : bad ? DRILL_FAILED : DRILL_PASSED;
    int rc = close_record(drill, state, err);
    if (rc || state == DRILL_PASSED)
        return rc;
    if (bad && bad->needs_person) {
        err_set(err, ERR_CONFLICT, EFFECT_APPLIED, "round %u: %.300s", bad->number, bad->problem);
        return err_hint(err, "a person is needed: \"cutover status\" says what is true; \"cutover "
                             "drill --put-back\" tries again");
    }
    if (drill->is_stopped)
        return err_set(err, ERR_STOPPED, EFFECT_NONE,
                       "the drill was stopped; the service is as it was before (%s)",
                       situation_name(record->home));
    err_set(err, ERR_REFUSED, EFFECT_NONE, "round %u: %.300s", bad->number, bad->problem);
    return err_hint(err, "the service is as it was before (%s)", situation_name(record->home));
}

int drill_perform(const struct drill_options *options, struct drill_record *out, struct err *err)
{
    struct drill drill;

    *out = (struct drill_record){0};
    int rc = init(&drill, options, out, err);
    if (!rc)
        rc = refuse_cut_short(&drill, err);
    if (!rc)
        rc = prepare(&drill, err);
    if (!rc)
        rc = fill_record(&drill, err);
    if (!rc)
        rc = journal_drill_put(drill.journal, out, err);
    if (!rc)
        rc = drill_writer_start(drill.service, out->id, &drill.writer, err);
    if (!rc)
        rc = perform_rounds(&drill, err);
    if (!rc)
        rc = conclude(&drill, err);
    signals_defer(false);
    release(&drill);
    return rc;
}

int drill_put_back(const struct drill_options *options, struct drill_record *out, struct err *err)
{
    struct drill drill;
    bool is_there = false;

    *out = (struct drill_record){0};
    int rc = init(&drill, options, out, err);
    if (!rc)
        rc = find_cut_short(&drill, out, &is_there, err);
    if (!rc && !is_there)
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE, "no drill of service %s was cut short",
                     options->service->name);
    if (!rc && !drill_round_add(out))
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for a round");
    if (!rc) {
        note_problem(current(&drill), "cut short");
        if (!go_home(&drill)) {
            current(&drill)->needs_person = true;
            rc = err_set(err, ERR_CONFLICT, EFFECT_APPLIED,
                         "the service could not be brought back to %s", situation_name(out->home));
            (void)err_hint(err, "\"cutover status\" says what is true and what to type");
        } else {
            drill_writer_clean(drill.service, out->id);
            rc = close_record(&drill, DRILL_STOPPED, err);
        }
    }
    signals_defer(false);
    release(&drill);
    return rc;
}
