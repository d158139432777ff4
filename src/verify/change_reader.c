/* SPDX-License-Identifier: MIT */
/*
 * One event at a time: what it means for the transaction it is in, and what it changed.
 *
 * What there is to tell lies in three places, taken in this order: `told` (statements, decided XA
 * transactions), `rows` (the event that is being read), and the commit. A compressed transaction is
 * unpacked event by event into memory of its own.
 */
#include "verify/change_reader.h"

#include <stdlib.h>
#include <string.h>

#include "io/unpack.h"
#include "verify/binlog_rows.h"
#include "verify/binlog_statement.h"
#include "verify/prepared.h"

struct transaction {
    bool is_open;   /* its identity was read */
    bool is_framed; /* between BEGIN and COMMIT */
    bool is_own, is_left_out, is_xa;
    struct binlog_gtid gtid;
    char text[BINLOG_GTID_TEXT_SIZE];
    unsigned server_id;
};

struct change_reader {
    struct change_reader_options options;
    struct position position;
    struct binlog_place place; /* noted with the position */
    struct binlog_place now;   /* behind the last event */
    struct binlog_format format;
    struct transaction transaction;
    struct row_maps maps;
    struct rows rows;
    struct told_list told; /* to be told now */
    struct told_list xa;   /* of the XA transaction that is being read */
    struct prepared prepared;
    struct key_point key, moved;
    bool is_moved_due; /* `moved` is still to be told */
    bool is_commit_due;
    struct binlog_scratch unpacked; /* of one event */
    struct unpack_stream *payload;
    bool is_in_payload;
    struct binlog_scratch inner; /* one event of the payload */
};

int change_reader_new(const struct change_reader_options *options, struct change_reader **out,
                      struct err *err)
{
    CLEANUP(change_reader_freep) struct change_reader *reader = calloc(1, sizeof(*reader));

    if (!reader)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for reading a binary log");
    reader->options = *options;
    reader->position = *options->from;
    if (options->at)
        reader->place = *options->at;
    int rc = unpack_stream_new(&reader->payload, err);
    if (rc)
        return rc;
    *out = reader;
    reader = NULL;
    return 0;
}

void change_reader_free(struct change_reader *reader)
{
    if (!reader)
        return;
    row_maps_release(&reader->maps);
    told_release(&reader->told);
    told_release(&reader->xa);
    prepared_release(&reader->prepared);
    key_point_release(&reader->key);
    key_point_release(&reader->moved);
    binlog_scratch_release(&reader->unpacked);
    binlog_scratch_release(&reader->inner);
    unpack_stream_free(reader->payload);
    free(reader);
}

void change_reader_freep(struct change_reader **reader)
{
    change_reader_free(*reader);
    *reader = NULL;
}

const struct position *change_reader_position(const struct change_reader *reader)
{
    return &reader->position;
}

const struct binlog_place *change_reader_place(const struct change_reader *reader)
{
    return &reader->place;
}

uint32_t change_reader_file_born(const struct change_reader *reader)
{
    return reader->now.born_s;
}

void change_reader_use(struct change_reader *reader, const struct table_catalog *catalog)
{
    reader->options.catalog = catalog;
    row_maps_bind(&reader->maps, catalog);
    /* Rows that are half told were read by the old shape: the rest of them are told as a table. */
    if (reader->rows.map)
        reader->rows.is_blank = true;
    reader->is_moved_due = false;
}

/* --- transactions ----------------------------------------------------------------------------- */

/* A log that ends within a transaction, of a server that crashed: the next one begins, that never
 * was. */
static void forget_transaction(struct change_reader *reader)
{
    reader->transaction = (struct transaction){0};
    told_clear(&reader->xa);
}

static int begin_transaction(struct change_reader *reader, const struct binlog_event *event,
                             struct err *err)
{
    struct transaction *transaction = &reader->transaction;

    forget_transaction(reader);
    int rc = binlog_gtid_read(event, &transaction->gtid, err);
    if (rc)
        return rc;
    const struct origin *origin = &reader->options.origin;
    bool is_numbered_here = transaction->gtid.flavour == FLAVOUR_MYSQL &&
                            origin->flavour == FLAVOUR_MYSQL &&
                            memcmp(origin->uuid, transaction->gtid.uuid, GTID_UUID_SIZE) == 0;
    transaction->is_open = true;
    transaction->is_xa = transaction->gtid.is_xa;
    transaction->server_id = event->server_id;
    transaction->is_own = is_numbered_here || event->server_id == reader->options.server_id;
    transaction->is_left_out = reader->options.is_own_only && !transaction->is_own;
    binlog_gtid_text(&transaction->gtid, transaction->text);
    return 0;
}

