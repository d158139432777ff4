/* SPDX-License-Identifier: MIT */
/* Each node gets its own, unlogged: a statement that came by a link could stop that link. */
#include "cluster/own_schema.h"

#include "base/clock.h"
#include "cluster/door.h"
#include "cluster/session.h"

#define DEADLOCK_TRIES 5
#define DEADLOCK_PAUSE_MS 200

enum native_error {
    NATIVE_DEADLOCK = 1213,
    NATIVE_FOLDER_THERE = 3678,
    NATIVE_FOLDER_FOUND = 3681,
};

bool own_schema_is_barred(const struct err *err)
{
    return err->native == NATIVE_FOLDER_THERE || err->native == NATIVE_FOLDER_FOUND;
}

int own_schema_tell_leftover(struct err *err)
{
    if (err == NULL)
        return ERR_BUG;
    if (!own_schema_is_barred(err))
        return err->code;
    return err_wrap(err, "a clone that was cut short left the folder of a database that is gone: "
                         "remove it from the server's data directory");
}

/* Two that make it at once, or a clone, may be in each other's way. */
static int exec_again(struct session *session, enum sql_id id, struct err *err)
{
    for (unsigned tries = 1;; tries++) {
        int rc = session_exec(session, id, NULL, 0, err);
        if (rc == 0 || err->native != NATIVE_DEADLOCK || tries == DEADLOCK_TRIES ||
            !clock_sleep_ms(DEADLOCK_PAUSE_MS))
            return rc;
        *err = (struct err){0};
    }
}

int own_schema_prepare(const struct service *service, const struct node *node, struct err *err)
{
    static const enum sql_id statements[] = {
        SQL_UNLOGGED,           SQL_LEASE_SCHEMA_DATABASE, SQL_LEASE_SCHEMA_HEARTBEAT,
        SQL_LEASE_SCHEMA_LEASE, SQL_LEASE_SCHEMA_PROBE,    SQL_LEASE_SCHEMA_PAUSE};
    CLEANUP(session_release) struct session session = {0};
    int rc = session_open(service, node, SESSION_CONTROLLER, &session, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < ARRAY_LEN(statements); i++) {
        struct err cause = {0};
        rc = exec_again(&session, statements[i], &cause);
        if (rc && door_refuses(&session, &cause))
            return 0; /* refused even when all is there */
        if (rc && err) {
            *err = cause;
            (void)err_wrap(err, "preparing the schema cutover");
            (void)own_schema_tell_leftover(err);
        }
        if (rc)
            return rc;
    }
    return 0;
}
