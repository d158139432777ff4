/* SPDX-License-Identifier: MIT */
/*
 * Requests in the journal. Who asks is never the run's owner: what may be asked is looked up in the
 * transaction that writes the row, so that the run cannot go on in between.
 */
#include "engine/journal_request.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "engine/journal_file.h"

#define JOURNAL_WITH_REQUESTS 4

static const char *const whats[REQUEST_WHAT_COUNT] = {[REQUEST_APPROVE] = "approve",
                                                      [REQUEST_HOLD] = "hold",
                                                      [REQUEST_GO_ON] = "go-on",
                                                      [REQUEST_ABORT] = "abort",
                                                      [REQUEST_ROLLBACK] = "rollback"};
static const char *const states[] = {[REQUEST_ASKED] = "asked",
                                     [REQUEST_TAKEN] = "taken",
                                     [REQUEST_DONE] = "done",
                                     [REQUEST_REFUSED] = "refused",
                                     [REQUEST_WITHDRAWN] = "withdrawn"};
/* Variables of the run. */
static const char *const words[RUN_WORD_COUNT] = {[RUN_TAKES] = "requests",
                                                  [RUN_WAITS] = "waits",
                                                  [RUN_IS_HELD] = "is-held",
                                                  [RUN_GATE] = "gate",
                                                  [RUN_CHASES] = "chases"};

const char *request_what_name(enum request_what what)
{
    return whats[what];
}

const char *request_state_name(enum request_state state)
{
    return states[state];
}

int request_what_parse(const char *text, enum request_what *out, struct err *err)
{
    for (size_t i = 0; i < ARRAY_LEN(whats); i++)
        if (strcmp(whats[i], text) == 0) {
            *out = (enum request_what)i;
            return 0;
        }
    return err_set(err, ERR_USAGE, EFFECT_NONE,
                   "\"%.40s\" is none of approve, hold, go-on, abort, rollback", text);
}

/* --- reading ---------------------------------------------------------------------------------- */

static void copy(char *out, size_t out_size, struct store_statement *row, int column)
{
    (void)snprintf(out, out_size, "%s", store_column_text(row, column));
}

static void from_row(struct store_statement *row, struct request *out)
{
    *out = (struct request){.id = store_column_int(row, 0),
                            .asked_us = store_column_int(row, 6),
                            .ended_us = store_column_int(row, 9),
                            .state = REQUEST_REFUSED};
    copy(out->run_id, sizeof out->run_id, row, 1);
    copy(out->step, sizeof out->step, row, 2);
    copy(out->who, sizeof out->who, row, 4);
    copy(out->via, sizeof out->via, row, 5);
    copy(out->answer, sizeof out->answer, row, 8);
    for (size_t i = 0; i < ARRAY_LEN(whats); i++)
        if (strcmp(whats[i], store_column_text(row, 3)) == 0)
            out->what = (enum request_what)i;
    for (size_t i = 0; i < ARRAY_LEN(states); i++)
        if (strcmp(states[i], store_column_text(row, 7)) == 0)
            out->state = (enum request_state)i;
}

int journal_request_get(struct journal *journal, int64_t id, struct request *out, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    int rc = journal->version < JOURNAL_WITH_REQUESTS
                 ? 0
                 : journal_prepare(journal, SQL_JOURNAL_REQUEST_GET, &ask, err);

    if (!rc && ask) {
        store_bind_int(ask, 1, id);
        rc = store_step(ask, err);
    }
    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "the journal knows no request %lld",
                       (long long)id);
    from_row(ask, out);
    return 0;
}

int journal_request_list(struct journal *journal, const char *run_id, bool only_without_end,
                         struct request out[REQUEST_LIST_CAP], size_t *out_count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;

    *out_count = 0;
    if (journal->version < JOURNAL_WITH_REQUESTS)
        return 0;
    int rc = journal_prepare(journal, SQL_JOURNAL_REQUEST_LIST, &list, err);
    if (rc)
        return rc;
    store_bind_text(list, 1, run_id);
    store_bind_int(list, 2, only_without_end);
    store_bind_int(list, 3, REQUEST_LIST_CAP);
    while ((rc = store_step(list, err)) == 1)
        from_row(list, &out[(*out_count)++]);
    return rc;
}

