/* SPDX-License-Identifier: MIT */
/*
 * ctl/view.h - the copied snapshot that the dashboard, the terminal and the metrics show.
 * Invariant: a page is never changed once it was published; who shows it holds a reference, so that
 *            a slow reader keeps one old page and nobody waits for it.
 * Threads:   any may publish and take.
 */
#ifndef CUTOVER_CTL_VIEW_H
#define CUTOVER_CTL_VIEW_H

#include <stdint.h>

#include "base/json.h"

/* What is told apart by how often it changes. */
enum view_topic {
    VIEW_LAG,   /* ten times a second: lag, writes, who is open */
    VIEW_STATE, /* about once a second: the situation and what it was concluded from */
    VIEW_NAMES, /* every few seconds: what name servers and resolvers answer */
    VIEW_RUN,   /* when the journal changed: the runbook, its steps, what waits for a person */
};
#define VIEW_TOPIC_COUNT 4

/* "lag", "state", ...: the name of the event and of the page in the API. Static. */
const char *view_topic_name(enum view_topic topic);

struct view_page {
    uint64_t number;  /* grows with every page of its topic, from 1 */
    int64_t at_us;    /* wall clock */
    const char *text; /* JSON, one line */
    size_t len;
    unsigned opaque_references;
};

struct view;

MUST_CHECK int view_new(struct view **out, struct err *err);
void view_free(struct view *view); /* pages that are held stay until they are dropped */

/* Takes `value`, also on failure. ERR_MEMORY/NONE: the page of before stays. */
MUST_CHECK int view_publish(struct view *view, enum view_topic topic, json_t *value,
                            struct err *err);

/* The newest page that is newer than `seen` (0: any), or NULL. The caller drops it. */
struct view_page *view_take(struct view *view, enum view_topic topic, uint64_t seen);
void view_drop(struct view_page *page); /* NULL allowed */
void view_dropp(struct view_page **page);

#endif
