/* SPDX-License-Identifier: MIT */
/*
 * The questions that take their time, asked only by a person who wants to know everything before
 * the day. A side that cannot be read stays unknown, and unknown blocks.
 */
#include "cluster/survey.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cluster/hold.h"
#include "cluster/session.h"
#include "cluster/survey_hosts.h"
#include "cluster/survey_logins.h"
#include "cluster/survey_topics.h"
#include "cluster/tunnels.h"

/*
 * The global privileges of etc/grants-mariadb.sql and etc/grants-mysql.sql, as servers name them in
 * information_schema.
 */
static const struct needed_grant {
    const char *name;
    enum flavour flavour;
    unsigned from, below; /* version_number(); below 0: to this day */
} needed_grants[] = {
    {"REPLICATION SLAVE ADMIN", FLAVOUR_MARIADB, 0, 0},
    {"REPLICATION MASTER ADMIN", FLAVOUR_MARIADB, 0, 0},
    {"SLAVE MONITOR", FLAVOUR_MARIADB, 0, 0},
    {"BINLOG MONITOR", FLAVOUR_MARIADB, 0, 0},
    {"BINLOG ADMIN", FLAVOUR_MARIADB, 0, 0},
    {"READ_ONLY ADMIN", FLAVOUR_MARIADB, 0, 0},
    {"CONNECTION ADMIN", FLAVOUR_MARIADB, 0, 0},
    {"PROCESS", FLAVOUR_MARIADB, 0, 0},
    {"RELOAD", FLAVOUR_MARIADB, 0, 0},
    {"SET USER", FLAVOUR_MARIADB, 0, 0},
    {"CREATE USER", FLAVOUR_MARIADB, 0, 0},
    {"SUPER", FLAVOUR_MARIADB, 0, 0},

    {"REPLICATION CLIENT", FLAVOUR_MYSQL, 0, 0},
    {"REPLICATION SLAVE", FLAVOUR_MYSQL, 0, 0},
    {"PROCESS", FLAVOUR_MYSQL, 0, 0},
    {"RELOAD", FLAVOUR_MYSQL, 0, 0},
    {"SUPER", FLAVOUR_MYSQL, 0, 80000},
    {"CREATE USER", FLAVOUR_MYSQL, 0, 80000},
    {"REPLICATION_SLAVE_ADMIN", FLAVOUR_MYSQL, 80000, 0},
    {"SYSTEM_VARIABLES_ADMIN", FLAVOUR_MYSQL, 80000, 0},
    {"CONNECTION_ADMIN", FLAVOUR_MYSQL, 80000, 0},
    {"XA_RECOVER_ADMIN", FLAVOUR_MYSQL, 80000, 0},
    {"SET_USER_ID", FLAVOUR_MYSQL, 80000, 80200},
    {"SYSTEM_USER", FLAVOUR_MYSQL, 80016, 0},
    {"SET_ANY_DEFINER", FLAVOUR_MYSQL, 80200, 0},
};

static int no_memory(struct err *err)
{
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "no memory for the survey");
}

static int query_databases(const struct service *service, struct session *session, enum sql_id id,
                           struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;
    buf_init(&databases, 1U << 20);
    session_databases(service, &databases);
    return session_query(session, id, &(struct sql_arg){"databases", buf_text(&databases)}, 1, out,
                         err);
}

/* --- what both sides are asked --- */

static int read_settings(struct session *session, struct survey *out, enum side side,
                         struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(session, SQL_SURVEY_SETTINGS, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    result_copy(&row, 0, "sql_mode", out->side[side].sql_mode, sizeof(out->side[side].sql_mode));
    result_copy(&row, 0, "collation", out->side[side].collation, sizeof(out->side[side].collation));
    result_copy(&row, 0, "time_zone", out->side[side].time_zone, sizeof(out->side[side].time_zone));
    return 0;
}

static bool is_local(const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "127.0.0.1") == 0 ||
           strcmp(host, "::1") == 0;
}

