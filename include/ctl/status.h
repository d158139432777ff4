/* SPDX-License-Identifier: MIT */
/*
 * ctl/status.h - everything that is known of a service at one moment: what `cutover status`
 *                prints and the dashboard shows.
 * Invariant: what could not be asked is there with its reason; gathering fails only for want of
 *            memory.
 * Threads:   the caller's.
 */
#ifndef CUTOVER_CTL_STATUS_H
#define CUTOVER_CTL_STATUS_H

#include "base/json.h"
#include "cluster/hold.h"
#include "dns/propagation.h"
#include "domain/situation.h"
#include "domain/way_back.h"
#include "engine/journal_pass.h"
#include "engine/proof_memory.h"
#include "engine/worker_memory.h"

/* A channel and how far behind it is: the two links, and each replica behind its own primary. */
struct status_channel {
    char name[NODE_NAME_SIZE + 16]; /* "forward", "reverse", "replica db2:3306" */
    const struct node *source, *replica;
    const struct channel_facts *facts; /* NULL: there is none, or the replica was not reached */
    enum tri is_running;
    int64_t lag_us; /* measured now; LAG_INFINITE = unknown */
    char lag_error[200];
};

/* A file of ours that closes a primary whenever it starts; cluster/drop_in.h. */
struct held_file {
    bool is_asked;
    enum tri is_there;
    char error[300]; /* why that is unknown; "" */
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
    char waits_for[300];   /* whom or what it waits for, while it goes on; "" */
    char journal_error[400];
    struct worker_memory workers[SERVICE_WORKER_CAP]; /* as the service has them */
    struct held_list held[SIDE_COUNT];                /* accounts that we have locked */
    char held_error[400];
    struct held_file files[SIDE_COUNT]; /* fence.hold "file" only */
};

/* Says what is being asked, for somebody who waits. */
typedef void (*status_progress)(void *context, const char *text);

/*
 * progress  NULL when nobody waits     without_dns  leaves the resolvers alone: `answers` is empty
 */
struct status_options {
    status_progress progress;
    void *context;
    bool without_dns;
    bool without_files; /* does not log in to any host */
};
MUST_CHECK int status_gather(const struct service *service, const struct status_options *options,
                             struct status *out, struct err *err);
void status_release(struct status *status);

/* Caller json_decref()s; NULL when out of memory or a text is not UTF-8. */
json_t *status_json(const struct status *status);

json_t *status_tri_json(enum tri value); /* null: unknown */

/* Where an answer leads: "OLD", "NEW", "edge" (proxied), "elsewhere", "no answer". Static. */
const char *status_answer_leads(const struct status *status,
                                const struct propagation_answer *answer);

/* status_held.c */
void status_read_held(struct status *status);
json_t *status_held_json(const struct status *status);

/* Is there a primary where such a file could be? */
bool status_has_files(const struct service *service);
/* Logs in to the primary's host, for some seconds at most. */
void status_look_at_file(const struct service *service, enum side side, struct held_file *out);
json_t *status_files_json(const struct service *service, const struct held_file *files);
/* It is open, and a restart would close it: that file was left behind. */
bool status_file_is_left(const struct status *status, enum side side);

/* status_services.c: what works beside the database, and was stopped */
MUST_CHECK int status_read_services(struct status *status, struct journal *journal,
                                    struct err *err);
json_t *status_services_json(const struct status *status);

#endif
