/* SPDX-License-Identifier: MIT */
/*
 * Waiting for a link and asking about it. A GTID wait on the server knows nothing of errors and
 * would wait for a stopped link until its time is over, so it is cut into slices, and the channel's
 * health is asked for between them.
 */
#include "cluster/link.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/digest.h"
#include "base/signals.h"
#include "cluster/door.h"
#include "cluster/link_error.h"

#define WAIT_SLICE_MS 250
#define HEALTH_POLL_MS 100
#define PROBE_POLL_MS 10 /* after the first few looks, which are 1 ms apart */
#define PROBE_EAGER_LOOKS 10
#define TOKEN_DIGITS 32

/* What decides whether a channel is worth waiting for. */
struct channel_health {
    bool is_receiving, is_applying;
    bool is_cut; /* stopped receiving for good; "Connecting" is neither this nor receiving */
    struct position received;
    unsigned native;
    char error[LINK_ERROR_SIZE];
    char ignored_domains[64];
};

static int64_t shorter(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int stopped(struct err *err)
{
    return err_set(err, ERR_STOPPED, EFFECT_NONE, "stopped while waiting for a link");
}

int link_position(struct session *source, struct position *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(source, SQL_GTID_POSITION, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    return session_position(source, &row, "position", out, err);
}

int link_origin(struct session *session, struct origin *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(session, SQL_GTID_ORIGIN, NULL, 0, &row, err);
    return rc != 0 ? rc : session_origin(session, &row, "origin", out, err);
}

int link_own_position(struct session *session, struct position *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct position all;
    struct origin origin;
    int rc = session_query_row(session, SQL_GTID_STATE, NULL, 0, &row, err);
    if (rc == 0)
        rc = session_position(session, &row, "position", &all, err);
    if (rc == 0)
        rc = session_origin(session, &row, "origin", &origin, err);
    if (rc != 0)
        return rc;
    position_of(&all, &origin, out);
    return 0;
}

/* --- the state of a channel --- */

static const char *status_text(const struct session *replica, const struct db_result *status,
                               size_t row, const char *key)
{
    return result_text(status, row, session_column(replica, SQL_LINK_STATUS, key));
}

static int find_channel(struct session *replica, const char *channel,
                        const struct db_result *status, size_t *out_row, struct err *err)
{
    const char *column = session_column(replica, SQL_LINK_STATUS, "channel");
    for (size_t i = 0; i < status->row_count; i++)
        if (strcmp(result_text(status, i, column), channel) == 0) {
            *out_row = i;
            return 0;
        }
    int rc =
        err_set(err, ERR_SERVER, EFFECT_NONE, "there is no replication channel \"%s\"", channel);
    (void)err_where(err, "%s", db_where(replica->db));
    return rc;
}

static int take_health(const struct session *replica, const struct db_result *status, size_t row,
                       struct channel_health *out, struct err *err)
{
    const char *receiving = status_text(replica, status, row, "receiving");
    bool is_apply_error = strcmp(status_text(replica, status, row, "sql_errno"), "0") != 0;
    *out = (struct channel_health){
        .is_receiving = strcmp(receiving, "Yes") == 0,
        .is_cut = strcmp(receiving, "No") == 0,
        .is_applying = strcmp(status_text(replica, status, row, "applying"), "Yes") == 0,
    };
    out->native = (unsigned)strtoul(
        status_text(replica, status, row, is_apply_error ? "sql_errno" : "io_errno"), NULL, 10);
    (void)snprintf(out->error, sizeof(out->error), "%s",
                   status_text(replica, status, row, is_apply_error ? "sql_error" : "io_error"));
    (void)snprintf(out->ignored_domains, sizeof(out->ignored_domains), "%s",
                   status_text(replica, status, row, "ignored"));
    return position_parse(replica->version.flavour, status_text(replica, status, row, "received"),
                          &out->received, err);
}

static int read_health(struct session *replica, const char *channel, struct channel_health *out,
                       struct err *err)
{
    CLEANUP(db_result_release) struct db_result status = {0};
    int rc = session_query(replica, SQL_LINK_STATUS, NULL, 0, &status, err);
    if (rc != 0)
        return rc;
    size_t row = 0;
    rc = find_channel(replica, channel, &status, &row, err);
    if (rc != 0)
        return rc;
    rc = take_health(replica, &status, row, out, err);
    if (rc == 0 && out->native != 0 && !out->is_applying)
        link_error_of_workers(replica, channel, &out->native, out->error, sizeof(out->error));
    return rc;
}

/* "see SHOW ...; after mending the cause: START ..." in the words of this server. */
static void hint_restart(const struct session *replica, const char *channel, struct err *err)
{
    CLEANUP(buf_release) struct buf start;
    const char *status = sql_for(SQL_LINK_STATUS, &replica->version);
    buf_init(&start, 1024);
    if (status == NULL || sql_render(SQL_LINK_START, &replica->version,
                                     &(struct sql_arg){"channel", channel}, 1, &start, NULL) != 0)
        return;
    (void)err_hint(err, "see %s there; after mending the cause: %s", status, buf_text(&start));
}

static int link_stopped(const struct session *replica, const char *channel,
                        const struct channel_health *health, struct err *err)
{
    int rc = err_set(err, ERR_SERVER, EFFECT_NONE, "the link %s does not %s: %s", channel,
                     health->is_applying ? "receive" : "apply",
                     health->error[0] != '\0' ? health->error : "it was stopped, without an error");
    if (err != NULL)
        err->native = health->native;
    (void)err_where(err, "%s", db_where(replica->db));
    hint_restart(replica, channel, err);
    return rc;
}

int link_wait_healthy(struct session *replica, const char *channel, int64_t deadline_ms,
                      struct err *err)
{
    for (;;) {
        struct channel_health health;
        int rc = read_health(replica, channel, &health, err);
        if (rc != 0)
            return rc;
        if (health.is_receiving && health.is_applying)
            return 0;
        if (health.native != 0 && (health.is_cut || !health.is_applying))
            return link_stopped(replica, channel, &health, err);
        if (clock_mono_ms() >= deadline_ms) {
            rc =
                err_set(err, ERR_TIMEOUT, EFFECT_NONE,
                        "the link %s has not come up: receiving %s, applying %s%s%s", channel,
                        tri_text(tri_of(health.is_receiving)), tri_text(tri_of(health.is_applying)),
                        health.error[0] != '\0' ? ": " : "", health.error);
            (void)err_where(err, "%s", db_where(replica->db));
            return rc;
        }
        if (!clock_sleep_ms(HEALTH_POLL_MS))
            return stopped(err);
    }
}

/* --- waiting for a position --- */

/* "2, 7" names 2? */
static bool names_domain(const char *list, uint32_t domain)
{
    while (*list != '\0') {
        char *end = NULL;
        unsigned long number = strtoul(list, &end, 10);
        if (end == list)
            return false;
        if (number == domain)
            return true;
        list = end + strspn(end, ", ");
    }
    return false;
}

/* The link leaves the replica's own domain out: its position there never comes through it. */
static void drop_ignored(const struct position *want, const char *ignored, struct position *out)
{
    struct position kept = *want;
    if (want->flavour == FLAVOUR_MARIADB) {
        kept.list.count = 0;
        for (size_t i = 0; i < want->list.count; i++)
            if (!names_domain(ignored, want->list.items[i].domain))
                kept.list.items[kept.list.count++] = want->list.items[i];
    }
    *out = kept;
}

static int read_applied(struct session *replica, struct position *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(replica, SQL_GTID_STATE, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    return session_position(replica, &row, "applied", out, err);
}

/* One bounded wait on the server. The read timeout of the session is above it, or raised. */
static int wait_slice(struct session *replica, const struct position *want, int64_t slice_ms,
                      bool *out_is_reached, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    char position[POSITION_TEXT_SIZE], seconds[32];
    int rc = position_text(want, position, sizeof(position), err);
    if (rc != 0)
        return rc;
    if (slice_ms < 0)
        slice_ms = 0;
    (void)snprintf(seconds, sizeof(seconds), "%lld.%03lld", (long long)(slice_ms / 1000),
                   (long long)(slice_ms % 1000));
    const struct sql_arg args[] = {{"position", position}, {"seconds", seconds}};
    rc = session_query_row(replica, SQL_GTID_WAIT, args, ARRAY_LEN(args), &row, err);
    if (rc != 0)
        return rc;
    const char *timed_out = db_result_get(&row, 0, "timed_out");
    if (timed_out == NULL)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE,
                       "the server does not understand the position %.200s", position);
    *out_is_reached = strcmp(timed_out, "0") == 0;
    return 0;
}

static int not_reached(struct session *replica, const char *channel, const struct position *want,
                       struct err *err)
{
    struct position applied = {0};
    int rc = read_applied(replica, &applied, err);
    if (rc != 0)
        return rc;
    rc = err_set(err, ERR_TIMEOUT, EFFECT_NONE, "the link %s lacks %llu transactions of the source",
                 channel, (unsigned long long)position_distance(&applied, want));
    (void)err_where(err, "%s", db_where(replica->db));
    return rc;
}

/*
 * A link that no longer receives: is something it was to bring neither applied nor on this side?
 * What a MySQL channel has received counts from its beginning, so what is applied is asked, too.
 */
static int is_short(struct session *replica, const struct channel_health *health,
                    const struct position *carried, bool *out, struct err *err)
{
    struct position applied, missing;
    int rc = read_applied(replica, &applied, err);
    if (rc != 0)
        return rc;
    position_missing(&applied, carried, &missing);
    *out = !position_covers(&health->received, &missing);
    return 0;
}

int link_wait_applied(struct session *replica, const char *channel, const struct position *want,
                      int64_t deadline_ms, struct err *err)
{
    for (;;) {
        struct channel_health health;
        struct position carried;
        int rc = read_health(replica, channel, &health, err);
        if (rc != 0)
            return rc;
        drop_ignored(want, health.ignored_domains, &carried);
        bool is_stopped = !health.is_applying;
        if (health.is_cut && !is_stopped)
            rc = is_short(replica, &health, &carried, &is_stopped, err);
        if (rc != 0)
            return rc;
        int64_t left_ms = deadline_ms - clock_mono_ms();
        bool is_reached = position_is_empty(&carried);
        if (!is_reached) {
            rc = wait_slice(replica, &carried, is_stopped ? 0 : shorter(left_ms, WAIT_SLICE_MS),
                            &is_reached, err);
            if (rc != 0)
                return rc;
        }
        if (is_reached)
            return 0;
        if (is_stopped)
            return link_stopped(replica, channel, &health, err);
        if (clock_mono_ms() >= deadline_ms)
            return not_reached(replica, channel, &carried, err);
        if (signals_stop_wanted())
            return stopped(err);
    }
}

int link_measure(struct session *source, struct session *replica, int64_t timeout_ms,
                 int64_t *out_lag_us, struct err *err)
{
    struct position own;
    int rc = link_own_position(source, &own, err);
    if (rc != 0)
        return rc;
    int64_t began_us = clock_mono_us();
    int64_t deadline_ms = clock_mono_ms() + timeout_ms;
    bool is_reached = position_is_empty(&own);
    while (!is_reached && clock_mono_ms() < deadline_ms) {
        if (signals_stop_wanted())
            return stopped(err);
        rc = wait_slice(replica, &own, shorter(deadline_ms - clock_mono_ms(), WAIT_SLICE_MS),
                        &is_reached, err);
        if (rc != 0)
            return rc;
    }
    *out_lag_us = is_reached ? clock_mono_us() - began_us : INT64_MAX;
    return 0;
}

/* --- a row there --- */

static int see_row(struct session *replica, const struct sql_arg *token, int64_t deadline_ms,
                   struct err *err)
{
    for (int looks = 0;; looks++) {
        CLEANUP(db_result_release) struct db_result row = {0};
        int rc = session_query_row(replica, SQL_PROBE_ROW_SEEN, token, 1, &row, err);
        if (rc != 0)
            return rc;
        if (result_number(&row, 0, "seen") > 0)
            return 0;
        if (clock_mono_ms() >= deadline_ms) {
            rc = err_set(err, ERR_TIMEOUT, EFFECT_APPLIED,
                         "a row written on the source has not arrived");
            (void)err_where(err, "%s", db_where(replica->db));
            return rc;
        }
        if (!clock_sleep_ms(looks < PROBE_EAGER_LOOKS ? 1 : PROBE_POLL_MS))
            return err_set(err, ERR_STOPPED, EFFECT_APPLIED,
                           "stopped while a probe row was on its way");
    }
}

struct probing {
    struct session *replica;
    int64_t deadline_ms;
    int64_t *out_us;
};

static int send_row(struct session *source, const void *context, struct err *err)
{
    const struct probing *probing = context;
    char text[TOKEN_DIGITS + 1];
    int rc = digest_random_hex(text, TOKEN_DIGITS, err);
    if (rc != 0)
        return rc;
    const struct sql_arg token = {"token", text};
    rc = session_exec(source, SQL_PROBE_ROW_WRITE, &token, 1, err);
    if (rc != 0)
        return err_wrap(err, "writing a probe row");
    int64_t began_us = clock_mono_us();
    rc = see_row(probing->replica, &token, probing->deadline_ms, err);
    int64_t took_us = clock_mono_us() - began_us;
    struct err cleaning = {0};
    if (session_exec(source, SQL_PROBE_ROW_DELETE, &token, 1, &cleaning) != 0 && rc == 0) {
        if (err != NULL)
            *err = cleaning;
        return err_wrap(err, "taking the probe row away again");
    }
    if (rc == 0)
        *probing->out_us = took_us;
    return rc;
}

int link_probe_row(struct session *source, struct session *replica, int64_t deadline_ms,
                   int64_t *out_us, struct err *err)
{
    const struct probing probing = {replica, deadline_ms, out_us};
    return door_while_admitted(source, send_row, &probing, err);
}

/* --- transactions that should not be there --- */

static int read_state(struct session *session, struct position *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    int rc = session_query_row(session, SQL_GTID_STATE, NULL, 0, &row, err);
    if (rc != 0)
        return rc;
    return session_position(session, &row, "state", out, err);
}

int link_errant(struct session *replica, struct session *source, struct position *out,
                struct err *err)
{
    struct position replica_state, source_state;
    int rc = read_state(replica, &replica_state, err);
    if (rc != 0)
        return rc;
    rc = read_state(source, &source_state, err);
    if (rc != 0)
        return rc;
    position_errant(&replica_state, &source_state, out);
    return 0;
}
