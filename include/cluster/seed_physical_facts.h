/* SPDX-License-Identifier: MIT */
/*
 * cluster/seed_physical_facts.h - what a server and its host say about themselves before a physical
 *                                 seed; for cluster/seed_physical*.c only.
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_SEED_PHYSICAL_FACTS_H
#define CUTOVER_CLUSTER_SEED_PHYSICAL_FACTS_H

#include "cluster/seed_host.h"
#include "cluster/session.h"

#define PHYSICAL_ASK_MS 120000 /* a folder of 500 GB is looked through */

/* By SQL: its variables. */
struct physical_server {
    const struct node *node;
    struct server_version version;
    char datadir[PATH_MAX], socket[128], log_base[PATH_MAX];
    int64_t page_size, lower_case, keep_log_s;
    char encryption[64];         /* its key plugin; "" = none */
    char outside[PATH_MAX + 64]; /* "innodb_undo_directory is /x": of what is not in datadir */
};
MUST_CHECK int physical_server_read(const struct service *service, const struct node *node,
                                    struct physical_server *out, struct err *err);

/* By SSH. Folders and the like are read from `look`, which the caller releases. */
MUST_CHECK int physical_look(const struct physical_server *server, struct ssh_result *look,
                             struct err *err);

/* The data directory that the server would be started with, as its option files say. */
MUST_CHECK int physical_datadir(const struct node *node, char out[PATH_MAX],
                                bool *out_has_scheduler, struct err *err);

#endif
