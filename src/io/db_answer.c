/* SPDX-License-Identifier: MIT */
/* Packets of the library, put into a result of ours. */
#include "io/db_answer.h"

#ifdef LIBMARIADB
#include <stdlib.h>

#include "io/db_rows.h"
#include "io/db_wire.h"

#define COLUMNS_CAP 4096 /* what a table may have */

static int read_names(struct db *db, const struct db_statement *statement, struct db_rows *rows,
                      struct err *err)
{
    struct db_packet packet;
    const char *name;
    size_t len;

    for (size_t i = 0; i < rows->column_count; i++) {
        int rc = db_packet_read(db, statement, &packet, err);
        if (rc != 0)
            return rc;
        if (!wire_column_name(packet.bytes, packet.len, &name, &len))
            return db_garbled(db, statement, err);
        rc = db_rows_name(rows, name, len, err);
        if (rc != 0) {
            db_give_up(db); /* the rest of the answer is still to come */
            return rc;
        }
    }
    if (db_has_short_end(db))
        return 0;
    int rc = db_packet_read(db, statement, &packet, err);
    if (rc != 0)
        return rc;
    return db_packet_is_end(&packet) ? 0 : db_garbled(db, statement, err);
}

/* The packet is a row. */
static int add_row(struct db *db, const struct db_statement *statement,
                   const struct db_packet *packet, struct db_rows *rows, struct err *err)
{
    const char *values[COLUMNS_CAP];
    unsigned long lengths[COLUMNS_CAP];

    if (wire_text_row(packet->bytes, packet->len, rows->column_count, values, lengths, err) != 0)
        return db_garbled(db, statement, err);
    int rc = db_rows_add(rows, values, lengths, err);
    if (rc == 0)
        return 0;
    db_give_up(db); /* the rest of the answer is still to come */
    return err_where(err, "%s", db->where);
}

static int read_rows(struct db *db, const struct db_statement *statement, struct db_rows *rows,
                     struct err *err)
{
    struct db_packet packet;

    for (;;) {
        int rc = db_packet_read(db, statement, &packet, err);
        if (rc != 0)
            return rc;
        if (db_packet_is_end(&packet))
            return db_packet_is_last(db, &packet) ? 0 : db_garbled(db, statement, err);
        rc = add_row(db, statement, &packet, rows, err);
        if (rc != 0)
            return rc;
    }
}

/* MariaDB says behind the number whether their descriptions follow. */
static bool has_columns(const struct db_packet *head, uint64_t *out_count)
{
    size_t at = 0;

    if (!wire_number(head->bytes, head->len, &at, out_count))
        return false;
    bool is_described = at == head->len || (at + 1 == head->len && head->bytes[at] == 1);
    return is_described && *out_count > 0 && *out_count <= COLUMNS_CAP;
}

int db_answer_read(struct db *db, const struct db_statement *statement, struct db_result *out,
                   struct err *err)
{
    CLEANUP(db_rows_freep) struct db_rows *rows = NULL;
    struct db_packet head;
    uint64_t count;

    int rc = db_packet_read(db, statement, &head, err);
    if (rc != 0)
        return rc;
    if (!has_columns(&head, &count))
        return db_garbled(db, statement, err);
    rc = db_rows_new((size_t)count, &rows, err);
    if (rc != 0) {
        db_give_up(db);
        return rc;
    }
    rc = read_names(db, statement, rows, err);
    if (rc == 0)
        rc = read_rows(db, statement, rows, err);
    if (rc != 0)
        return rc;
    *out = (struct db_result){
        .opaque = rows, .row_count = rows->row_count, .column_count = rows->column_count};
    rows = NULL;
    return 0;
}

#else

int db_answer_read(struct db *db, const struct db_statement *statement, struct db_result *out,
                   struct err *err)
{
    return db_read_answer(db, statement, out, err);
}

#endif
