/* SPDX-License-Identifier: MIT */
/*
 * engine/journal_pass.h - how far comparisons have come, so that an interrupted one goes on.
 * Invariant: a span is in the journal only as far as it was compared; several are written in one
 *            transaction.
 * Threads:   as engine/journal.h.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_PASS_H
#define CUTOVER_ENGINE_JOURNAL_PASS_H

#include "engine/journal.h"
#include "verify/verify.h"

/* Of which pass: its service, and "" or the names of its tables. */
struct pass_id {
    const char *service, *scope;
};

struct pass_record {
    bool is_there;
    char run_id[24]; /* "" = the command, not a run */
    char source[8], mode[16];
    int64_t began_us, ended_us; /* ended_us 0 while it is not complete */
    unsigned spans, spans_done; /* that are known: a table is cut while it is compared */
    uint64_t rows;
    int64_t last_us; /* when the last chunk was finished */
};

/* A journal of version 1 has no passes. */
MUST_CHECK int journal_pass_get(struct journal *journal, const struct pass_id *id,
                                struct pass_record *out, struct err *err);
/* Begin anew: spans of an earlier one are forgotten. */
MUST_CHECK int journal_pass_begin(struct journal *journal, const struct pass_id *id,
                                  const char *run_id, const char *source, const char *mode,
                                  struct err *err);
MUST_CHECK int journal_pass_end(struct journal *journal, const struct pass_id *id, struct err *err);
/* The data of one side was replaced. */
MUST_CHECK int journal_pass_forget(struct journal *journal, const char *service, struct err *err);

MUST_CHECK int journal_spans_put(struct journal *journal, const struct pass_id *id,
                                 const struct verify_span *spans, size_t count, struct err *err);
/* Ordered by table and number; caller frees *out. */
MUST_CHECK int journal_spans_get(struct journal *journal, const struct pass_id *id,
                                 struct verify_span **out, size_t *out_count, struct err *err);

#endif
