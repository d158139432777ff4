/* SPDX-License-Identifier: MIT */
/* `cutover verify`: compare both primaries and say every difference. Writes only to the journal. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/render.h"
#include "cli/service_open.h"
#include "cli/verify_pause.h"
#include "cli/verify_repair.h"
#include "engine/observe.h"
#include "engine/pass_keeper.h"
#include "engine/proof_memory.h"
#include "verify/pace.h"

#define SETTLE_MS 60000
#define KEEP_PROOF_MS 1000

struct verification {
    const struct cli_options *options;
    struct service service;
    struct render render;
    struct journal
        *journal; /* NULL when it cannot be written: the comparison is made all the same */
    struct pass_keeper keeper;
    struct proof *proof; /* NULL: what was compared is not kept true */
    int64_t proof_kept_ms;
    struct verify_report report;
    bool has_certificate;
    struct certificate certificate;
    char no_certificate[300]; /* why; "" */
    enum side source;
    json_t *authors; /* for each difference, when somebody asked; otherwise NULL */
};

static void verification_release(struct verification *v)
{
    proof_freep(&v->proof);
    verify_report_release(&v->report);
    json_decref(v->authors);
    pass_keeper_release(&v->keeper);
    journal_free(v->journal);
    service_release(&v->service);
    render_release(&v->render);
}

/* Rows can be compared at one position only where one primary applies what the other one commits.
 */
static int choose_source(struct verification *v, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    struct verdict verdict;

    int rc = observe(&v->service, &facts, &verdict, err);
    if (rc)
        return rc;
    bool is_old_source = facts_link_runs(&facts, SIDE_NEW) == TRI_YES;
    bool is_new_source = facts_link_runs(&facts, SIDE_OLD) == TRI_YES;
    enum cli_right right = v->options->right;
    if (right != CLI_RIGHT_UNSAID) {
        v->source = right == CLI_RIGHT_OLD ? SIDE_OLD : SIDE_NEW;
        if (v->source == SIDE_OLD ? is_old_source : is_new_source)
            return 0;
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "no link runs from %s, so %s cannot be right",
                       side_title(v->source), side_title(v->source));
    }
    if (is_old_source && is_new_source)
        v->source = facts_is_open(&facts, SIDE_NEW) == TRI_YES &&
                            (facts_is_open(&facts, SIDE_OLD) != TRI_YES || facts.dns == DNS_NEW)
                        ? SIDE_NEW
                        : SIDE_OLD;
    else if (is_old_source || is_new_source)
        v->source = is_new_source ? SIDE_NEW : SIDE_OLD;
    else
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "no link runs between the primaries (%s: %.300s), so their data cannot be "
                       "compared at one position",
                       situation_name(verdict.situation), verdict.because);
    return 0;
}

static void note_in_journal(struct verification *v, int rc, const struct err *why)
{
    if (!rc || !v->journal)
        return;
    log_warn("the result is not kept in the journal: %s, continuing", why->msg);
    journal_freep(&v->journal);
    v->keeper.journal = NULL;
}

static void open_journal(struct verification *v)
{
    struct err why = {0};

    if (journal_open(v->service.journal_path, &v->journal, &why))
        log_warn("the result will not be kept in the journal: %s, continuing", why.msg);
}

/* How far the proof has come: a comparison that goes on with this one, or a run, begins there. */
static void keep_proof(struct verification *v, bool is_resting)
{
    struct proof_status now;
    struct proof_memory memory;
    struct err why = {0};

    if (!v->proof || !v->journal)
        return;
    proof_look(v->proof, &now);
    proof_memory_of(&now, v->source, &v->report, is_resting, &memory);
    v->proof_kept_ms = clock_mono_ms();
    note_in_journal(v, proof_memory_put(v->journal, v->service.name, &memory, &why), &why);
}