int journal_run_word_get(struct journal *journal, const char *run_id, enum run_word word,
                         json_t **out, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;

    *out = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_VARIABLE_GET, &ask, err);
    if (rc)
        return rc;
    store_bind_text(ask, 1, run_id);
    store_bind_text(ask, 2, words[word]);
    rc = store_step(ask, err);
    const char *text = rc == 1 ? store_column_text(ask, 0) : "";
    return rc < 0 || !*text ? (rc < 0 ? rc : 0) : json_parse(text, strlen(text), out, err);
}

int journal_run_word_put(struct journal *journal, const char *run_id, enum run_word word,
                         const json_t *value, struct err *err)
{
    char *text = value ? json_canonical(value) : NULL;

    if (value && !text)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what the run tells");
    int rc = journal_variable_put(journal, run_id, words[word], text ? text : "", err);
    free(text);
    return rc;
}

/* --- may it be asked? ------------------------------------------------------------------------- */

static int refuse_ended(const struct run_record *run, const char *wanted, struct err *err)
{
    bool is_over = run->state == RUN_DONE || run->state == RUN_ABORTED;

    if (wanted && *wanted && strcmp(wanted, run->id) != 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "run %.24s is not the one that goes on: that is %s", wanted, run->id);
    err_set(err, ERR_REFUSED, EFFECT_NONE, "no run goes on: %s of playbook %s is %s", run->id,
            run->playbook, run_state_name(run->state));
    if (is_over)
        return run->is_committed && run->state == RUN_DONE
                   ? err_hint(err, "\"cutover rollback\" goes back")
                   : err_hint(err, "\"cutover run PLAYBOOK\" begins one");
    return run->is_committed
               ? err_hint(err, "\"cutover run --resume\" goes on; \"cutover rollback\" goes back")
               : err_hint(err, "\"cutover run --resume\" goes on; \"cutover abort\" undoes it");
}

/* Of which step is the part that was begun last? "" when none was. A resumed run may go back. */
static int current_step(struct journal *journal, const char *run_id, char out[64], struct err *err)
{
    CLEANUP(plan_release) struct plan plan = {0};

    out[0] = '\0';
    int rc = journal_run_plan(journal, run_id, &plan, err);
    if (rc)
        return rc;
    struct step_record *records = calloc(plan.step_count + 1, sizeof *records);
    if (!records)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu steps", plan.step_count);
    rc = journal_steps(journal, run_id, records, plan.step_count, err);
    int64_t newest_us = 0;
    for (size_t i = 0; i < plan.step_count && !rc; i++)
        if (records[i].started_us >= newest_us && records[i].state != STEP_PENDING) {
            newest_us = records[i].started_us;
            (void)snprintf(out, 64, "%s", plan.steps[i].name);
        }
    free(records);
    return rc;
}

static int check_step(struct journal *journal, const struct run_record *run, const char *step,
                      struct err *err)
{
    char current[64];

    if (!step || !*step)
        return 0;
    int rc = current_step(journal, run->id, current, err);
    if (rc || strcmp(current, step) == 0)
        return rc;
    return err_set(err, ERR_REFUSED, EFFECT_NONE,
                   "the run is not at step \"%.63s\" any more, or not yet: it is at \"%s\"", step,
                   current);
}

static int check_approve(const struct request_ask *ask, const json_t *waits, struct err *err)
{
    const json_t *by;
    size_t i;

    if (!waits)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "the run does not wait for an approval");
    if (!ask->step || strcmp(ask->step, json_text_or(waits, "step", "")) != 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "what waits for an approval is step \"%s\", not \"%.63s\"",
                       json_text_or(waits, "step", ""), ask->step ? ask->step : "");
    json_array_foreach(json_object_get(waits, "approved"), i, by)
    {
        if (strcmp(json_text_or(by, "who", ""), ask->who) == 0)
            return err_set(err, ERR_REFUSED, EFFECT_NONE,
                           "%s has approved already: somebody else has to", ask->who);
    }
    return 0;
}

