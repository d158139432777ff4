/* SPDX-License-Identifier: MIT */
/*
 * The stream: a key for each host, made there and gone with the copy; the recipient listens, the
 * donor connects, each knows the other by its certificate, which came through our own sessions.
 * What arrived is what was sent: TLS, the checksum of zstd and that of each part of the stream say
 * so, and every program's exit status counts.
 */
#include "cluster/seed_physical.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/signals.h"
#include "cluster/seed_physical_facts.h"

#define COPY_MS (72LL * 3600 * 1000)
#define POLL_MS 100
#define LISTEN_POLL_MS 20
#define NOTICE_MS 10000 /* for one end to see that the other is gone */
#define NUMBER_SIZE 24
#define SOME_BYTES 1000000 /* when it is under way */

struct copy {
    const struct physical_options *options;
    struct physical_server donor;
    char datadir[PATH_MAX]; /* of the recipient */
    uint64_t bytes_total;
    int64_t began_ms;
    struct seed_end receive, send;
};

static void copy_release(struct copy *copy)
{
    seed_end_release(&copy->send);
    seed_end_release(&copy->receive);
}

static int tell(const struct copy *copy, const char *stage, uint64_t bytes, struct err *err)
{
    struct physical_progress now = {.stage = stage,
                                    .bytes_done = bytes,
                                    .bytes_total = copy->bytes_total,
                                    .elapsed_ms = clock_mono_ms() - copy->began_ms,
                                    .eta_ms = -1};
    if (bytes > SOME_BYTES && copy->bytes_total >= bytes)
        now.eta_ms =
            (int64_t)((double)now.elapsed_ms / (double)bytes * (double)(copy->bytes_total - bytes));
    if (signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_APPLIED, "stopped while %s was copied",
                       copy->options->recipient->name);
    if (!copy->options->progress)
        return 0;
    return copy->options->progress(copy->options->context, &now, err);
}

/* Until both have ended, or one has failed and the other had time to notice, or nobody wants it. */
static int wait_ends(struct copy *copy, struct err *err)
{
    struct seed_end_state receive, send;
    int64_t failed_ms = 0;
    int rc = 0;

    for (;;) {
        seed_end_look(&copy->receive, &receive);
        seed_end_look(&copy->send, &send);
        if (receive.is_over && send.is_over)
            return 0;
        if (!failed_ms && ((receive.is_over && receive.rc) || (send.is_over && send.rc)))
            failed_ms = clock_mono_ms();
        if (failed_ms && clock_mono_ms() - failed_ms > NOTICE_MS)
            break;
        rc = tell(copy, "stream", receive.bytes, err);
        if (!rc && receive.bytes > SOME_BYTES)
            rc = failpoint_hit("seed.streaming", err);
        if (rc)
            break;
        (void)clock_sleep_ms(POLL_MS);
    }
    seed_end_stop(&copy->receive);
    seed_end_stop(&copy->send);
    return rc;
}

/* Each side's own words: which of the two was the cause, a person sees at once. */
static int outcome(struct copy *copy, struct err *err)
{
    struct err receive = {0}, send = {0};

    int rc_receive = seed_end_join(&copy->receive, &receive);
    int rc_send = seed_end_join(&copy->send, &send);
    if (!rc_receive && !rc_send)
        return 0;
    if (rc_receive && rc_send)
        return err_set(err, rc_receive, EFFECT_APPLIED, "%.180s; %.180s", send.msg, receive.msg);
    *err = rc_send ? send : receive;
    err->effect = EFFECT_APPLIED;
    return err->code;
}

static int start_receiver(struct copy *copy, const char *certificate, const char *port,
                          struct err *err)
{
    const struct node *node = copy->options->recipient;
    struct seed_end_state state = {0};
    const char *const words[] = {"receive",  copy->datadir, copy->options->run,
                                 node->host, port,          NULL};

    int rc = seed_end_start(&copy->receive, node, words, certificate, COPY_MS, err);
    for (; !rc && !state.is_listening && !state.is_over; seed_end_look(&copy->receive, &state)) {
        rc = tell(copy, "begin", 0, err);
        (void)clock_sleep_ms(LISTEN_POLL_MS);
    }
    if (!rc && state.is_over && state.rc)
        rc = seed_end_join(&copy->receive, err);
    return rc;
}

static int start_sender(struct copy *copy, const char *certificate, const char *port,
                        struct err *err)
{
    const struct physical_options *options = copy->options;
    char workers[NUMBER_SIZE], rate[NUMBER_SIZE];

