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

/*
 * All differences of one table, each as it is reported; source or replica is NULL when the table is
 * absent there. tell may be NULL. Rows are comparable nevertheless when only what surrounds the
 * values differs: order of columns, character sets, indexes, defaults.
 */
typedef void schema_difference_fn(void *context, const struct difference *difference);
size_t schema_differences(const struct table_shape *source, const struct table_shape *replica,
                          schema_difference_fn *tell, void *context, bool *out_is_comparable);

/* The first of them. False: none. */
bool schema_difference(const struct table_shape *source, const struct table_shape *replica,
                       struct difference *out, bool *out_is_comparable);

/* What the configuration says of it: the first that fits and has not ended; NULL: nothing. */
const struct acceptance *difference_accepted(const struct service *service,
                                             const struct difference *difference, int64_t now_us);

#endif
