/* SPDX-License-Identifier: MIT */
/* The two connections of a worker, and waiting until one side has what the other had. */
#include "verify/pair.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/signals.h"

#define STATEMENT_CAP_BYTES (4U << 20)
#define READ_TIMEOUT_MS 120000
#define CONNECT_TIMEOUT_MS 10000
#define WAIT_SLICE_MS 500
#define WIDE_BYTES 40000

enum native_error { NATIVE_LOCK_WAIT_TIMEOUT = 1205, NATIVE_DEADLOCK = 1213 };

bool is_lock_conflict(int rc, const struct err *err)
{
    return rc == ERR_SERVER &&
           (err->native == NATIVE_LOCK_WAIT_TIMEOUT || err->native == NATIVE_DEADLOCK);
}

int end_render(const struct verify_end *end, enum sql_id id, const struct sql_arg *args,
               size_t arg_count, struct buf *out, struct err *err)
{
    buf_init(out, STATEMENT_CAP_BYTES);
    int rc = sql_render(id, &end->version, args, arg_count, out, err);
    return rc ? rc : buf_check(out, err);
}

int end_exec(struct verify_end *end, enum sql_id id, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    int rc = end_render(end, id, NULL, 0, &sql, err);
    return rc ? rc : db_exec(end->db, buf_text(&sql), err);
}

int end_query(struct verify_end *end, enum sql_id id, const struct sql_arg *args, size_t arg_count,
              struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    int rc = end_render(end, id, args, arg_count, &sql, err);
    return rc ? rc : db_query(end->db, buf_text(&sql), out, err);
}

int end_stream(struct verify_end *end, enum sql_id id, const struct sql_arg *args, size_t arg_count,
               struct err *err)
{
    CLEANUP(buf_release) struct buf sql = {0};
    int rc = end_render(end, id, args, arg_count, &sql, err);
    return rc ? rc : db_stream_open(end->db, buf_text(&sql), err);
}

/*
 * Have the server write its answers in large pieces. One that takes no statement as long as that
 * goes on as it does.
 */
static int widen(struct verify_end *end, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    CLEANUP(buf_release) struct buf sql = {0};
    char padding[WIDE_BYTES + 1];
    int rc = end_query(end, SQL_VERIFY_PACKET, NULL, 0, &result, err);
    const char *bytes = rc ? NULL : db_result_get(&result, 0, "bytes");
    if (!bytes || strtoll(bytes, NULL, 10) < 2 * WIDE_BYTES)
        return rc;
    memset(padding, ' ', WIDE_BYTES);
    padding[WIDE_BYTES] = '\0';
    rc = end_render(end, SQL_VERIFY_WIDEN, &(struct sql_arg){"padding", padding}, 1, &sql, err);
    return rc ? rc : db_exec(end->db, buf_text(&sql), err);
}

int end_open(const struct service *service, const struct node *node, struct verify_end *out,
             struct err *err)
{
    const struct db_target target = {
        .host = node->host,
        .port = node->port,
        .socket = node->socket,
        .user = service->controller.user,
        .password = &service->controller.password,
        .tls = &service->tls,
        .connect_timeout_ms = CONNECT_TIMEOUT_MS,
        .read_timeout_ms = READ_TIMEOUT_MS,
        .program = "cutover verify",
    };
    char version[64];

    out->side = node->side;
    out->is_downstream = !node->is_primary;
    int rc = db_connect(&target, &out->db, err);
    if (!rc)
        rc = db_query_text(out->db, "SELECT VERSION()", version, sizeof(version), NULL, err);
    if (!rc)
        rc = version_parse(version, &out->version, err);
    if (!rc)
        rc = end_exec(out, SQL_VERIFY_SESSION, err);
    if (!rc)
        rc = end_exec(out, SQL_ISOLATION_REPEATABLE, err);
    return rc ? rc : widen(out, err);
}

static int end_ask_side(struct verify_end *end, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = end_query(end, SQL_VERIFY_SIDE, NULL, 0, &result, err);
    if (rc)
        return rc;
    const char *is_open = db_result_get(&result, 0, "is_open");
    const char *origin = db_result_get(&result, 0, "origin");
    if (!is_open || !origin)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "%s does not say whether it is open",
                       db_where(end->db));
    end->is_open = is_open[0] == '1';
    return origin_parse(end->version.flavour, origin, &end->origin, err);
}

int pair_open(const struct service *service, enum side source, bool is_still, struct pair *out,
              struct err *err)
{
    *out = (struct pair){.is_still = is_still};
    int rc = end_open(service, service_primary(service, source), &out->source, err);
    if (!rc)
        rc = end_open(service, service_primary(service, side_other(source)), &out->replica, err);
    if (!rc)
        rc = end_ask_side(&out->source, err);
    if (!rc)
        rc = end_ask_side(&out->replica, err);
    if (rc) {
        pair_release(out);
        return rc;
    }
    out->is_shared = !is_still && out->replica.is_open;
    return 0;
}

void pair_release(struct pair *pair)
{
    db_freep(&pair->source.db);
    db_freep(&pair->replica.db);
}

