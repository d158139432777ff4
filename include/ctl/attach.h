/* SPDX-License-Identifier: MIT */
/*
 * ctl/attach.h - the view of another process: what `cutover serve` tells over HTTP, kept as the
 *                collector keeps what it asks itself.
 * Invariant: a connection that ends is made anew, for as long as this lives; meanwhile
 *            attach_trouble() says why what is here is old. No server of the service is asked.
 * Threads:   one of its own.
 */
#ifndef CUTOVER_CTL_ATTACH_H
#define CUTOVER_CTL_ATTACH_H

#include "base/secret.h"
#include "ctl/event_book.h"
#include "ctl/lag_page.h"
#include "ctl/view.h"

struct attach_options {
    const char *url;            /* "https://host:8306", borrowed until the end */
    const struct secret *token; /* NULL: none; borrowed */
    const char *ca_path;        /* NULL: whom this machine trusts */
};

struct attach;

/* Comes back at once, also when nothing answers there. ERR_CONFIG/NONE: no http or https URL. */
MUST_CHECK int attach_start(const struct attach_options *options, struct attach **out,
                            struct err *err);
void attach_free(struct attach *attach); /* joins; NULL allowed */

/* Borrowed; they live as long as this. */
struct view *attach_view(struct attach *attach);
struct lag_history *attach_history(struct attach *attach);
struct event_book *attach_events(struct attach *attach);

/*
 * Ask the run there for something, as engine/journal_request.h does here. Waits for the answer,
 * five seconds at most. ERR_REFUSED/NONE: not possible now, or this token may not.
 */
MUST_CHECK int attach_ask(struct attach *attach, const char *run, const char *what,
                          const char *step, struct err *err);

/* When something was heard last, wall clock; 0 never. */
int64_t attach_heard_us(struct attach *attach);
/* Why nothing is heard, and "" while something is. */
void attach_trouble(struct attach *attach, char *out, size_t out_size);

#endif
