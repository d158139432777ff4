/* SPDX-License-Identifier: MIT */
/*
 * Prints what a change log tells, one JSON object a line, for test_change_log.py.
 *
 * change_log_check CFG old|new FROM UNTIL [own] [keys] [count] [give-up=MS] [linger=MS]
 *                  [at=FILE:BORN:OFFSET]
 *
 * Ends when its position covers UNTIL. With "keys" each row's key is put through key_range_sql() on
 * the same server: how many rows it finds ("rows"), and whether the server prints their key as the
 * same bytes ("same"). With "count" only how many changes there were, and what they took.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "base/clock.h"
#include "base/json.h"
#include "base/signals.h"
#include "playbook/read.h"
#include "sql/quote.h"
#include "verify/change_log.h"
#include "verify/pair.h"
#include "verify/schema.h"

static const char *const kinds[] = {"row", "table", "schema", "commit"};
static const char *const actions[] = {"insert", "update", "delete"};

static int fail(const char *what, const struct err *err)
{
    json_t *line =
        json_pack("{s:s,s:s,s:s,s:i}", "error", err->msg, "code", err_code_name(err->code), "hint",
                  err->hint, "native", (int)err->native);
    (void)json_dumpf(line, stdout, 0);
    json_decref(line);
    printf("\n");
    fprintf(stderr, "%s: %s (%s) %s\n", what, err->msg, err->where, err->hint);
    return 1;
}

static json_t *key_json(const struct key_point *key)
{
    json_t *list = json_array();

    for (size_t i = 0; i < key->count; i++) {
        char hex[2048];
        size_t len = key->parts[i].len < 1000 ? key->parts[i].len : 1000;
        for (size_t b = 0; b < len; b++)
            (void)snprintf(hex + 2 * b, 3, "%02x", (unsigned char)buf_text(&key->parts[i])[b]);
        hex[2 * len] = '\0';
        (void)json_array_append_new(list, json_string(hex));
    }
    return list;
}

static bool is_same(const struct db_result *result, const struct key_point *key)
{
    for (size_t i = 0; i < key->count; i++)
        if (db_result_len(result, 0, (int)i) != key->parts[i].len ||
            memcmp(db_result_text(result, 0, (int)i), buf_text(&key->parts[i]),
                   key->parts[i].len) != 0)
            return false;
    return true;
}

/* What the server finds by this key. */
static int look_up(struct verify_end *end, const struct change *change, json_t *line,
                   struct err *err)
{
    CLEANUP(buf_release) struct buf sql;
    CLEANUP(db_result_release) struct db_result result = {0};
    const struct index_shape *key = table_shape_key(change->table);
    const struct key_range range = {.points = change->key, .point_count = 1};

    buf_init(&sql, 1 << 20);
    buf_puts(&sql, "SELECT ");
    key_columns_sql(change->table, key, &sql);
    buf_puts(&sql, " FROM ");
    sql_quote_table(change->database, change->name, &sql);
    buf_puts(&sql, " WHERE ");
    key_range_sql(change->table, key, &range, &sql);
    int rc = db_query(end->db, buf_text(&sql), &result, err);
    if (rc)
        return rc;
    (void)json_object_set_new(line, "rows", json_integer((json_int_t)result.row_count));
    if (result.row_count == 1) {
        bool same = is_same(&result, change->key);
        (void)json_object_set_new(line, "same", json_boolean(same));
        if (!same)
            (void)json_object_set_new(line, "server", json_string(db_result_text(&result, 0, 0)));
    }
    return 0;
}

static int print_change(struct verify_end *end, const struct change *change, struct err *err)
{
    int rc = 0;
    json_t *line = json_pack("{s:s,s:s,s:s,s:s,s:b,s:b,s:s,s:I,s:I}", "kind", kinds[change->kind],
                             "action", actions[change->action], "database", change->database,
                             "name", change->name, "known", change->table != NULL, "own",
                             change->is_own, "transaction", change->transaction, "server_id",
                             (json_int_t)change->server_id, "at_ms", (json_int_t)change->at_ms);
    if (change->kind == CHANGE_ROW) {
        (void)json_object_set_new(line, "key", key_json(change->key));
        if (end)
            rc = look_up(end, change, line, err);
    }
    (void)json_dumpf(line, stdout, 0);
    printf("\n");
    json_decref(line);
    return rc;
}

