/* SPDX-License-Identifier: MIT */
/* `cutover serve`: the dashboard, until it is stopped. Changes nothing. */
#include <poll.h>
#include <stdio.h>

#include "base/log.h"
#include "base/manager.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "cli/service_open.h"
#include "ctl/server.h"

/*
 * The watchdog hears of us as long as the page of the lag, which is due ten times a second, is new:
 * a process that answers with old facts is no use to anybody.
 */
static void wait_for_the_end(struct server *server)
{
    struct pollfd wait = {.fd = signals_wait_fd(), .events = POLLIN};
    int64_t every_ms = manager_watchdog_ms();
    uint64_t seen = 0;

    while (!signals_stop_wanted()) {
        CLEANUP(view_dropp) struct view_page *page = view_take(server_view(server), VIEW_LAG, seen);
        if (page) {
            seen = page->number;
            manager_tell("WATCHDOG=1");
        }
        (void)poll(&wait, 1, every_ms ? (int)every_ms : -1); /* cut short by a signal */
    }
}

int cmd_serve(const struct cli_options *options, struct err *err)
{
    CLEANUP(service_release) struct service service = {0};
    struct server *server = NULL;

    int rc = service_open(options->config_path, &service, err);
    if (!rc)
        rc = server_start(&service, options->listen, &server, err);
    if (rc)
        return rc;
    (void)printf("%s shows %s; Ctrl-C ends it, and nothing else ends with it.\n",
                 server_url(server), service.name);
    if (!service.serve.has_tokens)
        log_info("nobody has to say who they are on this host, and nobody may act: "
                 "serve.tokens in the configuration changes that");
    (void)fflush(stdout);
    manager_tell("READY=1");
    wait_for_the_end(server);
    manager_tell("STOPPING=1");
    server_free(server);
    return EXIT_DONE;
}
