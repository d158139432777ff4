/* SPDX-License-Identifier: MIT */
/*
 * Proves io/db.h against a real server, in TAP. Its account may do everything; it makes and drops
 * the database io_db_check. With a server's pid as the last argument it ends by killing that server
 * in the middle of a statement.
 *
 * io_db_check HOST PORT USER PASSWORD_FILE CA_FILE|- [SERVER_PID]
 *
 * "-" says that the server offers no TLS: then only what concerns logging in is checked.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "io/db_packets.h"
#include "io/db_poll.h"

/* A dropped table waits for statements that were given up while they slept, for SLEEP's length at most. */
#define PATIENT_MS 10000

static struct db_target target;
static struct tls_options tls;
static struct secret password;
static int tests, failures;
static bool has_database, is_mysql;

static void check(bool is_ok, const char *what)
{
    printf("%sok %d - %s\n", is_ok ? "" : "not ", ++tests, what);
    failures += !is_ok;
}

static void check_err(int rc, const struct err *err, enum err_code code, enum err_effect effect,
                      unsigned native, const char *what)
{
    bool is_ok = rc == (int)code && err->code == code && err->effect == effect &&
                 (native == 0 || err->native == native) && err->where[0];

    check(is_ok, what);
    printf("#   %s/%s native %u at %s: %s%s%s\n", err_code_name(err->code),
           err_effect_name(err->effect), err->native, err->where, err->msg,
           err->hint[0] ? " HINT: " : "", err->hint);
}

static void must_exec(struct db *db, const char *sql)
{
    struct err err = {0};

    if (db_exec(db, sql, &err) != 0) {
        printf("Bail out! %s: %s\n", sql, err.msg);
        exit(1);
    }
}

static struct db *must_connect(int64_t read_timeout_ms)
{
    struct db_target with = target;
    struct db *db = NULL;
    struct err err = {0};

    with.read_timeout_ms = read_timeout_ms;
    if (db_connect(&with, &db, &err) != 0) {
        printf("Bail out! cannot connect: %s\n", err.msg);
        exit(1);
    }
    if (has_database)
        must_exec(db, "USE io_db_check");
    return db;
}

static void must_limit(struct db *db, int64_t read_timeout_ms)
{
    struct err err = {0};

    if (db_set_timeout(db, read_timeout_ms, &err) != 0)
        exit(1);
}

/* n holds 1 to 1000; products of it make larger ones. */
static void make_numbers(struct db *db)
{
    CLEANUP(buf_release) struct buf sql;
    char version[128], library[DB_LIBRARY_TEXT_SIZE];
    struct err err = {0};

    must_exec(db, "CREATE TABLE n (seq INT PRIMARY KEY)");
    buf_init(&sql, 10000);
    buf_puts(&sql, "INSERT INTO n VALUES (1)");
    for (int i = 2; i <= 1000; i++)
        buf_printf(&sql, ",(%d)", i);
    must_exec(db, buf_text(&sql));
    if (db_query_text(db, "SELECT VERSION()", version, sizeof version, NULL, &err) != 0)
        exit(1);
    is_mysql = !strstr(version, "MariaDB");
    printf("# %s to %s\n", db_library_text(library), version);
}

/* --- connecting ------------------------------------------------------------------------------- */

static int connect_err(const struct db_target *with, struct err *err)
{
    CLEANUP(db_freep) struct db *db = NULL;

    *err = (struct err){0};
    return db_connect(with, &db, err);
}

static int listener_port(int *out_fd)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t size = sizeof address;

    *out_fd = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(*out_fd, (struct sockaddr *)&address, sizeof address) != 0 ||
        listen(*out_fd, 5) != 0 || getsockname(*out_fd, (struct sockaddr *)&address, &size) != 0)
        exit(1);
    return ntohs(address.sin_port);
}

/* One server that passes on the greeting of the real one and then says nothing more. */
static void *greet_and_stall(void *arg)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((uint16_t)target.port)};
    char greeting[1024];
    int client = accept(*(int *)arg, NULL, NULL), server = socket(AF_INET, SOCK_STREAM, 0);
    ssize_t len = 0;

    if (inet_aton(target.host, &address.sin_addr) &&
        connect(server, (struct sockaddr *)&address, sizeof address) == 0)
        len = recv(server, greeting, sizeof greeting, 0);
    if (len > 0)
        (void)send(client, greeting, (size_t)len, MSG_NOSIGNAL);
    while (recv(client, greeting, sizeof greeting, 0) > 0)
        continue;
    close(server);
    close(client);
    return NULL;
}

