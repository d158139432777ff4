/* SPDX-License-Identifier: MIT */
/*
 * Asking for a binary log, and the thread that reads it.
 *
 * Two buffers: the reader appends packets to one, the caller empties the other; when that is empty
 * they change places. So a packet stays where it is while the caller looks at it, and a busy log
 * costs one lock a packet and no allocation. Who lingers is woken for all that had come when it was
 * looked, not for each packet.
 */
#include "io/binlog.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/signals.h"
#include "io/db_error.h"
#include "io/db_inner.h"

#define STATEMENT "reading the binary log"
#define PACKET_CAP_BYTES ((size_t)1 << 30)    /* what a server may send at once */
#define BUFFER_CAP_BYTES ((size_t)1200 << 20) /* such a packet behind others */
#define KEPT_ROOM_BYTES ((size_t)16 << 20)
#define STOP_LOOK_MS 100
#define TELL_BYTES ((size_t)64 << 10) /* of a log that never ends: the caller has work by then */
#define PACKET_HEAD_BYTES 5           /* length, number, status */
#define TLS_RECORD_BYTES 29           /* at most, beside what it carries */
#define NATIVE_LOG_IS_GONE 1236

struct binlog {
    struct db *db; /* the thread's, once that runs */
    int socket; /* its own number of the connection's: the library closes the other when it likes */
    struct buf filling, reading;
    size_t read_at;
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t arrived, taken;
    bool is_over, is_closing; /* the thread has ended; shall end */
    int linger_ms;
    struct err end; /* why */
#ifndef LIBMARIADB
    MYSQL_RPL request;
#endif
};

/* --- the client library ----------------------------------------------------------------------- */

#ifdef LIBMARIADB
enum command { COMMAND_DUMP = 18, COMMAND_DUMP_SET = 30 };

static void add_number(struct buf *out, uint64_t number, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        buf_putc(out, (char)(number >> (8 * i)));
}

#endif

#define FIRST_OFFSET 4 /* of a file; without a name it stands for "whichever file" */

static const char *file_of(const struct binlog_start *start)
{
    return start->file ? start->file : "";
}

static uint32_t offset_of(const struct binlog_start *start)
{
    return start->file ? start->offset : FIRST_OFFSET;
}

#ifdef LIBMARIADB
static int send_request(struct binlog *log, const struct binlog_start *start, struct err *err)
{
    CLEANUP(buf_release) struct buf body;
    MYSQL *mysql = log->db->mysql;

    buf_init(&body, start->executed_len + strlen(file_of(start)) + 64);
    if (!start->is_by_set)
        add_number(&body, FIRST_OFFSET, 4);
    add_number(&body, 0, 2); /* flags */
    add_number(&body, start->reader_id, 4);
    if (start->is_by_set) {
        add_number(&body, strlen(file_of(start)), 4);
        buf_puts(&body, file_of(start));
        add_number(&body, offset_of(start), 8);
        add_number(&body, start->executed_len, 4);
        buf_add(&body, start->executed, start->executed_len);
    }
    int rc = buf_check(&body, err);
    if (rc)
        return rc;
    enum command command = start->is_by_set ? COMMAND_DUMP_SET : COMMAND_DUMP;
    if (mysql->methods->db_command(mysql, (enum enum_server_command)command, buf_text(&body),
                                   body.len, 1, NULL)) {
        const struct db_statement statement = db_statement_of("SELECT"); /* had no effect */
        return db_fail(log->db, &statement, err);
    }
    return 0;
}

/* The packet with its status byte, 0 at the end of the log, -1 for an error. */
static long read_packet(struct binlog *log, const unsigned char **out)
{
    MYSQL *mysql = log->db->mysql;
    unsigned long len = mysql_net_read_packet(mysql);

    if (len == packet_error)
        return -1;
    *out = mysql->net.read_pos;
    return len < 9 && len > 0 && mysql->net.read_pos[0] == 0xFE ? 0 : (long)len;
}
#else
static void put_executed(MYSQL_RPL *request, unsigned char *out)
{
    const struct binlog_start *start = request->gtid_set_arg;
    memcpy(out, start->executed, start->executed_len);
}

