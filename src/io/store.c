/* SPDX-License-Identifier: MIT */
/* A SQLite file. Extended result codes tell a full disk from a torn one, and both from a busy
 * neighbour. */
#include "io/store.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"

#define APPLICATION_ID 0x43555456 /* "CUTV": nobody else's database is ever written to */
#define BUSY_TIMEOUT_MS 2000

struct store {
    sqlite3 *sqlite; /* without mutexes: two threads in it would tear its memory */
    char *path;
    pthread_t thread; /* whose it is */
};

struct store_statement {
    struct store *store;
    sqlite3_stmt *stmt;
    int bind_code; /* the first binding that failed; told at the next step */
};

/* What a primary result code means, and what the operator can do; the hint is shown behind the
 * file's name. */
static const struct {
    int code;
    enum err_code means;
    enum err_effect effect;
    const char *hint;
} meanings[] = {
    {SQLITE_FULL, ERR_IO, EFFECT_NONE, "make room on its file system, then go on"},
    {SQLITE_IOERR, ERR_IO, EFFECT_UNKNOWN, "check the disk below it and the kernel's log"},
    {SQLITE_BUSY, ERR_BUSY, EFFECT_NONE, "another process is writing it; fuser shows which"},
    {SQLITE_LOCKED, ERR_BUSY, EFFECT_NONE, "another statement of this process holds it"},
    {SQLITE_CORRUPT, ERR_IO, EFFECT_NONE, "the file is damaged: set it aside and restore a copy"},
    {SQLITE_NOTADB, ERR_IO, EFFECT_NONE, "this is not a journal of cutover: check the path"},
    {SQLITE_CANTOPEN, ERR_IO, EFFECT_NONE, "check that it exists, and may be opened by this user"},
    {SQLITE_READONLY, ERR_IO, EFFECT_NONE, "this user may not write the file or its folder"},
    {SQLITE_PERM, ERR_IO, EFFECT_NONE, "this user may not open it"},
    {SQLITE_AUTH, ERR_IO, EFFECT_NONE, "this user may not open it"},
    {SQLITE_CONSTRAINT, ERR_CONFLICT, EFFECT_NONE, ""},
    {SQLITE_NOMEM, ERR_MEMORY, EFFECT_NONE, ""},
    {SQLITE_TOOBIG, ERR_MEMORY, EFFECT_NONE, ""},
};

static int fail_code(const struct store *store, int code, const char *text, struct err *err)
{
    enum err_code means = ERR_BUG; /* SQLITE_ERROR, MISUSE, RANGE: our own SQL is wrong */
    enum err_effect effect = EFFECT_NONE;
    const char *hint = "";

    for (size_t i = 0; i < ARRAY_LEN(meanings); i++) {
        if (meanings[i].code != (code & 0xff))
            continue;
        means = meanings[i].means;
        effect = meanings[i].effect;
        hint = meanings[i].hint;
    }
    (void)err_set(err, means, effect, "%s", text);
    if (err)
        err->native = (unsigned)code;
    (void)err_where(err, "%s", store->path);
    if (hint[0])
        (void)err_hint(err, "%s: %s", store->path, hint);
    return means;
}

static int fail(const struct store *store, struct err *err)
{
    int code = sqlite3_extended_errcode(store->sqlite);
    int os_error = sqlite3_system_errno(store->sqlite);
    char text[sizeof err->msg];

    if (os_error != 0 && (code & 0xff) != SQLITE_CONSTRAINT && (code & 0xff) != SQLITE_ERROR)
        (void)snprintf(text, sizeof text, "%s (%s)", sqlite3_errmsg(store->sqlite),
                       strerror(os_error));
    else
        (void)snprintf(text, sizeof text, "%s", sqlite3_errmsg(store->sqlite));
    return fail_code(store, code, text, err);
}

static int check_thread(const struct store *store, struct err *err)
{
    struct err bug = {0};

    if (pthread_equal(store->thread, pthread_self()))
        return 0;
    (void)err_set(&bug, ERR_BUG, EFFECT_NONE, "it is another thread's");
    (void)err_where(&bug, "%s", store->path);
    log_failure(&bug); /* whoever asked may go on without an answer */
    if (err)
        *err = bug;
    return ERR_BUG;
}

/* --- opening ---------------------------------------------------------------------------------- */

/*
 * Make a new file readable by its owner only; its -wal and -shm files take over the mode. A file
 * that exists is left alone: closing any descriptor of it would drop the locks this process holds
 * on it.
 */
static void create_private(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        (void)close(fd); /* whatever went wrong, opening it as a database tells better */
}

static int read_pragma(struct store *store, const char *sql, int64_t *out, struct err *err)
{
    CLEANUP(store_statement_freep) struct store_statement *statement = NULL;
    int rc = store_prepare(store, sql, &statement, err);
    if (rc != 0)
        return rc;
    rc = store_step(statement, err);
    if (rc < 0)
        return rc;
    *out = rc == 1 ? store_column_int(statement, 0) : 0;
    return 0;
}

static int check_owner(struct store *store, enum store_mode mode, struct err *err)
{
    int64_t id = 0, tables = 0;
    int rc = read_pragma(store, "PRAGMA application_id", &id, err);
    if (rc == 0)
        rc = read_pragma(store, "SELECT count(*) FROM sqlite_master", &tables, err);
    if (rc != 0 || id == APPLICATION_ID)
        return rc;
    if (mode == STORE_CREATE && id == 0 && tables == 0) {
        char mark[64];
        (void)snprintf(mark, sizeof mark, "PRAGMA application_id = %d", APPLICATION_ID);
        return store_exec(store, mark, err);
    }
    return fail_code(store, SQLITE_NOTADB, "this database was not made by cutover", err);
}

