/* SPDX-License-Identifier: MIT */
/*
 * ctl/screen.h - the terminal's screen: what is known, and a size, become rows of characters.
 * Invariant: the pages are those of the browser (ctl/view.h). What is not known says so; it is
 *            neither 0 nor left out.
 * Threads:   pure.
 */
#ifndef CUTOVER_CTL_SCREEN_H
#define CUTOVER_CTL_SCREEN_H

#include "base/json.h"
#include "ctl/sheet.h"

/* Below this only the sentence is shown, and the wish for a larger window. */
#define SCREEN_LEAST_WIDTH 60
#define SCREEN_LEAST_HEIGHT 15

/* Facts older than this are called old; so is a source from which nothing was heard for so long. */
#define SCREEN_OLD_FACTS_US (INT64_C(10) * 1000000)
#define SCREEN_SILENT_US (INT64_C(3) * 1000000)

struct screen_facts {
    const json_t *lag, *state, *names, *run; /* NULL: not known yet */
    const json_t *trail;                     /* lag_history_json(); NULL */
    const json_t *events;  /* of the journal, the newest first: {at_us, name, detail} */
    const char *source;    /* "this process" or the address that is asked */
    const char *trouble;   /* why nothing is heard from it; "" */
    int64_t now_us;        /* wall clock */
    int64_t heard_us;      /* when something was heard last; 0 never */
    int64_t closed_us;     /* nobody can write since; 0: somebody can, or it is not known */
    bool is_closed_longer; /* nobody saw it begin */
    bool has_seen_open;
};

/* Asking a run for something; cli/watch_ask.h goes from one state to the next. */
struct screen_ask {
    enum { SCREEN_ASK_NOT, SCREEN_ASK_WHAT, SCREEN_ASK_WORD, SCREEN_ASK_TOLD } state;
    json_t *people; /* of the run's page, as it was when it was opened */
    size_t chosen;  /* of its offers */
    char typed[32];
    char answer[800];
    bool is_refused;
};
const json_t *screen_ask_chosen(const struct screen_ask *ask);

struct screen_view {
    size_t width, height; /* height 0: as tall as all of it is */
    bool is_ascii;
    size_t panel;  /* 1..SCREEN_PANEL_COUNT: this one alone; 0: all */
    size_t scroll; /* of that one */
    int64_t span_us;
    const struct screen_ask *ask; /* NULL: nobody wants anything */
    const char *keys;             /* for the last row; NULL: the usual ones, "": none */
};

#define SCREEN_PANEL_COUNT 7
#define SCREEN_USUAL_SPAN_US (INT64_C(60) * 1000000)

/* sheet_release() it. Rows that do not fit are left out, and their number is said. */
void screen_draw(const struct screen_facts *facts, const struct screen_view *view,
                 struct sheet *out);

/* Keep the clock of the pause (the last three of `facts`): call it with each page of lag. */
void screen_note_lag(struct screen_facts *facts, const json_t *lag);

#endif
