/* SPDX-License-Identifier: MIT */
/* A binary log is asked for as a replica would ask, under a number and a name that nobody has. */
#include "verify/change_log.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/log.h"
#include "io/binlog.h"
#include "sql/catalog.h"
#include "verify/binlog_event.h"
#include "verify/change_reader.h"

#define STATEMENT_CAP_BYTES 65536
#define SET_CAP_BYTES (1U << 20)
#define CONNECT_TIMEOUT_MS 10000
#define STATEMENT_TIMEOUT_MS 10000
#define BEGIN_TIMEOUT_MS 60000 /* the server looks for the position in its files */
#define LOOK_EVENTS 256        /* without a change, before the time is looked at */

struct change_log {
    struct binlog *binlog;
    struct change_reader *reader;
    char where[300];
};

void change_log_free(struct change_log *log)
{
    if (!log)
        return;
    binlog_free(log->binlog);
    change_reader_free(log->reader);
    free(log);
}

void change_log_freep(struct change_log **log)
{
    change_log_free(*log);
    *log = NULL;
}

static int connect_reader(const struct change_log_options *options, struct db **out,
                          struct server_version *out_version, struct err *err)
{
    const struct service *service = options->service;
    const struct node *node = service_primary(service, options->side);
    const struct db_target target = {
        .host = node->host,
        .port = node->port,
        .socket = node->socket,
        .user = service->replication.user,
        .password = &service->replication.password,
        .tls = &service->tls,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .read_timeout_ms = STATEMENT_TIMEOUT_MS,
        .program = "cutover change log",
    };
    CLEANUP(db_freep) struct db *db = NULL;
    char version[64];

    int rc = db_connect(&target, &db, err);
    if (!rc)
        rc = db_query_text(db, sql_for(SQL_VERSION, NULL), version, sizeof(version), NULL, err);
    if (!rc)
        rc = version_parse(version, out_version, err);
    if (rc)
        return rc;
    *out = db;
    db = NULL;
    return 0;
}

/* Whose log it is. */
static int ask_server(struct db *db, const struct server_version *version,
                      struct change_reader_options *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = db_query(db, sql_for(SQL_BINLOG_SERVER, version), &result, err);

    if (rc)
        return rc;
    const char *id = db_result_get(&result, 0, "server_id");
    const char *uuid = db_result_get(&result, 0, "server_uuid");
    if (!id || !uuid)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s does not say who it is", db_where(db));
    out->server_id = (uint32_t)strtoul(id, NULL, 10);
    out->origin = (struct origin){.flavour = version->flavour};
    if (version->flavour == FLAVOUR_MARIADB)
        return 0;
    return origin_parse(FLAVOUR_MYSQL, uuid, &out->origin, err);
}

/*
 * A server ends the older of two readers that have the same id, or MySQL: the same UUID. Ids that
 * people give are small numbers or made of addresses; a random one of the upper half meets one of a
 * hundred of those once in twenty million times, and never the server's own.
 */
static int choose_reader(uint32_t server_id, uint32_t *out_id, char out_uuid[GTID_UUID_TEXT_SIZE],
                         struct err *err)
{
    char hex[33];
    uint8_t uuid[GTID_UUID_SIZE];

    int rc = digest_random_hex(hex, 32, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < sizeof(uuid); i++) {
        const char byte[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        uuid[i] = (uint8_t)strtoul(byte, NULL, 16);
    }
    gtid_uuid_text(uuid, out_uuid);
    hex[8] = '\0';
    *out_id = (uint32_t)strtoul(hex, NULL, 16) | 0x80000000U;
    if (*out_id == server_id)
        *out_id ^= 1;
    return 0;
}

/* What a replica says before it asks. */
static int introduce(struct db *db, const struct server_version *version, const char *uuid,
                     const struct position *from, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    char position[POSITION_TEXT_SIZE], heartbeat_ns[32];

    (void)snprintf(heartbeat_ns, sizeof(heartbeat_ns), "%" PRId64,
                   (int64_t)BINLOG_HEARTBEAT_MS * 1000000);
    int rc = position_text(from, position, sizeof(position), err);
    const struct sql_arg args[] = {
        {"heartbeat_ns", heartbeat_ns}, {"position", position}, {"reader", uuid}};
    buf_init(&sql, STATEMENT_CAP_BYTES);
    if (!rc)
        rc = sql_render(SQL_BINLOG_SESSION, version, args, ARRAY_LEN(args), &sql, err);
    return rc ? rc : db_exec(db, buf_text(&sql), err);
}

/* An event that the server sends in front of all others, or why it does not. */
static int await_event(struct change_log *log, struct err *err)
{
    struct binlog_packet packet;
    int rc = binlog_next(log->binlog, BEGIN_TIMEOUT_MS, &packet, err);

    if (rc < 0)
        return rc;
    if (rc == 0)
        return err_set(err, ERR_TIMEOUT, EFFECT_NONE, "%s does not begin to send its binary log",
                       log->where);
    return change_reader_feed(log->reader, packet.bytes, packet.len, err);
}

/*
 * Where a place was asked for, the first file describes itself: logs may have been reset since, and
 * the file be another one of that name.
 */
static int await_begin(struct change_log *log, const struct binlog_place *at, struct err *err)
{
    int rc = await_event(log, err);

    if (!rc && at) /* the name comes first */
        rc = await_event(log, err);
    if (rc || !at || change_reader_file_born(log->reader) == at->born_s)
        return rc;
    return err_set(err, ERR_REFUSED, EFFECT_NONE, "%s was begun anew since", at->file);
}

static int name_position(const struct change_log_options *options, int rc, struct err *err)
{
    char position[200];

    if (rc != ERR_REFUSED)
        return rc;
    position_show(options->from, position, sizeof(position));
    return err_wrap(err, "after %s", position);
}

static int open_at(const struct change_log_options *options, const struct binlog_place *at,
                   struct change_log **out, struct err *err)
{
    CLEANUP(change_log_freep) struct change_log *log = calloc(1, sizeof(*log));
    CLEANUP(db_freep) struct db *db = NULL;
    CLEANUP(buf_release) struct buf executed;
    struct server_version version;
    struct change_reader_options reader = {.from = options->from,
                                           .at = at,
                                           .catalog = options->catalog,
                                           .is_own_only = options->is_own_only};
    struct binlog_start start = {0};
    char uuid[GTID_UUID_TEXT_SIZE];

