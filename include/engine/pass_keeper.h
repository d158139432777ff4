/* SPDX-License-Identifier: MIT */
/*
 * engine/pass_keeper.h - a pass over the data and the journal: go on with what was interrupted, and
 *                        keep how far it comes.
 * Invariant: a pass is gone on with only when it compared the same tables in the same direction and
 *            way, and less than PASS_AGE_MAX_MS ago; otherwise it begins anew and says why.
 * Threads:   the driver's.
 */
#ifndef CUTOVER_ENGINE_PASS_KEEPER_H
#define CUTOVER_ENGINE_PASS_KEEPER_H

#include "engine/journal_pass.h"
#include "io/file_lock.h"

#define PASS_AGE_MAX_MS (24LL * 3600 * 1000)

struct pass_keeper {
    struct journal *journal; /* borrowed; NULL: nothing is kept */
    struct pass_id id;
    char *scope;
    struct file_lock lock;     /* two that compare would go on with each other's work */
    struct verify_span *spans; /* that are gone on with */
    bool is_resumed;
    char note[256]; /* what it goes on with, or why it does not; "" nothing was interrupted */
};

/*
 * Fills in what options need to go on. options->tables, source and mode must be set; what is handed
 * in here is borrowed until the release. Whole passes forget what tables were verified before.
 * Errors  ERR_BUSY/NONE another process of this host compares this service; those of the journal
 */
MUST_CHECK int pass_keeper_begin(struct pass_keeper *keeper, struct journal *journal,
                                 const char *run_id, bool is_restart,
                                 struct verify_options *options, struct err *err);
void pass_keeper_release(struct pass_keeper *keeper); /* zeroed memory allowed */

/* For verify_options.spans_changed. */
MUST_CHECK int pass_keeper_spans(struct pass_keeper *keeper, const struct verify_span *spans,
                                 size_t count, struct err *err);
/* The pass has ended well. */
MUST_CHECK int pass_keeper_end(struct pass_keeper *keeper, struct err *err);

/* What the service's file says about comparisons, unless the options say it already. pace: memory
 * for options->pace. */
void pass_defaults(const struct service *service, struct pace_limits *pace,
                   struct verify_options *options);

#endif
