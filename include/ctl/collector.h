/* SPDX-License-Identifier: MIT */
/*
 * ctl/collector.h - keeps the view (ctl/view.h) up to date: lag ten times a second, facts once a
 *                   second, name servers every few, and the journal as another process writes it.
 * Invariant: changes nothing anywhere; what could not be asked is on the page as unknown, with the
 *            reason, and with the time of asking.
 * Threads:   three of its own, and the sampler's. on_news is called from any of them.
 */
#ifndef CUTOVER_CTL_COLLECTOR_H
#define CUTOVER_CTL_COLLECTOR_H

#include "ctl/event_book.h"
#include "ctl/lag_page.h"
#include "ctl/run_lag.h"
#include "ctl/view.h"
#include "domain/service.h"

struct collector_options {
    const struct service *service; /* borrowed until the end */
    void (*on_news)(void *context);
    void *context;
};

struct collector;

MUST_CHECK int collector_start(const struct collector_options *options, struct collector **out,
                               struct err *err);
void collector_free(struct collector *collector); /* joins; NULL allowed */

/* Borrowed; they live as long as the collector. */
struct view *collector_view(struct collector *collector);
struct lag_history *collector_history(struct collector *collector);
struct run_lag *collector_run_lag(struct collector *collector);
struct event_book *collector_events(struct collector *collector);

#endif
