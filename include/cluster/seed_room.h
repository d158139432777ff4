/* SPDX-License-Identifier: MIT */
/*
 * cluster/seed_room.h - has a node of NEW the disk for what a seed brings? Only its host tells.
 * Threads: the caller's; a session of SSH of its own.
 */
#ifndef CUTOVER_CLUSTER_SEED_ROOM_H
#define CUTOVER_CLUSTER_SEED_ROOM_H

#include "cluster/session.h"

/*
 * bytes        what will come; a tenth more is asked for
 * is_replaced  what the node holds goes first, and its room counts as free
 * out_is_known false: its host cannot be asked (no ssh is configured), and nothing was judged
 * Errors  ERR_REFUSED/NONE too small; those of cluster/host.h
 */
MUST_CHECK int seed_room_check(struct session *recipient, uint64_t bytes, bool is_replaced,
                               bool *out_is_known, struct err *err);

#endif
