/* SPDX-License-Identifier: MIT */
/*
 * The accounts that the databases need: made where they are missing, left alone where they exist.
 */
#include <stdio.h>
#include <string.h>

#include "cluster/seed_job.h"

enum native_error {
    NATIVE_DATABASE_DENIED = 1044,
    NATIVE_ACCESS_DENIED = 1045,
    NATIVE_COMMAND_DENIED = 1142,
    NATIVE_NEEDS_PRIVILEGE = 1227,
    NATIVE_CANNOT_GRANT = 1410,
    NATIVE_NO_PLUGIN = 1524,
    NATIVE_ROLE_DENIED = 1959, /* MariaDB: not a role that we may grant */
};

struct seed_account {
    struct sql_arg name[2]; /* user, host */
    size_t name_count;      /* a role of MariaDB has no host */
    bool is_role;
};

/* May not be made by us. An administrator may. */
static bool is_denied(int rc, const struct err *err)
{
    static const unsigned natives[] = {
        NATIVE_DATABASE_DENIED, NATIVE_ACCESS_DENIED, NATIVE_COMMAND_DENIED, NATIVE_NEEDS_PRIVILEGE,
        NATIVE_CANNOT_GRANT,    NATIVE_NO_PLUGIN,     NATIVE_ROLE_DENIED};
    for (size_t i = 0; rc == ERR_SERVER && i < ARRAY_LEN(natives); i++)
        if (err->native == natives[i])
            return true;
    return false;
}

static int list_accounts(const struct service *service, struct session *source,
                         struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;
    CLEANUP(buf_release) struct buf ours;
    buf_init(&databases, 65536);
    buf_init(&ours, 4096);
    session_databases(service, &databases);
    session_our_accounts(service, &ours);
    const struct sql_arg args[] = {{"databases", buf_text(&databases)}, {"ours", buf_text(&ours)}};
    int rc = session_query(source, SQL_SEED_ACCOUNTS, args, ARRAY_LEN(args), out, err);
    return rc ? err_wrap(err, "listing the accounts of the databases") : 0;
}

static int is_missing(struct session *target, const struct seed_account *account, bool *out,
                      struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = session_query_row(target, SQL_SEED_ACCOUNT_EXISTS, account->name, 2, &result, err);
    if (!rc)
        *out = result_number(&result, 0, "count") == 0;
    return rc;
}

bool seed_grant_alone(const char *grant, struct buf *out)
{
    static const char option[] = " WITH GRANT OPTION";
    size_t len = strlen(grant), end = len;
    bool is_quoted = false;

    for (size_t i = 0; i < end; i++) {
        if (grant[i] == '`')
            is_quoted = !is_quoted;
        else if (!is_quoted &&
                 (!strncmp(grant + i, " IDENTIFIED ", 12) || !strncmp(grant + i, " REQUIRE ", 9)))
            end = i;
    }
    bool has_option = len >= strlen(option) && !strcmp(grant + len - strlen(option), option);
    bool grants_nothing = !strncmp(grant, "GRANT USAGE ON *.* TO ", 22) && !has_option;
    buf_add(out, grant, end);
    if (end < len && has_option)
        buf_puts(out, option);
    return !grants_nothing;
}

void seed_plugin_of(const char *create, char out[PLUGIN_NAME_SIZE])
{
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    static const char *const clauses[] = {" IDENTIFIED WITH '", " IDENTIFIED VIA "};

    out[0] = '\0';
    for (size_t i = 0; i < ARRAY_LEN(clauses); i++) {
        const char *at = strstr(create, clauses[i]);
        size_t len = at ? strspn(at + strlen(clauses[i]), letters) : 0;
        if (len && len < PLUGIN_NAME_SIZE)
            (void)snprintf(out, PLUGIN_NAME_SIZE, "%.*s", (int)len, at + strlen(clauses[i]));
    }
}

/* Run a statement that may hold a password hash: no error may quote it. */
static int run_unquoted(struct session *target, const char *statement, struct err *err)
{
    struct err cause = {0};
    int rc = session_may_change(target, err);
    if (rc)
        return rc;
    rc = db_exec(target->db, statement, &cause);
    if (!rc)
        return 0;
    (void)err_set(err, cause.code, cause.effect,
                  "the account or a grant of it is refused (error %u)", cause.native);
    err->native = cause.native;
    return err_where(err, "%s", target->node->name);
}

