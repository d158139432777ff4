/* SPDX-License-Identifier: MIT */
/*
 * ALTER EVENT also rewrites what it was not asked to: the definer, and the character set and
 * collation the body runs in. Both are given back to it in the same breath, on a connection of its
 * own, so that the caller's keeps its settings.
 *
 * And it can be undone: when an event begins to fire, the server's scheduler stores the time and,
 * with it, the status that the event had a moment ago. An event switched off in that moment is
 * ENABLED again. So it is looked at once more, after the scheduler has had time to store.
 *
 * A sealed node (MySQL) refuses ALTER EVENT, logged or not, so it admits administrators for as long
 * as that takes. Events of privileged definers can fire in this moment, but on this side only: the
 * other one's are still off. What they write is carried over by the link, as any transaction is.
 */
#include "cluster/events.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cluster/door.h"
#include "sql/quote.h"

#define STATUS_ENABLED "ENABLED"
#define STATUS_ELSEWHERE "SLAVESIDE_DISABLED"
#define SCHEDULER_MS 20 /* from the beginning of an event to its stored status, with room */
#define LOOKS_MOST 10

static int list_events(const struct service *service, struct session *session,
                       struct db_result *out, struct err *err)
{
    CLEANUP(buf_release) struct buf databases;
    buf_init(&databases, 1U << 20);
    session_databases(service, &databases);
    struct sql_arg arg = {"databases", buf_text(&databases)};
    return session_query(session, SQL_EVENTS_LIST, &arg, 1, out, err);
}

static bool has_status(const struct db_result *events, size_t row, const char *status)
{
    return strcmp(result_text(events, row, "status"), status) == 0;
}

int events_count(const struct service *service, struct session *session, unsigned *out_enabled,
                 unsigned *out_waiting, struct err *err)
{
    CLEANUP(db_result_release) struct db_result events = {0};
    unsigned enabled = 0, waiting = 0;
    int rc = list_events(service, session, &events, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < events.row_count; i++) {
        enabled += has_status(&events, i, STATUS_ENABLED);
        waiting += has_status(&events, i, STATUS_ELSEWHERE);
    }
    *out_enabled = enabled;
    *out_waiting = waiting;
    return 0;
}

static int alter_event(struct session *session, const struct db_result *events, size_t row,
                       bool is_enabled, struct err *err)
{
    CLEANUP(buf_release) struct buf name = {0};
    char user[200];
    const char *definer = result_text(events, row, "definer");
    const char *at = strrchr(definer, '@'); /* a user name may hold an @, a host name may not */
    if (at == NULL)
        return err_set(err, ERR_PROTOCOL, EFFECT_NONE, "the definer %.100s has no host", definer);
    (void)snprintf(user, sizeof(user), "%.*s", (int)(at - definer), definer);
    const struct sql_arg text[] = {{"charset", result_text(events, row, "charset")},
                                   {"collation", result_text(events, row, "collation")}};
    int rc = session_exec(session, SQL_EVENTS_SESSION, text, ARRAY_LEN(text), err);
    if (rc != 0)
        return rc;
    buf_init(&name, 1024);
    sql_quote_table(result_text(events, row, "event_schema"),
                    result_text(events, row, "event_name"), &name);
    const struct sql_arg args[] = {{"user", user}, {"host", at + 1}, {"event", buf_text(&name)}};
    return session_exec(session, is_enabled ? SQL_EVENTS_ENABLE : SQL_EVENTS_DISABLE, args,
                        ARRAY_LEN(args), err);
}

/* The same events, each as it was but for the status wanted. */
static int check_event(const struct db_result *before, const struct db_result *after, size_t row,
                       const char *status, struct err *err)
{
    static const char *const kept[] = {"event_schema", "event_name", "definer", "charset",
                                       "collation"};
    for (size_t i = 0; i < ARRAY_LEN(kept); i++)
        if (strcmp(result_text(before, row, kept[i]), result_text(after, row, kept[i])) != 0)
            return err_set(
                err, ERR_CONFLICT, EFFECT_APPLIED, "event %s.%s: its %s changed from %s to %s",
                result_text(before, row, "event_schema"), result_text(before, row, "event_name"),
                kept[i], result_text(before, row, kept[i]), result_text(after, row, kept[i]));
    if (!has_status(after, row, has_status(before, row, "DISABLED") ? "DISABLED" : status))
        return err_set(err, ERR_CONFLICT, EFFECT_APPLIED, "event %s.%s should be %s, but is %s",
                       result_text(before, row, "event_schema"),
                       result_text(before, row, "event_name"), status,
                       result_text(after, row, "status"));
    return 0;
}