static int send_request(struct binlog *log, const struct binlog_start *start, struct err *err)
{
    log->request = (MYSQL_RPL){
        .file_name_length = strlen(file_of(start)),
        .file_name = file_of(start),
        .start_position = offset_of(start),
        .server_id = start->reader_id,
        .flags = start->is_by_set ? MYSQL_RPL_GTID : 0,
        .gtid_set_encoded_size = start->executed_len,
        .fix_gtid_set = put_executed,
        .gtid_set_arg = (void *)start,
    };
    if (mysql_binlog_open(log->db->mysql, &log->request) != 0) {
        const struct db_statement statement = db_statement_of("SELECT"); /* had no effect */
        return db_fail(log->db, &statement, err);
    }
    return 0;
}

static long read_packet(struct binlog *log, const unsigned char **out)
{
    if (mysql_binlog_fetch(log->db->mysql, &log->request) != 0)
        return -1;
    *out = log->request.buffer;
    return (long)log->request.size;
}
#endif

/* --- the thread ------------------------------------------------------------------------------- */

static int library_failed(struct binlog *log, struct err *err)
{
    unsigned native = mysql_errno(log->db->mysql);
    const char *text = mysql_error(log->db->mysql);
    int rc;

    if (native == NATIVE_LOG_IS_GONE) {
        rc = err_set(err, ERR_REFUSED, EFFECT_NONE, "%s cannot be continued there: %s", STATEMENT,
                     text);
        (void)err_hint(err, "what was changed since is not known any more: start again, and keep "
                            "binary logs for longer (binlog_expire_logs_seconds)");
    } else if (db_error_kind(native) == DB_REFUSED) {
        rc = err_set(err, ERR_SERVER, EFFECT_NONE, "%s is refused: %s", STATEMENT, text);
        (void)err_hint(err, "the replication account needs REPLICATION SLAVE (MariaDB: or "
                            "REPLICATION MASTER ADMIN)");
    } else {
        rc = err_set(err, ERR_LOST, EFFECT_NONE, "%s ended: %s", STATEMENT, text);
    }
    err->native = native;
    return rc;
}

/* One packet of the library as an event of ours. */
static int read_event(struct binlog *log, struct binlog_packet *out, struct err *err)
{
    const unsigned char *bytes = NULL;
    long len = read_packet(log, &bytes);

    if (len < 0)
        return library_failed(log, err);
    if (len == 0)
        return err_set(err, ERR_LOST, EFFECT_NONE, "%s ended: the server sends no more", STATEMENT);
    if (bytes[0] != 0 || (size_t)len > PACKET_CAP_BYTES)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s: a packet that is no event", STATEMENT);
    out->bytes = bytes + 1;
    out->len = (size_t)len - 1;
    return 0;
}

/* Append it once there is room; false when nobody wants it any more. */
static bool hand_over(struct binlog *log, const struct binlog_packet *packet, struct err *err)
{
    (void)pthread_mutex_lock(&log->lock);
    if (log->linger_ms == 0 || log->filling.len > TELL_BYTES)
        (void)pthread_cond_signal(&log->arrived);
    while (!log->is_closing && log->filling.len > BINLOG_AHEAD_BYTES)
        (void)pthread_cond_wait(&log->taken, &log->lock);
    size_t before = log->filling.len;
    buf_add(&log->filling, &packet->len, sizeof(packet->len));
    buf_add(&log->filling, packet->bytes, packet->len);
    bool is_kept = buf_check(&log->filling, err) == 0;
    if (!is_kept)
        log->filling.len = before; /* no half of a packet */
    is_kept = is_kept && !log->is_closing;
    (void)pthread_mutex_unlock(&log->lock);
    return is_kept;
}

