/* SPDX-License-Identifier: MIT */
/* A repair from its beginning to its end. */
#include "verify/repair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/signals.h"
#include "verify/key_text.h"
#include "verify/repair_inner.h"
#include "verify/schema.h"

enum native_error { NATIVE_ACCESS_DENIED = 1227 };

const char *repair_state_name(enum repair_state state)
{
    switch (state) {
    case REPAIR_PLANNED:
        return "planned";
    case REPAIR_REFUSED:
        return "refused";
    case REPAIR_SENT:
        return "sent";
    case REPAIR_EQUAL:
        return "equal";
    case REPAIR_DIFFERENT:
        return "different";
    }
    return "planned";
}

size_t repair_count(const struct repair *repair)
{
    return repair->count;
}

const struct repair_row *repair_at(const struct repair *repair, size_t number)
{
    return &repair->items[number].row;
}

size_t repair_count_of(const struct repair *repair, enum repair_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < repair->count; i++)
        count += repair->items[i].row.state == state;
    return count;
}

void repair_free(struct repair *repair)
{
    if (!repair)
        return;
    pair_release(&repair->pair);
    db_freep(&repair->writer.db);
    for (size_t i = 0; i < repair->node_count; i++)
        db_freep(&repair->nodes[i].db);
    for (size_t i = 0; i < repair->table_count; i++)
        repair_table_release(&repair->tables[i]);
    for (size_t i = 0; i < repair->count; i++)
        key_point_release(&repair->items[i].key);
    free(repair->tables);
    free(repair->items);
    table_catalog_release(&repair->source);
    table_catalog_release(&repair->replica);
    free(repair);
}

void repair_freep(struct repair **repair)
{
    repair_free(*repair);
    *repair = NULL;
}

/* --- opening ---------------------------------------------------------------------------------- */

static bool says_yes(const struct db_result *result, const char *column)
{
    const char *text = db_result_get(result, 0, column);
    return text && strcmp(text, "0") != 0;
}

/* Can a statement pass from the writer's log to the replica side? */
static int check_way(struct repair *repair, struct err *err)
{
    CLEANUP(db_result_release) struct db_result source = {0};
    CLEANUP(db_result_release) struct db_result replica = {0};
    CLEANUP(db_result_release) struct db_result galera = {0};
    int rc = end_query(&repair->writer, SQL_REPAIR_READY, NULL, 0, &source, err);

    if (!rc)
        rc = end_query(&repair->pair.replica, SQL_REPAIR_READY, NULL, 0, &replica, err);
    if (!rc)
        rc = end_query(&repair->writer, SQL_GALERA_SIZE, NULL, 0, &galera, err);
    if (rc)
        return rc;
    const char *packet = db_result_get(&source, 0, "packet");
    repair->packet_bytes = packet ? strtoull(packet, NULL, 10) : 0;
    if (!says_yes(&source, "is_logged"))
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s has no binary log",
                       db_where(repair->writer.db));
    if (says_yes(&galera, "size"))
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "%s is in a Galera cluster, which takes no statements: repair by hand, or "
                       "seed again",
                       db_where(repair->writer.db));
    if (says_yes(&replica, "is_row_only"))
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "a channel of %s has REQUIRE_ROW_FORMAT: a statement would stop it",
                       db_where(repair->pair.replica.db));
    return 0;
}

static int open_writer(struct repair *repair, struct err *err)
{
    const struct node *node = service_primary(repair->options.service, repair->options.source);
    int rc = end_open(repair->options.service, node, &repair->writer, err);

    if (!rc)
        rc = end_exec(&repair->writer, SQL_REPAIR_SESSION, err);
    if (rc == ERR_SERVER && err->native == NATIVE_ACCESS_DENIED)
        return err_hint(err, "a repair logs statements: grant BINLOG ADMIN (MariaDB), "
                             "SESSION_VARIABLES_ADMIN (MySQL 8.0 and newer) or SUPER (5.7)");
    return rc;
}

static int open_nodes(struct repair *repair, struct err *err)
{
    const struct service *service = repair->options.service;

    for (size_t i = 0; i < service->node_count; i++) {
        const struct node *node = &service->nodes[i];
        if (node->is_primary || node->side == repair->options.source)
            continue;
        repair->node_names[repair->node_count] = node->name;
        int rc = end_open(service, node, &repair->nodes[repair->node_count], err);
        if (rc) {
            db_freep(&repair->nodes[repair->node_count].db);
            return rc;
        }
        repair->node_count++;
    }
    return 0;
}

static void refuse_row(struct repair_item *item, const char *why)
{
    item->row.state = REPAIR_REFUSED;
    (void)snprintf(item->row.why, sizeof(item->row.why), "%.300s", why);
}

