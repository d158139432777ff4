/* SPDX-License-Identifier: MIT */
/*
 * ctl/screen_panels.h - the parts of the screen, one row each.
 * Threads: static const data; the functions are pure.
 */
#ifndef CUTOVER_CTL_SCREEN_PANELS_H
#define CUTOVER_CTL_SCREEN_PANELS_H

#include "ctl/screen.h"

#define LOWEST_BAR 0x2581 /* of eight: the glyphs that follow are taller */

struct panel_call {
    const struct screen_facts *facts;
    const struct screen_view *view;
    size_t rows; /* that it may have; 0: a part of the overview, be brief */
};

struct panel {
    const char *name;
    void (*draw)(const struct panel_call *call, struct sheet *sheet);
    unsigned least, usual;     /* rows of the overview: what it has to have, and what it wants */
    unsigned rank;             /* the least gets what it wants first */
    unsigned of_two, of_three; /* its column on a screen with so many */
};

const struct panel *panel_table(void); /* SCREEN_PANEL_COUNT rows */

/* --- what the drawings share (screen_words.c) --- */

/* "3 ms", "1.2 s", "2 min 5 s", "unknown"; the words of the page. out holds 32 bytes. */
char *words_ms(const json_t *ms, char out[32]);
char *words_ms_of(double ms, char out[32]);
char *words_rate(const json_t *rate, char out[32]);
char *words_clock(int64_t wall_us, char out[32]); /* "13:44:59" */
const char *words_writes(const json_t *is_open);
const char *words_side(const char *side); /* "OLD"; "unknown" */
/* {..}[key][key2], NULL when any is missing. */
const json_t *words_at(const json_t *object, const char *key, const char *key2);

/*
 * The lag of a link between two moments, `columns` wide; a column is the worst of its time, and
 * empty when any of that is not known. One row of it goes behind what stands in the last row;
 * several are rows of their own, with the scale on the left.
 */
struct lag_chart {
    const json_t *trail;
    const char *link; /* "forward", "reverse" */
    int64_t until_us, span_us;
    size_t columns, rows;
};
void lag_chart_draw(const struct lag_chart *chart, struct sheet *sheet);
/* The worst that is known of that time, -1 when nothing is; a gap: some of it was not known. */
double lag_chart_worst(const struct lag_chart *chart, bool *out_has_gap);

void screen_ask_draw(const struct screen_ask *ask, struct sheet *sheet);

/* screen_run.c, screen_names.c */
void panel_run(const struct panel_call *call, struct sheet *sheet);
void panel_events(const struct panel_call *call, struct sheet *sheet);
void panel_names(const struct panel_call *call, struct sheet *sheet);
void panel_proof(const struct panel_call *call, struct sheet *sheet);
void panel_back(const struct panel_call *call, struct sheet *sheet);

#endif
