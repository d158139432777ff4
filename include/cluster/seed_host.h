/* SPDX-License-Identifier: MIT */
/*
 * cluster/seed_host.h - the verbs of src/remote/seed.sh on a host, one after the other or beside
 * each other.
 * Threads: a session belongs to the thread that opened it; an `end` has one of its own.
 */
#ifndef CUTOVER_CLUSTER_SEED_HOST_H
#define CUTOVER_CLUSTER_SEED_HOST_H

#include <pthread.h>

#include "cluster/host.h"

/* Run "VERB", "ARGUMENT", ..., NULL. What it printed is in `out`. Errors of host_run(). */
MUST_CHECK int seed_host_run(struct host *host, const char *const *words, int64_t within_ms,
                             struct ssh_result *out, struct err *err);
/* The same on a session of its own. */
MUST_CHECK int seed_host_ask(const struct node *node, const char *const *words, int64_t within_ms,
                             struct ssh_result *out, struct err *err);

/* One of several verbs that are asked for at the same time, each on a session of its own. */
struct seed_question {
    const struct node *node;
    const char *const *words; /* as above */
    int64_t within_ms;

    struct ssh_result answer; /* released by whoever asked */
    int rc;
    struct err err;
};
/* Returns when all have ended. Errors: those of the first that failed, in their order. */
MUST_CHECK int seed_host_ask_together(struct seed_question *questions, size_t count,
                                      struct err *err);

/* The value of a line "key=value" of what a verb printed; the first, cut to fit; "" when absent. */
void seed_host_value(const struct ssh_result *result, const char *key, char *out, size_t out_size);
uint64_t seed_host_number(const struct ssh_result *result, const char *key);
/* The next one: `*at` begins as NULL. False when there is none. */
bool seed_host_next(const struct ssh_result *result, const char *key, const char **at, char *out,
                    size_t out_size);

#define SEED_OPEN_MS 20000 /* to log in */
#define SEED_WORDS_CAP 12
#define SEED_WORD_SIZE 4200

/* A verb that runs in a thread until it ends or is told to. Zeroed memory may be released. */
struct seed_end {
    const struct node *node;
    char words[SEED_WORDS_CAP][SEED_WORD_SIZE];
    size_t word_count;
    struct buf input;
    int64_t within_ms;

    pthread_t thread;
    bool is_started;
    pthread_mutex_t mutex; /* for what follows */
    bool is_stopped, is_listening, is_over;
    uint64_t bytes, took_us;
    char line[1200]; /* of its output, which has not ended yet */
    size_t line_len;
    char binlog[1024];
    int rc;
    struct err err;
};

struct seed_end_state {
    bool is_listening, is_over;
    uint64_t bytes;
    int rc;
};

/* Begin. `words` as above; `input` may be NULL; both are copied. */
MUST_CHECK int seed_end_start(struct seed_end *end, const struct node *node,
                              const char *const *words, const char *input, int64_t within_ms,
                              struct err *err);
void seed_end_stop(struct seed_end *end); /* it ends within a few seconds */
void seed_end_look(struct seed_end *end, struct seed_end_state *out);
/* Wait for its end. 0, or how it failed. */
MUST_CHECK int seed_end_join(struct seed_end *end, struct err *err);
void seed_end_release(struct seed_end *end); /* stops it, if it runs, and waits */

#endif