static int read_bypass(const struct service *service, struct session *session, struct survey *out,
                       enum side side, struct err *err)
{
    CLEANUP(buf_release) struct buf ours;
    CLEANUP(db_result_release) struct db_result rows = {0};
    buf_init(&ours, 4096);
    session_our_accounts(service, &ours);
    int rc = session_query(session, SQL_SURVEY_BYPASS, &(struct sql_arg){"ours", buf_text(&ours)},
                           1, &rows, err);
    if (rc != 0)
        return rc;
    struct survey_account *accounts = calloc(rows.row_count + 1, sizeof(*accounts));
    if (accounts == NULL)
        return no_memory(err);
    for (size_t i = 0; i < rows.row_count; i++) {
        (void)snprintf(accounts[i].name, sizeof(accounts[i].name), "%s@%s",
                       result_text(&rows, i, "user"), result_text(&rows, i, "host"));
        result_copy(&rows, i, "reason", accounts[i].reason, sizeof(accounts[i].reason));
        accounts[i].is_remote = !is_local(result_text(&rows, i, "host"));
        accounts[i].is_live = result_number(&rows, i, "is_live") != 0;
        accounts[i].is_stopped = result_number(&rows, i, "is_stopped") != 0;
    }
    out->side[side].bypass = accounts;
    out->side[side].bypass_count = rows.row_count;
    return 0;
}

/* Would it be locked while its side is closed? Then a privilege does not help it to write there. */
static bool is_held(const struct service *service, const struct hold_list *list,
                    const struct survey_account *bypass)
{
    for (size_t i = 0; i < list->count; i++) {
        char name[400];
        (void)snprintf(name, sizeof(name), "%s@%s", list->accounts[i].user, list->accounts[i].host);
        if (strcmp(name, bypass->name) != 0)
            continue;
        enum hold_choice choice = hold_choose(service, list->accounts, list->count, i);
        return choice == HOLD_LOCKS || choice == HOLD_LEAVES_LOCKED;
    }
    return false;
}

static int read_hold(const struct service *service, struct session *session, struct survey *out,
                     enum side side, struct err *err)
{
    CLEANUP(db_result_release) struct db_result origin = {0};
    struct hold_list list = {0};
    int rc = session_query_row(session, SQL_HOLD_ORIGIN, NULL, 0, &origin, err);
    if (rc == 0)
        rc = hold_accounts(service, session, &list, err);
    if (rc != 0)
        return rc;
    result_copy(&origin, 0, "origin", out->side[side].read_only_origin,
                sizeof(out->side[side].read_only_origin));
    const char *value = result_text(&origin, 0, "value");
    out->side[side].is_read_only_set = strcasecmp(value, "ON") == 0 || strcmp(value, "1") == 0;
    out->side[side].accounts = list.accounts;
    out->side[side].account_count = list.count;
    if (hold_way(service, &session->version) != HOLD_LOCK)
        return 0;
    for (size_t i = 0; i < out->side[side].bypass_count; i++)
        out->side[side].bypass[i].is_held = is_held(service, &list, &out->side[side].bypass[i]);
    return 0;
}

static int read_events(const struct service *service, struct session *session, struct survey *out,
                       enum side side, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = query_databases(service, session, SQL_EVENTS_LIST, &rows, err);
    if (rc != 0)
        return rc;
    struct survey_event *events = calloc(rows.row_count + 1, sizeof(*events));
    if (events == NULL)
        return no_memory(err);
    for (size_t i = 0; i < rows.row_count; i++) {
        (void)snprintf(events[i].name, sizeof(events[i].name), "%s.%s",
                       result_text(&rows, i, "event_schema"), result_text(&rows, i, "event_name"));
        result_copy(&rows, i, "definer", events[i].definer, sizeof(events[i].definer));
        result_copy(&rows, i, "status", events[i].status, sizeof(events[i].status));
    }
    out->side[side].events = events;
    out->side[side].event_count = rows.row_count;
    return 0;
}

static bool has_value(const struct db_result *rows, const char *column, const char *value)
{
    for (size_t i = 0; i < rows->row_count; i++)
        if (strcmp(result_text(rows, i, column), value) == 0)
            return true;
    return false;
}

static bool is_needed(const struct needed_grant *grant, const struct server_version *version)
{
    unsigned number = version_number(version);
    return grant->flavour == version->flavour && number >= grant->from &&
           (grant->below == 0 || number < grant->below);
}

/* Only who is to lock accounts has to be allowed to. */
static bool is_spared(const struct service *service, const struct session *session,
                      const struct needed_grant *grant)
{
    return strcmp(grant->name, "CREATE USER") == 0 &&
           hold_way(service, &session->version) != HOLD_LOCK;
}

