/* SPDX-License-Identifier: MIT */
/*
 * Rows from the snapshot to every target: cut into pieces, streamed, written about a megabyte at a
 * time.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/signals.h"
#include "cluster/seed_job.h"
#include "sql/quote.h"

#define PIECE_BYTES (16U << 20)
#define PIECES_A_TABLE_CAP 256
#define BATCH_BYTES (1U << 20)
#define BATCH_CAP_BYTES (1U << 30)
#define BATCH_LEAST_BYTES (1U << 14)
#define BATCHES_A_SECOND 8 /* of a copy that is held back, so that it trickles */
#define TURN_SLICE_MS 50
#define TEXT_CAP_BYTES (1U << 20)
#define NATIVE_LOCK_WAIT_TIMEOUT 1205
#define NATIVE_DEADLOCK 1213
#define LOCK_TRIES 20

/* --- cutting --- */

static int add_piece(struct seed_pieces *pieces, const struct seed_piece *piece, struct err *err)
{
    struct seed_piece *items = realloc(pieces->items, (pieces->count + 1) * sizeof(*items));
    if (!items)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for the list of pieces");
    pieces->items = items;
    items[pieces->count++] = *piece;
    return 0;
}

/* The first key column when it is a number; NULL: the table is copied in one piece. */
static const struct column_shape *column_to_cut_by(const struct table_shape *table)
{
    const struct index_shape *key = table_shape_key(table);
    const struct column_shape *first = key ? &table->columns[key->columns[0]] : NULL;
    return first && first->class == COLUMN_INTEGER ? first : NULL;
}

