/* SPDX-License-Identifier: MIT */
/*
 * `cutover rollback`: choose the playbook that fits where the service is, and, loudly, the way back
 * that gives up what OLD has not received.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/execution.h"
#include "cli/exit_code.h"
#include "engine/lost_list.h"
#include "engine/observe.h"
#include "engine/way_back_look.h"
#include "playbook/read.h"

/* --- which playbook --------------------------------------------------------------------------- */

static const char *asked_for(const struct cli_options *options)
{
    if (options->playbook_path)
        return options->playbook_path;
    if (options->mode == CLI_MODE_UNSAID)
        return NULL;
    return options->mode == CLI_MODE_FENCED ? "rollback-fenced" : "rollback";
}

static void judge(const struct service *service, const struct facts *facts,
                  const struct verdict *verdict, struct way_back *out)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    struct way_back_look look;
    struct err none = {0};

    if (journal_open_reader(service->journal_path, &journal, &none))
        journal = NULL; /* then nothing is known of the move */
    way_back_look_mode(service, journal, facts, &look);
    way_back_judge(facts, verdict, &look, out);
}

static int refuse(const struct way_back *way, const struct verdict *verdict, struct err *err)
{
    if (way->how == WAY_BACK_LOSSY) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "no way back without loss now: %s",
                      verdict->because);
        return err_hint(err,
                        "%s. Where that cannot be done, \"%s\" lists what would be lost, and asks",
                        verdict->next, way->command);
    }
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "no way back now: %s", way->why);
    if (way->how == WAY_BACK_ABORT)
        return err_hint(err, "type \"cutover abort\"");
    return err_hint(err, "nothing was changed; %s", verdict->next);
}

/* The name of a shipped playbook, and why that one. */
static int choose(const struct service *service, const char **out, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    struct verdict verdict;
    struct way_back way;

    int rc = observe(service, &facts, &verdict, err);
    if (rc)
        return rc;
    judge(service, &facts, &verdict, &way);
    switch (way.how) {
    case WAY_BACK_SHARED:
        *out = "rollback";
        break;
    case WAY_BACK_FENCED:
        *out = "rollback-fenced";
        break;
    case WAY_BACK_NOTHING:
        /* half way back it goes on; otherwise the playbook itself says where it may start */
        *out = verdict.situation == SITUATION_FLIPPING ? "rollback-fenced" : "rollback";
        return 0;
    case WAY_BACK_ABORT:
    case WAY_BACK_LOSSY:
    case WAY_BACK_NONE:
        return refuse(&way, &verdict, err);
    }
    log_info("going back by playbook %s: %s", *out, way.why);
    return 0;
}

static int compile_and_run(struct execution *x, const char *playbook, struct err *err)
{
    char path[PATH_MAX];

    x->run.is_superseding = true;
    plan_release(&x->plan);
    x->plan = (struct plan){0};
    int rc = playbook_locate(playbook, path, sizeof path, err);
    if (!rc)
        rc = compile_playbook(&x->service, path, NULL, &x->plan, err);
    return rc ? rc : execution_run(x, err);
}

int execution_roll_back(struct execution *x, struct err *err)
{
    const char *playbook = asked_for(x->options);
    int rc = playbook ? 0 : choose(&x->service, &playbook, err);

    return rc ? rc : compile_and_run(x, playbook, err);
}

/* --- the louder one --------------------------------------------------------------------------- */

static void print_table(FILE *stream, const struct lost_table *table)
{
    (void)fprintf(stream,
                  "  %-40s %8" PRIu64 " inserted %8" PRIu64 " updated %8" PRIu64 " deleted%s\n",
                  table->label, table->inserted, table->updated, table->deleted,
                  table->is_vague ? "  and what cannot be told row by row" : "");
}

static void print_transaction(FILE *stream, const struct lost_transaction *transaction)
{
    char at[32];

    (void)fprintf(stream, "  %s  %-24s %s\n", clock_iso8601(transaction->at_ms * 1000, at),
                  transaction->id, transaction->tables);
}

static void print_lost(FILE *stream, const struct lost_report *report)
{
    (void)fprintf(stream, "\n%" PRIu64 " transaction(s) on NEW are not on OLD and would be lost:\n",
                  report->transactions);
    for (size_t i = 0; i < report->shown_count; i++)
        print_transaction(stream, &report->shown[i]);
    if (report->transactions > report->shown_count)
        (void)fprintf(stream, "  and %" PRIu64 " more\n",
                      report->transactions - report->shown_count);
    for (size_t i = 0; i < report->table_count; i++)
        print_table(stream, &report->tables[i]);
    if (report->transactions)
        (void)fputs("All of them, with their rows, are kept in a file before OLD is opened.\n",
                    stream);
}

