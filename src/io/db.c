/* SPDX-License-Identifier: MIT */
/* Connecting to a MySQL or MariaDB server, and the end of a connection. */
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "io/db_error.h"
#include "io/db_excuse.h"
#include "io/db_inner.h"
#include "io/db_tls.h"
#include "io/db_watch.h"

#define CONNECT_GRACE_MS 500 /* the library's own limit, which has better words, comes first */

#ifdef LIBMARIADB
#define LIBRARY_NAME "MariaDB Connector/C"
#define LIBRARY_VERSION MARIADB_PACKAGE_VERSION
typedef my_bool option_flag;
#else
#define LIBRARY_NAME "MySQL client library"
#define LIBRARY_VERSION LIBMYSQL_VERSION
typedef bool option_flag;
#endif

/* Both libraries want to hear from each thread that used them when it ends: its own end tells. */
static pthread_key_t thread_mark;

static void leave_thread(void *mark UNUSED)
{
    mysql_thread_end();
}

int db_library_init(struct err *err)
{
    if (pthread_key_create(&thread_mark, leave_thread) != 0 ||
        mysql_library_init(0, NULL, NULL) != 0)
        return err_set(err, ERR_BUG, EFFECT_NONE, "the database client library does not start");
    return 0;
}

int db_thread_enter(struct err *err)
{
    if (pthread_setspecific(thread_mark, "used") != 0 || mysql_thread_init() != 0)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a thread with connections");
    return 0;
}

const char *db_library_text(char out[DB_LIBRARY_TEXT_SIZE])
{
    const char *loaded = mysql_get_client_info();

    if (strcmp(loaded, LIBRARY_VERSION) == 0)
        (void)snprintf(out, DB_LIBRARY_TEXT_SIZE, LIBRARY_NAME " %s", loaded);
    else
        (void)snprintf(out, DB_LIBRARY_TEXT_SIZE, LIBRARY_NAME " %s (built with %s)", loaded,
                       LIBRARY_VERSION);
    return out;
}

void db_library_end(void)
{
    mysql_library_end();
    (void)pthread_key_delete(thread_mark); /* it was created, or this is not called */
}

/* --- connecting ------------------------------------------------------------------------------- */

static unsigned whole_seconds(int64_t duration_ms)
{
    int64_t seconds = (duration_ms + 999) / 1000;

    if (seconds < 1)
        return 1;
    return seconds > 86400 ? 86400 : (unsigned)seconds;
}

static bool has_socket(const struct db_target *target)
{
    return target->socket && target->socket[0];
}

/*
 * No name was looked up to get to a socket, and the libraries would compare the certificate with
 * "localhost": whose host it is was proven by who made the socket. The chain is checked all the
 * same.
 */
static bool compares_name(const struct db_target *target)
{
    return target->tls->mode == TLS_VERIFY_IDENTITY && !has_socket(target);
}

#ifdef LIBMARIADB
static void set_tls(MYSQL *mysql, const struct db_target *target)
{
    const struct tls_options *tls = target->tls;
    option_flag enforce = tls->mode != TLS_OFF;
    option_flag verify_name = compares_name(target);

    (void)mysql_optionsv(mysql, MYSQL_OPT_SSL_ENFORCE, &enforce);
    (void)mysql_optionsv(mysql, MYSQL_OPT_SSL_VERIFY_SERVER_CERT, &verify_name);
    if (tls->mode >= TLS_VERIFY_CA && tls->ca_path[0])
        (void)mysql_optionsv(mysql, MYSQL_OPT_SSL_CA, tls->ca_path); /* checks the chain */
}
#else
static void set_tls(MYSQL *mysql, const struct db_target *target)
{
    static const unsigned modes[] = {[TLS_OFF] = SSL_MODE_DISABLED,
                                     [TLS_REQUIRED] = SSL_MODE_REQUIRED,
                                     [TLS_VERIFY_CA] = SSL_MODE_VERIFY_CA,
                                     [TLS_VERIFY_IDENTITY] = SSL_MODE_VERIFY_IDENTITY};

    const struct tls_options *tls = target->tls;
    enum tls_mode mode =
        tls->mode == TLS_VERIFY_IDENTITY && !compares_name(target) ? TLS_VERIFY_CA : tls->mode;

    (void)mysql_options(mysql, MYSQL_OPT_SSL_MODE, &modes[mode]);
    if (tls->mode >= TLS_VERIFY_CA && tls->ca_path[0])
        (void)mysql_options(mysql, MYSQL_OPT_SSL_CA, tls->ca_path);
    /* Without TLS a password leaves encrypted for the key that the server says is its own: what
     * Connector/C does unasked, and what "tls off" trusts the network with. */
    option_flag fetch_key = tls->mode == TLS_OFF;
    (void)mysql_options(mysql, MYSQL_OPT_GET_SERVER_PUBLIC_KEY, &fetch_key);
}
#endif

