/* SPDX-License-Identifier: MIT */
/*
 * A prepared SELECT whose rows are handed out as they come. The library sends the commands and
 * reads packets (it joins those above 16 MiB, takes an error apart and keeps its read timeout); of
 * the answer it knows nothing, so what it keeps about statements and results is not used.
 */
#include "io/db_packets.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "io/db_error.h"
#include "io/db_inner.h"
#include "io/db_reader.h"

struct db_packets {
    struct db_reader reader; /* of the rows, unless the library has to decipher them */
    char *sql;
    enum err_effect if_lost;
    uint32_t statement_id;
    struct wire_column *columns;
    size_t column_count;
};

static void free_packetsp(struct db_packets **packets)
{
    if (!*packets)
        return;
#ifdef LIBMARIADB
    db_reader_release(&(*packets)->reader);
#endif
    free((*packets)->sql);
    free((*packets)->columns);
    free(*packets);
}

void db_drop_packets(struct db *db)
{
    if (!db->packets)
        return;
    free_packetsp(&db->packets);
    db->packets = NULL;
}

const struct wire_column *db_packets_columns(const struct db *db, size_t *out_count)
{
    *out_count = db->packets ? db->packets->column_count : 0;
    return db->packets ? db->packets->columns : NULL;
}

#ifdef LIBMARIADB

#define DEPRECATE_EOF (1UL << 24) /* a capability for which the library has no name */
#define MORE_RESULTS 8U
#define SPLIT_BYTES 0xFFFFFFUL

bool db_packets_is_able(void)
{
    return true;
}

int db_garbled(struct db *db, const struct db_statement *statement, struct err *err)
{
    char name[DB_STATEMENT_NAME_SIZE];

    db_give_up(db); /* nobody knows where the next answer would begin */
    (void)err_set(err, ERR_PROTOCOL, statement->if_lost, "the answer to %s makes no sense",
                  db_statement_name(statement->sql, name));
    (void)err_where(err, "%s", db->where);
    return ERR_PROTOCOL;
}

static int out_of_memory(struct db *db, struct err *err)
{
    db_give_up(db); /* the rest of the answer is still to come */
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a stream of rows");
}

int db_packet_read(struct db *db, const struct db_statement *statement, struct db_packet *out,
                   struct err *err)
{
    unsigned long len = mysql_net_read_packet(db->mysql);

    if (len == packet_error)
        return db_fail(db, statement, err);
    if (len == 0)
        return db_garbled(db, statement, err);
    *out = (struct db_packet){.bytes = db->mysql->net.read_pos, .len = len};
    return 0;
}

static int send_command(struct db *db, const struct db_statement *statement,
                        enum enum_server_command command, const void *bytes, size_t len,
                        struct err *err)
{
    if (db->mysql->methods->db_command(db->mysql, command, bytes, len, 1, NULL) != 0)
        return db_fail(db, statement, err);
    return db_await_answer(db, statement, err);
}

bool db_has_short_end(const struct db *db)
{
    return db->mysql->client_flag & db->mysql->server_capabilities & DEPRECATE_EOF;
}

bool db_packet_is_end(const struct db_packet *packet)
{
    return packet->bytes[0] == 0xFE && packet->len < SPLIT_BYTES;
}

/* Descriptions of columns, and the mark behind them. out is NULL for those of parameters. */
static int read_columns(struct db *db, const struct db_statement *statement, size_t count,
                        struct wire_column *out, struct err *err)
{
    struct db_packet packet;

    for (size_t i = 0; i < count; i++) {
        struct wire_column column;
        int rc = db_packet_read(db, statement, &packet, err);
        if (rc != 0)
            return rc;
        if (wire_column_read(packet.bytes, packet.len, &column, err) != 0)
            return db_garbled(db, statement, err);
        if (out)
            out[i] = column;
    }
    if (count == 0 || db_has_short_end(db))
        return 0;
    int rc = db_packet_read(db, statement, &packet, err);
    if (rc != 0)
        return rc;
    return db_packet_is_end(&packet) ? 0 : db_garbled(db, statement, err);
}

/* The server forgets the statement; this has no answer. */
static void forget_statement(struct db *db, uint32_t statement_id)
{
    const unsigned char id[4] = {(unsigned char)statement_id, (unsigned char)(statement_id >> 8),
                                 (unsigned char)(statement_id >> 16),
                                 (unsigned char)(statement_id >> 24)};

    if (!db->is_dead && db->mysql->methods->db_command(db->mysql, COM_STMT_CLOSE, (const char *)id,
                                                       sizeof(id), 1, NULL) != 0)
        db_give_up(db);
}

