/* SPDX-License-Identifier: MIT */
/* The journal's file: durable, private, and clear about what is wrong with it. */
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/store.h"

static char folder[] = "/tmp/cutover-store-XXXXXX";
static char path[128];
static struct store *store;

static void exec(struct store *in, const char *sql)
{
    struct err err = {0};
    int rc = store_exec(in, sql, &err);

    if (rc != 0)
        print_message("%s: %s\n", sql, err.msg);
    assert_int_equal(rc, 0);
}

static int64_t number(struct store *in, const char *sql)
{
    CLEANUP(store_statement_freep) struct store_statement *statement = NULL;

    assert_int_equal(store_prepare(in, sql, &statement, NULL), 0);
    assert_int_equal(store_step(statement, NULL), 1);
    return store_column_int(statement, 0);
}

static void write_file(const char *bytes, size_t len, off_t at)
{
    int fd = open(path, O_WRONLY | O_CREAT, 0600);

    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, bytes, len, at), len);
    close(fd);
}

static int begin(void **state UNUSED)
{
    struct err err = {0};

    memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
    if (!mkdtemp(folder))
        return -1;
    (void)snprintf(path, sizeof path, "%s/journal.db", folder);
    if (store_open(path, STORE_CREATE, &store, &err) != 0)
        return -1;
    return store_exec(store, "CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT UNIQUE)", &err);
}

static int end(void **state UNUSED)
{
    static const char *const suffixes[] = {"", "-wal", "-shm"};
    char name[160];

    store_freep(&store);
    for (size_t i = 0; i < ARRAY_LEN(suffixes); i++) {
        (void)snprintf(name, sizeof name, "%s%s", path, suffixes[i]);
        (void)unlink(name);
    }
    return rmdir(folder);
}

static void test_a_commit_is_durable_by_the_settings_in_force(void **state UNUSED)
{
    CLEANUP(store_statement_freep) struct store_statement *mode = NULL;

    assert_int_equal(store_prepare(store, "PRAGMA journal_mode", &mode, NULL), 0);
    assert_int_equal(store_step(mode, NULL), 1);
    assert_string_equal(store_column_text(mode, 0), "wal");
    assert_int_equal(number(store, "PRAGMA synchronous"), 2);
    assert_int_equal(number(store, "PRAGMA foreign_keys"), 1);
    assert_int_equal(number(store, "PRAGMA busy_timeout"), 2000);
    assert_string_equal(store_path(store), path);
}

