/* SPDX-License-Identifier: MIT */
/*
 * playbook/service_applications.h - the list `applications`: who uses the databases, by which
 *                                   account, and from which hosts.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_SERVICE_APPLICATIONS_H
#define CUTOVER_PLAYBOOK_SERVICE_APPLICATIONS_H

#include "base/attr.h"
#include "domain/service.h"
#include "io/conffile.h"

/*
 * Fill service->applications. Each host has an ssh group, its own or that of its application; words
 * that its own lacks are the application's.
 *
 * Errors  ERR_CONFIG/NONE with where = "file:line"; ERR_MEMORY/NONE
 */
MUST_CHECK int service_applications_read(const struct conf_node *root, const char *folder,
                                         struct service *service, struct err *err);

#endif
