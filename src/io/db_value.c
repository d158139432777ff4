/* SPDX-License-Identifier: MIT */
/* Statements that answer one value: an answer of any other shape is an error, never a default. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/db.h"
#include "io/db_error.h"

static int wrong_shape(const struct db *db, const char *sql, const char *found, struct err *err)
{
    char name[DB_STATEMENT_NAME_SIZE];
    int rc = err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s should answer one value, but answered %s",
                     db_statement_name(sql, name), found);

    (void)err_where(err, "%s", db_where(db));
    return rc;
}

int db_query_text(struct db *db, const char *sql, char *out, size_t out_size, bool *out_is_null,
                  struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = db_query(db, sql, &result, err);
    if (rc != 0)
        return rc;
    if (result.row_count != 1 || result.column_count != 1) {
        char found[64];
        (void)snprintf(found, sizeof found, "%zu rows of %zu columns", result.row_count,
                       result.column_count);
        return wrong_shape(db, sql, found, err);
    }

    const char *text = db_result_text(&result, 0, 0);
    if (!text && !out_is_null)
        return wrong_shape(db, sql, "NULL", err);
    if (db_result_len(&result, 0, 0) >= out_size)
        return wrong_shape(db, sql, "more text than fits", err);
    memcpy(out, text ? text : "", db_result_len(&result, 0, 0) + 1);
    if (out_is_null)
        *out_is_null = !text;
    return 0;
}

int db_query_int(struct db *db, const char *sql, int64_t *out, struct err *err)
{
    char text[32];
    int rc = db_query_text(db, sql, text, sizeof text, NULL, err);
    if (rc != 0)
        return rc;

    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0')
        return wrong_shape(db, sql, "something that is not a whole number", err);
    *out = value;
    return 0;
}
