/* SPDX-License-Identifier: MIT */
/*
 * Who still comes to the side that was left: named, and counted over time for those who watch. The
 * side is quiet once its own position has not moved for a while.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "cluster/fence.h"
#include "cluster/link.h"
#include "engine/journal_request.h"
#include "engine/work.h"

#define CHASE_POLL_MS 250
#define QUIET_MS 3000 /* no commit of the application for so long: nobody writes there any more */
#define TELL_INTERVAL_MS 1000
#define CURVE_CAP 240 /* then every second point goes: of a long chase the curve stays as short */

struct chase {
    enum side side;
    struct session *session;
    struct position position; /* what the side wrote itself, when it last moved */
    int64_t still_since_ms;
    char talkers[300];
    json_t *hosts; /* [{user, host, sessions}]; owned */
    size_t sessions;
    struct {
        int64_t at_us;
        size_t sessions;
    } curve[CURVE_CAP];
    size_t curve_count;
    int64_t told_ms, apart_ms; /* how far apart points of the curve are */
    int64_t curve_ms;          /* when the last was taken */
};

static void chase_release(struct chase *chase)
{
    json_decref(chase->hosts);
}

/* --- who -------------------------------------------------------------------------------------- */

/* MariaDB and MySQL 5.7 tell the port as well ("10.0.0.3:57388"), MySQL 8.0 does not. */
static void without_port(const struct chase *chase, const char *host, char *out, size_t out_size)
{
    const char *first = strchr(host, ':'), *last = strrchr(host, ':');
    bool has_port = last && (first == last || chase->session->version.flavour == FLAVOUR_MARIADB);
    int len = has_port ? (int)(last - host) : (int)strlen(host);

    (void)snprintf(out, out_size, "%.*s", len, host);
}

static json_t *host_of(json_t *hosts, const char *user, const char *host)
{
    size_t i;
    json_t *row;

    json_array_foreach(hosts, i, row)
    {
        if (strcmp(json_text_or(row, "user", ""), user) == 0 &&
            strcmp(json_text_or(row, "host", ""), host) == 0)
            return row;
    }
    row = json_pack("{s:s,s:s,s:i}", "user", user, "host", host, "sessions", 0);
    return json_array_append_new(hosts, row) == 0 ? row : NULL;
}

static json_t *count_by_host(const struct chase *chase, const struct app_session *apps,
                             size_t count)
{
    json_t *hosts = json_array();

    for (size_t i = 0; i < count; i++) {
        char host[sizeof apps[i].host];
        without_port(chase, apps[i].host, host, sizeof host);
        json_t *row = host_of(hosts, apps[i].user, host);
        if (row)
            (void)json_object_set_new(row, "sessions",
                                      json_integer(json_int_or(row, "sessions", 0) + 1));
    }
    return hosts;
}

/* "app@10.0.0.3 x 4, app@10.0.0.9 x 1" */
static void list_talkers(const json_t *hosts, char *out, size_t out_size)
{
    size_t len = 0, i;
    json_t *row;

    (void)snprintf(out, out_size, "nobody");
    json_array_foreach(hosts, i, row) if (len < out_size) len +=
        (size_t)snprintf(out + len, out_size - len, "%s%s@%s x %" JSON_INTEGER_FORMAT,
                         i > 0 ? ", " : "", json_text_or(row, "user", ""),
                         json_text_or(row, "host", ""), json_int_or(row, "sessions", 0));
}

static void note_on_curve(struct chase *chase)
{
    int64_t now_ms = clock_mono_ms();

    if (chase->curve_count > 0 && now_ms - chase->curve_ms < chase->apart_ms)
        return;
    if (chase->curve_count == CURVE_CAP) {
        for (size_t i = 0; i < CURVE_CAP / 2; i++)
            chase->curve[i] = chase->curve[2 * i];
        chase->curve_count = CURVE_CAP / 2;
        chase->apart_ms *= 2;
    }
    chase->curve[chase->curve_count].at_us = clock_wall_us();
    chase->curve[chase->curve_count++].sessions = chase->sessions;
    chase->curve_ms = now_ms;
}

