/* SPDX-License-Identifier: MIT */
/*
 * playbook/read.h - the two files a person writes: the service's configuration and playbooks.
 * Errors: ERR_CONFIG/NONE with where = "file:line" and what was expected; unknown keys with a suggestion. Nothing is touched.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_READ_H
#define CUTOVER_PLAYBOOK_READ_H

#include "domain/playbook.h"
#include "domain/service.h"

MUST_CHECK int service_read(const char *path, struct service *out, struct err *err);

/* service: to check record and side names against; borrowed. Checks names, parameters, types, requirements and that the steps join
 * from every situation in `needs`. */
MUST_CHECK int playbook_read(const char *path, const struct service *service, struct playbook *out, struct err *err);

#endif
