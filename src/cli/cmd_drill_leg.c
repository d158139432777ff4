/* SPDX-License-Identifier: MIT */
/*
 * `cutover drill-leg`: one way of a drill. A controller like that of `cutover run`, which is
 * watched, and at times killed, by the drill that started it. It prints nothing but the log.
 */
#include <limits.h>
#include <string.h>

#include "cli/drill_playbook.h"
#include "cli/exit_code.h"
#include "cli/run_ui.h"
#include "io/child.h"

static int perform(const struct cli_options *options, struct run_options *run,
                   struct run_result *result, struct err *err)
{
    CLEANUP(plan_release) struct plan plan = {0};
    char path[PATH_MAX];

    if (options->arg_count < 2)
        return err_set(err, ERR_USAGE, EFFECT_NONE, "drill-leg %s needs a PLAYBOOK",
                       options->args[0]);
    run->is_superseding = strcmp(options->args[0], "back") == 0;
    int rc = playbook_locate(options->args[1], path, sizeof path, err);
    if (!rc)
        rc = drill_playbook_compile(options, path, &plan, err);
    return rc ? rc : run_plan(run, &plan, result, err);
}

static int dispatch(const struct cli_options *options, struct run_options *run,
                    struct run_result *result, struct err *err)
{
    const char *what = options->args[0];

    if (strcmp(what, "resume") == 0)
        return run_resume(run, NULL, result, err);
    if (strcmp(what, "abort") == 0)
        return run_abort(run, NULL, result, err);
    if (strcmp(what, "there") == 0 || strcmp(what, "back") == 0)
        return perform(options, run, result, err);
    return err_set(err, ERR_USAGE, EFFECT_NONE,
                   "drill-leg \"%s\": expected there, back, resume or abort", what);
}

int cmd_drill_leg(const struct cli_options *options, struct err *err)
{
    CLEANUP(service_release) struct service service = {0};
    struct render render;
    struct run_options run;
    struct run_result result = {0};
    char holder[160];

    child_ends_with_parent();
    int rc = drill_service_read(options, &service, err);
    if (rc)
        return rc;
    render_init(&render, options);
    run_options_init(&run, &service, options, &render, holder);
    rc = dispatch(options, &run, &result, err);
    render_release(&render);
    return result.run_id[0] ? run_exit_code(result.outcome) : rc;
}