static int set_pragmas(struct store *store, enum store_mode mode, struct err *err)
{
    int rc = store_exec(store, "PRAGMA foreign_keys = ON; PRAGMA synchronous = FULL", err);

    if (rc != 0 || mode == STORE_READ)
        return rc;
    return store_exec(store, "PRAGMA journal_mode = WAL", err);
}

int store_open(const char *path, enum store_mode mode, struct store **out, struct err *err)
{
    static const int flags[] = {[STORE_READ] = SQLITE_OPEN_READONLY,
                                [STORE_CREATE] = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE};
    CLEANUP(store_freep) struct store *store = calloc(1, sizeof *store);

    if (!store || !(store->path = strdup(path)))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %s", path);
    store->thread = pthread_self();
    if (mode == STORE_CREATE)
        create_private(path);
    int code = sqlite3_open_v2(path, &store->sqlite, flags[mode] | SQLITE_OPEN_NOMUTEX, NULL);
    if (!store->sqlite)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %s", path);
    if (code != SQLITE_OK)
        return fail(store, err);

    (void)sqlite3_busy_timeout(store->sqlite,
                               BUSY_TIMEOUT_MS); /* cannot fail on an open database */
    int rc = check_owner(store, mode, err);
    if (rc == 0)
        rc = set_pragmas(store, mode, err);
    if (rc != 0)
        return rc;
    *out = store;
    store = NULL;
    return 0;
}

void store_free(struct store *store)
{
    if (!store)
        return;
    (void)sqlite3_close_v2(store->sqlite); /* waits by itself for statements not yet freed */
    free(store->path);
    free(store);
}

void store_freep(struct store **store)
{
    store_free(*store);
    *store = NULL;
}

void store_hand_over(struct store *store)
{
    store->thread = pthread_self();
}

const char *store_path(const struct store *store)
{
    return store->path;
}

/* --- statements ------------------------------------------------------------------------------- */

int store_exec(struct store *store, const char *sql, struct err *err)
{
    int rc = check_thread(store, err);

    if (rc)
        return rc;
    if (sqlite3_exec(store->sqlite, sql, NULL, NULL, NULL) != SQLITE_OK)
        return fail(store, err);
    return 0;
}

bool store_has_moved(struct store *store)
{
    int has_moved = 0;

    return sqlite3_file_control(store->sqlite, "main", SQLITE_FCNTL_HAS_MOVED, &has_moved) ==
               SQLITE_OK &&
           has_moved;
}

int64_t store_last_id(const struct store *store)
{
    return sqlite3_last_insert_rowid(store->sqlite);
}

int64_t store_changes(const struct store *store)
{
    return sqlite3_changes64(store->sqlite);
}

int store_prepare(struct store *store, const char *sql, struct store_statement **out,
                  struct err *err)
{
    int rc = check_thread(store, err);
    struct store_statement *statement = rc ? NULL : calloc(1, sizeof *statement);

    if (rc)
        return rc;
    if (!statement)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a statement");
    statement->store = store;
    if (sqlite3_prepare_v2(store->sqlite, sql, -1, &statement->stmt, NULL) != SQLITE_OK) {
        store_statement_free(statement);
        return fail(store, err);
    }
    *out = statement;
    return 0;
}

void store_statement_free(struct store_statement *statement)
{
    if (!statement)
        return;
    (void)sqlite3_finalize(statement->stmt); /* repeats the error of the last step */
    free(statement);
}

void store_statement_freep(struct store_statement **statement)
{
    store_statement_free(*statement);
    *statement = NULL;
}

static void remember_binding(struct store_statement *statement, int code)
{
    if (statement->bind_code == SQLITE_OK)
        statement->bind_code = code;
}

void store_bind_text(struct store_statement *statement, int index, const char *text)
{
    remember_binding(statement,
                     sqlite3_bind_text(statement->stmt, index, text, -1, SQLITE_TRANSIENT));
}

void store_bind_int(struct store_statement *statement, int index, int64_t value)
{
    remember_binding(statement, sqlite3_bind_int64(statement->stmt, index, value));
}

int store_step(struct store_statement *statement, struct err *err)
{
    if (statement->bind_code != SQLITE_OK)
        return fail_code(statement->store, statement->bind_code,
                         sqlite3_errstr(statement->bind_code), err);
    switch (sqlite3_step(statement->stmt)) {
    case SQLITE_ROW:
        return 1;
    case SQLITE_DONE:
        return 0;
    default: {
        int rc = fail(statement->store, err);
        (void)sqlite3_reset(statement->stmt); /* lets go of its locks; the error is told already */
        return rc;
    }
    }
}

void store_rewind(struct store_statement *statement)
{
    (void)sqlite3_reset(statement->stmt); /* repeats the error of the last step */
    (void)sqlite3_clear_bindings(statement->stmt);
    statement->bind_code = SQLITE_OK;
}

const char *store_column_text(struct store_statement *statement, int column)
{
    const unsigned char *text = sqlite3_column_text(statement->stmt, column);

    return text ? (const char *)text : "";
}

int64_t store_column_int(struct store_statement *statement, int column)
{
    return sqlite3_column_int64(statement->stmt, column);
}

bool store_column_is_null(struct store_statement *statement, int column)
{
    return sqlite3_column_type(statement->stmt, column) == SQLITE_NULL;
}
