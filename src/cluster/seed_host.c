/* SPDX-License-Identifier: MIT */
/*
 * Verbs of the script say "key=value", a line each, and at least once a second while they work:
 * that is when one that nobody wants any more is told to end.
 */
#include "cluster/seed_host.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/scripts.h"

#define INPUT_CAP 16384
#define QUESTIONS_CAP 4
#define RUN_SCRIPT "exec bash -o pipefail -c \"$@\""

static int run_words(struct host *host, const char *const *words, struct host_script *script,
                     struct ssh_result *out, struct err *err)
{
    const char *all[SEED_WORDS_CAP + 3] = {script_seed, "cutover"};
    char what[64];

    for (size_t i = 0; i < SEED_WORDS_CAP && words[i] != NULL; i++)
        all[i + 2] = words[i];
    (void)snprintf(what, sizeof what, "the seed's \"%s\"", words[0]);
    script->what = what;
    script->text = RUN_SCRIPT;
    script->words = all;
    return host_run(host, script, out, err);
}

int seed_host_run(struct host *host, const char *const *words, int64_t within_ms,
                  struct ssh_result *out, struct err *err)
{
    struct host_script script = {.deadline_ms = clock_mono_ms() + within_ms};
    return run_words(host, words, &script, out, err);
}

int seed_host_ask(const struct node *node, const char *const *words, int64_t within_ms,
                  struct ssh_result *out, struct err *err)
{
    CLEANUP(host_release) struct host host = {0};
    int rc = host_open(&host, node, clock_mono_ms() + within_ms, err);
    return rc ? rc : seed_host_run(&host, words, within_ms, out, err);
}

static void ask(void *context, int64_t deadline_ms)
{
    struct seed_question *question = context;

    (void)deadline_ms; /* a verb has its own */
    question->rc = seed_host_ask(question->node, question->words, question->within_ms,
                                 &question->answer, &question->err);
}

int seed_host_ask_together(struct seed_question *questions, size_t count, struct err *err)
{
    struct host_task tasks[QUESTIONS_CAP] = {0};

    if (count > QUESTIONS_CAP)
        return err_set(err, ERR_BUG, EFFECT_NONE, "too many questions at a time");
    for (size_t i = 0; i < count; i++)
        tasks[i] = (struct host_task){ask, &questions[i]};
    host_together(tasks, count);
    for (size_t i = 0; i < count; i++)
        if (questions[i].rc != 0) {
            *err = questions[i].err;
            return questions[i].rc;
        }
    return 0;
}

/* --- what a verb says ------------------------------------------------------------------------- */

bool seed_host_next(const struct ssh_result *result, const char *key, const char **at, char *out,
                    size_t out_size)
{
    const char *line = *at ? *at : buf_text(&result->out);
    size_t key_len = strlen(key);

    while (*line) {
        size_t len = strcspn(line, "\n");
        const char *next = line + len + (line[len] == '\n');
        if (strncmp(line, key, key_len) == 0 && line[key_len] == '=') {
            (void)snprintf(out, out_size, "%.*s", (int)(len - key_len - 1), line + key_len + 1);
            *at = next;
            return true;
        }
        line = next;
    }
    *at = line;
    return false;
}

void seed_host_value(const struct ssh_result *result, const char *key, char *out, size_t out_size)
{
    const char *at = NULL;
    if (!seed_host_next(result, key, &at, out, out_size))
        out[0] = '\0';
}

uint64_t seed_host_number(const struct ssh_result *result, const char *key)
{
    char text[32];
    seed_host_value(result, key, text, sizeof text);
    return strtoull(text, NULL, 10);
}

/* --- one that runs beside others -------------------------------------------------------------- */

static void take_line(struct seed_end *end)
{
    if (strncmp(end->line, "bytes=", 6) == 0)
        end->bytes = strtoull(end->line + 6, NULL, 10);
    else if (strncmp(end->line, "took=", 5) == 0)
        end->took_us = strtoull(end->line + 5, NULL, 10);
    else if (strcmp(end->line, "listening=1") == 0)
        end->is_listening = true;
    else if (strncmp(end->line, "binlog=", 7) == 0)
        (void)snprintf(end->binlog, sizeof end->binlog, "%s", end->line + 7);
}

