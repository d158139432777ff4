/* SPDX-License-Identifier: MIT */
/*
 * verify/objects.h - everything that is not a row: views, triggers, routines, events, defaults of
 *           databases, constraints, partitions, counters, sequences, accounts and their privileges.
 * How:      lists, a few a database, whatever it holds; only views of MySQL and sequences are asked
 *           one by one. Statements that change them may be on their way, so what differs is looked
 *           at again once the replica has applied what the source had.
 * Told:     a difference has `table` = "blog.posts" (a view's or routine's own name, "accounts" for
 *           accounts), `key` = "trigger ai_posts", `column` = what differs.
 * Never:    no hash of a password leaves a server; both make a digest of it, and that is not shown.
 * Threads:  the caller's; it has connections of its own.
 */
#ifndef CUTOVER_VERIFY_OBJECTS_H
#define CUTOVER_VERIFY_OBJECTS_H

#include "verify/schema.h"

struct objects_compare {
    const struct service *service;
    enum side source;
    bool is_still; /* both sides are closed and at the same position */
    void (*on_difference)(void *context, const struct difference *difference);
    /* A difference that the service's configuration accepts. */
    void (*on_accepted)(void *context, const struct difference *difference,
                        const struct acceptance *acceptance);
    /* "not compared: ..." and what else a person should know. */
    void (*on_warning)(void *context, const char *text);
    void *context;
};

/*
 * Errors  ERR_SERVER, ERR_LOST; ERR_TIMEOUT/NONE the replica did not come in time; ERR_STOPPED.
 *         Differences are not an error.
 */
MUST_CHECK int verify_objects_compare(const struct objects_compare *options, struct err *err);

#endif
