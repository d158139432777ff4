/* SPDX-License-Identifier: MIT */
/*
 * Webhook signature: HMAC-SHA-256 of the body as it is sent, in the form that GitHub made common.
 */
#include "ctl/notifier.h"

#include <fnmatch.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "ctl/notify_book.h"
#include "engine/journal_follow.h"
#include "io/hook.h"
#include "io/http_client.h"

#define LOOK_EVERY_MS 200
#define ATTEMPTS 5
#define BACKOFF_FIRST_MS 500 /* doubled after each attempt */
#define BACKOFF_MOST_MS 8000
#define END_MS 5000  /* how long the end of a command waits */
#define BACKLOG 1000 /* what is further behind is not told any more */

struct notice { /* one event, taken from the journal */
    json_int_t seq, at_us;
    char name[64], run_id[24];
    char *body;
};

struct teller {
    struct notifier *notifier;
    const struct service_notify *target;
    char key[NOTIFY_KEY_SIZE];
    json_int_t first; /* told from here on, when the book does not know it */
    pthread_t thread;
    bool is_there;
    bool is_down; /* the last event was given up: the next gets one attempt */
    struct http_client *http;
    struct journal *journal;
};

struct notifier {
    const struct service *service;
    struct teller *tellers;
    size_t count;
    pthread_mutex_t lock;
    pthread_cond_t news;
    bool is_ending; /* these are guarded by the lock */
    int64_t deadline_ms;
    bool has_book;
    struct notify_book book;
};

/* --- time ------------------------------------------------------------------------------------- */

/* True: the end has come, and its time is over. */
static bool is_over(void *context)
{
    struct notifier *notifier = context;

    (void)pthread_mutex_lock(&notifier->lock);
    bool is = notifier->is_ending && clock_mono_ms() >= notifier->deadline_ms;
    (void)pthread_mutex_unlock(&notifier->lock);
    return is;
}

/* No longer than the time that is left at the end; or, `until_ending`, than until it comes. */
static void rest(struct notifier *notifier, int64_t for_ms, bool until_ending)
{
    int64_t due_ms = clock_mono_ms() + for_ms;

    (void)pthread_mutex_lock(&notifier->lock);
    while (!(until_ending && notifier->is_ending)) {
        int64_t until_ms =
            notifier->is_ending && notifier->deadline_ms < due_ms ? notifier->deadline_ms : due_ms;
        const struct timespec until = {.tv_sec = until_ms / 1000,
                                       .tv_nsec = until_ms % 1000 * 1000000};
        if (clock_mono_ms() >= until_ms)
            break;
        (void)pthread_cond_timedwait(&notifier->news, &notifier->lock, &until);
    }
    (void)pthread_mutex_unlock(&notifier->lock);
}

/* --- one event -------------------------------------------------------------------------------- */

static bool is_wanted(const struct service_notify *target, const char *name)
{
    for (size_t i = 0; i < target->event_count; i++)
        if (fnmatch(target->events[i], name, 0) == 0)
            return true;
    return target->event_count == 0;
}

static char *make_body(const struct service *service, const char *run_id,
                       const struct journal_news *news)
{
    CLEANUP(json_release) json_t *detail = json_loads(news->detail, 0, NULL);
    char at[32];
    CLEANUP(json_release)
    json_t *body =
        json_pack("{s:I,s:s,s:s,s:s,s:s,s:O}", "event", (json_int_t)news->seq, "service",
                  service->name, "run", run_id, "name", news->name, "at",
                  clock_iso8601(news->at_us, at), "detail", detail ? detail : json_null());

    return body ? json_dumps(body, JSON_COMPACT | JSON_PRESERVE_ORDER) : NULL;
}

/* What says "not now" is asked again; any other refusal stays one. */
static int judge(const struct http_response *answer, struct err *err)
{
    long status = answer->status;
    bool is_passing = status >= 500 || status == 408 || status == 425 || status == 429;

    if (status >= 200 && status < 300)
        return 0;
    return err_set(err, is_passing ? ERR_BUSY : ERR_REFUSED, EFFECT_NONE, "it answered %ld",
                   status);
}

