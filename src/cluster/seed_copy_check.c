/* SPDX-License-Identifier: MIT */
/* What would be in the way of a copy, asked before anything that NEW holds is thrown away. */
#include <string.h>

#include "cluster/log_need.h"
#include "cluster/seed_job.h"
#include "cluster/seed_room.h"

#define ASSUMED_RATE 10000000ULL /* bytes a second: a slow machine, four workers */

/* What a server says about its tables is not what the other flavour takes. */
int seed_check_flavour(const struct session *source, const struct session *target, struct err *err)
{
    if (target->version.flavour == source->version.flavour)
        return 0;
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s is a %s and %s a %s", source->node->name,
                   flavour_name(source->version.flavour), target->node->name,
                   flavour_name(target->version.flavour));
}

/* --- tablespaces --- */

static int read_spaces(const struct service *service, struct session *session,
                       struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;

    buf_init(&databases, 65536);
    if (sql_is_nothing(SQL_SEED_TABLESPACES, &session->version))
        return 0;
    session_databases(service, &databases);
    return session_query(session, SQL_SEED_TABLESPACES,
                         &(struct sql_arg){"databases", buf_text(&databases)}, 1, out, err);
}

static bool has_space(const struct db_result *spaces, const char *name)
{
    for (size_t i = 0; i < spaces->row_count; i++)
        if (strcmp(result_text(spaces, i, "tablespace"), name) == 0)
            return true;
    return false;
}

/* What a table says of its tablespace is said again when it is made on NEW. */
static int check_spaces(const struct service *service, struct session *source,
                        struct session *target, struct err *err)
{
    CLEANUP(db_result_release) struct db_result used = {0};
    CLEANUP(db_result_release) struct db_result there = {0};

    int rc = read_spaces(service, source, &used, err);
    if (rc == 0)
        rc = read_spaces(service, target, &there, err);
    for (size_t i = 0; rc == 0 && i < used.row_count; i++) {
        const char *space = result_text(&used, i, "tablespace");
        const char *table = result_text(&used, i, "name");
        if (table[0] == '\0' || has_space(&there, space))
            continue;
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE,
                     "%s lies in the tablespace \"%s\", which %s does not have", table, space,
                     target->node->name);
        (void)err_hint(err,
                       "on %s, unlogged: CREATE TABLESPACE `%s` ADD DATAFILE '%s.ibd'; or on OLD: "
                       "ALTER TABLE ... TABLESPACE innodb_file_per_table",
                       target->node->name, space, space);
    }
    return rc;
}

static uint64_t bytes_of(const struct table_catalog *tables)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < tables->count; i++)
        bytes += tables->tables[i].bytes_estimate;
    return bytes;
}

int seed_check_source(struct session *source, const struct table_catalog *tables, uint64_t rate,
                      struct err *err)
{
    struct log_need need = {.node = source->node,
                            .bytes = bytes_of(tables),
                            .copies = 1, /* to all nodes of NEW at once */
                            .rate = rate,
                            .assumed_rate = ASSUMED_RATE};

    int rc = seed_check_tables(tables, err);
    if (rc == 0)
        rc = log_need_read(source, &need.kept_s, err);
    return rc != 0 ? rc : log_need_check(&need, err);
}

/* Without its indexes: what is too small for that is too small. */
static int check_target(const struct service *service, const struct node *node,
                        struct session *source, uint64_t bytes, const struct node **roomless,
                        struct err *err)
{
    CLEANUP(session_release) struct session target = {0};
    bool is_known = false;

    int rc = session_open(service, node, SESSION_CONTROLLER, &target, err);
    if (rc == 0)
        rc = seed_check_flavour(source, &target, err);
    if (rc == 0)
        rc = check_spaces(service, source, &target, err);
    if (rc == 0)
        rc = seed_room_check(&target, bytes, false, &is_known, err);
    if (rc == 0 && !is_known && *roomless == NULL)
        *roomless = node;
    return rc;
}

int seed_copy_check(const struct service *service, enum side from, uint64_t rate,
                    const struct node **out_roomless, struct err *err)
{
    CLEANUP(session_release) struct session source = {0};
    CLEANUP(table_catalog_release) struct table_catalog tables = {0};
    const struct session_limits limits = {.statement_ms = SEED_STATEMENT_MS};

    *out_roomless = NULL;
    int rc = session_open_within(service, service_primary(service, from), SESSION_CONTROLLER,
                                 &limits, &source, err);
    if (rc == 0)
        rc = session_exec(&source, SQL_SEED_SHAPES_SESSION, NULL, 0, err);
    if (rc == 0)
        rc = seed_load_tables(service, &source, &tables, err);
    if (rc == 0)
        rc = seed_check_source(&source, &tables, rate, err);
    for (size_t i = 0; rc == 0 && i < service->node_count; i++)
        if (service->nodes[i].side == side_other(from))
            rc = check_target(service, &service->nodes[i], &source, bytes_of(&tables), out_roomless,
                              err);
    return rc;
}