static void end_transaction(struct change_reader *reader)
{
    reader->is_commit_due = reader->transaction.is_open;
}

static int tell(struct change_reader *reader, enum change_kind kind, const char *database,
                const char *name, struct err *err)
{
    const struct change change = {.kind = kind, .database = database, .name = name};
    return reader->transaction.is_left_out ? 0 : told_add(&reader->told, &change, err);
}

/* Prepared before the log was read from, or too long ago: nobody knows what it changed. */
static int commit_xa(struct change_reader *reader, const char *xid, struct err *err)
{
    if (prepared_take(&reader->prepared, xid, &reader->told))
        return 0;
    return tell(reader, CHANGE_TABLE, "", "", err);
}

static int end_xa(struct change_reader *reader, const struct binlog_event *event, struct err *err)
{
    char xid[BINLOG_XID_SIZE];
    bool is_one_phase = false;

    int rc = binlog_xa_prepare_read(event, xid, &is_one_phase, err);
    if (rc)
        return rc;
    rc = prepared_put(&reader->prepared, xid, &reader->xa, err);
    if (!rc && is_one_phase)
        rc = commit_xa(reader, xid, err);
    end_transaction(reader);
    return rc;
}

static int read_statement(struct change_reader *reader, const struct binlog_event *event,
                          struct err *err)
{
    struct transaction *transaction = &reader->transaction;
    struct binlog_query query;
    struct told_list dropped = {0};
    enum statement_role role;
    char xid[BINLOG_XID_SIZE];

    int rc = binlog_query_read(event, &reader->unpacked, &query, err);
    rc = rc ? rc
            : statement_read(&query, transaction->is_left_out ? &dropped : &reader->told, &role,
                             xid, err);
    told_release(&dropped);
    if (rc)
        return rc;
    switch (role) {
    case STATEMENT_BEGIN:
        transaction->is_framed = true;
        return 0;
    case STATEMENT_XA_START:
        transaction->is_framed = true;
        transaction->is_xa = true;
        return 0;
    case STATEMENT_XA_END:
    case STATEMENT_SAVEPOINT:
        return 0;
    case STATEMENT_COMMIT:
    case STATEMENT_ROLLBACK: /* what it did to tables without transactions stays */
        end_transaction(reader);
        return 0;
    case STATEMENT_XA_COMMIT:
        rc = commit_xa(reader, xid, err);
        end_transaction(reader);
        return rc;
    case STATEMENT_XA_ROLLBACK:
        if (prepared_take(&reader->prepared, xid, &dropped))
            told_release(&dropped);
        end_transaction(reader);
        return 0;
    case STATEMENT_CHANGE:
        break;
    }
    bool is_alone = transaction->gtid.flavour == FLAVOUR_MARIADB ? transaction->gtid.is_single
                                                                 : !transaction->is_framed;
    if (is_alone)
        end_transaction(reader);
    return 0;
}

/* The server lost something on its way to the log. */
static int read_incident(struct change_reader *reader, struct err *err)
{
    bool is_left_out = reader->transaction.is_left_out;

    reader->transaction.is_left_out = false;
    int rc = tell(reader, CHANGE_TABLE, "", "", err);
    reader->transaction.is_left_out = is_left_out;
    end_transaction(reader);
    return rc;
}

/* --- events ----------------------------------------------------------------------------------- */

/* Rows of a table that matters stay open to be taken; of others there is nothing to tell. */
static int open_rows(struct change_reader *reader, const struct binlog_event *event,
                     struct err *err)
{
    if (reader->transaction.is_left_out)
        return 0;
    int rc = rows_open(&reader->maps, event, &reader->unpacked, &reader->rows, err);
    const struct row_map *map = reader->rows.map;
    if (rc || !map || map->fit == MAP_KEYED)
        return rc;
    reader->rows = (struct rows){0};
    if (map->fit == MAP_OUTSIDE)
        return 0;
    const struct change change = {
        .kind = map->fit == MAP_MISFIT ? CHANGE_SCHEMA : CHANGE_TABLE,
        .database = map->database,
        .name = map->name,
    };
    return told_add(reader->transaction.is_xa ? &reader->xa : &reader->told, &change, err);
}

static int open_payload(struct change_reader *reader, const struct binlog_event *event,
                        struct err *err)
{
    struct binlog_payload payload;
    int rc = binlog_payload_read(event, &payload, err);

