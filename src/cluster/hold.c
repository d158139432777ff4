/* SPDX-License-Identifier: MIT */
/*
 * ALTER USER is no transaction, and neither is the table that remembers it part of one: the order
 * makes up for it. What is locked is written down before, what is unlocked is struck out after, so
 * that a crash at any point leaves a line too many, never one too few.
 */
#include "cluster/hold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/door.h"

#define ERROR_NO_SUCH_DATABASE 1049
#define ERROR_NO_SUCH_TABLE 1146
#define ERROR_NEEDS_PRIVILEGE 1227
#define LIST_CAP_BYTES (1U << 20)

void hold_list_release(struct hold_list *list)
{
    free(list->accounts);
    *list = (struct hold_list){0};
}

void held_list_release(struct held_list *list)
{
    free(list->accounts);
    *list = (struct held_list){0};
}

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the accounts");
}

/* --- read --- */

int hold_accounts(const struct service *service, struct session *session, struct hold_list *out,
                  struct err *err)
{
    CLEANUP(buf_release) struct buf ours;
    CLEANUP(buf_release) struct buf databases;
    CLEANUP(db_result_release) struct db_result rows = {0};
    buf_init(&ours, 4096);
    buf_init(&databases, LIST_CAP_BYTES);
    session_our_accounts(service, &ours);
    session_databases(service, &databases);
    const struct sql_arg args[] = {{"ours", buf_text(&ours)}, {"databases", buf_text(&databases)}};
    int rc = session_query(session, SQL_HOLD_ACCOUNTS, args, ARRAY_LEN(args), &rows, err);
    if (rc != 0)
        return rc;
    struct hold_account *accounts = calloc(rows.row_count + 1, sizeof(*accounts));
    if (accounts == NULL)
        return no_memory(err);
    for (size_t i = 0; i < rows.row_count; i++) {
        struct hold_account *account = &accounts[i];
        result_copy(&rows, i, "user", account->user, sizeof(account->user));
        result_copy(&rows, i, "host", account->host, sizeof(account->host));
        result_copy(&rows, i, "writes", account->writes, sizeof(account->writes));
        account->is_locked = result_number(&rows, i, "is_locked") != 0;
        account->is_admin = result_number(&rows, i, "is_admin") != 0;
        account->is_socket = result_number(&rows, i, "is_socket") != 0;
        account->is_local = result_number(&rows, i, "is_local") != 0;
    }
    *out = (struct hold_list){accounts, rows.row_count};
    return 0;
}

static int take_held(const struct db_result *rows, struct held_list *out, struct err *err)
{
    struct held *accounts = calloc(rows->row_count + 1, sizeof(*accounts));
    if (accounts == NULL)
        return no_memory(err);
    for (size_t i = 0; i < rows->row_count; i++) {
        struct held *account = &accounts[i];
        result_copy(rows, i, "user", account->user, sizeof(account->user));
        result_copy(rows, i, "host", account->host, sizeof(account->host));
        result_copy(rows, i, "run", account->run, sizeof(account->run));
        result_copy(rows, i, "held_at", account->since, sizeof(account->since));
        account->is_there = result_number(rows, i, "is_there") != 0;
        account->is_locked = result_number(rows, i, "is_locked") != 0;
    }
    *out = (struct held_list){accounts, rows->row_count};
    return 0;
}

int hold_read(struct session *session, struct held_list *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    struct err cause = {0};
    int rc = session_query(session, SQL_HOLD_READ, NULL, 0, &rows, &cause);
    if (rc != 0 &&
        (cause.native == ERROR_NO_SUCH_TABLE || cause.native == ERROR_NO_SUCH_DATABASE)) {
        *out = (struct held_list){0};
        return 0;
    }
    if (rc != 0) {
        if (err != NULL)
            *err = cause;
        return rc;
    }
    return take_held(&rows, out, err);
}

void hold_quote(const struct held_list *list, bool only_locked, struct buf *out)
{
    bool is_first = true;
    for (size_t i = 0; i < list->count; i++) {
        const struct held *account = &list->accounts[i];
        if (only_locked && !account->is_locked)
            continue;
        if (!is_first)
            buf_puts(out, ", ");
        sql_quote_literal(account->user, strlen(account->user), out);
        buf_putc(out, '@');
        sql_quote_literal(account->host, strlen(account->host), out);
        is_first = false;
    }
}

void hold_show(const struct held_list *list, char *out, size_t out_size)
{
    size_t len = 0;
    (void)snprintf(out, out_size, "nobody");
    for (size_t i = 0; i < list->count && len < out_size; i++)
        len += (size_t)snprintf(out + len, out_size - len, "%s%s@%s", i > 0 ? ", " : "",
                                list->accounts[i].user, list->accounts[i].host);
}

/* --- write down and lock --- */

int hold_session(const struct service *service, const struct node *node, struct session *out,
                 struct err *err)
{
    CLEANUP(session_release) struct session session = {0};
    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (rc == 0)
        rc = session_exec(&session, SQL_UNLOGGED, NULL, 0, err);
    if (rc != 0)
        return rc;
    *out = session;
    session = (struct session){0};
    return 0;
}

int hold_record(struct session *unlogged, const struct held_list *list, const char *run,
                struct err *err)
{
    int rc = session_exec(unlogged, SQL_HOLD_SCHEMA, NULL, 0, err);
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct sql_arg args[] = {
            {"user", list->accounts[i].user}, {"host", list->accounts[i].host}, {"run", run}};
        rc = session_exec(unlogged, SQL_HOLD_PUT, args, ARRAY_LEN(args), err);
    }
    return rc != 0 ? err_wrap(err, "writing down the accounts that are going to be locked") : 0;
}