static int ask_bounds(struct session *source, const struct table_shape *table, const char *column,
                      bool *out_is_known, int64_t *out_low, int64_t *out_high, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    CLEANUP(buf_release) struct buf quoted_column;
    CLEANUP(buf_release) struct buf quoted_table;
    buf_init(&quoted_column, 1024);
    buf_init(&quoted_table, 1024);
    sql_quote_part(column, &quoted_column);
    sql_quote_table(table->database, table->name, &quoted_table);
    const struct sql_arg args[] = {{"column", buf_text(&quoted_column)},
                                   {"table", buf_text(&quoted_table)}};
    int rc = session_query_row(source, SQL_SEED_BOUNDS, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    const char *high = db_result_get(&result, 0, "high");
    *out_is_known = high && strlen(high) < 19; /* beyond it an unsigned one may not fit */
    *out_low = result_number(&result, 0, "low");
    *out_high = result_number(&result, 0, "high");
    return 0;
}

static int cut_table(struct session *source, const struct table_shape *table,
                     struct seed_pieces *out, struct err *err)
{
    const struct column_shape *column = column_to_cut_by(table);
    uint64_t count = table->bytes_estimate / PIECE_BYTES;
    bool is_known = false;
    int64_t low = 0, high = 0;
    int rc = 0;

    count = count > PIECES_A_TABLE_CAP ? PIECES_A_TABLE_CAP : count;
    if (column && count > 1)
        rc = ask_bounds(source, table, column->name, &is_known, &low, &high, err);
    if (rc)
        return rc;
    int64_t step = is_known ? (high - low) / (int64_t)count + 1 : 0;
    if (!is_known || step < 2)
        return add_piece(out, &(struct seed_piece){.table = table}, err);
    /*
     * The first piece has no beginning and the last no end: together they hold every row, whatever
     * the bounds say.
     */
    for (int64_t i = 0; !rc && i < (int64_t)count; i++) {
        const struct seed_piece piece = {.table = table,
                                         .has_from = i > 0,
                                         .has_until = i + 1 < (int64_t)count,
                                         .from = low + i * step,
                                         .until = low + (i + 1) * step};
        rc = add_piece(out, &piece, err);
    }
    return rc;
}

static uint64_t piece_bytes(const struct seed_piece *piece)
{
    bool is_part = piece->has_from || piece->has_until;
    return is_part ? PIECE_BYTES : piece->table->bytes_estimate;
}

static int by_size(const void *a, const void *b)
{
    uint64_t left = piece_bytes(a), right = piece_bytes(b);
    return left < right ? 1 : left > right ? -1 : 0;
}

int seed_cut(struct session *source, const struct table_catalog *tables, struct seed_pieces *out,
             struct err *err)
{
    int rc = 0;
    for (size_t i = 0; !rc && i < tables->count; i++)
        rc = cut_table(source, &tables->tables[i], out, err);
    if (!rc && out->count)
        qsort(out->items, out->count, sizeof(*out->items), by_size);
    return rc;
}

/* --- one piece --- */

struct copy {
    struct seed_worker *worker;
    const struct seed_piece *piece;
    /* those that are written; the server's own limit is 4096 */
    const struct column_shape *columns[4096];
    size_t column_count;
    struct buf head, batch;
    uint64_t batch_rows, batch_bytes; /* bytes of values, for the progress */
    uint64_t rows_read, rows_written;
};

static void copy_free(struct copy **copy)
{
    if (*copy) {
        buf_release(&(*copy)->head);
        buf_release(&(*copy)->batch);
    }
    free(*copy);
}

static void select_list(const struct copy *copy, struct buf *out)
{
    for (size_t i = 0; i < copy->column_count; i++) {
        bool is_float =
            copy->columns[i]->class == COLUMN_FLOAT; /* as FLOAT it would print six digits only */
        buf_puts(out, i ? "," : "");
        sql_quote_part(copy->columns[i]->name, out);
        buf_puts(out, is_float ? " * 1E0" : "");
    }
}

static void insert_list(const struct copy *copy, struct buf *out)
{
    for (size_t i = 0; i < copy->column_count; i++) {
        buf_puts(out, i ? "," : "");
        sql_quote_part(copy->columns[i]->name, out);
    }
}

static void range_text(const struct seed_piece *piece, struct buf *out)
{
    if (!piece->has_from && !piece->has_until) {
        buf_puts(out, "TRUE");
        return;
    }
    const char *name = column_to_cut_by(piece->table)->name;
    if (piece->has_from) {
        sql_quote_part(name, out);
        buf_printf(out, " >= %" PRId64 "%s", piece->from, piece->has_until ? " AND " : "");
    }
    if (piece->has_until) {
        sql_quote_part(name, out);
        buf_printf(out, " < %" PRId64, piece->until);
    }
}

static int copy_init(struct copy *copy, struct err *err)
{
    CLEANUP(buf_release) struct buf columns = {0};
    CLEANUP(buf_release) struct buf table = {0};
    const struct table_shape *shape = copy->piece->table;

    for (size_t i = 0; i < shape->column_count && i < ARRAY_LEN(copy->columns); i++)
        if (!shape->columns[i].is_generated)
            copy->columns[copy->column_count++] = &shape->columns[i];
    buf_init(&copy->head, TEXT_CAP_BYTES);
    buf_init(&copy->batch, BATCH_CAP_BYTES);
    buf_init(&columns, TEXT_CAP_BYTES);
    buf_init(&table, 1024);
    insert_list(copy, &columns);
    sql_quote_table(shape->database, shape->name, &table);
    const struct sql_arg args[] = {{"columns", buf_text(&columns)}, {"table", buf_text(&table)}};
    return sql_render(SQL_SEED_INSERT, &copy->worker->source.version, args, ARRAY_LEN(args),
                      &copy->head, err);
}

/* A literal that gives back the same stored value; the target's session takes literals as bytes. */
static void add_value(const struct column_shape *column, const char *value, unsigned long len,
                      struct buf *out)
{
    if (!value) {
        buf_puts(out, "NULL");
        return;
    }
    switch (column->class) {
    case COLUMN_INTEGER:
    case COLUMN_DECIMAL:
        buf_add(out, value, len);
        return;
    case COLUMN_OTHER:
        if (!strcmp(column->type, "json")) {
            seed_json_value(value, len, out);
            return;
        }
        /* read as text: as bytes it would be refused or taken for the inner form */
        buf_puts(out, "_utf8mb4 ");
        sql_quote_bytes(value, len, out);
        return;
    case COLUMN_FLOAT:
    case COLUMN_DOUBLE:
    case COLUMN_TEXT:
    case COLUMN_LISTED:
    case COLUMN_BIT:
    case COLUMN_BINARY:
    case COLUMN_TIME:
    case COLUMN_GEOMETRY:
        sql_quote_bytes(value, len, out);
        return;
    }
}

static int check_stop(struct seed_flow *flow, const struct seed_piece *piece, struct err *err)
{
    (void)pthread_mutex_lock(&flow->mutex);
    bool is_failed = flow->is_failed;
    (void)pthread_mutex_unlock(&flow->mutex);
    if (is_failed || signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_APPLIED, "stopped while copying %s",
                       piece->table->label);
    return 0;
}

/*
 * Workers that fill one table lock gaps of its other indexes, and may wait for each other: for
 * ever, then InnoDB ends one of them at once, or just longer than limits.lock_wait on a slow disk.
 * Either way it takes that one's whole statement back, which is a transaction of its own, and it is
 * given again. Source: MySQL manual, "How to Minimize and Handle Deadlocks";
 * innodb_rollback_on_timeout.
 */
static bool is_taken_back(int rc, const struct err *err)
{
    return rc == ERR_SERVER &&
           (err->native == NATIVE_DEADLOCK || err->native == NATIVE_LOCK_WAIT_TIMEOUT);
}

static int insert_batch(struct session *target, const char *sql, struct err *err)
{
    for (int64_t tries = 1;; tries++) {
        int rc = session_may_change(target, err);
        if (!rc)
            rc = failpoint_hit("seed.allowed", err);
        if (!rc)
            rc = db_exec(target->db, sql, err);
        if (!is_taken_back(rc, err) || tries == LOCK_TRIES)
            return rc;
        if (signals_stop_wanted()) /* else it is looked at before the next batch */
            return err_set(err, ERR_STOPPED, EFFECT_APPLIED, "stopped while rows are locked");
        *err = (struct err){0};
        (void)clock_sleep_ms(tries);
    }
}

/*
 * One bucket for all workers: each pays for its batch behind the others and waits until that is
 * through, so that no second, not even the first, gets more than the rate.
 */
static int wait_turn(const struct copy *copy, struct err *err)
{
    struct seed_flow *flow = copy->worker->flow;
    int64_t now_us = clock_mono_us(), until_us;

    if (flow->rate == 0)
        return 0;
    (void)pthread_mutex_lock(&flow->mutex);
    until_us = flow->free_at_us > now_us ? flow->free_at_us : now_us;
    until_us += (int64_t)((double)copy->batch_bytes * 1e6 / (double)flow->rate);
    flow->free_at_us = until_us;
    (void)pthread_mutex_unlock(&flow->mutex);
    for (; now_us < until_us; now_us = clock_mono_us()) {
        int64_t left_ms = (until_us - now_us) / 1000 + 1;
        int rc = check_stop(flow, copy->piece, err);
        if (rc)
            return rc;
        (void)clock_sleep_ms(left_ms < TURN_SLICE_MS ? left_ms : TURN_SLICE_MS);
    }
    return 0;
}

static size_t batch_limit(const struct seed_flow *flow)
{
    uint64_t share = flow->rate / BATCHES_A_SECOND;
    if (flow->rate == 0 || share > BATCH_BYTES)
        return BATCH_BYTES;
    return share < BATCH_LEAST_BYTES ? BATCH_LEAST_BYTES : (size_t)share;
}

/* Every target must have taken every row: fewer is an error, never "done". */
static int write_batch(struct copy *copy, struct err *err)
{
    struct seed_flow *flow = copy->worker->flow;
    int rc = check_stop(flow, copy->piece, err);
    if (!rc)
        rc = wait_turn(copy, err);
    if (!rc)
        rc = failpoint_hit("seed.before-batch", err);
    if (!rc)
        rc = buf_check(&copy->batch, err);
    for (size_t i = 0; !rc && i < copy->worker->targets.count; i++) {
        struct session *target = &copy->worker->targets.sessions[i];
        rc = insert_batch(target, buf_text(&copy->batch), err);
        if (!rc && db_affected(target->db) != copy->batch_rows)
            rc = err_set(err, ERR_DATA, EFFECT_APPLIED, "%s took %" PRIu64 " of %" PRIu64 " rows",
                         target->node->name, db_affected(target->db), copy->batch_rows);
    }
    if (rc)
        return rc;
    copy->rows_written += copy->batch_rows;
    (void)pthread_mutex_lock(&flow->mutex);
    flow->rows += copy->batch_rows;
    flow->bytes += copy->batch_bytes;
    (void)pthread_mutex_unlock(&flow->mutex);
    copy->batch_rows = copy->batch_bytes = 0;
    buf_reset(&copy->batch);
    return 0;
}

static int add_row(struct copy *copy, const struct db_row *row, struct err *err)
{
    if (row->column_count != copy->column_count)
        return err_set(err, ERR_PROTOCOL, EFFECT_APPLIED, "the source answers %zu columns",
                       row->column_count);
    if (copy->batch_rows)
        buf_putc(&copy->batch, ',');
    else
        buf_add(&copy->batch, copy->head.data, copy->head.len);
    for (size_t i = 0; i < row->column_count; i++) {
        buf_putc(&copy->batch, i ? ',' : '(');
        add_value(copy->columns[i], row->values[i], row->lengths[i], &copy->batch);
        copy->batch_bytes += row->values[i] ? row->lengths[i] : 0;
    }
    buf_putc(&copy->batch, ')');
    copy->batch_rows++;
    copy->rows_read++;
    bool is_full = copy->batch.len >= batch_limit(copy->worker->flow);
    return is_full || copy->batch.is_failed ? write_batch(copy, err) : 0;
}

static int open_stream(struct copy *copy, struct err *err)
{
    CLEANUP(buf_release) struct buf columns;
    CLEANUP(buf_release) struct buf table;
    CLEANUP(buf_release) struct buf range;
    CLEANUP(buf_release) struct buf sql;
    struct session *source = &copy->worker->source;

    buf_init(&columns, TEXT_CAP_BYTES);
    buf_init(&table, 1024);
    buf_init(&range, 4096);
    buf_init(&sql, TEXT_CAP_BYTES);
    select_list(copy, &columns);
    sql_quote_table(copy->piece->table->database, copy->piece->table->name, &table);
    range_text(copy->piece, &range);
    const struct sql_arg args[] = {
        {"columns", buf_text(&columns)}, {"table", buf_text(&table)}, {"range", buf_text(&range)}};
    int rc = sql_render(SQL_SEED_ROWS, &source->version, args, ARRAY_LEN(args), &sql, err);
    if (!rc)
        rc = buf_check(&sql, err);
    return rc ? rc : db_stream_open(source->db, buf_text(&sql), err);
}

static int copy_rows(struct copy *copy, struct err *err)
{
    struct db *source = copy->worker->source.db;
    struct db_row row;
    int got;

    int rc = open_stream(copy, err);
    if (rc)
        return rc;
    while ((got = db_stream_next(source, &row, err)) > 0) {
        rc = add_row(copy, &row, err);
        if (rc)
            return rc; /* the sessions end with the worker, and the stream with them */
    }
    db_stream_close(source);
    if (got < 0)
        return got;
    if (copy->batch_rows)
        rc = write_batch(copy, err);
    if (!rc && copy->rows_written != copy->rows_read)
        rc = err_set(err, ERR_BUG, EFFECT_APPLIED,
                     "%" PRIu64 " rows were read and %" PRIu64 " written", copy->rows_read,
                     copy->rows_written);
    return rc;
}

static int copy_piece(struct seed_worker *worker, const struct seed_piece *piece, struct err *err)
{
    CLEANUP(copy_free) struct copy *copy = calloc(1, sizeof(*copy));
    if (!copy)
        return err_set(err, ERR_MEMORY, EFFECT_APPLIED, "out of memory while copying rows");
    copy->worker = worker;
    copy->piece = piece;
    int rc = copy_init(copy, err);
    if (!rc && copy->column_count)
        rc = copy_rows(copy, err);
    if (!rc)
        return 0;
    err->effect = EFFECT_APPLIED; /* whatever this statement did, the targets hold rows by now */
    return err_wrap(err, "copying %s", piece->table->label);
}

/* --- workers --- */

void seed_flow_init(struct seed_flow *flow)
{
    pthread_condattr_t attributes;

    *flow = (struct seed_flow){0};
    (void)pthread_mutex_init(&flow->mutex, NULL); /* cannot fail on Linux */
    (void)pthread_condattr_init(&attributes);
    (void)pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void)pthread_cond_init(&flow->changed, &attributes);
    (void)pthread_condattr_destroy(&attributes);
}

