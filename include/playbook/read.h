/* SPDX-License-Identifier: MIT */
/*
 * playbook/read.h - the two files a person writes: the service's configuration and playbooks.
 * Errors:  ERR_CONFIG/NONE with where = "file:line" and what was expected; unknown keys with a
 *          suggestion. ERR_MEMORY/NONE. Nothing is touched.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_READ_H
#define CUTOVER_PLAYBOOK_READ_H

#include "domain/playbook.h"
#include "domain/service.h"

/* etc/cutover.cfg is the form. Secrets are loaded; paths are absolute afterwards. */
MUST_CHECK int service_read(const char *path, struct service *out, struct err *err);

/*
 * Checks names, parameters, types and requirements, and that the steps join from every situation in
 * `needs`.
 * service  to check the names of records and tables against; borrowed
 */
MUST_CHECK int playbook_read(const char *path, const struct service *service, struct playbook *out,
                             struct err *err);

#endif