static uint32_t number_at(const struct db_packet *packet, size_t at, size_t len)
{
    uint32_t number = 0;

    for (size_t i = 0; i < len; i++)
        number |= (uint32_t)packet->bytes[at + i] << (8 * i);
    return number;
}

/* After it the server has the statement, or refused it, or the connection is dead. */
static int prepare(struct db *db, const struct db_statement *statement, struct db_packets **out,
                   struct err *err)
{
    CLEANUP(free_packetsp) struct db_packets *packets = calloc(1, sizeof(*packets));
    struct db_packet head = {0};

    int rc = db_check_usable(db, statement->sql, err);
    if (rc != 0)
        return rc;
    if (!packets || !(packets->sql = strdup(statement->sql)))
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for a stream of rows");
    rc = send_command(db, statement, COM_STMT_PREPARE, statement->sql, strlen(statement->sql), err);
    if (rc == 0)
        rc = db_packet_read(db, statement, &head, err);
    if (rc != 0)
        return rc;
    if (head.len < 12 || head.bytes[0] != 0)
        return db_garbled(db, statement, err);

    packets->if_lost = statement->if_lost;
    packets->statement_id = number_at(&head, 1, 4);
    packets->column_count = number_at(&head, 5, 2);
    size_t parameter_count = number_at(&head, 7, 2);
    packets->columns =
        calloc(packets->column_count ? packets->column_count : 1, sizeof(*packets->columns));
    if (!packets->columns)
        return out_of_memory(db, err);
    rc = read_columns(db, statement, parameter_count, NULL, err);
    if (rc == 0)
        rc = read_columns(db, statement, packets->column_count, packets->columns, err);
    if (rc != 0)
        return rc;
    if (packets->column_count == 0 || parameter_count != 0) {
        forget_statement(db, packets->statement_id);
        (void)err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the answer should have been rows");
        return err_where(err, "%s", db->where);
    }
    *out = packets;
    packets = NULL;
    return 0;
}

/* The head of the answer, up to the first row. MariaDB leaves the columns out when they are those
 * of the preparation. */
static int execute(struct db *db, const struct db_statement *statement, struct db_packets *packets,
                   struct err *err)
{
    uint32_t id = packets->statement_id;
    const unsigned char command[] = {(unsigned char)id,
                                     (unsigned char)(id >> 8),
                                     (unsigned char)(id >> 16),
                                     (unsigned char)(id >> 24),
                                     0, /* no cursor */
                                     1, /* once */
                                     0,
                                     0,
                                     0};
    struct db_packet head = {0};
    size_t at = 0;
    uint64_t count;

    int rc = send_command(db, statement, COM_STMT_EXECUTE, command, sizeof(command), err);
    if (rc == 0)
        rc = db_packet_read(db, statement, &head, err);
    if (rc != 0)
        return rc;
    if (!wire_number(head.bytes, head.len, &at, &count) || count != packets->column_count)
        return db_garbled(db, statement, err);
    bool has_columns = at == head.len || head.bytes[at] != 0;
    if (has_columns)
        return read_columns(db, statement, packets->column_count, packets->columns, err);
    if (db_has_short_end(db))
        return 0;
    rc = db_packet_read(db, statement, &head, err); /* the mark comes even so */
    if (rc != 0)
        return rc;
    return db_packet_is_end(&head) ? 0 : db_garbled(db, statement, err);
}

int db_packets_open(struct db *db, const char *sql, struct err *err)
{
    CLEANUP(free_packetsp) struct db_packets *packets = NULL;
    struct db_statement statement = db_statement_of(sql);

    int rc = prepare(db, &statement, &packets, err);
    if (rc != 0)
        return rc;
    rc = execute(db, &statement, packets, err);
    if (rc != 0) {
        forget_statement(db, packets->statement_id);
        return rc;
    }
    db->packets = packets;
    packets = NULL;
    return 0;
}

int db_packets_describe(struct db *db, const char *sql, struct wire_column **out, size_t *out_count,
                        struct err *err)
{
    CLEANUP(free_packetsp) struct db_packets *packets = NULL;
    struct db_statement statement = db_statement_of(sql);

    int rc = prepare(db, &statement, &packets, err);
    if (rc != 0)
        return rc;
    forget_statement(db, packets->statement_id);
    *out = packets->columns;
    *out_count = packets->column_count;
    packets->columns = NULL;
    return 0;
}

/* Has another result been announced behind these rows? None may be: a SELECT has one. */
bool db_packet_is_last(const struct db *db, const struct db_packet *packet)
{
    size_t at = 1;
    uint64_t number;

    if (db_has_short_end(db)) {
        if (!wire_number(packet->bytes, packet->len, &at, &number) ||
            !wire_number(packet->bytes, packet->len, &at, &number))
            return false;
    } else {
        at += 2; /* warnings */
    }
    return at + 2 <= packet->len && (packet->bytes[at] & MORE_RESULTS) == 0;
}