static struct timespec until(int64_t mono_ms)
{
    return (struct timespec){.tv_sec = (time_t)(mono_ms / 1000),
                             .tv_nsec = (long)(mono_ms % 1000) * 1000000};
}

/* What has come, as the network carries it; 0 when that cannot be told, and then it is waited for
 * packet by packet. */
static long waiting_bytes(const struct binlog *log)
{
    int bytes = 0;
    return ioctl(log->socket, FIONREAD, &bytes) == 0 ? bytes : 0;
}

static long bytes_of(const struct binlog *log, const struct binlog_packet *packet)
{
    return (long)packet->len + PACKET_HEAD_BYTES + (log->db->cipher[0] ? TLS_RECORD_BYTES : 0);
}

/* Tell what has been read, and let more come together; how much has, then. Rather too early than
 * waiting for a packet, with others in hand that nobody was told of. */
static long rest(struct binlog *log)
{
    int64_t began_ms = clock_mono_ms();

    (void)pthread_mutex_lock(&log->lock);
    bool is_lingering = log->linger_ms > 0;
    if (is_lingering)
        (void)pthread_cond_signal(&log->arrived);
    while (!log->is_closing && clock_mono_ms() - began_ms < log->linger_ms) {
        struct timespec end = until(began_ms + log->linger_ms);
        (void)pthread_cond_timedwait(&log->taken, &log->lock, &end);
    }
    (void)pthread_mutex_unlock(&log->lock);
    return is_lingering ? waiting_bytes(log) : 0;
}

static void *read_log(void *context)
{
    struct binlog *log = context;
    struct err end = {0};
    struct binlog_packet packet;
    long left = 0;

    (void)mysql_thread_init(); /* fails without memory, which the reading will then tell */
    while (read_event(log, &packet, &end) == 0 && hand_over(log, &packet, &end)) {
        left -= bytes_of(log, &packet);
        if (left <= 0)
            left = rest(log);
    }
    (void)err_where(&end, "%s", db_where(log->db));
    mysql_thread_end();
    (void)pthread_mutex_lock(&log->lock);
    log->is_over = true;
    log->end = end;
    (void)pthread_cond_signal(&log->arrived);
    (void)pthread_mutex_unlock(&log->lock);
    return NULL;
}

/* --- the caller's side ------------------------------------------------------------------------ */

static int start_thread(struct binlog *log, struct err *err)
{
    pthread_condattr_t monotonic;

    buf_init(&log->filling, BUFFER_CAP_BYTES);
    buf_init(&log->reading, BUFFER_CAP_BYTES);
    (void)pthread_condattr_init(&monotonic); /* these cannot fail on Linux */
    (void)pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    (void)pthread_mutex_init(&log->lock, NULL);
    (void)pthread_cond_init(&log->arrived, &monotonic);
    (void)pthread_cond_init(&log->taken, &monotonic);
    (void)pthread_condattr_destroy(&monotonic);
    if (pthread_create(&log->thread, NULL, read_log, log) == 0)
        return 0;
    (void)pthread_cond_destroy(&log->taken);
    (void)pthread_cond_destroy(&log->arrived);
    (void)pthread_mutex_destroy(&log->lock);
    return err_set(err, ERR_MEMORY, EFFECT_NONE, "no thread for reading the binary log");
}

int binlog_open(struct db *take_db, const struct binlog_start *start, struct binlog **out,
                struct err *err)
{
    struct binlog *log = calloc(1, sizeof(*log));