static void check_stalled_login(void)
{
    struct db_target with = target;
    struct err err;
    pthread_t thread;
    int fd;

    with.host = "127.0.0.1";
    with.port = (unsigned)listener_port(&fd);
    with.connect_timeout_ms = 1000;
    with.read_timeout_ms = 20000;
    if (pthread_create(&thread, NULL, greet_and_stall, &fd) != 0)
        exit(1);
    int64_t started_ms = clock_mono_ms();
    check_err(connect_err(&with, &err), &err, ERR_LOST, EFFECT_NONE, 0,
              "a server that stalls after its greeting is given up");
    check(clock_mono_ms() - started_ms < 2500, "within the connect limit as well");
    (void)pthread_join(thread, NULL);
    close(fd);
}

static void check_refused_connections(void)
{
    struct db_target with = target;
    CLEANUP(secret_release) struct secret wrong = {0};
    struct err err;
    int fd;

    if (secret_set(&wrong, "not-the-password", &err) != 0)
        exit(1);
    with.password = &wrong;
    check_err(connect_err(&with, &err), &err, ERR_LOST, EFFECT_NONE, 1045,
              "a wrong password is told, with its number");
    check(err.hint[0] && !strstr(err.msg, "not-the-password"),
          "the hint helps and the password is not shown");

    with = target;
    with.port = (unsigned)listener_port(&fd);
    with.connect_timeout_ms = 1000;
    int64_t started_ms = clock_mono_ms();
    check_err(connect_err(&with, &err), &err, ERR_LOST, EFFECT_NONE, 0,
              "a server that never greets is given up");
    check(clock_mono_ms() - started_ms < 2500, "within the connect limit");
    close(fd);
    int rc = connect_err(&with, &err);
    check(err.native == 2002 || err.native == 2003, "a port nobody listens on is 2002 or 2003");
    check_err(rc, &err, ERR_LOST, EFFECT_NONE, 0, "and a lost connection without effect");
}

static void check_tls(void)
{
    struct db_target with = target;
    struct tls_options other = tls;
    struct err err;
    CLEANUP(db_freep) struct db *db = must_connect(5000);

    with.tls = &other;
    if (tls.mode == TLS_OFF) {
        check(db_tls_cipher(db)[0] == '\0', "without TLS there is no cipher");
        other.mode = TLS_REQUIRED;
        check_err(connect_err(&with, &err), &err, ERR_LOST, EFFECT_NONE, 2026,
                  "TLS asked of a server without it is refused");
        return;
    }
    check(db_tls_cipher(db)[0] != '\0', "the connection has a cipher");
    if (strcmp(target.host, "127.0.0.1") == 0) {
        with.host = "127.1"; /* the same address under a name that no certificate has */
        check_err(connect_err(&with, &err), &err, ERR_LOST, EFFECT_NONE, 2026,
                  "verify-identity refuses another name");
        other.mode = TLS_VERIFY_CA;
        check(connect_err(&with, &err) == 0, "verify-ca does not look at the name");
        with.host = target.host;
    }
    other.mode = TLS_VERIFY_CA;
    check(connect_err(&with, &err) == 0, "verify-ca accepts the right CA");
    (void)snprintf(other.ca_path, sizeof other.ca_path, "/etc/ssl/certs/ca-certificates.crt");
    check_err(connect_err(&with, &err), &err, ERR_LOST, EFFECT_NONE, 2026,
              "verify-ca refuses a server signed by another CA");
    other.mode = TLS_REQUIRED;
    check(connect_err(&with, &err) == 0, "required does not look at the CA");
    other.mode = TLS_OFF;
    CLEANUP(db_freep) struct db *plain = NULL;
    check(db_connect(&with, &plain, &err) == 0 && db_tls_cipher(plain)[0] == '\0', "off means off");
}

static void account(struct db *db, const char *name, const char *how)
{
    CLEANUP(buf_release) struct buf sql;

    buf_init(&sql, 1000);
    buf_printf(&sql, "DROP USER IF EXISTS '%s'@'%%'", name);
    must_exec(db, buf_text(&sql));
    buf_reset(&sql);
    buf_printf(&sql, "CREATE USER '%s'@'%%' IDENTIFIED %s", name, how);
    must_exec(db, buf_text(&sql));
}

/* Log in, without TLS, as one of account()'s. */
static int log_in_plainly(const char *user, struct err *err)
{
    CLEANUP(secret_release) struct secret word = {0};
    struct db_target with = target;
    struct tls_options off = {.mode = TLS_OFF};

    if (secret_set(&word, "of-the-check", err) != 0)
        exit(1);
    with.user = user;
    with.password = &word;
    with.tls = &off;
    return connect_err(&with, err);
}