static int check_what(const struct run_record *run, const struct request_ask *ask,
                      const json_t *waits, const json_t *held, bool has_hold_open, struct err *err)
{
    switch (ask->what) {
    case REQUEST_APPROVE:
        return check_approve(ask, waits, err);
    case REQUEST_HOLD:
        return held ? err_set(err, ERR_REFUSED, EFFECT_NONE, "the run is held already, by %s",
                              json_text_or(held, "who", "somebody"))
                    : 0;
    case REQUEST_GO_ON:
        return held || has_hold_open ? 0
                                     : err_set(err, ERR_REFUSED, EFFECT_NONE, "nobody holds it");
    case REQUEST_ABORT:
        if (!run->is_committed)
            return 0;
        err_set(err, ERR_REFUSED, EFFECT_NONE, "run %s has passed its commit step", run->id);
        return err_hint(err, "a rollback goes back without losing a write");
    case REQUEST_ROLLBACK:
        if (run->is_committed)
            return 0;
        err_set(err, ERR_REFUSED, EFFECT_NONE, "run %s has not moved the users yet", run->id);
        return err_hint(err, "an abort undoes what it began");
    }
    return 0;
}

static int check_open(struct journal *journal, const struct run_record *run,
                      const struct request_ask *ask, bool *out_has_hold, struct err *err)
{
    struct request open[REQUEST_LIST_CAP];
    size_t count;
    int rc = journal_request_list(journal, run->id, true, open, &count, err);

    *out_has_hold = false;
    if (!rc && count == REQUEST_LIST_CAP)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "%zu requests wait for the run already",
                       count);
    for (size_t i = 0; i < count && !rc; i++) {
        *out_has_hold = *out_has_hold || open[i].what == REQUEST_HOLD;
        if (open[i].what == ask->what && strcmp(open[i].who, ask->who) == 0)
            rc = err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has asked for that already, at %s",
                         ask->who, clock_iso8601(open[i].asked_us, (char[32]){0}));
    }
    return rc;
}

int journal_request_check(struct journal *journal, const char *service,
                          const struct request_ask *ask, struct run_record *out_run,
                          struct err *err)
{
    CLEANUP(json_release) json_t *takes = NULL, *waits = NULL, *held = NULL;
    bool has_hold = false;

    int rc = journal_run_find(journal, service, NULL, out_run, err);
    if (rc)
        return rc;
    bool is_other = ask->run_id && *ask->run_id && strcmp(ask->run_id, out_run->id) != 0;
    if (is_other || out_run->state != RUN_RUNNING)
        return refuse_ended(out_run, ask->run_id, err);
    rc = journal_run_word_get(journal, out_run->id, RUN_TAKES, &takes, err);
    if (!rc)
        rc = journal_run_word_get(journal, out_run->id, RUN_WAITS, &waits, err);
    if (!rc)
        rc = journal_run_word_get(journal, out_run->id, RUN_IS_HELD, &held, err);
    if (!rc && !takes)
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "run %s takes no requests: its controller is a rehearsal's, or an older one",
                     out_run->id);
    if (!rc)
        rc = check_step(journal, out_run, ask->step, err);
    if (!rc)
        rc = check_open(journal, out_run, ask, &has_hold, err);
    return rc ? rc : check_what(out_run, ask, waits, held, has_hold, err);
}

/* --- writing ---------------------------------------------------------------------------------- */

static const char *sentence(const struct request *request, char out[600])
{
    bool has_step = request->step[0] != '\0';

    (void)snprintf(out, 600, "%s (%s) %s: %s%s%s%s%s", request->who, request->via,
                   request->state == REQUEST_ASKED ? "asks" : "asked", whats[request->what],
                   has_step ? " " : "", request->step, request->state == REQUEST_ASKED ? "" : " - ",
                   request->state == REQUEST_ASKED ? "" : states[request->state]);
    if (request->answer[0]) {
        size_t len = strlen(out);
        (void)snprintf(out + len, 600 - len, ": %s", request->answer);
    }
    return out;
}

