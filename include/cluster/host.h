/* SPDX-License-Identifier: MIT */
/*
 * cluster/host.h - a session on the host of a node, as the configuration says.
 * Threads: a session belongs to the thread that opened it. host_together() makes some of its own
 *          and ends them.
 */
#ifndef CUTOVER_CLUSTER_HOST_H
#define CUTOVER_CLUSTER_HOST_H

#include "domain/service.h"
#include "io/ssh.h"

struct host {
    const struct node *node;
    struct ssh_settings settings, jump; /* what `ssh` borrows: the struct stays where it is */
    struct ssh *ssh;
};

/* Only how its host is reached; the node has a group `ssh`. */
void host_settings(struct host *host, const struct node *node);

/*
 * `host` must stay where it is until it is released. Errors of ssh_open(); ERR_CONFIG/NONE when the
 * node has no group `ssh`.
 */
MUST_CHECK int host_open(struct host *host, const struct node *node, int64_t deadline_ms,
                         struct err *err);
void host_release(struct host *host); /* zeroed memory allowed */

/*
 * Run a shell's text with words of its own ($1, $2, ...; at most 16, NULL-terminated), by sudo
 * where that is configured. 0 when it ended with status 0; what it printed is in `out`. `what`
 * names it.
 * Status 3 is how a script says that it changed nothing and will not: ERR_REFUSED/NONE.
 */
struct host_script {
    const char *what, *text;
    const char *const *words;
    const char *input; /* or NULL */
    /* As those of ssh_command. */
    int (*take)(void *context, const char *bytes, size_t len, struct err *err);
    void *context;
    int64_t deadline_ms;
};
MUST_CHECK int host_run(struct host *host, const struct host_script *script, struct ssh_result *out,
                        struct err *err);

/*
 * Questions to several hosts, side by side, so that one that says nothing costs its own time and
 * not everybody's. Returns when all have ended; `run` gets the one deadline of them all.
 */
#define HOST_LOOK_MS 30000
struct host_task {
    void (*run)(void *context, int64_t deadline_ms);
    void *context;
};
void host_together(const struct host_task *tasks, size_t count);

#endif