static int count(struct change_log *log, const struct position *until, struct err *err)
{
    int64_t began_ms = clock_mono_ms();
    struct change change;
    uint64_t changes = 0;

    while (!position_covers(change_log_position(log), until)) {
        int rc = change_log_next(log, 200, &change, err);
        if (rc < 0)
            return rc;
        changes += rc > 0 && change.kind != CHANGE_COMMIT;
    }
    printf("{\"changes\": %llu, \"ms\": %lld}\n", (unsigned long long)changes,
           (long long)(clock_mono_ms() - began_ms));
    return 0;
}

static int follow(struct change_log *log, struct verify_end *end, const struct position *until,
                  int64_t give_up_ms, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + give_up_ms;
    struct change change;

    while (!position_covers(change_log_position(log), until)) {
        int rc = change_log_next(log, 200, &change, err);
        if (rc < 0)
            return rc;
        if (rc > 0)
            rc = print_change(end, &change, err);
        if (rc)
            return rc;
        (void)fflush(stdout);
        if (clock_mono_ms() > deadline_ms)
            return err_set(err, ERR_TIMEOUT, EFFECT_NONE, "the position does not come");
    }
    return 0;
}

/* How often a thread of this process had waited for something, and it came. */
static long wakes(void)
{
    struct rusage usage;

    return getrusage(RUSAGE_SELF, &usage) == 0 ? usage.ru_nvcsw : -1;
}

static void print_end(const char *position, const struct binlog_place *place)
{
    printf("{\"position\": \"%s\", \"place\": \"", position);
    if (binlog_place_is_known(place))
        printf("%s:%" PRIu32 ":%" PRIu32, place->file, place->born_s, place->offset);
    printf("\", \"wakes\": %ld}\n", wakes());
}

/* What `at=` gives, as the last line has it. */
static bool read_place(const char *text, struct binlog_place *out)
{
    *out = (struct binlog_place){0};
    return sscanf(text, "%255[^:]:%" SCNu32 ":%" SCNu32, out->file, &out->born_s, &out->offset) ==
           3;
}

int main(int argc, char **argv)
{
    struct err err = {0};
    struct service service = {0};
    struct pair pair = {0};
    struct table_catalog catalog = {0};
    struct position from, until;
    struct change_log *log = NULL;
    bool is_own_only = false, has_keys = false, is_counted = false;
    int64_t give_up_ms = 20000;
    long linger_ms = 0;
    char text[POSITION_TEXT_SIZE];
    struct binlog_place at = {0};
    bool is_at_read = true;

    for (int i = 5; i < argc; i++) {
        is_own_only |= !strcmp(argv[i], "own");
        has_keys |= !strcmp(argv[i], "keys");
        is_counted |= !strcmp(argv[i], "count");
        if (!strncmp(argv[i], "give-up=", 8))
            give_up_ms = strtol(argv[i] + 8, NULL, 10);
        if (!strncmp(argv[i], "linger=", 7))
            linger_ms = strtol(argv[i] + 7, NULL, 10);
        if (!strncmp(argv[i], "at=", 3))
            is_at_read = read_place(argv[i] + 3, &at);
    }
    if (argc < 5 || !is_at_read || signals_install(&err) || db_library_init(&err) ||
        service_read(argv[1], &service, &err) || position_parse_any(argv[3], &from, &err) ||
        position_parse_any(argv[4], &until, &err))
        return fail("start", &err);
    enum side side = !strcmp(argv[2], "new") ? SIDE_NEW : SIDE_OLD;
    if (pair_open(&service, side, true, &pair, &err) ||
        schema_load(&service, &pair.source, &catalog, &err))
        return fail("catalog", &err);
    const struct change_log_options options = {.service = &service,
                                               .side = side,
                                               .from = &from,
                                               .at = &at,
                                               .catalog = &catalog,
                                               .is_own_only = is_own_only};
    int rc = change_log_open(&options, &log, &err);
    if (!rc && linger_ms)
        change_log_linger(log, (int)linger_ms);
    if (!rc && is_counted)
        rc = count(log, &until, &err);
    else if (!rc)
        rc = follow(log, has_keys ? &pair.source : NULL, &until, give_up_ms, &err);
    if (rc)
        (void)fail("log", &err);
    else if (position_text(change_log_position(log), text, sizeof(text), &err) == 0)
        print_end(text, change_log_place(log));
    change_log_free(log);
    table_catalog_release(&catalog);
    pair_release(&pair);
    service_release(&service);
    db_library_end();
    return rc ? 1 : 0;
}