static int post(struct teller *teller, const struct notice *notice, struct err *err)
{
    struct http_response answer = {0};
    char number[24], signature[8 + DIGEST_HEX_LEN] = "sha256=";
    const struct service_notify *target = teller->target;
    const char *const fields[][2] = {{"X-Cutover-Event", number},
                                     {"X-Cutover-Signature", signature}};
    const struct http_request request = {.method = "POST",
                                         .url = secret_bytes(&target->url),
                                         .content_type = "application/json",
                                         .body = notice->body,
                                         .fields = fields,
                                         .field_count = secret_len(&target->secret) > 0 ? 2 : 1,
                                         .timeout_ms = target->timeout_ms,
                                         .is_unwanted = is_over,
                                         .context = teller->notifier};

    (void)snprintf(number, sizeof number, "%lld", (long long)notice->seq);
    int rc =
        digest_hmac_hex(&target->secret, notice->body, strlen(notice->body), signature + 7, err);
    if (!rc)
        rc = http_send(teller->http, &request, &answer, err);
    if (!rc)
        rc = judge(&answer, err);
    http_response_release(&answer);
    return rc;
}

static int execute(struct teller *teller, const struct notice *notice, struct err *err)
{
    char number[48], name[96], run[48], service[96];
    const char *const environment[] = {
        "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG=C.UTF-8",
        number,
        name,
        run,
        service,
        NULL};
    const struct hook hook = {.path = teller->target->exec,
                              .environment = environment,
                              .input = notice->body,
                              .input_len = strlen(notice->body),
                              .timeout_ms = teller->target->timeout_ms,
                              .is_unwanted = is_over,
                              .context = teller->notifier};

    (void)snprintf(number, sizeof number, "CUTOVER_EVENT=%lld", (long long)notice->seq);
    (void)snprintf(name, sizeof name, "CUTOVER_EVENT_NAME=%s", notice->name);
    (void)snprintf(run, sizeof run, "CUTOVER_RUN=%s", notice->run_id);
    (void)snprintf(service, sizeof service, "CUTOVER_SERVICE=%s", teller->notifier->service->name);
    return hook_run(&hook, err);
}

static int64_t backoff_ms(unsigned attempt)
{
    int64_t ms = (int64_t)BACKOFF_FIRST_MS << attempt;
    return ms < BACKOFF_MOST_MS ? ms : BACKOFF_MOST_MS;
}

/*
 * A program is started once for an event: what it did before it failed it should not do again. A
 * URL gets several attempts, but only one after an event that was given up: who is gone must not
 * keep everything that follows.
 */
static int tell(struct teller *teller, const struct notice *notice, struct err *err)
{
    unsigned attempts = teller->is_down ? 1 : ATTEMPTS;

    if (teller->target->exec[0])
        return execute(teller, notice, err);
    for (unsigned i = 0;; i++) {
        *err = (struct err){0};
        int rc = post(teller, notice, err);
        if (!rc || rc == ERR_REFUSED || i + 1 >= attempts || is_over(teller->notifier))
            return rc;
        rest(teller->notifier, backoff_ms(i), false);
    }
}

/* --- one who is told -------------------------------------------------------------------------- */

/* Another process may be at it: then this one waits for its end, and goes on where it ended. */
static bool has_book(struct notifier *notifier)
{
    struct err why = {0};

    (void)pthread_mutex_lock(&notifier->lock);
    if (!notifier->has_book)
        notifier->has_book =
            notify_book_open(&notifier->book, notifier->service->journal_path, &why) == 0;
    bool has = notifier->has_book;
    (void)pthread_mutex_unlock(&notifier->lock);
    return has;
}

static json_int_t told_until(struct teller *teller)
{
    struct notifier *notifier = teller->notifier;

    (void)pthread_mutex_lock(&notifier->lock);
    json_int_t seq = notify_book_seq(&notifier->book, teller->key);
    (void)pthread_mutex_unlock(&notifier->lock);
    return seq >= 0 ? seq : teller->first;
}

static void note(struct teller *teller, const struct notify_told *told)
{
    struct notifier *notifier = teller->notifier;
    struct err why = {0};

    (void)pthread_mutex_lock(&notifier->lock);
    if (notify_book_put(&notifier->book, teller->key, teller->target->label, told, &why))
        log_warn("%s: %s may be told of an event again, continuing", why.msg,
                 teller->target->label);
    (void)pthread_mutex_unlock(&notifier->lock);
}

struct picking {
    const struct teller *teller;
    struct notice notice;
    json_int_t passed, passed_at_us; /* an event that this one does not want to hear of */
};

#define PICKED 1 /* ends the list: no error */

