/* SPDX-License-Identifier: MIT */
/* What an error number means, as tables: kinds, hints, and which texts are free of literals. */
#include "io/db_error.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Client libraries number their own errors 2000-2999; Connector/C adds 5000-5099, which no server
 * sends. */
static const struct {
    unsigned from, to;
    enum db_error_kind kind;
} kinds[] = {
    {1053, 1053, DB_GONE},      /* server shutdown in progress */
    {1077, 1080, DB_GONE},      /* normal and forced shutdown */
    {1152, 1152, DB_GONE},      /* aborted connection */
    {1154, 1154, DB_GONE},      /* read error from the connection pipe */
    {1158, 1161, DB_GONE},      /* network errors as the server sees them */
    {1184, 1184, DB_GONE},      /* new aborting connection */
    {1927, 1927, DB_GONE},      /* MariaDB: KILL CONNECTION */
    {2008, 2008, DB_EXHAUSTED}, /* the library is out of memory */
    {2014, 2014, DB_GARBLED},   /* commands out of sync */
    {2027, 2027, DB_GARBLED},   /* malformed packet */
    {2068, 2068, DB_REFUSED},   /* Oracle's: the server asked for a file of ours, and got none */
    {2000, 2999, DB_GONE},      /* every other error of the library ends the connection */
    {3032, 3032, DB_GONE},      /* MySQL: offline_mode */
    {3169, 3169, DB_GONE},      /* MySQL: session was killed */
    {4031, 4031, DB_GONE},      /* MySQL: disconnected for inactivity */
    {5000, 5099, DB_GARBLED},   /* Connector/C: protocol */
};

static const struct {
    unsigned native;
    const char *hint;
} hints[] = {
    {1040, "every connection slot is taken: raise max_connections, or see who holds them with SHOW "
           "PROCESSLIST"},
    {1045,
     "check the user name and the password file; the account must exist for the host this program "
     "connects from, and an account with REQUIRE SSL needs tls switched on"},
    {1129, "this host is blocked after many failed connections: run FLUSH HOSTS on the server"},
    {1130,
     "no account on the server allows connections from this host: CREATE USER for this host or "
     "address"},
    {1227,
     "the account lacks a privilege: compare SHOW GRANTS with the list of grants in the manual"},
    {1290, "the server runs with --read-only: this side is closed to writes"},
    {1461,
     "the server holds as many prepared statements as it allows: raise max_prepared_stmt_count, or "
     "see which application does not close its own"},
    {2002, "nothing answers there: check host and port, that the server runs, and the firewall"},
    {2003, "nothing answers there: check host and port, that the server runs, and the firewall"},
    {2005, "the host name cannot be resolved from here"},
    {2026,
     "TLS could not be set up: check that the server has TLS on, and that the CA file signed its "
     "certificate for this host name"},
    {2059,
     "the client library has no plugin for the way this account logs in: point LIBMYSQL_PLUGIN_DIR "
     "to the folder that has it, or give the account another (caching_sha2_password, MariaDB: "
     "mysql_native_password)"},
    {2061, "this account needs TLS to log in: switch tls on"},
};

/* Errors whose text names privileges, variables, channels or accounts, never a value of the
 * statement. */
static const unsigned clean_texts[] = {1044, 1045, 1053, 1142, 1193, 1198, 1199, 1200, 1201,
                                       1205, 1213, 1227, 1290, 1317, 1396, 1410, 1819, 1927,
                                       1948, 1950, 2006, 2013, 2026, 2055, 3021, 3081};

enum db_error_kind db_error_kind(unsigned native)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (native >= kinds[i].from && native <= kinds[i].to)
            return kinds[i].kind;
    return DB_REFUSED;
}

const char *db_error_hint(unsigned native)
{
    for (size_t i = 0; i < ARRAY_LEN(hints); i++)
        if (hints[i].native == native)
            return hints[i].hint;
    return "";
}

