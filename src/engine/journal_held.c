/* SPDX-License-Identifier: MIT */
/* What waits in memory while writes are refused, and its way to the disk. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "engine/journal_file.h"

enum held_kind { HELD_EVENT, HELD_STEP, HELD_UNCOMMIT, HELD_VARIABLE };

struct journal_held {
    enum held_kind kind;
    int64_t at_us;
    char *run_id;
    char *name, *value;        /* of a variable; an event has its name */
    json_t *detail;            /* of an event */
    struct step_change change; /* of a step, with texts of its own */
    struct journal_held *next;
};

static void held_free(struct journal_held *held)
{
    if (!held)
        return;
    free(held->run_id);
    free(held->name);
    free(held->value);
    json_decref(held->detail);
    free(held);
}

static void held_freep(struct journal_held **held)
{
    held_free(*held);
    *held = NULL;
}

/* NULL when out of memory. `name` and `value` may be NULL. */
static struct journal_held *held_new(enum held_kind kind, const char *run_id, const char *name,
                                     const char *value, const json_t *detail)
{
    CLEANUP(held_freep) struct journal_held *held = calloc(1, sizeof *held);

    if (!held)
        return NULL;
    held->kind = kind;
    held->at_us = clock_wall_us();
    held->run_id = strdup(run_id);
    held->name = name ? strdup(name) : NULL;
    held->value = value ? strdup(value) : NULL;
    held->detail = detail ? json_deep_copy(detail) : NULL;
    if (!held->run_id || (name && !held->name) || (value && !held->value) ||
        (detail && !held->detail))
        return NULL;
    struct journal_held *made = held;
    held = NULL;
    return made;
}

static int keep(struct journal *journal, struct journal_held *held, struct err *err)
{
    if (!held)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for what the journal has to keep");
    *journal->held_end = held;
    journal->held_end = &held->next;
    return 0;
}

int journal_keep_event(struct journal *journal, const char *run_id, const char *name,
                       const json_t *detail, struct err *err)
{
    return keep(journal, held_new(HELD_EVENT, run_id, name, NULL, detail), err);
}

int journal_keep_uncommit(struct journal *journal, const char *run_id, struct err *err)
{
    return keep(journal, held_new(HELD_UNCOMMIT, run_id, NULL, NULL, NULL), err);
}

int journal_keep_variable(struct journal *journal, const char *run_id, const char *name,
                          const char *value, struct err *err)
{
    return keep(journal, held_new(HELD_VARIABLE, run_id, name, value, NULL), err);
}

int journal_keep_step(struct journal *journal, const char *run_id, const struct step_change *change,
                      struct err *err)
{
    struct journal_held *held = held_new(HELD_STEP, run_id, NULL, change->error, change->detail);

    if (held) {
        held->change = *change;
        held->change.error = held->value;
        held->change.detail = held->detail;
    }
    return keep(journal, held, err);
}

const char *journal_held_variable(const struct journal *journal, const char *run_id,
                                  const char *name)
{
    const char *newest = NULL;

    for (const struct journal_held *held = journal->held; held; held = held->next)
        if (held->kind == HELD_VARIABLE && strcmp(held->run_id, run_id) == 0 &&
            strcmp(held->name, name) == 0)
            newest = held->value;
    return newest;
}

void journal_drop_held(struct journal *journal)
{
    while (journal->held) {
        struct journal_held *held = journal->held;
        journal->held = held->next;
        held_free(held);
    }
    journal->held_end = &journal->held;
}

/* --- to the disk ------------------------------------------------------------------------------ */

void journal_hold(struct journal *journal)
{
    if (journal->is_held)
        return;
    journal_drop_held(journal);
    journal->is_held = true;
}

static int write_one(struct journal *journal, const struct journal_held *held, struct err *err)
{
    switch (held->kind) {
    case HELD_EVENT:
        return journal_add_event(journal, held->run_id, held->at_us, held->name, held->detail, err);
    case HELD_STEP:
        return journal_add_step(journal, held->run_id, &held->change, err);
    case HELD_UNCOMMIT:
        return journal_add_committed(journal, held->run_id, held->at_us, false, err);
    case HELD_VARIABLE:
        return journal_add_variable(journal, held->run_id, held->name, held->value, err);
    }
    return 0;
}

static int write_all(struct journal *journal, struct err *err)
{
    int rc = journal_begin(journal, err);

    if (rc)
        return rc;
    for (const struct journal_held *held = journal->held; held && !rc; held = held->next)
        rc = write_one(journal, held, err);
    return journal_end(journal, rc, err);
}

int journal_let_go(struct journal *journal, struct err *err)
{
    if (!journal->is_held)
        return 0;
    int rc = journal->held ? write_all(journal, err) : 0;
    journal->is_held = false;
    journal_drop_held(journal);
    return rc;
}