static int repeat_account(struct session *source, struct session *target,
                          const struct seed_account *account, struct err *err)
{
    CLEANUP(db_result_release) struct db_result shown = {0};
    if (account->is_role)
        return session_exec(target, SQL_SEED_ROLE_MAKE, account->name, account->name_count, err);
    int rc = session_query_row(source, SQL_SEED_SHOW_ACCOUNT, account->name, account->name_count,
                               &shown, err);
    const char *statement = rc ? NULL : db_result_text(&shown, 0, 0);
    if (!statement)
        return rc;
    rc = run_unquoted(target, statement, err);
    if (rc && err->native == NATIVE_NO_PLUGIN) {
        char plugin[PLUGIN_NAME_SIZE];
        seed_plugin_of(statement, plugin);
        (void)err_set(err, rc, EFFECT_NONE, "it has no plugin %s", plugin);
        err->native = NATIVE_NO_PLUGIN;
    }
    return rc;
}

static int repeat_grants(struct session *source, struct session *target,
                         const struct seed_account *account, struct err *err)
{
    CLEANUP(db_result_release) struct db_result shown = {0};
    CLEANUP(buf_release) struct buf grant = {0};
    int rc =
        session_query(source, account->is_role ? SQL_SEED_SHOW_ROLE_GRANTS : SQL_SEED_SHOW_GRANTS,
                      account->name, account->name_count, &shown, err);

    buf_init(&grant, 65536);
    for (size_t row = 0; !rc && row < shown.row_count; row++) {
        const char *text = db_result_text(&shown, row, 0);
        buf_reset(&grant);
        if (text && seed_grant_alone(text, &grant))
            rc = run_unquoted(target, buf_text(&grant), err);
    }
    return rc;
}

/* All of an account or nothing: one without its grants would look complete to the next seed. */
static int make_account(struct session *source, struct session *target,
                        const struct seed_account *account, struct err *err)
{
    struct err drop_err = {0};
    int rc = repeat_account(source, target, account, err);
    if (rc)
        return rc;
    rc = repeat_grants(source, target, account, err);
    if (!rc || !session_exec(target, account->is_role ? SQL_SEED_ROLE_DROP : SQL_SEED_ACCOUNT_DROP,
                             account->name, account->name_count, &drop_err))
        return rc;
    *err = drop_err;
    (void)err_hint(err, "drop that account on %s: it was made there, but without its privileges",
                   target->node->name);
    return err->code;
}

static void name_account(const struct seed_account *account, struct buf *out)
{
    if (account->is_role)
        buf_printf(out, "the role '%s'", account->name[0].text);
    else
        buf_printf(out, "'%s'@'%s'", account->name[0].text, account->name[1].text);
}

/* What cannot be made goes into `missing`, so that one refusal names all of it. */
static int make_where_missing(struct session *source, struct session *target,
                              const struct seed_account *account, struct buf *missing,
                              struct err *err)
{
    CLEANUP(buf_release) struct buf name = {0};
    struct err cause = {0};
    bool is_absent = false;

    int rc = is_missing(target, account, &is_absent, err);
    if (rc || !is_absent)
        return rc;
    rc = make_account(source, target, account, &cause);
    if (!rc)
        return 0;
    buf_init(&name, 1024);
    name_account(account, &name);
    if (!is_denied(rc, &cause)) {
        *err = cause;
        return err_wrap(err, "copying the account %s", buf_text(&name));
    }
    buf_printf(missing, "%s%s on %s", missing->len ? ", " : "", buf_text(&name),
               target->node->name);
    if (cause.native == NATIVE_NO_PLUGIN)
        buf_printf(missing, " (%s)", cause.msg);
    return 0;
}

static int refuse(const struct session *source, const struct buf *missing, struct err *err)
{
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "the databases need accounts that are missing, and we may not create them: %s",
                  buf_text(missing));
    return err_hint(err,
                    "for each, run on that node, after SET sql_log_bin=0, what SHOW CREATE USER "
                    "and SHOW GRANTS FOR it answer on %s (without its plugin give it another one, "
                    "and a password); then seed again",
                    source->node->name);
}

int seed_create_accounts(const struct service *service, struct session *source,
                         struct seed_targets *targets, struct err *err)
{
    CLEANUP(db_result_release) struct db_result accounts = {0};
    CLEANUP(buf_release) struct buf missing;
    buf_init(&missing, 4096);

    int rc = session_exec(source, SQL_SEED_ACCOUNTS_SESSION, NULL, 0, err);
    if (!rc)
        rc = list_accounts(service, source, &accounts, err);
    for (size_t row = 0; !rc && row < accounts.row_count; row++) {
        bool is_role = result_number(&accounts, row, "is_role") == 1;
        const struct seed_account account = {
            .name = {{"user", result_text(&accounts, row, "user")},
                     {"host", result_text(&accounts, row, "host")}},
            .name_count = is_role ? 1 : 2,
            .is_role = is_role};
        for (size_t i = 0; !rc && i < targets->count; i++)
            rc = make_where_missing(source, &targets->sessions[i], &account, &missing, err);
    }
    if (rc)
        return rc;
    return missing.len ? refuse(source, &missing, err) : 0;
}