static int add_item(struct repair *repair, const struct difference *difference, struct err *err)
{
    struct repair_item *item = &repair->items[repair->count++];

    *item = (struct repair_item){.row.difference = difference, .table = SIZE_MAX};
    if (difference->kind == DIFFERENCE_SCHEMA) {
        refuse_row(item,
                   "definitions are not repaired: alter the one that is wrong (on the replica "
                   "side with sql_log_bin = 0), or seed again");
        return 0;
    }
    int rc = repair_table_find(repair, difference->table, &item->table, err);
    if (rc == ERR_REFUSED) {
        refuse_row(item, err->msg);
        *err = (struct err){0};
        return 0;
    }
    if (rc || repair->tables[item->table].why[0])
        return rc;
    if (!difference->point[0]) {
        refuse_row(item, "its key is too long to be told");
        return 0;
    }
    return verify_key_parse(difference->point, &item->key, err);
}

/* What is known of the tables only now holds for all of their rows. */
static void refuse_rows_of_tables(struct repair *repair)
{
    for (size_t i = 0; i < repair->count; i++) {
        struct repair_item *item = &repair->items[i];
        if (item->table != SIZE_MAX && repair->tables[item->table].why[0])
            refuse_row(item, repair->tables[item->table].why);
    }
}

static int open_all(struct repair *repair, const struct difference *differences, size_t count,
                    struct err *err)
{
    const struct repair_options *options = &repair->options;
    int rc = pair_open(options->service, options->source, false, &repair->pair, err);

    if (rc)
        return rc;
    if (repair->pair.is_shared && !options->is_shared_allowed) {
        (void)err_set(err, ERR_REFUSED, EFFECT_NONE,
                      "both sides take writes: which of them is right?");
        return err_hint(err, "say it with --right old or --right new");
    }
    if (!repair->pair.source.is_open)
        return err_set(err, ERR_REFUSED, EFFECT_NONE,
                       "%s is closed: a repair is written there, and goes on from there",
                       db_where(repair->pair.source.db));
    rc = open_writer(repair, err);
    if (!rc)
        rc = check_way(repair, err);
    if (!rc)
        rc = open_nodes(repair, err);
    if (!rc)
        rc = schema_load(options->service, &repair->pair.source, &repair->source, err);
    if (!rc)
        rc = schema_load(options->service, &repair->pair.replica, &repair->replica, err);
    for (size_t i = 0; !rc && i < count; i++)
        rc = add_item(repair, &differences[i], err);
    if (!rc)
        rc = repair_tables_find_triggers(repair, err);
    if (!rc)
        refuse_rows_of_tables(repair);
    return rc;
}

int repair_open(const struct repair_options *options, const struct difference *differences,
                size_t count, struct repair **out, struct err *err)
{
    struct repair *repair = calloc(1, sizeof(*repair));

    if (repair)
        repair->items = calloc(count ? count : 1, sizeof(*repair->items));
    if (!repair || !repair->items) {
        free(repair);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for %zu rows", count);
    }
    repair->options = *options;
    int rc = open_all(repair, differences, count, err);
    if (rc) {
        repair_free(repair);
        return rc;
    }
    *out = repair;
    return 0;
}

int repair_statement(struct repair *repair, size_t number, bool has_values, struct buf *out,
                     struct err *err)
{
    const struct repair_item *item = &repair->items[number];
    struct row_hash hash;

    if (item->row.state != REPAIR_PLANNED)
        return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s", item->row.why);
    return repair_row_read(repair, item, &repair->pair.source, false,
                           has_values ? REPAIR_CUT : REPAIR_REDACTED, out, &hash, err);
}

/* --- the rows --------------------------------------------------------------------------------- */

static int send_row(struct repair *repair, struct repair_item *item, struct err *err)
{
    bool agrees = false;

    if (item->row.state != REPAIR_PLANNED)
        return 0;
    if (signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped between two rows");
    int rc = repair_agrees_downstream(repair, item, &agrees, err);
    return rc || !agrees ? rc : repair_row_send(repair, item, err);
}

/* The outcome is told whatever happened: what was sent stays sent. */
static int run_batch(struct repair *repair, size_t first, size_t count, struct err *err)
{
    const struct repair_options *options = &repair->options;
    int rc = options->before_batch(options->context, repair, first, count, err);

    if (rc)
        return rc;
    for (size_t i = first; !rc && i < first + count; i++)
        rc = send_row(repair, &repair->items[i], err);
    if (!rc)
        rc = repair_compare(repair, first, count, err);
    struct err after = {0};
    int after_rc = options->after_batch(options->context, repair, first, count, &after);
    if (rc || !after_rc)
        return rc;
    *err = after;
    return after_rc;
}

int repair_run(struct repair *repair, struct err *err)
{
    const struct repair_options *options = &repair->options;

    for (size_t first = 0; first < repair->count; first += REPAIR_BATCH_ROWS) {
        size_t left = repair->count - first;
        size_t count = left < REPAIR_BATCH_ROWS ? left : REPAIR_BATCH_ROWS;
        int rc = run_batch(repair, first, count, err);
        if (options->progress)
            options->progress(options->context, first + count, repair->count);
        if (rc)
            return rc;
    }
    return 0;
}