static int add_event(struct journal *journal, const struct request *request, struct err *err)
{
    char name[32], text[600];

    (void)snprintf(name, sizeof name, "request.%s", states[request->state]);
    CLEANUP(json_release)
    json_t *detail =
        json_pack("{s:I,s:s,s:s,s:s,s:s,s:s,s:s}", "request", (json_int_t)request->id, "what",
                  whats[request->what], "step", request->step, "who", request->who, "via",
                  request->via, "answer", request->answer, "text", sentence(request, text));
    if (!detail)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "the name of who asks is not UTF-8");
    return journal_add_event(journal, request->run_id, clock_wall_us(), name, detail, err);
}

static int add_row(struct journal *journal, struct request *request, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *add = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_REQUEST_ADD, &add, err);

    if (rc)
        return rc;
    store_bind_text(add, 1, request->run_id);
    store_bind_text(add, 2, request->step);
    store_bind_text(add, 3, whats[request->what]);
    store_bind_text(add, 4, request->who);
    store_bind_text(add, 5, request->via);
    store_bind_int(add, 6, request->asked_us);
    rc = journal_run(add, err);
    request->id = store_last_id(journal->store);
    return rc ? rc : add_event(journal, request, err);
}

int journal_request_ask(struct journal *journal, const char *service, const struct request_ask *ask,
                        int64_t *out_id, struct err *err)
{
    struct run_record run;
    struct request request = {.what = ask->what, .asked_us = clock_wall_us()};

    if (!ask->who || !*ask->who || strlen(ask->who) >= sizeof request.who)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "who asks has no name, or a very long one");
    int rc = journal_begin(journal, err);
    if (rc)
        return rc;
    rc = journal_request_check(journal, service, ask, &run, err);
    if (!rc) {
        (void)snprintf(request.run_id, sizeof request.run_id, "%s", run.id);
        (void)snprintf(request.step, sizeof request.step, "%s", ask->step ? ask->step : "");
        (void)snprintf(request.who, sizeof request.who, "%s", ask->who);
        (void)snprintf(request.via, sizeof request.via, "%s", ask->via);
        rc = add_row(journal, &request, err);
    }
    rc = journal_end(journal, rc, err);
    if (!rc)
        *out_id = request.id;
    return rc;
}

int request_ask(const struct service *service, const struct request_ask *ask, int64_t *out_id,
                struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;

    if (access(service->journal_path, F_OK) != 0 && errno == ENOENT)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "nothing was ever run: there is no journal");
    int rc = journal_open(service->journal_path, &journal, err);
    return rc ? rc : journal_request_ask(journal, service->name, ask, out_id, err);
}

static int put_state(struct journal *journal, struct request *request, enum request_state state,
                     const char *answer, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_REQUEST_SETTLE, &put, err);

    if (rc)
        return rc;
    store_bind_int(put, 1, request->id);
    store_bind_text(put, 2, states[state]);
    store_bind_text(put, 3, answer);
    if (state != REQUEST_TAKEN)
        store_bind_int(put, 4, clock_wall_us());
    rc = journal_run(put, err);
    if (rc || store_changes(journal->store) == 0)
        return rc;
    request->state = state;
    (void)snprintf(request->answer, sizeof request->answer, "%s", answer);
    return add_event(journal, request, err);
}

int journal_request_settle(struct journal *journal, const struct request *request,
                           enum request_state state, const char *answer, struct err *err)
{
    struct request now = *request;
    int rc = journal_begin(journal, err);

    return rc ? rc : journal_end(journal, put_state(journal, &now, state, answer, err), err);
}

static int withdraw(struct journal *journal, int64_t id, const char *who, struct err *err)
{
    struct request request;
    int rc = journal_request_get(journal, id, &request, err);

    if (rc)
        return rc;
    if (strcmp(request.who, who) != 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "that was asked by %s", request.who);
    if (request.state != REQUEST_ASKED)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "the run has looked at it: it is %s",
                       states[request.state]);
    return put_state(journal, &request, REQUEST_WITHDRAWN, "", err);
}

int journal_request_withdraw(struct journal *journal, int64_t id, const char *who, struct err *err)
{
    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, withdraw(journal, id, who, err), err);
}