static void check_ways_to_log_in(struct db *db)
{
    struct err err;

    if (tls.mode != TLS_OFF) {
        account(db, "io_db_check_tls", "BY 'of-the-check' REQUIRE SSL");
        check_err(log_in_plainly("io_db_check_tls", &err), &err, ERR_LOST, EFFECT_NONE, 1045,
                  "an account that requires TLS is told apart by its hint");
        check(strstr(err.hint, "REQUIRE SSL"), "which names the cure");
        must_exec(db, "DROP USER io_db_check_tls@'%'");
    }
    if (is_mysql) {
        account(db, "io_db_check_sha", "WITH caching_sha2_password BY 'of-the-check'");
        must_exec(db, "FLUSH PRIVILEGES"); /* the server forgets who logged in: the full exchange */
        check(log_in_plainly("io_db_check_sha", &err) == 0,
              "caching_sha2_password works without TLS, from scratch");
        printf("#   %s\n", err.msg);
        check(log_in_plainly("io_db_check_sha", &err) == 0, "and from the server's cache");
        must_exec(db, "DROP USER io_db_check_sha@'%'");
    }
}

static void check_session(struct db *db)
{
    char text[128];
    struct err err = {0};
    int64_t number = 0;

    check(db_query_text(db, "SELECT @@collation_connection", text, sizeof text, NULL, &err) == 0 &&
              strncmp(text, "utf8mb4_", 8) == 0,
          "the connection speaks utf8mb4");
    printf("#   %s\n", text);
    int rc = db_exec(db, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE t", &err);
    check_err(rc, &err, ERR_SERVER, EFFECT_NONE, 0, "a server gets no file of ours");
    check(db_query_int(db, "SELECT 1", &number, &err) == 0, "and the connection goes on");

    CLEANUP(buf_release) struct buf sql;
    buf_init(&sql, 13 << 20);
    buf_puts(&sql, "SELECT LENGTH('");
    for (int i = 0; i < 12 << 10; i++)
        buf_printf(&sql, "%01024d", i);
    buf_puts(&sql, "')");
    check(db_query_int(db, buf_text(&sql), &number, &err) == 0 && number == 12 << 20,
          "a statement of 12 MiB");
    CLEANUP(db_result_release) struct db_result result = {0};
    check(db_query(db, "SELECT REPEAT('y', 12 << 20)", &result, &err) == 0 &&
              db_result_len(&result, 0, 0) == 12 << 20,
          "a value of 12 MiB");
}

static void *use_once(void *out)
{
    CLEANUP(db_freep) struct db *db = must_connect(5000);
    struct err err = {0};

    if (db_query_int(db, "SELECT 42", out, &err) != 0)
        printf("#   %s\n", err.msg);
    return NULL;
}

static void check_threads(void)
{
    pthread_t threads[40];
    int64_t answers[ARRAY_LEN(threads)] = {0}, sum = 0;

    for (size_t at = 0; at < ARRAY_LEN(threads); at += 8) {
        for (size_t i = at; i < at + 8; i++)
            if (pthread_create(&threads[i], NULL, use_once, &answers[i]) != 0)
                exit(1);
        for (size_t i = at; i < at + 8; i++)
            (void)pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < ARRAY_LEN(threads); i++)
        sum += answers[i];
    check(sum == (int64_t)(42 * ARRAY_LEN(threads)), "threads come, use the library and go");
}

/* --- statements ------------------------------------------------------------------------------- */

static void check_results(struct db *db)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    struct err err = {0};

    must_exec(db, "CREATE TABLE t (id INT PRIMARY KEY, v VARBINARY(300))");
    must_exec(db, "INSERT INTO t VALUES (1, NULL), (2, ''), (3, 0x006100)");
    check(db_affected(db) == 3, "affected rows are counted");
    check(db_query(db, "SELECT id AS Id, v FROM t ORDER BY id", &result, &err) == 0,
          "a query answers");
    check(result.row_count == 3 && result.column_count == 2, "with rows and columns");
    check(db_result_column(&result, "ID") == 0 && db_result_column(&result, "x") == -1,
          "found by name");
    check(!db_result_get(&result, 0, "v") && db_result_len(&result, 0, 1) == 0, "NULL is NULL");
    check(db_result_get(&result, 1, "v") && db_result_len(&result, 1, 1) == 0, "empty is not NULL");
    check(db_result_len(&result, 2, 1) == 3 &&
              memcmp(db_result_text(&result, 2, 1), "\0a\0", 4) == 0,
          "bytes keep their NULs");
    check(!db_result_get(&result, 0, "absent") && !db_result_text(&result, 9, 0),
          "out of range is NULL");

    char text[8];
    bool is_null = false;
    int64_t number = 0;
    check(db_query_int(db, "SELECT -42", &number, &err) == 0 && number == -42, "one number");
    check(db_query_text(db, "SELECT NULL", text, sizeof text, &is_null, &err) == 0 && is_null,
          "one NULL");
    check_err(db_query_int(db, "SELECT id FROM t", &number, &err), &err, ERR_PROTOCOL, EFFECT_NONE,
              0, "three rows are not one");
    check_err(db_query_int(db, "SELECT 'many'", &number, &err), &err, ERR_PROTOCOL, EFFECT_NONE, 0,
              "a word is not a number");
    check_err(db_query_text(db, "SELECT '12345678'", text, sizeof text, NULL, &err), &err,
              ERR_PROTOCOL, EFFECT_NONE, 0, "text that does not fit is not cut");
}

