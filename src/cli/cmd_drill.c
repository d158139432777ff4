/* SPDX-License-Identifier: MIT */
/* `cutover drill`: what is allowed here, a person's yes, the drill, and its score. */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cli/drill_playbook.h"
#include "cli/exit_code.h"
#include "cli/run_ui.h"
#include "ctl/notifier.h"
#include "engine/drill.h"
#include "engine/journal_drill.h"
#include "playbook/read.h"

#define PLAN_CAP_BYTES (16 << 20)
#define PROGRAM_CAP 16
#define FAULT_CAP CLI_TABLE_CAP

struct drilling {
    const struct cli_options *options;
    struct service service;
    struct render render;
    struct run_options run; /* who we are, and how to ask */
    char holder[160];
    char path[PATH_MAX];
    struct plan plan;
    struct drill_fault faults[FAULT_CAP];
    char workers[24];
    const char *program[PROGRAM_CAP];
    struct drill_options drill;
    struct notifier *notifier; /* NULL: nobody is told of events */
};

/* --- what is asked for ------------------------------------------------------------------------ */

static int check_usage(const struct cli_options *options, struct err *err)
{
    int given = (options->arg_count > 0) + options->is_list + options->is_put_back;

    if (given != 1)
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "give exactly one of PLAYBOOK, --list and --put-back");
    if (options->arg_count == 0 && (options->times || options->fault_count))
        return err_set(err, ERR_USAGE, EFFECT_NONE, "--times and --fault need a PLAYBOOK");
    if (options->times && options->times < options->fault_count)
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "--times %u is less than %zu faults, of which each round has one",
                       options->times, options->fault_count);
    return 0;
}

static int parse_faults(struct drilling *x, struct err *err)
{
    int rc = 0;

    for (size_t i = 0; i < x->options->fault_count && !rc; i++)
        rc = drill_fault_parse(x->options->faults[i], &x->faults[i], err);
    return rc;
}

/* --- what is allowed here --------------------------------------------------------------------- */

static int need_waiver(const struct drilling *x, const char *check, const char *what,
                       struct err *err)
{
    const struct waiver *waiver = service_waiver(&x->service, check, clock_wall_us());

    if (waiver) {
        log_warn("%s on production is waived by %s: %s, continuing", what, waiver->by, waiver->why);
        return 0;
    }
    err_set(err, ERR_REFUSED, EFFECT_NONE, "service %s is production: %s is refused there",
            x->service.name, what);
    return err_hint(err,
                    "drill on a staging pair, or in the service's file: waivers = ( { check = "
                    "\"%s\"; by = \"...\"; why = \"...\"; until = \"2026-12-01T06:00:00Z\"; } );",
                    check);
}

static int check_playbook(struct drilling *x, struct err *err)
{
    struct drill_playbook read = {0};

    int rc = drill_playbook_read(x->options, x->path, &read, err);
    const struct playbook_step *crossing = rc ? NULL : drill_crossing(&read.playbook);
    if (!rc && !crossing) {
        err_set(err, ERR_REFUSED, EFFECT_NONE,
                "playbook %s moves nobody: there is nothing to go back from", read.playbook.name);
        (void)err_hint(err, "drill one with a step of action \"cutover\", such as 4-migration-day");
        rc = ERR_REFUSED;
    }
    if (!rc) {
        x->drill.is_shared = crossing->action->id == ACTION_FLIP || crossing->join.is_shared;
        if (x->service.environment == ENVIRONMENT_PRODUCTION && !x->drill.is_shared)
            rc = need_waiver(x, "drill.fence",
                             "a fence (users whose names stay on OLD are refused writes until the "
                             "way back has opened it)",
                             err);
    }
    if (!rc && x->service.environment == ENVIRONMENT_PRODUCTION && x->options->fault_count)
        rc = need_waiver(x, "drill.faults", "breaking something on purpose", err);
    playbook_release(&read.playbook);
    return rc;
}

static int show_and_ask(struct drilling *x, struct err *err)
{
    CLEANUP(buf_release) struct buf text = {0};
    char question[200];

    for (size_t i = 0; i < x->plan.warning_count; i++)
        log_warn("%s, continuing", x->plan.warnings[i]);
    if (x->options->is_yes)
        return 0;
    buf_init(&text, PLAN_CAP_BYTES);
    int rc = plan_print(&x->plan, &text, err);
    if (rc)
        return rc;
    (void)fwrite(text.data, 1, text.len, x->options->is_json ? stderr : stdout);
    (void)fflush(stdout); /* main asks the stream whether it arrived */
    (void)snprintf(question, sizeof question, "Drill this on %s (%s), there and back, %u time%s?",
                   x->service.name, environment_name(x->service.environment), x->drill.times,
                   x->drill.times == 1 ? "" : "s");
    int answer = ask_yes(&x->render, question, err);
    if (answer < 0)
        return answer;
    return answer ? 0 : err_set(err, ERR_STOPPED, EFFECT_NONE, "a person said no to the drill");
}