    if (!log) {
        db_free(take_db);
        return err_set(err, ERR_MEMORY, EFFECT_NONE, "out of memory for reading a binary log");
    }
    log->db = take_db;
    int rc = db_set_timeout(take_db, BINLOG_SILENCE_MS, err);
    rc = rc ? rc : send_request(log, start, err);
    log->socket = fcntl(db_socket(take_db), F_DUPFD_CLOEXEC, 0);
    if (!rc && log->socket < 0)
        rc = err_set(err, ERR_LOST, EFFECT_NONE, "the connection to %s is gone", db_where(take_db));
    rc = rc ? rc : start_thread(log, err);
    if (rc) {
        if (log->socket >= 0)
            (void)close(log->socket);
        db_free(take_db);
        free(log);
        return rc;
    }
    *out = log;
    return 0;
}

void binlog_free(struct binlog *log)
{
    if (!log)
        return;
    (void)pthread_mutex_lock(&log->lock);
    log->is_closing = true;
    (void)pthread_cond_signal(&log->taken);
    (void)pthread_mutex_unlock(&log->lock);
    (void)shutdown(log->socket, SHUT_RDWR); /* wakes the thread */
    (void)pthread_join(log->thread, NULL);
    (void)pthread_cond_destroy(&log->taken);
    (void)pthread_cond_destroy(&log->arrived);
    (void)pthread_mutex_destroy(&log->lock);
    db_give_up(log->db);
    db_free(log->db);
    (void)close(log->socket);
    buf_release(&log->filling);
    buf_release(&log->reading);
    free(log);
}

void binlog_linger(struct binlog *log, int ms)
{
    (void)pthread_mutex_lock(&log->lock);
    log->linger_ms = ms;
    (void)pthread_cond_signal(&log->taken);
    (void)pthread_mutex_unlock(&log->lock);
}

/* With the lock held: wait until something has arrived; false when the time is over. */
static bool await_arrival(struct binlog *log, int64_t deadline_ms)
{
    while (log->filling.len == 0 && !log->is_over) {
        int64_t now_ms = clock_mono_ms();
        if (now_ms >= deadline_ms || signals_stop_wanted())
            return false;
        int64_t left_ms = deadline_ms - now_ms;
        struct timespec end = until(now_ms + (left_ms < STOP_LOOK_MS ? left_ms : STOP_LOOK_MS));
        (void)pthread_cond_timedwait(&log->arrived, &log->lock, &end);
    }
    return true;
}

/* The buffer that has been read is handed back empty, for the one that was filled meanwhile. */
static bool change_places(struct binlog *log, int64_t deadline_ms)
{
    if (log->reading.room > KEPT_ROOM_BYTES)
        buf_release(&log->reading);
    buf_reset(&log->reading);
    (void)pthread_mutex_lock(&log->lock);
    bool has_arrived = await_arrival(log, deadline_ms) && log->filling.len > 0;
    if (has_arrived) {
        struct buf full = log->filling;
        log->filling = log->reading;
        log->reading = full;
        log->read_at = 0;
        (void)pthread_cond_signal(&log->taken);
    }
    (void)pthread_mutex_unlock(&log->lock);
    return has_arrived;
}

/* Nothing has come: is that the end? */
static int tell_end(struct binlog *log, struct err *err)
{
    (void)pthread_mutex_lock(&log->lock);
    bool is_over = log->is_over && log->filling.len == 0;
    (void)pthread_mutex_unlock(&log->lock);
    if (!is_over)
        return 0;
    if (err)
        *err = log->end; /* the thread is gone: nobody writes it */
    return log->end.code;
}

int binlog_next(struct binlog *log, int64_t wait_ms, struct binlog_packet *out, struct err *err)
{
    if (signals_stop_wanted())
        return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while " STATEMENT);
    if (log->read_at >= log->reading.len && !change_places(log, clock_mono_ms() + wait_ms)) {
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while " STATEMENT);
        return tell_end(log, err);
    }
    const char *at = log->reading.data + log->read_at;
    size_t len;
    memcpy(&len, at, sizeof(len));
    out->bytes = (const unsigned char *)at + sizeof(len);
    out->len = len;
    log->read_at += sizeof(len) + len;
    return 1;
}
