/* SPDX-License-Identifier: MIT */
/*
 * Statements and their answers.
 *
 * A statement is sent, then the socket is polled for the first byte of the answer, and only then
 * the library reads: so the time limit is kept to the millisecond, may change on a live connection,
 * and is the same with either library, with TLS and without. The library's own read timeout (whole
 * seconds, fixed at connect) stays underneath for an answer that begins and then stalls.
 */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "io/db_error.h"
#include "io/db_inner.h"
#include "io/db_rows.h"

/* Read the rest of an answer that nobody wants; a very long one costs the connection instead of the
 * hour. */
static void read_away(struct db *db, MYSQL_RES *rows)
{
    int count = 0;

    while (!db->is_dead && count < DB_READ_AWAY_CAP && mysql_fetch_row(rows))
        count++;
    if (count == DB_READ_AWAY_CAP || mysql_errno(db->mysql) || mysql_more_results(db->mysql))
        db_give_up(db);
}

void db_drop_stream(struct db *db)
{
    if (db->stream)
        mysql_free_result(db->stream);
    free(db->stream_sql);
    db->stream = NULL;
    db->stream_sql = NULL;
}

/* --- one statement ---------------------------------------------------------------------------- */

int db_fail(struct db *db, const struct db_statement *statement, struct err *err)
{
    unsigned native = mysql_errno(db->mysql);
    int64_t took_ms = clock_mono_ms() - statement->started_ms;
    int rc = db_error_set(err, statement->sql, native, mysql_error(db->mysql), statement->if_lost,
                          took_ms >= db->read_timeout_ms);

    if (db_error_kind(native) != DB_REFUSED)
        db_give_up(db);
    (void)err_where(err, "%s", db->where);
    return rc;
}

/* Nothing of the answer can be buffered yet: the socket tells when it begins, under TLS, too. */
static bool answer_arrives(const struct db *db, int64_t deadline_ms)
{
    struct pollfd wait = {.fd = db_socket(db), .events = POLLIN};

    for (;;) {
        int64_t left_ms = deadline_ms - clock_mono_ms();
        int ready = poll(&wait, 1, left_ms > 0 ? (int)(left_ms < INT_MAX ? left_ms : INT_MAX) : 0);
        if (ready > 0 || (ready < 0 && errno != EINTR))
            return true; /* the library finds out what it is */
        if (clock_mono_ms() >= deadline_ms)
            return false;
    }
}

int db_await_answer(struct db *db, const struct db_statement *statement, struct err *err)
{
    char took[32];

    if (answer_arrives(db, statement->started_ms + db->read_timeout_ms))
        return 0;
    db_give_up(db);
    int rc = db_error_set(err, statement->sql, CR_SERVER_LOST,
                          clock_human_ms(clock_mono_ms() - statement->started_ms, took),
                          statement->if_lost, true);
    (void)err_where(err, "%s", db->where);
    return rc;
}

int db_check_usable(const struct db *db, const char *sql, struct err *err)
{
    char name[DB_STATEMENT_NAME_SIZE];
    int rc = 0;

    if (db->is_dead)
        rc = err_set(err, ERR_LOST, EFFECT_NONE, "%s was not sent: the connection had been lost",
                     db_statement_name(sql, name));
    else if (db->stream || db->packets || db->polled_sql)
        rc = err_set(err, ERR_BUG, EFFECT_NONE, "%s was not sent: rows of another are still coming",
                     db_statement_name(sql, name));
    if (rc != 0)
        (void)err_where(err, "%s", db->where);
    return rc;
}

int db_send(struct db *db, const struct db_statement *statement, struct err *err)
{
    int rc = db_check_usable(db, statement->sql, err);

    if (rc != 0)
        return rc;
    if (mysql_send_query(db->mysql, statement->sql, (unsigned long)strlen(statement->sql)) != 0)
        return db_fail(db, statement, err);
    return 0;
}

static int read_head(struct db *db, const struct db_statement *statement, struct err *err)
{
    if (mysql_read_query_result(db->mysql) != 0)
        return db_fail(db, statement, err);
    db->affected = mysql_affected_rows(db->mysql);
    return 0;
}

/* Send, wait, and read the head of the answer. */
static int send_statement(struct db *db, const struct db_statement *statement, struct err *err)
{
    int rc = db_send(db, statement, err);

    if (rc == 0)
        rc = db_await_answer(db, statement, err);
    return rc != 0 ? rc : read_head(db, statement, err);
}

/* Throw away what is left of the answer: rows, and the further results of a CALL. */
static int drain(struct db *db, const struct db_statement *statement, struct err *err)
{
    for (;;) {
        MYSQL_RES *rows = mysql_use_result(db->mysql);
        if (!rows && mysql_errno(db->mysql) != 0)
            return db_fail(db, statement, err);
        while (rows && mysql_fetch_row(rows))
            continue;
        unsigned native = mysql_errno(db->mysql);
        int rc = native ? db_fail(db, statement, err) : 0;
        if (rows)
            mysql_free_result(rows);
        if (rc != 0)
            return rc;

        int next = mysql_next_result(db->mysql);
        if (next < 0)
            return 0;
        if (next > 0)
            return db_fail(db, statement, err);
    }
}