    if (rc)
        return rc;
    if (reader->is_in_payload)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a compressed transaction within another");
    unpack_stream_begin(reader->payload, payload.bytes, payload.len, payload.is_compressed);
    reader->is_in_payload = true;
    return 0;
}

static int read_unknown(const struct binlog_event *event, struct err *err)
{
    if (event->flags & EVENT_IS_IGNORABLE)
        return 0;
    int rc = err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                     "the binary log has an event of type %u, which this program does not know",
                     event->type);
    (void)err_hint(err, "compare with the writes held still instead, and report the version of the "
                        "server");
    return rc;
}

static int read_anonymous(struct err *err)
{
    int rc =
        err_set(err, ERR_REFUSED, EFFECT_NONE, "the binary log has transactions without a GTID");
    (void)err_hint(err, "set gtid_mode = ON");
    return rc;
}

static int read_event(struct change_reader *reader, const struct binlog_event *event,
                      struct err *err)
{
    switch ((enum binlog_event_type)event->type) {
    case EVENT_GTID:
    case EVENT_GTID_TAGGED:
    case EVENT_MARIADB_GTID:
        return begin_transaction(reader, event, err);
    case EVENT_ANONYMOUS_GTID:
        return read_anonymous(err);
    case EVENT_QUERY:
    case EVENT_QUERY_COMPRESSED:
    case EVENT_EXECUTE_LOAD_QUERY:
        return read_statement(reader, event, err);
    case EVENT_XID:
        end_transaction(reader);
        return 0;
    case EVENT_XA_PREPARE:
        return end_xa(reader, event, err);
    case EVENT_TABLE_MAP:
        return reader->transaction.is_left_out
                   ? 0
                   : row_maps_add(&reader->maps, reader->options.catalog, event, err);
    case EVENT_WRITE_ROWS_V1:
    case EVENT_UPDATE_ROWS_V1:
    case EVENT_DELETE_ROWS_V1:
    case EVENT_WRITE_ROWS:
    case EVENT_UPDATE_ROWS:
    case EVENT_DELETE_ROWS:
    case EVENT_PARTIAL_UPDATE_ROWS:
    case EVENT_WRITE_ROWS_COMPRESSED_V1:
    case EVENT_UPDATE_ROWS_COMPRESSED_V1:
    case EVENT_DELETE_ROWS_COMPRESSED_V1:
    case EVENT_WRITE_ROWS_COMPRESSED:
    case EVENT_UPDATE_ROWS_COMPRESSED:
    case EVENT_DELETE_ROWS_COMPRESSED:
        return open_rows(reader, event, err);
    case EVENT_TRANSACTION_PAYLOAD:
        return open_payload(reader, event, err);
    case EVENT_INCIDENT:
        return read_incident(reader, err);
    case EVENT_LOAD: /* of servers that are long gone */
    case EVENT_NEW_LOAD:
    case EVENT_CREATE_FILE:
    case EVENT_EXEC_LOAD:
        return tell(reader, CHANGE_TABLE, "", "", err);
    case EVENT_FORMAT_DESCRIPTION:
    case EVENT_STOP:
    case EVENT_ROTATE:
    case EVENT_INTVAR:
    case EVENT_RAND:
    case EVENT_USER_VAR:
    case EVENT_APPEND_BLOCK:
    case EVENT_DELETE_FILE:
    case EVENT_BEGIN_LOAD_QUERY:
    case EVENT_HEARTBEAT:
    case EVENT_HEARTBEAT_V2:
    case EVENT_IGNORABLE:
    case EVENT_ROWS_QUERY:
    case EVENT_PREVIOUS_GTIDS:
    case EVENT_TRANSACTION_CONTEXT:
    case EVENT_VIEW_CHANGE:
    case EVENT_ANNOTATE_ROWS:
    case EVENT_BINLOG_CHECKPOINT:
    case EVENT_MARIADB_GTID_LIST:
    case EVENT_START_ENCRYPTION:
        return 0;
    }
    return read_unknown(event, err);
}

int change_reader_feed(struct change_reader *reader, const unsigned char *bytes, size_t len,
                       struct err *err)
{
    struct binlog_event event;
    int rc = binlog_event_read(&reader->format, bytes, len, &event, err);

    if (rc)
        return rc;
    if (reader->options.origin.flavour == FLAVOUR_MYSQL)
        binlog_place_follow(&reader->now, &event, bytes, len);
    return read_event(reader, &event, err);
}

