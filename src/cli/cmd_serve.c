/* SPDX-License-Identifier: MIT */
/* `cutover serve`: the dashboard, until it is stopped. Changes nothing. */
#include <poll.h>
#include <stdio.h>

#include "base/log.h"
#include "base/signals.h"
#include "cli/commands.h"
#include "cli/exit_code.h"
#include "cli/options.h"
#include "ctl/server.h"
#include "playbook/read.h"

int cmd_serve(const struct cli_options *options, struct err *err)
{
    CLEANUP(service_release) struct service service = {0};
    struct server *server = NULL;

    int rc = service_read(options->config_path, &service, err);
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
    struct pollfd wait = {.fd = signals_wait_fd(), .events = POLLIN};
    while (!signals_stop_wanted())
        (void)poll(&wait, 1, -1); /* cut short by a signal: the flag tells */
    server_free(server);
    return EXIT_DONE;
}