static void end_rows(struct db *db)
{
    forget_statement(db, db->packets->statement_id);
    db_drop_packets(db);
}

/* The server's own words: code, state, text. */
static int refused(struct db *db, const struct db_statement *statement,
                   const struct db_packet *packet, struct err *err)
{
    size_t at = packet->len > 3 && packet->bytes[3] == '#' ? 9 : 3;
    char text[512];

    if (packet->len < at)
        return db_garbled(db, statement, err);
    unsigned native = number_at(packet, 1, 2);
    (void)snprintf(text, sizeof(text), "%.*s",
                   (int)(packet->len - at < 500 ? packet->len - at : 500),
                   (const char *)packet->bytes + at);
    int rc = db_error_set(err, statement->sql, native, text, statement->if_lost, false);
    if (db_error_kind(native) != DB_REFUSED)
        db_give_up(db);
    (void)err_where(err, "%s", db->where);
    return rc;
}

static int lost(struct db *db, const struct db_statement *statement, struct err *err)
{
    char took[32];
    int64_t took_ms = clock_mono_ms() - statement->started_ms;

    db_give_up(db);
    int rc = db_error_set(err, statement->sql, CR_SERVER_LOST, clock_human_ms(took_ms, took),
                          statement->if_lost, took_ms >= db->read_timeout_ms);
    (void)err_where(err, "%s", db->where);
    return rc;
}

static int read_row(struct db *db, const struct db_statement *statement, struct db_packet *out,
                    struct err *err)
{
    struct db_reader *reader = &db->packets->reader;

    if (!db_reader_is_able(db) || db->is_dead)
        return db_packet_read(db, statement, out, err);
    int rc = reader->is_begun ? 0 : db_reader_begin(reader, db, err);
    if (rc != 0)
        return rc;
    switch (db_reader_next(reader, db, &out->bytes, &out->len)) {
    case 1:
        break;
    case 0:
        return lost(db, statement, err);
    case -1:
        return out_of_memory(db, err);
    default:
        return db_garbled(db, statement, err);
    }
    if (out->len == 0)
        return db_garbled(db, statement, err);
    if (out->bytes[0] == 0xFF)
        return refused(db, statement, out, err);
    bool is_over = db_packet_is_end(out);
    return is_over && !db_reader_is_empty(reader) ? db_garbled(db, statement, err) : 0;
}

int db_packets_next(struct db *db, const unsigned char **out_bytes, size_t *out_len,
                    struct err *err)
{
    const struct db_packets *packets = db->packets;
    struct db_packet packet = {0};

    if (!packets)
        return err_set(err, ERR_BUG, EFFECT_NONE, "a row was asked for, but no stream is open");
    struct db_statement statement = {
        .sql = packets->sql, .if_lost = packets->if_lost, .started_ms = db_roughly_now_ms()};
    int rc = read_row(db, &statement, &packet, err);
    if (rc == 0 && packet.bytes[0] == 0) {
        *out_bytes = packet.bytes;
        *out_len = packet.len;
        return 1;
    }
    if (rc == 0 && !(db_packet_is_end(&packet) && db_packet_is_last(db, &packet)))
        rc = db_garbled(db, &statement, err);
    end_rows(db);
    return rc;
}

void db_packets_close(struct db *db)
{
    const unsigned char *bytes;
    size_t len;
    struct err ignored;

    /* The end drops them, and so does an error, be it the server's or the connection's. */
    int rc = 1;
    for (int count = 0; db->packets && rc == 1 && count < DB_READ_AWAY_CAP && !db->is_dead; count++)
        rc = db_packets_next(db, &bytes, &len, &ignored);
    if (db->packets)
        db_give_up(db);
    db_drop_packets(db);
}

#else

bool db_packets_is_able(void)
{
    return false;
}

static int unable(struct err *err)
{
    return err_set(err, ERR_BUG, EFFECT_NONE, "this client library hands out no packets");
}

int db_packets_open(struct db *db UNUSED, const char *sql UNUSED, struct err *err)
{
    return unable(err);
}

int db_packets_describe(struct db *db UNUSED, const char *sql UNUSED,
                        struct wire_column **out UNUSED, size_t *out_count UNUSED, struct err *err)
{
    return unable(err);
}

int db_packets_next(struct db *db UNUSED, const unsigned char **out_bytes UNUSED,
                    size_t *out_len UNUSED, struct err *err)
{
    return unable(err);
}

void db_packets_close(struct db *db)
{
    db_drop_packets(db);
}

#endif
