/* SPDX-License-Identifier: MIT */
/* `cutover verify --repair`: shown by default, done when somebody says so. */
#include "cli/verify_repair.h"

#include <stdio.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/signals.h"
#include "cli/exit_code.h"
#include "cli/run_ui.h"
#include "cluster/lease.h"
#include "cluster/own_schema.h"
#include "engine/journal.h"
#include "verify/repair.h"

#define STATEMENT_CAP_BYTES (64U << 20)

/* A repair while it is carried out. */
struct carrying {
    const struct verified *verified;
    struct journal *journal;
    struct lease *lease;
    char id[24];
    char holder[160];
};

static void carrying_release(struct carrying *carrying)
{
    lease_free(carrying->lease);
    journal_free(carrying->journal);
}

/* --- telling ---------------------------------------------------------------------------------- */

/* "" where nothing would be sent. */
static int statement_of(const struct verified *verified, struct repair *repair, size_t number,
                        struct buf *out, struct err *err)
{
    const struct cli_options *options = verified->options;

    buf_init(out, STATEMENT_CAP_BYTES);
    if (repair_at(repair, number)->state != REPAIR_PLANNED)
        return 0;
    int rc =
        repair_statement(repair, number, options->has_values && !options->is_redacted, out, err);
    if (rc != ERR_REFUSED)
        return rc;
    buf_reset(out);
    buf_printf(out, "cannot be repaired: %s", err->msg);
    *err = (struct err){0};
    return buf_check(out, err);
}

static int print_plan(const struct verified *verified, struct repair *repair, struct err *err)
{
    size_t refused = repair_count_of(repair, REPAIR_REFUSED);

    (void)printf("\nA repair writes on %s, from where replication carries it on:\n",
                 side_title(verified->source));
    for (size_t i = 0; i < repair_count(repair); i++) {
        CLEANUP(buf_release) struct buf statement = {0};
        const struct repair_row *row = repair_at(repair, i);
        int rc = signals_stop_wanted() ? err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped")
                                       : statement_of(verified, repair, i, &statement, err);
        if (rc)
            return rc;
        (void)printf("  %s %s %s\n    %s%s\n", difference_kind_name(row->difference->kind),
                     row->difference->table, row->difference->key,
                     row->state == REPAIR_REFUSED ? "cannot be repaired: " : "",
                     row->state == REPAIR_REFUSED ? row->why : buf_text(&statement));
    }
    (void)printf("%zu rows to repair, %zu that cannot be. Nothing has been written.\n",
                 repair_count(repair) - refused, refused);
    return 0;
}

static void print_outcome(const struct verified *verified, const struct repair *repair)
{
    size_t equal = repair_count_of(repair, REPAIR_EQUAL);
    bool is_good = equal == repair_count(repair);

    for (size_t i = 0; i < repair_count(repair); i++) {
        const struct repair_row *row = repair_at(repair, i);
        if (row->state != REPAIR_EQUAL)
            (void)printf("%s %s %s %s%s\n", repair_state_name(row->state), row->difference->table,
                         row->difference->key, row->why[0] ? ": " : "", row->why);
    }
    (void)printf("%s%s%s: %zu of %zu rows are the same now, %zu still differ, %zu could not be "
                 "repaired, %zu were sent and not compared, %zu not begun\n",
                 render_color(verified->render, is_good ? COLOR_GOOD : COLOR_BAD),
                 is_good ? "repaired" : "not repaired", render_color(verified->render, COLOR_PLAIN),
                 equal, repair_count(repair), repair_count_of(repair, REPAIR_DIFFERENT),
                 repair_count_of(repair, REPAIR_REFUSED), repair_count_of(repair, REPAIR_SENT),
                 repair_count_of(repair, REPAIR_PLANNED));
    if (verified->report->difference_count > repair_count(repair))
        (void)printf("%zu more rows differ: repair again for the next ones\n",
                     verified->report->difference_count - repair_count(repair));
}