/* Options only fail for names the library does not know; it knows all that are used here. */
static void set_options(MYSQL *mysql, const struct db_target *target)
{
    unsigned connect_s = whole_seconds(target->connect_timeout_ms);
    unsigned read_s = whole_seconds(target->read_timeout_ms);
    /* by TCP "localhost" would mean a socket file */
    unsigned protocol = has_socket(target) ? MYSQL_PROTOCOL_SOCKET : MYSQL_PROTOCOL_TCP;
    unsigned local_infile = 0; /* a server could ask for any file of ours */
    unsigned long packet = 1UL << 30;

    (void)mysql_options(mysql, MYSQL_OPT_CONNECT_TIMEOUT, &connect_s);
    (void)mysql_options(mysql, MYSQL_OPT_READ_TIMEOUT, &read_s);
    (void)mysql_options(mysql, MYSQL_OPT_WRITE_TIMEOUT, &read_s);
    (void)mysql_options(mysql, MYSQL_OPT_PROTOCOL, &protocol);
    (void)mysql_options(mysql, MYSQL_OPT_LOCAL_INFILE, &local_infile);
    (void)mysql_options(mysql, MYSQL_OPT_MAX_ALLOWED_PACKET, &packet);
    (void)mysql_options(mysql, MYSQL_SET_CHARSET_NAME, "utf8mb4");
    (void)mysql_options4(mysql, MYSQL_OPT_CONNECT_ATTR_ADD, "program_name",
                         target->program ? target->program : "cutover");
#ifdef LIBMARIADB
    option_flag reconnect = 0; /* Oracle's library has it off, and complains about being told */
    (void)mysql_optionsv(mysql, MYSQL_OPT_RECONNECT, &reconnect);
#endif
#ifdef CUTOVER_CLIENT_PLUGINS
    if (!getenv("LIBMYSQL_PLUGIN_DIR")) /* the library reads it, but prefers the option */
        (void)mysql_options(mysql, MYSQL_PLUGIN_DIR, CUTOVER_CLIENT_PLUGINS);
#endif
    set_tls(mysql, target);
}

static int connect_failed(struct db *db, const struct db_target *target, unsigned native,
                          const char *problem, struct err *err)
{
    int rc =
        err_set(err, ERR_LOST, EFFECT_NONE, "cannot connect as \"%s\": %s", target->user, problem);

    if (err)
        err->native = native;
    (void)err_where(err, "%s", db->where);
    (void)err_hint(
        err, "%s",
        native == CR_SERVER_LOST
            ? "something accepts connections there but does not answer as a database server does: "
              "check the port, and whether the server is overloaded"
            : db_error_hint(native));
    return rc;
}

/* What a socket leads to may not be there; who stands in between says why. */
static int connect_refused(struct db *db, const struct db_target *target, unsigned native,
                           const char *text, struct err *err)
{
    char problem[DB_EXCUSE_SIZE], hint[DB_EXCUSE_SIZE];

    if (!has_socket(target) || !db_excuse_read(text, problem, sizeof problem, hint, sizeof hint))
        return connect_failed(db, target, native, text, err);
    int rc = connect_failed(db, target, CR_CONN_HOST_ERROR, problem, err);
    if (hint[0])
        (void)err_hint(err, "%s", hint);
    return rc;
}

static bool connects(struct db *db, const struct db_target *target)
{
    bool by_socket = has_socket(target);

    return mysql_real_connect(db->mysql, by_socket ? NULL : target->host, target->user,
                              secret_bytes(target->password), NULL, target->port,
                              by_socket ? target->socket : NULL, 0) != NULL;
}

/* The library accepts plaintext where TLS was asked for but not verified. We do not. */
static int check_cipher(struct db *db, const struct db_target *target, struct err *err)
{
    const char *cipher = mysql_get_ssl_cipher(db->mysql);

    (void)snprintf(db->cipher, sizeof db->cipher, "%s", cipher ? cipher : "");
    if (target->tls->mode == TLS_OFF || db->cipher[0])
        return 0;

    int rc = err_set(err, ERR_LOST, EFFECT_NONE,
                     "cannot connect as \"%s\": TLS is asked for, but the server offers none",
                     target->user);
    if (err)
        err->native = 2026;
    (void)err_where(err, "%s", db->where);
    (void)err_hint(
        err, "switch TLS on in the server (ssl_cert, ssl_key), or write tls off if the network "
             "between is trusted");
    return rc;
}

#ifdef LIBMARIADB
static int connect_in_time(struct db *db, const struct db_target *target, struct err *err)
{
    if (connects(db, target))
        return 0;
    return connect_refused(db, target, mysql_errno(db->mysql), mysql_error(db->mysql), err);
}
#else
/* Oracle's library keeps the connect limit up to the server's greeting only, and knows none at all
 * for the TLS handshake. */