static void on_progress(void *context, const struct verify_progress *now)
{
    struct verification *v = context;

    if (clock_mono_ms() - v->proof_kept_ms >= KEEP_PROOF_MS)
        keep_proof(v, false);
    double percent =
        now->rows_total ? 100.0 * (double)now->rows_done / (double)now->rows_total : 0.0;
    char left[32] = "unknown", held[sizeof(now->held) + 16] = "";

    if (percent > 99.9)
        percent = 99.9; /* the total is an estimate: done is when it ends */
    if (now->eta_ms >= 0)
        (void)clock_human_ms(now->eta_ms, left);
    if (now->held[0])
        (void)snprintf(held, sizeof(held), ", waiting: %s", now->held);
    progress_show(&v->render,
                  "verify %4.1f %%, %llu rows, %llu rows/s, %u of %u tables, %zu differences, %s "
                  "left, %s%s",
                  percent, (unsigned long long)now->rows_done, (unsigned long long)now->rows_per_s,
                  now->tables_done, now->tables_total, now->differences, left, now->current, held);
}

static void on_table_done(void *context, const char *table, uint64_t rows, const char *hash,
                          size_t differences)
{
    struct verification *v = context;
    struct err why = {0};

    if (v->journal)
        note_in_journal(v,
                        journal_verified_table(v->journal, v->service.name, "", table, rows, hash,
                                               differences, &why),
                        &why);
}

static void on_spans(void *context, const struct verify_span *spans, size_t count)
{
    struct verification *v = context;
    struct err why = {0};

    note_in_journal(v, pass_keeper_spans(&v->keeper, spans, count, &why), &why);
}

static void print_differences(const struct verification *v)
{
    const char *titles[] = {"DIFFERENCE",
                            "TABLE",
                            "KEY",
                            "COLUMN",
                            side_title(v->source),
                            side_title(side_other(v->source))};
    CLEANUP(table_release) struct table table;

    table_init(&table, titles, ARRAY_LEN(titles));
    for (size_t i = 0; i < v->report.difference_kept; i++) {
        const struct difference *found = &v->report.differences[i];
        const char *const cells[] = {difference_kind_name(found->kind),
                                     found->table,
                                     found->key,
                                     found->column,
                                     found->source_value,
                                     found->replica_value};
        table_row(&table, cells);
    }
    table_print(&table, stdout);
    if (v->report.difference_count > v->report.difference_kept)
        (void)printf("and %zu more\n", v->report.difference_count - v->report.difference_kept);
}

/* One line a row: the table above has no room for it. */
static void print_authors(const struct verification *v)
{
    for (size_t i = 0; i < json_array_size(v->authors); i++) {
        const struct difference *found = &v->report.differences[i];
        const char *text =
            json_string_value(json_object_get(json_array_get(v->authors, i), "text"));
        (void)printf("who: %s %s: %s\n", found->table, found->key, text);
    }
}

static void print_text(const struct verification *v)
{
    const struct verify_report *report = &v->report;
    bool is_equal = report->difference_count == 0;
    char took[32];

    print_differences(v);
    print_authors(v);
    for (size_t i = 0; i < report->warning_count; i++)
        (void)printf("warning: %s\n", report->warnings[i]);
    (void)printf("%s%s%s: %u tables, %llu rows, %zu differences; %s compared with %s in %s\n",
                 render_color(&v->render, is_equal ? COLOR_GOOD : COLOR_BAD),
                 is_equal ? "equal" : "different", render_color(&v->render, COLOR_PLAIN),
                 report->tables, (unsigned long long)report->rows, report->difference_count,
                 side_title(v->source), side_title(side_other(v->source)),
                 clock_human_ms(report->duration_ms, took));
    if (v->has_certificate) {
        char line[512];
        certificate_text(&v->certificate, line, sizeof(line));
        (void)puts(line);
    } else if (is_equal && v->no_certificate[0]) {
        (void)printf("as of no single position: %s\n", v->no_certificate);
    }
}

static json_t *difference_json(const struct difference *found)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s,s:s}", "kind", difference_kind_name(found->kind),
                     "table", found->table, "key", found->key, "column", found->column,
                     "source_value", found->source_value, "replica_value", found->replica_value);
}