/* --- the drill -------------------------------------------------------------------------------- */

static int read_playbook(void *context, const char *path, struct playbook *out, struct err *err)
{
    struct drilling *x = context;
    struct drill_playbook read = {0};

    int rc = drill_playbook_read(x->options, path, &read, err);
    *out = read.playbook;
    return rc;
}

static int compile(void *context, const char *path, struct plan *out, struct err *err)
{
    struct drilling *x = context;

    return drill_playbook_compile(x->options, path, out, err);
}

static void add_word(struct drilling *x, const char *word)
{
    if (word && x->drill.program_count < PROGRAM_CAP)
        x->program[x->drill.program_count++] = word;
}

/* What each controller is told of our own command line. */
static void set_program(struct drilling *x)
{
    static const char *const forms[] = {
        [LOG_TEXT] = "text", [LOG_JSON] = "json", [LOG_JOURNALD] = "journald"};
    static const char *const levels[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    const struct cli_options *options = x->options;

    add_word(x, "cutover");
    add_word(x, "--config");
    add_word(x, options->config_path);
    add_word(x, "--log-level");
    add_word(x, levels[options->log_level]);
    add_word(x, "--log-form");
    add_word(x, options->is_log_json ? "json" : forms[options->log_form]);
    add_word(x, options->is_quiet ? "--quiet" : NULL);
    add_word(x, options->has_no_color ? "--no-color" : NULL);
    add_word(x, options->is_yes ? "--yes" : NULL);
    add_word(x, options->is_ttl_wait_skipped ? "--skip-ttl-wait" : NULL);
    if (options->workers) {
        (void)snprintf(x->workers, sizeof x->workers, "--workers=%u", options->workers);
        add_word(x, x->workers);
    }
}

static int init(struct drilling *x, const struct cli_options *options, struct err *err)
{
    *x = (struct drilling){.options = options};
    render_init(&x->render, options);
    int rc = drill_service_read(options, &x->service, err);
    if (rc)
        return rc;
    run_options_init(&x->run, &x->service, options, &x->render, x->holder);
    unsigned faults = (unsigned)options->fault_count;
    x->drill = (struct drill_options){.service = &x->service,
                                      .program = x->program,
                                      .back_path = options->playbook_path,
                                      .plan = &x->plan,
                                      .faults = x->faults,
                                      .fault_count = options->fault_count,
                                      .times = options->times ? options->times
                                               : faults       ? faults
                                                              : 1,
                                      .holder = x->holder,
                                      .context = x,
                                      .locate = playbook_locate,
                                      .read = read_playbook,
                                      .compile = compile};
    set_program(x);
    return notifier_start(&x->service, &x->notifier, err);
}

static void release(struct drilling *x)
{
    notifier_end(x->notifier); /* its legs write into the same journal, and tell nobody */
    plan_release(&x->plan);
    service_release(&x->service);
    render_release(&x->render);
}

/* --- telling ---------------------------------------------------------------------------------- */

static int list_earlier(const struct service *service, const char *playbook,
                        struct drill_record **out, size_t *out_count, struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;

    *out = NULL;
    *out_count = 0;
    int rc = journal_open_reader(service->journal_path, &journal, err);
    return rc ? rc : journal_drill_list(journal, service->name, playbook, out, out_count, err);
}

static int tell(const struct drilling *x, const struct drill_record *drill, struct err *err)
{
    CLEANUP(drill_score_release) struct drill_score score = {0};
    CLEANUP(json_release) json_t *json = NULL;
    struct drill_record *earlier;
    size_t count;

    int rc = list_earlier(&x->service, drill->playbook, &earlier, &count, err);
    if (!rc)
        rc = drill_score(drill, earlier, count, &score, err);
    drill_list_free(earlier, count);
    if (rc)
        return rc;
    if (!x->options->is_json) {
        drill_print(&x->render, drill, &score);
        (void)fflush(stdout); /* before the failure is logged; main asks the stream */
        return 0;
    }
    json = drill_json(drill, &score);
    rc = render_json(json, err);
    return rc < 0 ? rc : 0;
}

static int exit_of(const struct drill_record *drill)
{
    for (size_t i = 0; i < drill->round_count; i++)
        if (drill->rounds[i].needs_person)
            return EXIT_PERSON;
    switch (drill->state) {
    case DRILL_PASSED:
        return EXIT_DONE;
    case DRILL_STOPPED:
        return EXIT_ABORTED;
    case DRILL_FAILED:
        return EXIT_UNDONE;
    case DRILL_RUNNING:
        break;
    }
    return EXIT_PERSON;
}

static int end_with(const struct drilling *x, const struct drill_record *drill, int rc)
{
    struct err output = {0};

    if (!drill->id[0] || drill->round_count == 0)
        return rc; /* no round began: main says why and maps the code */
    if (tell(x, drill, &output))
        log_failure(&output);
    return exit_of(drill);
}

static int perform(struct drilling *x, struct err *err)
{
    CLEANUP(drill_record_release) struct drill_record drill = {0};

    int rc = parse_faults(x, err);
    if (!rc)
        rc = drill_check_free(&x->service, err);
    if (!rc)
        rc = playbook_locate(x->options->args[0], x->path, sizeof x->path, err);
    x->drill.playbook_path = x->path;
    if (!rc)
        rc = check_playbook(x, err);
    if (!rc)
        rc = compile(x, x->path, &x->plan, err);
    if (!rc)
        rc = drill_check_faults(&x->drill, err);
    if (!rc)
        rc = show_and_ask(x, err);
    if (!rc)
        rc = drill_perform(&x->drill, &drill, err);
    return end_with(x, &drill, rc);
}

static int put_back(struct drilling *x, struct err *err)
{
    CLEANUP(drill_record_release) struct drill_record drill = {0};

    int rc = drill_put_back(&x->drill, &drill, err);
    if (!rc)
        log_info("drill %s is ended; the service is as it was before it (%s)", drill.id,
                 situation_name(drill.home));
    return rc ? rc : EXIT_DONE;
}

/* --- list ------------------------------------------------------------------------------------- */

/* Each beside those before it that are of the same playbook. */
static int score_one(const struct drill_record *drills, size_t index, struct drill_score *out,
                     struct err *err)
{
    struct drill_record *same = calloc(index + 1, sizeof *same);
    size_t count = 0;

    if (!same)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu drills", index);
    for (size_t i = 0; i < index; i++)
        if (strcmp(drills[i].playbook, drills[index].playbook) == 0)
            same[count++] = drills[i]; /* borrowed */
    int rc = drill_score(&drills[index], same, count, out, err);
    free(same);
    return rc;
}

static int print_list(const struct cli_options *options, const struct drill_record *drills,
                      const struct drill_score *scores, size_t count, struct err *err)
{
    CLEANUP(json_release) json_t *json = NULL;

    if (!options->is_json) {
        drill_print_list(drills, scores, count);
        return EXIT_DONE;
    }
    json_t *list = json_array();
    for (size_t i = 0; i < count; i++)
        (void)json_array_append_new(list, drill_json(&drills[i], &scores[i]));
    json = json_pack("{s:o}", "drills", list);
    return render_json(json, err);
}

static int list_drills(const struct cli_options *options, struct err *err)
{
    CLEANUP(service_release) struct service service = {0};
    struct drill_record *drills = NULL;
    size_t count = 0;

    int rc = service_read(options->config_path, &service, err);
    if (!rc)
        rc = list_earlier(&service, NULL, &drills, &count, err);
    if (rc)
        return rc;
    struct drill_score *scores = calloc(count + 1, sizeof *scores);
    if (!scores)
        rc = err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for %zu drills", count);
    for (size_t i = 0; i < count && !rc; i++)
        rc = score_one(drills, i, &scores[i], err);
    if (!rc)
        rc = print_list(options, drills, scores, count, err);
    for (size_t i = 0; scores && i < count; i++)
        drill_score_release(&scores[i]);
    free(scores);
    drill_list_free(drills, count);
    return rc;
}

int cmd_drill(const struct cli_options *options, struct err *err)
{
    struct drilling x;

    int rc = check_usage(options, err);
    if (rc)
        return rc;
    if (options->is_list)
        return list_drills(options, err);
    rc = init(&x, options, err);
    if (!rc)
        rc = options->is_put_back ? put_back(&x, err) : perform(&x, err);
    release(&x);
    return rc;
}
