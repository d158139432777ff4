/* SPDX-License-Identifier: MIT */
/*
 * sql/catalog.h - every statement this program sends, one file each in src/sql, looked up by id and
 * version. A file is NAME.VARIANT.sql; its leading comment says purpose, versions, privileges,
 * parameters, columns read. The variant is chosen by sql_for() alone. Two lines of the comment are
 * for the program as well: "Reads: key=Column, ..." for sql_column(), and "Only: mariadb (why)" for
 * a statement that has no counterpart in the other flavour. Parameters are written
 * :{name} (string literal), :{name#} (integer), :{name`} (identifier, may be "db.table": each part
 * is quoted), :{name!} (text put in as it is: lists of identifiers or literals that were themselves
 * quoted by this module). Nothing else builds SQL.
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

/*
 * The template for this server; NULL when no variant fits (a unit test proves exactly one for
 * supported versions). version NULL: nothing is known yet, only a statement that every server
 * understands fits.
 */
const char *sql_for(enum sql_id id, const struct server_version *version);
const char *sql_id_name(enum sql_id id); /* "read_only_set" */

/*
 * The column of the result that holds `key`, for SHOW statements, which name their columns
 * differently from server to server: the "Reads:" line of the text for this server. Without such a
 * line the key is the column. NULL when this server has no such column, or no such statement.
 * Static text, or `key` itself.
 */
const char *sql_column(enum sql_id id, const struct server_version *version, const char *key);

/* True when this server needs nothing done here (its text is DO 0): a plan may leave it out. */
bool sql_is_nothing(enum sql_id id, const struct server_version *version);

/*
 * src/sql/journal/NAME.sql, as SQL_JOURNAL_NAME: SQLite text for the journal, may be several
 * statements. NULL for other ids.
 */
const char *sql_journal(enum sql_id id);

/*
 * The second half of sql_render(): fill the parameters of a template. ERR_BUG/NONE names the
 * parameter.
 */
MUST_CHECK int sql_fill(const char *template, const struct sql_arg *args, size_t arg_count,
                        struct buf *out, struct err *err);

/*
 * Render into out (appended). Every parameter of the template must be given, and every argument
 * used by the text for this server or for another one. `${...}` references inside values survive
 * (they are replaced when the statement is executed).
 * Errors  ERR_BUG/NONE names the statement and the parameter; ERR_REFUSED/NONE no variant for this
 *         version.
 */
MUST_CHECK int sql_render(enum sql_id id, const struct server_version *version,
                          const struct sql_arg *args, size_t arg_count, struct buf *out,
                          struct err *err);

/*
 * `a`.`b` with backquotes doubled, split at the first dot; ERR_REFUSED for parts that are empty or
 * longer than 64 characters.
 */
MUST_CHECK int sql_quote_identifier(const char *name, struct buf *out, struct err *err);
/*
 * 'text' with quotes and backslashes escaped, valid in utf8mb4 with and without
 * NO_BACKSLASH_ESCAPES (uses doubled quotes; our sessions pin sql_mode so that backslash is an
 * escape character).
 */
void sql_quote_literal(const char *text, size_t len, struct buf *out);
/*
 * 'a', 'b', 'c' for a :{list!} parameter behind IN; NULL (which matches nothing) when there is
 * none.
 */
void sql_quote_list(const char *const *texts, size_t count, struct buf *out);

#endif
