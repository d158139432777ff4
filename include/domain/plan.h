/* SPDX-License-Identifier: MIT */
/*
 * domain/plan.h - a playbook compiled against the situation: every statement and API call, in
 * order.
 * Owns:      its steps; plan_release() frees.
 * Invariant: the text of an op is what will be executed, byte for byte, after ${...} references
 *            have been replaced: ${secret:replication} (never stored), ${position:old} (read while
 *            running). plan_hash() covers everything that execution depends on.
 * Threads:   read-only after compiling.
 */
#ifndef CUTOVER_DOMAIN_PLAN_H
#define CUTOVER_DOMAIN_PLAN_H

#include <stdbool.h>

#include "base/digest.h"
#include "base/json.h"
#include "domain/action.h"
#include "domain/service.h"

enum op_kind {
    OP_SQL, /* one statement on one node */
    OP_DNS, /* one API call that changes a record */
    /* a named procedure of the engine: wait, copy, compare, ask; text tells what it does */
    OP_WORK,
};

#define OP_TOLERATE_CAP 4

struct op {
    enum op_kind kind;
    char node[NODE_NAME_SIZE]; /* OP_SQL: where */
    char *text;                /* SQL; "PATCH /zones/../dns_records/.. {json}"; a sentence */
    char work[48];             /* OP_WORK: procedure name in engine/work_table */
    json_t *args;              /* OP_WORK, OP_DNS: arguments; may be NULL */
    unsigned tolerate[OP_TOLERATE_CAP]; /* OP_SQL: error numbers that mean "already so" */
    bool is_unlogged;                   /* OP_SQL: run with sql_log_bin = 0 */
};

struct plan_step {
    char id[96];   /* "4.3" */
    char name[64]; /* the playbook's step: "cut-over" */
    char what[64]; /* the part: "close-old", stable, used in messages and failpoints */
    const struct action *action;
    char title[200]; /* a sentence */
    struct op *ops;
    size_t op_count;
    struct op *undo; /* run in order by abort; empty when there is nothing to undo */
    size_t undo_count;
    /*
     * an OP_WORK that asks the server whether the step is true now; work "" = the ops are the proof
     */
    struct op verify;
    bool commits;       /* abort no longer suffices once this step has begun */
    bool is_repeatable; /* reads or waits only: resume simply does it again */
    /*
     * One of the parts, next to each other, during which nobody can write; the last of them
     * commits. See engine/breath.h.
     */
    bool is_breath;
    int64_t limit_ms; /* 0 = no limit of its own */
    /* checked before the first part of a playbook step; 0 = not checked */
    situation_mask starts_from;
    enum situation ends_in; /* checked after the last part; SITUATION_UNSAFE = not checked */
};

struct plan {
    char name[64];
    char playbook_path[PATH_MAX];
    char service[64];
    enum situation starts_in, ends_in;
    struct plan_step *steps;
    size_t step_count, step_room;
    char warnings[8][300]; /* what a person should know before saying yes */
    size_t warning_count;
    int64_t forecast_pause_ms; /* writes refused, at most as far as known; 0 in shared mode */
};

void plan_release(struct plan *plan);

/*
 * Append an empty step and return it (borrowed, valid until the next append); NULL when out of
 * memory.
 */
struct plan_step *plan_step_add(struct plan *plan);

/*
 * Append an op to the step's ops / undo list; NULL when out of memory or when the node's name is
 * too long. text is copied. args is stolen.
 */
struct op *plan_op_add(struct plan_step *step, enum op_kind kind, const char *node,
                       const char *text);
struct op *plan_undo_add(struct plan_step *step, enum op_kind kind, const char *node,
                         const char *text);

/*
 * One JSON object and back, exactly: plan_from_json() refuses (ERR_PROTOCOL/NONE) whatever
 * plan_to_json() would not have written, so that nothing a reviewer read can be lost. A file that
 * adds something, say the hash, puts the plan into a field.
 */
MUST_CHECK int plan_to_json(const struct plan *plan, json_t **out, struct err *err);
MUST_CHECK int plan_from_json(const json_t *json, struct plan *out, struct err *err);

/* SHA-256 of the canonical JSON. */
MUST_CHECK int plan_hash(const struct plan *plan, char out[DIGEST_HEX_LEN + 1], struct err *err);

/*
 * The plan for a person: numbered steps, then every statement and call, then warnings and the hash.
 */
MUST_CHECK int plan_print(const struct plan *plan, struct buf *out, struct err *err);

#endif
