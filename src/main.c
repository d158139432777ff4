/* SPDX-License-Identifier: MIT */
/*
 * The process: read the command line, make the libraries ready, do one command, say how it ended.
 * The only place that logs the failure of a command and that turns it into an exit code.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/log.h"
#include "base/signals.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "io/db.h"
#include "io/http_client.h"
#include "io/resolver.h"
#include "io/ssh.h"

static int libraries_init(struct err *err)
{
    int rc = db_library_init(err);
    if (rc)
        return rc;
    rc = http_library_init(err);
    if (rc)
        return rc;
    rc = resolver_library_init(err);
    if (rc)
        return rc;
    return ssh_library_init(err);
}

static void libraries_end(void)
{
    ssh_library_end();
    resolver_library_end();
    http_library_end();
    db_library_end();
}

/* Signals before libraries, so that no thread of theirs ever runs without the handlers. */
static int process_init(struct err *err)
{
    int rc = signals_install(err);
    if (rc)
        return rc;
    rc = failpoint_arm_from_env(err);
    if (rc)
        return rc;
    return libraries_init(err);
}

static int do_command(const struct cli_options *options, struct err *err)
{
    if (options->is_help_wanted)
        return cmd_help(options, err);
    if (options->is_version_wanted)
        return cmd_version(options, err);

    log_setup(options->log_level, options->is_log_json ? LOG_JSON : options->log_form);
    int rc = process_init(err);
    if (rc == 0)
        rc = options->command->handler(options, err);
    libraries_end();
    return rc;
}

/* A result that did not reach its file or pipe is not a result. A reader that went away (head) is
 * no failure. */
static int flush_output(int rc, struct err *err)
{
    errno = 0;
    if (fflush(stdout) == 0 && !ferror(stdout))
        return rc;
    if (rc != EXIT_DONE || errno == EPIPE)
        return rc;
    return err_set(err, ERR_IO, EFFECT_NONE, "cannot write to standard output: %s",
                   errno ? strerror(errno) : "an earlier write failed");
}

static void report_failure(const struct err *err)
{
    if (err->code != ERR_USAGE) {
        log_failure(err);
        return;
    }
    (void)fprintf(stderr, "cutover: %s\n", err->msg);
    (void)fprintf(stderr, "%s\n",
                  err->hint[0] ? err->hint : "\"cutover --help\" lists what there is.");
}

int main(int argc, char **argv)
{
    struct cli_options options;
    struct err err = {0};

    int rc = cli_parse(argc, argv, &options, &err);
    if (rc == 0)
        rc = do_command(&options, &err);
    rc = flush_output(rc, &err);
    if (rc < 0 && err.code == ERR_NONE)
        (void)err_set(&err, ERR_BUG, EFFECT_NONE, "a failure (%d) that says nothing", rc);
    if (err.code != ERR_NONE)
        report_failure(&err);
    return rc < 0 ? (int)exit_code_of(&err) : rc;
}
