/* SPDX-License-Identifier: MIT */
/*
 * verify/schema.h - which tables there are on both sides, and whether they are made the same way.
 * Threads: the caller's.
 */
#ifndef CUTOVER_VERIFY_SCHEMA_H
#define CUTOVER_VERIFY_SCHEMA_H

#include "domain/table_shape.h"
#include "verify/pair.h"
#include "verify/verify.h"

/* The tables of the service's databases at one end. */
MUST_CHECK int schema_load(const struct service *service, struct verify_end *end,
                           struct table_catalog *out, struct err *err);

/* The difference of one table as it is reported; source or replica is NULL when the table is absent
 * there. False: none. */
bool schema_difference(const struct table_shape *source, const struct table_shape *replica,
                       struct difference *out, bool *out_is_comparable);

#endif
