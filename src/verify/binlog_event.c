/* SPDX-License-Identifier: MIT */
/* Headers, checksums, statements and XA identities of a binary log. */
#include "verify/binlog_event.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io/unpack.h"

#define CHECKSUM_LEN 4
#define UNPACKED_RATIO 1040
#define KEPT_BYTES ((size_t)16 << 20)

enum checksum_kind { CHECKSUM_OFF = 0, CHECKSUM_CRC32 = 1 };

static int cut_short(unsigned type, struct err *err)
{
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                   "an event of the binary log is cut short (type %u)", type);
}

/* --- the frame -------------------------------------------------------------------------------- */

size_t binlog_event_len(const unsigned char *header)
{
    return (size_t)little_number(header + 9, 4);
}

int binlog_event_read_inner(const unsigned char *bytes, size_t len, struct binlog_event *out,
                            struct err *err)
{
    if (len < BINLOG_HEADER_LEN || binlog_event_len(bytes) != len)
        return cut_short(len > 4 ? bytes[4] : 0, err);
    *out = (struct binlog_event){
        .type = bytes[4],
        .flags = (unsigned)little_number(bytes + 17, 2),
        .written_s = (uint32_t)little_number(bytes, 4),
        .server_id = (uint32_t)little_number(bytes + 5, 4),
        .body = {.at = bytes + BINLOG_HEADER_LEN, .end = bytes + len},
    };
    return 0;
}

/* The checksum was made before a server that crashed left the mark "in use" in the description. */
static uint32_t checksum_of(const unsigned char *bytes, size_t len, bool is_description)
{
    unsigned char head[BINLOG_HEADER_LEN];

    if (!is_description || !(bytes[17] & 1))
        return unpack_crc32(bytes, len);
    memcpy(head, bytes, sizeof(head));
    head[17] &= 0xFE;
    return unpack_crc32_more(unpack_crc32(head, sizeof(head)), bytes + sizeof(head),
                             len - sizeof(head));
}

static int check_sum(const unsigned char *bytes, size_t len, struct binlog_event *event,
                     struct err *err)
{
    if (bytes_left(&event->body) < CHECKSUM_LEN)
        return cut_short(event->type, err);
    event->body.end -= CHECKSUM_LEN;
    uint32_t said = (uint32_t)little_number(event->body.end, CHECKSUM_LEN);
    if (said == checksum_of(bytes, len - CHECKSUM_LEN, event->type == EVENT_FORMAT_DESCRIPTION))
        return 0;
    return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                   "an event of the binary log is damaged (type %u): its checksum is another",
                   event->type);
}

/* Version 4; behind the lengths of all headers the kind of checksum, and always a checksum. */
static int read_description(struct binlog_format *format, const unsigned char *bytes, size_t len,
                            struct binlog_event *event, struct err *err)
{
    struct bytes body = event->body;
    uint64_t version = bytes_number(&body, 2);
    (void)bytes_take(&body, 50 + 4); /* the server's version; when the file was begun */
    uint64_t header_len = bytes_number(&body, 1);

    if (body.is_short || bytes_left(&body) < 1 + CHECKSUM_LEN)
        return cut_short(event->type, err);
    unsigned kind = body.end[-CHECKSUM_LEN - 1];
    if (version != 4 || header_len != BINLOG_HEADER_LEN || kind > CHECKSUM_CRC32)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "a binary log of version %" PRIu64 " with checksums of kind %u is not known",
                       version, kind);
    format->has_checksum = kind == CHECKSUM_CRC32;
    return format->has_checksum ? check_sum(bytes, len, event, err) : 0;
}

bool binlog_event_is_made_up(const struct binlog_event *event)
{
    return event->type == EVENT_HEARTBEAT || event->type == EVENT_HEARTBEAT_V2 ||
           (event->type == EVENT_ROTATE &&
            (event->written_s == 0 || (event->flags & EVENT_IS_ARTIFICIAL)));
}

int binlog_event_read(struct binlog_format *format, const unsigned char *bytes, size_t len,
                      struct binlog_event *out, struct err *err)
{
    int rc = binlog_event_read_inner(bytes, len, out, err);

