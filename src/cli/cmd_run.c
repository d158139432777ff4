/* SPDX-License-Identifier: MIT */
/* `cutover run` and `abort`: commands that change things. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/manager.h"
#include "base/signals.h"
#include "cli/execution.h"
#include "cli/exit_code.h"
#include "cli/service_open.h"
#include "engine/observe.h"
#include "engine/request_keeper.h"

#define PLAN_CAP_BYTES (16 << 20)

/* Before anything is changed, so that an address that is taken costs nothing. */
static int show_page(struct execution *x, struct err *err)
{
    int rc = server_start(&x->service, x->options->listen, &x->server, err);

    if (!rc)
        log_info("%s shows this run until it ends%s", server_url(x->server),
                 x->service.serve.has_tokens
                     ? ""
                     : "; nobody may act there: serve.tokens in the configuration changes that");
    return rc;
}

int execution_init(struct execution *x, const struct cli_options *options, struct err *err)
{
    *x = (struct execution){.options = options};
    render_init(&x->render, options);
    int rc = service_open(options->config_path, &x->service, err);
    run_options_init(&x->run, &x->service, options, &x->render, x->holder);
    if (!rc)
        manager_tell("READY=1");
    person_here(x->person);
    x->run.person = x->person;
    x->run.is_taking_requests = true;
    x->run.is_waiting_for_them = options->listen && x->service.serve.has_tokens;
    if (!rc)
        rc = notifier_start(&x->service, &x->notifier, err);
    if (!rc && options->listen)
        rc = show_page(x, err);
    return rc;
}

void execution_release(struct execution *x)
{
    manager_tell("STOPPING=1");
    server_free(x->server);
    notifier_end(x->notifier); /* after the result was told */
    plan_release(&x->plan);
    service_release(&x->service);
    render_release(&x->render);
}

/* --- a reviewed plan -------------------------------------------------------------------------- */

static int read_whole(const char *path, struct buf *out, struct err *err)
{
    char piece[65536];
    FILE *file = fopen(path, "re");

    if (!file) {
        err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot open plan file %s", path);
        return err_hint(err, "\"cutover plan PLAYBOOK --out %s\" writes one", path);
    }
    size_t len;
    while ((len = fread(piece, 1, sizeof piece, file)) > 0)
        buf_add(out, piece, len);
    bool is_failed = ferror(file) != 0;
    (void)fclose(file); /* only read from */
    return is_failed ? err_set(err, ERR_CONFIG, EFFECT_NONE, "cannot read plan file %s", path)
                     : buf_check(out, err);
}

static int read_plan(const char *path, struct plan *out, struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    CLEANUP(json_release) json_t *document = NULL;
    char hash[DIGEST_HEX_LEN + 1];

    buf_init(&text, PLAN_CAP_BYTES);
    int rc = read_whole(path, &text, err);
    if (!rc)
        rc = json_parse(buf_text(&text), text.len, &document, err);
    if (!rc)
        rc = plan_from_json(json_object_get(document, "plan"), out, err);
    if (!rc)
        rc = plan_hash(out, hash, err);
    if (rc) {
        (void)err_where(err, "%s", path);
        err->code = ERR_CONFIG;
        return ERR_CONFIG;
    }
    if (strcmp(hash, json_text_or(document, "hash", "")) != 0)
        return err_set(err, ERR_CONFIG, EFFECT_NONE,
                       "plan file %s was changed after it was written: its hash is %.12s, its own "
                       "text says %.12s",
                       path, hash, json_text_or(document, "hash", "nothing"));
    return 0;
}

/*
 * The plan was made for a situation; is it still that one? Records are compared one by one when
 * they are changed.
 */
static int check_plan_fits(const struct execution *x, struct err *err)
{
    CLEANUP(facts_release) struct facts facts = {0};
    struct verdict verdict;

    int rc = observe(&x->service, &facts, &verdict, err);
    if (rc)
        return rc;
    if (strcmp(x->plan.service, x->service.name) != 0)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "the plan is for service \"%s\", not \"%s\"",
                       x->plan.service, x->service.name);
    if (verdict.situation == x->plan.starts_in)
        return 0;
    err_set(err, ERR_REFUSED, EFFECT_NONE,
            "the plan was compiled for the situation %s, but the service is in %s: %s",
            situation_name(x->plan.starts_in), situation_name(verdict.situation), verdict.because);
    return err_hint(err, "nothing was changed; compile it again with \"cutover plan\"");
}

/* --- run -------------------------------------------------------------------------------------- */

static int check_usage(const struct cli_options *options, struct err *err)
{
    int given = (options->arg_count > 0) + (options->plan_path != NULL) + options->is_resume;

    if (given != 1)
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "give exactly one of PLAYBOOK, --plan FILE and --resume");
    if (options->from_step && options->arg_count == 0)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--from needs a PLAYBOOK");
    return 0;
}

