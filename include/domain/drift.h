/* SPDX-License-Identifier: MIT */
/*
 * domain/drift.h - is a node, a link or a record still as the run left it?
 * Invariant: what was not seen is not compared. A link that waits for its source, or stopped with
 *            an error, is no drift: nobody did that. Nor is what a restart closes or stops.
 * Threads:   pure.
 */
#ifndef CUTOVER_DOMAIN_DRIFT_H
#define CUTOVER_DOMAIN_DRIFT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"

/* One node at one moment. Zero: not seen. */
struct drift_node {
    bool is_seen;
    int64_t started_ms; /* when the server started, monotonic clock of ours; 0 not known */
    bool is_open, is_sealed;
    bool has_link;    /* the channel that feeds it */
    bool is_halted;   /* a thread of it was stopped, and has no error to show for it */
    char link[512];   /* how the channel is set: source, user, GTID, TLS, delay, what it ignores */
    char others[160]; /* names of its further channels */
};

enum drift_kind {
    DRIFT_NONE,
    DRIFT_OPENED,
    DRIFT_CLOSED,
    DRIFT_UNSEALED,
    DRIFT_LINK_GONE,
    DRIFT_LINK_MADE,
    DRIFT_LINK_HALTED,
    DRIFT_LINK_CHANGED,
    DRIFT_CHANNELS,
    DRIFT_RECORD,
};

struct drift {
    enum drift_kind kind;
    bool is_restarted; /* between the two: that alone is no drift */
    const char *what;  /* "read_only", "the link", "its settings", "the record" */
    char was[512], is[512];
};

/*
 * was  what the run left, or saw after it had left it
 * now  what is seen
 * Returns out->kind. DRIFT_NONE with is_restarted: it restarted, and what that changed is no harm.
 */
enum drift_kind drift_of_node(const struct drift_node *was, const struct drift_node *now,
                              struct drift *out);

/* One record. The TTL of a proxied one is the provider's own. Content "": not known. */
struct drift_record {
    char content[256];
    unsigned ttl_s;
    bool is_proxied;
};
enum drift_kind drift_of_record(const struct drift_record *was, const struct drift_record *now,
                                struct drift *out);

/* A stable word for the journal: "opened", "link-halted"; "" for DRIFT_NONE. */
const char *drift_name(enum drift_kind kind);

#endif