static int print_json(const struct verification *v, struct err *err)
{
    const struct verify_report *report = &v->report;
    char position[POSITION_TEXT_SIZE] = "";
    CLEANUP(json_release) json_t *differences = json_array();
    CLEANUP(json_release) json_t *warnings = json_array();

    int rc = position_text(&report->position, position, sizeof position, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < report->difference_kept; i++)
        (void)json_array_append_new(differences, difference_json(&report->differences[i]));
    for (size_t i = 0; i < report->warning_count; i++)
        (void)json_array_append_new(warnings, json_string(report->warnings[i]));
    if (json_array_size(differences) != report->difference_kept)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a difference is not valid UTF-8");

    CLEANUP(json_release)
    json_t *all = json_pack(
        "{s:s,s:b,s:s,s:s,s:i,s:I,s:I,s:I,s:I,s:s,s:s,s:I,s:O,s:O}", "service", v->service.name,
        "is_equal", report->difference_count == 0, "source", side_name(v->source), "replica",
        side_name(side_other(v->source)), "tables", (int)report->tables, "rows",
        (json_int_t)report->rows, "chunks", (json_int_t)report->chunks, "rechecked",
        (json_int_t)report->rechecked, "difference_count", (json_int_t)report->difference_count,
        "position", position, "hash", report->hash, "duration_ms", (json_int_t)report->duration_ms,
        "warnings", warnings, "differences", differences);
    if (v->authors && json_object_set(all, "authors", v->authors))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for who wrote the rows");
    json_t *certificate = v->has_certificate ? certificate_json(&v->certificate) : json_null();
    if (!all || json_object_set_new(all, "certificate", certificate) ||
        json_object_set_new(all, "bytes", json_integer((json_int_t)report->bytes)))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the answer");
    return render_json(all, err);
}

/* What is written while rows are compared is followed from before the first of them. */
static void start_proof(struct verification *v, const struct verify_options *how)
{
    struct proof_options options = {.service = &v->service, .source = v->source, .pace = how->pace};
    struct proof_memory memory = {0};
    struct err why = {0};

    if (how->tables || v->options->is_repair)
        return;
    if (v->journal && v->keeper.is_resumed)
        note_in_journal(v, proof_memory_get(v->journal, v->service.name, v->source, &memory, &why),
                        &why);
    else if (v->journal)
        note_in_journal(v, proof_memory_forget(v->journal, v->service.name, v->source, &why), &why);
    if (memory.is_there)
        options.from = &memory.floor;
    if (v->keeper.is_resumed && !memory.is_there)
        (void)snprintf(v->no_certificate, sizeof(v->no_certificate),
                       "what was written while it was interrupted was not followed");
    else if (proof_start(&options, &v->proof, &why))
        (void)snprintf(v->no_certificate, sizeof(v->no_certificate), "%.290s", why.msg);
    keep_proof(v, false);
    if (v->no_certificate[0])
        log_warn("the result will be as of no single position: %s, continuing", v->no_certificate);
}

/* Compare again what was written meanwhile: then all of it is as of one position. */
static void settle_proof(struct verification *v)
{
    struct verify_report found = {0};
    struct err why = {0};

    if (!v->proof || v->report.difference_count)
        return;
    proof_rests_on(v->proof, &v->report);
    int rc = proof_settle(v->proof, false, SETTLE_MS, &v->certificate, &found, &why);
    v->has_certificate = rc == 0;
    keep_proof(v, rc != ERR_DATA);
    if (rc)
        (void)snprintf(v->no_certificate, sizeof(v->no_certificate), "%.290s", why.msg);
    if (rc == ERR_DATA) { /* the pass found none, so these are all */
        free(v->report.differences);
        v->report.differences = found.differences;
        v->report.difference_count = found.difference_count;
        v->report.difference_kept = found.difference_kept;
        found.differences = NULL;
        struct err unkept = {0}; /* the pass is in the journal as one that found nothing */
        if (v->journal)
            note_in_journal(v, journal_verified_begin(v->journal, v->service.name, &unkept),
                            &unkept);
    }
    verify_report_release(&found);
}