    if (rc)
        return rc;
    if (out->type == EVENT_FORMAT_DESCRIPTION)
        return read_description(format, bytes, len, out, err);
    if (binlog_event_is_made_up(out) || !format->has_checksum)
        return 0;
    return check_sum(bytes, len, out, err);
}

/* --- compressed parts ------------------------------------------------------------------------- */

int binlog_scratch_room(struct binlog_scratch *scratch, size_t len, struct err *err)
{
    if (len < scratch->room && (scratch->room <= KEPT_BYTES || len > KEPT_BYTES))
        return 0;
    free(scratch->data);
    scratch->data = malloc(len + 1);
    scratch->room = scratch->data ? len + 1 : 0;
    if (!scratch->data)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for an event of %zu bytes",
                       len);
    return 0;
}

void binlog_scratch_release(struct binlog_scratch *scratch)
{
    free(scratch->data);
    *scratch = (struct binlog_scratch){0};
}

/* One byte: a mark, the algorithm, how many bytes the length has; the length, high byte first */
int binlog_unpack(struct bytes *packed, struct binlog_scratch *unpacked, struct err *err)
{
    uint64_t head = bytes_number(packed, 1);
    size_t length_bytes = head & 7;
    const unsigned char *length = bytes_take(packed, length_bytes);

    if (packed->is_short || !(head & 0x80) || (head & 0x70) || length_bytes < 1 || length_bytes > 4)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a compressed event of an unknown kind");
    size_t len = (size_t)big_number(length, length_bytes);
    if (len / UNPACKED_RATIO > bytes_left(packed)) /* no zlib stream gives more */
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "a compressed event lies about its length");
    int rc = binlog_scratch_room(unpacked, len, err);
    rc = rc ? rc : unpack_zlib(packed->at, bytes_left(packed), unpacked->data, len, err);
    if (rc)
        return rc;
    packed->at = unpacked->data;
    packed->end = packed->at + len;
    return 0;
}

/* --- statements ------------------------------------------------------------------------------- */

/* Collations of utf8 in its two widths, as both vendors number them. */
static bool is_utf8_collation(uint64_t id)
{
    return id == 33 || id == 45 || id == 46 || id == 76 || id == 83 || (id >= 192 && id <= 215) ||
           (id >= 223 && id <= 247) || (id >= 255 && id <= 323) || id >= 2048;
}

static void read_updated(struct bytes *vars, struct binlog_query *out)
{
    uint64_t count = bytes_number(vars, 1);

    if (count > BINLOG_UPDATED_CAP) /* 254: too many to be listed */
        return;
    for (size_t i = 0; i < count; i++) {
        const unsigned char *name = vars->at;
        const unsigned char *end = memchr(name, 0, bytes_left(vars));
        if (!end)
            return;
        vars->at = end + 1;
        out->updated[out->updated_count++] = (const char *)name;
    }
    out->has_updated = count > 0;
}

/* Lengths of the variables whose values do not matter; 0xFF: a length byte goes before. */
static const unsigned char variable_lens[] = {
    [0] = 4,  [1] = 8,  [3] = 4,  [5] = 0xFF, [6] = 0xFF, [7] = 2,  [8] = 2,  [9] = 8,
    [10] = 4, [13] = 3, [16] = 1, [17] = 8,   [18] = 2,   [19] = 1, [20] = 1,
};

/* False at the first one that is not known: what is behind it cannot be found. */
static bool read_variable(struct bytes *vars, struct binlog_query *out)
{
    enum { CATALOG = 2, CHARSET = 4, INVOKERS = 11, UPDATED = 12 };
    uint64_t code = bytes_number(vars, 1);

    switch (code) {
    case CATALOG:
        (void)bytes_take(vars, (size_t)bytes_number(vars, 1) + 1);
        return true;
    case CHARSET:
        out->is_utf8 = is_utf8_collation(bytes_number(vars, 2));
        (void)bytes_take(vars, 4);
        return true;
    case INVOKERS:
        (void)bytes_take(vars, (size_t)bytes_number(vars, 1));
        (void)bytes_take(vars, (size_t)bytes_number(vars, 1));
        return true;
    case UPDATED:
        read_updated(vars, out);
        return true;
    default:
        break;
    }
    size_t len = code < sizeof(variable_lens) ? variable_lens[code] : 0;
    if (len == 0)
        return false;
    (void)bytes_take(vars, len == 0xFF ? (size_t)bytes_number(vars, 1) : len);
    return true;
}

