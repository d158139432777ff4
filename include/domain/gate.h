/* SPDX-License-Identifier: MIT */
/*
 * domain/gate.h - go/no-go requirements: "lag < 500ms for 30s", "verified = 100%", "blockers = 0".
 * Invariant: a requirement whose value is unknown is not met (law 6); the hold time starts again
 *            whenever the requirement is not met or not known.
 * Threads:   pure; the clock is handed in.
 */
#ifndef CUTOVER_DOMAIN_GATE_H
#define CUTOVER_DOMAIN_GATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/attr.h"
#include "base/err.h"

enum gate_metric {
    GATE_LAG,
    GATE_VERIFIED,
    GATE_VERIFIED_AGE,
    GATE_BLOCKERS,
    GATE_CONFLICTS,
    GATE_LINKS,
    GATE_STRAGGLERS,
    GATE_AGENTS,
    GATE_METRIC_COUNT
};
enum gate_relation { GATE_LESS, GATE_AT_MOST, GATE_EQUAL, GATE_AT_LEAST, GATE_MORE };

/*
 * What is known now. Every value comes with whether it is known. Lag: worst of all running links.
 */
struct gate_value {
    bool is_known;
    /* ms for lag and age, percent * 100 for verified, counts for the rest; links: 1 when all run */
    int64_t value;
};

struct gate_values {
    struct gate_value metric[GATE_METRIC_COUNT];
};

#define REQUIREMENT_SIZE 96

struct requirement {
    enum gate_metric metric;
    enum gate_relation relation;
    int64_t value;
    int64_t hold_ms;             /* 0 = now is enough */
    char text[REQUIREMENT_SIZE]; /* as written */
};

struct requirement_state {
    int64_t met_since_ms; /* monotonic; -1 while not met */
};

/*
 * Grammar: METRIC (< | <= | = | >= | >) VALUE [for DURATION]. ERR_CONFIG/NONE says what was
 * expected, lists the metrics.
 */
MUST_CHECK int requirement_parse(const char *text, struct requirement *out, struct err *err);

void requirement_state_init(struct requirement_state *state);

/*
 * True when met for the whole hold time. A lag that is known to be infinite (a stopped link) meets
 * "lag > 10s"; an unknown one meets nothing. out_now (256 bytes) tells the live value: "lag 12 ms,
 * held 4.0 of 30 s".
 */
bool requirement_met(const struct requirement *requirement, const struct gate_values *values,
                     int64_t now_ms, struct requirement_state *state, char out_now[256]);

/*
 * For a watch, which goes back for a lag without end: one look may not see what the next one does.
 * Until LAG_INFINITE has lasted, the lag is what it was before, or unknown.
 */
struct lag_doubt {
    bool is_endless;
    int64_t since_ms; /* monotonic */
    struct gate_value before;
};
void lag_doubt_judge(struct lag_doubt *doubt, int64_t now_ms, int64_t must_last_ms,
                     struct gate_value *lag);

/* The metric names for messages: "lag, verified, ...". */
const char *gate_metric_names(void);

#endif
