/* SPDX-License-Identifier: MIT */
/*
 * ctl/server.h - the dashboard, its API and its stream of events, over HTTP.
 * Invariant: reads what the collector has published; a request never asks a server of the service.
 *            Who may call a route stands in its row, and is asked in one place.
 * Threads:   those of io/http_server.h and ctl/collector.h.
 */
#ifndef CUTOVER_CTL_SERVER_H
#define CUTOVER_CTL_SERVER_H

#include "ctl/access.h"
#include "ctl/collector.h"

struct server;

/*
 * listen   "127.0.0.1:8306"; NULL: as the configuration says
 * Errors   ERR_CONFIG/NONE: an address that is no loopback one without tokens or without TLS; a
 *          token file, a certificate or an address that cannot be used. ERR_IO/NONE: a taken port.
 */
MUST_CHECK int server_start(const struct service *service, const char *listen, struct server **out,
                            struct err *err);
/* "http://127.0.0.1:8306/". Lives as long as the server. */
const char *server_url(const struct server *server);
void server_free(struct server *server); /* NULL allowed */

/* --- for the routes --- */
struct view *server_view(struct server *server);
struct collector *server_collector(struct server *server);
struct access *server_access(struct server *server);
bool server_has_tls(const struct server *server);
const struct service *server_service(const struct server *server);
unsigned server_watchers(struct server *server);

#endif
