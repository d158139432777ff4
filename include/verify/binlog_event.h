/* SPDX-License-Identifier: MIT */
/*
 * verify/binlog_event.h - the events of a binary log, apart from rows: headers, checksums,
 * identities of transactions, statements.
 * Threads: pure.
 * Source   MySQL source documentation, "Binary Log Event"; MariaDB documentation, "Replication
 *          protocol"
 */
#ifndef CUTOVER_VERIFY_BINLOG_EVENT_H
#define CUTOVER_VERIFY_BINLOG_EVENT_H

#include "base/buf.h"
#include "domain/position.h"
#include "verify/binlog_bytes.h"

/* By both vendors' names; MariaDB numbers its own from 160. */
enum binlog_event_type {
    EVENT_QUERY = 2,
    EVENT_STOP = 3,
    EVENT_ROTATE = 4,
    EVENT_INTVAR = 5,
    EVENT_LOAD = 6,
    EVENT_CREATE_FILE = 8,
    EVENT_APPEND_BLOCK = 9,
    EVENT_EXEC_LOAD = 10,
    EVENT_DELETE_FILE = 11,
    EVENT_NEW_LOAD = 12,
    EVENT_RAND = 13,
    EVENT_USER_VAR = 14,
    EVENT_FORMAT_DESCRIPTION = 15,
    EVENT_XID = 16,
    EVENT_BEGIN_LOAD_QUERY = 17,
    EVENT_EXECUTE_LOAD_QUERY = 18,
    EVENT_TABLE_MAP = 19,
    EVENT_WRITE_ROWS_V1 = 23,
    EVENT_UPDATE_ROWS_V1 = 24,
    EVENT_DELETE_ROWS_V1 = 25,
    EVENT_INCIDENT = 26,
    EVENT_HEARTBEAT = 27,
    EVENT_IGNORABLE = 28,
    EVENT_ROWS_QUERY = 29,
    EVENT_WRITE_ROWS = 30,
    EVENT_UPDATE_ROWS = 31,
    EVENT_DELETE_ROWS = 32,
    EVENT_GTID = 33,
    EVENT_ANONYMOUS_GTID = 34,
    EVENT_PREVIOUS_GTIDS = 35,
    EVENT_TRANSACTION_CONTEXT = 36,
    EVENT_VIEW_CHANGE = 37,
    EVENT_XA_PREPARE = 38,
    EVENT_PARTIAL_UPDATE_ROWS = 39,
    EVENT_TRANSACTION_PAYLOAD = 40,
    EVENT_HEARTBEAT_V2 = 41,
    EVENT_GTID_TAGGED = 42,
    EVENT_ANNOTATE_ROWS = 160,
    EVENT_BINLOG_CHECKPOINT = 161,
    EVENT_MARIADB_GTID = 162,
    EVENT_MARIADB_GTID_LIST = 163,
    EVENT_START_ENCRYPTION = 164,
    EVENT_QUERY_COMPRESSED = 165,
    EVENT_WRITE_ROWS_COMPRESSED_V1 = 166,
    EVENT_UPDATE_ROWS_COMPRESSED_V1 = 167,
    EVENT_DELETE_ROWS_COMPRESSED_V1 = 168,
    EVENT_WRITE_ROWS_COMPRESSED = 169,
    EVENT_UPDATE_ROWS_COMPRESSED = 170,
    EVENT_DELETE_ROWS_COMPRESSED = 171,
};

enum binlog_event_flag { EVENT_IS_ARTIFICIAL = 0x20, EVENT_IS_IGNORABLE = 0x80 };

#define BINLOG_HEADER_LEN 19

struct binlog_event {
    unsigned type, flags;
    uint32_t written_s; /* wall clock of the server that wrote it */
    uint32_t server_id;
    struct bytes body; /* without header and checksum */
};

/* What the log's own description says of the events behind it. */
struct binlog_format {
    bool has_checksum;
};