static json_t *row_json(const struct repair_row *row)
{
    return json_pack("{s:s,s:s,s:s,s:s,s:s}", "kind", difference_kind_name(row->difference->kind),
                     "table", row->difference->table, "key", row->difference->key, "state",
                     repair_state_name(row->state), "why", row->why);
}

/* With a statement for each planned row, unless the repair was carried out. */
static int print_json(const struct verified *verified, struct repair *repair, bool is_done,
                      struct err *err)
{
    CLEANUP(json_release) json_t *rows = json_array();

    for (size_t i = 0; i < repair_count(repair); i++) {
        CLEANUP(buf_release) struct buf statement = {0};
        int rc = is_done ? 0 : statement_of(verified, repair, i, &statement, err);
        if (rc)
            return rc;
        json_t *row = row_json(repair_at(repair, i));
        if (row && statement.len)
            (void)json_object_set_new(row, "statement", json_string(buf_text(&statement)));
        (void)json_array_append_new(rows, row);
    }
    if (json_array_size(rows) != repair_count(repair))
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a row's key is not valid UTF-8");
    CLEANUP(json_release)
    json_t *all = json_pack("{s:s,s:s,s:b,s:I,s:I,s:O}", "service", verified->service->name,
                            "source", side_name(verified->source), "is_done", is_done, "equal",
                            (json_int_t)repair_count_of(repair, REPAIR_EQUAL), "difference_count",
                            (json_int_t)verified->report->difference_count, "rows", rows);
    return render_json(all, err);
}

/* --- carrying out ----------------------------------------------------------------------------- */

/* Keys, never values: a journal is kept. */
static int note_batch(const struct carrying *carrying, const char *event,
                      const struct repair *repair, size_t first, size_t count, struct err *err)
{
    CLEANUP(json_release) json_t *rows = json_array();

    for (size_t i = first; i < first + count; i++) {
        json_t *row = row_json(repair_at(repair, i));
        if (row)
            (void)json_object_set_new(row, "point",
                                      json_string(repair_at(repair, i)->difference->point));
        (void)json_array_append_new(rows, row);
    }
    CLEANUP(json_release) json_t *detail = json_pack("{s:O}", "rows", rows);
    return journal_event(carrying->journal, carrying->id, event, detail, err);
}

static int before_batch(void *context, const struct repair *repair, size_t first, size_t count,
                        struct err *err)
{
    struct carrying *carrying = context;
    int rc = lease_check(carrying->lease, err);

    return rc ? rc : note_batch(carrying, "repair.intent", repair, first, count, err);
}

static int after_batch(void *context, const struct repair *repair, size_t first, size_t count,
                       struct err *err)
{
    return note_batch(context, "repair.outcome", repair, first, count, err);
}

static void show_rows(void *context, size_t done, size_t total)
{
    const struct carrying *carrying = context;
    progress_show(carrying->verified->render, "repair %zu of %zu rows", done, total);
}

static int take_charge(struct carrying *carrying, struct err *err)
{
    const struct verified *verified = carrying->verified;
    const struct service *service = verified->service;
    struct run_options run;

    run_options_init(&run, service, verified->options, verified->render, carrying->holder);
    int rc = journal_open(service->journal_path, &carrying->journal, err);
    if (!rc)
        rc = digest_random_hex(carrying->id, 8, err);
    for (int side = 0; !rc && side < SIDE_COUNT; side++)
        rc = own_schema_prepare(service, service_primary(service, (enum side)side), err);
    return rc ? rc : lease_take(service, carrying->holder, carrying->id, &carrying->lease, err);
}