static int check_events(const struct service *service, struct session *session,
                        const struct db_result *before, const char *status, struct err *err)
{
    CLEANUP(db_result_release) struct db_result after = {0};
    int rc = list_events(service, session, &after, err);
    if (rc != 0)
        return rc;
    if (after.row_count != before->row_count)
        return err_set(err, ERR_CONFLICT, EFFECT_APPLIED,
                       "events came or went while they were switched: %zu, now %zu",
                       before->row_count, after.row_count);
    for (size_t i = 0; rc == 0 && i < after.row_count; i++)
        rc = check_event(before, &after, i, status, err);
    return rc;
}

/* Switch those that are not as wanted. out_changed: how many that were. */
static int switch_once(const struct service *service, struct session *session, bool is_enabled,
                       unsigned *out_changed, struct err *err)
{
    CLEANUP(db_result_release) struct db_result events = {0};
    unsigned changed = 0;
    int rc = list_events(service, session, &events, err);
    if (rc != 0)
        return rc;
    for (size_t i = 0; i < events.row_count; i++) {
        if (has_status(&events, i, is_enabled ? STATUS_ENABLED : STATUS_ELSEWHERE) ||
            has_status(&events, i, "DISABLED"))
            continue;
        rc = alter_event(session, &events, i, is_enabled, err);
        if (rc != 0)
            return err_wrap(err, "switching event %s.%s", result_text(&events, i, "event_schema"),
                            result_text(&events, i, "event_name"));
        changed++;
    }
    *out_changed = changed;
    return 0;
}

/* Until a look finds nothing to switch any more. A stop request only makes the pauses short. */
static int switch_until_still(const struct service *service, struct session *session,
                              bool is_enabled, unsigned *out_changed, struct err *err)
{
    unsigned first = 0, again = 0;
    int rc = switch_once(service, session, is_enabled, &first, err);
    again = first;
    for (int looks = 0; rc == 0 && again > 0 && looks < LOOKS_MOST; looks++) {
        (void)clock_sleep_ms(SCHEDULER_MS);
        rc = switch_once(service, session, is_enabled, &again, err);
    }
    if (rc == 0)
        *out_changed = first;
    return rc;
}

static bool is_as_wanted(const struct db_result *events, const char *status)
{
    for (size_t i = 0; i < events->row_count; i++)
        if (!has_status(events, i, status) && !has_status(events, i, "DISABLED"))
            return false;
    return true;
}

struct switching {
    const struct service *service;
    bool is_enabled;
    unsigned *out_changed;
};

static int switch_now(struct session *session, const void *context, struct err *err)
{
    const struct switching *wanted = context;
    return switch_until_still(wanted->service, session, wanted->is_enabled, wanted->out_changed,
                              err);
}

int events_set(const struct service *service, struct session *session, bool is_enabled,
               unsigned *out_changed, struct err *err)
{
    CLEANUP(session_release) struct session own = {0};
    CLEANUP(db_result_release) struct db_result before = {0};
    const char *wanted = is_enabled ? STATUS_ENABLED : STATUS_ELSEWHERE;
    unsigned changed = 0;
    const struct switching switching = {service, is_enabled, &changed};
    int rc = session_open(service, session->node, SESSION_CONTROLLER, &own, err);
    if (rc == 0)
        rc = session_admit(&own, session->permit, err);
    if (rc == 0)
        rc = session_exec(&own, SQL_UNLOGGED, NULL, 0, err);
    if (rc != 0)
        return rc;
    rc = list_events(service, &own, &before, err);
    if (rc != 0)
        return rc;
    if (!is_as_wanted(&before, wanted))
        rc = door_while_admitted(&own, switch_now, &switching, err);
    if (rc != 0)
        return rc;
    rc = check_events(service, session, &before, wanted, err);
    if (rc != 0)
        return rc;
    *out_changed = changed;
    return 0;
}
