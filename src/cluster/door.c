/* SPDX-License-Identifier: MIT */
/* Which words close and open a node the catalog knows; here are their order and the proof. */
#include "cluster/door.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"

#define ERROR_LOCK_WAIT_TIMEOUT 1205
#define ERROR_DEADLOCK 1213
#define ERROR_INTERRUPTED 1317
#define ERROR_WRONG_VALUE 1231
#define ERROR_READ_ONLY 1290
#define SEAL_PAUSE_MS 50 /* for what was held up meanwhile */

int door_read(struct session *session, struct door *out, struct err *err)
{
    CLEANUP(db_result_release) struct db_result row = {0};
    struct err cause = {0};
    int rc = session_query_row(session, SQL_READ_ONLY_GET, NULL, 0, &row, &cause);
    if (rc != 0 &&
        cause.native == ERROR_INTERRUPTED) /* a KILL QUERY that came too late for its statement */
        rc = session_query_row(session, SQL_READ_ONLY_GET, NULL, 0, &row, &cause);
    if (rc != 0) {
        if (err != NULL)
            *err = cause;
        return rc;
    }
    *out = (struct door){.is_closed = result_number(&row, 0, "read_only") != 0,
                         .is_sealed = result_number(&row, 0, "is_super") != 0,
                         .is_whole = result_number(&row, 0, "is_whole") != 0,
                         .is_kept = result_number(&row, 0, "is_kept") != 0};
    return 0;
}

bool door_refuses(struct session *session, const struct err *refusal)
{
    struct door door;
    return refusal->native == ERROR_READ_ONLY && door_read(session, &door, NULL) == 0 &&
           door.is_sealed;
}

int door_forget(struct session *session, struct err *err)
{
    int rc = session_exec(session, SQL_READ_ONLY_FORGET, NULL, 0, err);
    if (rc == 0)
        return 0;
    (void)err_wrap(err, "a restart would close the node again");
    (void)err_hint(err, "type there: %s", sql_for(SQL_READ_ONLY_FORGET, &session->version));
    return rc;
}

static int switch_open_leased(struct session *session, struct err *err)
{
    const struct session_permit *permit = session->permit;
    struct err cause = {0};
    char thread[24];
    (void)snprintf(thread, sizeof(thread), "%lu", permit->thread_id);
    const struct sql_arg args[] = {{"lock", permit->lock}, {"thread", thread}};
    int rc = session_exec(session, SQL_READ_ONLY_CLEAR_LEASED, args, ARRAY_LEN(args), &cause);
    if (rc == ERR_SERVER && cause.native == ERROR_WRONG_VALUE) {
        rc = err_set(&cause, ERR_LOST, EFFECT_NONE,
                     "it was not opened: the lease on it was lost a moment before");
        (void)err_where(&cause, "%s", db_where(session->db));
    }
    if (rc != 0)
        *err = cause;
    return rc;
}

int door_switch_open(struct session *session, struct err *err)
{
    return session->permit == NULL ? session_exec(session, SQL_READ_ONLY_CLEAR, NULL, 0, err)
                                   : switch_open_leased(session, err);
}

int door_confirm_open(struct session *session, struct err *err)
{
    struct door now = {.is_closed = true};
    int rc = door_read(session, &now, err);
    if (rc != 0)
        return rc;
    if (now.is_closed) {
        rc = err_set(err, ERR_CONFLICT, EFFECT_UNKNOWN,
                     "read_only was switched off, but it is on: somebody else sets it");
        (void)err_where(err, "%s", db_where(session->db));
        return rc;
    }
    rc = door_forget(session, err);
    if (rc != 0 && err != NULL)
        err->effect = EFFECT_APPLIED;
    return rc;
}

int door_open(struct session *session, struct err *err)
{
    int rc = door_switch_open(session, err);
    return rc != 0 ? rc : door_confirm_open(session, err);
}

int door_admit(struct session *session, const struct door *found, struct err *err)
{
    if (!found->is_sealed)
        return 0;
    return session_exec(session, SQL_READ_ONLY_ADMIT, NULL, 0, err);
}

/* Nothing has changed, and the same statement may succeed a moment later. */
static bool is_contended(const struct err *cause)
{
    return cause->native == ERROR_LOCK_WAIT_TIMEOUT || cause->native == ERROR_DEADLOCK;
}

int door_seal(struct session *session, const struct door *found, struct err *err)
{
    struct err cause = {0};
    int64_t deadline_ms = clock_mono_ms() + DOOR_SEAL_PATIENCE_MS;
    if (!found->is_sealed)
        return 0;
    int rc = session_exec(session, SQL_READ_ONLY_SEAL, NULL, 0, &cause);
    while (rc != 0 && is_contended(&cause) && clock_mono_ms() < deadline_ms &&
           clock_sleep_ms(SEAL_PAUSE_MS))
        rc = session_exec(session, SQL_READ_ONLY_SEAL, NULL, 0, &cause);
    if (rc == 0)
        return 0;
    (void)err_wrap(&cause, "closing the node for administrators again");
    (void)err_hint(&cause, "type there: %s", sql_for(SQL_READ_ONLY_SEAL, &session->version));
    if (err != NULL)
        *err = cause;
    return rc;
}

int door_while_admitted(struct session *session, door_act_fn *act, const void *context,
                        struct err *err)
{
    struct door door;
    struct err failure = {0}, sealing = {0};
    int rc = door_read(session, &door, err);
    if (rc == 0)
        rc = door_admit(session, &door, err);
    if (rc != 0)
        return rc;
    rc = act(session, context, &failure);
    int unsealed = door_seal(session, &door, rc == 0 ? &failure : &sealing);
    if (rc != 0 && unsealed != 0) {
        (void)err_wrap(&failure, "%s; before that", sealing.msg);
        (void)err_hint(&failure, "%s", sealing.hint);
    }
    rc = rc != 0 ? rc : unsealed;
    if (rc != 0 && err != NULL)
        *err = failure;
    return rc;
}

int door_put_back(struct session *session, const struct door *found, struct err *err)
{
    struct door now = {0};
    if (!found->is_closed)
        return door_open(session, err);
    int rc = found->is_sealed ? session_exec(session, SQL_READ_ONLY_SEAL, NULL, 0, err)
                              : session_exec(session, SQL_READ_ONLY_ADMIT, NULL, 0, err);
    if (rc == 0 && !found->is_kept)
        rc = door_forget(session, err);
    if (rc == 0)
        rc = door_read(session, &now, err);
    if (rc != 0)
        return rc;
    if (now.is_closed && now.is_sealed == found->is_sealed)
        return 0;
    rc = err_set(err, ERR_CONFLICT, EFFECT_UNKNOWN, "the node was found %s, but now it is %s",
                 door_name(found), door_name(&now));
    (void)err_where(err, "%s", db_where(session->db));
    return rc;
}

void door_open_text(const struct server_version *version, char *out, size_t out_size)
{
    const char *clear = sql_for(SQL_READ_ONLY_CLEAR, version);
    const char *forget = sql_for(SQL_READ_ONLY_FORGET, version);
    if (clear == NULL || forget == NULL)
        (void)snprintf(out, out_size, "switch read_only off");
    else if (sql_is_nothing(SQL_READ_ONLY_FORGET, version))
        (void)snprintf(out, out_size, "%s", clear);
    else
        (void)snprintf(out, out_size, "%s; %s", clear, forget);
}

const char *door_name(const struct door *door)
{
    if (!door->is_closed)
        return "open";
    return door->is_sealed ? "sealed" : "closed";
}
