/* SPDX-License-Identifier: MIT */
/* Routines, views, triggers and events, each made under the settings its maker had. */
#include <stdio.h>
#include <string.h>

#include "cluster/seed_job.h"
#include "sql/quote.h"

static const struct program_kind {
    const char *name; /* as the lists say */
    enum sql_id show;
    const char *column;
} kinds[] = {
    {"VIEW", SQL_SEED_SHOW_VIEW, "Create View"},
    {"FUNCTION", SQL_SEED_SHOW_FUNCTION, "Create Function"},
    {"PROCEDURE", SQL_SEED_SHOW_PROCEDURE, "Create Procedure"},
    {"PACKAGE", SQL_SEED_SHOW_PACKAGE, "Create Package"},
    {"PACKAGE BODY", SQL_SEED_SHOW_PACKAGE_BODY, "Create Package Body"},
    {"TRIGGER", SQL_SEED_SHOW_TRIGGER, "SQL Original Statement"},
    {"EVENT", SQL_SEED_SHOW_EVENT, "Create Event"},
};

/*
 * Views may use routines and routines views, but a routine's body is not looked up when it is made.
 */
static const enum sql_id lists[] = {SQL_SEED_ROUTINES, SQL_SEED_VIEWS, SQL_SEED_TRIGGERS,
                                    SQL_SEED_EVENTS};

static const struct program_kind *kind_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
        if (!strcmp(kinds[i].name, name))
            return &kinds[i];
    return NULL;
}

/* Past the quoted name that follows EVENT: a name or a definer may contain anything. */
static const char *after_name(const char *create)
{
    const char *at = create;
    for (bool is_quoted = false; *at; at++) {
        if (*at == '`')
            is_quoted = !is_quoted;
        else if (!is_quoted && !strncmp(at, " EVENT `", 8))
            break;
    }
    if (!*at)
        return NULL;
    for (at += 8; *at && (*at != '`' || at[1] == '`'); at++)
        at += *at == '`';
    return *at ? at + 1 : NULL;
}

bool seed_event_waiting(const char *create, struct buf *out)
{
    static const char *const clauses[] = {" ON COMPLETION NOT PRESERVE ENABLE",
                                          " ON COMPLETION PRESERVE ENABLE"};
    const char *rest = after_name(create), *first = NULL;
    size_t clause_len = 0;

    for (size_t i = 0; rest && i < ARRAY_LEN(clauses); i++) {
        const char *at = strstr(rest, clauses[i]);
        if (!at || (first && at > first))
            continue;
        first = at;
        clause_len = strlen(clauses[i]);
    }
    /* The body comes after DO; an ENABLE in there belongs to it. */
    const char *body = rest ? strstr(rest, " DO ") : NULL;
    if (!first || (body && body < first))
        return false;
    buf_add(out, create, (size_t)(first - create) + clause_len - strlen("ENABLE"));
    buf_puts(out, "DISABLE ON SLAVE");
    buf_puts(out, first + clause_len);
    return true;
}

/* The settings of one program, on both ends. */
static int set_settings(struct session *source, struct seed_targets *targets,
                        const struct db_result *list, size_t row, struct err *err)
{
    const char *client = result_text(list, row, "client");
    const struct sql_arg settings[] = {{"client", client},
                                       {"collation", result_text(list, row, "collation")},
                                       {"mode", result_text(list, row, "sql_mode")},
                                       {"zone", result_text(list, row, "zone")}};
    int rc =
        session_exec(source, SQL_SEED_PROGRAM_READ, &(struct sql_arg){"client", client}, 1, err);
    return rc ? rc
              : seed_targets_exec(targets, SQL_SEED_PROGRAM_WRITE, settings, ARRAY_LEN(settings),
                                  err);
}

static int create_one(struct session *source, struct seed_targets *targets, const char *database,
                      const struct db_result *list, size_t row, struct err *err)
{
    CLEANUP(db_result_release) struct db_result shown = {0};
    CLEANUP(buf_release) struct buf text = {0};
    const char *name = result_text(list, row, "name");
    const struct program_kind *kind = kind_named(result_text(list, row, "kind"));

    if (!kind)
        return err_set(err, ERR_REFUSED, EFFECT_APPLIED,
                       "%s.%s is a %s: that kind cannot be copied", database, name,
                       result_text(list, row, "kind"));
    int rc = set_settings(source, targets, list, row, err);
    buf_init(&text, 16U << 20);
    sql_quote_table(database, name, &text);
    if (!rc)
        rc = session_query_row(source, kind->show, &(struct sql_arg){"name", buf_text(&text)}, 1,
                               &shown, err);
    if (rc)
        return rc;
    const char *create = db_result_get(&shown, 0, kind->column);
    if (!create) {
        (void)err_set(err, ERR_REFUSED, EFFECT_APPLIED,
                      "%s does not show the text of %s %s.%s to us", source->node->name, kind->name,
                      database, name);
        return err_hint(err, "the controller's account needs SHOW_ROUTINE (MySQL from 8.0.20), or "
                             "SELECT on mysql.* (MariaDB, MySQL 5.7)");
    }
    buf_reset(&text);
    if (strcmp(kind->name, "EVENT") != 0 || !seed_event_waiting(create, &text))
        buf_puts(&text, create);
    rc = buf_check(&text, err);
    return rc ? rc : seed_targets_run(targets, buf_text(&text), err);
}

