/* SPDX-License-Identifier: MIT */
/* Comparing the data, as parts of a run. */
#include "verify/verify.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/clock.h"
#include "base/log.h"
#include "engine/observe.h"
#include "engine/pass_keeper.h"
#include "engine/proof_keeper.h"
#include "engine/work.h"
#include "verify/pace.h"

#define TAIL_ROWS 200
#define DIFFERENCES_TOLD 20

struct verify_context {
    struct run *run;
    struct pass_keeper *keeper; /* NULL: results do not go into the journal */
    struct err err;
};

static void show_progress(void *context, const struct verify_progress *now)
{
    struct verify_context *verify = context;
    char eta[32] = "unknown";

    if (verify->err.code)
        return;
    if (now->eta_ms >= 0)
        clock_human_ms(now->eta_ms, eta);
    if (run_tick(verify->run, &verify->err,
                 "verify: %u of %u tables, %llu rows, %llu chunks looked at again, %zu "
                 "difference(s), %s left%s%s",
                 now->tables_done, now->tables_total, (unsigned long long)now->rows_done,
                 (unsigned long long)now->rechecked, now->differences, eta,
                 now->held[0] ? ", waiting: " : "", now->held))
        return; /* kept in verify->err; a stop is seen by the comparison itself */
}

static void keep_table(void *context, const char *table, uint64_t rows, const char *hash,
                       size_t differences)
{
    struct verify_context *verify = context;
    struct run *run = verify->run;

    if (!verify->keeper || verify->err.code)
        return;
    if (journal_verified_table(run->journal, run->service->name, run->id, table, rows, hash,
                               differences, &verify->err))
        return; /* kept in verify->err */
}

static void keep_spans(void *context, const struct verify_span *spans, size_t count)
{
    struct verify_context *verify = context;

    if (!verify->keeper || verify->err.code)
        return;
    if (pass_keeper_spans(verify->keeper, spans, count, &verify->err))
        return; /* kept in verify->err */
}

static const char *const kind_words[] = {[DIFFERENCE_MISSING] = "missing",
                                         [DIFFERENCE_EXTRA] = "extra",
                                         [DIFFERENCE_CHANGED] = "changed",
                                         [DIFFERENCE_SCHEMA] = "schema"};

static int refuse_differences(struct run *run, const struct verify_report *report, struct err *err)
{
    for (size_t i = 0; i < report->difference_kept && i < DIFFERENCES_TOLD; i++) {
        const struct difference *d = &report->differences[i];
        int rc = run_note(run, "verify.difference", err, "%s %s: %s%s%s: %s | %s",
                          kind_words[d->kind], d->table, d->key, d->column[0] ? " column " : "",
                          d->column, d->source_value, d->replica_value);
        if (rc)
            return rc;
    }
    const struct difference *first = report->differences;
    err_set(
        err, ERR_DATA, EFFECT_NONE, "the two sides differ in %zu place(s); the first: %s %s %s %s",
        report->difference_count, kind_words[first->kind], first->table, first->key, first->column);
    return err_hint(err, "\"cutover verify\" lists them all; nothing was repaired");
}

/* The side that takes writes is compared with the other one. */
static int open_side_now(struct run *run, enum side *out, struct err *err)
{
    struct facts facts = {0};
    int rc = observe(run->service, &facts, NULL, err);

    if (!rc)
        *out =
            facts_is_open(&facts, SIDE_OLD) != TRI_YES && facts_is_open(&facts, SIDE_NEW) == TRI_YES
                ? SIDE_NEW
                : SIDE_OLD;
    facts_release(&facts);
    return rc;
}

static int compare(struct run *run, struct verify_options *options, struct verify_context *context,
                   struct verify_report *report, struct err *err)
{
    options->service = run->service;
    options->progress = show_progress;
    options->table_done = keep_table;
    options->spans_changed = keep_spans;
    options->context = context;
    int rc = verify_run(options, report, err);
    if (!rc && context->err.code && context->err.code != ERR_STOPPED) {
        *err = context->err;
        rc = err->code;
    }
    return rc;
}

static int note_result(struct run *run, const struct verify_report *report, struct err *err)
{
    char took[32];

    int rc = run_note(run, "verify.done", err,
                      "compared %u tables, %llu rows in %s: %zu difference(s); %llu of %llu chunks "
                      "were looked at again; hash %s",
                      report->tables, (unsigned long long)report->rows,
                      clock_human_ms(report->duration_ms, took), report->difference_count,
                      (unsigned long long)report->rechecked, (unsigned long long)report->chunks,
                      report->hash);
    for (size_t i = 0; i < report->warning_count && !rc; i++)
        rc = run_note(run, "verify.warning", err, "%s", report->warnings[i]);
    return rc;
}

