/* SPDX-License-Identifier: MIT */
/* Passes and their spans in the journal. */
#include "engine/journal_pass.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "engine/journal_file.h"

#define JOURNAL_WITH_PASSES 2

static int prepare(struct journal *journal, enum sql_id statement_id, const struct pass_id *id,
                   struct store_statement **out, struct err *err)
{
    int rc = journal_prepare(journal, statement_id, out, err);
    if (rc)
        return rc;
    store_bind_text(*out, 1, id->service);
    store_bind_text(*out, 2, id->scope);
    return 0;
}

static void copy(char *out, size_t out_size, struct store_statement *from, int column)
{
    (void)snprintf(out, out_size, "%s", store_column_text(from, column));
}

int journal_pass_get(struct journal *journal, const struct pass_id *id, struct pass_record *out,
                     struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    struct pass_record found = {0};

    *out = found;
    if (journal->version < JOURNAL_WITH_PASSES)
        return 0;
    int rc = prepare(journal, SQL_JOURNAL_PASS_GET, id, &ask, err);
    if (!rc)
        rc = store_step(ask, err);
    if (rc <= 0)
        return rc;
    found.is_there = true;
    copy(found.run_id, sizeof(found.run_id), ask, 0);
    copy(found.source, sizeof(found.source), ask, 1);
    copy(found.mode, sizeof(found.mode), ask, 2);
    found.began_us = store_column_int(ask, 3);
    found.ended_us = store_column_int(ask, 4);
    found.spans = (unsigned)store_column_int(ask, 5);
    found.spans_done = (unsigned)store_column_int(ask, 6);
    found.rows = (uint64_t)store_column_int(ask, 7);
    found.last_us = store_column_int(ask, 8);
    *out = found;
    return 0;
}

static int put_pass(struct journal *journal, const struct pass_id *id, const char *run_id,
                    const char *source, const char *mode, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *clear = NULL;
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;

    int rc = prepare(journal, SQL_JOURNAL_SPAN_CLEAR, id, &clear, err);
    if (!rc)
        rc = journal_run(clear, err);
    if (!rc)
        rc = prepare(journal, SQL_JOURNAL_PASS_PUT, id, &put, err);
    if (rc)
        return rc;
    store_bind_text(put, 3, run_id);
    store_bind_text(put, 4, source);
    store_bind_text(put, 5, mode);
    store_bind_int(put, 6, clock_wall_us());
    return journal_run(put, err);
}

int journal_pass_begin(struct journal *journal, const struct pass_id *id, const char *run_id,
                       const char *source, const char *mode, struct err *err)
{
    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, put_pass(journal, id, run_id, source, mode, err), err);
}

int journal_pass_end(struct journal *journal, const struct pass_id *id, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *end = NULL;
    int rc = prepare(journal, SQL_JOURNAL_PASS_END, id, &end, err);
    if (rc)
        return rc;
    store_bind_int(end, 3, clock_wall_us());
    return journal_write(journal, end, err);
}

int journal_pass_forget(struct journal *journal, const char *service, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *drop = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_PASS_DROP, &drop, err);
    if (rc)
        return rc;
    store_bind_text(drop, 1, service);
    return journal_write(journal, drop, err);
}

static void bind_span(struct store_statement *put, const struct verify_span *span)
{
    store_bind_text(put, 3, span->table);
    store_bind_int(put, 4, span->number);
    store_bind_text(put, 5, span->shape);
    store_bind_text(put, 6, span->from);
    store_bind_text(put, 7, span->until);
    store_bind_text(put, 8, span->done_until);
    store_bind_int(put, 9, span->is_done);
    store_bind_int(put, 10, (int64_t)span->rows);
    store_bind_int(put, 11, (int64_t)span->chunks);
    store_bind_int(put, 12, (int64_t)span->bytes);
    store_bind_text(put, 13, span->hash);
    store_bind_int(put, 14, (int64_t)span->differences);
    store_bind_int(put, 15, span->mode);
    store_bind_int(put, 16, span->at_us);
}

static int put_spans(struct journal *journal, const struct pass_id *id,
                     const struct verify_span *spans, size_t count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_SPAN_PUT, &put, err);

    for (size_t i = 0; !rc && i < count; i++) {
        store_bind_text(put, 1, id->service);
        store_bind_text(put, 2, id->scope);
        bind_span(put, &spans[i]);
        rc = journal_run(put, err);
        store_rewind(put);
    }
    return rc;
}

int journal_spans_put(struct journal *journal, const struct pass_id *id,
                      const struct verify_span *spans, size_t count, struct err *err)
{
    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, put_spans(journal, id, spans, count, err), err);
}

static void read_span(struct store_statement *row, struct verify_span *out)
{
    *out = (struct verify_span){.number = (unsigned)store_column_int(row, 1),
                                .is_done = store_column_int(row, 6) != 0,
                                .rows = (uint64_t)store_column_int(row, 7),
                                .chunks = (uint64_t)store_column_int(row, 8),
                                .bytes = (uint64_t)store_column_int(row, 9),
                                .differences = (size_t)store_column_int(row, 11),
                                .mode = (enum verify_mode)store_column_int(row, 12),
                                .at_us = store_column_int(row, 13)};
    copy(out->table, sizeof(out->table), row, 0);
    copy(out->shape, sizeof(out->shape), row, 2);
    copy(out->from, sizeof(out->from), row, 3);
    copy(out->until, sizeof(out->until), row, 4);
    copy(out->done_until, sizeof(out->done_until), row, 5);
    copy(out->hash, sizeof(out->hash), row, 10);
}

int journal_spans_get(struct journal *journal, const struct pass_id *id, struct verify_span **out,
                      size_t *out_count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    struct verify_span *spans = NULL;
    size_t count = 0, room = 0;

    int rc = prepare(journal, SQL_JOURNAL_SPAN_LIST, id, &ask, err);
    while (!rc && (rc = store_step(ask, err)) == 1) {
        rc = 0;
        if (count == room) {
            room = room ? 2 * room : 64;
            struct verify_span *grown = realloc(spans, room * sizeof(*spans));
            if (!grown) {
                rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu spans", room);
                break;
            }
            spans = grown;
        }
        read_span(ask, &spans[count++]);
    }
    if (rc < 0) {
        free(spans);
        return rc;
    }
    *out = spans;
    *out_count = count;
    return 0;
}