void seed_flow_release(struct seed_flow *flow)
{
    free(flow->pieces.items);
    (void)pthread_mutex_destroy(&flow->mutex);
    (void)pthread_cond_destroy(&flow->changed);
}

int seed_worker_open(const struct seed_options *options, struct seed_worker *out, struct err *err)
{
    const struct session_limits limits = {.statement_ms = SEED_STATEMENT_MS};
    const struct service *service = options->service;
    int rc = session_open_within(service, service_primary(service, options->from),
                                 SESSION_CONTROLLER, &limits, &out->source, err);
    if (!rc)
        rc = session_exec(&out->source, SQL_SEED_SOURCE, NULL, 0, err);
    if (!rc)
        rc = session_exec(&out->source, SQL_ISOLATION_REPEATABLE, NULL, 0, err);
    if (!rc)
        rc = seed_targets_open(service, side_other(options->from), options->permit, &out->targets,
                               err);
    if (!rc)
        rc = seed_targets_exec(&out->targets, SQL_SEED_TARGET_BYTES, NULL, 0, err);
    return rc;
}

void seed_worker_release(struct seed_worker *worker)
{
    session_release(&worker->source);
    seed_targets_release(&worker->targets);
}

static const struct seed_piece *take_piece(struct seed_flow *flow)
{
    const struct seed_piece *piece = NULL;
    (void)pthread_mutex_lock(&flow->mutex);
    if (!flow->is_failed && flow->next_piece < flow->pieces.count) {
        piece = &flow->pieces.items[flow->next_piece++];
        (void)snprintf(flow->current, sizeof(flow->current), "%s", piece->table->label);
    }
    (void)pthread_mutex_unlock(&flow->mutex);
    return piece;
}

void *seed_worker_run(void *context)
{
    struct seed_worker *worker = context;
    struct seed_flow *flow = worker->flow;
    const struct seed_piece *piece;
    struct err err = {0};
    int rc = 0;

    while (!rc && (piece = take_piece(flow))) {
        rc = copy_piece(worker, piece, &err);
        (void)pthread_mutex_lock(&flow->mutex);
        flow->pieces_done += rc == 0;
        (void)pthread_mutex_unlock(&flow->mutex);
    }
    (void)pthread_mutex_lock(&flow->mutex);
    if (rc && !flow->is_failed) {
        flow->is_failed = true;
        flow->first_err = err;
    }
    flow->running--;
    (void)pthread_cond_signal(&flow->changed);
    (void)pthread_mutex_unlock(&flow->mutex);
    return NULL;
}
