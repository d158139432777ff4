/* SPDX-License-Identifier: MIT */
/*
 * sql/catalog.h - every statement this program sends, one file each in src/sql, looked up by id and version.
 * A file is NAME.VARIANT.sql; its leading comment says purpose, versions, privileges, parameters, columns read.
 * The variant is chosen by sql_for() alone. Parameters are written :{name} (string literal), :{name#} (integer),
 * :{name`} (identifier, may be "db.table": each part is quoted), :{name!} (text put in as it is: lists of
 * identifiers or literals that were themselves quoted by this module).
 * Nothing else builds SQL.
 * Threads: static const data; rendering is pure.
 */
#ifndef CUTOVER_SQL_CATALOG_H
#define CUTOVER_SQL_CATALOG_H

#include "base/buf.h"
#include "domain/version.h"
#include "sql_ids.h" /* generated into build/gen: enum sql_id { SQL_ADD_..., SQL_ID_COUNT } */

struct sql_arg {
    const char *name;
    const char *text;
};

/* The template for this server; NULL when no variant fits (a unit test proves exactly one for supported versions). */
const char *sql_for(enum sql_id id, const struct server_version *version);
const char *sql_id_name(enum sql_id id); /* "read_only_set" */

/*
 * Render into out (appended). Every parameter of the template must be given and every argument used.
 * `${...}` references inside values survive (they are replaced when the statement is executed).
 * Errors  ERR_BUG/NONE names the statement and the parameter; ERR_REFUSED/NONE no variant for this version.
 */
MUST_CHECK int sql_render(enum sql_id id, const struct server_version *version, const struct sql_arg *args, size_t arg_count,
                          struct buf *out, struct err *err);

/* `a`.`b` with backquotes doubled; ERR_REFUSED for names with NUL or longer than 64 characters a part. */
MUST_CHECK int sql_quote_identifier(const char *name, struct buf *out, struct err *err);
/* 'text' with quotes and backslashes escaped, valid in utf8mb4 with and without NO_BACKSLASH_ESCAPES (uses doubled quotes;
 * our sessions pin sql_mode so that backslash is an escape character). */
void sql_quote_literal(const char *text, size_t len, struct buf *out);

#endif