WORK(work_verify_run)
{
    const json_t *tables = json_object_get(args, "tables");
    size_t table_count = json_array_size(tables);
    const char *names[256];
    CLEANUP(pass_keeper_release) struct pass_keeper keeper = {0};
    struct verify_context context = {.run = run, .keeper = &keeper};
    CLEANUP(verify_report_release) struct verify_report report = {0};
    struct pace_limits pace = {0};
    struct verify_options options = {.workers = run->options->workers
                                                    ? run->options->workers
                                                    : (unsigned)json_int_or(args, "workers", 0)};

    (void)step;
    if (table_count > ARRAY_LEN(names))
        return err_set(err, ERR_CONFIG, EFFECT_NONE, "more than %zu tables named",
                       ARRAY_LEN(names));
    for (size_t i = 0; i < table_count; i++)
        names[i] = json_string_value(json_array_get(tables, i));
    options.tables = table_count ? names : NULL;
    options.table_count = table_count;

    options.service = run->service;
    pass_defaults(run->service, &pace, &options);
    int rc = open_side_now(run, &options.source, err);
    if (!rc)
        rc = pass_keeper_begin(&keeper, run->journal, run->id, false, &options, err);
    if (!rc && keeper.note[0])
        rc = run_note(run, "verify.begin", err, "%s", keeper.note);
    if (!rc && table_count == 0) /* the logs are followed from before the first row is read */
        rc = proof_keeper_start(run, options.source, keeper.is_resumed, err);
    if (!rc)
        rc = compare(run, &options, &context, &report, err);
    if (!rc && table_count == 0)
        rc = proof_keeper_rest(run, &report, err);
    if (!rc)
        rc = note_result(run, &report, err);
    if (!rc)
        rc = pass_keeper_end(&keeper, err);
    if (!rc && report.difference_count)
        rc = refuse_differences(run, &report, err);
    return rc;
}

/* What can be said without a proof. */
static int compare_newest(struct run *run, enum side source, struct err *err)
{
    struct verify_context context = {.run = run};
    CLEANUP(verify_report_release) struct verify_report report = {0};
    struct verify_options options = {.source = source,
                                     .tail_rows = TAIL_ROWS,
                                     .is_still = run->fence_began_ms != 0,
                                     .is_objects_skipped = true};

    int rc = compare(run, &options, &context, &report, err);
    if (!rc && report.difference_count)
        rc = refuse_differences(run, &report, err);
    if (!rc && run->fence_began_ms)
        rc =
            run_note(run, "verify.tail", err,
                     "the newest rows of %u tables are the same (%llu rows, %lld ms)",
                     report.tables, (unsigned long long)report.rows, (long long)report.duration_ms);
    return rc;
}

/* While writes are refused: what is left of the budget or the drain limit, whichever is shorter. */
static int64_t seal_limit_ms(const struct run *run, const json_t *args)
{
    int64_t limit_ms = run->service->limits.drain_ms;
    int64_t budget_ms = json_int_or(args, "budget_ms", limit_ms);

    if (!run->fence_began_ms)
        return limit_ms;
    int64_t whole_ms = budget_ms < limit_ms ? budget_ms : limit_ms;
    int64_t left_ms = run->fence_began_ms + whole_ms - clock_mono_ms();
    return left_ms > 1 ? left_ms : 1;
}

/* All rows, when there is a proof; else the newest ones, and why. */
WORK(work_verify_tail)
{
    CLEANUP(verify_report_release) struct verify_report report = {0};
    struct err why = {0};
    enum side source;

    (void)step;
    int rc = side_of(args, "from", &source, err);
    if (rc)
        return rc;
    rc = proof_keeper_seal(run, source, seal_limit_ms(run, args), &report, &why);
    if (rc == ERR_DATA)
        return refuse_differences(run, &report, err);
    if (rc != ERR_REFUSED) {
        *err = why;
        return rc;
    }
    log_warn("no certificate for all rows: %s, continuing", why.msg);
    rc = run_note(run, "proof.absent", err,
                  "no certificate for all rows: %s; \"cutover verify\" as a step before makes one "
                  "possible",
                  why.msg);
    if (!rc && !json_bool_or(args, "shared", 0))
        rc = compare_newest(run, source, err);
    return rc;
}
