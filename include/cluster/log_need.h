/* SPDX-License-Identifier: MIT */
/*
 * cluster/log_need.h - will OLD's binary log still be there when a copy of it has ended?
 * Threads: the caller's.
 */
#ifndef CUTOVER_CLUSTER_LOG_NEED_H
#define CUTOVER_CLUSTER_LOG_NEED_H

#include "cluster/session.h"

/* ERR_PROTOCOL when the server does not say. out_s: 0: for ever. */
MUST_CHECK int log_need_read(struct session *session, int64_t *out_s, struct err *err);

struct log_need {
    const struct node *node;
    int64_t kept_s; /* 0: for ever */
    uint64_t bytes; /* of one copy */
    size_t copies;  /* that are made one after the other before anybody follows */
    uint64_t rate;  /* bytes a second that are not to be exceeded; 0: as fast as it goes */
    uint64_t assumed_rate;
};

/* The copies may take twice as long as they should. ERR_REFUSED/NONE when that is too long. */
MUST_CHECK int log_need_check(const struct log_need *need, struct err *err);

#endif
