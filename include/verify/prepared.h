/* SPDX-License-Identifier: MIT */
/*
 * verify/prepared.h - what XA transactions changed that are prepared and neither committed nor
 * rolled back.
 * Invariant: at most PREPARED_CAP; the oldest is forgotten then, and its commit changes everything.
 * Threads:   belongs to one thread.
 */
#ifndef CUTOVER_VERIFY_PREPARED_H
#define CUTOVER_VERIFY_PREPARED_H

#include "verify/binlog_event.h"
#include "verify/told.h"

#define PREPARED_CAP 256

struct prepared { /* zeroed memory is empty */
    struct {
        char xid[BINLOG_XID_SIZE];
        struct told_list told;
    } * items;
    size_t count;
};

/* Takes what is in `told`, which is empty afterwards. ERR_MEMORY/NONE. */
MUST_CHECK int prepared_put(struct prepared *prepared, const char *xid, struct told_list *told,
                            struct err *err);
/* Into out_told, which was empty; false when it is not known. */
MUST_CHECK bool prepared_take(struct prepared *prepared, const char *xid,
                              struct told_list *out_told);
void prepared_release(struct prepared *prepared);

#endif