static int drain_further(struct db *db, const struct db_statement *statement, struct err *err)
{
    int next = mysql_next_result(db->mysql);

    if (next < 0)
        return 0;
    if (next > 0)
        return db_fail(db, statement, err);
    return drain(db, statement, err);
}

int db_exec(struct db *db, const char *sql, struct err *err)
{
    struct db_statement statement = {
        .sql = sql, .if_lost = EFFECT_UNKNOWN, .started_ms = clock_mono_ms()};
    int rc = send_statement(db, &statement, err);

    return rc != 0 ? rc : drain(db, &statement, err);
}

uint64_t db_affected(const struct db *db)
{
    return db->affected;
}

struct db_statement db_statement_of(const char *sql)
{
    return (struct db_statement){.sql = sql,
                                 .if_lost =
                                     db_statement_is_read(sql) ? EFFECT_NONE : EFFECT_UNKNOWN,
                                 .started_ms = clock_mono_ms()};
}

int64_t db_roughly_now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC_COARSE, &now); /* cannot fail on Linux */
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* --- whole results ---------------------------------------------------------------------------- */

static void free_resultp(MYSQL_RES **result)
{
    if (*result)
        mysql_free_result(*result);
    *result = NULL;
}

static int take_names(MYSQL_RES *from, struct db_rows *rows, struct err *err)
{
    const MYSQL_FIELD *fields = mysql_fetch_fields(from);

    for (size_t i = 0; i < rows->column_count; i++) {
        int rc = db_rows_name(rows, fields[i].name, strlen(fields[i].name), err);
        if (rc != 0)
            return rc;
    }
    return 0;
}

static int take_rows(struct db *db, const struct db_statement *statement, MYSQL_RES *from,
                     struct db_rows *rows, struct err *err)
{
    int rc = take_names(from, rows, err);
    MYSQL_ROW values;

    while (rc == 0 && (values = mysql_fetch_row(from)))
        rc = db_rows_add(rows, (const char *const *)values, mysql_fetch_lengths(from), err);
    if (rc != 0) {
        read_away(db, from);
        (void)err_where(err, "%s", db->where);
        return rc;
    }
    return mysql_errno(db->mysql) ? db_fail(db, statement, err) : 0;
}

/* The whole answer, of which the head has been read. */
static int read_result(struct db *db, const struct db_statement *statement, struct db_result *out,
                       struct err *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    int rc;

    {
        CLEANUP(free_resultp) MYSQL_RES *from = mysql_use_result(db->mysql);
        if (!from && mysql_field_count(db->mysql) != 0)
            return db_fail(db, statement, err);
        rc = db_rows_new(mysql_field_count(db->mysql), &rows, err);
        if (rc == 0 && from)
            rc = take_rows(db, statement, from, rows, err);
    }
    if (rc != 0)
        return rc;
    rc = drain_further(db, statement, err);
    if (rc != 0)
        return rc;
    *out = (struct db_result){
        .opaque = rows, .row_count = rows->row_count, .column_count = rows->column_count};
    rows = NULL;
    return 0;
}

int db_read_answer(struct db *db, const struct db_statement *statement, struct db_result *out,
                   struct err *err)
{
    int rc = read_head(db, statement, err);

    return rc != 0 ? rc : read_result(db, statement, out, err);
}

int db_query(struct db *db, const char *sql, struct db_result *out, struct err *err)
{
    struct db_statement statement = db_statement_of(sql);
    int rc = send_statement(db, &statement, err);

    return rc != 0 ? rc : read_result(db, &statement, out, err);
}

/* --- rows one by one -------------------------------------------------------------------------- */

int db_stream_open(struct db *db, const char *sql, struct err *err)
{
    struct db_statement statement = db_statement_of(sql);
    int rc = send_statement(db, &statement, err);
    if (rc != 0)
        return rc;
    if (mysql_field_count(db->mysql) == 0) {
        (void)err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the answer should have been rows");
        (void)err_where(err, "%s", db->where);
        return ERR_PROTOCOL;
    }

    db->stream_sql = strdup(sql);
    db->stream_if_lost = statement.if_lost;
    db->stream = mysql_use_result(db->mysql);
    if (db->stream && db->stream_sql)
        return 0;
    rc = db->stream ? err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a stream of rows")
                    : db_fail(db, &statement, err);
    db_stream_close(db);
    return rc;
}

int db_stream_next(struct db *db, struct db_row *out, struct err *err)
{
    if (!db->stream)
        return err_set(err, ERR_BUG, EFFECT_NONE, "a row was asked for, but no stream is open");

    struct db_statement statement = {
        .sql = db->stream_sql, .if_lost = db->stream_if_lost, .started_ms = db_roughly_now_ms()};
    MYSQL_ROW values = mysql_fetch_row(db->stream);
    if (values) {
        *out = (struct db_row){.column_count = mysql_num_fields(db->stream),
                               .values = (const char *const *)values,
                               .lengths = mysql_fetch_lengths(db->stream)};
        return 1;
    }

    int rc =
        mysql_errno(db->mysql) ? db_fail(db, &statement, err) : drain_further(db, &statement, err);
    db_drop_stream(db);
    return rc;
}

void db_stream_close(struct db *db)
{
    if (db->stream)
        read_away(db, db->stream);
    db_drop_stream(db);
}