static void test_a_new_file_and_its_log_belong_to_their_owner_alone(void **state UNUSED)
{
    struct stat about;
    char wal[160];

    (void)snprintf(wal, sizeof wal, "%s-wal", path);
    assert_int_equal(stat(path, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
    assert_int_equal(stat(wal, &about), 0);
    assert_int_equal(about.st_mode & 07777, 0600);
}

static void test_bound_values_come_back_as_they_went_in(void **state UNUSED)
{
    CLEANUP(store_statement_freep) struct store_statement *insert = NULL;
    CLEANUP(store_statement_freep) struct store_statement *select = NULL;
    char text[] = "o'hara";

    assert_int_equal(store_prepare(store, "INSERT INTO t VALUES (?, ?)", &insert, NULL), 0);
    store_bind_int(insert, 1, INT64_MIN);
    store_bind_text(insert, 2, text);
    text[0] = 'X'; /* the text was copied */
    assert_int_equal(store_step(insert, NULL), 0);
    assert_true(store_last_id(store) == INT64_MIN);
    assert_int_equal(store_changes(store), 1);
    store_rewind(insert);
    store_bind_int(insert, 1, 7);
    store_bind_text(insert, 2, NULL);
    assert_int_equal(store_step(insert, NULL), 0);

    assert_int_equal(store_prepare(store, "SELECT id, v FROM t ORDER BY id", &select, NULL), 0);
    assert_int_equal(store_step(select, NULL), 1);
    assert_true(store_column_int(select, 0) == INT64_MIN);
    assert_string_equal(store_column_text(select, 1), "o'hara");
    assert_false(store_column_is_null(select, 1));
    assert_int_equal(store_step(select, NULL), 1);
    assert_true(store_column_is_null(select, 1));
    assert_string_equal(store_column_text(select, 1), "");
    assert_int_equal(store_step(select, NULL), 0);
}

static void test_a_binding_that_fails_surfaces_at_the_step(void **state UNUSED)
{
    CLEANUP(store_statement_freep) struct store_statement *insert = NULL;
    struct err err = {0};

    assert_int_equal(store_prepare(store, "INSERT INTO t (v) VALUES (?)", &insert, NULL), 0);
    store_bind_text(insert, 2, "no such parameter");
    assert_int_equal(store_step(insert, &err), ERR_BUG);
    store_rewind(insert);
    store_bind_text(insert, 1, "fine");
    assert_int_equal(store_step(insert, &err), 0);
}

static void test_a_reader_works_while_a_writer_is_in_the_middle(void **state UNUSED)
{
    CLEANUP(store_freep) struct store *reader = NULL;
    struct err err = {0};

    exec(store, "INSERT INTO t VALUES (1, 'a'); BEGIN IMMEDIATE; INSERT INTO t VALUES (2, 'b')");
    assert_int_equal(store_open(path, STORE_READ, &reader, &err), 0);
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 1);
    exec(store, "COMMIT");
    assert_int_equal(number(reader, "SELECT count(*) FROM t"), 2);
    assert_int_equal(store_exec(reader, "DELETE FROM t", &err), ERR_IO);
    assert_int_equal(err.effect, EFFECT_NONE);
}

static void test_a_second_writer_is_told_that_the_file_is_busy(void **state UNUSED)
{
    CLEANUP(store_freep) struct store *other = NULL;
    struct err err = {0};
    int64_t started_ms = clock_mono_ms();

    exec(store, "BEGIN IMMEDIATE");
    assert_int_equal(store_open(path, STORE_CREATE, &other, &err), 0);
    assert_int_equal(store_exec(other, "BEGIN IMMEDIATE", &err), ERR_BUSY);
    assert_true(clock_mono_ms() - started_ms >= 1900);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_non_null(strstr(err.hint, path));
    exec(store, "COMMIT");
    exec(other, "BEGIN IMMEDIATE; COMMIT");
}

static void test_a_constraint_is_a_conflict_and_bad_sql_is_our_bug(void **state UNUSED)
{
    CLEANUP(store_statement_freep) struct store_statement *statement = NULL;
    struct err err = {0};

    exec(store, "INSERT INTO t VALUES (1, 'a')");
    assert_int_equal(store_exec(store, "INSERT INTO t VALUES (2, 'a')", &err), ERR_CONFLICT);
    assert_non_null(strstr(err.msg, "UNIQUE"));
    assert_int_equal(store_exec(store, "SELEKT 1", &err), ERR_BUG);
    assert_int_equal(store_prepare(store, "SELECT absent FROM t", &statement, &err), ERR_BUG);
    assert_non_null(strstr(err.msg, "no such column"));
    assert_null(statement);
}

static void test_a_full_file_is_told_with_its_name_and_had_no_effect(void **state UNUSED)
{
    struct err err = {0};

    exec(store, "PRAGMA max_page_count = 8");
    assert_int_equal(store_exec(store, "INSERT INTO t VALUES (1, hex(zeroblob(100000)))", &err),
                     ERR_IO);
    assert_int_equal(err.effect, EFFECT_NONE);
    assert_non_null(strstr(err.msg, "full"));
    assert_non_null(strstr(err.hint, path));
    assert_int_equal(number(store, "SELECT count(*) FROM t"), 0);
}

static void test_a_disk_that_refuses_writes_leaves_the_effect_unknown(void **state UNUSED)
{
    struct rlimit before, tiny;
    struct err err = {0};

    assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
    tiny = (struct rlimit){.rlim_cur = 64 << 10, .rlim_max = before.rlim_max};
    (void)signal(SIGXFSZ, SIG_IGN);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &tiny), 0);
    int rc = store_exec(store, "INSERT INTO t VALUES (1, hex(zeroblob(400000)))", &err);
    assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
    assert_int_equal(rc, ERR_IO);
    assert_int_equal(err.effect, EFFECT_UNKNOWN);
    assert_non_null(strstr(err.hint, path));
}

static void test_a_damaged_file_is_told_in_words(void **state UNUSED)
{
    static char garbage[12288];
    CLEANUP(store_freep) struct store *again = NULL;
    struct err err = {0};

    for (int i = 0; i < 200; i++)
        exec(store, "INSERT INTO t (v) VALUES (hex(randomblob(100)))");
    store_freep(&store);
    memset(garbage, 0xEE, sizeof garbage);
    write_file(garbage, sizeof garbage, 4096);
    assert_int_equal(store_open(path, STORE_READ, &again, &err), 0);

    CLEANUP(store_statement_freep) struct store_statement *count = NULL;
    assert_int_equal(store_prepare(again, "SELECT sum(length(v)) FROM t", &count, &err), 0);
    assert_int_equal(store_step(count, &err), ERR_IO);
    assert_non_null(strstr(err.msg, "malformed"));
    assert_non_null(strstr(err.hint, "damaged"));
}