/* Sent, awaited in the socket, read. */
static int polled(struct db *db, const char *sql, struct db_result *out, struct err *err)
{
    struct pollfd wait = {.fd = db_poll_socket(db), .events = POLLIN};
    int64_t until_ms = clock_mono_ms() + 5000;
    int rc = db_poll_send(db, sql, err);

    while (rc == 0 && !db_poll_is_answered(db) && clock_mono_ms() < until_ms)
        (void)poll(&wait, 1, 1);
    return rc != 0 ? rc : db_poll_read(db, out, err);
}

static void check_polled_rows(struct db *db)
{
    CLEANUP(db_result_release) struct db_result result = {0}, many = {0}, none = {0};
    struct err err = {0};

    check(polled(db, "SELECT id AS Id, v FROM t ORDER BY id", &result, &err) == 0 &&
              result.row_count == 3 && result.column_count == 2,
          "an answer that nobody waited for is read");
    check(db_result_column(&result, "ID") == 0 && db_result_column(&result, "id2") == -1 &&
              strcmp(db_result_column_name(&result, 0), "Id") == 0,
          "its columns have their names");
    check(!db_result_get(&result, 0, "v") && db_result_get(&result, 1, "v") &&
              db_result_len(&result, 1, 1) == 0,
          "its NULL is not its empty text");
    check(db_result_len(&result, 2, 1) == 3 &&
              memcmp(db_result_text(&result, 2, 1), "\0a\0", 4) == 0,
          "its bytes keep their NULs");
    check(polled(db, "SELECT id, REPEAT('x', 70000) AS x FROM t", &many, &err) == 0 &&
              many.row_count == 3 && db_result_len(&many, 2, 1) == 70000,
          "longer than what can be seen of it");
    check(polled(db, "SELECT * FROM t WHERE id > 9", &none, &err) == 0 && none.row_count == 0 &&
              none.column_count == 2,
          "no row is no error");
}

/* The last costs a connection. */
static void check_polls(struct db *db)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    struct err err = {0};
    int64_t number = 0;

    check_polled_rows(db);
    check_err(polled(db, "SELECT * FROM absent", &result, &err), &err, ERR_SERVER, EFFECT_NONE,
              1146, "what is refused has no answer");
    check_err(polled(db, "SELECT id, EXP(id * 1000) FROM t ORDER BY id", &result, &err), &err,
              ERR_SERVER, EFFECT_NONE, 1690, "nor has what is refused between its rows");
    check(db_query_int(db, "SELECT 42", &number, &err) == 0 && number == 42,
          "and the connection goes on");
    if (!db_packets_is_able())
        return;
    CLEANUP(db_freep) struct db *other = must_connect(5000);
    check_err(polled(other, "SET @x = 1", &result, &err), &err, ERR_PROTOCOL, EFFECT_UNKNOWN, 0,
              "an answer without rows makes no sense");
    check(db_is_dead(other), "and nobody reads on from there");
}

static void check_server_errors(struct db *db)
{
    struct err err = {0};

    check_err(db_exec(db, "INSERT INTO absent VALUES (1)", &err), &err, ERR_SERVER, EFFECT_NONE,
              1146, "a refused statement has no effect");
    check_err(db_exec(db, "CHANGE MASTER 'x' TO NONSENSE MASTER_PASSWORD='hunter2'", &err), &err,
              ERR_SERVER, EFFECT_NONE, 1064, "a syntax error near a password");
    check(!strstr(err.msg, "hunter2") && strstr(err.msg, "CHANGE MASTER"),
          "names the statement, not the password");
    check(!db_is_dead(db), "the connection goes on after refused statements");

    must_exec(db, "CREATE PROCEDURE three() BEGIN SELECT 1; SELECT 2; SELECT 3; END");
    must_exec(db, "CREATE PROCEDURE broken() BEGIN SELECT 1; SELECT * FROM absent; END");
    must_exec(db, "CALL three()");
    check_err(db_exec(db, "CALL broken()", &err), &err, ERR_SERVER, EFFECT_NONE, 1146,
              "an error in a later result of a CALL is seen");
    CLEANUP(db_result_release) struct db_result result = {0};
    check(db_query(db, "CALL three()", &result, &err) == 0 && result.row_count == 1,
          "the first result counts");
    must_exec(db, "SET @x = 1");
}