int binlog_query_read(const struct binlog_event *event, struct binlog_scratch *unpacked,
                      struct binlog_query *out, struct err *err)
{
    struct bytes body = event->body;

    *out = (struct binlog_query){0};
    (void)bytes_take(&body, 8); /* thread, duration */
    size_t database_len = (size_t)bytes_number(&body, 1);
    (void)bytes_take(&body, 2); /* the error it ended with */
    size_t vars_len = (size_t)bytes_number(&body, 2);
    if (event->type == EVENT_EXECUTE_LOAD_QUERY)
        (void)bytes_take(&body, 13); /* which file, and where its name stands in the text */
    const unsigned char *at = bytes_take(&body, vars_len);
    const unsigned char *database = bytes_take(&body, database_len + 1);
    if (body.is_short || database_len >= sizeof(out->database))
        return cut_short(event->type, err);
    struct bytes vars = {.at = at, .end = at + vars_len};
    while (vars.at < vars.end && !vars.is_short && read_variable(&vars, out))
        ;
    if (vars.is_short)
        return cut_short(event->type, err);
    memcpy(out->database, database, database_len);
    if (event->type == EVENT_QUERY_COMPRESSED) {
        int rc = binlog_unpack(&body, unpacked, err);
        if (rc)
            return rc;
    }
    out->sql = (const char *)body.at;
    out->sql_len = bytes_left(&body);
    return 0;
}

static void add_hex(const unsigned char *bytes, size_t len, char **at)
{
    static const char digits[] = "0123456789abcdef";

    *(*at)++ = 'X';
    *(*at)++ = '\'';
    for (size_t i = 0; i < len; i++) {
        *(*at)++ = digits[bytes[i] >> 4];
        *(*at)++ = digits[bytes[i] & 15];
    }
    *(*at)++ = '\'';
    *(*at)++ = ',';
}

int binlog_xa_prepare_read(const struct binlog_event *event, char out[BINLOG_XID_SIZE],
                           bool *out_is_one_phase, struct err *err)
{
    enum { PART_CAP = 64 };
    struct bytes body = event->body;
    bool is_one_phase = bytes_number(&body, 1) != 0;
    uint32_t format = (uint32_t)bytes_number(&body, 4);
    size_t global_len = (size_t)bytes_number(&body, 4);
    size_t branch_len = (size_t)bytes_number(&body, 4);
    const unsigned char *global = bytes_take(&body, global_len);
    const unsigned char *branch = bytes_take(&body, branch_len);

    if (body.is_short || global_len > PART_CAP || branch_len > PART_CAP)
        return cut_short(event->type, err);
    char *at = out;
    add_hex(global, global_len, &at);
    add_hex(branch, branch_len, &at);
    (void)snprintf(at, (size_t)(out + BINLOG_XID_SIZE - at), "%" PRIu32, format);
    *out_is_one_phase = is_one_phase;
    return 0;
}

int binlog_payload_read(const struct binlog_event *event, struct binlog_payload *out,
                        struct err *err)
{
    enum { FIELD_END = 0, FIELD_SIZE = 1, FIELD_KIND = 2 };
    enum { KIND_ZSTD = 0, KIND_NONE = 255 };
    struct bytes body = event->body;
    uint64_t size = 0, kind = KIND_NONE, field;

    while ((field = bytes_packed(&body)) != FIELD_END && !body.is_short) {
        size_t len = (size_t)bytes_packed(&body);
        const unsigned char *at = bytes_take(&body, len);
        struct bytes value = {.at = at, .end = at ? at + len : at};
        if (at && field == FIELD_SIZE)
            size = bytes_packed(&value);
        else if (at && field == FIELD_KIND)
            kind = bytes_packed(&value);
        body.is_short |= value.is_short;
    }
    if (body.is_short || size > bytes_left(&body))
        return cut_short(event->type, err);
    if (kind != KIND_ZSTD && kind != KIND_NONE)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "a transaction compressed in a way that is not known (%" PRIu64 ")", kind);
    *out = (struct binlog_payload){
        .bytes = body.at, .len = (size_t)size, .is_compressed = kind == KIND_ZSTD};
    return 0;
}
