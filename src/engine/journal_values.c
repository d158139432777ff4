/* SPDX-License-Identifier: MIT */
/* What the journal keeps besides the story: variables, memory, lag samples, verified tables. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "domain/lag.h"
#include "engine/journal.h"
#include "engine/journal_file.h"
#include "engine/journal_pass.h"

/* The two key-value tables differ only in their owner: a run, or the service. */
static int put_value(struct journal *journal, enum sql_id id, const char *owner, const char *name,
                     const char *value, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;
    int rc = journal_prepare(journal, id, &put, err);

    if (rc)
        return rc;
    store_bind_text(put, 1, owner);
    store_bind_text(put, 2, name);
    if (value)
        store_bind_text(put, 3, value);
    return journal_run(put, err);
}

static int copy_value(const char *name, const char *value, char *out, size_t out_size,
                      struct err *err)
{
    if (strlen(value) >= out_size)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "the value of %s is longer than %zu bytes",
                       name, out_size);
    (void)snprintf(out, out_size, "%s", value);
    return 0;
}

static int get_value(struct journal *journal, enum sql_id id, const char *owner, const char *name,
                     char *out, size_t out_size, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    int rc = journal_prepare(journal, id, &ask, err);

    if (rc)
        return rc;
    store_bind_text(ask, 1, owner);
    store_bind_text(ask, 2, name);
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    return copy_value(name, rc == 1 ? store_column_text(ask, 0) : "", out, out_size, err);
}

int journal_add_variable(struct journal *journal, const char *run_id, const char *name,
                         const char *value, struct err *err)
{
    return put_value(journal, SQL_JOURNAL_VARIABLE_PUT, run_id, name, value, err);
}

int journal_variable_put(struct journal *journal, const char *run_id, const char *name,
                         const char *value, struct err *err)
{
    if (journal->is_held)
        return journal_keep_variable(journal, run_id, name, value, err);
    int rc = journal_begin(journal, err);
    return rc ? rc
              : journal_end(journal, journal_add_variable(journal, run_id, name, value, err), err);
}

int journal_variable_get(struct journal *journal, const char *run_id, const char *name, char *out,
                         size_t out_size, struct err *err)
{
    const char *held = journal_held_variable(journal, run_id, name);

    if (held)
        return copy_value(name, held, out, out_size, err);
    return get_value(journal, SQL_JOURNAL_VARIABLE_GET, run_id, name, out, out_size, err);
}

int journal_memory_put(struct journal *journal, const char *service, const char *name,
                       const char *value, struct err *err)
{
    enum sql_id id = value ? SQL_JOURNAL_MEMORY_PUT : SQL_JOURNAL_MEMORY_DROP;

    int rc = journal_begin(journal, err);
    return rc ? rc : journal_end(journal, put_value(journal, id, service, name, value, err), err);
}

int journal_memory_get(struct journal *journal, const char *service, const char *name, char *out,
                       size_t out_size, struct err *err)
{
    return get_value(journal, SQL_JOURNAL_MEMORY_GET, service, name, out, out_size, err);
}

/* --- samples ---------------------------------------------------------------------------------- */

static void bind_lag(struct store_statement *statement, int index, int64_t lag_ms)
{
    if (lag_ms != LAG_INFINITE)
        store_bind_int(statement, index, lag_ms); /* unbound is NULL: unknown */
}

static int add_samples(struct journal *journal, const char *run_id,
                       const struct journal_sample *samples, size_t count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *add = NULL;
    int64_t now_us = clock_wall_us();
    int rc = journal_prepare(journal, SQL_JOURNAL_SAMPLE_ADD, &add, err);

    for (size_t i = 0; i < count && !rc; i++) {
        store_bind_text(add, 1, run_id);
        store_bind_int(add, 2, now_us);
        store_bind_text(add, 3, samples[i].node);
        bind_lag(add, 4, samples[i].receive_ms);
        bind_lag(add, 5, samples[i].apply_ms);
        rc = journal_run(add, err);
        store_rewind(add);
    }
    return rc;
}

int journal_samples(struct journal *journal, const char *run_id,
                    const struct journal_sample *samples, size_t count, struct err *err)
{
    int rc = journal_begin(journal, err);

    return rc ? rc : journal_end(journal, add_samples(journal, run_id, samples, count, err), err);
}

