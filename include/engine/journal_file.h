/* SPDX-License-Identifier: MIT */
/*
 * engine/journal_file.h - the inside of the journal, shared by its source files and by nobody
 * else.
 * Threads: as engine/journal.h.
 */
#ifndef CUTOVER_ENGINE_JOURNAL_FILE_H
#define CUTOVER_ENGINE_JOURNAL_FILE_H

#include "io/store.h"
#include "sql/catalog.h"

struct journal {
    struct store *store;
    int64_t version; /* of the file's tables: a reader may meet an older one */
};

MUST_CHECK int journal_prepare(struct journal *journal, enum sql_id id,
                               struct store_statement **out, struct err *err);
MUST_CHECK int journal_run(struct store_statement *statement, struct err *err);
MUST_CHECK int journal_begin(struct journal *journal, struct err *err);
MUST_CHECK int journal_end(struct journal *journal, int rc, struct err *err);

#endif
