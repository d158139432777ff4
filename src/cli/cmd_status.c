/* SPDX-License-Identifier: MIT */
/* `cutover status`: what is true now. Changes nothing. */
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/service_open.h"
#include "cli/status.h"

static void show_progress(void *context, const char *text)
{
    progress_show(context, "%s", text);
}

int cmd_status(const struct cli_options *options, struct err *err)
{
    CLEANUP(render_release) struct render render;
    CLEANUP(service_release) struct service service = {0};
    CLEANUP(status_release) struct status status = {0};

    const struct status_options how = {.progress = show_progress, .context = &render};

    render_init(&render, options);
    int rc = service_open(options->config_path, &service, err);
    if (rc)
        return rc;
    rc = status_gather(&service, &how, &status, err);
    if (rc)
        return rc;

    progress_clear(&render);
    if (!options->is_json) {
        status_print(&render, &status);
        return EXIT_DONE;
    }
    CLEANUP(json_release) json_t *facts = status_json(&status);
    rc = facts ? render_json(facts, err)
               : err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a fact is not valid UTF-8");
    return rc ? rc : EXIT_DONE;
}
