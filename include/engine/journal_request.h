/* SPDX-License-Identifier: MIT */
/*
 * engine/journal_request.h - what people ask of a run that is going on: approve, hold, go on,
 *                            abort, roll back.
 * Invariant: who asks writes a row, and nothing else; the run is the only one that acts. What is
 *            asked of a run that does not go on, of a step that is not the current one, or for
 *            something that is not possible now, is refused at once, with words, and no row is
 *            written. What the run did not look at within REQUEST_FRESH_MS, or had not followed
 *            when it ended, is refused: nothing is applied later by surprise.
 *            Each request, and what became of it, is an event in the journal's chain.
 * Threads:   as engine/journal.h: whoever asks opens the file for himself.
 *
 * To ask (the dashboard, `cutover watch`, `cutover ask`): request_offers() of
 * engine/request_offer.h says what is possible now, and what will follow, in words for the person.
 * Show those words, then
 *
 *     struct request_ask ask = {.run_id = run, .step = step, .what = REQUEST_APPROVE,
 *                               .who = name, .via = "watch"};
 *     rc = request_ask(service, &ask, &id, &err);
 *
 * (err.msg and err.hint are for the person), and look at the row by journal_request_get(), or at
 * "requests" of ctl/run_page.h, until it has an end. A run looks every fifth of a second; a row
 * that is REQUEST_ASKED for more than a few seconds means a part that cannot be interrupted, or a
 * controller that is dead.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_REQUEST_H
#define CUTOVER_ENGINE_JOURNAL_REQUEST_H

#include "domain/service.h"
#include "engine/journal.h"

#define REQUEST_FRESH_MS 60000
#define REQUEST_LIST_CAP 20

enum request_what {
    REQUEST_APPROVE,  /* of the approve step that waits now */
    REQUEST_HOLD,     /* wait before the next step of the playbook */
    REQUEST_GO_ON,    /* end a hold, or take back the wish for one */
    REQUEST_ABORT,    /* stop at the next safe place, undo all, end; before the commit step */
    REQUEST_ROLLBACK, /* stop at the next safe place, go back; after the commit step */
};
#define REQUEST_WHAT_COUNT 5

enum request_state {
    REQUEST_ASKED,
    REQUEST_TAKEN, /* the run knows, and follows it at the next safe place */
    REQUEST_DONE,
    REQUEST_REFUSED,
    REQUEST_WITHDRAWN,
};

/* "approve", "hold", "go-on", "abort", "rollback": in the journal, the API and on command lines. */
const char *request_what_name(enum request_what what);
MUST_CHECK int request_what_parse(const char *text, enum request_what *out, struct err *err);
const char *request_state_name(enum request_state state);

struct request {
    int64_t id;
    char run_id[24], step[64];
    enum request_what what;
    char who[64], via[16];
    int64_t asked_us, ended_us; /* wall clock; ended_us 0 until there is an end */
    enum request_state state;
    char answer[300]; /* of the run; "" until it has answered */
};

/*
 * run_id  "" or NULL: the one that goes on now
 * step    the name of a playbook's step that has to be the current one; REQUEST_APPROVE needs it,
 *         for the others "" will do
 * who     a token's name or a unix user; two names are two people
 * via     "page", "watch", "shell", "terminal"
 */
struct request_ask {
    const char *run_id, *step;
    enum request_what what;
    const char *who, *via;
};

/*
 * Opens the service's journal, asks, and closes it. ERR_REFUSED/NONE: not possible now; err says
 * why, and its hint what to type instead.
 */
MUST_CHECK int request_ask(const struct service *service, const struct request_ask *ask,
                           int64_t *out_id, struct err *err);
MUST_CHECK int journal_request_ask(struct journal *journal, const char *service,
                                   const struct request_ask *ask, int64_t *out_id, struct err *err);
/* Would it be possible now? Writes nothing. With who "" it is asked for somebody. */
MUST_CHECK int journal_request_check(struct journal *journal, const char *service,
                                     const struct request_ask *ask, struct run_record *out_run,
                                     struct err *err);
/* Only who asked, and only while the run has not looked at it. */
MUST_CHECK int journal_request_withdraw(struct journal *journal, int64_t id, const char *who,
                                        struct err *err);

/* ERR_REFUSED/NONE: there is none. */
MUST_CHECK int journal_request_get(struct journal *journal, int64_t id, struct request *out,
                                   struct err *err);
/* The newest first; none in a journal that is older than requests. */
MUST_CHECK int journal_request_list(struct journal *journal, const char *run_id,
                                    bool only_without_end, struct request out[REQUEST_LIST_CAP],
                                    size_t *out_count, struct err *err);

/* --- for the run only (engine/request_keeper.h) --- */

/* What became of one; `answer` is for the person who asked. Does nothing when it has an end. */
MUST_CHECK int journal_request_settle(struct journal *journal, const struct request *request,
                                      enum request_state state, const char *answer,
                                      struct err *err);

/*
 * What a run tells those who may ask: small pages of JSON, each replaced as a whole; value NULL:
 * nothing now. get: *out NULL when there is nothing; the caller json_decref()s.
 */
enum run_word {
    RUN_TAKES,   /* {}: it looks at requests at all */
    RUN_WAITS,   /* an approval: {step, id, question, people, approved: [{who, via, at_us}]} */
    RUN_IS_HELD, /* {step: before which, id, who, via, at_us} */
    RUN_GATE,    /* {step, id, at_us, requirements: [{text, is_met, live}], blockers: [..]} */
    RUN_CHASES,  /* stragglers: {side, at_us, sessions, quiet_ms, hosts: [{user, host, sessions}],
                    curve: [[at_us, sessions]]} */
};
#define RUN_WORD_COUNT 5
MUST_CHECK int journal_run_word_put(struct journal *journal, const char *run_id, enum run_word word,
                                    const json_t *value, struct err *err);
MUST_CHECK int journal_run_word_get(struct journal *journal, const char *run_id, enum run_word word,
                                    json_t **out, struct err *err);

#endif