static int note_end(const struct carrying *carrying, const char *event, const struct repair *repair,
                    struct err *err)
{
    CLEANUP(json_release)
    json_t *detail =
        json_pack("{s:s,s:s,s:s,s:I,s:I,s:I,s:I}", "service", carrying->verified->service->name,
                  "source", side_name(carrying->verified->source), "holder", carrying->holder,
                  "rows", (json_int_t)repair_count(repair), "equal",
                  (json_int_t)repair_count_of(repair, REPAIR_EQUAL), "refused",
                  (json_int_t)repair_count_of(repair, REPAIR_REFUSED), "different",
                  (json_int_t)repair_count_of(repair, REPAIR_DIFFERENT));
    return journal_event(carrying->journal, carrying->id, event, detail, err);
}

static int carry_out(struct carrying *carrying, struct repair *repair, struct err *err)
{
    struct err also = {0};
    int rc = note_end(carrying, "repair.begin", repair, err);

    if (rc)
        return rc;
    rc = repair_run(repair, err);
    progress_clear(carrying->verified->render);
    int end_rc = note_end(carrying, "repair.end", repair, &also);
    if (rc || !end_rc)
        return rc;
    *err = also;
    return end_rc;
}

/* --- the command ------------------------------------------------------------------------------ */

static int check_limit(const struct verified *verified, struct err *err)
{
    size_t limit = verified->options->limit ? verified->options->limit : REPAIR_LIMIT;

    if (verified->report->difference_count <= limit)
        return 0;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "%zu differences are more than %zu: seeding %s again is the better way",
                  verified->report->difference_count, limit,
                  side_title(side_other(verified->source)));
    return err_hint(err, "--limit %zu repairs them row by row all the same",
                    verified->report->difference_count);
}

/* Somebody has to have said so: 1 yes, 0 no. */
static int may_write(const struct verified *verified, struct repair *repair, struct err *err)
{
    char question[128];
    size_t rows = repair_count_of(repair, REPAIR_PLANNED);

    if (verified->options->is_yes)
        return 1;
    if (!rows || verified->options->is_json || !isatty(STDIN_FILENO))
        return 0;
    (void)snprintf(question, sizeof(question), "Write these %zu rows again on %s?", rows,
                   side_title(verified->source));
    return ask_yes(verified->render, question, err);
}

static int show_plan(const struct verified *verified, struct repair *repair, struct err *err)
{
    if (verified->options->is_json)
        return verified->options->is_yes ? 0 : print_json(verified, repair, false, err);
    return verified->options->is_yes ? 0 : print_plan(verified, repair, err);
}

int verify_repair(const struct verified *verified, struct err *err)
{
    CLEANUP(repair_freep) struct repair *repair = NULL;
    CLEANUP(carrying_release) struct carrying carrying = {.verified = verified};
    const struct verify_report *report = verified->report;
    const struct repair_options how = {
        .service = verified->service,
        .source = verified->source,
        .is_shared_allowed = verified->options->right != CLI_RIGHT_UNSAID,
        .before_batch = before_batch,
        .after_batch = after_batch,
        .progress = show_rows,
        .context = &carrying,
    };

    int rc = check_limit(verified, err);
    if (!rc)
        rc = repair_open(&how, report->differences, report->difference_kept, &repair, err);
    if (!rc)
        rc = show_plan(verified, repair, err);
    if (rc)
        return rc;
    int answer = may_write(verified, repair, err);
    if (answer <= 0) {
        if (!answer && !verified->options->is_json && repair_count_of(repair, REPAIR_PLANNED))
            (void)printf("\"cutover verify --repair --yes\" repairs them.\n");
        return answer ? answer : report->difference_count ? EXIT_REFUSED : EXIT_DONE;
    }
    rc = take_charge(&carrying, err);
    if (rc)
        return rc;
    rc = carry_out(&carrying, repair, err);
    struct err output = {0};
    if (!verified->options->is_json)
        print_outcome(verified, repair);
    else if (print_json(verified, repair, true, &output) && !rc) {
        *err = output;
        rc = output.code;
    }
    if (rc)
        return rc;
    return repair_count_of(repair, REPAIR_EQUAL) == report->difference_count ? EXIT_DONE
                                                                             : EXIT_REFUSED;
}