static int take(void *context, const char *bytes, size_t len, struct err *err)
{
    struct seed_end *end = context;
    bool is_stopped;

    (void)pthread_mutex_lock(&end->mutex);
    for (size_t i = 0; i < len; i++) {
        if (bytes[i] != '\n') {
            if (end->line_len + 1 < sizeof end->line)
                end->line[end->line_len++] = bytes[i];
            continue;
        }
        end->line[end->line_len] = '\0';
        end->line_len = 0;
        take_line(end);
    }
    is_stopped = end->is_stopped;
    (void)pthread_mutex_unlock(&end->mutex);
    return is_stopped ? err_set(err, ERR_STOPPED, EFFECT_UNKNOWN, "stopped") : 0;
}

static int run_end(struct seed_end *end, struct err *err)
{
    CLEANUP(host_release) struct host host = {0};
    CLEANUP(ssh_result_release) struct ssh_result result = {0};
    const char *words[SEED_WORDS_CAP + 1] = {0};
    int64_t deadline_ms = clock_mono_ms() + end->within_ms;

    for (size_t i = 0; i < end->word_count; i++)
        words[i] = end->words[i];
    int rc = host_open(&host, end->node, clock_mono_ms() + SEED_OPEN_MS, err);
    if (rc)
        return rc;
    struct host_script script = {
        .deadline_ms = deadline_ms, .input = buf_text(&end->input), .take = take, .context = end};
    return run_words(&host, words, &script, &result, err);
}

static void *end_thread(void *context)
{
    struct seed_end *end = context;
    struct err err = {0};
    int rc = run_end(end, &err);

    (void)pthread_mutex_lock(&end->mutex);
    end->rc = rc;
    end->err = err;
    end->is_over = true;
    (void)pthread_mutex_unlock(&end->mutex);
    return NULL;
}

int seed_end_start(struct seed_end *end, const struct node *node, const char *const *words,
                   const char *input, int64_t within_ms, struct err *err)
{
    *end = (struct seed_end){.node = node, .within_ms = within_ms};
    for (; words[end->word_count] != NULL; end->word_count++) {
        size_t i = end->word_count;
        if (i == SEED_WORDS_CAP || strlen(words[i]) >= SEED_WORD_SIZE)
            return err_set(err, ERR_BUG, EFFECT_NONE, "a word for the host is too long");
        (void)snprintf(end->words[i], SEED_WORD_SIZE, "%s", words[i]);
    }
    buf_init(&end->input, INPUT_CAP);
    buf_puts(&end->input, input ? input : "");
    int rc = buf_check(&end->input, err);
    if (rc)
        return rc;
    (void)pthread_mutex_init(&end->mutex, NULL); /* cannot fail on Linux */
    if (pthread_create(&end->thread, NULL, end_thread, end) != 0)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "cannot start a thread");
    end->is_started = true;
    return 0;
}

void seed_end_stop(struct seed_end *end)
{
    if (!end->is_started)
        return;
    (void)pthread_mutex_lock(&end->mutex);
    end->is_stopped = true;
    (void)pthread_mutex_unlock(&end->mutex);
}

void seed_end_look(struct seed_end *end, struct seed_end_state *out)
{
    (void)pthread_mutex_lock(&end->mutex);
    *out = (struct seed_end_state){.is_listening = end->is_listening,
                                   .is_over = end->is_over,
                                   .bytes = end->bytes,
                                   .rc = end->rc};
    (void)pthread_mutex_unlock(&end->mutex);
}

int seed_end_join(struct seed_end *end, struct err *err)
{
    if (end->is_started) {
        (void)pthread_join(end->thread, NULL); /* fails for threads that are not ours only */
        (void)pthread_mutex_destroy(&end->mutex);
        end->is_started = false;
    }
    if (end->rc)
        *err = end->err;
    return end->rc;
}

void seed_end_release(struct seed_end *end)
{
    struct err unused = {0};
    seed_end_stop(end);
    (void)!seed_end_join(end, &unused); /* whoever wanted to know has asked */
    buf_release(&end->input);
}