/* What would be lost as of now: a number, or the word for one that nobody knows. */
static int preview(struct execution *x, const struct facts *facts, char number[32], struct err *err)
{
    FILE *stream = x->options->is_json ? stderr : stdout;
    const struct node_facts *new_primary = facts_primary(facts, SIDE_NEW);
    struct lost_report report = {0};
    struct err why = {0};
    int rc = ERR_LOST;

    if (new_primary && new_primary->is_reached == TRI_YES) {
        progress_show(&x->render, "reading NEW's binary log");
        rc = lost_list(&x->service, NULL, &report, &why);
        progress_clear(&x->render);
    } else {
        (void)err_set(&why, ERR_LOST, EFFECT_NONE, "NEW does not answer: %s",
                      new_primary ? new_primary->error : "no primary");
    }
    if (rc && rc != ERR_LOST && rc != ERR_REFUSED) {
        *err = why;
        return rc;
    }
    (void)snprintf(number, 32, LOST_UNKNOWN);
    if (rc) {
        (void)fprintf(stream, "\nNobody knows what would be lost: %s\n", why.msg);
    } else {
        (void)snprintf(number, 32, "%" PRIu64, report.transactions);
        print_lost(stream, &report);
    }
    (void)fflush(stream); /* main asks the stream whether it arrived */
    lost_report_release(&report);
    return 0;
}

/* Is what was typed enough for what would be lost? */
static bool suffices(const char *typed, const char *number)
{
    char *rest = NULL;

    if (strcmp(number, LOST_UNKNOWN) == 0 || strcmp(typed, LOST_UNKNOWN) == 0)
        return strcmp(typed, number) == 0;
    uint64_t most = strtoull(typed, &rest, 10);
    return *typed >= '0' && *typed <= '9' && !*rest && most >= strtoull(number, NULL, 10);
}

static int agree(struct execution *x, const char *number, char typed[64], struct err *err)
{
    const char *said = x->options->lose;
    char question[160];

    (void)snprintf(typed, 64, "%s", said ? said : "");
    (void)snprintf(question, sizeof question, "To give that up for good, type %s:", number);
    int rc = said ? 0 : ask_word(&x->render, question, typed, 64, err);
    if (!rc && said && !suffices(typed, number))
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "agreed was %.40s, and it is %s that would be "
                     "lost",
                     typed, number);
    if (!rc && !said && strcmp(typed, number) != 0)
        rc = err_set(err, ERR_STOPPED, EFFECT_NONE, "a person did not type %s", number);
    if (rc == ERR_REFUSED)
        return err_hint(err,
                        "nothing was changed; who gives that up types \"cutover rollback "
                        "--lose-writes --lose %s\"",
                        number);
    return rc;
}

static int lose_writes(struct execution *x, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    static char typed[64]; /* lives as long as the run's options */
    struct verdict verdict;
    char why[320], number[32];

    int rc = observe(&x->service, &facts, &verdict, err);
    if (rc)
        return rc;
    if (!way_back_is_only_lossy(&facts, &verdict, why)) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE, "nothing has to be given up: %s", why);
        return err_hint(err, "nothing was changed; %s", verdict.next);
    }
    rc = preview(x, &facts, number, err);
    if (!rc)
        rc = agree(x, number, typed, err);
    x->run.lose = typed;
    return rc ? rc : compile_and_run(x, "rollback-lossy", err);
}

static int check_usage(const struct cli_options *options, struct err *err)
{
    if (options->mode != CLI_MODE_UNSAID && options->mode != CLI_MODE_SHARED &&
        options->mode != CLI_MODE_FENCED)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "rollback: --mode is one of shared and fenced");
    if (options->lose && !options->is_losing)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--lose needs --lose-writes");
    if (options->is_losing && (options->playbook_path || options->mode != CLI_MODE_UNSAID))
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "--lose-writes has a playbook of its own: give neither --playbook nor "
                       "--mode");
    return 0;
}

int cmd_rollback(const struct cli_options *options, struct err *err)
{
    struct execution x;
    int rc = check_usage(options, err);

    if (rc)
        return rc;
    rc = execution_init(&x, options, err);
    if (!rc)
        rc = options->is_losing ? lose_writes(&x, err) : execution_roll_back(&x, err);
    rc = execution_follow(&x, rc, err);
    rc = conclude(options, &x.result, rc, err);
    execution_release(&x);
    return rc;
}
