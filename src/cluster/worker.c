/* SPDX-License-Identifier: MIT */
/*
 * Of a unit systemd is asked, which knows one that is on its way up or down, too: on its way up it
 * runs. On its way down it ends, and goes on to do so when nobody waits any more.
 * Anything else says so by its exit status: 0 is yes.
 */
#include "cluster/worker.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/host.h"

#define ASK_MS 20000
#define WORDS_CAP 16

static const char RUN[] = "exec \"$@\"";
static const char ASK[] =
    "\"$@\" >/dev/null 2>&1; status=$?; "
    "[ $status -lt 126 ] || { echo \"$1 cannot be run: status $status\" >&2; exit 3; }; "
    "if [ $status -eq 0 ]; then echo runs; else echo rests; fi";
static const char ASK_UNIT[] =
    "load=$(systemctl show -p LoadState -- \"$1\") || exit; "
    "case $load in LoadState=loaded|LoadState=masked) ;; "
    "*) echo \"systemd has no unit $1 ($load)\" >&2; exit 3;; esac; "
    "state=$(systemctl show -p ActiveState -- \"$1\") || exit; "
    "case $state in ActiveState=inactive|ActiveState=failed) echo rests;; "
    "ActiveState=deactivating) echo ends;; "
    "ActiveState=?*) echo runs;; *) echo 'systemd does not say' >&2; exit 3;; esac";
static const char TRY[] = "for word; do command -v \"$word\" >/dev/null || "
                          "{ echo \"there is no $word\" >&2; exit 3; }; done";

/* The words of a deed, NULL-terminated, borrowed from the worker. */
static void words_of(const struct side_worker *worker, enum worker_deed deed,
                     const char *out[WORDS_CAP + 1])
{
    char *const *words = deed == WORKER_STOP ? worker->stop : worker->start;
    size_t count = deed == WORKER_STOP ? worker->stop_count : worker->start_count;
    size_t n = 0;

    for (; n < count && n < WORDS_CAP; n++)
        out[n] = words[n];
    if (count == 0) {
        out[n++] = "systemctl";
        out[n++] = deed == WORKER_STOP ? "stop" : "start";
        out[n++] = worker->unit;
    }
    out[n] = NULL;
}

void worker_describe(const struct side_worker *worker, enum worker_deed deed, struct buf *out)
{
    const char *words[WORDS_CAP + 1];

    words_of(worker, deed, words);
    if (worker->at.ssh->sudo)
        buf_puts(out, "sudo -n ");
    for (size_t i = 0; words[i] != NULL; i++)
        buf_printf(out, "%s%s", i > 0 ? " " : "", words[i]);
}

static int run(const struct side_worker *worker, const char *what, const char *text,
               const char *const *words, int64_t time_ms, struct ssh_result *out, struct err *err)
{
    CLEANUP(host_release) struct host host = {0};
    int64_t deadline_ms = clock_mono_ms() + time_ms;
    char name[160];

    (void)snprintf(name, sizeof name, "%s %s", what, worker->name);
    int rc = host_open(&host, &worker->at, deadline_ms, err);
    return rc != 0
               ? rc
               : host_run(
                     &host,
                     &(struct host_script){
                         .what = name, .text = text, .words = words, .deadline_ms = deadline_ms},
                     out, err);
}

/* A question changes nothing, however it ends. */
static int question(const struct side_worker *worker, const char *what, const char *text,
                    const char *const *words, struct ssh_result *out, struct err *err)
{
    int rc = run(worker, what, text, words, ASK_MS, out, err);
    if (rc != 0)
        err->effect = EFFECT_NONE;
    return rc;
}

int worker_ask(const struct side_worker *worker, enum worker_now *out, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *words[WORDS_CAP + 1] = {worker->unit};
    bool is_unit = worker->is_running_count == 0;

    for (size_t i = 0; i < worker->is_running_count && i < WORDS_CAP; i++)
        words[i] = worker->is_running[i];
    int rc = question(worker, "asking about", is_unit ? ASK_UNIT : ASK, words, &result, err);
    if (rc != 0)
        return rc;
    const char *answer = buf_text(&result.out);
    static const char *const answers[] = {
        [WORKER_RESTS] = "rests\n", [WORKER_RUNS] = "runs\n", [WORKER_ENDS] = "ends\n"};
    for (enum worker_now state = WORKER_RESTS; state <= WORKER_ENDS; state++)
        if (strcmp(answer, answers[state]) == 0) {
            *out = state;
            return 0;
        }
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "asked about %s, the host says \"%.80s\"",
                   worker->name, answer);
}

int worker_do(const struct side_worker *worker, enum worker_deed deed, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *words[WORDS_CAP + 1];

    words_of(worker, deed, words);
    return run(worker, deed == WORKER_STOP ? "stopping" : "starting", RUN, words,
               worker->timeout_ms, &result, err);
}

int worker_try(const struct side_worker *worker, struct err *err)
{
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *stop[WORDS_CAP + 1], *start[WORDS_CAP + 1];

    words_of(worker, WORKER_STOP, stop);
    words_of(worker, WORKER_START, start);
    const char *const words[] = {stop[0], start[0],
                                 worker->is_running_count > 0 ? worker->is_running[0] : "systemctl",
                                 NULL};
    return question(worker, "looking for the commands of", TRY, words, &result, err);
}
