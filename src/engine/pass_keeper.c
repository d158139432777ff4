/* SPDX-License-Identifier: MIT */
/* Whether an interrupted pass can be gone on with, and keeping this one. */
#include "engine/pass_keeper.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "verify/pace.h"

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of the tables, in one order whatever the order in which they were given. */
static int make_scope(struct pass_keeper *keeper, const struct verify_options *options,
                      struct err *err)
{
    size_t count = options->tables ? options->table_count : 0, size = 1;
    const char **names = calloc(count + 1, sizeof(*names));

    for (size_t i = 0; names && i < count; i++) {
        names[i] = options->tables[i];
        size += strlen(names[i]) + 1;
    }
    keeper->scope = calloc(1, size);
    if (!names || !keeper->scope) {
        free(names);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the names of %zu tables",
                       count);
    }
    qsort(names, count, sizeof(*names), by_text);
    for (size_t i = 0, at = 0; i < count; i++)
        at += (size_t)snprintf(keeper->scope + at, size - at, "%s%s", i ? "," : "", names[i]);
    free(names);
    keeper->id = (struct pass_id){.service = options->service->name, .scope = keeper->scope};
    return 0;
}

/* NULL: it can be gone on with. */
static const char *reason_against(const struct pass_record *record,
                                  const struct verify_options *options)
{
    if (strcmp(record->source, side_name(options->source)) != 0)
        return "it compared the other way round";
    if (strcmp(record->mode, verify_mode_name(options->mode)) != 0)
        return "it compared in another mode";
    if (clock_wall_us() - record->last_us > PASS_AGE_MAX_MS * 1000)
        return "it is too old";
    return record->spans ? NULL : "it had finished nothing";
}

static int resume(struct pass_keeper *keeper, const struct pass_record *record,
                  struct verify_options *options, struct err *err)
{
    char began[32];
    size_t count = 0;

    int rc = journal_spans_get(keeper->journal, &keeper->id, &keeper->spans, &count, err);
    if (rc)
        return rc;
    options->resume = keeper->spans;
    options->resume_count = count;
    options->resume_began_us = record->began_us;
    keeper->is_resumed = true;
    (void)snprintf(keeper->note, sizeof(keeper->note),
                   "going on with the comparison that began at %s: %llu rows are done",
                   clock_iso8601(record->began_us, began), (unsigned long long)record->rows);
    return 0;
}

static int begin_anew(struct pass_keeper *keeper, const char *run_id,
                      const struct verify_options *options, struct err *err)
{
    int rc =
        keeper->scope[0] ? 0 : journal_verified_begin(keeper->journal, keeper->id.service, err);
    return rc ? rc
              : journal_pass_begin(keeper->journal, &keeper->id, run_id, side_name(options->source),
                                   verify_mode_name(options->mode), err);
}

static int take_lock(struct pass_keeper *keeper, const struct service *service, struct err *err)
{
    char path[PATH_MAX + 8];

    (void)snprintf(path, sizeof(path), "%s.verify", service->journal_path);
    int rc = file_lock_take(&keeper->lock, path, err);
    if (rc != ERR_BUSY)
        return rc;
    err_set(err, ERR_BUSY, EFFECT_NONE, "another cutover compares the data of %s already",
            service->name);
    return err_hint(err,
                    "\"cutover status\" says how far it is; \"cutover verify pause\" holds it");
}

int pass_keeper_begin(struct pass_keeper *keeper, struct journal *journal, const char *run_id,
                      bool is_restart, struct verify_options *options, struct err *err)
{
    struct pass_record record;

    *keeper = (struct pass_keeper){.journal = journal};
    if (!journal)
        return 0;
    int rc = take_lock(keeper, options->service, err);
    if (!rc)
        rc = make_scope(keeper, options, err);
    if (!rc)
        rc = journal_pass_get(journal, &keeper->id, &record, err);
    if (rc)
        return rc;
    if (record.is_there && !record.ended_us) {
        const char *reason = is_restart ? "that was asked for" : reason_against(&record, options);
        if (!reason)
            return resume(keeper, &record, options, err);
        (void)snprintf(keeper->note, sizeof(keeper->note),
                       "an interrupted comparison is begun anew: %s", reason);
    }
    return begin_anew(keeper, run_id, options, err);
}

void pass_keeper_release(struct pass_keeper *keeper)
{
    free(keeper->scope);
    free(keeper->spans);
    file_lock_release(&keeper->lock);
    *keeper = (struct pass_keeper){0};
}

int pass_keeper_spans(struct pass_keeper *keeper, const struct verify_span *spans, size_t count,
                      struct err *err)
{
    return keeper->journal ? journal_spans_put(keeper->journal, &keeper->id, spans, count, err) : 0;
}

int pass_keeper_end(struct pass_keeper *keeper, struct err *err)
{
    if (!keeper->journal)
        return 0;
    int rc = journal_pass_end(keeper->journal, &keeper->id, err);
    if (!rc && !keeper->scope[0])
        rc = journal_verified_end(keeper->journal, keeper->id.service, err);
    return rc;
}

static enum verify_mode mode_of(const char *name)
{
    enum verify_mode mode = VERIFY_FAST;

    while (mode != VERIFY_AUTO && strcmp(name, verify_mode_name(mode)) != 0)
        mode--;
    return mode;
}

void pass_defaults(const struct service *service, struct pace_limits *pace,
                   struct verify_options *options)
{
    const struct service_verify *set = &service->verify;

    if (!pace->chunk_ms)
        pace->chunk_ms = set->chunk_ms;
    if (!pace->lag_ms)
        pace->lag_ms = set->lag_ms;
    if (!pace->threads_running)
        pace->threads_running = set->threads_running;
    if (!pace->duty_percent)
        pace->duty_percent = set->duty_percent;
    options->pace = pace;
    if (!options->workers)
        options->workers = set->workers;
    if (!options->snapshot_ms)
        options->snapshot_ms = set->snapshot_ms;
    if (options->mode == VERIFY_AUTO)
        options->mode = mode_of(set->mode);
}