/*
 * An event that was sent. Its checksum is verified, and a description changes `format`.
 * ERR_PROTOCOL/NONE: cut short, or not what its checksum is of.
 */
MUST_CHECK int binlog_event_read(struct binlog_format *format, const unsigned char *bytes,
                                 size_t len, struct binlog_event *out, struct err *err);
/* By the sender, between files or to be heard of: not in the log, with or without a checksum. */
bool binlog_event_is_made_up(const struct binlog_event *event);
/* One out of a compressed transaction: no checksum. */
MUST_CHECK int binlog_event_read_inner(const unsigned char *bytes, size_t len,
                                       struct binlog_event *out, struct err *err);
/* The length that an event's header says, of which BINLOG_HEADER_LEN bytes are there. */
size_t binlog_event_len(const unsigned char *header);

/* --- who wrote what, and when ----------------------------------------------------------------- */

#define BINLOG_GTID_TEXT_SIZE 128

struct binlog_gtid {
    enum flavour flavour;
    struct gtid item; /* MariaDB */
    uint8_t uuid[GTID_UUID_SIZE];
    char tag[GTID_TAG_SIZE];
    uint64_t number;    /* of the uuid and tag */
    int64_t written_ms; /* wall clock of the server that wrote it, at commit */
    bool is_single;     /* MariaDB: one event, without a COMMIT */
    bool is_xa;         /* MariaDB: what follows is prepared; MySQL says so by a statement */
};

MUST_CHECK int binlog_gtid_read(const struct binlog_event *event, struct binlog_gtid *out,
                                struct err *err);
/* "0-1-17", "uuid:17", "uuid:tag:17". */
void binlog_gtid_text(const struct binlog_gtid *gtid, char out[BINLOG_GTID_TEXT_SIZE]);
/* ERR_MEMORY/NONE: the set has more gaps than ours may hold. */
MUST_CHECK int binlog_position_add(struct position *position, const struct binlog_gtid *gtid,
                                   struct err *err);
/* As COM_BINLOG_DUMP_GTID wants it; tags only when there are any. */
void binlog_set_encode(const struct gtid_set *set, struct buf *out);

/* --- statements ------------------------------------------------------------------------------- */

#define BINLOG_UPDATED_CAP 16

struct binlog_query {
    const char *sql; /* not terminated */
    size_t sql_len;
    char database[257]; /* the default database of the session, "" when none */
    bool is_utf8;       /* the statement's character set */
    bool has_updated;   /* MySQL: all databases it may have changed, by whatever means */
    size_t updated_count;
    const char *updated[BINLOG_UPDATED_CAP]; /* terminated; as long as the event */
};

/* Memory for one compressed part, kept for the next one. Zeroed memory is none. */
struct binlog_scratch {
    unsigned char *data;
    size_t room;
};
MUST_CHECK int binlog_scratch_room(struct binlog_scratch *scratch, size_t len, struct err *err);
void binlog_scratch_release(struct binlog_scratch *scratch);

/* `unpacked` holds what was compressed, if it was. */
MUST_CHECK int binlog_query_read(const struct binlog_event *event, struct binlog_scratch *unpacked,
                                 struct binlog_query *out, struct err *err);

/* MariaDB's way to compress a part of an event; replaces *packed by what it was. */
MUST_CHECK int binlog_unpack(struct bytes *packed, struct binlog_scratch *unpacked,
                             struct err *err);

#define BINLOG_XID_SIZE 320

/* "X'7831',X'',1", as statements have it; one_phase: it is a COMMIT as well. */
MUST_CHECK int binlog_xa_prepare_read(const struct binlog_event *event, char out[BINLOG_XID_SIZE],
                                      bool *out_is_one_phase, struct err *err);

/* --- transactions in one piece ---------------------------------------------------------------- */

struct binlog_payload {
    const unsigned char *bytes;
    size_t len;
    bool is_compressed;
};
MUST_CHECK int binlog_payload_read(const struct binlog_event *event, struct binlog_payload *out,
                                   struct err *err);

#endif