static void check_streams(struct db *db)
{
    struct db_row row;
    struct err err = {0};
    int rows = 0, rc = db_stream_open(db, "SELECT seq, NULL FROM n LIMIT 5", &err);

    check(db_exec(db, "SET @x = 1", &err) == ERR_BUG, "a statement between rows is refused");
    while (rc >= 0 && (rc = db_stream_next(db, &row, &err)) == 1)
        rows += row.column_count == 2 && row.values[0] && !row.values[1];
    check(rc == 0 && rows == 5, "five rows one by one");
    check(db_stream_next(db, &row, &err) == ERR_BUG, "after the end there is no stream");

    check(db_stream_open(db, "SELECT a.seq FROM n a, n b LIMIT 90000", &err) == 0 &&
              db_stream_next(db, &row, &err) == 1,
          "a stream closed early");
    db_stream_close(db);
    check(!db_is_dead(db), "leaves the connection usable");
    must_exec(db, "SET @x = 1");

    CLEANUP(db_freep) struct db *other = must_connect(5000);
    CLEANUP(db_result_release) struct db_result result = {0};
    check_err(db_query(other, "SELECT a.seq FROM n a, n b LIMIT 100001", &result, &err), &err,
              ERR_MEMORY, EFFECT_NONE, 0, "a result beyond the cap is refused");
    must_exec(other, "SET @x = 1");
    int64_t started_ms = clock_mono_ms();
    rc = db_query(other, "SELECT a.seq FROM n a, n b, n c", &result, &err);
    check(rc == ERR_MEMORY && db_is_dead(other) && clock_mono_ms() - started_ms < 3000,
          "an endless one costs the connection");
}

/* --- packets ---------------------------------------------------------------------------------- */

enum form { FORM_TEXT, FORM_PACKETS };

static int open_rows(struct db *db, enum form form, const char *sql, struct err *err)
{
    return form == FORM_TEXT ? db_stream_open(db, sql, err) : db_packets_open(db, sql, err);
}

static int next_row(struct db *db, enum form form, struct err *err)
{
    struct db_row row;
    const unsigned char *bytes;
    size_t len;

    return form == FORM_TEXT ? db_stream_next(db, &row, err)
                             : db_packets_next(db, &bytes, &len, err);
}

/* Statements that the server has prepared for all of its sessions. */
static int64_t prepared(struct db *db)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    struct err err = {0};

    if (db_query(db, "SHOW GLOBAL STATUS LIKE 'Prepared_stmt_count'", &result, &err) != 0 ||
        result.row_count != 1)
        return -1;
    return strtoll(db_result_text(&result, 0, 1), NULL, 10);
}

static void check_packet_rows(struct db *db)
{
    const unsigned char *bytes;
    size_t len, count, rows = 0;
    struct wire_row row;
    struct wire_value value;
    struct err err = {0};
    int rc = db_packets_open(db, "SELECT seq, NULL, 'abc' FROM n ORDER BY seq LIMIT 5", &err);

    check(rc == 0 && db_exec(db, "SET @x = 1", &err) == ERR_BUG,
          "a statement between packets is refused");
    check(db_packets_open(db, "SELECT 1", &err) == ERR_BUG, "and so are other packets");
    const struct wire_column *columns = db_packets_columns(db, &count);
    while ((rc = db_packets_next(db, &bytes, &len, &err)) == 1)
        rows += wire_row_start(&row, columns, count, bytes, len, &err) == 0 &&
                wire_row_next(&row, &value, &err) == 1 && value.len == 4 &&
                value.bytes[0] == rows + 1 && wire_row_next(&row, &value, &err) == 1 &&
                !value.bytes && wire_row_next(&row, &value, &err) == 1 && value.len == 3 &&
                wire_row_next(&row, &value, &err) == 0;
    check(rc == 0 && rows == 5 && count == 3, "five packets one by one");
    check(db_packets_next(db, &bytes, &len, &err) == ERR_BUG, "after the end there are none");

    /* The first row is more than one packet of the wire, the other fills one exactly. */
    rc = db_packets_open(
        db,
        "SELECT REPEAT('z', 9 << 20), REPEAT('y', IF(seq = 1, 9 << 20, 16777201 - (9 << 20))), seq"
        "  FROM n ORDER BY seq LIMIT 2",
        &err);
    for (rows = 0; rc >= 0 && (rc = db_packets_next(db, &bytes, &len, &err)) == 1; rows++)
        check(len == (rows == 0 ? 2 + 4 + 4 + 4 + (18 << 20) : 16777215) &&
                  bytes[len - 4] == rows + 1,
              "a row of several packets is one");
    check(rc == 0 && rows == 2, "and there is another");
}