static int look_at_side(struct run *run, struct chase *chase, struct err *err)
{
    struct app_session *apps = NULL;
    struct position own;

    int rc = link_own_position(chase->session, &own, err);
    if (!rc)
        rc = fence_app_sessions(run->service, chase->session, &apps, &chase->sessions, err);
    if (rc)
        return rc;
    if (!position_equal(&own, &chase->position)) {
        chase->position = own;
        chase->still_since_ms = clock_mono_ms();
    }
    json_decref(chase->hosts);
    chase->hosts = count_by_host(chase, apps, chase->sessions);
    list_talkers(chase->hosts, chase->talkers, sizeof chase->talkers);
    note_on_curve(chase);
    free(apps);
    return 0;
}

/* --- telling ---------------------------------------------------------------------------------- */

static int tell(struct run *run, struct chase *chase, struct err *err)
{
    int64_t now_ms = clock_mono_ms();

    if (!run->desk.is_open || now_ms - chase->told_ms < TELL_INTERVAL_MS)
        return 0;
    chase->told_ms = now_ms;
    json_t *curve = json_array();
    for (size_t i = 0; i < chase->curve_count; i++)
        (void)json_array_append_new(curve, json_pack("[I,I]", (json_int_t)chase->curve[i].at_us,
                                                     (json_int_t)chase->curve[i].sessions));
    CLEANUP(json_release)
    json_t *page = json_pack("{s:s,s:I,s:I,s:I,s:O,s:o}", "side", side_name(chase->side), "at_us",
                             (json_int_t)clock_wall_us(), "sessions", (json_int_t)chase->sessions,
                             "quiet_ms", (json_int_t)(now_ms - chase->still_since_ms), "hosts",
                             chase->hosts, "curve", curve);
    return journal_run_word_put(run->journal, run->id, RUN_CHASES, page, err);
}

static int chase_them(struct run *run, struct chase *chase, int64_t deadline_ms, struct err *err)
{
    const char *title = side_title(chase->side);

    for (;;) {
        int rc = look_at_side(run, chase, err);
        if (!rc)
            rc = tell(run, chase, err);
        if (rc)
            return rc;
        int64_t now_ms = clock_mono_ms();
        double still_s = (double)(now_ms - chase->still_since_ms) / 1000.0;
        if (now_ms - chase->still_since_ms >= QUIET_MS)
            return run_note(run, "stragglers.gone", err,
                            "nobody wrote on %s for %.1f s; still connected: %s", title, still_s,
                            chase->talkers);
        if (now_ms > deadline_ms) {
            err_set(err, ERR_TIMEOUT, EFFECT_NONE, "the application still writes on %s: %s", title,
                    chase->talkers);
            return err_hint(err, "find out why these do not follow the names, then \"cutover run "
                                 "--resume\"");
        }
        rc = run_tick(run, err, "chasing stragglers on %s: connected %s, last write %.1f s ago",
                      title, chase->talkers, still_s);
        if (!rc)
            rc = run_pause(run, CHASE_POLL_MS, err);
        if (rc)
            return rc;
    }
}

WORK(work_stragglers_wait)
{
    CLEANUP(chase_release)
    struct chase chase = {.still_since_ms = clock_mono_ms(), .apart_ms = CHASE_POLL_MS};
    struct err also = {0};
    int64_t began_ms = clock_mono_ms();
    int64_t deadline_ms = began_ms + json_int_or(args, "timeout_ms", 0);

    (void)step;
    int rc = side_of(args, "side", &chase.side, err);
    if (!rc)
        rc = run_primary(run, chase.side, &chase.session, err);
    if (rc)
        return rc;
    heartbeat_set(run->heartbeat, chase.side,
                  false); /* from here on only the application moves its position */
    rc = chase_them(run, &chase, deadline_ms, err);
    if (run->desk.is_open && journal_run_word_put(run->journal, run->id, RUN_CHASES, NULL, &also))
        log_warn("the journal still says who is chased: %s, continuing", also.msg);
    return rc;
}