static void test_a_file_that_is_no_database_is_refused(void **state UNUSED)
{
    CLEANUP(store_freep) struct store *other = NULL;
    struct err err = {0};

    (void)end(NULL);
    assert_int_equal(mkdir(folder, 0700), 0);
    write_file(
        "this is a letter to a friend, and longer than a header of a hundred bytes ought to be. "
        "Dear friend, how are you?",
        112, 0);
    assert_int_equal(store_open(path, STORE_CREATE, &other, &err), ERR_IO);
    assert_non_null(strstr(err.hint, path));
    assert_null(other);
}

static void test_a_database_of_somebody_else_is_refused(void **state UNUSED)
{
    CLEANUP(store_freep) struct store *other = NULL;
    struct err err = {0};

    exec(store, "PRAGMA application_id = 0");
    store_freep(&store);
    assert_int_equal(store_open(path, STORE_CREATE, &other, &err), ERR_IO);
    assert_string_equal(err.msg, "this database was not made by cutover");
}

static void test_a_reader_does_not_make_a_file(void **state UNUSED)
{
    CLEANUP(store_freep) struct store *other = NULL;
    struct err err = {0};
    char absent[160];

    (void)snprintf(absent, sizeof absent, "%s/absent.db", folder);
    assert_int_equal(store_open(absent, STORE_READ, &other, &err), ERR_IO);
    assert_non_null(strstr(err.msg, "No such file"));
    assert_non_null(strstr(err.where, absent));
    assert_int_equal(access(absent, F_OK), -1);
    assert_int_equal(store_open(folder, STORE_CREATE, &other, &err), ERR_IO);
    assert_int_equal(store_open("/nonexistent/j.db", STORE_CREATE, &other, &err), ERR_IO);
}

static void *ask(void *context)
{
    struct err *err = context;
    CLEANUP(store_statement_freep) struct store_statement *statement = NULL;

    if (store_exec(store, "SELECT 1", err) == ERR_BUG)
        err->code = store_prepare(store, "SELECT 1", &statement, err);
    return NULL;
}

static void *take_and_ask(void *context)
{
    struct err *err = context;

    store_hand_over(store);
    err->code = store_exec(store, "SELECT 1", err);
    return NULL;
}

static void in_a_thread(void *(*work)(void *), struct err *err)
{
    pthread_t thread;

    *err = (struct err){0};
    assert_int_equal(pthread_create(&thread, NULL, work, err), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
}

static void test_it_belongs_to_one_thread_until_it_is_handed_over(void **state UNUSED)
{
    struct err err;

    in_a_thread(ask, &err);
    assert_int_equal(err.code, ERR_BUG);
    assert_string_equal(err.msg, "it is another thread's");
    exec(store, "SELECT 1");
    in_a_thread(take_and_ask, &err);
    assert_int_equal(err.code, 0);
    assert_int_equal(store_exec(store, "SELECT 1", &err), ERR_BUG);
}

#define WITH_A_STORE(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
    const struct CMUnitTest all[] = {
        WITH_A_STORE(test_a_commit_is_durable_by_the_settings_in_force),
        WITH_A_STORE(test_a_new_file_and_its_log_belong_to_their_owner_alone),
        WITH_A_STORE(test_bound_values_come_back_as_they_went_in),
        WITH_A_STORE(test_a_binding_that_fails_surfaces_at_the_step),
        WITH_A_STORE(test_a_reader_works_while_a_writer_is_in_the_middle),
        WITH_A_STORE(test_a_second_writer_is_told_that_the_file_is_busy),
        WITH_A_STORE(test_a_constraint_is_a_conflict_and_bad_sql_is_our_bug),
        WITH_A_STORE(test_a_full_file_is_told_with_its_name_and_had_no_effect),
        WITH_A_STORE(test_a_disk_that_refuses_writes_leaves_the_effect_unknown),
        WITH_A_STORE(test_a_damaged_file_is_told_in_words),
        WITH_A_STORE(test_a_file_that_is_no_database_is_refused),
        WITH_A_STORE(test_a_database_of_somebody_else_is_refused),
        WITH_A_STORE(test_a_reader_does_not_make_a_file),
        WITH_A_STORE(test_it_belongs_to_one_thread_until_it_is_handed_over),
    };

    return cmocka_run_group_tests_name("io/store", all, NULL, NULL);
}
