/* SPDX-License-Identifier: MIT */
/*
 * ctl/headline.h - one sentence for somebody who was woken up: what is so, and what happens next.
 * Threads: pure.
 */
#ifndef CUTOVER_CTL_HEADLINE_H
#define CUTOVER_CTL_HEADLINE_H

#include "ctl/status.h"

enum headline_tone { TONE_CALM, TONE_NOTE, TONE_WARN, TONE_ALARM };

struct headline {
    enum headline_tone tone;
    char now[400];     /* "Users write on OLD, and NEW carries every change." */
    char next[400];    /* a command, or what is waited for */
    char writers[160]; /* "OLD (127.0.0.1:3306)", "nobody", "OLD and NEW", "nobody knows" */
};

/* "calm", "note", "warn", "alarm". Static. */
const char *headline_tone_name(enum headline_tone tone);

void headline_make(const struct status *status, struct headline *out);

#endif
