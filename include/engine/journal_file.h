/* SPDX-License-Identifier: MIT */
/*
 * engine/journal_file.h - the inside of the journal, shared by its source files and by nobody
 * else.
 * Threads: as engine/journal.h.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_FILE_H
#define CUTOVER_ENGINE_JOURNAL_FILE_H

#include "engine/journal.h"
#include "io/store.h"
#include "sql/catalog.h"

struct journal_held; /* something that waits in memory for journal_let_go() */

/* Whose run this process writes about: compared in the transaction of every write. */
struct journal_owner {
    char run_id[24], holder[160];
    int64_t epoch;
    bool is_bound; /* nobody else's business before: reports, comparisons, drills */
};

struct journal {
    struct store *store;
    struct journal_owner owner;
    int64_t version; /* of the file's tables: a reader may meet an older one */
    bool is_held;
    struct journal_held *held, **held_end;
};

MUST_CHECK int journal_prepare(struct journal *journal, enum sql_id id,
                               struct store_statement **out, struct err *err);
MUST_CHECK int journal_run(struct store_statement *statement, struct err *err);
/* ERR_BUSY/NONE, and nothing begun: see journal_check_owner(). */
MUST_CHECK int journal_begin(struct journal *journal, struct err *err);
MUST_CHECK int journal_end(struct journal *journal, int rc, struct err *err);
/* A transaction of one statement. */
MUST_CHECK int journal_write(struct journal *journal, struct store_statement *statement,
                             struct err *err);
void journal_bind(struct journal *journal, const char *run_id, const char *holder, int64_t epoch);

/* --- inside the caller's transaction --- */

struct step_change {
    size_t number;
    enum step_state state;
    int64_t at_us, began_us; /* wall clock; began_us 0: as the journal has it */
    const char *error;       /* NULL: none */
    char event[32];
    json_t *detail; /* borrowed */
};
MUST_CHECK int journal_add_event(struct journal *journal, const char *run_id, int64_t at_us,
                                 const char *name, const json_t *detail, struct err *err);
MUST_CHECK int journal_add_step(struct journal *journal, const char *run_id,
                                const struct step_change *change, struct err *err);
MUST_CHECK int journal_add_state(struct journal *journal, const char *run_id, enum run_state state,
                                 struct err *err);
MUST_CHECK int journal_add_committed(struct journal *journal, const char *run_id, int64_t at_us,
                                     bool is_committed, struct err *err);
MUST_CHECK int journal_add_variable(struct journal *journal, const char *run_id, const char *name,
                                    const char *value, struct err *err);

/* --- journal_held.c: while it is held --- */

MUST_CHECK int journal_keep_event(struct journal *journal, const char *run_id, const char *name,
                                  const json_t *detail, struct err *err);
MUST_CHECK int journal_keep_step(struct journal *journal, const char *run_id,
                                 const struct step_change *change, struct err *err);
MUST_CHECK int journal_keep_uncommit(struct journal *journal, const char *run_id, struct err *err);
MUST_CHECK int journal_keep_variable(struct journal *journal, const char *run_id, const char *name,
                                     const char *value, struct err *err);
/* The newest value that waits, borrowed; NULL: none does. */
const char *journal_held_variable(const struct journal *journal, const char *run_id,
                                  const char *name);
void journal_drop_held(struct journal *journal);

#endif
