/* SPDX-License-Identifier: MIT */
/* `cutover ask`: from another shell, ask the run that goes on for something. */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/signals.h"
#include "cli/exit_code.h"
#include "cli/run_ui.h"
#include "engine/request_offer.h"
#include "playbook/read.h"

#define LOOK_EVERY_MS 200
#define PATIENCE_MS 10000 /* then the wait is explained */

struct asking {
    struct service service;
    struct render render;
    enum request_what what;
    char step[64], follows[1200];
};

/* What is possible now, in the words that the dashboard uses. */
static int look_up(struct asking *a, const struct cli_options *options, struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    CLEANUP(json_release) json_t *page = NULL;
    const char *name = request_what_name(a->what);
    json_t *offer;
    size_t i;

    int rc = journal_open_reader(a->service.journal_path, &journal, err);
    if (!rc)
        rc = request_offers(journal, a->service.name, options->config_path, &page, err);
    if (rc)
        return rc;
    json_array_foreach(json_object_get(page, "offers"), i, offer)
    {
        if (strcmp(json_text_or(offer, "what", ""), name) != 0)
            continue;
        (void)snprintf(a->follows, sizeof a->follows, "%s", json_text_or(offer, "follows", ""));
        (void)snprintf(a->step, sizeof a->step, "%.63s",
                       options->arg_count > 1 ? options->args[1] : json_text_or(offer, "step", ""));
        if (json_bool_or(offer, "is_possible", 0))
            return 0;
        const char *command = json_text_or(offer, "command", "");
        err_set(err, ERR_REFUSED, EFFECT_NONE, "%s: not now: %s", name,
                json_text_or(offer, "why_not", ""));
        return *command && !strstr(command, " ask ") ? err_hint(err, "\"%s\"", command)
                                                     : ERR_REFUSED;
    }
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "nothing was ever run");
}

static int confirm(struct asking *a, const struct cli_options *options, struct err *err)
{
    if (options->is_yes && a->what == REQUEST_APPROVE && options->arg_count < 2)
        return err_set(err, ERR_USAGE, EFFECT_NONE,
                       "with --yes name the step that is approved: cutover ask approve STEP --yes");
    render_wrapped(stdout, 0, a->follows);
    (void)fflush(stdout);
    int answer = options->is_yes ? 1 : ask_yes(&a->render, "Ask for that?", err);
    if (answer < 0)
        return answer;
    return answer ? 0 : err_set(err, ERR_STOPPED, EFFECT_NONE, "nothing was asked");
}

static bool is_answered(const struct request *request)
{
    return request->state != REQUEST_ASKED &&
           !(request->state == REQUEST_TAKEN && request->what == REQUEST_APPROVE);
}

static int take_back(struct asking *a, struct request *request, struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    int rc = journal_open(a->service.journal_path, &journal, err);

    if (!rc)
        rc = journal_request_withdraw(journal, request->id, request->who, err);
    if (rc)
        return rc;
    err_set(err, ERR_BUSY, EFFECT_NONE, "the run has not looked at it, and it was taken back");
    return err_hint(err, "\"cutover status\" says whether its controller is alive");
}

/* Until the run has said what it does about it. */
static int wait_answer(struct asking *a, int64_t id, struct request *out, struct err *err)
{
    CLEANUP(journal_freep) struct journal *journal = NULL;
    int64_t began_ms = clock_mono_ms();
    int rc = journal_open_reader(a->service.journal_path, &journal, err);

    while (!rc) {
        rc = journal_request_get(journal, id, out, err);
        if (rc || is_answered(out))
            return rc;
        int64_t waited_ms = clock_mono_ms() - began_ms;
        if (waited_ms > REQUEST_FRESH_MS)
            break;
        progress_show(&a->render,
                      waited_ms < PATIENCE_MS
                          ? "asked; the run looks at it when it can"
                          : "not looked at yet: a part that cannot be interrupted, or a controller "
                            "that is dead");
        if (!clock_sleep_ms(LOOK_EVERY_MS))
            break;
    }
    return rc ? rc : take_back(a, out, err);
}

static int tell(struct asking *a, const struct request *request, struct err *err)
{
    progress_clear(&a->render);
    if (request->state == REQUEST_REFUSED)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "the run refuses: %s", request->answer);
    (void)printf("%s: %s\n", request_state_name(request->state), request->answer);
    return 0;
}

static int ask(struct asking *a, const struct cli_options *options, struct err *err)
{
    struct request request = {0};
    char who[64];
    int64_t id;

    person_here(who);
    const struct request_ask wish = {.step = a->step, .what = a->what, .who = who, .via = "shell"};
    int rc = look_up(a, options, err);
    if (!rc)
        rc = confirm(a, options, err);
    if (!rc)
        rc = request_ask(&a->service, &wish, &id, err);
    if (!rc)
        rc = wait_answer(a, id, &request, err);
    return rc ? rc : tell(a, &request, err);
}

int cmd_ask(const struct cli_options *options, struct err *err)
{
    struct asking a = {0};
    int rc = request_what_parse(options->args[0], &a.what, err);

    if (rc)
        return rc;
    render_init(&a.render, options);
    rc = service_read(options->config_path, &a.service, err);
    if (!rc)
        rc = ask(&a, options, err);
    service_release(&a.service);
    render_release(&a.render);
    return rc ? rc : EXIT_DONE;
}
