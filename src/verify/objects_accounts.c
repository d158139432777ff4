/* SPDX-License-Identifier: MIT */
/*
 * Accounts that can reach the service's databases, and what they may do there. An account that
 * reaches none of them, or that only replicates, is nobody's business here.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "verify/objects_inner.h"

#define LIST_CAP (16U << 20)

enum native_error { ERROR_NO_SUCH_DATABASE = 1049, ERROR_NO_SUCH_TABLE = 1146 };

static const struct object_list account_list = {
    .kind = "account",
    .name = {"account"},
    .traits = {{"is_role", "being a role", same_bytes, false, false},
               {"plugin", "plugin", same_bytes, false, false},
               {"secret", "password", same_secret, true, false},
               {"tls", "TLS requirement", same_bytes, false, false},
               {"is_locked", "lock", same_bytes, false, false},
               {"limits", "limits", same_bytes, false, false},
               {"default_role", "default role", same_bytes, false, false},
               {"access", "global privileges", same_access, false, false}},
};

static const struct object_list grant_list = {
    .kind = "account",
    .name = {"account", "scope"},
    .joint = ", ",
    .absent = "",
    .traits = {{"privileges", "privileges", same_privileges, false, false}},
};

/* --- sets of texts that belong to an answer --- */

struct texts {
    const char **list;
    size_t count;
};

