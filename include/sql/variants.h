/* SPDX-License-Identifier: MIT */
/*
 * sql/variants.h - the raw rows that src/sql/generate.awk makes of the .sql files; sql/catalog.h is
 *                  the way to them.
 * Who looks: src/sql/catalog.c and its unit test, nobody else.
 * Threads:   static const data.
 */
#ifndef CUTOVER_SQL_VARIANTS_H
#define CUTOVER_SQL_VARIANTS_H

#include <stddef.h>

#include "sql_ids.h"

struct sql_variant {
    enum sql_id id;
    const char *name; /* "read_only_set" */
    /* "mariadb", "any", "journal": which servers it fits is decided in catalog.c */
    const char *variant;
    const char *text;
};

extern const struct sql_variant sql_variants[];
extern const size_t sql_variant_count;

#endif