static void check_packets(struct db *db)
{
    const unsigned char *bytes;
    size_t len;
    struct err err = {0};
    int64_t prepared_before = prepared(db);

    check_packet_rows(db);
    check_err(db_packets_open(db, "SELECT * FROM absent", &err), &err, ERR_SERVER, EFFECT_NONE,
              1146, "a SELECT that cannot be prepared is told");
    check_err(db_packets_open(db, "DO 1", &err), &err, ERR_PROTOCOL, EFFECT_NONE, 0,
              "a statement without rows is no SELECT");
    check_err(db_packets_open(db, "SELECT ? FROM n", &err), &err, ERR_PROTOCOL, EFFECT_NONE, 0,
              "nor is one that wants values");
    int rc = db_packets_open(
        db, "SELECT seq, (SELECT x.seq FROM n x WHERE n.seq = 3 AND x.seq < 3) FROM n", &err);
    for (rc = rc == 0 ? 1 : rc; rc == 1;)
        rc = db_packets_next(db, &bytes, &len, &err);
    check_err(rc, &err, ERR_SERVER, EFFECT_NONE, 1242, "an error behind some rows is told");
    check(db_packets_open(db, "SELECT a.seq FROM n a, n b LIMIT 90000", &err) == 0 &&
              db_packets_next(db, &bytes, &len, &err) == 1,
          "packets closed early");
    db_packets_close(db);
    check(!db_is_dead(db), "leave the connection usable");
    check(prepared_before >= 0 && prepared(db) == prepared_before,
          "and no prepared statement stays behind");

    CLEANUP(db_freep) struct db *other = must_connect(5000);
    int64_t started_ms = clock_mono_ms();
    check(db_packets_open(other, "SELECT a.seq FROM n a, n b, n c", &err) == 0 &&
              db_packets_next(other, &bytes, &len, &err) == 1,
          "endless packets closed early");
    db_packets_close(other);
    check(db_is_dead(other) && clock_mono_ms() - started_ms < 3000, "cost the connection");
    CLEANUP(db_freep) struct db *freed = must_connect(5000);
    check(db_packets_open(freed, "SELECT a.seq FROM n a, n b, n c", &err) == 0,
          "a connection may be freed between packets");
}

/* --- time limits ------------------------------------------------------------------------------ */

/* A row that fills the server's send buffer, then nothing for long. Takes the connection. */
static void check_stall(struct db *taken, enum form form, const char *what)
{
    CLEANUP(db_freep) struct db *db = taken;
    struct err err = {0};
    int rc = open_rows(
        db, form,
        "SELECT REPEAT('x', 40000), SLEEP(IF(seq = 2, 5, 0)) FROM n WHERE seq < 4 ORDER BY seq",
        &err);

    check(rc == 0, "an answer begins");
    int64_t started_ms = clock_mono_ms();
    rc = rc == 0 ? 1 : rc;
    while (rc == 1)
        rc = next_row(db, form, &err);
    int64_t took_ms = clock_mono_ms() - started_ms;
    check_err(rc, &err, ERR_TIMEOUT, EFFECT_NONE, 0, "and stalls: that is seen as well");
    printf("#   after %lld ms\n", (long long)took_ms);
    check(took_ms < 2500, what);
}

static void check_packets_in_time(void)
{
    CLEANUP(db_freep) struct db *db = must_connect(1000);
    struct err err = {0};

    must_limit(db, 300);
    int64_t started_ms = clock_mono_ms();
    check_err(db_packets_open(db, "SELECT SLEEP(5)", &err), &err, ERR_TIMEOUT, EFFECT_NONE, 2013,
              "packets that take too long have no effect");
    int64_t took_ms = clock_mono_ms() - started_ms;
    check(took_ms >= 300 && took_ms < 700 && db_is_dead(db), "after 300 ms, and it is dead");
    check_stall(must_connect(1000), FORM_PACKETS, "within the limit, in packets");
}

