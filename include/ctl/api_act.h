/* SPDX-License-Identifier: MIT */
/*
 * ctl/api_act.h - the handlers of the routes through which people act. They write a request into
 *                 the journal (engine/journal_request.h), and do nothing else.
 * Threads: the server's; see ctl/routes.h. A request is one small transaction: the server waits for
 *          the disk, and at most two seconds for another writer of the journal.
 */
#ifndef CUTOVER_CTL_API_ACT_H
#define CUTOVER_CTL_API_ACT_H

#include "ctl/routes.h"

void api_ask(const struct route_call *call, struct http_answer *answer);
void api_withdraw(const struct route_call *call, struct http_answer *answer);

#endif