    buf_init(&executed, SET_CAP_BYTES);
    if (!log)
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for reading a binary log");
    int rc = connect_reader(options, &db, &version, err);
    rc = rc ? rc : ask_server(db, &version, &reader, err);
    rc = rc ? rc : choose_reader(reader.server_id, &start.reader_id, uuid, err);
    rc = rc ? rc : introduce(db, &version, uuid, options->from, err);
    rc = rc ? rc : change_reader_new(&reader, &log->reader, err);
    if (rc)
        return rc;
    if (version.flavour == FLAVOUR_MYSQL) {
        static const struct gtid_set nothing;
        bool is_empty = options->from->flavour != FLAVOUR_MYSQL;
        binlog_set_encode(is_empty ? &nothing : &options->from->set, &executed);
        start.is_by_set = true;
        start.file = at ? at->file : NULL;
        start.offset = at ? at->offset : 0;
    }
    start.executed = buf_text(&executed);
    start.executed_len = executed.len;
    (void)snprintf(log->where, sizeof(log->where), "%s", db_where(db));
    rc = buf_check(&executed, err);
    if (rc)
        return rc;
    struct db *given = db;
    db = NULL;
    rc = binlog_open(given, &start, &log->binlog, err);
    rc = rc ? rc : await_begin(log, at, err);
    if (rc)
        return name_position(options, rc, err);
    *out = log;
    log = NULL;
    return 0;
}

/* Whether a set can be continued is the server's to say, and it does when no place is asked for. */
int change_log_open(const struct change_log_options *options, struct change_log **out,
                    struct err *err)
{
    const struct binlog_place *at = options->at;
    struct err why = {0};

    if (!at || !binlog_place_is_known(at) || options->from->flavour != FLAVOUR_MYSQL)
        return open_at(options, NULL, out, err);
    int rc = open_at(options, at, out, &why);
    if (rc == ERR_REFUSED) {
        log_debug("%s, looking for the transactions in all files", why.msg);
        return open_at(options, NULL, out, err);
    }
    if (rc)
        *err = why;
    return rc;
}

int change_log_next(struct change_log *log, int64_t wait_ms, struct change *out, struct err *err)
{
    int64_t deadline_ms = clock_mono_ms() + wait_ms;
    int64_t left_ms = wait_ms;

    for (unsigned events = 0;; events++) {
        struct binlog_packet packet;
        int rc = change_reader_take(log->reader, out, err);
        if (rc < 0)
            return err_where(err, "%s", log->where);
        if (rc > 0)
            return 1;
        if (events % LOOK_EVENTS == LOOK_EVENTS - 1) {
            left_ms = deadline_ms - clock_mono_ms();
            if (left_ms <= 0)
                return 0;
        }
        rc = binlog_next(log->binlog, 0, &packet, err);
        if (rc == 0) { /* nothing is there: now it is waited for */
            left_ms = deadline_ms - clock_mono_ms();
            rc = left_ms > 0 ? binlog_next(log->binlog, left_ms, &packet, err) : 0;
        }
        if (rc <= 0)
            return rc;
        rc = change_reader_feed(log->reader, packet.bytes, packet.len, err);
        if (rc)
            return err_where(err, "%s", log->where);
    }
}

void change_log_linger(struct change_log *log, int ms)
{
    binlog_linger(log->binlog, ms);
}

const struct position *change_log_position(const struct change_log *log)
{
    return change_reader_position(log->reader);
}

const struct binlog_place *change_log_place(const struct change_log *log)
{
    return change_reader_place(log->reader);
}

void change_log_use(struct change_log *log, const struct table_catalog *catalog)
{
    change_reader_use(log->reader, catalog);
}
