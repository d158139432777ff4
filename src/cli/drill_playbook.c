/* SPDX-License-Identifier: MIT */
/* A playbook as a drill performs it. */
#include "cli/drill_playbook.h"

#include <stdio.h>

#include "cli/run_ui.h"
#include "cli/service_open.h"
#include "playbook/read.h"

static bool is_production(const struct service *service)
{
    return service->environment == ENVIRONMENT_PRODUCTION;
}

int drill_service_read(const struct cli_options *options, struct service *out, struct err *err)
{
    int rc = service_open(options->config_path, out, err);

    if (rc || !is_production(out) || !out->dns.is_configured)
        return rc;
    if (out->drill.canary[0]) {
        (void)service_keep_record(out, out->drill.canary); /* it is one of them: see the reader */
        return 0;
    }
    err_set(err, ERR_REFUSED, EFFECT_NONE,
            "service %s is production, and no canary record is configured: a drill would flip the "
            "names of your users",
            out->name);
    err_hint(err,
             "in %s: drill = { canary = \"canary.example.net\"; }; naming one of dns.records, or "
             "environment = \"staging\"; if it is none",
             options->config_path);
    service_release(out);
    return ERR_REFUSED;
}

/* Against the whole file: a playbook may name records that a drill does not flip. */
int drill_playbook_read(const struct cli_options *options, const char *path,
                        struct drill_playbook *out, struct err *err)
{
    CLEANUP(service_release) struct service service = {0};

    *out = (struct drill_playbook){0};
    int rc = service_read(options->config_path, &service, err);
    if (!rc)
        rc = playbook_read(path, &service, &out->playbook, err);
    if (!rc && is_production(&service))
        drill_turn(&out->playbook, out->left_out, sizeof out->left_out);
    return rc;
}

int drill_playbook_compile(const struct cli_options *options, const char *path, struct plan *out,
                           struct err *err)
{
    CLEANUP(service_release) struct service service = {0};
    struct drill_playbook read = {0};

    int rc = drill_service_read(options, &service, err);
    if (!rc)
        rc = drill_playbook_read(options, path, &read, err);
    if (!rc)
        rc = compile_read_playbook(&service, &read.playbook, NULL, out, err);
    if (!rc && read.left_out[0] && out->warning_count < ARRAY_LEN(out->warnings))
        (void)snprintf(out->warnings[out->warning_count++], sizeof out->warnings[0],
                       "production: left out because users stay on OLD: %s", read.left_out);
    playbook_release(&read.playbook);
    return rc;
}
