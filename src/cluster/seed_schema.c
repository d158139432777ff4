/* SPDX-License-Identifier: MIT */
/* What tables there are, whether they can be seeded, and empty ones on the targets. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/signals.h"
#include "cluster/seed_job.h"
#include "sql/quote.h"

#define CREATE_CAP (16U << 20)

static const char *get_text(const void *result, size_t row, const char *column)
{
    return db_result_get(result, row, column);
}

static int load_rows(struct session *source, enum sql_id id, const char *database,
                     struct table_catalog *catalog, table_catalog_add_fn *add, struct err *err)
{
    CLEANUP(db_result_release) struct db_result rows = {0};
    const struct sql_arg args[] = {{"database", database}};
    int rc = session_query(source, id, args, ARRAY_LEN(args), &rows, err);
    const struct rows_reader reader = {.get = get_text, .context = &rows, .count = rows.row_count};
    return rc ? rc : table_catalog_add_rows(catalog, &reader, add, err);
}

int seed_load_tables(const struct service *service, struct session *source,
                     struct table_catalog *out, struct err *err)
{
    CLEANUP(table_catalog_release) struct table_catalog catalog = {0};
    int rc = 0;
    for (size_t i = 0; !rc && i < service->database_count; i++) {
        const char *database = service->databases[i];
        rc = load_rows(source, SQL_SHAPE_TABLES, database, &catalog, table_catalog_add_table, err);
        if (!rc)
            rc = load_rows(source, SQL_SHAPE_COLUMNS, database, &catalog, table_catalog_add_column,
                           err);
        if (!rc)
            rc = load_rows(source, SQL_SHAPE_INDEXES, database, &catalog,
                           table_catalog_add_index_part, err);
    }
    if (rc)
        return rc;
    *out = catalog;
    catalog = (struct table_catalog){0};
    return 0;
}

int seed_check_tables(const struct table_catalog *tables, struct err *err)
{
    CLEANUP(buf_release) struct buf names;
    buf_init(&names, 4096);
    for (size_t i = 0; i < tables->count; i++) {
        const struct table_shape *table = &tables->tables[i];
        bool is_plain = !strcmp(table->kind, "BASE TABLE");
        if (is_plain && !strcasecmp(table->engine, "InnoDB"))
            continue;
        if (names.len > 300) {
            buf_puts(&names, ", ...");
            break;
        }
        buf_printf(&names, "%s%s (%s)", names.len ? ", " : "", table->label,
                   is_plain ? table->engine : table->kind);
    }
    if (!names.len)
        return 0;
    (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                  "a snapshot of one moment does not hold these tables: %s", buf_text(&names));
    return err_hint(err, "convert them (ALTER TABLE ... ENGINE=InnoDB) or move them by hand");
}

int seed_check_unchanged(const struct service *service, struct session *source,
                         const struct table_catalog *before, struct err *err)
{
    CLEANUP(table_catalog_release) struct table_catalog now = {0};
    int rc = seed_load_tables(service, source, &now, err);
    if (rc)
        return rc;
    const char *changed = NULL;
    for (size_t i = 0; i < now.count && !changed; i++) {
        struct shape_difference difference;
        const struct table_shape *old =
            table_catalog_find(before, now.tables[i].database, now.tables[i].name);
        if (!old || table_shape_differ(old, &now.tables[i], &difference))
            changed = now.tables[i].label;
    }
    for (size_t i = 0; i < before->count && !changed; i++)
        if (!table_catalog_find(&now, before->tables[i].database, before->tables[i].name))
            changed = before->tables[i].label;
    if (!changed)
        return 0;
    (void)err_set(err, ERR_CONFLICT, EFFECT_APPLIED,
                  "%s was created, dropped or altered on %s while it was copied", changed,
                  source->node->name);
    return err_hint(err, "wipe the targets, keep DDL off the databases, and seed again");
}

/* Past the string or quoted name that begins here. */
static const char *past_quoted(const char *at)
{
    char quote = *at++;

    for (; *at != '\0'; at++) {
        bool is_pair = *at == quote ? at[1] == quote : *at == '\\' && quote != '`' && at[1];
        if (is_pair)
            at++;
        else if (*at == quote)
            return at + 1;
    }
    return at;
}

/* Past a clause that says in which folder files lie; NULL when none begins here. */
static const char *past_folder(const char *at)
{
    static const char *const clauses[] = {" DATA DIRECTORY", " INDEX DIRECTORY"};

    for (size_t i = 0; i < ARRAY_LEN(clauses); i++) {
        const char *value = at + strlen(clauses[i]);
        if (strncmp(at, clauses[i], strlen(clauses[i])) != 0)
            continue;
        value += strspn(value, " =");
        if (*value == '\'')
            return past_quoted(value);
    }
    return NULL;
}

void seed_table_here(const char *create, struct buf *out)
{
    const char *kept = create, *at = create;

    while (*at != '\0') {
        const char *next = past_folder(at);
        if (next != NULL) {
            buf_add(out, kept, (size_t)(at - kept));
            kept = next;
        } else {
            next = strchr("'\"`", *at) != NULL ? past_quoted(at) : at + 1;
        }
        at = next;
    }
    buf_puts(out, kept);
}

/* Run what SHOW CREATE says about `name` (quoted) on every target. */
static int repeat_create(struct session *source, struct seed_targets *targets, enum sql_id show,
                         const char *name, const char *column, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = session_query_row(source, show, &(struct sql_arg){"name", name}, 1, &result, err);
    if (rc)
        return rc;
    const char *create = db_result_get(&result, 0, column);
    if (!create)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s does not say how %s was made",
                       source->node->name, name);
    if (show != SQL_SEED_SHOW_TABLE)
        return seed_targets_run(targets, create, err);
    CLEANUP(buf_release) struct buf here;
    buf_init(&here, CREATE_CAP);
    seed_table_here(create, &here);
    rc = buf_check(&here, err);
    return rc ? rc : seed_targets_run(targets, buf_text(&here), err);
}

static int create_in_database(const char *database, struct session *source,
                              struct seed_targets *targets, const struct table_catalog *tables,
                              struct err *err)
{
    CLEANUP(buf_release) struct buf quoted;
    buf_init(&quoted, 1024);
    sql_quote_part(database, &quoted);
    int rc = repeat_create(source, targets, SQL_SEED_SHOW_DATABASE, buf_text(&quoted),
                           "Create Database", err);
    if (!rc)
        rc = seed_targets_exec(targets, SQL_SEED_USE,
                               &(struct sql_arg){"database", buf_text(&quoted)}, 1, err);
    for (size_t i = 0; !rc && i < tables->count; i++) {
        const struct table_shape *table = &tables->tables[i];
        if (strcmp(table->database, database) != 0)
            continue;
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_APPLIED, "stopped while creating tables");
        buf_reset(&quoted);
        sql_quote_table(database, table->name, &quoted);
        rc = repeat_create(source, targets, SQL_SEED_SHOW_TABLE, buf_text(&quoted), "Create Table",
                           err);
        if (rc)
            return err_wrap(err, "creating %s", table->label);
    }
    return rc;
}

int seed_create_tables(const struct service *service, struct session *source,
                       struct seed_targets *targets, const struct table_catalog *tables,
                       struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < service->database_count; i++)
        rc = create_in_database(service->databases[i], source, targets, tables, err);
    return rc;
}