static int pick(void *context, const char *run_id, const struct journal_news *news)
{
    struct picking *picking = context;
    struct notice *notice = &picking->notice;

    picking->passed = news->seq;
    picking->passed_at_us = news->at_us;
    if (!is_wanted(picking->teller->target, news->name))
        return 0;
    notice->seq = news->seq;
    notice->at_us = news->at_us;
    (void)snprintf(notice->name, sizeof notice->name, "%.63s", news->name);
    (void)snprintf(notice->run_id, sizeof notice->run_id, "%.23s", run_id);
    notice->body = make_body(picking->teller->notifier->service, run_id, news);
    return PICKED;
}

static int take_event(void *context, const char *run_id, const struct journal_news *news)
{
    struct notice *found = context;

    (void)run_id;
    found->seq = news->seq;
    found->at_us = news->at_us;
    return 0;
}

/* Numbers that another journal gave say nothing of this one, which may have come in its place. */
static int check_numbers(struct teller *teller, struct err *err)
{
    struct notifier *notifier = teller->notifier;
    struct notice found = {0};
    int64_t newest = 0, told = told_until(teller);

    if (told <= 0)
        return 0;
    (void)pthread_mutex_lock(&notifier->lock);
    json_int_t at_us = notify_book_at(&notifier->book, teller->key);
    (void)pthread_mutex_unlock(&notifier->lock);
    int rc = journal_newest(teller->journal, &newest, err);
    if (!rc)
        rc = journal_next(teller->journal, told - 1, 1, take_event, &found, err);
    bool is_other = newest < told || (found.seq == told && at_us && found.at_us != at_us);
    if (rc || !is_other)
        return rc;
    log_info("another journal is in the place of the one whose event %lld %s was told last; told "
             "from its event %lld on",
             (long long)told, teller->target->label, (long long)teller->first + 1);
    note(teller, &(struct notify_told){.seq = teller->first});
    return 0;
}

static int open_journal(struct teller *teller, struct err *err)
{
    if (teller->journal && journal_has_moved(teller->journal)) {
        journal_freep(&teller->journal);
        teller->first = 0; /* all that is in the next one is new */
    }
    if (teller->journal)
        return 0;
    int rc = journal_open_reader(teller->notifier->service->journal_path, &teller->journal, err);
    if (!rc)
        rc = check_numbers(teller, err);
    if (rc)
        journal_freep(&teller->journal);
    return rc;
}

/* Who has been away for long is told what is new, not of a week. */
static json_int_t skip_backlog(struct teller *teller, json_int_t after)
{
    int64_t newest = 0;
    struct err none = {0};

    if (journal_newest(teller->journal, &newest, &none) || newest - after <= BACKLOG)
        return after;
    log_warn("%s is not told of %lld events of before, continuing", teller->target->label,
             (long long)(newest - BACKLOG - after));
    note(teller, &(struct notify_told){.seq = newest - BACKLOG, .is_failed = true});
    return newest - BACKLOG;
}

/* Tell the next event. False: there is none that can be told now. */
static bool tell_next(struct teller *teller)
{
    struct err err = {0};

    if (!has_book(teller->notifier) || open_journal(teller, &err))
        return false;
    json_int_t after = skip_backlog(teller, told_until(teller));
    struct picking picking = {.teller = teller, .passed = after};
    int rc = journal_next(teller->journal, after, BACKLOG, pick, &picking, &err);
    struct notice *notice = &picking.notice;
    if (rc != PICKED || !notice->body) {
        if (!rc && picking.passed > after)
            note(teller,
                 &(struct notify_told){.seq = picking.passed, .at_us = picking.passed_at_us});
        return false;
    }
    rc = tell(teller, notice, &err);
    bool is_cut = rc && is_over(teller->notifier); /* not its fault: the next process tells it */
    if (rc && !is_cut)
        log_warn("event %lld (%s) was not delivered to %s: %s, continuing", (long long)notice->seq,
                 notice->name, teller->target->label, err.msg);
    if (!is_cut)
        note(teller, &(struct notify_told){.seq = notice->seq,
                                           .at_us = notice->at_us,
                                           .is_delivered = !rc,
                                           .is_failed = rc != 0});
    teller->is_down = rc != 0;
    free(notice->body);
    return !is_cut;
}

