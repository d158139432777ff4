/* SPDX-License-Identifier: MIT */
/*
 * ctl/api_read.h - the handlers of the routes that only tell.
 * Threads: the server's; see ctl/routes.h.
 */
#ifndef CUTOVER_CTL_API_READ_H
#define CUTOVER_CTL_API_READ_H

#include "ctl/routes.h"

#define ROUTE(function) void function(const struct route_call *call, struct http_answer *answer)

ROUTE(api_page);
ROUTE(api_asset);
ROUTE(api_health);
ROUTE(api_whoami);
ROUTE(api_login);
ROUTE(api_logout);
ROUTE(api_state);
ROUTE(api_lag);
ROUTE(api_lag_history);
ROUTE(api_run_lag);
ROUTE(api_names);
ROUTE(api_run);
ROUTE(api_events);
ROUTE(api_description);
ROUTE(api_metrics);

#endif
