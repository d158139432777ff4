/* SPDX-License-Identifier: MIT */
/*
 * cli/watch_ask.h - asking a run for something from the screen: what is offered, what will follow,
 *                   and the word that has to be typed.
 * Invariant: nothing is asked before the word was typed in full. What is asked is what was shown:
 *            its run and its step go with it, and the run refuses when they are not so any more.
 * Threads:   the main thread.
 */
#ifndef CUTOVER_CLI_WATCH_ASK_H
#define CUTOVER_CLI_WATCH_ASK_H

#include "ctl/attach.h"
#include "ctl/screen.h"
#include "domain/service.h"

struct watch_ask {
    struct screen_ask shown;       /* to be drawn; shown.state tells whether there is anything */
    const struct service *service; /* asks through its journal; or */
    struct attach *attach;         /* over HTTP */
};

void watch_ask_open(struct watch_ask *ask, const json_t *run_page);
/* A newer page: what is offered changes until something was chosen. */
void watch_ask_update(struct watch_ask *ask, const json_t *run_page);
void watch_ask_close(struct watch_ask *ask);
bool watch_ask_is_open(const struct watch_ask *ask);
void watch_ask_key(struct watch_ask *ask, int key);

#endif