static int compare(struct verification *v, struct err *err)
{
    static const enum verify_mode modes[] = {[CLI_MODE_UNSAID] = VERIFY_AUTO,
                                             [CLI_MODE_STREAM] = VERIFY_STREAM,
                                             [CLI_MODE_REMOTE] = VERIFY_REMOTE,
                                             [CLI_MODE_FAST] = VERIFY_FAST};
    const struct cli_options *options = v->options;
    struct pace_limits pace = {.chunk_ms = options->chunk_ms, .lag_ms = options->lag_ms};
    struct err why = {0};
    struct verify_options how = {.service = &v->service,
                                 .source = v->source,
                                 .workers = options->workers,
                                 .tables = options->table_count ? options->tables : NULL,
                                 .table_count = options->table_count,
                                 .progress = on_progress,
                                 .table_done = on_table_done,
                                 .spans_changed = on_spans,
                                 .mode = modes[options->mode],
                                 .context = v};

    pass_defaults(&v->service, &pace, &how);
    /* for a repair from the beginning: of what an earlier part found, the number alone is known */
    int rc = pass_keeper_begin(&v->keeper, v->journal, "",
                               options->is_restart || options->is_repair, &how, &why);
    if (rc == ERR_BUSY) {
        *err = why;
        return rc;
    }
    note_in_journal(v, rc, &why);
    if (v->keeper.note[0])
        log_info("%s", v->keeper.note);
    start_proof(v, &how);
    rc = verify_run(&how, &v->report, err);
    if (rc == ERR_STOPPED && v->keeper.journal)
        return err_hint(err, "what was compared is kept: \"cutover verify\" with the same options "
                             "goes on from there");
    if (rc)
        return rc;
    progress_finish(&v->render, "verify 100 %%, %llu rows", (unsigned long long)v->report.rows);
    note_in_journal(v, pass_keeper_end(&v->keeper, &why), &why);
    settle_proof(v);
    return 0;
}

static int exit_code(const struct verification *v)
{
    return v->report.difference_count ? EXIT_REFUSED : EXIT_DONE;
}

static struct verified verified_of(struct verification *v)
{
    return (struct verified){.options = v->options,
                             .service = &v->service,
                             .render = &v->render,
                             .source = v->source,
                             .report = &v->report};
}

/* The answer stands without it: that the logs are gone is no reason to withhold it. */
static void ask_who(struct verification *v)
{
    const struct verified verified = verified_of(v);
    struct err why = {0};

    if (!v->options->is_who || !v->report.difference_kept)
        return;
    v->authors = json_array();
    if (v->authors && verify_who(&verified, v->authors, &why)) {
        log_warn("who wrote these rows cannot be told: %s, continuing", why.msg);
        (void)json_array_clear(v->authors);
    }
}

static int follow_up(struct verification *v, struct err *err)
{
    const struct verified verified = verified_of(v);

    /* a repair keeps its own record, and one journal has one writer */
    journal_freep(&v->journal);
    v->keeper.journal = NULL;
    return verify_repair(&verified, err);
}

static int check_words(const struct cli_options *options, struct err *err)
{
    const char *word = options->args[0];

    if (word && strcmp(word, "pause") != 0 && strcmp(word, "resume") != 0)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "verify \"%s\": expected pause or resume",
                       word);
    if (options->mode == CLI_MODE_SHARED || options->mode == CLI_MODE_FENCED)
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "verify: --mode is one of stream, remote and fast");
    return 0;
}

int cmd_verify(const struct cli_options *options, struct err *err)
{
    CLEANUP(verification_release) struct verification v = {.options = options};

    render_init(&v.render, options);
    int rc = check_words(options, err);
    if (!rc)
        rc = service_open(options->config_path, &v.service, err);
    if (rc)
        return rc;
    if (options->args[0])
        return verify_pause(&v.service, !strcmp(options->args[0], "pause"), err);
    rc = choose_source(&v, err);
    if (rc)
        return rc;
    open_journal(&v);
    rc = compare(&v, err);
    if (rc)
        return rc;

    for (size_t i = 0; options->is_redacted && i < v.report.difference_kept; i++)
        difference_redact(&v.report.differences[i]);
    ask_who(&v);
    if (options->is_repair && options->is_json)
        return follow_up(&v, err); /* one document on standard output, the repair's */
    if (options->is_json) {
        rc = print_json(&v, err);
        if (rc)
            return rc;
    } else {
        print_text(&v);
    }
    return options->is_repair ? follow_up(&v, err) : exit_code(&v);
}