static int64_t column_lag(struct store_statement *list, int index)
{
    return store_column_is_null(list, index) ? LAG_INFINITE : store_column_int(list, index);
}

int journal_sample_list(struct journal *journal, const char *run_id, int64_t after_us,
                        journal_sample_fn each, void *context, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *list = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_SAMPLE_LIST, &list, err);

    if (rc)
        return rc;
    store_bind_text(list, 1, run_id);
    store_bind_int(list, 2, after_us);
    while ((rc = store_step(list, err)) == 1) {
        const struct journal_sample sample = {.node = store_column_text(list, 0),
                                              .receive_ms = column_lag(list, 2),
                                              .apply_ms = column_lag(list, 3)};
        rc = each(context, store_column_int(list, 1), &sample);
        if (rc)
            return rc;
    }
    return rc;
}

int journal_lag_stats(struct journal *journal, const char *run_id, struct journal_lag *out,
                      size_t cap, size_t *out_count, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    size_t count = 0;
    int rc = journal_prepare(journal, SQL_JOURNAL_SAMPLE_STATS, &ask, err);

    if (rc)
        return rc;
    store_bind_text(ask, 1, run_id);
    while (count < cap && (rc = store_step(ask, err)) == 1) {
        struct journal_lag *lag = &out[count++];
        *lag = (struct journal_lag){.samples = store_column_int(ask, 1),
                                    .known = store_column_int(ask, 2),
                                    .worst_ms = store_column_int(ask, 3),
                                    .median_ms = store_column_int(ask, 4)};
        (void)snprintf(lag->node, sizeof lag->node, "%s", store_column_text(ask, 0));
    }
    *out_count = count;
    return rc < 0 ? rc : 0;
}

/* --- verified tables -------------------------------------------------------------------------- */

/* A pass that was interrupted before cannot be gone on with either. */
int journal_verified_begin(struct journal *journal, const char *service, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *clear = NULL;
    int rc = journal_memory_put(journal, service, "verified.complete", NULL, err);

    if (!rc)
        rc = journal_pass_forget(journal, service, err);
    if (!rc)
        rc = journal_prepare(journal, SQL_JOURNAL_VERIFIED_CLEAR, &clear, err);
    if (rc)
        return rc;
    store_bind_text(clear, 1, service);
    return journal_write(journal, clear, err);
}

int journal_verified_table(struct journal *journal, const char *service, const char *run_id,
                           const char *table, uint64_t rows, const char *hash, uint64_t differences,
                           struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *put = NULL;
    int rc = journal_prepare(journal, SQL_JOURNAL_VERIFIED_PUT, &put, err);

    if (rc)
        return rc;
    store_bind_text(put, 1, service);
    store_bind_text(put, 2, table);
    store_bind_text(put, 3, run_id);
    store_bind_int(put, 4, (int64_t)rows);
    store_bind_text(put, 5, hash);
    store_bind_int(put, 6, (int64_t)differences);
    store_bind_int(put, 7, clock_wall_us());
    return journal_write(journal, put, err);
}

int journal_verified_end(struct journal *journal, const char *service, struct err *err)
{
    return journal_memory_put(journal, service, "verified.complete", "yes", err);
}

int journal_verified_sum(struct journal *journal, const char *service, struct verified_sum *out,
                         struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *ask = NULL;
    char complete[8];
    int rc =
        journal_memory_get(journal, service, "verified.complete", complete, sizeof complete, err);

    if (!rc)
        rc = journal_prepare(journal, SQL_JOURNAL_VERIFIED_SUM, &ask, err);
    if (rc)
        return rc;
    store_bind_text(ask, 1, service);
    rc = store_step(ask, err);
    if (rc < 0)
        return rc;
    *out = (struct verified_sum){.is_complete = complete[0] != '\0',
                                 .tables = (unsigned)store_column_int(ask, 0),
                                 .tables_equal = (unsigned)store_column_int(ask, 1),
                                 .rows = (uint64_t)store_column_int(ask, 2),
                                 .oldest_us = store_column_int(ask, 3),
                                 .differences = (uint64_t)store_column_int(ask, 4)};
    return 0;
}