/* The end of a comment that starts at `at`, or `at` itself. */
static const char *skip_comment(const char *at)
{
    if (at[0] == '#' || (at[0] == '-' && at[1] == '-'))
        return at + strcspn(at, "\n");
    if (at[0] == '/' && at[1] == '*') {
        const char *end = strstr(at + 2, "*/");
        return end ? end + 2 : at + strlen(at);
    }
    return at;
}

static const char *skip_to_first_word(const char *sql)
{
    for (;;) {
        sql += strspn(sql, " \t\r\n(");
        const char *after = skip_comment(sql);
        if (after == sql)
            return sql;
        sql = after;
    }
}

static size_t word_len(const char *at)
{
    size_t len = 0;

    while (isalpha((unsigned char)at[len]) || at[len] == '_')
        len++;
    return len;
}

char *db_statement_name(const char *sql, char out[DB_STATEMENT_NAME_SIZE])
{
    const char *first = skip_to_first_word(sql);
    size_t len = word_len(first);
    const char *second = first + len + strspn(first + len, " \t\r\n");
    size_t second_len = word_len(second);

    if (len == 0 || len + second_len + 2 > DB_STATEMENT_NAME_SIZE) {
        memcpy(out, "statement", sizeof "statement");
        return out;
    }
    memcpy(out, first, len);
    if (second_len > 0) {
        out[len++] = ' ';
        memcpy(out + len, second, second_len);
    }
    out[len + second_len] = '\0';
    return out;
}

bool db_statement_is_read(const char *sql)
{
    static const char *const reads[] = {"SELECT", "SHOW", "EXPLAIN", "DESCRIBE", "DESC", "WITH"};
    const char *first = skip_to_first_word(sql);
    size_t len = word_len(first);

    for (size_t i = 0; i < ARRAY_LEN(reads); i++)
        if (strlen(reads[i]) == len && strncasecmp(first, reads[i], len) == 0)
            return true;
    return false;
}

bool db_error_text_is_safe(const char *sql, unsigned native)
{
    if (!strcasestr(sql, "PASSWORD") && !strcasestr(sql, "IDENTIFIED"))
        return true;
    for (size_t i = 0; i < ARRAY_LEN(clean_texts); i++)
        if (clean_texts[i] == native)
            return true;
    return false;
}

static int set_gone(struct err *err, const char *name, const char *shown, enum err_effect if_lost,
                    bool is_timeout)
{
    const char *doubt = if_lost == EFFECT_NONE ? "" : "; it may have happened";

    if (is_timeout)
        return err_set(err, ERR_TIMEOUT, if_lost, "no answer to %s within the time limit%s (%s)",
                       name, doubt, shown);
    return err_set(err, ERR_LOST, if_lost, "connection lost during %s%s: %s", name, doubt, shown);
}

int db_error_set(struct err *err, const char *sql, unsigned native, const char *text,
                 enum err_effect if_lost, bool is_timeout)
{
    char name[DB_STATEMENT_NAME_SIZE];
    const char *shown = db_error_text_is_safe(sql, native)
                            ? text
                            : "(the server's words are withheld: they could quote a password)";
    int rc = ERR_BUG;

    (void)db_statement_name(sql, name);
    switch (db_error_kind(native)) {
    case DB_GONE:
        rc = set_gone(err, name, shown, if_lost, is_timeout);
        break;
    case DB_GARBLED:
        rc =
            err_set(err, ERR_PROTOCOL, if_lost, "the answer to %s makes no sense: %s", name, shown);
        break;
    case DB_EXHAUSTED:
        rc = err_set(err, ERR_MEMORY, if_lost, "out of memory reading the answer to %s", name);
        break;
    case DB_REFUSED:
        rc = err_set(err, ERR_SERVER, EFFECT_NONE, "%s failed: %s (error %u)", name, shown, native);
        break;
    }
    if (err)
        err->native = native;
    if (db_error_kind(native) ==
        DB_REFUSED) /* the others have hints for a connection that never came up */
        (void)err_hint(err, "%s", db_error_hint(native));
    return rc;
}