static void *tell_all(void *context)
{
    struct teller *teller = context;
    struct notifier *notifier = teller->notifier;
    bool is_last = false;

    while (!is_over(notifier)) {
        if (tell_next(teller))
            continue;
        if (is_last)
            break;
        rest(notifier, LOOK_EVERY_MS, true);
        (void)pthread_mutex_lock(&notifier->lock);
        is_last = notifier->is_ending; /* what was written before the end is looked for once more */
        (void)pthread_mutex_unlock(&notifier->lock);
    }
    return NULL;
}

/* --- life ------------------------------------------------------------------------------------- */

static void release(struct notifier *notifier)
{
    for (size_t i = 0; i < notifier->count; i++) {
        http_client_free(notifier->tellers[i].http);
        journal_free(notifier->tellers[i].journal);
    }
    notify_book_release(&notifier->book);
    free(notifier->tellers);
    (void)pthread_cond_destroy(&notifier->news);
    (void)pthread_mutex_destroy(&notifier->lock);
    free(notifier);
}

static int64_t newest_now(const struct service *service)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct err none = {0};
    int64_t newest = 0;

    if (journal_open_reader(service->journal_path, &journal, &none) == 0 &&
        journal_newest(journal, &newest, &none))
        newest = 0; /* whoever cannot read it now will not later: nothing is told */
    return newest;
}

static int start_teller(struct notifier *notifier, size_t index, int64_t newest, struct err *err)
{
    struct teller *teller = &notifier->tellers[index];

    *teller = (struct teller){
        .notifier = notifier, .target = &notifier->service->notified[index], .first = newest};
    notifier->count = index + 1;
    int rc = notify_key(teller->target, teller->key, err);
    if (!rc)
        rc = http_client_new(&teller->http, err);
    if (!rc && pthread_create(&teller->thread, NULL, tell_all, teller) != 0)
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread to tell of events");
    teller->is_there = !rc;
    return rc;
}

static void init_locks(struct notifier *notifier)
{
    pthread_condattr_t monotonic;

    (void)pthread_mutex_init(&notifier->lock, NULL);
    (void)pthread_condattr_init(&monotonic);
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&notifier->news, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
}

int notifier_start(const struct service *service, struct notifier **out, struct err *err)
{
    int rc = 0;

    *out = NULL;
    if (service->notified_count == 0)
        return 0;
    struct notifier *notifier = calloc(1, sizeof *notifier);
    struct teller *tellers = calloc(service->notified_count, sizeof *tellers);
    if (!notifier || !tellers) {
        free(notifier);
        free(tellers);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory to tell of events");
    }
    notifier->service = service;
    notifier->tellers = tellers;
    init_locks(notifier);
    int64_t newest = newest_now(service);
    for (size_t i = 0; i < service->notified_count && !rc; i++)
        rc = start_teller(notifier, i, newest, err);
    if (rc)
        notifier_end(notifier);
    else
        *out = notifier;
    return rc;
}

static int count_wanted(void *context, const char *run_id, const struct journal_news *news)
{
    struct picking *picking = context;

    (void)run_id;
    picking->passed += is_wanted(picking->teller->target, news->name);
    return 0;
}

/* The thread has ended, and with it its use of the journal. */
static void say_what_is_left(struct teller *teller)
{
    struct picking left = {.teller = teller};
    struct err why = {0};

    if (!has_book(teller->notifier) || !teller->journal)
        return;
    journal_hand_over(teller->journal);
    if (journal_next(teller->journal, told_until(teller), BACKLOG, count_wanted, &left, &why))
        log_warn("whether %s was told of everything is not known: %s, continuing",
                 teller->target->label, why.msg);
    else if (left.passed > 0)
        log_warn("%s was not told of %lld event%s in time; the next command that changes something "
                 "does, continuing",
                 teller->target->label, (long long)left.passed, left.passed == 1 ? "" : "s");
}

void notifier_end(struct notifier *notifier)
{
    if (!notifier)
        return;
    (void)pthread_mutex_lock(&notifier->lock);
    notifier->is_ending = true;
    notifier->deadline_ms = clock_mono_ms() + END_MS;
    (void)pthread_cond_broadcast(&notifier->news);
    (void)pthread_mutex_unlock(&notifier->lock);
    for (size_t i = 0; i < notifier->count; i++)
        if (notifier->tellers[i].is_there) {
            (void)pthread_join(notifier->tellers[i].thread, NULL);
            say_what_is_left(&notifier->tellers[i]);
        }
    release(notifier);
}