static int read_grants(const struct service *service, struct session *session, struct survey *out,
                       enum side side, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    char *missing = out->side[side].missing_grants;
    size_t room = sizeof(out->side[side].missing_grants);
    int rc = session_query(session, SQL_SURVEY_GRANTS, NULL, 0, &rows, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(needed_grants); i++) {
        if (!is_needed(&needed_grants[i], &session->version) ||
            is_spared(service, session, &needed_grants[i]) ||
            has_value(&rows, "privilege", needed_grants[i].name))
            continue;
        size_t used = strlen(missing);
        (void)snprintf(missing + used, room - used, "%s%s", used > 0 ? ", " : "",
                       needed_grants[i].name);
    }
    return 0;
}

/* --- logins --- */

static enum tri try_login(const struct service *service, enum side side,
                          enum session_account account, char *why, size_t why_size)
{
    CLEANUP(session_release) struct session session = {0};
    struct err err = {0};
    if (session_open(service, service_primary(service, side), account, &session, &err) == 0)
        return TRI_YES;
    (void)snprintf(why, why_size, "%.250s", err.msg);
    return TRI_NO;
}

/*
 * Who will log in is the other side's primary, from its own host. Where that can be logged in to it
 * is tried from there: the server sees its address, and what is in the way is in the way.
 */
static enum tri try_replication(const struct service *service, struct survey *out, enum side side)
{
    char *why = out->side[side].replication_login_error;
    size_t why_size = sizeof(out->side[side].replication_login_error);
    const struct node *source = service_primary(service, side);
    const struct node *replica = service_primary(service, side_other(side));
    CLEANUP(tunnels_endp) struct tunnels *tunnels = NULL;
    CLEANUP(session_release) struct session session = {0};
    struct node from_there = {0};
    struct err err = {0};
    bool is_here = replica->ssh == NULL || tunnels_show_password(service, source);
    out->side[side].is_login_tried_here = is_here;
    if (is_here)
        return try_login(service, side, SESSION_REPLICATION, why, why_size);
    if (tunnels_between(replica, source, &from_there, &tunnels, &err) == 0 &&
        session_open(service, &from_there, SESSION_REPLICATION, &session, &err) == 0)
        return TRI_YES;
    (void)snprintf(why, why_size, "from %.60s: %.180s", replica->ssh->host, err.msg);
    return TRI_NO;
}

static void try_logins(const struct service *service, struct survey *out, enum side side)
{
    out->side[side].replication_login = try_replication(service, out, side);
    out->side[side].monitor_login =
        try_login(service, side, SESSION_MONITOR, out->side[side].monitor_login_error,
                  sizeof(out->side[side].monitor_login_error));
}

/* --- tables and definers --- */

static int read_tables(const struct service *service, struct session *session, struct survey *out,
                       struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    int rc = query_databases(service, session, SQL_TABLE_LIST, &rows, err);
    if (rc != 0)
        return rc;
    struct survey_table *tables = calloc(rows.row_count + 1, sizeof(*tables));
    if (tables == NULL)
        return no_memory(err);
    for (size_t i = 0; i < rows.row_count; i++) {
        (void)snprintf(tables[i].name, sizeof(tables[i].name), "%s.%s", result_text(&rows, i, "db"),
                       result_text(&rows, i, "name"));
        result_copy(&rows, i, "engine", tables[i].engine, sizeof(tables[i].engine));
        tables[i].has_primary_key = result_number(&rows, i, "has_primary_key") != 0;
        tables[i].rows_estimate = (uint64_t)result_number(&rows, i, "rows");
        tables[i].bytes = (uint64_t)result_number(&rows, i, "bytes");
    }
    out->tables = tables;
    out->table_count = rows.row_count;
    return 0;
}

static int note_missing(struct survey *out, enum side side, const char *definer, struct err *err)
{
    size_t count = out->side[side].missing_definer_count;
    char **grown = realloc(out->side[side].missing_definers, (count + 1) * sizeof(*grown));
    if (grown == NULL)
        return no_memory(err);
    out->side[side].missing_definers = grown;
    grown[count] = strdup(definer);
    if (grown[count] == NULL)
        return no_memory(err);
    out->side[side].missing_definer_count++;
    return 0;
}