static int connect_in_time(struct db *db, const struct db_target *target, struct err *err)
{
    struct db_watch watch;
    int64_t deadline_ms = clock_mono_ms() + target->connect_timeout_ms + CONNECT_GRACE_MS;

    db->mysql->net.fd = -1;
    int rc = db_watch_start(&watch, &db->mysql->net.fd, has_socket(target) ? 0 : target->port,
                            deadline_ms, err);
    if (rc != 0)
        return rc;
    bool is_connected = connects(db, target);
    if (db_watch_stop(&watch))
        return connect_failed(db, target, CR_SERVER_LOST,
                              "the server did not let us in within the time limit", err);
    if (!is_connected)
        return connect_refused(db, target, mysql_errno(db->mysql), mysql_error(db->mysql), err);
    return 0;
}
#endif

int db_connect(const struct db_target *target, struct db **out, struct err *err)
{
    CLEANUP(db_freep) struct db *db = calloc(1, sizeof *db);

    if (!db || pthread_setspecific(thread_mark, "used") != 0 || !(db->mysql = mysql_init(NULL)))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a connection");
    (void)snprintf(db->where, sizeof db->where, strchr(target->host, ':') ? "[%s]:%u" : "%s:%u",
                   target->host, target->port);
    db->read_timeout_ms = target->read_timeout_ms;
    set_options(db->mysql, target);
    int rc = connect_in_time(db, target, err);
    rc = rc != 0 ? rc : check_cipher(db, target, err);
    if (rc != 0)
        return rc;
    if (target->is_one_of_many)
        db_tls_thin(db->mysql);
    db->thread_id = mysql_thread_id(db->mysql);
    *out = db;
    db = NULL;
    return 0;
}

int db_socket(const struct db *db)
{
#ifdef LIBMARIADB
    return (int)mysql_get_socket(db->mysql);
#else
    return (int)db->mysql->net.fd;
#endif
}

/*
 * From here on the peer sees the end, and freeing the connection cannot block on a stalled one.
 * Closing resets it: a server that is in the middle of a long answer would otherwise find our
 * receive window shut, and hold its statement and the locks on its tables for another minute.
 */
void db_give_up(struct db *db)
{
    struct linger reset = {.l_onoff = 1, .l_linger = 0};
    int fd = db_socket(db);

    db->is_dead = true;
    if (fd < 0)
        return;
    (void)setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset); /* else: that minute */
    (void)shutdown(fd, SHUT_RDWR); /* it may be closed already, which is as good */
}

void db_abandon(const struct db *db)
{
    (void)shutdown(db_socket(db), SHUT_RDWR); /* the number of a socket never changes */
}

void db_free(struct db *db)
{
    if (!db)
        return;
    if (db->stream || db->packets || db->polled_sql)
        db_give_up(db); /* else freeing it would read the rest of the rows */
    db_drop_stream(db);
    db_drop_packets(db);
    free(db->polled_sql);
    if (db->mysql)
        mysql_close(db->mysql);
    free(db);
}

void db_freep(struct db **db)
{
    db_free(*db);
    *db = NULL;
}

const char *db_where(const struct db *db)
{
    return db->where;
}

unsigned long db_thread_id(const struct db *db)
{
    return db->thread_id;
}

const char *db_tls_cipher(const struct db *db)
{
    return db->cipher;
}

void db_peer(const struct db *db, char *out, size_t out_size)
{
    struct sockaddr_storage peer;
    socklen_t len = sizeof peer;

    out[0] = '\0';
    if (getpeername(db_socket(db), (struct sockaddr *)&peer, &len) != 0 ||
        (peer.ss_family != AF_INET && peer.ss_family != AF_INET6) ||
        getnameinfo((const struct sockaddr *)&peer, len, out, (socklen_t)out_size, NULL, 0,
                    NI_NUMERICHOST) != 0)
        out[0] = '\0';
}

bool db_is_dead(const struct db *db)
{
    return db->is_dead;
}

int db_set_timeout(struct db *db, int64_t read_timeout_ms, struct err *err)
{
    if (read_timeout_ms <= 0)
        return err_set(err, ERR_BUG, EFFECT_NONE, "a read timeout must be positive");
    db->read_timeout_ms = read_timeout_ms;
#ifdef LIBMARIADB
    /* Options are read at connect only; Oracle's library keeps the connect value for stalls within
     * an answer. */
    MARIADB_PVIO *pvio = db->mysql->net.pvio;
    if (pvio)
        (void)pvio->methods->set_timeout(pvio, PVIO_READ_TIMEOUT,
                                         (int)whole_seconds(read_timeout_ms));
#endif
    return 0;
}