static void check_time_limits(void)
{
    CLEANUP(db_freep) struct db *db = must_connect(1000);
    CLEANUP(db_freep) struct db *writer = must_connect(10000);
    CLEANUP(db_result_release) struct db_result result = {0};
    struct err err = {0};
    char library[DB_LIBRARY_TEXT_SIZE];

    check(db_set_timeout(db, 4000, &err) == 0 &&
              db_query(db, "SELECT SLEEP(2)", &result, &err) == 0,
          "a limit raised on a live connection holds");
    must_limit(db, 300);
    int64_t started_ms = clock_mono_ms();
    int rc = db_query(db, "SELECT SLEEP(5)", &result, &err);
    int64_t took_ms = clock_mono_ms() - started_ms;
    check_err(rc, &err, ERR_TIMEOUT, EFFECT_NONE, 2013, "a read that takes too long had no effect");
    check(took_ms >= 300 && took_ms < 700, "after 300 ms, not a whole second");
    check(db_is_dead(db), "the connection is dead");
    check_err(db_query(db, "SELECT 1", &result, &err), &err, ERR_LOST, EFFECT_NONE, 0, "for ever");

    must_limit(writer, 300);
    check_err(db_exec(writer, "DO SLEEP(5)", &err), &err, ERR_TIMEOUT, EFFECT_UNKNOWN, 2013,
              "any other statement may have happened");

    check_stall(must_connect(1000), FORM_TEXT, "within the limit set at connect");
    if (strstr(db_library_text(library), "MariaDB")) {
        struct db *stalled = must_connect(10000);
        must_limit(stalled, 1000);
        check_stall(stalled, FORM_TEXT, "within the limit set on the live connection");
    }
    if (db_packets_is_able())
        check_packets_in_time();
}

/* --- lost connections ------------------------------------------------------------------------- */

struct killer {
    pthread_t thread;
    unsigned long id; /* of the connection to kill; 0 = the server itself */
    pid_t pid;
};

static void *kill_after_a_while(void *arg)
{
    struct killer *killer = arg;
    char sql[64];

    (void)clock_sleep_ms(300);
    if (killer->id == 0) {
        (void)kill(killer->pid, SIGKILL);
        return NULL;
    }
    CLEANUP(db_freep) struct db *db = must_connect(5000);
    (void)snprintf(sql, sizeof sql, "KILL %lu", killer->id);
    must_exec(db, sql);
    return NULL;
}

static void check_killed_between_rows(enum form form)
{
    CLEANUP(db_freep) struct db *db = must_connect(5000);
    struct killer killer = {.id = db_thread_id(db)};
    struct err err = {0};
    int rc = open_rows(
        db, form, "SELECT REPEAT('x', 40000), SLEEP(0.1) FROM n WHERE seq < 40 ORDER BY seq", &err);

    if (pthread_create(&killer.thread, NULL, kill_after_a_while, &killer) != 0)
        exit(1);
    rc = rc == 0 ? 1 : rc;
    while (rc == 1)
        rc = next_row(db, form, &err);
    (void)pthread_join(killer.thread, NULL);
    check_err(rc, &err, ERR_LOST, EFFECT_NONE, 0,
              "killed between two rows, the answer is not cut short");
    check(db_is_dead(db), "and the connection is dead");
}

static void check_killed(const char *sql, enum err_effect effect, pid_t pid, const char *what)
{
    CLEANUP(db_freep) struct db *db = must_connect(5000);
    CLEANUP(db_result_release) struct db_result result = {0};
    struct killer killer = {.id = pid ? 0 : db_thread_id(db), .pid = pid};
    struct err err = {0};

    if (pthread_create(&killer.thread, NULL, kill_after_a_while, &killer) != 0)
        exit(1);
    int rc = effect == EFFECT_NONE ? db_query(db, sql, &result, &err) : db_exec(db, sql, &err);
    (void)pthread_join(killer.thread, NULL);
    check_err(rc, &err, ERR_LOST, effect, 0, what);
    check(db_is_dead(db), "and the connection is dead");
}

/* --- locks ------------------------------------------------------------------------------------ */

static void *want_row_one(void *arg)
{
    must_exec(arg, "UPDATE t SET v = 'a' WHERE id = 1"); /* waits until the other one has lost */
    return NULL;
}

/* Row 1 is free, row 2 is locked: the error comes behind a row, or instead of all. */
static void check_packets_and_locks(struct db *db)
{
    struct err err = {0};
    int rc = db_packets_open(db, "SELECT v FROM t WHERE id <= 2 ORDER BY id FOR UPDATE", &err);

    for (rc = rc == 0 ? 1 : rc; rc == 1;)
        rc = next_row(db, FORM_PACKETS, &err);
    check_err(rc, &err, ERR_SERVER, EFFECT_NONE, 1205, "a lock wait timeout ends packets, too");
    check(!db_is_dead(db) && db_packets_open(db, "SELECT 1", &err) == 0 &&
              next_row(db, FORM_PACKETS, &err) == 1,
          "and the connection goes on with packets");
    db_packets_close(db);
}