/* Whoever is a definer on the side that has the data must exist on both. */
static int compare_definers(const struct service *service, struct session *with_data,
                            struct session *session, enum side side, struct survey *out,
                            struct err *err)
{
    CLEANUP(db_result_release) struct db_result definers = {0};
    CLEANUP(db_result_release) struct db_result accounts = {0};
    int rc = query_databases(service, with_data, SQL_SURVEY_DEFINERS, &definers, err);
    if (rc != 0)
        return rc;
    rc = session_query(session, SQL_SURVEY_ACCOUNTS, NULL, 0, &accounts, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; rc == 0 && i < definers.row_count; i++)
        if (!has_value(&accounts, "account", result_text(&definers, i, "definer")))
            rc = note_missing(out, side, result_text(&definers, i, "definer"), err);
    return rc;
}

/* --- the whole --- */

static int survey_side(const struct service *service, struct session *session, struct survey *out,
                       enum side side, struct err *err)
{
    int rc =
        session_open(service, service_primary(service, side), SESSION_CONTROLLER, session, err);
    if (rc == 0)
        rc = read_settings(session, out, side, err);
    if (rc == 0)
        rc = read_bypass(service, session, out, side, err);
    if (rc == 0)
        rc = read_hold(service, session, out, side, err);
    if (rc == 0)
        rc = read_events(service, session, out, side, err);
    if (rc == 0)
        rc = read_grants(service, session, out, side, err);
    return rc;
}

static int survey_data(const struct service *service, struct session sessions[SIDE_COUNT],
                       struct survey *out, enum side *out_side, struct err *err)
{
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        if (out->side[side].is_read != TRI_YES)
            continue;
        free(out->tables);
        out->tables = NULL;
        out->table_count = 0;
        int rc = read_tables(service, &sessions[side], out, err);
        if (rc != 0)
            return rc;
        *out_side = (enum side)side;
        if (out->table_count > 0)
            break;
    }
    return 0;
}

static void release_sessions(struct session (*sessions)[SIDE_COUNT])
{
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++)
        session_release(&(*sessions)[side]);
}

int survey_clusters(const struct service *service, struct survey *out, struct err *err)
{
    CLEANUP(release_sessions) struct session sessions[SIDE_COUNT] = {0};
    struct err cause = {0};
    const struct server_version *versions[SIDE_COUNT] = {0};
    enum side data = SIDE_OLD;
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        int rc = survey_side(service, &sessions[side], out, (enum side)side, &cause);
        if (rc == ERR_MEMORY)
            return no_memory(err);
        out->side[side].is_read = tri_of(rc == 0);
        try_logins(service, out, (enum side)side);
    }
    int rc = survey_data(service, sessions, out, &data, &cause);
    for (int side = SIDE_OLD; rc == 0 && side < SIDE_COUNT; side++)
        if (out->side[side].is_read == TRI_YES)
            rc = compare_definers(service, &sessions[data], &sessions[side], (enum side)side, out,
                                  &cause);
    if (rc == ERR_MEMORY)
        return no_memory(err);
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        if (rc != 0) /* half of an answer is none */
            out->side[side].is_read = TRI_NO;
        int side_rc = sessions[side].db != NULL
                          ? survey_topics(service, &sessions[side], out->side[side].topics, err)
                          : 0;
        if (side_rc != 0)
            return side_rc;
        if (sessions[side].db != NULL)
            versions[side] = &sessions[side].version;
    }
    /* The topics first: without the server's variables nobody knows where to look. */
    int hosts_rc = survey_hosts(service, versions, out, err);
    return hosts_rc != 0 ? hosts_rc : survey_logins(service, out, err);
}

int survey_agents(const struct service *service, struct survey *out, struct err *err)
{
    for (int side = SIDE_OLD; side < SIDE_COUNT; side++) {
        CLEANUP(session_release) struct session session = {0};
        struct survey_list *list = &out->side[side].topics[SURVEY_AGENTS];
        struct err cause = {0};
        int rc = session_open(service, service_primary(service, (enum side)side),
                              SESSION_CONTROLLER, &session, &cause);
        if (rc == 0)
            rc = survey_agent_topics(service, &session, out->side[side].topics, &cause);
        if (rc == ERR_MEMORY)
            return no_memory(err);
        if (rc != 0)
            (void)snprintf(list->error, sizeof(list->error), "%.250s", cause.msg);
    }
    return 0;
}