static void texts_release(struct texts *texts)
{
    free(texts->list);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int by_text_any_case(const void *a, const void *b)
{
    return strcasecmp(*(const char *const *)a, *(const char *const *)b);
}

static bool texts_have(const struct texts *texts, const char *text)
{
    return bsearch(&text, texts->list, texts->count, sizeof(text), by_text) != NULL;
}

static int texts_new(size_t room, struct texts *out, struct err *err)
{
    out->list = calloc(room + 1, sizeof(*out->list));
    return out->list ? 0 : err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for accounts");
}

static int texts_of(const struct db_result *result, const char *column,
                    int (*order)(const void *, const void *), struct texts *out, struct err *err)
{
    int rc = texts_new(result->row_count, out, err);
    for (size_t row = 0; !rc && row < result->row_count; row++) {
        const char *text = db_result_get(result, row, column);
        if (text)
            out->list[out->count++] = text;
    }
    if (!rc)
        qsort(out->list, out->count, sizeof(*out->list), order);
    return rc;
}

/* --- what both servers say --- */

struct accounts {
    struct both privileges, accounts, grants, definers, everybody;
    struct texts known[2];   /* privileges of source and replica */
    struct texts there[2];   /* accounts that are compared */
    struct texts anybody[2]; /* "user@host", all */
    struct texts reaching;
};

static void accounts_release(struct accounts *accounts)
{
    both_release(&accounts->privileges);
    both_release(&accounts->accounts);
    both_release(&accounts->grants);
    both_release(&accounts->definers);
    both_release(&accounts->everybody);
    for (size_t i = 0; i < 2; i++) {
        texts_release(&accounts->known[i]);
        texts_release(&accounts->there[i]);
        texts_release(&accounts->anybody[i]);
    }
    texts_release(&accounts->reaching);
}

/* The accounts that a fence has locked there, as literals. No fence, no table. */
static int quote_held(struct verify_end *end, struct buf *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    CLEANUP(texts_release) struct texts held = {0};
    struct err cause = {0};
    int rc = end_query(end, SQL_OBJECTS_HELD, NULL, 0, &rows, &cause);
    bool is_absent = cause.native == ERROR_NO_SUCH_TABLE || cause.native == ERROR_NO_SUCH_DATABASE;
    if (rc && !is_absent) {
        *err = cause;
        return rc;
    }
    rc = texts_of(&rows, "account", by_text, &held, err);
    if (rc)
        return rc;
    held.list[held.count] = ""; /* a list has a member; nobody is called this */
    sql_quote_list(held.list, held.count + 1, out);
    return buf_check(out, err);
}

static int ask(struct verify_end *end, const struct service *service, struct accounts *accounts,
               bool is_source, struct err *err)
{
    CLEANUP(buf_release) struct buf databases = {0};
    CLEANUP(buf_release) struct buf ours = {0};
    CLEANUP(buf_release) struct buf held = {0};
    const char *const names[] = {service->controller.user, service->monitor.user,
                                 service->replication.user};
    buf_init(&databases, LIST_CAP);
    buf_init(&ours, 4096);
    buf_init(&held, LIST_CAP);
    sql_quote_list((const char *const *)service->databases, service->database_count, &databases);
    sql_quote_list(names, ARRAY_LEN(names), &ours);
    int rc = quote_held(end, &held, err);
    if (!rc)
        rc = buf_check(&databases, err);
    if (!rc)
        rc = buf_check(&ours, err);
    const struct sql_arg of_databases[] = {{"databases", buf_text(&databases)}};
    const struct sql_arg without_ours[] = {{"ours", buf_text(&ours)}, {"held", buf_text(&held)}};
    const struct {
        enum sql_id id;
        const struct sql_arg *args;
        size_t arg_count;
        struct both *out;
    } questions[] = {
        {SQL_OBJECTS_PRIVILEGES, NULL, 0, &accounts->privileges},
        {SQL_OBJECTS_ACCOUNTS, without_ours, ARRAY_LEN(without_ours), &accounts->accounts},
        {SQL_OBJECTS_GRANTS, NULL, 0, &accounts->grants},
        {SQL_SURVEY_DEFINERS, of_databases, ARRAY_LEN(of_databases), &accounts->definers},
        {SQL_SURVEY_ACCOUNTS, NULL, 0, &accounts->everybody},
    };
    for (size_t i = 0; !rc && i < ARRAY_LEN(questions); i++)
        rc = end_query(end, questions[i].id, questions[i].args, questions[i].arg_count,
                       is_source ? &questions[i].out->source : &questions[i].out->replica, err);
    return rc ? err_wrap(err, "reading the accounts of %s", db_where(end->db)) : 0;
}

static int index_side(struct accounts *accounts, bool is_source, struct err *err)
{
    size_t side = is_source ? 0 : 1;
    int rc = texts_of(is_source ? &accounts->privileges.source : &accounts->privileges.replica,
                      "Privilege", by_text_any_case, &accounts->known[side], err);
    if (!rc)
        rc = texts_of(is_source ? &accounts->accounts.source : &accounts->accounts.replica,
                      "account", by_text, &accounts->there[side], err);
    if (!rc)
        rc = texts_of(is_source ? &accounts->everybody.source : &accounts->everybody.replica,
                      "account", by_text, &accounts->anybody[side], err);
    return rc;
}

/* --- who can reach the databases --- */

static bool is_of_service(const struct service *service, const char *pattern)
{
    for (size_t i = 0; i < service->database_count; i++)
        if (is_like(pattern, service->databases[i]))
            return true;
    return false;
}

/* Global privileges with which nobody reaches a row. */
static bool only_replicates(const char *privileges)
{
    static const char *const harmless[] = {
        "USAGE",          "REPLICATION SLAVE", "REPLICATION CLIENT",
        "BINLOG MONITOR", "SLAVE MONITOR",     "REPLICA MONITOR"};
    while (*(privileges += strspn(privileges, ", "))) {
        size_t len = strcspn(privileges, ",");
        bool is_harmless = false;
        for (size_t i = 0; i < ARRAY_LEN(harmless); i++)
            is_harmless = is_harmless || (strlen(harmless[i]) == len &&
                                          !strncasecmp(harmless[i], privileges, len));
        if (!is_harmless)
            return false;
        privileges += len;
    }
    return true;
}

/* Does this grant, on its own, reach the databases? */
static bool is_reaching(const struct service *service, const struct db_result *grants, size_t row)
{
    const char *database = db_result_get(grants, row, "db");
    const char *privileges = db_result_get(grants, row, "privileges");
    const char *scope = db_result_get(grants, row, "scope");
    if (database)
        return is_of_service(service, database);
    return scope && !strcmp(scope, "all databases") && privileges && !only_replicates(privileges);
}

static void add_sorted(struct texts *texts, const char *text)
{
    size_t at = texts->count;
    while (at && strcmp(texts->list[at - 1], text) > 0) {
        texts->list[at] = texts->list[at - 1];
        at--;
    }
    texts->list[at] = text;
    texts->count++;
}

/* Those who are given a role that reaches them, and roles of roles, until nobody comes any more. */
static void add_members(struct texts *reaching, const struct db_result *grants)
{
    size_t before;
    do {
        before = reaching->count;
        for (size_t row = 0; row < grants->row_count; row++) {
            const char *role = db_result_get(grants, row, "role");
            const char *account = db_result_get(grants, row, "account");
            if (role && account && texts_have(reaching, role) && !texts_have(reaching, account))
                add_sorted(reaching, account);
        }
    } while (reaching->count > before);
}

/* The account of a definer "user@host" among those that are compared; NULL when it is none. */
static const char *account_of(const struct accounts *accounts, const char *definer)
{
    char name[512];
    const char *at = strrchr(definer, '@');
    int user_len = at ? (int)(at - definer) : (int)strlen(definer);
    (void)snprintf(name, sizeof(name), "'%.*s'@'%s'", user_len, definer, at ? at + 1 : "");
    const char *text = name;
    for (size_t side = 0; side < 2; side++) {
        const char **found = bsearch(&text, accounts->there[side].list, accounts->there[side].count,
                                     sizeof(text), by_text);
        if (found)
            return *found;
    }
    return NULL;
}

static int find_reaching(const struct service *service, struct accounts *accounts, struct err *err)
{
    const struct db_result *grants[] = {&accounts->grants.source, &accounts->grants.replica};
    const struct db_result *definers[] = {&accounts->definers.source, &accounts->definers.replica};
    struct texts *out = &accounts->reaching;
    size_t room = 0;
    for (size_t side = 0; side < 2; side++)
        room += grants[side]->row_count + definers[side]->row_count;
    int rc = texts_new(room, out, err);
    if (rc)
        return rc;
    for (size_t side = 0; side < 2; side++)
        for (size_t row = 0; row < grants[side]->row_count; row++) {
            const char *account = db_result_get(grants[side], row, "account");
            if (account && is_reaching(service, grants[side], row))
                out->list[out->count++] = account;
        }
    for (size_t side = 0; side < 2; side++)
        for (size_t row = 0; row < definers[side]->row_count; row++) {
            const char *definer = db_result_get(definers[side], row, "definer");
            const char *account = definer ? account_of(accounts, definer) : NULL;
            if (account)
                out->list[out->count++] = account;
        }
    qsort(out->list, out->count, sizeof(*out->list), by_text);
    size_t kept = 0;
    for (size_t i = 0; i < out->count; i++)
        if (!kept || strcmp(out->list[kept - 1], out->list[i]) != 0)
            out->list[kept++] = out->list[i];
    out->count = kept;
    for (size_t side = 0; side < 2; side++)
        add_members(out, grants[side]);
    return 0;
}

/* --- comparing --- */

struct account_filter {
    const struct accounts *accounts;
    const struct service *service;
};

static bool is_account_wanted(const void *context, const struct db_result *result, size_t row)
{
    const struct account_filter *filter = context;
    const char *account = db_result_get(result, row, "account");
    return account && texts_have(&filter->accounts->reaching, account);
}

/* Of accounts that both sides have: those of the others are told with the account. */
static bool is_grant_wanted(const void *context, const struct db_result *result, size_t row)
{
    const struct account_filter *filter = context;
    const char *account = db_result_get(result, row, "account");
    const char *database = db_result_get(result, row, "db");
    return is_account_wanted(context, result, row) &&
           texts_have(&filter->accounts->there[0], account) &&
           texts_have(&filter->accounts->there[1], account) &&
           (!database || is_of_service(filter->service, database));
}

static bool is_known(const void *context, bool at_source, const char *privilege, size_t len)
{
    const struct accounts *accounts = context;
    char name[128];
    const char *text = name;
    const struct texts *known = &accounts->known[at_source ? 0 : 1];
    (void)snprintf(name, sizeof(name), "%.*s", (int)len, privilege);
    /* What is not in any list at all (roles, EXECUTE of a routine) is compared. */
    return bsearch(&text, known->list, known->count, sizeof(text), by_text_any_case) ||
           !bsearch(&text, accounts->known[at_source ? 1 : 0].list,
                    accounts->known[at_source ? 1 : 0].count, sizeof(text), by_text_any_case);
}

/* A definer that the replica side has not. Those that are compared as accounts are told there. */
static int check_definer(struct objects_look *look, const struct accounts *accounts,
                         const char *definer, struct err *err)
{
    struct finding finding = {
        .difference = {.kind = DIFFERENCE_SCHEMA, .table = "accounts", .column = "definer"}};
    struct difference *difference = &finding.difference;
    bool is_at_source = texts_have(&accounts->anybody[0], definer);

    if (texts_have(&accounts->anybody[1], definer) || account_of(accounts, definer))
        return 0;
    finding.is_unsure = !is_at_source; /* equal on both sides, and broken on both */
    if (finding.is_unsure)
        (void)snprintf(difference->column, sizeof(difference->column), "%s",
                       "definer (neither side has this account)");
    (void)snprintf(difference->key, sizeof(difference->key), "account %s", definer);
    (void)snprintf(difference->source_value, sizeof(difference->source_value), "%s",
                   is_at_source ? "present" : "absent");
    (void)snprintf(difference->replica_value, sizeof(difference->replica_value), "%s", "absent");
    return objects_note(look, &finding, err);
}

static int check_definers(struct objects_look *look, const struct accounts *accounts,
                          struct err *err)
{
    int rc = 0;
    for (size_t row = 0; !rc && row < accounts->definers.replica.row_count; row++) {
        const char *definer = db_result_get(&accounts->definers.replica, row, "definer");
        if (definer)
            rc = check_definer(look, accounts, definer, err);
    }
    return rc;
}

int objects_compare_accounts(struct objects_look *look, struct err *err)
{
    CLEANUP(accounts_release) struct accounts accounts = {0};
    const struct service *service = look->options->service;
    const struct account_filter of = {.accounts = &accounts, .service = service};
    const struct object_filter account_filter = {.is_wanted = is_account_wanted, .context = &of};
    const struct object_filter grant_filter = {.is_wanted = is_grant_wanted, .context = &of};

    int rc = ask(&look->pair->source, service, &accounts, true, err);
    if (!rc)
        rc = objects_wait(look, err);
    if (!rc)
        rc = ask(&look->pair->replica, service, &accounts, false, err);
    if (!rc)
        rc = index_side(&accounts, true, err);
    if (!rc)
        rc = index_side(&accounts, false, err);
    if (!rc)
        rc = find_reaching(service, &accounts, err);
    if (rc)
        return rc;
    look->same.is_known = is_known;
    look->same.context = &accounts;
    rc = objects_compare_list(look, &account_list, "accounts", &accounts.accounts, &account_filter,
                              err);
    if (!rc)
        rc = objects_compare_list(look, &grant_list, "accounts", &accounts.grants, &grant_filter,
                                  err);
    look->same.is_known = NULL;
    look->same.context = NULL;
    return rc ? rc : check_definers(look, &accounts, err);
}
