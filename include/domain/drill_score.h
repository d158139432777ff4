/* SPDX-License-Identifier: MIT */
/*
 * domain/drill_score.h - what a drill says about the real day: each step's time beside those of
 * earlier drills, the pause, what was lost, how long it took to recover, and what is different from
 * last time.
 * Compares: rounds of one kind only: those without a fault, or, when this drill has none, those
 *           with one. A step that was hit and repeated would say nothing about a day on which it
 *           is not.
 * Owns:     its rows; drill_score_release() frees.
 * Threads:  pure.
 */
#ifndef CUTOVER_DOMAIN_DRILL_SCORE_H
#define CUTOVER_DOMAIN_DRILL_SCORE_H

#include "base/buf.h"
#include "domain/drill.h"

/* Milliseconds; below 0: not known. `now` and `last` are medians of their drill's rounds. */
struct drill_figures {
    double now, last, best, worst;
};

struct drill_row {
    enum drill_leg leg;
    char step[64];
    struct drill_figures ms;
};

#define DRILL_DIFFERENCE_CAP 12
#define DRILL_DIFFERENCE_SIZE 200

struct drill_score {
    struct drill_row *rows;
    size_t row_count;
    struct drill_figures pause_ms, client_pause_ms, recovery_ms; /* recovery: rounds with a fault */
    unsigned rounds, good_rounds;
    bool is_faulty; /* the rows are of rounds with a fault: there was no other */
    bool needs_person;
    uint64_t written, lost, ambiguous;
    char differences[DRILL_DIFFERENCE_CAP][DRILL_DIFFERENCE_SIZE];
    size_t difference_count;
    char verdict[500]; /* one sentence, to be read out */
};

/*
 * earlier  drills of the same service and playbook, oldest first; those that are this one or have
 *          no rounds are passed over
 */
MUST_CHECK int drill_score(const struct drill_record *now, const struct drill_record *earlier,
                           size_t earlier_count, struct drill_score *out, struct err *err);
void drill_score_release(struct drill_score *score);

/* {steps, pause_ms, client_pause_ms, recovery_ms, writes, differences, verdict}; NULL: no memory */
json_t *drill_score_json(const struct drill_score *score);

/*
 * The pauses (as the controller saw them) of all rounds without a fault: how many there are, and
 * the best, the median and the worst of them.
 */
struct drill_pauses {
    size_t count;
    double best_ms, median_ms, worst_ms;
};
void drill_pauses(const struct drill_record *drills, size_t count, struct drill_pauses *out);

/* "7.2 ms", "1.4 s", "-" when not known. Returns out. */
char *drill_ms_text(double ms, char out[32]);

#endif