static bool ends_way_back(const struct plan *plan)
{
    for (size_t i = 0; i < plan->step_count; i++)
        if (plan->steps[i].action && plan->steps[i].action->id == ACTION_RETIRE)
            return true;
    return false;
}

/* Show the plan and ask, unless a plan was reviewed or --yes was given. */
static int show_and_ask(struct execution *x, struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};

    if (x->options->is_yes || x->options->plan_path || x->is_answered)
        return 0;
    buf_init(&text, PLAN_CAP_BYTES);
    int rc = plan_print(&x->plan, &text, err);
    if (rc)
        return rc;
    (void)fwrite(text.data, 1, text.len, x->options->is_json ? stderr : stdout);
    (void)fflush(stdout); /* main asks the stream whether it arrived */
    int answer =
        ask_yes(&x->render,
                ends_way_back(&x->plan) ? "Execute this plan? It ends the way back to OLD for good."
                                        : "Execute this plan?",
                err);
    if (answer < 0)
        return answer;
    return answer ? 0 : err_set(err, ERR_STOPPED, EFFECT_NONE, "a person said no to the plan");
}

int execution_run(struct execution *x, struct err *err)
{
    for (size_t i = 0; i < x->plan.warning_count; i++)
        log_warn("%s, continuing", x->plan.warnings[i]);
    int rc = show_and_ask(x, err);
    return rc ? rc : run_plan(&x->run, &x->plan, &x->result, err);
}

static int start(struct execution *x, struct err *err)
{
    const struct cli_options *options = x->options;
    char path[PATH_MAX];

    if (options->plan_path) {
        int rc = read_plan(options->plan_path, &x->plan, err);
        if (!rc)
            rc = check_plan_fits(x, err);
        return rc ? rc : execution_run(x, err);
    }
    int rc = playbook_locate(options->args[0], path, sizeof path, err);
    if (!rc)
        rc = compile_playbook(&x->service, path, options->from_step, &x->plan, err);
    return rc ? rc : execution_run(x, err);
}

/* --- the commands ----------------------------------------------------------------------------- */

/*
 * A watch said go back: the failure that led here is told first, then the way back decides how the
 * command ends.
 */
static int go_back(struct execution *x, int rc, struct err *err)
{
    if (!rc || x->result.outcome != OUTCOME_ROLLBACK)
        return rc;
    log_failure(err);
    log_warn("rolling back because of it, continuing");
    *err = (struct err){0};
    rc = execution_roll_back(x, err);
    if (rc)
        return rc;
    x->result.outcome = OUTCOME_ROLLBACK;
    err_set(err, ERR_REFUSED, EFFECT_APPLIED, "the watch tripped and the service was rolled back");
    return ERR_REFUSED;
}

int execution_follow(struct execution *x, int rc, struct err *err)
{
    const struct request asked = x->result.asked;
    bool is_abort = asked.what == REQUEST_ABORT;

    if (!x->result.is_asked || !signals_forget_asked())
        return rc;
    log_warn("%s (%s) asked for this: %s, continuing", asked.who, asked.via,
             is_abort ? "what the run began is undone now" : "the service goes back now");
    *err = (struct err){0};
    x->is_answered = true;
    x->result.is_asked = false;
    rc = is_abort ? run_abort(&x->run, asked.run_id, &x->result, err) : execution_roll_back(x, err);
    request_followed(&x->service, &asked, rc, err);
    return rc;
}

/* It could not go on with a run, and nobody has undone anything. */
static int still_under_way(int rc, const struct err *err)
{
    return rc < 0 && exit_code_of(err) == EXIT_UNDONE ? EXIT_PERSON : rc;
}

int cmd_run(const struct cli_options *options, struct err *err)
{
    struct execution x;
    int rc = check_usage(options, err);

    if (rc)
        return rc;
    rc = execution_init(&x, options, err);
    if (!rc && options->is_resume)
        rc = run_resume(&x.run, NULL, &x.result, err);
    else if (!rc)
        rc = start(&x, err);
    rc = go_back(&x, rc, err);
    rc = execution_follow(&x, rc, err);
    rc = conclude(options, &x.result, rc, err);
    execution_release(&x);
    return options->is_resume ? still_under_way(rc, err) : rc;
}

int cmd_abort(const struct cli_options *options, struct err *err)
{
    struct execution x;
    int rc = execution_init(&x, options, err);

    if (!rc)
        rc = run_abort(&x.run, options->arg_count ? options->args[0] : NULL, &x.result, err);
    rc = conclude(options, &x.result, rc, err);
    execution_release(&x);
    return still_under_way(rc, err);
}