static void check_errors_at_fetch(void)
{
    CLEANUP(db_freep) struct db *holder = must_connect(20000);
    CLEANUP(db_freep) struct db *db = must_connect(20000);
    CLEANUP(db_result_release) struct db_result result = {0};
    struct err err = {0};
    struct db_row row;
    pthread_t thread;

    must_exec(db, "SET SESSION innodb_lock_wait_timeout = 1");
    must_exec(holder, "BEGIN");
    must_exec(holder, "INSERT INTO t SELECT seq + 100, 'heavier, so that the other one is the "
                      "victim' FROM n LIMIT 50");
    must_exec(holder, "UPDATE t SET v = 'a' WHERE id = 2");
    check_err(db_query(db, "SELECT v FROM t WHERE id BETWEEN 2 AND 3 FOR UPDATE", &result, &err),
              &err, ERR_SERVER, EFFECT_NONE, 1205, "a lock wait timeout is not an empty result");
    int rc = db_stream_open(db, "SELECT v FROM t WHERE id BETWEEN 2 AND 3 FOR UPDATE", &err);
    check(rc == 0, "a stream opens although the lock is taken");
    check_err(db_stream_next(db, &row, &err), &err, ERR_SERVER, EFFECT_NONE, 1205,
              "the lock wait timeout surfaces at the fetch");
    check(!db_is_dead(db), "and the connection goes on");
    if (db_packets_is_able())
        check_packets_and_locks(db);

    must_exec(db, "SET SESSION innodb_lock_wait_timeout = 15");
    must_exec(db, "BEGIN");
    must_exec(db, "SELECT v FROM t WHERE id = 1 FOR UPDATE");
    if (pthread_create(&thread, NULL, want_row_one, holder) != 0)
        exit(1);
    (void)clock_sleep_ms(500);
    check_err(db_query(db, "SELECT v FROM t WHERE id BETWEEN 2 AND 3 FOR UPDATE", &result, &err),
              &err, ERR_SERVER, EFFECT_NONE, 1213, "a deadlock is told, not an empty result");
    must_exec(db, "ROLLBACK");
    (void)pthread_join(thread, NULL);
    must_exec(holder, "ROLLBACK");
}

static void check_the_rest(struct db *db)
{
    check_results(db);
    check_polls(db);
    check_session(db);
    check_threads();
    check_server_errors(db);
    check_streams(db);
    if (db_packets_is_able())
        check_packets(db);
    check_time_limits();
    check_errors_at_fetch();
    check_killed_between_rows(FORM_TEXT);
    if (db_packets_is_able())
        check_killed_between_rows(FORM_PACKETS);
    check_killed("SELECT SLEEP(3) FROM n LIMIT 3", EFFECT_NONE, 0, "a killed read had no effect");
    check_killed("DO SLEEP(3)", EFFECT_UNKNOWN, 0, "a killed statement may have happened");
}

static void read_arguments(int argc, char **argv)
{
    struct err err = {0};
    char reference[4200];

    if (argc < 6) {
        fprintf(stderr, "io_db_check HOST PORT USER PASSWORD_FILE CA_FILE|- [SERVER_PID]\n");
        exit(1);
    }
    (void)snprintf(reference, sizeof reference, "file:%s", argv[4]);
    if (secret_load(&password, reference, "/", &err) != 0 || db_library_init(&err) != 0) {
        fprintf(stderr, "%s\n", err.msg);
        exit(1);
    }
    if (strcmp(argv[5], "-") != 0) {
        tls.mode = TLS_VERIFY_IDENTITY;
        (void)snprintf(tls.ca_path, sizeof tls.ca_path, "%s", argv[5]);
    }
    target = (struct db_target){.host = argv[1],
                                .port = (unsigned)strtoul(argv[2], NULL, 10),
                                .user = argv[3],
                                .password = &password,
                                .tls = &tls,
                                .connect_timeout_ms = 5000,
                                .read_timeout_ms = 5000,
                                .program = "io_db_check"};
}

int main(int argc, char **argv)
{
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    read_arguments(argc, argv);
    {
        CLEANUP(db_freep) struct db *db = must_connect(PATIENT_MS);
        must_exec(db, "DROP DATABASE IF EXISTS io_db_check");
        must_exec(db, "CREATE DATABASE io_db_check");
        must_exec(db, "USE io_db_check");
        must_limit(db, 5000);
        has_database = true;
        make_numbers(db);
        check_tls();
        check_refused_connections();
        check_stalled_login();
        check_ways_to_log_in(db);
        if (tls.mode != TLS_OFF)
            check_the_rest(db);
        must_limit(db, PATIENT_MS);
        must_exec(db, "DROP DATABASE io_db_check");
        has_database = false;
    }
    if (argc > 6)
        check_killed("DO SLEEP(3)", EFFECT_UNKNOWN, (pid_t)strtol(argv[6], NULL, 10),
                     "a server that dies takes its statement along");
    secret_release(&password);
    int64_t started_ms = clock_mono_ms();
    db_library_end();
    check(clock_mono_ms() - started_ms < 1000, "the library has nobody to wait for at its end");
    printf("1..%d\n", tests);
    return failures ? 1 : 0;
}