    (void)snprintf(workers, sizeof workers, "%u", options->workers ? options->workers : 1);
    (void)snprintf(rate, sizeof rate, "%llu", (unsigned long long)options->rate);
    const char *const words[] = {"send",
                                 options->donor->name,
                                 copy->donor.datadir,
                                 copy->donor.socket,
                                 options->donor->ssh->defaults_file,
                                 workers,
                                 rate,
                                 options->recipient->host,
                                 port,
                                 NULL};
    return seed_end_start(&copy->send, options->donor, words, certificate, COPY_MS, err);
}

/* What each host is asked before anything flows: an empty stage and a key, a key, and how much. */
enum { BEGIN, OFFER, LOOK, QUESTIONS };

static void questions_release(struct seed_question (*questions)[QUESTIONS])
{
    for (size_t i = 0; i < QUESTIONS; i++)
        ssh_result_release(&(*questions)[i].answer);
}

static int stream(struct copy *copy, struct err *err)
{
    const struct physical_options *options = copy->options;
    const char *const begin[] = {"begin", copy->datadir, options->run, NULL};
    const char *const offer[] = {"offer", options->donor->name, NULL};
    const char *const look[] = {"look", copy->donor.datadir, copy->donor.log_base, NULL};
    char port[NUMBER_SIZE];
    CLEANUP(questions_release)
    struct seed_question asked[QUESTIONS] = {
        [BEGIN] = {.node = options->recipient, .words = begin, .within_ms = PHYSICAL_ASK_MS},
        [OFFER] = {.node = options->donor, .words = offer, .within_ms = PHYSICAL_ASK_MS},
        [LOOK] = {.node = options->donor, .words = look, .within_ms = PHYSICAL_ASK_MS}};

    (void)snprintf(port, sizeof port, "%u", options->recipient->ssh->seed_port);
    int rc = seed_host_ask_together(asked, QUESTIONS, err);
    copy->bytes_total = seed_host_number(&asked[LOOK].answer, "used");
    if (!rc)
        rc = start_receiver(copy, buf_text(&asked[OFFER].answer.out), port, err);
    if (!rc)
        rc = failpoint_hit("seed.listening", err);
    if (!rc)
        rc = start_sender(copy, buf_text(&asked[BEGIN].answer.out), port, err);
    copy->began_ms = clock_mono_ms(); /* what came before says nothing about the pace */
    if (!rc)
        rc = wait_ends(copy, err);
    return rc ? rc : outcome(copy, err);
}

/* "bin.000001 13179 1-101-45": the third is the position, and says nothing when it is missing. */
static int read_position(const char *binlog, struct position *out, struct err *err)
{
    const char *space = strchr(binlog, ' ');
    const char *gtids = space ? strchr(space + 1, ' ') : NULL;

    if (!gtids)
        return err_set(err, ERR_PROTOCOL, EFFECT_APPLIED,
                       "the copy does not say at which GTIDs it was taken: \"%.100s\"", binlog);
    return position_parse(FLAVOUR_MARIADB, gtids + 1, out, err);
}

static int prepare(struct copy *copy, struct position *out, struct err *err)
{
    CLEANUP(seed_end_release) struct seed_end end = {0};
    struct seed_end_state state = {0};
    const char *const words[] = {"prepare", copy->datadir, copy->options->run, NULL};

    int rc = seed_end_start(&end, copy->options->recipient, words, NULL, COPY_MS, err);
    for (; !rc && !state.is_over; seed_end_look(&end, &state)) {
        rc = tell(copy, "prepare", 0, err);
        if (!rc && state.bytes)
            rc = failpoint_hit("seed.preparing", err);
        (void)clock_sleep_ms(POLL_MS);
    }
    if (!rc)
        rc = seed_end_join(&end, err);
    return rc ? rc : read_position(end.binlog, out, err);
}

int physical_copy(const struct physical_options *options, struct position *out, struct err *err)
{
    CLEANUP(copy_release) struct copy copy = {.options = options, .began_ms = clock_mono_ms()};
    struct position position;
    bool has_scheduler;

    int rc = physical_datadir(options->recipient, copy.datadir, &has_scheduler, err);
    if (!rc)
        rc = physical_server_read(options->service, options->donor, &copy.donor, err);
    if (rc)
        return rc;
    rc = stream(&copy, err);
    if (!rc)
        rc = prepare(&copy, &position, err);
    if (rc) {
        err->effect = EFFECT_APPLIED; /* a stage may be there */
        return err_wrap(err, "copying %s to %s", options->donor->name, options->recipient->name);
    }
    *out = position;
    return 0;
}
