/* SPDX-License-Identifier: MIT */
/*
 * engine/drill.h - rehearse a playbook: there and back, as often as asked, with faults; measured.
 * Process:   the supervisor is the parent of the controllers: each way is a run of its own process,
 *            in the journal as any other. It changes nothing itself but what a fault breaks.
 * Invariant: what a fault breaks is in the journal before it is broken, and is put back however the
 *            drill ends; a drill leaves the service in the situation in which it found it, or says
 *            that it could not.
 * Threads:   the caller's; the rows that stand for clients are written by a thread beside it.
 */
#ifndef CUTOVER_ENGINE_DRILL_H
#define CUTOVER_ENGINE_DRILL_H

#include "domain/drill.h"
#include "domain/plan.h"
#include "domain/service.h"

struct drill_options {
    const struct service *service; /* with the records that the drill may flip, and no others */
    /* the program and its options, NULL-terminated: "drill-leg", WHAT and PLAYBOOK follow */
    const char *const *program;
    size_t program_count;
    const char *playbook_path;        /* NULL: drill_put_back() only */
    const char *back_path;            /* NULL: chosen by what happened */
    bool is_shared;                   /* the playbook's mode; decides which way back is chosen */
    const struct plan *plan;          /* of the way there */
    const struct drill_fault *faults; /* one a round, in turn */
    size_t fault_count;
    unsigned times;
    const char *holder;
    void *context;
    int (*locate)(const char *word, char *out, size_t out_size, struct err *err);
    int (*read)(void *context, const char *path, struct playbook *out, struct err *err);
    int (*compile)(void *context, const char *path, struct plan *out, struct err *err);
};

/*
 * May a drill of this service begin? Asked before anything is compiled: one that was cut short may
 * have left the service anywhere.
 * Errors  ERR_BUSY/NONE one is under way; ERR_REFUSED/NONE one was cut short
 */
MUST_CHECK int drill_check_free(const struct service *service, struct err *err);

/*
 * Check that every fault has a place, there or back; nothing is touched.
 * Errors  ERR_USAGE/NONE names the steps
 */
MUST_CHECK int drill_check_faults(const struct drill_options *options, struct err *err);

/*
 * Returns 0 when every round was good. Otherwise the error that ended it; *out is filled either way
 * once the drill began (out->id is "" when it did not), the caller releases it.
 * Errors  ERR_BUSY another drill is under way; ERR_STOPPED a person stopped it; ERR_REFUSED/NONE an
 *         earlier one was cut short and has to be put back first
 */
MUST_CHECK int drill_perform(const struct drill_options *options, struct drill_record *out,
                             struct err *err);

/*
 * Put back what a drill left that was killed: links that it broke, and the side that is open.
 * Errors  ERR_REFUSED/NONE there is none; others: it could not be done, a person is needed
 */
MUST_CHECK int drill_put_back(const struct drill_options *options, struct drill_record *out,
                              struct err *err);

#endif
