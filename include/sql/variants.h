/* SPDX-License-Identifier: MIT */
/*
 * sql/variants.h - the raw rows that src/sql/generate.awk makes of the .sql files; sql/catalog.h is
 *                  the way to them.
 * Who looks: src/sql/catalog.c and its unit test, nobody else.
 * Threads:   static const data.
 */
#ifndef CUTOVER_SQL_VARIANTS_H
#define CUTOVER_SQL_VARIANTS_H

#include <stdbool.h>
#include <stddef.h>

#include "domain/version.h"
#include "sql_ids.h"

/* One pair of a "Reads:" line: what we call a column, and what this server calls it. */
struct sql_read {
    const char *key;
    const char *column; /* "": this server has no such column */
};

struct sql_variant {
    enum sql_id id;
    const char *name; /* "read_only_set" */
    /* "mariadb", "any", "journal": which servers it fits is decided in catalog.c */
    const char *variant;
    const char *only; /* the flavour of an "Only:" line, "mariadb" or "mysql"; NULL: both have it */
    const struct sql_read *reads; /* ends with a NULL key; NULL: columns are named by their keys */
    const char *text;
};

extern const struct sql_variant sql_variants[];
extern const size_t sql_variant_count;

/* Is "mysql8022" a text for this server? False for a variant that catalog.c has no range for. */
bool sql_variant_fits(const char *variant, const struct server_version *version);

#endif