static int ask_position(struct verify_end *end, enum sql_id id, struct position *out,
                        struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    int rc = end_query(end, id, NULL, 0, &result, err);
    if (rc)
        return rc;
    const char *text = db_result_get(&result, 0, "position");
    return position_parse(end->version.flavour, text ? text : "", out, err);
}

int end_position(struct verify_end *end, struct position *out, struct err *err)
{
    return ask_position(end, SQL_VERIFY_POSITION, out, err);
}

int end_applied(struct verify_end *end, struct position *out, struct err *err)
{
    return ask_position(end, SQL_VERIFY_APPLIED, out, err);
}

static bool says(const struct db_result *result, size_t row, const char *column, const char *text)
{
    const char *value = db_result_get(result, row, column);
    return value && !strcasecmp(value, text);
}

static const char *channel_column(const struct verify_end *end, const char *key)
{
    return sql_column(SQL_VERIFY_CHANNELS, &end->version, key);
}

/* 0 when the link that ends at `end` is able to bring what is missing, be it late. */
static int check_link(struct verify_end *end, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    const char *channel = link_channel(end->side);
    int rc = end_query(end, SQL_VERIFY_CHANNELS, NULL, 0, &result, err);
    if (rc)
        return rc;

    size_t row = 0;
    while (row < result.row_count && !end->is_downstream &&
           !says(&result, row, channel_column(end, "channel"), channel))
        row++;
    if (row == result.row_count)
        return err_set(err, ERR_SERVER, EFFECT_NONE,
                       "%s has no link \"%s\": its data cannot catch up", db_where(end->db),
                       channel);
    bool is_receiving = !says(&result, row, channel_column(end, "receiving"), "No");
    if (is_receiving && says(&result, row, channel_column(end, "applying"), "Yes"))
        return 0;
    const char *text =
        db_result_get(&result, row, channel_column(end, is_receiving ? "sql_error" : "io_error"));
    return err_set(err, ERR_SERVER, EFFECT_NONE, "the link \"%s\" of %s has stopped %s: %s",
                   channel, db_where(end->db), is_receiving ? "applying" : "receiving",
                   text && text[0] ? text : "no error is given");
}

/* Wait once, for a slice. */
static int wait_slice(struct verify_end *end, const char *position, int64_t slice_ms,
                      bool *out_is_reached, struct err *err)
{
    CLEANUP(db_result_release) struct db_result result = {0};
    char seconds[32];
    (void)snprintf(seconds, sizeof(seconds), "%lld.%03d", (long long)(slice_ms / 1000),
                   (int)(slice_ms % 1000));
    const struct sql_arg args[] = {{"position", position}, {"seconds", seconds}};
    int rc = end_query(end, SQL_VERIFY_WAIT, args, ARRAY_LEN(args), &result, err);
    if (rc)
        return rc;
    *out_is_reached = says(&result, 0, "reached", "0");
    return 0;
}

static int wait_until_applied(struct verify_end *to, const struct position *want,
                              int64_t patience_ms, bool is_patient, struct err *err)
{
    char position[POSITION_TEXT_SIZE];
    int rc = position_text(want, position, sizeof(position), err);
    uint64_t missing_before = UINT64_MAX;
    int64_t deadline_ms = clock_mono_ms() + patience_ms;

    while (!rc) {
        int64_t left_ms = deadline_ms - clock_mono_ms();
        bool is_reached = false;
        rc = wait_slice(to, position,
                        left_ms < 1               ? 1
                        : left_ms < WAIT_SLICE_MS ? left_ms
                                                  : WAIT_SLICE_MS,
                        &is_reached, err);
        if (rc || is_reached)
            return rc;
        if (signals_stop_wanted())
            return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while waiting for the link");
        struct position applied;
        rc = check_link(to, err);
        if (!rc)
            rc = end_applied(to, &applied, err);
        if (rc)
            return rc;
        uint64_t missing = position_distance(&applied, want);
        if (is_patient && missing < missing_before)
            deadline_ms = clock_mono_ms() + patience_ms;
        missing_before = missing;
        if (clock_mono_ms() >= deadline_ms)
            return err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                           "%s still lacks %llu transactions of the link \"%s\"", db_where(to->db),
                           (unsigned long long)missing, link_channel(to->side));
    }
    return rc;
}

int pair_want(const struct pair *pair, struct verify_end *from, const struct verify_end *to,
              struct position *out, struct err *err)
{
    *out = (struct position){0};
    if (pair->is_still)
        return 0;
    int rc = end_position(from, out, err);
    if (!rc)
        /* a link does not carry back what was written where it ends */
        position_without(out, &to->origin, out);
    return rc;
}

int pair_wait_for(const struct pair *pair, struct verify_end *to, const struct position *want,
                  int64_t patience_ms, bool is_patient, struct err *err)
{
    if (pair->is_still || position_is_empty(want))
        return 0;
    return wait_until_applied(to, want, patience_ms, is_patient, err);
}

int pair_wait(struct pair *pair, struct verify_end *from, struct verify_end *to,
              int64_t patience_ms, bool is_patient, struct err *err)
{
    struct position want;
    int rc = pair_want(pair, from, to, &want, err);
    return rc ? rc : pair_wait_for(pair, to, &want, patience_ms, is_patient, err);
}
