/* SPDX-License-Identifier: MIT */
/*
 * playbook/param.h - one parameter of a step: from what a person wrote, or from the table's
 *                    default, to a value.
 * Errors:  ERR_CONFIG/NONE with where = "file:line" and what was expected.
 * Threads: none of its own.
 */
#ifndef CUTOVER_PLAYBOOK_PARAM_H
#define CUTOVER_PLAYBOOK_PARAM_H

#include "domain/playbook.h"
#include "domain/service.h"
#include "io/conffile.h"

#define PARAM_MODE_FENCED 0
#define PARAM_MODE_SHARED 1

/*
 * Read the member of `group` that is called like value->param; it must be there.
 *
 * value    its `param` is set; the rest is filled as far as reading came, even on failure, and
 *          belongs to the step
 * service  record and table names must be among its records and databases
 */
MUST_CHECK int param_read(const struct conf_node *group, const struct service *service,
                          struct playbook_value *value, struct err *err);

/* The same from the default in the table of actions; commas separate the items of a list. */
MUST_CHECK int param_default(struct playbook_value *value, struct err *err);

#endif
