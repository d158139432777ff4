/* SPDX-License-Identifier: MIT */
/*
 * cli/status.h - everything `cutover status` shows, gathered first and printed then.
 * Invariant: what could not be asked is there with its reason; gathering fails only for want of
 *            memory.
 * Threads:   the main thread.
 */
#ifndef CUTOVER_CLI_STATUS_H
#define CUTOVER_CLI_STATUS_H

#include "cli/options.h"
#include "cli/render.h"
#include "cluster/hold.h"
#include "dns/propagation.h"
#include "domain/situation.h"
#include "domain/way_back.h"
#include "engine/journal_pass.h"
#include "engine/proof_memory.h"

/* A channel and how far behind it is: the two links, and each replica behind its own primary. */
struct status_channel {
    char name[NODE_NAME_SIZE + 16]; /* "forward", "reverse", "replica db2:3306" */
    const struct node *source, *replica;
    const struct channel_facts *facts; /* NULL: there is none, or the replica was not reached */
    enum tri is_running;
    int64_t lag_us; /* measured now; LAG_INFINITE = unknown */
    char lag_error[200];
};

struct status {
    const struct service *service;
    struct facts facts;
    struct verdict verdict;
    struct status_channel channels[SERVICE_NODE_CAP];
    size_t channel_count;
    struct way_back way_back;
    struct propagation answers;
    char answers_error[400]; /* why answers are missing; "" */
    char lease_holder[256];  /* "" = free, when it could be asked */
    char lease_error[400];
    bool has_verification;
    struct verified_sum verification;
    struct pass_record pass;   /* the last comparison of all tables */
    struct proof_memory proof; /* whether what it said was kept true since */
    bool has_run;
    struct run_record run; /* the service's last one */
    char journal_error[400];
    struct held_list held[SIDE_COUNT]; /* accounts that we have locked */
    char held_error[400];
};

MUST_CHECK int status_gather(const struct service *service, struct render *render,
                             struct status *out, struct err *err);
void status_release(struct status *status);

void status_print(const struct render *render, const struct status *status);
/* Caller json_decref()s; NULL when out of memory or a text is not UTF-8. */
json_t *status_json(const struct status *status);

/* status_held.c */
void status_read_held(struct status *status);
void status_print_held(const struct status *status);
json_t *status_held_json(const struct status *status);

/* Where an answer leads: "OLD", "NEW", "edge" (proxied), "elsewhere", "no answer". Static. */
const char *status_answer_leads(const struct status *status,
                                const struct propagation_answer *answer);
/* "0.4 ms", "2.3 s", "unknown" into out[32]. Returns out. */
char *status_lag_text(int64_t lag_us, char out[32]);
/* How a primary stands: "open", "closed", "unknown". Static. */
const char *status_open_text(enum tri is_open);

#endif