/* 1 when there was one more in the payload, which has been read. */
static int feed_inner(struct change_reader *reader, struct err *err)
{
    unsigned char header[BINLOG_HEADER_LEN];
    struct binlog_event event;

    int rc = unpack_stream_take(reader->payload, header, sizeof(header), err);
    if (rc <= 0) {
        reader->is_in_payload = false;
        return rc;
    }
    size_t len = binlog_event_len(header);
    if (len < sizeof(header) || len > (size_t)1 << 30)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "an event of %zu bytes", len);
    rc = binlog_scratch_room(&reader->inner, len, err);
    if (rc)
        return rc;
    memcpy(reader->inner.data, header, sizeof(header));
    rc = len > sizeof(header)
             ? unpack_stream_take(reader->payload, reader->inner.data + sizeof(header),
                                  len - sizeof(header), err)
             : 1;
    if (rc == 0)
        rc = err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                     "a compressed transaction ends within an event");
    if (rc > 0)
        rc = binlog_event_read_inner(reader->inner.data, len, &event, err);
    if (rc == 0)
        rc = read_event(reader, &event, err);
    return rc ? rc : 1;
}

/* --- what is told ----------------------------------------------------------------------------- */

/* What all changes of a transaction have in common, and the catalog's table. */
static void complete(const struct change_reader *reader, struct change *change)
{
    const struct transaction *transaction = &reader->transaction;

    change->is_own = transaction->is_own;
    change->transaction = transaction->text;
    change->server_id = transaction->server_id;
    change->at_ms = transaction->gtid.written_ms;
    if (!change->database)
        change->database = "";
    if (!change->name)
        change->name = "";
    if (change->kind != CHANGE_COMMIT && !change->table && change->name[0])
        change->table = table_catalog_find(reader->options.catalog, change->database, change->name);
    if (change->kind == CHANGE_ROW && !change->table)
        change->kind = CHANGE_TABLE; /* it was there when it was kept for later */
}

static void fill_row(const struct change_reader *reader, enum change_kind kind,
                     const struct key_point *key, enum change_action action, struct change *out)
{
    const struct row_map *map = reader->rows.map;

    *out = (struct change){.kind = kind,
                           .action = action,
                           .table = map->table,
                           .database = map->database,
                           .name = map->name,
                           .key = key};
}

/* 1 a row (or its table), 0 no more of them. */
static int take_row(struct change_reader *reader, struct change *out, struct err *err)
{
    struct rows *rows = &reader->rows;

    if (!rows->map)
        return 0;
    if (reader->is_moved_due) {
        reader->is_moved_due = false;
        fill_row(reader, CHANGE_ROW, &reader->moved, CHANGE_INSERT, out);
        return 1;
    }
    int found = rows_next(rows, &reader->key, &reader->moved, err);
    if (found < 0)
        return found;
    switch ((enum rows_found)found) {
    case ROWS_END:
        *rows = (struct rows){0};
        return 0;
    case ROWS_KEY:
        fill_row(reader, CHANGE_ROW, &reader->key, rows->action, out);
        return 1;
    case ROWS_MOVED:
        reader->is_moved_due = true;
        fill_row(reader, CHANGE_ROW, &reader->key, CHANGE_DELETE, out);
        return 1;
    case ROWS_VAGUE:
        break;
    }
    fill_row(reader, CHANGE_TABLE, NULL, rows->action, out);
    rows->data.at = rows->data.end; /* nothing that follows in this event says more */
    return 1;
}

/* 1 when a change is to be told now. */
static int take_now(struct change_reader *reader, struct change *out, struct err *err)
{
    if (told_next(&reader->told, out, &reader->key))
        return 1;
    told_clear(&reader->told);
    for (;;) {
        int rc = take_row(reader, out, err);
        if (rc <= 0 || !reader->transaction.is_xa)
            return rc;
        rc = told_add(&reader->xa, out, err);
        if (rc)
            return rc;
    }
}

int change_reader_take(struct change_reader *reader, struct change *out, struct err *err)
{
    for (;;) {
        int rc = take_now(reader, out, err);
        if (rc > 0)
            complete(reader, out);
        if (rc)
            return rc;
        if (reader->is_commit_due)
            break;
        if (!reader->is_in_payload)
            return 0;
        rc = feed_inner(reader, err);
        if (rc < 0)
            return rc;
    }
    reader->is_commit_due = false;
    int rc = binlog_position_add(&reader->position, &reader->transaction.gtid, err);
    if (rc)
        return rc;
    reader->place = reader->now;
    *out = (struct change){.kind = CHANGE_COMMIT};
    complete(reader, out);
    reader->transaction.is_open = false;
    return 1;
}