/*
 * A view needs the views it selects from, so those that fail are tried again as long as any
 * succeeds.
 */
static int create_listed(struct session *source, struct seed_targets *targets, const char *database,
                         const struct db_result *list, struct err *err)
{
    bool is_made[1024] = {0};
    size_t made = 0, made_before;

    if (list->row_count > ARRAY_LEN(is_made))
        return err_set(err, ERR_REFUSED, EFFECT_APPLIED,
                       "%s holds more than %zu programs of one kind", database, ARRAY_LEN(is_made));
    do {
        made_before = made;
        for (size_t row = 0; row < list->row_count; row++) {
            if (is_made[row])
                continue;
            struct err cause = {0};
            int rc = create_one(source, targets, database, list, row, &cause);
            if (rc && (rc != ERR_SERVER || strcmp(result_text(list, row, "kind"), "VIEW") != 0)) {
                *err = cause;
                return err_wrap(err, "creating %s.%s", database, result_text(list, row, "name"));
            }
            is_made[row] = rc == 0;
            made += rc == 0;
            if (rc)
                *err = cause;
        }
    } while (made > made_before && made < list->row_count);
    return made == list->row_count ? 0 : err_wrap(err, "creating the views of %s", database);
}

/* --- whom the targets trust --- */

/*
 * A server with a binary log lets only superusers make functions and triggers, and refuses
 * functions that the source took. Nothing of them is logged here, and rows are logged as rows.
 */
static int trust(struct session *target, bool *out_was_off, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(target, SQL_SEED_TRUST_GET, NULL, 0, &row, err);
    *out_was_off = !rc && result_number(&row, 0, "trust") == 0;
    if (*out_was_off)
        rc = session_exec(target, SQL_SEED_TRUST_SET, &(struct sql_arg){"trust", "1"}, 1, err);
    return rc;
}

/* Of two failures the first one is told. */
static int trust_no_more(struct session *target, int rc, struct err *err)
{
    struct err ignored;
    int put_rc = session_exec(target, SQL_SEED_TRUST_SET, &(struct sql_arg){"trust", "0"}, 1,
                              rc ? &ignored : err);
    return rc ? rc : put_rc;
}

static int create_all(const struct service *service, struct session *source,
                      struct seed_targets *targets, struct err *err)
{
    for (size_t i = 0; i < service->database_count; i++) {
        const char *database = service->databases[i];
        CLEANUP(buf_release) struct buf quoted;
        buf_init(&quoted, 1024);
        sql_quote_part(database, &quoted);
        const struct sql_arg use = {"database", buf_text(&quoted)};
        int rc = session_exec(source, SQL_SEED_USE, &use, 1, err);
        if (!rc)
            rc = seed_targets_exec(targets, SQL_SEED_USE, &use, 1, err);
        for (size_t k = 0; !rc && k < ARRAY_LEN(lists); k++) {
            CLEANUP(db_result_release) struct db_result list = {0};
            const struct sql_arg of = {"database", database};
            const struct sql_arg utf8 = {
                "client", "utf8mb4"}; /* the names in the list, whatever the last program used */
            rc = session_exec(source, SQL_SEED_PROGRAM_READ, &utf8, 1, err);
            if (!rc)
                rc = session_query(source, lists[k], &of, 1, &list, err);
            if (!rc)
                rc = create_listed(source, targets, database, &list, err);
        }
        if (rc)
            return rc;
    }
    return 0;
}

int seed_create_programs(const struct service *service, struct session *source,
                         struct seed_targets *targets, struct err *err)
{
    bool was_off[SERVICE_NODE_CAP] = {false};
    int rc = 0;

    for (size_t i = 0; !rc && i < targets->count; i++)
        rc = trust(&targets->sessions[i], &was_off[i], err);
    if (!rc)
        rc = create_all(service, source, targets, err);
    for (size_t i = 0; i < targets->count; i++)
        if (was_off[i])
            rc = trust_no_more(&targets->sessions[i], rc, err);
    return rc;
}