static int alter(struct session *unlogged, enum sql_id id, const struct held_list *list,
                 bool only_locked, struct err *err)
{
    CLEANUP(buf_release) struct buf accounts;
    buf_init(&accounts, LIST_CAP_BYTES);
    hold_quote(list, only_locked, &accounts);
    int rc = buf_check(&accounts, err);
    if (rc != 0 || accounts.len == 0)
        return rc;
    rc = session_exec(unlogged, id, &(struct sql_arg){"accounts", buf_text(&accounts)}, 1, err);
    if (rc != 0 && err != NULL && err->native == ERROR_NEEDS_PRIVILEGE)
        (void)err_hint(err, "GRANT CREATE USER ON *.* to the controller (see etc/grants-*.sql), or "
                            "say fence = { hold = \"config\"; } with read_only = 1 in my.cnf");
    return rc;
}

static const struct held *find(const struct held_list *list, const struct held *wanted)
{
    for (size_t i = 0; i < list->count; i++)
        if (strcmp(list->accounts[i].user, wanted->user) == 0 &&
            strcmp(list->accounts[i].host, wanted->host) == 0)
            return &list->accounts[i];
    return NULL;
}

/*
 * Accounts of `list` that are there are locked, or not, as wanted. One whose line is gone cannot be
 * known to be locked.
 */
static int check_all(struct session *session, const struct held_list *list, bool is_locked,
                     struct err *err)
{
    CLEANUP(held_list_release) struct held_list now = {0};
    int rc = hold_read(session, &now, err);
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct held *account = find(&now, &list->accounts[i]);
        if (account == NULL ? !is_locked : !account->is_there || account->is_locked == is_locked)
            continue;
        rc = err_set(err, ERR_CONFLICT, EFFECT_UNKNOWN, "%s@%s was %s, but it is %s",
                     list->accounts[i].user, list->accounts[i].host,
                     is_locked ? "locked" : "unlocked",
                     account == NULL ? "struck from cutover.held"
                     : is_locked     ? "not locked"
                                     : "still locked");
        (void)err_where(err, "%s", db_where(session->db));
    }
    return rc;
}

int hold_lock(struct session *unlogged, const struct held_list *list, struct err *err)
{
    if (list->count == 0)
        return 0;
    int rc = alter(unlogged, SQL_HOLD_LOCK, list, false, err);
    return rc != 0 ? err_wrap(err, "locking the application's accounts")
                   : check_all(unlogged, list, true, err);
}

int hold_is_true(struct session *session, struct err *err)
{
    CLEANUP(held_list_release) struct held_list now = {0};
    int rc = hold_read(session, &now, err);
    for (size_t i = 0; rc == 0 && i < now.count; i++) {
        if (!now.accounts[i].is_there || now.accounts[i].is_locked)
            continue;
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "%s@%s may log in: after a restart it could write there", now.accounts[i].user,
                     now.accounts[i].host);
        (void)err_where(err, "%s", db_where(session->db));
    }
    return rc;
}

/* --- let in again --- */

static void note_others(const struct held_list *list, struct hold_release *out)
{
    size_t len = 0;
    for (size_t i = 0; i < list->count; i++) {
        const struct held *account = &list->accounts[i];
        if (account->is_locked || account->was_let_in) {
            out->unlocked++;
            continue;
        }
        if (len < sizeof(out->others))
            len += (size_t)snprintf(out->others + len, sizeof(out->others) - len,
                                    "%s%s@%s was not locked any more%s", len > 0 ? "; " : "",
                                    account->user, account->host,
                                    account->is_there ? "" : ": it has been dropped");
    }
}

static int unlock_now(struct session *session, const void *list, struct err *err)
{
    return alter(session, SQL_HOLD_UNLOCK, list, true, err);
}

static int strike_now(struct session *session, const void *context, struct err *err)
{
    const struct held_list *list = context;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < list->count; i++) {
        const struct sql_arg args[] = {{"user", list->accounts[i].user},
                                       {"host", list->accounts[i].host}};
        rc = session_exec(session, SQL_HOLD_FORGET, args, ARRAY_LEN(args), err);
    }
    return rc;
}

int hold_unlock(struct session *unlogged, const struct held_list *list, struct hold_release *out,
                struct err *err)
{
    *out = (struct hold_release){0};
    if (list->count == 0)
        return 0;
    note_others(list, out);
    int rc = door_while_admitted(unlogged, unlock_now, list, err);
    return rc != 0 ? err_wrap(err, "letting the locked accounts in again")
                   : check_all(unlogged, list, false, err);
}

int hold_unlock_blindly(struct session *unlogged, const struct held_list *list, struct err *err)
{
    return unlock_now(unlogged, list, err);
}

int hold_strike(struct session *unlogged, const struct held_list *list, struct err *err)
{
    if (list->count == 0)
        return 0;
    int rc = door_while_admitted(unlogged, strike_now, list, err);
    return rc != 0 ? err_wrap(err, "striking out accounts of cutover.held") : 0;
}

/* --- what the operator says --- */

int hold_check_config(struct session *session, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(session, SQL_HOLD_ORIGIN, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    const char *value = result_text(&row, 0, "value");
    const char *origin = result_text(&row, 0, "origin");
    bool is_on = strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0;
    if (!hold_is_contradicted(origin, is_on))
        return 0;
    rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                 "hold = \"config\" says that my.cnf closes this node, but its read_only is off "
                 "(%s%s%s): a restart would open it",
                 origin, result_text(&row, 0, "path")[0] != '\0' ? ", " : "",
                 result_text(&row, 0, "path"));
    (void)err_where(err, "%s", db_where(session->db));
    (void)err_hint(err, "write read_only = 1 into its my.cnf, or leave hold to its default");
    return rc;
}
