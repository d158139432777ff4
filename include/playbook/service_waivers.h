/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_waivers.h - the `waivers` list of a service's configuration, and what its
 *           comparison accepts (`verify.accept`).
 * Caller:  the reader of the service file, nobody else.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_WAIVERS_H
#define CUTOVER_PLAYBOOK_SERVICE_WAIVERS_H

#include "domain/service.h"
#include "io/conffile.h"

/*
 * root    the file; without `waivers` there are none, nor without `verify.accept`
 * out     its waivers and what is accepted, also on failure; service_release() frees them
 * Errors  ERR_CONFIG/NONE at file:line: a check that does not exist or cannot be waived, a name, a
 *         reason or a moment that is missing. ERR_MEMORY/NONE.
 */
MUST_CHECK int service_waivers_read(const struct conf_node *root, struct service *out,
                                    struct err *err);

#endif
