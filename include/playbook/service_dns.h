/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_dns.h - the `dns` group of a service's configuration.
 * Caller:  the reader of the service file, nobody else.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_DNS_H
#define CUTOVER_PLAYBOOK_SERVICE_DNS_H

#include "domain/service.h"
#include "io/conffile.h"

/*
 * folder  what secret files are relative to
 * out     filled as far as reading came, even on failure; service_release() frees it
 * Errors  ERR_CONFIG/NONE at file:line
 */
MUST_CHECK int service_dns_read(const struct conf_node *group, const char *folder,
                                struct service_dns *out, struct err *err);

#endif
