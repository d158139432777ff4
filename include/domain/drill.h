/* SPDX-License-Identifier: MIT */
/*
 * domain/drill.h - what a rehearsal is made of: the faults that may be injected, by name, and what
 * each round came to.
 * Owns:    its rounds and their parts; drill_record_release() frees.
 * Threads: pure; a record belongs to one thread.
 */
#ifndef CUTOVER_DOMAIN_DRILL_H
#define CUTOVER_DOMAIN_DRILL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/digest.h"
#include "base/json.h"
#include "domain/playbook.h"

/* --- faults ----------------------------------------------------------------------------------- */

enum drill_fault_kind {
    DRILL_NO_FAULT,
    DRILL_KILL_CONTROLLER,
    DRILL_CUT_LINK,
    DRILL_STALL_APPLY,
    DRILL_DNS_429,
    DRILL_LOST_ANSWER,
};

struct drill_fault_row {
    enum drill_fault_kind kind;
    const char *name;
    const char *does;
    bool is_dns; /* strikes at the change of a record */
};
/* The rows, by kind; the first is "no fault". */
const struct drill_fault_row *drill_fault_table(size_t *out_count);

#define DRILL_FAULT_SIZE 160

/* "kill-controller@cut-over/close-from": the step and the part may be left out. */
struct drill_fault {
    enum drill_fault_kind kind;
    char text[DRILL_FAULT_SIZE]; /* as typed */
    char step[64], part[64];     /* "": found by drill_fault_place() */
};
/* ERR_USAGE/NONE lists the names. */
MUST_CHECK int drill_fault_parse(const char *text, struct drill_fault *out, struct err *err);

/*
 * Where in a plan the fault strikes: the part of that name; else the first part of the step that
 * changes something (for faults of the DNS: the first that flips a record); else the first part of
 * a step that only looks. Without a step: the first step that commits.
 * False: this plan has no such place.
 */
struct plan;
bool drill_fault_place(const struct drill_fault *fault, const struct plan *plan, size_t *out_index);

/* --- what came of it -------------------------------------------------------------------------- */

enum drill_leg { DRILL_THERE, DRILL_BACK };
const char *drill_leg_name(enum drill_leg leg);

struct drill_part {
    enum drill_leg leg;
    char step[64], part[64];
    int64_t took_us;
};

struct drill_round {
    unsigned number;
    char fault[DRILL_FAULT_SIZE]; /* "" none was asked for */
    bool is_struck;               /* it was injected */
    bool is_good;                 /* there and back, as it began, nothing lost */
    bool needs_person;            /* it could not be put back without one */
    char problem[300];            /* why it is not good; "" */
    char run[2][24];              /* by leg; "" there was none */
    double pause_ms;              /* writes refused, as the controller saw it; -1 none were */
    double client_pause_ms;       /* the longest time without an acknowledged write; -1 unknown */
    int64_t recovery_ms; /* from the fault until its step was done; -1 nothing to recover */
    uint64_t written, lost, ambiguous; /* rows of our own: acknowledged, gone, answer lost */
    struct drill_part *parts;
    size_t part_count;
};

enum drill_state { DRILL_RUNNING, DRILL_PASSED, DRILL_FAILED, DRILL_STOPPED };
const char *drill_state_name(enum drill_state state);

struct drill_record {
    char id[24];
    char service[64], playbook[64];
    char playbook_hash[DIGEST_HEX_LEN + 1]; /* of the file's bytes */
    char config_hash[DIGEST_HEX_LEN + 1];   /* of the service file's bytes */
    char environment[16], version[32], holder[160];
    enum drill_state state;
    enum situation home; /* where it began */
    int64_t started_us, ended_us;
    struct drill_round *rounds;
    size_t round_count;
};

void drill_record_release(struct drill_record *record);
/* Append an empty round; NULL when out of memory. Borrowed until the next. */
struct drill_round *drill_round_add(struct drill_record *record);
/* False: out of memory. */
bool drill_part_add(struct drill_round *round, enum drill_leg leg, const char *step,
                    const char *part, int64_t took_us);
/* Take over rounds and all; `from` is empty afterwards. */
void drill_record_move(struct drill_record *to, struct drill_record *from);

/* The rounds as JSON, as docs/drill.md describes them, and back. ERR_PROTOCOL/NONE, ERR_MEMORY. */
MUST_CHECK int drill_rounds_json(const struct drill_record *record, json_t **out, struct err *err);
MUST_CHECK int drill_rounds_from_json(const json_t *json, struct drill_record *record,
                                      struct err *err);

/* --- a playbook for production ---------------------------------------------------------------- */

/*
 * Make a playbook harmless where users are: steps that would close the side on which they stay are
 * left out, and records are those that are left in the service (the canary). What was left out is
 * told in `out_left_out`, "settle, retire" or "".
 */
void drill_turn(struct playbook *playbook, char *out_left_out, size_t out_size);

/* Its first step that moves users; NULL: there is none, and so nothing to go back from. */
const struct playbook_step *drill_crossing(const struct playbook *playbook);

#endif
